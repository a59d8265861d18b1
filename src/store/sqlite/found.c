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
    int64_t term;
    uint64_t now;
    struct row_set *set;
    uint16_t object;
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

static struct shard *shard_of(struct found *f, int64_t term) {
    return &f->shards[spread((uint64_t)term) % SHARDS];
}

static struct entry **place_of(struct shard *s, uint16_t object, int64_t term) {
    struct entry **at = &s->buckets[spread((uint64_t)term + object) / SHARDS % BUCKETS];
    while (*at != NULL && ((*at)->term != term || (*at)->object != object))
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
    return sizeof *e + row_set_bytes(e->set);
}

static void take_out(struct shard *s, struct entry *e) {
    struct entry **at = place_of(s, e->object, e->term);
    *at = e->next;
    unlink_use(s, e);
    s->bytes -= entry_bytes(e);
    entry_free(e);
}

struct row_set *found_get(struct found *f, uint16_t object, int64_t term, uint64_t *now) {
    struct shard *s = shard_of(f, term);
    (void)pthread_mutex_lock(&s->lock);
    struct entry *e = *place_of(s, object, term);
    struct row_set *set = e == NULL ? NULL : row_set_take(e->set);
    if (e != NULL) {
        *now = e->now;
        unlink_use(s, e);
        link_use(s, e);
    }
    (void)pthread_mutex_unlock(&s->lock);
    return set;
}

void found_put(struct found *f, uint16_t object, int64_t term, uint64_t now, struct row_set *set) {
    struct shard *s = shard_of(f, term);
    struct entry *e = calloc(1, sizeof *e);
    if (e == NULL)
        return; /* it is read again next time */
    *e = (struct entry){.term = term, .now = now, .set = row_set_take(set), .object = object};
    (void)pthread_mutex_lock(&s->lock);
    struct entry **at = place_of(s, object, term);
    if (*at != NULL)
        take_out(s, *at);
    at = &s->buckets[spread((uint64_t)term + object) / SHARDS % BUCKETS];
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
