#include "policy/same.h"

static bool same_names(const struct expr *a, const struct expr *b) {
    if ((a->names == NULL) != (b->names == NULL))
        return false;
    for (size_t i = 0; a->names != NULL && i < a->count; i++) {
        if (!slice_equal(a->names[i], b->names[i]))
            return false;
    }
    return true;
}

bool expr_same(const struct expr *a, const struct expr *b) {
    if (a->op != b->op || a->count != b->count || a->mentions != b->mentions)
        return false;
    if (a->op == EXPR_VALUE)
        return cedar_equal(&a->value, &b->value);
    if (a->op == EXPR_VARIABLE)
        return a->variable == b->variable;
    if (a->extension != b->extension || !slice_equal(a->text, b->text) || !same_names(a, b))
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (!expr_same(a->items[i], b->items[i]))
            return false;
    }
    return true;
}

bool scope_same(const struct scope *a, const struct scope *b) {
    if (a->op != b->op || a->slot || b->slot || a->count != b->count || !slice_equal(a->type, b->type))
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (!cedar_entity_equal(&a->entities[i], &b->entities[i]))
            return false;
    }
    return true;
}

bool policy_same(const struct policy *a, const struct policy *b) {
    if (a->forbid != b->forbid || a->acts != b->acts || a->condition_count != b->condition_count)
        return false;
    if (!scope_same(&a->principal, &b->principal) || !scope_same(&a->resource, &b->resource))
        return false;
    for (size_t i = 0; i < a->condition_count; i++) {
        if (a->conditions[i].unless != b->conditions[i].unless ||
            !expr_same(a->conditions[i].expr, b->conditions[i].expr))
            return false;
    }
    return true;
}
