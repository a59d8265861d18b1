#include "store/sqlite/late.h"

#include <stdlib.h>

#define CELLS_MOST 5
#define BYTES_MOST ((size_t)64 << 20)

struct shape {
    const char *table, *columns, *values;
    size_t cells;
};

static const struct shape shapes[LATE_TABLES] = {
    [LATE_KEY] = {"subject_key", "(subject, wrapped, epoch) VALUES", "(?, ?, ?)", 3},
    [LATE_POSTINGS] = {"p_", "(row, terms) VALUES", "(?, ?)", 2},
    [LATE_HISTORY] = {"h_", "(row, id, at, actor, act, body) VALUES", "(?, 1, ?, ?, ?, ?)", 5},
};

void late_init(struct late *l) {
    *l = (struct late){.one = {.rows = 1}, .some = {.rows = LATE_ROWS}};
    buf_init(&l->bytes, BYTES_MOST, false);
}

void late_free(struct late *l, struct connection *c) {
    inserter_end(&l->one, c);
    inserter_end(&l->some, c);
    for (size_t t = 0; t < LATE_TABLES; t++)
        free(l->lists[t].items);
    buf_free(&l->bytes);
}

void late_clear(struct late *l) {
    for (size_t t = 0; t < LATE_TABLES; t++)
        l->lists[t].count = 0;
    buf_reset(&l->bytes);
}

static enum status put(struct late *l, enum late_table table, struct late_item item, struct error *e) {
    struct late_list *list = &l->lists[table];
    if (list->count == list->room) {
        size_t room = list->room == 0 ? 512 : list->room * 2;
        struct late_item *grown = reallocarray(list->items, room, sizeof *grown);
        if (grown == NULL)
            return error_set(e, ST_NOMEM, "no_memory", "no memory for new rows");
        list->items = grown;
        list->room = room;
    }
    list->items[list->count++] = item;
    return ST_OK;
}

enum status late_put(struct late *l, enum late_table table, const struct write_op *op, int64_t row,
                     struct error *e) {
    return put(l, table, (struct late_item){.op = op, .row = row}, e);
}

enum status late_put_postings(struct late *l, const struct write_op *op, int64_t row, struct slice terms,
                              struct error *e) {
    struct late_item item = {.op = op, .row = row, .at = l->bytes.n, .n = terms.n};
    buf_put(&l->bytes, terms.p, terms.n);
    if (l->bytes.failed)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for search terms");
    return put(l, LATE_POSTINGS, item, e);
}

bool late_any(const struct late *l) {
    bool any = false;
    for (size_t t = 0; t < LATE_TABLES; t++)
        any = any || l->lists[t].count > 0;
    return any;
}

bool late_holds(const struct late *l, uint16_t object, int64_t row) {
    const struct late_list *list = &l->lists[LATE_ROW];
    for (size_t i = list->count; i > 0; i--) {
        if (list->items[i - 1].row == row && list->items[i - 1].op->object->id == object)
            return true;
    }
    return false;
}

/* ---- writing ---- */

static uint16_t object_of(const struct late_item *item) {
    return item->op->object == NULL ? 0 : item->op->object->id;
}

/* Items from `from` on that one statement may write: of one object. */
static size_t together(const struct late_list *list, size_t from, bool any_object) {
    size_t n = 1;
    while (n < LATE_ROWS && from + n < list->count &&
           (any_object || object_of(&list->items[from + n]) == object_of(&list->items[from])))
        n++;
    return n == LATE_ROWS ? n : 1;
}

static enum status write_rows(struct late *l, struct connection *c, struct sql *s, struct error *e) {
    const struct late_list *list = &l->lists[LATE_ROW];
    enum status st = ST_OK;
    for (size_t i = 0, n; st == ST_OK && i < list->count; i += n) {
        n = together(list, i, false);
        struct inserter *to = n == 1 ? &l->one : &l->some;
        for (size_t k = 0; st == ST_OK && k < n; k++)
            st = inserter_fill(to, c, s, k, list->items[i + k].op, list->items[i + k].row, e);
        if (st == ST_OK)
            st = inserter_run(to, c, e);
    }
    return st;
}

static void cells_of(const struct late *l, enum late_table table, const struct late_item *item,
                     struct cell cells[CELLS_MOST]) {
    const struct write_op *op = item->op;
    cells[0] = cell_int(item->row);
    if (table == LATE_KEY) {
        cells[0] = cell_bytes(slice_of(op->record.b, sizeof op->record.b));
        cells[1] = cell_bytes(op->body);
        cells[2] = cell_int((int64_t)op->epoch);
    } else if (table == LATE_POSTINGS) {
        cells[1] = cell_bytes(slice_of(l->bytes.p + item->at, item->n));
    } else {
        cells[1] = cell_int(op->at_ms);
        cells[2] = cell_int(op->actor);
        cells[3] = cell_int(op->act);
        cells[4] = cell_bytes(op->body);
    }
}

static enum status side_make(const struct shape *shape, uint16_t object, size_t rows, struct connection *c,
                             struct sql *s, sqlite3_stmt **out, struct error *e) {
    sql_reset(s);
    sql_put(s, "INSERT OR FAIL INTO ");
    sql_put(s, shape->table);
    if (object != 0)
        sql_number(s, object);
    sql_put(s, shape->columns);
    for (size_t i = 0; i < rows; i++) {
        sql_put(s, i == 0 ? "" : ", ");
        sql_put(s, shape->values);
    }
    return sql_prepare(s, c, out, e);
}

static enum status side_run(const struct late *l, enum late_table table, size_t from, size_t n,
                            sqlite3_stmt *statement, struct connection *c, struct error *e) {
    int rc = SQLITE_OK, at = 1;
    for (size_t i = from; i < from + n; i++) {
        struct cell cells[CELLS_MOST];
        cells_of(l, table, &l->lists[table].items[i], cells);
        for (size_t k = 0; rc == SQLITE_OK && k < shapes[table].cells; k++)
            rc = sql_bind_at(statement, at++, &cells[k]);
    }
    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement);
    (void)sqlite3_reset(statement);
    if ((rc & 0xff) == SQLITE_CONSTRAINT)
        return error_set(e, ST_CONFLICT, "constraint", "a key is there already");
    return rc == SQLITE_DONE ? ST_OK : connection_failed(c, rc, e);
}

static enum status write_side(const struct late *l, enum late_table table, struct connection *c,
                              struct sql *s, struct error *e) {
    const struct late_list *list = &l->lists[table];
    sqlite3_stmt *statement = NULL;
    uint16_t made_for = 0;
    size_t made_rows = 0;
    enum status st = ST_OK;
    for (size_t i = 0, n; st == ST_OK && i < list->count; i += n) {
        uint16_t object = table == LATE_KEY ? 0 : object_of(&list->items[i]);
        n = together(list, i, table == LATE_KEY);
        if (statement == NULL || made_for != object || made_rows != n) {
            statement_done(c, statement);
            statement = NULL;
            st = side_make(&shapes[table], object, n, c, s, &statement, e);
            made_for = object;
            made_rows = n;
        }
        if (st == ST_OK)
            st = side_run(l, table, i, n, statement, c, e);
    }
    statement_done(c, statement);
    return st;
}

enum status late_write(struct late *l, struct connection *c, struct sql *s, struct error *e) {
    if (!late_any(l))
        return ST_OK;
    enum status st = write_rows(l, c, s, e);
    for (enum late_table t = LATE_KEY; st == ST_OK && t < LATE_TABLES; t++)
        st = write_side(l, t, c, s, e);
    l->failed = l->failed || st != ST_OK;
    late_clear(l);
    return st;
}
