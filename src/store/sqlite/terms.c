#include "store/sqlite/terms.h"

#include "store/sqlite/compile.h"
#include "store/sqlite/walk.h"

/* The rows of one leading term: all fragments of the predicate together, or the first of its other terms. */
static void put_leader(struct sql *s, uint16_t object, const struct pred *p) {
    if (p->search != SEARCH_FRAGMENT) {
        sql_name(s, "SELECT row FROM x_", object);
        sql_put(s, " WHERE key = ");
        sql_bind_int(s, compile_term_key(p->column, p->search));
        sql_put(s, " AND term = ");
        sql_bind_int(s, p->values[0].i);
        return;
    }
    sql_name(s, "SELECT rowid AS row FROM g_", object);
    sql_name(s, " WHERE g_", object);
    sql_put(s, " MATCH ");
    for (size_t i = 0; i < p->value_count; i++) {
        sql_put(s, i == 0 ? "kedun_word(" : " || ' AND ' || kedun_word(");
        sql_number(s, p->column);
        sql_put(s, ", ");
        sql_bind_int(s, p->values[i].i);
        sql_put(s, ")");
    }
}

static enum status is_few(struct store_reader *r, uint16_t object, const struct pred *p, bool *few,
                          struct error *e) {
    struct sql *s = &r->sql;
    sql_reset(s);
    sql_put(s, "SELECT count(*) FROM (");
    put_leader(s, object, p);
    sql_put(s, " LIMIT ");
    sql_bind_int(s, TERMS_FEW + 1);
    sql_put(s, ")");
    sqlite3_stmt *statement = NULL;
    enum status st = sql_prepare(s, r->c, &statement, e);
    if (st != ST_OK)
        return st;
    *few = reader_step(r, statement, &st, e) && sqlite3_column_int64(statement, 0) <= TERMS_FEW;
    statement_done(r->c, statement);
    return st;
}

/* Kinds from the rarest on. */
enum status terms_leader(struct store_reader *r, const struct plan *p, const struct pred **out,
                         struct error *e) {
    static const enum field_search order[] = {SEARCH_EXACT, SEARCH_SUFFIX, SEARCH_FRAGMENT, SEARCH_WORDS};
    *out = NULL;
    for (size_t k = 0; k < sizeof order / sizeof *order; k++) {
        for (size_t i = 0; i < p->term_count; i++) {
            bool few = false;
            if (p->terms[i]->search != order[k])
                continue;
            enum status st = is_few(r, p->object->id, p->terms[i], &few, e);
            if (st != ST_OK || few) {
                *out = p->terms[i];
                return st;
            }
        }
    }
    return ST_OK;
}

/* The leader's other terms are looked up per row like everybody else's. */
static enum status put_leaders_rest(struct sql *s, const struct plan *p, const struct pred *leader,
                                    struct error *e) {
    if (leader->search == SEARCH_FRAGMENT || leader->value_count == 1)
        return ST_OK;
    sql_put(s, " AND ");
    return compile_pred(s, p->object->id, 0, leader, TERMS_PROBED, e);
}

enum status terms_put_led(struct sql *s, const struct plan *p, const struct plan_segment *segment,
                          const struct pred *leader, struct error *e) {
    sql_put(s, "SELECT t0.row AS row FROM (");
    put_leader(s, p->object->id, leader);
    sql_name(s, ") d CROSS JOIN o_", p->object->id);
    sql_put(s, " t0 ON t0.row = d.row WHERE ");
    enum status st = plan_put_condition(s, p, segment, leader, e);
    return st == ST_OK ? put_leaders_rest(s, p, leader, e) : st;
}

static enum status led_segment(struct query *q, const struct plan_segment *segment,
                               const struct pred *leader) {
    query_put_head(q);
    struct sql *s = &q->r->sql;
    enum status st = terms_put_led(s, &q->plan, segment, leader, q->e);
    if (st != ST_OK)
        return st;
    plan_put_order(s, &q->plan);
    sql_put(s, " LIMIT ");
    sql_bind_int(s, (int64_t)(q->select->limit + 1 - q->out->count));
    sql_put(s, " OFFSET ");
    sql_bind_int(s, q->select->offset);
    query_put_tail(q);
    return query_collect(q);
}

static enum status query_led(struct query *q, const struct pred *leader) {
    if (q->select->after == NULL)
        return led_segment(q, NULL, leader);
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < q->plan.segment_count; i++) {
        if (q->out->count <= q->select->limit)
            st = led_segment(q, &q->plan.segments[i], leader);
    }
    return st;
}

enum status query_by_terms(struct query *q) {
    const struct pred *leader = NULL;
    enum status st = terms_leader(q->r, &q->plan, &leader, q->e);
    if (st != ST_OK)
        return st;
    return leader != NULL ? query_led(q, leader) : query_walk(q);
}
