#include "store/sqlite/runs.h"

#include "base/log.h"

#include <stdlib.h>

enum run_state { RUN_MAKING, RUN_LIVE, RUN_DEAD };

static const char *const tables[] = {
    ("CREATE TABLE IF NOT EXISTS posting_run(run INTEGER PRIMARY KEY, level INTEGER NOT NULL, "
     "state INTEGER NOT NULL, target INTEGER NOT NULL DEFAULT 0, low INTEGER NOT NULL, "
     "high INTEGER NOT NULL, done BLOB)"),
    ("CREATE TABLE IF NOT EXISTS posting_block(id INTEGER PRIMARY KEY, run INTEGER NOT NULL, "
     "first BLOB NOT NULL, postings BLOB NOT NULL)"),
    "CREATE UNIQUE INDEX IF NOT EXISTS posting_block_first ON posting_block(run, first)",
};

enum status runs_prepare(const struct runs *r, struct error *e) {
    enum status s = ST_OK;
    for (size_t i = 0; s == ST_OK && i < sizeof tables / sizeof tables[0]; i++)
        s = connection_run(r->c, tables[i], e);
    return s;
}

/* ---- statements ---- */

static void begin(const struct runs *r, const char *literal) {
    sql_reset(r->sql);
    sql_put(r->sql, literal);
}

static void bind_then(const struct runs *r, int64_t value, const char *literal) {
    sql_bind_int(r->sql, value);
    sql_put(r->sql, literal);
}

static enum status execute(const struct runs *r, int *changed, struct error *e) {
    return sql_execute(r->sql, r->c, changed, e);
}

/* The first row's integers; *found: there is one. */
static enum status read_row(const struct runs *r, int64_t *out, int count, bool *found, struct error *e) {
    sqlite3_stmt *statement;
    enum status s = sql_prepare(r->sql, r->c, &statement, e);
    if (s != ST_OK)
        return s;
    int rc = sqlite3_step(statement);
    *found = rc == SQLITE_ROW;
    for (int i = 0; *found && i < count; i++)
        out[i] = sqlite3_column_int64(statement, i);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        s = connection_failed(r->c, rc, e);
    statement_done(r->c, statement);
    return s;
}

static enum status damaged(struct error *e) {
    return error_set(e, ST_CORRUPT, "store_corrupt", "a block of postings is damaged");
}

/* ---- writing blocks ---- */

struct run_output {
    const struct runs *r;
    struct run_block_writer block;
    int64_t run;
    uint64_t low;
    size_t written; /* blocks */
};

static enum status output_flush(struct run_output *o, struct error *e) {
    uint8_t key[RUN_KEY_BYTES];
    if (run_block_is_empty(&o->block))
        return ST_OK;
    struct slice bytes = run_block_take(&o->block);
    if (bytes.p == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for a block");
    posting_key(&o->block.first, key);
    begin(o->r, "INSERT INTO posting_block(run, first, postings) VALUES(");
    bind_then(o->r, o->run, ", ");
    sql_bind(o->r->sql, cell_bytes(slice_of(key, sizeof key)));
    sql_put(o->r->sql, ", ");
    sql_bind(o->r->sql, cell_bytes(bytes));
    sql_put(o->r->sql, ")");
    enum status s = execute(o->r, NULL, e);
    run_block_begin(&o->block);
    o->written++;
    return s;
}

static enum status output_put(struct run_output *o, const struct posting *p, struct error *e) {
    if (run_block_put(&o->block, p, o->low))
        return ST_OK;
    enum status s = output_flush(o, e);
    if (s == ST_OK && !run_block_put(&o->block, p, o->low))
        s = error_set(e, ST_INTERNAL, "store_internal", "a posting does not fit into a block");
    return s;
}

/* ---- adding ---- */

static int by_record(const void *a, const void *b) {
    return posting_compare(a, b);
}

static enum status run_new(const struct runs *r, int64_t level, enum run_state state, int64_t low,
                           int64_t high, int64_t *run, struct error *e) {
    begin(r, "INSERT INTO posting_run(level, state, low, high) VALUES(");
    bind_then(r, level, ", ");
    bind_then(r, state, ", ");
    bind_then(r, low, ", ");
    bind_then(r, high, ")");
    enum status s = execute(r, NULL, e);
    *run = sqlite3_last_insert_rowid(r->c->db);
    return s;
}

enum status runs_add(const struct runs *r, struct posting *postings, size_t count, struct error *e) {
    if (count == 0)
        return ST_OK;
    uint64_t low = postings[0].number, high = low;
    for (size_t i = 1; i < count; i++) {
        low = postings[i].number < low ? postings[i].number : low;
        high = postings[i].number > high ? postings[i].number : high;
    }
    struct run_output o = {.r = r, .low = low};
    enum status s = run_new(r, 0, RUN_LIVE, (int64_t)low, (int64_t)high, &o.run, e);
    qsort(postings, count, sizeof *postings, by_record);
    run_block_writer_init(&o.block);
    for (size_t i = 0; s == ST_OK && i < count; i++) {
        if (i == 0 || posting_compare(&postings[i - 1], &postings[i]) != 0)
            s = output_put(&o, &postings[i], e);
    }
    if (s == ST_OK)
        s = output_flush(&o, e);
    run_block_writer_free(&o.block);
    return s;
}

/* ---- reading blocks ---- */

/* Reads a run on, from a record. */
struct run_input {
    const struct runs *r;
    sqlite3_stmt *statement;
    struct run_block_reader block;
    struct posting at;
    bool over;
    uint8_t key[RUN_KEY_BYTES];
    uint8_t bytes[RUN_BLOCK_BYTES + 1]; /* SQLite's own may move when the file is written */
};

static enum status input_block(struct run_input *in, struct error *e) {
    int rc = sqlite3_step(in->statement);
    in->over = rc == SQLITE_DONE;
    if (rc == SQLITE_DONE)
        return ST_OK;
    if (rc != SQLITE_ROW)
        return connection_failed(in->r->c, rc, e);
    size_t n = (size_t)sqlite3_column_bytes(in->statement, 0);
    if (n == 0 || n > sizeof in->bytes)
        return damaged(e);
    memcpy(in->bytes, sqlite3_column_blob(in->statement, 0), n);
    run_block_open(&in->block, slice_of(in->bytes, n));
    return run_block_next(&in->block, &in->at) == ST_OK ? ST_OK : damaged(e);
}

static enum status input_next(struct run_input *in, struct error *e) {
    enum status s = run_block_next(&in->block, &in->at);
    if (s == ST_NOT_FOUND)
        return input_block(in, e);
    return s == ST_OK ? ST_OK : damaged(e);
}

/* `done`: the last record that was read, or NULL. Its last posting, and so the rest, is in or behind the last
 * block that begins with it or before it. */
static enum status input_open(struct run_input *in, const struct runs *r, int64_t run,
                              const struct uuid *done, struct error *e) {
    *in = (struct run_input){.r = r, .over = false};
    begin(r, "SELECT postings FROM posting_block WHERE run = ");
    sql_bind_int(r->sql, run);
    if (done != NULL) {
        struct posting last = {.record = *done, .number = UINT64_MAX};
        posting_key(&last, in->key);
        sql_put(r->sql, " AND first >= coalesce((SELECT max(first) FROM posting_block WHERE run = ");
        bind_then(r, run, " AND first <= ");
        sql_bind(r->sql, cell_bytes(slice_of(in->key, sizeof in->key)));
        sql_put(r->sql, "), x'')");
    }
    sql_put(r->sql, " ORDER BY first");
    enum status s = sql_prepare(r->sql, r->c, &in->statement, e);
    if (s == ST_OK)
        s = input_block(in, e);
    while (s == ST_OK && done != NULL && !in->over && memcmp(in->at.record.b, done->b, 16) <= 0)
        s = input_next(in, e);
    return s;
}

static void input_close(struct run_input *in) {
    if (in->statement != NULL)
        statement_done(in->r->c, in->statement);
}

/* ---- merging ---- */

/* A merge under way: a run in the making and those that go into it. */
struct run_merge {
    const struct runs *r;
    struct run_output out;
    struct run_input inputs[RUNS_FAN]; /* oldest first */
    size_t count;
    struct uuid done;
    bool resumed;
};

static enum status merge_open(struct run_merge *m, struct error *e) {
    int64_t runs[RUNS_FAN];
    sqlite3_stmt *statement;
    begin(m->r, "SELECT run FROM posting_run WHERE target = ");
    bind_then(m->r, m->out.run, " ORDER BY low");
    enum status s = sql_prepare(m->r->sql, m->r->c, &statement, e);
    if (s != ST_OK)
        return s;
    int rc;
    size_t n = 0;
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW && n < RUNS_FAN)
        runs[n++] = sqlite3_column_int64(statement, 0);
    if (rc != SQLITE_DONE)
        s = rc == SQLITE_ROW ? damaged(e) : connection_failed(m->r->c, rc, e);
    statement_done(m->r->c, statement);
    for (; s == ST_OK && m->count < n; m->count++)
        s = input_open(&m->inputs[m->count], m->r, runs[m->count], m->resumed ? &m->done : NULL, e);
    return s;
}

/* The lowest record of all inputs; NULL: they are over. */
static const struct uuid *merge_lowest(const struct run_merge *m) {
    const struct uuid *lowest = NULL;
    for (size_t i = 0; i < m->count; i++) {
        const struct run_input *in = &m->inputs[i];
        if (!in->over && (lowest == NULL || memcmp(in->at.record.b, lowest->b, 16) < 0))
            lowest = &in->at.record;
    }
    return lowest;
}

/* All of one record: the runs' numbers follow each other. */
static enum status merge_record(struct run_merge *m, struct error *e) {
    enum status s = ST_OK;
    for (size_t i = 0; s == ST_OK && i < m->count; i++) {
        struct run_input *in = &m->inputs[i];
        while (s == ST_OK && !in->over && uuid_equal(&in->at.record, &m->done)) {
            s = output_put(&m->out, &in->at, e);
            if (s == ST_OK)
                s = input_next(in, e);
        }
    }
    return s;
}

static enum status merge_end(struct run_merge *m, bool over, struct error *e) {
    if (over) {
        begin(m->r, "UPDATE posting_run SET state = CASE run WHEN ");
        bind_then(m->r, m->out.run, " THEN ");
        bind_then(m->r, RUN_LIVE, " ELSE ");
        bind_then(m->r, RUN_DEAD, " END, target = 0, done = NULL WHERE run = ");
        bind_then(m->r, m->out.run, " OR target = ");
        sql_bind_int(m->r->sql, m->out.run);
    } else {
        begin(m->r, "UPDATE posting_run SET done = ");
        sql_bind(m->r->sql, cell_bytes(slice_of(m->done.b, 16)));
        sql_put(m->r->sql, " WHERE run = ");
        sql_bind_int(m->r->sql, m->out.run);
    }
    return execute(m->r, NULL, e);
}

static enum status merge_work(struct run_merge *m, struct error *e) {
    const struct uuid *lowest = NULL;
    enum status s = merge_open(m, e);
    while (s == ST_OK && (lowest = merge_lowest(m)) != NULL && m->out.written < RUNS_STEP) {
        m->done = *lowest;
        s = merge_record(m, e);
    }
    if (s == ST_OK)
        s = output_flush(&m->out, e);
    return s == ST_OK ? merge_end(m, lowest == NULL, e) : s;
}

static enum status merge_step(const struct runs *r, int64_t run, int64_t low, const struct uuid *done,
                              struct error *e) {
    struct run_merge *m = calloc(1, sizeof *m);
    if (m == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for merging");
    m->r = r;
    m->out = (struct run_output){.r = r, .run = run, .low = (uint64_t)low};
    m->resumed = done != NULL;
    if (done != NULL)
        m->done = *done;
    run_block_writer_init(&m->out.block);
    enum status s = merge_work(m, e);
    for (size_t i = 0; i < RUNS_FAN; i++)
        input_close(&m->inputs[i]);
    run_block_writer_free(&m->out.block);
    free(m);
    return s;
}

/* Goes on with the lowest level's merge that is under way. */
static enum status merge_resume(const struct runs *r, bool *found, struct error *e) {
    sqlite3_stmt *statement;
    struct uuid done;
    begin(r, "SELECT run, low, done FROM posting_run WHERE state = ");
    bind_then(r, RUN_MAKING, " ORDER BY level LIMIT 1");
    enum status s = sql_prepare(r->sql, r->c, &statement, e);
    if (s != ST_OK)
        return s;
    int rc = sqlite3_step(statement);
    *found = rc == SQLITE_ROW;
    int64_t run = *found ? sqlite3_column_int64(statement, 0) : 0;
    int64_t low = *found ? sqlite3_column_int64(statement, 1) : 0;
    bool resumed = *found && sqlite3_column_bytes(statement, 2) == 16;
    if (resumed)
        memcpy(done.b, sqlite3_column_blob(statement, 2), 16);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        s = connection_failed(r->c, rc, e);
    statement_done(r->c, statement);
    return s == ST_OK && *found ? merge_step(r, run, low, resumed ? &done : NULL, e) : s;
}

/* Begins a merge of the oldest runs of the lowest level that has enough of them and none under way. One at a
 * time to a level: so the next level's runs come in order. */
static enum status merge_begin(const struct runs *r, bool *found, struct error *e) {
    int64_t level[1] = {0}, span[2] = {0}, run;
    begin(r, "SELECT level FROM posting_run p WHERE state = ");
    bind_then(r, RUN_LIVE, " AND target = 0 AND NOT EXISTS (SELECT 1 FROM posting_run m WHERE m.state = ");
    bind_then(r, RUN_MAKING, " AND m.level = p.level + 1) GROUP BY level HAVING count(*) >= ");
    bind_then(r, RUNS_FAN, " ORDER BY level LIMIT 1");
    enum status s = read_row(r, level, 1, found, e);
    if (s != ST_OK || !*found)
        return s;
    begin(r, "SELECT min(low), max(high) FROM (SELECT low, high FROM posting_run WHERE state = ");
    bind_then(r, RUN_LIVE, " AND target = 0 AND level = ");
    bind_then(r, level[0], " ORDER BY low LIMIT ");
    bind_then(r, RUNS_FAN, ")");
    s = read_row(r, span, 2, found, e);
    if (s == ST_OK)
        s = run_new(r, level[0] + 1, RUN_MAKING, span[0], span[1], &run, e);
    if (s != ST_OK)
        return s;
    begin(r, "UPDATE posting_run SET target = ");
    bind_then(r, run, " WHERE state = ");
    bind_then(r, RUN_LIVE, " AND level = ");
    bind_then(r, level[0], " AND high <= ");
    sql_bind_int(r->sql, span[1]);
    return execute(r, NULL, e);
}

/* Some blocks of a run that was merged into another. */
static enum status remove_dead(const struct runs *r, bool *found, struct error *e) {
    int64_t run[1] = {0};
    int gone = 0;
    begin(r, "SELECT run FROM posting_run WHERE state = ");
    bind_then(r, RUN_DEAD, " LIMIT 1");
    enum status s = read_row(r, run, 1, found, e);
    if (s != ST_OK || !*found)
        return s;
    begin(r, "DELETE FROM posting_block WHERE id IN (SELECT id FROM posting_block WHERE run = ");
    bind_then(r, run[0], " LIMIT ");
    bind_then(r, RUNS_STEP, ")");
    s = execute(r, &gone, e);
    if (s != ST_OK || gone == RUNS_STEP)
        return s;
    begin(r, "DELETE FROM posting_run WHERE run = ");
    sql_bind_int(r->sql, run[0]);
    return execute(r, NULL, e);
}

enum status runs_merge(const struct runs *r, bool *more, struct error *e) {
    struct error why;
    *more = false;
    enum status s = connection_run(r->c, "BEGIN IMMEDIATE", e);
    if (s != ST_OK)
        return s;
    s = remove_dead(r, more, e);
    if (s == ST_OK && !*more) {
        bool begun = false, resumed = false;
        s = merge_begin(r, &begun, e);
        if (s == ST_OK)
            s = merge_resume(r, &resumed, e);
        *more = begun || resumed;
    }
    if (s == ST_OK)
        return connection_run(r->c, "COMMIT", e);
    if (connection_run(r->c, "ROLLBACK", &why) != ST_OK) /* SQLite may have rolled back by itself */
        log_debug("postings: nothing to roll back: %s", why.code);
    return s;
}

/* ---- looking up ---- */

struct finding {
    const struct runs *r;
    struct posting below; /* the record; numbers from here on are not wanted */
    uint64_t *out;
    size_t room, count;
};

/* Adds the record's numbers in the block, highest first. *over: the blocks before it have none. */
static enum status find_in_block(struct finding *f, struct slice block, bool *over, struct error *e) {
    uint64_t numbers[RUN_BLOCK_BYTES + 1]; /* one takes a byte at least */
    struct run_block_reader r;
    struct posting p;
    size_t n = 0;
    enum status s;
    run_block_open(&r, block);
    for (bool first = true; (s = run_block_next(&r, &p)) == ST_OK; first = false) {
        if (posting_compare(&p, &f->below) >= 0)
            break;
        bool same = uuid_equal(&p.record, &f->below.record);
        *over = *over || (first && !same);
        if (same && n < RUN_BLOCK_BYTES)
            numbers[n++] = p.number;
    }
    while (n > 0 && f->count < f->room)
        f->out[f->count++] = numbers[--n];
    return s == ST_OK || s == ST_NOT_FOUND ? ST_OK : damaged(e);
}

static enum status find_in_run(struct finding *f, int64_t run, struct error *e) {
    uint8_t key[RUN_KEY_BYTES];
    sqlite3_stmt *statement;
    posting_key(&f->below, key);
    begin(f->r, "SELECT postings FROM posting_block WHERE run = ");
    bind_then(f->r, run, " AND first < ");
    sql_bind(f->r->sql, cell_bytes(slice_of(key, sizeof key)));
    sql_put(f->r->sql, " ORDER BY first DESC");
    enum status s = sql_prepare(f->r->sql, f->r->c, &statement, e);
    if (s != ST_OK)
        return s;
    int rc = SQLITE_DONE;
    bool over = false;
    while (s == ST_OK && !over && f->count < f->room && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        size_t n = (size_t)sqlite3_column_bytes(statement, 0);
        s = n > RUN_BLOCK_BYTES + 1
                ? damaged(e)
                : find_in_block(f, slice_of(sqlite3_column_blob(statement, 0), n), &over, e);
    }
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        s = connection_failed(f->r->c, rc, e);
    statement_done(f->r->c, statement);
    return s;
}

enum status runs_find(const struct runs *r, const struct uuid *record, uint64_t below, uint64_t *out,
                      size_t room, size_t *count, struct error *e) {
    struct finding f = {.r = r, .below = {.record = *record, .number = below}, .out = out, .room = room};
    int64_t limit = below > INT64_MAX ? INT64_MAX : (int64_t)below;
    enum status s = ST_OK;
    bool found = true;
    *count = 0;
    while (s == ST_OK && found && f.count < room) {
        int64_t run[2] = {0};
        begin(r, "SELECT run, low FROM posting_run WHERE state = ");
        bind_then(r, RUN_LIVE, " AND low < ");
        bind_then(r, limit, " ORDER BY low DESC LIMIT 1");
        s = read_row(r, run, 2, &found, e);
        if (s == ST_OK && found)
            s = find_in_run(&f, run[0], e);
        limit = found ? run[1] : 0;
    }
    *count = f.count;
    return s;
}
