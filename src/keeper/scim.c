#include "keeper/scim.h"

#include "base/clock.h"
#include "base/hex.h"
#include "base/json_in.h"
#include "crypto/hash.h"
#include "crypto/mac.h"
#include "crypto/random.h"
#include "keeper/document.h"
#include "keeper/network.h"

#include <pthread.h>
#include <stdlib.h>

#define DAY_MS   ((int64_t)24 * 3600 * 1000)
#define STALE_MS ((int64_t)5 * 60 * 1000) /* how old a stored time of use may be */

struct record {
    uint32_t id, by;
    json_t *document;
    bool drawn;
    uint8_t hash[HASH_SIZE];
    struct uuid uuid;
    int64_t drawn_at, used_at, ended_at, stored_used_at;
    int64_t day; /* what the counts are of */
    uint32_t ends, makes;
};

struct scim {
    pthread_mutex_t lock;
    struct vault *vault;
    struct record records[SCIM_KEPT]; /* by id */
    size_t count;
};

static enum status unknown(struct error *e) {
    return error_set(e, ST_NOT_FOUND, "not_found", "there is no such provisioning key, or no longer");
}

/* ---- terms ---- */

static int64_t expiry_of(const json_t *document) {
    int64_t at = 0;
    const char *text = json_string_value(json_object_get(document, "expires_at"));
    return text != NULL && clock_parse(slice_from_string(text), &at) ? at : 0;
}

static uint32_t ends_of(const json_t *document) {
    const json_t *v = json_object_get(document, "ends_a_day");
    return v == NULL ? SCIM_ENDS : (uint32_t)json_integer_value(v);
}

static bool is_label(const json_t *v) {
    size_t n = json_is_string(v) ? json_string_length(v) : 0;
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)json_string_value(v)[i] < 0x20)
            return false;
    }
    return n >= 1 && n <= 100;
}

enum status scim_check(const json_t *document, struct error *e) {
    struct session_network networks[SESSION_NETWORKS];
    static const char *const known[] = {"label", "expires_at", "networks", "trusts_mail", "ends_a_day", NULL};
    size_t n;
    if (!document_has_known_keys(document, known))
        return document_bad(e, "document", "label, expires_at, networks, trusts_mail, ends_a_day");
    const json_t *trusts = json_object_get(document, "trusts_mail"),
                 *ends = json_object_get(document, "ends_a_day");
    int64_t expiry = expiry_of(document), now = clock_wall_ms();
    if (!is_label(json_object_get(document, "label")))
        return document_bad(e, "label", "1 to 100 bytes");
    if (expiry <= now || expiry > now + SCIM_MOST_MS)
        return document_bad(e, "expires_at", "a time within a year");
    if (!network_parse_all(json_object_get(document, "networks"), networks, &n))
        return document_bad(e, "networks", "1 to 8 networks as 10.0.0.0/8");
    if (!document_is_flag(trusts))
        return document_bad(e, "trusts_mail", "true or false");
    if (ends != NULL && !document_is_number(ends, SCIM_ENDS_MOST))
        return document_bad(e, "ends_a_day", "1 to 5000 accounts");
    return ST_OK;
}

/* ---- the vault ---- */

static void key_of(uint32_t id, uint8_t key[4]) {
    for (size_t i = 0; i < 4; i++)
        key[i] = (uint8_t)(id >> 8 * i);
}

static json_t *render(const struct record *r) {
    char hash[2 * HASH_SIZE + 1] = "", uuid[UUID_TEXT + 1] = "";
    if (r->drawn) {
        hex_encode(slice_of(r->hash, sizeof r->hash), hash);
        uuid_format(&r->uuid, uuid);
    }
    return json_pack("{s:O, s:I, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "document", r->document, "by",
                     (json_int_t)r->by, "hash", hash, "uuid", uuid, "drawn_at", (json_int_t)r->drawn_at,
                     "used_at", (json_int_t)r->used_at, "ended_at", (json_int_t)r->ended_at, "day",
                     (json_int_t)r->day, "ends", (json_int_t)r->ends, "makes", (json_int_t)r->makes);
}

static enum status store(struct scim *s, const struct record *r, const struct vault_change *also, bool wait) {
    uint8_t key[4];
    json_t *json = render(r);
    char *text = json == NULL ? NULL : json_print(json, JSON_COMPACT);
    json_decref(json);
    if (text == NULL)
        return ST_NOMEM;
    key_of(r->id, key);
    struct vault_change changes[2] = {{VAULT_SCIM, slice_of(key, sizeof key), slice_from_string(text)}};
    if (also != NULL)
        changes[1] = *also;
    size_t n = also == NULL ? 1 : 2;
    enum status st = wait ? vault_commit(s->vault, changes, n) : vault_commit_lazy(s->vault, changes, n);
    free(text);
    return st;
}

static enum status stored(enum status s, struct error *e) {
    return s == ST_OK ? s : error_set(e, s, "scim_store", "the provisioning key could not be stored");
}

static enum status load(void *context, struct slice key, struct slice value) {
    struct scim *s = context;
    struct reader r = reader_of(key);
    json_t *json = NULL;
    struct record x = {.id = reader_u32(&r)};
    enum status st = json_read(value, 0, &json, NULL);
    if (st != ST_OK)
        return st == ST_NOMEM ? st : ST_CORRUPT;
    const char *hash = json_string_value(json_object_get(json, "hash")),
               *uuid = json_string_value(json_object_get(json, "uuid"));
    json_t *document = json_object_get(json, "document");
    x.by = (uint32_t)json_integer_value(json_object_get(json, "by"));
    x.drawn_at = json_integer_value(json_object_get(json, "drawn_at"));
    x.used_at = x.stored_used_at = json_integer_value(json_object_get(json, "used_at"));
    x.ended_at = json_integer_value(json_object_get(json, "ended_at"));
    x.day = json_integer_value(json_object_get(json, "day"));
    x.ends = (uint32_t)json_integer_value(json_object_get(json, "ends"));
    x.makes = (uint32_t)json_integer_value(json_object_get(json, "makes"));
    x.drawn = hash != NULL && hex_decode(slice_from_string(hash), x.hash, sizeof x.hash);
    bool fine = reader_done(&r) && s->count < SCIM_KEPT && json_is_object(document) && uuid != NULL &&
                (!x.drawn || uuid_parse(slice_from_string(uuid), &x.uuid));
    if (fine) {
        x.document = json_incref(document);
        s->records[s->count++] = x;
    }
    json_decref(json);
    return fine ? ST_OK : ST_CORRUPT;
}

static int by_id(const void *a, const void *b) {
    uint32_t x = ((const struct record *)a)->id, y = ((const struct record *)b)->id;
    return x < y ? -1 : x > y;
}

enum status scim_open(struct vault *v, struct scim **out, struct error *e) {
    *out = NULL;
    struct scim *s = calloc(1, sizeof *s);
    if (s == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for provisioning keys");
    (void)pthread_mutex_init(&s->lock, NULL);
    s->vault = v;
    enum status st = vault_each(v, VAULT_SCIM, load, s);
    if (st != ST_OK) {
        scim_close(s);
        return error_set(e, st, "scim_corrupt", "the provisioning keys in the vault do not parse");
    }
    qsort(s->records, s->count, sizeof s->records[0], by_id);
    *out = s;
    return ST_OK;
}

void scim_close(struct scim *s) {
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->count; i++)
        json_decref(s->records[i].document);
    (void)pthread_mutex_destroy(&s->lock);
    explicit_bzero(s, sizeof *s);
    free(s);
}

/* ---- keys ---- */

static bool is_live(const struct record *r, int64_t now) {
    return r->ended_at == 0 && expiry_of(r->document) > now;
}

static struct record *live_record(struct scim *s, uint32_t id, int64_t now) {
    for (size_t i = 0; i < s->count; i++) {
        if (s->records[i].id == id && is_live(&s->records[i], now))
            return &s->records[i];
    }
    return NULL;
}

/* Makes room by what was over the longest; the newest number always stays, so that none comes twice. */
static enum status make_room(struct scim *s, int64_t now) {
    uint8_t key[4];
    size_t at = 0;
    if (s->count < SCIM_KEPT)
        return ST_OK;
    while (is_live(&s->records[at], now))
        at++; /* SCIM_KEYS of SCIM_KEPT are live at most */
    key_of(s->records[at].id, key);
    struct vault_change gone = {VAULT_SCIM, slice_of(key, sizeof key), SLICE_NONE};
    enum status st = vault_commit(s->vault, &gone, 1);
    if (st != ST_OK)
        return st;
    json_decref(s->records[at].document);
    memmove(&s->records[at], &s->records[at + 1], (s->count - at - 1) * sizeof s->records[0]);
    s->count--;
    return ST_OK;
}

static enum status add(struct scim *s, json_t *document, const struct vault_change *also, int64_t now,
                       struct error *e) {
    size_t live = 0;
    for (size_t i = 0; i < s->count; i++)
        live += is_live(&s->records[i], now);
    if (live >= SCIM_KEYS)
        return error_set(e, ST_LIMIT, "too_many_scim_keys", "at most %d provisioning keys", SCIM_KEYS);
    enum status st = make_room(s, now);
    struct record fresh = {.id = s->count == 0 ? 1 : s->records[s->count - 1].id + 1, .document = document};
    if (st == ST_OK)
        st = store(s, &fresh, also, true);
    if (st == ST_OK) {
        (void)json_incref(document);
        s->records[s->count++] = fresh;
    }
    return stored(st, e);
}

static enum status change(struct scim *s, uint32_t id, json_t *document, const struct vault_change *also,
                          int64_t now, struct error *e) {
    struct record *r = live_record(s, id, now);
    if (r == NULL)
        return unknown(e);
    struct record next = *r;
    next.document = document;
    enum status st = store(s, &next, also, true);
    if (st == ST_OK) {
        json_decref(r->document);
        r->document = json_incref(document);
    }
    return stored(st, e);
}

enum status scim_put(struct scim *s, uint32_t id, const json_t *document, const struct vault_change *also,
                     struct error *e) {
    json_t *copy = json_deep_copy(document);
    int64_t now = clock_wall_ms();
    if (copy == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "provisioning key");
    (void)pthread_mutex_lock(&s->lock);
    enum status st = id == 0 ? add(s, copy, also, now, e) : change(s, id, copy, also, now, e);
    (void)pthread_mutex_unlock(&s->lock);
    json_decref(copy);
    return st;
}

static enum status draw(struct scim *s, struct record *r, uint32_t by, int64_t now, struct token *token,
                        struct error *e) {
    struct record next = *r;
    next.by = by;
    next.drawn = true;
    next.drawn_at = now;
    enum status st = crypto_random(token->b, sizeof token->b);
    if (st == ST_OK)
        st = hash_once(slice_of(token->b, sizeof token->b), next.hash);
    if (st == ST_OK)
        st = uuid_new(&next.uuid);
    if (st == ST_OK)
        st = store(s, &next, NULL, true);
    if (st == ST_OK)
        *r = next;
    else
        explicit_bzero(token, sizeof *token);
    return stored(st, e);
}

enum status scim_draw(struct scim *s, uint32_t id, uint32_t by, struct token *token, struct error *e) {
    int64_t now = clock_wall_ms();
    (void)pthread_mutex_lock(&s->lock);
    struct record *r = live_record(s, id, now);
    enum status st = r == NULL ? unknown(e) : draw(s, r, by, now, token, e);
    (void)pthread_mutex_unlock(&s->lock);
    return st;
}

enum status scim_end(struct scim *s, uint32_t id, struct error *e) {
    int64_t now = clock_wall_ms();
    (void)pthread_mutex_lock(&s->lock);
    struct record *r = live_record(s, id, now);
    enum status st = r == NULL ? unknown(e) : ST_OK;
    if (st == ST_OK) {
        struct record next = *r;
        next.drawn = false;
        next.ended_at = now;
        st = stored(store(s, &next, NULL, true), e);
        if (st == ST_OK)
            *r = next;
    }
    (void)pthread_mutex_unlock(&s->lock);
    return st;
}

enum status scim_list(struct scim *s, struct buf *out, struct error *e) {
    json_t *all = json_pack("{s:[]}", "keys");
    bool fine = all != NULL;
    (void)pthread_mutex_lock(&s->lock);
    for (size_t i = s->count; fine && i-- > 0;) {
        const struct record *r = &s->records[i];
        json_t *one = json_pack("{s:I, s:O, s:I, s:I, s:I, s:I}", "id", (json_int_t)r->id, "document",
                                r->document, "by", (json_int_t)r->by, "drawn_at", (json_int_t)r->drawn_at,
                                "used_at", (json_int_t)r->used_at, "ended_at", (json_int_t)r->ended_at);
        fine = json_array_append_new(json_object_get(all, "keys"), one) == 0;
    }
    (void)pthread_mutex_unlock(&s->lock);
    char *text = fine ? json_print(all, JSON_COMPACT) : NULL;
    json_decref(all);
    if (text != NULL)
        buf_put_string(out, text);
    fine = text != NULL && !out->failed;
    free(text);
    return fine ? ST_OK : error_set(e, ST_NOMEM, "no_memory", "provisioning keys");
}

/* ---- their use ---- */

static bool permits(const struct record *r, const uint8_t address[16]) {
    struct session_network networks[SESSION_NETWORKS];
    size_t n;
    return network_parse_all(json_object_get(r->document, "networks"), networks, &n) &&
           network_permits(networks, n, address);
}

static void note_use(struct scim *s, struct record *r, int64_t now) {
    r->used_at = now;
    if (now - r->stored_used_at > STALE_MS && store(s, r, NULL, false) == ST_OK)
        r->stored_used_at = now;
}

enum status scim_find(struct scim *s, const struct keeper_call *call, int64_t now, struct scim_key *out,
                      struct error *e) {
    uint8_t hash[HASH_SIZE];
    bool found = false;
    enum status st = hash_once(slice_of(call->token.b, sizeof call->token.b), hash);
    if (st != ST_OK)
        return error_set(e, st, "scim_hash", "the key could not be looked up");
    (void)pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->count; i++) {
        struct record *r = &s->records[i];
        if (!r->drawn || !crypto_equal(r->hash, hash, sizeof hash) || !is_live(r, now) ||
            !permits(r, call->address))
            continue;
        *out = (struct scim_key){.id = r->id,
                                 .by = r->by,
                                 .uuid = r->uuid,
                                 .trusts_mail = json_is_true(json_object_get(r->document, "trusts_mail"))};
        note_use(s, r, now);
        found = true;
    }
    (void)pthread_mutex_unlock(&s->lock);
    return found ? ST_OK
                 : error_set(e, ST_UNAUTHENTICATED, "unauthenticated",
                             "no live provisioning key of this place");
}

enum status scim_count(struct scim *s, uint32_t id, bool ends, int64_t now, struct error *e) {
    enum status st = ST_OK;
    (void)pthread_mutex_lock(&s->lock);
    struct record *r = live_record(s, id, now);
    if (r == NULL) {
        st = unknown(e);
    } else {
        if (r->day != now / DAY_MS) {
            r->day = now / DAY_MS;
            r->ends = r->makes = 0;
        }
        if (ends && r->ends >= ends_of(r->document))
            st = error_set(e, ST_LIMIT, "scim_ends", "this key has ended %u accounts today", r->ends);
        else if (!ends && r->makes >= SCIM_MAKES)
            st = error_set(e, ST_LIMIT, "scim_makes", "this key has made %u accounts today", r->makes);
        else
            (*(ends ? &r->ends : &r->makes))++;
        if (st == ST_OK) /* a restart gives no key its day again */
            st = stored(store(s, r, NULL, ends), e);
    }
    (void)pthread_mutex_unlock(&s->lock);
    return st;
}
