/* What the handlers of policies share: who may, and reading what he sent (for api/ only). */
#ifndef KEDUN_API_POLICY_DESK_H
#define KEDUN_API_POLICY_DESK_H

#include "api/engine.h"
#include "policy/set.h"

/* The security administrators' duty, and what the policies in force say of Object::"policy" besides.
 * ST_DENIED "not_your_duty". */
MUST_CHECK enum status policy_desk_permit(struct caller *c, struct error *e);

/* Reads and checks a text as it would be published: syntax, names, that every condition becomes a row filter,
 * and that a security administrator may still change it ("policy_locks_out"). The caller releases the set. */
MUST_CHECK enum status policy_desk_read(struct caller *c, struct slice text, struct policy_set **out,
                                        struct error *e);

/* The text of a version, copied into the request's arena; *number 0 is the one in force, and of the files'
 * while none was published. ST_NOT_FOUND. */
MUST_CHECK enum status policy_desk_text(struct engine *engine, struct caller *c, uint32_t *number,
                                        struct slice *text, struct error *e);
/* The set of a version, read from its text: the caller releases it. */
MUST_CHECK enum status policy_desk_version(struct engine *engine, struct caller *c, uint32_t number,
                                           struct policy_set **out, struct error *e);

/* "number": {…} of a version's path segment; "current" is 0. ST_NOT_FOUND. */
MUST_CHECK enum status policy_desk_number(struct slice text, uint32_t *out, struct error *e);

/* The body's text of that key, or SLICE_NONE. */
struct slice policy_desk_member(const json_t *body, const char *key);

/* {"widens": bool, "places": [{policy, act, object, field, fields}]} of old and fresh, as members. */
MUST_CHECK enum status policy_desk_widening(struct caller *c, const struct policy_set *old,
                                            const struct policy_set *fresh, struct json *j, bool *widens,
                                            struct error *e);

#endif
