/* The stewards' queue: two records that share a value of a field that is to be unique, where who wrote the
 * second could not know of the first. An entry is shown to those whose policies let them resolve, on both
 * records and on the field; for everybody else it is not there. Its id is the store's key with dots. */
#include "api/handlers.h"
#include "base/clock.h"
#include "record/titles.h"

#include <stdlib.h>

#define SCAN_BATCH    200
#define SCAN_MOST     20 /* batches that one page looks through for entries of the caller's scope */
#define CONFLICT_PAGE 100
#define CONFLICT_KEY  128
#define NOTE_MOST     500

struct conflict {
    const struct access *access;
    const struct field_def *field;
    struct uuid record, other; /* written last; found there */
    struct slice key;
    int64_t at_ms;
    struct slice titles[2];
};

/* ---- keys: OBJECT/FIELD/RECORD/OTHER ---- */

static bool take_number(struct slice *rest, int64_t *out) {
    const char *at = rest->n == 0 ? NULL : memchr(rest->p, '/', rest->n);
    if (at == NULL)
        return false;
    size_t n = (size_t)(at - (const char *)rest->p);
    bool good = slice_to_int(slice_of(rest->p, n), out);
    *rest = slice_of(at + 1, rest->n - n - 1);
    return good;
}

/* False: malformed, or not for the caller to know of. */
static enum status read_key(struct caller *c, const struct store_item *item, struct conflict *out,
                            bool *known, struct error *e) {
    int64_t object, field;
    struct slice rest = item->key;
    *known = false;
    *out = (struct conflict){.key = item->key, .at_ms = item->at_ms};
    if (!take_number(&rest, &object) || !take_number(&rest, &field) ||
        rest.n != (size_t)(2 * UUID_TEXT + 1) || !uuid_parse(slice_of(rest.p, UUID_TEXT), &out->record) ||
        !uuid_parse(slice_of((const char *)rest.p + UUID_TEXT + 1, UUID_TEXT), &out->other) || object < 1 ||
        object > UINT16_MAX)
        return ST_OK;
    const struct object_def *o = object_by_id(c->world.objects, (uint16_t)object);
    if (o == NULL)
        return ST_OK;
    enum status s = access_get(c, o, &out->access, e);
    for (size_t i = 0; s == ST_OK && i < o->field_count; i++) {
        if (o->fields[i].id == field && out->access->best[i] != VIEW_HIDDEN)
            out->field = &o->fields[i];
    }
    *known = s == ST_OK && out->field != NULL && out->access->acts[ACT_RESOLVE]->op != PRED_FALSE;
    return s;
}

/* ---- rows: both must be alive and within what he may see and resolve ---- */

static enum status find_rows(struct caller *c, const struct access *a, const struct cell *ids, size_t n,
                             struct store_rows *rows, struct error *e) {
    static const uint16_t columns[] = {FIELD_ID};
    const struct pred *look = pred_or(c->arena, a->acts[ACT_LIST], a->acts[ACT_VIEW]);
    const struct pred *may = look == NULL ? NULL : pred_and(c->arena, look, a->acts[ACT_RESOLVE]);
    struct store_select q = {
        .object = a->object,
        .columns = columns,
        .column_count = 1,
        .filter = may == NULL ? NULL : pred_and(c->arena, may, pred_in(c->arena, FIELD_ID, ids, n)),
        .limit = (uint32_t)n};
    if (q.filter == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "conflicts");
    return store_query(c->reader, &q, c->arena, rows, e);
}

static bool among(const struct store_rows *rows, const struct uuid *id) {
    for (size_t i = 0; i < rows->count; i++) {
        if (slice_equal(rows->rows[i].cells[0].s, slice_of(id->b, sizeof id->b)))
            return true;
    }
    return false;
}

/* Takes out of `all` what the caller may not know of; the order stays. */
static enum status keep_visible(struct caller *c, struct conflict *all, size_t *n, struct error *e) {
    struct cell *ids = arena_array(c->arena, 2 * *n + 1, sizeof *ids);
    bool *seen = arena_array(c->arena, *n + 1, sizeof *seen);
    if (ids == NULL || seen == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "conflicts");
    memset(seen, 0, *n * sizeof *seen);
    for (size_t o = 0; o < c->world.objects->count; o++) {
        const struct access *a = NULL;
        struct store_rows rows;
        size_t count = 0;
        for (size_t i = 0; i < *n; i++) {
            if (all[i].access->object != c->world.objects->objects[o])
                continue;
            a = all[i].access;
            ids[count++] = cell_bytes(slice_of(all[i].record.b, sizeof all[i].record.b));
            ids[count++] = cell_bytes(slice_of(all[i].other.b, sizeof all[i].other.b));
        }
        if (a == NULL)
            continue;
        enum status s = find_rows(c, a, ids, count, &rows, e);
        if (s != ST_OK)
            return s;
        for (size_t i = 0; i < *n; i++) {
            if (all[i].access == a)
                seen[i] = among(&rows, &all[i].record) && among(&rows, &all[i].other);
        }
    }
    size_t kept = 0;
    for (size_t i = 0; i < *n; i++) {
        if (seen[i])
            all[kept++] = all[i];
    }
    *n = kept;
    return ST_OK;
}

/* One batch of the queue behind *after, what is visible of it. */
static enum status read_batch(struct caller *c, struct slice *after, bool *end, struct conflict **out,
                              size_t *n, struct error *e) {
    struct store_item *items;
    size_t count;
    *n = 0;
    enum status s = store_item_list(c->reader, SLICE(STORE_ITEM_UNIQUE), 0, *after, SCAN_BATCH, c->arena,
                                    &items, &count, e);
    if (s != ST_OK)
        return s;
    *end = count < SCAN_BATCH;
    *out = arena_array(c->arena, count + 1, sizeof **out);
    if (*out == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "conflicts");
    for (size_t i = 0; i < count && s == ST_OK; i++) {
        bool known;
        s = read_key(c, &items[i], &(*out)[*n], &known, e);
        *n += known;
        *after = items[i].key;
    }
    return s == ST_OK ? keep_visible(c, *out, n, e) : s;
}

/* `limit` + 1 entries where there are so many: the last one says that there is more. */
static enum status read_page(struct caller *c, struct slice after, size_t limit, struct conflict *out,
                             size_t *n, struct error *e) {
    bool end = false;
    *n = 0;
    for (size_t batch = 0; batch < SCAN_MOST && !end && *n <= limit; batch++) {
        struct conflict *found;
        size_t count;
        enum status s = read_batch(c, &after, &end, &found, &count, e);
        if (s != ST_OK)
            return s;
        for (size_t i = 0; i < count && *n <= limit; i++)
            out[(*n)++] = found[i];
    }
    return ST_OK;
}

/* ---- the answer ---- */

static enum status fill_titles(struct caller *c, struct conflict *all, size_t n, struct error *e) {
    struct uuid *ids = arena_array(c->arena, 2 * n + 1, sizeof *ids);
    if (ids == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "conflicts");
    for (size_t o = 0; o < c->world.objects->count; o++) {
        const struct object_def *object = c->world.objects->objects[o];
        struct titles titles;
        size_t count = 0;
        for (size_t i = 0; i < n; i++) {
            if (all[i].access->object != object)
                continue;
            ids[count++] = all[i].record;
            ids[count++] = all[i].other;
        }
        if (count == 0)
            continue;
        enum status s = titles_of(c, object, ids, count, &titles, e);
        if (s != ST_OK)
            return s;
        for (size_t i = 0; i < n; i++) {
            if (all[i].access->object != object)
                continue;
            all[i].titles[0] = titles_find(&titles, &all[i].record);
            all[i].titles[1] = titles_find(&titles, &all[i].other);
        }
    }
    return ST_OK;
}

static struct slice with(struct caller *c, struct slice text, char from, char to) {
    struct slice copy = arena_copy(c->arena, text);
    char *at = (char *)(uintptr_t)copy.p;
    for (size_t i = 0; at != NULL && i < copy.n; i++)
        at[i] = at[i] == from ? to : at[i];
    return copy;
}

static void write_record(const struct uuid *id, struct slice title, struct json *j) {
    json_object_begin(j);
    json_key(j, "id");
    json_uuid(j, id);
    json_key(j, "title");
    if (title.p == NULL)
        json_none(j);
    else
        json_text(j, title);
    json_object_end(j);
}

static void write_conflict(struct caller *c, const struct conflict *x, struct json *j) {
    json_object_begin(j);
    json_key(j, "id");
    json_text(j, with(c, x->key, '/', '.'));
    json_key(j, "object");
    json_cstring(j, x->access->object->name);
    json_key(j, "field");
    json_cstring(j, x->field->name);
    json_key(j, "at");
    json_time(j, x->at_ms);
    json_key(j, "records");
    json_array_begin(j);
    write_record(&x->record, x->titles[0], j);
    write_record(&x->other, x->titles[1], j);
    json_array_end(j);
    json_object_end(j);
}

/* Without the act on any object the queue is unknown. */
static enum status must_resolve(struct caller *c, struct error *e) {
    for (size_t i = 0; i < c->world.objects->count; i++) {
        const struct access *a;
        enum status s = access_get(c, c->world.objects->objects[i], &a, e);
        if (s != ST_OK)
            return s;
        if (a->acts[ACT_RESOLVE]->op != PRED_FALSE)
            return ST_OK;
    }
    return error_set(e, ST_DENIED, "denied", "the queue is the data stewards'");
}

HANDLER(api_conflicts) {
    int64_t limit;
    size_t n;
    struct json j = json_to(&reply->body);
    (void)engine;
    struct slice cursor = with(c, http_query_value(r, "cursor", c->arena), '.', '/');
    if (!http_query_number(r, "limit", 1, CONFLICT_PAGE, 50, c->arena, &limit) || cursor.n > CONFLICT_KEY)
        return error_set(e, ST_INVALID, "invalid", "limit is 1 to %d, cursor is what next said",
                         CONFLICT_PAGE);
    struct conflict *page = arena_array(c->arena, (size_t)limit + 1, sizeof *page);
    if (page == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "conflicts");
    enum status s = must_resolve(c, e);
    if (s == ST_OK)
        s = read_page(c, cursor, (size_t)limit, page, &n, e);
    if (s != ST_OK)
        return s;
    bool more = n > (size_t)limit;
    n -= more;
    s = fill_titles(c, page, n, e);
    json_object_begin(&j);
    json_key(&j, "items");
    json_array_begin(&j);
    for (size_t i = 0; i < n; i++)
        write_conflict(c, &page[i], &j);
    json_array_end(&j);
    json_key(&j, "next");
    if (more)
        json_text(&j, with(c, page[n - 1].key, '/', '.'));
    else
        json_none(&j);
    json_object_end(&j);
    return s;
}

/* ---- closing an entry ---- */

static enum status find_one(struct caller *c, const struct http_request *r, struct conflict *out,
                            struct error *e) {
    struct store_item item;
    bool known = false;
    size_t n = 1;
    struct slice key = with(c, r->parameters[0], '.', '/');
    enum status s = key.n == 0 || key.n > CONFLICT_KEY
                        ? ST_NOT_FOUND
                        : store_item_get(c->reader, SLICE(STORE_ITEM_UNIQUE), key, c->arena, &item, e);
    if (s == ST_OK)
        s = read_key(c, &item, out, &known, e);
    if (s == ST_OK && known)
        s = keep_visible(c, out, &n, e);
    if (s == ST_NOT_FOUND || (s == ST_OK && (!known || n == 0)))
        return error_set(e, ST_NOT_FOUND, "not_found", "there is no such entry");
    return s;
}

static enum status close_entry(struct caller *c, struct slice key, struct error *e) {
    struct write_op op = {.kind = WRITE_ITEM,
                          .item_kind = SLICE(STORE_ITEM_UNIQUE),
                          .key = key,
                          .remove = true,
                          .actor = c->who.user,
                          .at_ms = clock_wall_ms()};
    struct write_set set = {.ops = &op, .count = 1};
    struct write_result result;
    return world_commit(c->world.world, &set, &result, e);
}

/* What the steward did about it: nothing, both are right; or one of them has been changed. */
static const char *resolution_tag(const json_t *body) {
    const char *text = json_string_value(json_object_get(body, "resolution"));
    if (text != NULL && strcmp(text, "kept_both") == 0)
        return "conflict kept_both";
    return text != NULL && strcmp(text, "mended") == 0 ? "conflict mended" : NULL;
}

HANDLER(api_conflict_resolve) {
    struct conflict one;
    (void)engine;
    const char *tag = resolution_tag(r->json);
    const json_t *note = json_object_get(r->json, "note");
    struct slice text =
        json_is_string(note) ? slice_of(json_string_value(note), json_string_length(note)) : SLICE_NONE;
    if (tag == NULL)
        return error_field(e, ST_INVALID, "required", "resolution", "resolution is kept_both or mended");
    if (text.n > (size_t)NOTE_MOST * 4 || (note != NULL && !json_is_string(note) && !json_is_null(note)))
        return error_field(e, ST_INVALID, "too_long", "note", "a note is a text of at most %d characters",
                           NOTE_MOST);
    enum status s = must_resolve(c, e);
    if (s == ST_OK)
        s = find_one(c, r, &one, e);
    if (s == ST_OK)
        s = keeper_record(c->keeper, &c->call, AUDIT_ADMIN, AUDIT_DONE, one.access->object->id, &one.record,
                          slice_from_string(tag), text, e);
    if (s == ST_OK)
        s = close_entry(c, one.key, e);
    if (s == ST_OK)
        reply->status = 204;
    return s;
}
