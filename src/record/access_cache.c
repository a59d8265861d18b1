#include "record/access_cache.h"

#include <pthread.h>
#include <stdlib.h>

#define BUCKETS 1024

struct access_cache {
    pthread_mutex_t lock;
    struct access_entry *buckets[BUCKETS];
    size_t count;
    size_t hand; /* the bucket that makes room next */
};

enum status access_cache_new(struct access_cache **out) {
    struct access_cache *cache = calloc(1, sizeof *cache);
    if (cache == NULL)
        return ST_NOMEM;
    (void)pthread_mutex_init(&cache->lock, NULL);
    *out = cache;
    return ST_OK;
}

void access_entry_release(struct access_entry *entry) {
    if (__atomic_sub_fetch(&entry->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    world_leave(&entry->world);
    arena_free(&entry->arena);
    free(entry);
}

static void bucket_empty(struct access_cache *cache, size_t bucket) {
    while (cache->buckets[bucket] != NULL) {
        struct access_entry *gone = cache->buckets[bucket];
        cache->buckets[bucket] = gone->next;
        cache->count--;
        access_entry_release(gone);
    }
}

void access_cache_free(struct access_cache *cache) {
    for (size_t i = 0; i < BUCKETS; i++)
        bucket_empty(cache, i);
    (void)pthread_mutex_destroy(&cache->lock);
    free(cache);
}

static bool key_equal(const struct access_key *a, const struct access_key *b) {
    return a->epoch == b->epoch && a->context == b->context && a->user == b->user && a->object == b->object &&
           a->second_factor_minutes == b->second_factor_minutes;
}

static size_t bucket_of(const struct access_key *key) {
    uint64_t mix =
        key->epoch * 0x9e3779b97f4a7c15U ^ key->context ^ ((uint64_t)key->user << 16 | key->object);
    mix ^= mix >> 29;
    mix *= 0xbf58476d1ce4e5b9U;
    return (size_t)(mix >> 32) % BUCKETS;
}

struct access_entry *access_cache_find(struct access_cache *cache, const struct access_key *key) {
    (void)pthread_mutex_lock(&cache->lock);
    struct access_entry *entry = cache->buckets[bucket_of(key)];
    while (entry != NULL && !key_equal(&entry->key, key))
        entry = entry->next;
    if (entry != NULL)
        __atomic_add_fetch(&entry->references, 1, __ATOMIC_RELAXED);
    (void)pthread_mutex_unlock(&cache->lock);
    return entry;
}

void access_cache_add(struct access_cache *cache, struct access_entry *entry) {
    __atomic_add_fetch(&entry->references, 1, __ATOMIC_RELAXED);
    (void)pthread_mutex_lock(&cache->lock);
    size_t bucket = bucket_of(&entry->key);
    /* A whole bucket goes at a time, round and round: entries of a past epoch are never asked for again. */
    while (cache->count >= ACCESS_CACHE_ENTRIES) {
        bucket_empty(cache, cache->hand);
        cache->hand = (cache->hand + 1) % BUCKETS;
    }
    entry->next = cache->buckets[bucket];
    cache->buckets[bucket] = entry;
    cache->count++;
    (void)pthread_mutex_unlock(&cache->lock);
}
