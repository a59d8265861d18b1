/* A page's rows, once it is known which: shared by the plain way (query.c) and the way by search terms
 * (terms.c). */
#ifndef KEDUN_STORE_SQLITE_QUERY_H
#define KEDUN_STORE_SQLITE_QUERY_H

#include "store/sqlite/judged.h"
#include "store/sqlite/kept.h"
#include "store/sqlite/plan.h"
#include "store/sqlite/reader.h"

struct query {
    struct store_reader *r;
    const struct store_select *select;
    struct plan plan;
    struct arena *arena;
    struct store_rows *out; /* room for select->limit + 2 */
    struct kept_ask ask;    /* shape 0: rows are read, not looked up */
    struct judged_ask judged;
    struct slice filter_key; /* the whole filter, when `judged` is asked */
    bool only_memory;        /* rows that memory doesn't have end it: `missed` */
    bool missed;
    struct error *e;
};

/* Puts a statement that gives the page's rows by number, in order and no more than query_put_window lets
 * through.
 */
typedef enum status (*query_put)(struct query *q, const struct plan_segment *segment, const void *context);
/* Appends those rows until limit + 1 are there: from memory what is kept (kept.h), the others read. */
MUST_CHECK enum status query_read(struct query *q, query_put put, const struct plan_segment *segment,
                                  const void *context);
/* Appends the rows of these numbers, from memory or read: within a snapshot of several statements, but for
 * q->only_memory. */
MUST_CHECK enum status query_take(struct query *q, int64_t *rows, size_t count);
/* " LIMIT ? OFFSET ?": what is still wanted. */
void query_put_window(struct query *q);

/* Reads along the plan: every segment of the cursor until the page is full. */
MUST_CHECK enum status query_plain(struct query *q);

/* Selections with search terms at the top of their filter (terms.c). */
MUST_CHECK enum status query_by_terms(struct query *q);

/* The usual search by a whole number: one exact term beside what facts decide (pick.h). */
bool query_is_one_term(const struct query *q);
/* Its few rows picked by what is known of them. *done is false: they are many, or for q->only_memory not all
 * are known and kept. With that one statement is all, so that no transaction is needed: what memory has is
 * that of its snapshot. */
MUST_CHECK enum status query_one_term(struct query *q, bool *done);

#endif
