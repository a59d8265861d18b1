#include "store/sqlite/fresh.h"

#include "store/sqlite/found.h"

static enum status prepare(struct fresh_entries *f, struct error *e) {
    struct sql *s = f->adder.sql;
    sql_reset(s);
    sql_name(s, "INSERT OR FAIL INTO g_", f->object);
    sql_put(s, "(chunk, term, rows) VALUES(?1, ?2, ?3)");
    for (unsigned i = 1; i < FRESH_ROWS; i++) {
        sql_put(s, ", (?1, ?");
        sql_number(s, 2 * i + 2);
        sql_put(s, ", ?");
        sql_number(s, 2 * i + 3);
        sql_put(s, ")");
    }
    return sql_prepare(s, f->adder.c, &f->statement, e);
}

/* One after the other, to what may be there. */
static enum status add_each(struct fresh_entries *f, struct error *e) {
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < f->count; i++)
        st = entry_add(&f->adder, f->object, f->chunk, f->terms[i], slice_of(f->places[i], f->lengths[i]), e);
    f->count = 0;
    return st;
}

/* FRESH_ROWS at once. */
static enum status add_all(struct fresh_entries *f, struct error *e) {
    enum status st = f->statement == NULL ? prepare(f, e) : ST_OK;
    if (st != ST_OK)
        return st;
    found_touch(f->adder.c->found, f->object, f->chunk);
    int rc = sqlite3_bind_int64(f->statement, 1, f->chunk);
    for (int i = 0; rc == SQLITE_OK && i < FRESH_ROWS; i++) {
        rc = sqlite3_bind_int64(f->statement, 2 * i + 2, f->terms[i]);
        if (rc == SQLITE_OK)
            rc = sqlite3_bind_blob64(f->statement, 2 * i + 3, f->places[i], f->lengths[i], SQLITE_STATIC);
    }
    if (rc == SQLITE_OK)
        rc = sqlite3_step(f->statement);
    (void)sqlite3_reset(f->statement);
    if ((rc & 0xff) == SQLITE_CONSTRAINT) {
        f->met = true;
        return add_each(f, e);
    }
    f->count = 0;
    return rc == SQLITE_DONE ? ST_OK : connection_failed(f->adder.c, rc, e);
}

enum status fresh_add(struct fresh_entries *f, uint16_t object, int64_t chunk, int64_t term,
                      struct slice places, struct error *e) {
    if (f->met || places.n > FRESH_PLACES)
        return entry_add(&f->adder, object, chunk, term, places, e);
    f->object = object;
    f->chunk = chunk;
    f->terms[f->count] = term;
    f->lengths[f->count] = places.n;
    memcpy(f->places[f->count++], places.p, places.n);
    return f->count == FRESH_ROWS ? add_all(f, e) : ST_OK;
}

enum status fresh_end(struct fresh_entries *f, enum status before, struct error *e) {
    enum status st = before == ST_OK ? add_each(f, e) : before;
    statement_done(f->adder.c, f->statement);
    f->statement = NULL;
    entry_adder_end(&f->adder);
    return st;
}
