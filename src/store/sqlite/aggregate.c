#include "store/sqlite/terms.h"

/* Rows of a filter, in no order, as a sub-select; leads with a search term where there is one. */
static enum status put_rows_of(struct sql *s, const struct plan *p, const struct terms_lead *lead,
                               struct error *e) {
    return terms_lead_is(lead) ? terms_put_led(s, p, NULL, lead, e) : plan_put_unordered(s, p, e);
}

static enum status count_run(struct store_reader *r, const struct plan *p, const struct terms_lead *lead,
                             uint64_t most, uint64_t *count, struct error *e) {
    struct sql *s = &r->sql;
    sql_reset(s);
    sql_put(s, "SELECT count(*) FROM (SELECT 1 FROM (");
    enum status st = put_rows_of(s, p, lead, e);
    sql_put(s, ") LIMIT ");
    sql_bind_int(s, (int64_t)most + 1);
    sql_put(s, ")");
    sqlite3_stmt *statement = NULL;
    if (st == ST_OK)
        st = sql_prepare(s, r->c, &statement, e);
    if (st != ST_OK)
        return st;
    if (reader_step(r, statement, &st, e))
        *count = (uint64_t)sqlite3_column_int64(statement, 0);
    statement_done(r->c, statement);
    return st;
}

enum status store_count(struct store_reader *r, const struct object_def *o, const struct pred *filter,
                        bool deleted, uint64_t most, uint64_t *count, bool *at_least, struct error *e) {
    if (filter == NULL || most >= INT64_MAX)
        return error_set(e, ST_INVALID, "selection_malformed", "the selection is out of bounds");
    struct plan p;
    plan_make(o, filter, deleted ? PLAN_DELETED : PLAN_ALIVE, &p);
    *count = 0;
    *at_least = false;
    if (filter->op == PRED_FALSE)
        return ST_OK;
    enum status st = reader_begin(r, e);
    if (st != ST_OK)
        return st;
    struct terms_lead lead;
    st = terms_lead_make(r, &p, SIZE_MAX, &lead, e);
    if (st == ST_OK)
        st = count_run(r, &p, &lead, most, count, e);
    terms_lead_free(&lead);
    reader_end(r);
    *at_least = *count > most;
    if (*at_least)
        *count = most;
    return st;
}

static void put_group_by(struct sql *s, const struct object_def *o, uint16_t column, size_t most) {
    sql_name(s, ") p CROSS JOIN o_", o->id);
    sql_put(s, " t1 ON t1.row = p.row GROUP BY ");
    sql_column(s, 1, column);
    sql_put(s, " ORDER BY 2 DESC, 1 LIMIT ");
    sql_bind_int(s, (int64_t)most);
}

static enum status group_run(struct store_reader *r, const struct plan *p, const struct terms_lead *lead,
                             uint16_t column, size_t most, struct arena *arena, struct store_group *groups,
                             size_t *n, struct error *e) {
    struct sql *s = &r->sql;
    sql_reset(s);
    sql_put(s, "SELECT ");
    sql_column(s, 1, column);
    sql_put(s, ", count(*) FROM (");
    enum status st = put_rows_of(s, p, lead, e);
    put_group_by(s, p->object, column, most);
    sqlite3_stmt *statement = NULL;
    if (st == ST_OK)
        st = sql_prepare(s, r->c, &statement, e);
    while (st == ST_OK && *n < most && reader_step(r, statement, &st, e)) {
        struct cell *value = NULL;
        st = reader_cells(statement, 0, 1, arena, &value);
        if (st == ST_OK)
            groups[(*n)++] = (struct store_group){*value, (uint64_t)sqlite3_column_int64(statement, 1)};
    }
    if (statement != NULL)
        statement_done(r->c, statement);
    return st;
}

enum status store_group_by(struct store_reader *r, const struct object_def *o, const struct pred *filter,
                           uint16_t column, size_t most, struct arena *arena, struct store_group **out,
                           size_t *n, struct error *e) {
    if (filter == NULL || most == 0 || most > 10000)
        return error_set(e, ST_INVALID, "selection_malformed", "the selection is out of bounds");
    *n = 0;
    *out = arena_array(arena, most, sizeof **out);
    if (*out == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for the groups");
    if (filter->op == PRED_FALSE)
        return ST_OK;
    struct plan p;
    plan_make(o, filter, PLAN_ALIVE, &p);
    enum status st = reader_begin(r, e);
    if (st != ST_OK)
        return st;
    struct terms_lead lead;
    st = terms_lead_make(r, &p, SIZE_MAX, &lead, e);
    if (st == ST_OK)
        st = group_run(r, &p, &lead, column, most, arena, *out, n, e);
    terms_lead_free(&lead);
    reader_end(r);
    return st;
}
