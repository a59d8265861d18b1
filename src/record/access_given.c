#include "record/access_given.h"

#include "base/map.h"

static bool holds(const struct staff_access *x, const struct object_def *o, int64_t now_ms) {
    return x->object == o->id && x->since <= now_ms && now_ms < x->until;
}

static const struct staff_access *given_to(const struct caller *c, size_t *count) {
    *count = 0;
    return c->who.is_key || c->who.is_job ? NULL : directory_accesses(c->world.directory, c->who.user, count);
}

/* What the keeper opens for him at best: an access goes no higher, so that the end of the role that gave the
 * ceiling masks the field again instead of having his pages refused. */
static void ceiling_of(const struct caller *c, uint8_t ceiling[CLASS_COUNT]) {
    const struct directory *d = c->world.directory;
    memset(ceiling, VIEW_HIDDEN, CLASS_COUNT);
    ceiling[CLASS_PUBLIC] = ceiling[CLASS_INTERNAL] = VIEW_CLEAR;
    for (size_t i = 0; i < c->who.role_count; i++)
        directory_ceiling(d, c->who.roles[i], ceiling);
    for (size_t i = 0; i < c->who.lent_count; i++) {
        for (size_t k = 0; k < c->who.lent[i].role_count; k++)
            directory_ceiling(d, c->who.lent[i].roles[k], ceiling);
    }
}

uint64_t access_given_hash(const struct caller *c, const struct object_def *o, uint64_t seed) {
    size_t n;
    const struct staff_access *list = given_to(c, &n);
    for (size_t i = 0; i < n; i++) {
        if (holds(&list[i], o, c->context.now_ms))
            seed = map_hash(slice_of(&list[i].grant, sizeof list[i].grant), seed + 1);
    }
    return seed;
}

bool access_is_given(const struct caller *c, const struct object_def *o) {
    size_t n;
    const struct staff_access *list = given_to(c, &n);
    for (size_t i = 0; i < n; i++) {
        if (holds(&list[i], o, c->context.now_ms))
            return true;
    }
    return false;
}

/* x or (scope and y); NULL when memory is out. */
static const struct pred *widen(struct arena *arena, const struct pred *x, const struct pred *scope,
                                const struct pred *y) {
    const struct pred *within = pred_and(arena, scope, y);
    return within == NULL ? NULL : pred_or(arena, x, within);
}

/* By his own roles over his main post's place: what colleagues lent is not for who leads him to open. */
static enum status own_scope(const struct policy_query *q, const struct pred **out, struct error *e) {
    const struct pred *list, *view;
    enum status s = policy_filter(q, ACT_LIST, &list, e);
    if (s == ST_OK)
        s = policy_filter(q, ACT_VIEW, &view, e);
    if (s != ST_OK)
        return s;
    *out = pred_or(q->arena, list, view);
    return *out == NULL ? error_set(e, ST_NOMEM, "no_memory", "access") : ST_OK;
}

static enum status add_one(struct access_entry *entry, const struct staff_access *x, const struct pred *scope,
                           const uint8_t *ceiling, const struct field_view *open, struct field_view *fields,
                           struct error *e) {
    struct arena *a = &entry->arena;
    const struct object_def *o = entry->access.object;
    if (x->record_count > 0)
        scope = pred_and(a, scope, pred_in(a, FIELD_ID, x->records, x->record_count));
    for (size_t i = 0; scope != NULL && i < x->field_count; i++) {
        const struct field_def *f = object_field_by_id(o, x->fields[i]);
        if (f == NULL || field_is_internal(f) || ceiling[f->class] < VIEW_CLEAR)
            continue;
        size_t at = (size_t)(f - o->fields);
        fields[at].read = widen(a, fields[at].read, scope, open[at].read);
        fields[at].see = widen(a, fields[at].see, scope, open[at].read);
        if (fields[at].read == NULL || fields[at].see == NULL)
            scope = NULL;
    }
    return scope == NULL ? error_set(e, ST_NOMEM, "no_memory", "access") : ST_OK;
}

enum status access_add_given(const struct caller *c, struct access_entry *entry, const struct policy_query *q,
                             struct field_view *fields, struct error *e) {
    struct policy_query asked = *q;
    const struct field_view *open;
    size_t n;
    const struct staff_access *list = given_to(c, &n);
    const struct pred *scope = NULL;
    uint8_t ceiling[CLASS_COUNT];
    ceiling_of(c, ceiling);
    asked.unless_forbidden = true;
    enum status s = own_scope(q, &scope, e);
    if (s == ST_OK)
        s = policy_views(&asked, &open, e);
    for (size_t i = 0; s == ST_OK && i < n; i++) {
        if (holds(&list[i], entry->access.object, c->context.now_ms))
            s = add_one(entry, &list[i], scope, ceiling, open, fields, e);
    }
    return s;
}

/* ---- telling ---- */

static bool concerns(const struct staff_access *x, const struct uuid *id) {
    bool found = x->record_count == 0 || id == NULL;
    for (size_t i = 0; i < x->record_count && !found; i++)
        found = x->records[i].s.n == 16 && memcmp(x->records[i].s.p, id->b, 16) == 0;
    return found;
}

static bool names_field(const struct staff_access *x, uint16_t field) {
    for (size_t i = 0; i < x->field_count; i++) {
        if (x->fields[i] == field)
            return true;
    }
    return false;
}

bool access_given_write(const struct caller *c, const struct object_def *o, const struct uuid *id,
                        const char *key, struct json *out) {
    size_t n;
    bool any = false;
    uint8_t ceiling[CLASS_COUNT];
    const struct staff_access *list = given_to(c, &n);
    ceiling_of(c, ceiling);
    for (size_t f = 0; n > 0 && f < o->field_count; f++) {
        int64_t until = 0;
        if (ceiling[o->fields[f].class] < VIEW_CLEAR)
            continue;
        for (size_t i = 0; i < n; i++) {
            const struct staff_access *x = &list[i];
            if (holds(x, o, c->context.now_ms) && concerns(x, id) && names_field(x, o->fields[f].id) &&
                x->until > until)
                until = x->until;
        }
        if (until == 0)
            continue;
        if (!any) {
            json_key(out, key);
            json_object_begin(out);
            any = true;
        }
        json_key(out, o->fields[f].name);
        json_time(out, until);
    }
    if (any)
        json_object_end(out);
    return any;
}

static void write_names(const struct staff_access *x, const struct object_def *o, struct json *out) {
    json_key(out, "fields");
    json_array_begin(out);
    for (size_t i = 0; i < x->field_count; i++) {
        const struct field_def *f = object_field_by_id(o, x->fields[i]);
        if (f != NULL)
            json_cstring(out, f->name);
    }
    json_array_end(out);
}

void access_given_list(const struct directory *d, uint32_t user, int64_t now_ms, const struct object_def *o,
                       const struct field_def *field, const struct uuid *id, struct json *out) {
    size_t n;
    const struct staff_access *list = directory_accesses(d, user, &n);
    json_array_begin(out);
    for (size_t i = 0; i < n; i++) {
        const struct staff_access *x = &list[i];
        if (!holds(x, o, now_ms) || !concerns(x, id) || (field != NULL && !names_field(x, field->id)))
            continue;
        json_object_begin(out);
        json_key(out, "id");
        json_int(out, x->grant);
        json_key(out, "until");
        json_time(out, x->until);
        json_key(out, "reason");
        json_cstring(out, x->reason);
        json_key(out, "approved_by");
        json_int(out, x->approved_by);
        json_key(out, "all");
        json_bool(out, x->record_count == 0);
        write_names(x, o, out);
        json_object_end(out);
    }
    json_array_end(out);
}
