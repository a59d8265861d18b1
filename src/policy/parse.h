/* Parses the policies of one file. Source: docs.cedarpolicy.com, "Basic policy construction" and the grammar.
 */
#ifndef KEDUN_POLICY_PARSE_H
#define KEDUN_POLICY_PARSE_H

#include "policy/parser.h"

/* The policies of `text` (borrowed, as is `file`; both must live as long as the arena), in order.
 * ST_INVALID "policy_syntax" with file:line:column and what was expected; ST_NOMEM. */
MUST_CHECK enum status parse_policies(struct slice text, const char *file, struct arena *a,
                                      const struct policy **out, size_t *count, struct error *e);

/* One expression and nothing else. */
MUST_CHECK enum status parse_expression(struct slice text, const char *file, struct arena *a,
                                        const struct expr **out, struct error *e);

#endif
