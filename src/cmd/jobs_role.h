/* The jobs role: its runners (share/jobs_main.h), and beside them the audit explorer's indexer. */
#ifndef KEDUN_CMD_JOBS_ROLE_H
#define KEDUN_CMD_JOBS_ROLE_H

#include "ipc/role.h"

/* The role's entry point (ipc/role.h). */
int jobs_role_main(const struct role_env *env);

#endif
