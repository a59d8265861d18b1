#include "keeper/ldap_table.h"

#include "base/json_in.h"

#include <stdlib.h>

#define READ_MOST ((size_t)2 << 20)

enum status ldap_unknown(struct error *e) {
    return error_set(e, ST_NOT_FOUND, "not_found", "there is no such directory");
}

enum status ldap_stored(enum status s, struct error *e) {
    return s == ST_OK ? s : error_set(e, s, "ldap_store", "the directory could not be stored");
}

void ldap_key_of(uint32_t id, uint8_t key[4]) {
    for (size_t i = 0; i < 4; i++)
        key[i] = (uint8_t)(id >> 8 * i);
}

struct ldap_record *ldap_find(struct ldap_sources *l, uint32_t id) {
    for (size_t i = 0; i < l->count; i++) {
        if (l->records[i].id == id)
            return &l->records[i];
    }
    return NULL;
}

bool ldap_is_live(const struct ldap_record *r) {
    return r != NULL && json_is_true(json_object_get(r->document, "enabled"));
}

static void add(struct ldap_sources *l, uint32_t id, json_t *document) {
    struct ldap_record *r = &l->records[l->count++];
    *r = (struct ldap_record){.id = id, .document = document};
    buf_init(&r->read.body, READ_MOST, true);
    buf_init(&r->timed.body, READ_MOST, true);
}

static enum status load(void *context, struct slice key, struct slice value) {
    struct ldap_sources *l = context;
    struct reader r = reader_of(key);
    uint32_t id = reader_u32(&r);
    json_t *document = NULL;
    if (!reader_done(&r) || id == 0 || l->count == LDAP_DIRECTORIES)
        return ST_CORRUPT;
    enum status s = json_read(value, 0, &document, NULL);
    if (s == ST_OK)
        add(l, id, document);
    return s == ST_INVALID ? ST_CORRUPT : s;
}

enum status ldap_source_open(struct vault *v, struct ldap_sources **out, struct error *e) {
    *out = NULL;
    struct ldap_sources *l = calloc(1, sizeof *l);
    if (l == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for directories");
    (void)pthread_mutex_init(&l->lock, NULL);
    l->vault = v;
    enum status s = vault_each(v, VAULT_LDAP, load, l);
    if (s == ST_OK)
        s = vault_each(v, VAULT_LDAP_STATE, ldap_state_load, l);
    if (s != ST_OK) {
        ldap_source_close(l);
        return error_set(e, s, "ldap_corrupt", "the directories in the vault do not parse");
    }
    *out = l;
    return ST_OK;
}

void ldap_source_close(struct ldap_sources *l) {
    if (l == NULL)
        return;
    for (size_t i = 0; i < l->count; i++) {
        json_decref(l->records[i].document);
        buf_free(&l->records[i].read.body);
        buf_free(&l->records[i].timed.body);
    }
    (void)pthread_mutex_destroy(&l->lock);
    free(l);
}

/* ---- documents ---- */

/* Whether the password would go elsewhere, or be believed by another. */
static bool is_elsewhere(const json_t *was, const json_t *now) {
    static const char *const keys[] = {"host", "port", "security", "ca", "networks", "bind_dn"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const json_t *a = json_object_get(was, keys[i]), *b = json_object_get(now, keys[i]);
        if ((a == NULL) != (b == NULL) || (a != NULL && !json_equal(a, b)))
            return true;
    }
    return false;
}

/* With its state, which goes with the document: a run for what stood before says nothing of what stands. */
static enum status store(struct ldap_sources *l, uint32_t id, const json_t *document,
                         const struct ldap_state *state, bool forget, const struct vault_change *also,
                         struct error *e) {
    uint8_t key[4];
    struct vault_change changes[4];
    size_t n = 0;
    char *text = json_print(document, JSON_COMPACT), *kept = ldap_state_text(state);
    enum status s = text == NULL || kept == NULL ? ST_NOMEM : ST_OK;
    ldap_key_of(id, key);
    const struct slice k = slice_of(key, sizeof key);
    changes[n++] = (struct vault_change){VAULT_LDAP, k, slice_from_string(text)};
    changes[n++] = (struct vault_change){VAULT_LDAP_STATE, k, slice_from_string(kept)};
    if (forget)
        changes[n++] = (struct vault_change){VAULT_LDAP_SECRET, k, SLICE_NONE};
    if (also != NULL)
        changes[n++] = *also;
    if (s == ST_OK)
        s = vault_commit(l->vault, changes, n);
    free(text);
    free(kept);
    return ldap_stored(s, e);
}

static enum status put(struct ldap_sources *l, uint32_t id, json_t *document, const struct vault_change *also,
                       struct error *e) {
    struct ldap_record *r = ldap_find(l, id);
    uint32_t last = 0;
    for (size_t i = 0; i < l->count; i++)
        last = l->records[i].id > last ? l->records[i].id : last;
    if (id != 0 && r == NULL)
        return ldap_unknown(e);
    if (r == NULL && l->count == LDAP_DIRECTORIES)
        return error_set(e, ST_LIMIT, "too_many_directories", "at most %d directories", LDAP_DIRECTORIES);
    bool forget = r != NULL && is_elsewhere(r->document, document);
    struct ldap_state state = {.by = 0};
    if (r != NULL)
        state = r->state;
    state.next_at = 0; /* new terms are tried at once */
    if (forget)
        state.by = 0;
    enum status s = store(l, r == NULL ? last + 1 : id, document, &state, forget, also, e);
    if (s != ST_OK)
        return s;
    if (r == NULL) {
        add(l, last + 1, json_incref(document));
        return ST_OK;
    }
    json_decref(r->document);
    r->document = json_incref(document);
    r->state = state;
    ldap_reading_drop(&r->read);
    ldap_reading_drop(&r->timed);
    return ST_OK;
}

enum status ldap_source_put(struct ldap_sources *l, uint32_t id, const json_t *document,
                            const struct vault_change *also, struct error *e) {
    json_t *copy = json_deep_copy(document);
    if (copy == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "directory");
    (void)pthread_mutex_lock(&l->lock);
    enum status s = put(l, id, copy, also, e);
    (void)pthread_mutex_unlock(&l->lock);
    json_decref(copy);
    return s;
}

/* Whoever sets it answers for what the schedule does with it (keeper/ldap.h). */
static enum status set_secret(struct ldap_sources *l, struct ldap_record *r, struct slice secret, uint32_t by,
                              struct error *e) {
    uint8_t key[4];
    struct ldap_state state = r->state;
    state.by = secret.n == 0 ? 0 : by;
    state.next_at = 0;
    if (uuid_new(&state.session) != ST_OK)
        return error_set(e, ST_IO, "random", "no random bytes");
    char *kept = ldap_state_text(&state);
    ldap_key_of(r->id, key);
    const struct slice k = slice_of(key, sizeof key);
    const struct vault_change changes[] = {{VAULT_LDAP_SECRET, k, secret.n == 0 ? SLICE_NONE : secret},
                                           {VAULT_LDAP_STATE, k, slice_from_string(kept)}};
    enum status s = kept == NULL ? ST_NOMEM : vault_commit(l->vault, changes, 2);
    free(kept);
    if (s == ST_OK)
        r->state = state;
    return s == ST_OK ? s : error_set(e, s, "ldap_store", "the password could not be stored");
}

enum status ldap_source_set_secret(struct ldap_sources *l, uint32_t id, struct slice secret, uint32_t by,
                                   struct error *e) {
    (void)pthread_mutex_lock(&l->lock);
    struct ldap_record *r = ldap_find(l, id);
    enum status s = r == NULL ? ldap_unknown(e) : set_secret(l, r, secret, by, e);
    (void)pthread_mutex_unlock(&l->lock);
    return s;
}

static json_t *page_of(struct ldap_sources *l, const struct ldap_record *r, struct registry *people) {
    json_t *one = json_pack("{s:I, s:O, s:b}", "id", (json_int_t)r->id, "document", r->document, "secret",
                            (int)ldap_has_secret(l, r->id));
    if (one == NULL || json_object_get(r->document, "every_hours") == NULL ||
        json_object_set_new(one, "schedule", ldap_state_json(l, r, people)) == 0)
        return one;
    json_decref(one);
    return NULL;
}

enum status ldap_source_list(struct ldap_sources *l, struct registry *people, struct buf *out,
                             struct error *e) {
    json_t *all = json_pack("{s:[]}", "directories"), *list = json_object_get(all, "directories");
    bool fine = list != NULL;
    (void)pthread_mutex_lock(&l->lock);
    for (size_t i = 0; fine && i < l->count; i++)
        fine = json_array_append_new(list, page_of(l, &l->records[i], people)) == 0;
    (void)pthread_mutex_unlock(&l->lock);
    char *text = fine ? json_print(all, JSON_COMPACT) : NULL;
    json_decref(all);
    if (text != NULL)
        buf_put_string(out, text);
    fine = text != NULL && !out->failed;
    free(text);
    return fine ? ST_OK : error_set(e, ST_NOMEM, "no_memory", "directories");
}
