#include "store/sqlite/audit_tally.h"

#include "base/map.h"

#include <stdlib.h>

#define SET_ROOM      4096 /* at first; a power of two */
#define DISTINCT_MOST ((size_t)1 << 20)

/* ---- adding ---- */

/* Refusals count as such; what was refused or failed counts as nothing else, and an outcome not again. */
static bool counts(const struct audit_entry *entry) {
    if (entry->act == AUDIT_OUTCOME || entry->actor == 0)
        return false;
    return entry->act == AUDIT_REFUSE || entry->outcome == AUDIT_DONE || entry->outcome == AUDIT_PENDING ||
           entry->outcome == AUDIT_PARTIAL;
}

static struct audit_tally tally_of(const struct audit_entry *entry, size_t shown) {
    return (struct audit_tally){.actor = entry->actor,
                                .day = audit_day(entry->time_ms),
                                .act = entry->act,
                                .object = entry->object,
                                .entries = 1,
                                .records = shown};
}

static int by_key(const void *x, const void *y) {
    const struct audit_tally *a = x, *b = y;
    if (a->actor != b->actor)
        return a->actor < b->actor ? -1 : 1;
    if (a->day != b->day)
        return a->day < b->day ? -1 : 1;
    if (a->act != b->act)
        return a->act < b->act ? -1 : 1;
    return a->object == b->object ? 0 : a->object < b->object ? -1 : 1;
}

static void bind_next(struct sql *s, int64_t value) {
    sql_put(s, ", ");
    sql_bind_int(s, value);
}

static enum status add_one(struct connection *c, struct sql *sql, const struct audit_tally *t,
                           struct error *e) {
    sql_reset(sql);
    sql_put(sql, "INSERT INTO tally VALUES(");
    sql_bind_int(sql, t->actor);
    bind_next(sql, t->day);
    bind_next(sql, t->act);
    bind_next(sql, t->object);
    bind_next(sql, (int64_t)t->entries);
    bind_next(sql, (int64_t)t->records);
    sql_put(sql, ") ON CONFLICT(actor, day, act, object) DO UPDATE SET entries = entries + excluded.entries, "
                 "records = records + excluded.records");
    return sql_execute(sql, c, NULL, e);
}

enum status audit_tally_add(struct connection *c, struct sql *sql, const struct audit_entry *entries,
                            const size_t *shown, size_t count, struct error *e) {
    struct audit_tally *all = calloc(count + 1, sizeof *all);
    enum status s = ST_OK;
    size_t n = 0;
    if (all == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for the index");
    for (size_t i = 0; i < count; i++) {
        if (counts(&entries[i]))
            all[n++] = tally_of(&entries[i], shown[i]);
    }
    qsort(all, n, sizeof *all, by_key);
    for (size_t i = 0; s == ST_OK && i < n; i++) {
        if (i + 1 < n && by_key(&all[i], &all[i + 1]) == 0) {
            all[i + 1].entries += all[i].entries;
            all[i + 1].records += all[i].records;
        } else {
            s = add_one(c, sql, &all[i], e);
        }
    }
    free(all);
    return s;
}

/* ---- reading ---- */

static void put_question(struct sql *sql, const struct audit_tally_query *q) {
    sql_reset(sql);
    sql_put(sql, q->by_day ? "SELECT actor, day, act, " : "SELECT actor, max(day), act, ");
    sql_put(sql, q->by_object ? "object" : "0");
    sql_put(sql, ", sum(entries), sum(records) FROM tally WHERE actor IN (");
    for (size_t i = 0; i < q->actor_count; i++) {
        if (i > 0)
            sql_put(sql, ", ");
        sql_bind_int(sql, q->actors[i]);
    }
    sql_put(sql, ") AND day >= ");
    sql_bind_int(sql, q->from_day);
    sql_put(sql, q->by_day ? " GROUP BY actor, day, act" : " GROUP BY actor, act");
    sql_put(sql, q->by_object ? ", object" : "");
    sql_put(sql, q->by_day ? " ORDER BY actor, day, act LIMIT " : " ORDER BY actor, act LIMIT ");
    sql_bind_int(sql, AUDIT_TALLY_MOST + 1);
}

static enum status run(struct connection *c, sqlite3_stmt *statement, struct audit_tally *rows, size_t *count,
                       struct error *e) {
    int rc;
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
        if (*count == AUDIT_TALLY_MOST)
            return error_set(e, ST_LIMIT, "too_many_rows", "a report of so many people is too long");
        rows[(*count)++] = (struct audit_tally){.actor = (uint32_t)sqlite3_column_int64(statement, 0),
                                                .day = sqlite3_column_int(statement, 1),
                                                .act = (uint8_t)sqlite3_column_int(statement, 2),
                                                .object = (uint16_t)sqlite3_column_int(statement, 3),
                                                .entries = (uint64_t)sqlite3_column_int64(statement, 4),
                                                .records = (uint64_t)sqlite3_column_int64(statement, 5)};
    }
    return rc == SQLITE_DONE ? ST_OK : connection_failed(c, rc, e);
}

enum status audit_tally_read(struct connection *c, struct sql *sql, const struct audit_tally_query *q,
                             struct arena *a, struct audit_tally **out, size_t *count, struct error *e) {
    sqlite3_stmt *statement;
    struct audit_tally *rows = calloc(AUDIT_TALLY_MOST, sizeof *rows);
    *count = 0;
    if (rows == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for a report");
    put_question(sql, q);
    enum status s = sql_prepare(sql, c, &statement, e);
    if (s == ST_OK) {
        s = run(c, statement, rows, count, e);
        statement_done(c, statement);
    }
    *out = s == ST_OK ? arena_array(a, *count + 1, sizeof **out) : NULL;
    if (*out != NULL)
        memcpy(*out, rows, *count * sizeof *rows);
    free(rows);
    return s == ST_OK && *out == NULL ? error_set(e, ST_NOMEM, "no_memory", "no memory for a report") : s;
}

/* ---- different records ---- */

/* Records that were met: a table of hashes by object and id, half full at most. */
struct met {
    uint64_t *slots;
    size_t room, count;
};

static bool met_grow(struct met *m) {
    struct met next = {.room = m->room == 0 ? SET_ROOM : 2 * m->room};
    next.slots = calloc(next.room, sizeof *next.slots);
    if (next.slots == NULL)
        return false;
    for (size_t i = 0; i < m->room; i++) {
        size_t at = m->slots[i] & (next.room - 1);
        while (m->slots[i] != 0 && next.slots[at] != 0)
            at = (at + 1) & (next.room - 1);
        if (m->slots[i] != 0)
            next.slots[at] = m->slots[i];
    }
    next.count = m->count;
    free(m->slots);
    *m = next;
    return true;
}

/* False: no memory, or more than a report counts. */
static bool met_add(struct met *m, uint16_t object, const uint8_t *id, bool *fresh) {
    if (2 * (m->count + 1) > m->room && (m->count >= DISTINCT_MOST || !met_grow(m)))
        return false;
    uint64_t hash = map_hash(slice_of(id, 16), object);
    hash = hash == 0 ? 1 : hash;
    size_t at = hash & (m->room - 1);
    while (m->slots[at] != 0 && m->slots[at] != hash)
        at = (at + 1) & (m->room - 1);
    *fresh = m->slots[at] == 0;
    m->count += *fresh;
    m->slots[at] = hash;
    return true;
}

/* Times go up with the numbers but for a clock that was set back. */
static enum status first_since(struct connection *c, struct sql *sql, int64_t from_ms, int64_t *out,
                               struct error *e) {
    int64_t low = 1, high = 1;
    for (unsigned step = 0; step < 64; step++) {
        sqlite3_stmt *statement;
        int64_t middle = step == 0 ? INT64_MAX : low + (high - low) / 2, seq = 0, at = 0;
        sql_reset(sql);
        sql_put(sql, step == 0 ? "SELECT seq, at FROM entry WHERE seq <= "
                               : "SELECT seq, at FROM entry WHERE seq >= ");
        sql_bind_int(sql, middle);
        sql_put(sql, step == 0 ? " ORDER BY seq DESC LIMIT 1" : " ORDER BY seq LIMIT 1");
        enum status s = sql_prepare(sql, c, &statement, e);
        if (s != ST_OK)
            return s;
        if (sqlite3_step(statement) == SQLITE_ROW) {
            seq = sqlite3_column_int64(statement, 0);
            at = sqlite3_column_int64(statement, 1);
        }
        statement_done(c, statement);
        if (step == 0)
            high = seq + 1;
        else if (seq != 0 && at < from_ms)
            low = seq + 1;
        else
            high = middle;
        if (low >= high)
            break;
    }
    *out = low;
    return ST_OK;
}

static struct audit_distinct *place_of(struct audit_distinct *out, size_t room, size_t *count,
                                       uint16_t object) {
    for (size_t i = 0; i < *count; i++) {
        if (out[i].object == object)
            return &out[i];
    }
    if (*count == room)
        return NULL;
    out[*count] = (struct audit_distinct){.object = object};
    return &out[(*count)++];
}

static enum status take_entry(sqlite3_stmt *statement, struct met *met, struct audit_distinct *out,
                              size_t room, size_t *count, struct error *e) {
    uint16_t object = (uint16_t)sqlite3_column_int(statement, 0);
    const uint8_t *ids = sqlite3_column_blob(statement, 1);
    size_t n = (size_t)sqlite3_column_bytes(statement, 1) / 16;
    struct audit_distinct *place = object == 0 ? NULL : place_of(out, room, count, object);
    if (place == NULL)
        return ST_OK;
    place->at_least = place->at_least || (size_t)sqlite3_column_int64(statement, 2) > n;
    for (size_t i = 0; i < n; i++) {
        bool fresh = false;
        if (!met_add(met, object, ids + i * 16, &fresh) && met->count < DISTINCT_MOST)
            return error_set(e, ST_NOMEM, "no_memory", "no memory for a report");
        place->at_least = place->at_least || met->count >= DISTINCT_MOST;
        place->records += fresh;
    }
    return ST_OK;
}

enum status audit_tally_distinct(struct connection *c, struct sql *sql, uint32_t actor, int64_t from_ms,
                                 struct audit_distinct *out, size_t room, size_t *count, struct error *e) {
    sqlite3_stmt *statement;
    struct met met = {.room = 0};
    int64_t first;
    int rc = SQLITE_DONE;
    *count = 0;
    enum status s = first_since(c, sql, from_ms, &first, e);
    if (s != ST_OK)
        return s;
    sql_reset(sql);
    sql_put(sql, "SELECT object, records, record_count FROM entry WHERE record_count > 0 AND act <> 17 AND "
                 "actor = ");
    sql_bind_int(sql, actor);
    sql_put(sql, " AND seq >= ");
    sql_bind_int(sql, first);
    s = sql_prepare(sql, c, &statement, e);
    if (s != ST_OK)
        return s;
    while (s == ST_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW)
        s = take_entry(statement, &met, out, room, count, e);
    if (s == ST_OK && rc != SQLITE_DONE)
        s = connection_failed(c, rc, e);
    statement_done(c, statement);
    free(met.slots);
    return s;
}
