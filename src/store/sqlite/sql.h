/* Puts a statement together: text from literals and numbers, values only as bound parameters. */
#ifndef KEDUN_STORE_SQLITE_SQL_H
#define KEDUN_STORE_SQLITE_SQL_H

#include "base/buf.h"
#include "object/pred.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/postings.h"

#define SQL_TEXT_MAX ((size_t)1 << 20)

struct row_set;
struct judged_ask;

struct sql {
    struct buf text;
    struct cell *binds; /* borrowed values, in the order of their question marks */
    size_t bind_count, bind_room;
    bool failed; /* out of memory or too long; sql_prepare reports it */
};

void sql_init(struct sql *s);
void sql_free(struct sql *s);
void sql_reset(struct sql *s);

/* Inline, so that the literal's length is the compiler's to count. */
static inline void sql_put(struct sql *s, const char *literal) {
    buf_put(&s->text, literal, strlen(literal));
}
void sql_number(struct sql *s, uint64_t n);
/* "o_12": a table's or index's name of an object. */
void sql_name(struct sql *s, const char *prefix, uint16_t object);
/* A column's name, behind "tALIAS." unless alias is SQL_NO_ALIAS. */
#define SQL_NO_ALIAS 1000
void sql_column(struct sql *s, unsigned alias, uint16_t field);
/* A question mark and its value. */
void sql_bind(struct sql *s, struct cell value);
void sql_bind_int(struct sql *s, int64_t i);
/* Rows for kedun_has (postings.h). */
void sql_bind_rows(struct sql *s, const struct row_set *rows);
/* What kedun_judged and kedun_judge ask (judged.h). */
void sql_bind_judged(struct sql *s, const struct judged_ask *ask);

/* Binds one value of a statement that is kept: SQLite's result code. The value stays borrowed. */
int sql_bind_at(sqlite3_stmt *statement, int at, const struct cell *v);

/* Cached prepare, all values bound. */
MUST_CHECK enum status sql_prepare(struct sql *s, struct connection *c, sqlite3_stmt **out, struct error *e);
/* Prepares, runs to the end, gives the number of changed rows when `changed` is not NULL. A broken constraint
 * is ST_CONFLICT "constraint". */
MUST_CHECK enum status sql_execute(struct sql *s, struct connection *c, int *changed, struct error *e);

#endif
