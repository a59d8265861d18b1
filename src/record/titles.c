#include "record/titles.h"

#include <stdlib.h>

#define TITLE_FIELDS 4

size_t titles_fields(const struct access *a, uint16_t *out, size_t room) {
    size_t n = 0;
    for (size_t i = 0; i < a->object->field_count && n < room; i++) {
        if (a->object->fields[i].in_title && a->best[i] != VIEW_HIDDEN)
            out[n++] = (uint16_t)i;
    }
    return n;
}

/* People read titles: a choice stands there by its label in the caller's language. Masked text is no key. */
static struct slice by_label(const struct caller *c, const struct field_def *f, struct slice text) {
    for (size_t i = 0; f->type == VALUE_CHOICE && i < f->choice_count; i++) {
        const struct label *label = &f->choices[i].label;
        if (slice_is(text, f->choices[i].key))
            return slice_from_string(c->language == LANGUAGE_EN ? label->en : label->zh);
    }
    return text;
}

enum status titles_make(struct caller *c, const struct page *p, size_t row, struct slice *out) {
    struct buf b;
    *out = SLICE_NONE;
    buf_init(&b, 2048, true);
    for (size_t s = 0; s < p->shown_count; s++) {
        const struct field_def *f = &p->access->object->fields[p->shown[s]];
        if (!f->in_title || p->shown_views[row * p->shown_count + s] == VIEW_HIDDEN)
            continue;
        struct slice text = p->opened.values[row * p->shown_count + s];
        if (!field_is_sealed(f)) {
            struct cell cell = page_cell(p, &p->rows.rows[row], f->id);
            text = cell.kind == CELL_TEXT ? cell.s : SLICE_NONE;
        }
        text = by_label(c, f, text);
        if (text.n == 0)
            continue;
        if (b.n > 0)
            buf_put_u8(&b, ' ');
        buf_put(&b, text.p, text.n);
    }
    bool short_of = b.no_memory;
    if (b.n > 0 && !b.failed) {
        *out = arena_copy(c->arena, buf_slice(&b));
        short_of = out->p == NULL;
    }
    buf_free(&b);
    return short_of ? ST_NOMEM : ST_OK;
}

static int by_title_id(const void *a, const void *b) {
    return memcmp(((const struct title *)a)->id.b, ((const struct title *)b)->id.b, 16);
}

static int by_uuid(const void *a, const void *b) {
    return memcmp(a, b, 16);
}

struct slice titles_find(const struct titles *t, const struct uuid *id) {
    struct title key = {.id = *id};
    if (t->count == 0)
        return SLICE_NONE;
    const struct title *found = bsearch(&key, t->items, t->count, sizeof key, by_title_id);
    return found == NULL ? SLICE_NONE : found->text;
}

static enum status read_rows(struct caller *c, struct page *p, const struct uuid *ids, size_t count,
                             struct error *e) {
    struct cell *cells = arena_array(c->arena, count, sizeof *cells);
    if (cells == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "titles");
    for (size_t i = 0; i < count; i++)
        cells[i] = cell_bytes(slice_of(ids[i].b, 16));
    const struct pred *may = pred_or(c->arena, p->access->acts[ACT_LIST], p->access->acts[ACT_VIEW]);
    struct store_select q = {.filter = pred_and(c->arena, may, pred_in(c->arena, FIELD_ID, cells, count)),
                             .limit = (uint32_t)count};
    if (q.filter == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "titles");
    page_select(p, &q);
    return store_query(c->reader, &q, c->arena, &p->rows, e);
}

enum status titles_of(struct caller *c, const struct object_def *o, const struct uuid *ids, size_t count,
                      struct titles *out, struct error *e) {
    const struct access *access;
    struct page page;
    uint16_t *shown = arena_array(c->arena, TITLE_FIELDS, sizeof *shown);
    *out = (struct titles){.items = NULL};
    if (shown == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "titles");
    enum status s = access_get(c, o, &access, e);
    if (s != ST_OK)
        return s;
    size_t n = titles_fields(access, shown, TITLE_FIELDS);
    if (!access->visible || n == 0 || count == 0)
        return ST_OK;
    s = page_plan(access, shown, n, &page, e);
    if (s == ST_OK)
        s = read_rows(c, &page, ids, count, e);
    if (s == ST_OK)
        s = page_views(c, &page, e);
    if (s == ST_OK)
        s = page_open(c, &page, &(struct page_act){.act = AUDIT_LIST}, e);
    if (s != ST_OK)
        return s;
    out->items = arena_array(c->arena, page.rows.count, sizeof *out->items);
    if (out->items == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "titles");
    for (size_t i = 0; i < page.rows.count; i++) {
        struct title *one = &out->items[out->count++];
        one->id = page.keeper_rows[i].record;
        s = titles_make(c, &page, i, &one->text);
        if (s != ST_OK)
            return error_set(e, s, "no_memory", "titles");
    }
    qsort(out->items, out->count, sizeof *out->items, by_title_id);
    return ST_OK;
}

/* Ids that one reference field holds in the rows where it is visible; each once. */
static size_t collect_ids(const struct page *p, size_t s, struct uuid *ids) {
    const struct field_def *f = &p->access->object->fields[p->shown[s]];
    size_t n = 0;
    for (size_t i = 0; i < p->rows.count; i++) {
        struct cell cell = page_cell(p, &p->rows.rows[i], f->id);
        if (p->shown_views[i * p->shown_count + s] != VIEW_CLEAR || cell.s.n != 16)
            continue;
        memcpy(ids[n++].b, cell.s.p, 16);
    }
    qsort(ids, n, sizeof *ids, by_uuid);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (kept == 0 || !uuid_equal(&ids[kept - 1], &ids[i]))
            ids[kept++] = ids[i];
    }
    return kept;
}

static enum status append(struct caller *c, struct titles *all, const struct titles *more, struct error *e) {
    struct title *items = arena_array(c->arena, all->count + more->count, sizeof *items);
    if (items == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "titles");
    if (all->count > 0)
        memcpy(items, all->items, all->count * sizeof *items);
    if (more->count > 0)
        memcpy(items + all->count, more->items, more->count * sizeof *items);
    all->items = items;
    all->count += more->count;
    qsort(all->items, all->count, sizeof *all->items, by_title_id);
    return ST_OK;
}

enum status titles_load(struct caller *c, const struct page *p, struct titles *out, struct error *e) {
    *out = (struct titles){.items = NULL};
    for (size_t s = 0; s < p->shown_count; s++) {
        const struct field_def *f = &p->access->object->fields[p->shown[s]];
        if (f->type != VALUE_REFERENCE || field_is_sealed(f))
            continue;
        const struct object_def *o = object_by_id(c->world.objects, f->reference_object);
        struct uuid *ids = arena_array(c->arena, p->rows.count, sizeof *ids);
        if (ids == NULL)
            return error_set(e, ST_NOMEM, "no_memory", "titles");
        size_t n = collect_ids(p, s, ids);
        if (o == NULL || n == 0)
            continue;
        struct titles more;
        enum status status = titles_of(c, o, ids, n, &more, e);
        if (status == ST_OK)
            status = append(c, out, &more, e);
        if (status != ST_OK)
            return status;
    }
    return ST_OK;
}
