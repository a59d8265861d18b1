/* What the register of high-risk acts (keeper/high_risk.h) would ask of many writes at once, before the first
 * of them: a convenience, so that nothing is begun that must end in the middle. The keeper judges each write,
 * and counts what was done earlier that day. */
#ifndef KEDUN_RECORD_FORESEE_H
#define KEDUN_RECORD_FORESEE_H

#include "keeper/high_risk.h"
#include "record/caller.h"

/* ST_DENIED (keeper/need.h) when `n` records of the object alone are too many without what the register asks
 * for. What approvals were used for already only the keeper knows. */
MUST_CHECK enum status foresee(const struct caller *c, enum high_risk_act act, uint16_t object, uint64_t n,
                               struct error *e);

/* The same of records of several objects. */
struct foreseen {
    uint16_t object;
    uint64_t n;
};
MUST_CHECK enum status foresee_parts(const struct caller *c, enum high_risk_act act,
                                     const struct foreseen *parts, size_t count, struct error *e);

/* `n` records that policy lets the act pass on with an approval alone (record/obliged.h). Of a file any
 * approval lets it begin. */
MUST_CHECK enum status foresee_obliged(const struct caller *c, enum high_risk_act act, uint16_t object,
                                       uint64_t n, struct error *e);

#endif
