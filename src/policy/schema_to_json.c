#include "base/json.h"
#include "policy/schema_print.h"

static void put_string(struct json *j, const char *key, struct slice value) {
    json_key(j, key);
    json_text(j, value);
}

static void put_names(struct json *j, const char *key, const struct slice *names, size_t count) {
    json_key(j, key);
    json_array_begin(j);
    for (size_t i = 0; i < count; i++)
        json_text(j, names[i]);
    json_array_end(j);
}

static void put_notes(struct json *j, const struct source_notes *notes) {
    if (notes->count == 0)
        return;
    json_key(j, "annotations");
    json_object_begin(j);
    for (size_t i = 0; i < notes->count; i++) {
        json_key_slice(j, notes->list[i].name);
        if (notes->list[i].value.p == NULL)
            json_none(j);
        else
            json_text(j, notes->list[i].value);
    }
    json_object_end(j);
}

/* ---- types: what stands inside the braces, for attributes say more there ---- */

static void put_type_inside(struct json *j, const struct source_type *t);

static void put_type(struct json *j, const char *key, const struct source_type *t) {
    json_key(j, key);
    json_object_begin(j);
    put_type_inside(j, t);
    json_object_end(j);
}

static void put_attributes(struct json *j, const struct source_type *t) {
    json_key(j, "attributes");
    json_object_begin(j);
    for (size_t i = 0; i < t->count; i++) {
        const struct source_attribute *a = &t->attributes[i];
        json_key_slice(j, a->name);
        json_object_begin(j);
        put_type_inside(j, a->type);
        if (!a->required) {
            json_key(j, "required");
            json_bool(j, false);
        }
        put_notes(j, &a->notes);
        json_object_end(j);
    }
    json_object_end(j);
}

static void put_type_inside(struct json *j, const struct source_type *t) {
    static const char *const words[] = {"EntityOrCommon", "Entity",    "",    "Long",  "String",
                                        "Boolean",        "Extension", "Set", "Record"};
    json_key(j, "type");
    if (t->kind == SOURCE_COMMON_NAME) {
        json_text(j, t->name);
        return;
    }
    json_cstring(j, words[t->kind]);
    if (t->kind == SOURCE_NAME || t->kind == SOURCE_ENTITY_NAME || t->kind == SOURCE_EXTENSION)
        put_string(j, "name", t->name);
    if (t->kind == SOURCE_SET)
        put_type(j, "element", t->element);
    if (t->kind == SOURCE_RECORD)
        put_attributes(j, t);
}

/* ---- declarations ---- */

static void put_commons(struct json *j, const struct source_namespace *n) {
    if (n->common_count == 0)
        return;
    json_key(j, "commonTypes");
    json_object_begin(j);
    for (size_t i = 0; i < n->common_count; i++) {
        json_key_slice(j, n->commons[i].name);
        json_object_begin(j);
        put_type_inside(j, n->commons[i].type);
        put_notes(j, &n->commons[i].notes);
        json_object_end(j);
    }
    json_object_end(j);
}

static void put_entity(struct json *j, const struct source_entity *e) {
    json_key_slice(j, e->name);
    json_object_begin(j);
    if (e->choice_count > 0)
        put_names(j, "enum", e->choices, e->choice_count);
    if (e->parent_count > 0)
        put_names(j, "memberOfTypes", e->parents, e->parent_count);
    if (e->shape != NULL)
        put_type(j, "shape", e->shape);
    if (e->tags != NULL)
        put_type(j, "tags", e->tags);
    put_notes(j, &e->notes);
    json_object_end(j);
}

static void put_parents(struct json *j, const struct source_action *a) {
    json_key(j, "memberOf");
    json_array_begin(j);
    for (size_t i = 0; i < a->parent_count; i++) {
        json_object_begin(j);
        put_string(j, "id", a->parents[i].id);
        if (a->parents[i].type.n > 0)
            put_string(j, "type", a->parents[i].type);
        json_object_end(j);
    }
    json_array_end(j);
}

static void put_action(struct json *j, const struct source_action *a) {
    json_key_slice(j, a->id);
    json_object_begin(j);
    if (a->has_parents)
        put_parents(j, a);
    if (a->applies) {
        json_key(j, "appliesTo");
        json_object_begin(j);
        put_names(j, "principalTypes", a->principals, a->principal_count);
        put_names(j, "resourceTypes", a->resources, a->resource_count);
        if (a->context != NULL)
            put_type(j, "context", a->context);
        json_object_end(j);
    }
    put_notes(j, &a->notes);
    json_object_end(j);
}

static void put_space(struct json *j, const struct source_namespace *n) {
    json_key_slice(j, n->name);
    json_object_begin(j);
    put_notes(j, &n->notes);
    put_commons(j, n);
    json_key(j, "entityTypes");
    json_object_begin(j);
    for (size_t i = 0; i < n->entity_count; i++)
        put_entity(j, &n->entities[i]);
    json_object_end(j);
    json_key(j, "actions");
    json_object_begin(j);
    for (size_t i = 0; i < n->action_count; i++)
        put_action(j, &n->actions[i]);
    json_object_end(j);
    json_object_end(j);
}

enum status schema_to_json(const struct schema_source *s, struct buf *out) {
    struct json j = json_to(out);
    json_object_begin(&j);
    for (size_t i = 0; i < s->count; i++)
        put_space(&j, &s->namespaces[i]);
    json_object_end(&j);
    buf_put_u8(out, '\n');
    return out->failed ? ST_NOMEM : ST_OK;
}
