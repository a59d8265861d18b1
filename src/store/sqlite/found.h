/* Row sets of search terms, kept in memory by the process that writes: a question at 1,000,000 rows reads 62
 * entries of g_OBJECT for each term, and people ask for the same terms again and again. Bounded by
 * FOUND_BYTES; what was not asked for longest goes first.
 *
 * Exact: a set is used only for chunks that no commit has changed between what the set shows and what the
 * reader's snapshot shows.
 * - `now` counts the writer's commits. Before he changes an entry of a chunk he marks the chunk with now + 1;
 * after the commit `now` moves on. (Marks are shared by chunks of one hash: at worst one is read anew.)
 * - A reader asks for `now` before his snapshot begins, and looks at marks after it began. A chunk whose mark
 * is not beyond the reader's `now` has not been changed since the snapshot: he would see the mark.
 * - A set is kept with its reader's `now`, and only if no chunk's mark is beyond it once all was read. It
 * holds for a chunk whose mark is beyond neither the set's `now` nor the asking reader's. */
#ifndef KEDUN_STORE_SQLITE_FOUND_H
#define KEDUN_STORE_SQLITE_FOUND_H

#include "store/sqlite/row_set.h"

#define FOUND_BYTES ((size_t)32 << 20)

struct found;

/* NULL: no memory. */
struct found *found_new(void);
void found_free(struct found *f);

/* The writer's: before an entry of the chunk is changed; after a commit that went through or failed. NULL is
 * fine. */
void found_touch(struct found *f, uint16_t object, int64_t chunk);
void found_commit_ended(struct found *f);

/* Ask before the snapshot begins. */
uint64_t found_now(const struct found *f);
/* Whether what was found at `now` holds for the chunk; ask when the snapshot has begun. */
bool found_holds(const struct found *f, uint16_t object, int64_t chunk, uint64_t now);

/* The set of the rows that have all of these terms in g_OBJECT, a reference of the caller's, and its `now`;
 * NULL: none. Terms of several are a question's: their order counts. */
struct row_set *found_get(struct found *f, uint16_t object, const int64_t *terms, size_t count,
                          uint64_t *now);
/* Keeps it, with a reference of its own; in place of an older one. */
void found_put(struct found *f, uint16_t object, const int64_t *terms, size_t count, uint64_t now,
               struct row_set *set);

#endif
