/* Recently opened records. The audit log knows them already: no list of its own is kept, and titles are read
 * anew under the caller's rights. */
#include "api/engine.h"
#include "api/handlers.h"
#include "record/titles.h"
#include "store/audit_index.h"

#define RECENT_MOST 20

struct recent {
    uint16_t object;
    struct uuid id;
    int64_t at_ms;
};

/* One record opened at a time is a page that somebody looked at. */
static size_t pick(const struct audit_index_row *rows, size_t n, struct recent *out) {
    size_t count = 0;
    for (size_t i = 0; i < n && count < RECENT_MOST; i++) {
        const struct audit_entry *e = &rows[i].entry;
        bool known = rows[i].record_count != 1 || e->outcome != AUDIT_DONE;
        for (size_t k = 0; k < count && !known; k++)
            known = uuid_equal(&out[k].id, &e->records[0]);
        if (!known)
            out[count++] = (struct recent){.object = e->object, .id = e->records[0], .at_ms = e->time_ms};
    }
    return count;
}

static enum status titles_of_object(struct caller *c, const struct object_def *o, const struct recent *all,
                                    size_t n, struct titles *out, struct error *e) {
    struct uuid ids[RECENT_MOST];
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        if (all[i].object == o->id)
            ids[count++] = all[i].id;
    }
    return titles_of(c, o, ids, count, out, e);
}

static enum status write_one(struct caller *c, const struct recent *all, size_t n, size_t i, struct json *j,
                             struct error *e) {
    const struct object_def *o = object_by_id(c->world.objects, all[i].object);
    struct titles titles;
    if (o == NULL)
        return ST_OK;
    enum status s = titles_of_object(c, o, all, n, &titles, e);
    struct slice title = s == ST_OK ? titles_find(&titles, &all[i].id) : SLICE_NONE;
    if (title.p == NULL)
        return s;
    json_object_begin(j);
    json_key(j, "object");
    json_cstring(j, o->name);
    json_key(j, "id");
    json_uuid(j, &all[i].id);
    json_key(j, "title");
    json_text(j, title);
    json_key(j, "at");
    json_time(j, all[i].at_ms);
    json_object_end(j);
    return ST_OK;
}

HANDLER(api_recent) {
    struct recent all[RECENT_MOST];
    struct audit_index_row *rows = NULL;
    struct audit_index *x = NULL;
    size_t n = 0;
    bool more;
    struct json j = json_to(&reply->body);
    struct audit_index_query q = {
        .by_actor = true, .actor = c->who.user, .act = AUDIT_VIEW, .limit = AUDIT_INDEX_PAGE};
    const char *directory = role_path(engine->env, c->arena, "db");
    (void)r;
    if (directory == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "recent");
    enum status s = audit_index_open(directory, false, &x, e);
    if (s == ST_OK)
        s = audit_index_find(x, &q, c->arena, &rows, &n, &more, e);
    audit_index_close(x);
    if (s != ST_OK && s != ST_NOT_FOUND)
        return s;
    n = pick(rows, n, all);
    json_object_begin(&j);
    json_key(&j, "items");
    json_array_begin(&j);
    s = ST_OK;
    for (size_t i = 0; s == ST_OK && i < n; i++)
        s = write_one(c, all, n, i, &j, e);
    json_array_end(&j);
    json_object_end(&j);
    return s;
}
