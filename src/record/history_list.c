/* A record's history as its viewer may know it. */
#include "record/get.h"
#include "record/history.h"
#include "record/record.h"
#include "record/render.h"

#define CHANGES_MAX 200 /* read and opened at a time */

/* All changes of one record on the way to the viewer. Two keeper rows a change: before and after. */
struct chronicle {
    struct caller *c;
    const struct page *page; /* the record as it stands: its views rule */
    struct store_change *changes;
    struct history_body *bodies;
    size_t count;
    uint16_t *sealed_fields; /* indexes of sealed fields that occur and are visible */
    size_t sealed_count;
    struct keeper_opened opened;
    uint32_t before, limit; /* visible changes to pass over, and to write */
    size_t seen, written;
    bool more;
    struct error *e;
};

static enum view view_of(const struct chronicle *h, size_t field_index) {
    return h->page->views[field_index];
}

static size_t index_of(const struct chronicle *h, uint16_t field) {
    const struct object_def *o = h->page->access->object;
    const struct field_def *f = object_field_by_id(o, field);
    return f == NULL ? SIZE_MAX : (size_t)(f - o->fields);
}

static enum status parse_bodies(struct chronicle *h) {
    h->bodies = arena_array(h->c->arena, h->count, sizeof *h->bodies);
    if (h->bodies == NULL)
        return error_set(h->e, ST_NOMEM, "no_memory", "history");
    for (size_t i = 0; i < h->count; i++) {
        if (history_read(h->changes[i].body, h->c->arena, &h->bodies[i]) != ST_OK) {
            return error_set(h->e, ST_CORRUPT, "corrupt", "a change can't be read");
        }
    }
    return ST_OK;
}

static void note_sealed(struct chronicle *h, size_t field) {
    for (size_t i = 0; i < h->sealed_count; i++) {
        if (h->sealed_fields[i] == field)
            return;
    }
    h->sealed_fields[h->sealed_count++] = (uint16_t)field;
}

static enum status find_sealed(struct chronicle *h) {
    const struct object_def *o = h->page->access->object;
    h->sealed_fields = arena_array(h->c->arena, o->field_count, sizeof *h->sealed_fields);
    if (h->sealed_fields == NULL)
        return error_set(h->e, ST_NOMEM, "no_memory", "history");
    for (size_t i = 0; i < h->count; i++) {
        for (size_t k = 0; k < h->bodies[i].field_count; k++) {
            size_t f = index_of(h, h->bodies[i].fields[k].field);
            if (f != SIZE_MAX && field_is_sealed(&o->fields[f]) && view_of(h, f) != VIEW_HIDDEN)
                note_sealed(h, f);
        }
    }
    return ST_OK;
}

static struct keeper_row keeper_row_of(const struct chronicle *h, const struct history_state *state) {
    struct keeper_row row;
    page_keeper_row(h->page, 0, &row);
    row.owner = state->owner;
    row.department = state->department;
    row.branch = state->branch;
    row.versions = state->versions;
    row.seal = state->seal;
    return row;
}

static struct slice sealed_bytes(const struct cell *cell) {
    return cell->kind == CELL_BYTES ? cell->s : SLICE_NONE;
}

/* Rows 2i and 2i+1 are change i's before and after. A created record has none: its rows repeat what stands.
 */
static void fill_rows(const struct chronicle *h, struct keeper_row *rows, uint8_t *views,
                      struct slice *sealed) {
    size_t n = h->sealed_count;
    for (size_t i = 0; i < h->count; i++) {
        const struct history_body *b = &h->bodies[i];
        page_keeper_row(h->page, 0, &rows[2 * i]);
        page_keeper_row(h->page, 0, &rows[2 * i + 1]);
        if (b->has_before) {
            rows[2 * i] = keeper_row_of(h, &b->before);
            rows[2 * i + 1] = keeper_row_of(h, &b->after);
        }
        for (size_t k = 0; k < b->field_count; k++) {
            size_t f = index_of(h, b->fields[k].field);
            for (size_t s = 0; s < n; s++) {
                if (h->sealed_fields[s] != f)
                    continue;
                views[2 * i * n + s] = views[(2 * i + 1) * n + s] = (uint8_t)view_of(h, f);
                sealed[2 * i * n + s] = sealed_bytes(&b->fields[k].before);
                sealed[(2 * i + 1) * n + s] = sealed_bytes(&b->fields[k].after);
            }
        }
    }
}

static enum status open_changes(struct chronicle *h) {
    const struct object_def *o = h->page->access->object;
    size_t rows = h->count * 2, n = h->sealed_count;
    struct keeper_row *keeper_rows = arena_array(h->c->arena, rows, sizeof *keeper_rows);
    uint8_t *views = arena_array(h->c->arena, rows, n);
    struct slice *sealed = arena_array(h->c->arena, rows * n, sizeof *sealed);
    uint16_t *ids = arena_array(h->c->arena, n, sizeof *ids);
    if (keeper_rows == NULL || views == NULL || sealed == NULL || ids == NULL) {
        return error_set(h->e, ST_NOMEM, "no_memory", "history");
    }
    for (size_t s = 0; s < n; s++)
        ids[s] = o->fields[h->sealed_fields[s]].id;
    fill_rows(h, keeper_rows, views, sealed);
    struct keeper_open q = {.act = AUDIT_VIEW,
                            .object = o->id,
                            .fields = ids,
                            .field_count = n,
                            .rows = keeper_rows,
                            .row_count = rows,
                            .views = views,
                            .sealed = sealed};
    return keeper_open_rows(h->c->keeper, &h->c->call, &q, h->c->arena, &h->opened, h->e);
}

/* The opened texts of a sealed field in change i. */
static void sealed_pair(const struct chronicle *h, size_t i, size_t f, struct slice *before,
                        struct slice *after) {
    *before = *after = SLICE_NONE;
    for (size_t s = 0; s < h->sealed_count; s++) {
        if (h->sealed_fields[s] != f)
            continue;
        *before = h->opened.values[2 * i * h->sealed_count + s];
        *after = h->opened.values[(2 * i + 1) * h->sealed_count + s];
    }
}

/* A masked field whose mask did not change has not changed for this viewer. */
static bool visible(const struct chronicle *h, size_t i, size_t f) {
    struct slice before, after;
    if (f == SIZE_MAX || view_of(h, f) == VIEW_HIDDEN)
        return false;
    if (view_of(h, f) == VIEW_CLEAR)
        return true;
    if (!field_is_sealed(&h->page->access->object->fields[f]))
        return false;
    sealed_pair(h, i, f, &before, &after);
    return !slice_equal(before, after) || (before.p == NULL) != (after.p == NULL);
}

static bool any_visible(const struct chronicle *h, size_t i) {
    const struct history_body *b = &h->bodies[i];
    if (h->changes[i].act != ACT_UPDATE)
        return true;
    for (size_t k = 0; k < b->field_count; k++) {
        if (visible(h, i, index_of(h, b->fields[k].field)))
            return true;
    }
    return false;
}

static void write_change_fields(const struct chronicle *h, size_t i, struct json *out) {
    const struct history_body *b = &h->bodies[i];
    for (size_t k = 0; k < b->field_count; k++) {
        size_t f = index_of(h, b->fields[k].field);
        struct slice before, after;
        if (!visible(h, i, f))
            continue;
        const struct field_def *d = &h->page->access->object->fields[f];
        json_object_begin(out);
        json_key(out, "field");
        json_cstring(out, d->name);
        json_key(out, "before");
        if (field_is_sealed(d)) {
            sealed_pair(h, i, f, &before, &after);
            render_text(h->c, d, view_of(h, f), before, out);
            json_key(out, "after");
            render_text(h->c, d, view_of(h, f), after, out);
        } else {
            render_cell(h->c, d, view_of(h, f), b->fields[k].before, NULL, out);
            json_key(out, "after");
            render_cell(h->c, d, view_of(h, f), b->fields[k].after, NULL, out);
        }
        json_object_end(out);
    }
}

static const char *act_name(uint8_t act) {
    switch (act) {
    case ACT_CREATE:
        return "create";
    case ACT_DELETE:
        return "delete";
    case ACT_RESTORE:
        return "restore";
    default:
        return "update";
    }
}

static void write_change(const struct chronicle *h, size_t i, size_t number, struct json *out) {
    const struct store_change *change = &h->changes[i];
    const struct staff *s = directory_staff(h->c->world.directory, change->actor);
    json_object_begin(out);
    json_key(out, "id");
    json_int(out, (int64_t)number);
    json_key(out, "at");
    json_time(out, change->at_ms);
    json_key(out, "actor");
    json_object_begin(out);
    json_key(out, "id");
    json_int(out, change->actor);
    json_key(out, "name");
    json_cstring(out, s == NULL ? "" : s->name);
    json_object_end(out);
    json_key(out, "act");
    json_cstring(out, act_name(change->act));
    json_key(out, "changes");
    json_array_begin(out);
    write_change_fields(h, i, out);
    json_array_end(out);
    json_object_end(out);
}

static void write_visible(struct chronicle *h, struct json *out) {
    for (size_t i = 0; i < h->count && !h->more; i++) {
        if (!any_visible(h, i) || h->seen++ < h->before)
            continue;
        h->more = h->written == h->limit;
        if (h->more)
            return;
        write_change(h, i, h->seen, out);
        h->written++;
    }
}

/* The changes before `before` (0: the newest), opened and written as far as they are visible. */
static enum status write_batch(struct chronicle *h, const struct uuid *id, uint64_t before,
                               struct json *out) {
    h->sealed_count = 0;
    enum status s = store_history(h->c->reader, h->page->access->object, id, before, CHANGES_MAX, h->c->arena,
                                  &h->changes, &h->count, h->e);
    if (s == ST_OK)
        s = parse_bodies(h);
    if (s == ST_OK)
        s = find_sealed(h);
    if (s == ST_OK && h->count > 0)
        s = open_changes(h);
    if (s == ST_OK)
        write_visible(h, out);
    return s;
}

/* Hidden changes take no place in the page, so it may need several batches. */
static enum status write_all(struct chronicle *h, const struct uuid *id, struct json *out) {
    uint64_t before = 0;
    json_object_begin(out);
    json_key(out, "items");
    json_array_begin(out);
    do {
        enum status s = write_batch(h, id, before, out);
        if (s != ST_OK)
            return s;
        before = h->count == 0 ? 0 : h->changes[h->count - 1].id;
    } while (!h->more && h->count == CHANGES_MAX);
    json_array_end(out);
    json_key(out, "next");
    if (h->more) {
        json_int(out, (int64_t)(h->before + h->written));
    } else {
        json_none(out);
    }
    json_object_end(out);
    return ST_OK;
}

enum status record_history(struct caller *c, struct slice object, const struct uuid *id, uint32_t before,
                           uint32_t limit, struct json *out, struct error *e) {
    const struct access *a;
    struct page page;
    struct chronicle h = {.c = c, .page = &page, .before = before, .e = e};
    h.limit = limit == 0 || limit > CHANGES_MAX ? 50 : limit;
    enum status s = access_object(c, object, &a, e);
    if (s == ST_OK)
        s = get_row(c, a, ACT_VIEW, id, GET_ANY, NULL, 0, &page, e);
    return s == ST_OK ? write_all(&h, id, out) : s;
}
