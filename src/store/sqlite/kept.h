/* Rows kept in memory as the database holds them (sealed values sealed), so that a page looks up numbers in
 * an index and no cells. Bounded by KEPT_BYTES; what is oldest goes first; wiped when it goes.
 *
 * Exact: a reader never gets a row that is not that of his snapshot.
 * - `now` is even, and odd from before a commit that changes rows until after it. The writer's connection
 * tells by SQLite's own hooks (kept_watch) which rows its transaction changed, whatever statement did it;
 * they are taken out after `now` became odd and before the commit.
 * - A reader asks for `now` before his snapshot begins, so the snapshot is of that state or a later one.
 * - A row is kept with the even `now` of its reader, and only while `now` is still that: then his snapshot is
 * of exactly that state, and no commit that changed the row can have passed by.
 * - A row found was kept at some state. If it is not later than what the reader asked, no commit up to his
 * snapshot has changed the row, or it would be out. Changes of subjects' wrapped keys, which come with rows,
 * and of tables take everything out. Only the process with the writer keeps rows. Thread-safe.
 * Facts of rows (facts.h) hang on the same hooks and clock. */
#ifndef KEDUN_STORE_SQLITE_KEPT_H
#define KEDUN_STORE_SQLITE_KEPT_H

#include "store/sqlite/connection.h"
#include "store/store.h"

#include <stdatomic.h>

#define KEPT_BYTES     ((size_t)64 << 20)
#define KEPT_ROW_BYTES 8192 /* longer rows are not kept */

struct kept;

/* NULL: no memory. */
struct kept *kept_new(void);
void kept_free(struct kept *k);

/* The writer's connection: its hooks. Before the first row is kept. What a transaction changes beyond rows is
 * told by writer->forget_rows: everything goes at its commit. */
void kept_watch(struct kept *k, struct connection *writer);
/* After a commit that went through or failed. Writer's thread. */
void kept_commit_ended(struct kept *k);

/* Ask before the snapshot begins. */
uint64_t kept_now(const struct kept *k);
const atomic_ullong *kept_clock(const struct kept *k);

/* What a call asks of rows. */
struct kept_ask {
    uint64_t now;   /* kept_now */
    uint32_t shape; /* kept_shape; 0: rows are not kept */
    uint16_t object;
    size_t count; /* of cells: the columns, and the key behind them when it is wanted */
};
/* The number of object, columns and whether the key comes with them. No number is given twice. */
uint32_t kept_shape(struct kept *k, const struct store_select *q);

/* Copies the row's cells, bytes into `arena`. False: not kept, or no memory (*st). */
bool kept_get(struct kept *k, const struct kept_ask *ask, int64_t row, struct arena *arena,
              struct cell *cells, enum status *st);
/* The row will be asked for soon. */
void kept_expect(const struct kept *k, const struct kept_ask *ask, int64_t row);
void kept_put(struct kept *k, const struct kept_ask *ask, int64_t row, const struct cell *cells);

#endif
