/* The data directory: its folders, owners and modes (the table in cmd/roles.c), its lock and its sockets.
 *
 *   db/ records   uploads/ sealed parts of uploads   keys/ root key   audit/ the log   state/ the keeper's
 * own run/ sockets, lock   tls/ authority and certificate   nginx/ its configuration   kedun.conf (optional)
 */
#ifndef KEDUN_CMD_DATA_DIR_H
#define KEDUN_CMD_DATA_DIR_H

#include "cmd/roles.h"

#define DATA_DIR_MOST 80 /* bytes: a socket's path in it must fit into 107 */

/* Makes `given` if need be and writes its absolute path to `out` (room for DATA_DIR_MOST + 1). ST_INVALID
 * with the remedy when the path is too long, or when root starts and the roles' users could not get there. */
MUST_CHECK enum status data_dir_resolve(const char *given, char *out, struct error *e);

/* Makes the folders; sets owners and modes, when root also of what lies in them (a command line tool may have
 * written there as root). Idempotent. Call it with the lock held. */
MUST_CHECK enum status data_dir_prepare(const char *dir, const struct config *c, struct error *e);

/* Holds DIR/run/lock until the process ends or `fd` is closed: ST_CONFLICT when another process has it. Taken
 * by `serve` and by any tool that opens db/ or keys/ itself. */
MUST_CHECK enum status data_dir_lock(const char *dir, int *fd, struct error *e);

/* ST_INVALID "not_initialised" with the remedy unless `kedun init` or `kedun demo` has been there: so that no
 * keys are made in a directory that was mistyped. */
MUST_CHECK enum status data_dir_initialised(const char *dir, struct error *e);

/* Makes the five sockets of role_sockets[], each connectable by its peer alone. */
MUST_CHECK enum status data_dir_listen(const char *dir, const struct config *c, int fds[ROLE_SOCKETS],
                                       struct error *e);

#endif
