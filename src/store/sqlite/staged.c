#include "store/sqlite/staged.h"

#include "store/sqlite/fresh.h"

#include <stdlib.h>

#define LIST_MAX     ((size_t)2 * 1000 * 1000) /* postings that are put into their places at once */
#define DIGIT_BITS   10
#define DIGITS       (1u << DIGIT_BITS)
#define PART_BITS    8 /* few enough parts to write them all at once */
#define PARTS        (1u << PART_BITS)
#define TERM_BITS    47
#define TERM_MASK    (((uint64_t)1 << TERM_BITS) - 1)
#define TERM_TOP     (POSTINGS_BITS + TERM_BITS - PART_BITS) /* below what divides the list into parts */
#define ASK_EVERY    64
#define FEW          48   /* of a part: sorted in place */
#define ROWS_AT_ONCE 1024 /* read or deleted in one step */

/* ---- a row's terms ---- */

static int64_t term_at(const uint8_t *p) {
    uint64_t t = 0;
    memcpy(&t, p, STAGED_TERM);
    return (int64_t)(t & TERM_MASK);
}

static void term_put(uint8_t *p, int64_t term) {
    uint64_t t = (uint64_t)term;
    memcpy(p, &t, STAGED_TERM); /* little-endian, as all that Kedun runs on */
}

static bool terms_hold(struct slice terms, int64_t term) {
    for (size_t at = 0; at + STAGED_TERM <= terms.n; at += STAGED_TERM) {
        if (term_at(terms.p + at) == term)
            return true;
    }
    return false;
}

static struct slice terms_of(sqlite3_stmt *s, int column) {
    const void *p = sqlite3_column_blob(s, column);
    return slice_of(p, p == NULL ? 0 : (size_t)sqlite3_column_bytes(s, column));
}

/* ---- which rows ---- */

static void fold_forget(struct staged *s) {
    for (size_t i = 0; s->fold.parts != NULL && i < PARTS; i++)
        free(s->fold.parts[i].list);
    free(s->fold.parts);
    free(s->fold.spare);
    s->fold = (struct staged_fold){.object = 0};
}

static struct staged_object *object_of(struct staged *s, uint16_t object) {
    for (size_t i = 0; i < s->count; i++) {
        if (s->objects[i].object == object)
            return &s->objects[i];
    }
    return NULL;
}

static void remember(struct staged *s, uint16_t object, int64_t first, int64_t last) {
    struct staged_object *o = object_of(s, object);
    if (o == NULL) {
        s->objects[s->count++] = (struct staged_object){.object = object, .first = first, .last = last};
        return;
    }
    o->first = first < o->first ? first : o->first;
    o->last = last > o->last ? last : o->last;
}

static void forget(struct staged *s, struct staged_object *o) {
    *o = s->objects[--s->count];
}

static enum status bounds_read(struct staged *s, uint16_t object, struct error *e) {
    sqlite3_stmt *statement = NULL;
    sql_reset(s->sql);
    sql_name(s->sql, "SELECT min(row), max(row) FROM p_", object);
    enum status st = sql_prepare(s->sql, s->c, &statement, e);
    if (st != ST_OK)
        return st;
    int rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW && sqlite3_column_type(statement, 0) == SQLITE_INTEGER)
        remember(s, object, sqlite3_column_int64(statement, 0), sqlite3_column_int64(statement, 1));
    if (rc != SQLITE_ROW)
        st = connection_failed(s->c, rc, e);
    statement_done(s->c, statement);
    return st;
}

enum status staged_again(struct staged *s, struct error *e) {
    uint16_t objects[OBJECTS_MAX];
    size_t n = 0;
    sqlite3_stmt *statement = NULL;
    struct connection *c = s->c;
    struct sql *sql = s->sql;
    fold_forget(s);
    s->count = 0;
    sql_reset(sql);
    sql_put(sql,
            "SELECT CAST(substr(name, 3) AS INTEGER) FROM sqlite_schema WHERE type = 'table' AND name GLOB "
            "'p_[0-9]*'");
    enum status st = sql_prepare(sql, c, &statement, e);
    while (st == ST_OK && n < OBJECTS_MAX && sqlite3_step(statement) == SQLITE_ROW)
        objects[n++] = (uint16_t)sqlite3_column_int(statement, 0);
    if (statement != NULL)
        statement_done(c, statement);
    for (size_t i = 0; st == ST_OK && i < n; i++)
        st = bounds_read(s, objects[i], e);
    return st;
}

enum status staged_open(struct staged *s, struct connection *c, struct sql *sql, struct error *e) {
    *s = (struct staged){.c = c, .sql = sql};
    return staged_again(s, e);
}

void staged_close(struct staged *s) {
    fold_forget(s);
}

/* ---- rows in and out ---- */

static enum status put_row(struct staged *s, uint16_t object, int64_t row, struct slice terms,
                           struct error *e) {
    sql_reset(s->sql);
    sql_name(s->sql, "INSERT INTO p_", object);
    sql_put(s->sql, "(row, terms) VALUES(");
    sql_bind_int(s->sql, row);
    sql_put(s->sql, ", ");
    sql_bind(s->sql, cell_bytes(terms));
    sql_put(s->sql, ")");
    return sql_execute(s->sql, s->c, NULL, e);
}

enum status staged_put(struct staged *s, struct late *late, const struct write_op *op, int64_t row,
                       struct error *e) {
    uint8_t few[256 * STAGED_TERM], *bytes = few;
    uint16_t object = op->object->id;
    size_t n = 0;
    if (object_of(s, object) == NULL && s->count == OBJECTS_MAX)
        return error_set(e, ST_LIMIT, "too_many_objects", "more objects than a base may have");
    if (op->term_count > sizeof few / STAGED_TERM)
        bytes = malloc(op->term_count * STAGED_TERM);
    if (bytes == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for search terms");
    for (size_t i = 0; i < op->term_count; i++) {
        const struct term_change *t = &op->terms[i];
        if (postings_keep(t->search))
            term_put(bytes + STAGED_TERM * n++, postings_term(t->field, t->term));
    }
    enum status st = ST_OK;
    struct slice terms = slice_of(bytes, n * STAGED_TERM);
    if (n > 0)
        st = late != NULL ? late_put_postings(late, op, row, terms, e) : put_row(s, object, row, terms, e);
    if (st == ST_OK && n > 0)
        remember(s, object, row, row);
    if (bytes != few)
        free(bytes);
    return st;
}

static enum status release_terms(sqlite3_stmt *statement, uint16_t object, int64_t row,
                                 struct pending_postings *to) {
    struct slice terms = terms_of(statement, 0);
    enum status st = ST_OK;
    for (size_t at = 0; st == ST_OK && at + STAGED_TERM <= terms.n; at += STAGED_TERM)
        st = pending_postings_add(
            to, (struct pending_posting){.object = object, .row = row, .term = term_at(terms.p + at)});
    return st;
}

enum status staged_release(struct staged *s, uint16_t object, int64_t row, struct pending_postings *to,
                           struct error *e) {
    const struct staged_object *o = object_of(s, object);
    if (o == NULL || row < o->first || row > o->last)
        return ST_OK;
    if (s->fold.object == object && postings_chunk(row) == s->fold.chunk)
        fold_forget(s); /* what it gathered is no longer what holds */
    sqlite3_stmt *statement = NULL;
    sql_reset(s->sql);
    sql_name(s->sql, "DELETE FROM p_", object);
    sql_put(s->sql, " WHERE row = ");
    sql_bind_int(s->sql, row);
    sql_put(s->sql, " RETURNING terms");
    enum status st = sql_prepare(s->sql, s->c, &statement, e);
    int rc = SQLITE_DONE;
    while (st == ST_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW)
        st = release_terms(statement, object, row, to);
    if (st == ST_NOMEM)
        st = error_set(e, st, "no_memory", "no memory for search terms");
    if (st == ST_OK && rc != SQLITE_DONE)
        st = connection_failed(s->c, rc, e);
    if (statement != NULL)
        statement_done(s->c, statement);
    return st;
}

/* ---- into g_OBJECT ---- */

bool staged_any(const struct staged *s) {
    return s->count > 0;
}

size_t staged_count(const struct staged *s) {
    size_t count = 0;
    for (size_t i = 0; i < s->count; i++)
        count += (size_t)(s->objects[i].last - s->objects[i].first) + 1;
    return count;
}

bool staged_is_due(const struct staged *s) {
    for (size_t i = 0; i < s->count; i++) {
        if (postings_chunk(s->objects[i].first) < postings_chunk(s->objects[i].last))
            return true;
    }
    return s->fold.object != 0;
}

/* The object whose chunk is full, else any. */
static struct staged_object *choose(struct staged *s) {
    for (size_t i = 0; i < s->count; i++) {
        if (postings_chunk(s->objects[i].first) < postings_chunk(s->objects[i].last))
            return &s->objects[i];
    }
    return &s->objects[0];
}

/* Stable: by a part of the term. `ends` is left with where each part ends. */
static void sort_by(const uint64_t *from, uint64_t *to, size_t n, unsigned shift, uint32_t ends[DIGITS]) {
    uint32_t sum = 0;
    memset(ends, 0, DIGITS * sizeof *ends);
    for (size_t i = 0; i < n; i++)
        ends[from[i] >> shift & (DIGITS - 1)]++;
    for (size_t d = 0; d < DIGITS; d++) {
        uint32_t count = ends[d];
        ends[d] = sum;
        sum += count;
    }
    for (size_t i = 0; i < n; i++)
        to[ends[from[i] >> shift & (DIGITS - 1)]++] = from[i];
}

static void sort_few(uint64_t *list, size_t n) {
    for (size_t i = 1; i < n; i++) {
        uint64_t x = list[i];
        size_t k = i;
        for (; k > 0 && list[k - 1] > x; k--)
            list[k] = list[k - 1];
        list[k] = x;
    }
}

/* A part fits in the processor's cache. The places of a term are in order already, and each pass keeps the
 * order of the one before. */
static bool sort_part(struct staged_fold *f) {
    uint32_t counts[DIGITS];
    struct staged_part *p = &f->parts[f->part];
    f->sorted = true;
    if (p->count <= FEW) {
        sort_few(p->list, p->count);
        return true;
    }
    if (p->count > f->spare_room) {
        free(f->spare);
        f->spare = malloc(p->room * sizeof *f->spare);
        f->spare_room = f->spare == NULL ? 0 : p->room;
    }
    if (f->spare == NULL)
        return false;
    /* Terms are hashes: few of a part share these bits, so the rest is mostly in order already. */
    sort_by(p->list, f->spare, p->count, TERM_TOP - 2 * DIGIT_BITS, counts);
    sort_by(f->spare, p->list, p->count, TERM_TOP - DIGIT_BITS, counts);
    sort_few(p->list, p->count);
    return true;
}

static bool part_add(struct staged_part *p, uint64_t posting) {
    if (p->count == p->room) {
        size_t more = p->room == 0 ? 256 : p->room * 2;
        uint64_t *grown = reallocarray(p->list, more, sizeof *grown);
        if (grown == NULL)
            return false;
        p->list = grown;
        p->room = more;
    }
    p->list[p->count++] = posting;
    return true;
}

static bool take_row(struct staged_fold *f, int64_t row, struct slice terms) {
    size_t n = terms.n / STAGED_TERM;
    for (size_t i = 0; i < n; i++) {
        uint64_t posting = (uint64_t)term_at(terms.p + i * STAGED_TERM) << POSTINGS_BITS |
                           (uint64_t)(row & (POSTINGS_ROWS - 1));
        if (!part_add(&f->parts[posting >> TERM_TOP & (PARTS - 1)], posting))
            return false;
    }
    f->count += n;
    f->last = row;
    return true;
}

static enum status fold_begin(struct staged *s, const struct staged_object *o) {
    struct staged_part *parts = calloc(PARTS, sizeof *parts);
    int64_t chunk = postings_chunk(o->first), end = ((chunk + 1) << POSTINGS_BITS) - 1;
    if (parts == NULL)
        return ST_NOMEM;
    s->fold = (struct staged_fold){.object = o->object,
                                   .parts = parts,
                                   .chunk = chunk,
                                   .first = o->first,
                                   .last = o->first - 1,
                                   .end = end < o->last ? end : o->last};
    return ST_OK;
}

/* Some more rows of the chunk. */
static enum status gather(struct staged *s, struct error *e) {
    struct staged_fold *f = &s->fold;
    sqlite3_stmt *statement = NULL;
    size_t n = 0;
    sql_reset(s->sql);
    sql_name(s->sql, "SELECT row, terms FROM p_", f->object);
    sql_put(s->sql, " WHERE row > ");
    sql_bind_int(s->sql, f->last);
    sql_put(s->sql, " AND row <= ");
    sql_bind_int(s->sql, f->end);
    sql_put(s->sql, " ORDER BY row LIMIT ");
    sql_bind_int(s->sql, ROWS_AT_ONCE);
    enum status st = sql_prepare(s->sql, s->c, &statement, e);
    int rc = SQLITE_DONE;
    while (st == ST_OK && f->count < LIST_MAX && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        n++;
        if (!take_row(f, sqlite3_column_int64(statement, 0), terms_of(statement, 1)))
            st = ST_NOMEM;
    }
    if (statement != NULL)
        statement_done(s->c, statement);
    if (st == ST_OK && rc != SQLITE_ROW && rc != SQLITE_DONE)
        st = connection_failed(s->c, rc, e);
    if (rc == SQLITE_DONE && n < ROWS_AT_ONCE)
        f->last = f->end;
    if (f->count >= LIST_MAX)
        f->end = f->last;
    return st;
}

/* One term's places, from f->at on. */
static enum status put_term(struct staged_fold *f, struct fresh_entries *to, struct error *e) {
    uint8_t places[2 * POSTINGS_ROWS];
    const struct staged_part *p = &f->parts[f->part];
    uint64_t term = p->list[f->at] >> POSTINGS_BITS;
    size_t n = 0;
    for (; f->at < p->count && p->list[f->at] >> POSTINGS_BITS == term; f->at++) {
        uint64_t place = p->list[f->at] & (POSTINGS_ROWS - 1);
        if (n > 0 && place == (uint64_t)(places[n - 2] | places[n - 1] << 8))
            continue;
        places[n++] = (uint8_t)place;
        places[n++] = (uint8_t)(place >> 8);
    }
    return fresh_add(to, f->object, f->chunk, (int64_t)term, slice_of(places, n), e);
}

/* Rows that stand in g_OBJECT are no longer staged. */
static enum status unstage(struct staged *s, struct error *e) {
    struct staged_fold *f = &s->fold;
    struct staged_object *o = object_of(s, f->object);
    int64_t to = f->first + ROWS_AT_ONCE - 1 < f->last ? f->first + ROWS_AT_ONCE - 1 : f->last;
    sql_reset(s->sql);
    sql_name(s->sql, "DELETE FROM p_", f->object);
    sql_put(s->sql, " WHERE row >= ");
    sql_bind_int(s->sql, f->first);
    sql_put(s->sql, " AND row <= ");
    sql_bind_int(s->sql, to);
    enum status st = sql_execute(s->sql, s->c, NULL, e);
    f->first = to + 1;
    if (st == ST_OK && o != NULL) {
        o->first = f->first;
        if (o->first > o->last)
            forget(s, o);
    }
    return st;
}

/* The next part that has postings; false: there is none. */
static bool next_part(struct staged_fold *f) {
    while (f->part < PARTS && f->at == f->parts[f->part].count) {
        free(f->parts[f->part].list);
        f->parts[f->part++] = (struct staged_part){.list = NULL};
        f->at = 0;
        f->sorted = false;
    }
    return f->part < PARTS;
}

static enum status put_some(struct staged *s, bool (*stop)(void *), void *context, struct error *e) {
    struct staged_fold *f = &s->fold;
    struct fresh_entries to;
    enum status st = ST_OK;
    to.adder = (struct entry_adder){.c = s->c, .sql = s->sql};
    to.statement = NULL;
    to.met = f->met;
    to.count = 0;
    for (size_t n = 1; st == ST_OK && next_part(f); n++) {
        st = f->sorted || sort_part(f) ? put_term(f, &to, e) : ST_NOMEM;
        if (n % ASK_EVERY == 0 && stop(context))
            break;
    }
    st = fresh_end(&to, st, e);
    f->met = to.met;
    return st;
}

/* Each step is short; what is next follows from how far the fold is. */
static enum status fold_step(struct staged *s, bool (*stop)(void *), void *context, struct error *e) {
    struct staged_fold *f = &s->fold;
    if (f->last < f->end)
        return gather(s, e);
    if (f->part < PARTS)
        return put_some(s, stop, context, e);
    return unstage(s, e);
}

enum status staged_fold(struct staged *s, bool (*stop)(void *), void *context, struct error *e) {
    if (s->fold.object == 0 && s->count == 0)
        return ST_OK;
    enum status st = s->fold.object == 0 ? fold_begin(s, choose(s)) : ST_OK;
    if (st == ST_OK) {
        do
            st = fold_step(s, stop, context, e);
        while (st == ST_OK && s->fold.first <= s->fold.last && !stop(context));
    }
    if (st == ST_NOMEM)
        (void)error_set(e, st, "no_memory", "no memory for search terms");
    if (st != ST_OK || s->fold.first > s->fold.end)
        fold_forget(s);
    return st;
}

/* ---- readers ---- */

enum status staged_find(struct connection *c, struct sql *sql, uint16_t object, const int64_t *terms,
                        size_t count, void (*call)(void *context, size_t term, int64_t row), void *context,
                        struct error *e) {
    sqlite3_stmt *statement = NULL;
    sql_reset(sql);
    sql_name(sql, "SELECT row, terms FROM p_", object);
    sql_put(sql, " ORDER BY row");
    enum status st = sql_prepare(sql, c, &statement, e);
    int rc = SQLITE_DONE;
    while (st == ST_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        int64_t row = sqlite3_column_int64(statement, 0);
        struct slice all = terms_of(statement, 1);
        for (size_t i = 0; i < count; i++) {
            if (terms_hold(all, terms[i]))
                call(context, i, row);
        }
    }
    if (st == ST_OK && rc != SQLITE_DONE)
        st = connection_failed(c, rc, e);
    if (statement != NULL)
        statement_done(c, statement);
    return st;
}

static void staged_function(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    const void *p = sqlite3_value_blob(values[0]);
    struct slice terms = slice_of(p, p == NULL ? 0 : (size_t)sqlite3_value_bytes(values[0]));
    sqlite3_result_int(context, terms_hold(terms, sqlite3_value_int64(values[1])));
}

enum status staged_register(sqlite3 *db, struct error *e) {
    int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
    return sqlite3_create_function_v2(db, "kedun_staged", 2, flags, NULL, staged_function, NULL, NULL,
                                      NULL) == SQLITE_OK
               ? ST_OK
               : error_set(e, ST_NOMEM, "no_memory", "no memory for a connection");
}
