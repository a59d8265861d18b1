/* Does one policy lie within another: whenever the first applies, the second does too? For one act, one
 * object and one field, whatever the person and the record. */
#ifndef KEDUN_POLICY_WITHIN_H
#define KEDUN_POLICY_WITHIN_H

#include "policy/model.h"
#include "policy/syntax.h"

/* What is known of the question. */
struct place {
    enum act act;
    struct slice object;       /* its name; p == NULL: not known */
    struct slice type;         /* its entity type; with `object` */
    struct slice field, class; /* p == NULL: the act is none on a field */
};

#define WITHIN_PARTS_MAX 64

/* Conditions that must all hold: what is left of a policy's at a place. */
struct part {
    const struct expr *expr;
    bool negated;
};
struct parts {
    struct part list[WITHIN_PARTS_MAX];
    size_t count;
    bool never;    /* the policy can't apply there */
    bool too_many; /* more than fit: nothing lies within this, and this within nothing */
};

void parts_of(const struct policy *p, const struct place *at, struct parts *out);

/* `p` (with its parts at `at`) lies within `q` (with its own). */
bool policy_within(const struct policy *p, const struct parts *pp, const struct policy *q,
                   const struct parts *qp, const struct place *at);

#endif
