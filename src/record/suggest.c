/* The palette's suggestions: the search box over the objects that have people or companies, a few rows each.
 */
#include "record/record.h"

#include "record/page.h"
#include "record/titles.h"
#include "record/where.h"

#define SUGGEST_OBJECTS 6

static enum status suggest_object(struct caller *c, const struct access *a, struct slice text, uint32_t limit,
                                  struct json *out, size_t *written, struct error *e) {
    struct where where;
    struct page page;
    struct page_act act = {.act = AUDIT_SEARCH};
    uint16_t *titles = arena_array(c->arena, 8, sizeof *titles);
    const uint16_t *shown = titles;
    if (titles == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "suggest");
    size_t n = titles_fields(a, titles, 8), extra = 0;
    enum status s = where_search(c, a, text, &where, e);
    if (s != ST_OK || where.pred->op == PRED_FALSE || n == 0)
        return s;
    struct store_select q = {.limit = limit,
                             .sort = {{.column = FIELD_CREATED_AT, .descending = true}},
                             .sort_count = 1,
                             .filter = pred_and(c->arena, a->acts[ACT_LIST], where.pred)};
    if (q.filter == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "suggest");
    s = needles_shown(c, a, &where.needles, &shown, &n, &extra, e);
    if (s == ST_OK)
        s = page_plan(a, shown, n, &page, e);
    page.extra = extra;
    if (s == ST_OK)
        s = needles_fetch(&where.needles, &page, e);
    if (s != ST_OK)
        return s;
    page_select(&page, &q);
    s = store_query(c->reader, &q, c->arena, &page.rows, e);
    if (s == ST_OK)
        s = page_views(c, &page, e);
    if (s == ST_OK)
        s = needles_check(c, &where.needles, &page, &act, e);
    if (s == ST_OK)
        s = page_open(c, &page, &act, e);
    for (size_t i = 0; s == ST_OK && i < page.rows.count && *written < limit; i++) {
        if (page.opened.dropped != NULL && page.opened.dropped[i])
            continue;
        struct slice title;
        s = titles_make(c, &page, i, &title);
        if (s != ST_OK)
            return error_set(e, s, "no_memory", "title");
        json_object_begin(out);
        json_key(out, "object");
        json_cstring(out, a->object->name);
        json_key(out, "id");
        json_uuid(out, &page.keeper_rows[i].record);
        json_key(out, "title");
        json_text(out, title);
        json_object_end(out);
        (*written)++;
    }
    return s;
}

static bool worth_searching(const struct object_def *o) {
    for (size_t i = 0; i < o->field_count; i++) {
        if (o->fields[i].in_title && o->fields[i].search != 0)
            return true;
    }
    return false;
}

enum status record_suggest(struct caller *c, struct slice text, uint32_t limit, struct json *out,
                           struct error *e) {
    size_t written = 0, objects = 0;
    json_object_begin(out);
    json_key(out, "items");
    json_array_begin(out);
    for (size_t i = 0; i < c->world.objects->count && objects < SUGGEST_OBJECTS && written < limit; i++) {
        const struct access *a;
        if (!worth_searching(c->world.objects->objects[i]))
            continue;
        enum status s = access_get(c, c->world.objects->objects[i], &a, e);
        if (s != ST_OK)
            return s;
        if (!a->visible || a->acts[ACT_LIST]->op == PRED_FALSE)
            continue;
        objects++;
        s = suggest_object(c, a, text, limit, out, &written, e);
        if (s != ST_OK)
            return s;
    }
    json_array_end(out);
    json_object_end(out);
    return ST_OK;
}
