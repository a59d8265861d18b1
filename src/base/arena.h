/* An arena: memory that is freed all at once, at the end of a request.
 *
 * Allocations are zeroed (but arena_take's) and aligned to 16 bytes. An arena has a hard limit; past it, or
 * when the system has no memory, arena_alloc returns NULL and the caller reports ST_NOMEM. An arena made with
 * ARENA_SECRET wipes its memory before giving it back. Not thread-safe: one owner at a time. */
#ifndef KEDUN_BASE_ARENA_H
#define KEDUN_BASE_ARENA_H

#include "base/slice.h"

enum arena_kind { ARENA_PLAIN, ARENA_SECRET };

struct arena_block;

struct arena {
    struct arena_block *block; /* newest first */
    struct arena_block *spare; /* kept for the next request */
    size_t spare_count;
    size_t used;  /* bytes handed out since the last reset */
    size_t limit; /* most bytes that may be handed out */
    enum arena_kind kind;
};

void arena_init(struct arena *a, size_t limit, enum arena_kind kind);

/* Gives everything back but a few blocks, which are kept for the next request (and wiped if secret). */
void arena_reset(struct arena *a);

void arena_free(struct arena *a);

/* Where an arena stands, and back to there: what was handed out since is given back (wiped if secret). For
 * what is soon no longer needed while the arena goes on. The mark must be of this arena since its last reset.
 */
struct arena_mark {
    struct arena_block *block;
    size_t block_used, used;
};
struct arena_mark arena_mark(const struct arena *a);
void arena_rewind(struct arena *a, const struct arena_mark *m);

/* `n` zeroed bytes, or NULL. n == 0 gives a valid pointer. */
void *arena_alloc(struct arena *a, size_t n);

/* `n` bytes as they come, for what is overwritten at once; or NULL. */
void *arena_take(struct arena *a, size_t n);

/* `count` zeroed elements of `size` bytes with overflow checked, or NULL. */
void *arena_array(struct arena *a, size_t count, size_t size);

/* A copy of `s` with a NUL behind it, or NULL. */
char *arena_string(struct arena *a, struct slice s);

/* A copy of `s`; p is NULL when memory is out. */
struct slice arena_copy(struct arena *a, struct slice s);

/* printf into the arena, or NULL. */
char *arena_format(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
