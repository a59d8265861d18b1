/* The 360 page's one stream: everything that happened with a customer, each kind under its own policy. */
#include "base/clock.h"
#include "record/get.h"
#include "record/record.h"
#include "record/shown.h"
#include "record/titles.h"

#include <stdio.h>
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
    struct timeline_place before;
    struct slice kinds; /* comma separated object names; empty: all */
    uint32_t limit;
    struct moment *moments;
    size_t count, room;
    bool marked; /* something of it only under a watermark */
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

/* Many rows may be made in one millisecond: the id says where among them. */
static const struct pred *before_place(struct arena *m, const struct timeline_place *place) {
    struct slice id = arena_copy(m, slice_of(place->id.b, 16));
    const struct pred *earlier = pred_compare(m, PRED_LT, FIELD_CREATED_AT, cell_int(place->at_ms));
    const struct pred *same = pred_compare(m, PRED_EQ, FIELD_CREATED_AT, cell_int(place->at_ms));
    const struct pred *lower = pred_compare(m, PRED_LT, FIELD_ID, cell_bytes(id));
    if (id.p == NULL || earlier == NULL || same == NULL || lower == NULL)
        return NULL;
    const struct pred *tie = pred_and(m, same, lower);
    return tie == NULL ? NULL : pred_or(m, earlier, tie);
}

static const struct pred *stream_filter(struct stream *s, const struct access *a,
                                        const struct field_def *link) {
    struct arena *m = s->c->arena;
    const struct pred *of = pred_compare(m, PRED_EQ, link->id, cell_bytes(slice_of(s->subject.b, 16)));
    const struct pred *then = before_place(m, &s->before);
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
    s->marked = s->marked || a->marked;
    for (size_t i = 0; status == ST_OK && i < page->rows.count && s->count < s->room; i++) {
        s->moments[s->count++] =
            (struct moment){.at = page->rows.rows[i].cells[PAGE_CREATED_AT].i, .page = page, .row = i};
    }
    return status;
}

static const struct uuid *id_of(const struct moment *m) {
    return &m->page->keeper_rows[m->row].record;
}

static int newest_first(const void *a, const void *b) {
    const struct moment *x = a, *y = b;
    if (x->at != y->at)
        return x->at > y->at ? -1 : 1;
    return memcmp(id_of(y)->b, id_of(x)->b, 16);
}

static enum status write_moment(struct stream *s, const struct moment *m, struct json *out) {
    const struct object_def *o = m->page->access->object;
    struct slice title;
    enum status made = titles_make(s->c, m->page, m->row, &title);
    if (made != ST_OK)
        return made;
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

static void write_place(const struct moment *m, struct json *out) {
    char id[UUID_TEXT + 1], text[96];
    uuid_format(id_of(m), id);
    (void)snprintf(text, sizeof text, "%lld.%s", (long long)m->at, id);
    json_cstring(out, text);
}

static bool kind_wanted(const struct stream *s, const struct object_def *o) {
    struct slice rest = s->kinds, name;
    while (shown_next_name(&rest, &name)) {
        if (slice_is(name, o->name))
            return true;
    }
    return s->kinds.n == 0;
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
        write_place(&s->moments[n - 1], out);
    } else {
        json_none(out);
    }
    if (s->marked) {
        json_key(out, "watermark");
        json_bool(out, true);
    }
    json_object_end(out);
    return ST_OK;
}

bool timeline_place_parse(struct slice text, struct timeline_place *out) {
    size_t digits = 0;
    *out = (struct timeline_place){.at_ms = INT64_MAX};
    if (text.n == 0 || clock_parse(text, &out->at_ms))
        return true;
    while (digits < text.n && text.p[digits] != '.')
        digits++;
    return digits < text.n && slice_to_int(slice_of(text.p, digits), &out->at_ms) &&
           uuid_parse(slice_of(text.p + digits + 1, text.n - digits - 1), &out->id);
}

enum status record_timeline(struct caller *c, struct slice object, const struct uuid *id,
                            const struct timeline_place *before, struct slice kinds, uint32_t limit,
                            struct json *out, struct error *e) {
    const struct access *a;
    struct page page;
    struct stream s = {.c = c, .subject = *id, .before = *before, .kinds = kinds, .e = e};
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
        if (!other->timeline || !kind_wanted(&s, other))
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
