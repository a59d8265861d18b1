#include "cmd/keeper_role.h"

#include "base/log.h"
#include "keeper/server.h"

#include <arpa/inet.h>
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

/* The site that passkeys are bound to: a name, no address (Web Authentication Level 3 section 5.1.3). NULL
 * where there is none: then there are no passkeys. */
static const char *party_of(const char *origin, struct arena *a) {
    struct slice rest = slice_from_string(origin), https = SLICE("https://");
    uint8_t numeric[16];
    if (!slice_starts_with(rest, https))
        return NULL;
    rest = slice_of(rest.p + https.n, rest.n - https.n);
    const uint8_t *end = rest.n == 0 ? NULL : memchr(rest.p, ':', rest.n);
    const char *name = arena_string(a, end == NULL ? rest : slice_of(rest.p, (size_t)(end - rest.p)));
    bool is_name = name != NULL && name[0] != '\0' && strpbrk(name, "/[]*") == NULL &&
                   inet_pton(AF_INET, name, numeric) != 1;
    return is_name ? name : NULL;
}

static const char *origin_of(const struct config *c, struct arena *a) {
    char origin[CONFIG_TEXT + 32];
    return config_origin(c, origin, sizeof origin) ? arena_string(a, slice_from_string(origin)) : NULL;
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
    config.party_origin = origin_of(env->config, &a);
    config.party = config.party_origin == NULL ? NULL : party_of(config.party_origin, &a);
    config.engine_fd = door(env, "keeper-engine", &config.engine_uid);
    config.jobs_fd = door(env, "keeper-jobs", &config.jobs_uid);
    config.outbound_fd = door(env, "keeper-outbound", &config.outbound_uid);
    config.admin_fd = door(env, "keeper-admin", &config.admin_uid);
    enum status s = config.key_dir == NULL || config.audit_dir == NULL || config.state_dir == NULL
                        ? error_set(&e, ST_NOMEM, "no_memory", "paths")
                        : keeper_run(&config, &e);
    if (s != ST_OK)
        log_error("the keeper stops: %s: %s", e.code, e.detail);
    arena_free(&a);
    return s == ST_OK ? 0 : 1;
}
