/* The page of a set of rows, picked by what is remembered of them (facts.h): each row of the set is looked at
 * in memory, the page's are kept in a heap, and only rows of which nothing is known are read.
 *
 * For living rows in the order of creation or of ids, within owners, departments and branches, where nothing
 * else is asked. Walking the index instead costs wanted / count of the table's rows; picking costs the set's.
 * Which is less is reckoned in steps of such a walk (some 0.1 µs). From the latest on, what is known to lie
 * behind a full page is passed over 64 rows at a time. Who misses more than a few rows also reads the next
 * PICK_SLICE of all rows along an index that has what is to be remembered: a million are known after two
 * thousand questions, 0.1 ms each. */
#ifndef KEDUN_STORE_SQLITE_PICK_H
#define KEDUN_STORE_SQLITE_PICK_H

#include "store/sqlite/query.h"

#define PICK_SLICE 512

/* Whether the plan is of that kind, but for search terms, which are the caller's. */
bool pick_fits(const struct query *q);
/* Within the call's snapshot: the numbers of the page's rows, one more than its limit at most, in order, in
 * the query's arena. *done is false: walk, or for a query of q->only_memory that not all of them is known. */
MUST_CHECK enum status pick_rows(struct query *q, const struct row_set *set, int64_t **rows, size_t *count,
                                 bool *done);

#endif
