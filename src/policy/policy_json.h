/* The JSON policy format: read by turning it into the text that says the same, which is then parsed; written
 * from parsed policies.
 * Source: docs.cedarpolicy.com, "JSON policy format". */
#ifndef KEDUN_POLICY_POLICY_JSON_H
#define KEDUN_POLICY_POLICY_JSON_H

#include "base/buf.h"
#include "policy/policies.h"

#define POLICY_TEXT_MAX ((size_t)64 * 1024 * 1024)

/* One policy or template as text, laid out on one line. ST_INVALID "bad_policy" with file:line; ST_NOMEM when
 * out has failed. */
MUST_CHECK enum status policy_json_to_text(const struct document *policy, const char *file, struct buf *out,
                                           struct error *e);

/* All static policies and templates of a set (or one policy), a blank line between them. Links have no text.
 */
MUST_CHECK enum status policies_json_to_text(const struct document *set, const char *file, struct buf *out,
                                             struct error *e);

/* A set as JSON. ST_NOMEM when out has failed. */
MUST_CHECK enum status policies_to_json(const struct policies *policies, struct buf *out);

/* ---- words that text is made of ---- */

/* "x" with Cedar's escapes; `wildcards`: of a pattern, CEDAR_WILDCARD as * and * as \*. */
void text_put_string(struct buf *out, struct slice s, bool wildcards);
/* The name itself if it can stand bare, else the string. */
void text_put_name(struct buf *out, struct slice name);
bool text_is_name(struct slice name);

#endif
