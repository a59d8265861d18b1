/* The statement for new rows of an object, with all of its columns, whatever columns a row has: for one row
 * or for some at once. */
#ifndef KEDUN_STORE_SQLITE_INSERTER_H
#define KEDUN_STORE_SQLITE_INSERTER_H

#include "store/sqlite/sql.h"
#include "store/store.h"

#define INSERTER_COLUMNS (STORE_COLUMNS_MAX + 10)

/* Begins as {.rows}. With more rows than one it fails at the first that cannot be and leaves those before it
 * ("OR FAIL": SQLite would else copy each page that it changes, to take the others back). */
struct inserter {
    size_t rows;
    sqlite3_stmt *statement;
    uint16_t object;
    uint16_t columns[INSERTER_COLUMNS];
    size_t count;
};

void inserter_end(struct inserter *i, struct connection *c);
/* Binds the op as row number `row`, the at-th of the statement; at 0 begins anew and makes the statement when
 * need be. ST_INVALID "unknown_column". */
MUST_CHECK enum status inserter_fill(struct inserter *i, struct connection *c, struct sql *s, size_t at,
                                     const struct write_op *op, int64_t row, struct error *e);
/* ST_CONFLICT "record_exists". */
MUST_CHECK enum status inserter_run(struct inserter *i, struct connection *c, struct error *e);

#endif
