#include "policy/value_json.h"

#include "policy/extension.h"

static enum status refuse(const struct value_reader *r, const struct document *d, const char *what) {
    return error_set(r->error, ST_INVALID, "bad_value", "%s:%u: %s", r->file, d->line, what);
}

static enum status no_memory(const struct value_reader *r) {
    return error_set(r->error, ST_NOMEM, "no_memory", "%s: too large", r->file);
}

/* ---- entities ---- */

static bool name_letter(uint8_t c, bool first) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (!first && c >= '0' && c <= '9');
}

/* A::B::C, without white space. */
static bool is_type_path(struct slice type) {
    bool first = true;
    for (size_t i = 0; i < type.n; i++) {
        if (!first && type.p[i] == ':' && i + 2 < type.n && type.p[i + 1] == ':') {
            i++;
            first = true;
        } else if (name_letter(type.p[i], first)) {
            first = false;
        } else {
            return false;
        }
    }
    return !first;
}

enum status entity_from_json(const struct value_reader *r, const struct document *d,
                             struct cedar_entity *out) {
    const struct document *inner = document_get(d, "__entity");
    const struct document *from = inner != NULL && d->count == 1 ? inner : d;
    out->type = document_string(from, "type");
    out->id = document_string(from, "id");
    if (out->type.p == NULL || out->id.p == NULL || from->count != 2)
        return refuse(r, d, "expected an entity: {\"type\": \"…\", \"id\": \"…\"}");
    return is_type_path(out->type) ? ST_OK : refuse(r, d, "an entity's type is a name or a path of names");
}

static enum status entity_value(const struct value_reader *r, const struct document *d,
                                struct cedar_value *out) {
    out->kind = CEDAR_ENTITY;
    return entity_from_json(r, d, &out->entity);
}

/* ---- extensions ---- */

static enum status call(const struct value_reader *r, const struct document *d, const struct extension *x,
                        const struct document *arguments, size_t count, struct cedar_value *out) {
    struct cedar_value values[EXTENSION_ARGUMENTS_MAX];
    if (x == NULL || x->arguments != count)
        return refuse(r, d, "no extension function of this name takes so many arguments");
    for (size_t i = 0; i < count; i++) {
        enum status s = value_from_json(r, &arguments[i], NULL, &values[i]);
        if (s != ST_OK)
            return s;
    }
    return x->call(values, out) ? ST_OK : refuse(r, d, "an extension function does not take this argument");
}

/* {"fn": …, "arg": …} or {"fn": …, "args": […]}. */
static enum status call_object(const struct value_reader *r, const struct document *d,
                               struct cedar_value *out) {
    const struct document *one = document_get(d, "arg"), *many = document_get(d, "args");
    struct slice name = document_string(d, "fn");
    if (name.p == NULL || d->count != 2 || (one == NULL && !document_is(many, DOCUMENT_ARRAY)))
        return refuse(r, d, "expected an extension call: {\"fn\": \"…\", \"arg\": …}");
    const struct extension *x = extension_find(name);
    return one != NULL ? call(r, d, x, one, 1, out) : call(r, d, x, many->items, many->count, out);
}

static struct slice constructor_of(enum cedar_kind kind) {
    static const char *const names[] = {"decimal", "ip", "datetime", "duration"};
    return slice_from_string(names[kind - CEDAR_DECIMAL]);
}

static enum status extension_value(const struct value_reader *r, const struct document *d,
                                   enum cedar_kind kind, struct cedar_value *out) {
    const struct document *inner = document_get(d, "__extn");
    if (d->kind == DOCUMENT_STRING)
        return call(r, d, extension_find(constructor_of(kind)), d, 1, out);
    return call_object(r, inner != NULL && d->count == 1 ? inner : d, out);
}

/* ---- sets and records ---- */

static enum status set_value(const struct value_reader *r, const struct document *d,
                             const struct cedar_type *element, struct cedar_value *out) {
    struct cedar_value *items = arena_array(r->arena, d->count, sizeof *items);
    if (items == NULL)
        return no_memory(r);
    for (size_t i = 0; i < d->count; i++) {
        enum status s = value_from_json(r, &d->items[i], element, &items[i]);
        if (s != ST_OK)
            return s;
    }
    *out = cedar_set(items, d->count);
    return ST_OK;
}

static enum status record_value(const struct value_reader *r, const struct document *d,
                                const struct cedar_type *type, struct cedar_value *out) {
    struct cedar_pair *pairs = arena_array(r->arena, d->count, sizeof *pairs);
    if (pairs == NULL)
        return no_memory(r);
    for (size_t i = 0; i < d->count; i++) {
        const struct type_attribute *known = type == NULL ? NULL : type_attribute(type, d->names[i]);
        if (type != NULL && known == NULL && !type->open)
            return refuse(r, &d->items[i], "the schema has no attribute of this name here");
        pairs[i].name = d->names[i];
        enum status s = value_from_json(r, &d->items[i], known == NULL ? NULL : known->type, &pairs[i].value);
        if (s != ST_OK)
            return s;
    }
    *out = (struct cedar_value){.kind = CEDAR_RECORD, .record = {.pairs = pairs, .count = d->count}};
    return ST_OK;
}

static enum status object_value(const struct value_reader *r, const struct document *d,
                                struct cedar_value *out) {
    if (d->count == 1 && slice_is(d->names[0], "__entity"))
        return entity_value(r, d, out);
    if (d->count == 1 && slice_is(d->names[0], "__extn"))
        return call_object(r, &d->items[0], out);
    if (d->count == 1 && slice_is(d->names[0], "__expr"))
        return refuse(r, d, "__expr is no longer part of the language");
    return record_value(r, d, NULL, out);
}

static enum status plain_value(const struct value_reader *r, const struct document *d,
                               struct cedar_value *out) {
    switch (d->kind) {
    case DOCUMENT_BOOL:
        *out = cedar_bool(d->b);
        return ST_OK;
    case DOCUMENT_LONG:
        *out = cedar_long(d->i);
        return ST_OK;
    case DOCUMENT_STRING:
        *out = cedar_string(d->s);
        return ST_OK;
    case DOCUMENT_ARRAY:
        return set_value(r, d, NULL, out);
    case DOCUMENT_OBJECT:
        return object_value(r, d, out);
    case DOCUMENT_NULL:
        return refuse(r, d, "null is no value");
    default:
        return refuse(r, d, "only whole numbers of 64 bits are values");
    }
}

static enum status typed_value(const struct value_reader *r, const struct document *d,
                               const struct cedar_type *type, struct cedar_value *out) {
    if (type->kind == TYPE_ENTITY && d->kind == DOCUMENT_OBJECT)
        return entity_value(r, d, out);
    if (type->kind == TYPE_EXTENSION && (d->kind == DOCUMENT_OBJECT || d->kind == DOCUMENT_STRING))
        return extension_value(r, d, type->extension, out);
    if (type->kind == TYPE_SET && d->kind == DOCUMENT_ARRAY)
        return set_value(r, d, type->element, out);
    if (type->kind == TYPE_RECORD && d->kind == DOCUMENT_OBJECT)
        return record_value(r, d, type, out);
    return plain_value(r, d, out);
}

enum status value_from_json(const struct value_reader *r, const struct document *d,
                            const struct cedar_type *expected, struct cedar_value *out) {
    char name[120];
    if (expected == NULL)
        return plain_value(r, d, out);
    enum status s = typed_value(r, d, expected, out);
    if (s != ST_OK || type_holds(expected, out))
        return s;
    type_print(expected, name, sizeof name);
    return error_set(r->error, ST_INVALID, "bad_value", "%s:%u: not of the type that the schema has here: %s",
                     r->file, d->line, name);
}

bool value_choices_hold(const struct schema *s, const struct cedar_value *v, struct cedar_entity *bad) {
    if (v->kind == CEDAR_SET) {
        for (size_t i = 0; i < v->set.count; i++) {
            if (!value_choices_hold(s, &v->set.items[i], bad))
                return false;
        }
        return true;
    }
    if (v->kind == CEDAR_RECORD) {
        for (size_t i = 0; i < v->record.count; i++) {
            if (!value_choices_hold(s, &v->record.pairs[i].value, bad))
                return false;
        }
        return true;
    }
    const struct schema_entity *e = v->kind == CEDAR_ENTITY ? schema_find_entity(s, v->entity.type) : NULL;
    *bad = v->kind == CEDAR_ENTITY ? v->entity : *bad;
    return e == NULL || schema_entity_takes(e, v->entity.id);
}
