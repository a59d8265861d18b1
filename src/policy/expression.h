/* Parses Cedar expressions into trees (syntax.h). Literal sets, records and calls are folded to values.
 * Source: docs.cedarpolicy.com, "Grammar specification for Cedar policy syntax", from Expr down. */
#ifndef KEDUN_POLICY_EXPRESSION_H
#define KEDUN_POLICY_EXPRESSION_H

#include "policy/parser.h"

/* NULL when the parser has failed. */
const struct expr *expression_parse(struct parser *p);

#endif
