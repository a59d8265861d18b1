#include "store/sqlite/query.h"

#define OFFSET_MAX 10000
#define LIMIT_MAX  1000

void query_put_head(struct query *q) {
    struct sql *s = &q->r->sql;
    sql_reset(s);
    sql_put(s, "SELECT ");
    for (size_t i = 0; i < q->select->column_count; i++) {
        if (i > 0)
            sql_put(s, ", ");
        sql_column(s, 1, q->select->columns[i]);
    }
    if (q->select->with_key)
        sql_put(s, ", k.wrapped");
    sql_put(s, " FROM (");
}

/* CROSS JOIN keeps SQLite from turning the join round: the inner order is the page's. */
void query_put_tail(struct query *q) {
    struct sql *s = &q->r->sql;
    sql_name(s, ") p CROSS JOIN o_", q->select->object->id);
    sql_put(s, " t1 ON t1.row = p.row");
    if (q->select->with_key)
        sql_put(s, " LEFT JOIN subject_key k ON k.subject = t1.subject");
}

static enum status collect_row(struct query *q, sqlite3_stmt *s, struct reader_room *room) {
    struct store_row *row = &q->out->rows[q->out->count];
    size_t columns = q->select->column_count, all = columns + q->select->with_key;
    struct cell *cells = arena_array(q->arena, all, sizeof *cells);
    if (cells == NULL)
        return ST_NOMEM;
    enum status st = reader_cells_into(s, 0, all, room, q->arena, cells);
    if (st == ST_OK && q->select->with_key)
        row->wrapped_key = cells[columns].s;
    row->cells = cells;
    q->out->count += st == ST_OK;
    return st;
}

enum status query_collect(struct query *q) {
    sqlite3_stmt *s = NULL;
    struct reader_room room = {.at = NULL, .left = 0};
    enum status st = sql_prepare(&q->r->sql, q->r->c, &s, q->e);
    while (st == ST_OK && q->out->count <= q->select->limit && reader_step(q->r, s, &st, q->e))
        st = collect_row(q, s, &room);
    if (s != NULL)
        statement_done(q->r->c, s);
    return st;
}

static enum status query_segment(struct query *q, const struct plan_segment *segment) {
    query_put_head(q);
    struct sql *s = &q->r->sql;
    bool arms = q->plan.arm_count > 1;
    if (arms)
        sql_put(s, "SELECT row FROM (");
    enum status st = plan_put_rows(s, &q->plan, segment, q->e);
    if (st != ST_OK)
        return st;
    sql_put(s, " LIMIT ");
    sql_bind_int(s, (int64_t)(q->select->limit + 1 - q->out->count));
    sql_put(s, " OFFSET ");
    sql_bind_int(s, q->select->offset);
    if (arms)
        sql_put(s, ")");
    query_put_tail(q);
    return query_collect(q);
}

enum status query_plain(struct query *q) {
    if (q->select->after == NULL)
        return query_segment(q, NULL);
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < q->plan.segment_count; i++) {
        if (q->out->count <= q->select->limit)
            st = query_segment(q, &q->plan.segments[i]);
    }
    return st;
}

static enum status query_check(const struct store_select *q, struct error *e) {
    if (q->filter == NULL || q->limit == 0 || q->limit > LIMIT_MAX || q->offset > OFFSET_MAX ||
        q->column_count == 0 || q->column_count > STORE_COLUMNS_MAX || (q->after != NULL && q->offset > 0))
        return error_set(e, ST_INVALID, "selection_malformed", "the selection is out of bounds");
    return ST_OK;
}

static enum status query_run(struct query *q) {
    const struct store_select *s = q->select;
    enum plan_alive alive = s->only_deleted ? PLAN_DELETED : s->include_deleted ? PLAN_ANY : PLAN_ALIVE;
    plan_make(s->object, s->filter, alive, &q->plan);
    enum status st = plan_order(&q->plan, s, q->e);
    if (st != ST_OK)
        return st;
    st = q->plan.term_count > 0 ? query_by_terms(q) : query_plain(q);
    if (st == ST_OK && q->out->count > s->limit) {
        q->out->count = s->limit;
        q->out->more = true;
    }
    return st;
}

enum status store_query(struct store_reader *r, const struct store_select *q, struct arena *arena,
                        struct store_rows *out, struct error *e) {
    enum status st = query_check(q, e);
    if (st != ST_OK)
        return st;
    *out = (struct store_rows){.count = 0};
    out->rows = arena_array(arena, (size_t)q->limit + 1, sizeof *out->rows);
    if (out->rows == NULL)
        return error_set(e, ST_NOMEM, "out_of_memory", "no memory for the rows");
    st = reader_begin(r, e);
    if (st != ST_OK)
        return st;
    struct query run = {.r = r, .select = q, .arena = arena, .out = out, .e = e};
    st = query_run(&run);
    reader_end(r);
    if (st == ST_NOMEM)
        return error_set(e, st, "out_of_memory", "no memory for the rows");
    return st;
}
