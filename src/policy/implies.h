/* Does one row filter imply another? Decided on their shapes alone: true means that every row which satisfies
 * `p` satisfies `q`; false means that it could not be shown. */
#ifndef KEDUN_POLICY_IMPLIES_H
#define KEDUN_POLICY_IMPLIES_H

#include "object/pred.h"

bool pred_implies(const struct pred *p, const struct pred *q);

/* Every row of `p` satisfies `q` or `or_q`. */
bool pred_implies_either(const struct pred *p, const struct pred *q, const struct pred *or_q);

/* The same condition, by its shape. */
bool pred_same(const struct pred *p, const struct pred *q);

#endif
