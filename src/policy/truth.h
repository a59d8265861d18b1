/* What a condition over a record reduces to: where it is true and where it is false.
 *
 * A Cedar condition can also err, and SQL's can be unknown; so both sides are kept, each a predicate whose
 * "unknown" counts as "not": where neither holds, the condition errs. They are only ever joined by AND and
 * OR, and a negation swaps them, so that no unknown is negated. `total`: it errs nowhere (one of the two
 * holds on every row). NULL predicates mean that memory ran out and stay NULL through every join. */
#ifndef KEDUN_POLICY_TRUTH_H
#define KEDUN_POLICY_TRUTH_H

#include "object/pred.h"

struct truths {
    const struct pred *t, *f;
    bool total;
};

struct truths truths_known(bool b);
struct truths truths_error(void);
struct truths truths_not(struct truths x);
/* With Cedar's short circuit: `y` errs only where it is looked at. */
struct truths truths_and(struct arena *a, struct truths x, struct truths y);
struct truths truths_or(struct arena *a, struct truths x, struct truths y);
struct truths truths_if(struct arena *a, struct truths c, struct truths x, struct truths y);

/* `t` holds on some rows and is unknown only where `column` is null; there the condition errs. */
struct truths truths_where(struct arena *a, uint16_t column, const struct pred *t);
/* `b` wherever the column is not null; else an error. */
struct truths truths_not_null(struct arena *a, uint16_t column, bool b);
/* `t` decides; where it is unknown the condition is false. */
struct truths truths_total(struct arena *a, const struct pred *t);

/* True exactly where `p` is not true: false or unknown. `p` is made of AND, OR and leaves, with NOT only over
 * leaves. */
const struct pred *pred_complement(struct arena *a, const struct pred *p);

#endif
