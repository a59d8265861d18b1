#include "keeper/registry.h"

#include "base/clock.h"
#include "base/json_in.h"
#include "keeper/registry_posts.h"

#include <stdlib.h>

static void make_key(uint8_t kind, uint32_t id, uint8_t out[REGISTRY_KEY]) {
    out[0] = kind;
    for (size_t i = 0; i < 4; i++)
        out[1 + i] = (uint8_t)(id >> (8 * i));
}

struct item *registry_find(const struct registry *r, uint8_t kind, uint32_t id) {
    uint8_t key[REGISTRY_KEY];
    make_key(kind, id, key);
    return map_get(&r->by_key, slice_of(key, sizeof key));
}

void item_free(struct item *i) {
    if (i == NULL)
        return;
    free(i->document);
    free(i);
}

bool user_is_live(const struct parsed_user *u, int64_t now_ms) {
    return !u->disabled && (u->until == 0 || now_ms < u->until);
}

/* What is over or ended is passed over by every question about somebody's rights. */
static enum status index_grants(struct registry *r) {
    int64_t now = clock_wall_ms();
    size_t n = 0, room = 0;
    for (size_t k = 0; k < r->count; k++)
        room += r->items[k]->kind == REGISTRY_GRANT;
    struct item **live = room == 0 ? NULL : malloc(room * sizeof *live);
    if (live == NULL && room > 0)
        return ST_NOMEM;
    for (size_t k = 0; k < r->count; k++) {
        struct item *i = r->items[k];
        if (i->kind == REGISTRY_GRANT && !i->parsed.grant.ended && now < i->parsed.grant.until)
            live[n++] = i;
    }
    free(r->grants);
    r->grants = live;
    r->grant_count = n;
    return ST_OK;
}

/* Names may change, and map.h forgets nothing: the small indexes are made anew. */
enum status registry_index(struct registry *r) {
    struct map logins, roles;
    map_init(&logins);
    map_init(&roles);
    enum status s = index_grants(r);
    for (size_t k = 0; s == ST_OK && k < r->count; k++) {
        struct item *i = r->items[k];
        if (i->kind == REGISTRY_USER)
            s = map_put(&logins, slice_from_string(i->parsed.user.login), i);
        else if (i->kind == REGISTRY_ROLE)
            s = map_put(&roles, slice_from_string(i->parsed.role.name), i);
    }
    map_free(s == ST_OK ? &r->by_login : &logins);
    map_free(s == ST_OK ? &r->by_role : &roles);
    if (s == ST_OK) {
        r->by_login = logins;
        r->by_role = roles;
    }
    return s;
}

enum status registry_reserve(struct registry *r, size_t more) {
    if (r->count + more > r->room) {
        size_t room = r->room * 2 > r->count + more ? r->room * 2 : r->count + more + 256;
        struct item **grown = realloc(r->items, room * sizeof *grown);
        if (grown == NULL)
            return ST_NOMEM;
        r->items = grown;
        r->room = room;
    }
    return map_reserve(&r->by_key, more);
}

/* Takes ownership of `fresh`; its key's older item goes. */
enum status registry_take(struct registry *r, struct item *fresh) {
    struct item *old = registry_find(r, fresh->kind, fresh->id);
    if (old == NULL) {
        enum status s = registry_reserve(r, 1);
        if (s == ST_OK)
            s = map_put(&r->by_key, slice_of(fresh->key, REGISTRY_KEY), fresh);
        if (s != ST_OK)
            return s;
        r->items[r->count++] = fresh;
    } else {
        char *document = old->document;
        old->document = fresh->document;
        old->document_n = fresh->document_n;
        old->version = fresh->version;
        old->parsed = fresh->parsed;
        fresh->document = document;
        item_free(fresh);
        fresh = old;
    }
    r->version = fresh->version > r->version ? fresh->version : r->version;
    if (fresh->id > r->last_id[fresh->kind])
        r->last_id[fresh->kind] = fresh->id;
    if (fresh->kind == REGISTRY_COMPANY)
        r->company = fresh->parsed.company;
    return ST_OK;
}

struct item *item_new(uint8_t kind, uint32_t id, uint64_t version, struct slice document,
                      const union parsed *parsed) {
    struct item *i = calloc(1, sizeof *i);
    char *copy = malloc(document.n + 1);
    if (i == NULL || copy == NULL) {
        free(i);
        free(copy);
        return NULL;
    }
    memcpy(copy, document.p, document.n);
    copy[document.n] = '\0';
    make_key(kind, id, i->key);
    i->kind = kind;
    i->id = id;
    i->version = version;
    i->document = copy;
    i->document_n = document.n;
    i->parsed = *parsed;
    return i;
}

static enum status load_item(void *context, struct slice key, struct slice value) {
    struct registry *r = context;
    struct reader k = reader_of(key), v = reader_of(value);
    uint8_t kind = reader_u8(&k);
    uint32_t id = reader_u32(&k);
    uint64_t version = reader_u64(&v);
    struct slice document = reader_bytes(&v, v.failed ? 0 : v.n - v.at);
    json_t *json = NULL;
    union parsed parsed;
    if (!reader_done(&k) || v.failed || kind < REGISTRY_USER || kind >= REGISTRY_KIND_END)
        return ST_CORRUPT;
    enum status s = registry_parse_json(document, &json, NULL);
    if (s == ST_OK)
        s = registry_parse(kind, json, &parsed, NULL);
    json_decref(json);
    if (s != ST_OK)
        return ST_CORRUPT;
    struct item *i = item_new(kind, id, version, document, &parsed);
    return i == NULL ? ST_NOMEM : registry_take(r, i);
}

/* The newest stays, so that neither its id nor the registry's version is given twice. */
static bool is_past(const struct registry *r, const struct item *i, int64_t before) {
    const struct parsed_grant *g = &i->parsed.grant;
    return i->kind == REGISTRY_GRANT && g->until < before && (!g->glass || g->reviewed) &&
           i->id != r->last_id[REGISTRY_GRANT] && i->version != r->version;
}

static enum status forget_grants(struct registry *r) {
    int64_t before = clock_wall_ms() - GRANT_KEPT_MS;
    enum status s = ST_OK;
    size_t n = 0;
    for (size_t k = 0; k < r->count; k++) {
        struct item *i = r->items[k];
        struct vault_change gone = {VAULT_REGISTRY, slice_of(i->key, REGISTRY_KEY), SLICE_NONE};
        if (is_past(r, i, before) && vault_commit_lazy(r->vault, &gone, 1) == ST_OK)
            item_free(i);
        else
            r->items[n++] = i;
    }
    if (n == r->count)
        return ST_OK;
    r->count = n;
    map_free(&r->by_key);
    for (size_t k = 0; s == ST_OK && k < n; k++)
        s = map_put(&r->by_key, slice_of(r->items[k]->key, REGISTRY_KEY), r->items[k]);
    return s;
}

enum status registry_open(struct vault *v, struct registry **out, struct error *e) {
    *out = NULL;
    struct registry *r = calloc(1, sizeof *r);
    if (r == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for the registry");
    (void)pthread_rwlock_init(&r->lock, NULL);
    (void)pthread_mutex_init(&r->writer, NULL);
    map_init(&r->by_key);
    map_init(&r->by_login);
    map_init(&r->by_role);
    r->vault = v;
    memset(&r->company.limits, 0xff,
           sizeof r->company.limits); /* LIMIT_NONE throughout until a document says otherwise */
    enum status s = vault_each(v, VAULT_REGISTRY, load_item, r);
    if (s == ST_OK)
        s = forget_grants(r);
    if (s == ST_OK)
        s = registry_index(r);
    if (s != ST_OK) {
        registry_close(r);
        return error_set(e, s, "registry_corrupt", "the registry in the vault does not parse");
    }
    *out = r;
    return ST_OK;
}

void registry_close(struct registry *r) {
    if (r == NULL)
        return;
    for (size_t i = 0; i < r->count; i++)
        item_free(r->items[i]);
    free(r->items);
    free(r->grants);
    map_free(&r->by_key);
    map_free(&r->by_login);
    map_free(&r->by_role);
    (void)pthread_rwlock_destroy(&r->lock);
    (void)pthread_mutex_destroy(&r->writer);
    free(r);
}

uint64_t registry_version(struct registry *r) {
    (void)pthread_rwlock_rdlock(&r->lock);
    uint64_t version = r->version;
    (void)pthread_rwlock_unlock(&r->lock);
    return version;
}

uint32_t registry_next_id(struct registry *r, uint8_t kind, uint64_t *version) {
    (void)pthread_rwlock_rdlock(&r->lock);
    uint32_t id = r->last_id[kind < REGISTRY_KIND_END ? kind : 0] + 1;
    *version = r->version;
    (void)pthread_rwlock_unlock(&r->lock);
    return id;
}

bool registry_field(struct registry *r, uint16_t object, uint16_t field, struct catalogue_field *out) {
    (void)pthread_rwlock_rdlock(&r->lock);
    const struct item *i = registry_find(r, REGISTRY_CATALOGUE, (uint32_t)object << 16 | field);
    if (i != NULL)
        *out = i->parsed.field;
    (void)pthread_rwlock_unlock(&r->lock);
    return i != NULL;
}

void registry_company(struct registry *r, struct budget_limits *out) {
    (void)pthread_rwlock_rdlock(&r->lock);
    *out = r->company.limits;
    (void)pthread_rwlock_unlock(&r->lock);
}

void registry_high_risk(struct registry *r, struct high_risk *out) {
    (void)pthread_rwlock_rdlock(&r->lock);
    *out = r->company.high_risk;
    (void)pthread_rwlock_unlock(&r->lock);
}

void registry_passwords(struct registry *r, struct password_rules *out) {
    (void)pthread_rwlock_rdlock(&r->lock);
    *out = r->company.passwords.least == 0 ? password_rules_default() : r->company.passwords;
    (void)pthread_rwlock_unlock(&r->lock);
}

static int by_version(const void *a, const void *b) {
    uint64_t x = ((const struct registry_item *)a)->version, y = ((const struct registry_item *)b)->version;
    return x < y ? -1 : x > y;
}

enum status registry_list(struct registry *r, uint64_t since, size_t most, struct arena *arena,
                          struct registry_item **out, size_t *n, uint64_t *version) {
    enum status s = ST_OK;
    *n = 0;
    (void)pthread_rwlock_rdlock(&r->lock);
    *version = r->version;
    *out = arena_array(arena, r->count, sizeof **out);
    for (size_t k = 0; *out != NULL && k < r->count; k++) {
        const struct item *i = r->items[k];
        if (i->version > since)
            (*out)[(*n)++] =
                (struct registry_item){i->kind, i->id, i->version, slice_of(i->document, i->document_n)};
    }
    if (*out == NULL)
        s = ST_NOMEM;
    else if (*n > 1)
        qsort(*out, *n, sizeof **out, by_version);
    size_t bytes = 0;
    for (size_t k = 0; s == ST_OK && k < *n; k++) {
        bytes += (*out)[k].document.n + 32;
        if (k > 0 && (bytes > most || k >= 20000)) {
            *n = k;
            *version = (*out)[k - 1].version;
            break;
        }
        (*out)[k].document = arena_copy(arena, (*out)[k].document);
        if ((*out)[k].document.p == NULL)
            s = ST_NOMEM;
    }
    (void)pthread_rwlock_unlock(&r->lock);
    return s;
}
