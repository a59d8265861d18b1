/* Which rows have a fragment, ending or word term: g_OBJECT (chunk, term, rows), a chunk being POSTINGS_ROWS
 * consecutive rows. Exact terms stand in x_OBJECT: uniqueness asks for one at every write.
 *
 * New rows fall into the newest chunk, so writing touches one small region of the table however large the
 * base is; a look-up reads one short entry a chunk. `rows` is a list of places in the chunk (u16,
 * little-endian, ascending) or, from 1024 of them on, a bitmap of 2048 bytes. (FTS5 was measured against it:
 * its range and row look-ups read whole posting lists of the newer segments, 10 ms each at 100,000 rows, and
 * removed postings stay in its files until a merge.) */
#ifndef KEDUN_STORE_SQLITE_POSTINGS_H
#define KEDUN_STORE_SQLITE_POSTINGS_H

#include "base/slice.h"
#include "base/status.h"
#include "object/object.h"

#include <sqlite3.h>

#define POSTINGS_BITS  14
#define POSTINGS_ROWS  (1 << POSTINGS_BITS)
#define POSTINGS_WORDS (POSTINGS_ROWS / 64)
#define POSTINGS_BYTES (POSTINGS_ROWS / 8) /* of a bitmap, and the most that `rows` takes */

static inline int64_t postings_chunk(int64_t row) {
    return row >> POSTINGS_BITS;
}

/* A field's term as a number of the table: 47 bits, so that it takes six bytes. Among 10 million distinct
 * terms one look-up in 14 million meets a false one; whoever finds a row rechecks it. */
int64_t postings_term(uint16_t field, uint64_t term);

/* Whether terms of a kind are kept as postings. */
static inline bool postings_keep(unsigned search) {
    return search != SEARCH_EXACT;
}

/* Adds `rows` to a chunk's bits. Nothing that is not well formed sets a bit outside. */
void postings_read(struct slice rows, uint64_t bits[POSTINGS_WORDS]);

/* Registers with a connection: kedun_rows_add(rows, more), kedun_rows_remove(rows, fewer),
 * kedun_rows_hold(rows, place), and kedun_has(pointer to struct row_set, row) of type POSTINGS_POINTER.
 */
#define POSTINGS_POINTER "kedun_rows"
MUST_CHECK enum status postings_register(sqlite3 *db, struct error *e);

#endif
