/* Approval of a high-risk act (keeper/proposal.h, kind "act"): from the names and ids that a page has to the
 * keeper's numbers, and what an approver may see of what it is asked for. */
#ifndef KEDUN_API_ACT_REQUEST_H
#define KEDUN_API_ACT_REQUEST_H

#include "api/http.h"
#include "record/caller.h"

#include <jansson.h>

/* The body of POST /proposals with {"kind": "act", "reason", "change": {"act", "object": name or null,
 * "count", "records": [ids]?, "hours"}} as the keeper takes it, into the request's arena. Only what the
 * caller himself knows of and sees: ST_NOT_FOUND "unknown_object", "not_found", ST_INVALID "bad_document". */
MUST_CHECK enum status act_request_translate(struct caller *c, const struct http_request *r,
                                             struct slice *document, struct error *e);

/* {"act", "count", "bound", "visible", "titles": [{"id", "title"}]} of the keeper's `asked`: how many of the
 * named records the caller sees, and the titles of the first ACT_TITLES of those. What is closed has no names
 * any more: visible null. */
#define ACT_TITLES 50
MUST_CHECK enum status act_request_effect(struct caller *c, const json_t *asked, struct json *out,
                                          struct error *e);

#endif
