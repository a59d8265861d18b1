/* The keeper as a role of the supervisor: hands keeper_run its sockets and directories. */
#ifndef KEDUN_CMD_KEEPER_ROLE_H
#define KEDUN_CMD_KEEPER_ROLE_H

#include "ipc/role.h"

int keeper_main(const struct role_env *env);

#endif
