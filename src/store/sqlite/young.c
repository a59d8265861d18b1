#include "store/sqlite/young.h"

#include "store/sqlite/compile.h"

#include <stdio.h>
#include <stdlib.h>

#define PUT_ROWS    16   /* terms by one statement */
#define ASK_EVERY   4    /* statements, and */
#define ASK_DELETES 4    /* sets: some pages each */
#define SETS_MOST   8192 /* sets are some hundred terms each, but for the last of a file */

/* ---- entries ---- */

struct entry {
    uint16_t field, place;
    uint64_t term;
};

static struct entry entry_at(const uint8_t *p) {
    struct entry e; /* little-endian, as all that Kedun runs on */
    memcpy(&e.field, p, 2);
    memcpy(&e.term, p + 2, 8);
    memcpy(&e.place, p + 10, 2);
    return e;
}

static void entry_write(uint8_t *p, const struct entry *e) {
    memcpy(p, &e->field, 2);
    memcpy(p + 2, &e->term, 8);
    memcpy(p + 10, &e->place, 2);
}

static uint16_t field_of(int64_t key) {
    return (uint16_t)(key >> 8);
}

/* The first entry that is not below (field, term). */
static size_t entry_seek(struct slice terms, uint16_t field, uint64_t term) {
    size_t low = 0, high = terms.n / YOUNG_ENTRY;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct entry e = entry_at(terms.p + middle * YOUNG_ENTRY);
        if (e.field < field || (e.field == field && e.term < term))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool entry_is(struct slice terms, size_t at, uint16_t field, uint64_t term, struct entry *out) {
    if (at >= terms.n / YOUNG_ENTRY)
        return false;
    *out = entry_at(terms.p + at * YOUNG_ENTRY);
    return out->field == field && out->term == term;
}

/* ---- in memory ---- */

static void fold_forget(struct young *y) {
    free(y->fold.heap);
    y->fold = (struct young_fold){.object = 0};
}

static enum status no_memory(struct error *e) {
    return error_set(e, ST_NOMEM, "no_memory", "no memory for search terms");
}

static bool set_add(struct young *y, const struct young_set *set) {
    if (y->count == y->room) {
        size_t room = y->room == 0 ? 64 : y->room * 2;
        struct young_set *grown = reallocarray(y->sets, room, sizeof *grown);
        if (grown == NULL)
            return false;
        y->sets = grown;
        y->room = room;
    }
    y->sets[y->count++] = *set;
    return true;
}

/* The terms of one blob. */
static enum status set_read(struct young *y, uint16_t object, int64_t first, int64_t last,
                            struct slice terms) {
    struct young_set set = {.object = object, .first = first, .last = last, .from = (uint32_t)y->terms.count};
    enum status st = ST_OK;
    for (size_t at = 0; st == ST_OK && at + YOUNG_ENTRY <= terms.n; at += YOUNG_ENTRY) {
        struct entry entry = entry_at(terms.p + at);
        st = pending_terms_add(&y->terms,
                               (struct pending_term){.object = object,
                                                     .key = compile_term_key(entry.field, SEARCH_EXACT),
                                                     .term = (int64_t)entry.term,
                                                     .row = first + entry.place});
    }
    set.to = (uint32_t)y->terms.count;
    return st == ST_OK && set_add(y, &set) ? ST_OK : ST_NOMEM;
}

static enum status object_read(struct young *y, uint16_t object, struct error *e) {
    sqlite3_stmt *s = NULL;
    sql_reset(y->sql);
    sql_name(y->sql, "SELECT first, last, terms FROM y_", object);
    sql_put(y->sql, " ORDER BY first");
    enum status st = sql_prepare(y->sql, y->c, &s, e);
    int rc = SQLITE_DONE;
    while (st == ST_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        const void *p = sqlite3_column_blob(s, 2);
        struct slice terms = slice_of(p, p == NULL ? 0 : (size_t)sqlite3_column_bytes(s, 2));
        st = set_read(y, object, sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1), terms);
        if (st != ST_OK)
            st = no_memory(e);
    }
    if (st == ST_OK && rc != SQLITE_DONE)
        st = connection_failed(y->c, rc, e);
    statement_done(y->c, s);
    return st;
}

static enum status read_all(struct young *y, struct error *e) {
    uint16_t objects[OBJECTS_MAX];
    size_t n = 0;
    sqlite3_stmt *s = NULL;
    fold_forget(y);
    pending_terms_clear(&y->terms);
    y->count = 0;
    sql_reset(y->sql);
    sql_put(y->sql,
            "SELECT CAST(substr(name, 3) AS INTEGER) FROM sqlite_schema WHERE type = 'table' AND name GLOB "
            "'y_[0-9]*'");
    enum status st = sql_prepare(y->sql, y->c, &s, e);
    int rc = SQLITE_DONE;
    while (st == ST_OK && n < OBJECTS_MAX && (rc = sqlite3_step(s)) == SQLITE_ROW)
        objects[n++] = (uint16_t)sqlite3_column_int(s, 0);
    if (st == ST_OK && rc != SQLITE_DONE && rc != SQLITE_ROW)
        st = connection_failed(y->c, rc, e);
    statement_done(y->c, s);
    for (size_t i = 0; st == ST_OK && i < n; i++)
        st = object_read(y, objects[i], e);
    y->stale = st != ST_OK;
    return st;
}

enum status young_open(struct young *y, struct connection *c, struct sql *sql, struct error *e) {
    *y = (struct young){.c = c, .sql = sql};
    return read_all(y, e);
}

void young_close(struct young *y) {
    fold_forget(y);
    pending_terms_free(&y->terms);
    free(y->sets);
    y->sets = NULL;
}

void young_failed(struct young *y) {
    fold_forget(y);
    y->stale = true;
}

enum status young_ready(struct young *y, struct error *e) {
    return y->stale ? read_all(y, e) : ST_OK;
}

/* ---- sets in and out ---- */

static enum status blob_write(struct young *y, const struct young_set *set, struct slice terms,
                              struct error *e) {
    struct sql *s = y->sql;
    sql_reset(s);
    sql_name(s, "INSERT INTO y_", set->object);
    sql_put(s, "(first, last, terms) VALUES(");
    sql_bind_int(s, set->first);
    sql_put(s, ", ");
    sql_bind_int(s, set->last);
    sql_put(s, ", ");
    sql_bind(s, cell_bytes(terms));
    sql_put(s, ")");
    return sql_execute(s, y->c, NULL, e);
}

static enum status blob_delete(struct young *y, uint16_t object, int64_t first, struct error *e) {
    sql_reset(y->sql);
    sql_name(y->sql, "DELETE FROM y_", object);
    sql_put(y->sql, " WHERE first = ");
    sql_bind_int(y->sql, first);
    return sql_execute(y->sql, y->c, NULL, e);
}

/* The terms [from, to) of one object. */
static enum status put_object(struct young *y, const struct pending_terms *p, size_t from, size_t to,
                              struct error *e) {
    struct young_set set = {.object = p->list[from].object,
                            .first = p->list[from].row,
                            .last = p->list[from].row,
                            .from = (uint32_t)y->terms.count};
    for (size_t i = from; i < to; i++) {
        set.first = p->list[i].row < set.first ? p->list[i].row : set.first;
        set.last = p->list[i].row > set.last ? p->list[i].row : set.last;
    }
    uint8_t *bytes = malloc((to - from) * YOUNG_ENTRY);
    enum status st = bytes == NULL ? ST_NOMEM : ST_OK;
    for (size_t i = from; st == ST_OK && i < to; i++) {
        const struct pending_term *t = &p->list[i];
        struct entry entry = {field_of(t->key), (uint16_t)(t->row - set.first), (uint64_t)t->term};
        entry_write(bytes + (i - from) * YOUNG_ENTRY, &entry);
        st = pending_terms_add(&y->terms, *t);
    }
    set.to = (uint32_t)y->terms.count;
    if (st == ST_OK && !set_add(y, &set))
        st = ST_NOMEM;
    if (st == ST_NOMEM)
        st = no_memory(e);
    if (st == ST_OK)
        st = blob_write(y, &set, slice_of(bytes, (to - from) * YOUNG_ENTRY), e);
    free(bytes);
    return st;
}

enum status young_put(struct young *y, const struct pending_terms *p, struct error *e) {
    enum status st = ST_OK;
    y->touched = true;
    for (size_t from = 0, to; st == ST_OK && from < p->count; from = to) {
        for (to = from + 1; to < p->count && p->list[to].object == p->list[from].object;)
            to++;
        st = put_object(y, p, from, to, e);
    }
    return st;
}

static struct young_set *set_of(struct young *y, uint16_t object, int64_t row) {
    for (size_t i = y->count; i-- > 0;) {
        struct young_set *set = &y->sets[i];
        if (set->object == object && row >= set->first && row <= set->last)
            return set;
    }
    return NULL;
}

/* Terms in memory that no set names any more are nobody's: object 0 is no object. */
static void set_forget(struct young *y, struct young_set *set) {
    for (uint32_t i = set->from; i < set->to; i++)
        y->terms.list[i].object = 0;
    size_t at = (size_t)(set - y->sets);
    memmove(set, set + 1, (y->count - at - 1) * sizeof *set);
    if (--y->count == 0)
        pending_terms_clear(&y->terms);
}

enum status young_release(struct young *y, uint16_t object, int64_t row, struct pending_terms *to,
                          struct error *e) {
    struct young_set *set = set_of(y, object, row);
    if (set == NULL)
        return ST_OK;
    y->touched = true;
    fold_forget(y); /* what it goes by is no longer what holds */
    for (uint32_t i = set->from; i < set->to; i++) {
        if (pending_terms_add(to, y->terms.list[i]) != ST_OK)
            return no_memory(e);
    }
    int64_t first = set->first;
    set_forget(y, set);
    return blob_delete(y, object, first, e);
}

/* ---- into x_OBJECT ---- */

bool young_any(const struct young *y) {
    return y->count > 0 || y->stale;
}

bool young_is_due(const struct young *y) {
    return y->terms.count >= YOUNG_MOST || y->count >= SETS_MOST || y->fold.object != 0;
}

static bool below(const struct young *y, uint32_t a, uint32_t b) {
    const struct pending_term *x = &y->terms.list[a], *z = &y->terms.list[b];
    if (x->key != z->key)
        return x->key < z->key;
    if (x->term != z->term)
        return x->term < z->term;
    return x->row < z->row;
}

static void sink(const struct young *y, struct young_cursor *heap, size_t count, size_t at) {
    struct young_cursor moved = heap[at];
    for (size_t kid; (kid = 2 * at + 1) < count; at = kid) {
        if (kid + 1 < count && below(y, heap[kid + 1].at, heap[kid].at))
            kid++;
        if (!below(y, heap[kid].at, moved.at))
            break;
        heap[at] = heap[kid];
    }
    heap[at] = moved;
}

static bool fold_begin(struct young *y) {
    struct young_fold *f = &y->fold;
    *f = (struct young_fold){.object = y->sets[0].object};
    f->heap = calloc(y->count, sizeof *f->heap);
    if (f->heap == NULL) {
        fold_forget(y);
        return false;
    }
    for (size_t i = 0; i < y->count; i++) {
        const struct young_set *set = &y->sets[i];
        if (set->object != f->object)
            continue;
        f->last = set->last;
        if (set->to > set->from)
            f->heap[f->count++] = (struct young_cursor){set->from, set->to};
    }
    for (size_t i = f->count / 2; i-- > 0;)
        sink(y, f->heap, f->count, i);
    return true;
}

/* The heap's least term. */
static const struct pending_term *take_term(struct young *y) {
    struct young_fold *f = &y->fold;
    const struct pending_term *t = &y->terms.list[f->heap[0].at];
    if (++f->heap[0].at == f->heap[0].to)
        f->heap[0] = f->heap[--f->count];
    sink(y, f->heap, f->count, 0);
    return t;
}

static enum status put_prepare(struct young *y, size_t rows, sqlite3_stmt **out, struct error *e) {
    sql_reset(y->sql);
    sql_name(y->sql, "INSERT OR IGNORE INTO x_", y->fold.object);
    sql_put(y->sql, "(key, term, row) VALUES(?, ?, ?)");
    for (size_t i = 1; i < rows; i++)
        sql_put(y->sql, ", (?, ?, ?)");
    return sql_prepare(y->sql, y->c, out, e);
}

/* A statement of PUT_ROWS terms, or of one. */
static enum status put_terms(struct young *y, sqlite3_stmt *s, int rows, struct error *e) {
    int rc = SQLITE_OK;
    for (int i = 0; rc == SQLITE_OK && i < rows; i++) {
        const struct pending_term *t = take_term(y);
        rc = sqlite3_bind_int64(s, 3 * i + 1, t->key);
        rc = rc != SQLITE_OK ? rc : sqlite3_bind_int64(s, 3 * i + 2, t->term);
        rc = rc != SQLITE_OK ? rc : sqlite3_bind_int64(s, 3 * i + 3, t->row);
    }
    rc = rc != SQLITE_OK ? rc : sqlite3_step(s);
    (void)sqlite3_reset(s);
    return rc == SQLITE_DONE ? ST_OK : connection_failed(y->c, rc, e);
}

/* The fold's cursors that have terms left; each has one at least. */
static bool many_left(const struct young_fold *f) {
    size_t left = 0;
    for (size_t i = 0; i < f->count && left < PUT_ROWS; i++)
        left += f->heap[i].to - f->heap[i].at;
    return left >= PUT_ROWS;
}

static enum status put_some(struct young *y, bool (*stop)(void *), void *context, struct error *e) {
    struct young_fold *f = &y->fold;
    sqlite3_stmt *many = NULL, *one = NULL;
    enum status st = put_prepare(y, PUT_ROWS, &many, e);
    if (st == ST_OK)
        st = put_prepare(y, 1, &one, e);
    for (size_t n = 1; st == ST_OK && f->count > 0; n++) {
        bool some = many_left(f);
        st = put_terms(y, some ? many : one, some ? PUT_ROWS : 1, e);
        if (n % ASK_EVERY == 0 && stop(context))
            break;
    }
    statement_done(y->c, many);
    statement_done(y->c, one);
    return st;
}

static bool folded(const struct young_fold *f, const struct young_set *set) {
    return set->object == f->object && set->last <= f->last;
}

/* What came meanwhile stays. */
static enum status keep_rest(struct young *y, struct error *e) {
    struct pending_terms old = y->terms;
    size_t kept = 0;
    enum status st = ST_OK;
    y->terms = (struct pending_terms){.list = NULL};
    for (size_t i = 0; st == ST_OK && i < y->count; i++) {
        struct young_set set = y->sets[i];
        if (folded(&y->fold, &set))
            continue;
        uint32_t from = (uint32_t)y->terms.count;
        for (uint32_t k = set.from; st == ST_OK && k < set.to; k++)
            st = pending_terms_add(&y->terms, old.list[k]);
        set.from = from;
        set.to = (uint32_t)y->terms.count;
        y->sets[kept++] = set;
    }
    y->count = kept;
    pending_terms_free(&old);
    fold_forget(y);
    return st == ST_OK ? st : no_memory(e);
}

static enum status delete_some(struct young *y, bool (*stop)(void *), void *context, struct error *e) {
    struct young_fold *f = &y->fold;
    enum status st = ST_OK;
    for (size_t n = 1; st == ST_OK && f->deleted < y->count; f->deleted++) {
        const struct young_set *set = &y->sets[f->deleted];
        if (!folded(f, set))
            continue;
        if (n++ % ASK_DELETES == 0 && stop(context))
            return st;
        st = blob_delete(y, f->object, set->first, e);
    }
    return st == ST_OK ? keep_rest(y, e) : st;
}

enum status young_fold(struct young *y, bool (*stop)(void *), void *context, struct error *e) {
    enum status st = young_ready(y, e);
    if (st != ST_OK || y->count == 0)
        return st;
    if (y->fold.object == 0 && !fold_begin(y))
        return no_memory(e);
    if (y->fold.count > 0)
        st = put_some(y, stop, context, e);
    if (st == ST_OK && y->fold.count == 0 && !stop(context))
        st = delete_some(y, stop, context, e);
    return st;
}

/* ---- readers ---- */

void young_put_rows(struct sql *s, uint16_t object, int64_t key, int64_t term) {
    sql_name(s, "SELECT row FROM x_", object);
    sql_put(s, " WHERE key = ");
    sql_bind_int(s, key);
    sql_put(s, " AND term = ");
    sql_bind_int(s, term);
    sql_name(s, " UNION ALL SELECT j.value FROM y_", object);
    sql_put(s, " y CROSS JOIN json_each(kedun_young(y.first, y.terms, ");
    sql_bind_int(s, key);
    sql_put(s, ", ");
    sql_bind_int(s, term);
    sql_name(s, ")) j WHERE NOT EXISTS (SELECT 1 FROM x_", object);
    sql_put(s, " x WHERE x.key = ");
    sql_bind_int(s, key);
    sql_put(s, " AND x.term = ");
    sql_bind_int(s, term);
    sql_put(s, " AND x.row = j.value)");
}

void young_put_probe(struct sql *s, uint16_t object, unsigned alias, int64_t key, int64_t term) {
    sql_name(s, "(EXISTS (SELECT 1 FROM x_", object);
    sql_put(s, " WHERE key = ");
    sql_bind_int(s, key);
    sql_put(s, " AND term = ");
    sql_bind_int(s, term);
    sql_put(s, " AND row = ");
    sql_column(s, alias, FIELD_ROW);
    sql_name(s, ") OR EXISTS (SELECT 1 FROM y_", object);
    sql_name(s, " y WHERE y.first = (SELECT max(first) FROM y_", object);
    sql_put(s, " WHERE first <= ");
    sql_column(s, alias, FIELD_ROW);
    sql_put(s, ") AND kedun_young_has(y.first, y.terms, ");
    sql_bind_int(s, key);
    sql_put(s, ", ");
    sql_bind_int(s, term);
    sql_put(s, ", ");
    sql_column(s, alias, FIELD_ROW);
    sql_put(s, ")))");
}

static struct slice blob_of(sqlite3_value *v) {
    const void *p = sqlite3_value_blob(v);
    return slice_of(p, p == NULL ? 0 : (size_t)sqlite3_value_bytes(v));
}

static void rows_function(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    int64_t first = sqlite3_value_int64(values[0]);
    struct slice terms = blob_of(values[1]);
    uint16_t field = field_of(sqlite3_value_int64(values[2]));
    uint64_t term = (uint64_t)sqlite3_value_int64(values[3]);
    size_t at = entry_seek(terms, field, term);
    struct entry entry;
    if (!entry_is(terms, at, field, term, &entry))
        return;
    sqlite3_str *text = sqlite3_str_new(NULL);
    sqlite3_str_appendchar(text, 1, '[');
    for (size_t n = 0; entry_is(terms, at, field, term, &entry); at++, n++) {
        sqlite3_int64 row = first + entry.place;
        sqlite3_str_appendf(text, "%s%lld", n == 0 ? "" : ",", row);
    }
    sqlite3_str_appendchar(text, 1, ']');
    char *list = sqlite3_str_finish(text);
    if (list == NULL)
        sqlite3_result_error_nomem(context);
    else
        sqlite3_result_text(context, list, -1, sqlite3_free);
}

static void has_function(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    int64_t first = sqlite3_value_int64(values[0]), row = sqlite3_value_int64(values[4]);
    struct slice terms = blob_of(values[1]);
    uint16_t field = field_of(sqlite3_value_int64(values[2]));
    uint64_t term = (uint64_t)sqlite3_value_int64(values[3]);
    struct entry entry;
    bool has = false;
    for (size_t at = entry_seek(terms, field, term); !has && entry_is(terms, at, field, term, &entry); at++)
        has = first + entry.place == row;
    sqlite3_result_int(context, has);
}

enum status young_register(sqlite3 *db, struct error *e) {
    int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
    int rc = sqlite3_create_function_v2(db, "kedun_young", 4, flags, NULL, rows_function, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc =
            sqlite3_create_function_v2(db, "kedun_young_has", 5, flags, NULL, has_function, NULL, NULL, NULL);
    return rc == SQLITE_OK ? ST_OK : error_set(e, ST_NOMEM, "no_memory", "no memory for a connection");
}
