/* One thread of the engine that looks every SETTLER_S seconds for writes whose outcome nobody told the log,
 * because keeper, jobs or a disk failed in between, and tells it (record/settle.h). So the log is whole again
 * without a restart of the engine. */
#ifndef KEDUN_API_SETTLER_H
#define KEDUN_API_SETTLER_H

#include "api/engine.h"

#define SETTLER_S 2

struct settler;

MUST_CHECK enum status settler_start(struct engine *engine, struct settler **out, struct error *e);
/* NULL is fine. */
void settler_stop(struct settler *s);

#endif
