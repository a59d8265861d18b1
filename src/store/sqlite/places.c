#include "store/sqlite/places.h"

#include "base/map.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/random.h>

#define SLOTS 4096
#define CELLS (STORE_SORT_MAX + 1)

struct place {
    struct place_key key;
    uint8_t kinds[CELLS], lengths[CELLS];
    int64_t numbers[CELLS];
    uint8_t bytes[CELLS][PLACES_CELL_BYTES];
};

struct places {
    atomic_ullong version; /* odd: a commit is under way */
    uint64_t seed;
    pthread_mutex_t lock;
    struct place slots[SLOTS];
};

struct places *places_new(void) {
    struct places *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    (void)pthread_mutex_init(&p->lock, NULL);
    if (getrandom(&p->seed, sizeof p->seed, 0) != (ssize_t)sizeof p->seed)
        p->seed = (uint64_t)(uintptr_t)p;
    atomic_store(&p->version, 2); /* an empty slot has version 0 */
    return p;
}

void places_free(struct places *p) {
    if (p == NULL)
        return;
    (void)pthread_mutex_destroy(&p->lock);
    free(p);
}

void places_commit_begins(struct places *p) {
    atomic_fetch_add(&p->version, 1);
}

void places_commit_ended(struct places *p) {
    atomic_fetch_add(&p->version, 1);
}

bool places_version(struct places *p, uint64_t *version) {
    *version = atomic_load(&p->version);
    return *version % 2 == 0;
}

static uint64_t hash_cell(const struct cell *c, uint64_t h) {
    struct slice number = slice_of(&c->i, sizeof c->i);
    h = map_hash(c->kind == CELL_INT || c->kind == CELL_DOUBLE ? number : SLICE_NONE, h + (uint64_t)c->kind);
    bool text = c->kind == CELL_TEXT || c->kind == CELL_BYTES;
    return text ? map_hash(c->s, h + c->s.n) : h;
}

void places_name_list(const struct places *p, struct slice sql, const struct cell *binds, size_t count,
                      struct place_key *out) {
    for (size_t k = 0; k < 2; k++) {
        uint64_t h = map_hash(sql, p->seed + k);
        for (size_t i = 0; i < count; i++)
            h = hash_cell(&binds[i], h);
        out->list[k] = h;
    }
}

static struct place *slot_of(struct places *p, const struct place_key *key) {
    return &p->slots[(key->list[0] ^ key->offset * UINT64_C(0x9e3779b97f4a7c15) >> 20) % SLOTS];
}

static bool key_equal(const struct place_key *a, const struct place_key *b) {
    return a->list[0] == b->list[0] && a->list[1] == b->list[1] && a->version == b->version &&
           a->offset == b->offset;
}

static struct cell get_cell(const struct place *s, size_t i, uint8_t bytes[PLACES_CELL_BYTES]) {
    if (s->kinds[i] == CELL_INT)
        return cell_int(s->numbers[i]);
    if (s->kinds[i] == CELL_NULL)
        return cell_null();
    memcpy(bytes, s->bytes[i], s->lengths[i]);
    struct slice text = slice_of(bytes, s->lengths[i]);
    return s->kinds[i] == CELL_TEXT ? cell_text(text) : cell_bytes(text);
}

bool places_find(struct places *p, const struct place_key *key, struct cell *cells, size_t count,
                 uint8_t bytes[][PLACES_CELL_BYTES]) {
    (void)pthread_mutex_lock(&p->lock);
    const struct place *s = slot_of(p, key);
    bool found = key_equal(&s->key, key);
    for (size_t i = 0; found && i < count; i++)
        cells[i] = get_cell(s, i, bytes[i]);
    (void)pthread_mutex_unlock(&p->lock);
    return found;
}

static bool put_cell(struct place *s, size_t i, const struct cell *c) {
    s->kinds[i] = (uint8_t)c->kind;
    if (c->kind == CELL_INT)
        s->numbers[i] = c->i;
    if (c->kind == CELL_INT || c->kind == CELL_NULL)
        return true;
    if ((c->kind != CELL_TEXT && c->kind != CELL_BYTES) || c->s.n > PLACES_CELL_BYTES)
        return false;
    s->lengths[i] = (uint8_t)c->s.n;
    if (c->s.n > 0)
        memcpy(s->bytes[i], c->s.p, c->s.n);
    return true;
}

void places_put(struct places *p, const struct place_key *key, const struct cell *cells, size_t count) {
    struct place fresh = {.key = *key};
    bool fits = count <= CELLS;
    for (size_t i = 0; fits && i < count; i++)
        fits = put_cell(&fresh, i, &cells[i]);
    if (!fits)
        return;
    (void)pthread_mutex_lock(&p->lock);
    *slot_of(p, key) = fresh;
    (void)pthread_mutex_unlock(&p->lock);
}
