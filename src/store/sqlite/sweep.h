/* Facts of rows (facts.h), read along an index that has all of them, in the order of creation. */
#ifndef KEDUN_STORE_SQLITE_SWEEP_H
#define KEDUN_STORE_SQLITE_SWEEP_H

#include "store/sqlite/facts.h"
#include "store/sqlite/reader.h"

#define SWEEP_COLUMNS "id, created_at, owner, department, branch, deleted_at, row"
#define SWEEP_ROW     6 /* the column of the row's number; others may follow */

/* The current row of a statement that begins with SWEEP_COLUMNS. ST_CORRUPT: it has no id. */
MUST_CHECK enum status sweep_fact(sqlite3_stmt *s, struct fact *out, struct error *e);

/* Bytes of an id as the numbers of a fact. */
void sweep_id(const uint8_t bytes[16], uint64_t id[2]);

/* Learns up to `most` living rows of the object that were created after `at` (created_at and id count), which
 * becomes the last of them; *n is how many there were. A call of its own: no snapshot may be open. */
MUST_CHECK enum status sweep_rows(struct store_reader *r, uint16_t object, struct fact *at, size_t most,
                                  size_t *n, struct error *e);

#endif
