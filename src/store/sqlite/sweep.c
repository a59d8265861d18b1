#include "store/sqlite/sweep.h"

#include "store/sqlite/kept.h"
#include "store/sqlite/schema.h"

#include <endian.h>

void sweep_id(const uint8_t bytes[16], uint64_t id[2]) {
    memcpy(id, bytes, 16);
    id[0] = be64toh(id[0]);
    id[1] = be64toh(id[1]);
}

static void id_write(const uint64_t id[2], uint8_t bytes[16]) {
    const uint64_t words[2] = {htobe64(id[0]), htobe64(id[1])};
    memcpy(bytes, words, 16);
}

static int64_t number_at(sqlite3_stmt *s, int column) {
    return sqlite3_column_type(s, column) == SQLITE_INTEGER ? sqlite3_column_int64(s, column) : FACT_NOBODY;
}

enum status sweep_fact(sqlite3_stmt *s, struct fact *out, struct error *e) {
    const void *id = sqlite3_column_blob(s, 0);
    if (id == NULL || sqlite3_column_bytes(s, 0) != 16)
        return error_set(e, ST_CORRUPT, "store_corrupt", "a record has no id");
    sweep_id(id, out->id);
    out->created_at = sqlite3_column_int64(s, 1);
    out->owner = number_at(s, 2);
    out->department = number_at(s, 3);
    out->branch = number_at(s, 4);
    out->alive = sqlite3_column_type(s, 5) == SQLITE_NULL;
    return ST_OK;
}

static enum status prepare(struct store_reader *r, uint16_t object, const struct fact *from,
                           const uint8_t id[16], size_t most, sqlite3_stmt **s, struct error *e) {
    struct sql *sql = &r->sql;
    sql_reset(sql);
    sql_put(sql, "SELECT " SWEEP_COLUMNS);
    sql_name(sql, " FROM o_", object);
    sql_put(sql, " INDEXED BY ");
    schema_index_name(sql, object, 0, FIELD_CREATED_AT);
    sql_put(sql, " WHERE deleted_at IS NULL AND (created_at, id) > (");
    sql_bind_int(sql, from->created_at);
    sql_put(sql, ", ");
    sql_bind(sql, cell_bytes(slice_of(id, 16)));
    sql_put(sql, ") ORDER BY created_at, id LIMIT ");
    sql_bind_int(sql, (int64_t)most);
    return sql_prepare(sql, r->c, s, e);
}

enum status sweep_rows(struct store_reader *r, uint16_t object, struct fact *at, size_t most, size_t *n,
                       struct error *e) {
    struct facts_view v = facts_look(r->facts, object, kept_now(r->kept));
    sqlite3_stmt *s = NULL;
    uint8_t id[16];
    id_write(at->id, id);
    *n = 0;
    reader_begin_one(r);
    enum status st = prepare(r, object, at, id, most, &s, e);
    while (st == ST_OK && reader_step(r, s, &st, e)) {
        st = sweep_fact(s, at, e);
        if (st == ST_OK)
            facts_learn(&v, sqlite3_column_int64(s, SWEEP_ROW), at);
        ++*n;
    }
    statement_done(r->c, s);
    reader_end(r);
    return st;
}
