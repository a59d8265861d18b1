#include "store/sqlite/term_sets.h"

#include "store/sqlite/compile.h"
#include "store/sqlite/found.h"
#include "store/sqlite/staged.h"
#include "store/sqlite/young.h"

#include <stdlib.h>

/* One question. `terms` in the order in which a walk through its parts meets them. */
struct finder {
    struct store_reader *r;
    uint16_t object;
    int64_t chunks;
    int64_t terms[TERM_SETS_MOST];
    struct row_set_maker *staged; /* as many; NULL: there are no staged rows */
    size_t count, next;
    enum status status;
    struct error *e;
};

static enum term_part part_of(const struct pred *p, unsigned depth) {
    if (p->op == PRED_FALSE)
        return TERM_PART_EXACT;
    if (p->op == PRED_TERMS && p->value_count > 0)
        return postings_keep(p->search) ? TERM_PART_EXACT : TERM_PART_BOUND;
    if ((p->op != PRED_AND && p->op != PRED_OR) || p->kid_count == 0 || depth >= PRED_DEPTH_MAX)
        return TERM_PART_NONE;
    enum term_part least = TERM_PART_EXACT, most = TERM_PART_NONE;
    for (size_t i = 0; i < p->kid_count; i++) {
        enum term_part one = part_of(p->kids[i], depth + 1);
        least = one < least ? one : least;
        most = one > most ? one : most;
    }
    if (p->op == PRED_OR || least == TERM_PART_EXACT)
        return least;
    return most == TERM_PART_NONE ? TERM_PART_NONE : TERM_PART_BOUND;
}

enum term_part term_part_of(const struct pred *p) {
    return part_of(p, 0);
}

static void fail(struct finder *f, enum status st, const char *code, const char *why) {
    if (f->status == ST_OK)
        f->status = error_set(f->e, st, code, "%s", why);
}

static void *no_memory(struct finder *f) {
    fail(f, ST_NOMEM, "no_memory", "no memory for a search");
    return NULL;
}

/* ---- the terms ---- */

static void collect(struct finder *f, const struct pred *p) {
    if (p->op == PRED_AND || p->op == PRED_OR) {
        for (size_t i = 0; i < p->kid_count; i++)
            collect(f, p->kids[i]);
    }
    if (p->op != PRED_TERMS || !postings_keep(p->search))
        return;
    for (size_t i = 0; i < p->value_count; i++) {
        if (f->count == TERM_SETS_MOST) {
            fail(f, ST_LIMIT, "query_too_large", "too many search terms");
            return;
        }
        f->terms[f->count++] = postings_term(p->column, (uint64_t)p->values[i].i);
    }
}

static void chunks_count(struct finder *f) {
    struct sql *sql = &f->r->sql;
    sqlite3_stmt *s = NULL;
    sql_reset(sql);
    sql_name(sql, "SELECT coalesce(max(row), 0) FROM o_", f->object);
    f->status = sql_prepare(sql, f->r->c, &s, f->e);
    if (f->status != ST_OK)
        return;
    int64_t most = reader_step(f->r, s, &f->status, f->e) ? sqlite3_column_int64(s, 0) : 0;
    f->chunks = postings_chunk(most) + 1;
    statement_done(f->r->c, s);
}

/* ---- their entries ---- */

static bool holds(const struct finder *f, const struct row_set *set, int64_t chunk, uint64_t now) {
    uint64_t least = now < f->r->found_now ? now : f->r->found_now;
    return set != NULL && chunk < set->chunks && found_holds(f->r->found, f->object, chunk, least);
}

static bool holds_all(const struct finder *f, const struct row_set *set, uint64_t now) {
    bool all = set != NULL && set->chunks == f->chunks;
    for (int64_t i = 0; all && i < f->chunks; i++)
        all = holds(f, set, i, now);
    return all;
}

static void entry_read(struct finder *f, sqlite3_stmt *s, int64_t chunk, struct row_set_maker *m) {
    (void)sqlite3_reset(s);
    int rc = sqlite3_bind_int64(s, 1, chunk);
    if (rc != SQLITE_OK) {
        f->status = connection_failed(f->r->c, rc, f->e);
    } else if (reader_step(f->r, s, &f->status, f->e)) {
        const void *p = sqlite3_column_blob(s, 0);
        row_set_add(m, chunk, slice_of(p, p == NULL ? 0 : (size_t)sqlite3_column_bytes(s, 0)));
    }
}

/* What holds of `old` is taken over, the rest read. */
static struct row_set *set_read(struct finder *f, int64_t term, const struct row_set *old, uint64_t now) {
    struct sql *sql = &f->r->sql;
    struct row_set_maker m;
    sqlite3_stmt *s = NULL;
    sql_reset(sql);
    sql_name(sql, "SELECT rows FROM g_", f->object);
    sql_put(sql, " WHERE chunk = ");
    sql_bind_int(sql, 0);
    sql_put(sql, " AND term = ");
    sql_bind_int(sql, term);
    f->status = sql_prepare(sql, f->r->c, &s, f->e);
    row_set_begin(&m, f->chunks);
    for (int64_t i = 0; f->status == ST_OK && !m.failed && i < f->chunks; i++) {
        if (holds(f, old, i, now))
            row_set_add_from(&m, i, old);
        else
            entry_read(f, s, i, &m);
    }
    statement_done(f->r->c, s);
    struct row_set *set = row_set_end(&m);
    if (set == NULL)
        return no_memory(f);
    if (f->status == ST_OK && f->r->found != NULL && holds_all(f, set, f->r->found_now))
        found_put(f->r->found, f->object, &term, 1, f->r->found_now, set);
    return set;
}

static struct row_set *set_of(struct finder *f, int64_t term) {
    uint64_t now = 0;
    struct row_set *old = f->r->found == NULL ? NULL : found_get(f->r->found, f->object, &term, 1, &now);
    if (holds_all(f, old, now))
        return old;
    struct row_set *set = set_read(f, term, old, now);
    row_set_give(old);
    return set;
}

/* What new rows have does not stand in g_OBJECT yet. */
static void staged_row(void *context, size_t term, int64_t row) {
    struct finder *f = context;
    if (f->staged == NULL)
        f->staged = calloc(f->count, sizeof *f->staged);
    if (f->staged == NULL) {
        (void)no_memory(f);
        return;
    }
    struct row_set_maker *m = &f->staged[term];
    if (m->set == NULL && !m->failed)
        row_set_begin(m, f->chunks);
    if (row >= 0 && postings_chunk(row) < f->chunks)
        row_set_add_row(m, row);
}

static void replace(struct finder *f, struct row_set **set, struct row_set *by) {
    row_set_give(*set);
    *set = by == NULL ? no_memory(f) : by;
}

static void staged_free(struct finder *f) {
    for (size_t i = 0; f->staged != NULL && i < f->count; i++)
        row_set_give(f->staged[i].set);
    free(f->staged);
    f->staged = NULL;
}

/* ---- together ---- */

/* Takes `x` and `y` over. NULL: any row. */
static struct row_set *both(struct finder *f, struct row_set *x, struct row_set *y) {
    if (x == NULL || y == NULL)
        return x == NULL ? y : x;
    replace(f, &x, row_set_and(x, y));
    row_set_give(y);
    return x;
}

static struct row_set *either(struct finder *f, struct row_set *x, struct row_set *y) {
    if (x == NULL || y == NULL) {
        row_set_give(x);
        row_set_give(y);
        return NULL;
    }
    replace(f, &x, row_set_or(x, y));
    row_set_give(y);
    return x;
}

static struct row_set *no_rows(struct finder *f) {
    struct row_set_maker m;
    row_set_begin(&m, f->chunks);
    struct row_set *set = row_set_end(&m);
    return set == NULL ? no_memory(f) : set;
}

/* Rows of an exact term; any row when there are many. */
static struct row_set *exact_read(struct finder *f, const struct pred *p) {
    struct sql *sql = &f->r->sql;
    struct row_set_maker m;
    sqlite3_stmt *s = NULL;
    sql_reset(sql);
    young_put_rows(sql, f->object, compile_term_key(p->column, p->search), p->values[0].i);
    sql_put(sql, " ORDER BY row LIMIT ");
    sql_bind_int(sql, TERM_SETS_FEW + 1);
    f->status = sql_prepare(sql, f->r->c, &s, f->e);
    size_t n = 0;
    row_set_begin(&m, f->chunks);
    for (; f->status == ST_OK && reader_step(f->r, s, &f->status, f->e); n++)
        row_set_add_row(&m, sqlite3_column_int64(s, 0));
    statement_done(f->r->c, s);
    struct row_set *set = row_set_end(&m);
    if (set == NULL)
        return no_memory(f);
    if (n <= TERM_SETS_FEW)
        return set;
    row_set_give(set);
    return NULL;
}

static struct row_set *evaluate(struct finder *f, const struct pred *p);

/* Begins with the rarest: what is left of it is looked up in the others. */
static struct row_set *all_of(struct finder *f, struct row_set *const *sets, size_t count) {
    size_t rarest = 0;
    for (size_t i = 1; i < count; i++) {
        if (sets[i]->count < sets[rarest]->count)
            rarest = i;
    }
    struct row_set *sum = row_set_take(sets[rarest]);
    for (size_t i = 0; f->status == ST_OK && i < count; i++) {
        if (i != rarest)
            sum = both(f, sum, row_set_take(sets[i]));
    }
    return sum;
}

/* Kept as one term's set is: what the rows of several together are hangs on the same chunks. */
static struct row_set *all_read(struct finder *f, const int64_t *terms, size_t count) {
    struct row_set **sets = calloc(count, sizeof *sets), *sum = NULL;
    size_t n = 0;
    if (sets == NULL)
        return no_memory(f);
    while (f->status == ST_OK && n < count) {
        sets[n] = set_of(f, terms[n]);
        n += sets[n] != NULL;
    }
    if (f->status == ST_OK)
        sum = all_of(f, sets, count);
    for (size_t i = 0; i < n; i++)
        row_set_give(sets[i]);
    free(sets);
    if (f->status == ST_OK && f->r->found != NULL && holds_all(f, sum, f->r->found_now))
        found_put(f->r->found, f->object, terms, count, f->r->found_now, sum);
    return sum;
}

/* The rows that have all these terms in g_OBJECT. */
static struct row_set *all_in_postings(struct finder *f, const int64_t *terms, size_t count) {
    uint64_t now = 0;
    if (count == 1)
        return set_of(f, terms[0]);
    struct row_set *old = f->r->found == NULL ? NULL : found_get(f->r->found, f->object, terms, count, &now);
    if (holds_all(f, old, now))
        return old;
    row_set_give(old);
    return all_read(f, terms, count);
}

/* The staged rows that have them all: a row that is staged has all its postings there. NULL: none. */
static struct row_set *all_in_staged(struct finder *f, struct row_set_maker *staged, size_t count) {
    struct row_set *sum = NULL;
    for (size_t i = 0; i < count; i++) {
        if (staged[i].failed)
            return no_memory(f);
        if (staged[i].set == NULL)
            return NULL;
    }
    for (size_t i = 0; f->status == ST_OK && i < count; i++) {
        struct row_set *one = row_set_end(&staged[i]);
        staged[i].set = NULL;
        sum = i == 0 ? one : both(f, sum, one);
    }
    return sum;
}

static struct row_set *evaluate_terms(struct finder *f, const struct pred *p) {
    size_t from = f->next;
    f->next += p->value_count;
    struct row_set *sum = all_in_postings(f, &f->terms[from], p->value_count);
    struct row_set *more =
        f->staged == NULL || f->status != ST_OK ? NULL : all_in_staged(f, &f->staged[from], p->value_count);
    return more == NULL ? sum : either(f, sum, more);
}

static struct row_set *evaluate_list(struct finder *f, const struct pred *p) {
    struct row_set *sum = NULL;
    for (size_t i = 0; i < p->kid_count; i++) {
        struct row_set *one = evaluate(f, p->kids[i]);
        sum = i == 0 ? one : p->op == PRED_AND ? both(f, sum, one) : either(f, sum, one);
    }
    return sum;
}

/* After a failure whatever comes out is given up. */
static struct row_set *evaluate(struct finder *f, const struct pred *p) {
    if (p->op == PRED_AND || p->op == PRED_OR)
        return evaluate_list(f, p);
    if (f->status != ST_OK)
        return NULL;
    if (p->op == PRED_FALSE)
        return no_rows(f);
    if (p->op != PRED_TERMS || p->value_count == 0)
        return NULL;
    return postings_keep(p->search) ? evaluate_terms(f, p) : exact_read(f, p);
}

enum status term_sets_find(struct store_reader *r, uint16_t object, const struct pred *const *parts,
                           size_t count, struct row_set **out, struct error *e) {
    *out = NULL;
    if (count == 0)
        return ST_OK;
    struct finder *f = calloc(1, sizeof *f);
    if (f == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for a search");
    f->r = r;
    f->object = object;
    f->e = e;
    chunks_count(f);
    for (size_t i = 0; i < count; i++)
        collect(f, parts[i]);
    if (f->status == ST_OK && f->count > 0)
        f->status = staged_find(r->c, &r->sql, object, f->terms, f->count, staged_row, f, e);
    struct row_set *sum = NULL;
    for (size_t i = 0; f->status == ST_OK && i < count; i++)
        sum = both(f, sum, evaluate(f, parts[i]));
    staged_free(f);
    enum status st = f->status;
    free(f);
    if (st != ST_OK) {
        row_set_give(sum);
        sum = NULL;
    }
    *out = sum;
    return st;
}
