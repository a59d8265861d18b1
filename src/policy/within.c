#include "policy/within.h"

#include "policy/same.h"

enum known { KNOWN_FALSE, KNOWN_TRUE, KNOWN_ERROR, KNOWN_NOT };

static bool is_variable(const struct expr *e, enum variable v) {
    return e->op == EXPR_VARIABLE && e->variable == v;
}

/* The text that an expression is for certain. */
static enum known known_text(const struct expr *e, const struct place *at, struct slice *out) {
    if (e->op == EXPR_VALUE && e->value.kind == CEDAR_STRING) {
        *out = e->value.s;
        return KNOWN_TRUE;
    }
    if (e->op != EXPR_GET || !is_variable(e->items[0], VARIABLE_CONTEXT))
        return KNOWN_NOT;
    bool field = slice_is(e->text, "field"), class = slice_is(e->text, "class");
    *out = field ? at->field : class ? at->class : at->object;
    if ((field || class) && at->object.p != NULL)
        return out->p == NULL ? KNOWN_ERROR : KNOWN_TRUE;
    return slice_is(e->text, "object") && out->p != NULL ? KNOWN_TRUE : KNOWN_NOT;
}

static enum known known_of(bool b) {
    return b ? KNOWN_TRUE : KNOWN_FALSE;
}

static enum known known(const struct expr *e, const struct place *at);

static enum known known_equal(const struct expr *e, const struct place *at) {
    struct slice x, y;
    enum known a = known_text(e->items[0], at, &x), b = known_text(e->items[1], at, &y);
    if (a == KNOWN_ERROR || b == KNOWN_ERROR)
        return KNOWN_ERROR;
    if (a != KNOWN_TRUE || b != KNOWN_TRUE)
        return KNOWN_NOT;
    return known_of(slice_equal(x, y) == (e->op == EXPR_EQUAL));
}

static enum known known_contains(const struct expr *e, const struct place *at) {
    struct slice x;
    const struct expr *set = e->items[0];
    if (set->op != EXPR_VALUE || set->value.kind != CEDAR_SET)
        return KNOWN_NOT;
    enum known k = known_text(e->items[1], at, &x);
    if (k != KNOWN_TRUE)
        return k;
    struct cedar_value text = cedar_string(x);
    return known_of(cedar_set_contains(&set->value, &text));
}

/* From left to right, as the language evaluates: what comes before an unknown part may decide or err. */
static enum known known_chain(const struct expr *e, const struct place *at) {
    enum known ends = e->op == EXPR_AND ? KNOWN_FALSE : KNOWN_TRUE;
    for (size_t i = 0; i < e->count; i++) {
        enum known k = known(e->items[i], at);
        if (k == ends || k == KNOWN_ERROR || k == KNOWN_NOT)
            return k;
    }
    return ends == KNOWN_FALSE ? KNOWN_TRUE : KNOWN_FALSE;
}

static enum known known(const struct expr *e, const struct place *at) {
    enum known k;
    switch (e->op) {
    case EXPR_VALUE:
        return e->value.kind == CEDAR_BOOL ? known_of(e->value.b) : KNOWN_NOT;
    case EXPR_EQUAL:
    case EXPR_NOT_EQUAL:
        return known_equal(e, at);
    case EXPR_CONTAINS:
        return known_contains(e, at);
    case EXPR_AND:
    case EXPR_OR:
        return known_chain(e, at);
    case EXPR_NOT:
        k = known(e->items[0], at);
        return k == KNOWN_TRUE ? KNOWN_FALSE : k == KNOWN_FALSE ? KNOWN_TRUE : k;
    default:
        return KNOWN_NOT;
    }
}

/* ---- a policy's parts ---- */

static void add_parts(struct parts *out, const struct expr *e, bool negated, const struct place *at) {
    enum known k = known(e, at);
    if (k == KNOWN_ERROR || k == (negated ? KNOWN_TRUE : KNOWN_FALSE)) {
        out->never = true;
    } else if (k != KNOWN_NOT) {
        return;
    } else if (e->op == EXPR_NOT) {
        add_parts(out, e->items[0], !negated, at);
    } else if (e->op == (negated ? EXPR_OR : EXPR_AND)) {
        for (size_t i = 0; i < e->count; i++)
            add_parts(out, e->items[i], negated, at);
    } else if (out->count == WITHIN_PARTS_MAX) {
        out->too_many = true;
    } else {
        out->list[out->count++] = (struct part){e, negated};
    }
}

/* The record is of the object's own type, or stands for the object as such. */
static bool is_of_another_type(const struct scope *s, const struct place *at) {
    return (s->op == SCOPE_IS || s->op == SCOPE_IS_IN) && at->object.p != NULL &&
           !slice_equal(s->type, at->type) && !slice_is(s->type, "Object");
}

void parts_of(const struct policy *p, const struct place *at, struct parts *out) {
    out->count = 0;
    out->never = (p->acts >> at->act & 1) == 0 || is_of_another_type(&p->resource, at);
    out->too_many = false;
    for (size_t i = 0; i < p->condition_count && !out->never; i++)
        add_parts(out, p->conditions[i].expr, p->conditions[i].unless, at);
}

/* ---- implication ---- */

static bool can_not_err(const struct expr *e, const struct place *at) {
    enum known k = known(e, at);
    if (k == KNOWN_TRUE || k == KNOWN_FALSE || e->op == EXPR_HAS)
        return true;
    return e->op == EXPR_NOT && can_not_err(e->items[0], at);
}

static bool is_bound(const struct expr *e) {
    return e->op >= EXPR_LESS && e->op <= EXPR_GREATER_EQUAL && e->items[1]->op == EXPR_VALUE &&
           e->items[1]->value.kind == CEDAR_LONG;
}

/* x < 9 implies x < 10, x <= 9 …; whole numbers, so x < 9 is x <= 8. */
static bool bound_implies(const struct expr *p, const struct expr *q) {
    if (!is_bound(p) || !is_bound(q) || !expr_same(p->items[0], q->items[0]))
        return false;
    bool p_upper = p->op == EXPR_LESS || p->op == EXPR_LESS_EQUAL;
    bool q_upper = q->op == EXPR_LESS || q->op == EXPR_LESS_EQUAL;
    int64_t x = p->items[1]->value.i, y = q->items[1]->value.i;
    if (p_upper != q_upper || x == INT64_MIN || y == INT64_MIN || x == INT64_MAX || y == INT64_MAX)
        return false;
    x += p->op == EXPR_LESS ? -1 : p->op == EXPR_GREATER ? 1 : 0;
    y += q->op == EXPR_LESS ? -1 : q->op == EXPR_GREATER ? 1 : 0;
    return p_upper ? x <= y : x >= y;
}

static bool is_choice(const struct expr *e) {
    return e->op == EXPR_CONTAINS && e->items[0]->op == EXPR_VALUE && e->items[0]->value.kind == CEDAR_SET;
}

/* One of few implies one of more; one value implies one of several. */
static bool choice_implies(const struct expr *p, const struct expr *q) {
    if (!is_choice(q))
        return false;
    const struct cedar_value *more = &q->items[0]->value;
    if (p->op == EXPR_EQUAL && p->items[1]->op == EXPR_VALUE && expr_same(p->items[0], q->items[1]))
        return cedar_set_contains(more, &p->items[1]->value);
    if (!is_choice(p) || !expr_same(p->items[1], q->items[1]))
        return false;
    for (size_t i = 0; i < p->items[0]->value.set.count; i++) {
        if (!cedar_set_contains(more, &p->items[0]->value.set.items[i]))
            return false;
    }
    return true;
}

static bool implies(const struct expr *p, const struct expr *q, const struct place *at);

/* What is true and was read all the way has what it reads: `x in principal.branch` implies `principal has
 * branch`. A part behind || or `if` may not have been read. */
static bool reads(const struct expr *p, const struct expr *of, struct slice attribute) {
    if (p->op == EXPR_GET && slice_equal(p->text, attribute) && expr_same(p->items[0], of))
        return true;
    if (p->op == EXPR_OR || p->op == EXPR_IF || p->op == EXPR_HAS)
        return p->op == EXPR_OR && p->count > 0 && reads(p->items[0], of, attribute);
    for (size_t i = 0; i < p->count; i++) {
        if ((i == 0 || p->op != EXPR_AND) && reads(p->items[i], of, attribute))
            return true;
    }
    return false;
}

/* Of `a || b` a later one counts only where those before it can't err. */
static bool implies_one_of(const struct expr *p, const struct expr *q, const struct place *at) {
    for (size_t i = 0; i < q->count; i++) {
        if (implies(p, q->items[i], at))
            return true;
        if (!can_not_err(q->items[i], at))
            return false;
    }
    return false;
}

static bool every_one_implies(const struct expr *p, const struct expr *q, const struct place *at) {
    for (size_t i = 0; i < p->count; i++) {
        enum known k = known(p->items[i], at);
        if (k != KNOWN_FALSE && k != KNOWN_ERROR && !implies(p->items[i], q, at))
            return false;
    }
    return true;
}

static bool one_implies(const struct expr *p, const struct expr *q, const struct place *at) {
    for (size_t i = 0; i < p->count; i++) {
        if (implies(p->items[i], q, at))
            return true;
    }
    return false;
}

static bool implies(const struct expr *p, const struct expr *q, const struct place *at) {
    if (expr_same(p, q) || known(q, at) == KNOWN_TRUE || bound_implies(p, q) || choice_implies(p, q) ||
        (q->op == EXPR_HAS && reads(p, q->items[0], q->text)))
        return true;
    if (q->op == EXPR_AND) {
        for (size_t i = 0; i < q->count; i++) {
            if (!implies(p, q->items[i], at))
                return false;
        }
        return true;
    }
    if (p->op == EXPR_OR && every_one_implies(p, q, at))
        return true;
    if (p->op == EXPR_AND && one_implies(p, q, at))
        return true;
    return q->op == EXPR_OR && implies_one_of(p, q, at);
}

static bool part_implies(const struct part *p, const struct part *q, const struct place *at) {
    if (p->negated != q->negated)
        return false;
    return p->negated ? expr_same(p->expr, q->expr) : implies(p->expr, q->expr, at);
}

static bool scope_within(const struct scope *p, const struct scope *q) {
    return q->op == SCOPE_ANY || scope_same(p, q);
}

bool policy_within(const struct policy *p, const struct parts *pp, const struct policy *q,
                   const struct parts *qp, const struct place *at) {
    if (pp->never)
        return true;
    if (qp->never || pp->too_many || qp->too_many || !scope_within(&p->principal, &q->principal) ||
        !scope_within(&p->resource, &q->resource))
        return false;
    for (size_t i = 0; i < qp->count; i++) {
        bool found = false;
        for (size_t k = 0; k < pp->count && !found; k++)
            found = part_implies(&pp->list[k], &qp->list[i], at);
        if (!found)
            return false;
    }
    return true;
}
