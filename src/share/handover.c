#include "share/handover.h"

#include "base/clock.h"
#include "base/json_in.h"
#include "crypto/hash.h"
#include "share/import.h"

#include <jansson.h>
#include <stdio.h>

#define BODY_MAX ((size_t)128 * 1024)
#define KEY_ROOM (2 * UUID_TEXT + 2)

/* ---- the item ---- */

static void write_parts(struct json *j, const char *key, const struct handover_part *parts, size_t n) {
    json_key(j, key);
    json_array_begin(j);
    for (size_t i = 0; i < n; i++) {
        json_object_begin(j);
        json_key(j, "object");
        json_int(j, parts[i].object);
        json_key(j, "job");
        json_uuid(j, &parts[i].job);
        json_object_end(j);
    }
    json_array_end(j);
}

static enum status read_parts(const json_t *list, struct handover_part *parts, size_t *n) {
    *n = 0;
    for (size_t i = 0; i < json_array_size(list) && i < HANDOVER_OBJECTS; i++) {
        const json_t *one = json_array_get(list, i);
        const char *job = json_string_value(json_object_get(one, "job"));
        parts[i].object = (uint16_t)json_integer_value(json_object_get(one, "object"));
        if (job == NULL || !uuid_parse(slice_from_string(job), &parts[i].job))
            return ST_CORRUPT;
        (*n)++;
    }
    return ST_OK;
}

static enum status from_item(const struct store_item *item, struct arena *a, struct handover *out) {
    json_t *body = NULL;
    *out = (struct handover){.owner = item->owner, .at_ms = item->at_ms};
    if (json_read(item->body, 0, &body, NULL) != ST_OK)
        return ST_CORRUPT;
    const char *rule = json_string_value(json_object_get(body, "rule"));
    out->from = (uint32_t)json_integer_value(json_object_get(body, "from"));
    out->rule = arena_copy(a, slice_from_string(rule == NULL ? "{}" : rule));
    enum status s = uuid_parse(item->key, &out->id) ? ST_OK : ST_CORRUPT;
    if (s == ST_OK)
        s = read_parts(json_object_get(body, "jobs"), out->jobs, &out->job_count);
    if (s == ST_OK)
        s = read_parts(json_object_get(body, "undo"), out->undo, &out->undo_count);
    json_decref(body);
    return s == ST_OK && out->rule.p == NULL ? ST_NOMEM : s;
}

enum status handover_get(struct store_reader *r, const struct uuid *id, uint32_t owner, struct arena *a,
                         struct handover *out, struct error *e) {
    char key[UUID_TEXT + 1];
    struct store_item item;
    uuid_format(id, key);
    enum status s = store_item_get(r, SLICE(HANDOVER_ITEM), slice_from_string(key), a, &item, e);
    if (s == ST_NOT_FOUND || (s == ST_OK && item.owner != owner))
        return error_set(e, ST_NOT_FOUND, "not_found", "there is no such handover");
    if (s == ST_OK)
        s = from_item(&item, a, out);
    return s == ST_OK ? s : error_set(e, s, "corrupt", "a handover can't be read");
}

enum status handover_put(struct world *w, const struct handover *h, struct error *e) {
    struct buf body;
    buf_init(&body, BODY_MAX, false);
    struct json j = json_to(&body);
    json_object_begin(&j);
    json_key(&j, "from");
    json_int(&j, h->from);
    json_key(&j, "rule");
    json_text(&j, h->rule);
    write_parts(&j, "jobs", h->jobs, h->job_count);
    write_parts(&j, "undo", h->undo, h->undo_count);
    json_object_end(&j);
    enum status s =
        body.failed ? error_set(e, ST_NOMEM, "no_memory", "handover")
                    : job_item_put(w, SLICE(HANDOVER_ITEM), &h->id, h->owner, h->at_ms, buf_slice(&body), e);
    buf_free(&body);
    return s;
}

enum status handover_list(struct store_reader *r, uint32_t owner, uint32_t most, struct arena *a,
                          struct handover **out, size_t *n, struct error *e) {
    struct store_item *items;
    enum status s = store_item_list(r, SLICE(HANDOVER_ITEM), owner, SLICE_NONE, most, a, &items, n, e);
    *out = s == ST_OK ? arena_array(a, *n + 1, sizeof **out) : NULL;
    if (s == ST_OK && *out == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "handover");
    for (size_t i = 0; s == ST_OK && i < *n; i++) {
        s = from_item(&items[i], a, &(*out)[i]);
        if (s != ST_OK)
            return error_set(e, s, "corrupt", "a handover can't be read");
    }
    return s;
}

/* ---- the rule ---- */

static enum status bad(struct error *e, const char *field, const char *what) {
    return error_field(e, ST_INVALID, "invalid", field, "%s", what);
}

static enum status read_cases(const json_t *list, struct arena *a, struct handover_rule *out,
                              struct error *e) {
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        const char *value = json_string_value(json_object_get(one, "value"));
        json_int_t to = json_integer_value(json_object_get(one, "to"));
        if (i == HANDOVER_CASES || value == NULL || *value == '\0' || to < 1 || to > UINT32_MAX)
            return bad(e, "cases", "a case is a value and a person");
        out->cases[i] =
            (struct handover_case){.value = arena_copy(a, slice_from_string(value)), .to = (uint32_t)to};
        if (out->cases[i].value.p == NULL)
            return error_set(e, ST_NOMEM, "no_memory", "handover");
        out->case_count++;
    }
    return ST_OK;
}

static enum status read_rule(const json_t *json, const struct object_def *object, struct arena *a,
                             struct handover_rule *out, struct error *e) {
    const json_t *to = json_object_get(json, "to"), *cases = json_object_get(json, "cases");
    const char *field = json_string_value(json_object_get(json, "field"));
    json_int_t from = json_integer_value(json_object_get(json, "from"));
    if (from < 1 || from > UINT32_MAX)
        return bad(e, "from", "whose records?");
    out->from = (uint32_t)from;
    out->within = json_is_true(json_object_get(json, "within"));
    json_int_t department = json_integer_value(json_object_get(json, "department"));
    if (department < 0 || department > UINT32_MAX ||
        (json_object_get(json, "department") != NULL && department == 0))
        return bad(e, "department", "the records of which department?");
    out->department = (uint32_t)department;
    for (size_t i = 0; i < json_array_size(to); i++) {
        json_int_t one = json_integer_value(json_array_get(to, i));
        if (i == HANDOVER_TO || one < 1 || one > UINT32_MAX || one == from)
            return bad(e, "to", "receivers are at most 50 people other than the one who hands over");
        out->to[out->to_count++] = (uint32_t)one;
    }
    if (out->to_count == 0)
        return bad(e, "to", "at least one person gets what no case speaks of");
    enum status s = read_cases(cases, a, out, e);
    for (size_t i = 0; s == ST_OK && i < out->case_count; i++) {
        if (out->cases[i].to == out->from)
            s = bad(e, "cases", "the one who hands over receives nothing");
    }
    const struct field_def *f =
        field == NULL || object == NULL ? NULL : object_field(object, slice_from_string(field));
    out->field = f == NULL ? 0 : f->id;
    return s;
}

enum status handover_read_rule(struct slice json, const struct object_def *object, struct arena *a,
                               struct handover_rule *out, struct error *e) {
    json_t *parsed = NULL;
    *out = (struct handover_rule){.from = 0};
    if (json_read(json, 0, &parsed, NULL) != ST_OK)
        return error_set(e, ST_INVALID, "invalid", "the rule is no JSON");
    enum status s = read_rule(parsed, object, a, out, e);
    json_decref(parsed);
    return s;
}

/* ---- the journal ---- */

static bool journal_key(const struct uuid *job, char key[KEY_ROOM]) {
    struct uuid own;
    if (uuid_new(&own) != ST_OK)
        return false;
    uuid_format(job, key);
    key[UUID_TEXT] = '/';
    uuid_format(&own, key + UUID_TEXT + 1);
    return true;
}

static void write_row(struct json *j, const struct handover_row *row) {
    json_array_begin(j);
    json_uuid(j, &row->id);
    json_int(j, row->owner);
    json_int(j, row->next);
    json_int(j, row->department);
    json_int(j, row->branch);
    json_array_end(j);
}

/* A slice stands where it was written: its key is bound. */
static enum status place_of(struct slice key, uint64_t *out) {
    uint8_t hash[HASH_SIZE];
    enum status s = hash_once(key, hash);
    *out = 0;
    for (size_t i = 0; s == ST_OK && i < 8; i++)
        *out |= (uint64_t)hash[i] << (8 * i);
    return s;
}

static enum status put_sealed(struct caller *c, const char *key, struct slice sealed, struct error *e) {
    struct write_result result;
    struct write_op op = {.kind = WRITE_ITEM,
                          .item_kind = SLICE(HANDOVER_JOURNAL),
                          .key = slice_from_string(key),
                          .body = sealed,
                          .actor = c->who.user,
                          .at_ms = clock_wall_ms()};
    struct write_set set = {.ops = &op, .count = 1};
    return world_commit(c->world.world, &set, &result, e);
}

enum status handover_journal_put(struct caller *c, const struct uuid *job, const struct uuid *box,
                                 const struct handover_row *rows, size_t count, struct error *e) {
    char key[KEY_ROOM];
    struct buf body;
    struct slice sealed;
    uint64_t place;
    if (!journal_key(job, key) || place_of(slice_from_string(key), &place) != ST_OK)
        return error_set(e, ST_IO, "internal", "no random bytes");
    buf_init(&body, BODY_MAX, false);
    struct json j = json_to(&body);
    json_array_begin(&j);
    for (size_t i = 0; i < count; i++)
        write_row(&j, &rows[i]);
    json_array_end(&j);
    enum status s = body.failed ? error_set(e, ST_NOMEM, "no_memory", "handover")
                                : keeper_box_seal(c->keeper, &c->call, box, STREAM_JOURNAL, place,
                                                  buf_slice(&body), &sealed, e);
    if (s == ST_OK)
        s = put_sealed(c, key, sealed, e);
    buf_free(&body);
    return s;
}

bool handover_box(struct slice plan, struct uuid *box) {
    json_t *parsed = NULL;
    if (json_read(plan, 0, &parsed, NULL) != ST_OK)
        return false;
    const char *text = json_string_value(json_object_get(parsed, "box"));
    bool fine = text != NULL && uuid_parse(slice_from_string(text), box);
    json_decref(parsed);
    return fine;
}

void handback_plan(const struct uuid *job, const struct uuid *box, char out[HANDBACK_PLAN]) {
    uuid_format(job, out);
    out[UUID_TEXT] = '/';
    uuid_format(box, out + UUID_TEXT + 1);
}

bool handback_read_plan(struct slice plan, struct uuid *job, struct uuid *box) {
    return plan.n == HANDBACK_PLAN - 1 && uuid_parse(slice_of(plan.p, UUID_TEXT), job) &&
           uuid_parse(slice_of((const char *)plan.p + UUID_TEXT + 1, UUID_TEXT), box);
}

static enum status read_rows(const json_t *list, struct arena *a, struct handover_row **rows, size_t *count) {
    *rows = arena_array(a, json_array_size(list) + 1, sizeof **rows);
    if (*rows == NULL)
        return ST_NOMEM;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        struct handover_row *row = &(*rows)[i];
        const char *id = json_string_value(json_array_get(one, 0));
        if (id == NULL || !uuid_parse(slice_from_string(id), &row->id))
            return ST_CORRUPT;
        row->owner = (uint32_t)json_integer_value(json_array_get(one, 1));
        row->next = (uint32_t)json_integer_value(json_array_get(one, 2));
        row->department = (uint32_t)json_integer_value(json_array_get(one, 3));
        row->branch = (uint32_t)json_integer_value(json_array_get(one, 4));
    }
    *count = json_array_size(list);
    return ST_OK;
}

/* Its own memory: what the keeper answers with goes with the next call. */
static enum status open_rows(struct caller *c, const struct uuid *box, const struct store_item *item,
                             struct handover_row **rows, size_t *count, struct error *e) {
    struct slice plain;
    uint64_t place;
    json_t *body = NULL;
    enum status s = place_of(item->key, &place);
    if (s == ST_OK)
        s = keeper_box_open(c->keeper, &c->call, box, STREAM_JOURNAL, place, item->body, &plain, e);
    if (s == ST_CORRUPT)
        return error_set(e, s, "journal_changed", "a handover's journal is not as it was written");
    if (s == ST_NOT_FOUND) /* the box has gone with its time */
        return error_set(e, s, "handover_too_old", "what it moved can't be given back any more");
    if (s != ST_OK)
        return s;
    s = json_read(plain, 0, &body, NULL);
    if (s == ST_OK)
        s = read_rows(body, c->arena, rows, count);
    json_decref(body);
    return s == ST_OK ? s : error_set(e, s, "corrupt", "a handover's journal can't be read");
}

enum status handover_journal_next(struct caller *c, const struct uuid *job, const struct uuid *box,
                                  struct slice *position, struct handover_row **rows, size_t *count,
                                  bool *more, struct error *e) {
    char start[UUID_TEXT + 2];
    struct store_item *items;
    size_t n = 0;
    uuid_format(job, start);
    start[UUID_TEXT] = '/';
    start[UUID_TEXT + 1] = '\0';
    *count = 0;
    *more = false;
    enum status s =
        store_item_list(c->reader, SLICE(HANDOVER_JOURNAL), 0,
                        position->n == 0 ? slice_from_string(start) : *position, 1, c->arena, &items, &n, e);
    if (s != ST_OK || n == 0 || items[0].key.n < UUID_TEXT + 1 ||
        memcmp(items[0].key.p, start, UUID_TEXT + 1) != 0)
        return s;
    *more = true;
    *position = items[0].key;
    return open_rows(c, box, &items[0], rows, count, e);
}
