#include "ipc/role.h"

#include "base/file.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

const struct role_fd *role_fd(const struct role_env *env, const char *name) {
    for (size_t i = 0; i < env->fd_count; i++) {
        if (strcmp(env->fds[i].name, name) == 0)
            return &env->fds[i];
    }
    return NULL;
}

char *role_path(const struct role_env *env, struct arena *a, const char *below) {
    return arena_format(a, "%s/%s", env->data_dir, below);
}

enum status role_ready(const struct role_env *env) {
    enum status st = fd_write_all(env->ready_fd, SLICE("r"));
    (void)close(env->ready_fd);
    return st;
}

static void stop_signals(sigset_t *set) {
    sigemptyset(set);
    sigaddset(set, SIGTERM);
}

int role_stop_fd(void) {
    sigset_t set;
    stop_signals(&set);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

void role_wait_stop(void) {
    sigset_t set;
    stop_signals(&set);
    int got = 0;
    while (sigwait(&set, &got) != 0 && errno == EINTR) {
    }
}

enum status role_start_reader(const struct role_env *env, int *stream) {
    const struct role_fd *to = role_fd(env, "reader");
    if (to == NULL)
        return ST_UNAVAILABLE;
    if (fd_write_all(to->fd, SLICE("R")) != ST_OK)
        return ST_UNAVAILABLE;
    enum status st = socket_receive_fd(to->fd, stream);
    return st == ST_OK ? ST_OK : ST_UNAVAILABLE;
}
