#include "store/sqlite/reader.h"

/* Small reads by key: history, subjects' keys, outcomes, intents, items. */

static struct cell uuid_cell(const struct uuid *u) {
    return cell_bytes(slice_of(u->b, sizeof u->b));
}

static void read_uuid(sqlite3_stmt *s, int column, struct uuid *out) {
    const void *p = sqlite3_column_blob(s, column);
    if (p != NULL && sqlite3_column_bytes(s, column) == sizeof out->b)
        memcpy(out->b, p, sizeof out->b);
}

/* One row's reader for read_list: fills list[n]. */
typedef enum status (*read_row)(sqlite3_stmt *s, struct arena *arena, void *list, size_t n);

/* Runs r->sql, which gives at most `limit` rows. */
static enum status read_list(struct store_reader *r, size_t limit, struct arena *arena, read_row read,
                             void *list, size_t *n, struct error *e) {
    *n = 0;
    if (list == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for the rows");
    enum status st = reader_begin(r, e);
    if (st != ST_OK)
        return st;
    sqlite3_stmt *s = NULL;
    st = sql_prepare(&r->sql, r->c, &s, e);
    while (st == ST_OK && *n < limit && reader_step(r, s, &st, e)) {
        st = read(s, arena, list, *n);
        *n += st == ST_OK;
    }
    if (s != NULL)
        statement_done(r->c, s);
    reader_end(r);
    return st == ST_NOMEM ? error_set(e, st, "no_memory", "no memory for the rows") : st;
}

/* ---- history ---- */

static enum status read_change(sqlite3_stmt *s, struct arena *arena, void *list, size_t n) {
    struct store_change *c = (struct store_change *)list + n;
    c->id = (uint64_t)sqlite3_column_int64(s, 0);
    c->at_ms = sqlite3_column_int64(s, 1);
    c->actor = (uint32_t)sqlite3_column_int64(s, 2);
    c->act = (uint8_t)sqlite3_column_int(s, 3);
    read_uuid(s, 6, &c->record);
    enum status st = reader_slice_of(s, 4, arena, &c->body);
    return st == ST_OK ? reader_slice_of(s, 5, arena, &c->wrapped_key) : st;
}

enum status store_history(struct store_reader *r, const struct object_def *o, const struct uuid *record,
                          uint64_t before, uint32_t limit, struct arena *arena, struct store_change **out,
                          size_t *n, struct error *e) {
    struct sql *s = &r->sql;
    sql_reset(s);
    sql_put(s, "SELECT h.id, h.at, h.actor, h.act, h.body, k.wrapped, o.id");
    sql_name(s, " FROM o_", o->id);
    sql_name(s, " o CROSS JOIN h_", o->id);
    sql_put(s, " h ON h.row = o.row LEFT JOIN subject_key k ON k.subject = o.subject WHERE o.id = ");
    sql_bind(s, uuid_cell(record));
    sql_put(s, " AND h.id < ");
    sql_bind_int(s, before == 0 || before > INT64_MAX ? INT64_MAX : (int64_t)before);
    sql_put(s, " ORDER BY h.id DESC LIMIT ");
    sql_bind_int(s, limit);
    *out = arena_array(arena, limit, sizeof **out);
    return read_list(r, limit, arena, read_change, *out, n, e);
}

/* ---- keys ---- */

static enum status read_subject(sqlite3_stmt *s, struct arena *arena, void *list, size_t n) {
    struct store_subject *subject = (struct store_subject *)list + n;
    read_uuid(s, 0, &subject->subject);
    subject->epoch = (uint64_t)sqlite3_column_int64(s, 1);
    return reader_slice_of(s, 2, arena, &subject->wrapped);
}

enum status store_subject_list(struct store_reader *r, const struct uuid *after, uint32_t limit,
                               struct arena *arena, struct store_subject **out, size_t *n, struct error *e) {
    struct sql *s = &r->sql;
    sql_reset(s);
    sql_put(s, "SELECT subject, epoch, wrapped FROM subject_key WHERE subject > ");
    sql_bind(s, after == NULL ? cell_bytes(SLICE_NONE) : uuid_cell(after));
    sql_put(s, " ORDER BY subject LIMIT ");
    sql_bind_int(s, limit);
    *out = arena_array(arena, limit, sizeof **out);
    return read_list(r, limit, arena, read_subject, *out, n, e);
}

enum status store_subject_key(struct store_reader *r, const struct uuid *subject, uint8_t *out, size_t room,
                              size_t *n, struct error *e) {
    sql_reset(&r->sql);
    sql_put(&r->sql, "SELECT wrapped FROM subject_key WHERE subject = ");
    sql_bind(&r->sql, uuid_cell(subject));
    enum status st = reader_begin(r, e);
    if (st != ST_OK)
        return st;
    sqlite3_stmt *s = NULL;
    st = sql_prepare(&r->sql, r->c, &s, e);
    bool found = st == ST_OK && reader_step(r, s, &st, e);
    if (st == ST_OK && !found)
        st = error_set(e, ST_NOT_FOUND, "subject_not_found", "the subject has no key");
    if (found) {
        *n = (size_t)sqlite3_column_bytes(s, 0);
        if (*n > room)
            st = error_set(e, ST_LIMIT, "key_too_long", "the wrapped key is longer than its place");
        else if (*n > 0)
            memcpy(out, sqlite3_column_blob(s, 0), *n);
    }
    if (s != NULL)
        statement_done(r->c, s);
    reader_end(r);
    return st;
}

/* ---- outcomes and intents ---- */

static enum status read_outcome(sqlite3_stmt *s, struct arena *arena, void *list, size_t n) {
    struct store_outcome *o = (struct store_outcome *)list + n;
    o->actor = (uint32_t)sqlite3_column_int64(s, 0);
    o->object = (uint16_t)sqlite3_column_int(s, 1);
    read_uuid(s, 2, &o->record);
    o->at_ms = sqlite3_column_int64(s, 3);
    return reader_slice_of(s, 4, arena, &o->body);
}

enum status store_idempotency_get(struct store_reader *r, struct slice key, struct arena *arena,
                                  struct store_outcome *out, struct error *e) {
    sql_reset(&r->sql);
    sql_put(&r->sql, "SELECT actor, object, record, at, body FROM idempotency WHERE key = ");
    sql_bind(&r->sql, cell_bytes(key));
    size_t n = 0;
    enum status st = read_list(r, 1, arena, read_outcome, out, &n, e);
    if (st == ST_OK && n == 0)
        st = error_set(e, ST_NOT_FOUND, "idempotency_unknown", "this key was not used");
    return st;
}

static enum status read_nothing(sqlite3_stmt *s, struct arena *arena, void *list, size_t n) {
    (void)s, (void)arena, (void)list, (void)n;
    return ST_OK;
}

enum status store_intent_committed(struct store_reader *r, uint64_t intent, bool *committed,
                                   struct error *e) {
    sql_reset(&r->sql);
    sql_put(&r->sql, "SELECT id FROM intent WHERE id = ");
    sql_bind_int(&r->sql, (int64_t)intent);
    size_t n = 0;
    enum status st = read_list(r, 1, NULL, read_nothing, committed, &n, e);
    *committed = n == 1;
    return st;
}

/* ---- items ---- */

static enum status read_item(sqlite3_stmt *s, struct arena *arena, void *list, size_t n) {
    struct store_item *i = (struct store_item *)list + n;
    i->owner = (uint32_t)sqlite3_column_int64(s, 2);
    i->at_ms = sqlite3_column_int64(s, 3);
    enum status st = reader_slice_of(s, 0, arena, &i->kind);
    if (st == ST_OK)
        st = reader_slice_of(s, 1, arena, &i->key);
    return st == ST_OK ? reader_slice_of(s, 4, arena, &i->body) : st;
}

enum status store_item_get(struct store_reader *r, struct slice kind, struct slice key, struct arena *arena,
                           struct store_item *out, struct error *e) {
    sql_reset(&r->sql);
    sql_put(&r->sql, "SELECT kind, key, owner, at, body FROM item WHERE kind = ");
    sql_bind(&r->sql, cell_bytes(kind));
    sql_put(&r->sql, " AND key = ");
    sql_bind(&r->sql, cell_bytes(key));
    size_t n = 0;
    enum status st = read_list(r, 1, arena, read_item, out, &n, e);
    if (st == ST_OK && n == 0)
        st = error_set(e, ST_NOT_FOUND, "item_not_found", "there is no such item");
    return st;
}

enum status store_item_list(struct store_reader *r, struct slice kind, uint32_t owner, struct slice after,
                            uint32_t limit, struct arena *arena, struct store_item **out, size_t *n,
                            struct error *e) {
    struct sql *s = &r->sql;
    sql_reset(s);
    sql_put(s, "SELECT kind, key, owner, at, body FROM item WHERE kind = ");
    sql_bind(s, cell_bytes(kind));
    if (owner != 0) {
        sql_put(s, " AND owner = ");
        sql_bind_int(s, owner);
    }
    sql_put(s, " AND key > ");
    sql_bind(s, cell_bytes(after));
    sql_put(s, " ORDER BY key LIMIT ");
    sql_bind_int(s, limit);
    *out = arena_array(arena, limit, sizeof **out);
    return read_list(r, limit, arena, read_item, *out, n, e);
}
