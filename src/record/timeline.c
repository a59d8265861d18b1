/* The 360 page's one stream: everything that happened with a customer, each kind under its own policy. */
#include "record/get.h"
#include "record/record.h"
#include "record/shown.h"
#include "record/titles.h"

#include <stdlib.h>

#define TIMELINE_OBJECTS 32

struct moment {
    int64_t at;
    const struct page *page;
    size_t row;
};

struct stream {
    struct caller *c;
    struct uuid subject;
    int64_t before;
    uint32_t limit;
    struct moment *moments;
    size_t count, room;
    struct error *e;
};

/* The reference field of `o` that leads to `to`; NULL when there is none the caller may know of. */
static const struct field_def *link_to(const struct access *a, const struct object_def *to) {
    for (size_t i = 0; i < a->object->field_count; i++) {
        const struct field_def *f = &a->object->fields[i];
        if (f->type == VALUE_REFERENCE && f->reference_object == to->id && access_may_filter(a, i))
            return f;
    }
    return NULL;
}

static const struct pred *stream_filter(struct stream *s, const struct access *a,
                                        const struct field_def *link) {
    struct arena *m = s->c->arena;
    const struct pred *of = pred_compare(m, PRED_EQ, link->id, cell_bytes(slice_of(s->subject.b, 16)));
    const struct pred *then = pred_compare(m, PRED_LT, FIELD_CREATED_AT, cell_int(s->before));
    const struct pred *own = of == NULL || then == NULL ? NULL : pred_and(m, of, then);
    return own == NULL ? NULL : pred_and(m, a->acts[ACT_LIST], own);
}

static enum status read_kind(struct stream *s, const struct access *a, const struct field_def *link) {
    const uint16_t *shown = NULL;
    size_t n = 0;
    struct page *page = arena_alloc(s->c->arena, sizeof *page);
    struct store_select q = {.limit = s->limit,
                             .sort = {{.column = FIELD_CREATED_AT, .descending = true}},
                             .sort_count = 1,
                             .filter = stream_filter(s, a, link)};
    if (page == NULL || q.filter == NULL)
        return error_set(s->e, ST_NOMEM, "no_memory", "timeline");
    enum status status = shown_fields(s->c, a, SLICE_NONE, false, &shown, &n, s->e);
    if (status == ST_OK)
        status = page_plan(a, shown, n, page, s->e);
    if (status != ST_OK)
        return status;
    page_select(page, &q);
    status = store_query(s->c->reader, &q, s->c->arena, &page->rows, s->e);
    if (status != ST_OK || page->rows.count == 0)
        return status;
    status = page_views(s->c, page, s->e);
    if (status == ST_OK)
        status = page_open(s->c, page, &(struct page_act){.act = AUDIT_VIEW}, s->e);
    for (size_t i = 0; status == ST_OK && i < page->rows.count && s->count < s->room; i++) {
        s->moments[s->count++] =
            (struct moment){.at = page->rows.rows[i].cells[PAGE_CREATED_AT].i, .page = page, .row = i};
    }
    return status;
}

static int newest_first(const void *a, const void *b) {
    int64_t x = ((const struct moment *)a)->at, y = ((const struct moment *)b)->at;
    return x > y ? -1 : x < y;
}

static enum status write_moment(struct stream *s, const struct moment *m, struct json *out) {
    const struct object_def *o = m->page->access->object;
    struct slice title = titles_make(s->c, m->page, m->row);
    json_object_begin(out);
    json_key(out, "object");
    json_cstring(out, o->name);
    json_key(out, "id");
    json_uuid(out, &m->page->keeper_rows[m->row].record);
    json_key(out, "at");
    json_time(out, m->at);
    json_key(out, "title");
    if (title.p == NULL) {
        json_none(out);
    } else {
        json_text(out, title);
    }
    json_key(out, "record");
    json_object_begin(out);
    enum status status = page_write_row(s->c, m->page, m->row, NULL, out, s->e);
    json_object_end(out);
    json_object_end(out);
    return status;
}

static enum status write_stream(struct stream *s, struct json *out) {
    if (s->count > 0)
        qsort(s->moments, s->count, sizeof *s->moments, newest_first);
    size_t n = s->count < s->limit ? s->count : s->limit;
    json_object_begin(out);
    json_key(out, "items");
    json_array_begin(out);
    for (size_t i = 0; i < n; i++) {
        enum status status = write_moment(s, &s->moments[i], out);
        if (status != ST_OK)
            return status;
    }
    json_array_end(out);
    json_key(out, "next");
    if (s->count > n) {
        json_time(out, s->moments[n - 1].at);
    } else {
        json_none(out);
    }
    json_object_end(out);
    return ST_OK;
}

enum status record_timeline(struct caller *c, struct slice object, const struct uuid *id, int64_t before_ms,
                            uint32_t limit, struct json *out, struct error *e) {
    const struct access *a;
    struct page page;
    struct stream s = {.c = c, .subject = *id, .before = before_ms == 0 ? INT64_MAX : before_ms, .e = e};
    s.limit = limit == 0 || limit > 100 ? 30 : limit;
    s.room = (size_t)s.limit * TIMELINE_OBJECTS;
    s.moments = arena_array(c->arena, s.room, sizeof *s.moments);
    if (s.moments == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "timeline");
    enum status status = access_object(c, object, &a, e);
    if (status == ST_OK)
        status = get_row(c, a, ACT_VIEW, id, GET_ALIVE, NULL, 0, &page, e);
    if (status != ST_OK)
        return status;
    for (size_t i = 0; i < c->world.objects->count; i++) {
        const struct object_def *other = c->world.objects->objects[i];
        const struct access *kind;
        if (!other->timeline)
            continue;
        status = access_get(c, other, &kind, e);
        if (status != ST_OK)
            return status;
        const struct field_def *link = kind->visible ? link_to(kind, a->object) : NULL;
        if (link != NULL)
            status = read_kind(&s, kind, link);
        if (status != ST_OK)
            return status;
    }
    return write_stream(&s, out);
}
