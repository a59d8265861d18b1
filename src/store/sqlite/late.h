/* What a bulk set adds, written at the set's end: rows, keys, postings and histories, a table after the other
 * and LATE_ROWS of them by one statement.
 *
 * A statement opens and closes all trees that it touches, ten for a row, and its places in them are lost;
 * several rows at once share both. Nothing here is checked twice: when something cannot be written (a record
 * of that id is there), the set has failed and its group is applied anew, with each op in its turn
 * (apply.h: spoilt, guard). Whoever asks the tables for what may wait here has it written first. Ops are
 * borrowed until then. */
#ifndef KEDUN_STORE_SQLITE_LATE_H
#define KEDUN_STORE_SQLITE_LATE_H

#include "base/buf.h"
#include "store/sqlite/inserter.h"

#define LATE_ROWS 8

enum late_table { LATE_ROW, LATE_KEY, LATE_POSTINGS, LATE_HISTORY, LATE_TABLES };

struct late_item {
    const struct write_op *op; /* LATE_POSTINGS: only its object counts */
    int64_t row;
    size_t at, n; /* LATE_POSTINGS: bytes of `bytes` */
};

struct late_list {
    struct late_item *items;
    size_t count, room;
};

struct late {
    struct late_list lists[LATE_TABLES];
    struct buf bytes;
    struct inserter one, some;
    bool failed; /* something could not be written; whoever asks resets it */
};

void late_init(struct late *l);
void late_free(struct late *l, struct connection *c);
void late_clear(struct late *l);

MUST_CHECK enum status late_put(struct late *l, enum late_table table, const struct write_op *op, int64_t row,
                                struct error *e);
/* A row's postings, as p_OBJECT has them. */
MUST_CHECK enum status late_put_postings(struct late *l, const struct write_op *op, int64_t row,
                                         struct slice terms, struct error *e);
bool late_any(const struct late *l);
/* Whether this row waits. */
bool late_holds(const struct late *l, uint16_t object, int64_t row);
/* Writes what waits. On failure some of it may be written, and nothing waits. */
MUST_CHECK enum status late_write(struct late *l, struct connection *c, struct sql *s, struct error *e);

#endif
