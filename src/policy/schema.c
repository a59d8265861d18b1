#include "policy/schema.h"

const struct schema_entity *schema_find_entity(const struct schema *s, struct slice name) {
    size_t low = 0, high = s->entity_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = slice_compare(s->entities[middle].name, name);
        if (order == 0)
            return &s->entities[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const struct schema_action *schema_find_action(const struct schema *s, const struct cedar_entity *uid) {
    size_t low = 0, high = s->action_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct schema_action *a = &s->actions[middle];
        int order = slice_compare(a->uid.type, uid->type);
        order = order != 0 ? order : slice_compare(a->uid.id, uid->id);
        if (order == 0)
            return a;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

bool schema_is_action_type(struct slice type) {
    return slice_is(type, "Action") || (type.n > 8 && memcmp(type.p + type.n - 8, "::Action", 8) == 0);
}

static bool action_type_within(const struct schema *s, struct slice type, struct slice ancestor) {
    for (size_t i = 0; i < s->action_count; i++) {
        const struct schema_action *a = &s->actions[i];
        for (size_t k = 0; slice_equal(a->uid.type, type) && k < a->ancestor_count; k++) {
            if (slice_equal(a->ancestors[k].type, ancestor))
                return true;
        }
    }
    return false;
}

bool schema_type_within(const struct schema *s, struct slice type, struct slice ancestor) {
    if (slice_equal(type, ancestor))
        return true;
    const struct schema_entity *e = schema_find_entity(s, type);
    for (size_t i = 0; e != NULL && i < e->ancestor_count; i++) {
        if (slice_equal(e->ancestors[i], ancestor))
            return true;
    }
    return action_type_within(s, type, ancestor);
}

bool schema_action_within(const struct schema_action *action, const struct cedar_entity *ancestor) {
    if (cedar_entity_equal(&action->uid, ancestor))
        return true;
    for (size_t i = 0; i < action->ancestor_count; i++) {
        if (cedar_entity_equal(&action->ancestors[i], ancestor))
            return true;
    }
    return false;
}

bool schema_knows_type(const struct schema *s, struct slice type) {
    return schema_is_action_type(type) || schema_find_entity(s, type) != NULL;
}

bool schema_entity_takes(const struct schema_entity *entity, struct slice id) {
    for (size_t i = 0; i < entity->choice_count; i++) {
        if (slice_equal(entity->choices[i], id))
            return true;
    }
    return entity->choice_count == 0;
}
