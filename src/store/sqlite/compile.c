#include "store/sqlite/compile.h"

#include "store/sqlite/young.h"

struct compile {
    struct sql *sql;
    uint16_t object;
    unsigned alias;
    enum compile_terms terms;
    unsigned depth;
    struct error *e;
};

static enum status compile_node(const struct compile *c, const struct pred *p);

static enum status malformed(const struct compile *c) {
    return error_set(c->e, ST_INVALID, "predicate_malformed", "a condition is not well formed");
}

/* Halves a list, so that SQLite's expression depth grows with the logarithm of its length. */
static enum status compile_list(const struct compile *c, const struct pred *p, size_t from, size_t to) {
    if (to - from == 1)
        return compile_node(c, p->kids[from]);
    size_t middle = from + (to - from) / 2;
    sql_put(c->sql, "(");
    enum status st = compile_list(c, p, from, middle);
    if (st != ST_OK)
        return st;
    sql_put(c->sql, p->op == PRED_AND ? " AND " : " OR ");
    st = compile_list(c, p, middle, to);
    sql_put(c->sql, ")");
    return st;
}

static enum status compile_compare(const struct compile *c, const struct pred *p) {
    static const char *const signs[] = {[PRED_EQ] = " = ",  [PRED_NE] = " <> ", [PRED_LT] = " < ",
                                        [PRED_LE] = " <= ", [PRED_GT] = " > ",  [PRED_GE] = " >= "};
    if (p->value_count < 1)
        return malformed(c);
    sql_column(c->sql, c->alias, p->column);
    sql_put(c->sql, signs[p->op]);
    sql_bind(c->sql, p->values[0]);
    return ST_OK;
}

/* The number of values is rounded up to a power of two (the last repeated), so that few shapes are prepared.
 */
static enum status compile_in(const struct compile *c, const struct pred *p) {
    if (p->value_count == 0) {
        sql_put(c->sql, "0");
        return ST_OK;
    }
    size_t n = 1;
    while (n < p->value_count)
        n *= 2;
    sql_column(c->sql, c->alias, p->column);
    sql_put(c->sql, " IN (");
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            sql_put(c->sql, ",");
        sql_bind(c->sql, p->values[i < p->value_count ? i : p->value_count - 1]);
    }
    sql_put(c->sql, ")");
    return ST_OK;
}

/* SQLite counts characters of text, and text that is valid UTF-8 is compared bytewise: both sides agree. */
static enum status compile_prefix(const struct compile *c, const struct pred *p) {
    if (p->value_count < 1 || p->values[0].kind != CELL_TEXT)
        return malformed(c);
    sql_put(c->sql, "(substr(");
    sql_column(c->sql, c->alias, p->column);
    sql_put(c->sql, ", 1, length(");
    sql_bind(c->sql, p->values[0]);
    sql_put(c->sql, ")) = ");
    sql_bind(c->sql, p->values[0]);
    sql_put(c->sql, " AND ");
    sql_column(c->sql, c->alias, p->column);
    sql_put(c->sql, " >= ");
    sql_bind(c->sql, p->values[0]);
    sql_put(c->sql, ")");
    return ST_OK;
}

/* Keys are joined by U+001F: looked for between two of them. */
static enum status compile_has(const struct compile *c, const struct pred *p) {
    if (p->value_count < 1 || p->values[0].kind != CELL_TEXT)
        return malformed(c);
    sql_put(c->sql, "(instr(char(31) || ");
    sql_column(c->sql, c->alias, p->column);
    sql_put(c->sql, " || char(31), char(31) || ");
    sql_bind(c->sql, p->values[0]);
    sql_put(c->sql, " || char(31)) > 0)");
    return ST_OK;
}

static void put_exact_term(const struct compile *c, const struct pred *p, size_t i) {
    int64_t key = compile_term_key(p->column, p->search);
    if (c->terms != TERMS_LISTED) {
        young_put_probe(c->sql, c->object, c->alias, key, p->values[i].i);
        return;
    }
    sql_column(c->sql, c->alias, FIELD_ROW);
    sql_put(c->sql, " IN (");
    young_put_rows(c->sql, c->object, key, p->values[i].i);
    sql_put(c->sql, ")");
}

/* Looked up row by row: conditions at the top are tested by bitmap (terms.c), this is for those within OR and
 * NOT. */
static void put_posting(const struct compile *c, const struct pred *p, size_t i) {
    int64_t term = postings_term(p->column, (uint64_t)p->values[i].i);
    sql_name(c->sql, "(EXISTS (SELECT 1 FROM g_", c->object);
    sql_put(c->sql, " WHERE chunk = (");
    sql_column(c->sql, c->alias, FIELD_ROW);
    sql_put(c->sql, " >> ");
    sql_number(c->sql, POSTINGS_BITS);
    sql_put(c->sql, ") AND term = ");
    sql_bind_int(c->sql, term);
    sql_put(c->sql, " AND kedun_rows_hold(rows, ");
    sql_column(c->sql, c->alias, FIELD_ROW);
    sql_name(c->sql, ")) OR EXISTS (SELECT 1 FROM p_", c->object);
    sql_put(c->sql, " s WHERE s.row = ");
    sql_column(c->sql, c->alias, FIELD_ROW);
    sql_put(c->sql, " AND kedun_staged(s.terms, ");
    sql_bind_int(c->sql, term);
    sql_put(c->sql, ")))");
}

static enum status compile_terms(const struct compile *c, const struct pred *p) {
    if (p->value_count == 0)
        return malformed(c);
    sql_put(c->sql, "(");
    for (size_t i = 0; i < p->value_count; i++) {
        if (i > 0)
            sql_put(c->sql, " AND ");
        if (postings_keep(p->search)) {
            put_posting(c, p, i);
        } else {
            put_exact_term(c, p, i);
        }
    }
    sql_put(c->sql, ")");
    return ST_OK;
}

/* Deleted children are none. */
static enum status compile_child(const struct compile *c, const struct pred *p) {
    if (p->kid_count != 1)
        return malformed(c);
    struct compile child = *c;
    child.object = p->child_object;
    child.alias = c->alias + 2;
    child.terms = TERMS_PROBED;
    sql_name(c->sql, "EXISTS (SELECT 1 FROM o_", child.object);
    sql_name(c->sql, " t", (uint16_t)child.alias);
    sql_put(c->sql, " WHERE ");
    sql_column(c->sql, child.alias, p->column);
    sql_put(c->sql, " = ");
    sql_column(c->sql, c->alias, FIELD_ID);
    sql_put(c->sql, " AND ");
    sql_column(c->sql, child.alias, FIELD_DELETED_AT);
    sql_put(c->sql, " IS NULL AND ");
    enum status st = compile_node(&child, p->kids[0]);
    sql_put(c->sql, ")");
    return st;
}

static enum status compile_not(const struct compile *c, const struct pred *p) {
    if (p->kid_count != 1)
        return malformed(c);
    sql_put(c->sql, "NOT (");
    enum status st = compile_node(c, p->kids[0]);
    sql_put(c->sql, ")");
    return st;
}

static enum status compile_inner(const struct compile *c, const struct pred *p) {
    switch (p->op) {
    case PRED_TRUE:
        sql_put(c->sql, "1");
        return ST_OK;
    case PRED_FALSE:
        sql_put(c->sql, "0");
        return ST_OK;
    case PRED_AND:
    case PRED_OR:
        if (p->kid_count > 0)
            return compile_list(c, p, 0, p->kid_count);
        sql_put(c->sql, p->op == PRED_AND ? "1" : "0");
        return ST_OK;
    case PRED_NOT:
        return compile_not(c, p);
    case PRED_IN:
        return compile_in(c, p);
    case PRED_IS_NULL:
        sql_put(c->sql, "(");
        sql_column(c->sql, c->alias, p->column);
        sql_put(c->sql, " IS NULL)");
        return ST_OK;
    case PRED_PREFIX:
        return compile_prefix(c, p);
    case PRED_HAS:
        return compile_has(c, p);
    case PRED_TERMS:
        return compile_terms(c, p);
    case PRED_CHILD:
        return compile_child(c, p);
    default:
        return p->op <= PRED_GE ? compile_compare(c, p) : malformed(c);
    }
}

static enum status compile_node(const struct compile *c, const struct pred *p) {
    if (p == NULL || c->depth >= PRED_DEPTH_MAX)
        return malformed(c);
    struct compile deeper = *c;
    deeper.depth++;
    return compile_inner(&deeper, p);
}

enum status compile_pred(struct sql *s, uint16_t object, unsigned alias, const struct pred *p,
                         enum compile_terms terms, struct error *e) {
    struct compile c = {.sql = s, .object = object, .alias = alias, .terms = terms, .depth = 0, .e = e};
    return compile_node(&c, p);
}
