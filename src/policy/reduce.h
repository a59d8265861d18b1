/* Partial evaluation: with principal, action and context known and the record not, a policy becomes a
 * predicate over the record's columns that holds exactly where the policy applies. What no row filter can say
 * is refused with the place and the text of the expression.
 *
 * Can be reduced, with `known` any expression that does not look at the record:
 *   resource.a == != < <= > >= known       resource == known, resource in known, resource has a, resource is
 * T resource.a in known, known in resource.a   resource.a like "x" or "x*"   resource.flag
 *   known.contains(resource.a)   resource.tags.contains|containsAll|containsAny(known)   && || ! if-then-else
 * of these Cannot: two attributes with each other, arithmetic on attributes, attributes of attributes, sets
 * built of them. */
#ifndef KEDUN_POLICY_REDUCE_H
#define KEDUN_POLICY_REDUCE_H

#include "policy/model.h"
#include "policy/truth.h"

struct reduction {
    struct model *model;
    const struct policy *policy;
    struct error *error;
    enum status status;
    /* At save time: principal and context stand for anybody's, and everything that could matter is looked at.
     */
    bool checking;
};

/* Where `p` applies to records of the model's object under the model's act and field. model_set_any_row must
 * be in force. ST_INVALID "policy_not_reducible" or "policy_sealed_field", ST_NOMEM. */
MUST_CHECK enum status reduce_policy(struct reduction *r, const struct policy *p, const struct pred **out);

/* Fails the reduction at `e`; for leaf.c. */
struct truths reduce_refuse(struct reduction *r, const struct expr *e, const char *why);

#endif
