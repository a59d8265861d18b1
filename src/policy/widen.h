/* Does one set of policies permit anybody anything that another did not?
 *
 * Compared for every act on every object and field, for whatever person, record, hour and network: each
 * permit of the new set must lie within one permit of the old, and each forbid of the old within one of the
 * new. "Lies within" is shown on the conditions' shapes (one more condition, a smaller set, an earlier hour);
 * what can't be shown counts as widening. So "does not widen" holds for people, departments, fields and
 * objects that are yet to come, too: each list of places ends with "any other". */
#ifndef KEDUN_POLICY_WIDEN_H
#define KEDUN_POLICY_WIDEN_H

#include "object/object.h"
#include "policy/set.h"

/* One place where the new set may permit more. */
struct widening {
    const struct policy *policy; /* the new permit, or the old forbid that is gone or smaller */
    enum act act;
    const struct object_def *object; /* NULL: any that is yet to come, or no object */
    const struct field_def *field;   /* the first of the object's; NULL: none, or any that is yet to come */
    size_t fields;                   /* how many of them */
};

/* At most `room` places are told; *count is how many there are: 0 means that `fresh` does not widen.
 * ST_NOMEM. */
MUST_CHECK enum status policy_widens(const struct policy_set *old, const struct policy_set *fresh,
                                     const struct object_set *objects, struct arena *a, struct widening *out,
                                     size_t room, size_t *count, struct error *e);

#endif
