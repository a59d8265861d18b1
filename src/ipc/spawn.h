/* Starts a role: fork, then this very binary again (/proc/self/exe) as
 *     kedun --role NAME --data DIR --parent PID [--config FILE] [--set KEY=VALUE …] --ready FD --user UID:GID
 *           --fd NAME=FD:PEER …
 * with a clean environment, so that the role shares no memory with the supervisor. cmd/role_start.c reads
 * this line. Descriptors are handed over by number from SPAWN_FIRST_FD on; every other one from 3 on is
 * closed. */
#ifndef KEDUN_IPC_SPAWN_H
#define KEDUN_IPC_SPAWN_H

#include "ipc/role.h"

#define SPAWN_FIRST_FD 10
#define SPAWN_SET_MOST 34

struct spawn {
    const char *role;
    const char *data_dir;
    const char *config_file;         /* NULL: none */
    const char *set[SPAWN_SET_MOST]; /* "key=value", over what the file says; NULL ends */
    uid_t uid;                       /* to become; the caller's own when it is not root */
    gid_t gid;
    int ready_fd;
    struct role_fd fds[ROLE_FDS];
    size_t fd_count;
};

MUST_CHECK enum status spawn_role(const struct spawn *s, pid_t *pid, struct error *e);

/* For a forked child about to exec: gives descriptor fds[i] the number SPAWN_FIRST_FD + i, open across exec,
 * and closes all others from 3 on. At most ROLE_FDS + 1. */
MUST_CHECK enum status spawn_arrange_fds(const int *fds, size_t count);

/* Becomes this user for good, with no other groups, if root; then arranges to die by `signal` with the
 * parent, whose id is given: ST_UNAVAILABLE when it has died already. */
MUST_CHECK enum status spawn_settle(uid_t uid, gid_t gid, pid_t parent, int signal);

#endif
