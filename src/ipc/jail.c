#include "ipc/jail.h"

#include "ipc/jail_calls.h"
#include "ipc/jail_files.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* At most `most` of a resource from here on. Whoever started us may have set less already; that can't be
 * raised and need not be. */
static int bound(__rlimit_resource_t resource, rlim_t most) {
    struct rlimit limit;
    if (getrlimit(resource, &limit) != 0)
        return -1;
    if (limit.rlim_max > most)
        limit.rlim_max = most;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(resource, &limit);
}

static enum status forbid_dumps(struct error *e) {
    if (bound(RLIMIT_CORE, 1) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return error_set(e, ST_INTERNAL, "jail_dumps", "cannot forbid core dumps: errno %d", errno);
    return ST_OK;
}

/* The reader runs on what a stranger uploaded: bound what a bomb of a file can cost. */
static enum status bound_reader(struct error *e) {
    if (bound(RLIMIT_AS, 1u << 30) != 0 || bound(RLIMIT_CPU, 1800) != 0 || bound(RLIMIT_FSIZE, 0) != 0)
        return error_set(e, ST_INTERNAL, "jail_limits", "cannot bound the reader: errno %d", errno);
    return ST_OK;
}

enum status jail_enter(enum jail_kind kind, const struct jail_path *paths, size_t count, struct error *e) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return error_set(e, ST_UNAVAILABLE, "jail_privileges", "cannot give up new privileges: errno %d",
                         errno);
    enum status st = forbid_dumps(e);
    if (st != ST_OK || !KEDUN_JAIL)
        return st;
    if (kind == JAIL_READER)
        st = bound_reader(e);
    if (st == ST_OK && kind != JAIL_SUPERVISOR)
        st = jail_files_restrict(paths, count, kind == JAIL_OUTBOUND, e);
    return st == ST_OK ? jail_calls_restrict(kind, e) : st;
}
