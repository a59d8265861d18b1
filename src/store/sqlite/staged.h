/* Postings of new rows: kept with their row at first, p_OBJECT (row, terms), and put into g_OBJECT by the
 * chunk (bulk work), some thousand at once (rows that come one by one) or when the writer has nothing else to
 * do.
 *
 * A chunk's postings then are sorted once and each entry of g_OBJECT is written once, instead of some
 * thousand times again for every few hundred rows; and a single new row writes one short row instead of some
 * fifty entries on as many pages. Until then a look-up also reads the staged rows: two thousand or so, under
 * bulk work a chunk's: 6 bytes a posting. A row that is staged has all its postings in p_OBJECT; some may
 * stand in g_OBJECT already while its chunk is being put there in slices. Putting them there twice does no
 * harm, so a crash in between costs only time. Only rows that were made in the same transaction are staged; a
 * later change of a row's terms puts the row into g_OBJECT first. */
#ifndef KEDUN_STORE_SQLITE_STAGED_H
#define KEDUN_STORE_SQLITE_STAGED_H

#include "store/sqlite/late.h"
#include "store/sqlite/pending.h"
#include "store/sqlite/sql.h"
#include "store/store.h"

#define STAGED_TERM 6 /* bytes of a posting's term, little-endian */

/* ---- the writer's ---- */

/* Rows from first to last may be staged, no others. */
struct staged_object {
    uint16_t object;
    int64_t first, last;
};

/* Postings whose terms have the same highest bits, in the order of rows: (term << POSTINGS_BITS | place). */
struct staged_part {
    uint64_t *list;
    size_t count, room;
};

/* What is being put into g_OBJECT of one chunk. Rows up to `end` are read, in steps; when last has come to
 * end, the parts are written one after the other, each being sorted when it is reached; then the rows are
 * deleted, `first` being the next. */
struct staged_fold {
    uint16_t object; /* 0: nothing */
    int64_t chunk, first, last, end;
    struct staged_part *parts;
    uint64_t *spare; /* for sorting */
    size_t spare_room;
    size_t count; /* of all parts */
    size_t part;  /* being written, from `at` on */
    size_t at;
    bool sorted; /* it is */
    bool met;    /* entries of it stand in g_OBJECT from before: fresh.h */
};

struct staged {
    struct connection *c;
    struct sql *sql; /* the writer's */
    struct staged_object objects[OBJECTS_MAX];
    size_t count;
    struct staged_fold fold;
};

/* Finds what an earlier process left. */
MUST_CHECK enum status staged_open(struct staged *s, struct connection *c, struct sql *sql, struct error *e);
void staged_close(struct staged *s);

/* Keeps the op's terms of a row that was just inserted; those that are no postings are passed over. late:
 * they go there, else (NULL) to p_OBJECT at once. */
MUST_CHECK enum status staged_put(struct staged *s, struct late *late, const struct write_op *op, int64_t row,
                                  struct error *e);
/* Before the terms of a row change: when it is staged, its postings go to `to`. */
MUST_CHECK enum status staged_release(struct staged *s, uint16_t object, int64_t row,
                                      struct pending_postings *to, struct error *e);

bool staged_any(const struct staged *s);
/* How many rows at most. */
size_t staged_count(const struct staged *s);
/* Some chunk is full. */
bool staged_is_due(const struct staged *s);
/* A slice of work, within a transaction: writes until `stop` (asked now and then) or until a chunk is done.
 * The caller commits; when the transaction fails he calls staged_again. */
MUST_CHECK enum status staged_fold(struct staged *s, bool (*stop)(void *), void *context, struct error *e);
/* Looks anew what there is to do. */
MUST_CHECK enum status staged_again(struct staged *s, struct error *e);

/* ---- readers' ---- */

/* Calls for each of these terms (postings_term's numbers) and each staged row that has it, rows ascending. */
MUST_CHECK enum status staged_find(struct connection *c, struct sql *sql, uint16_t object,
                                   const int64_t *terms, size_t count,
                                   void (*call)(void *context, size_t term, int64_t row), void *context,
                                   struct error *e);

/* Registers kedun_staged(terms, term): whether a staged row has it. */
MUST_CHECK enum status staged_register(sqlite3 *db, struct error *e);

#endif
