#include "cmd/keeper_role.h"

#include "base/log.h"
#include "keeper/server.h"

#include <unistd.h>

static void ready(void *context) {
    if (role_ready(context) != ST_OK)
        log_warn("the supervisor did not hear that the keeper is ready");
}

static int door(const struct role_env *env, const char *name, uid_t *peer) {
    const struct role_fd *fd = role_fd(env, name);
    *peer = fd == NULL ? SOCKET_ANY_USER : fd->peer;
    return fd == NULL ? -1 : fd->fd;
}

int keeper_main(const struct role_env *env) {
    struct arena a;
    struct error e = {.status = ST_OK};
    arena_init(&a, 64 * 1024, ARENA_PLAIN);
    struct keeper_config config = {.key_dir = role_path(env, &a, "keys"),
                                   .audit_dir = role_path(env, &a, "audit"),
                                   .state_dir = role_path(env, &a, "state"),
                                   .origin = "kedun/audit",
                                   .stop_fd = role_stop_fd(),
                                   .ready = ready,
                                   .ready_context = (void *)(uintptr_t)env};
    config.engine_fd = door(env, "keeper-engine", &config.engine_uid);
    config.jobs_fd = door(env, "keeper-jobs", &config.jobs_uid);
    config.admin_fd = door(env, "keeper-admin", &config.admin_uid);
    enum status s = config.key_dir == NULL || config.audit_dir == NULL || config.state_dir == NULL
                        ? error_set(&e, ST_NOMEM, "no_memory", "paths")
                        : keeper_run(&config, &e);
    if (s != ST_OK)
        log_error("the keeper stops: %s: %s", e.code, e.detail);
    arena_free(&a);
    return s == ST_OK ? 0 : 1;
}
