#include "record/shown.h"

bool shown_next_name(struct slice *rest, struct slice *name) {
    while (rest->n > 0) {
        const uint8_t *comma = memchr(rest->p, ',', rest->n);
        size_t n = comma == NULL ? rest->n : (size_t)(comma - rest->p);
        *name = slice_trim(slice_of(rest->p, n));
        rest->p += comma == NULL ? n : n + 1;
        rest->n -= comma == NULL ? n : n + 1;
        if (name->n > 0)
            return true;
    }
    return false;
}

static bool may_show(const struct access *a, size_t i) {
    const struct field_def *f = &a->object->fields[i];
    return a->best[i] != VIEW_HIDDEN && !field_is_internal(f) && f->id != FIELD_ID && !f->retired;
}

static void add(uint16_t *list, size_t *n, size_t index) {
    for (size_t i = 0; i < *n; i++) {
        if (list[i] == index)
            return;
    }
    list[(*n)++] = (uint16_t)index;
}

static enum status by_names(const struct access *a, struct slice names, uint16_t *list, size_t *n,
                            struct error *e) {
    struct slice name;
    size_t index;
    while (shown_next_name(&names, &name)) {
        const struct field_def *f = access_field(a, name, &index);
        if (f == NULL || !may_show(a, index)) {
            if (f != NULL && f->id == FIELD_ID)
                continue;
            return error_set(e, ST_INVALID, "unknown_field", "a field asked for does not exist");
        }
        add(list, n, index);
    }
    return ST_OK;
}

enum status shown_fields(struct caller *c, const struct access *a, struct slice names, bool all,
                         const uint16_t **out, size_t *count, struct error *e) {
    const struct object_def *o = a->object;
    uint16_t *list = arena_array(c->arena, o->field_count + 1, sizeof *list);
    size_t n = 0;
    if (list == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "fields");
    enum status s = by_names(a, names, list, &n, e);
    if (s != ST_OK)
        return s;
    if (names.n == 0 && !all) {
        for (size_t i = 0; i < o->list_field_count; i++) {
            const struct field_def *f = object_field_by_id(o, o->list_fields[i]);
            if (f != NULL && may_show(a, (size_t)(f - o->fields)))
                add(list, &n, (size_t)(f - o->fields));
        }
    }
    if (names.n == 0 && (all || n == 0)) {
        for (size_t i = 0; i < o->field_count; i++) {
            if (may_show(a, i))
                add(list, &n, i);
        }
    }
    *out = list;
    *count = n;
    return ST_OK;
}

enum status shown_with(struct caller *c, const struct access *a, uint16_t field, const uint16_t **shown,
                       size_t *count, struct error *e) {
    const struct field_def *f = object_field_by_id(a->object, field);
    uint16_t *list = arena_array(c->arena, *count + 1, sizeof *list);
    if (list == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "fields");
    memcpy(list, *shown, *count * sizeof *list);
    add(list, count, (size_t)(f - a->object->fields));
    *shown = list;
    return ST_OK;
}
