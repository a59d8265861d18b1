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

#endif
