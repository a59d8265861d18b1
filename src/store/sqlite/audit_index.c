#include "store/audit_index.h"

#include "base/log.h"
#include "store/sqlite/audit_deeds.h"
#include "store/sqlite/audit_tally.h"
#include "store/sqlite/runs.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TRIES      20
#define WAIT_MS    5
#define FORMAT     "4"
#define PATH_ROOM  4096
#define FIELD_SIZE 3
#define LOOKED_AT  256 /* a record's entries at a time */

struct audit_index {
    struct connection *c;
    struct sql sql;
    struct runs runs; /* postings: entries by record */
};

static const char *const statements[] = {
    "CREATE TABLE IF NOT EXISTS format(version TEXT)",
    "CREATE TABLE IF NOT EXISTS entry(seq INTEGER PRIMARY KEY, at INTEGER, actor INTEGER, act INTEGER, "
    "outcome INTEGER, purpose INTEGER, object INTEGER, session BLOB, request BLOB, client BLOB, "
    "intent INTEGER, tag TEXT, fields BLOB, records BLOB, record_count INTEGER, detail INTEGER, "
    "subject BLOB)",
    AUDIT_TALLY_TABLE,
    AUDIT_DEEDS_TABLE,
    AUDIT_DEEDS_BY_ACTOR,
    AUDIT_DEEDS_BY_ACT,
    "CREATE INDEX IF NOT EXISTS entry_actor ON entry(actor, seq)",
    "CREATE INDEX IF NOT EXISTS entry_act ON entry(act, seq)",
    "INSERT INTO format SELECT '" FORMAT "' WHERE NOT EXISTS (SELECT 1 FROM format)",
};

/* A derived file: after a power cut it may lack its last entries, which are then read from the log again.
 * What a merge frees stands elsewhere in it too: nothing to overwrite. */
static enum status prepare(struct audit_index *x, struct error *e) {
    static const char *const pragmas[] = {"PRAGMA synchronous=NORMAL", "PRAGMA wal_autocheckpoint=1000",
                                          "PRAGMA secure_delete=OFF"};
    enum status s = ST_OK;
    for (size_t i = 0; s == ST_OK && i < sizeof pragmas / sizeof pragmas[0]; i++)
        s = connection_run(x->c, pragmas[i], e);
    for (size_t i = 0; s == ST_OK && i < sizeof statements / sizeof statements[0]; i++)
        s = connection_run(x->c, statements[i], e);
    return s == ST_OK ? runs_prepare(&x->runs, e) : s;
}

/* The one number that a statement answers with; 0 for none. */
static enum status read_number(struct audit_index *x, const char *literal, int64_t *out, struct error *e) {
    sqlite3_stmt *statement;
    sql_reset(&x->sql);
    sql_put(&x->sql, literal);
    enum status s = sql_prepare(&x->sql, x->c, &statement, e);
    if (s != ST_OK)
        return s;
    int rc = sqlite3_step(statement);
    *out = rc == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        s = connection_failed(x->c, rc, e);
    statement_done(x->c, statement);
    return s;
}

static enum status open_file(const char *path, bool build, struct audit_index *x, struct error *e) {
    int64_t fits = 0;
    enum status s = connection_open(path, build ? CONNECTION_WRITER : CONNECTION_READER, &x->c, e);
    x->runs = (struct runs){.c = x->c, .sql = &x->sql};
    if (s == ST_OK && build)
        s = prepare(x, e);
    if (s == ST_OK)
        s = read_number(x, "SELECT count(*) FROM format WHERE version = '" FORMAT "'", &fits, e);
    return s == ST_OK && fits == 0 ? error_set(e, ST_CORRUPT, "store_corrupt", "another format") : s;
}

/* The indexer, in another process, is just writing, or making or removing the write-ahead log: readers of the
 * file may not write its shared memory, so they can't wait for a lock on it and ask again. */
static bool in_the_way(enum status s) {
    return s == ST_UNAVAILABLE || s == ST_IO;
}

static bool path_of(const char *directory, char path[PATH_ROOM]) {
    int n = snprintf(path, PATH_ROOM, "%s/audit-index.db", directory);
    return n >= 0 && n < PATH_ROOM;
}

static void forget_file(const char *path) {
    static const char *const endings[] = {"", "-wal", "-shm"};
    char name[PATH_ROOM + 8];
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        (void)snprintf(name, sizeof name, "%s%s", path, endings[i]);
        if (unlink(name) != 0 && errno != ENOENT)
            return;
    }
}

void audit_index_remove(const char *directory) {
    char path[PATH_ROOM];
    if (path_of(directory, path))
        forget_file(path);
}

enum status audit_index_open(const char *directory, bool build, struct audit_index **out, struct error *e) {
    char path[PATH_ROOM];
    if (!path_of(directory, path))
        return error_set(e, ST_INVALID, "path_too_long", "the directory's name is too long");
    if (!build && access(path, F_OK) != 0)
        return error_set(e, ST_NOT_FOUND, "not_found", "there is no index yet");
    struct audit_index *x = calloc(1, sizeof *x);
    if (x == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for the index");
    sql_init(&x->sql);
    enum status s = open_file(path, build, x, e);
    for (unsigned tries = 0; !build && in_the_way(s) && tries < TRIES; tries++) {
        connection_close(x->c);
        x->c = NULL;
        (void)poll(NULL, 0, WAIT_MS);
        s = open_file(path, build, x, e);
    }
    if (build && (s == ST_CORRUPT || s == ST_INTERNAL)) {
        connection_close(x->c);
        x->c = NULL;
        forget_file(path);
        s = open_file(path, build, x, e);
    }
    if (s != ST_OK) {
        audit_index_close(x);
        return s;
    }
    *out = x;
    return ST_OK;
}

void audit_index_close(struct audit_index *x) {
    if (x == NULL)
        return;
    sql_free(&x->sql);
    connection_close(x->c);
    free(x);
}

enum status audit_index_last(struct audit_index *x, uint64_t *seq, struct error *e) {
    int64_t last = 0;
    enum status s = read_number(x, "SELECT max(seq) FROM entry", &last, e);
    *seq = (uint64_t)last;
    return s;
}

/* ---- writing ---- */

/* Of a read of rows with every exception bit set: not shown, but the subject of one that was. */
static bool is_subject_only(const struct audit_entry *entry, size_t record) {
    if (entry->exceptions.n == 0 || entry->field_count == 0)
        return false;
    for (size_t f = 0; f < entry->field_count; f++) {
        size_t bit = record * entry->field_count + f;
        if ((entry->exceptions.p[bit / 8] >> (bit % 8) & 1) == 0)
            return false;
    }
    return true;
}

struct packed {
    uint8_t fields[AUDIT_FIELDS_MAX * FIELD_SIZE];
    uint8_t records[AUDIT_INDEX_RECORDS * 16];
    size_t field_bytes, record_bytes, shown;
};

static void pack(const struct audit_entry *entry, struct packed *p) {
    p->field_bytes = p->record_bytes = p->shown = 0;
    for (size_t i = 0; i < entry->field_count; i++) {
        uint16_t id = entry->fields[i].field;
        memcpy(p->fields + p->field_bytes, &id, 2);
        p->fields[p->field_bytes + 2] = entry->fields[i].view;
        p->field_bytes += FIELD_SIZE;
    }
    for (size_t i = 0; i < entry->record_count; i++) {
        if (is_subject_only(entry, i))
            continue;
        if (p->shown++ < AUDIT_INDEX_RECORDS) {
            memcpy(p->records + p->record_bytes, entry->records[i].b, 16);
            p->record_bytes += 16;
        }
    }
}

static void bind_next(struct sql *s, struct cell cell) {
    sql_put(s, ", ");
    sql_bind(s, cell);
}

static enum status add_entry(struct audit_index *x, const struct audit_entry *entry, struct error *e) {
    static _Thread_local struct packed p;
    struct sql *s = &x->sql;
    pack(entry, &p);
    sql_reset(s);
    sql_put(s, "INSERT OR REPLACE INTO entry VALUES(");
    sql_bind_int(s, (int64_t)entry->seq);
    bind_next(s, cell_int(entry->time_ms));
    bind_next(s, cell_int(entry->actor));
    bind_next(s, cell_int(entry->act));
    bind_next(s, cell_int(entry->outcome));
    bind_next(s, cell_int(entry->purpose));
    bind_next(s, cell_int(entry->object));
    bind_next(s, cell_bytes(slice_of(entry->session, 16)));
    bind_next(s, cell_bytes(slice_of(entry->request, 16)));
    bind_next(s, cell_bytes(slice_of(entry->client, 16)));
    bind_next(s, cell_int((int64_t)entry->intent));
    bind_next(s, cell_text(entry->tag));
    bind_next(s, cell_bytes(slice_of(p.fields, p.field_bytes)));
    bind_next(s, cell_bytes(slice_of(p.records, p.record_bytes)));
    bind_next(s, cell_int((int64_t)p.shown));
    bind_next(s, cell_int(entry->detail_count > 0));
    bind_next(s,
              entry->detail_count > 0 ? cell_bytes(slice_of(entry->details[0].subject.b, 16)) : cell_null());
    sql_put(s, ")");
    return sql_execute(s, x->c, NULL, e);
}

static enum status add_postings(struct audit_index *x, const struct audit_entry *entries, size_t count,
                                struct error *e) {
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += entries[i].record_count;
    struct posting *all = calloc(n + 1, sizeof *all);
    if (all == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for the index");
    n = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t r = 0; r < entries[i].record_count; r++)
            all[n++] = (struct posting){.record = entries[i].records[r], .number = entries[i].seq};
    }
    enum status s = runs_add(&x->runs, all, n, e);
    free(all);
    return s;
}

static enum status add_tally(struct audit_index *x, const struct audit_entry *entries, size_t count,
                             struct error *e) {
    static _Thread_local size_t shown[AUDIT_INDEX_BATCH];
    for (size_t i = 0; i < count && i < AUDIT_INDEX_BATCH; i++) {
        shown[i] = 0;
        for (size_t r = 0; r < entries[i].record_count; r++)
            shown[i] += !is_subject_only(&entries[i], r);
    }
    return audit_tally_add(x->c, &x->sql, entries, shown,
                           count < AUDIT_INDEX_BATCH ? count : AUDIT_INDEX_BATCH, e);
}

enum status audit_index_add(struct audit_index *x, const struct audit_entry *entries, size_t count,
                            struct error *e) {
    enum status s = connection_run(x->c, "BEGIN IMMEDIATE", e);
    if (s != ST_OK)
        return s;
    for (size_t i = 0; s == ST_OK && i < count; i++)
        if ((s = add_entry(x, &entries[i], e)) == ST_OK)
            s = audit_deeds_add(x->c, &x->sql, &entries[i], e);
    if (s == ST_OK)
        s = add_postings(x, entries, count, e);
    if (s == ST_OK)
        s = add_tally(x, entries, count, e);
    if (s == ST_OK)
        return connection_run(x->c, "COMMIT", e);
    struct error why;
    if (connection_run(x->c, "ROLLBACK", &why) != ST_OK) /* SQLite may have rolled back by itself */
        log_debug("audit index: nothing to roll back: %s", why.code);
    return s;
}

enum status audit_index_merge(struct audit_index *x, bool *more, struct error *e) {
    return runs_merge(&x->runs, more, e);
}

/* ---- reading ---- */

static void put_number(struct sql *s, const char *condition, int64_t value) {
    sql_put(s, condition);
    sql_bind_int(s, value);
}

/* `seq`: just this entry. */
static void put_query(struct sql *s, const struct audit_index_query *q, uint64_t seq) {
    sql_reset(s);
    sql_put(s, "SELECT seq, at, actor, act, outcome, purpose, object, session, request, client, intent, tag, "
               "fields, records, record_count, detail, subject FROM entry WHERE 1");
    if (q->before != 0)
        put_number(s, " AND seq < ", (int64_t)q->before);
    if (seq != 0)
        put_number(s, " AND seq = ", (int64_t)seq);
    if (q->by_actor)
        put_number(s, " AND actor = ", q->actor);
    if (q->act != 0)
        put_number(s, " AND act = ", q->act);
    if (q->outcome != 0)
        put_number(s, " AND outcome = ", q->outcome);
    if (q->object != 0)
        put_number(s, " AND object = ", q->object);
    if (q->from_ms != 0)
        put_number(s, " AND at >= ", q->from_ms);
    if (q->below_ms != 0)
        put_number(s, " AND at < ", q->below_ms);
    put_number(s, " ORDER BY seq DESC LIMIT ", (int64_t)q->limit + 1);
}

static struct slice column_bytes(sqlite3_stmt *s, int i, struct arena *a) {
    int n = sqlite3_column_bytes(s, i);
    return n <= 0 ? SLICE("") : arena_copy(a, slice_of(sqlite3_column_blob(s, i), (size_t)n));
}

static void copy_16(sqlite3_stmt *s, int i, uint8_t out[16]) {
    if (sqlite3_column_bytes(s, i) == 16)
        memcpy(out, sqlite3_column_blob(s, i), 16);
}

static enum status read_row(sqlite3_stmt *s, struct arena *a, struct audit_index_row *out) {
    struct audit_entry *e = &out->entry;
    *out = (struct audit_index_row){.record_count = (size_t)sqlite3_column_int64(s, 14),
                                    .has_detail = sqlite3_column_int(s, 15) != 0};
    e->seq = (uint64_t)sqlite3_column_int64(s, 0);
    e->time_ms = sqlite3_column_int64(s, 1);
    e->actor = (uint32_t)sqlite3_column_int64(s, 2);
    e->act = (uint8_t)sqlite3_column_int(s, 3);
    e->outcome = (uint8_t)sqlite3_column_int(s, 4);
    e->purpose = (uint8_t)sqlite3_column_int(s, 5);
    e->object = (uint16_t)sqlite3_column_int(s, 6);
    copy_16(s, 7, e->session);
    copy_16(s, 8, e->request);
    copy_16(s, 9, e->client);
    e->intent = (uint64_t)sqlite3_column_int64(s, 10);
    e->tag = column_bytes(s, 11, a);
    struct slice fields = column_bytes(s, 12, a), records = column_bytes(s, 13, a);
    struct audit_field *list = arena_array(a, fields.n / FIELD_SIZE + 1, sizeof *list);
    struct uuid *ids = arena_array(a, records.n / 16 + 1, sizeof *ids);
    if (list == NULL || ids == NULL || e->tag.p == NULL || fields.p == NULL || records.p == NULL)
        return ST_NOMEM;
    for (size_t i = 0; i < fields.n / FIELD_SIZE; i++) {
        memcpy(&list[i].field, fields.p + i * FIELD_SIZE, 2);
        list[i].view = fields.p[i * FIELD_SIZE + 2];
    }
    memcpy(ids, records.p, records.n / 16 * 16);
    e->fields = list;
    e->field_count = fields.n / FIELD_SIZE;
    e->records = ids;
    e->record_count = records.n / 16;
    copy_16(s, 16, out->subject.b);
    return ST_OK;
}

struct finding {
    struct audit_index *x;
    const struct audit_index_query *q;
    struct arena *arena;
    struct audit_index_row *rows;
    size_t count;
    bool more;
};

static enum status find_rows(struct finding *f, uint64_t seq, struct error *e) {
    sqlite3_stmt *statement;
    put_query(&f->x->sql, f->q, seq);
    enum status s = sql_prepare(&f->x->sql, f->x->c, &statement, e);
    if (s != ST_OK)
        return s;
    int rc = SQLITE_DONE;
    while (s == ST_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        f->more = f->count == f->q->limit;
        if (f->more)
            break;
        s = read_row(statement, f->arena, &f->rows[f->count++]);
    }
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        s = connection_failed(f->x->c, rc, e);
    statement_done(f->x->c, statement);
    return s == ST_NOMEM ? error_set(e, s, "no_memory", "no memory for the page") : s;
}

/* Entry by entry of the record's, until the page is full. */
static enum status find_of_record(struct finding *f, struct error *e) {
    uint64_t seqs[LOOKED_AT], below = f->q->before == 0 ? UINT64_MAX : f->q->before;
    size_t n = LOOKED_AT;
    enum status s = ST_OK;
    while (s == ST_OK && n == LOOKED_AT && !f->more) {
        s = runs_find(&f->x->runs, f->q->record, below, seqs, LOOKED_AT, &n, e);
        for (size_t i = 0; s == ST_OK && i < n && !f->more; i++) {
            below = seqs[i];
            if (f->q->seq == 0 || f->q->seq == below)
                s = find_rows(f, below, e);
        }
    }
    return s;
}

/* One snapshot: what is merged meanwhile stays where it was. */
static enum status find(struct finding *f, struct error *e) {
    struct error why;
    f->count = 0;
    f->more = false;
    enum status s = connection_run(f->x->c, "BEGIN", e);
    if (s != ST_OK)
        return s;
    s = f->q->record != NULL ? find_of_record(f, e) : find_rows(f, f->q->seq, e);
    if (connection_run(f->x->c, "COMMIT", s == ST_OK ? e : &why) != ST_OK && s == ST_OK)
        s = e->status;
    return s;
}

enum status audit_index_find(struct audit_index *x, const struct audit_index_query *q, struct arena *arena,
                             struct audit_index_row **out, size_t *count, bool *more, struct error *e) {
    struct finding f = {.x = x, .q = q, .arena = arena};
    f.rows = arena_array(arena, q->limit, sizeof *f.rows);
    if (f.rows == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for the page");
    enum status s = find(&f, e);
    for (unsigned tries = 0; in_the_way(s) && tries < TRIES; tries++) {
        (void)poll(NULL, 0, WAIT_MS);
        s = find(&f, e);
    }
    *out = f.rows;
    *count = f.count;
    *more = f.more;
    return s;
}

enum status audit_index_deeds(struct audit_index *x, const struct audit_deed_query *q, struct arena *arena,
                              struct audit_deed **out, size_t *count, bool *more, struct error *e) {
    *out = arena_array(arena, q->limit, sizeof **out);
    if (*out == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for the page");
    enum status s = audit_deeds_read(x->c, &x->sql, q, arena, *out, count, more, e);
    for (unsigned tries = 0; in_the_way(s) && tries < TRIES; tries++) {
        (void)poll(NULL, 0, WAIT_MS);
        s = audit_deeds_read(x->c, &x->sql, q, arena, *out, count, more, e);
    }
    return s;
}

enum status audit_index_tally(struct audit_index *x, const struct audit_tally_query *q, struct arena *arena,
                              struct audit_tally **out, size_t *count, struct error *e) {
    enum status s = audit_tally_read(x->c, &x->sql, q, arena, out, count, e);
    for (unsigned tries = 0; in_the_way(s) && tries < TRIES; tries++) {
        (void)poll(NULL, 0, WAIT_MS);
        s = audit_tally_read(x->c, &x->sql, q, arena, out, count, e);
    }
    return s;
}

enum status audit_index_distinct(struct audit_index *x, uint32_t actor, int64_t from_ms,
                                 struct audit_distinct *out, size_t room, size_t *count, struct error *e) {
    enum status s = audit_tally_distinct(x->c, &x->sql, actor, from_ms, out, room, count, e);
    for (unsigned tries = 0; in_the_way(s) && tries < TRIES; tries++) {
        (void)poll(NULL, 0, WAIT_MS);
        s = audit_tally_distinct(x->c, &x->sql, actor, from_ms, out, room, count, e);
    }
    return s;
}
