#include "store/sqlite/schema.h"

#include "store/sqlite/pending.h"

const uint16_t schema_scopes[SCHEMA_SCOPES] = {0, FIELD_OWNER, FIELD_DEPARTMENT, FIELD_BRANCH};

static const struct field_def *field_by_id(const struct object_def *o, uint16_t id) {
    for (size_t i = 0; i < o->field_count; i++) {
        if (o->fields[i].id == id)
            return &o->fields[i];
    }
    return NULL;
}

size_t schema_sorts(const struct object_def *o, uint16_t out[2]) {
    out[0] = FIELD_CREATED_AT;
    uint16_t own = o->default_sort_field;
    const struct field_def *f = field_by_id(o, own);
    bool sortable = own == FIELD_UPDATED_AT || (own >= FIELD_FIRST_OWN && f != NULL && !field_is_sealed(f));
    if (!sortable)
        return 1;
    out[1] = own;
    return 2;
}

bool schema_is_reference(const struct object_def *o, uint16_t field) {
    const struct field_def *f = field < FIELD_FIRST_OWN ? NULL : field_by_id(o, field);
    return f != NULL && f->type == VALUE_REFERENCE;
}

void schema_index_name(struct sql *s, uint16_t object, uint16_t scope, uint16_t sort) {
    sql_name(s, "i_", object);
    sql_name(s, "_", scope);
    sql_name(s, "_", sort);
}

/* ---- making ---- */

static enum status run_and_reset(struct sql *s, struct connection *c, struct error *e) {
    enum status st = sql_execute(s, c, NULL, e);
    sql_reset(s);
    return st;
}

static const char *const base_tables[] = {
    "CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS subject_key(subject BLOB PRIMARY KEY, wrapped BLOB NOT NULL,"
    " epoch INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS idempotency(key BLOB PRIMARY KEY, actor INTEGER NOT NULL,"
    " object INTEGER NOT NULL, record BLOB NOT NULL, at INTEGER NOT NULL, body BLOB) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS idempotency_at ON idempotency(at)",
    "CREATE TABLE IF NOT EXISTS intent(id INTEGER PRIMARY KEY)",
    "CREATE TABLE IF NOT EXISTS item(kind BLOB NOT NULL, key BLOB NOT NULL, owner INTEGER NOT NULL,"
    " at INTEGER NOT NULL, body BLOB, PRIMARY KEY(kind, key)) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS item_owner ON item(kind, owner, key)",
};

static enum status make_base(struct connection *c, struct error *e) {
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < sizeof base_tables / sizeof *base_tables; i++)
        st = connection_run(c, base_tables[i], e);
    return st;
}

/* A file of a later format is refused before anything in it is touched. */
static enum status check_format(struct connection *c, int64_t *format, struct error *e) {
    sqlite3_stmt *s = NULL;
    enum status st = connection_prepare(c, SLICE("SELECT value FROM meta WHERE key = 'format'"), &s, e);
    if (st != ST_OK)
        return st;
    int rc = sqlite3_step(s);
    *format = rc == SQLITE_ROW ? sqlite3_column_int64(s, 0) : SCHEMA_FORMAT;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        st = connection_failed(c, rc, e);
    statement_done(c, s);
    if (st == ST_OK && *format > SCHEMA_FORMAT)
        return error_set(e, ST_INVALID, "store_newer", "the database was written by a newer version");
    if (st == ST_OK && rc == SQLITE_DONE)
        st = connection_run(c, "INSERT INTO meta(key, value) VALUES('format', 3)", e);
    return st;
}

/* ---- from format 1 ---- */

#define MOVE_MOST 1000000 /* postings gathered at once */

static enum status move_some(struct connection *c, struct sql *s, const struct object_def *o,
                             struct pending_postings *p, struct error *e) {
    sqlite3_stmt *statement = NULL;
    sql_reset(s);
    sql_name(s, "DELETE FROM x_", o->id);
    sql_put(s, " WHERE (key, term, row) IN (SELECT key, term, row FROM x_");
    sql_number(s, o->id);
    sql_put(s, " WHERE key & 255 <> ");
    sql_bind_int(s, SEARCH_EXACT);
    sql_put(s, " LIMIT ");
    sql_bind_int(s, MOVE_MOST);
    sql_put(s, ") RETURNING key, term, row");
    enum status st = sql_prepare(s, c, &statement, e);
    int rc = SQLITE_DONE;
    while (st == ST_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        uint16_t field = (uint16_t)(sqlite3_column_int64(statement, 0) >> 8);
        uint64_t term = (uint64_t)sqlite3_column_int64(statement, 1);
        st = pending_postings_add(p, (struct pending_posting){.object = o->id,
                                                              .row = sqlite3_column_int64(statement, 2),
                                                              .term = postings_term(field, term)});
    }
    if (st == ST_OK && rc != SQLITE_DONE)
        st = connection_failed(c, rc, e);
    if (statement != NULL)
        statement_done(c, statement);
    return st;
}

/* Endings and words become postings. */
static enum status move_terms(struct connection *c, struct sql *s, const struct object_def *o,
                              struct error *e) {
    struct pending_postings p = {.list = NULL};
    enum status st = ST_OK;
    size_t moved = MOVE_MOST;
    while (st == ST_OK && moved == MOVE_MOST) {
        st = move_some(c, s, o, &p, e);
        moved = p.count;
        if (st == ST_OK)
            st = pending_postings_write(&p, c, s, e);
    }
    pending_postings_free(&p);
    sql_reset(s);
    return st;
}

static void put_table_of_rows(struct sql *s, const struct object_def *o) {
    sql_name(s, "CREATE TABLE IF NOT EXISTS o_", o->id);
    sql_put(s, "(row INTEGER PRIMARY KEY, id BLOB NOT NULL, owner INTEGER, department INTEGER,"
               " branch INTEGER, created_at INTEGER NOT NULL, updated_at INTEGER, subject BLOB,"
               " deleted_at INTEGER, revision INTEGER NOT NULL, versions BLOB, seal BLOB, job)");
}

static enum status make_tables(struct connection *c, struct sql *s, const struct object_def *o,
                               struct error *e) {
    put_table_of_rows(s, o);
    enum status st = run_and_reset(s, c, e);
    if (st != ST_OK)
        return st;
    sql_name(s, "CREATE TABLE IF NOT EXISTS x_", o->id);
    sql_put(s, "(key INTEGER NOT NULL, term INTEGER NOT NULL, row INTEGER NOT NULL,"
               " PRIMARY KEY(key, term, row)) WITHOUT ROWID");
    st = run_and_reset(s, c, e);
    if (st != ST_OK)
        return st;
    sql_name(s, "CREATE TABLE IF NOT EXISTS g_", o->id);
    sql_put(s, "(chunk INTEGER NOT NULL, term INTEGER NOT NULL, rows BLOB NOT NULL,"
               " PRIMARY KEY(chunk, term)) WITHOUT ROWID");
    st = run_and_reset(s, c, e);
    if (st != ST_OK)
        return st;
    sql_name(s, "CREATE TABLE IF NOT EXISTS p_", o->id);
    sql_put(s, "(row INTEGER PRIMARY KEY, terms BLOB NOT NULL)");
    st = run_and_reset(s, c, e);
    if (st != ST_OK)
        return st;
    sql_name(s, "CREATE TABLE IF NOT EXISTS y_", o->id);
    sql_put(s, "(first INTEGER PRIMARY KEY, last INTEGER NOT NULL, terms BLOB NOT NULL)");
    st = run_and_reset(s, c, e);
    if (st != ST_OK)
        return st;
    sql_name(s, "CREATE TABLE IF NOT EXISTS h_", o->id);
    sql_put(s, "(row INTEGER NOT NULL, id INTEGER NOT NULL, at INTEGER NOT NULL, actor INTEGER NOT NULL,"
               " act INTEGER NOT NULL, body BLOB, PRIMARY KEY(row, id)) WITHOUT ROWID");
    return run_and_reset(s, c, e);
}

/* Columns keep whatever kind of value they are given: no affinity. */
static enum status make_columns(struct connection *c, struct sql *s, const struct object_def *o,
                                struct error *e) {
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < o->field_count; i++) {
        if (o->fields[i].id < FIELD_FIRST_OWN)
            continue;
        char table[16], column[16];
        (void)snprintf(table, sizeof table, "o_%u", o->id);
        (void)snprintf(column, sizeof column, "f_%u", o->fields[i].id);
        if (sqlite3_table_column_metadata(c->db, NULL, table, column, NULL, NULL, NULL, NULL, NULL) ==
            SQLITE_OK)
            continue;
        sql_name(s, "ALTER TABLE o_", o->id);
        sql_put(s, " ADD COLUMN ");
        sql_column(s, SQL_NO_ALIAS, o->fields[i].id);
        st = run_and_reset(s, c, e);
    }
    return st;
}

static enum status make_scope_index(struct connection *c, struct sql *s, const struct object_def *o,
                                    uint16_t scope, uint16_t sort, struct error *e) {
    sql_put(s, "CREATE INDEX IF NOT EXISTS ");
    schema_index_name(s, o->id, scope, sort);
    sql_name(s, " ON o_", o->id);
    sql_put(s, "(");
    if (scope != 0) {
        sql_column(s, SQL_NO_ALIAS, scope);
        sql_put(s, ", ");
    }
    if (sort != FIELD_ID) {
        sql_column(s, SQL_NO_ALIAS, sort);
        sql_put(s, ", ");
    }
    sql_put(s, scope == 0 ? "id, owner, department, branch, deleted_at)" : "id, deleted_at)");
    if (scope < FIELD_FIRST_OWN)
        sql_put(s, " WHERE deleted_at IS NULL");
    return run_and_reset(s, c, e);
}

static enum status make_fixed_indexes(struct connection *c, struct sql *s, const struct object_def *o,
                                      struct error *e) {
    static const char *const shapes[][2] = {
        {"CREATE UNIQUE INDEX IF NOT EXISTS u_", "(id)"},
        {"CREATE INDEX IF NOT EXISTS d_", "(deleted_at, id) WHERE deleted_at IS NOT NULL"},
        {"CREATE INDEX IF NOT EXISTS n_", "(job, id) WHERE job IS NOT NULL"},
        {"CREATE INDEX IF NOT EXISTS s_", "(subject) WHERE subject IS NOT NULL AND subject <> id"},
    };
    sql_name(s, "DROP INDEX IF EXISTS j_", o->id); /* by job alone, as it was once */
    enum status st = run_and_reset(s, c, e);
    for (size_t i = 0; st == ST_OK && i < sizeof shapes / sizeof *shapes; i++) {
        sql_name(s, shapes[i][0], o->id);
        sql_name(s, " ON o_", o->id);
        sql_put(s, shapes[i][1]);
        st = run_and_reset(s, c, e);
    }
    return st;
}

static enum status make_indexes(struct connection *c, struct sql *s, const struct object_def *o,
                                struct error *e) {
    enum status st = make_fixed_indexes(c, s, o, e);
    uint16_t sorts[2];
    size_t n = schema_sorts(o, sorts);
    for (size_t i = 0; st == ST_OK && i < n * SCHEMA_SCOPES; i++)
        st = make_scope_index(c, s, o, schema_scopes[i % SCHEMA_SCOPES], sorts[i / SCHEMA_SCOPES], e);
    for (size_t i = 1; st == ST_OK && i < SCHEMA_SCOPES; i++)
        st = make_scope_index(c, s, o, schema_scopes[i], FIELD_ID, e);
    for (size_t i = 0; st == ST_OK && i < o->field_count; i++) {
        if (schema_is_reference(o, o->fields[i].id))
            st = make_scope_index(c, s, o, o->fields[i].id, FIELD_CREATED_AT, e);
    }
    return st;
}

static enum status make_all(struct connection *c, const struct object_set *objects, struct error *e) {
    struct sql s;
    sql_init(&s);
    int64_t format = SCHEMA_FORMAT;
    enum status st = make_base(c, e);
    if (st == ST_OK)
        st = check_format(c, &format, e);
    for (size_t i = 0; st == ST_OK && i < objects->count; i++) {
        const struct object_def *o = objects->objects[i];
        st = make_tables(c, &s, o, e);
        if (st == ST_OK)
            st = make_columns(c, &s, o, e);
        if (st == ST_OK)
            st = make_indexes(c, &s, o, e);
        if (st == ST_OK && format == 1)
            st = move_terms(c, &s, o, e);
    }
    if (st == ST_OK && format < SCHEMA_FORMAT)
        st = connection_run(c, "UPDATE meta SET value = 3 WHERE key = 'format'", e);
    sql_free(&s);
    return st;
}

enum status schema_apply(struct connection *c, const struct object_set *objects, struct error *e) {
    enum status st = connection_run(c, "BEGIN IMMEDIATE", e);
    if (st != ST_OK)
        return st;
    st = make_all(c, objects, e);
    if (st == ST_OK)
        st = connection_run(c, "COMMIT", e);
    if (st != ST_OK && sqlite3_get_autocommit(c->db) == 0) {
        struct error ignored;
        if (connection_run(c, "ROLLBACK", &ignored) != ST_OK)
            return st;
    }
    return st;
}
