#include "store/sqlite/terms.h"

#include "store/sqlite/compile.h"
#include "store/sqlite/pick.h"
#include "store/sqlite/young.h"

#include <stdio.h>
#include <stdlib.h>

#define NUMBER_ROOM   21
#define ONE_TERM_ROWS 64 /* picked; more are led by */

/* ---- sets ---- */

/* Reading a row by number and sorting it costs some twelve steps of a walk along a covering index, and a walk
 * takes wanted / count of the table's rows. */
static bool rows_are_few(const struct row_set *rows, size_t wanted) {
    double all = (double)rows->chunks * POSTINGS_ROWS, count = (double)rows->count;
    return rows->count <= TERMS_FEW && 12 * count * count <= (double)wanted * all;
}

static void list_put(void *context, int64_t row) {
    struct buf *b = context;
    char number[NUMBER_ROOM + 1];
    int n = snprintf(number, sizeof number, "%c%lld", b->n == 0 ? '[' : ',', (long long)row);
    buf_put(b, number, (size_t)n);
}

/* The rows' numbers as a JSON array. */
static enum status list_make(struct terms_lead *lead, struct error *e) {
    struct buf b;
    buf_init(&b, TERMS_FEW * NUMBER_ROOM, false);
    row_set_each(lead->rows, list_put, &b);
    buf_put_string(&b, b.n == 0 ? "[]" : "]");
    buf_put_u8(&b, 0);
    if (b.failed) {
        buf_free(&b);
        return error_set(e, ST_NOMEM, "no_memory", "no memory for a search");
    }
    lead->list = (char *)b.p;
    return ST_OK;
}

/* ---- exact terms ---- */

static void put_term_rows(struct sql *s, uint16_t object, const struct pred *p) {
    young_put_rows(s, object, compile_term_key(p->column, p->search), p->values[0].i);
}

static enum status term_is_few(struct store_reader *r, uint16_t object, const struct pred *p, bool *few,
                               struct error *e) {
    struct sql *s = &r->sql;
    sql_reset(s);
    sql_put(s, "SELECT count(*) FROM (");
    put_term_rows(s, object, p);
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

static enum status term_find(struct store_reader *r, const struct plan *p, struct terms_lead *out,
                             struct error *e) {
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && out->term == NULL && i < p->term_count; i++) {
        bool few = false;
        st = term_is_few(r, p->object->id, p->terms[i], &few, e);
        if (st == ST_OK && few)
            out->term = p->terms[i];
    }
    return st;
}

/* ---- together ---- */

enum status terms_find_sets(struct store_reader *r, struct plan *p, struct terms_lead *out, struct error *e) {
    *out = (struct terms_lead){.term = NULL};
    enum status st = term_sets_find(r, p->object->id, p->sets, p->set_count, &out->rows, e);
    p->found = out->rows;
    return st;
}

static enum status choose(struct store_reader *r, struct plan *p, size_t wanted, struct terms_lead *out,
                          struct error *e) {
    enum status st = term_find(r, p, out, e);
    if (st == ST_OK && out->term == NULL && out->rows != NULL && rows_are_few(out->rows, wanted))
        st = list_make(out, e);
    return st;
}

enum status terms_lead_make(struct store_reader *r, struct plan *p, size_t wanted, struct terms_lead *out,
                            struct error *e) {
    enum status st = terms_find_sets(r, p, out, e);
    if (st == ST_OK)
        st = choose(r, p, wanted, out, e);
    if (st != ST_OK)
        terms_lead_free(out);
    return st;
}

void terms_lead_free(struct terms_lead *lead) {
    row_set_give(lead->rows);
    free(lead->list);
    *lead = (struct terms_lead){.term = NULL};
}

enum status terms_put_led(struct sql *s, const struct plan *p, const struct plan_segment *segment,
                          const struct terms_lead *lead, struct error *e) {
    sql_name(s, "SELECT t0.row AS row FROM o_", p->object->id);
    sql_put(s, " t0 NOT INDEXED WHERE t0.row IN (");
    if (lead->term != NULL) {
        put_term_rows(s, p->object->id, lead->term);
    } else {
        sql_put(s, "SELECT value FROM json_each(");
        sql_bind(s, cell_text(slice_from_string(lead->list)));
        sql_put(s, ")");
    }
    sql_put(s, ") AND ");
    return plan_put_condition(s, p, segment, lead, e);
}

static enum status put_led(struct query *q, const struct plan_segment *segment, const void *context) {
    struct sql *s = &q->r->sql;
    enum status st = terms_put_led(s, &q->plan, segment, context, q->e);
    if (st != ST_OK)
        return st;
    plan_put_order(s, &q->plan);
    query_put_window(q);
    return ST_OK;
}

static enum status query_led(struct query *q, const struct terms_lead *lead) {
    if (q->select->after == NULL)
        return query_read(q, put_led, NULL, lead);
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < q->plan.segment_count; i++) {
        if (q->out->count <= q->select->limit)
            st = query_read(q, put_led, &q->plan.segments[i], lead);
    }
    return st;
}

static enum status query_picked(struct query *q, const struct terms_lead *lead, bool *done) {
    int64_t *rows = NULL;
    size_t count = 0;
    *done = false;
    if (lead->rows == NULL || q->plan.term_count > 0 || !pick_fits(q))
        return ST_OK;
    enum status st = pick_rows(q, lead->rows, &rows, &count, done);
    return st == ST_OK && *done ? query_take(q, rows, count) : st;
}

/* ---- one exact term ---- */

bool query_is_one_term(const struct query *q) {
    const struct plan *p = &q->plan;
    return p->term_count == 1 && p->set_count == 0 && p->terms[0]->value_count == 1 && pick_fits(q);
}

static int by_number(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* At most ONE_TERM_ROWS + 1 of them, ascending. */
static enum status one_term_read(struct query *q, int64_t *rows, size_t *count) {
    struct sql *sql = &q->r->sql;
    sqlite3_stmt *s = NULL;
    sql_reset(sql);
    put_term_rows(sql, q->plan.object->id, q->plan.terms[0]);
    enum status st = sql_prepare(sql, q->r->c, &s, q->e);
    for (*count = 0; st == ST_OK && *count <= ONE_TERM_ROWS && reader_step(q->r, s, &st, q->e); ++*count)
        rows[*count] = sqlite3_column_int64(s, 0);
    statement_done(q->r->c, s);
    if (*count > 1)
        qsort(rows, *count, sizeof *rows, by_number);
    return st;
}

static struct row_set *one_term_set(const int64_t *rows, size_t count) {
    struct row_set_maker m;
    row_set_begin(&m, count == 0 ? 1 : postings_chunk(rows[count - 1]) + 1);
    for (size_t i = 0; i < count; i++)
        row_set_add_row(&m, rows[i]);
    return row_set_end(&m);
}

enum status query_one_term(struct query *q, bool *done) {
    int64_t rows[ONE_TERM_ROWS + 1], *picked = NULL;
    size_t count = 0;
    *done = false;
    enum status st = one_term_read(q, rows, &count);
    if (st != ST_OK || count > ONE_TERM_ROWS)
        return st;
    struct row_set *set = one_term_set(rows, count);
    if (set == NULL)
        return ST_NOMEM;
    st = pick_rows(q, set, &picked, &count, done);
    row_set_give(set);
    if (st != ST_OK || !*done)
        return st;
    st = query_take(q, picked, count);
    *done = !q->only_memory || !q->missed;
    return st;
}

/* ---- all ways ---- */

enum status query_by_terms(struct query *q) {
    struct terms_lead lead;
    size_t wanted = (size_t)q->select->limit + q->select->offset;
    bool done = false;
    enum status st = query_is_one_term(q) ? query_one_term(q, &done) : ST_OK;
    if (st != ST_OK || done)
        return st;
    st = terms_find_sets(q->r, &q->plan, &lead, q->e);
    if (st == ST_OK)
        st = query_picked(q, &lead, &done);
    if (st == ST_OK && !done)
        st = choose(q->r, &q->plan, wanted, &lead, q->e);
    if (st == ST_OK && !done)
        st = terms_lead_is(&lead) ? query_led(q, &lead) : query_plain(q);
    terms_lead_free(&lead);
    return st;
}
