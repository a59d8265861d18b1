/* The jobs that do what changes of definitions have left to be done (record/definition.h), one for each
 * object. They run with the rights of the system administrator who made the change, or who came by when a
 * crash had left it undone. */
#ifndef KEDUN_SHARE_RESEAL_JOB_H
#define KEDUN_SHARE_RESEAL_JOB_H

#include "share/job.h"

#define RESEAL_JOBS_MAX 100

/* Engine: queues a job for each object that has work and no such job; for object `always` (0: none) in any
 * case. *id is the last one's when *started. */
MUST_CHECK enum status reseal_jobs_start(struct caller *c, uint16_t always, struct uuid *id, bool *started,
                                         struct error *e);

#endif
