/* A hash map from bytes to pointers: open addressing, linear probing.
 * The hash is seeded at random per map, so that a stranger who chooses keys cannot choose collisions.
 * Keys are borrowed: they must outlive the map. Not thread-safe. */
#ifndef KEDUN_BASE_MAP_H
#define KEDUN_BASE_MAP_H

#include "base/slice.h"
#include "base/status.h"

struct map_entry {
    struct slice key;
    void *value; /* NULL: empty slot */
};

struct map {
    struct map_entry *entries;
    size_t room; /* a power of two, or 0 */
    size_t count;
    uint64_t seed;
};

void map_init(struct map *m);
void map_free(struct map *m);
/* Adds or replaces; `value` must not be NULL. ST_NOMEM leaves the map as it was. */
MUST_CHECK enum status map_put(struct map *m, struct slice key, void *value);
/* Room for so many more, so that their map_put can't fail. */
MUST_CHECK enum status map_reserve(struct map *m, size_t more);
/* NULL when absent. */
void *map_get(const struct map *m, struct slice key);

/* 64-bit hash of bytes (eight bytes a multiplication, a murmur finaliser), for tables in memory only. */
uint64_t map_hash(struct slice key, uint64_t seed);

#endif
