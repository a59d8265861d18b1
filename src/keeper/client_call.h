/* One exchange with the keeper, for the client's own files only. */
#ifndef KEDUN_KEEPER_CLIENT_CALL_H
#define KEDUN_KEEPER_CLIENT_CALL_H

#include "keeper/protocol.h"

static inline enum status client_too_long(struct error *e) {
    return error_set(e, ST_INVALID, "too_long", "a part of the request is too long");
}

/* The connection's own argument block, cleared, with the call in it. */
struct args *client_args(struct keeper *k, const struct keeper_call *call);

/* Sends the message with what `a` holds and reads the reply into it; arrays come from `arena`, or live until
 * the next call when it is NULL. The keeper's refusal comes back as its status and error. */
MUST_CHECK enum status client_exchange(struct keeper *k, enum message number, struct args *a,
                                       struct arena *arena, struct error *e);

/* Says a message that wants no answer (PROTOCOL_QUIET) with the next exchange, or at keeper_forget. What
 * can't be said is lost. */
void client_post(struct keeper *k, enum message number, struct args *a);

#endif
