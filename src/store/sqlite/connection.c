#include "store/sqlite/connection.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "store/sqlite/judged.h"
#include "store/sqlite/shared_map.h"
#include "store/sqlite/staged.h"
#include "store/sqlite/young.h"

#include <pthread.h>

#define HASH_SEED      0x6b65647565UL
#define PROGRESS_STEPS 2000 /* virtual machine steps between looks at the clock: some 20 µs */

static pthread_once_t library_once = PTHREAD_ONCE_INIT;

/* Memory statistics would put one lock around every allocation of all threads. */
static void library_start(void) {
    if (sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) != SQLITE_OK)
        log_debug("sqlite was started by somebody else; memory statistics stay on");
}

enum status connection_failed(struct connection *c, int rc, struct error *e) {
    int extended = c == NULL || c->db == NULL ? rc : sqlite3_extended_errcode(c->db);
    /* A writer's header in the shared memory was seen half written: who may only read can't wait for its
     * lock. */
    if (extended == SQLITE_READONLY_RECOVERY)
        return error_set(e, ST_UNAVAILABLE, "store_busy", "the database is being written (%d)", extended);
    switch (rc & 0xff) {
    case SQLITE_FULL:
        return error_set(e, ST_LIMIT, "disk_full", "no room to write the database");
    case SQLITE_INTERRUPT:
        return error_set(e, ST_LIMIT, "too_slow", "the query took longer than it may");
    case SQLITE_NOMEM:
        return error_set(e, ST_NOMEM, "no_memory", "no memory for the query");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return error_set(e, ST_UNAVAILABLE, "store_busy", "the database is locked (%d)", extended);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return error_set(e, ST_CORRUPT, "store_corrupt", "the database file is damaged (%d)", extended);
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
        return error_set(e, ST_IO, "store_io", "the database file can't be read or written (%d)", extended);
    default:
        return error_set(e, ST_INTERNAL, "store_internal", "the database refused a statement (%d)", extended);
    }
}

static int on_progress(void *context) {
    const struct connection *c = context;
    return c->deadline_ns != 0 && clock_monotonic_ns() > c->deadline_ns;
}

static enum status run_script(struct connection *c, const char *script, struct error *e) {
    int rc = sqlite3_exec(c->db, script, NULL, NULL, NULL);
    return rc == SQLITE_OK ? ST_OK : connection_failed(c, rc, e);
}

static const char *const setup_all = "PRAGMA temp_store=MEMORY;"
                                     "PRAGMA foreign_keys=OFF;"
                                     "PRAGMA secure_delete=ON;"
                                     "PRAGMA trusted_schema=OFF;";
/* mmap_size switches fetching on (shared_map.h); caches of their own hold little more than the WAL's pages.
 */
static const char *const setup_reader = "PRAGMA mmap_size=2147418112; PRAGMA cache_size=-1500;"
                                        "PRAGMA query_only=ON;";
/* Checkpoints are the checkpointer's: never in the way of a commit. */
static const char *const setup_writer = "PRAGMA page_size=4096; PRAGMA journal_mode=WAL;"
                                        "PRAGMA synchronous=FULL; PRAGMA mmap_size=2147418112;"
                                        "PRAGMA cache_size=-32000; PRAGMA wal_autocheckpoint=0;";
static const char *const setup_checkpoint = "PRAGMA synchronous=FULL; PRAGMA cache_size=-1500;"
                                            "PRAGMA wal_autocheckpoint=0;";

static enum status connection_setup(struct connection *c, enum connection_kind kind, struct error *e) {
    int rc = sqlite3_busy_timeout(c->db, CONNECTION_BUSY_MS);
    if (rc == SQLITE_OK)
        rc = sqlite3_db_config(c->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (rc != SQLITE_OK)
        return connection_failed(c, rc, e);
    sqlite3_progress_handler(c->db, PROGRESS_STEPS, on_progress, c);
    const char *own = kind == CONNECTION_WRITER   ? setup_writer
                      : kind == CONNECTION_READER ? setup_reader
                                                  : setup_checkpoint;
    enum status st = run_script(c, setup_all, e);
    if (st == ST_OK)
        st = run_script(c, own, e);
    if (st == ST_OK)
        st = postings_register(c->db, e);
    if (st == ST_OK)
        st = staged_register(c->db, e);
    if (st == ST_OK)
        st = young_register(c->db, e);
    if (st == ST_OK)
        st = judged_register(c->db, e);
    return st;
}

enum status connection_open(const char *path, enum connection_kind kind, struct connection **out,
                            struct error *e) {
    if (pthread_once(&library_once, library_start) != 0)
        return error_set(e, ST_INTERNAL, "store_internal", "the database library did not start");
    struct connection *c = calloc(1, sizeof *c);
    if (c == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for a connection");
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    if (kind == CONNECTION_WRITER)
        flags |= SQLITE_OPEN_CREATE;
    int rc = sqlite3_open_v2(path, &c->db, flags, shared_map_vfs());
    enum status st = rc == SQLITE_OK ? connection_setup(c, kind, e) : connection_failed(c, rc, e);
    if (st != ST_OK) {
        connection_close(c);
        return st;
    }
    *out = c;
    return ST_OK;
}

void connection_close(struct connection *c) {
    if (c == NULL)
        return;
    for (size_t i = 0; i < STATEMENT_SETS; i++) {
        for (size_t j = 0; j < STATEMENT_WAYS; j++)
            sqlite3_finalize(c->cache[i][j].handle);
    }
    if (sqlite3_close(c->db) != SQLITE_OK)
        log_error("store: a database connection was closed while in use");
    free(c);
}

/* The statement of this text, if idle; else the slot to put it in: empty, or the oldest idle one. */
static struct statement *cache_find(struct connection *c, struct slice sql, uint64_t hash, bool *hit) {
    struct statement *set = c->cache[hash % STATEMENT_SETS], *victim = NULL;
    for (size_t i = 0; i < STATEMENT_WAYS; i++) {
        struct statement *s = &set[i];
        if (s->busy)
            continue;
        if (s->handle != NULL && s->hash == hash && slice_is(sql, sqlite3_sql(s->handle))) {
            *hit = true;
            return s;
        }
        if (victim == NULL || s->used_at < victim->used_at)
            victim = s;
    }
    *hit = false;
    return victim;
}

enum status connection_prepare(struct connection *c, struct slice sql, sqlite3_stmt **out, struct error *e) {
    uint64_t hash = map_hash(sql, HASH_SEED);
    bool hit = false;
    struct statement *slot = cache_find(c, sql, hash, &hit);
    if (!hit) {
        sqlite3_stmt *made = NULL;
        int rc = sqlite3_prepare_v3(c->db, (const char *)sql.p, (int)sql.n, SQLITE_PREPARE_PERSISTENT, &made,
                                    NULL);
        if (rc != SQLITE_OK) {
            log_error("store: a statement does not compile: %s", sqlite3_errmsg(c->db));
            return connection_failed(c, rc, e);
        }
        if (slot == NULL) { /* all ways busy: lives until statement_done */
            *out = made;
            return ST_OK;
        }
        sqlite3_finalize(slot->handle);
        *slot = (struct statement){.hash = hash, .handle = made};
    }
    c->last = slot;
    slot->busy = true;
    slot->used_at = ++c->clock;
    *out = slot->handle;
    return ST_OK;
}

void statement_done(struct connection *c, sqlite3_stmt *s) {
    if (s == NULL)
        return;
    struct statement *last = c->last;
    if (last != NULL && last->handle == s) {
        (void)sqlite3_reset(s);
        (void)sqlite3_clear_bindings(s);
        last->busy = false;
        return;
    }
    uint64_t hash = map_hash(slice_from_string(sqlite3_sql(s)), HASH_SEED);
    for (size_t i = 0; i < STATEMENT_WAYS; i++) {
        struct statement *slot = &c->cache[hash % STATEMENT_SETS][i];
        if (slot->handle != s)
            continue;
        /* The step has reported its error already: reset repeats it. */
        (void)sqlite3_reset(s);
        (void)sqlite3_clear_bindings(s);
        slot->busy = false;
        return;
    }
    (void)sqlite3_finalize(s);
}

enum status connection_run(struct connection *c, const char *sql, struct error *e) {
    sqlite3_stmt *s = NULL;
    enum status st = connection_prepare(c, slice_from_string(sql), &s, e);
    if (st != ST_OK)
        return st;
    int rc = sqlite3_step(s);
    if (rc != SQLITE_DONE && rc != SQLITE_ROW)
        st = connection_failed(c, rc, e);
    statement_done(c, s);
    return st;
}
