/* The roles that `kedun serve` runs, in the order in which they start. This table is the one place to plug
 * one in. A role: `int NAME_main(const struct role_env *)`, declared by the folder that implements it
 * (ipc/role.h says what it is handed). nginx is a role without such a function: cmd/nginx_start.h starts it.
 */
#ifndef KEDUN_CMD_ROLES_H
#define KEDUN_CMD_ROLES_H

#include "ipc/jail.h"
#include "ipc/role.h"

enum role_id { ROLE_KEEPER, ROLE_ENGINE, ROLE_JOBS, ROLE_READER, ROLE_NGINX, ROLE_OUTBOUND, ROLE_COUNT };

/* A Unix socket that the supervisor makes, listens on and hands to `owner`; only `peer` may connect. */
struct role_socket {
    const char *name; /* run/NAME.sock */
    enum role_id owner;
    enum role_id peer; /* ROLE_COUNT: whoever started the supervisor (command line tools) */
};

struct role {
    const char *name;
    int (*main)(const struct role_env *env); /* NULL: not in this program (or nginx) */
    enum jail_kind jail;
    mode_t umask;
    bool asks_for_readers; /* gets the "reader" descriptor */
    bool needs_crypto;     /* crypto_start before the jail closes */
};

extern const struct role roles[ROLE_COUNT];

#define ROLE_SOCKETS 7
extern const struct role_socket role_sockets[ROLE_SOCKETS];

/* ROLE_COUNT when there is none of that name. */
enum role_id role_by_name(const char *name);

/* The user and group of a role: its own when the supervisor is root (uid_base + its number; engine and jobs
 * share a group, for they share the database), else the caller's. */
uid_t role_uid(const struct config *c, enum role_id id);
gid_t role_gid(const struct config *c, enum role_id id);

/* A directory of the data directory, whose it is and with what mode. */
struct role_directory {
    const char *name;   /* "" is the data directory itself */
    enum role_id owner; /* ROLE_COUNT: the supervisor */
    mode_t mode;
};

#define ROLE_DIRECTORIES 11
extern const struct role_directory role_directories[ROLE_DIRECTORIES];

/* What the role's jail lets it open; paths in the arena. False: no memory. */
#define ROLE_PATHS_MOST 24
bool role_jail_paths(enum role_id id, const struct role_env *env, struct arena *a, struct jail_path *out,
                     size_t *count);

#endif
