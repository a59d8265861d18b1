#include "store/sqlite/pending.h"

#include "store/sqlite/found.h"
#include "store/sqlite/postings.h"

#include <stdlib.h>

#define LIST_MAX ((size_t)8 * 1000 * 1000)

static bool list_grow(void **list, size_t *room, size_t size) {
    size_t more = *room == 0 ? 256 : *room * 2;
    if (more > LIST_MAX)
        return false;
    void *grown = reallocarray(*list, more, size);
    if (grown == NULL)
        return false;
    *list = grown;
    *room = more;
    return true;
}

/* ---- exact terms ---- */

void pending_terms_free(struct pending_terms *p) {
    free(p->list);
    free(p->buckets);
    *p = (struct pending_terms){.list = NULL};
}

void pending_terms_clear(struct pending_terms *p) {
    if (p->count > 0)
        memset(p->buckets, 0, p->bucket_count * sizeof *p->buckets);
    p->count = 0;
}

static size_t bucket_of(const struct pending_terms *p, uint16_t object, int64_t key, int64_t term) {
    uint64_t h = ((uint64_t)term ^ (uint64_t)key << 20 ^ object) * 0x9e3779b97f4a7c15u;
    return (size_t)(h >> 32) & (p->bucket_count - 1);
}

static void bucket_put(struct pending_terms *p, size_t at) {
    struct pending_term *t = &p->list[at];
    uint32_t *head = &p->buckets[bucket_of(p, t->object, t->key, t->term)];
    t->next = *head;
    *head = (uint32_t)at + 1;
}

static bool terms_grow(struct pending_terms *p) {
    void *list = p->list;
    if (!list_grow(&list, &p->room, sizeof *p->list))
        return false;
    p->list = list;
    uint32_t *buckets = calloc(p->room, sizeof *buckets);
    if (buckets == NULL)
        return false;
    free(p->buckets);
    p->buckets = buckets;
    p->bucket_count = p->room;
    for (size_t i = 0; i < p->count; i++)
        bucket_put(p, i);
    return true;
}

enum status pending_terms_add(struct pending_terms *p, struct pending_term term) {
    if ((p->count == p->room || p->bucket_count < p->room) && !terms_grow(p))
        return ST_NOMEM;
    term.order = (uint32_t)p->count;
    p->list[p->count] = term;
    bucket_put(p, p->count++);
    return ST_OK;
}

uint32_t pending_terms_find(const struct pending_terms *p, uint16_t object, int64_t key, int64_t term,
                            uint32_t before) {
    if (p->count == 0)
        return 0;
    uint32_t at = before == 0 ? p->buckets[bucket_of(p, object, key, term)] : p->list[before - 1].next;
    while (at != 0) {
        const struct pending_term *t = &p->list[at - 1];
        if (t->object == object && t->key == key && t->term == term)
            return at;
        at = t->next;
    }
    return 0;
}

#define ORDER(x, y) ((x) < (y) ? -1 : (x) > (y))

static int term_compare(const void *x, const void *y) {
    const struct pending_term *a = x, *b = y;
    if (a->object != b->object)
        return ORDER(a->object, b->object);
    if (a->key != b->key)
        return ORDER(a->key, b->key);
    if (a->term != b->term)
        return ORDER(a->term, b->term);
    if (a->row != b->row)
        return ORDER(a->row, b->row);
    return ORDER(a->order, b->order);
}

static void put_term_statement(struct sql *s, const struct pending_term *t) {
    sql_reset(s);
    sql_name(s, t->remove ? "DELETE FROM x_" : "INSERT OR IGNORE INTO x_", t->object);
    sql_put(s, t->remove ? " WHERE key = " : "(key, term, row) VALUES(");
    sql_bind_int(s, t->key);
    sql_put(s, t->remove ? " AND term = " : ", ");
    sql_bind_int(s, t->term);
    sql_put(s, t->remove ? " AND row = " : ", ");
    sql_bind_int(s, t->row);
    if (!t->remove)
        sql_put(s, ")");
}

/* One statement for a run of like changes. */
struct term_writer {
    struct connection *c;
    struct sql *sql;
    sqlite3_stmt *statement;
    uint16_t object;
    bool remove;
};

static enum status term_write(struct term_writer *w, const struct pending_term *t, struct error *e) {
    if (w->statement == NULL || w->object != t->object || w->remove != t->remove) {
        statement_done(w->c, w->statement);
        put_term_statement(w->sql, t);
        enum status st = sql_prepare(w->sql, w->c, &w->statement, e);
        if (st != ST_OK)
            return st;
        w->object = t->object;
        w->remove = t->remove;
    } else {
        (void)sqlite3_reset(w->statement);
        int rc = sqlite3_bind_int64(w->statement, 1, t->key);
        rc = rc != SQLITE_OK ? rc : sqlite3_bind_int64(w->statement, 2, t->term);
        rc = rc != SQLITE_OK ? rc : sqlite3_bind_int64(w->statement, 3, t->row);
        if (rc != SQLITE_OK)
            return connection_failed(w->c, rc, e);
    }
    int rc = sqlite3_step(w->statement);
    return rc == SQLITE_DONE ? ST_OK : connection_failed(w->c, rc, e);
}

void pending_terms_sort(struct pending_terms *p) {
    if (p->count > 1)
        qsort(p->list, p->count, sizeof *p->list, term_compare);
}

enum status pending_terms_write(struct pending_terms *p, struct connection *c, struct sql *s,
                                struct error *e) {
    pending_terms_sort(p);
    struct term_writer w = {.c = c, .sql = s};
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < p->count; i++)
        st = term_write(&w, &p->list[i], e);
    statement_done(c, w.statement);
    pending_terms_clear(p);
    return st;
}

/* ---- postings ---- */

void pending_postings_free(struct pending_postings *p) {
    free(p->list);
    *p = (struct pending_postings){.list = NULL};
}

enum status pending_postings_add(struct pending_postings *p, struct pending_posting posting) {
    void *list = p->list;
    if (p->count == p->room && !list_grow(&list, &p->room, sizeof *p->list))
        return ST_NOMEM;
    p->list = list;
    posting.order = (uint32_t)p->count;
    p->list[p->count++] = posting;
    return ST_OK;
}

static int posting_compare(const void *x, const void *y) {
    const struct pending_posting *a = x, *b = y;
    if (a->object != b->object)
        return ORDER(a->object, b->object);
    if (postings_chunk(a->row) != postings_chunk(b->row))
        return ORDER(a->row, b->row);
    if (a->term != b->term)
        return ORDER(a->term, b->term);
    if (a->row != b->row)
        return ORDER(a->row, b->row);
    return ORDER(a->order, b->order);
}

static bool same_entry(const struct pending_posting *a, const struct pending_posting *b) {
    return a->object == b->object && a->term == b->term && postings_chunk(a->row) == postings_chunk(b->row);
}

struct entry {
    uint8_t add[2 * POSTINGS_ROWS], remove[2 * POSTINGS_ROWS];
    size_t add_n, remove_n;
};

static void entry_put(uint8_t *list, size_t *n, int64_t row) {
    list[(*n)++] = (uint8_t)row;
    list[(*n)++] = (uint8_t)((row & (POSTINGS_ROWS - 1)) >> 8);
}

/* Ascending places of the changes [from, to); the last change of a row is what holds. */
static void entry_make(const struct pending_postings *p, size_t from, size_t to, struct entry *out) {
    out->add_n = out->remove_n = 0;
    for (size_t i = from; i < to; i++) {
        if (i + 1 < to && p->list[i].row == p->list[i + 1].row)
            continue;
        if (p->list[i].remove)
            entry_put(out->remove, &out->remove_n, p->list[i].row);
        else
            entry_put(out->add, &out->add_n, p->list[i].row);
    }
}

static enum status adder_prepare(struct entry_adder *a, uint16_t object, struct error *e) {
    if (a->statement != NULL && a->object == object)
        return ST_OK;
    entry_adder_end(a);
    a->object = object;
    sql_reset(a->sql);
    sql_name(a->sql, "INSERT INTO g_", object);
    sql_put(a->sql, "(chunk, term, rows) VALUES(?, ?, ?) ON CONFLICT(chunk, term)"
                    " DO UPDATE SET rows = kedun_rows_add(rows, excluded.rows)");
    return sql_prepare(a->sql, a->c, &a->statement, e);
}

void entry_adder_end(struct entry_adder *a) {
    statement_done(a->c, a->statement);
    a->statement = NULL;
}

/* A list of more places than a bitmap is long goes in in parts. */
enum status entry_add(struct entry_adder *a, uint16_t object, int64_t chunk, int64_t term,
                      struct slice places, struct error *e) {
    enum status st = adder_prepare(a, object, e);
    found_touch(a->c->found, object, chunk);
    while (st == ST_OK && places.n > 0) {
        struct slice some = slice_of(places.p, places.n < POSTINGS_BYTES / 2 ? places.n : POSTINGS_BYTES / 2);
        places = slice_of(places.p + some.n, places.n - some.n);
        (void)sqlite3_reset(a->statement);
        int rc = sqlite3_bind_int64(a->statement, 1, chunk);
        rc = rc != SQLITE_OK ? rc : sqlite3_bind_int64(a->statement, 2, term);
        rc = rc != SQLITE_OK ? rc : sqlite3_bind_blob64(a->statement, 3, some.p, some.n, SQLITE_STATIC);
        rc = rc != SQLITE_OK ? rc : sqlite3_step(a->statement);
        if (rc != SQLITE_DONE)
            st = connection_failed(a->c, rc, e);
    }
    return st;
}

static enum status entry_statement(const struct pending_posting *f, struct connection *c, struct sql *s,
                                   struct error *e) {
    sql_put(s, " WHERE chunk = ");
    sql_bind_int(s, postings_chunk(f->row));
    sql_put(s, " AND term = ");
    sql_bind_int(s, f->term);
    return sql_execute(s, c, NULL, e);
}

static enum status entry_remove(const struct pending_posting *f, struct slice places, struct connection *c,
                                struct sql *s, struct error *e) {
    found_touch(c->found, f->object, postings_chunk(f->row));
    while (places.n > 0) {
        struct slice some = slice_of(places.p, places.n < POSTINGS_BYTES / 2 ? places.n : POSTINGS_BYTES / 2);
        places = slice_of(places.p + some.n, places.n - some.n);
        sql_reset(s);
        sql_name(s, "UPDATE g_", f->object);
        sql_put(s, " SET rows = kedun_rows_remove(rows, ");
        sql_bind(s, cell_bytes(some));
        sql_put(s, ")");
        enum status st = entry_statement(f, c, s, e);
        if (st != ST_OK)
            return st;
    }
    sql_reset(s);
    sql_name(s, "DELETE FROM g_", f->object);
    sql_put(s, " WHERE length(rows) = 0 AND chunk = ");
    sql_bind_int(s, postings_chunk(f->row));
    sql_put(s, " AND term = ");
    sql_bind_int(s, f->term);
    return sql_execute(s, c, NULL, e);
}

enum status pending_postings_write(struct pending_postings *p, struct connection *c, struct sql *s,
                                   struct error *e) {
    if (p->count > 1)
        qsort(p->list, p->count, sizeof *p->list, posting_compare);
    struct entry *entry = p->count == 0 ? NULL : malloc(sizeof *entry);
    if (p->count > 0 && entry == NULL)
        return ST_NOMEM;
    enum status st = ST_OK;
    struct entry_adder adder = {.c = c, .sql = s};
    for (size_t from = 0, to; st == ST_OK && from < p->count; from = to) {
        to = from + 1;
        while (to < p->count && same_entry(&p->list[from], &p->list[to]))
            to++;
        entry_make(p, from, to, entry);
        if (entry->remove_n > 0)
            st = entry_remove(&p->list[from], slice_of(entry->remove, entry->remove_n), c, s, e);
        if (st == ST_OK && entry->add_n > 0)
            st = entry_add(&adder, p->list[from].object, postings_chunk(p->list[from].row),
                           p->list[from].term, slice_of(entry->add, entry->add_n), e);
    }
    entry_adder_end(&adder);
    free(entry);
    p->count = 0;
    return st;
}
