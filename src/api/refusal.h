/* What the engine itself refuses goes into the audit log: a record that policy hides (or that is not there:
 * the two look alike), a right that is missing, a missing CSRF token, a body that no page of ours sends. The
 * keeper's own refusals are in the log already; a field that somebody mistyped is no refusal; who has not
 * signed in is counted at the sign-in (keeper/guard.h) and limited at the door. */
#ifndef KEDUN_API_REFUSAL_H
#define KEDUN_API_REFUSAL_H

#include "api/route.h"

/* Records `why` when it is such a refusal. `keepers`: keeper_refusals when the request began. Waits for the
 * disk; an entry that can't be written goes to the operator's log, and the refusal stands. */
void refusal_record(struct caller *c, const struct route *route, const struct http_request *r,
                    uint64_t keepers, const struct error *why);

/* What is refused within a call of many items: one entry for them all, with the code that they share (else
 * "several") and the ids that they name. The call itself is done. */
struct refusals {
    char code[ERROR_CODE_MAX]; /* "": none yet */
    struct uuid records[KEEPER_RECORDED_MAX];
    size_t count;
};

/* Keeps `why` and `record` (nil: none) where that is a refusal. `keepers` as above, before the item. */
void refusals_add(struct refusals *all, struct caller *c, const struct route *route, uint64_t keepers,
                  const struct uuid *record, const struct error *why);
/* Records them, if any, as refusal_record does. */
void refusals_record(const struct refusals *all, struct caller *c, const struct route *route,
                     uint16_t object);

#endif
