#include "store/sqlite/reader.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/sqlite/found.h"
#include "store/sqlite/kept.h"

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
    if (!r->snapshot && r->found != NULL)
        r->found_now = found_now(r->found);
    enum status st = r->snapshot ? ST_OK : connection_run(r->c, "BEGIN", e);
    r->c->deadline_ns = clock_monotonic_ns() + (int64_t)r->deadline_ms * 1000000;
    return st;
}

void reader_begin_one(struct store_reader *r) {
    r->one = !r->snapshot;
    r->c->deadline_ns = clock_monotonic_ns() + (int64_t)r->deadline_ms * 1000000;
}

void reader_end(struct store_reader *r) {
    r->c->deadline_ns = 0;
    if (!r->snapshot && !r->one)
        leave(r);
    r->one = false;
}

/* BEGIN alone takes no snapshot: the first read does. */
enum status store_snapshot(struct store_reader *r, struct error *e) {
    if (r->snapshot)
        return error_set(e, ST_INTERNAL, "store_internal", "a snapshot is open already");
    r->found_now = r->found == NULL ? 0 : found_now(r->found);
    r->snapshot_now = r->kept == NULL ? 0 : kept_now(r->kept);
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

/* A copy of a text or blob; rows are small, so most share a chunk. */
static const uint8_t *keep(struct reader_room *room, const void *from, size_t n, struct arena *arena) {
    static const uint8_t nothing[1];
    if (n == 0)
        return nothing;
    if (room->at == NULL || n > room->left) {
        size_t chunk = n > READER_CHUNK / 4 ? n : READER_CHUNK;
        uint8_t *fresh = arena_take(arena, chunk);
        if (fresh == NULL)
            return NULL;
        if (chunk == n) { /* a large one for itself */
            memcpy(fresh, from, n);
            return fresh;
        }
        *room = (struct reader_room){fresh, chunk};
    }
    uint8_t *to = room->at;
    memcpy(to, from, n);
    room->at += n;
    room->left -= n;
    return to;
}

/* sqlite3_value functions instead of sqlite3_column ones: those take locks and look for errors at each call.
 * The connection is this thread's alone, as they demand. */
static enum status read_value(sqlite3_value *v, struct reader_room *room, struct arena *arena,
                              struct cell *out) {
    int type = sqlite3_value_type(v);
    switch (type) {
    case SQLITE_INTEGER:
        *out = cell_int(sqlite3_value_int64(v));
        return ST_OK;
    case SQLITE_FLOAT:
        *out = (struct cell){.kind = CELL_DOUBLE, .d = sqlite3_value_double(v)};
        return ST_OK;
    case SQLITE_TEXT:
    case SQLITE_BLOB:
        break;
    default:
        *out = cell_null();
        return ST_OK;
    }
    const void *from = type == SQLITE_TEXT ? (const void *)sqlite3_value_text(v) : sqlite3_value_blob(v);
    size_t n = (size_t)sqlite3_value_bytes(v);
    const uint8_t *kept = keep(room, from, n, arena);
    *out = (struct cell){.kind = type == SQLITE_TEXT ? CELL_TEXT : CELL_BYTES, .s = slice_of(kept, n)};
    return kept == NULL ? ST_NOMEM : ST_OK;
}

enum status reader_cells_into(sqlite3_stmt *s, int from, size_t count, struct reader_room *room,
                              struct arena *arena, struct cell *out) {
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < count; i++)
        st = read_value(sqlite3_column_value(s, from + (int)i), room, arena, &out[i]);
    return st;
}

enum status reader_cells(sqlite3_stmt *s, int from, size_t count, struct arena *arena, struct cell **out) {
    struct reader_room room = {.at = NULL, .left = 0};
    *out = arena_array(arena, count, sizeof **out);
    return *out == NULL ? ST_NOMEM : reader_cells_into(s, from, count, &room, arena, *out);
}

enum status reader_slice_of(sqlite3_stmt *s, int column, struct arena *arena, struct slice *out) {
    const void *from = sqlite3_column_blob(s, column);
    size_t n = (size_t)sqlite3_column_bytes(s, column);
    *out = arena_copy(arena, slice_of(from, from == NULL ? 0 : n));
    return out->p == NULL ? ST_NOMEM : ST_OK;
}
