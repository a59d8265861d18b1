/* How a selection is read: which index per arm of its scope, in which order, from which point.
 *
 * A filter is a conjunction. One of its parts may speak of the scope alone (owner, department, branch, a
 * reference: one value, a list, or an OR of such): it is spread into arms, one value each, every one a range
 * of an index that is already in the order of the page; SQLite merges the arms as it reads. So a page costs
 * its rows, whatever the scope. The index is named (INDEXED BY): the choice must not depend on statistics.
 *
 * A cursor is spread into segments, read one after the other, each again a range of the index: with v1, v2
 * the sort values of the last row seen: (c1 = v1, c2 = v2, id beyond), (c1 = v1, c2 beyond v2), (c1 beyond
 * v1), and nulls where the order has them. By time of creation, the usual order, one segment does: (c1, c2)
 * beyond (v1, v2). */
#ifndef KEDUN_STORE_SQLITE_PLAN_H
#define KEDUN_STORE_SQLITE_PLAN_H

#include "store/sqlite/sql.h"
#include "store/store.h"

#define PLAN_ARMS_MAX     64
#define PLAN_REST_MAX     64
#define PLAN_TERMS_MAX    16
#define PLAN_SEGMENTS_MAX (2 * (STORE_SORT_MAX + 1))

enum plan_alive { PLAN_ALIVE, PLAN_DELETED, PLAN_ANY };

struct plan_arm {
    uint16_t column;
    struct cell value;
};

struct plan_bound {
    uint16_t column;
    const char *sign; /* "=", "<", ">", "IS NULL", "IS NOT NULL" */
    struct cell value;
};

struct plan_segment {
    struct plan_bound bounds[STORE_SORT_MAX + 1];
    size_t count;
    bool together; /* the bounds' columns as one row value: (c1, c2) beyond (v1, v2) */
};

struct plan {
    const struct object_def *object;
    enum plan_alive alive;
    const struct pred *rest[PLAN_REST_MAX]; /* parts of the filter that are neither arms nor terms */
    size_t rest_count;
    const struct pred *terms[PLAN_TERMS_MAX]; /* exact PRED_TERMS at the top */
    size_t term_count;
    const struct pred *sets[PLAN_TERMS_MAX]; /* parts that row sets answer or bound (term_sets.h) */
    size_t set_count;
    const struct pred *scope; /* what the arms stand for */
    struct plan_arm arms[PLAN_ARMS_MAX];
    size_t arm_count;                           /* 0: the whole table */
    bool by_id;                                 /* a part names ids or an import: their index decides */
    struct store_sort sort[STORE_SORT_MAX + 1]; /* FIELD_ID last */
    size_t sort_count;
    struct plan_segment segments[PLAN_SEGMENTS_MAX];
    size_t segment_count;
    const struct row_set *found;     /* the rows of `sets` together (terms.c), or NULL: any */
    const struct judged_ask *judged; /* what is remembered of `rest` together (judged.h), or NULL */
};

/* Whether the plan names its index and `rest` asks about the row's own columns alone, so that it can be
 * remembered by row. */
bool plan_may_judge(const struct plan *p);
/* "c1 AND c2 …" about t0. */
MUST_CHECK enum status plan_put_rest(struct sql *s, const struct plan *p, struct error *e);

struct terms_lead;

void plan_make(const struct object_def *o, const struct pred *filter, enum plan_alive alive,
               struct plan *out);
/* ST_INVALID: more sort columns than there may be. */
MUST_CHECK enum status plan_order(struct plan *p, const struct store_select *q, struct error *e);

/* "SELECT tN.row … ORDER BY …" over all arms in the order of the plan, for one segment (NULL: all). Postings
 * are tested by p->found, exact terms looked up row by row. */
MUST_CHECK enum status plan_put_rows(struct sql *s, const struct plan *p, const struct plan_segment *segment,
                                     struct error *e);
/* The same without order. */
MUST_CHECK enum status plan_put_unordered(struct sql *s, const struct plan *p, struct error *e);
/* "alive AND scope AND rest AND bounds" about t0, for a statement that reads from elsewhere; every term but
 * `but`. */
MUST_CHECK enum status plan_put_condition(struct sql *s, const struct plan *p,
                                          const struct plan_segment *segment, const struct terms_lead *lead,
                                          struct error *e);
void plan_put_order(struct sql *s, const struct plan *p);

#endif
