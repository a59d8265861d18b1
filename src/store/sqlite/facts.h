/* What is remembered of rows by their numbers: where each stands in the usual orders and whose it is, so that
 * a search with some thousand rows picks the fifty of its page without reading the others. The writer's
 * process only; 32 bytes a row, FACTS_BYTES at most, nothing goes but by a change of its row.
 *
 * Exact for each reader's snapshot, by the clock of kept.h (even; odd around a commit that changes rows):
 * - Before a commit the writer stamps the rows that it changes, a stamp for 64 rows together, with the number
 * that the clock will show afterwards, and forgets what is known of them.
 * - A reader asks the clock before his snapshot begins. He believes what is known of a row only while its
 * stamp is not beyond that: then no commit changed it between what was read and his snapshot.
 * - He keeps what he read under the lock that stamping takes, and only if the stamp is not beyond his clock.
 * A chunk's stamps begin with a number that no reader of an earlier state has.
 * Other caches of what rows hold (judged.h) stand on the same stamps. */
#ifndef KEDUN_STORE_SQLITE_FACTS_H
#define KEDUN_STORE_SQLITE_FACTS_H

#include "store/sqlite/postings.h"

#include <stdatomic.h>

#define FACTS_BYTES      ((size_t)96 << 20)
#define FACTS_CHUNKS_MAX 1024 /* of an object: rows behind are never remembered */

#define FACT_NOBODY INT64_MIN /* an owner, department or branch that is null */

struct fact {
    int64_t created_at;
    uint64_t id[2]; /* as numbers, so that they order as bytes do */
    int64_t owner, department, branch;
    bool alive;
};

struct facts;
struct judged;

/* `clock` is kept_clock's and outlives it. NULL: no memory. */
struct facts *facts_new(const atomic_ullong *clock);
void facts_free(struct facts *f);

/* The writer's, while the clock is odd. NULL is fine. */
void facts_changed(struct facts *f, uint16_t object, int64_t row);
void facts_all_changed(struct facts *f);

/* One question's look at an object's rows; `now` as the clock showed before its snapshot. */
struct facts_view {
    struct facts *f;
    uint64_t now;
    uint16_t object;
    int64_t chunk; /* looked at last */
    const struct facts_chunk *at;
};
struct facts_view facts_look(struct facts *f, uint16_t object, uint64_t now);
/* False: not known. */
bool facts_get(struct facts_view *v, int64_t row, struct fact *out);
/* The row will be asked for soon. */
void facts_expect(struct facts_view *v, int64_t row);
/* Whether all of these rows (bits; `first` is the number of the lowest, a multiple of 64) are known and were
 * created before `at`, or are deleted. Rows mostly stand in the order of their creation, so that a page's
 * other rows needn't be looked at one by one. */
bool facts_all_before(struct facts_view *v, int64_t first, uint64_t rows, int64_t at);
/* The same of a chunk's rows: as a bitmap of POSTINGS_WORDS, or as `count` numbers (32 bits). */
bool facts_bits_before(struct facts_view *v, int64_t chunk, const uint64_t *bits, int64_t at);
bool facts_list_before(struct facts_view *v, const uint32_t *rows, size_t count, int64_t at);
/* What was read within the snapshot. */
void facts_learn(struct facts_view *v, int64_t row, const struct fact *fact);

/* How often everything was forgotten. */
uint64_t facts_forgotten(const struct facts *f);

/* ---- for other caches ---- */

/* Whether nothing has changed the row since the clock showed `now`. */
bool facts_hold(struct facts_view *v, int64_t row);
/* True: so it is, and stays until facts_learnt. */
bool facts_may_learn(struct facts_view *v, int64_t row);
void facts_learnt(struct facts_view *v, int64_t row);
/* From here on changes of rows up to `last` are stamped. False: no room. */
bool facts_watch(struct facts_view *v, int64_t last);
/* Calls with the first of each 64 rows up to `last` whose stamp is beyond `now`. */
void facts_changed_since(struct facts_view *v, uint64_t now, int64_t last,
                         void (*call)(void *context, int64_t first), void *context);
struct judged *facts_judged(struct facts *f);

#endif
