/* Many writes in one request: each item is a single call of its own, with that call's status and problem, and
 * with an idempotency key of its own made from the request's and its place. */
#include "api/handlers.h"
#include "api/problem.h"
#include "api/refusal.h"
#include "base/hex.h"
#include "base/json_in.h"
#include "crypto/hash.h"
#include "record/foresee.h"

#define BULK_MOST   500
#define ITEM_MEMORY ((size_t)32 * 1024 * 1024)
#define ITEM_REPLY  ((size_t)4 * 1024 * 1024)

struct bulk {
    struct caller *c;
    struct slice object, act;
    struct slice key; /* the request's; empty: none */
    struct arena arena;
    struct http_reply reply; /* an item's own: the record, or its problem */
    struct json *out;
    const struct route *route;
    struct refusals refused;
};

struct bulk_item {
    const json_t *json, *fields;
    struct uuid id;
    uint64_t version; /* 0: none */
    struct record_written done;
};

static enum status read_item(const struct bulk *b, const json_t *json, struct bulk_item *item,
                             struct error *e) {
    const json_t *version = json_object_get(json, "version");
    const char *id = json_string_value(json_object_get(json, "id"));
    bool has_id = id != NULL && uuid_parse(slice_from_string(id), &item->id);
    bool creates = slice_is(b->act, "create");
    item->json = json;
    item->fields = json_object_get(json, "fields");
    item->version = json_is_integer(version) && json_integer_value(version) > 0
                        ? (uint64_t)json_integer_value(version)
                        : 0;
    if (!json_is_object(json))
        return error_set(e, ST_INVALID, "invalid", "an item is an object");
    if (!creates && !has_id)
        return error_set(e, ST_NOT_FOUND, "not_found", "there is no such record");
    if (item->version == 0 && !creates && !slice_is(b->act, "restore"))
        return error_set(e, ST_INVALID, "if_match_required", "an item needs the record's version");
    return ST_OK;
}

/* The place in the request is part of the key, the item itself of what the key stands for. */
static enum status take_key(struct bulk *b, const struct bulk_item *item, size_t at, struct error *e) {
    uint8_t digest[HASH_SIZE];
    char *hex = arena_alloc(&b->arena, 2 * HASH_SIZE + 1);
    const char *seed = arena_format(&b->arena, "bulk %zu ", at);
    char *body = json_print(item->json, JSON_COMPACT | JSON_SORT_KEYS);
    b->c->idempotency_key = SLICE_NONE;
    if (b->key.n == 0) {
        free(body);
        return ST_OK;
    }
    const char *whole =
        seed == NULL ? NULL : arena_format(&b->arena, "%s%.*s", seed, (int)b->key.n, (const char *)b->key.p);
    const char *request =
        body == NULL ? NULL
                     : arena_format(&b->arena, "%.*s %.*s %s", (int)b->object.n, (const char *)b->object.p,
                                    (int)b->act.n, (const char *)b->act.p, body);
    free(body);
    if (hex == NULL || whole == NULL || request == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "bulk");
    enum status s = hash_once(slice_from_string(whole), digest);
    if (s != ST_OK)
        return error_set(e, s, "internal", "hash");
    hex_encode(slice_of(digest, sizeof digest), hex);
    b->c->idempotency_key = slice_of(hex, 64);
    b->c->idempotency_request = slice_from_string(request);
    return ST_OK;
}

static enum status run_item(struct bulk *b, struct bulk_item *item, struct error *e) {
    struct json record = json_to(&b->reply.body);
    struct field_errors *errors = &b->reply.errors;
    if (slice_is(b->act, "create"))
        return record_create(b->c, b->object, item->fields, &record, &item->done, errors, e);
    if (slice_is(b->act, "restore"))
        return record_restore(b->c, b->object, &item->id, &record, &item->done, e);
    if (slice_is(b->act, "delete"))
        return record_delete(b->c, b->object, &item->id, item->version, e);
    return record_update(b->c, b->object, &item->id, item->version, item->fields, &record, &item->done,
                         errors, e);
}

static int status_of(const struct bulk *b) {
    return slice_is(b->act, "create") ? 201 : slice_is(b->act, "delete") ? 204 : 200;
}

static void write_result(struct bulk *b, const struct bulk_item *item, enum status s, const struct error *e) {
    char request[UUID_TEXT + 1];
    struct uuid id = s == ST_OK && !uuid_is_nil(&item->done.id) ? item->done.id : item->id;
    if (s != ST_OK) {
        uuid_format(&b->c->call.request, request);
        problem_write(&b->reply, e, &b->reply.errors, b->c->language, slice_from_string(request), SLICE_NONE,
                      b->c->world.objects);
    }
    json_object_begin(b->out);
    json_key(b->out, "status");
    json_int(b->out, s == ST_OK ? status_of(b) : b->reply.status);
    json_key(b->out, "id");
    if (uuid_is_nil(&id)) {
        json_none(b->out);
    } else {
        json_uuid(b->out, &id);
    }
    if (s == ST_OK && item->done.version > 0) {
        json_key(b->out, "version");
        json_int(b->out, (int64_t)item->done.version);
    }
    json_key(b->out, "error");
    if (s == ST_OK) {
        json_none(b->out);
    } else {
        json_raw(b->out, buf_slice(&b->reply.body));
    }
    json_object_end(b->out);
}

/* An item's failure is the item's; only what ends every further item too (no session, no log, no keeper) ends
 * the request. */
static void one_item(struct bulk *b, const json_t *json, size_t at) {
    struct bulk_item item = {.version = 0};
    struct error e = {.status = ST_OK};
    buf_reset(&b->reply.body);
    buf_reset(&b->reply.headers);
    b->reply.errors.count = 0;
    uint64_t keepers = keeper_refusals(b->c->keeper);
    enum status s = read_item(b, json, &item, &e);
    if (s == ST_OK)
        s = take_key(b, &item, at, &e);
    if (s == ST_OK)
        s = run_item(b, &item, &e);
    e.status = s;
    if (s != ST_OK)
        refusals_add(&b->refused, b->c, b->route, keepers, &item.id, &e);
    write_result(b, &item, s, &e);
}

static bool act_is_known(struct slice act) {
    static const char *const acts[] = {"create", "update", "delete", "restore", "transfer"};
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        if (slice_is(act, acts[i]))
            return true;
    }
    return false;
}

static void run_all(struct bulk *b, const json_t *items) {
    struct arena *whole = b->c->arena;
    json_key(b->out, "items");
    json_array_begin(b->out);
    for (size_t i = 0; i < json_array_size(items); i++) {
        b->c->arena = &b->arena;
        one_item(b, json_array_get(items, i), i);
        b->c->arena = whole;
        arena_reset(&b->arena);
    }
    json_array_end(b->out);
}

/* What the register would ask for is asked before the first item, of who may do it at all. */
static enum status foresee_all(const struct bulk *b, const struct object_def *o, size_t n, struct error *e) {
    const struct access *could;
    enum status s = access_suppose(b->c, o, SUPPOSE_ALL, &could, e);
    if (s == ST_OK && slice_is(b->act, "delete") && could->acts[ACT_DELETE]->op != PRED_FALSE)
        s = foresee(b->c, HIGH_RISK_DELETE, o->id, n, e);
    if (s == ST_OK && slice_is(b->act, "update") && could->acts[ACT_UPDATE]->op != PRED_FALSE)
        s = foresee(b->c, HIGH_RISK_UPDATE, o->id, n, e);
    return s;
}

HANDLER(api_record_bulk) {
    const json_t *items = json_object_get(r->json, "items");
    const char *act = json_string_value(json_object_get(r->json, "act"));
    const struct access *access;
    struct json j = json_to(&reply->body);
    struct bulk b = {.c = c,
                     .object = r->parameters[0],
                     .act = slice_from_string(act == NULL ? "" : act),
                     .key = c->idempotency_key,
                     .out = &j,
                     .route = r->route};
    (void)engine;
    enum status s = access_object(c, b.object, &access, e);
    if (s != ST_OK)
        return s;
    if (!act_is_known(b.act) || !json_is_array(items) || json_array_size(items) > BULK_MOST)
        return error_set(e, ST_INVALID, "invalid", "\"act\" and at most %d \"items\" are needed", BULK_MOST);
    s = foresee_all(&b, access->object, json_array_size(items), e);
    if (s != ST_OK)
        return s;
    arena_init(&b.arena, ITEM_MEMORY, ARENA_SECRET);
    buf_init(&b.reply.body, ITEM_REPLY, true);
    buf_init(&b.reply.headers, 8192, false);
    json_object_begin(&j);
    run_all(&b, items);
    json_object_end(&j);
    refusals_record(&b.refused, c, b.route, access->object->id);
    buf_free(&b.reply.body);
    buf_free(&b.reply.headers);
    arena_free(&b.arena);
    reply->status = 207;
    return ST_OK;
}
