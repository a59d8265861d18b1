/* Applies write sets inside the writer's transaction.
 *
 * Rows and the rest go to their tables at once, exact terms at the end of their set, postings at the end of
 * the group, each in the order of its table: a batch then writes neighbouring entries together. Postings of
 * new rows wait with their rows (staged.h), exact terms of rows that come in bulk with their set (young.h).
 * What a bulk set adds is written at its end (late.h).
 */

#ifndef KEDUN_STORE_SQLITE_APPLY_H
#define KEDUN_STORE_SQLITE_APPLY_H

#include "store/sqlite/late.h"
#include "store/sqlite/sql.h"
#include "store/sqlite/staged.h"
#include "store/sqlite/young.h"
#include "store/store.h"

struct apply_next {
    uint16_t object;
    int64_t row;
};

struct apply {
    struct connection *c;
    struct sql sql;
    struct pending_terms terms;       /* of the set */
    struct pending_postings postings; /* of the group */
    struct staged staged;
    struct young young;
    struct late late;
    struct apply_next next[OBJECTS_MAX]; /* row numbers: never given twice while this process runs */
    size_t next_count;
    /* The row that the last op found or made: ops of one record stand together. */
    uint16_t last_object;
    struct uuid last_record;
    int64_t last_row;
    bool last_is_new;              /* this set made it */
    bool last_terms, last_history; /* and gave it terms, a change */
    /* Of the set that runs. */
    const struct write_set *set;
    bool terms_of_old; /* it has terms of rows that it did not make, or other than all of a row's */
    bool guard;        /* sets get savepoints of their own */
    bool spoilt;       /* without one: a set failed after it had written */
    struct write_result *result;
    struct error *e;
};

MUST_CHECK enum status apply_init(struct apply *a, struct connection *c, struct error *e);
void apply_free(struct apply *a);

/* On failure nothing of the set is left, or a->spoilt is set: then the caller rolls the transaction back and
 * applies its sets anew with a->guard. A savepoint copies each page that the set changes, a tenth of a
 * create, and a set hardly ever fails past its checks. When SQLite has given up the whole transaction (disk
 * full), sqlite3_get_autocommit tells. */
MUST_CHECK enum status apply_set(struct apply *a, const struct write_set *set, struct write_result *result,
                                 struct error *e);
/* At the end of the group, before its commit. */
MUST_CHECK enum status apply_finish(struct apply *a, struct error *e);
/* At the start of a group, and after a group has failed. */
void apply_forget(struct apply *a);
/* After a group has failed. */
void apply_failed(struct apply *a);

/* The row number of op's record; ST_NOT_FOUND. */
MUST_CHECK enum status apply_row(struct apply *a, const struct write_op *op, int64_t *row);

/* Writes what waits for the end of the set (late.h): before the tables are asked, or other than added to. */
MUST_CHECK enum status apply_late(struct apply *a);

/* WRITE_UNIQUE and WRITE_EXISTS (checks.c). */
MUST_CHECK enum status apply_unique(struct apply *a, const struct write_op *op);
MUST_CHECK enum status apply_exists(struct apply *a, const struct write_op *op);
/* The ops on side tables (side.c). */
MUST_CHECK enum status apply_side(struct apply *a, const struct write_op *op);

#endif
