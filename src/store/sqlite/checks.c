#include "store/sqlite/apply.h"
#include "store/sqlite/compile.h"

#include <stdio.h>

#define HOLDERS_MAX 64 /* of one value: more are only possible beyond the writer's scope */

/* Rows that hold the term, as they stand after the ops before this one. */
struct holders {
    int64_t rows[HOLDERS_MAX];
    size_t count;
};

static bool holders_have(const struct holders *h, int64_t row) {
    for (size_t i = 0; i < h->count; i++) {
        if (h->rows[i] == row)
            return true;
    }
    return false;
}

static void holders_add(struct holders *h, int64_t row) {
    if (h->count < HOLDERS_MAX && !holders_have(h, row))
        h->rows[h->count++] = row;
}

/* What the set's own changes, newest first, say about one row: 1 holds, 0 does not, -1 nothing. */
static int pending_says(const struct pending_terms *p, uint16_t object, int64_t key, int64_t term,
                        int64_t row) {
    uint32_t at = pending_terms_find(p, object, key, term, 0);
    for (; at != 0; at = pending_terms_find(p, object, key, term, at)) {
        if (p->list[at - 1].row == row)
            return p->list[at - 1].remove ? 0 : 1;
    }
    return -1;
}

static void holders_of_set(const struct pending_terms *p, uint16_t object, int64_t key, int64_t term,
                           struct holders *out) {
    uint32_t at = pending_terms_find(p, object, key, term, 0);
    for (; at != 0; at = pending_terms_find(p, object, key, term, at)) {
        int64_t row = p->list[at - 1].row;
        if (pending_says(p, object, key, term, row) == 1)
            holders_add(out, row);
    }
}

/* Before any change of a row's terms they have left. */
static void holders_of_young(const struct apply *a, uint16_t object, int64_t key, int64_t term,
                             struct holders *out) {
    const struct pending_terms *y = &a->young.terms;
    uint32_t at = pending_terms_find(y, object, key, term, 0);
    for (; at != 0; at = pending_terms_find(y, object, key, term, at))
        holders_add(out, y->list[at - 1].row);
}

static enum status holders_find(struct apply *a, const struct write_op *op, struct holders *out) {
    struct sql *s = &a->sql;
    int64_t key = compile_term_key(op->terms[0].field, op->terms[0].search);
    int64_t term = (int64_t)op->terms[0].term;
    uint16_t object = op->object->id;
    holders_of_set(&a->terms, object, key, term, out);
    holders_of_young(a, object, key, term, out);
    sql_reset(s);
    sql_name(s, "SELECT row FROM x_", object);
    sql_put(s, " WHERE key = ");
    sql_bind_int(s, key);
    sql_put(s, " AND term = ");
    sql_bind_int(s, term);
    sql_put(s, " LIMIT 64");
    sqlite3_stmt *statement = NULL;
    enum status st = sql_prepare(s, a->c, &statement, a->e);
    if (st != ST_OK)
        return st;
    int rc;
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
        int64_t row = sqlite3_column_int64(statement, 0);
        if (pending_says(&a->terms, object, key, term, row) != 0)
            holders_add(out, row);
    }
    if (rc != SQLITE_DONE)
        st = connection_failed(a->c, rc, a->e);
    statement_done(a->c, statement);
    return st;
}

struct holder {
    struct uuid record;
    bool there, visible;
};

/* Who a row is, and whether the writer may know of it. */
static enum status holder_look(struct apply *a, const struct write_op *op, int64_t row, struct holder *out) {
    struct sql *s = &a->sql;
    enum status st = late_holds(&a->late, op->object->id, row) ? apply_late(a) : ST_OK;
    if (st != ST_OK)
        return st;
    sql_reset(s);
    sql_put(s, "SELECT t0.id, (");
    st = op->filter == NULL ? ST_OK : compile_pred(s, op->object->id, 0, op->filter, TERMS_PROBED, a->e);
    if (st != ST_OK)
        return st;
    if (op->filter == NULL)
        sql_put(s, "1");
    sql_name(s, ") IS TRUE FROM o_", op->object->id);
    sql_put(s, " t0 WHERE t0.row = ");
    sql_bind_int(s, row);
    sqlite3_stmt *statement = NULL;
    st = sql_prepare(s, a->c, &statement, a->e);
    if (st != ST_OK)
        return st;
    int rc = sqlite3_step(statement);
    out->there = rc == SQLITE_ROW && sqlite3_column_bytes(statement, 0) == sizeof out->record.b;
    if (out->there) {
        memcpy(out->record.b, sqlite3_column_blob(statement, 0), sizeof out->record.b);
        out->visible = sqlite3_column_int(statement, 1) != 0;
    }
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        st = connection_failed(a->c, rc, a->e);
    statement_done(a->c, statement);
    return st;
}

static enum status queue_steward(struct apply *a, const struct write_op *op, const struct uuid *other) {
    char key[2 * UUID_TEXT + 32], one[UUID_TEXT + 1], two[UUID_TEXT + 1];
    uuid_format(&op->record, one);
    uuid_format(other, two);
    int n = snprintf(key, sizeof key, "%u/%u/%s/%s", op->object->id, op->terms[0].field, one, two);
    if (n < 0 || (size_t)n >= sizeof key)
        return ST_INTERNAL;
    struct write_op item = {.kind = WRITE_ITEM,
                            .item_kind = SLICE(STORE_ITEM_UNIQUE),
                            .key = slice_of(key, (size_t)n),
                            .at_ms = op->at_ms};
    enum status st = apply_side(a, &item);
    if (st == ST_OK)
        a->result->steward_items++;
    return st;
}

enum status apply_unique(struct apply *a, const struct write_op *op) {
    if (op->term_count != 1 || op->terms == NULL || postings_keep(op->terms[0].search))
        return error_set(a->e, ST_INVALID, "write_malformed", "a uniqueness check needs one exact term");
    struct holders holders = {.count = 0};
    enum status st = holders_find(a, op, &holders);
    for (size_t i = 0; st == ST_OK && i < holders.count; i++) {
        struct holder h = {.there = false};
        st = holder_look(a, op, holders.rows[i], &h);
        if (st != ST_OK || !h.there || uuid_equal(&h.record, &op->record))
            continue;
        if (!h.visible) {
            st = queue_steward(a, op, &h.record);
            continue;
        }
        char field[ERROR_FIELD_MAX];
        (void)snprintf(field, sizeof field, "%.*s", (int)op->key.n,
                       op->key.n == 0 ? "" : (const char *)op->key.p);
        st = error_field(a->e, ST_CONFLICT, "not_unique", field, "another record has this value");
    }
    return st;
}

enum status apply_exists(struct apply *a, const struct write_op *op) {
    struct sql *s = &a->sql;
    enum status st = apply_late(a);
    if (st != ST_OK)
        return st;
    sql_reset(s);
    sql_name(s, "SELECT 1 FROM o_", op->object->id);
    sql_put(s, " t0 WHERE t0.id = ");
    sql_bind(s, cell_bytes(slice_of(op->record.b, sizeof op->record.b)));
    sql_put(s, " AND t0.deleted_at IS NULL AND ");
    st = op->filter == NULL ? ST_OK : compile_pred(s, op->object->id, 0, op->filter, TERMS_PROBED, a->e);
    if (op->filter == NULL)
        sql_put(s, "1");
    sqlite3_stmt *statement = NULL;
    if (st == ST_OK)
        st = sql_prepare(s, a->c, &statement, a->e);
    if (st != ST_OK)
        return st;
    int rc = sqlite3_step(statement);
    if (rc == SQLITE_DONE) {
        st = error_set(a->e, ST_CONFLICT, "reference_missing", "the record that is referred to is not there");
    } else if (rc != SQLITE_ROW) {
        st = connection_failed(a->c, rc, a->e);
    }
    statement_done(a->c, statement);
    return st;
}
