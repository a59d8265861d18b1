#include "policy/entity_store.h"
#include "policy/value_json.h"

/* One list of entities while it is read. */
struct loading {
    struct value_reader reader;
    const struct schema *schema; /* may be NULL */
    struct entity_store *store;
};

static enum status refuse(const struct loading *l, const struct document *d, const char *what,
                          const struct cedar_entity *uid) {
    return error_set(l->reader.error, ST_INVALID, "bad_entity", "%s:%u: %s: %.*s::\"%.*s\"", l->reader.file,
                     d->line, what, (int)(uid->type.n > 60 ? 60 : uid->type.n), (const char *)uid->type.p,
                     (int)(uid->id.n > 60 ? 60 : uid->id.n), (const char *)uid->id.p);
}

static enum status read_parents(const struct loading *l, const struct document *d, struct stored_entity *e) {
    const struct document *from = document_get(d, "parents");
    if (from == NULL)
        return ST_OK;
    struct cedar_entity *list = arena_array(l->reader.arena, from->count, sizeof *list);
    if (from->kind != DOCUMENT_ARRAY)
        return refuse(l, from, "parents is no list", &e->uid);
    if (list == NULL)
        return error_set(l->reader.error, ST_NOMEM, "no_memory", "%s: too large", l->reader.file);
    for (size_t i = 0; i < from->count; i++) {
        enum status s = entity_from_json(&l->reader, &from->items[i], &list[i]);
        if (s != ST_OK)
            return s;
    }
    e->parents = list;
    e->parent_count = from->count;
    return ST_OK;
}

/* A record of any names whose values are of one type. */
static enum status read_tags(const struct loading *l, const struct document *d, const struct cedar_type *type,
                             struct cedar_value *out) {
    struct cedar_pair *pairs = arena_array(l->reader.arena, d->count, sizeof *pairs);
    if (pairs == NULL)
        return error_set(l->reader.error, ST_NOMEM, "no_memory", "%s: too large", l->reader.file);
    for (size_t i = 0; i < d->count; i++) {
        pairs[i].name = d->names[i];
        enum status s = value_from_json(&l->reader, &d->items[i], type, &pairs[i].value);
        if (s != ST_OK)
            return s;
    }
    *out = (struct cedar_value){.kind = CEDAR_RECORD, .record = {.pairs = pairs, .count = d->count}};
    return ST_OK;
}

static enum status read_records(const struct loading *l, const struct document *d,
                                const struct schema_entity *known, struct stored_entity *e) {
    const struct document *attributes = document_get(d, "attrs"), *tags = document_get(d, "tags");
    enum status s = ST_OK;
    if (attributes != NULL && attributes->kind != DOCUMENT_OBJECT)
        return refuse(l, attributes, "attrs is no object", &e->uid);
    if (tags != NULL && tags->kind != DOCUMENT_OBJECT)
        return refuse(l, tags, "tags is no object", &e->uid);
    if (known != NULL && tags != NULL && tags->count > 0 && known->tags == NULL)
        return refuse(l, tags, "the schema has no tags for this type", &e->uid);
    if (attributes == NULL)
        return refuse(l, d, "an entity without attrs", &e->uid);
    if (attributes->count > 0)
        s = read_tags(l, attributes, NULL, &e->attributes);
    if (known != NULL) {
        struct value_reader r = l->reader;
        s = value_from_json(&r, attributes, known->attributes, &e->attributes);
    }
    if (s == ST_OK && tags != NULL)
        s = read_tags(l, tags, known == NULL ? NULL : known->tags, &e->tags);
    return s;
}

static enum status check_with_schema(const struct loading *l, const struct document *d,
                                     const struct schema_entity *known, const struct stored_entity *e) {
    struct cedar_entity bad = e->uid;
    if (!schema_entity_takes(known, e->uid.id))
        return refuse(l, d, "the schema lists other ids for this type", &e->uid);
    for (size_t i = 0; i < e->parent_count; i++) {
        size_t k = 0;
        while (k < known->ancestor_count && !slice_equal(known->ancestors[k], e->parents[i].type))
            k++;
        if (k == known->ancestor_count)
            return refuse(l, d, "the schema has no such parents for this entity", &e->uid);
        struct cedar_value parent = cedar_entity(e->parents[i].type, e->parents[i].id);
        if (!value_choices_hold(l->schema, &parent, &bad))
            return refuse(l, d, "the schema lists other ids for this type", &bad);
    }
    if (!value_choices_hold(l->schema, &e->attributes, &bad) ||
        !value_choices_hold(l->schema, &e->tags, &bad))
        return refuse(l, d, "the schema lists other ids for this type", &bad);
    return ST_OK;
}

/* Already in the store: it may only say again what the schema says. */
static enum status check_action(const struct loading *l, const struct document *d,
                                const struct stored_entity *e) {
    const struct schema_action *known = schema_find_action(l->schema, &e->uid);
    if (known == NULL)
        return refuse(l, d, "the schema has no such action", &e->uid);
    bool fine = e->attributes.record.count == 0 && e->tags.record.count == 0;
    for (size_t i = 0; i < e->parent_count && fine; i++)
        fine =
            schema_action_within(known, &e->parents[i]) && !cedar_entity_equal(&known->uid, &e->parents[i]);
    return fine ? ST_OK : refuse(l, d, "the schema has this action otherwise", &e->uid);
}

static enum status read_entity(const struct loading *l, const struct document *d) {
    static const char *const names[] = {"uid", "attrs", "parents", "tags", NULL};
    const struct document *uid = document_get(d, "uid");
    struct stored_entity e = {.attributes = {.kind = CEDAR_RECORD}, .tags = {.kind = CEDAR_RECORD}};
    if (uid == NULL || document_unknown(d, names).p != NULL)
        return error_set(l->reader.error, ST_INVALID, "bad_entity",
                         "%s:%u: an entity has uid, attrs, parents and tags, and nothing else",
                         l->reader.file, d->line);
    enum status s = entity_from_json(&l->reader, uid, &e.uid);
    if (s != ST_OK)
        return s;
    bool action = schema_is_action_type(e.uid.type);
    const struct schema_entity *known =
        l->schema == NULL || action ? NULL : schema_find_entity(l->schema, e.uid.type);
    if (l->schema != NULL && !action && known == NULL)
        return refuse(l, d, "the schema has no such type", &e.uid);
    s = read_records(l, d, known, &e);
    if (s == ST_OK)
        s = read_parents(l, d, &e);
    if (s == ST_OK && known != NULL)
        s = check_with_schema(l, d, known, &e);
    if (s == ST_OK && l->schema != NULL && action)
        return check_action(l, d, &e);
    return s == ST_OK ? entity_store_add(l->store, &e, l->reader.error) : s;
}

static enum status add_actions(const struct loading *l) {
    enum status s = ST_OK;
    for (size_t i = 0; i < l->schema->action_count && s == ST_OK; i++) {
        const struct schema_action *a = &l->schema->actions[i];
        struct stored_entity e = {.uid = a->uid,
                                  .attributes = {.kind = CEDAR_RECORD},
                                  .tags = {.kind = CEDAR_RECORD},
                                  .parents = a->ancestors,
                                  .parent_count = a->ancestor_count};
        s = entity_store_add(l->store, &e, l->reader.error);
    }
    return s;
}

enum status entity_store_from_json(struct slice text, const char *file, const struct schema *schema,
                                   struct arena *a, struct entity_store *out, struct error *e) {
    const struct document *list;
    enum status s = document_parse(text, file, a, &list, e);
    if (s != ST_OK)
        return s;
    if (list->kind != DOCUMENT_ARRAY)
        return error_set(e, ST_INVALID, "bad_entity", "%s: entities are a list", file);
    if (entity_store_init(out, list->count + (schema == NULL ? 0 : schema->action_count), a) != ST_OK)
        return error_set(e, ST_NOMEM, "no_memory", "%s: too large", file);
    struct loading l = {.reader = {.file = file, .arena = a, .error = e}, .schema = schema, .store = out};
    if (schema != NULL)
        s = add_actions(&l);
    for (size_t i = 0; i < list->count && s == ST_OK; i++)
        s = read_entity(&l, &list->items[i]);
    return s == ST_OK ? entity_store_close(out, e) : s;
}
