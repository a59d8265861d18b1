#include "store/sqlite/terms.h"

#include "store/sqlite/compile.h"
#include "store/sqlite/staged.h"

#include <stdio.h>
#include <stdlib.h>

#define NUMBER_ROOM  21
#define STAGED_TERMS 1024 /* of one question */

/* ---- postings ---- */

static enum status rows_make(struct store_reader *r, uint16_t object, struct postings_rows **out,
                             struct error *e) {
    sql_reset(&r->sql);
    sql_name(&r->sql, "SELECT coalesce(max(row), 0) FROM o_", object);
    sqlite3_stmt *s = NULL;
    enum status st = sql_prepare(&r->sql, r->c, &s, e);
    if (st != ST_OK)
        return st;
    int64_t most = reader_step(r, s, &st, e) ? sqlite3_column_int64(s, 0) : 0;
    statement_done(r->c, s);
    struct postings_rows *rows = calloc(1, sizeof *rows);
    if (rows != NULL)
        rows->chunks = postings_chunk(most) + 1;
    if (rows != NULL)
        rows->bits = calloc((size_t)rows->chunks, POSTINGS_BYTES);
    *out = rows;
    if (st == ST_OK && (rows == NULL || rows->bits == NULL))
        st = error_set(e, ST_NOMEM, "out_of_memory", "no memory for a search");
    return st;
}

/* Keeps of `bits` (when `first`: takes) the rows that have the term. */
static void chunk_intersect(sqlite3_stmt *s, bool found, bool first, uint64_t *bits) {
    uint64_t one[POSTINGS_WORDS] = {0};
    if (found) {
        const void *p = sqlite3_column_blob(s, 0);
        postings_read(slice_of(p, p == NULL ? 0 : (size_t)sqlite3_column_bytes(s, 0)), one);
    }
    for (size_t i = 0; i < POSTINGS_WORDS; i++)
        bits[i] = first ? one[i] : bits[i] & one[i];
}

static enum status rows_intersect(struct store_reader *r, uint16_t object, int64_t term, bool first,
                                  struct postings_rows *rows, struct error *e) {
    sql_reset(&r->sql);
    sql_name(&r->sql, "SELECT rows FROM g_", object);
    sql_put(&r->sql, " WHERE chunk = ");
    sql_bind_int(&r->sql, 0);
    sql_put(&r->sql, " AND term = ");
    sql_bind_int(&r->sql, term);
    sqlite3_stmt *s = NULL;
    enum status st = sql_prepare(&r->sql, r->c, &s, e);
    for (int64_t chunk = 0; st == ST_OK && chunk < rows->chunks; chunk++) {
        (void)sqlite3_reset(s);
        int rc = sqlite3_bind_int64(s, 1, chunk);
        bool found = rc == SQLITE_OK && reader_step(r, s, &st, e);
        if (rc != SQLITE_OK)
            st = connection_failed(r->c, rc, e);
        else if (st == ST_OK)
            chunk_intersect(s, found, first, rows->bits + chunk * POSTINGS_WORDS);
    }
    statement_done(r->c, s);
    return st;
}

/* What new rows have does not stand in g_OBJECT yet. */
static enum status rows_add_staged(struct store_reader *r, const struct plan *p, struct postings_rows *rows,
                                   struct error *e) {
    int64_t terms[STAGED_TERMS];
    size_t n = 0;
    for (size_t i = 0; i < p->term_count; i++) {
        const struct pred *t = p->terms[i];
        for (size_t k = 0; postings_keep(t->search) && k < t->value_count; k++) {
            if (n == STAGED_TERMS)
                return error_set(e, ST_LIMIT, "query_too_large", "too many search terms");
            terms[n++] = postings_term(t->column, (uint64_t)t->values[k].i);
        }
    }
    return staged_find(r->c, &r->sql, p->object->id, terms, n, rows, e);
}

static enum status postings_find(struct store_reader *r, const struct plan *p, struct terms_lead *out,
                                 struct error *e) {
    enum status st = ST_OK;
    bool first = true;
    for (size_t i = 0; st == ST_OK && i < p->term_count; i++) {
        const struct pred *t = p->terms[i];
        if (!postings_keep(t->search))
            continue;
        if (out->rows == NULL)
            st = rows_make(r, p->object->id, &out->rows, e);
        for (size_t k = 0; st == ST_OK && k < t->value_count; k++) {
            int64_t term = postings_term(t->column, (uint64_t)t->values[k].i);
            st = rows_intersect(r, p->object->id, term, first, out->rows, e);
            first = false;
        }
    }
    if (st == ST_OK && out->rows != NULL)
        st = rows_add_staged(r, p, out->rows, e);
    for (int64_t i = 0; st == ST_OK && out->rows != NULL && i < out->rows->chunks * POSTINGS_WORDS; i++)
        out->rows->count += (uint64_t)__builtin_popcountll(out->rows->bits[i]);
    return st;
}

/* Reading a row by number and sorting it costs some twelve steps of a walk along a covering index, and a walk
 * takes wanted / count of the table's rows. */
static bool rows_are_few(const struct postings_rows *rows, size_t wanted) {
    double all = (double)rows->chunks * POSTINGS_ROWS, count = (double)rows->count;
    return rows->count <= TERMS_FEW && 12 * count * count <= (double)wanted * all;
}

/* The rows' numbers as a JSON array. */
static enum status list_make(struct terms_lead *lead, struct error *e) {
    struct buf b;
    buf_init(&b, TERMS_FEW * NUMBER_ROOM, false);
    for (int64_t i = 0; i < lead->rows->chunks * POSTINGS_WORDS; i++) {
        for (uint64_t word = lead->rows->bits[i]; word != 0; word &= word - 1) {
            char number[NUMBER_ROOM + 1];
            int n = snprintf(number, sizeof number, "%c%lld", b.n == 0 ? '[' : ',',
                             (long long)(i * 64 + __builtin_ctzll(word)));
            buf_put(&b, number, (size_t)n);
        }
    }
    buf_put_string(&b, b.n == 0 ? "[]" : "]");
    buf_put_u8(&b, 0);
    if (b.failed) {
        buf_free(&b);
        return error_set(e, ST_NOMEM, "out_of_memory", "no memory for a search");
    }
    lead->list = (char *)b.p;
    return ST_OK;
}

/* ---- exact terms ---- */

static void put_term_rows(struct sql *s, uint16_t object, const struct pred *p) {
    sql_name(s, "SELECT row FROM x_", object);
    sql_put(s, " WHERE key = ");
    sql_bind_int(s, compile_term_key(p->column, p->search));
    sql_put(s, " AND term = ");
    sql_bind_int(s, p->values[0].i);
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
        if (postings_keep(p->terms[i]->search))
            continue;
        st = term_is_few(r, p->object->id, p->terms[i], &few, e);
        if (st == ST_OK && few)
            out->term = p->terms[i];
    }
    return st;
}

/* ---- together ---- */

enum status terms_lead_make(struct store_reader *r, struct plan *p, size_t wanted, struct terms_lead *out,
                            struct error *e) {
    *out = (struct terms_lead){.term = NULL};
    enum status st = postings_find(r, p, out, e);
    p->postings = out->rows;
    if (st == ST_OK)
        st = term_find(r, p, out, e);
    if (st == ST_OK && out->term == NULL && out->rows != NULL && rows_are_few(out->rows, wanted))
        st = list_make(out, e);
    if (st != ST_OK)
        terms_lead_free(out);
    return st;
}

void terms_lead_free(struct terms_lead *lead) {
    if (lead->rows != NULL)
        free(lead->rows->bits);
    free(lead->rows);
    free(lead->list);
    *lead = (struct terms_lead){.term = NULL};
}

enum status terms_put_led(struct sql *s, const struct plan *p, const struct plan_segment *segment,
                          const struct terms_lead *lead, struct error *e) {
    sql_put(s, "SELECT t0.row AS row FROM (");
    if (lead->term != NULL) {
        put_term_rows(s, p->object->id, lead->term);
    } else {
        sql_put(s, "SELECT value AS row FROM json_each(");
        sql_bind(s, cell_text(slice_from_string(lead->list)));
        sql_put(s, ")");
    }
    sql_name(s, ") d CROSS JOIN o_", p->object->id);
    sql_put(s, " t0 ON t0.row = d.row WHERE ");
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

enum status query_by_terms(struct query *q) {
    struct terms_lead lead;
    size_t wanted = (size_t)q->select->limit + q->select->offset;
    enum status st = terms_lead_make(q->r, &q->plan, wanted, &lead, q->e);
    if (st != ST_OK)
        return st;
    st = terms_lead_is(&lead) ? query_led(q, &lead) : query_plain(q);
    terms_lead_free(&lead);
    return st;
}
