#include "policy/eval.h"

static enum evaluated fault(struct eval *v, const struct expr *e, enum fault f) {
    v->fault = f;
    v->at = e;
    return EVAL_ERRED;
}

static enum evaluated eval_kind(struct eval *v, const struct expr *e, enum cedar_kind kind,
                                struct cedar_value *out) {
    enum evaluated s = eval_expr(v, e, out);
    return s == EVALUATED && out->kind != kind ? fault(v, e, FAULT_TYPE) : s;
}

enum evaluated eval_bool(struct eval *v, const struct expr *e, bool *out) {
    struct cedar_value x;
    enum evaluated s = eval_kind(v, e, CEDAR_BOOL, &x);
    if (s == EVALUATED)
        *out = x.b;
    return s;
}

static enum evaluated eval_chain(struct eval *v, const struct expr *e, struct cedar_value *out) {
    bool decides = e->op == EXPR_OR;
    for (size_t i = 0; i < e->count; i++) {
        bool b;
        enum evaluated s = eval_bool(v, e->items[i], &b);
        if (s != EVALUATED)
            return s;
        if (b == decides) {
            *out = cedar_bool(decides);
            return EVALUATED;
        }
    }
    *out = cedar_bool(!decides);
    return EVALUATED;
}

static enum evaluated eval_if(struct eval *v, const struct expr *e, struct cedar_value *out) {
    bool b;
    enum evaluated s = eval_bool(v, e->items[0], &b);
    return s == EVALUATED ? eval_expr(v, e->items[b ? 1 : 2], out) : s;
}

static enum evaluated eval_two(struct eval *v, const struct expr *e, struct cedar_value two[2]) {
    enum evaluated s = eval_expr(v, e->items[0], &two[0]);
    return s == EVALUATED ? eval_expr(v, e->items[1], &two[1]) : s;
}

static enum evaluated eval_equal(struct eval *v, const struct expr *e, struct cedar_value *out) {
    struct cedar_value two[2];
    enum evaluated s = eval_two(v, e, two);
    if (s == EVALUATED)
        *out = cedar_bool(cedar_equal(&two[0], &two[1]) == (e->op == EXPR_EQUAL));
    return s;
}

static bool has_order(enum cedar_kind kind) {
    return kind == CEDAR_LONG || kind == CEDAR_DATETIME || kind == CEDAR_DURATION;
}

static enum evaluated eval_compare(struct eval *v, const struct expr *e, struct cedar_value *out) {
    struct cedar_value two[2];
    enum evaluated s = eval_two(v, e, two);
    if (s != EVALUATED)
        return s;
    if (!has_order(two[0].kind) || two[0].kind != two[1].kind)
        return fault(v, e, FAULT_TYPE);
    int64_t a = two[0].i, b = two[1].i;
    *out = cedar_bool(e->op == EXPR_LESS         ? a < b
                      : e->op == EXPR_LESS_EQUAL ? a <= b
                      : e->op == EXPR_GREATER    ? a > b
                                                 : a >= b);
    return EVALUATED;
}

static enum evaluated eval_arithmetic(struct eval *v, const struct expr *e, struct cedar_value *out) {
    struct cedar_value a, b;
    enum evaluated s = eval_kind(v, e->items[0], CEDAR_LONG, &a);
    if (s == EVALUATED)
        s = eval_kind(v, e->items[1], CEDAR_LONG, &b);
    if (s != EVALUATED)
        return s;
    int64_t result;
    bool over = e->op == EXPR_ADD        ? __builtin_add_overflow(a.i, b.i, &result)
                : e->op == EXPR_SUBTRACT ? __builtin_sub_overflow(a.i, b.i, &result)
                                         : __builtin_mul_overflow(a.i, b.i, &result);
    if (over)
        return fault(v, e, FAULT_OVERFLOW);
    *out = cedar_long(result);
    return EVALUATED;
}

static enum evaluated eval_negate(struct eval *v, const struct expr *e, struct cedar_value *out) {
    enum evaluated s = eval_kind(v, e->items[0], CEDAR_LONG, out);
    if (s == EVALUATED && __builtin_sub_overflow((int64_t)0, out->i, &out->i))
        return fault(v, e, FAULT_OVERFLOW);
    return s;
}

bool eval_within(const struct entities *entities, const struct cedar_entity *e,
                 const struct cedar_entity *ancestor) {
    return cedar_entity_equal(e, ancestor) || entities->within(entities, e, ancestor);
}

static bool all_entities(const struct cedar_value *set) {
    for (size_t i = 0; i < set->set.count; i++) {
        if (set->set.items[i].kind != CEDAR_ENTITY)
            return false;
    }
    return true;
}

static enum evaluated eval_in(struct eval *v, const struct expr *e, struct cedar_value *out) {
    struct cedar_value two[2];
    enum evaluated s = eval_two(v, e, two);
    if (s != EVALUATED)
        return s;
    if (two[0].kind != CEDAR_ENTITY)
        return fault(v, e->items[0], FAULT_TYPE);
    bool set = two[1].kind == CEDAR_SET;
    if (set ? !all_entities(&two[1]) : two[1].kind != CEDAR_ENTITY)
        return fault(v, e->items[1], FAULT_TYPE);
    const struct cedar_value *items = set ? two[1].set.items : &two[1];
    bool found = false;
    for (size_t i = 0; i < (set ? two[1].set.count : 1) && !found; i++)
        found = eval_within(v->entities, &two[0].entity, &items[i].entity);
    *out = cedar_bool(found);
    return EVALUATED;
}

static enum evaluated eval_get(struct eval *v, const struct expr *e, struct cedar_value *out) {
    struct cedar_value from;
    enum evaluated s = eval_expr(v, e->items[0], &from);
    if (s != EVALUATED)
        return s;
    if (from.kind == CEDAR_RECORD) {
        const struct cedar_value *found = cedar_record_get(&from, e->text);
        if (found == NULL)
            return fault(v, e, FAULT_ATTRIBUTE);
        *out = *found;
        return EVALUATED;
    }
    if (from.kind != CEDAR_ENTITY)
        return fault(v, e, FAULT_TYPE);
    switch (v->entities->attribute(v->entities, &from.entity, e->text, out)) {
    case ATTRIBUTE_FOUND:
        return EVALUATED;
    case ATTRIBUTE_NO_MEMORY:
        return EVAL_NO_MEMORY;
    case ENTITY_ABSENT:
        return fault(v, e, FAULT_ENTITY);
    default:
        return fault(v, e, FAULT_ATTRIBUTE);
    }
}

static enum evaluated eval_has(struct eval *v, const struct expr *e, struct cedar_value *out) {
    struct cedar_value from, ignored;
    enum evaluated s = eval_expr(v, e->items[0], &from);
    if (s != EVALUATED)
        return s;
    if (from.kind == CEDAR_RECORD) {
        *out = cedar_bool(cedar_record_get(&from, e->text) != NULL);
        return EVALUATED;
    }
    if (from.kind != CEDAR_ENTITY)
        return fault(v, e, FAULT_TYPE);
    enum attribute_found found = v->entities->attribute(v->entities, &from.entity, e->text, &ignored);
    *out = cedar_bool(found == ATTRIBUTE_FOUND);
    return found == ATTRIBUTE_NO_MEMORY ? EVAL_NO_MEMORY : EVALUATED;
}

static enum evaluated eval_tag(struct eval *v, const struct expr *e, struct cedar_value *out) {
    struct cedar_value of, name;
    enum evaluated s = eval_kind(v, e->items[0], CEDAR_ENTITY, &of);
    if (s == EVALUATED)
        s = eval_kind(v, e->items[1], CEDAR_STRING, &name);
    if (s != EVALUATED)
        return s;
    struct cedar_value value;
    enum attribute_found found = v->entities->tag == NULL
                                     ? ATTRIBUTE_ABSENT
                                     : v->entities->tag(v->entities, &of.entity, name.s, &value);
    if (found == ATTRIBUTE_NO_MEMORY)
        return EVAL_NO_MEMORY;
    if (e->op == EXPR_GET_TAG && found != ATTRIBUTE_FOUND)
        return fault(v, e, found == ENTITY_ABSENT ? FAULT_ENTITY : FAULT_ATTRIBUTE);
    *out = e->op == EXPR_GET_TAG ? value : cedar_bool(found == ATTRIBUTE_FOUND);
    return EVALUATED;
}

static enum evaluated eval_like(struct eval *v, const struct expr *e, struct cedar_value *out) {
    struct cedar_value text;
    enum evaluated s = eval_kind(v, e->items[0], CEDAR_STRING, &text);
    if (s == EVALUATED)
        *out = cedar_bool(cedar_like(text.s, e->text));
    return s;
}

static enum evaluated eval_is(struct eval *v, const struct expr *e, struct cedar_value *out) {
    struct cedar_value of;
    enum evaluated s = eval_kind(v, e->items[0], CEDAR_ENTITY, &of);
    if (s == EVALUATED)
        *out = cedar_bool(slice_equal(of.entity.type, e->text));
    return s;
}

static enum evaluated eval_set(struct eval *v, const struct expr *e, struct cedar_value *out) {
    struct cedar_value *items = arena_array(v->arena, e->count, sizeof *items);
    if (items == NULL)
        return EVAL_NO_MEMORY;
    for (size_t i = 0; i < e->count; i++) {
        enum evaluated s = eval_expr(v, e->items[i], &items[i]);
        if (s != EVALUATED)
            return s;
    }
    *out = cedar_set(items, e->count);
    return EVALUATED;
}

static enum evaluated eval_record(struct eval *v, const struct expr *e, struct cedar_value *out) {
    struct cedar_pair *pairs = arena_array(v->arena, e->count, sizeof *pairs);
    if (pairs == NULL)
        return EVAL_NO_MEMORY;
    for (size_t i = 0; i < e->count; i++) {
        pairs[i].name = e->names[i];
        enum evaluated s = eval_expr(v, e->items[i], &pairs[i].value);
        if (s != EVALUATED)
            return s;
    }
    *out = (struct cedar_value){.kind = CEDAR_RECORD, .record = {.pairs = pairs, .count = e->count}};
    return EVALUATED;
}

static bool contains_items(const struct cedar_value *set, const struct cedar_value *of, bool all) {
    for (size_t i = 0; i < of->set.count; i++) {
        if (cedar_set_contains(set, &of->set.items[i]) != all)
            return !all;
    }
    return all;
}

static enum evaluated eval_contains(struct eval *v, const struct expr *e, struct cedar_value *out) {
    struct cedar_value set, item;
    enum evaluated s = eval_kind(v, e->items[0], CEDAR_SET, &set);
    if (s == EVALUATED)
        s = e->op == EXPR_CONTAINS ? eval_expr(v, e->items[1], &item)
                                   : eval_kind(v, e->items[1], CEDAR_SET, &item);
    if (s == EVALUATED)
        *out = cedar_bool(e->op == EXPR_CONTAINS ? cedar_set_contains(&set, &item)
                                                 : contains_items(&set, &item, e->op == EXPR_CONTAINS_ALL));
    return s;
}

static enum evaluated eval_is_empty(struct eval *v, const struct expr *e, struct cedar_value *out) {
    struct cedar_value set;
    enum evaluated s = eval_kind(v, e->items[0], CEDAR_SET, &set);
    if (s == EVALUATED)
        *out = cedar_bool(set.set.count == 0);
    return s;
}

static enum evaluated eval_call(struct eval *v, const struct expr *e, struct cedar_value *out) {
    struct cedar_value arguments[EXTENSION_ARGUMENTS_MAX], ignored;
    for (size_t i = 0; i < e->count; i++) {
        enum evaluated s = eval_expr(v, e->items[i], i < e->extension->arguments ? &arguments[i] : &ignored);
        if (s != EVALUATED)
            return s;
    }
    if (e->count != e->extension->arguments)
        return fault(v, e, FAULT_EXTENSION);
    return e->extension->call(arguments, out) ? EVALUATED : fault(v, e, FAULT_EXTENSION);
}

static enum evaluated eval_variable(const struct eval *v, const struct expr *e, struct cedar_value *out) {
    const struct cedar_value *const variables[] = {&v->principal, &v->action, &v->resource, &v->context};
    *out = *variables[e->variable];
    return EVALUATED;
}

static enum evaluated eval_not(struct eval *v, const struct expr *e, struct cedar_value *out) {
    bool b;
    enum evaluated s = eval_bool(v, e->items[0], &b);
    if (s == EVALUATED)
        *out = cedar_bool(!b);
    return s;
}

enum evaluated eval_expr(struct eval *v, const struct expr *e, struct cedar_value *out) {
    switch (e->op) {
    case EXPR_VALUE:
        *out = e->value;
        return EVALUATED;
    case EXPR_VARIABLE:
        return eval_variable(v, e, out);
    case EXPR_AND:
    case EXPR_OR:
        return eval_chain(v, e, out);
    case EXPR_NOT:
        return eval_not(v, e, out);
    case EXPR_NEGATE:
        return eval_negate(v, e, out);
    case EXPR_IF:
        return eval_if(v, e, out);
    case EXPR_EQUAL:
    case EXPR_NOT_EQUAL:
        return eval_equal(v, e, out);
    case EXPR_LESS:
    case EXPR_LESS_EQUAL:
    case EXPR_GREATER:
    case EXPR_GREATER_EQUAL:
        return eval_compare(v, e, out);
    case EXPR_IN:
        return eval_in(v, e, out);
    case EXPR_ADD:
    case EXPR_SUBTRACT:
    case EXPR_MULTIPLY:
        return eval_arithmetic(v, e, out);
    case EXPR_GET:
        return eval_get(v, e, out);
    case EXPR_HAS:
        return eval_has(v, e, out);
    case EXPR_LIKE:
        return eval_like(v, e, out);
    case EXPR_IS:
        return eval_is(v, e, out);
    case EXPR_SET:
        return eval_set(v, e, out);
    case EXPR_RECORD:
        return eval_record(v, e, out);
    case EXPR_CONTAINS:
    case EXPR_CONTAINS_ALL:
    case EXPR_CONTAINS_ANY:
        return eval_contains(v, e, out);
    case EXPR_IS_EMPTY:
        return eval_is_empty(v, e, out);
    case EXPR_HAS_TAG:
    case EXPR_GET_TAG:
        return eval_tag(v, e, out);
    case EXPR_CALL:
        return eval_call(v, e, out);
    }
    return fault(v, e, FAULT_TYPE);
}

bool eval_scope(const struct entities *entities, const struct scope *s, const struct cedar_entity *e) {
    switch (s->op) {
    case SCOPE_ANY:
        return true;
    case SCOPE_EQUAL:
        return cedar_entity_equal(e, s->entities);
    case SCOPE_IS:
        return slice_equal(e->type, s->type);
    case SCOPE_IS_IN:
        return slice_equal(e->type, s->type) && eval_within(entities, e, s->entities);
    case SCOPE_IN:
        for (size_t i = 0; i < s->count; i++) {
            if (eval_within(entities, e, &s->entities[i]))
                return true;
        }
        return false;
    }
    return false;
}

bool eval_head(const struct eval *v, const struct policy *p) {
    return eval_scope(v->entities, &p->principal, &v->principal.entity) &&
           eval_scope(v->entities, &p->action, &v->action.entity) &&
           eval_scope(v->entities, &p->resource, &v->resource.entity);
}

/* `e` is below an entity of the scope, if it names one. */
static bool scope_of_left(const struct scope *s, const struct cedar_entity *e) {
    if (s->op == SCOPE_EQUAL)
        return cedar_entity_equal(e, s->entities);
    return s->op == SCOPE_ANY || s->op == SCOPE_IN || slice_equal(e->type, s->type);
}

bool eval_head_left(const struct eval *v, const struct policy *p) {
    if (v->entities->above == NULL)
        return eval_head(v, p);
    return scope_of_left(&p->principal, &v->principal.entity) &&
           scope_of_left(&p->action, &v->action.entity) &&
           eval_scope(v->entities, &p->resource, &v->resource.entity);
}

enum evaluated eval_conditions(struct eval *v, const struct policy *p, bool *hold,
                               const struct condition **failed) {
    *hold = false;
    for (size_t i = 0; i < p->condition_count; i++) {
        bool b;
        *failed = &p->conditions[i];
        enum evaluated s = eval_bool(v, p->conditions[i].expr, &b);
        if (s != EVALUATED)
            return s;
        if (b == p->conditions[i].unless)
            return EVALUATED;
    }
    *failed = NULL;
    *hold = true;
    return EVALUATED;
}

enum evaluated eval_policy(struct eval *v, const struct policy *p, bool *applies,
                           const struct condition **failed) {
    *applies = false;
    *failed = NULL;
    return eval_head(v, p) ? eval_conditions(v, p, applies, failed) : EVALUATED;
}

const char *fault_name(enum fault f) {
    static const char *const names[] = {"none",           "type error",
                                        "overflow",       "no such attribute",
                                        "no such entity", "bad argument of an extension function"};
    return names[f];
}
