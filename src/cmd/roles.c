#include "cmd/roles.h"

#include "api/engine.h"
#include "cmd/jobs_role.h"
#include "cmd/keeper_role.h"
#include "connect/outbound_main.h"
#include "share/reader_main.h"

#include <unistd.h>

const struct role roles[ROLE_COUNT] = {
    [ROLE_KEEPER] =
        {.name = "keeper", .main = keeper_main, .jail = JAIL_KEEPER, .umask = 0077, .needs_crypto = true},
    [ROLE_ENGINE] = {.name = "engine",
                     .main = engine_main,
                     .jail = JAIL_ENGINE,
                     .umask = 0007,
                     .asks_for_readers = true,
                     .needs_crypto = true},
    [ROLE_JOBS] = {.name = "jobs",
                   .main = jobs_role_main,
                   .jail = JAIL_JOBS,
                   .umask = 0007,
                   .asks_for_readers = true,
                   .needs_crypto = true},
    [ROLE_READER] = {.name = "reader", .main = reader_main, .jail = JAIL_READER, .umask = 0077},
    [ROLE_NGINX] = {.name = "nginx", .jail = JAIL_NGINX, .umask = 0077},
    [ROLE_OUTBOUND] = {.name = "outbound",
                       .main = outbound_main,
                       .jail = JAIL_OUTBOUND,
                       .umask = 0077,
                       .needs_crypto = true},
};

const struct role_socket role_sockets[ROLE_SOCKETS] = {
    {"keeper-engine", ROLE_KEEPER, ROLE_ENGINE}, {"keeper-jobs", ROLE_KEEPER, ROLE_JOBS},
    {"keeper-admin", ROLE_KEEPER, ROLE_COUNT},   {"fastcgi", ROLE_ENGINE, ROLE_NGINX},
    {"writer", ROLE_ENGINE, ROLE_JOBS},          {"keeper-outbound", ROLE_KEEPER, ROLE_OUTBOUND},
    {"outbound", ROLE_OUTBOUND, ROLE_ENGINE},
};

/* Keys, audit and state belong to the keeper alone. The engine and jobs share db and uploads through their
 * group. */
const struct role_directory role_directories[ROLE_DIRECTORIES] = {
    {"", ROLE_COUNT, 0711},
    {"run", ROLE_COUNT, 0711},
    {"tls", ROLE_COUNT, 0711},
    {"nginx", ROLE_COUNT, 0711},
    {"nginx/run", ROLE_NGINX, 0700},
    {"nginx/none", ROLE_NGINX, 0500}, /* where nginx would put temporary files, had it any */
    {"keys", ROLE_KEEPER, 0700},
    {"audit", ROLE_KEEPER, 0700},
    {"state", ROLE_KEEPER, 0700},
    {"db", ROLE_ENGINE, 02770},
    {"uploads", ROLE_ENGINE, 02770},
};

enum role_id role_by_name(const char *name) {
    for (int i = 0; i < ROLE_COUNT; i++) {
        if (strcmp(roles[i].name, name) == 0)
            return (enum role_id)i;
    }
    return ROLE_COUNT;
}

uid_t role_uid(const struct config *c, enum role_id id) {
    if (geteuid() != 0 || id == ROLE_COUNT)
        return geteuid();
    return (uid_t)c->uid_base + (uid_t)id;
}

gid_t role_gid(const struct config *c, enum role_id id) {
    if (geteuid() != 0 || id == ROLE_COUNT)
        return getegid();
    return (gid_t)c->uid_base + (gid_t)(id == ROLE_JOBS ? ROLE_ENGINE : id);
}

struct paths {
    const struct role_env *env;
    struct arena *arena;
    struct jail_path *out;
    size_t count;
    bool failed;
};

static void allow(struct paths *p, const char *path, enum jail_right right) {
    if (path == NULL || p->count == ROLE_PATHS_MOST)
        p->failed = true;
    else
        p->out[p->count++] = (struct jail_path){path, right};
}

static void allow_below(struct paths *p, const char *below, enum jail_right right) {
    allow(p, role_path(p->env, p->arena, below), right);
}

/* Libraries are mapped before the jail closes, but OpenSSL's providers, ICU's data and time zones come later.
 */
static void allow_system(struct paths *p) {
    static const char *const readable[] = {"/usr/lib",       "/usr/share",  "/lib", "/etc/ssl/openssl.cnf",
                                           "/etc/localtime", "/dev/urandom"};
    for (size_t i = 0; i < sizeof readable / sizeof readable[0]; i++)
        allow(p, readable[i], JAIL_READ);
    allow(p, "/dev/null", JAIL_WRITE);
}

static void allow_records(struct paths *p) {
    allow_below(p, "db", JAIL_WRITE);
    allow_below(p, "uploads", JAIL_WRITE);
    allow(p, p->env->config->objects_dir, JAIL_READ);
    allow(p, p->env->config->policies_dir, JAIL_READ);
    allow(p, p->env->config->templates_dir, JAIL_READ);
}

/* The interpreter must be executable too: the kernel opens it on nginx's behalf. */
static void allow_nginx(struct paths *p) {
    static const char *const loaders[] = {"/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"};
    const struct config *c = p->env->config;
    allow(p, c->nginx, JAIL_EXECUTE);
    for (size_t i = 0; i < sizeof loaders / sizeof loaders[0]; i++)
        allow(p, loaders[i], JAIL_EXECUTE);
    allow(p, "/etc/ld.so.cache", JAIL_READ);
    allow_below(p, "nginx", JAIL_READ);
    allow_below(p, "nginx/run", JAIL_WRITE);
    allow_below(p, "tls/server.crt", JAIL_READ);
    allow_below(p, "tls/server.key", JAIL_READ);
    allow(p, c->ui_dir, JAIL_READ);
}

/* Names and authorities; where resolvers keep what /etc/resolv.conf points to. */
static void allow_outbound(struct paths *p) {
    static const char *const readable[] = {
        "/etc/resolv.conf", "/etc/hosts",           "/etc/nsswitch.conf",  "/etc/gai.conf",  "/etc/host.conf",
        "/etc/ssl",         "/run/systemd/resolve", "/run/NetworkManager", "/run/resolvconf"};
    for (size_t i = 0; i < sizeof readable / sizeof readable[0]; i++)
        allow(p, readable[i], JAIL_READ);
}

bool role_jail_paths(enum role_id id, const struct role_env *env, struct arena *a, struct jail_path *out,
                     size_t *count) {
    struct paths p = {.env = env, .arena = a, .out = out};
    if (id != ROLE_READER)
        allow_system(&p);
    if (id == ROLE_KEEPER) {
        allow_below(&p, "keys", JAIL_WRITE);
        allow_below(&p, "audit", JAIL_WRITE);
        allow_below(&p, "state", JAIL_WRITE);
    } else if (id == ROLE_ENGINE || id == ROLE_JOBS)
        allow_records(&p);
    else if (id == ROLE_NGINX)
        allow_nginx(&p);
    else if (id == ROLE_OUTBOUND)
        allow_outbound(&p);
    *count = p.count;
    return !p.failed;
}
