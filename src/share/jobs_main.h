/* The jobs process: the engine's code without a door. It finds queued jobs in the store, claims their tokens
 * from the keeper, runs up to JOBS_RUNNERS at a time, and hands every write to the engine's writer. A job
 * that was under way when the process died is taken up again. */
#ifndef KEDUN_SHARE_JOBS_MAIN_H
#define KEDUN_SHARE_JOBS_MAIN_H

#include "ipc/role.h"

#define JOBS_RUNNERS 2

/* The role's entry point (ipc/role.h). */
int jobs_main(const struct role_env *env);

#endif
