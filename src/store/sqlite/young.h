/* Exact terms of rows that came in bulk: kept by the set at first, y_OBJECT (first, last, terms), and put
 * into x_OBJECT when YOUNG_MOST have come together or the writer has nothing else to do.
 *
 * x_OBJECT is in the order of hashes, so the terms of some hundred rows fall on as many of its pages, and
 * every commit would write each of these pages whole, twice. A set's own terms are one short blob; put into
 * their places by the hundred thousand, in their order, several share a page. Until then a look-up searches
 * each blob too (two steps of some 2 µs for a set), and none when no bulk work went before. The writer, who
 * asks for uniqueness at every row, has them all in memory.
 *
 * A term may stand in both places while the terms are put over in slices: look-ups count it once, a crash in
 * between costs only time. A later change of a row's terms puts its whole set over first.
 *
 * `terms` of y_OBJECT: entries of YOUNG_ENTRY bytes, little-endian, ascending: u16 field, u64 term, u16 row
 * less `first`. */
#ifndef KEDUN_STORE_SQLITE_YOUNG_H
#define KEDUN_STORE_SQLITE_YOUNG_H

#include "store/sqlite/pending.h"

#define YOUNG_ENTRY 12
#define YOUNG_LEAST 64     /* terms of a set: fewer go to their places at once */
#define YOUNG_MOST  110000 /* terms: what comes while they are put over still fits in the room of 131,072 */

/* ---- the writer's ---- */

/* One row of y_OBJECT, and where its terms are in memory. */
struct young_set {
    uint16_t object;
    int64_t first, last;
    uint32_t from, to;
};

struct young_cursor {
    uint32_t at, to;
};

/* What is being put into x_OBJECT: sets of one object up to `last`, merged by a heap of their next terms.
 * When it is empty their rows are deleted. */
struct young_fold {
    uint16_t object; /* 0: nothing */
    int64_t last;
    struct young_cursor *heap;
    size_t count;
    size_t deleted; /* sets of the list that have been looked at */
};

struct young {
    struct connection *c;
    struct sql *sql; /* the writer's */
    struct pending_terms terms;
    struct young_set *sets; /* an object's by row */
    size_t count, room;
    bool stale;   /* a transaction failed: to be read anew */
    bool touched; /* something was put or released; whoever asks resets it */
    struct young_fold fold;
};

/* Reads what an earlier process left. */
MUST_CHECK enum status young_open(struct young *y, struct connection *c, struct sql *sql, struct error *e);
void young_close(struct young *y);
/* A transaction in which something here changed was rolled back, or a set's part of it. */
void young_failed(struct young *y);
/* Before anything else of a transaction: reads anew after a failure. */
MUST_CHECK enum status young_ready(struct young *y, struct error *e);

/* Keeps the terms of one set, all of them of new rows of it: p is sorted, and emptied by the caller. */
MUST_CHECK enum status young_put(struct young *y, const struct pending_terms *p, struct error *e);
/* Before the terms of a row change: when its set is kept here, the set's terms go to `to`. */
MUST_CHECK enum status young_release(struct young *y, uint16_t object, int64_t row, struct pending_terms *to,
                                     struct error *e);

bool young_any(const struct young *y);
bool young_is_due(const struct young *y);
/* As staged_fold. */
MUST_CHECK enum status young_fold(struct young *y, bool (*stop)(void *), void *context, struct error *e);

/* ---- readers' ---- */

/* "SELECT row …": the rows that have an exact term, each once, in no order. */
void young_put_rows(struct sql *s, uint16_t object, int64_t key, int64_t term);
/* "EXISTS (…) …": whether tALIAS.row has it. */
void young_put_probe(struct sql *s, uint16_t object, unsigned alias, int64_t key, int64_t term);

/* Registers kedun_young(first, terms, key, term): the rows as a JSON array, NULL: none; and kedun_young_has(
 * first, terms, key, term, row). */
MUST_CHECK enum status young_register(sqlite3 *db, struct error *e);

#endif
