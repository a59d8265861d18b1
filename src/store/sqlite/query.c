#include "store/sqlite/query.h"

#include "store/sqlite/compile.h"
#include "store/sqlite/pick.h"
#include "store/sqlite/places.h"
#include "store/sqlite/shortlist.h"

#define OFFSET_MAX 10000
#define LIMIT_MAX  1000

/* ---- rows of a page ---- */

static size_t cell_count(const struct query *q) {
    return q->select->column_count + q->select->with_key;
}

/* "SELECT <columns> FROM (" and ") p JOIN the rows": around a statement that gives the rows' numbers in
 * order. */
static void put_head(struct query *q) {
    struct sql *s = &q->r->sql;
    sql_reset(s);
    sql_put(s, "SELECT ");
    for (size_t i = 0; i < q->select->column_count; i++) {
        sql_column(s, 1, q->select->columns[i]);
        sql_put(s, ", ");
    }
    sql_put(s, q->select->with_key ? "k.wrapped, t1.row FROM (" : "t1.row FROM (");
}

/* CROSS JOIN keeps SQLite from turning the join round: the inner order is the page's. */
static void put_tail(struct query *q) {
    struct sql *s = &q->r->sql;
    sql_name(s, ") p CROSS JOIN o_", q->select->object->id);
    sql_put(s, " t1 ON t1.row = p.row");
    if (q->select->with_key)
        sql_put(s, " LEFT JOIN subject_key k ON k.subject = t1.subject");
}

static struct cell *take_cells(const struct query *q) {
    return arena_take(q->arena, cell_count(q) * sizeof(struct cell)); /* at most STORE_COLUMNS_MAX + 1 */
}

static void set_row(const struct query *q, struct store_row *row, const struct cell *cells) {
    row->cells = cells;
    row->wrapped_key = q->select->with_key ? cells[q->select->column_count].s : SLICE_NONE;
}

/* A row without its key is not kept: a key may come. */
static enum status collect_row(struct query *q, sqlite3_stmt *s, struct reader_room *room,
                               struct store_row *row) {
    size_t all = cell_count(q);
    struct cell *cells = take_cells(q);
    if (cells == NULL)
        return ST_NOMEM;
    enum status st = reader_cells_into(s, 0, all, room, q->arena, cells);
    if (st != ST_OK)
        return st;
    set_row(q, row, cells);
    if (q->ask.shape != 0 && (!q->select->with_key || row->wrapped_key.n > 0))
        kept_put(q->r->kept, &q->ask, sqlite3_column_int64(s, (int)all), cells);
    return ST_OK;
}

/* Runs r->sql and appends its rows, until limit + 1 are there. */
static enum status collect_rows(struct query *q) {
    sqlite3_stmt *s = NULL;
    struct reader_room room = {.at = NULL, .left = 0};
    enum status st = sql_prepare(&q->r->sql, q->r->c, &s, q->e);
    while (st == ST_OK && q->out->count <= q->select->limit && reader_step(q->r, s, &st, q->e)) {
        st = collect_row(q, s, &room, &q->out->rows[q->out->count]);
        q->out->count += st == ST_OK;
    }
    if (s != NULL)
        statement_done(q->r->c, s);
    return st;
}

/* ---- rows that are kept in memory ---- */

struct numbers {
    int64_t *rows; /* in the order of the page */
    bool *missing; /* not kept */
    size_t count, missing_count;
};

/* Numbers are padded to a power of two by nulls, which no row has: few shapes are prepared. */
static void put_missing(struct query *q, const struct numbers *n) {
    struct sql *s = &q->r->sql;
    size_t room = 1, put = 0;
    while (room < n->missing_count)
        room *= 2;
    put_head(q);
    sql_put(s, "SELECT column1 AS row FROM (VALUES");
    for (size_t i = 0; i < n->count; i++) {
        if (!n->missing[i])
            continue;
        sql_put(s, put++ == 0 ? "(" : ",(");
        sql_bind_int(s, n->rows[i]);
        sql_put(s, ")");
    }
    for (; put < room; put++) {
        sql_put(s, ",(");
        sql_bind(s, cell_null());
        sql_put(s, ")");
    }
    sql_put(s, ")");
    put_tail(q);
}

/* They come in the order of their numbers' list. */
static enum status read_missing(struct query *q, const struct numbers *n, struct store_row *to) {
    sqlite3_stmt *s = NULL;
    struct reader_room room = {.at = NULL, .left = 0};
    size_t i = 0, found = 0;
    put_missing(q, n);
    enum status st = sql_prepare(&q->r->sql, q->r->c, &s, q->e);
    while (st == ST_OK && reader_step(q->r, s, &st, q->e)) {
        int64_t row = sqlite3_column_int64(s, (int)cell_count(q));
        while (i < n->count && (!n->missing[i] || n->rows[i] != row))
            i++;
        if (i == n->count)
            break;
        st = collect_row(q, s, &room, &to[i]);
        found++;
    }
    if (s != NULL)
        statement_done(q->r->c, s);
    if (st == ST_OK && found != n->missing_count)
        st = error_set(q->e, ST_CORRUPT, "store_corrupt", "an index names a row that is not there");
    return st;
}

static enum status take_kept(struct query *q, struct numbers *n, struct store_row *to) {
    enum status st = ST_OK;
    for (size_t i = 0; i < n->count; i++)
        kept_expect(q->r->kept, &q->ask, n->rows[i]);
    for (size_t i = 0; st == ST_OK && i < n->count; i++) {
        struct cell *cells = take_cells(q);
        if (cells == NULL)
            return ST_NOMEM;
        n->missing[i] = !kept_get(q->r->kept, &q->ask, n->rows[i], q->arena, cells, &st);
        n->missing_count += n->missing[i];
        if (!n->missing[i])
            set_row(q, &to[i], cells);
    }
    return st;
}

/* Runs r->sql, which gives the rows' numbers, and appends the rows. *again: some are not kept, and the
 * snapshot ended with the statement. Until then the statement holds it open. */
static enum status collect_numbers(struct query *q, bool *again) {
    struct store_row *to = &q->out->rows[q->out->count];
    size_t wanted = (size_t)q->select->limit + 1 - q->out->count;
    struct numbers n = {.rows = arena_take(q->arena, wanted * sizeof *n.rows),
                        .missing = arena_take(q->arena, wanted * sizeof *n.missing)};
    sqlite3_stmt *s = NULL;
    if (n.rows == NULL || n.missing == NULL)
        return ST_NOMEM;
    enum status st = sql_prepare(&q->r->sql, q->r->c, &s, q->e);
    while (st == ST_OK && n.count < wanted && reader_step(q->r, s, &st, q->e))
        n.rows[n.count++] = sqlite3_column_int64(s, 0);
    if (st == ST_OK)
        st = take_kept(q, &n, to);
    *again = st == ST_OK && n.missing_count > 0 && q->r->one && n.count < wanted;
    if (st == ST_OK && n.missing_count > 0 && !*again)
        st = read_missing(q, &n, to);
    if (st == ST_OK && !*again)
        q->out->count += n.count;
    if (s != NULL)
        statement_done(q->r->c, s);
    return st;
}

enum status query_take(struct query *q, int64_t *rows, size_t count) {
    struct store_row *to = &q->out->rows[q->out->count];
    struct numbers n = {
        .rows = rows, .missing = arena_array(q->arena, count + 1, sizeof *n.missing), .count = count};
    if (n.missing == NULL)
        return ST_NOMEM;
    enum status st = ST_OK;
    for (size_t i = 0; q->ask.shape == 0 && i < count; i++)
        n.missing[n.missing_count++] = true;
    if (q->ask.shape != 0)
        st = take_kept(q, &n, to);
    q->missed = n.missing_count > 0;
    if (st == ST_OK && q->missed && q->only_memory)
        return st;
    if (st == ST_OK && n.missing_count > 0)
        st = read_missing(q, &n, to);
    if (st == ST_OK)
        q->out->count += count;
    return st;
}

enum status query_read(struct query *q, query_put put, const struct plan_segment *segment,
                       const void *context) {
    struct sql *s = &q->r->sql;
    bool again = true;
    enum status st = ST_OK;
    if (q->ask.shape != 0) {
        sql_reset(s);
        st = put(q, segment, context);
        if (st == ST_OK)
            st = collect_numbers(q, &again);
    }
    if (st != ST_OK || !again)
        return st;
    put_head(q);
    st = put(q, segment, context);
    if (st != ST_OK)
        return st;
    put_tail(q);
    return collect_rows(q);
}

/* ---- along the plan ---- */

void query_put_window(struct query *q) {
    struct sql *s = &q->r->sql;
    sql_put(s, " LIMIT ");
    sql_bind_int(s, (int64_t)(q->select->limit + 1 - q->out->count));
    sql_put(s, " OFFSET ");
    sql_bind_int(s, q->select->offset);
}

static enum status put_segment(struct query *q, const struct plan_segment *segment, const void *context) {
    struct sql *s = &q->r->sql;
    bool arms = q->plan.arm_count > 1;
    (void)context;
    if (arms)
        sql_put(s, "SELECT row FROM (");
    enum status st = plan_put_rows(s, &q->plan, segment, q->e);
    if (st != ST_OK)
        return st;
    query_put_window(q);
    if (arms)
        sql_put(s, ")");
    return ST_OK;
}

enum status query_plain(struct query *q) {
    if (q->select->after == NULL)
        return query_read(q, put_segment, NULL, NULL);
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < q->plan.segment_count; i++) {
        if (q->out->count <= q->select->limit)
            st = query_read(q, put_segment, &q->plan.segments[i], NULL);
    }
    return st;
}

/* ---- pages by number ---- */

/* The page's snapshot is that of one version, and the rows carry what a place needs. */
static bool place_key_make(struct query *q, struct place_key *key) {
    struct store_reader *r = q->r;
    struct sql *s = &r->sql;
    struct error e;
    uint64_t after;
    if (r->places == NULL || r->snapshot || !places_version(r->places, &key->version))
        return false;
    if (connection_run(r->c, "SELECT value FROM meta LIMIT 1", &e) !=
            ST_OK || /* BEGIN took no snapshot yet */
        !places_version(r->places, &after) ||
        after != key->version)
        return false;
    sql_reset(s);
    const struct judged_ask *judged = q->plan.judged;
    q->plan.judged = NULL; /* a list is named by its conditions */
    enum status st = plan_put_rows(s, &q->plan, NULL, &e);
    q->plan.judged = judged;
    if (st != ST_OK || s->failed || s->text.failed)
        return false;
    places_name_list(r->places, buf_slice(&s->text), s->binds, s->bind_count, key);
    return true;
}

static void place_put(struct query *q, struct place_key key, uint32_t offset, const struct store_row *row) {
    struct cell cells[STORE_SORT_MAX + 1];
    const struct store_select *s = q->select;
    for (size_t i = 0; i < q->plan.sort_count; i++) {
        size_t at = 0;
        while (at < s->column_count && s->columns[at] != q->plan.sort[i].column)
            at++;
        if (at == s->column_count)
            return;
        cells[i] = row->cells[at];
    }
    key.offset = offset;
    places_put(q->r->places, &key, cells, q->plan.sort_count);
}

/* One row more in front: the place of this page. */
static enum status query_and_place(struct query *q, const struct place_key *key) {
    const struct store_select *asked = q->select;
    struct store_select more = *asked;
    more.offset--;
    more.limit++;
    q->select = &more;
    enum status st = query_plain(q);
    if (st == ST_OK && q->out->count > 0) {
        place_put(q, *key, asked->offset, &q->out->rows[0]);
        q->out->rows++;
        q->out->count--;
    }
    q->select = asked;
    return st;
}

static enum status query_from_place(struct query *q, const struct cell *before) {
    const struct store_select *asked = q->select;
    struct store_select from = *asked;
    enum plan_alive alive = q->plan.alive;
    from.after = before;
    from.offset = 0;
    const struct judged_ask *judged = q->plan.judged;
    plan_make(from.object, from.filter, alive, &q->plan);
    q->plan.judged = judged;
    enum status st = plan_order(&q->plan, &from, q->e);
    q->select = &from;
    if (st == ST_OK)
        st = query_plain(q);
    q->select = asked;
    return st;
}

static enum status query_numbered(struct query *q) {
    struct place_key key = {.offset = q->select->offset};
    struct cell before[STORE_SORT_MAX + 1];
    uint8_t bytes[STORE_SORT_MAX + 1][PLACES_CELL_BYTES];
    uint32_t limit = q->select->limit;
    if (!place_key_make(q, &key))
        return query_plain(q);
    bool known = places_find(q->r->places, &key, before, q->plan.sort_count, bytes);
    enum status st = known ? query_from_place(q, before) : query_and_place(q, &key);
    if (st == ST_OK && q->out->count > limit)
        place_put(q, key, q->select->offset + limit, &q->out->rows[limit - 1]);
    return st;
}

static enum status query_check(const struct store_select *q, struct error *e) {
    if (q->filter == NULL || q->limit == 0 || q->limit > LIMIT_MAX || q->offset > OFFSET_MAX ||
        q->column_count == 0 || q->column_count > STORE_COLUMNS_MAX || (q->after != NULL && q->offset > 0))
        return error_set(e, ST_INVALID, "selection_malformed", "the selection is out of bounds");
    return ST_OK;
}

static enum status query_plan(struct query *q) {
    const struct store_select *s = q->select;
    enum plan_alive alive = s->only_deleted ? PLAN_DELETED : s->include_deleted ? PLAN_ANY : PLAN_ALIVE;
    plan_make(s->object, s->filter, alive, &q->plan);
    return plan_order(&q->plan, s, q->e);
}

/* The condition's text and values, one after the other: equal for no two conditions. */
static void put_key(const struct sql *s, struct buf *key) {
    buf_put(key, s->text.p, s->text.n);
    for (size_t i = 0; i < s->bind_count; i++) {
        const struct cell *c = &s->binds[i];
        bool bytes = c->kind == CELL_TEXT || c->kind == CELL_BYTES;
        uint64_t word = bytes ? c->s.n : (uint64_t)c->i;
        buf_put_u8(key, (uint8_t)c->kind);
        if (c->kind == CELL_DOUBLE)
            memcpy(&word, &c->d, sizeof word);
        buf_put(key, &word, sizeof word);
        if (bytes)
            buf_put(key, c->s.p, c->s.n);
    }
}

/* What r->sql says now, in the arena; empty: too long. */
static struct slice key_of(const struct query *q) {
    struct buf key;
    buf_init(&key, JUDGED_KEY_MOST, false);
    if (!q->r->sql.failed && !q->r->sql.text.failed)
        put_key(&q->r->sql, &key);
    struct slice kept = key.failed ? SLICE_NONE : arena_copy(q->arena, buf_slice(&key));
    buf_free(&key);
    return kept.p == NULL ? SLICE_NONE : kept;
}

/* Conditions on columns that no index has are judged once a row. */
static enum status query_judge(struct query *q) {
    struct store_reader *r = q->r;
    struct plan *p = &q->plan;
    if (r->facts == NULL || p->term_count > 0 || !plan_may_judge(p))
        return ST_OK;
    sql_reset(&r->sql);
    enum status st = plan_put_rest(&r->sql, p, q->e);
    struct slice key = st == ST_OK ? key_of(q) : SLICE_NONE;
    if (st == ST_OK && key.n > 0 && p->scope != NULL) {
        sql_put(&r->sql, " AND ");
        st = compile_pred(&r->sql, p->object->id, 0, p->scope, TERMS_LISTED, q->e);
    }
    if (st != ST_OK || key.n == 0)
        return st;
    q->filter_key = key_of(q);
    judged_take(r->facts, p->object->id, q->ask.now, key, &q->judged);
    p->judged = q->judged.set == NULL ? NULL : &q->judged;
    return ST_OK;
}

/* Pages out of few rows of a large scope. */
static bool query_is_short(const struct query *q) {
    return q->plan.judged != NULL && q->plan.set_count == 0 && q->filter_key.n > 0 && pick_fits(q);
}

static enum status query_short(struct query *q) {
    bool done = false;
    enum status st = shortlist_read(q, &done);
    if (st != ST_OK || done)
        return st;
    st = q->select->offset >= PLACES_OFFSET_LEAST ? query_numbered(q) : query_plain(q);
    return st == ST_OK ? shortlist_make(q) : st;
}

static bool query_is_one_statement(const struct query *q) {
    return q->plan.term_count + q->plan.set_count == 0 && !query_is_short(q) &&
           q->select->offset < PLACES_OFFSET_LEAST &&
           (q->select->after == NULL || q->plan.segment_count == 1);
}

static enum status query_run(struct query *q) {
    const struct store_select *s = q->select;
    enum status st;
    if (q->plan.term_count + q->plan.set_count > 0)
        st = query_by_terms(q);
    else if (query_is_short(q))
        st = query_short(q);
    else
        st = s->offset >= PLACES_OFFSET_LEAST ? query_numbered(q) : query_plain(q);
    return st;
}

/* Without a transaction, when memory has all but the numbers. */
static enum status query_from_memory(struct query *q, bool *done) {
    *done = false;
    if (!query_is_one_term(q))
        return ST_OK;
    q->only_memory = true;
    reader_begin_one(q->r);
    enum status st = query_one_term(q, done);
    reader_end(q->r);
    q->only_memory = false;
    return st;
}

static enum status query_in_snapshot(struct query *q) {
    enum status st = ST_OK;
    if (query_is_one_statement(q))
        reader_begin_one(q->r);
    else
        st = reader_begin(q->r, q->e);
    if (st != ST_OK)
        return st;
    st = query_run(q);
    reader_end(q->r);
    return st;
}

static void query_trim(struct query *q) {
    if (q->out->count <= q->select->limit)
        return;
    q->out->count = q->select->limit;
    q->out->more = true;
}

/* Before the snapshot begins. */
static void query_ask(struct query *q) {
    const struct store_reader *r = q->r;
    if (r->kept == NULL)
        return;
    q->ask = (struct kept_ask){.now = r->snapshot ? r->snapshot_now : kept_now(r->kept),
                               .shape = kept_shape(r->kept, q->select),
                               .object = q->select->object->id,
                               .count = cell_count(q)};
}

enum status store_query(struct store_reader *r, const struct store_select *q, struct arena *arena,
                        struct store_rows *out, struct error *e) {
    enum status st = query_check(q, e);
    if (st != ST_OK)
        return st;
    *out = (struct store_rows){.count = 0};
    out->rows = arena_array(arena, (size_t)q->limit + 2, sizeof *out->rows);
    if (out->rows == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for the rows");
    if (q->filter->op == PRED_FALSE) /* SQLite refuses a plan's named index where nothing can be found */
        return ST_OK;
    struct query run = {.r = r, .select = q, .arena = arena, .out = out, .e = e};
    query_ask(&run);
    st = query_plan(&run);
    if (st == ST_OK)
        st = query_judge(&run);
    bool done = false;
    if (st == ST_OK)
        st = query_from_memory(&run, &done);
    if (st == ST_OK && !done)
        st = query_in_snapshot(&run);
    if (st == ST_OK)
        query_trim(&run);
    judged_give(r->facts, &run.judged);
    if (st == ST_NOMEM)
        return error_set(e, st, "no_memory", "no memory for the rows");
    return st;
}
