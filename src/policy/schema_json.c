#include "policy/schema_source.h"

struct json_schema {
    const char *file;
    struct arena *arena;
    struct error *error;
    unsigned depth;
};

static enum status refuse(const struct json_schema *s, const struct document *d, const char *what) {
    return error_set(s->error, ST_INVALID, "schema_syntax", "%s:%u: %s", s->file, d->line, what);
}

static enum status no_memory(const struct json_schema *s) {
    return error_set(s->error, ST_NOMEM, "no_memory", "%s: too large", s->file);
}

static enum status check_names(const struct json_schema *s, const struct document *d,
                               const char *const *known) {
    struct slice other = document_unknown(d, known);
    if (other.p == NULL)
        return ST_OK;
    return error_set(s->error, ST_INVALID, "schema_syntax", "%s:%u: nothing here is named %.*s", s->file,
                     d->line, (int)(other.n > 60 ? 60 : other.n), (const char *)other.p);
}

/* A list of strings; absent: none. */
static enum status read_names(const struct json_schema *s, const struct document *d, const struct slice **out,
                              size_t *count) {
    *count = 0;
    if (d == NULL)
        return ST_OK;
    struct slice *list = arena_array(s->arena, d->count, sizeof *list);
    if (list == NULL)
        return no_memory(s);
    if (d->kind != DOCUMENT_ARRAY)
        return refuse(s, d, "expected a list of names");
    for (size_t i = 0; i < d->count; i++) {
        if (d->items[i].kind != DOCUMENT_STRING)
            return refuse(s, &d->items[i], "expected a name");
        list[i] = d->items[i].s;
    }
    *out = list;
    *count = d->count;
    return ST_OK;
}

static enum status read_notes(const struct json_schema *s, const struct document *of,
                              struct source_notes *out) {
    const struct document *d = document_get(of, "annotations");
    if (d == NULL)
        return ST_OK;
    if (d->kind != DOCUMENT_OBJECT)
        return refuse(s, d, "annotations are an object");
    struct annotation *list = arena_array(s->arena, d->count, sizeof *list);
    if (list == NULL)
        return no_memory(s);
    for (size_t i = 0; i < d->count; i++) {
        if (d->items[i].kind != DOCUMENT_STRING && d->items[i].kind != DOCUMENT_NULL)
            return refuse(s, &d->items[i], "an annotation is a string or null");
        list[i] = (struct annotation){.name = d->names[i], .value = d->items[i].s};
    }
    *out = (struct source_notes){list, d->count};
    return ST_OK;
}

/* ---- types ---- */

static enum status read_type(struct json_schema *s, const struct document *d, const struct source_type **out);

static enum status read_attribute(struct json_schema *s, struct slice name, const struct document *d,
                                  struct source_attribute *out) {
    const struct document *required = document_get(d, "required");
    *out = (struct source_attribute){.name = name, .required = required == NULL || required->b};
    if (required != NULL && required->kind != DOCUMENT_BOOL)
        return refuse(s, required, "required is true or false");
    enum status status = read_type(s, d, &out->type);
    return status == ST_OK && d->kind == DOCUMENT_OBJECT ? read_notes(s, d, &out->notes) : status;
}

static enum status read_record(struct json_schema *s, const struct document *d, struct source_type *out) {
    const struct document *from = document_get(d, "attributes");
    const struct document *open = document_get(d, "additionalAttributes");
    if (!document_is(from, DOCUMENT_OBJECT))
        return refuse(s, d, "a record has attributes");
    if (open != NULL && (open->kind != DOCUMENT_BOOL || open->b))
        return refuse(s, open, "records with other attributes than those listed are not taken");
    struct source_attribute *list = arena_array(s->arena, from->count, sizeof *list);
    if (list == NULL)
        return no_memory(s);
    for (size_t i = 0; i < from->count; i++) {
        enum status status = read_attribute(s, from->names[i], &from->items[i], &list[i]);
        if (status != ST_OK)
            return status;
    }
    out->attributes = list;
    out->count = from->count;
    return ST_OK;
}

static enum status read_named(struct json_schema *s, const struct document *d, struct source_type *out) {
    out->name = document_string(d, "name");
    return out->name.n > 0 ? ST_OK : refuse(s, d, "a type without its name");
}

static enum status read_kind(struct json_schema *s, const struct document *d, struct slice kind,
                             struct source_type *out) {
    static const struct {
        const char *word;
        enum source_type_kind kind;
    } kinds[] = {{"Long", SOURCE_LONG},
                 {"String", SOURCE_STRING},
                 {"Boolean", SOURCE_BOOL},
                 {"Bool", SOURCE_BOOL},
                 {"Set", SOURCE_SET},
                 {"Record", SOURCE_RECORD},
                 {"Entity", SOURCE_ENTITY_NAME},
                 {"Extension", SOURCE_EXTENSION},
                 {"EntityOrCommon", SOURCE_NAME}};
    out->kind = SOURCE_COMMON_NAME;
    out->name = kind;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (slice_is(kind, kinds[i].word))
            out->kind = kinds[i].kind;
    }
    switch (out->kind) {
    case SOURCE_SET:
        return document_get(d, "element") == NULL ? refuse(s, d, "a set without its element")
                                                  : read_type(s, document_get(d, "element"), &out->element);
    case SOURCE_RECORD:
        return read_record(s, d, out);
    case SOURCE_ENTITY_NAME:
    case SOURCE_EXTENSION:
    case SOURCE_NAME:
        return read_named(s, d, out);
    default:
        return ST_OK;
    }
}

static enum status read_type(struct json_schema *s, const struct document *d,
                             const struct source_type **out) {
    static const char *const known[] = {"type", "element",  "attributes",  "additionalAttributes",
                                        "name", "required", "annotations", NULL};
    struct slice kind = document_string(d, "type");
    struct source_type *t = arena_alloc(s->arena, sizeof *t);
    if (t == NULL)
        return no_memory(s);
    if (kind.p == NULL)
        return refuse(s, d, "a type is an object with \"type\"");
    if (s->depth == SCHEMA_DEPTH_MAX)
        return refuse(s, d, "types nested too deep");
    t->line = d->line;
    *out = t;
    s->depth++;
    enum status status = check_names(s, d, known);
    if (status == ST_OK)
        status = read_kind(s, d, kind, t);
    s->depth--;
    return status;
}

/* ---- declarations ---- */

static enum status read_commons(struct json_schema *s, const struct document *d,
                                struct source_namespace *out) {
    if (d == NULL)
        return ST_OK;
    struct source_common *list = arena_array(s->arena, d->count, sizeof *list);
    if (list == NULL)
        return no_memory(s);
    if (d->kind != DOCUMENT_OBJECT)
        return refuse(s, d, "commonTypes is an object");
    for (size_t i = 0; i < d->count; i++) {
        list[i].name = d->names[i];
        list[i].line = d->items[i].line;
        if (schema_name_is_reserved(d->names[i]))
            return refuse(s, &d->items[i], "this name is taken: a common type must have another");
        enum status status = read_type(s, &d->items[i], &list[i].type);
        if (status == ST_OK)
            status = read_notes(s, &d->items[i], &list[i].notes);
        if (status != ST_OK)
            return status;
    }
    out->commons = list;
    out->common_count = d->count;
    return ST_OK;
}

static enum status read_entity(struct json_schema *s, const struct document *d, struct source_entity *out) {
    static const char *const known[] = {"memberOfTypes", "shape", "tags", "enum", "annotations", NULL};
    const struct document *shape = document_get(d, "shape"), *tags = document_get(d, "tags");
    const struct document *choices = document_get(d, "enum");
    if (d->kind != DOCUMENT_OBJECT)
        return refuse(s, d, "an entity type is an object");
    out->line = d->line;
    enum status status = check_names(s, d, known);
    if (status == ST_OK)
        status = read_notes(s, d, &out->notes);
    if (status == ST_OK)
        status = read_names(s, document_get(d, "memberOfTypes"), &out->parents, &out->parent_count);
    if (status == ST_OK && shape != NULL)
        status = read_type(s, shape, &out->shape);
    if (status == ST_OK && tags != NULL)
        status = read_type(s, tags, &out->tags);
    if (status == ST_OK && choices != NULL) {
        status = read_names(s, choices, &out->choices, &out->choice_count);
        if (status == ST_OK &&
            (out->choice_count == 0 || shape != NULL || tags != NULL || out->parent_count > 0))
            return refuse(s, d, "an enumerated type has at least one id and nothing else");
    }
    return status;
}

static enum status read_entities(struct json_schema *s, const struct document *d,
                                 struct source_namespace *out) {
    if (!document_is(d, DOCUMENT_OBJECT))
        return error_set(s->error, ST_INVALID, "schema_syntax", "%s: a namespace has entityTypes and actions",
                         s->file);
    struct source_entity *list = arena_array(s->arena, d->count, sizeof *list);
    if (list == NULL)
        return no_memory(s);
    for (size_t i = 0; i < d->count; i++) {
        list[i].name = d->names[i];
        enum status status = read_entity(s, &d->items[i], &list[i]);
        if (status != ST_OK)
            return status;
    }
    out->entities = list;
    out->entity_count = d->count;
    return ST_OK;
}

/* ---- actions ---- */

static enum status read_parents(struct json_schema *s, const struct document *d, struct source_action *out) {
    if (d == NULL || d->kind == DOCUMENT_NULL)
        return ST_OK;
    struct source_parent *list = arena_array(s->arena, d->count, sizeof *list);
    if (list == NULL)
        return no_memory(s);
    if (d->kind != DOCUMENT_ARRAY)
        return refuse(s, d, "memberOf is a list");
    for (size_t i = 0; i < d->count; i++) {
        list[i].id = document_string(&d->items[i], "id");
        list[i].type = document_string(&d->items[i], "type");
        if (list[i].id.p == NULL)
            return refuse(s, &d->items[i], "a group of actions has an id");
    }
    out->parents = list;
    out->parent_count = d->count;
    out->has_parents = true;
    return ST_OK;
}

static enum status read_applies(struct json_schema *s, const struct document *d, struct source_action *out) {
    static const char *const known[] = {"principalTypes", "resourceTypes", "context", NULL};
    const struct document *context = document_get(d, "context");
    if (d == NULL || d->kind == DOCUMENT_NULL)
        return ST_OK;
    if (d->kind != DOCUMENT_OBJECT || document_get(d, "principalTypes") == NULL ||
        document_get(d, "resourceTypes") == NULL)
        return refuse(s, d, "appliesTo has principalTypes and resourceTypes");
    out->applies = true;
    enum status status = check_names(s, d, known);
    if (status == ST_OK)
        status = read_names(s, document_get(d, "principalTypes"), &out->principals, &out->principal_count);
    if (status == ST_OK)
        status = read_names(s, document_get(d, "resourceTypes"), &out->resources, &out->resource_count);
    return status == ST_OK && context != NULL ? read_type(s, context, &out->context) : status;
}

static enum status read_action(struct json_schema *s, const struct document *d, struct source_action *out) {
    static const char *const known[] = {"memberOf", "appliesTo", "attributes", "annotations", NULL};
    const struct document *attributes = document_get(d, "attributes");
    if (d->kind != DOCUMENT_OBJECT)
        return refuse(s, d, "an action is an object");
    if (document_is(attributes, DOCUMENT_OBJECT) && attributes->count > 0)
        return refuse(s, attributes, "actions have no attributes");
    out->line = d->line;
    enum status status = check_names(s, d, known);
    if (status == ST_OK)
        status = read_notes(s, d, &out->notes);
    if (status == ST_OK)
        status = read_parents(s, document_get(d, "memberOf"), out);
    return status == ST_OK ? read_applies(s, document_get(d, "appliesTo"), out) : status;
}

static enum status read_actions(struct json_schema *s, const struct document *d,
                                struct source_namespace *out) {
    if (!document_is(d, DOCUMENT_OBJECT))
        return error_set(s->error, ST_INVALID, "schema_syntax", "%s: a namespace has entityTypes and actions",
                         s->file);
    struct source_action *list = arena_array(s->arena, d->count, sizeof *list);
    if (list == NULL)
        return no_memory(s);
    for (size_t i = 0; i < d->count; i++) {
        list[i].id = d->names[i];
        enum status status = read_action(s, &d->items[i], &list[i]);
        if (status != ST_OK)
            return status;
    }
    out->actions = list;
    out->action_count = d->count;
    return ST_OK;
}

static enum status read_namespace(struct json_schema *s, const struct document *d,
                                  struct source_namespace *out) {
    static const char *const known[] = {"entityTypes", "actions", "commonTypes", "annotations", NULL};
    if (d->kind != DOCUMENT_OBJECT)
        return refuse(s, d, "a namespace is an object");
    enum status status = check_names(s, d, known);
    if (status == ST_OK)
        status = read_notes(s, d, &out->notes);
    if (status == ST_OK)
        status = read_commons(s, document_get(d, "commonTypes"), out);
    if (status == ST_OK)
        status = read_entities(s, document_get(d, "entityTypes"), out);
    return status == ST_OK ? read_actions(s, document_get(d, "actions"), out) : status;
}

enum status schema_source_from_json(struct slice text, const char *file, struct arena *a,
                                    const struct schema_source **out, struct error *e) {
    struct json_schema s = {.file = file, .arena = a, .error = e};
    const struct document *d;
    enum status status = document_parse(text, file, a, &d, e);
    if (status != ST_OK)
        return status;
    if (d->kind != DOCUMENT_OBJECT)
        return refuse(&s, d, "a schema is an object of namespaces");
    struct source_namespace *list = arena_array(a, d->count, sizeof *list);
    struct schema_source *source = arena_alloc(a, sizeof *source);
    if (list == NULL || source == NULL)
        return no_memory(&s);
    for (size_t i = 0; i < d->count && status == ST_OK; i++) {
        list[i].name = d->names[i];
        status = read_namespace(&s, &d->items[i], &list[i]);
    }
    *source = (struct schema_source){.namespaces = list, .count = d->count, .file = file};
    *out = source;
    return status;
}
