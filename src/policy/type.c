#include "policy/type.h"

const struct cedar_type type_never = {.kind = TYPE_NEVER}, type_bool = {.kind = TYPE_BOOL},
                        type_true = {.kind = TYPE_TRUE}, type_false = {.kind = TYPE_FALSE},
                        type_long = {.kind = TYPE_LONG}, type_string = {.kind = TYPE_STRING},
                        type_any_set = {.kind = TYPE_SET},
                        type_any_record = {.kind = TYPE_RECORD, .open = true},
                        type_any_entity = {.kind = TYPE_ENTITY};

const struct cedar_type *type_extension(enum cedar_kind kind) {
    static const struct cedar_type types[] = {{.kind = TYPE_EXTENSION, .extension = CEDAR_DECIMAL},
                                              {.kind = TYPE_EXTENSION, .extension = CEDAR_IP},
                                              {.kind = TYPE_EXTENSION, .extension = CEDAR_DATETIME},
                                              {.kind = TYPE_EXTENSION, .extension = CEDAR_DURATION}};
    return &types[kind - CEDAR_DECIMAL];
}

static struct cedar_type *type_new(struct arena *a, enum type_kind kind) {
    struct cedar_type *t = arena_alloc(a, sizeof *t);
    if (t != NULL)
        t->kind = kind;
    return t;
}

const struct cedar_type *type_entity(struct arena *a, struct slice name) {
    struct cedar_type *t = type_new(a, TYPE_ENTITY);
    struct slice *names = arena_alloc(a, sizeof *names);
    if (t == NULL || names == NULL)
        return NULL;
    *names = name;
    t->entities = names;
    t->count = 1;
    return t;
}

const struct cedar_type *type_set(struct arena *a, const struct cedar_type *element) {
    struct cedar_type *t = type_new(a, TYPE_SET);
    if (t != NULL)
        t->element = element;
    return t;
}

static int compare_attributes(const void *a, const void *b) {
    return slice_compare(((const struct type_attribute *)a)->name, ((const struct type_attribute *)b)->name);
}

const struct cedar_type *type_record(struct arena *a, struct type_attribute *attributes, size_t count) {
    struct cedar_type *t = type_new(a, TYPE_RECORD);
    if (t == NULL)
        return NULL;
    if (count > 1)
        qsort(attributes, count, sizeof *attributes, compare_attributes);
    t->attributes = attributes;
    t->count = count;
    return t;
}

const struct type_attribute *type_attribute(const struct cedar_type *record, struct slice name) {
    size_t low = 0, high = record->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = slice_compare(record->attributes[middle].name, name);
        if (order == 0)
            return &record->attributes[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

bool type_is_bool(const struct cedar_type *t) {
    return t->kind == TYPE_BOOL || t->kind == TYPE_TRUE || t->kind == TYPE_FALSE;
}

static bool has_entity(const struct cedar_type *t, struct slice name) {
    for (size_t i = 0; i < t->count; i++) {
        if (slice_equal(t->entities[i], name))
            return true;
    }
    return false;
}

static bool entities_below(const struct cedar_type *a, const struct cedar_type *b, bool strict) {
    if (b->count == 0)
        return !strict || a->count == 0;
    if (a->count == 0 || (strict && a->count != b->count))
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (!has_entity(b, a->entities[i]))
            return false;
    }
    return true;
}

bool type_equal(const struct cedar_type *a, const struct cedar_type *b) {
    return a == b || (a->kind == b->kind && type_is_below(a, b, true) && type_is_below(b, a, true));
}

/* Every attribute of b is in a, of a type below. Strict: required in both or in neither; else what b requires
 * a requires too. */
static bool attributes_below(const struct cedar_type *a, const struct cedar_type *b, bool strict) {
    for (size_t i = 0; i < b->count; i++) {
        const struct type_attribute *other = type_attribute(a, b->attributes[i].name);
        if (other == NULL || !type_is_below(other->type, b->attributes[i].type, strict))
            return false;
        if (strict ? other->required != b->attributes[i].required
                   : b->attributes[i].required && !other->required)
            return false;
    }
    return true;
}

static bool records_below(const struct cedar_type *a, const struct cedar_type *b, bool strict) {
    if (a->open && !b->open)
        return false;
    bool width = b->open && !strict;
    return (width || a->count == b->count) && attributes_below(a, b, strict);
}

bool type_is_below(const struct cedar_type *a, const struct cedar_type *b, bool strict) {
    if (a == b || a->kind == TYPE_NEVER)
        return true;
    if (type_is_bool(a) && b->kind == TYPE_BOOL)
        return true;
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case TYPE_SET:
        return b->element == NULL || (a->element != NULL && type_is_below(a->element, b->element, strict));
    case TYPE_RECORD:
        return records_below(a, b, strict);
    case TYPE_ENTITY:
        return entities_below(a, b, strict);
    case TYPE_EXTENSION:
        return a->extension == b->extension;
    default:
        return true;
    }
}

/* ---- bounds ---- */

static enum bounded bound_sets(struct arena *a, const struct cedar_type *x, const struct cedar_type *y,
                               bool strict, const struct cedar_type **out) {
    const struct cedar_type *element;
    if (x->element == NULL || y->element == NULL) {
        *out = &type_any_set;
        return BOUNDED;
    }
    enum bounded b = type_bound(a, x->element, y->element, strict, &element);
    if (b != BOUNDED)
        return b;
    *out = type_set(a, element);
    return *out == NULL ? BOUND_NO_MEMORY : BOUNDED;
}

static enum bounded bound_attribute(struct arena *a, const struct type_attribute *x,
                                    const struct type_attribute *y, bool strict, struct type_attribute *out) {
    if (strict && x->required != y->required)
        return UNBOUNDED;
    out->name = x->name;
    out->required = x->required && y->required;
    return type_bound(a, x->type, y->type, strict, &out->type);
}

/* Strict: the same names, each with a bound. Permissive: those that have one; the record is open when any
 * was dropped. */
static enum bounded bound_records(struct arena *a, const struct cedar_type *x, const struct cedar_type *y,
                                  bool strict, const struct cedar_type **out) {
    struct type_attribute *list = arena_array(a, x->count, sizeof *list);
    struct cedar_type *t = type_new(a, TYPE_RECORD);
    if (list == NULL || t == NULL)
        return BOUND_NO_MEMORY;
    if (strict && x->count != y->count)
        return UNBOUNDED;
    for (size_t i = 0; i < x->count; i++) {
        const struct type_attribute *other = type_attribute(y, x->attributes[i].name);
        enum bounded b =
            other == NULL ? UNBOUNDED : bound_attribute(a, &x->attributes[i], other, strict, &list[t->count]);
        if (b == BOUND_NO_MEMORY || (b == UNBOUNDED && strict))
            return b;
        t->count += b == BOUNDED;
    }
    t->attributes = list;
    t->open = x->open || y->open || t->count != x->count || t->count != y->count;
    *out = t;
    return BOUNDED;
}

static int compare_names(const void *a, const void *b) {
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

static enum bounded bound_entities(struct arena *a, const struct cedar_type *x, const struct cedar_type *y,
                                   bool strict, const struct cedar_type **out) {
    if (strict)
        return UNBOUNDED; /* equal ones were below one another */
    if (x->count == 0 || y->count == 0) {
        *out = &type_any_entity;
        return BOUNDED;
    }
    struct cedar_type *t = type_new(a, TYPE_ENTITY);
    struct slice *names = arena_array(a, x->count + y->count, sizeof *names);
    if (t == NULL || names == NULL)
        return BOUND_NO_MEMORY;
    for (size_t i = 0; i < x->count; i++)
        names[t->count++] = x->entities[i];
    for (size_t i = 0; i < y->count; i++) {
        if (!has_entity(x, y->entities[i]))
            names[t->count++] = y->entities[i];
    }
    qsort(names, t->count, sizeof *names, compare_names);
    t->entities = names;
    *out = t;
    return BOUNDED;
}

enum bounded type_bound(struct arena *a, const struct cedar_type *x, const struct cedar_type *y, bool strict,
                        const struct cedar_type **out) {
    *out = y;
    if (type_is_below(x, y, strict))
        return BOUNDED;
    *out = x;
    if (type_is_below(y, x, strict))
        return BOUNDED;
    *out = &type_bool;
    if (type_is_bool(x) && type_is_bool(y))
        return BOUNDED;
    if (x->kind != y->kind)
        return UNBOUNDED;
    switch (x->kind) {
    case TYPE_SET:
        return bound_sets(a, x, y, strict, out);
    case TYPE_RECORD:
        return bound_records(a, x, y, strict, out);
    case TYPE_ENTITY:
        return bound_entities(a, x, y, strict, out);
    default:
        return UNBOUNDED;
    }
}

bool type_disjoint(const struct cedar_type *a, const struct cedar_type *b) {
    if (a->kind != TYPE_ENTITY || b->kind != TYPE_ENTITY || a->count == 0 || b->count == 0)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (has_entity(b, a->entities[i]))
            return false;
    }
    return true;
}

/* ---- values ---- */

static bool record_holds(const struct cedar_type *t, const struct cedar_value *v) {
    for (size_t i = 0; i < v->record.count; i++) {
        const struct type_attribute *known = type_attribute(t, v->record.pairs[i].name);
        if (known == NULL ? !t->open : !type_holds(known->type, &v->record.pairs[i].value))
            return false;
    }
    for (size_t i = 0; i < t->count; i++) {
        if (t->attributes[i].required && cedar_record_get(v, t->attributes[i].name) == NULL)
            return false;
    }
    return true;
}

static bool set_holds(const struct cedar_type *t, const struct cedar_value *v) {
    for (size_t i = 0; i < v->set.count && t->element != NULL; i++) {
        if (!type_holds(t->element, &v->set.items[i]))
            return false;
    }
    return true;
}

bool type_holds(const struct cedar_type *t, const struct cedar_value *v) {
    switch (t->kind) {
    case TYPE_NEVER:
        return false;
    case TYPE_BOOL:
        return v->kind == CEDAR_BOOL;
    case TYPE_TRUE:
    case TYPE_FALSE:
        return v->kind == CEDAR_BOOL && v->b == (t->kind == TYPE_TRUE);
    case TYPE_LONG:
        return v->kind == CEDAR_LONG;
    case TYPE_STRING:
        return v->kind == CEDAR_STRING;
    case TYPE_SET:
        return v->kind == CEDAR_SET && set_holds(t, v);
    case TYPE_RECORD:
        return v->kind == CEDAR_RECORD && record_holds(t, v);
    case TYPE_ENTITY:
        return v->kind == CEDAR_ENTITY && (t->count == 0 || has_entity(t, v->entity.type));
    case TYPE_EXTENSION:
        return v->kind == t->extension;
    }
    return false;
}

/* ---- words ---- */

static void put(char *out, size_t room, const char *text, size_t n) {
    size_t used = strlen(out);
    if (used + 1 < room)
        (void)snprintf(out + used, room - used, "%.*s", (int)(n > 200 ? 200 : n), text);
}

static void put_list(const struct cedar_type *t, char *out, size_t room) {
    put(out, room, "{", 1);
    for (size_t i = 0; i < t->count; i++) {
        const struct type_attribute *x = &t->attributes[i];
        put(out, room, i > 0 ? ", " : "", 2);
        put(out, room, (const char *)x->name.p, x->name.n);
        put(out, room, x->required ? ": " : "?: ", 3);
        char inner[100];
        type_print(x->type, inner, sizeof inner);
        put(out, room, inner, strlen(inner));
    }
    put(out, room, t->open ? ", …}" : "}", 6);
}

static void put_entities(const struct cedar_type *t, char *out, size_t room) {
    for (size_t i = 0; i < t->count; i++) {
        put(out, room, i > 0 ? " or " : "", 4);
        put(out, room, (const char *)t->entities[i].p, t->entities[i].n);
    }
    if (t->count == 0)
        put(out, room, "any entity", 10);
}

void type_print(const struct cedar_type *t, char *out, size_t room) {
    static const char *const names[] = {"nothing", "Bool", "True", "False", "Long", "String"};
    static const char *const extensions[] = {"decimal", "ipaddr", "datetime", "duration"};
    char inner[120];
    out[0] = 0;
    switch (t->kind) {
    case TYPE_SET:
        if (t->element == NULL)
            (void)snprintf(inner, sizeof inner, "anything");
        else
            type_print(t->element, inner, sizeof inner);
        (void)snprintf(out, room, "Set<%s>", inner);
        break;
    case TYPE_RECORD:
        put_list(t, out, room);
        break;
    case TYPE_ENTITY:
        put_entities(t, out, room);
        break;
    case TYPE_EXTENSION:
        (void)snprintf(out, room, "%s", extensions[t->extension - CEDAR_DECIMAL]);
        break;
    default:
        (void)snprintf(out, room, "%s", names[t->kind]);
    }
}
