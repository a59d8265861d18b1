/* Are two pieces of policy the same, apart from layout and comments? The trees are compared, so "the same" is
 * safe to rely on; two texts that mean the same in different words are not. */
#ifndef KEDUN_POLICY_SAME_H
#define KEDUN_POLICY_SAME_H

#include "policy/syntax.h"

bool expr_same(const struct expr *a, const struct expr *b);
bool scope_same(const struct scope *a, const struct scope *b);
/* Effect, scopes and conditions; not the id, annotations and place. */
bool policy_same(const struct policy *a, const struct policy *b);

#endif
