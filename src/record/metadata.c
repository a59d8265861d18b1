#include "object/write.h"
#include "record/record.h"

struct looker {
    struct caller *caller;
    const struct access *access, *best; /* best: once he gives what is asked for */
};

/* The look-ups that he may make on a field: every kind where he reads it on some record, else by what a match
 * allows. */
static unsigned matchable(const struct access *a, size_t i) {
    const struct field_def *f = &a->object->fields[i];
    unsigned kinds = f->search;
    bool reads = a->fields[i].read->op != PRED_FALSE, matches = a->fields[i].match->op != PRED_FALSE;
    if (!reads && !matches)
        return 0;
    return reads ? kinds : kinds & (SEARCH_EXACT | SEARCH_SUFFIX);
}

static bool see_field(void *context, const struct object_def *o, const struct field_def *f,
                      struct field_sight *out) {
    const struct access *a = ((struct looker *)context)->access, *best = ((struct looker *)context)->best;
    size_t i = (size_t)(f - o->fields);
    bool writable = best->fields[i].write->op != PRED_FALSE && !f->read_only && !field_is_system(f);
    if (field_is_internal(f) || (a->best[i] == VIEW_HIDDEN && !writable))
        return false;
    bool clear = access_may_filter(a, i) && f->id != FIELD_UPDATED_AT;
    *out = (struct field_sight){.view = a->best[i],
                                .writable = writable || (f->id == FIELD_OWNER && best->may_create),
                                .matchable = matchable(a, i),
                                .filterable = clear,
                                .sortable = clear};
    return true;
}

static bool see_object(void *context, const struct object_def *o) {
    const struct access *a;
    return access_get(((struct looker *)context)->caller, o, &a, NULL) == ST_OK && a->visible;
}

static enum status write_one(struct caller *c, const struct access *a, struct json *out) {
    const char *names[ACCESS_ACTS];
    struct looker looker = {.caller = c, .access = a, .best = a};
    struct metadata_viewer viewer = {
        .field = see_field, .object = see_object, .context = &looker, .acts = names};
    if (access_suppose(c, a->object, SUPPOSE_ALL, &looker.best, NULL) != ST_OK)
        looker.best = a;
    viewer.act_count = access_act_names(c, a, names);
    object_write_metadata(out, c->world.objects, a->object, &viewer);
    return ST_OK;
}

enum status record_metadata(struct caller *c, struct slice object, struct json *out, struct error *e) {
    const struct access *a;
    if (object.n > 0) {
        enum status s = access_object(c, object, &a, e);
        return s == ST_OK ? write_one(c, a, out) : s;
    }
    json_object_begin(out);
    json_key(out, "version");
    json_int(out, (int64_t)c->world.objects->version);
    json_key(out, "items");
    json_array_begin(out);
    for (size_t i = 0; i < c->world.objects->count; i++) {
        enum status s = access_get(c, c->world.objects->objects[i], &a, e);
        if (s == ST_OK && a->visible)
            s = write_one(c, a, out);
        if (s != ST_OK)
            return s;
    }
    json_array_end(out);
    json_object_end(out);
    return ST_OK;
}
