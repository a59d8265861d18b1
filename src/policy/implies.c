#include "policy/implies.h"

static bool cell_equal(const struct cell *x, const struct cell *y) {
    if (x->kind != y->kind)
        return false;
    switch (x->kind) {
    case CELL_NULL:
        return true;
    case CELL_INT:
        return x->i == y->i;
    case CELL_DOUBLE:
        return x->d == y->d; /* NaN equals nothing: then no more is claimed than is known */
    default:
        return slice_equal(x->s, y->s);
    }
}

static bool same(const struct pred *p, const struct pred *q, unsigned depth) {
    if (p == q)
        return true;
    if (depth > PRED_DEPTH_MAX || p->op != q->op || p->column != q->column ||
        p->child_object != q->child_object || p->search != q->search || p->value_count != q->value_count ||
        p->kid_count != q->kid_count)
        return false;
    for (size_t i = 0; i < p->value_count; i++) {
        if (!cell_equal(&p->values[i], &q->values[i]))
            return false;
    }
    for (size_t i = 0; i < p->kid_count; i++) {
        if (!same(p->kids[i], q->kids[i], depth + 1))
            return false;
    }
    return true;
}

bool pred_same(const struct pred *p, const struct pred *q) {
    return same(p, q, 0);
}

static bool is_leaf(const struct pred *p) {
    return p->op >= PRED_EQ && p->op <= PRED_HAS;
}

/* A "row" of one cell, whatever column is asked for. */
static void only_cell(const void *row, uint16_t column, struct cell *out) {
    (void)column;
    *out = *(const struct cell *)row;
}

/* p pins its column to a few values: try q on each. q is a leaf on the same column, or NOT of one. */
static bool holds_on_values(const struct pred *p, const struct pred *q) {
    for (size_t i = 0; i < p->value_count; i++) {
        if (pred_decide(q, only_cell, &p->values[i]) != TRUTH_TRUE)
            return false;
    }
    return p->value_count > 0;
}

static bool leaf_implies(const struct pred *p, const struct pred *q) {
    bool negated = q->op == PRED_NOT;
    const struct pred *leaf = negated ? q->kids[0] : q;
    const struct pred *from = p->op == PRED_NOT ? p->kids[0] : p;
    if (!is_leaf(leaf) || !is_leaf(from) || leaf->column != from->column)
        return false;
    if (p->op == PRED_EQ || p->op == PRED_IN)
        return holds_on_values(p, q);
    /* whatever compares true, or false, is not null */
    return negated && leaf->op == PRED_IS_NULL && from->op != PRED_IS_NULL;
}

static bool implies(const struct pred *p, const struct pred *q, unsigned depth);

static bool any_kid_implied(const struct pred *p, const struct pred *q, unsigned depth) {
    for (size_t i = 0; i < q->kid_count; i++) {
        if (implies(p, q->kids[i], depth + 1))
            return true;
    }
    return false;
}

static bool any_kid_implies(const struct pred *p, const struct pred *q, unsigned depth) {
    for (size_t i = 0; i < p->kid_count; i++) {
        if (implies(p->kids[i], q, depth + 1))
            return true;
    }
    return false;
}

static bool implies(const struct pred *p, const struct pred *q, unsigned depth) {
    if (depth > PRED_DEPTH_MAX)
        return false;
    if (p->op == PRED_FALSE || q->op == PRED_TRUE || same(p, q, 1))
        return true;
    if (p->op == PRED_OR) {
        for (size_t i = 0; i < p->kid_count; i++) {
            if (!implies(p->kids[i], q, depth + 1))
                return false;
        }
        return true;
    }
    if (q->op == PRED_AND) {
        for (size_t i = 0; i < q->kid_count; i++) {
            if (!implies(p, q->kids[i], depth + 1))
                return false;
        }
        return true;
    }
    if (q->op == PRED_OR && any_kid_implied(p, q, depth))
        return true;
    if (p->op == PRED_AND)
        return any_kid_implies(p, q, depth);
    return leaf_implies(p, q);
}

bool pred_implies(const struct pred *p, const struct pred *q) {
    return implies(p, q, 1);
}

bool pred_implies_either(const struct pred *p, const struct pred *q, const struct pred *or_q) {
    if (p->op != PRED_OR)
        return pred_implies(p, q) || pred_implies(p, or_q);
    for (size_t i = 0; i < p->kid_count; i++) {
        if (!pred_implies(p->kids[i], q) && !pred_implies(p->kids[i], or_q))
            return false;
    }
    return true;
}
