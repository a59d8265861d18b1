/* Joins what the policies of one act reduce to: permits by OR, minus forbids. */
#ifndef KEDUN_POLICY_FILTER_H
#define KEDUN_POLICY_FILTER_H

#include "policy/reduce.h"
#include "policy/set.h"

/* The two sides while policies are added. */
struct filter {
    const struct pred **permits, **forbids;
    size_t permit_count, forbid_count;
    bool permitted; /* whatever permits say */
};

/* Room for `count` policies; ST_NOMEM. */
MUST_CHECK enum status filter_init(struct filter *f, struct arena *a, size_t count);
void filter_add(struct filter *f, const struct policy *p, const struct pred *applies);
/* ST_INVALID "policy_not_reducible" when the whole is too large for a row filter. */
MUST_CHECK enum status filter_join(const struct filter *f, struct arena *a, const struct pred **out,
                                   struct error *e);

#endif
