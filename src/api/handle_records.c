#include "api/handlers.h"

#include "base/json_in.h"

static struct slice member(const json_t *body, const char *name) {
    const json_t *v = json_object_get(body, name);
    return json_is_string(v) ? slice_of(json_string_value(v), json_string_length(v)) : SLICE_NONE;
}

/* "a,b" or ["a","b"]. */
static struct slice member_list(const json_t *body, const char *name, struct arena *a) {
    const json_t *v = json_object_get(body, name);
    struct buf b;
    if (!json_is_array(v))
        return member(body, name);
    buf_init(&b, 16 * 1024, false);
    for (size_t i = 0; i < json_array_size(v); i++) {
        const char *one = json_string_value(json_array_get(v, i));
        if (i > 0)
            buf_put_u8(&b, ',');
        buf_put_string(&b, one == NULL ? "" : one);
    }
    struct slice text = arena_copy(a, buf_slice(&b));
    buf_free(&b);
    return text;
}

static enum status record_id(const struct http_request *r, struct uuid *out, struct error *e) {
    if (uuid_parse(r->parameters[1], out))
        return ST_OK;
    return error_set(e, ST_NOT_FOUND, "not_found", "there is no such record");
}

/* If-Match: "3" (or 3). */
static enum status expected_version(const struct http_request *r, uint64_t *out, struct error *e) {
    struct slice text = slice_trim(r->if_match);
    int64_t n;
    if (text.n == 0)
        return error_set(e, ST_INVALID, "if_match_required", "send If-Match with the record's version");
    if (text.n >= 2 && text.p[0] == '"' && text.p[text.n - 1] == '"')
        text = slice_of(text.p + 1, text.n - 2);
    if (!slice_to_int(text, &n) || n < 1)
        return error_set(e, ST_INVALID, "invalid", "If-Match is not a version");
    *out = (uint64_t)n;
    return ST_OK;
}

static void put_etag(struct http_reply *reply, uint64_t version) {
    buf_put_format(&reply->headers, "ETag: \"%llu\"\r\n", (unsigned long long)version);
}

/* ---- lists ---- */

static enum status query_from_url(const struct http_request *r, struct arena *a, struct record_query *q,
                                  json_t **where, struct error *e) {
    int64_t limit, page;
    struct slice filter = http_query_value(r, "filter", a);
    *q = (struct record_query){.object = r->parameters[0],
                               .in_url = true,
                               .fields = http_query_value(r, "fields", a),
                               .sort = http_query_value(r, "sort", a),
                               .cursor = http_query_value(r, "cursor", a),
                               .count = http_query_flag(r, "count", a),
                               .deleted = http_query_flag(r, "deleted", a)};
    if (!http_query_number(r, "limit", 1, RECORD_PAGE_MAX, 50, a, &limit) ||
        !http_query_number(r, "page", 1, 1000000, 0, a, &page)) {
        return error_set(e, ST_INVALID, "invalid", "limit is 1 to %d, page is from 1", RECORD_PAGE_MAX);
    }
    q->limit = (uint32_t)limit;
    q->page = (uint32_t)page;
    if (filter.n == 0)
        return ST_OK;
    enum status s = json_read(filter, JSON_REJECT_DUPLICATES, where, NULL);
    if (s == ST_NOMEM)
        return error_set(e, s, "no_memory", "filter");
    if (s != ST_OK)
        return error_set(e, ST_INVALID, "bad_filter", "filter is not valid JSON");
    q->where = *where;
    return ST_OK;
}

HANDLER(api_record_list) {
    struct record_query q;
    json_t *where = NULL;
    struct json j = json_to(&reply->body);
    (void)engine;
    enum status s = query_from_url(r, c->arena, &q, &where, e);
    if (s == ST_OK)
        s = record_query(c, &q, &j, e);
    json_decref(where);
    return s;
}

HANDLER(api_record_groups) {
    struct record_query q;
    json_t *where = NULL;
    struct json j = json_to(&reply->body);
    (void)engine;
    enum status s = query_from_url(r, c->arena, &q, &where, e);
    q.group_by = http_query_value(r, "by", c->arena);
    if (s == ST_OK && q.group_by.n == 0)
        s = error_set(e, ST_INVALID, "invalid", "\"by\" names a field");
    if (s == ST_OK)
        s = record_query(c, &q, &j, e);
    json_decref(where);
    return s;
}

static enum status number_member(const json_t *body, const char *name, int64_t most, int64_t otherwise,
                                 uint32_t *out, struct error *e) {
    const json_t *v = json_object_get(body, name);
    int64_t n = v == NULL || json_is_null(v) ? otherwise : json_is_integer(v) ? json_integer_value(v) : -1;
    *out = (uint32_t)n;
    if (n >= 0 && n <= most)
        return ST_OK;
    return error_set(e, ST_INVALID, "invalid", "\"%s\" is out of range", name);
}

HANDLER(api_record_query) {
    struct json j = json_to(&reply->body);
    struct record_query q = {.object = r->parameters[0],
                             .where = json_object_get(r->json, "where"),
                             .search = member(r->json, "search"),
                             .fields = member_list(r->json, "fields", c->arena),
                             .sort = member_list(r->json, "sort", c->arena),
                             .cursor = member(r->json, "cursor"),
                             .group_by = member(r->json, "group_by"),
                             .count = json_is_true(json_object_get(r->json, "count")),
                             .deleted = json_is_true(json_object_get(r->json, "deleted"))};
    (void)engine;
    enum status s = number_member(r->json, "limit", RECORD_PAGE_MAX, 50, &q.limit, e);
    if (s == ST_OK)
        s = number_member(r->json, "page", 1000000, 0, &q.page, e);
    return s == ST_OK ? record_query(c, &q, &j, e) : s;
}

HANDLER(api_suggest) {
    struct json j = json_to(&reply->body);
    uint32_t limit;
    (void)engine;
    enum status s = number_member(r->json, "limit", 20, 8, &limit, e);
    return s == ST_OK ? record_suggest(c, member(r->json, "text"), limit, &j, e) : s;
}

/* ---- one record ---- */

HANDLER(api_record_get) {
    struct uuid id;
    uint64_t version = 0;
    struct json j = json_to(&reply->body);
    (void)engine;
    enum status s = record_id(r, &id, e);
    if (s == ST_OK)
        s = record_get(c, r->parameters[0], &id, &j, &version, e);
    if (s == ST_OK)
        put_etag(reply, version);
    return s;
}

static void put_written(struct http_reply *reply, const struct record_written *done) {
    put_etag(reply, done->version);
    if (done->replayed)
        buf_put_string(&reply->headers, "Idempotent-Replayed: true\r\n");
}

HANDLER(api_record_create) {
    struct record_written done;
    struct json j = json_to(&reply->body);
    char id[UUID_TEXT + 1];
    (void)engine;
    enum status s = record_create(c, r->parameters[0], r->json, &j, &done, &reply->errors, e);
    if (s != ST_OK)
        return s;
    uuid_format(&done.id, id);
    reply->status = 201;
    put_written(reply, &done);
    buf_put_format(&reply->headers, "Location: /api/v1/records/%.*s/%s\r\n", (int)r->parameters[0].n,
                   (const char *)r->parameters[0].p, id);
    return ST_OK;
}

HANDLER(api_record_update) {
    struct uuid id;
    uint64_t version;
    struct record_written done;
    struct json j = json_to(&reply->body);
    (void)engine;
    enum status s = record_id(r, &id, e);
    if (s == ST_OK)
        s = expected_version(r, &version, e);
    if (s == ST_OK)
        s = record_update(c, r->parameters[0], &id, version, r->json, &j, &done, &reply->errors, e);
    if (s == ST_OK)
        put_written(reply, &done);
    return s;
}

HANDLER(api_record_delete) {
    struct uuid id;
    uint64_t version;
    (void)engine;
    enum status s = record_id(r, &id, e);
    if (s == ST_OK)
        s = expected_version(r, &version, e);
    if (s == ST_OK)
        s = record_delete(c, r->parameters[0], &id, version, e);
    if (s == ST_OK)
        reply->status = 204;
    return s;
}

HANDLER(api_record_restore) {
    struct uuid id;
    struct record_written done;
    struct json j = json_to(&reply->body);
    (void)engine;
    enum status s = record_id(r, &id, e);
    if (s == ST_OK)
        s = record_restore(c, r->parameters[0], &id, &j, &done, e);
    if (s == ST_OK)
        put_written(reply, &done);
    return s;
}

HANDLER(api_record_history) {
    struct uuid id;
    int64_t before, limit;
    struct json j = json_to(&reply->body);
    (void)engine;
    enum status s = record_id(r, &id, e);
    if (s != ST_OK)
        return s;
    if (!http_query_number(r, "before", 0, 1000000, 0, c->arena, &before) ||
        !http_query_number(r, "limit", 1, 200, 50, c->arena, &limit)) {
        return error_set(e, ST_INVALID, "invalid", "before and limit are numbers");
    }
    return record_history(c, r->parameters[0], &id, (uint32_t)before, (uint32_t)limit, &j, e);
}

HANDLER(api_record_timeline) {
    struct uuid id;
    struct timeline_place before;
    int64_t limit;
    struct json j = json_to(&reply->body);
    (void)engine;
    enum status s = record_id(r, &id, e);
    if (s != ST_OK)
        return s;
    if (!timeline_place_parse(http_query_value(r, "before", c->arena), &before) ||
        !http_query_number(r, "limit", 1, 100, 30, c->arena, &limit)) {
        return error_set(e, ST_INVALID, "invalid", "before is what next said, limit is 1 to 100");
    }
    return record_timeline(c, r->parameters[0], &id, &before, http_query_value(r, "kinds", c->arena),
                           (uint32_t)limit, &j, e);
}

HANDLER(api_record_reveal) {
    struct uuid id;
    struct json j = json_to(&reply->body);
    (void)engine;
    enum status s = record_id(r, &id, e);
    if (s != ST_OK)
        return s;
    return record_reveal(c, r->parameters[0], &id, json_object_get(r->json, "fields"),
                         member(r->json, "reason"), &j, e);
}
