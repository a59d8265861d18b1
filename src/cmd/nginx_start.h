/* Starts nginx inside its jail. It inherits the listening socket (the environment variable NGINX names its
 * number, as in nginx's own upgrade without loss), so that the jail can refuse it bind and every network
 * socket. */
#ifndef KEDUN_CMD_NGINX_START_H
#define KEDUN_CMD_NGINX_START_H

#include "cmd/roles.h"

/* Opens the TCP socket that `listen` names. ST_CONFLICT when the port is taken. */
MUST_CHECK enum status nginx_listen(const char *listen, int *fd, struct error *e);

/* `log_fd` becomes its standard error, `ready_fd` closes when it has been executed. Its own process group. */
MUST_CHECK enum status nginx_start(const struct role_env *env, int listen_fd, int log_fd, int ready_fd,
                                   pid_t *pid, struct error *e);

#endif
