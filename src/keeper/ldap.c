#include "keeper/ldap.h"

#include "base/clock.h"
#include "base/json_in.h"

#include <pthread.h>
#include <stdlib.h>

#define DAY_MS    ((int64_t)24 * 3600 * 1000)
#define READ_MOST ((size_t)2 << 20)
#define CODE_MOST 40

enum read_stage { READ_NONE, READ_ASKED, READ_TAKEN, READ_DONE, READ_FAILED };

struct read {
    uint8_t stage;
    struct uuid id;
    uint32_t user;
    int64_t since;
    struct buf body; /* READ_DONE: what came; READ_FAILED: the code */
};

struct record {
    uint32_t id;
    json_t *document;
    struct read read;
    int64_t day;
    size_t ends; /* counted that day */
};

struct ldap_sources {
    pthread_mutex_t lock;
    struct vault *vault;
    struct record records[LDAP_DIRECTORIES]; /* by id */
    size_t count;
};

static enum status unknown(struct error *e) {
    return error_set(e, ST_NOT_FOUND, "not_found", "there is no such directory");
}

static enum status gone(struct error *e) {
    return error_set(e, ST_NOT_FOUND, "ldap_read_gone", "read the directory anew");
}

static void key_of(uint32_t id, uint8_t key[4]) {
    for (size_t i = 0; i < 4; i++)
        key[i] = (uint8_t)(id >> 8 * i);
}

static struct record *find(struct ldap_sources *l, uint32_t id) {
    for (size_t i = 0; i < l->count; i++) {
        if (l->records[i].id == id)
            return &l->records[i];
    }
    return NULL;
}

static void add(struct ldap_sources *l, uint32_t id, json_t *document) {
    struct record *r = &l->records[l->count++];
    *r = (struct record){.id = id, .document = document};
    buf_init(&r->read.body, READ_MOST, true);
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

static enum status store(struct ldap_sources *l, uint32_t id, const json_t *document, bool forget,
                         const struct vault_change *also, struct error *e) {
    uint8_t key[4];
    struct vault_change changes[3];
    size_t n = 0;
    char *text = json_print(document, JSON_COMPACT);
    if (text == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "directory");
    key_of(id, key);
    const struct slice k = slice_of(key, sizeof key);
    changes[n++] = (struct vault_change){VAULT_LDAP, k, slice_from_string(text)};
    if (forget)
        changes[n++] = (struct vault_change){VAULT_LDAP_SECRET, k, SLICE_NONE};
    if (also != NULL)
        changes[n++] = *also;
    enum status s = vault_commit(l->vault, changes, n);
    free(text);
    return s == ST_OK ? s : error_set(e, s, "ldap_store", "the directory could not be stored");
}

static enum status put(struct ldap_sources *l, uint32_t id, json_t *document, const struct vault_change *also,
                       struct error *e) {
    struct record *r = find(l, id);
    uint32_t last = 0;
    for (size_t i = 0; i < l->count; i++)
        last = l->records[i].id > last ? l->records[i].id : last;
    if (id != 0 && r == NULL)
        return unknown(e);
    if (r == NULL && l->count == LDAP_DIRECTORIES)
        return error_set(e, ST_LIMIT, "too_many_directories", "at most %d directories", LDAP_DIRECTORIES);
    bool forget = r != NULL && is_elsewhere(r->document, document);
    enum status s = store(l, r == NULL ? last + 1 : id, document, forget, also, e);
    if (s != ST_OK)
        return s;
    if (r == NULL) {
        add(l, last + 1, json_incref(document));
        return ST_OK;
    }
    json_decref(r->document);
    r->document = json_incref(document);
    r->read.stage = READ_NONE;
    buf_reset(&r->read.body);
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

enum status ldap_source_set_secret(struct ldap_sources *l, uint32_t id, struct slice secret,
                                   struct error *e) {
    uint8_t key[4];
    struct vault_change change = {VAULT_LDAP_SECRET, slice_of(key, sizeof key),
                                  secret.n == 0 ? SLICE_NONE : secret};
    key_of(id, key);
    (void)pthread_mutex_lock(&l->lock);
    enum status s = find(l, id) == NULL ? unknown(e) : ST_OK;
    if (s == ST_OK && vault_commit(l->vault, &change, 1) != ST_OK)
        s = error_set(e, ST_IO, "ldap_store", "the password could not be stored");
    (void)pthread_mutex_unlock(&l->lock);
    return s;
}

static bool secret_of(struct ldap_sources *l, uint32_t id, struct buf *out) {
    uint8_t key[4];
    key_of(id, key);
    return vault_get(l->vault, VAULT_LDAP_SECRET, slice_of(key, sizeof key), out) == ST_OK;
}

static bool has_secret(struct ldap_sources *l, uint32_t id) {
    struct buf secret;
    buf_init(&secret, VAULT_VALUE_MAX, true);
    bool has = secret_of(l, id, &secret);
    buf_free(&secret);
    return has;
}

static enum status print(json_t *value, struct buf *out, struct error *e) {
    char *text = value == NULL ? NULL : json_print(value, JSON_COMPACT);
    json_decref(value);
    if (text != NULL) {
        buf_put_string(out, text);
        explicit_bzero(text, strlen(text));
    }
    bool fine = text != NULL && !out->failed;
    free(text);
    return fine ? ST_OK : error_set(e, ST_NOMEM, "no_memory", "directories");
}

enum status ldap_source_list(struct ldap_sources *l, struct buf *out, struct error *e) {
    json_t *list = json_array();
    bool fine = list != NULL;
    (void)pthread_mutex_lock(&l->lock);
    for (size_t i = 0; fine && i < l->count; i++) {
        const struct record *r = &l->records[i];
        fine = json_array_append_new(list, json_pack("{s:I, s:O, s:b}", "id", (json_int_t)r->id, "document",
                                                     r->document, "secret", (int)has_secret(l, r->id))) == 0;
    }
    (void)pthread_mutex_unlock(&l->lock);
    if (fine)
        return print(json_pack("{s:o}", "directories", list), out, e);
    json_decref(list);
    return error_set(e, ST_NOMEM, "no_memory", "directories");
}

/* ---- reads ---- */

static enum status ask(struct ldap_sources *l, struct record *r, uint32_t user, int64_t now,
                       struct uuid *errand, struct error *e) {
    struct read *x = &r->read;
    bool busy = (x->stage == READ_ASKED || x->stage == READ_TAKEN) && now - x->since < LDAP_ERRAND_MS;
    if (busy)
        return error_set(e, ST_LIMIT, "ldap_busy", "this directory is being read");
    if (!has_secret(l, r->id))
        return error_set(e, ST_CONFLICT, "ldap_no_password", "set the password first");
    if (uuid_new(errand) != ST_OK)
        return error_set(e, ST_IO, "random", "no random bytes");
    x->stage = READ_ASKED;
    x->id = *errand;
    x->user = user;
    x->since = now;
    buf_reset(&x->body);
    return ST_OK;
}

enum status ldap_source_read_ask(struct ldap_sources *l, uint32_t id, uint32_t user, int64_t now,
                                 struct uuid *errand, struct error *e) {
    (void)pthread_mutex_lock(&l->lock);
    struct record *r = find(l, id);
    bool live = r != NULL && json_is_true(json_object_get(r->document, "enabled"));
    enum status s = live ? ask(l, r, user, now, errand, e) : unknown(e);
    (void)pthread_mutex_unlock(&l->lock);
    return s;
}

static struct record *by_errand(struct ldap_sources *l, const struct uuid *errand, uint8_t stage,
                                int64_t now) {
    for (size_t i = 0; i < l->count; i++) {
        const struct read *x = &l->records[i].read;
        if (x->stage == stage && uuid_equal(&x->id, errand) && now - x->since < LDAP_ERRAND_MS)
            return &l->records[i];
    }
    return NULL;
}

static json_t *request_of(struct ldap_sources *l, const struct record *r) {
    struct buf secret;
    buf_init(&secret, VAULT_VALUE_MAX, true);
    json_t *inner = secret_of(l, r->id, &secret) ? json_copy(r->document) : NULL, *out = NULL;
    if (inner != NULL &&
        json_object_set_new(inner, "password", json_stringn((const char *)secret.p, secret.n)) == 0)
        out = json_pack("{s:O}", "ldap", inner);
    json_decref(inner);
    buf_free(&secret);
    return out;
}

enum status ldap_source_errand(struct ldap_sources *l, const struct uuid *errand, int64_t now,
                               struct buf *out, struct error *e) {
    json_t *request = NULL;
    (void)pthread_mutex_lock(&l->lock);
    struct record *r = by_errand(l, errand, READ_ASKED, now);
    if (r != NULL) {
        r->read.stage = READ_TAKEN;
        request = request_of(l, r);
    }
    (void)pthread_mutex_unlock(&l->lock);
    return request == NULL ? error_set(e, ST_NOT_FOUND, "not_found", "there is no such errand")
                           : print(request, out, e);
}

/* A code of ours, whatever the process with the network says. */
static void put_code(struct slice body, struct buf *out) {
    json_t *json = NULL;
    const char *code = NULL;
    if (json_read(body, 0, &json, NULL) == ST_OK)
        code = json_string_value(json_object_get(json, "error"));
    size_t n = code == NULL ? 0 : strlen(code);
    bool fine = n > 0 && n <= CODE_MOST && strspn(code, "abcdefghijklmnopqrstuvwxyz_") == n;
    buf_put_string(out, fine ? code : "ldap_unreachable");
    json_decref(json);
}

enum status ldap_source_errand_done(struct ldap_sources *l, const struct uuid *errand, unsigned status,
                                    struct slice body, int64_t now, struct error *e) {
    (void)pthread_mutex_lock(&l->lock);
    struct record *r = by_errand(l, errand, READ_TAKEN, now);
    if (r != NULL) {
        r->read.stage = status == 200 ? READ_DONE : READ_FAILED;
        if (status == 200)
            buf_put(&r->read.body, body.p, body.n);
        else
            put_code(body, &r->read.body);
        if (r->read.body.failed)
            r->read.stage = READ_NONE;
    }
    (void)pthread_mutex_unlock(&l->lock);
    return r == NULL ? error_set(e, ST_NOT_FOUND, "not_found", "there is no such errand") : ST_OK;
}

static enum status failed(const struct read *x, struct error *e) {
    char code[CODE_MOST + 1];
    (void)snprintf(code, sizeof code, "%.*s", (int)x->body.n, (const char *)x->body.p);
    static const char *const settings[] = {"ldap_credentials", "ldap_filter", "ldap_base", "ldap_too_much",
                                           "outbound_address"};
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        if (strcmp(code, settings[i]) == 0)
            return error_set(e, ST_CONFLICT, code, "the directory could not be read with these settings");
    }
    return error_set(e, ST_UNAVAILABLE, code, "the directory could not be read");
}

enum status ldap_source_read_take(struct ldap_sources *l, uint32_t id, const struct uuid *errand,
                                  uint32_t user, int64_t now, struct buf *out, struct error *e) {
    enum status s = ST_OK;
    (void)pthread_mutex_lock(&l->lock);
    const struct record *r = find(l, id);
    const struct read *x = r == NULL ? NULL : &r->read;
    if (x == NULL || !uuid_equal(&x->id, errand) || x->user != user || now - x->since >= LDAP_KEPT_MS)
        s = gone(e);
    else if (x->stage == READ_FAILED)
        s = failed(x, e);
    else if (x->stage != READ_DONE)
        s = gone(e);
    else
        buf_put(out, x->body.p, x->body.n);
    (void)pthread_mutex_unlock(&l->lock);
    return s == ST_OK && out->failed ? error_set(e, ST_NOMEM, "no_memory", "directory") : s;
}

enum status ldap_source_count_ends(struct ldap_sources *l, uint32_t id, size_t n, int64_t now,
                                   struct error *e) {
    enum status s = ST_OK;
    (void)pthread_mutex_lock(&l->lock);
    struct record *r = find(l, id);
    if (r == NULL) {
        s = unknown(e);
    } else {
        const json_t *said = json_object_get(r->document, "ends_a_day");
        size_t most = said == NULL ? LDAP_ENDS : (size_t)json_integer_value(said);
        if (r->day != now / DAY_MS) {
            r->day = now / DAY_MS;
            r->ends = 0;
        }
        if (n > most || r->ends > most - n)
            s = error_set(e, ST_LIMIT, "ldap_ends", "at most %zu accounts a day by this directory", most);
        else
            r->ends += n;
    }
    (void)pthread_mutex_unlock(&l->lock);
    return s;
}
