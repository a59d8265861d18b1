/* How many rows a search term has, and the cheapest way to use it.
 *
 * A rare term (at most TERMS_FEW rows) leads: its rows are read, tested and sorted. If all terms are common,
 * the page's index is walked instead and each row is tested: a common term is met soon. Exact, ending and
 * word terms are looked up inside the walk's statement; fragments in batches through the full-text index, as
 * a range of rows where the batch lies close together, else row by row, and, when the walk does not find
 * enough that way (the term is common, but not here), from a bitmap of all its rows. */
#ifndef KEDUN_STORE_SQLITE_TERMS_H
#define KEDUN_STORE_SQLITE_TERMS_H

#include "store/sqlite/query.h"

#define TERMS_FEW    20000
#define TERMS_PROBES 2000 /* single look-ups before the bitmap is made */

/* The top-level term whose rows are few, or NULL when all are common. */
MUST_CHECK enum status terms_leader(struct store_reader *r, const struct plan *p, const struct pred **out,
                                    struct error *e);

/* "SELECT t0.row AS row FROM <the leader's rows> … WHERE <condition>": without order. */
MUST_CHECK enum status terms_put_led(struct sql *s, const struct plan *p, const struct plan_segment *segment,
                                     const struct pred *leader, struct error *e);

#endif
