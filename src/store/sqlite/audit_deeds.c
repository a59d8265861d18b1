#include "store/sqlite/audit_deeds.h"

#define PLACES 8 /* numbers an entry */
_Static_assert(PLACES >= HIGH_RISK_TAG_ACTS, "an entry's acts have numbers of their own");

static void bind_next(struct sql *s, struct cell cell) {
    sql_put(s, ", ");
    sql_bind(s, cell);
}

static enum status add_act(struct connection *c, struct sql *s, const struct audit_entry *entry,
                           const struct high_risk_tagged *act, size_t place, struct error *e) {
    sql_reset(s);
    sql_put(s, "INSERT OR REPLACE INTO deed VALUES(");
    sql_bind_int(s, (int64_t)(entry->seq * PLACES + place));
    bind_next(s, cell_int(entry->time_ms));
    bind_next(s, cell_int(entry->actor));
    bind_next(s, cell_text(act->act));
    bind_next(s, cell_int(entry->object));
    bind_next(s, cell_int(act->day));
    bind_next(s, cell_int((int64_t)entry->record_count));
    bind_next(s, cell_int(entry->detail_count > 0));
    bind_next(s, cell_int(act->reason));
    bind_next(s, cell_int(entry->outcome));
    bind_next(s, cell_int(act->more));
    bind_next(s, cell_bytes(slice_of(act->approvals, act->approval_count * sizeof act->approvals[0])));
    sql_put(s, ")");
    return sql_execute(s, c, NULL, e);
}

static enum status add_outcome(struct connection *c, struct sql *s, const struct audit_entry *entry,
                               struct error *e) {
    sql_reset(s);
    sql_put(s, "UPDATE deed SET outcome = ");
    sql_bind_int(s, entry->outcome);
    sql_put(s, " WHERE id >= ");
    sql_bind_int(s, (int64_t)(entry->intent * PLACES));
    sql_put(s, " AND id < ");
    sql_bind_int(s, (int64_t)((entry->intent + 1) * PLACES));
    return sql_execute(s, c, NULL, e);
}

enum status audit_deeds_add(struct connection *c, struct sql *sql, const struct audit_entry *entry,
                            struct error *e) {
    struct high_risk_tagged acts[HIGH_RISK_TAG_ACTS];
    if (entry->act == AUDIT_OUTCOME)
        return add_outcome(c, sql, entry, e);
    enum status s = ST_OK;
    size_t n = entry->act == AUDIT_REFUSE ? 0 : high_risk_tag_read(entry->tag, acts);
    for (size_t i = 0; s == ST_OK && i < n; i++)
        s = add_act(c, sql, entry, &acts[i], i, e);
    return s;
}

static void put_number(struct sql *s, const char *condition, int64_t value) {
    sql_put(s, condition);
    sql_bind_int(s, value);
}

static void put_question(struct sql *s, const struct audit_deed_query *q) {
    sql_reset(s);
    sql_put(
        s, "SELECT id, at, actor, act, object, day, records, reason, job, outcome, approvals, more FROM deed "
           "WHERE 1");
    if (q->before != 0)
        put_number(s, " AND id < ", (int64_t)q->before);
    if (q->by_actor)
        put_number(s, " AND actor = ", q->actor);
    if (q->act.n > 0) {
        sql_put(s, " AND act = ");
        sql_bind(s, cell_text(q->act));
    }
    if (q->object != 0)
        put_number(s, " AND object = ", q->object);
    if (q->from_ms != 0)
        put_number(s, " AND at >= ", q->from_ms);
    if (q->below_ms != 0)
        put_number(s, " AND at < ", q->below_ms);
    put_number(s, " ORDER BY id DESC LIMIT ", (int64_t)q->limit + 1);
}

static enum status read_act(sqlite3_stmt *s, struct arena *a, struct audit_deed *out) {
    uint64_t id = (uint64_t)sqlite3_column_int64(s, 0);
    struct slice act = slice_of(sqlite3_column_text(s, 3), (size_t)sqlite3_column_bytes(s, 3));
    *out = (struct audit_deed){.id = id,
                               .seq = id / PLACES,
                               .at = sqlite3_column_int64(s, 1),
                               .actor = (uint32_t)sqlite3_column_int64(s, 2),
                               .object = (uint16_t)sqlite3_column_int(s, 4),
                               .records = (uint64_t)sqlite3_column_int64(s, 6),
                               .reason = sqlite3_column_int(s, 7) != 0,
                               .outcome = (uint8_t)sqlite3_column_int(s, 9)};
    size_t n = (size_t)sqlite3_column_bytes(s, 10) / sizeof out->what.approvals[0];
    out->what.act = arena_copy(a, act);
    out->what.day = (uint32_t)sqlite3_column_int64(s, 5);
    out->what.reason = sqlite3_column_int(s, 8) != 0;
    out->what.more = (uint32_t)sqlite3_column_int64(s, 11);
    out->what.approval_count = n < HIGH_RISK_TAG_APPROVALS ? n : HIGH_RISK_TAG_APPROVALS;
    if (n > 0)
        memcpy(out->what.approvals, sqlite3_column_blob(s, 10),
               out->what.approval_count * sizeof out->what.approvals[0]);
    return out->what.act.p == NULL ? ST_NOMEM : ST_OK;
}

enum status audit_deeds_read(struct connection *c, struct sql *sql, const struct audit_deed_query *q,
                             struct arena *a, struct audit_deed *out, size_t *count, bool *more,
                             struct error *e) {
    sqlite3_stmt *statement;
    *count = 0;
    *more = false;
    put_question(sql, q);
    enum status s = sql_prepare(sql, c, &statement, e);
    if (s != ST_OK)
        return s;
    int rc = SQLITE_DONE;
    while (s == ST_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        *more = *count == q->limit;
        if (*more)
            break;
        s = read_act(statement, a, &out[(*count)++]);
    }
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        s = connection_failed(c, rc, e);
    statement_done(c, statement);
    return s == ST_NOMEM ? error_set(e, s, "no_memory", "no memory for the page") : s;
}
