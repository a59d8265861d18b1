/* Sets of rows: what search terms and their combinations find. A list of row numbers, ascending, or from so
 * many on that it would be as long, a bitmap of whole chunks (postings.h). Never changed once made, so that
 * threads can share one; counted references. */
#ifndef KEDUN_STORE_SQLITE_ROW_SET_H
#define KEDUN_STORE_SQLITE_ROW_SET_H

#include "store/sqlite/postings.h"

#include <stdatomic.h>

struct row_set {
    int64_t chunks; /* rows of these chunks may be in it */
    uint64_t count;
    uint32_t *list; /* or */
    uint64_t *bits; /* chunks * POSTINGS_WORDS */
    atomic_uint users;
};

static inline struct row_set *row_set_take(struct row_set *s) {
    atomic_fetch_add(&s->users, 1);
    return s;
}
/* NULL is fine. */
void row_set_give(struct row_set *s);
size_t row_set_bytes(const struct row_set *s);

static inline bool row_set_has(const struct row_set *s, int64_t row) {
    if (s->bits != NULL)
        return row >= 0 && postings_chunk(row) < s->chunks && (s->bits[row / 64] >> (row % 64) & 1) != 0;
    size_t from = 0, to = (size_t)s->count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (s->list[middle] < row)
            from = middle + 1;
        else
            to = middle;
    }
    return from < s->count && s->list[from] == row;
}

/* A set being made, chunk after chunk. Rows beyond 32 bits are past what a base is made for. */
struct row_set_maker {
    struct row_set *set;
    size_t room; /* of the list */
    bool failed;
};
void row_set_begin(struct row_set_maker *m, int64_t chunks);
/* The rows of a chunk as g_OBJECT has them; chunks in ascending order. */
void row_set_add(struct row_set_maker *m, int64_t chunk, struct slice rows);
/* A chunk as another set has it. */
void row_set_add_from(struct row_set_maker *m, int64_t chunk, const struct row_set *from);
/* One row, behind all that were added. */
void row_set_add_row(struct row_set_maker *m, int64_t row);
/* NULL: no memory. */
struct row_set *row_set_end(struct row_set_maker *m);

/* New sets; NULL: no memory. Both sets are of as many chunks. */
struct row_set *row_set_and(const struct row_set *a, const struct row_set *b);
struct row_set *row_set_or(const struct row_set *a, const struct row_set *b);

/* Calls for each 64 rows that some are of: the number of the lowest, and a bit for each; from the last on
 * when `down`. */
void row_set_words(const struct row_set *s, bool down,
                   void (*call)(void *context, int64_t first, uint64_t rows), void *context);
/* The same for the rows of one chunk. */
void row_set_chunk_words(const struct row_set *s, int64_t chunk, bool down,
                         void (*call)(void *context, int64_t first, uint64_t rows), void *context);
/* The rows of a chunk when the set is a list; *count of them. */
const uint32_t *row_set_chunk_list(const struct row_set *s, int64_t chunk, size_t *count);
/* Calls for each row, ascending. */
void row_set_each(const struct row_set *s, void (*call)(void *context, int64_t row), void *context);

#endif
