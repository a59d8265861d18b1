#include "store/sqlite/pick.h"

#include "store/sqlite/facts.h"
#include "store/sqlite/sweep.h"
#include "store/sqlite/terms.h"

#include <stdlib.h>

#define STEPS_A_READING 12     /* a row read by its number */
#define ROWS_A_STEP     6      /* known rows looked at */
#define LOOKS_MORE      100000 /* known rows: when they are passed over as they come, 1 ms at worst */
#define BY_CHUNK        256    /* rows of a set: of more, what lies behind is passed over by the chunk */
#define AHEAD           16     /* rows whose facts are fetched before they are looked at; a power of two */

struct entry {
    int64_t created_at; /* 0 when ids alone decide */
    uint64_t id[2];
    int64_t row;
};

struct pick {
    const struct plan *plan;
    struct facts_view view;
    bool descending, by_id, has_after;
    struct judged_ask *judged; /* of the plan's rest; NULL: facts decide it */
    struct entry after;
    struct entry *heap; /* the last of the page on top */
    size_t count, wanted;
    int64_t *unknown;
    size_t unknown_count, unknown_room;
    bool too_many;
    size_t looks, looks_most;
    int64_t ahead[AHEAD];
    size_t next;
};

/* ---- the plan ---- */

static bool order_fits(const struct plan *p) {
    const struct store_sort *s = p->sort;
    if (p->sort_count == 1)
        return s[0].column == FIELD_ID;
    return p->sort_count == 2 && s[0].column == FIELD_CREATED_AT && s[1].column == FIELD_ID &&
           s[0].descending == s[1].descending;
}

static bool arms_fit(const struct plan *p) {
    for (size_t i = 0; i < p->arm_count; i++) {
        uint16_t column = p->arms[i].column;
        if ((column != FIELD_OWNER && column != FIELD_DEPARTMENT && column != FIELD_BRANCH) ||
            p->arms[i].value.kind != CELL_INT || p->arms[i].value.i == FACT_NOBODY)
            return false;
    }
    return true;
}

static bool is_id(const struct cell *c) {
    return c->kind == CELL_BYTES && c->s.n == 16;
}

static bool after_fits(const struct query *q) {
    const struct cell *after = q->select->after;
    if (after == NULL)
        return true;
    return q->plan.sort_count == 1 ? is_id(&after[0]) : after[0].kind == CELL_INT && is_id(&after[1]);
}

/* Whether facts alone decide the rest. */
static bool rest_is_facts(const struct plan *p) {
    for (size_t i = 0; i < p->rest_count; i++) {
        uint16_t columns[4];
        size_t n = pred_columns(p->rest[i], columns, 4);
        if (n > 4 || !pred_is_local(p->rest[i]))
            return false;
        for (size_t k = 0; k < n; k++) {
            if (columns[k] != FIELD_OWNER && columns[k] != FIELD_DEPARTMENT && columns[k] != FIELD_BRANCH &&
                columns[k] != FIELD_CREATED_AT)
                return false;
        }
    }
    return true;
}

bool pick_fits(const struct query *q) {
    const struct plan *p = &q->plan;
    return q->r->facts != NULL && p->alive == PLAN_ALIVE && !p->by_id &&
           (p->judged != NULL || rest_is_facts(p)) && order_fits(p) && arms_fit(p) && after_fits(q);
}

/* ---- order ---- */

/* Whether x comes after y in the page's order. */
static bool is_behind(const struct pick *p, const struct entry *x, const struct entry *y) {
    if (x->created_at != y->created_at)
        return (x->created_at > y->created_at) != p->descending;
    size_t i = x->id[0] == y->id[0];
    return x->id[i] != y->id[i] && (x->id[i] > y->id[i]) != p->descending;
}

static void sift_down(struct pick *p, size_t at, size_t count) {
    struct entry *h = p->heap, moved = h[at];
    for (size_t kid = 2 * at + 1; kid < count; kid = 2 * at + 1) {
        if (kid + 1 < count && is_behind(p, &h[kid + 1], &h[kid]))
            kid++;
        if (!is_behind(p, &h[kid], &moved))
            break;
        h[at] = h[kid];
        at = kid;
    }
    h[at] = moved;
}

static void sift_up(struct pick *p, size_t at) {
    struct entry *h = p->heap, moved = h[at];
    while (at > 0 && is_behind(p, &moved, &h[(at - 1) / 2])) {
        h[at] = h[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    h[at] = moved;
}

static bool in_scope(const struct plan *p, const struct fact *f) {
    for (size_t i = 0; i < p->arm_count; i++) {
        uint16_t column = p->arms[i].column;
        int64_t is = column == FIELD_OWNER ? f->owner : column == FIELD_BRANCH ? f->branch : f->department;
        if (is == p->arms[i].value.i)
            return true;
    }
    return p->arm_count == 0;
}

static void fact_cell(const void *row, uint16_t column, struct cell *out) {
    const struct fact *f = row;
    int64_t n = column == FIELD_OWNER        ? f->owner
                : column == FIELD_DEPARTMENT ? f->department
                : column == FIELD_BRANCH     ? f->branch
                                             : f->created_at;
    *out = n == FACT_NOBODY ? cell_null() : cell_int(n);
}

static bool rest_holds(const struct plan *p, const struct fact *f) {
    for (size_t i = 0; i < p->rest_count; i++) {
        if (pred_decide(p->rest[i], fact_cell, f) != TRUTH_TRUE)
            return false;
    }
    return true;
}

/* `holds`: what was judged of the rest; -1: nothing, when facts decide it. */
static void consider(struct pick *p, int64_t row, const struct fact *f, int holds) {
    if (!f->alive || !in_scope(p->plan, f) || holds == 0 || (holds < 0 && !rest_holds(p->plan, f)))
        return;
    struct entry e = {.created_at = p->by_id ? 0 : f->created_at, .id = {f->id[0], f->id[1]}, .row = row};
    if (p->has_after && !is_behind(p, &e, &p->after))
        return;
    if (p->count < p->wanted) {
        p->heap[p->count] = e;
        sift_up(p, p->count++);
    } else if (is_behind(p, &p->heap[0], &e)) {
        p->heap[0] = e;
        sift_down(p, 0, p->count);
    }
}

/* ---- rows ---- */

static void look_counts(struct pick *p) {
    p->too_many = p->too_many || ++p->looks > p->looks_most;
}

static void look_at(struct pick *p, int64_t row) {
    struct fact f;
    int holds = p->judged == NULL ? -1 : judged_get(p->judged, row);
    look_counts(p);
    if (facts_get(&p->view, row, &f) &&
        (p->judged == NULL || holds >= 0 || !f.alive || !in_scope(p->plan, &f))) {
        consider(p, row, &f, holds);
    } else if (p->unknown_count < p->unknown_room) {
        p->unknown[p->unknown_count++] = row;
    } else {
        p->too_many = true;
    }
}

/* Facts lie far apart: each is fetched some rows ahead. */
static void come_by(struct pick *p, int64_t row) {
    facts_expect(&p->view, row);
    int64_t *place = &p->ahead[p->next++ % AHEAD];
    if (p->next > AHEAD)
        look_at(p, *place);
    *place = row;
}

/* Once the page is full, and from the latest on. */
static bool passes_over(const struct pick *p) {
    return p->count == p->wanted && p->descending && !p->by_id;
}

/* Once the page is full, rows that are all behind its last one needn't be looked at. */
static void come_by_word(void *context, int64_t first, uint64_t rows) {
    struct pick *p = context;
    if (p->too_many)
        return;
    if (passes_over(p) && facts_all_before(&p->view, first, rows, p->heap[0].created_at))
        return;
    while (rows != 0 && !p->too_many) {
        int bit = p->descending ? 63 - __builtin_clzll(rows) : __builtin_ctzll(rows);
        rows &= ~((uint64_t)1 << bit);
        come_by(p, first + bit);
    }
}

static bool chunk_is_behind(struct pick *p, const struct row_set *set, int64_t chunk) {
    size_t count;
    if (!passes_over(p))
        return false;
    if (set->bits != NULL)
        return facts_bits_before(&p->view, chunk, set->bits + chunk * POSTINGS_WORDS, p->heap[0].created_at);
    const uint32_t *list = row_set_chunk_list(set, chunk, &count);
    return facts_list_before(&p->view, list, count, p->heap[0].created_at);
}

/* In the page's direction, since rows mostly stand in the order of their creation. */
static void look_at_all(struct pick *p, const struct row_set *set) {
    int64_t chunks = set->count < BY_CHUNK ? 0 : set->chunks;
    if (chunks == 0)
        row_set_words(set, p->descending, come_by_word, p);
    for (int64_t i = 0; i < chunks && !p->too_many; i++) {
        int64_t chunk = p->descending ? chunks - 1 - i : i;
        if (!chunk_is_behind(p, set, chunk))
            row_set_chunk_words(set, chunk, p->descending, come_by_word, p);
    }
    for (size_t i = p->next > AHEAD ? p->next - AHEAD : 0; i < p->next && !p->too_many; i++)
        look_at(p, p->ahead[i % AHEAD]);
}

/* "SELECT … FROM o_N t0", the rest's condition last when it is to be judged. */
static enum status put_facts(struct query *q, bool judge) {
    struct sql *s = &q->r->sql;
    enum status st = ST_OK;
    sql_reset(s);
    sql_put(s, "SELECT " SWEEP_COLUMNS);
    if (judge) {
        sql_put(s, ", ");
        st = plan_put_rest(s, &q->plan, q->e);
    }
    sql_name(s, " FROM o_", q->plan.object->id);
    sql_put(s, " t0");
    return st;
}

static enum status prepare(struct query *q, int *number, sqlite3_stmt **s) {
    struct sql *sql = &q->r->sql;
    enum status st = put_facts(q, q->plan.judged != NULL);
    if (st != ST_OK)
        return st;
    sql_put(sql, " WHERE row = ");
    *number = (int)sql->bind_count + 1;
    sql_bind_int(sql, 0);
    return sql_prepare(sql, q->r->c, s, q->e);
}

/* Reads the unknown rows, learns and considers them. */
static enum status unknown_read(struct query *q, struct pick *p) {
    sqlite3_stmt *s = NULL;
    if (p->unknown_count == 0)
        return ST_OK;
    int number = 0;
    enum status st = prepare(q, &number, &s);
    for (size_t i = 0; st == ST_OK && i < p->unknown_count; i++) {
        struct fact f;
        (void)sqlite3_reset(s);
        int rc = sqlite3_bind_int64(s, number, p->unknown[i]);
        if (rc != SQLITE_OK)
            st = connection_failed(q->r->c, rc, q->e);
        if (st != ST_OK || !reader_step(q->r, s, &st, q->e))
            continue;
        st = sweep_fact(s, &f, q->e);
        if (st != ST_OK)
            break;
        facts_learn(&p->view, p->unknown[i], &f);
        int holds = p->judged == NULL ? -1 : sqlite3_column_int(s, SWEEP_ROW + 1) != 0;
        if (p->judged != NULL)
            judged_learn(p->judged, p->unknown[i], holds != 0);
        consider(p, p->unknown[i], &f, holds);
    }
    statement_done(q->r->c, s);
    return st;
}

/* The heap in the page's order, from the offset on. */
static enum status put_in_order(struct query *q, struct pick *p, int64_t **rows, size_t *count) {
    size_t offset = q->select->offset;
    *count = p->count > offset ? p->count - offset : 0;
    *rows = arena_array(q->arena, *count + 1, sizeof **rows);
    if (*rows == NULL)
        return ST_NOMEM;
    for (size_t n = p->count; n > offset; n--) {
        (*rows)[n - 1 - offset] = p->heap[0].row;
        p->heap[0] = p->heap[n - 1];
        sift_down(p, 0, n - 1);
    }
    return ST_OK;
}

/* ---- together ---- */

static enum status begin(struct query *q, double steps, struct pick *p) {
    const struct store_select *s = q->select;
    double readings = steps / STEPS_A_READING;
    *p = (struct pick){.plan = &q->plan,
                       .view = facts_look(q->r->facts, q->plan.object->id, q->ask.now),
                       .descending = q->plan.sort[0].descending,
                       .by_id = q->plan.sort_count == 1,
                       .has_after = s->after != NULL,
                       .judged = q->plan.judged == NULL ? NULL : &q->judged,
                       .wanted = (size_t)s->limit + 1 + s->offset,
                       .looks_most = (size_t)(steps * ROWS_A_STEP) + LOOKS_MORE};
    p->unknown_room = (readings < TERMS_FEW ? (size_t)readings : TERMS_FEW) + 1;
    if (p->has_after) {
        p->after.created_at = p->by_id ? 0 : s->after[0].i;
        sweep_id(s->after[q->plan.sort_count - 1].s.p, p->after.id);
    }
    p->heap = arena_array(q->arena, p->wanted, sizeof *p->heap);
    p->unknown = malloc(p->unknown_room * sizeof *p->unknown);
    return p->heap == NULL || p->unknown == NULL ? ST_NOMEM : ST_OK;
}

/* Whether what a full page leaves can be passed over from the first row on. */
static bool any_size(const struct pick *p) {
    return p->descending && !p->by_id && !p->has_after;
}

enum status pick_rows(struct query *q, const struct row_set *set, int64_t **rows, size_t *count, bool *done) {
    double all = (double)set->chunks * POSTINGS_ROWS, n = (double)set->count;
    double steps = ((double)q->select->limit + q->select->offset) * all / (n + 1);
    struct pick p;
    *done = false;
    enum status st = begin(q, steps, &p);
    if (n > steps * ROWS_A_STEP && !any_size(&p))
        p.too_many = true;
    if (st == ST_OK) {
        look_at_all(&p, set);
        p.too_many = p.too_many || (q->only_memory && p.unknown_count > 0);
        if (!p.too_many)
            st = unknown_read(q, &p);
    }
    if (st == ST_OK && !p.too_many) {
        *done = true;
        st = put_in_order(q, &p, rows, count);
    }
    free(p.unknown);
    return st;
}
