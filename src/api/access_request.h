/* Access to fields of records, asked for in place (keeper/proposal.h, kind
 * "access"): from the names and ids that a page has to the keeper's numbers, and what an approval would open.
 */
#ifndef KEDUN_API_ACCESS_REQUEST_H
#define KEDUN_API_ACCESS_REQUEST_H

#include "api/http.h"
#include "record/caller.h"

/* The body of POST /proposals with {"kind": "access", "reason", "change": {"object": name, "records": [ids]?,
 * "fields": [names], "hours"}} as the keeper takes it, into the request's arena. Only what
 * the caller himself knows of and sees: ST_NOT_FOUND "unknown_object", "not_found", ST_INVALID
 * "unknown_field", "bad_document", ST_CONFLICT "already_open". */
MUST_CHECK enum status access_request_translate(struct caller *c, const struct http_request *r,
                                                struct slice *document, struct error *e);

/* Who may decide for him, as a JSON array of {"id", "name"}, 20 at most. */
void access_request_deciders(const struct caller *c, struct json *out);

#endif
