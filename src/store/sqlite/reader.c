#include "store/sqlite/reader.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdlib.h>

void store_reader_close(struct store_reader *r) {
    if (r == NULL)
        return;
    store_snapshot_end(r);
    sql_free(&r->sql);
    connection_close(r->c);
    free(r);
}

void store_reader_deadline(struct store_reader *r, uint32_t ms) {
    r->deadline_ms = ms;
}

static void leave(struct store_reader *r) {
    struct error e;
    if (connection_run(r->c, "COMMIT", &e) != ST_OK)
        log_error("store: a read transaction did not end: %s", e.detail);
}

enum status reader_begin(struct store_reader *r, struct error *e) {
    r->c->deadline_ns = 0;
    enum status st = r->snapshot ? ST_OK : connection_run(r->c, "BEGIN", e);
    r->c->deadline_ns = clock_monotonic_ns() + (int64_t)r->deadline_ms * 1000000;
    return st;
}

void reader_end(struct store_reader *r) {
    r->c->deadline_ns = 0;
    if (!r->snapshot)
        leave(r);
}

/* BEGIN alone takes no snapshot: the first read does. */
enum status store_snapshot(struct store_reader *r, struct error *e) {
    if (r->snapshot)
        return error_set(e, ST_INTERNAL, "store_internal", "a snapshot is open already");
    enum status st = connection_run(r->c, "BEGIN", e);
    if (st != ST_OK)
        return st;
    st = connection_run(r->c, "SELECT value FROM meta LIMIT 1", e);
    if (st != ST_OK) {
        leave(r);
        return st;
    }
    r->snapshot = true;
    return ST_OK;
}

void store_snapshot_end(struct store_reader *r) {
    if (!r->snapshot)
        return;
    r->snapshot = false;
    leave(r);
}

bool reader_step(struct store_reader *r, sqlite3_stmt *s, enum status *st, struct error *e) {
    int rc = sqlite3_step(s);
    if (rc == SQLITE_ROW)
        return true;
    if (rc != SQLITE_DONE)
        *st = connection_failed(r->c, rc, e);
    return false;
}

/* One allocation for the texts and blobs of a row. */
static size_t row_bytes(sqlite3_stmt *s, int from, size_t count) {
    size_t total = 0;
    for (size_t i = 0; i < count; i++) {
        int type = sqlite3_column_type(s, from + (int)i);
        if (type == SQLITE_TEXT || type == SQLITE_BLOB)
            total += (size_t)sqlite3_column_bytes(s, from + (int)i);
    }
    return total;
}

static void read_cell(sqlite3_stmt *s, int column, uint8_t **at, struct cell *out) {
    int type = sqlite3_column_type(s, column);
    switch (type) {
    case SQLITE_INTEGER:
        *out = cell_int(sqlite3_column_int64(s, column));
        return;
    case SQLITE_FLOAT:
        *out = (struct cell){.kind = CELL_DOUBLE, .d = sqlite3_column_double(s, column)};
        return;
    case SQLITE_TEXT:
    case SQLITE_BLOB:
        break;
    default:
        *out = cell_null();
        return;
    }
    const void *from =
        type == SQLITE_TEXT ? (const void *)sqlite3_column_text(s, column) : sqlite3_column_blob(s, column);
    size_t n = (size_t)sqlite3_column_bytes(s, column);
    if (n > 0)
        memcpy(*at, from, n);
    *out = (struct cell){.kind = type == SQLITE_TEXT ? CELL_TEXT : CELL_BYTES, .s = slice_of(*at, n)};
    *at += n;
}

enum status reader_cells(sqlite3_stmt *s, int from, size_t count, struct arena *arena, struct cell **out) {
    struct cell *cells = arena_array(arena, count, sizeof *cells);
    uint8_t *bytes = arena_alloc(arena, row_bytes(s, from, count));
    if (cells == NULL || bytes == NULL)
        return ST_NOMEM;
    for (size_t i = 0; i < count; i++)
        read_cell(s, from + (int)i, &bytes, &cells[i]);
    *out = cells;
    return ST_OK;
}

enum status reader_slice_of(sqlite3_stmt *s, int column, struct arena *arena, struct slice *out) {
    const void *from = sqlite3_column_blob(s, column);
    size_t n = (size_t)sqlite3_column_bytes(s, column);
    *out = arena_copy(arena, slice_of(from, from == NULL ? 0 : n));
    return out->p == NULL ? ST_NOMEM : ST_OK;
}
