#include "record/page.h"

#include "record/render.h"
#include "value/versions.h"

#include <stdlib.h>

#define TEXT_MOST ((size_t)256 << 10) /* of names of fields */

static const uint16_t system_columns[PAGE_SYSTEM_COLUMNS] = {
    FIELD_ID,      FIELD_OWNER,      FIELD_DEPARTMENT, FIELD_BRANCH,   FIELD_CREATED_AT,
    FIELD_SUBJECT, FIELD_DELETED_AT, FIELD_REVISION,   FIELD_VERSIONS, FIELD_SEAL};

/* ---- planning ---- */

static int by_id(const void *a, const void *b) {
    uint16_t x = *(const uint16_t *)a, y = *(const uint16_t *)b;
    return x < y ? -1 : x > y;
}

static bool is_system_column(uint16_t id) {
    return id < FIELD_FIRST_OWN;
}

/* Columns that the conditions of field views look at. */
static size_t view_columns(const struct access *a, uint16_t *out, size_t room) {
    size_t n = 0;
    for (size_t i = 0; i < a->object->field_count && n + 2 * PRED_DEPTH_MAX < room; i++) {
        if (a->best[i] == a->everywhere[i])
            continue;
        n += pred_columns(a->fields[i].see, out + n, room - n);
        n += pred_columns(a->fields[i].read, out + n, room - n);
    }
    return n;
}

enum status page_plan(const struct access *access, const uint16_t *shown, size_t shown_count,
                      struct page *out, struct error *e) {
    uint16_t wanted[4096];
    size_t n = 0;
    *out = (struct page){.access = access, .shown = shown, .shown_count = shown_count};
    for (size_t i = 0; i < shown_count; i++)
        wanted[n++] = access->object->fields[shown[i]].id;
    n += view_columns(access, wanted + n, sizeof wanted / sizeof wanted[0] - n);
    qsort(wanted, n, sizeof wanted[0], by_id);
    memcpy(out->columns, system_columns, sizeof system_columns);
    out->column_count = PAGE_SYSTEM_COLUMNS;
    for (size_t i = 0; i < n; i++) {
        if (is_system_column(wanted[i]) || (i > 0 && wanted[i] == wanted[i - 1]))
            continue;
        if (out->column_count == STORE_COLUMNS_MAX) {
            return error_set(e, ST_LIMIT, "too_large", "too many columns");
        }
        out->columns[out->column_count++] = wanted[i];
    }
    return ST_OK;
}

void page_select(struct page *p, struct store_select *q) {
    q->object = p->access->object;
    q->columns = p->columns;
    q->column_count = p->column_count;
    q->with_key = true;
}

static size_t column_index(const struct page *p, uint16_t column) {
    size_t low = 0, high = p->column_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (p->columns[middle] == column)
            return middle;
        if (p->columns[middle] < column) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return SIZE_MAX;
}

struct cell page_cell(const struct page *p, const struct store_row *row, uint16_t column) {
    size_t i = column_index(p, column);
    return i == SIZE_MAX ? cell_null() : row->cells[i];
}

enum status page_fetch(struct page *p, uint16_t column, struct error *e) {
    if (column_index(p, column) != SIZE_MAX)
        return ST_OK;
    if (p->column_count == STORE_COLUMNS_MAX)
        return error_set(e, ST_LIMIT, "too_large", "too many columns");
    size_t at = p->column_count++;
    while (at > PAGE_SYSTEM_COLUMNS && p->columns[at - 1] > column) {
        p->columns[at] = p->columns[at - 1];
        at--;
    }
    p->columns[at] = column;
    return ST_OK;
}

void page_lookup(const void *row, uint16_t column, struct cell *out) {
    const struct page_row *r = row;
    *out = page_cell(r->page, r->row, column);
}

/* ---- views ---- */

static void views_of_row(struct page *p, size_t i) {
    const struct access *a = p->access;
    size_t n = a->object->field_count;
    struct page_row row = {.page = p, .row = &p->rows.rows[i]};
    for (size_t f = 0; f < n; f++) {
        uint8_t *views = p->views + i * n;
        views[f] = a->best[f] == a->everywhere[f] ? a->best[f]
                   : a->alike[f] < f              ? views[a->alike[f]]
                                                  : (uint8_t)policy_view_of(&a->fields[f], page_lookup, &row);
    }
    for (size_t s = 0; s < p->shown_count; s++) {
        bool extra = s >= p->shown_count - p->extra;
        p->shown_views[i * p->shown_count + s] = extra ? VIEW_HIDDEN : p->views[i * n + p->shown[s]];
    }
}

enum status page_views(struct caller *c, struct page *p, struct error *e) {
    const struct access *a = p->access;
    size_t n = a->object->field_count;
    bool alike = memcmp(a->best, a->everywhere, n) == 0;
    p->views = arena_array(c->arena, p->rows.count, n);
    p->shown_views = arena_array(c->arena, p->rows.count, p->shown_count);
    if (p->views == NULL || p->shown_views == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "views");
    for (size_t i = 0; i < p->rows.count; i++) {
        if (i == 0 || !alike) {
            views_of_row(p, i);
            continue;
        }
        memcpy(p->views + i * n, p->views, n);
        memcpy(p->shown_views + i * p->shown_count, p->shown_views, p->shown_count);
    }
    return ST_OK;
}

static void copy_uuid(struct cell cell, struct uuid *out) {
    if (cell.kind == CELL_BYTES && cell.s.n == 16)
        memcpy(out->b, cell.s.p, 16);
}

void page_keeper_row(const struct page *p, size_t i, struct keeper_row *out) {
    const struct store_row *row = &p->rows.rows[i];
    *out = (struct keeper_row){.wrapped_key = row->wrapped_key,
                               .owner = (uint32_t)row->cells[PAGE_OWNER].i,
                               .department = (uint32_t)row->cells[PAGE_DEPARTMENT].i,
                               .branch = (uint32_t)row->cells[PAGE_BRANCH].i,
                               .versions = row->cells[PAGE_VERSIONS].s,
                               .seal = row->cells[PAGE_SEAL].s};
    copy_uuid(row->cells[PAGE_ID], &out->record);
    copy_uuid(row->cells[PAGE_SUBJECT], &out->subject);
}

/* ---- opening ---- */

/* Anything but bytes is a value whose class was raised and that is not sealed yet: nobody sees it meanwhile.
 */
static struct slice sealed_bytes(const struct cell *cell) {
    return cell->kind == CELL_BYTES ? cell->s : SLICE_NONE;
}

static bool is_looked_for(const struct page_act *act, uint16_t field) {
    for (size_t n = 0; n < act->needle_count; n++) {
        if (act->needles[n].field == field)
            return true;
    }
    return false;
}

static void collect_sealed(const struct page *p, const struct page_act *act, struct slice *sealed) {
    const struct object_def *o = p->access->object;
    for (size_t s = 0; s < p->shown_count; s++) {
        const struct field_def *f = &o->fields[p->shown[s]];
        if (!field_is_sealed(f))
            continue;
        size_t column = column_index(p, f->id);
        bool always = is_looked_for(act, f->id);
        for (size_t i = 0; i < p->rows.count; i++) {
            bool wanted = p->shown_views[i * p->shown_count + s] != VIEW_HIDDEN || always;
            if (wanted && column != SIZE_MAX) {
                sealed[i * p->shown_count + s] = sealed_bytes(&p->rows.rows[i].cells[column]);
            }
        }
    }
}

/* The keeper's answer lies in its connection's buffer until the next exchange; a page lives longer than that.
 */
static enum status keep_values(struct caller *c, struct page *p, struct error *e) {
    size_t n = p->rows.count * p->shown_count, bytes = 0;
    for (size_t i = 0; i < n; i++)
        bytes += p->opened.values[i].n;
    uint8_t *to = arena_take(c->arena, bytes);
    if (to == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "page");
    for (size_t i = 0; i < n; i++) {
        struct slice *value = &p->opened.values[i];
        if (value->p == NULL)
            continue;
        if (value->n > 0)
            memcpy(to, value->p, value->n);
        value->p = to;
        to += value->n;
    }
    return ST_OK;
}

/* ---- what rows have alike ---- */

/* Masked values are named, so that nobody takes a mask for a value. */
static void put_masked(const struct page *p, size_t i, struct json *out) {
    bool any = false;
    for (size_t s = 0; s < p->shown_count; s++) {
        if (p->shown_views[i * p->shown_count + s] != VIEW_MASKED)
            continue;
        if (!any) {
            json_key(out, "_views");
            json_object_begin(out);
            any = true;
        }
        json_key(out, p->access->object->fields[p->shown[s]].name);
        json_cstring(out, "masked");
    }
    if (any)
        json_object_end(out);
}

static enum status text_masked(struct caller *c, struct page *p, struct buf *b) {
    size_t n = p->shown_count;
    for (size_t i = 0; i < p->rows.count; i++) {
        if (i > 0 && memcmp(p->shown_views + i * n, p->shown_views + (i - 1) * n, n) == 0) {
            p->text.masked[i] = p->text.masked[i - 1];
            continue;
        }
        buf_reset(b);
        struct json j = json_to(b);
        put_masked(p, i, &j);
        p->text.masked[i] = arena_copy(c->arena, buf_slice(b));
        if (b->failed || p->text.masked[i].p == NULL)
            return ST_NOMEM;
    }
    return ST_OK;
}

static enum status text_keys(struct caller *c, struct page *p, struct buf *b) {
    for (size_t s = 0; s < p->shown_count; s++) {
        const struct field_def *f = &p->access->object->fields[p->shown[s]];
        size_t at = column_index(p, f->id);
        buf_reset(b);
        struct json j = json_to(b);
        json_key(&j, f->name);
        p->text.places[s] = at == SIZE_MAX ? PAGE_NOWHERE : (uint16_t)at;
        p->text.keys[s] = arena_copy(c->arena, buf_slice(b));
        if (b->failed || p->text.keys[s].p == NULL)
            return ST_NOMEM;
    }
    return ST_OK;
}

static enum status text_make(struct caller *c, struct page *p, struct error *e) {
    struct page_text *t = &p->text;
    struct buf b;
    t->keys = arena_array(c->arena, p->shown_count, sizeof *t->keys);
    t->places = arena_array(c->arena, p->shown_count, sizeof *t->places);
    t->masked = arena_array(c->arena, p->rows.count, sizeof *t->masked);
    buf_init(&b, TEXT_MOST, false);
    enum status s =
        t->keys == NULL || t->places == NULL || t->masked == NULL ? ST_NOMEM : text_keys(c, p, &b);
    if (s == ST_OK)
        s = text_masked(c, p, &b);
    buf_free(&b);
    return s == ST_OK ? s : error_set(e, s, "no_memory", "page");
}

/* ---- exchange ---- */

enum status page_open(struct caller *c, struct page *p, const struct page_act *act, struct error *e) {
    size_t rows = p->rows.count, n = p->shown_count;
    uint16_t *fields = arena_array(c->arena, n, sizeof *fields);
    struct slice *sealed = arena_array(c->arena, rows * n, sizeof *sealed);
    p->keeper_rows = arena_array(c->arena, rows, sizeof *p->keeper_rows);
    if (fields == NULL || sealed == NULL || p->keeper_rows == NULL) {
        return error_set(e, ST_NOMEM, "no_memory", "page");
    }
    for (size_t i = 0; i < n; i++)
        fields[i] = p->access->object->fields[p->shown[i]].id;
    for (size_t i = 0; i < rows; i++)
        page_keeper_row(p, i, &p->keeper_rows[i]);
    collect_sealed(p, act, sealed);
    struct keeper_open q = {.act = act->act,
                            .object = p->access->object->id,
                            .fields = fields,
                            .field_count = n,
                            .rows = p->keeper_rows,
                            .row_count = rows,
                            .views = p->shown_views,
                            .sealed = sealed,
                            .needles = act->needles,
                            .needle_count = act->needle_count,
                            .needle_rows = act->needle_rows,
                            .reason = act->reason,
                            .approval = act->approval,
                            .watermark = p->access->marked};
    enum status s = keeper_open_rows(c->keeper, &c->call, &q, c->arena, &p->opened, e);
    if (s == ST_OK && !act->brief)
        s = keep_values(c, p, e);
    return s == ST_OK ? text_make(c, p, e) : s;
}

enum status page_version(const struct page *p, size_t i, uint64_t *version, int64_t *updated_at) {
    const struct object_def *o = p->access->object;
    const struct store_row *row = &p->rows.rows[i];
    uint16_t ids[OBJECT_FIELDS_MAX];
    uint32_t at = 0;
    *version = 1;
    *updated_at = row->cells[PAGE_CREATED_AT].i;
    if (row->cells[PAGE_VERSIONS].s.n == 0) /* never changed, as most */
        return ST_OK;
    for (size_t f = 0; f < o->field_count; f++)
        ids[f] = o->fields[f].id;
    enum status s = versions_seen(row->cells[PAGE_VERSIONS].s, ids, p->views + i * o->field_count,
                                  o->field_count, version, &at);
    *updated_at = row->cells[PAGE_CREATED_AT].i + (int64_t)at * 1000;
    return s;
}

/* ---- writing ---- */

static void write_field(struct caller *c, const struct page *p, size_t i, size_t s,
                        const struct titles *titles, int64_t updated_at, struct json *out) {
    const struct field_def *f = &p->access->object->fields[p->shown[s]];
    enum view view = p->shown_views[i * p->shown_count + s];
    if (view == VIEW_HIDDEN || f->id == FIELD_ID)
        return;
    uint16_t place = p->text.places[s];
    json_key_made(out, p->text.keys[s]);
    if (f->id == FIELD_UPDATED_AT) {
        json_time(out, updated_at);
    } else if (field_is_sealed(f)) {
        render_text(c, f, view, p->opened.values[i * p->shown_count + s], out);
    } else {
        struct cell cell = place == PAGE_NOWHERE ? cell_null() : p->rows.rows[i].cells[place];
        cell = render_place(c, f, cell, &p->rows.rows[i].cells[PAGE_DEPARTMENT]);
        render_cell(c, f, view, cell, titles, out);
    }
}

enum status page_write_row(struct caller *c, const struct page *p, size_t i, const struct titles *titles,
                           struct json *out, struct error *e) {
    uint64_t version;
    int64_t updated_at;
    if (page_version(p, i, &version, &updated_at) != ST_OK) {
        return error_set(e, ST_CORRUPT, "corrupt", "a row's versions can't be read");
    }
    json_key(out, "id");
    json_uuid(out, &p->keeper_rows[i].record);
    json_key(out, "_version");
    json_int(out, (int64_t)version);
    if (p->text.masked[i].n > 0) {
        json_key_made(out, p->text.masked[i]);
        out->comma = true;
    }
    for (size_t s = 0; s < p->shown_count; s++)
        write_field(c, p, i, s, titles, updated_at, out);
    return ST_OK;
}
