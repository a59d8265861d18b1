#include "api/act_request.h"

#include "base/json_in.h"
#include "keeper/high_risk.h"
#include "record/access.h"
#include "record/titles.h"

#include <stdlib.h>

#define ID_DIGITS 32

static enum status no_memory(struct error *e) {
    return error_set(e, ST_NOMEM, "no_memory", "request");
}

static enum status bad(struct error *e, const char *key, const char *what) {
    return error_field(e, ST_INVALID, "bad_document", key, "%s", what);
}

/* Of the named ones those that the caller sees. */
static enum status count_seen(struct caller *c, const struct access *a, const struct uuid *ids, size_t n,
                              uint64_t *seen, struct error *e) {
    struct cell *cells = arena_array(c->arena, n, sizeof *cells);
    bool at_least;
    if (cells == NULL)
        return no_memory(e);
    for (size_t i = 0; i < n; i++)
        cells[i] = cell_bytes(slice_of(ids[i].b, 16));
    const struct pred *may = pred_or(c->arena, a->acts[ACT_VIEW], a->acts[ACT_LIST]);
    const struct pred *filter = pred_and(c->arena, may, pred_in(c->arena, FIELD_ID, cells, n));
    return filter == NULL ? no_memory(e)
                          : store_count(c->reader, a->object, filter, false, n, seen, &at_least, e);
}

/* ---- asking ---- */

static int by_id(const void *a, const void *b) {
    return memcmp(a, b, sizeof(struct uuid));
}

static enum status read_ids(const json_t *list, struct uuid *ids, size_t n, struct error *e) {
    for (size_t i = 0; i < n; i++) {
        const json_t *v = json_array_get(list, i);
        if (!json_is_string(v) || !uuid_parse(slice_of(json_string_value(v), json_string_length(v)), &ids[i]))
            return error_set(e, ST_NOT_FOUND, "not_found", "there is no such record");
    }
    qsort(ids, n, sizeof *ids, by_id);
    for (size_t i = 1; i < n; i++) {
        if (uuid_equal(&ids[i - 1], &ids[i]))
            return bad(e, "records", "a record is named twice");
    }
    return ST_OK;
}

/* One text instead of a list: the keeper holds many of them. */
static json_t *text_of_ids(struct arena *a, const struct uuid *ids, size_t n) {
    static const char digits[] = "0123456789abcdef";
    char *text = arena_alloc(a, n * ID_DIGITS + 1);
    if (text == NULL)
        return NULL;
    for (size_t i = 0; i < n * sizeof ids->b; i++) {
        uint8_t b = ids[i / sizeof ids->b].b[i % sizeof ids->b];
        text[2 * i] = digits[b >> 4];
        text[2 * i + 1] = digits[b & 0xf];
    }
    return json_stringn(text, n * ID_DIGITS);
}

static enum status take_records(struct caller *c, const struct access *a, const json_t *list, json_t *out,
                                struct error *e) {
    size_t n = json_array_size(list);
    uint64_t seen = 0;
    if (list == NULL || json_is_null(list))
        return ST_OK;
    if (a == NULL || !json_is_array(list) || n == 0 || n > ALLOWANCE_RECORDS)
        return error_field(e, ST_INVALID, "bad_document", "records", "1 to %d records of one object",
                           ALLOWANCE_RECORDS);
    struct uuid *ids = arena_array(c->arena, n, sizeof *ids);
    enum status s = ids == NULL ? no_memory(e) : read_ids(list, ids, n, e);
    if (s == ST_OK)
        s = count_seen(c, a, ids, n, &seen, e);
    if (s == ST_OK && seen != n)
        s = error_set(e, ST_NOT_FOUND, "not_found", "there is no such record");
    if (s != ST_OK)
        return s;
    bool fine = json_object_set_new(out, "records", text_of_ids(c->arena, ids, n)) == 0;
    if (fine && json_object_get(out, "count") == NULL)
        fine = json_object_set_new(out, "count", json_integer((json_int_t)n)) == 0;
    return fine ? ST_OK : no_memory(e);
}

static enum status take_object(struct caller *c, const json_t *name, const struct access **access,
                               json_t *out, struct error *e) {
    *access = NULL;
    if (name == NULL || json_is_null(name))
        return json_object_set_new(out, "object", json_integer(0)) == 0 ? ST_OK : no_memory(e);
    if (!json_is_string(name))
        return bad(e, "object", "the name of an object, or null");
    enum status s = access_object(c, slice_from_string(json_string_value(name)), access, e);
    if (s != ST_OK)
        return s;
    const struct object_def *o = (*access)->object;
    const char *zh = o->label.zh, *en = o->label.en;
    bool fine = json_object_set_new(out, "object", json_integer(o->id)) == 0 &&
                json_object_set_new(out, "name", json_string(o->name)) == 0 &&
                json_object_set_new(
                    out, "label",
                    json_pack("{s:s, s:s}", "zh", zh == NULL ? "" : zh, "en", en == NULL ? "" : en)) == 0;
    return fine ? ST_OK : no_memory(e);
}

/* What the keeper judges goes as it came. */
static bool take_rest(const json_t *from, const char *const *keys, json_t *out) {
    bool fine = true;
    for (; *keys != NULL; keys++) {
        const json_t *v = json_object_get(from, *keys);
        fine =
            fine && (v == NULL || json_is_null(v) || json_object_set_new(out, *keys, json_deep_copy(v)) == 0);
    }
    return fine;
}

static enum status print_request(struct caller *c, const json_t *body, json_t *change, struct slice *document,
                                 struct error *e) {
    static const char *const kept[] = {"reason", "days", NULL};
    json_t *whole =
        json_pack("{s:s, s:I, s:O}", "kind", "act", "user", (json_int_t)c->who.user, "change", change);
    char *text = whole != NULL && take_rest(body, kept, whole) ? json_print(whole, JSON_COMPACT) : NULL;
    *document = text == NULL ? SLICE_NONE : arena_copy(c->arena, slice_from_string(text));
    free(text);
    json_decref(whole);
    return document->p == NULL ? no_memory(e) : ST_OK;
}

/* What is no act at all the keeper refuses. */
static enum status is_asked(const struct caller *c, const json_t *name, struct error *e) {
    enum high_risk_act act;
    bool known = json_is_string(name) && high_risk_find(json_string_value(name), &act);
    bool policy = (policy_mentions(c->world.policies) & POLICY_MENTIONS_APPROVAL) != 0;
    return !known || policy || c->world.directory->high_risk.acts[act].approval
               ? ST_OK
               : error_set(e, ST_CONFLICT, "approval_not_asked", "this act needs no approval");
}

enum status act_request_translate(struct caller *c, const struct http_request *r, struct slice *document,
                                  struct error *e) {
    static const char *const kept[] = {"act", "count", "hours", NULL};
    const json_t *change = json_object_get(r->json, "change");
    const struct access *access;
    json_t *out = json_object();
    if (!json_is_object(change)) {
        json_decref(out);
        return bad(e, "change", "an object");
    }
    enum status s = out != NULL && take_rest(change, kept, out) ? ST_OK : no_memory(e);
    if (s == ST_OK)
        s = is_asked(c, json_object_get(change, "act"), e);
    if (s == ST_OK)
        s = take_object(c, json_object_get(change, "object"), &access, out, e);
    if (s == ST_OK)
        s = take_records(c, access, json_object_get(change, "records"), out, e);
    if (s == ST_OK)
        s = print_request(c, r->json, out, document, e);
    json_decref(out);
    return s;
}

/* ---- what is asked for, as the caller may see it ---- */

static bool take_byte(const char *digits, uint8_t *out) {
    static const char all[] = "0123456789abcdef";
    const char *high = strchr(all, digits[0]), *low = strchr(all, digits[1]);
    if (digits[0] == '\0' || high == NULL || low == NULL)
        return false;
    *out = (uint8_t)((high - all) << 4 | (low - all));
    return true;
}

static enum status parse_ids(struct arena *a, const json_t *text, struct uuid **ids, size_t *n,
                             struct error *e) {
    const char *at = json_string_value(text);
    *n = json_string_length(text) / ID_DIGITS;
    *n = *n > ALLOWANCE_RECORDS ? ALLOWANCE_RECORDS : *n;
    *ids = arena_array(a, *n + 1, sizeof **ids);
    if (*ids == NULL)
        return no_memory(e);
    for (size_t i = 0; i < *n * sizeof(*ids)->b; i++) {
        if (!take_byte(at + 2 * i, &(*ids)[i / 16].b[i % 16]))
            return error_set(e, ST_CORRUPT, "bad_document", "no ids");
    }
    return ST_OK;
}

static void put_titles(struct json *j, const struct titles *t, size_t most) {
    for (size_t i = 0; i < t->count && i < most; i++) {
        json_object_begin(j);
        json_key(j, "id");
        json_uuid(j, &t->items[i].id);
        json_key(j, "title");
        json_text(j, t->items[i].text);
        json_object_end(j);
    }
}

static enum status put_seen(struct caller *c, const struct object_def *o, const struct uuid *ids, size_t n,
                            struct json *j, struct error *e) {
    const struct access *access;
    uint64_t seen = 0;
    size_t told = 0;
    enum status s = access_get(c, o, &access, e);
    if (s == ST_OK)
        s = count_seen(c, access, ids, n, &seen, e);
    json_key(j, "visible");
    json_int(j, (int64_t)seen);
    json_key(j, "titles");
    json_array_begin(j);
    for (size_t i = 0; s == ST_OK && i < n && told < seen && told < ACT_TITLES; i += ACT_TITLES) {
        struct titles some;
        s = titles_of(c, o, ids + i, n - i < ACT_TITLES ? n - i : ACT_TITLES, &some, e);
        if (s == ST_OK)
            put_titles(j, &some, ACT_TITLES - told);
        told += s == ST_OK ? some.count : 0;
    }
    json_array_end(j);
    return s;
}

enum status act_request_effect(struct caller *c, const json_t *asked, struct json *out, struct error *e) {
    const json_t *change = json_object_get(asked, "change"), *text = json_object_get(change, "records");
    const char *act = json_string_value(json_object_get(change, "act"));
    const struct object_def *o =
        object_by_id(c->world.objects, (uint16_t)json_integer_value(json_object_get(change, "object")));
    struct uuid *ids = NULL;
    size_t n = 0;
    enum status s = json_is_string(text) ? parse_ids(c->arena, text, &ids, &n, e) : ST_OK;
    if (s != ST_OK)
        return s;
    json_object_begin(out);
    json_key(out, "act");
    json_cstring(out, act == NULL ? "" : act);
    json_key(out, "count");
    json_int(out, json_integer_value(json_object_get(change, "count")));
    json_key(out, "bound");
    json_bool(out, json_is_true(json_object_get(change, "bound")));
    if (n > 0 && o != NULL) {
        s = put_seen(c, o, ids, n, out, e);
    } else {
        json_key(out, "visible");
        json_none(out);
        json_key(out, "titles");
        json_array_begin(out);
        json_array_end(out);
    }
    json_object_end(out);
    return s;
}
