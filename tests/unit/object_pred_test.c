#include "test.h"

#include "object/pred.h"

#include <math.h>
#include <stdio.h>

#define COLUMNS 6

/* A row: the cell of column i + 1. */
struct row {
    struct cell cells[COLUMNS];
};

static void row_lookup(const void *row, uint16_t column, struct cell *out) {
    const struct row *r = row;
    *out = column >= 1 && column <= COLUMNS ? r->cells[column - 1] : cell_null();
}

static struct cell text(const char *s) {
    return cell_text(slice_from_string(s));
}

static int setup(void **state) {
    struct arena *a = calloc(1, sizeof *a);
    arena_init(a, 256 << 20, ARENA_PLAIN);
    *state = a;
    return 0;
}

static int teardown(void **state) {
    arena_free(*state);
    free(*state);
    return 0;
}

/* ---- an independent model: Kleene's logic as numbers, 0 false, 1 unknown, 2 true ---- */

enum model_op { M_CONST, M_AND, M_OR, M_NOT, M_COMPARE, M_IN, M_NULL, M_PREFIX, M_HAS };

struct model {
    enum model_op op;
    int constant;
    enum pred_op compare;
    uint16_t column;
    struct cell values[4];
    size_t n;
    struct model *kids[4];
};

static uint64_t rng_state;
static uint32_t rng(uint32_t below) {
    rng_state = rng_state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(rng_state >> 33) % below;
}

static const char *const words[] = {"a",
                                    "ab",
                                    "abc",
                                    "b",
                                    "",
                                    "a\x1f"
                                    "b",
                                    "ab\x1f"
                                    "b",
                                    "c\x1f"
                                    "abc"};

/* Columns 1 and 2 hold integers, 3 doubles, 4 to 6 text. */
static struct cell random_cell(uint16_t column) {
    if (rng(5) == 0)
        return cell_null();
    if (column <= 2)
        return cell_int((int64_t)rng(5) - 2);
    if (column == 3)
        return (struct cell){.kind = CELL_DOUBLE, .d = (double)rng(5) / 2 - 1};
    return text(words[rng(8)]);
}

static int model_number(const struct cell *x, const struct cell *y) {
    double a = x->kind == CELL_INT ? (double)x->i : x->d, b = y->kind == CELL_INT ? (double)y->i : y->d;
    return (a > b) - (a < b);
}

static int model_order(const struct cell *x, const struct cell *y) {
    if (x->kind != CELL_TEXT)
        return model_number(x, y);
    char a[16], b[16];
    (void)snprintf(a, sizeof a, "%.*s", (int)x->s.n, (const char *)x->s.p);
    (void)snprintf(b, sizeof b, "%.*s", (int)y->s.n, (const char *)y->s.p);
    return strcmp(a, b);
}

static int model_compare(enum pred_op op, const struct cell *x, const struct cell *y) {
    if (x->kind == CELL_NULL || y->kind == CELL_NULL)
        return 1;
    int o = model_order(x, y);
    bool eq = o == 0, lt = o < 0;
    bool r = op == PRED_EQ   ? eq
             : op == PRED_NE ? !eq
             : op == PRED_LT ? lt
             : op == PRED_LE ? lt || eq
             : op == PRED_GT ? !lt && !eq
                             : !lt;
    return r ? 2 : 0;
}

static int model_has(const struct cell *x, const struct cell *y) {
    char a[20], b[20];
    (void)snprintf(a, sizeof a, "\x1f%.*s\x1f", (int)x->s.n, (const char *)x->s.p);
    (void)snprintf(b, sizeof b, "\x1f%.*s\x1f", (int)y->s.n, (const char *)y->s.p);
    return strstr(a, b) != NULL ? 2 : 0;
}

static int model_leaf(const struct model *m, const struct cell *x) {
    if (m->op == M_NULL)
        return x->kind == CELL_NULL ? 2 : 0;
    if (m->op == M_COMPARE)
        return model_compare(m->compare, x, &m->values[0]);
    if (m->op == M_IN) {
        int best = 0;
        for (size_t i = 0; i < m->n; i++) {
            int one = model_compare(PRED_EQ, x, &m->values[i]);
            best = one > best ? one : best;
        }
        return best;
    }
    if (x->kind == CELL_NULL || m->values[0].kind == CELL_NULL)
        return 1;
    if (m->op == M_HAS)
        return model_has(x, &m->values[0]);
    return x->s.n >= m->values[0].s.n && memcmp(x->s.p, m->values[0].s.p, m->values[0].s.n) == 0 ? 2 : 0;
}

static int model_decide(const struct model *m, const struct row *r) {
    if (m->op == M_CONST)
        return m->constant;
    if (m->op == M_NOT)
        return 2 - model_decide(m->kids[0], r);
    if (m->op != M_AND && m->op != M_OR)
        return model_leaf(m, &r->cells[m->column - 1]);
    int t = m->op == M_AND ? 2 : 0;
    for (size_t i = 0; i < m->n; i++) {
        int one = model_decide(m->kids[i], r);
        if (m->op == M_AND ? one < t : one > t)
            t = one;
    }
    return t;
}

static struct model *model_random(struct arena *a, int depth) {
    struct model *m = arena_alloc(a, sizeof *m);
    assert_non_null(m);
    m->op = depth == 0 ? (enum model_op)(M_COMPARE + rng(5)) : (enum model_op)rng(9);
    m->constant = rng(2) ? 2 : 0;
    m->compare = (enum pred_op)(PRED_EQ + rng(6));
    m->column = (uint16_t)(1 + rng(COLUMNS));
    if (m->op == M_PREFIX || m->op == M_HAS)
        m->column = (uint16_t)(4 + rng(3));
    m->n = rng(4);
    for (size_t i = 0; i < 4; i++)
        m->values[i] = random_cell(m->column);
    if (m->op == M_HAS) /* a key never holds the joiner */
        m->values[0] = rng(5) == 0 ? cell_null() : text(words[rng(5)]);
    if (m->op == M_AND || m->op == M_OR || m->op == M_NOT) {
        for (size_t i = 0; i < 3; i++)
            m->kids[i] = model_random(a, depth - 1);
    }
    return m;
}

static const struct pred *model_to_pred(struct arena *a, const struct model *m) {
    const struct pred *p = NULL;
    switch (m->op) {
    case M_CONST:
        return m->constant == 2 ? &pred_true : &pred_false;
    case M_AND:
    case M_OR:
        p = m->op == M_AND ? &pred_true : &pred_false;
        for (size_t i = 0; i < m->n; i++) {
            const struct pred *kid = model_to_pred(a, m->kids[i]);
            p = m->op == M_AND ? pred_and(a, p, kid) : pred_or(a, p, kid);
        }
        return p;
    case M_NOT:
        return pred_not(a, model_to_pred(a, m->kids[0]));
    case M_IN:
        return pred_in(a, m->column, m->values, m->n);
    case M_NULL:
        return pred_is_null(a, m->column);
    case M_COMPARE:
        return pred_compare(a, m->compare, m->column, m->values[0]);
    default:
        return pred_compare(a, m->op == M_HAS ? PRED_HAS : PRED_PREFIX, m->column, m->values[0]);
    }
}

static enum truth model_truth(int t) {
    return t == 2 ? TRUTH_TRUE : t == 1 ? TRUTH_UNKNOWN : TRUTH_FALSE;
}

static void random_trees_decide_as_the_independent_model(void **state) {
    struct arena *a = *state;
    rng_state = 20240607;
    for (int tree = 0; tree < 4000; tree++) {
        struct model *m = model_random(a, 1 + (int)rng(4));
        const struct pred *p = model_to_pred(a, m);
        assert_non_null(p);
        for (int i = 0; i < 20; i++) {
            struct row r;
            for (uint16_t c = 1; c <= COLUMNS; c++)
                r.cells[c - 1] = random_cell(c);
            assert_int_equal(pred_decide(p, row_lookup, &r), model_truth(model_decide(m, &r)));
        }
        arena_reset(a);
    }
}

/* ---- builders ---- */

static void builders_fold_constants_and_flatten(void **state) {
    struct arena *a = *state;
    const struct pred *x = pred_compare(a, PRED_EQ, 1, cell_int(1)), *y = pred_is_null(a, 2),
                      *z = pred_compare(a, PRED_GT, 1, cell_int(5));
    assert_ptr_equal(pred_and(a, &pred_true, x), x);
    assert_ptr_equal(pred_and(a, x, &pred_false), &pred_false);
    assert_ptr_equal(pred_or(a, x, &pred_true), &pred_true);
    assert_ptr_equal(pred_or(a, &pred_false, x), x);
    assert_ptr_equal(pred_and(a, x, x), x);
    assert_ptr_equal(pred_not(a, pred_not(a, x)), x);
    const struct pred *flat = pred_and(a, pred_and(a, x, y), pred_and(a, z, x));
    assert_int_equal(flat->op, PRED_AND);
    assert_int_equal(flat->kid_count, 3);
    assert_ptr_equal(pred_all(a, NULL, 0), &pred_true);
    assert_ptr_equal(pred_any(a, NULL, 0), &pred_false);
    assert_ptr_equal(pred_in(a, 1, NULL, 0), &pred_false);
}

static void builders_pass_on_that_memory_is_out(void **state) {
    struct arena *a = *state;
    assert_null(pred_and(a, NULL, &pred_true));
    assert_null(pred_or(a, &pred_true, NULL));
    assert_null(pred_not(a, NULL));
    struct arena none;
    arena_init(&none, 0, ARENA_PLAIN);
    assert_null(pred_compare(&none, PRED_EQ, 1, cell_int(1)));
    arena_free(&none);
}

/* ---- deciding at the edges ---- */

static enum truth compare(struct arena *a, enum pred_op op, struct cell have, struct cell want) {
    struct row r = {.cells = {have}};
    return pred_decide(pred_compare(a, op, 1, want), row_lookup, &r);
}

static void integers_and_doubles_compare_exactly(void **state) {
    struct arena *a = *state;
    int64_t big = ((int64_t)1 << 53) + 1;
    struct cell two53 = {.kind = CELL_DOUBLE, .d = 0x1p53}, huge = {.kind = CELL_DOUBLE, .d = 1e300};
    assert_int_equal(compare(a, PRED_EQ, cell_int(big), two53), TRUTH_FALSE);
    assert_int_equal(compare(a, PRED_GT, cell_int(big), two53), TRUTH_TRUE);
    assert_int_equal(compare(a, PRED_LT, cell_int(INT64_MAX), huge), TRUTH_TRUE);
    assert_int_equal(compare(a, PRED_GT, huge, cell_int(INT64_MIN)), TRUTH_TRUE);
    struct cell half = {.kind = CELL_DOUBLE, .d = -0.5};
    assert_int_equal(compare(a, PRED_LT, half, cell_int(0)), TRUTH_TRUE);
}

static void kinds_that_do_not_compare_are_unknown(void **state) {
    struct arena *a = *state;
    struct cell nan_cell = {.kind = CELL_DOUBLE, .d = NAN};
    assert_int_equal(compare(a, PRED_EQ, text("1"), cell_int(1)), TRUTH_UNKNOWN);
    assert_int_equal(compare(a, PRED_NE, cell_bytes(SLICE("1")), text("1")), TRUTH_UNKNOWN);
    assert_int_equal(compare(a, PRED_NE, nan_cell, cell_int(1)), TRUTH_UNKNOWN);
    assert_int_equal(compare(a, PRED_NE, cell_null(), cell_int(1)), TRUTH_UNKNOWN);
    assert_int_equal(compare(a, PRED_EQ, cell_bytes(SLICE("\0x")), cell_bytes(SLICE("\0x"))), TRUTH_TRUE);
}

static void what_needs_the_store_is_unknown_and_not_local(void **state) {
    struct arena *a = *state;
    struct cell term = cell_int(42);
    const struct pred *terms = pred_terms(a, 100, SEARCH_SUFFIX, &term, 1);
    const struct pred *child = pred_child(a, 9, 101, pred_compare(a, PRED_EQ, 200, cell_int(1)));
    struct row r = {0};
    assert_int_equal(pred_decide(pred_not(a, terms), row_lookup, &r), TRUTH_UNKNOWN);
    assert_int_equal(pred_decide(child, row_lookup, &r), TRUTH_UNKNOWN);
    assert_false(pred_is_local(pred_or(a, pred_is_null(a, 1), child)));
    assert_true(pred_is_local(pred_or(a, pred_is_null(a, 1), pred_is_null(a, 2))));
}

static void a_tree_deeper_than_the_limit_decides_nothing(void **state) {
    struct arena *a = *state;
    const struct pred *p = pred_is_null(a, 1);
    for (int i = 0; i < PRED_DEPTH_MAX - 1; i++)
        p = i % 2 ? pred_and(a, p, pred_is_null(a, 1)) : pred_or(a, p, pred_is_null(a, 1));
    struct row r = {0};
    assert_true(pred_within_limits(p));
    assert_int_equal(pred_decide(p, row_lookup, &r), TRUTH_TRUE);
    struct pred deeper = {.op = PRED_NOT, .kids = &p, .kid_count = 1};
    const struct pred *one = &deeper;
    struct pred deepest = {.op = PRED_NOT, .kids = &one, .kid_count = 1};
    assert_false(pred_within_limits(&deepest));
}

static void an_in_list_counts_its_values_as_nodes(void **state) {
    struct arena *a = *state;
    static struct cell values[PRED_NODES_MAX];
    for (int i = 0; i < PRED_NODES_MAX; i++)
        values[i] = cell_int(i);
    assert_true(pred_within_limits(pred_in(a, 1, values, PRED_NODES_MAX - 1)));
    assert_false(pred_within_limits(pred_in(a, 1, values, PRED_NODES_MAX)));
}

static void columns_are_sorted_and_once_each(void **state) {
    struct arena *a = *state;
    const struct pred *child = pred_child(a, 9, 300, pred_is_null(a, 301));
    const struct pred *list[] = {pred_is_null(a, 120), pred_is_null(a, 101), child, pred_is_null(a, 120)};
    uint16_t columns[4];
    assert_int_equal(pred_columns(pred_any(a, list, 4), columns, 4), 3);
    assert_int_equal(columns[0], FIELD_ID);
    assert_int_equal(columns[1], 101);
    assert_int_equal(columns[2], 120);
    assert_int_equal(pred_columns(pred_any(a, list, 4), columns, 2), 3);
    assert_int_equal(pred_columns(&pred_true, columns, 0), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_trees_decide_as_the_independent_model),
        cmocka_unit_test(builders_fold_constants_and_flatten),
        cmocka_unit_test(builders_pass_on_that_memory_is_out),
        cmocka_unit_test(integers_and_doubles_compare_exactly),
        cmocka_unit_test(kinds_that_do_not_compare_are_unknown),
        cmocka_unit_test(what_needs_the_store_is_unknown_and_not_local),
        cmocka_unit_test(a_tree_deeper_than_the_limit_decides_nothing),
        cmocka_unit_test(an_in_list_counts_its_values_as_nodes),
        cmocka_unit_test(columns_are_sorted_and_once_each),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
