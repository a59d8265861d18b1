#include "policy/typecheck.h"

#include <stdarg.h>

enum checked typecheck_fail(struct typecheck *t, const struct expr *at, const char *format, ...) {
    va_list args;
    va_start(args, format);
    (void)vsnprintf(t->what, sizeof t->what, format, args);
    va_end(args);
    t->at = at;
    return CHECK_FAILED;
}

static enum checked plain(struct typed *out, const struct cedar_type *type) {
    *out = (struct typed){.type = type};
    return type == NULL ? CHECK_NO_MEMORY : CHECKED;
}

static enum checked want(struct typecheck *t, const struct expr *e, const struct cedar_type *wanted,
                         const struct typed *got) {
    char name[100], is[100];
    if (type_is_below(got->type, wanted, false))
        return CHECKED;
    type_print(wanted, name, sizeof name);
    type_print(got->type, is, sizeof is);
    return typecheck_fail(t, e, "expected %s, this is %s", name, is);
}

enum checked typecheck_want(struct typecheck *t, const struct expr *e, const struct guard *known,
                            const struct cedar_type *wanted, struct typed *out) {
    enum checked c = typecheck_expr(t, e, known, out);
    return c == CHECKED ? want(t, e, wanted, out) : c;
}

enum checked typecheck_bool(struct typecheck *t, const struct expr *e, const struct guard *known,
                            struct typed *out) {
    return typecheck_want(t, e, known, &type_bool, out);
}

/* ---- sets of guards ---- */

static enum checked join(struct typecheck *t, const struct guard *a, const struct guard *b,
                         const struct guard **out) {
    *out = b;
    for (; a != NULL; a = a->next) {
        if (!guard_holds(b, a->of, a->tag, a->attribute) &&
            guard_add(t, a->of, a->tag, a->attribute, out) != CHECKED)
            return CHECK_NO_MEMORY;
    }
    return CHECKED;
}

static enum checked meet(struct typecheck *t, const struct guard *a, const struct guard *b,
                         const struct guard **out) {
    *out = NULL;
    for (; a != NULL; a = a->next) {
        if (guard_holds(b, a->of, a->tag, a->attribute) &&
            guard_add(t, a->of, a->tag, a->attribute, out) != CHECKED)
            return CHECK_NO_MEMORY;
    }
    return CHECKED;
}

/* ---- && and || ---- */

enum checked typecheck_and(struct typecheck *t, const struct expr *right, const struct guard *known,
                           struct typed *left) {
    const struct guard *inside;
    struct typed r;
    if (left->type == NULL)
        return CHECK_NO_MEMORY;
    if (left->type->kind == TYPE_FALSE)
        return CHECKED; /* what follows cannot matter */
    enum checked c = join(t, left->guards, known, &inside);
    if (c == CHECKED)
        c = typecheck_bool(t, right, inside, &r);
    if (c != CHECKED)
        return c;
    if (r.type->kind == TYPE_FALSE)
        return plain(left, &type_false);
    if (r.type->kind != TYPE_TRUE)
        left->type = left->type->kind == TYPE_TRUE ? r.type : &type_bool;
    return join(t, left->guards, r.guards, &left->guards);
}

static enum checked check_or(struct typecheck *t, const struct expr *right, const struct guard *known,
                             struct typed *left) {
    struct typed r;
    if (left->type == NULL)
        return CHECK_NO_MEMORY;
    if (left->type->kind == TYPE_TRUE)
        return CHECKED;
    enum checked c = typecheck_bool(t, right, known, &r);
    if (c != CHECKED)
        return c;
    if (r.type->kind == TYPE_FALSE)
        return CHECKED;
    if (r.type->kind == TYPE_TRUE || left->type->kind == TYPE_FALSE) {
        *left = r;
        return CHECKED;
    }
    left->type = &type_bool;
    return meet(t, r.guards, left->guards, &left->guards);
}

static enum checked check_chain(struct typecheck *t, const struct expr *e, const struct guard *known,
                                struct typed *out) {
    enum checked c = typecheck_bool(t, e->items[0], known, out);
    if (c == CHECKED && e->op == EXPR_AND && out->type->kind == TYPE_FALSE)
        out->guards = NULL;
    for (size_t i = 1; i < e->count && c == CHECKED; i++)
        c = e->op == EXPR_AND ? typecheck_and(t, e->items[i], known, out)
                              : check_or(t, e->items[i], known, out);
    return c;
}

/* ---- if ---- */

static enum checked check_branches(struct typecheck *t, const struct expr *e, const struct typed *yes,
                                   const struct typed *no, struct typed *out) {
    char a[90], b[90];
    switch (type_bound(t->arena, yes->type, no->type, t->strict, &out->type)) {
    case BOUNDED:
        return meet(t, yes->guards, no->guards, &out->guards);
    case UNBOUNDED:
        type_print(yes->type, a, sizeof a);
        type_print(no->type, b, sizeof b);
        return typecheck_fail(t, e, "then is %s, else is %s: they must be of one type", a, b);
    default:
        return CHECK_NO_MEMORY;
    }
}

static enum checked check_if(struct typecheck *t, const struct expr *e, const struct guard *known,
                             struct typed *out) {
    struct typed test, yes, no;
    const struct guard *inside;
    enum checked c = typecheck_bool(t, e->items[0], known, &test);
    if (c != CHECKED)
        return c;
    if (test.type->kind == TYPE_FALSE)
        return typecheck_expr(t, e->items[2], known, out);
    c = join(t, test.guards, known, &inside);
    if (c == CHECKED)
        c = typecheck_expr(t, e->items[1], inside, &yes);
    if (c == CHECKED)
        c = join(t, test.guards, yes.guards, &yes.guards);
    if (c != CHECKED || test.type->kind == TYPE_TRUE) {
        *out = yes;
        return c;
    }
    c = typecheck_expr(t, e->items[2], known, &no);
    return c == CHECKED ? check_branches(t, e, &yes, &no, out) : c;
}

/* ---- operators ---- */

static enum checked check_not(struct typecheck *t, const struct expr *e, const struct guard *known,
                              struct typed *out) {
    enum checked c = typecheck_bool(t, e->items[0], known, out);
    if (c != CHECKED)
        return c;
    return plain(out, out->type->kind == TYPE_TRUE    ? &type_false
                      : out->type->kind == TYPE_FALSE ? &type_true
                                                      : &type_bool);
}

static bool is_literal(const struct typecheck *t, const struct expr *e) {
    return (e->op == EXPR_VALUE && e->literal == NULL) || typecheck_entity(t, e) != NULL;
}

static bool literals_equal(const struct typecheck *t, const struct expr *a, const struct expr *b) {
    const struct cedar_entity *x = typecheck_entity(t, a), *y = typecheck_entity(t, b);
    if (x != NULL || y != NULL)
        return x != NULL && y != NULL && cedar_entity_equal(x, y);
    return cedar_equal(&a->value, &b->value);
}

/* Strict: two things that are compared have a type in common. */
static enum checked check_alike(struct typecheck *t, const struct expr *e, const struct cedar_type *a,
                                const struct cedar_type *b) {
    const struct cedar_type *ignored;
    char x[90], y[90];
    if (!t->strict)
        return CHECKED;
    switch (type_bound(t->arena, a, b, true, &ignored)) {
    case BOUNDED:
        return CHECKED;
    case UNBOUNDED:
        type_print(a, x, sizeof x);
        type_print(b, y, sizeof y);
        return typecheck_fail(t, e, "%s and %s have no type in common", x, y);
    default:
        return CHECK_NO_MEMORY;
    }
}

static enum checked check_equal(struct typecheck *t, const struct expr *e, const struct guard *known,
                                struct typed *out) {
    struct typed a, b;
    enum checked c = typecheck_expr(t, e->items[0], known, &a);
    if (c == CHECKED)
        c = typecheck_expr(t, e->items[1], known, &b);
    if (c != CHECKED)
        return c;
    bool same = false, decided = type_disjoint(a.type, b.type);
    if (!decided && is_literal(t, e->items[0]) && is_literal(t, e->items[1])) {
        decided = true;
        same = literals_equal(t, e->items[0], e->items[1]);
    }
    if (decided)
        return plain(out, same == (e->op == EXPR_EQUAL) ? &type_true : &type_false);
    (void)plain(out, &type_bool);
    return check_alike(t, e, a.type, b.type);
}

static bool has_order(const struct cedar_type *t) {
    return t->kind == TYPE_LONG ||
           (t->kind == TYPE_EXTENSION && (t->extension == CEDAR_DATETIME || t->extension == CEDAR_DURATION));
}

static enum checked check_order(struct typecheck *t, const struct expr *e, const struct guard *known,
                                struct typed *out) {
    struct typed a, b;
    char x[90], y[90];
    enum checked c = typecheck_expr(t, e->items[0], known, &a);
    if (c == CHECKED)
        c = typecheck_expr(t, e->items[1], known, &b);
    if (c != CHECKED)
        return c;
    bool a_never = a.type->kind == TYPE_NEVER, b_never = b.type->kind == TYPE_NEVER;
    bool fine = a_never ? has_order(b.type) : has_order(a.type) && (b_never || type_equal(a.type, b.type));
    if (fine)
        return plain(out, &type_bool);
    type_print(a.type, x, sizeof x);
    type_print(b.type, y, sizeof y);
    return typecheck_fail(t, e, "%s and %s have no order: two Longs, datetimes or durations have", x, y);
}

static enum checked check_arithmetic(struct typecheck *t, const struct expr *e, const struct guard *known,
                                     struct typed *out) {
    enum checked c = CHECKED;
    for (size_t i = 0; i < e->count && c == CHECKED; i++)
        c = typecheck_want(t, e->items[i], known, &type_long, out);
    return c == CHECKED ? plain(out, &type_long) : c;
}

static enum checked check_contains(struct typecheck *t, const struct expr *e, const struct guard *known,
                                   struct typed *out) {
    struct typed a, b;
    enum checked c = typecheck_want(t, e->items[0], known, &type_any_set, &a);
    if (c == CHECKED)
        c = e->op == EXPR_CONTAINS ? typecheck_expr(t, e->items[1], known, &b)
                                   : typecheck_want(t, e->items[1], known, &type_any_set, &b);
    if (c != CHECKED)
        return c;
    (void)plain(out, &type_bool);
    if (e->op != EXPR_CONTAINS)
        return check_alike(t, e, a.type, b.type);
    return a.type->kind != TYPE_SET || a.type->element == NULL ? CHECKED
                                                               : check_alike(t, e, a.type->element, b.type);
}

static enum checked check_is(struct typecheck *t, const struct expr *e, const struct guard *known,
                             struct typed *out) {
    struct typed of;
    enum checked c = typecheck_want(t, e->items[0], known, &type_any_entity, &of);
    if (c != CHECKED)
        return c;
    if (of.type->kind != TYPE_ENTITY)
        return typecheck_fail(t, e->items[0], "expected an entity");
    bool found = false;
    for (size_t i = 0; i < of.type->count; i++)
        found = found || slice_equal(of.type->entities[i], e->text);
    if (of.type->count == 0 || (found && of.type->count > 1))
        return plain(out, &type_bool);
    return plain(out, found ? &type_true : &type_false);
}

/* ---- literals and collections ---- */

static enum checked check_set(struct typecheck *t, const struct expr *e, const struct guard *known,
                              struct typed *out) {
    const struct cedar_type *element = &type_never;
    char a[90], b[90];
    for (size_t i = 0; i < e->count; i++) {
        struct typed item;
        enum checked c = typecheck_expr(t, e->items[i], known, &item);
        if (c != CHECKED)
            return c;
        const struct cedar_type *so_far = element;
        switch (type_bound(t->arena, so_far, item.type, t->strict, &element)) {
        case BOUNDED:
            break;
        case UNBOUNDED:
            type_print(so_far, a, sizeof a);
            type_print(item.type, b, sizeof b);
            return typecheck_fail(t, e->items[i], "a set of %s holds %s", a, b);
        default:
            return CHECK_NO_MEMORY;
        }
    }
    if (e->count == 0 && t->strict)
        return typecheck_fail(t, e, "the type of an empty set is not known");
    return plain(out, type_set(t->arena, element));
}

static enum checked check_record(struct typecheck *t, const struct expr *e, const struct guard *known,
                                 struct typed *out) {
    struct type_attribute *list = arena_array(t->arena, e->count, sizeof *list);
    if (list == NULL)
        return CHECK_NO_MEMORY;
    for (size_t i = 0; i < e->count; i++) {
        struct typed item;
        enum checked c = typecheck_expr(t, e->items[i], known, &item);
        if (c != CHECKED)
            return c;
        list[i] = (struct type_attribute){.name = e->names[i], .type = item.type, .required = true};
    }
    return plain(out, type_record(t->arena, list, e->count));
}

static enum checked check_entity(struct typecheck *t, const struct expr *e, struct typed *out) {
    const struct cedar_entity *x = &e->value.entity;
    bool known = schema_is_action_type(x->type) ? schema_find_action(t->schema, x) != NULL
                                                : schema_find_entity(t->schema, x->type) != NULL;
    if (!known)
        return typecheck_fail(t, e, "the schema has no such entity type or action: %.*s",
                              (int)(x->type.n > 80 ? 80 : x->type.n), (const char *)x->type.p);
    return plain(out, type_entity(t->arena, x->type));
}

static enum checked check_value(struct typecheck *t, const struct expr *e, const struct guard *known,
                                struct typed *out) {
    if (e->literal != NULL)
        return typecheck_expr(t, e->literal, known, out);
    switch (e->value.kind) {
    case CEDAR_BOOL:
        return plain(out, e->value.b ? &type_true : &type_false);
    case CEDAR_LONG:
        return plain(out, &type_long);
    case CEDAR_STRING:
        return plain(out, &type_string);
    case CEDAR_ENTITY:
        return check_entity(t, e, out);
    default:
        return typecheck_fail(t, e, "no literal");
    }
}

static enum checked check_variable(struct typecheck *t, const struct expr *e, struct typed *out) {
    switch (e->variable) {
    case VARIABLE_PRINCIPAL:
        return plain(out, t->principal);
    case VARIABLE_RESOURCE:
        return plain(out, t->resource);
    case VARIABLE_CONTEXT:
        return plain(out, t->action->context);
    default:
        return plain(out, type_entity(t->arena, t->action->uid.type));
    }
}

const struct cedar_entity *typecheck_entity(const struct typecheck *t, const struct expr *e) {
    if (e->op == EXPR_VARIABLE && e->variable == VARIABLE_ACTION)
        return &t->action->uid;
    return e->op == EXPR_VALUE && e->value.kind == CEDAR_ENTITY ? &e->value.entity : NULL;
}

static enum checked check_any(struct typecheck *t, const struct expr *e, const struct guard *known,
                              struct typed *out) {
    enum checked c;
    switch (e->op) {
    case EXPR_VALUE:
        return check_value(t, e, known, out);
    case EXPR_VARIABLE:
        return check_variable(t, e, out);
    case EXPR_AND:
    case EXPR_OR:
        return check_chain(t, e, known, out);
    case EXPR_NOT:
        return check_not(t, e, known, out);
    case EXPR_IF:
        return check_if(t, e, known, out);
    case EXPR_EQUAL:
    case EXPR_NOT_EQUAL:
        return check_equal(t, e, known, out);
    case EXPR_LESS:
    case EXPR_LESS_EQUAL:
    case EXPR_GREATER:
    case EXPR_GREATER_EQUAL:
        return check_order(t, e, known, out);
    case EXPR_NEGATE:
    case EXPR_ADD:
    case EXPR_SUBTRACT:
    case EXPR_MULTIPLY:
        return check_arithmetic(t, e, known, out);
    case EXPR_IN:
        return typecheck_in(t, e, known, out);
    case EXPR_GET:
    case EXPR_HAS:
        return typecheck_member(t, e, known, out);
    case EXPR_HAS_TAG:
    case EXPR_GET_TAG:
        return typecheck_tag(t, e, known, out);
    case EXPR_LIKE:
        c = typecheck_want(t, e->items[0], known, &type_string, out);
        return c == CHECKED ? plain(out, &type_bool) : c;
    case EXPR_IS:
        return check_is(t, e, known, out);
    case EXPR_SET:
        return check_set(t, e, known, out);
    case EXPR_RECORD:
        return check_record(t, e, known, out);
    case EXPR_IS_EMPTY:
        c = typecheck_want(t, e->items[0], known, &type_any_set, out);
        return c == CHECKED ? plain(out, &type_bool) : c;
    case EXPR_CONTAINS:
    case EXPR_CONTAINS_ALL:
    case EXPR_CONTAINS_ANY:
        return check_contains(t, e, known, out);
    case EXPR_CALL:
        return typecheck_call(t, e, known, out);
    }
    return typecheck_fail(t, e, "unknown expression");
}

enum checked typecheck_expr(struct typecheck *t, const struct expr *e, const struct guard *known,
                            struct typed *out) {
    *out = (struct typed){.type = NULL};
    enum checked c = check_any(t, e, known, out);
    return c == CHECKED && out->type == NULL ? CHECK_NO_MEMORY : c;
}
