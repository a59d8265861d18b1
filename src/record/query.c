#include "record/record.h"

#include "policy/organise.h"
#include "record/cursor.h"
#include "record/page.h"
#include "record/render.h"
#include "record/shown.h"
#include "record/titles.h"
#include "record/where.h"

#define COUNT_MOST 100000

/* One list being made. */
struct listing {
    struct caller *c;
    const struct record_query *q;
    const struct access *access;
    struct where where;
    struct store_select select;
    struct page page;
    struct titles titles;
    struct error *e;
};

/* ---- planning ---- */

static enum status plan_filter(struct listing *l) {
    struct caller *c = l->c;
    struct where found = {.pred = &pred_true};
    enum status s = where_parse(c, l->access, l->q->where, l->q->in_url, &l->where, l->e);
    if (s == ST_OK && l->q->search.n > 0)
        s = where_search(c, l->access, l->q->search, &found, l->e);
    if (s != ST_OK)
        return s;
    const struct pred *own = pred_and(c->arena, l->where.pred, found.pred);
    l->select.filter = own == NULL ? NULL : pred_and(c->arena, l->access->acts[ACT_LIST], own);
    if (!needles_join(&l->where.needles, &found.needles))
        return error_set(l->e, ST_INVALID, "fragment_place", "at most %d conditions on fragments",
                         NEEDLES_MOST);
    if (l->q->group_by.n > 0 && l->where.needles.count > 0)
        return error_set(l->e, ST_INVALID, "fragment_place", "groups count what the index finds");
    return l->select.filter == NULL ? error_set(l->e, ST_NOMEM, "no_memory", "filter") : ST_OK;
}

static enum status add_sort(struct listing *l, struct slice name) {
    size_t index;
    bool descending = name.n > 0 && name.p[0] == '-';
    if (descending)
        name = slice_of(name.p + 1, name.n - 1);
    const struct field_def *f = access_field(l->access, name, &index);
    if (f == NULL || l->access->best[index] == VIEW_HIDDEN) {
        return error_set(l->e, ST_INVALID, "unknown_field", "there is no such field to sort by");
    }
    if (!access_may_filter(l->access, index) || f->id == FIELD_UPDATED_AT) {
        return error_field(l->e, ST_INVALID, "not_filterable", f->name, "this field can't be sorted by");
    }
    if (l->select.sort_count == STORE_SORT_MAX) {
        return error_set(l->e, ST_INVALID, "bad_filter", "at most %d sort fields", STORE_SORT_MAX);
    }
    l->select.sort[l->select.sort_count++] = (struct store_sort){.column = f->id, .descending = descending};
    return ST_OK;
}

static void default_sort(struct listing *l) {
    const struct object_def *o = l->access->object;
    uint16_t id = o->default_sort_field == 0 ? FIELD_CREATED_AT : o->default_sort_field;
    const struct field_def *f = object_field_by_id(o, id);
    bool allowed = f != NULL && access_may_filter(l->access, (size_t)(f - o->fields));
    l->select.sort[0] =
        (struct store_sort){.column = allowed ? id : FIELD_ID,
                            .descending = o->default_sort_field == 0 || o->default_sort_descending};
    l->select.sort_count = 1;
}

static enum status plan_sort(struct listing *l) {
    struct slice rest = l->q->sort, name;
    while (shown_next_name(&rest, &name)) {
        enum status s = add_sort(l, name);
        if (s != ST_OK)
            return s;
    }
    if (l->select.sort_count == 0)
        default_sort(l);
    return ST_OK;
}

static enum status plan_position(struct listing *l) {
    const struct record_query *q = l->q;
    l->select.limit = q->limit == 0 ? 50 : q->limit > RECORD_PAGE_MAX ? RECORD_PAGE_MAX : q->limit;
    if (q->cursor.n > 0)
        return cursor_read(l->c, q->cursor, &l->select, l->e);
    uint64_t offset = q->page < 2 ? 0 : (uint64_t)(q->page - 1) * l->select.limit;
    if (offset + l->select.limit > RECORD_OFFSET_MAX && offset > 0) {
        return error_set(l->e, ST_INVALID, "page_too_deep", "page numbers reach %d rows; use the cursor",
                         RECORD_OFFSET_MAX);
    }
    l->select.offset = (uint32_t)offset;
    return ST_OK;
}

static enum status plan(struct listing *l) {
    const uint16_t *shown = NULL;
    size_t count = 0, extra = 0;
    enum status s = access_object(l->c, l->q->object, &l->access, l->e);
    if (s == ST_OK)
        s = shown_fields(l->c, l->access, l->q->fields, false, &shown, &count, l->e);
    if (s == ST_OK)
        s = plan_filter(l);
    if (s == ST_OK)
        s = plan_sort(l);
    if (s == ST_OK)
        s = plan_position(l);
    l->select.only_deleted = l->q->deleted;
    if (s == ST_OK)
        s = needles_shown(l->c, l->access, &l->where.needles, &shown, &count, &extra, l->e);
    if (s == ST_OK)
        s = page_plan(l->access, shown, count, &l->page, l->e);
    l->page.extra = extra;
    if (s == ST_OK)
        s = needles_fetch(&l->where.needles, &l->page, l->e);
    for (size_t i = 0; s == ST_OK && i < l->select.sort_count; i++) {
        s = page_fetch(&l->page, l->select.sort[i].column, l->e);
    }
    return s;
}

/* ---- reading and writing ---- */

/* Titles of records referred to are asked for between opening and writing. */
static bool shows_references(const struct page *p) {
    for (size_t i = 0; i < p->shown_count; i++) {
        if (p->access->object->fields[p->shown[i]].type == VALUE_REFERENCE)
            return true;
    }
    return false;
}

static enum status read_page(struct listing *l) {
    struct page_act act = {.act = l->q->where != NULL || l->q->search.n > 0 ? AUDIT_SEARCH : AUDIT_LIST,
                           .brief = !shows_references(&l->page)};
    page_select(&l->page, &l->select);
    enum status s = store_query(l->c->reader, &l->select, l->c->arena, &l->page.rows, l->e);
    if (s == ST_OK)
        s = page_views(l->c, &l->page, l->e);
    if (s == ST_OK)
        s = needles_check(l->c, &l->where.needles, &l->page, &act, l->e);
    if (s == ST_OK)
        s = page_open(l->c, &l->page, &act, l->e);
    return s == ST_OK ? titles_load(l->c, &l->page, &l->titles, l->e) : s;
}

static bool is_dropped(const struct listing *l, size_t i) {
    return l->page.opened.dropped != NULL && l->page.opened.dropped[i];
}

/* Rows that are checked again are counted as the index finds them, unless this page is all there is. */
static enum status count_rows(struct listing *l, uint64_t *count, bool *at_least) {
    bool all_here = !l->page.rows.more && l->q->cursor.n == 0 && l->select.offset == 0;
    *count = 0;
    *at_least = false;
    if (l->where.needles.count == 0 || !all_here) {
        enum status s = store_count(l->c->reader, l->access->object, l->select.filter, l->q->deleted,
                                    COUNT_MOST, count, at_least, l->e);
        *at_least = *at_least || l->where.needles.count > 0;
        return s;
    }
    for (size_t i = 0; i < l->page.rows.count; i++)
        *count += !is_dropped(l, i);
    return ST_OK;
}

static enum status write_count(struct listing *l, struct json *out) {
    uint64_t count;
    bool at_least;
    enum status s = count_rows(l, &count, &at_least);
    if (s != ST_OK)
        return s;
    json_key(out, "count");
    json_object_begin(out);
    json_key(out, "value");
    json_int(out, (int64_t)count);
    json_key(out, "at_least");
    json_bool(out, at_least);
    json_object_end(out);
    return ST_OK;
}

static enum status write_items(struct listing *l, struct json *out) {
    json_key(out, "items");
    json_array_begin(out);
    for (size_t i = 0; i < l->page.rows.count; i++) {
        if (is_dropped(l, i))
            continue;
        json_object_begin(out);
        enum status s = page_write_row(l->c, &l->page, i, &l->titles, out, l->e);
        if (s != ST_OK)
            return s;
        json_object_end(out);
    }
    json_array_end(out);
    return ST_OK;
}

static enum status write_listing(struct listing *l, struct json *out) {
    json_object_begin(out);
    enum status s = write_items(l, out);
    if (s != ST_OK)
        return s;
    json_key(out, "next_cursor");
    struct slice cursor = SLICE_NONE;
    if (l->page.rows.more) {
        s = cursor_write(l->c, &l->page, &l->select, &cursor, l->e);
        if (s != ST_OK)
            return s;
    }
    if (cursor.n > 0) {
        json_text(out, cursor);
    } else {
        json_none(out);
    }
    if (l->q->cursor.n == 0) {
        json_key(out, "page");
        json_int(out, l->q->page == 0 ? 1 : l->q->page);
    }
    if (l->access->marked) {
        json_key(out, "watermark");
        json_bool(out, true);
    }
    if (l->q->count)
        s = write_count(l, out);
    json_object_end(out);
    return s;
}

/* ---- groups ---- */

/* Departments stand for the branches that they are in now, merged ones for what they were merged into. */
static size_t fold_places(const struct listing *l, const struct field_def *f, struct store_group *groups,
                          size_t n) {
    const struct organisation *o = &l->c->world.directory->organisation;
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        struct cell *value = &groups[i].value;
        size_t at = 0;
        if (value->kind == CELL_INT)
            value->i = f->id == FIELD_BRANCH ? organisation_branch(o, (uint32_t)value->i)
                                             : organisation_home(o, (uint32_t)value->i);
        while (at < kept && (groups[at].value.kind != value->kind || groups[at].value.i != value->i))
            at++;
        if (at == kept)
            groups[kept++] = groups[i];
        else
            groups[at].count += groups[i].count;
    }
    return kept;
}

/* No person is named by a group, but the act is recorded like any other reading. */
static enum status write_groups(struct listing *l, struct json *out) {
    size_t index, n;
    struct store_group *groups;
    const struct field_def *f = access_field(l->access, l->q->group_by, &index);
    if (f == NULL || l->access->best[index] == VIEW_HIDDEN) {
        return error_set(l->e, ST_INVALID, "unknown_field", "there is no such field to group by");
    }
    if (!access_may_filter(l->access, index) || f->id == FIELD_UPDATED_AT) {
        return error_field(l->e, ST_INVALID, "not_filterable", f->name, "this field can't be grouped by");
    }
    struct slice tag = slice_from_string(f->name);
    enum status s = keeper_record(l->c->keeper, &l->c->call, AUDIT_LIST, AUDIT_DONE, l->access->object->id,
                                  NULL, tag, SLICE_NONE, l->e);
    if (s == ST_OK) {
        bool folds =
            l->c->world.directory->organisation.moved && (f->id == FIELD_BRANCH || f->id == FIELD_DEPARTMENT);
        s = store_group_by(l->c->reader, l->access->object, l->select.filter,
                           folds ? FIELD_DEPARTMENT : f->id, 1000, l->c->arena, &groups, &n, l->e);
        if (s == ST_OK && folds)
            n = fold_places(l, f, groups, n);
    }
    if (s != ST_OK)
        return s;
    json_object_begin(out);
    json_key(out, "items");
    json_array_begin(out);
    for (size_t i = 0; i < n; i++) {
        json_object_begin(out);
        json_key(out, "value");
        render_cell(l->c, f, VIEW_CLEAR, groups[i].value, NULL, out);
        json_key(out, "count");
        json_int(out, (int64_t)groups[i].count);
        json_object_end(out);
    }
    json_array_end(out);
    json_object_end(out);
    return ST_OK;
}

enum status record_query(struct caller *c, const struct record_query *q, struct json *out, struct error *e) {
    struct listing l = {.c = c, .q = q, .e = e};
    enum status s = plan(&l);
    if (s != ST_OK)
        return s;
    if (q->group_by.n > 0)
        return write_groups(&l, out);
    s = read_page(&l);
    return s == ST_OK ? write_listing(&l, out) : s;
}
