/* The registry's own table of items (for registry*.c only). Readers hold `lock`, the one writer at a time
 * holds `writer` and changes items under the write lock. */
#ifndef KEDUN_KEEPER_REGISTRY_TABLE_H
#define KEDUN_KEEPER_REGISTRY_TABLE_H

#include "base/map.h"
#include "keeper/registry_parse.h"

#include <pthread.h>

#define REGISTRY_KEY  5
#define REGISTRY_ROOM 200000 /* items */
#define GRANT_KEPT_MS (366 * 24 * 3600 * (int64_t)1000)

struct item {
    uint8_t key[REGISTRY_KEY]; /* kind, id */
    uint8_t kind;
    uint32_t id;
    uint64_t version;
    char *document;
    size_t document_n;
    union parsed parsed;
};

struct registry {
    pthread_rwlock_t lock;
    pthread_mutex_t writer; /* one change at a time */
    struct vault *vault;
    struct map by_key, by_login, by_role;
    struct item **items;
    size_t count, room;
    struct item **grants; /* those that may still give something */
    size_t grant_count;
    uint64_t version;
    uint32_t last_id[REGISTRY_KIND_END];
    struct parsed_company company;
    bool guard_mail;
};

struct item *registry_find(const struct registry *r, uint8_t kind, uint32_t id);
/* NULL when memory is out; item_free(NULL) is fine. */
struct item *item_new(uint8_t kind, uint32_t id, uint64_t version, struct slice document,
                      const union parsed *parsed);
void item_free(struct item *i);
/* Room for so many new items, so that registry_take of them can't fail. Under the write lock. */
MUST_CHECK enum status registry_reserve(struct registry *r, size_t more);
/* Takes ownership of `fresh`; its key's older item goes. Under the write lock. */
MUST_CHECK enum status registry_take(struct registry *r, struct item *fresh);
/* The indexes by name, and the grants that are still of use, made anew. Under the write lock. */
MUST_CHECK enum status registry_index(struct registry *r);

const struct parsed_role *registry_role(const struct registry *r, const char *name);
bool role_names_have(const struct role_names *names, const char *name);
/* Not disabled, and its time not over. */
bool user_is_live(const struct parsed_user *u, int64_t now_ms);

#endif
