/* What a role (keeper, engine, jobs, reader) is handed when it starts. Each role is a function
 *     int NAME_main(const struct role_env *env);
 * run in a process of its own, re-executed from the kedun binary, already jailed (ipc/jail.h), under its own
 * user when the system was started as root. It returns the process's exit code: 0 after SIGTERM, anything
 * else makes the supervisor restart it with back-off. src/cmd/roles.h lists the roles.
 *
 * Signals: SIGTERM is blocked when the function is called; the role calls role_wait_stop (in its first
 * thread) or reads role_stop_fd() in its own poll loop; it then finishes what it has in hand (10 s at most)
 * and returns. SIGINT and SIGHUP are ignored, SIGPIPE too. A role dies by SIGKILL when the supervisor dies.
 *
 * Descriptors, found by name with role_fd:
 *   keeper: "keeper-engine", "keeper-jobs", "keeper-admin"   sockets that listen, one for each kind of client
 *   engine: "fastcgi" (from nginx), "writer" (from jobs)     sockets that listen
 *   keeper too: "keeper-outbound"; outbound: "outbound" (from the engine)
 *   engine, jobs: "reader"                                    to ask the supervisor for a reader:
 * role_start_reader reader: "pipe"                                            its one stream to whoever asked
 * for it Every listening socket has in `peer` the user id that its clients must have: hand it to
 * socket_accept. The other ends are paths below: run/keeper-engine.sock, run/keeper-jobs.sock,
 * run/keeper-admin.sock, run/fastcgi.sock, run/writer.sock, run/outbound.sock in the data directory
 * (role_path). They are made by the supervisor and outlive a restart of the role that answers: callers queue
 * meanwhile. */
#ifndef KEDUN_IPC_ROLE_H
#define KEDUN_IPC_ROLE_H

#include "base/arena.h"
#include "ipc/config.h"
#include "ipc/socket.h"

#define ROLE_FDS 8

struct role_fd {
    const char *name;
    int fd;
    uid_t peer;
};

struct role_env {
    const char *role;     /* "engine" */
    const char *data_dir; /* absolute, without a slash at the end */
    const struct config *config;
    int ready_fd; /* see role_ready */
    struct role_fd fds[ROLE_FDS];
    size_t fd_count;
};

/* NULL when the role was not given one of that name. */
const struct role_fd *role_fd(const struct role_env *env, const char *name);

/* "DATA/below" in the arena, NULL when memory is out. */
char *role_path(const struct role_env *env, struct arena *a, const char *below);

/* Tells the supervisor that this role answers now. Call once, after everything that start-up may refuse. The
 * roles behind it in the order keeper, engine, jobs, nginx start only then. */
MUST_CHECK enum status role_ready(const struct role_env *env);

/* A descriptor that becomes readable when SIGTERM came; -1 on failure. Made anew by each call; the caller
 * closes it. */
int role_stop_fd(void);

/* Blocks until SIGTERM. */
void role_wait_stop(void);

/* Asks the supervisor for a fresh reader process and returns the stream to it; closing it ends the reader.
 * One caller at a time on `env`. ST_UNAVAILABLE when there is none to be had now. */
MUST_CHECK enum status role_start_reader(const struct role_env *env, int *stream);

#endif
