/* From drafts to a set: names and ids, references, the way to the subject, lists and sorting. */
#include "object/draft.h"

#include <stdio.h>

struct linker {
    struct arena *arena;
    struct object_draft *drafts;
    size_t count;
    struct error *e;
};

static const char *field_path(char out[40], size_t i) {
    (void)snprintf(out, 40, "fields[%zu]", i);
    return out;
}

/* ---- names and ids ---- */

static enum status check_object(const struct linker *l, size_t i) {
    const struct object_draft *d = &l->drafts[i];
    if (!draft_name_is_legal(d->def.name))
        return draft_fail(l->e, d->file, "name", "use lower-case letters, digits and _, a letter first");
    for (size_t k = 0; k < i; k++) {
        if (l->drafts[k].def.id == d->def.id)
            return draft_fail(l->e, d->file, "id", "%u is taken by %s; use another", d->def.id,
                              l->drafts[k].file);
        if (strcmp(l->drafts[k].def.name, d->def.name) == 0)
            return draft_fail(l->e, d->file, "name", "\"%s\" is taken by %s; use another", d->def.name,
                              l->drafts[k].file);
    }
    return ST_OK;
}

static enum status check_field_unique(const struct linker *l, const struct object_draft *d, size_t i) {
    char path[40];
    for (size_t k = 0; k < i; k++) {
        if (d->fields[k].def.id == d->fields[i].def.id)
            return draft_fail(l->e, d->file, field_path(path, i),
                              "id %u is taken by fields[%zu]; use another", d->fields[i].def.id, k);
        if (strcmp(d->fields[k].def.name, d->fields[i].def.name) == 0)
            return draft_fail(l->e, d->file, field_path(path, i),
                              "name \"%s\" is taken by fields[%zu]; use another", d->fields[i].def.name, k);
    }
    return ST_OK;
}

static enum status link_fields(const struct linker *l, struct object_draft *d) {
    enum status s = ST_OK;
    bool about_subject = strcmp(d->subject, "none") != 0;
    for (size_t i = 0; s == ST_OK && i < d->field_count; i++) {
        char path[40];
        s = check_field_unique(l, d, i);
        if (s == ST_OK)
            s = link_field(l->arena, d->file, field_path(path, i), &d->fields[i], about_subject, l->e);
    }
    return s;
}

/* ---- references ---- */

static const struct object_draft *draft_by_name(const struct linker *l, const char *name) {
    for (size_t i = 0; i < l->count; i++) {
        if (strcmp(l->drafts[i].def.name, name) == 0)
            return &l->drafts[i];
    }
    return NULL;
}

static struct field_draft *field_by_name(const struct object_draft *d, const char *name) {
    for (size_t i = 0; i < d->field_count; i++) {
        if (strcmp(d->fields[i].def.name, name) == 0)
            return &d->fields[i];
    }
    return NULL;
}

static enum status link_references(const struct linker *l, struct object_draft *d) {
    for (size_t i = 0; i < d->field_count; i++) {
        struct field_draft *f = &d->fields[i];
        if (f->reference == NULL)
            continue;
        const struct object_draft *target = draft_by_name(l, f->reference);
        char path[40];
        if (target == NULL)
            return draft_fail(l->e, d->file, field_path(path, i),
                              "reference: there is no object \"%s\"; name one that is", f->reference);
        f->def.reference_object = target->def.id;
    }
    return ST_OK;
}

static bool choice_can_be_met(const struct field_def *f, const char *value) {
    if (f->type == VALUE_BOOLEAN)
        return strcmp(value, "true") == 0 || strcmp(value, "false") == 0;
    for (size_t i = 0; i < f->choice_count; i++) {
        if (strcmp(f->choices[i].key, value) == 0)
            return true;
    }
    return false;
}

/* The condition is unsealed: otherwise "required" would tell what the sealed value is. */
static enum status link_conditions(const struct linker *l, struct object_draft *d) {
    for (size_t i = 0; i < d->field_count; i++) {
        struct field_draft *f = &d->fields[i];
        if (f->when_name == NULL)
            continue;
        const struct field_draft *when = field_by_name(d, f->when_name);
        char path[40];
        if (when == NULL || when == f ||
            (when->def.type != VALUE_CHOICE && when->def.type != VALUE_BOOLEAN) ||
            field_is_sealed(&when->def))
            return draft_fail(
                l->e, d->file, field_path(path, i),
                "required_when: \"%s\" is no unsealed choice or boolean of this object; name one",
                f->when_name);
        if (!choice_can_be_met(&when->def, f->def.when_value))
            return draft_fail(l->e, d->file, field_path(path, i),
                              "required_when: \"%s\" has no such choice; name one", f->when_name);
        f->def.when_field = when->def.id;
    }
    return ST_OK;
}

/* ---- the way to the subject ---- */

static enum status link_subject(const struct linker *l, struct object_draft *d) {
    d->def.is_subject = strcmp(d->subject, "self") == 0;
    if (d->def.is_subject || strcmp(d->subject, "none") == 0)
        return ST_OK;
    const struct field_draft *f = field_by_name(d, d->subject);
    if (f == NULL || f->reference == NULL)
        return draft_fail(l->e, d->file, "subject",
                          "\"%s\" is no reference of this object; use self, none or one", d->subject);
    if (!f->def.required || f->def.retired)
        return draft_fail(l->e, d->file, "subject",
                          "\"%s\" must be required: without it nobody's key could seal the row", d->subject);
    d->def.subject_field = f->def.id;
    return ST_OK;
}

static enum status check_subject_path(const struct linker *l, const struct object_draft *d) {
    const struct object_draft *at = d;
    for (int step = 0; at->def.subject_field != 0; step++) {
        if (step == OBJECT_SUBJECT_STEPS_MAX)
            return draft_fail(l->e, d->file, "subject",
                              "leads to no subject within %d steps; shorten the path",
                              OBJECT_SUBJECT_STEPS_MAX);
        at = draft_by_name(l, field_by_name(at, at->subject)->reference);
    }
    if (d != at && !at->def.is_subject)
        return draft_fail(l->e, d->file, "subject",
                          "leads to \"%s\", which is nobody's data; point it elsewhere", at->def.name);
    return ST_OK;
}

static enum status link_parent(const struct linker *l, struct object_draft *d) {
    if (d->parent == NULL)
        return ST_OK;
    const struct field_draft *f = field_by_name(d, d->parent);
    if (f == NULL || f->reference == NULL || !f->def.required || f->def.on_delete != ON_DELETE_CASCADE)
        return draft_fail(l->e, d->file, "parent",
                          "\"%s\" is no required reference with on_delete cascade; make it one", d->parent);
    d->def.parent_field = f->def.id;
    return ST_OK;
}

/* Lines follow their parent's policy, so the chain of parents must end. */
static enum status check_parents(const struct linker *l, const struct object_draft *d) {
    const struct object_draft *at = d;
    for (int step = 0; at->parent != NULL; step++) {
        if (step == OBJECT_SUBJECT_STEPS_MAX)
            return draft_fail(l->e, d->file, "parent", "leads nowhere within %d steps; shorten the chain",
                              OBJECT_SUBJECT_STEPS_MAX);
        at = draft_by_name(l, field_by_name(at, at->parent)->reference);
    }
    return ST_OK;
}

/* ---- layout ---- */

static const struct field_def *any_field(const struct object_draft *d, const char *name) {
    const struct field_draft *f = field_by_name(d, name);
    if (f != NULL)
        return &f->def;
    size_t n;
    const struct field_def *sys = system_fields(&n);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(sys[i].name, name) == 0 && !field_is_internal(&sys[i]) && sys[i].id != FIELD_ID)
            return &sys[i];
    }
    return NULL;
}

static enum status link_list(const struct linker *l, const struct object_draft *d, const char *key,
                             const char *const *names, size_t count, const uint16_t **out) {
    uint16_t *ids = arena_array(l->arena, count, sizeof *ids);
    if (ids == NULL)
        return ST_NOMEM;
    for (size_t i = 0; i < count; i++) {
        const struct field_def *f = any_field(d, names[i]);
        if (f == NULL)
            return draft_fail(l->e, d->file, key, "there is no field \"%s\"; name one that is", names[i]);
        for (size_t k = 0; k < i; k++) {
            if (ids[k] == f->id)
                return draft_fail(l->e, d->file, key, "\"%s\" is there twice; take one out", names[i]);
        }
        ids[i] = f->id;
    }
    *out = ids;
    return ST_OK;
}

static bool id_in(const uint16_t *ids, size_t count, uint16_t id) {
    for (size_t i = 0; i < count; i++) {
        if (ids[i] == id)
            return true;
    }
    return false;
}

static enum status link_sort(const struct linker *l, struct object_draft *d) {
    const char *name = d->sort == NULL ? "-created_at" : d->sort;
    d->def.default_sort_descending = name[0] == '-';
    name += d->def.default_sort_descending;
    const struct field_def *f = any_field(d, name);
    if (f == NULL)
        return draft_fail(l->e, d->file, "default_sort", "there is no field \"%s\"; name one that is", name);
    if (field_is_sealed(f))
        return draft_fail(l->e, d->file, "default_sort",
                          "\"%s\" is sealed and has no order; use an unsealed field", name);
    if (!draft_type_sorts(f->type) || f->retired)
        return draft_fail(l->e, d->file, "default_sort", "\"%s\" has no order; use another field", name);
    d->def.default_sort_field = f->id;
    return ST_OK;
}

static enum status link_layout(const struct linker *l, struct object_draft *d) {
    if (d->title_count == 0)
        return draft_fail(l->e, d->file, "title_fields", "are missing; name at least one field");
    enum status s = link_list(l, d, "title_fields", d->title, d->title_count, &d->def.title_fields);
    if (s == ST_OK)
        s = link_list(l, d, "list_fields", d->list, d->list_count, &d->def.list_fields);
    if (s == ST_OK)
        s = link_sort(l, d);
    d->def.title_field_count = d->title_count;
    d->def.list_field_count = d->list_count;
    for (size_t i = 0; s == ST_OK && i < d->field_count; i++) {
        struct field_def *f = &d->fields[i].def;
        f->in_title = id_in(d->def.title_fields, d->title_count, f->id);
        f->in_list = id_in(d->def.list_fields, d->list_count, f->id);
    }
    return s;
}

/* ---- the set ---- */

static enum status build_object(const struct linker *l, struct object_draft *d, struct object_def **out) {
    size_t sys_count;
    const struct field_def *sys = system_fields(&sys_count);
    struct object_def *o = arena_alloc(l->arena, sizeof *o);
    struct field_def *fields = arena_array(l->arena, sys_count + d->field_count, sizeof *fields);
    if (o == NULL || fields == NULL)
        return ST_NOMEM;
    *o = d->def;
    o->fields = fields;
    o->field_count = sys_count + d->field_count;
    memcpy(fields, sys, sys_count * sizeof *fields);
    for (size_t i = 0; i < d->field_count; i++)
        fields[sys_count + i] = d->fields[i].def;
    for (size_t i = 0; i < sys_count; i++)
        fields[i].in_list = id_in(o->list_fields, o->list_field_count, fields[i].id);
    fields[0].reference_object = o->id;
    map_init(&o->by_name);
    *out = o;
    return ST_OK;
}

static enum status name_fields(struct object_def *o) {
    enum status s = ST_OK;
    for (size_t i = 0; s == ST_OK && i < o->field_count; i++) {
        if (!field_is_internal(&o->fields[i]))
            s = map_put(&o->by_name, slice_from_string(o->fields[i].name), (void *)(uintptr_t)&o->fields[i]);
    }
    return s;
}

static int compare_objects(const void *x, const void *y) {
    const struct object_def *const *a = x, *const *b = y;
    return (int)(*a)->id - (int)(*b)->id;
}

static enum status build_set(const struct linker *l, struct object_set *set) {
    struct object_def **objects = arena_array(l->arena, l->count, sizeof *objects);
    if (objects == NULL)
        return ST_NOMEM;
    set->objects = (const struct object_def *const *)objects;
    enum status s = ST_OK;
    for (size_t i = 0; s == ST_OK && i < l->count; i++) {
        s = build_object(l, &l->drafts[i], &objects[i]);
        if (s != ST_OK)
            break;
        set->count++;
        s = name_fields(objects[i]);
        if (s == ST_OK)
            s = map_put(&set->by_name, slice_from_string(objects[i]->name), objects[i]);
    }
    qsort(objects, set->count, sizeof(struct object_def *), compare_objects);
    return s;
}

enum status object_link(struct object_draft *drafts, size_t count, struct object_set *set, struct error *e) {
    static enum status (*const steps[])(const struct linker *, struct object_draft *) = {
        link_fields, link_references, link_conditions, link_subject, link_parent, link_layout};
    static enum status (*const checks[])(const struct linker *,
                                         const struct object_draft *) = {check_subject_path, check_parents};
    struct linker l = {.arena = &set->arena, .drafts = drafts, .count = count, .e = e};
    enum status s = ST_OK;
    for (size_t i = 0; s == ST_OK && i < count; i++)
        s = check_object(&l, i);
    for (size_t i = 0; s == ST_OK && i < sizeof steps / sizeof steps[0]; i++) {
        for (size_t k = 0; s == ST_OK && k < count; k++)
            s = steps[i](&l, &drafts[k]);
    }
    for (size_t i = 0; s == ST_OK && i < sizeof checks / sizeof checks[0]; i++) {
        for (size_t k = 0; s == ST_OK && k < count; k++)
            s = checks[i](&l, &drafts[k]);
    }
    return s == ST_OK ? build_set(&l, set) : s;
}
