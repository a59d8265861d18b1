#include "store/sqlite/sql.h"

#include "store/sqlite/judged.h"

#include <stdlib.h>

void sql_init(struct sql *s) {
    *s = (struct sql){.failed = false};
    buf_init(&s->text, SQL_TEXT_MAX, false);
}

void sql_free(struct sql *s) {
    buf_free(&s->text);
    free(s->binds);
    s->binds = NULL;
}

void sql_reset(struct sql *s) {
    buf_reset(&s->text);
    s->bind_count = 0;
    s->failed = false;
}

void sql_number(struct sql *s, uint64_t n) {
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    buf_put(&s->text, digits + at, sizeof digits - at);
}

void sql_name(struct sql *s, const char *prefix, uint16_t object) {
    sql_put(s, prefix);
    sql_number(s, object);
}

static const char *const system_columns[] = {
    [FIELD_ID] = "id",
    [FIELD_OWNER] = "owner",
    [FIELD_DEPARTMENT] = "department",
    [FIELD_BRANCH] = "branch",
    [FIELD_CREATED_AT] = "created_at",
    [FIELD_UPDATED_AT] = "updated_at",
    [FIELD_SUBJECT] = "subject",
    [FIELD_DELETED_AT] = "deleted_at",
    [FIELD_REVISION] = "revision",
    [FIELD_VERSIONS] = "versions",
    [FIELD_SEAL] = "seal",
    [FIELD_JOB] = "job",
    [FIELD_ROW] = "row",
};

void sql_column(struct sql *s, unsigned alias, uint16_t field) {
    if (alias != SQL_NO_ALIAS) {
        sql_put(s, "t");
        sql_number(s, alias);
        sql_put(s, ".");
    }
    if (field <= FIELD_ROW && field > 0) {
        sql_put(s, system_columns[field]);
        return;
    }
    sql_put(s, "f_");
    sql_number(s, field);
}

void sql_bind(struct sql *s, struct cell value) {
    sql_put(s, "?");
    if (s->bind_count == s->bind_room) {
        size_t room = s->bind_room == 0 ? 64 : s->bind_room * 2;
        struct cell *grown = reallocarray(s->binds, room, sizeof *grown);
        if (grown == NULL) {
            s->failed = true;
            return;
        }
        s->binds = grown;
        s->bind_room = room;
    }
    s->binds[s->bind_count++] = value;
}

void sql_bind_int(struct sql *s, int64_t i) {
    sql_bind(s, cell_int(i));
}

/* Null cells of impossible lengths carry pointers. */
#define LENGTH_ROWS   SIZE_MAX
#define LENGTH_JUDGED (SIZE_MAX - 1)

void sql_bind_rows(struct sql *s, const struct row_set *rows) {
    sql_bind(s, (struct cell){.kind = CELL_NULL, .s = {(const uint8_t *)rows, LENGTH_ROWS}});
}

void sql_bind_judged(struct sql *s, const struct judged_ask *ask) {
    sql_bind(s, (struct cell){.kind = CELL_NULL, .s = {(const uint8_t *)ask, LENGTH_JUDGED}});
}

static int bind_pointer(sqlite3_stmt *statement, int at, const struct cell *v) {
    union {
        const uint8_t *in;
        void *out;
    } pointer = {.in = v->s.p}; /* as its function takes it back */
    const char *type = v->s.n == LENGTH_ROWS ? POSTINGS_POINTER : JUDGED_POINTER;
    return sqlite3_bind_pointer(statement, at, pointer.out, type, NULL);
}

int sql_bind_at(sqlite3_stmt *statement, int at, const struct cell *v) {
    switch (v->kind) {
    case CELL_INT:
        return sqlite3_bind_int64(statement, at, v->i);
    case CELL_DOUBLE:
        return sqlite3_bind_double(statement, at, v->d);
    case CELL_TEXT:
        return sqlite3_bind_text64(statement, at, v->s.n == 0 ? "" : (const char *)v->s.p, v->s.n,
                                   SQLITE_STATIC, SQLITE_UTF8);
    case CELL_BYTES:
        return sqlite3_bind_blob64(statement, at, v->s.n == 0 ? "" : (const char *)v->s.p, v->s.n,
                                   SQLITE_STATIC);
    default:
        return v->s.n >= LENGTH_JUDGED ? bind_pointer(statement, at, v) : sqlite3_bind_null(statement, at);
    }
}

enum status sql_prepare(struct sql *s, struct connection *c, sqlite3_stmt **out, struct error *e) {
    *out = NULL;
    if (s->failed || s->text.failed)
        return error_set(e, ST_LIMIT, "query_too_large", "the query is too long to be compiled");
    enum status st = connection_prepare(c, buf_slice(&s->text), out, e);
    if (st != ST_OK)
        return st;
    for (size_t i = 0; i < s->bind_count; i++) {
        int rc = sql_bind_at(*out, (int)i + 1, &s->binds[i]);
        if (rc == SQLITE_OK)
            continue;
        statement_done(c, *out);
        *out = NULL;
        return connection_failed(c, rc, e);
    }
    return ST_OK;
}

enum status sql_execute(struct sql *s, struct connection *c, int *changed, struct error *e) {
    sqlite3_stmt *statement = NULL;
    enum status st = sql_prepare(s, c, &statement, e);
    if (st != ST_OK)
        return st;
    int rc = SQLITE_ROW;
    while (rc == SQLITE_ROW)
        rc = sqlite3_step(statement);
    if (rc == SQLITE_DONE) {
        if (changed != NULL)
            *changed = sqlite3_changes(c->db);
    } else if ((rc & 0xff) == SQLITE_CONSTRAINT) {
        st = error_set(e, ST_CONFLICT, "constraint", "a key is there already");
    } else {
        st = connection_failed(c, rc, e);
    }
    statement_done(c, statement);
    return st;
}
