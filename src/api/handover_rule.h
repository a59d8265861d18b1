/* What somebody asks a handover or an offer of one to do (share/handover.h), as it comes in a request. */
#ifndef KEDUN_API_HANDOVER_RULE_H
#define KEDUN_API_HANDOVER_RULE_H

#include "api/http.h"
#include "share/handover.h"

/* The rule of the body, its receivers being there; whose records they are is the caller's to check.
 * ST_INVALID. */
MUST_CHECK enum status handover_rule_read(struct caller *c, const struct http_request *r,
                                          struct handover_rule *rule, struct error *e);
/* The rule as JSON without anything else that the body may hold, in the request's arena; p NULL: no memory.
 */
struct slice handover_rule_plan(struct caller *c, const struct http_request *r);
/* Of one's own records only those of a department in which one stands no more: ST_INVALID with "department".
 */
MUST_CHECK enum status handover_rule_former(struct caller *c, const struct handover_rule *rule,
                                            struct error *e);

#endif
