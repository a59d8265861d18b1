#include "record/get.h"

#include "record/access_given.h"
#include "record/record.h"
#include "record/shown.h"
#include "record/titles.h"

static enum status fetch_plain(const struct access *a, struct page *p, struct error *e) {
    enum status s = ST_OK;
    for (size_t i = 0; s == ST_OK && i < a->object->field_count; i++) {
        const struct field_def *f = &a->object->fields[i];
        if (f->id >= FIELD_FIRST_OWN && !field_is_sealed(f))
            s = page_fetch(p, f->id, e);
    }
    return s;
}

static enum status read_row(struct caller *c, const struct access *a, enum act act, const struct uuid *id,
                            enum get_deleted deleted, struct page *out, struct error *e) {
    const struct pred *same = pred_compare(c->arena, PRED_EQ, FIELD_ID, cell_bytes(slice_of(id->b, 16)));
    struct store_select q = {.limit = 1,
                             .filter = same == NULL ? NULL : pred_and(c->arena, a->acts[act], same),
                             .include_deleted = deleted == GET_ANY,
                             .only_deleted = deleted == GET_DELETED};
    if (q.filter == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "record");
    page_select(out, &q);
    enum status s = store_query(c->reader, &q, c->arena, &out->rows, e);
    if (s != ST_OK)
        return s;
    if (out->rows.count == 0)
        return error_set(e, ST_NOT_FOUND, "not_found", "there is no such record");
    return page_views(c, out, e);
}

enum status get_row(struct caller *c, const struct access *a, enum act act, const struct uuid *id,
                    enum get_deleted deleted, const uint16_t *shown, size_t shown_count, struct page *out,
                    struct error *e) {
    enum status s = page_plan(a, shown, shown_count, out, e);
    return s == ST_OK ? read_row(c, a, act, id, deleted, out, e) : s;
}

enum status get_whole_row(struct caller *c, const struct access *a, enum act act, const struct uuid *id,
                          const uint16_t *shown, size_t shown_count, struct page *out, struct error *e) {
    enum status s = page_plan(a, shown, shown_count, out, e);
    if (s == ST_OK)
        s = fetch_plain(a, out, e);
    return s == ST_OK ? read_row(c, a, act, id, GET_ALIVE, out, e) : s;
}

static void write_acts(const struct access *best, const struct page *p, struct json *out) {
    static const struct {
        enum act act;
        const char *name;
    } acts[] = {{ACT_UPDATE, "update"},
                {ACT_DELETE, "delete"},
                {ACT_REVEAL, "reveal"},
                {ACT_TRANSFER, "transfer"},
                {ACT_EXPORT, "export"}};
    struct page_row row = {.page = p, .row = &p->rows.rows[0]};
    json_key(out, "_acts");
    json_array_begin(out);
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        if (pred_decide(best->acts[acts[i].act], page_lookup, &row) == TRUTH_TRUE) {
            json_cstring(out, acts[i].name);
        }
    }
    json_array_end(out);
}

/* The acts' conditions may look at columns that are not shown: fetch those too. */
static enum status fetch_act_columns(const struct access *best, struct page *p, struct error *e) {
    static const enum act acts[] = {ACT_UPDATE, ACT_DELETE, ACT_REVEAL, ACT_TRANSFER, ACT_EXPORT};
    uint16_t columns[OBJECT_FIELDS_MAX];
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        size_t n = pred_columns(best->acts[acts[i]], columns, OBJECT_FIELDS_MAX);
        for (size_t k = 0; k < n && k < OBJECT_FIELDS_MAX; k++) {
            if (columns[k] < FIELD_FIRST_OWN)
                continue;
            enum status s = page_fetch(p, columns[k], e);
            if (s != ST_OK)
                return s;
        }
    }
    return ST_OK;
}

enum status get_write(struct caller *c, const struct page *page, struct json *out, struct error *e) {
    struct titles titles;
    const struct access *best;
    enum status s = titles_load(c, page, &titles, e);
    if (s == ST_OK)
        s = access_suppose(c, page->access->object, SUPPOSE_ALL, &best, e);
    if (s != ST_OK)
        return s;
    json_object_begin(out);
    s = page_write_row(c, page, 0, &titles, out, e);
    if (s != ST_OK)
        return s;
    write_acts(best, page, out);
    if (page->access->marked) {
        json_key(out, "_watermark");
        json_bool(out, true);
    }
    (void)access_given_write(c, page->access->object, &page->keeper_rows[0].record, "_given", out);
    if (page->rows.rows[0].cells[PAGE_DELETED_AT].kind == CELL_INT) {
        json_key(out, "_deleted_at");
        json_time(out, page->rows.rows[0].cells[PAGE_DELETED_AT].i);
    }
    json_object_end(out);
    return ST_OK;
}

static enum status find_one(struct caller *c, const struct access *a, const struct uuid *id,
                            enum get_deleted deleted, const uint16_t *shown, size_t count, struct page *page,
                            struct error *e) {
    const struct pred *same = pred_compare(c->arena, PRED_EQ, FIELD_ID, cell_bytes(slice_of(id->b, 16)));
    struct store_select q = {.limit = 1,
                             .filter = same == NULL ? NULL : pred_and(c->arena, a->acts[ACT_VIEW], same),
                             .include_deleted = deleted == GET_ANY};
    if (q.filter == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "record");
    const struct access *best;
    enum status s = page_plan(a, shown, count, page, e);
    if (s == ST_OK)
        s = access_suppose(c, a->object, SUPPOSE_ALL, &best, e);
    if (s == ST_OK)
        s = fetch_act_columns(best, page, e);
    if (s != ST_OK)
        return s;
    page_select(page, &q);
    s = store_query(c->reader, &q, c->arena, &page->rows, e);
    if (s == ST_OK && page->rows.count == 0) {
        s = error_set(e, ST_NOT_FOUND, "not_found", "there is no such record");
    }
    if (s == ST_OK)
        s = page_views(c, page, e);
    return s == ST_OK ? page_open(c, page, &(struct page_act){.act = AUDIT_VIEW}, e) : s;
}

enum status record_get(struct caller *c, struct slice object, const struct uuid *id, struct json *out,
                       uint64_t *version, struct error *e) {
    const struct access *a;
    const uint16_t *shown = NULL;
    size_t count = 0;
    struct page page;
    int64_t at;
    enum status s = access_object(c, object, &a, e);
    if (s == ST_OK)
        s = shown_fields(c, a, SLICE_NONE, true, &shown, &count, e);
    if (s == ST_OK)
        s = find_one(c, a, id, GET_ANY, shown, count, &page, e);
    if (s == ST_OK)
        s = page_version(&page, 0, version, &at);
    return s == ST_OK ? get_write(c, &page, out, e) : s;
}

/* ---- a record that was just made ---- */

static void made_lookup(const void *row, uint16_t column, struct cell *out) {
    const struct write_op *made = row;
    *out = cell_null();
    if (column == FIELD_ID)
        *out = cell_bytes(slice_of(made->record.b, sizeof made->record.b));
    else if (column == FIELD_REVISION)
        *out = cell_int(1);
    for (size_t i = 0; i < made->column_count; i++) {
        if (made->columns[i] == column)
            *out = made->cells[i];
    }
}

static enum status made_row(struct caller *c, const struct write_op *made, struct slice wrapped_key,
                            struct page *p, struct error *e) {
    struct store_row *row = arena_array(c->arena, 1, sizeof *row);
    struct cell *cells = arena_array(c->arena, p->column_count, sizeof *cells);
    if (row == NULL || cells == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "record");
    for (size_t i = 0; i < p->column_count; i++)
        made_lookup(made, p->columns[i], &cells[i]);
    *row = (struct store_row){.cells = cells, .wrapped_key = wrapped_key};
    p->rows = (struct store_rows){.rows = row, .count = 1};
    return ST_OK;
}

enum status get_made(struct caller *c, const struct access *a, const struct write_op *made,
                     struct slice wrapped_key, struct json *out, uint64_t *version, struct error *e) {
    const uint16_t *shown = NULL;
    const struct access *best;
    size_t count = 0;
    struct page page;
    int64_t at;
    if (!pred_is_local(a->acts[ACT_VIEW]))
        return ST_RETRY;
    if (pred_decide(a->acts[ACT_VIEW], made_lookup, made) != TRUTH_TRUE)
        return error_set(e, ST_NOT_FOUND, "not_found", "there is no such record");
    enum status s = shown_fields(c, a, SLICE_NONE, true, &shown, &count, e);
    if (s == ST_OK)
        s = page_plan(a, shown, count, &page, e);
    if (s == ST_OK)
        s = access_suppose(c, a->object, SUPPOSE_ALL, &best, e);
    if (s == ST_OK)
        s = fetch_act_columns(best, &page, e);
    if (s == ST_OK)
        s = made_row(c, made, wrapped_key, &page, e);
    if (s == ST_OK)
        s = page_views(c, &page, e);
    if (s == ST_OK)
        s = page_open(c, &page, &(struct page_act){.act = AUDIT_VIEW}, e);
    if (s == ST_OK)
        s = page_version(&page, 0, version, &at);
    return s == ST_OK ? get_write(c, &page, out, e) : s;
}
