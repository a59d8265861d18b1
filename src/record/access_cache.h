/* The world's cache of accesses, keyed by actor, object, epoch and what of the context may matter. */
#ifndef KEDUN_RECORD_ACCESS_CACHE_H
#define KEDUN_RECORD_ACCESS_CACHE_H

#include "record/access.h"

#define ACCESS_CACHE_ENTRIES 4096

struct access_cache;

struct access_key {
    uint64_t epoch;
    uint64_t context; /* hash of purpose, network, reason, hour, roles */
    uint32_t user;
    uint16_t object;
    uint16_t second_factor_minutes;
};

/* One computed access; lives while anybody holds it. Made by the maker below, outside the cache's lock. */
struct access_entry {
    struct access_key key;
    struct access access;
    unsigned supposed; /* bits of enum suppose */
    struct arena arena;
    struct world_view world; /* what the access points into */
    int references;
    struct access_entry *next;
};

MUST_CHECK enum status access_cache_new(struct access_cache **out);
void access_cache_free(struct access_cache *cache);

/* A held reference, or NULL. */
struct access_entry *access_cache_find(struct access_cache *cache, const struct access_key *key);
/* Takes a fresh entry with one reference (the caller's) and adds its own. Old ones make room. */
void access_cache_add(struct access_cache *cache, struct access_entry *entry);
void access_entry_release(struct access_entry *entry);

#endif
