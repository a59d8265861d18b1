#include "base/map.h"

#include <stdlib.h>
#include <sys/random.h>

#define MIX 0xff51afd7ed558ccdU

/* Both halves of the product, so that no bit of the input is left alone. */
static uint64_t fold(uint64_t a, uint64_t b) {
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t map_hash(struct slice key, uint64_t seed) {
    uint64_t h = 0xcbf29ce484222325U ^ seed ^ key.n * MIX;
    for (; key.n >= 8; key = slice_of(key.p + 8, key.n - 8)) {
        uint64_t word;
        memcpy(&word, key.p, 8);
        h = fold(h ^ word, MIX ^ seed << 1);
    }
    uint64_t rest = 0;
    for (size_t i = 0; i < key.n; i++)
        rest = rest << 8 | key.p[i];
    h = fold(h ^ rest, MIX ^ seed << 1);
    h ^= h >> 33;
    h *= 0xc4ceb9fe1a85ec53U;
    return h ^ h >> 33;
}

void map_init(struct map *m) {
    *m = (struct map){.entries = NULL};
    if (getrandom(&m->seed, sizeof m->seed, 0) != (ssize_t)sizeof m->seed)
        m->seed = (uint64_t)(uintptr_t)m;
}

void map_free(struct map *m) {
    free(m->entries);
    m->entries = NULL;
    m->room = m->count = 0;
}

static struct map_entry *map_slot(const struct map *m, struct slice key) {
    size_t i = map_hash(key, m->seed) & (m->room - 1);
    while (m->entries[i].value != NULL && !slice_equal(m->entries[i].key, key))
        i = (i + 1) & (m->room - 1);
    return &m->entries[i];
}

static enum status map_grow(struct map *m) {
    struct map bigger = *m;
    bigger.room = m->room == 0 ? 16 : m->room * 2;
    bigger.entries = calloc(bigger.room, sizeof *bigger.entries);
    if (bigger.entries == NULL)
        return ST_NOMEM;
    for (size_t i = 0; i < m->room; i++) {
        if (m->entries[i].value != NULL)
            *map_slot(&bigger, m->entries[i].key) = m->entries[i];
    }
    free(m->entries);
    *m = bigger;
    return ST_OK;
}

enum status map_put(struct map *m, struct slice key, void *value) {
    if (m->count + 1 > m->room / 4 * 3) {
        enum status s = map_grow(m);
        if (s != ST_OK)
            return s;
    }
    struct map_entry *slot = map_slot(m, key);
    if (slot->value == NULL)
        m->count++;
    *slot = (struct map_entry){.key = key, .value = value};
    return ST_OK;
}

enum status map_reserve(struct map *m, size_t more) {
    enum status s = ST_OK;
    while (s == ST_OK && m->count + more > m->room / 4 * 3)
        s = map_grow(m);
    return s;
}

void *map_get(const struct map *m, struct slice key) {
    return m->room == 0 ? NULL : map_slot(m, key)->value;
}
