/* Server-sent events (HTML standard, "Server-sent events"): one thread of the engine serves all streams by
 * looking at their jobs four times a second. A stream ends with its job or after EVENTS_LIFE_S, when the
 * browser comes back and is asked who it is again. */
#ifndef KEDUN_API_EVENTS_H
#define KEDUN_API_EVENTS_H

#include "api/engine.h"

#define EVENTS_STREAMS 256
#define EVENTS_LIFE_S  600

struct events;

MUST_CHECK enum status events_start(struct engine *engine, struct events **out, struct error *e);
/* Closes all streams. NULL is fine. */
void events_stop(struct events *ev);

/* Takes the descriptor over (the reply's head has been sent); `id`: what its records carry. ST_LIMIT: too
 * many streams; still the caller's.
 */
MUST_CHECK enum status events_add(struct events *ev, int fd, uint16_t id, const struct uuid *job,
                                  enum language language, struct error *e);

#endif
