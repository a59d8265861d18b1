/* A reader: one thread's connection, its builder of statements and its deadline. */
#ifndef KEDUN_STORE_SQLITE_READER_H
#define KEDUN_STORE_SQLITE_READER_H

#include "store/sqlite/sql.h"
#include "store/store.h"

struct places;
struct kept;
struct facts;
struct found;
struct shortlists;

struct store_reader {
    struct connection *c;
    struct places
        *places;         /* the store's; NULL: this process does not write, so it can't know when they end */
    struct kept *kept;   /* rows in memory, the store's too; NULL likewise */
    struct found *found; /* row sets in memory, likewise */
    struct facts *facts; /* what is remembered of rows, likewise */
    struct shortlists *shortlists; /* likewise */
    uint64_t found_now;            /* found_now() before the call's snapshot */
    struct sql sql;
    bool snapshot;         /* store_snapshot holds a transaction open */
    uint64_t snapshot_now; /* kept_now before it */
    bool one;              /* the call under way has no transaction but its statement's own */
    uint32_t deadline_ms;
};

/* Every public call stands between these: one snapshot, one deadline. */
MUST_CHECK enum status reader_begin(struct store_reader *r, struct error *e);
/* The same for a call of a single statement, whose own transaction does. */
void reader_begin_one(struct store_reader *r);
void reader_end(struct store_reader *r);

/* Where copies of short texts and blobs go, several to an allocation. Begins as {NULL, 0}. */
struct reader_room {
    uint8_t *at;
    size_t left;
};
#define READER_CHUNK ((size_t)8192)

/* Copies `count` columns of the current row from column `from` on into `out`. ST_NOMEM. */
MUST_CHECK enum status reader_cells_into(sqlite3_stmt *s, int from, size_t count, struct reader_room *room,
                                         struct arena *arena, struct cell *out);
/* Copies `count` columns of the current row from column `from` on. ST_NOMEM. */
MUST_CHECK enum status reader_cells(sqlite3_stmt *s, int from, size_t count, struct arena *arena,
                                    struct cell **out);
/* A blob or text column, copied; empty when null. */
MUST_CHECK enum status reader_slice_of(sqlite3_stmt *s, int column, struct arena *arena, struct slice *out);
/* SQLITE_ROW: true; done: false; else *st is set. */
bool reader_step(struct store_reader *r, sqlite3_stmt *s, enum status *st, struct error *e);

#endif
