#include "store/sqlite/shortlist.h"

#include "store/sqlite/pick.h"
#include "store/sqlite/row_set.h"

#include <pthread.h>
#include <stdlib.h>

struct list {
    uint8_t *key;
    size_t key_length;
    uint16_t object;
    uint64_t now, used_at;
    int64_t last;
    struct row_set *rows; /* NULL: the scope is too long for one */
};

struct shortlists {
    pthread_mutex_t lock;
    uint64_t clock;
    struct list lists[SHORTLISTS];
};

struct shortlists *shortlists_new(void) {
    struct shortlists *s = calloc(1, sizeof *s);
    if (s != NULL)
        (void)pthread_mutex_init(&s->lock, NULL);
    return s;
}

static void list_free(struct list *l) {
    row_set_give(l->rows);
    free(l->key);
    *l = (struct list){.key = NULL};
}

void shortlists_free(struct shortlists *s) {
    if (s == NULL)
        return;
    for (size_t i = 0; i < SHORTLISTS; i++)
        list_free(&s->lists[i]);
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
}

/* ---- the lists ---- */

static bool list_is(const struct list *l, uint16_t object, struct slice key) {
    return l->key != NULL && l->object == object && slice_equal(slice_of(l->key, l->key_length), key);
}

/* A copy with a reference of the caller's. */
static bool list_get(struct shortlists *s, uint16_t object, struct slice key, struct list *out) {
    bool found = false;
    (void)pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < SHORTLISTS && !found; i++) {
        struct list *l = &s->lists[i];
        found = list_is(l, object, key);
        if (!found)
            continue;
        l->used_at = ++s->clock;
        *out = (struct list){.now = l->now, .last = l->last, .rows = l->rows};
        if (l->rows != NULL)
            (void)row_set_take(l->rows);
    }
    (void)pthread_mutex_unlock(&s->lock);
    return found;
}

/* Its own place, or that of the oldest. */
static struct list *place_of(struct shortlists *s, uint16_t object, struct slice key) {
    struct list *oldest = &s->lists[0];
    for (size_t i = 0; i < SHORTLISTS; i++) {
        struct list *l = &s->lists[i];
        if (list_is(l, object, key))
            return l;
        if (l->used_at < oldest->used_at)
            oldest = l;
    }
    return oldest;
}

/* Takes made->rows over. */
static void list_put(struct shortlists *s, uint16_t object, struct slice key, const struct list *made) {
    uint8_t *copy = malloc(key.n);
    if (copy == NULL) {
        row_set_give(made->rows);
        return;
    }
    memcpy(copy, key.p, key.n);
    (void)pthread_mutex_lock(&s->lock);
    struct list *l = place_of(s, object, key);
    list_free(l);
    *l = *made;
    l->key = copy;
    l->key_length = key.n;
    l->object = object;
    l->used_at = ++s->clock;
    (void)pthread_mutex_unlock(&s->lock);
}

/* ---- what came since ---- */

static enum status last_row(struct query *q, int64_t *last) {
    struct sql *sql = &q->r->sql;
    sqlite3_stmt *s = NULL;
    sql_reset(sql);
    sql_name(sql, "SELECT coalesce(max(row), 0) FROM o_", q->plan.object->id);
    enum status st = sql_prepare(sql, q->r->c, &s, q->e);
    *last = st == ST_OK && reader_step(q->r, s, &st, q->e) ? sqlite3_column_int64(s, 0) : 0;
    statement_done(q->r->c, s);
    return st;
}

struct more {
    struct row_set_maker maker;
    int64_t most; /* rows up to here */
    size_t count;
};

static void add(struct more *m, int64_t from, int64_t to) {
    for (int64_t row = from; row < to && row <= m->most && m->count <= SHORTLIST_MORE; row++, m->count++)
        row_set_add_row(&m->maker, row);
}

static void add_block(void *context, int64_t first) {
    add(context, first, first + 64);
}

/* A set as if of so many chunks. */
static struct row_set *widened(struct row_set *set, int64_t chunks) {
    struct row_set_maker m;
    if (set->chunks == chunks)
        return row_set_take(set);
    row_set_begin(&m, chunks);
    for (int64_t i = 0; i < set->chunks; i++)
        row_set_add_from(&m, i, set);
    return row_set_end(&m);
}

/* The list's rows and what may have come; NULL: too much has, or no memory. */
static struct row_set *candidates(struct query *q, const struct list *l, int64_t last) {
    struct more m = {.most = l->last};
    row_set_begin(&m.maker, postings_chunk(last) + 1);
    facts_changed_since(&q->judged.view, l->now, l->last, add_block, &m);
    m.most = last;
    add(&m, l->last + 1, last + 1);
    struct row_set *more = row_set_end(&m.maker), *all = NULL;
    struct row_set *old = more == NULL ? NULL : widened(l->rows, more->chunks);
    if (old != NULL && m.count <= SHORTLIST_MORE)
        all = row_set_or(old, more);
    row_set_give(old);
    row_set_give(more);
    return all;
}

enum status shortlist_read(struct query *q, bool *done) {
    int64_t last = 0, *rows = NULL;
    size_t count = 0;
    *done = false;
    struct list l;
    if (!list_get(q->r->shortlists, q->plan.object->id, q->filter_key, &l) || l.rows == NULL)
        return ST_OK;
    struct row_set *set = NULL;
    enum status st = last_row(q, &last);
    if (st == ST_OK && l.now <= q->ask.now && last >= l.last)
        set = candidates(q, &l, last);
    row_set_give(l.rows);
    if (st == ST_OK && set != NULL)
        st = pick_rows(q, set, &rows, &count, done);
    row_set_give(set);
    return st == ST_OK && *done ? query_take(q, rows, count) : st;
}

/* ---- making ---- */

/* The scope's rows, SHORTLIST_WALK + 1 at most. */
static enum status scope_count(struct query *q, uint64_t *count) {
    struct sql *sql = &q->r->sql;
    struct plan scope = q->plan;
    sqlite3_stmt *s = NULL;
    scope.rest_count = 0;
    sql_reset(sql);
    sql_put(sql, "SELECT count(*) FROM (SELECT 1 FROM (");
    enum status st = plan_put_unordered(sql, &scope, q->e);
    sql_put(sql, ") LIMIT ");
    sql_bind_int(sql, SHORTLIST_WALK + 1);
    sql_put(sql, ")");
    if (st == ST_OK)
        st = sql_prepare(sql, q->r->c, &s, q->e);
    if (st == ST_OK)
        *count = reader_step(q->r, s, &st, q->e) ? (uint64_t)sqlite3_column_int64(s, 0) : 0;
    statement_done(q->r->c, s);
    return st;
}

static int by_number(const void *a, const void *b) {
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* All rows of the filter; more than SHORTLIST_ROWS: too many. */
static enum status find(struct query *q, int64_t *rows, size_t *count) {
    struct sql *sql = &q->r->sql;
    sqlite3_stmt *s = NULL;
    sql_reset(sql);
    enum status st = plan_put_unordered(sql, &q->plan, q->e);
    if (st == ST_OK)
        st = sql_prepare(sql, q->r->c, &s, q->e);
    while (st == ST_OK && *count <= SHORTLIST_ROWS && reader_step(q->r, s, &st, q->e))
        rows[(*count)++] = sqlite3_column_int64(s, 0);
    statement_done(q->r->c, s);
    qsort(rows, *count, sizeof *rows, by_number);
    return st;
}

/* NULL without an error: there are too many, or no memory. */
static struct row_set *find_set(struct query *q, int64_t last, enum status *st) {
    size_t count = 0;
    struct row_set_maker m;
    int64_t *rows = malloc((SHORTLIST_ROWS + 1) * sizeof *rows);
    if (rows == NULL)
        return NULL;
    *st = find(q, rows, &count);
    row_set_begin(&m, postings_chunk(last) + 1);
    for (size_t i = 0; *st == ST_OK && count <= SHORTLIST_ROWS && i < count; i++)
        row_set_add_row(&m, rows[i]);
    free(rows);
    struct row_set *set = row_set_end(&m);
    if (*st == ST_OK && count <= SHORTLIST_ROWS)
        return set;
    row_set_give(set);
    return NULL;
}

static bool is_too_long(struct query *q) {
    struct list l = {.rows = NULL};
    bool known = list_get(q->r->shortlists, q->plan.object->id, q->filter_key, &l);
    row_set_give(l.rows);
    return known && l.rows == NULL;
}

/* At each doubling of what was spent, for the scope has to be counted. */
static bool is_time(uint64_t spent, size_t now) {
    uint64_t least = SHORTLIST_DEAR;
    while (least < spent / 2)
        least *= 2;
    return spent >= SHORTLIST_WALK || (spent >= least && spent - now < least);
}

enum status shortlist_make(struct query *q) {
    struct list made = {.now = q->ask.now};
    uint64_t count = 0, spent = judged_spent(&q->judged, q->judged.looked);
    if (q->judged.looked < SHORTLIST_DEAR || !is_time(spent, q->judged.looked) || is_too_long(q))
        return ST_OK;
    enum status st = scope_count(q, &count);
    bool is_short = count <= SHORTLIST_WALK;
    if (st != ST_OK || (is_short && count > spent))
        return st;
    st = last_row(q, &made.last);
    if (st == ST_OK && is_short && !facts_watch(&q->judged.view, made.last))
        return ST_OK;
    if (st == ST_OK && is_short)
        made.rows = find_set(q, made.last, &st);
    if (st == ST_OK)
        list_put(q->r->shortlists, q->plan.object->id, q->filter_key, &made);
    return st;
}
