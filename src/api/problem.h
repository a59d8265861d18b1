/* Errors as RFC 9457 problem documents, in the caller's language. api/problem.c holds the one table of codes
 * with their titles; a code without a line there still works (its detail is shown). */
#ifndef KEDUN_API_PROBLEM_H
#define KEDUN_API_PROBLEM_H

#include "api/http.h"
#include "object/object.h"

/* Replaces the reply by the problem; `extra` may hold one more member as JSON text ("\"current\":{…}") or be
 * empty. `objects` (may be NULL) names the object whose records want an approval. */
void problem_write(struct http_reply *reply, const struct error *e, const struct field_errors *fields,
                   enum language language, struct slice request_id, struct slice extra,
                   const struct object_set *objects);

int problem_http_status(const struct error *e);

/* The sentence for a code; NULL when the table has none. */
const char *problem_title(const char *code, enum language language);

#endif
