/* The ways of SCIM 2.0 (RFC 7644) through the engine: who asks, how refusals look, and what was asked of
 * late. handle_scim.c has the resources, connect/scim_*.h filters, patches and schemas; keeper/scim.h says
 * what a provisioning key is and decides all that it may.
 *
 * The last SCIM_CALLS calls by a live key are remembered in memory for the administrators' page: no query, no
 * body, nothing of a person but his number in the path. What changed anything is in the audit log. */
#ifndef KEDUN_API_SCIM_H
#define KEDUN_API_SCIM_H

#include "api/http.h"

#define SCIM_JSON  "application/scim+json"
#define SCIM_CALLS 200

/* From "Authorization: Bearer" to a live key; fills call.token and r->scim_key, takes up a newer directory.
 * ST_UNAUTHENTICATED. */
MUST_CHECK enum status scim_identify(struct caller *c, struct http_request *r, struct error *e);
/* The directory as the keeper has it now, after a change. */
MUST_CHECK enum status scim_see_newest(struct caller *c, struct error *e);

bool scim_is_asked(const struct http_request *r);
/* Replaces the reply by the error's document (RFC 7644 section 3.12). */
void scim_problem(struct http_reply *reply, const struct error *e);

void scim_calls_note(const struct http_request *r, const struct keeper_call *call, int status,
                     const char *code);
/* An array, newest first: {"at", "key", "address", "method", "path", "status", "code"}. */
void scim_calls_write(struct json *j);

#endif
