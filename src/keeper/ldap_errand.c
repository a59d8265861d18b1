/* Reads of directories: errands, and what came of them. */
#include "base/json_in.h"
#include "keeper/ldap_table.h"

#include <stdlib.h>

enum status ldap_gone(struct error *e) {
    return error_set(e, ST_NOT_FOUND, "ldap_read_gone", "read the directory anew");
}

/* Either way: a clock that was set back holds nothing up. */
bool ldap_reading_is_within(const struct ldap_reading *x, int64_t now, int64_t ms) {
    return now - x->since < ms && x->since - now < ms;
}

bool ldap_reading_is_busy(const struct ldap_reading *x, int64_t now) {
    return (x->stage == LDAP_ASKED || x->stage == LDAP_TAKEN) &&
           ldap_reading_is_within(x, now, LDAP_ERRAND_MS);
}

void ldap_reading_drop(struct ldap_reading *x) {
    x->stage = LDAP_NONE;
    buf_reset(&x->body);
}

static bool secret_of(struct ldap_sources *l, uint32_t id, struct buf *out) {
    uint8_t key[4];
    ldap_key_of(id, key);
    return vault_get(l->vault, VAULT_LDAP_SECRET, slice_of(key, sizeof key), out) == ST_OK;
}

bool ldap_has_secret(struct ldap_sources *l, uint32_t id) {
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

enum status ldap_ask(struct ldap_sources *l, struct ldap_record *r, struct ldap_reading *x, uint32_t user,
                     int64_t now, struct uuid *errand, struct error *e) {
    if (ldap_reading_is_busy(x, now))
        return error_set(e, ST_LIMIT, "ldap_busy", "this directory is being read");
    if (!ldap_has_secret(l, r->id))
        return error_set(e, ST_CONFLICT, "ldap_no_password", "set the password first");
    enum status s = ldap_source_check(r->document, e);
    if (s != ST_OK)
        return s;
    if (uuid_new(errand) != ST_OK)
        return error_set(e, ST_IO, "random", "no random bytes");
    ldap_reading_drop(x);
    x->stage = LDAP_ASKED;
    x->id = *errand;
    x->user = user;
    x->since = now;
    return ST_OK;
}

enum status ldap_source_read_ask(struct ldap_sources *l, uint32_t id, uint32_t user, int64_t now,
                                 struct uuid *errand, struct error *e) {
    (void)pthread_mutex_lock(&l->lock);
    struct ldap_record *r = ldap_find(l, id);
    enum status s = ldap_is_live(r) ? ldap_ask(l, r, &r->read, user, now, errand, e) : ldap_unknown(e);
    (void)pthread_mutex_unlock(&l->lock);
    return s;
}

static bool is_it(const struct ldap_reading *x, const struct uuid *errand, uint8_t stage, int64_t now) {
    return x->stage == stage && uuid_equal(&x->id, errand) && ldap_reading_is_within(x, now, LDAP_ERRAND_MS);
}

static struct ldap_record *by_errand(struct ldap_sources *l, const struct uuid *errand, uint8_t stage,
                                     int64_t now, struct ldap_reading **reading) {
    for (size_t i = 0; i < l->count; i++) {
        struct ldap_record *r = &l->records[i];
        *reading = is_it(&r->read, errand, stage, now)    ? &r->read
                   : is_it(&r->timed, errand, stage, now) ? &r->timed
                                                          : NULL;
        if (*reading != NULL)
            return r;
    }
    return NULL;
}

static json_t *request_of(struct ldap_sources *l, const struct ldap_record *r) {
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
    struct ldap_reading *x = NULL;
    struct ldap_record *r = by_errand(l, errand, LDAP_ASKED, now, &x);
    if (r != NULL) {
        x->stage = LDAP_TAKEN;
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
    bool fine = n > 0 && n <= LDAP_CODE && strspn(code, "abcdefghijklmnopqrstuvwxyz_") == n;
    buf_put_string(out, fine ? code : "ldap_unreachable");
    json_decref(json);
}

static void settle(struct ldap_sources *l, struct ldap_record *r, struct ldap_reading *x, unsigned status,
                   struct slice body, int64_t now) {
    char code[LDAP_CODE + 1];
    x->stage = status == 200 ? LDAP_DONE : LDAP_FAILED;
    if (status == 200)
        buf_put(&x->body, body.p, body.n);
    else
        put_code(body, &x->body);
    if (x->body.failed)
        ldap_reading_drop(x);
    if (x != &r->timed || x->stage == LDAP_DONE)
        return;
    (void)snprintf(code, sizeof code, "%.*s", (int)x->body.n, (const char *)x->body.p);
    ldap_note_failure(r, x->stage == LDAP_FAILED ? code : "ldap_too_much", now);
    ldap_state_note(l, r);
}

enum status ldap_source_errand_done(struct ldap_sources *l, const struct uuid *errand, unsigned status,
                                    struct slice body, int64_t now, struct error *e) {
    struct ldap_reading *x = NULL;
    (void)pthread_mutex_lock(&l->lock);
    struct ldap_record *r = by_errand(l, errand, LDAP_TAKEN, now, &x);
    if (r != NULL)
        settle(l, r, x, status, body, now);
    (void)pthread_mutex_unlock(&l->lock);
    return r == NULL ? error_set(e, ST_NOT_FOUND, "not_found", "there is no such errand") : ST_OK;
}

enum status ldap_failure(const struct ldap_reading *x, struct error *e) {
    char code[LDAP_CODE + 1];
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
    const struct ldap_record *r = ldap_find(l, id);
    const struct ldap_reading *x = r == NULL ? NULL : &r->read;
    if (x == NULL || !uuid_equal(&x->id, errand) || x->user != user ||
        !ldap_reading_is_within(x, now, LDAP_KEPT_MS))
        s = ldap_gone(e);
    else if (x->stage == LDAP_FAILED)
        s = ldap_failure(x, e);
    else if (x->stage != LDAP_DONE)
        s = ldap_gone(e);
    else
        buf_put(out, x->body.p, x->body.n);
    (void)pthread_mutex_unlock(&l->lock);
    return s == ST_OK && out->failed ? error_set(e, ST_NOMEM, "no_memory", "directory") : s;
}
