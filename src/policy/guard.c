#include "policy/typecheck.h"

static bool all_equal(const struct expr *a, const struct expr *b) {
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (!expr_equal(a->items[i], b->items[i]) ||
            (a->names != NULL && !slice_equal(a->names[i], b->names[i])))
            return false;
    }
    return true;
}

bool expr_equal(const struct expr *a, const struct expr *b) {
    a = expr_written(a);
    b = expr_written(b);
    if (a == b)
        return true;
    if (a->op != b->op || a->extension != b->extension || !slice_equal(a->text, b->text))
        return false;
    if (a->op == EXPR_VALUE)
        return cedar_equal(&a->value, &b->value);
    if (a->op == EXPR_VARIABLE)
        return a->variable == b->variable;
    return all_equal(a, b);
}

bool guard_holds(const struct guard *list, const struct expr *of, const struct expr *tag,
                 struct slice attribute) {
    for (const struct guard *g = list; g != NULL; g = g->next) {
        if ((g->tag == NULL) != (tag == NULL) || !slice_equal(g->attribute, attribute))
            continue;
        if (expr_equal(g->of, of) && (tag == NULL || expr_equal(g->tag, tag)))
            return true;
    }
    return false;
}

enum checked guard_add(struct typecheck *t, const struct expr *of, const struct expr *tag,
                       struct slice attribute, const struct guard **list) {
    struct guard *g = arena_alloc(t->arena, sizeof *g);
    if (g == NULL)
        return CHECK_NO_MEMORY;
    *g = (struct guard){.of = of, .tag = tag, .attribute = attribute, .next = *list};
    *list = g;
    return CHECKED;
}
