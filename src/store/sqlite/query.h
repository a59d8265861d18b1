/* A page's rows, once it is known which: shared by the plain way (query.c) and the way by search terms
 * (terms.c). */
#ifndef KEDUN_STORE_SQLITE_QUERY_H
#define KEDUN_STORE_SQLITE_QUERY_H

#include "store/sqlite/plan.h"
#include "store/sqlite/reader.h"

struct query {
    struct store_reader *r;
    const struct store_select *select;
    struct plan plan;
    struct arena *arena;
    struct store_rows *out; /* room for select->limit + 2 */
    struct error *e;
};

/* "SELECT <columns> FROM (" and ") p JOIN the rows": around a statement that gives the rows' numbers in
 * order. */
void query_put_head(struct query *q);
void query_put_tail(struct query *q);
/* Runs r->sql and appends its rows, until limit + 1 are there. */
MUST_CHECK enum status query_collect(struct query *q);

/* Reads along the plan: every segment of the cursor until the page is full. */
MUST_CHECK enum status query_plain(struct query *q);

/* Selections with search terms at the top of their filter (terms.c). */
MUST_CHECK enum status query_by_terms(struct query *q);

#endif
