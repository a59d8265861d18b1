/* Server-sent events (HTML standard, "Server-sent events"): one thread of the engine serves all streams by
 * looking at their jobs four times a second. A stream ends with its job or after EVENTS_LIFE_S, when the
 * browser comes back and is asked who it is again. */
#ifndef KEDUN_API_EVENTS_H
#define KEDUN_API_EVENTS_H

#include "api/engine.h"

#define EVENTS_STREAMS 256
#define EVENTS_OF_ONE  16 /* of these, a person's: who opens more asks for the job instead */
#define EVENTS_LIFE_S  600

struct events;

MUST_CHECK enum status events_start(struct engine *engine, struct events **out, struct error *e);
/* Ends all streams and takes none any more; then, when nobody can ask any more, frees. NULL is fine. */
void events_stop(struct events *ev);
void events_free(struct events *ev);

/* Sends the reply's head and borrows the request's connection until the stream ends; then it is given back to
 * the door, or hung up on where not all could be said. ST_LIMIT: too many streams, in all or of this
 * person's; ST_UNAVAILABLE: they are ending; nothing was sent. */
MUST_CHECK enum status events_add(struct events *ev, const struct http_request *r, struct slice head,
                                  uint32_t person, const struct uuid *job, enum language language,
                                  struct error *e);

#endif
