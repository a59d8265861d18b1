/* The page of a set of rows, picked by what is remembered of them (facts.h): each row of the set is looked at
 * in memory, the page's are kept in a heap, and only rows of which nothing is known are read.
 *
 * For living rows in the order of creation or of ids, within owners, departments and branches, where nothing
 * else is asked. Walking the index instead costs wanted / count of the table's rows; picking costs the set's.
 * Which is less is reckoned in steps of such a walk (some 0.1 µs). From the latest on, what is known to lie
 * behind a full page is passed over by the chunk, so that first pages are picked from sets of any size; a
 * walk costs far more than reckoned where a term's rows are not the scope's, as a city's name in another
 * city's branch. After LOOKS_MORE rows it is given up. Facts are learnt in the background (warm.h). */
#ifndef KEDUN_STORE_SQLITE_PICK_H
#define KEDUN_STORE_SQLITE_PICK_H

#include "store/sqlite/query.h"

/* Whether the plan is of that kind, but for search terms, which are the caller's. */
bool pick_fits(const struct query *q);
/* Within the call's snapshot: the numbers of the page's rows, one more than its limit at most, in order, in
 * the query's arena. *done is false: walk, or for a query of q->only_memory that not all of them is known. */
MUST_CHECK enum status pick_rows(struct query *q, const struct row_set *set, int64_t **rows, size_t *count,
                                 bool *done);

#endif
