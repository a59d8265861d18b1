/* Which records policy lets an act pass on with an approval alone (policy/obligation.h): the engine tells the
 * keeper with the seal, and asks before many writes whether there is one. */
#ifndef KEDUN_RECORD_OBLIGED_H
#define KEDUN_RECORD_OBLIGED_H

#include "record/access.h"
#include "record/seal.h"

/* The act as the register has it; false: none that can be approved. */
bool obliged_act(enum act act, enum high_risk_act *out);

/* Of the records that the caller may do it to, those; &pred_false: none. */
MUST_CHECK enum status obliged_filter(struct caller *c, const struct access *a, enum act act,
                                      const struct pred **out, struct error *e);
/* How many of `these` there are; of a pred_false nothing is read. */
MUST_CHECK enum status obliged_count(struct caller *c, const struct access *a, enum act act,
                                     const struct pred *these, uint64_t *count, struct error *e);

/* Fills in rows[i].approval. `imports`: new rows come of an import. */
MUST_CHECK enum status obliged_rows(struct caller *c, const struct sealed_set *set, bool imports,
                                    struct keeper_seal_row *rows, struct error *e);

#endif
