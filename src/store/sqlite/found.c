#include "store/sqlite/found.h"

#include <pthread.h>
#include <stdlib.h>

#define SHARDS      8
#define SHARD_BYTES (FOUND_BYTES / SHARDS)
#define BUCKETS     1024 /* a shard */
#define MARKS       8192

struct entry {
    struct entry *next;          /* of the bucket */
    struct entry *newer, *older; /* by use */
    uint64_t hash;
    uint64_t now;
    struct row_set *set;
    uint16_t object;
    size_t count;
    int64_t terms[];
};

struct shard {
    _Alignas(64) pthread_mutex_t lock;
    struct entry *buckets[BUCKETS];
    struct entry *newest, *oldest;
    size_t bytes;
};

struct found {
    atomic_ullong now;
    atomic_ullong marks[MARKS];
    struct shard shards[SHARDS];
};

struct found *found_new(void) {
    struct found *f = aligned_alloc(64, (sizeof *f + 63) / 64 * 64);
    if (f == NULL)
        return NULL;
    memset(f, 0, sizeof *f);
    for (size_t i = 0; i < SHARDS; i++)
        (void)pthread_mutex_init(&f->shards[i].lock, NULL);
    return f;
}

static void entry_free(struct entry *e) {
    row_set_give(e->set);
    free(e);
}

void found_free(struct found *f) {
    if (f == NULL)
        return;
    for (size_t i = 0; i < SHARDS; i++) {
        for (struct entry *e = f->shards[i].newest, *older; e != NULL; e = older) {
            older = e->older;
            entry_free(e);
        }
        (void)pthread_mutex_destroy(&f->shards[i].lock);
    }
    free(f);
}

/* ---- marks ---- */

static size_t spread(uint64_t x) {
    x *= 0x9e3779b97f4a7c15u;
    return (size_t)(x ^ x >> 32);
}

static size_t mark_of(uint16_t object, int64_t chunk) {
    return (size_t)((uint64_t)chunk + (uint64_t)object * 1031) % MARKS;
}

void found_touch(struct found *f, uint16_t object, int64_t chunk) {
    if (f != NULL)
        atomic_store(&f->marks[mark_of(object, chunk)], atomic_load(&f->now) + 1);
}

void found_commit_ended(struct found *f) {
    if (f != NULL)
        atomic_fetch_add(&f->now, 1);
}

uint64_t found_now(const struct found *f) {
    return atomic_load(&f->now);
}

bool found_holds(const struct found *f, uint16_t object, int64_t chunk, uint64_t now) {
    return atomic_load(&f->marks[mark_of(object, chunk)]) <= now;
}

/* ---- sets ---- */

struct key {
    uint64_t hash;
    const int64_t *terms;
    size_t count;
    uint16_t object;
};

static struct key key_of(uint16_t object, const int64_t *terms, size_t count) {
    struct key k = {.hash = object, .terms = terms, .count = count, .object = object};
    for (size_t i = 0; i < count; i++)
        k.hash = spread(k.hash + (uint64_t)terms[i]);
    return k;
}

static struct shard *shard_of(struct found *f, const struct key *k) {
    return &f->shards[k->hash % SHARDS];
}

static bool is_entry(const struct entry *e, const struct key *k) {
    return e->hash == k->hash && e->object == k->object && e->count == k->count &&
           memcmp(e->terms, k->terms, k->count * sizeof *k->terms) == 0;
}

static struct entry **bucket_of(struct shard *s, uint64_t hash) {
    return &s->buckets[hash / SHARDS % BUCKETS];
}

static struct entry **place_of(struct shard *s, const struct key *k) {
    struct entry **at = bucket_of(s, k->hash);
    while (*at != NULL && !is_entry(*at, k))
        at = &(*at)->next;
    return at;
}

static void unlink_use(struct shard *s, struct entry *e) {
    if (e->newer == NULL)
        s->newest = e->older;
    else
        e->newer->older = e->older;
    if (e->older == NULL)
        s->oldest = e->newer;
    else
        e->older->newer = e->newer;
}

static void link_use(struct shard *s, struct entry *e) {
    e->newer = NULL;
    e->older = s->newest;
    if (s->newest == NULL)
        s->oldest = e;
    else
        s->newest->newer = e;
    s->newest = e;
}

static size_t entry_bytes(const struct entry *e) {
    return sizeof *e + e->count * sizeof e->terms[0] + row_set_bytes(e->set);
}

static void take_out(struct shard *s, struct entry *e) {
    struct entry **at = bucket_of(s, e->hash);
    while (*at != e)
        at = &(*at)->next;
    *at = e->next;
    unlink_use(s, e);
    s->bytes -= entry_bytes(e);
    entry_free(e);
}

struct row_set *found_get(struct found *f, uint16_t object, const int64_t *terms, size_t count,
                          uint64_t *now) {
    struct key k = key_of(object, terms, count);
    struct shard *s = shard_of(f, &k);
    (void)pthread_mutex_lock(&s->lock);
    struct entry *e = *place_of(s, &k);
    struct row_set *set = e == NULL ? NULL : row_set_take(e->set);
    if (e != NULL) {
        *now = e->now;
        unlink_use(s, e);
        link_use(s, e);
    }
    (void)pthread_mutex_unlock(&s->lock);
    return set;
}

static struct entry *entry_make(const struct key *k, uint64_t now, struct row_set *set) {
    size_t bytes = k->count * sizeof *k->terms;
    struct entry *e = calloc(1, sizeof *e + bytes);
    if (e == NULL)
        return NULL;
    e->hash = k->hash;
    e->now = now;
    e->set = row_set_take(set);
    e->object = k->object;
    e->count = k->count;
    memcpy(e->terms, k->terms, bytes);
    return e;
}

void found_put(struct found *f, uint16_t object, const int64_t *terms, size_t count, uint64_t now,
               struct row_set *set) {
    struct key k = key_of(object, terms, count);
    struct shard *s = shard_of(f, &k);
    struct entry *e = entry_make(&k, now, set);
    if (e == NULL)
        return; /* it is read again next time */
    (void)pthread_mutex_lock(&s->lock);
    struct entry **at = place_of(s, &k);
    if (*at != NULL)
        take_out(s, *at);
    at = bucket_of(s, k.hash);
    e->next = *at;
    *at = e;
    link_use(s, e);
    s->bytes += entry_bytes(e);
    for (struct entry *old = s->oldest, *newer; old != NULL && s->bytes > SHARD_BYTES; old = newer) {
        newer = old->newer;
        take_out(s, old);
    }
    (void)pthread_mutex_unlock(&s->lock);
}
