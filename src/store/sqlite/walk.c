#include "store/sqlite/walk.h"

#include "store/sqlite/compile.h"
#include "store/sqlite/terms.h"

#include <stdlib.h>

#define BATCH_MAX 256
/* A batch is tested as one range of rows if that range is at most so many times as long as the batch. */
#define RANGE_STRETCH 48

struct walk {
    struct query *q;
    struct buf match; /* the full-text expression; empty: no fragments to test */
    size_t probes;
    uint8_t *bitmap; /* bit per row, once made */
    int64_t bitmap_rows;
    uint32_t skip;  /* of the offset, still to go */
    int64_t *found; /* row numbers in the page's order */
    size_t found_count;
};

static size_t walk_wanted(const struct walk *w) {
    return (size_t)w->q->select->limit + 1;
}

/* ---- which rows of a batch have all fragments ---- */

struct batch {
    int64_t rows[BATCH_MAX];
    bool has[BATCH_MAX];
    size_t count;
};

static enum status match_prepare(struct walk *w, const char *select, const char *condition,
                                 sqlite3_stmt **out) {
    struct sql *s = &w->q->r->sql;
    uint16_t object = w->q->plan.object->id;
    sql_reset(s);
    sql_put(s, select);
    sql_name(s, " FROM g_", object);
    sql_name(s, " WHERE g_", object);
    sql_put(s, " MATCH ");
    sql_bind(s, cell_text(buf_slice(&w->match)));
    sql_put(s, condition);
    return sql_prepare(s, w->q->r->c, out, w->q->e);
}

static enum status bitmap_make(struct walk *w) {
    struct store_reader *r = w->q->r;
    sqlite3_stmt *s = NULL;
    sql_reset(&r->sql);
    sql_name(&r->sql, "SELECT max(row) FROM o_", w->q->plan.object->id);
    enum status st = sql_prepare(&r->sql, r->c, &s, w->q->e);
    if (st != ST_OK)
        return st;
    if (reader_step(r, s, &st, w->q->e))
        w->bitmap_rows = sqlite3_column_int64(s, 0);
    statement_done(r->c, s);
    w->bitmap = calloc(1, (size_t)w->bitmap_rows / 8 + 1);
    if (w->bitmap == NULL)
        return ST_NOMEM;
    st = match_prepare(w, "SELECT rowid", "", &s);
    if (st != ST_OK)
        return st;
    while (reader_step(r, s, &st, w->q->e)) {
        int64_t row = sqlite3_column_int64(s, 0);
        if (row >= 0 && row <= w->bitmap_rows)
            w->bitmap[row / 8] |= (uint8_t)(1u << (row % 8));
    }
    statement_done(r->c, s);
    return st;
}

static void batch_by_bitmap(const struct walk *w, struct batch *b) {
    for (size_t i = 0; i < b->count; i++) {
        int64_t row = b->rows[i];
        b->has[i] = row <= w->bitmap_rows && (w->bitmap[row / 8] >> (row % 8) & 1) != 0;
    }
}

static enum status batch_by_rows(struct walk *w, struct batch *b) {
    sqlite3_stmt *s = NULL;
    enum status st = match_prepare(w, "SELECT 1", " AND rowid = ?2", &s);
    for (size_t i = 0; st == ST_OK && i < b->count; i++) {
        (void)sqlite3_reset(s);
        if (sqlite3_bind_int64(s, 2, b->rows[i]) != SQLITE_OK)
            st = ST_INTERNAL;
        else
            b->has[i] = reader_step(w->q->r, s, &st, w->q->e);
    }
    w->probes += b->count;
    if (s != NULL)
        statement_done(w->q->r->c, s);
    return st;
}

struct place {
    int64_t row;
    size_t at;
};

static int place_compare(const void *x, const void *y) {
    const struct place *a = x, *b = y;
    return a->row < b->row ? -1 : a->row > b->row;
}

static void batch_places(const struct batch *b, struct place *places) {
    for (size_t i = 0; i < b->count; i++)
        places[i] = (struct place){b->rows[i], i};
    qsort(places, b->count, sizeof *places, place_compare);
}

/* Both sides ascend: one pass. */
static enum status batch_by_range(struct walk *w, struct batch *b, const struct place *places) {
    sqlite3_stmt *s = NULL;
    enum status st = match_prepare(w, "SELECT rowid", " AND rowid BETWEEN ?2 AND ?3", &s);
    if (st != ST_OK)
        return st;
    if (sqlite3_bind_int64(s, 2, places[0].row) != SQLITE_OK ||
        sqlite3_bind_int64(s, 3, places[b->count - 1].row) != SQLITE_OK)
        st = ST_INTERNAL;
    size_t at = 0;
    while (st == ST_OK && at < b->count && reader_step(w->q->r, s, &st, w->q->e)) {
        int64_t row = sqlite3_column_int64(s, 0);
        while (at < b->count && places[at].row < row)
            at++;
        if (at < b->count && places[at].row == row)
            b->has[places[at].at] = true;
    }
    statement_done(w->q->r->c, s);
    return st;
}

static enum status batch_test(struct walk *w, struct batch *b) {
    memset(b->has, w->match.n == 0, sizeof b->has);
    if (w->match.n == 0 || b->count == 0)
        return ST_OK;
    if (w->bitmap == NULL && w->probes > TERMS_PROBES) {
        enum status st = bitmap_make(w);
        if (st != ST_OK)
            return st;
    }
    if (w->bitmap != NULL) {
        batch_by_bitmap(w, b);
        return ST_OK;
    }
    struct place places[BATCH_MAX];
    batch_places(b, places);
    int64_t stretch = places[b->count - 1].row - places[0].row;
    if (stretch > (int64_t)b->count * RANGE_STRETCH)
        return batch_by_rows(w, b);
    /* Ranges are cheap, but a walk that finds nothing must end in the bitmap too. */
    w->probes += b->count / 16;
    return batch_by_range(w, b, places);
}

static enum status batch_take(struct walk *w, struct batch *b) {
    enum status st = batch_test(w, b);
    for (size_t i = 0; st == ST_OK && i < b->count && w->found_count < walk_wanted(w); i++) {
        if (!b->has[i])
            continue;
        if (w->skip > 0) {
            w->skip--;
        } else {
            w->found[w->found_count++] = b->rows[i];
        }
    }
    b->count = 0;
    return st;
}

/* ---- the walk ---- */

/* The first batches are small: a common term's page is found within them. */
static enum status walk_segment(struct walk *w, const struct plan_segment *segment) {
    struct store_reader *r = w->q->r;
    struct batch batch = {.count = 0};
    size_t room = 64;
    sql_reset(&r->sql);
    enum status st = plan_put_rows(&r->sql, &w->q->plan, segment, PLAN_TERMS_PROBED, w->q->e);
    sqlite3_stmt *s = NULL;
    if (st == ST_OK)
        st = sql_prepare(&r->sql, r->c, &s, w->q->e);
    while (st == ST_OK && w->found_count < walk_wanted(w) && reader_step(r, s, &st, w->q->e)) {
        batch.rows[batch.count++] = sqlite3_column_int64(s, 0);
        if (batch.count < room)
            continue;
        st = batch_take(w, &batch);
        room = room < BATCH_MAX ? room * 2 : BATCH_MAX;
    }
    if (st == ST_OK)
        st = batch_take(w, &batch);
    if (s != NULL)
        statement_done(r->c, s);
    return st;
}

static enum status walk_all(struct walk *w) {
    const struct plan *p = &w->q->plan;
    if (w->q->select->after == NULL)
        return walk_segment(w, NULL);
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < p->segment_count; i++) {
        if (w->found_count < walk_wanted(w))
            st = walk_segment(w, &p->segments[i]);
    }
    return st;
}

/* The rows' own columns, one by one: their order is known only here. */
static enum status walk_fetch(struct walk *w) {
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < w->found_count; i++) {
        query_put_head(w->q);
        sql_put(&w->q->r->sql, "SELECT ");
        sql_bind_int(&w->q->r->sql, w->found[i]);
        sql_put(&w->q->r->sql, " AS row");
        query_put_tail(w->q);
        st = query_collect(w->q);
    }
    return st;
}

enum status query_walk(struct query *q) {
    struct walk w = {.q = q, .skip = q->select->offset};
    buf_init(&w.match, SQL_TEXT_MAX, false);
    for (size_t i = 0; i < q->plan.term_count; i++) {
        if (q->plan.terms[i]->search == SEARCH_FRAGMENT)
            compile_fragments(&w.match, q->plan.terms[i]);
    }
    w.found = arena_array(q->arena, walk_wanted(&w), sizeof *w.found);
    enum status st = w.found == NULL || w.match.failed ? ST_NOMEM : walk_all(&w);
    if (st == ST_OK)
        st = walk_fetch(&w);
    free(w.bitmap);
    buf_free(&w.match);
    return st;
}
