/* Single sign-on's providers, secrets and links, in the vault. */
#include "base/json.h"
#include "base/json_in.h"
#include "crypto/random.h"
#include "keeper/sign_on_table.h"

#include <stdlib.h>

static void provider_free(struct provider *p) {
    json_decref(p->document);
    json_decref(p->metadata);
    json_decref(p->keys);
    *p = (struct provider){.id = 0};
}

static bool read_id(struct slice key, uint32_t *id) {
    struct reader r = reader_of(key);
    *id = reader_u32(&r);
    return reader_done(&r) && *id != 0;
}

static enum status load_provider(void *context, struct slice key, struct slice value) {
    struct sign_on *s = context;
    uint32_t id;
    json_t *document = NULL;
    if (!read_id(key, &id) || s->provider_count == SIGN_ON_PROVIDERS)
        return ST_CORRUPT;
    enum status st = json_read(value, 0, &document, NULL);
    if (st == ST_OK)
        s->providers[s->provider_count++] = (struct provider){.id = id, .document = document};
    return st;
}

static enum status add_link(struct sign_on *s, const struct link *link) {
    if (s->link_count == LINKS_MAX)
        return ST_LIMIT;
    if (s->link_count == s->link_room) {
        size_t room = s->link_room == 0 ? 64 : s->link_room * 2;
        struct link *grown = reallocarray(s->links, room, sizeof *grown);
        if (grown == NULL)
            return ST_NOMEM;
        s->links = grown;
        s->link_room = room;
    }
    s->links[s->link_count++] = *link;
    return ST_OK;
}

static enum status load_link(void *context, struct slice key, struct slice value) {
    struct link l;
    struct reader r = reader_of(value);
    l.user = reader_u32(&r);
    l.provider = reader_u32(&r);
    if (key.n != sizeof l.key || r.failed)
        return ST_CORRUPT;
    memcpy(l.key, key.p, sizeof l.key);
    return add_link(context, &l);
}

enum status sign_on_open(struct vault *v, struct challenges *challenges, struct sign_on **out,
                         struct error *e) {
    uint8_t key[32];
    *out = NULL;
    struct sign_on *s = calloc(1, sizeof *s);
    if (s == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for single sign-on");
    (void)pthread_mutex_init(&s->lock, NULL);
    s->vault = v;
    s->challenges = challenges;
    enum status st = crypto_random(key, sizeof key);
    if (st == ST_OK)
        s->mac = mac_new(slice_of(key, sizeof key));
    explicit_bzero(key, sizeof key);
    if (st == ST_OK && s->mac == NULL)
        st = ST_NOMEM;
    if (st == ST_OK)
        st = vault_each(v, VAULT_SIGN_ON, load_provider, s);
    if (st == ST_OK)
        st = vault_each(v, VAULT_SIGN_ON_LINK, load_link, s);
    if (st != ST_OK) {
        sign_on_close(s);
        return error_set(e, st, "sign_on_corrupt", "the sign-on providers in the vault do not parse");
    }
    *out = s;
    return ST_OK;
}

void sign_on_close(struct sign_on *s) {
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->provider_count; i++)
        provider_free(&s->providers[i]);
    for (size_t i = 0; i < EXCHANGES; i++)
        sign_on_exchange_free(&s->exchanges[i]);
    free(s->links);
    mac_free(s->mac);
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
}

const char *sign_on_text(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? "" : text;
}

struct provider *sign_on_provider(struct sign_on *s, uint32_t id, bool live) {
    for (size_t i = 0; i < s->provider_count; i++) {
        struct provider *p = &s->providers[i];
        if (p->id == id && (!live || json_is_true(json_object_get(p->document, "enabled"))))
            return p;
    }
    return NULL;
}

static void key_of(uint32_t id, uint8_t key[4]) {
    for (size_t i = 0; i < 4; i++)
        key[i] = (uint8_t)(id >> 8 * i);
}

static enum status unknown(struct error *e) {
    return error_set(e, ST_NOT_FOUND, "not_found", "there is no such sign-on provider");
}

static enum status store(struct sign_on *s, uint32_t id, json_t *document, const struct vault_change *also,
                         struct error *e) {
    uint8_t key[4];
    struct vault_change changes[2] = {{VAULT_SIGN_ON, slice_of(key, sizeof key), SLICE_NONE}};
    char *text = json_print(document, JSON_COMPACT);
    if (text == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "provider");
    key_of(id, key);
    changes[0].value = slice_from_string(text);
    if (also != NULL)
        changes[1] = *also;
    enum status st = vault_commit(s->vault, changes, also == NULL ? 1 : 2);
    free(text);
    return st == ST_OK ? st : error_set(e, st, "sign_on_store", "the provider could not be stored");
}

bool sign_on_own_redirect(const struct provider *p) {
    return strcmp(sign_on_text(p->document, "redirect"), "own") == 0;
}

/* A new provider has an address of its own unless its document says otherwise; one from before keeps what is
 * registered at it until its document says otherwise. */
static bool settle_redirect(const struct provider *old, json_t *document) {
    if (json_object_get(document, "redirect") != NULL)
        return true;
    const char *is = old == NULL || sign_on_own_redirect(old) ? "own" : "shared";
    return json_object_set_new(document, "redirect", json_string(is)) == 0;
}

/* What was fetched goes with the old document: the new one may name another issuer. */
static enum status put(struct sign_on *s, uint32_t id, json_t *document, const struct vault_change *also,
                       struct error *e) {
    struct provider *p = sign_on_provider(s, id, false);
    uint32_t last = 0;
    for (size_t i = 0; i < s->provider_count; i++)
        last = s->providers[i].id > last ? s->providers[i].id : last;
    if (id != 0 && p == NULL)
        return unknown(e);
    if (p == NULL && s->provider_count == SIGN_ON_PROVIDERS)
        return error_set(e, ST_LIMIT, "too_many_providers", "at most %d providers", SIGN_ON_PROVIDERS);
    enum status st = settle_redirect(p, document) ? store(s, p == NULL ? last + 1 : id, document, also, e)
                                                  : error_set(e, ST_NOMEM, "no_memory", "provider");
    if (st != ST_OK)
        return st;
    if (p == NULL)
        p = &s->providers[s->provider_count++];
    else
        provider_free(p);
    *p = (struct provider){.id = id == 0 ? last + 1 : id, .document = json_incref(document)};
    return ST_OK;
}

enum status sign_on_put(struct sign_on *s, uint32_t id, const json_t *document,
                        const struct vault_change *also, struct error *e) {
    json_t *copy = json_deep_copy(document);
    if (copy == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "provider");
    (void)pthread_mutex_lock(&s->lock);
    enum status st = put(s, id, copy, also, e);
    (void)pthread_mutex_unlock(&s->lock);
    json_decref(copy);
    return st;
}

enum status sign_on_set_secret(struct sign_on *s, uint32_t id, struct slice secret, struct error *e) {
    uint8_t key[4];
    struct vault_change change = {VAULT_SIGN_ON_SECRET, slice_of(key, sizeof key),
                                  secret.n == 0 ? SLICE_NONE : secret};
    key_of(id, key);
    (void)pthread_mutex_lock(&s->lock);
    enum status st = sign_on_provider(s, id, false) == NULL ? unknown(e) : ST_OK;
    if (st == ST_OK && vault_commit(s->vault, &change, 1) != ST_OK)
        st = error_set(e, ST_IO, "sign_on_store", "the secret could not be stored");
    (void)pthread_mutex_unlock(&s->lock);
    return st;
}

enum status sign_on_secret(struct sign_on *s, uint32_t id, struct buf *out) {
    uint8_t key[4];
    key_of(id, key);
    return vault_get(s->vault, VAULT_SIGN_ON_SECRET, slice_of(key, sizeof key), out);
}

static bool write_provider(struct sign_on *s, const struct provider *p, bool whole, json_t *list) {
    struct buf secret;
    json_t *name = json_object_get(p->document, "name");
    json_t *one = whole ? json_copy(p->document) : json_pack("{s:O}", "name", name);
    if (one == NULL || json_object_set_new(one, "id", json_integer((json_int_t)p->id)) != 0) {
        json_decref(one);
        return false;
    }
    if (whole) {
        buf_init(&secret, VAULT_VALUE_MAX, true);
        bool has = sign_on_secret(s, p->id, &secret) == ST_OK;
        buf_free(&secret);
        if (json_object_set_new(one, "secret", json_boolean(has)) != 0) {
            json_decref(one);
            return false;
        }
    }
    return json_array_append_new(list, one) == 0;
}

enum status sign_on_list(struct sign_on *s, bool whole, struct buf *out, struct error *e) {
    json_t *all = json_pack("{s:[]}", "providers");
    bool fine = all != NULL;
    (void)pthread_mutex_lock(&s->lock);
    for (size_t i = 0; fine && i < s->provider_count; i++) {
        const struct provider *p = &s->providers[i];
        if (whole || json_is_true(json_object_get(p->document, "enabled")))
            fine = write_provider(s, p, whole, json_object_get(all, "providers"));
    }
    (void)pthread_mutex_unlock(&s->lock);
    char *text = fine ? json_print(all, JSON_COMPACT) : NULL;
    json_decref(all);
    if (text != NULL)
        buf_put_string(out, text);
    fine = text != NULL && !out->failed;
    free(text);
    return fine ? ST_OK : error_set(e, ST_NOMEM, "no_memory", "providers");
}

bool sign_on_links_mail(struct sign_on *s) {
    bool links = false;
    (void)pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->provider_count; i++) {
        const json_t *d = s->providers[i].document;
        links = links || (json_is_true(json_object_get(d, "enabled")) &&
                          json_is_true(json_object_get(d, "link_mail")));
    }
    (void)pthread_mutex_unlock(&s->lock);
    return links;
}

/* A holder of a duty may be exempt; the last of a duty always is, or nobody could mend it. */
static bool demands(const json_t *document, struct registry *r, uint32_t user) {
    uint32_t departments[64];
    const json_t *list = json_object_get(document, "required"), *exempt;
    size_t n = json_array_size(list);
    bool last = false;
    if (!json_is_true(json_object_get(document, "enabled")) || n == 0 || n > 64)
        return false;
    for (size_t i = 0; i < n; i++)
        departments[i] = (uint32_t)json_integer_value(json_array_get(list, i));
    if (!registry_in_departments(r, user, departments, n))
        return false;
    exempt = json_object_get(document, "duties_exempt");
    bool duty = registry_holds_duty(r, user, &last);
    return !duty || (!last && json_is_false(exempt));
}

bool sign_on_required(struct sign_on *s, struct registry *r, uint32_t user) {
    bool required = false;
    (void)pthread_mutex_lock(&s->lock);
    for (size_t i = 0; !required && i < s->provider_count; i++)
        required = demands(s->providers[i].document, r, user);
    (void)pthread_mutex_unlock(&s->lock);
    return required;
}

/* ---- links ---- */

/* By issuer, not by the provider's number: a document that comes to name another issuer inherits nobody. */
static enum status link_key(struct sign_on *s, uint32_t provider, const char *subject,
                            uint8_t key[HASH_SIZE]) {
    char text[SIGN_ON_SUBJECT + 300];
    const struct provider *p = sign_on_provider(s, provider, false);
    const char *issuer = p == NULL ? "" : sign_on_text(p->document, "issuer");
    int n = snprintf(text, sizeof text, "%s\n%s", issuer, subject);
    return p == NULL || n < 0 || (size_t)n >= sizeof text ? ST_INVALID
                                                          : hash_once(slice_of(text, (size_t)n), key);
}

enum status sign_on_linked(struct sign_on *s, uint32_t provider, const char *subject, uint32_t *user) {
    uint8_t key[HASH_SIZE];
    *user = 0;
    enum status st = link_key(s, provider, subject, key);
    for (size_t i = 0; st == ST_OK && i < s->link_count; i++) {
        if (memcmp(s->links[i].key, key, sizeof key) == 0)
            *user = s->links[i].user;
    }
    return st;
}

static enum status store_link(struct sign_on *s, const struct link *l, const char *subject, int64_t now) {
    struct buf value;
    buf_init(&value, 512, false);
    buf_put_u32(&value, l->user);
    buf_put_u32(&value, l->provider);
    buf_put_u64(&value, (uint64_t)now);
    buf_put_string(&value, subject);
    struct vault_change change = {VAULT_SIGN_ON_LINK, slice_of(l->key, sizeof l->key), buf_slice(&value)};
    enum status st = value.failed ? ST_NOMEM : vault_commit(s->vault, &change, 1);
    buf_free(&value);
    return st;
}

enum status sign_on_link(struct sign_on *s, const struct sign_on_person *person, uint32_t user, int64_t now,
                         struct error *e) {
    struct link l = {.user = user, .provider = person->provider};
    uint32_t other = 0;
    (void)pthread_mutex_lock(&s->lock);
    enum status st = link_key(s, l.provider, person->subject, l.key);
    if (st == ST_OK)
        st = sign_on_linked(s, l.provider, person->subject, &other);
    if (st == ST_OK && other == 0) {
        st = store_link(s, &l, person->subject, now);
        if (st == ST_OK)
            st = add_link(s, &l);
    }
    (void)pthread_mutex_unlock(&s->lock);
    if (st == ST_OK && other != 0 && other != user)
        return error_set(e, ST_CONFLICT, "sign_on_taken", "that identity is linked to another account");
    return st == ST_OK ? st : error_set(e, st, "sign_on_store", "the link could not be stored");
}

struct listing {
    uint32_t user;
    struct json *j;
};

static enum status list_link(void *context, struct slice key, struct slice value) {
    struct listing *l = context;
    struct reader r = reader_of(value);
    uint32_t user = reader_u32(&r), provider = reader_u32(&r);
    int64_t at = (int64_t)reader_u64(&r);
    (void)key;
    if (r.failed || user != l->user)
        return r.failed ? ST_CORRUPT : ST_OK;
    json_object_begin(l->j);
    json_key(l->j, "provider");
    json_int(l->j, provider);
    json_key(l->j, "subject");
    json_text(l->j, slice_of(value.p + r.at, value.n - r.at));
    json_key(l->j, "at");
    json_time(l->j, at);
    json_object_end(l->j);
    return ST_OK;
}

enum status sign_on_links(struct sign_on *s, uint32_t user, struct buf *out, struct error *e) {
    struct json j = json_to(out);
    struct listing l = {user, &j};
    json_object_begin(&j);
    json_key(&j, "links");
    json_array_begin(&j);
    enum status st = vault_each(s->vault, VAULT_SIGN_ON_LINK, list_link, &l);
    json_array_end(&j);
    json_object_end(&j);
    return st == ST_OK && !out->failed ? ST_OK : error_set(e, ST_IO, "sign_on_store", "links unreadable");
}

enum status sign_on_unlink(struct sign_on *s, uint32_t user, uint32_t provider, struct error *e) {
    enum status st = ST_NOT_FOUND;
    (void)pthread_mutex_lock(&s->lock);
    for (size_t i = s->link_count; i-- > 0;) {
        struct link *l = &s->links[i];
        if (l->user != user || (provider != 0 && l->provider != provider))
            continue;
        struct vault_change gone = {VAULT_SIGN_ON_LINK, slice_of(l->key, sizeof l->key), SLICE_NONE};
        st = vault_commit(s->vault, &gone, 1);
        if (st != ST_OK)
            break;
        *l = s->links[--s->link_count];
    }
    (void)pthread_mutex_unlock(&s->lock);
    if (st == ST_NOT_FOUND)
        return error_set(e, st, "not_found", "there is no such link");
    return st == ST_OK ? st : error_set(e, st, "sign_on_store", "the link could not be taken away");
}
