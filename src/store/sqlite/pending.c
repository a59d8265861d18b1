#include "store/sqlite/pending.h"

#include "store/sqlite/tokens.h"

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

/* ---- exact, ending and word terms ---- */

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

enum status pending_terms_write(struct pending_terms *p, struct connection *c, struct sql *s,
                                struct error *e) {
    if (p->count > 1)
        qsort(p->list, p->count, sizeof *p->list, term_compare);
    struct term_writer w = {.c = c, .sql = s};
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < p->count; i++)
        st = term_write(&w, &p->list[i], e);
    statement_done(c, w.statement);
    pending_terms_clear(p);
    return st;
}

/* ---- fragments ---- */

void pending_fragments_free(struct pending_fragments *p) {
    free(p->list);
    *p = (struct pending_fragments){.list = NULL};
}

enum status pending_fragments_add(struct pending_fragments *p, struct pending_fragment fragment) {
    void *list = p->list;
    if (p->count == p->room && !list_grow(&list, &p->room, sizeof *p->list))
        return ST_NOMEM;
    p->list = list;
    fragment.order = (uint32_t)p->count;
    p->list[p->count++] = fragment;
    return ST_OK;
}

static int fragment_compare(const void *x, const void *y) {
    const struct pending_fragment *a = x, *b = y;
    if (a->object != b->object)
        return ORDER(a->object, b->object);
    if (a->row != b->row)
        return ORDER(a->row, b->row);
    if (a->field != b->field)
        return ORDER(a->field, b->field);
    if (a->term != b->term)
        return ORDER(a->term, b->term);
    return ORDER(a->order, b->order);
}

static bool same_fragment(const struct pending_fragment *a, const struct pending_fragment *b) {
    return a->object == b->object && a->row == b->row && a->field == b->field && a->term == b->term;
}

static enum status words_write(struct connection *c, struct sql *s, uint16_t object, int64_t row,
                               struct slice words, bool remove, struct error *e) {
    sql_reset(s);
    sql_name(s, "INSERT INTO g_", object);
    if (remove) {
        sql_name(s, "(g_", object);
        sql_put(s, ", rowid, text) VALUES('delete', ");
    } else {
        sql_put(s, "(rowid, text) VALUES(");
    }
    sql_bind_int(s, row);
    sql_put(s, ", ");
    sql_bind(s, cell_text(words));
    sql_put(s, ")");
    return sql_execute(s, c, NULL, e);
}

struct row_words {
    struct buf add, remove;
};

static void word_put(struct buf *out, const struct pending_fragment *f) {
    uint8_t word[TOKEN_SIZE];
    token_write(f->field, f->term, word);
    buf_put(out, word, sizeof word);
}

/* The changes [from, to) of one row; the last change of a term is what holds. A removal is always followed by
 * an insertion: FTS5 counts rows both ways and takes a count below zero for damage. */
static enum status row_write(struct pending_fragments *p, size_t from, size_t to, struct row_words *words,
                             struct connection *c, struct sql *s, struct error *e) {
    buf_reset(&words->add);
    buf_reset(&words->remove);
    for (size_t i = from; i < to; i++) {
        if (i + 1 < to && same_fragment(&p->list[i], &p->list[i + 1]))
            continue;
        word_put(p->list[i].remove ? &words->remove : &words->add, &p->list[i]);
    }
    if (words->remove.n > 0 && words->add.n == 0)
        buf_put_string(&words->add, TOKEN_NONE);
    if (words->add.failed || words->remove.failed)
        return ST_NOMEM;
    uint16_t object = p->list[from].object;
    enum status st = ST_OK;
    if (words->remove.n > 0)
        st = words_write(c, s, object, p->list[from].row, buf_slice(&words->remove), true, e);
    if (st == ST_OK && words->add.n > 0)
        st = words_write(c, s, object, p->list[from].row, buf_slice(&words->add), false, e);
    return st;
}

enum status pending_fragments_write(struct pending_fragments *p, struct connection *c, struct sql *s,
                                    struct error *e) {
    if (p->count > 1)
        qsort(p->list, p->count, sizeof *p->list, fragment_compare);
    struct row_words words;
    buf_init(&words.add, LIST_MAX * TOKEN_SIZE, false);
    buf_init(&words.remove, LIST_MAX * TOKEN_SIZE, false);
    enum status st = ST_OK;
    for (size_t from = 0, to; st == ST_OK && from < p->count; from = to) {
        to = from + 1;
        while (to < p->count && p->list[to].object == p->list[from].object &&
               p->list[to].row == p->list[from].row)
            to++;
        st = row_write(p, from, to, &words, c, s, e);
    }
    buf_free(&words.add);
    buf_free(&words.remove);
    p->count = 0;
    return st;
}
