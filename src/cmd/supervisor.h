/* The supervisor: starts the roles in order (keeper, outbound, engine, jobs, nginx; each when those before it
 * are ready), restarts one that died after a pause that doubles from 0.1 s to 10 s and starts afresh after 60
 * s of health, hands out readers, and stops everything in the opposite order at SIGTERM or SIGINT: nginx
 * takes no new request and ends those it has, then the engine, the jobs and the keeper finish. A second
 * signal kills. A role that fails before it was ever ready ends the whole start, for a restart would not
 * help.
 *
 * One thread, one poll loop. It opens no data and reads nothing that a client sent but nginx's error lines.
 */
#ifndef KEDUN_CMD_SUPERVISOR_H
#define KEDUN_CMD_SUPERVISOR_H

#include "cmd/roles.h"
#include "ipc/spawn.h"

struct supervisor_plan {
    const char *data_dir;
    const char *config_file; /* NULL: none */
    const struct config *config;
    const char *set[SPAWN_SET_MOST]; /* passed on to the roles */
    int sockets[ROLE_SOCKETS];       /* in the order of role_sockets[] */
    int listen_fd;                   /* for nginx */
};

/* Runs until everything has stopped; returns the process's exit code. */
int supervisor_run(const struct supervisor_plan *plan);

#endif
