/* A change works on the definitions' JSON, which then goes through the same reader and linker as files do:
 * one set of rules, whoever writes a definition. */
#include "object/extend.h"

#include "base/json_in.h"
#include "object/diff.h"
#include "object/draft.h"
#include "object/write.h"

#include <stdio.h>

struct extending {
    const struct object_set *set;
    json_t **objects; /* one per object of the set, and one spare for a new one */
    size_t count;
    json_t *change;
    struct error *e;
};

static enum status bad(const struct extending *x, const char *reason) {
    return draft_fail(x->e, "change", "", "%s", reason);
}

/* jansson reports only that memory is out. */
static enum status stored(int rc) {
    return rc == 0 ? ST_OK : ST_NOMEM;
}

static json_t *object_named(const struct extending *x, const char *name) {
    for (size_t i = 0; i < x->count; i++) {
        const char *have = json_string_value(json_object_get(x->objects[i], "name"));
        if (have != NULL && name != NULL && strcmp(have, name) == 0)
            return x->objects[i];
    }
    return NULL;
}

static json_t *item_named(const json_t *list, const char *key, const char *name) {
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item) {
        const char *have = json_string_value(json_object_get(item, key));
        if (have != NULL && name != NULL && strcmp(have, name) == 0)
            return item;
    }
    return NULL;
}

/* The id that comes after all that are in use, OBJECT_RUNTIME_ID at least. Nothing is ever removed, so none
 * comes twice. */
static json_int_t next_id(json_t *const *items, size_t count) {
    json_int_t next = OBJECT_RUNTIME_ID;
    for (size_t i = 0; i < count; i++) {
        json_int_t id = json_integer_value(json_object_get(items[i], "id"));
        if (id >= next)
            next = id + 1;
    }
    return next;
}

/* An id of the change's own choosing must be of run time's range: those below belong to what is shipped. */
static enum status give_id(const struct extending *x, json_t *item, json_int_t next) {
    const json_t *id = json_object_get(item, "id");
    if (id == NULL)
        return stored(json_object_set_new(item, "id", json_integer(next)));
    if (!json_is_integer(id) || json_integer_value(id) < OBJECT_RUNTIME_ID)
        return bad(x, "id: use a number from 10000 up, or leave it out");
    return ST_OK;
}

static enum status give_field_ids(const struct extending *x, json_t *fields) {
    size_t i;
    json_t *field;
    json_array_foreach(fields, i, field) {
        json_int_t next = OBJECT_RUNTIME_ID;
        for (size_t k = 0; k < json_array_size(fields); k++) {
            json_int_t id = json_integer_value(json_object_get(json_array_get(fields, k), "id"));
            next = id >= next ? id + 1 : next;
        }
        if (!json_is_object(field))
            return bad(x, "add_object.fields: write a list of fields");
        enum status s = give_id(x, field, next);
        if (s != ST_OK)
            return s;
    }
    return ST_OK;
}

static enum status add_object(struct extending *x, json_t *definition) {
    if (!json_is_object(definition) || !json_is_array(json_object_get(definition, "fields")))
        return bad(x, "add_object: write a definition with fields");
    enum status s = give_id(x, definition, next_id(x->objects, x->count));
    if (s == ST_OK)
        s = give_field_ids(x, json_object_get(definition, "fields"));
    x->objects[x->count++] = json_incref(definition);
    return s;
}

static enum status add_field(struct extending *x, json_t *object, json_t *field) {
    if (!json_is_object(field))
        return bad(x, "add_field: write a field");
    json_t *fields = json_object_get(object, "fields");
    json_int_t next = OBJECT_RUNTIME_ID;
    size_t i;
    json_t *have;
    json_array_foreach(fields, i, have) {
        json_int_t id = json_integer_value(json_object_get(have, "id"));
        next = id >= next ? id + 1 : next;
    }
    enum status s = give_id(x, field, next);
    return s == ST_OK ? stored(json_array_append(fields, field)) : s;
}

/* Choices that the change leaves out stay, retired: rows may hold them. */
static enum status keep_choices(const json_t *field, json_t *choices) {
    size_t i;
    json_t *old;
    json_array_foreach(json_object_get(field, "choices"), i, old) {
        if (item_named(choices, "key", json_string_value(json_object_get(old, "key"))) != NULL)
            continue;
        json_t *kept = json_copy(old);
        if (json_object_set_new(kept, "retired", json_true()) != 0 ||
            json_array_append_new(choices, kept) != 0)
            return ST_NOMEM;
    }
    return ST_OK;
}

static enum status set_keys(const struct extending *x, json_t *target, const json_t *set,
                            const char *const *permitted) {
    const char *key;
    json_t *v;
    json_object_foreach((json_t *)(uintptr_t)set, key, v) {
        bool known = false;
        for (size_t i = 0; permitted[i] != NULL && !known; i++)
            known = strcmp(permitted[i], key) == 0;
        if (!known)
            return draft_fail(x->e, "change", "set", "\"%.40s\" cannot be changed; take it out", key);
        if (json_is_null(v))
            (void)json_object_del(target, key);
        else if (json_object_set(target, key, v) != 0)
            return ST_NOMEM;
    }
    return ST_OK;
}

static enum status change_field(struct extending *x, const json_t *object, const char *name,
                                const json_t *set) {
    static const char *const permitted[] = {"name",          "label",  "help",       "choices",    "required",
                                            "required_when", "class",  "search",     "unique",     "default",
                                            "pattern",       "checks", "length_min", "length_max", "minimum",
                                            "maximum",       "mask",   "read_only",  "locked",     "retired",
                                            "on_delete",     NULL};
    json_t *field = item_named(json_object_get(object, "fields"), "name", name);
    if (field == NULL || !json_is_object(set))
        return bad(x, "change_field: name a field of the object, and what to set");
    json_t *choices = json_object_get(set, "choices");
    enum status s = json_is_array(choices) ? keep_choices(field, choices) : ST_OK;
    return s == ST_OK ? set_keys(x, field, set, permitted) : s;
}

static enum status change_object(struct extending *x, json_t *object, const json_t *set) {
    static const char *const permitted[] = {"label",       "label_plural", "icon",     "title_fields",
                                            "list_fields", "default_sort", "timeline", NULL};
    if (!json_is_object(set))
        return bad(x, "set: write what to set");
    return set_keys(x, object, set, permitted);
}

static enum status apply(struct extending *x) {
    static const char *const known[] = {"add_object", "object", "add_field", "change_field", "set", NULL};
    const char *key;
    json_t *v;
    json_object_foreach(x->change, key, v) {
        bool fits = false;
        for (size_t i = 0; known[i] != NULL && !fits; i++)
            fits = strcmp(known[i], key) == 0;
        if (!fits)
            return bad(x, "use add_object, or object with add_field, change_field and set, or set");
    }
    size_t keys = json_object_size(x->change);
    json_t *definition = json_object_get(x->change, "add_object");
    if (definition != NULL && keys == 1)
        return add_object(x, definition);
    json_t *object = object_named(x, json_string_value(json_object_get(x->change, "object")));
    json_t *field = json_object_get(x->change, "add_field"), *set = json_object_get(x->change, "set");
    const char *name = json_string_value(json_object_get(x->change, "change_field"));
    if (object == NULL)
        return bad(x, "object: name an object that there is");
    if (field != NULL && keys == 2)
        return add_field(x, object, field);
    if (name != NULL && set != NULL && keys == 3)
        return change_field(x, object, name, set);
    if (set != NULL && keys == 2)
        return change_object(x, object, set);
    return bad(x, "use add_object, or object with add_field, change_field and set, or set");
}

static enum status unpack(struct extending *x) {
    x->objects = calloc(x->set->count + 1, sizeof(json_t *));
    struct buf text;
    buf_init(&text, OBJECT_FILE_MAX, false);
    enum status s = x->objects == NULL ? ST_NOMEM : ST_OK;
    for (size_t i = 0; s == ST_OK && i < x->set->count; i++) {
        buf_reset(&text);
        struct json j = json_to(&text);
        object_write_definition(&j, x->set, x->set->objects[i]);
        s = text.failed ? ST_NOMEM
                        : object_parse_json(x->set->objects[i]->name, buf_slice(&text), &x->objects[i], x->e);
        x->count += s == ST_OK;
    }
    buf_free(&text);
    return s;
}

static enum status pack(const struct extending *x, struct arena *a, struct object_set **out) {
    struct object_source *sources = arena_array(a, x->count, sizeof *sources);
    if (sources == NULL)
        return ST_NOMEM;
    for (size_t i = 0; i < x->count; i++) {
        char *text = json_print(x->objects[i], JSON_COMPACT);
        if (text == NULL)
            return ST_NOMEM;
        const char *name = json_string_value(json_object_get(x->objects[i], "name"));
        sources[i].name = arena_format(a, "%.40s", name == NULL ? "new object" : name);
        sources[i].text = arena_copy(a, slice_from_string(text));
        free(text);
        if (sources[i].name == NULL || sources[i].text.p == NULL)
            return ST_NOMEM;
    }
    return object_set_read(sources, x->count, x->set->version + 1, out, x->e);
}

static enum status refuse_losses(const struct extending *x, struct arena *a, const struct object_set *now) {
    struct object_diff diff;
    enum status s = object_diff(x->set, now, a, &diff);
    for (size_t i = 0; s == ST_OK && i < diff.count; i++) {
        const struct object_change *c = &diff.changes[i];
        if (c->refused)
            return error_set(x->e, ST_INVALID, "definition_change_refused",
                             "%s%s%s: %s (%s to %s) is refused", c->object_name,
                             c->field_name == NULL ? "" : ".", c->field_name == NULL ? "" : c->field_name,
                             object_change_name(c->kind), c->from == NULL ? "one" : c->from,
                             c->to == NULL ? "another" : c->to);
    }
    return s;
}

static enum status put_applied(const struct extending *x, struct buf *applied) {
    char *text = applied == NULL ? NULL : json_print(x->change, JSON_COMPACT);
    if (applied == NULL)
        return ST_OK;
    if (text != NULL)
        buf_put_string(applied, text);
    bool done = text != NULL && !applied->failed;
    free(text);
    return done ? ST_OK : ST_NOMEM;
}

enum status object_set_extend(const struct object_set *set, struct slice change, struct object_set **out,
                              struct buf *applied, struct error *e) {
    *out = NULL;
    struct extending x = {.set = set, .e = e};
    struct arena a;
    arena_init(&a, OBJECT_SET_MAX, ARENA_PLAIN);
    struct object_set *made = NULL;
    enum status s = object_parse_json("change", change, &x.change, e);
    if (s == ST_OK && !json_is_object(x.change))
        s = bad(&x, "write one object {…}");
    if (s == ST_OK)
        s = unpack(&x);
    if (s == ST_OK)
        s = apply(&x);
    if (s == ST_OK)
        s = pack(&x, &a, &made);
    if (s == ST_OK)
        s = refuse_losses(&x, &a, made);
    if (s == ST_OK)
        s = put_applied(&x, applied);
    if (s == ST_OK)
        *out = made;
    else
        object_set_release(made);
    for (size_t i = 0; i < x.count; i++)
        json_decref(x.objects[i]);
    free(x.objects);
    json_decref(x.change);
    arena_free(&a);
    return s;
}
