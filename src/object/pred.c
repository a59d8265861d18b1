#include "object/pred.h"

#include <math.h>

const struct pred pred_true = {.op = PRED_TRUE};
const struct pred pred_false = {.op = PRED_FALSE};

static struct pred *pred_new(struct arena *a, enum pred_op op) {
    struct pred *p = arena_alloc(a, sizeof *p);
    if (p != NULL)
        p->op = op;
    return p;
}

/* ---- builders ---- */

/* How many kids `x` contributes to a node of `op`: its own if it is such a node, none if it changes nothing.
 */
static size_t kids_in(const struct pred *x, enum pred_op op) {
    if (x->op == (op == PRED_AND ? PRED_TRUE : PRED_FALSE))
        return 0;
    return x->op == op ? x->kid_count : 1;
}

static bool kids_hold(const struct pred *const *kids, size_t n, const struct pred *x) {
    for (size_t i = 0; i < n; i++) {
        if (kids[i] == x)
            return true;
    }
    return false;
}

/* Appends `x` (flattened) behind `n` kids, once each: X AND X is X. */
static size_t kids_add(const struct pred **kids, size_t n, const struct pred *x, enum pred_op op) {
    if (kids_in(x, op) == 0)
        return n;
    const struct pred *const *from = x->op == op ? x->kids : &x;
    size_t count = kids_in(x, op);
    for (size_t i = 0; i < count; i++) {
        if (!kids_hold(kids, n, from[i]))
            kids[n++] = from[i];
    }
    return n;
}

static const struct pred *pred_join(struct arena *a, enum pred_op op, const struct pred *const *list,
                                    size_t count) {
    enum pred_op decides = op == PRED_AND ? PRED_FALSE : PRED_TRUE;
    size_t room = 0;
    const struct pred *decided = NULL;
    for (size_t i = 0; i < count; i++) {
        if (list[i] == NULL)
            return NULL;
        if (list[i]->op == decides)
            decided = list[i];
        room += kids_in(list[i], op);
    }
    if (decided != NULL)
        return decided;
    const struct pred **kids = arena_array(a, room, sizeof(struct pred *));
    if (kids == NULL)
        return NULL;
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n = kids_add(kids, n, list[i], op);
    if (n == 0)
        return op == PRED_AND ? &pred_true : &pred_false;
    if (n == 1)
        return kids[0];
    struct pred *p = pred_new(a, op);
    if (p != NULL) {
        p->kids = kids;
        p->kid_count = n;
    }
    return p;
}

const struct pred *pred_and(struct arena *a, const struct pred *x, const struct pred *y) {
    const struct pred *both[] = {x, y};
    return pred_join(a, PRED_AND, both, 2);
}

const struct pred *pred_or(struct arena *a, const struct pred *x, const struct pred *y) {
    const struct pred *both[] = {x, y};
    return pred_join(a, PRED_OR, both, 2);
}

const struct pred *pred_all(struct arena *a, const struct pred *const *list, size_t count) {
    return pred_join(a, PRED_AND, list, count);
}

const struct pred *pred_any(struct arena *a, const struct pred *const *list, size_t count) {
    return pred_join(a, PRED_OR, list, count);
}

const struct pred *pred_not(struct arena *a, const struct pred *x) {
    if (x == NULL)
        return NULL;
    if (x->op == PRED_TRUE)
        return &pred_false;
    if (x->op == PRED_FALSE)
        return &pred_true;
    if (x->op == PRED_NOT)
        return x->kids[0];
    struct pred *p = pred_new(a, PRED_NOT);
    const struct pred **kids = arena_array(a, 1, sizeof(struct pred *));
    if (p == NULL || kids == NULL)
        return NULL;
    kids[0] = x;
    p->kids = kids;
    p->kid_count = 1;
    return p;
}

static struct pred *pred_leaf(struct arena *a, enum pred_op op, uint16_t column, const struct cell *values,
                              size_t count) {
    struct pred *p = pred_new(a, op);
    struct cell *copy = arena_array(a, count, sizeof *copy);
    if (p == NULL || copy == NULL)
        return NULL;
    if (count > 0)
        memcpy(copy, values, count * sizeof *copy);
    p->column = column;
    p->values = copy;
    p->value_count = count;
    return p;
}

const struct pred *pred_compare(struct arena *a, enum pred_op op, uint16_t column, struct cell value) {
    return pred_leaf(a, op, column, &value, 1);
}

const struct pred *pred_in(struct arena *a, uint16_t column, const struct cell *values, size_t count) {
    if (count == 0)
        return &pred_false;
    return pred_leaf(a, count == 1 ? PRED_EQ : PRED_IN, column, values, count);
}

const struct pred *pred_is_null(struct arena *a, uint16_t column) {
    return pred_leaf(a, PRED_IS_NULL, column, NULL, 0);
}

const struct pred *pred_terms(struct arena *a, uint16_t column, enum field_search search,
                              const struct cell *terms, size_t count) {
    struct pred *p = pred_leaf(a, PRED_TERMS, column, terms, count);
    if (p != NULL)
        p->search = search;
    return p;
}

const struct pred *pred_child(struct arena *a, uint16_t child_object, uint16_t column,
                              const struct pred *kid) {
    if (kid == NULL || kid->op == PRED_FALSE)
        return kid;
    struct pred *p = pred_new(a, PRED_CHILD);
    const struct pred **kids = arena_array(a, 1, sizeof(struct pred *));
    if (p == NULL || kids == NULL)
        return NULL;
    kids[0] = kid;
    p->kids = kids;
    p->kid_count = 1;
    p->column = column;
    p->child_object = child_object;
    return p;
}

/* ---- deciding ---- */

static enum truth truth_of(bool b) {
    return b ? TRUTH_TRUE : TRUTH_FALSE;
}

static enum truth truth_not(enum truth t) {
    return t == TRUTH_UNKNOWN ? t : truth_of(t == TRUTH_FALSE);
}

static bool cell_is_number(const struct cell *c) {
    return c->kind == CELL_INT || c->kind == CELL_DOUBLE;
}

/* Exact for all 64-bit integers: casting the integer to double would make 2^53 + 1 equal to 2^53. */
static int compare_int_double(int64_t i, double d) {
    if (d >= 0x1p63)
        return -1;
    if (d < -0x1p63)
        return 1;
    int64_t whole = (int64_t)d;
    if (i != whole)
        return i < whole ? -1 : 1;
    double rest = d - (double)whole;
    return rest > 0 ? -1 : rest < 0 ? 1 : 0;
}

static int compare_numbers(const struct cell *x, const struct cell *y) {
    if (x->kind == CELL_INT && y->kind == CELL_INT)
        return x->i < y->i ? -1 : x->i > y->i;
    if (x->kind == CELL_INT)
        return compare_int_double(x->i, y->d);
    if (y->kind == CELL_INT)
        return -compare_int_double(y->i, x->d);
    return x->d < y->d ? -1 : x->d > y->d;
}

/* False: null, not a number, or kinds that do not compare; the comparison is unknown. */
static bool cell_compare(const struct cell *x, const struct cell *y, int *order) {
    if (cell_is_number(x) && cell_is_number(y)) {
        if ((x->kind == CELL_DOUBLE && isnan(x->d)) || (y->kind == CELL_DOUBLE && isnan(y->d)))
            return false;
        *order = compare_numbers(x, y);
        return true;
    }
    if (x->kind != y->kind || x->kind == CELL_NULL)
        return false;
    *order = slice_compare(x->s, y->s);
    return true;
}

static enum truth decide_compare(enum pred_op op, const struct cell *x, const struct cell *y) {
    int order = 0;
    if (!cell_compare(x, y, &order))
        return TRUTH_UNKNOWN;
    switch (op) {
    case PRED_EQ:
        return truth_of(order == 0);
    case PRED_NE:
        return truth_of(order != 0);
    case PRED_LT:
        return truth_of(order < 0);
    case PRED_LE:
        return truth_of(order <= 0);
    case PRED_GT:
        return truth_of(order > 0);
    default:
        return truth_of(order >= 0);
    }
}

static enum truth decide_in(const struct pred *p, const struct cell *x) {
    enum truth t = TRUTH_FALSE;
    for (size_t i = 0; i < p->value_count; i++) {
        enum truth one = decide_compare(PRED_EQ, x, &p->values[i]);
        if (one == TRUTH_TRUE)
            return one;
        if (one == TRUTH_UNKNOWN)
            t = one;
    }
    return t;
}

/* The keys of a multi_choice are joined by VALUE_JOINER. */
static bool items_hold(struct slice items, struct slice key) {
    size_t start = 0;
    for (size_t i = 0; i <= items.n; i++) {
        if (i < items.n && items.p[i] != VALUE_JOINER)
            continue;
        if (slice_equal(slice_of(items.p + start, i - start), key))
            return true;
        start = i + 1;
    }
    return false;
}

static enum truth decide_text(const struct pred *p, const struct cell *x) {
    const struct cell *y = &p->values[0];
    if (x->kind != CELL_TEXT || y->kind != CELL_TEXT)
        return TRUTH_UNKNOWN;
    return truth_of(p->op == PRED_PREFIX ? slice_starts_with(x->s, y->s) : items_hold(x->s, y->s));
}

static enum truth decide_leaf(const struct pred *p, pred_lookup lookup, const void *row) {
    struct cell x = cell_null();
    lookup(row, p->column, &x);
    switch (p->op) {
    case PRED_IS_NULL:
        return truth_of(x.kind == CELL_NULL);
    case PRED_IN:
        return decide_in(p, &x);
    case PRED_PREFIX:
    case PRED_HAS:
        return decide_text(p, &x);
    default:
        return decide_compare(p->op, &x, &p->values[0]);
    }
}

static enum truth decide(const struct pred *p, pred_lookup lookup, const void *row, unsigned depth);

/* AND: one false decides; OR: one true decides; else unknown wins. */
static enum truth decide_kids(const struct pred *p, pred_lookup lookup, const void *row, unsigned depth) {
    enum truth decides = p->op == PRED_AND ? TRUTH_FALSE : TRUTH_TRUE;
    enum truth t = truth_not(decides);
    for (size_t i = 0; i < p->kid_count; i++) {
        enum truth one = decide(p->kids[i], lookup, row, depth + 1);
        if (one == decides)
            return one;
        if (one == TRUTH_UNKNOWN)
            t = one;
    }
    return t;
}

static enum truth decide(const struct pred *p, pred_lookup lookup, const void *row, unsigned depth) {
    if (depth > PRED_DEPTH_MAX)
        return TRUTH_UNKNOWN;
    switch (p->op) {
    case PRED_TRUE:
        return TRUTH_TRUE;
    case PRED_FALSE:
        return TRUTH_FALSE;
    case PRED_AND:
    case PRED_OR:
        return decide_kids(p, lookup, row, depth);
    case PRED_NOT:
        return truth_not(decide(p->kids[0], lookup, row, depth + 1));
    case PRED_TERMS:
    case PRED_CHILD:
        return TRUTH_UNKNOWN;
    default:
        return decide_leaf(p, lookup, row);
    }
}

enum truth pred_decide(const struct pred *p, pred_lookup lookup, const void *row) {
    return decide(p, lookup, row, 1);
}

/* ---- looking at a tree ---- */

bool pred_is_local(const struct pred *p) {
    if (p->op == PRED_TERMS || p->op == PRED_CHILD)
        return false;
    for (size_t i = 0; i < p->kid_count; i++) {
        if (!pred_is_local(p->kids[i]))
            return false;
    }
    return true;
}

static bool within(const struct pred *p, unsigned depth, size_t *nodes) {
    *nodes += 1 + (p->op == PRED_IN || p->op == PRED_TERMS ? p->value_count : 0);
    if (depth > PRED_DEPTH_MAX || *nodes > PRED_NODES_MAX)
        return false;
    for (size_t i = 0; i < p->kid_count; i++) {
        if (!within(p->kids[i], depth + 1, nodes))
            return false;
    }
    return true;
}

bool pred_within_limits(const struct pred *p) {
    size_t nodes = 0;
    return within(p, 1, &nodes);
}

/* Inserts into the sorted list; room + 1 stands for "did not fit" and stays. */
static size_t columns_add(uint16_t *columns, size_t n, size_t room, uint16_t column) {
    if (n > room)
        return n;
    size_t at = 0;
    while (at < n && columns[at] < column)
        at++;
    if (at < n && columns[at] == column)
        return n;
    if (n == room)
        return room + 1;
    memmove(columns + at + 1, columns + at, (n - at) * sizeof *columns);
    columns[at] = column;
    return n + 1;
}

static size_t columns_of(const struct pred *p, uint16_t *columns, size_t n, size_t room) {
    if (p->op == PRED_CHILD)
        return columns_add(columns, n, room, FIELD_ID);
    if (p->op >= PRED_EQ)
        n = columns_add(columns, n, room, p->column);
    for (size_t i = 0; i < p->kid_count; i++)
        n = columns_of(p->kids[i], columns, n, room);
    return n;
}

size_t pred_columns(const struct pred *p, uint16_t *columns, size_t room) {
    return columns_of(p, columns, 0, room);
}
