#include "policy/entity_store.h"

#include "base/map.h"

static const struct entity_store *store_of(const struct entities *self) {
    return (const struct entity_store *)(const void *)self;
}

static enum attribute_found find_in(const struct cedar_value *record, struct slice name,
                                    struct cedar_value *out) {
    const struct cedar_value *found = cedar_record_get(record, name);
    if (found == NULL)
        return ATTRIBUTE_ABSENT;
    *out = *found;
    return ATTRIBUTE_FOUND;
}

static enum attribute_found store_attribute(const struct entities *self, const struct cedar_entity *of,
                                            struct slice name, struct cedar_value *out) {
    const struct stored_entity *e = entity_store_find(store_of(self), of);
    return e == NULL ? ENTITY_ABSENT : find_in(&e->attributes, name, out);
}

static enum attribute_found store_tag(const struct entities *self, const struct cedar_entity *of,
                                      struct slice name, struct cedar_value *out) {
    const struct stored_entity *e = entity_store_find(store_of(self), of);
    return e == NULL ? ENTITY_ABSENT : find_in(&e->tags, name, out);
}

static bool store_within(const struct entities *self, const struct cedar_entity *e,
                         const struct cedar_entity *ancestor) {
    const struct stored_entity *found = entity_store_find(store_of(self), e);
    for (size_t i = 0; found != NULL && i < found->ancestor_count; i++) {
        if (cedar_entity_equal(&found->ancestors[i], ancestor))
            return true;
    }
    return false;
}

static size_t store_above(const struct entities *self, const struct cedar_entity *e,
                          const struct cedar_entity **out) {
    const struct stored_entity *found = entity_store_find(store_of(self), e);
    *out = found == NULL ? NULL : found->ancestors;
    return found == NULL ? 0 : found->ancestor_count;
}

static size_t hash_of(const struct cedar_entity *uid) {
    return (size_t)(map_hash(uid->id, 1) ^ map_hash(uid->type, 2));
}

enum status entity_store_init(struct entity_store *s, size_t room, struct arena *a) {
    *s = (struct entity_store){.entities = {.attribute = store_attribute,
                                            .within = store_within,
                                            .tag = store_tag,
                                            .above = store_above,
                                            .exact = true},
                               .room = room,
                               .arena = a,
                               .table_room = 16};
    while (s->table_room < room * 2)
        s->table_room *= 2;
    s->list = arena_array(a, room, sizeof *s->list);
    s->table = arena_array(a, s->table_room, sizeof *s->table);
    return s->list == NULL || s->table == NULL ? ST_NOMEM : ST_OK;
}

/* The slot that holds it, or the free one where it belongs. */
static uint32_t *slot_of(const struct entity_store *s, const struct cedar_entity *uid) {
    size_t i = hash_of(uid) & (s->table_room - 1);
    while (s->table[i] != 0 && !cedar_entity_equal(&s->list[s->table[i] - 1].uid, uid))
        i = (i + 1) & (s->table_room - 1);
    return &s->table[i];
}

const struct stored_entity *entity_store_find(const struct entity_store *s, const struct cedar_entity *uid) {
    uint32_t index = *slot_of(s, uid);
    return index == 0 ? NULL : &s->list[index - 1];
}

static bool parents_hold(const struct stored_entity *a, const struct stored_entity *b) {
    for (size_t i = 0; i < b->parent_count; i++) {
        size_t k = 0;
        while (k < a->parent_count && !cedar_entity_equal(&a->parents[k], &b->parents[i]))
            k++;
        if (k == a->parent_count)
            return false;
    }
    return true;
}

static bool alike(const struct stored_entity *a, const struct stored_entity *b) {
    return cedar_equal(&a->attributes, &b->attributes) && cedar_equal(&a->tags, &b->tags) &&
           parents_hold(a, b) && parents_hold(b, a);
}

enum status entity_store_add(struct entity_store *s, const struct stored_entity *e, struct error *error) {
    uint32_t *slot = slot_of(s, &e->uid);
    if (*slot != 0)
        return alike(&s->list[*slot - 1], e)
                   ? ST_OK
                   : error_set(error, ST_CONFLICT, "entity_twice",
                               "%.80s::\"%.80s\" is there twice, not alike", (const char *)e->uid.type.p,
                               (const char *)e->uid.id.p);
    if (s->count == s->room)
        return error_set(error, ST_LIMIT, "too_many_entities", "more than %zu entities", s->room);
    s->list[s->count++] = *e;
    *slot = (uint32_t)s->count;
    return ST_OK;
}

/* ---- the hierarchy ---- */

/* Grows with the ancestors of one entity, without repeats. */
struct gathering {
    struct cedar_entity *list;
    size_t count, room;
    struct arena *arena;
};

static bool gather(struct gathering *g, const struct cedar_entity *one) {
    for (size_t i = 0; i < g->count; i++) {
        if (cedar_entity_equal(&g->list[i], one))
            return true;
    }
    if (g->count == g->room) {
        size_t room = g->room == 0 ? 8 : g->room * 2;
        struct cedar_entity *bigger = arena_array(g->arena, room, sizeof *bigger);
        if (bigger == NULL)
            return false;
        if (g->count > 0)
            memcpy(bigger, g->list, g->count * sizeof *bigger);
        g->list = bigger;
        g->room = room;
    }
    g->list[g->count++] = *one;
    return true;
}

enum { OPEN, BEGUN, CLOSED };

static enum status close_entity(struct entity_store *s, struct stored_entity *e, unsigned depth,
                                struct error *error);

static enum status gather_parent(struct entity_store *s, const struct cedar_entity *parent,
                                 struct gathering *g, unsigned depth, struct error *error) {
    if (!gather(g, parent))
        return error_set(error, ST_NOMEM, "no_memory", "too many entities");
    struct stored_entity *above = (struct stored_entity *)(uintptr_t)entity_store_find(s, parent);
    if (above == NULL)
        return ST_OK;
    enum status status = close_entity(s, above, depth + 1, error);
    for (size_t i = 0; i < above->ancestor_count && status == ST_OK; i++)
        status = gather(g, &above->ancestors[i])
                     ? ST_OK
                     : error_set(error, ST_NOMEM, "no_memory", "too many entities");
    return status;
}

static enum status close_entity(struct entity_store *s, struct stored_entity *e, unsigned depth,
                                struct error *error) {
    if (e->progress == CLOSED)
        return ST_OK;
    if (e->progress == BEGUN || depth > ENTITY_HIERARCHY_MAX)
        return error_set(error, ST_INVALID, "entity_cycle", "%.80s::\"%.80s\" is in itself",
                         (const char *)e->uid.type.p, (const char *)e->uid.id.p);
    e->progress = BEGUN;
    struct gathering g = {.arena = s->arena};
    for (size_t i = 0; i < e->parent_count; i++) {
        enum status status = gather_parent(s, &e->parents[i], &g, depth, error);
        if (status != ST_OK)
            return status;
    }
    e->ancestors = g.list;
    e->ancestor_count = g.count;
    e->progress = CLOSED;
    return ST_OK;
}

enum status entity_store_close(struct entity_store *s, struct error *e) {
    enum status status = ST_OK;
    for (size_t i = 0; i < s->count && status == ST_OK; i++)
        status = close_entity(s, &s->list[i], 0, e);
    return status;
}
