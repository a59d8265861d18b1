#include "store/sqlite/plan.h"

#include "store/sqlite/compile.h"
#include "store/sqlite/schema.h"
#include "store/sqlite/term_sets.h"
#include "store/sqlite/terms.h"

/* ---- the parts of the filter ---- */

/* The better the column narrows, the higher; 0: no arm column. */
static int column_rank(const struct object_def *o, uint16_t column) {
    switch (column) {
    case FIELD_OWNER:
        return 3;
    case FIELD_DEPARTMENT:
        return 2;
    case FIELD_BRANCH:
        return 1;
    default:
        return schema_is_reference(o, column) ? 4 : 0;
    }
}

struct arms {
    struct plan_arm list[PLAN_ARMS_MAX];
    size_t count;
    int rank; /* of the worst column */
};

static bool same_cell(const struct cell *a, const struct cell *b) {
    return a->kind == b->kind && a->i == b->i && slice_equal(a->s, b->s);
}

static bool arms_add(struct arms *arms, uint16_t column, const struct cell *value) {
    if (value->kind != CELL_INT && value->kind != CELL_BYTES && value->kind != CELL_TEXT)
        return false;
    for (size_t i = 0; i < arms->count; i++) {
        if (arms->list[i].column == column && same_cell(&arms->list[i].value, value))
            return true;
    }
    if (arms->count == PLAN_ARMS_MAX)
        return false;
    arms->list[arms->count++] = (struct plan_arm){.column = column, .value = *value};
    return true;
}

/* False: `p` is no disjunction of values of arm columns, or of too many. */
static bool arms_of(const struct object_def *o, const struct pred *p, unsigned depth, struct arms *arms) {
    if (depth > PRED_DEPTH_MAX)
        return false;
    if (p->op == PRED_OR) {
        for (size_t i = 0; i < p->kid_count; i++) {
            if (!arms_of(o, p->kids[i], depth + 1, arms))
                return false;
        }
        return p->kid_count > 0;
    }
    int rank = column_rank(o, p->column);
    if ((p->op != PRED_EQ && p->op != PRED_IN) || rank == 0 || p->value_count == 0)
        return false;
    if (rank < arms->rank)
        arms->rank = rank;
    for (size_t i = 0; i < p->value_count; i++) {
        if (!arms_add(arms, p->column, &p->values[i]))
            return false;
    }
    return true;
}

static void plan_keep(struct plan *p, const struct pred *part) {
    if (part->op == PRED_TRUE)
        return;
    bool exact_term = part->op == PRED_TERMS && part->value_count > 0 && !postings_keep(part->search);
    if (exact_term && p->term_count < PLAN_TERMS_MAX) {
        p->terms[p->term_count++] = part;
        return;
    }
    enum term_part found = p->set_count < PLAN_TERMS_MAX ? term_part_of(part) : TERM_PART_NONE;
    if (found != TERM_PART_NONE)
        p->sets[p->set_count++] = part;
    if (found == TERM_PART_EXACT)
        return;
    if ((part->op == PRED_EQ || part->op == PRED_IN) &&
        (part->column == FIELD_ID || part->column == FIELD_JOB))
        p->by_id = true;
    p->rest[p->rest_count++] = part;
}

/* Takes the part that narrows best as the scope. */
static void plan_choose_arms(struct plan *p, const struct pred *const *parts, size_t n) {
    int best = 0;
    for (size_t i = 0; i < n; i++) {
        struct arms arms = {.count = 0, .rank = 5};
        if (!arms_of(p->object, parts[i], 0, &arms))
            continue;
        if (arms.rank < best || (arms.rank == best && arms.count >= p->arm_count))
            continue;
        best = arms.rank;
        p->scope = parts[i];
        p->arm_count = arms.count;
        memcpy(p->arms, arms.list, arms.count * sizeof *arms.list);
    }
}

void plan_make(const struct object_def *o, const struct pred *filter, enum plan_alive alive,
               struct plan *out) {
    *out = (struct plan){.object = o, .alive = alive};
    const struct pred *const *parts = &filter;
    size_t n = 1;
    if (filter->op == PRED_AND && filter->kid_count <= PLAN_REST_MAX) {
        parts = filter->kids;
        n = filter->kid_count;
    }
    plan_choose_arms(out, parts, n);
    for (size_t i = 0; i < n; i++) {
        if (parts[i] != out->scope)
            plan_keep(out, parts[i]);
    }
    if (out->by_id && out->scope != NULL && out->rest_count < PLAN_REST_MAX) {
        out->rest[out->rest_count++] = out->scope;
        out->scope = NULL;
        out->arm_count = 0;
    }
}

/* ---- order and cursor ---- */

static void segment_add(struct plan *p, const struct cell *after, size_t equal, const char *sign,
                        struct cell value) {
    struct plan_segment *s = &p->segments[p->segment_count++];
    for (size_t i = 0; i < equal; i++) {
        const char *same = after[i].kind == CELL_NULL ? "IS NULL" : "=";
        s->bounds[s->count++] = (struct plan_bound){p->sort[i].column, same, after[i]};
    }
    s->bounds[s->count++] = (struct plan_bound){p->sort[equal].column, sign, value};
}

/* Neither column is ever null and both go the same way: one range of the index. */
static bool seek_together(struct plan *p, const struct cell *after) {
    const struct store_sort *sort = p->sort;
    if (p->sort_count != 2 || sort[0].column != FIELD_CREATED_AT || sort[1].column != FIELD_ID ||
        sort[0].descending != sort[1].descending || after[0].kind == CELL_NULL || after[1].kind == CELL_NULL)
        return false;
    const char *sign = sort[0].descending ? "<" : ">";
    p->segments[0] =
        (struct plan_segment){.bounds = {{FIELD_CREATED_AT, sign, after[0]}, {FIELD_ID, sign, after[1]}},
                              .count = 2,
                              .together = true};
    p->segment_count = 1;
    return true;
}

/* Nulls come before all values, so behind them when descending. */
static void plan_seek(struct plan *p, const struct cell *after) {
    if (seek_together(p, after))
        return;
    for (size_t i = p->sort_count; i-- > 0;) {
        const struct cell *v = &after[i];
        bool down = p->sort[i].descending;
        if (v->kind == CELL_NULL) {
            if (!down)
                segment_add(p, after, i, "IS NOT NULL", cell_null());
            continue;
        }
        segment_add(p, after, i, down ? "<" : ">", *v);
        uint16_t column = p->sort[i].column;
        if (down && column != FIELD_ID && column != FIELD_CREATED_AT)
            segment_add(p, after, i, "IS NULL", cell_null());
    }
}

enum status plan_order(struct plan *p, const struct store_select *q, struct error *e) {
    if (q->sort_count > STORE_SORT_MAX)
        return error_set(e, ST_INVALID, "sort_too_long", "too many sort columns");
    bool has_id = false;
    for (size_t i = 0; i < q->sort_count && !has_id; i++) {
        p->sort[p->sort_count++] = q->sort[i];
        has_id = q->sort[i].column == FIELD_ID;
    }
    if (!has_id) {
        bool down = p->sort_count > 0 && p->sort[p->sort_count - 1].descending;
        p->sort[p->sort_count++] = (struct store_sort){.column = FIELD_ID, .descending = down};
    }
    if (q->after != NULL)
        plan_seek(p, q->after);
    return ST_OK;
}

/* ---- text ---- */

/* The index whose order is the plan's, for one arm's column (0: the whole table), or 0. */
static uint16_t plan_sort_index(const struct plan *p, uint16_t scope) {
    if (p->sort_count == 1)
        return scope != 0 && scope < FIELD_FIRST_OWN ? FIELD_ID : 0; /* the sort is by id */
    if (p->sort_count != 2 || p->sort[1].column != FIELD_ID || p->sort[0].descending != p->sort[1].descending)
        return 0;
    uint16_t sorts[2];
    size_t n = scope >= FIELD_FIRST_OWN ? 1 : schema_sorts(p->object, sorts);
    if (scope >= FIELD_FIRST_OWN)
        sorts[0] = FIELD_CREATED_AT;
    for (size_t i = 0; i < n; i++) {
        if (sorts[i] == p->sort[0].column)
            return sorts[i];
    }
    return 0;
}

bool plan_may_judge(const struct plan *p) {
    bool named = p->alive == PLAN_ALIVE && !p->by_id && (p->arm_count > 0 || plan_sort_index(p, 0) != 0);
    for (size_t i = 0; named && i < p->rest_count; i++)
        named = pred_is_local(p->rest[i]);
    return named && p->rest_count > 0;
}

static void put_table(struct sql *s, const struct plan *p, const struct plan_arm *arm) {
    sql_name(s, " FROM o_", p->object->id);
    sql_put(s, " t0");
    if (p->alive != PLAN_ALIVE || p->by_id)
        return;
    uint16_t scope = arm == NULL ? 0 : arm->column;
    uint16_t sort = plan_sort_index(p, scope);
    if (sort == 0 && arm == NULL)
        return;
    sql_put(s, " INDEXED BY ");
    schema_index_name(s, p->object->id, scope, sort == 0 ? FIELD_CREATED_AT : sort);
}

static void put_alive(struct sql *s, const struct plan *p) {
    static const char *const conditions[] = {[PLAN_ALIVE] = "t0.deleted_at IS NULL",
                                             [PLAN_DELETED] = "t0.deleted_at IS NOT NULL",
                                             [PLAN_ANY] = "1"};
    sql_put(s, conditions[p->alive]);
}

static void put_together(struct sql *s, const struct plan_segment *segment) {
    for (size_t i = 0; i < segment->count; i++) {
        sql_put(s, i == 0 ? " AND (" : ", ");
        sql_column(s, 0, segment->bounds[i].column);
    }
    for (size_t i = 0; i < segment->count; i++) {
        sql_put(s, i > 0 ? ", " : segment->bounds[0].sign[0] == '<' ? ") < (" : ") > (");
        sql_bind(s, segment->bounds[i].value);
    }
    sql_put(s, ")");
}

static void put_bounds(struct sql *s, const struct plan_segment *segment) {
    if (segment != NULL && segment->together) {
        put_together(s, segment);
        return;
    }
    for (size_t i = 0; segment != NULL && i < segment->count; i++) {
        const struct plan_bound *b = &segment->bounds[i];
        sql_put(s, " AND ");
        sql_column(s, 0, b->column);
        sql_put(s, " ");
        sql_put(s, b->sign);
        if (b->sign[0] != 'I')
            sql_bind(s, b->value);
    }
}

enum status plan_put_rest(struct sql *s, const struct plan *p, struct error *e) {
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < p->rest_count; i++) {
        if (i > 0)
            sql_put(s, " AND ");
        st = compile_pred(s, p->object->id, 0, p->rest[i], TERMS_LISTED, e);
    }
    return st;
}

/* What is remembered of a row answers without its cells, which SQLite then does not read. */
static enum status put_rest(struct sql *s, const struct plan *p, struct error *e) {
    if (p->rest_count == 0)
        return ST_OK;
    sql_put(s, " AND ");
    if (p->judged == NULL)
        return plan_put_rest(s, p, e);
    sql_put(s, "CASE kedun_judged(");
    sql_bind_judged(s, p->judged);
    sql_put(s, ", t0.row) WHEN 1 THEN 1 WHEN 0 THEN 0 ELSE kedun_judge(");
    sql_bind_judged(s, p->judged);
    sql_put(s, ", t0.row, ");
    enum status st = plan_put_rest(s, p, e);
    sql_put(s, ") END");
    return st;
}

/* A leading term with several values is looked up like the others: only its first value leads. */
static enum status put_terms(struct sql *s, const struct plan *p, const struct pred *leads, struct error *e) {
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < p->term_count; i++) {
        const struct pred *t = p->terms[i];
        if (leads != NULL && t == leads && leads->value_count == 1)
            continue;
        sql_put(s, " AND ");
        st = compile_pred(s, p->object->id, 0, t, TERMS_PROBED, e);
    }
    if (st == ST_OK && p->found != NULL) {
        sql_put(s, " AND kedun_has(");
        sql_bind_rows(s, p->found);
        sql_put(s, ", t0.row)");
    }
    return st;
}

/* Arms of different columns may share rows: an arm leaves out what the ones before it have. */
static void put_arm(struct sql *s, const struct plan *p, size_t arm) {
    sql_put(s, " AND ");
    sql_column(s, 0, p->arms[arm].column);
    sql_put(s, " = ");
    sql_bind(s, p->arms[arm].value);
    for (size_t i = 0; i < arm; i++) {
        if (p->arms[i].column == p->arms[arm].column)
            continue;
        sql_put(s, " AND ");
        sql_column(s, 0, p->arms[i].column);
        sql_put(s, " IS NOT ");
        sql_bind(s, p->arms[i].value);
    }
}

static enum status put_one_arm(struct sql *s, const struct plan *p, size_t arm,
                               const struct plan_segment *segment, struct error *e) {
    put_table(s, p, p->arm_count == 0 ? NULL : &p->arms[arm]);
    sql_put(s, " WHERE ");
    put_alive(s, p);
    if (p->arm_count > 0)
        put_arm(s, p, arm);
    put_bounds(s, segment);
    enum status st = put_rest(s, p, e);
    return st == ST_OK ? put_terms(s, p, NULL, e) : st;
}

void plan_put_order(struct sql *s, const struct plan *p) {
    sql_put(s, " ORDER BY ");
    for (size_t i = 0; i < p->sort_count; i++) {
        if (i > 0)
            sql_put(s, ", ");
        sql_column(s, 0, p->sort[i].column);
        if (p->sort[i].descending)
            sql_put(s, " DESC");
    }
}

static void put_compound_order(struct sql *s, const struct plan *p) {
    sql_put(s, " ORDER BY ");
    for (size_t i = 0; i < p->sort_count; i++) {
        if (i > 0)
            sql_put(s, ", ");
        sql_number(s, i + 2);
        if (p->sort[i].descending)
            sql_put(s, " DESC");
    }
}

enum status plan_put_rows(struct sql *s, const struct plan *p, const struct plan_segment *segment,
                          struct error *e) {
    size_t arms = p->arm_count == 0 ? 1 : p->arm_count;
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < arms; i++) {
        sql_put(s, i == 0 ? "SELECT t0.row AS row" : " UNION ALL SELECT t0.row");
        for (size_t j = 0; arms > 1 && j < p->sort_count; j++) {
            sql_put(s, ", ");
            sql_column(s, 0, p->sort[j].column);
        }
        st = put_one_arm(s, p, i, segment, e);
    }
    if (arms > 1) {
        put_compound_order(s, p);
    } else {
        plan_put_order(s, p);
    }
    return st;
}

enum status plan_put_unordered(struct sql *s, const struct plan *p, struct error *e) {
    size_t arms = p->arm_count == 0 ? 1 : p->arm_count;
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < arms; i++) {
        sql_put(s, i == 0 ? "SELECT t0.row AS row" : " UNION ALL SELECT t0.row");
        st = put_one_arm(s, p, i, NULL, e);
    }
    return st;
}

enum status plan_put_condition(struct sql *s, const struct plan *p, const struct plan_segment *segment,
                               const struct terms_lead *lead, struct error *e) {
    put_alive(s, p);
    put_bounds(s, segment);
    enum status st = put_rest(s, p, e);
    if (st == ST_OK && p->scope != NULL) {
        sql_put(s, " AND ");
        st = compile_pred(s, p->object->id, 0, p->scope, TERMS_LISTED, e);
    }
    if (st == ST_OK)
        st = put_terms(s, p, lead->term, e);
    return st;
}
