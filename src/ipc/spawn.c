#include "ipc/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#define ARGUMENTS_MOST (12 + 2 * SPAWN_SET_MOST + 2 * ROLE_FDS + 1)
#define HIGH_FD        64

enum status spawn_arrange_fds(const int *fds, size_t count) {
    int high[ROLE_FDS + 1];
    if (count > ROLE_FDS + 1)
        return ST_LIMIT;
    /* First all out of the way, so that no target number is still in use as a source. */
    for (size_t i = 0; i < count; i++) {
        high[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, HIGH_FD);
        if (high[i] < 0)
            return ST_IO;
    }
    for (size_t i = 0; i < count; i++) {
        if (dup2(high[i], SPAWN_FIRST_FD + (int)i) < 0) /* the copy stays open across exec */
            return ST_IO;
    }
    bool failed = close_range(3, SPAWN_FIRST_FD - 1, 0) != 0 ||
                  close_range(SPAWN_FIRST_FD + (unsigned)count, ~0u, 0) != 0;
    return failed ? ST_IO : ST_OK;
}

enum status spawn_settle(uid_t uid, gid_t gid, pid_t parent, int signal) {
    if (geteuid() == 0 && uid != 0) {
        if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0)
            return ST_IO;
    }
    /* After the change of user, which clears it. */
    if (prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0) != 0)
        return ST_IO;
    return getppid() == parent ? ST_OK : ST_UNAVAILABLE;
}

struct line {
    const char *words[ARGUMENTS_MOST];
    size_t count;
    char numbers[3][32];
    char fds[ROLE_FDS][64];
};

static void add(struct line *l, const char *name, const char *value) {
    l->words[l->count++] = name;
    l->words[l->count++] = value;
}

static void build_line(const struct spawn *s, pid_t parent, struct line *l) {
    l->words[l->count++] = "kedun";
    add(l, "--role", s->role);
    add(l, "--data", s->data_dir);
    (void)snprintf(l->numbers[0], sizeof l->numbers[0], "%ld", (long)parent);
    add(l, "--parent", l->numbers[0]);
    if (s->config_file != NULL)
        add(l, "--config", s->config_file);
    for (size_t i = 0; i < SPAWN_SET_MOST && s->set[i] != NULL; i++)
        add(l, "--set", s->set[i]);
    (void)snprintf(l->numbers[1], sizeof l->numbers[1], "%d", SPAWN_FIRST_FD);
    add(l, "--ready", l->numbers[1]);
    (void)snprintf(l->numbers[2], sizeof l->numbers[2], "%lu:%lu", (unsigned long)s->uid,
                   (unsigned long)s->gid);
    add(l, "--user", l->numbers[2]);
    for (size_t i = 0; i < s->fd_count; i++) {
        (void)snprintf(l->fds[i], sizeof l->fds[i], "%s=%d:%lu", s->fds[i].name, SPAWN_FIRST_FD + 1 + (int)i,
                       (unsigned long)s->fds[i].peer);
        add(l, "--fd", l->fds[i]);
    }
    l->words[l->count] = NULL;
}

static void become_role(const struct spawn *s, const struct line *l) {
    static const char *const environment[] = {"PATH=/usr/bin:/bin", "LANG=C.UTF-8", NULL};
    int fds[ROLE_FDS + 1] = {s->ready_fd};
    for (size_t i = 0; i < s->fd_count; i++)
        fds[i + 1] = s->fds[i].fd;
    if (spawn_arrange_fds(fds, s->fd_count + 1) == ST_OK)
        (void)execve("/proc/self/exe", (char *const *)(uintptr_t)l->words,
                     (char *const *)(uintptr_t)environment);
    _exit(127);
}

enum status spawn_role(const struct spawn *s, pid_t *pid, struct error *e) {
    struct line l = {.count = 0};
    if (s->fd_count > ROLE_FDS)
        return error_set(e, ST_LIMIT, "spawn_fds", "too many descriptors for %s", s->role);
    build_line(s, getpid(), &l);
    pid_t child = fork();
    if (child < 0)
        return error_set(e, ST_UNAVAILABLE, "spawn_fork", "cannot start %s: errno %d", s->role, errno);
    if (child == 0)
        become_role(s, &l);
    *pid = child;
    return ST_OK;
}
