/* One SQLite connection of one thread: opened alike everywhere, with a cache of prepared statements.
 *
 * Nothing here waits for a lock longer than CONNECTION_BUSY_MS. Sorters and temporary tables stay in memory:
 * no value goes to a temporary file. Calls are interrupted behind the deadline that connection_begin_call
 * sets. */
#ifndef KEDUN_STORE_SQLITE_CONNECTION_H
#define KEDUN_STORE_SQLITE_CONNECTION_H

#include "base/slice.h"
#include "base/status.h"

#include <sqlite3.h>

#define CONNECTION_BUSY_MS 5000
/* The cache: sets of ways, replaced by age within a set; 256 statements. */
#define STATEMENT_SETS 64
#define STATEMENT_WAYS 4

struct facts;
struct found;

enum connection_kind { CONNECTION_WRITER, CONNECTION_READER, CONNECTION_CHECKPOINT };

struct statement {
    uint64_t hash, used_at;
    sqlite3_stmt *handle;
    bool busy;
};

struct connection {
    sqlite3 *db;
    int64_t deadline_ns; /* of the call that runs; 0: none */
    uint64_t clock;
    struct found *found;    /* writer: told of entries that it changes */
    struct facts *facts;    /* writer: told of rows that it changes, by kept.h's hooks */
    bool forget_rows;       /* writer: the transaction changes more than rows that kept.h sees */
    struct statement *last; /* given out last: mostly the next to come back */
    struct statement cache[STATEMENT_SETS][STATEMENT_WAYS];
};

MUST_CHECK enum status connection_open(const char *path, enum connection_kind kind, struct connection **out,
                                       struct error *e);
void connection_close(struct connection *c);

/* A statement, reset and unbound, out of the cache or prepared into it. Give it back with statement_done. */
MUST_CHECK enum status connection_prepare(struct connection *c, struct slice sql, sqlite3_stmt **out,
                                          struct error *e);
void statement_done(struct connection *c, sqlite3_stmt *s);

/* Runs one statement without parameters or rows. */
MUST_CHECK enum status connection_run(struct connection *c, const char *sql, struct error *e);

/* What SQLite's result code means here. Never quotes SQLite's text, which may hold values. */
enum status connection_failed(struct connection *c, int rc, struct error *e);

#endif
