#include "keeper/registry.h"

#include "base/json_in.h"
#include "base/map.h"
#include "keeper/registry_parse.h"

#include <pthread.h>
#include <stdlib.h>

#define KEY_SIZE  5
#define ITEMS_MAX 200000

struct item {
    uint8_t key[KEY_SIZE]; /* kind, id */
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
    uint64_t version;
    uint32_t last_id[REGISTRY_CATALOGUE + 1];
    struct budget_limits company;
};

static void make_key(uint8_t kind, uint32_t id, uint8_t out[KEY_SIZE]) {
    out[0] = kind;
    for (size_t i = 0; i < 4; i++)
        out[1 + i] = (uint8_t)(id >> (8 * i));
}

static struct item *registry_find(const struct registry *r, uint8_t kind, uint32_t id) {
    uint8_t key[KEY_SIZE];
    make_key(kind, id, key);
    return map_get(&r->by_key, slice_of(key, sizeof key));
}

static void item_free(struct item *i) {
    if (i == NULL)
        return;
    free(i->document);
    free(i);
}

/* Names may change, and map.h forgets nothing: the small indexes are made anew. */
static enum status index_names(struct registry *r) {
    struct map logins, roles;
    map_init(&logins);
    map_init(&roles);
    enum status s = ST_OK;
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

/* Takes ownership of `fresh`; its key's older item goes. */
static enum status registry_take(struct registry *r, struct item *fresh) {
    struct item *old = registry_find(r, fresh->kind, fresh->id);
    if (old == NULL) {
        if (r->count == r->room) {
            size_t room = r->room == 0 ? 256 : r->room * 2;
            struct item **grown = room > ITEMS_MAX ? NULL : realloc(r->items, room * sizeof *grown);
            if (grown == NULL)
                return ST_NOMEM;
            r->items = grown;
            r->room = room;
        }
        enum status s = map_put(&r->by_key, slice_of(fresh->key, KEY_SIZE), fresh);
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

static struct item *item_new(uint8_t kind, uint32_t id, uint64_t version, struct slice document,
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
    if (!reader_done(&k) || v.failed || kind < REGISTRY_USER || kind > REGISTRY_CATALOGUE)
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
    memset(&r->company, 0xff, sizeof r->company); /* LIMIT_NONE throughout until a document says otherwise */
    enum status s = vault_each(v, VAULT_REGISTRY, load_item, r);
    if (s == ST_OK)
        s = index_names(r);
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

static const struct parsed_role *find_role(const struct registry *r, const char *name) {
    const struct item *i = map_get(&r->by_role, slice_from_string(name));
    return i == NULL ? NULL : &i->parsed.role;
}

static bool names_have(const struct role_names *names, const char *name) {
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->name[i], name) == 0)
            return true;
    }
    return false;
}

static void limits_widen(struct limits *to, const struct limits *by) {
    to->minute = by->minute > to->minute ? by->minute : to->minute;
    to->hour = by->hour > to->hour ? by->hour : to->hour;
    to->day = by->day > to->day ? by->day : to->day;
}

static void actor_add_role(struct actor *a, const struct parsed_role *role) {
    for (size_t c = CLASS_PERSONAL; c < CLASS_COUNT; c++) {
        a->ceiling[c] = role->ceiling[c] > a->ceiling[c] ? role->ceiling[c] : a->ceiling[c];
        a->match[c] = a->match[c] || role->match[c];
    }
    for (size_t c = 0; c < 2; c++) {
        for (size_t v = 0; v < 2; v++)
            limits_widen(&a->limits.people[c][v], &role->limits.people[c][v]);
    }
    limits_widen(&a->limits.lookups, &role->limits.lookups);
    limits_widen(&a->limits.writes, &role->limits.writes);
}

static void actor_fill(const struct registry *r, const struct parsed_user *u, const struct role_names *subset,
                       struct actor *a) {
    a->duties = u->duties;
    a->ceiling[CLASS_PUBLIC] = a->ceiling[CLASS_INTERNAL] = VIEW_CLEAR;
    a->match[CLASS_PUBLIC] = a->match[CLASS_INTERNAL] = true;
    if (u->duties != 0)
        return; /* a duty's holder gets no customer's value, whatever his roles say */
    for (size_t i = 0; i < u->roles.count; i++) {
        if (subset != NULL && subset->count > 0 && !names_have(subset, u->roles.name[i]))
            continue;
        const struct parsed_role *role = find_role(r, u->roles.name[i]);
        if (role != NULL)
            actor_add_role(a, role);
    }
}

enum status registry_actor(struct registry *r, uint32_t user, const struct role_names *subset,
                           struct actor *out) {
    memset(out, 0, sizeof *out);
    out->user = user;
    (void)pthread_rwlock_rdlock(&r->lock);
    const struct item *i = registry_find(r, REGISTRY_USER, user);
    bool live = i != NULL && !i->parsed.user.disabled;
    if (live)
        actor_fill(r, &i->parsed.user, subset, out);
    (void)pthread_rwlock_unlock(&r->lock);
    return live ? ST_OK : ST_NOT_FOUND;
}

enum status registry_principal(struct registry *r, uint32_t user, const struct role_names *subset,
                               struct principal *out) {
    (void)pthread_rwlock_rdlock(&r->lock);
    const struct item *i = registry_find(r, REGISTRY_USER, user);
    bool live = i != NULL && !i->parsed.user.disabled;
    if (live) {
        const struct parsed_user *u = &i->parsed.user;
        out->user = user;
        memcpy(out->login, u->login, sizeof out->login);
        memcpy(out->name, u->name, sizeof out->name);
        out->department = u->department;
        out->duties = u->duties;
        out->role_count = 0;
        for (size_t k = 0; k < u->roles.count; k++) {
            if (subset == NULL || subset->count == 0 || names_have(subset, u->roles.name[k]))
                memcpy(out->roles[out->role_count++], u->roles.name[k], sizeof out->roles[0]);
        }
        out->registry_version = r->version;
    }
    (void)pthread_rwlock_unlock(&r->lock);
    return live ? ST_OK : ST_NOT_FOUND;
}

bool registry_has_roles(struct registry *r, uint32_t user, const struct role_names *subset) {
    (void)pthread_rwlock_rdlock(&r->lock);
    const struct item *i = registry_find(r, REGISTRY_USER, user);
    bool all = i != NULL;
    for (size_t k = 0; all && k < subset->count; k++)
        all = names_have(&i->parsed.user.roles, subset->name[k]);
    (void)pthread_rwlock_unlock(&r->lock);
    return all;
}

enum status registry_login(struct registry *r, struct slice login, uint32_t *user) {
    (void)pthread_rwlock_rdlock(&r->lock);
    const struct item *i = map_get(&r->by_login, login);
    bool live = i != NULL && !i->parsed.user.disabled;
    *user = i != NULL ? i->id : 0;
    (void)pthread_rwlock_unlock(&r->lock);
    return live ? ST_OK : ST_NOT_FOUND;
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
    *out = r->company;
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

/* ---- writing ---- */

struct change {
    uint8_t kind;
    uint32_t id;
    json_t *json;
    union parsed parsed;
};

static enum status denied(struct error *e, const char *why) {
    return error_set(e, ST_DENIED, "not_your_duty", "%s", why);
}

static bool is_rights_key(const char *key) {
    return strcmp(key, "roles") == 0 || strcmp(key, "duties") == 0;
}

/* Lays what the writer may change over the document as it stands; anything else must be equal or left out. */
static enum status merge_user(const struct registry_writer *who, const struct item *old, struct change *c,
                              struct error *e) {
    bool rights = (who->duties & DUTY_SECURITY_ADMIN) != 0;
    if (!rights && (who->duties & DUTY_SYSTEM_ADMIN) == 0)
        return denied(e, "users are the administrators'");
    if (old == NULL && rights)
        return denied(e, "the system administrator makes users");
    json_t *base = old == NULL ? json_pack("{s:[],s:[]}", "roles", "duties") : NULL;
    const char *key;
    json_t *value;
    enum status s = old == NULL ? ST_OK : json_read(slice_of(old->document, old->document_n), 0, &base, NULL);
    if (base == NULL)
        s = ST_NOMEM;
    json_object_foreach(c->json, key, value) {
        if (s != ST_OK || strcmp(key, "id") == 0)
            continue;
        if (is_rights_key(key) == rights)
            s = json_object_set(base, key, value) == 0 ? ST_OK : ST_NOMEM;
        else if (!json_equal(json_object_get(base, key), value))
            s = denied(e, rights ? "the security administrator changes roles and duties only"
                                 : "roles and duties are the security administrator's");
        if (s == ST_OK && rights && is_rights_key(key) && who->user == c->id)
            s = error_set(e, ST_DENIED, "own_rights", "nobody changes his own roles or duties");
    }
    json_decref(c->json);
    c->json = base;
    return s;
}

static enum status check_writer(const struct registry_writer *who, const struct item *old, struct change *c,
                                struct error *e) {
    if (who == NULL)
        return ST_OK;
    switch (c->kind) {
    case REGISTRY_USER:
        return merge_user(who, old, c, e);
    case REGISTRY_ROLE:
    case REGISTRY_COMPANY:
        return who->duties & DUTY_SECURITY_ADMIN
                   ? ST_OK
                   : denied(e, "roles and budgets are the security administrator's");
    default:
        return who->duties & DUTY_SYSTEM_ADMIN
                   ? ST_OK
                   : denied(e, "departments and fields are the system administrator's");
    }
}

static enum status check_rules(const struct registry *r, const struct item *old, const struct change *c,
                               struct error *e) {
    const union parsed *p = &c->parsed;
    if (c->kind == REGISTRY_USER) {
        const struct item *same = map_get(&r->by_login, slice_from_string(p->user.login));
        if (same != NULL && same->id != c->id)
            return error_field(e, ST_CONFLICT, "login_taken", "login", "another user has this login");
    }
    if (c->kind == REGISTRY_ROLE) {
        const struct item *same = map_get(&r->by_role, slice_from_string(p->role.name));
        if (same != NULL && same->id != c->id)
            return error_field(e, ST_CONFLICT, "role_taken", "name", "another role has this name");
    }
    if (c->kind == REGISTRY_CATALOGUE) {
        if (c->id != ((uint32_t)p->field.object << 16 | p->field.field))
            return error_field(e, ST_INVALID, "bad_document", "field", "the id is object << 16 | field");
        if (old != NULL && old->parsed.field.class > p->field.class)
            return error_field(e, ST_DENIED, "class_lowered", "class", "a class can only go up");
    }
    return ST_OK;
}

static uint32_t choose_id(const struct registry *r, const struct change *c) {
    if (c->id != 0)
        return c->id;
    if (c->kind == REGISTRY_COMPANY)
        return 1;
    if (c->kind == REGISTRY_CATALOGUE)
        return (uint32_t)(json_integer_value(json_object_get(c->json, "object")) << 16 |
                          (json_integer_value(json_object_get(c->json, "field")) & 0xffff));
    return r->last_id[c->kind] + 1;
}

static enum status registry_store(struct registry *r, const struct change *c, struct error *e) {
    char *text = json_print(c->json, JSON_COMPACT | JSON_SORT_KEYS);
    struct slice document = slice_from_string(text);
    if (text == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "document");
    if (document.n > ((size_t)64 << 10)) {
        free(text);
        return error_set(e, ST_LIMIT, "document_too_large", "a registry document has at most 64 KiB");
    }
    struct item *fresh = item_new(c->kind, c->id, r->version + 1, document, &c->parsed);
    struct buf value;
    buf_init(&value, VAULT_VALUE_MAX, false);
    buf_put_u64(&value, r->version + 1);
    buf_put(&value, document.p, document.n);
    enum status s = fresh == NULL || value.failed ? ST_NOMEM : ST_OK;
    if (s == ST_OK) {
        struct vault_change change = {VAULT_REGISTRY, slice_of(fresh->key, KEY_SIZE), buf_slice(&value)};
        s = vault_commit(r->vault, &change, 1);
    }
    if (s == ST_OK) {
        (void)pthread_rwlock_wrlock(&r->lock);
        s = registry_take(r, fresh);
        if (s == ST_OK && (c->kind == REGISTRY_USER || c->kind == REGISTRY_ROLE))
            s = index_names(r);
        (void)pthread_rwlock_unlock(&r->lock);
    } else {
        item_free(fresh);
    }
    buf_free(&value);
    free(text);
    return s == ST_OK ? s : error_set(e, s, "registry_store", "the change could not be stored");
}

static enum status registry_change(struct registry *r, const struct registry_writer *who, struct change *c,
                                   struct error *e) {
    c->id = choose_id(r, c);
    /* Only writers change items, and they take turns: reading without the lock is safe here. */
    const struct item *old = registry_find(r, c->kind, c->id);
    enum status s = check_writer(who, old, c, e);
    if (s == ST_OK && c->kind != REGISTRY_CATALOGUE &&
        json_object_set_new(c->json, "id", json_integer((json_int_t)c->id)) != 0)
        s = ST_NOMEM;
    if (s == ST_OK)
        s = registry_parse(c->kind, c->json, &c->parsed, e);
    if (s == ST_OK)
        s = check_rules(r, old, c, e);
    return s == ST_OK ? registry_store(r, c, e) : s;
}

enum status registry_put(struct registry *r, const struct registry_writer *who, uint8_t kind, uint32_t id,
                         struct slice document, uint32_t *made, struct error *e) {
    if (kind < REGISTRY_USER || kind > REGISTRY_CATALOGUE)
        return error_set(e, ST_INVALID, "bad_kind", "no such kind of registry item");
    struct change c = {.kind = kind, .id = id};
    enum status s = registry_parse_json(document, &c.json, e);
    if (s != ST_OK)
        return s;
    (void)pthread_mutex_lock(&r->writer);
    s = registry_change(r, who, &c, e);
    (void)pthread_mutex_unlock(&r->writer);
    json_decref(c.json);
    if (s == ST_OK)
        *made = c.id;
    return s;
}
