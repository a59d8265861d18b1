#include "policy/schema.h"

#include "base/map.h"

enum progress { UNTOUCHED, BEGUN, DONE };

struct common {
    const struct source_common *source;
    struct slice space;
    enum progress progress;
    const struct cedar_type *type;
};

struct entity {
    const struct source_entity *source;
    struct slice space, name;
    struct slice *parents; /* resolved */
};

struct action {
    const struct source_action *source;
    struct slice space;
    struct cedar_entity uid;
    struct action **parents;
    enum progress progress;
    const struct cedar_entity *ancestors;
    size_t ancestor_count;
};

struct resolver {
    const struct schema_source *source;
    struct arena *arena;
    struct error *error;
    struct map commons, entities, actions; /* by full name; of an action, type, NUL and id */
    struct map action_types;
    struct common *common_list;
    struct entity *entity_list;
    struct action *action_list;
    size_t common_count, entity_count, action_count;
    unsigned depth;
};

static enum status no_memory(const struct resolver *r) {
    return error_set(r->error, ST_NOMEM, "no_memory", "%s: too large", r->source->file);
}

static enum status refuse(const struct resolver *r, uint32_t line, const char *code, const char *what,
                          struct slice name) {
    int shown = name.n > 80 ? 80 : (int)name.n;
    if (line == 0)
        return error_set(r->error, ST_INVALID, code, "%s: %s: %.*s", r->source->file, what, shown,
                         (const char *)name.p);
    return error_set(r->error, ST_INVALID, code, "%s:%u: %s: %.*s", r->source->file, line, what, shown,
                     (const char *)name.p);
}

/* "space::name"; p == NULL when memory is out. */
static struct slice full_name(struct arena *a, struct slice space, struct slice name) {
    if (space.n == 0)
        return name;
    uint8_t *p = arena_take(a, space.n + 2 + name.n);
    if (p == NULL)
        return SLICE_NONE;
    memcpy(p, space.p, space.n);
    memcpy(p + space.n, "::", 2);
    memcpy(p + space.n + 2, name.p, name.n);
    return slice_of(p, space.n + 2 + name.n);
}

static bool is_path(struct slice name) {
    return name.n > 0 && memchr(name.p, ':', name.n) != NULL;
}

static struct slice action_key(struct arena *a, struct slice type, struct slice id) {
    uint8_t *p = arena_take(a, type.n + 1 + id.n);
    if (p == NULL)
        return SLICE_NONE;
    memcpy(p, type.p, type.n);
    p[type.n] = 0;
    if (id.n > 0)
        memcpy(p + type.n + 1, id.p, id.n);
    return slice_of(p, type.n + 1 + id.n);
}

/* ---- looking up ---- */

/* In the own namespace, then in the nameless one. NULL: none, or memory is out. */
static void *find(struct resolver *r, const struct map *in, struct slice space, struct slice name) {
    void *found = NULL;
    if (space.n > 0 && !is_path(name)) {
        struct slice full = full_name(r->arena, space, name);
        found = full.p == NULL ? NULL : map_get(in, full);
    }
    return found != NULL ? found : map_get(in, name);
}

static const struct cedar_type *built_in(struct slice name) {
    static const struct {
        const char *name;
        enum cedar_kind kind;
    } extensions[] = {{"decimal", CEDAR_DECIMAL},
                      {"ipaddr", CEDAR_IP},
                      {"datetime", CEDAR_DATETIME},
                      {"duration", CEDAR_DURATION}};
    if (slice_starts_with(name, SLICE("__cedar::")))
        name = slice_of(name.p + 9, name.n - 9);
    if (slice_is(name, "Long"))
        return &type_long;
    if (slice_is(name, "String"))
        return &type_string;
    if (slice_is(name, "Bool") || slice_is(name, "Boolean"))
        return &type_bool;
    for (size_t i = 0; i < sizeof extensions / sizeof extensions[0]; i++) {
        if (slice_is(name, extensions[i].name))
            return type_extension(extensions[i].kind);
    }
    return NULL;
}

/* ---- types ---- */

static enum status resolve_type(struct resolver *r, struct slice space, const struct source_type *t,
                                const struct cedar_type **out);

static enum status resolve_common(struct resolver *r, struct common *c, const struct cedar_type **out) {
    if (c->progress == BEGUN)
        return refuse(r, c->source->line, "schema_cycle", "this common type is part of itself",
                      c->source->name);
    if (c->progress == UNTOUCHED) {
        c->progress = BEGUN;
        enum status s = resolve_type(r, c->space, c->source->type, &c->type);
        if (s != ST_OK)
            return s;
        c->progress = DONE;
    }
    *out = c->type;
    return ST_OK;
}

static enum status resolve_name(struct resolver *r, struct slice space, const struct source_type *t,
                                const struct cedar_type **out) {
    bool commons = t->kind != SOURCE_ENTITY_NAME, entities = t->kind != SOURCE_COMMON_NAME;
    struct slice spaces[2] = {space, SLICE("")};
    for (size_t i = space.n == 0 || is_path(t->name) ? 1 : 0; i < 2; i++) {
        struct slice full = full_name(r->arena, spaces[i], t->name);
        if (full.p == NULL)
            return no_memory(r);
        struct common *c = commons ? map_get(&r->commons, full) : NULL;
        if (c != NULL)
            return resolve_common(r, c, out);
        const struct entity *e = entities ? map_get(&r->entities, full) : NULL;
        if (e != NULL) {
            *out = type_entity(r->arena, e->name);
            return *out == NULL ? no_memory(r) : ST_OK;
        }
    }
    *out = commons ? built_in(t->name) : NULL;
    if (*out == NULL && entities) { /* an attribute may hold an action */
        const struct action *x = find(r, &r->action_types, space, t->name);
        *out = x == NULL ? NULL : type_entity(r->arena, x->uid.type);
    }
    return *out != NULL ? ST_OK : refuse(r, t->line, "schema_unknown_type", "there is no such type", t->name);
}

static enum status resolve_record(struct resolver *r, struct slice space, const struct source_type *t,
                                  const struct cedar_type **out) {
    struct type_attribute *list = arena_array(r->arena, t->count, sizeof *list);
    if (list == NULL)
        return no_memory(r);
    for (size_t i = 0; i < t->count; i++) {
        list[i].name = t->attributes[i].name;
        list[i].required = t->attributes[i].required;
        enum status s = resolve_type(r, space, t->attributes[i].type, &list[i].type);
        if (s != ST_OK)
            return s;
    }
    *out = type_record(r->arena, list, t->count);
    return *out == NULL ? no_memory(r) : ST_OK;
}

static enum status resolve_kind(struct resolver *r, struct slice space, const struct source_type *t,
                                const struct cedar_type **out) {
    const struct cedar_type *element = NULL;
    enum status s;
    switch (t->kind) {
    case SOURCE_LONG:
        *out = &type_long;
        return ST_OK;
    case SOURCE_STRING:
        *out = &type_string;
        return ST_OK;
    case SOURCE_BOOL:
        *out = &type_bool;
        return ST_OK;
    case SOURCE_EXTENSION:
        *out = built_in(t->name);
        return *out != NULL && (*out)->kind == TYPE_EXTENSION
                   ? ST_OK
                   : refuse(r, t->line, "schema_unknown_type", "there is no such extension type", t->name);
    case SOURCE_SET:
        s = resolve_type(r, space, t->element, &element);
        if (s != ST_OK)
            return s;
        *out = type_set(r->arena, element);
        return *out == NULL ? no_memory(r) : ST_OK;
    case SOURCE_RECORD:
        return resolve_record(r, space, t, out);
    default:
        return resolve_name(r, space, t, out);
    }
}

static enum status resolve_type(struct resolver *r, struct slice space, const struct source_type *t,
                                const struct cedar_type **out) {
    if (r->depth == SCHEMA_DEPTH_MAX)
        return refuse(r, t->line, "schema_too_deep", "types nested too deep", t->name);
    r->depth++;
    enum status s = resolve_kind(r, space, t, out);
    r->depth--;
    return s;
}

static enum status resolve_to_record(struct resolver *r, struct slice space, const struct source_type *t,
                                     struct slice of, const struct cedar_type **out) {
    *out = type_record(r->arena, NULL, 0);
    if (t == NULL)
        return *out == NULL ? no_memory(r) : ST_OK;
    enum status s = resolve_type(r, space, t, out);
    if (s == ST_OK && (*out)->kind != TYPE_RECORD)
        return refuse(r, t->line, "schema_not_a_record", "attributes and contexts are records", of);
    return s;
}

/* ---- gathering what is declared ---- */

static enum status put(struct resolver *r, struct map *in, struct slice key, void *value, uint32_t line,
                       struct slice name) {
    if (key.p == NULL)
        return no_memory(r);
    if (map_get(in, key) != NULL)
        return refuse(r, line, "schema_twice", "declared twice", name);
    return map_put(in, key, value) == ST_OK ? ST_OK : no_memory(r);
}

static enum status gather_types(struct resolver *r, const struct source_namespace *n) {
    enum status s = ST_OK;
    for (size_t i = 0; i < n->common_count && s == ST_OK; i++) {
        struct common *c = &r->common_list[r->common_count++];
        *c = (struct common){.source = &n->commons[i], .space = n->name};
        s = put(r, &r->commons, full_name(r->arena, n->name, c->source->name), c, c->source->line,
                c->source->name);
    }
    for (size_t i = 0; i < n->entity_count && s == ST_OK; i++) {
        struct entity *x = &r->entity_list[r->entity_count++];
        *x = (struct entity){.source = &n->entities[i], .space = n->name};
        x->name = full_name(r->arena, n->name, x->source->name);
        if (slice_is(x->source->name, "Action"))
            return refuse(r, x->source->line, "schema_action_type", "no entity type has this name",
                          x->source->name);
        s = put(r, &r->entities, x->name, x, x->source->line, x->source->name);
    }
    return s;
}

static enum status gather_actions(struct resolver *r, const struct source_namespace *n) {
    struct slice type = full_name(r->arena, n->name, SLICE("Action"));
    enum status s = type.p == NULL ? no_memory(r) : ST_OK;
    if (s == ST_OK && n->action_count > 0 &&
        map_put(&r->action_types, type, &r->action_list[r->action_count]) != ST_OK)
        return no_memory(r);
    for (size_t i = 0; i < n->action_count && s == ST_OK; i++) {
        struct action *x = &r->action_list[r->action_count++];
        *x = (struct action){
            .source = &n->actions[i], .space = n->name, .uid = {.type = type, .id = n->actions[i].id}};
        s = put(r, &r->actions, action_key(r->arena, type, x->uid.id), x, x->source->line, x->uid.id);
    }
    return s;
}

/* A name of the nameless namespace must not be hidden by another namespace's. */
static enum status check_shadows(struct resolver *r) {
    for (size_t i = 0; i < r->common_count; i++) {
        const struct common *c = &r->common_list[i];
        if (c->space.n > 0 &&
            (map_get(&r->commons, c->source->name) != NULL || map_get(&r->entities, c->source->name) != NULL))
            return refuse(r, c->source->line, "schema_shadows", "the nameless namespace declares it too",
                          c->source->name);
    }
    for (size_t i = 0; i < r->entity_count; i++) {
        const struct entity *x = &r->entity_list[i];
        if (x->space.n > 0 &&
            (map_get(&r->commons, x->source->name) != NULL || map_get(&r->entities, x->source->name) != NULL))
            return refuse(r, x->source->line, "schema_shadows", "the nameless namespace declares it too",
                          x->source->name);
    }
    for (size_t i = 0; i < r->action_count; i++) {
        const struct action *x = &r->action_list[i];
        struct slice key = action_key(r->arena, SLICE("Action"), x->uid.id);
        if (x->space.n > 0 && key.p != NULL && map_get(&r->actions, key) != NULL)
            return refuse(r, x->source->line, "schema_shadows", "the nameless namespace declares it too",
                          x->uid.id);
    }
    return ST_OK;
}

static enum status gather(struct resolver *r) {
    size_t commons = 0, entities = 0, actions = 0;
    for (size_t i = 0; i < r->source->count; i++) {
        commons += r->source->namespaces[i].common_count;
        entities += r->source->namespaces[i].entity_count;
        actions += r->source->namespaces[i].action_count;
    }
    r->common_list = arena_array(r->arena, commons, sizeof *r->common_list);
    r->entity_list = arena_array(r->arena, entities, sizeof *r->entity_list);
    r->action_list = arena_array(r->arena, actions, sizeof *r->action_list);
    if (r->common_list == NULL || r->entity_list == NULL || r->action_list == NULL)
        return no_memory(r);
    enum status s = ST_OK;
    for (size_t i = 0; i < r->source->count && s == ST_OK; i++) {
        s = gather_types(r, &r->source->namespaces[i]);
        if (s == ST_OK)
            s = gather_actions(r, &r->source->namespaces[i]);
    }
    return s == ST_OK ? check_shadows(r) : s;
}

/* ---- entities ---- */

static enum status resolve_entity_names(struct resolver *r, struct slice space, const struct slice *names,
                                        size_t count, uint32_t line, struct slice **out) {
    *out = arena_array(r->arena, count, sizeof **out);
    if (*out == NULL)
        return no_memory(r);
    for (size_t i = 0; i < count; i++) {
        const struct entity *found = find(r, &r->entities, space, names[i]);
        if (found == NULL)
            return refuse(r, line, "schema_unknown_type", "there is no such entity type", names[i]);
        (*out)[i] = found->name;
    }
    return ST_OK;
}

static bool has_name(const struct slice *list, size_t count, struct slice name) {
    for (size_t i = 0; i < count; i++) {
        if (slice_equal(list[i], name))
            return true;
    }
    return false;
}

/* Breadth first; types may be in one another. */
static enum status close_entity(struct resolver *r, const struct entity *x, struct schema_entity *out) {
    struct slice *all = arena_array(r->arena, r->entity_count + 1, sizeof *all);
    if (all == NULL)
        return no_memory(r);
    size_t n = 0;
    for (size_t next = 0; x != NULL; next++) {
        for (size_t i = 0; i < x->source->parent_count; i++) {
            if (!has_name(all, n, x->parents[i]))
                all[n++] = x->parents[i];
        }
        x = next < n ? map_get(&r->entities, all[next]) : NULL;
    }
    out->ancestors = all;
    out->ancestor_count = n;
    return ST_OK;
}

static enum status resolve_entity(struct resolver *r, const struct entity *x, struct schema_entity *out) {
    const struct source_entity *from = x->source;
    *out =
        (struct schema_entity){.name = x->name, .choices = from->choices, .choice_count = from->choice_count};
    enum status s = resolve_to_record(r, x->space, from->shape, x->name, &out->attributes);
    if (s == ST_OK && from->tags != NULL)
        s = resolve_type(r, x->space, from->tags, &out->tags);
    return s == ST_OK ? close_entity(r, x, out) : s;
}

static int compare_entities(const void *a, const void *b) {
    return slice_compare(((const struct schema_entity *)a)->name, ((const struct schema_entity *)b)->name);
}

static enum status resolve_entities(struct resolver *r, struct schema *out) {
    struct schema_entity *list = arena_array(r->arena, r->entity_count, sizeof *list);
    enum status s = list == NULL ? no_memory(r) : ST_OK;
    for (size_t i = 0; i < r->entity_count && s == ST_OK; i++) {
        struct entity *x = &r->entity_list[i];
        s = resolve_entity_names(r, x->space, x->source->parents, x->source->parent_count, x->source->line,
                                 &x->parents);
    }
    for (size_t i = 0; i < r->entity_count && s == ST_OK; i++)
        s = resolve_entity(r, &r->entity_list[i], &list[i]);
    if (s == ST_OK && r->entity_count > 1)
        qsort(list, r->entity_count, sizeof *list, compare_entities);
    out->entities = list;
    out->entity_count = r->entity_count;
    return s;
}

/* ---- actions ---- */

static struct action *find_parent(struct resolver *r, const struct action *x, const struct source_parent *p) {
    struct slice types[2] = {p->type, p->type};
    bool path = is_path(p->type);
    struct slice name = p->type.n == 0 ? SLICE("Action") : p->type;
    types[0] = path ? name : full_name(r->arena, x->space, name);
    types[1] = name;
    for (size_t i = 0; i < 2; i++) {
        struct slice key = types[i].p == NULL ? SLICE_NONE : action_key(r->arena, types[i], p->id);
        struct action *found = key.p == NULL ? NULL : map_get(&r->actions, key);
        if (found != NULL)
            return found;
    }
    return NULL;
}

static enum status find_parents(struct resolver *r, struct action *x) {
    x->parents = arena_array(r->arena, x->source->parent_count, sizeof *x->parents);
    if (x->parents == NULL)
        return no_memory(r);
    for (size_t i = 0; i < x->source->parent_count; i++) {
        x->parents[i] = find_parent(r, x, &x->source->parents[i]);
        if (x->parents[i] == NULL)
            return refuse(r, x->source->line, "schema_unknown_action", "there is no such action",
                          x->source->parents[i].id);
    }
    return ST_OK;
}

static void add_ancestor(struct cedar_entity *list, size_t *n, const struct cedar_entity *one) {
    for (size_t i = 0; i < *n; i++) {
        if (cedar_entity_equal(&list[i], one))
            return;
    }
    list[(*n)++] = *one;
}

static enum status close_action(struct resolver *r, struct action *x) {
    if (x->progress == DONE)
        return ST_OK;
    if (x->progress == BEGUN || r->depth > 1000)
        return refuse(r, x->source->line, "schema_cycle", "this action is in itself", x->uid.id);
    x->progress = BEGUN;
    struct cedar_entity *all = arena_array(r->arena, r->action_count, sizeof *all);
    if (all == NULL)
        return no_memory(r);
    size_t n = 0;
    for (size_t i = 0; i < x->source->parent_count; i++) {
        r->depth++;
        enum status s = close_action(r, x->parents[i]);
        r->depth--;
        if (s != ST_OK)
            return s;
        add_ancestor(all, &n, &x->parents[i]->uid);
        for (size_t k = 0; k < x->parents[i]->ancestor_count; k++)
            add_ancestor(all, &n, &x->parents[i]->ancestors[k]);
    }
    x->ancestors = all;
    x->ancestor_count = n;
    x->progress = DONE;
    return ST_OK;
}

static enum status resolve_action(struct resolver *r, const struct action *x, struct schema_action *out) {
    const struct source_action *from = x->source;
    struct slice *principals, *resources;
    *out = (struct schema_action){.uid = x->uid,
                                  .ancestors = x->ancestors,
                                  .ancestor_count = x->ancestor_count,
                                  .principal_count = from->principal_count,
                                  .resource_count = from->resource_count};
    enum status s =
        resolve_entity_names(r, x->space, from->principals, from->principal_count, from->line, &principals);
    if (s == ST_OK)
        s = resolve_entity_names(r, x->space, from->resources, from->resource_count, from->line, &resources);
    if (s == ST_OK)
        s = resolve_to_record(r, x->space, from->context, x->uid.id, &out->context);
    if (s == ST_OK) {
        out->principals = principals;
        out->resources = resources;
    }
    return s;
}

static int compare_uids(const struct cedar_entity *a, const struct cedar_entity *b) {
    int order = slice_compare(a->type, b->type);
    return order != 0 ? order : slice_compare(a->id, b->id);
}

static int compare_actions(const void *a, const void *b) {
    return compare_uids(&((const struct schema_action *)a)->uid, &((const struct schema_action *)b)->uid);
}

static enum status resolve_actions(struct resolver *r, struct schema *out) {
    struct schema_action *list = arena_array(r->arena, r->action_count, sizeof *list);
    enum status s = list == NULL ? no_memory(r) : ST_OK;
    for (size_t i = 0; i < r->action_count && s == ST_OK; i++)
        s = find_parents(r, &r->action_list[i]);
    for (size_t i = 0; i < r->action_count && s == ST_OK; i++)
        s = close_action(r, &r->action_list[i]);
    for (size_t i = 0; i < r->action_count && s == ST_OK; i++)
        s = resolve_action(r, &r->action_list[i], &list[i]);
    if (s == ST_OK && r->action_count > 1)
        qsort(list, r->action_count, sizeof *list, compare_actions);
    out->actions = list;
    out->action_count = r->action_count;
    return s;
}

/* Common types that nobody uses are checked too. */
static enum status resolve_all(struct resolver *r, struct schema *out) {
    enum status s = gather(r);
    for (size_t i = 0; i < r->common_count && s == ST_OK; i++) {
        const struct cedar_type *ignored;
        s = resolve_common(r, &r->common_list[i], &ignored);
    }
    if (s == ST_OK)
        s = resolve_entities(r, out);
    return s == ST_OK ? resolve_actions(r, out) : s;
}

enum status schema_resolve(const struct schema_source *source, struct arena *a, const struct schema **out,
                           struct error *e) {
    struct resolver r = {.source = source, .arena = a, .error = e};
    struct schema *schema = arena_alloc(a, sizeof *schema);
    if (schema == NULL)
        return no_memory(&r);
    map_init(&r.commons);
    map_init(&r.entities);
    map_init(&r.actions);
    map_init(&r.action_types);
    enum status s = resolve_all(&r, schema);
    map_free(&r.commons);
    map_free(&r.entities);
    map_free(&r.actions);
    map_free(&r.action_types);
    *out = schema;
    return s;
}
