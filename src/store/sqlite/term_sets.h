/* Which rows the search terms of a filter find: the sets of its terms, put together as the filter says.
 *
 * A part of the filter (of the conjunction at its top) is exact when it consists of AND, OR and terms that
 * are kept as postings: its set is the answer. It is a bound when its rows at least lie in a set: other
 * conditions beside terms, exact terms in an OR; then each row is tested besides. */
#ifndef KEDUN_STORE_SQLITE_TERM_SETS_H
#define KEDUN_STORE_SQLITE_TERM_SETS_H

#include "object/pred.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/row_set.h"

#define TERM_SETS_MOST 2048  /* terms of one question */
#define TERM_SETS_FEW  20000 /* rows of an exact term; one with more bounds nothing */

enum term_part { TERM_PART_NONE, TERM_PART_BOUND, TERM_PART_EXACT };
enum term_part term_part_of(const struct pred *p);

/* Within the call's snapshot. The rows of all parts together, a reference of the caller's; NULL: any row. */
MUST_CHECK enum status term_sets_find(struct store_reader *r, uint16_t object,
                                      const struct pred *const *parts, size_t count, struct row_set **out,
                                      struct error *e);

#endif
