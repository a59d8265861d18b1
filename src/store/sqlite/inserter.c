#include "store/sqlite/inserter.h"

/* As record/ops.c gives them. */
static const uint16_t system_columns[] = {FIELD_OWNER, FIELD_DEPARTMENT, FIELD_BRANCH,     FIELD_VERSIONS,
                                          FIELD_SEAL,  FIELD_UPDATED_AT, FIELD_CREATED_AT, FIELD_SUBJECT,
                                          FIELD_JOB,   FIELD_DELETED_AT};

void inserter_end(struct inserter *i, struct connection *c) {
    statement_done(c, i->statement);
    i->statement = NULL;
}

static void list_columns(struct inserter *i, const struct object_def *o) {
    i->object = o->id;
    i->count = 0;
    for (size_t k = 0; k < sizeof system_columns / sizeof *system_columns; k++)
        i->columns[i->count++] = system_columns[k];
    for (size_t k = 0; k < o->field_count && i->count < INSERTER_COLUMNS; k++) {
        if (o->fields[k].id >= FIELD_FIRST_OWN)
            i->columns[i->count++] = o->fields[k].id;
    }
}

static void put_values(struct inserter *i, struct sql *s) {
    for (size_t n = 0; n < i->rows; n++) {
        sql_put(s, n == 0 ? "(?, ?, 1" : ", (?, ?, 1");
        for (size_t k = 0; k < i->count; k++)
            sql_put(s, ", ?");
        sql_put(s, ")");
    }
}

static enum status make(struct inserter *i, struct connection *c, struct sql *s, const struct object_def *o,
                        struct error *e) {
    inserter_end(i, c);
    list_columns(i, o);
    sql_reset(s);
    sql_name(s, i->rows > 1 ? "INSERT OR FAIL INTO o_" : "INSERT INTO o_", o->id);
    sql_put(s, "(row, id, revision");
    for (size_t k = 0; k < i->count; k++) {
        sql_put(s, ", ");
        sql_column(s, SQL_NO_ALIAS, i->columns[k]);
    }
    sql_put(s, ") VALUES");
    put_values(i, s);
    return sql_prepare(s, c, &i->statement, e);
}

/* Binds what the op has; false: it has a column that the statement lacks. */
static bool bind_op(struct inserter *i, size_t at, const struct write_op *op, int64_t row, int *rc) {
    struct cell id = cell_bytes(slice_of(op->record.b, sizeof op->record.b)), number = cell_int(row);
    int first = (int)(at * (i->count + 2)) + 1;
    size_t column = 0;
    if (at == 0)
        (void)sqlite3_clear_bindings(i->statement);
    *rc = sql_bind_at(i->statement, first, &number);
    if (*rc == SQLITE_OK)
        *rc = sql_bind_at(i->statement, first + 1, &id);
    for (size_t k = 0; *rc == SQLITE_OK && k < op->column_count; k++) {
        size_t tries = 0; /* columns mostly come in the statement's order */
        for (; tries < i->count && i->columns[column] != op->columns[k]; tries++)
            column = column + 1 == i->count ? 0 : column + 1;
        if (tries == i->count)
            return false;
        *rc = sql_bind_at(i->statement, first + 2 + (int)column, &op->cells[k]);
    }
    return true;
}

/* The definition may have grown since the statement was made. */
enum status inserter_fill(struct inserter *i, struct connection *c, struct sql *s, size_t at,
                          const struct write_op *op, int64_t row, struct error *e) {
    int rc = SQLITE_OK;
    bool made = at > 0;
    enum status st = ST_OK;
    if (at == 0 && (i->statement == NULL || i->object != op->object->id)) {
        st = make(i, c, s, op->object, e);
        made = true;
    }
    if (st == ST_OK && !bind_op(i, at, op, row, &rc)) {
        st = made ? ST_INVALID : make(i, c, s, op->object, e);
        if (st == ST_OK && !bind_op(i, at, op, row, &rc))
            st = ST_INVALID;
    }
    if (st == ST_INVALID)
        return error_set(e, st, "unknown_column", "a column that the object does not have");
    return st == ST_OK && rc != SQLITE_OK ? connection_failed(c, rc, e) : st;
}

enum status inserter_run(struct inserter *i, struct connection *c, struct error *e) {
    enum status st = ST_OK;
    int rc = sqlite3_step(i->statement);
    if ((rc & 0xff) == SQLITE_CONSTRAINT)
        st = error_set(e, ST_CONFLICT, "record_exists", "a record of this id is there already");
    else if (rc != SQLITE_DONE)
        st = connection_failed(c, rc, e);
    (void)sqlite3_reset(i->statement);
    return st;
}
