/* Entries of g_OBJECT that most likely are not there yet: FRESH_ROWS of them by one statement.
 *
 * A chunk's postings are put into their places once, in their order, and a statement's beginning and end cost
 * more than an entry does. Once one of them stands there already (the chunk was put there in part before),
 * the rest of the chunk goes the way of entry_add, which adds to what is there; to put places there twice
 * does no harm. */
#ifndef KEDUN_STORE_SQLITE_FRESH_H
#define KEDUN_STORE_SQLITE_FRESH_H

#include "store/sqlite/pending.h"

#define FRESH_ROWS   16
#define FRESH_PLACES ((size_t)128) /* bytes: longer lists go alone */

/* Begins as {.adder = {.c, .sql}, .met}. */
struct fresh_entries {
    struct entry_adder adder;
    bool met; /* one was there: kept by the caller for the chunk's next entries */
    sqlite3_stmt *statement;
    uint16_t object;
    int64_t chunk; /* of those that wait */
    size_t count;
    int64_t terms[FRESH_ROWS];
    size_t lengths[FRESH_ROWS];
    uint8_t places[FRESH_ROWS][FRESH_PLACES];
};

/* As entry_add. All of one object and chunk. */
MUST_CHECK enum status fresh_add(struct fresh_entries *f, uint16_t object, int64_t chunk, int64_t term,
                                 struct slice places, struct error *e);
/* Writes what waits; `before`: how the caller's work has gone so far, ST_OK or what is returned. */
MUST_CHECK enum status fresh_end(struct fresh_entries *f, enum status before, struct error *e);

#endif
