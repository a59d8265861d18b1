#include "store/store.h"

#include "store/sqlite/facts.h"
#include "store/sqlite/found.h"
#include "store/sqlite/kept.h"
#include "store/sqlite/places.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/schema.h"
#include "store/sqlite/shortlist.h"
#include "store/sqlite/warm.h"
#include "store/sqlite/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define PATH_ROOM 4096

struct store {
    char path[PATH_ROOM];
    enum store_mode mode;
    struct writer *writer;
    struct checkpoint *checkpoint;
    struct places *places;
    uint64_t refused; /* intents up to here are settled */
    struct kept *kept;
    struct found *found;
    struct facts *facts;
    struct shortlists *shortlists;
    struct warm *warm;
};

static enum status start_writing(struct store *s, const struct object_set *objects, struct error *e) {
    struct connection *c = NULL;
    enum status st = connection_open(s->path, CONNECTION_WRITER, &c, e);
    if (st == ST_OK)
        st = schema_apply(c, objects, e);
    if (st == ST_OK)
        st = checkpoint_start(s->path, &s->checkpoint, e);
    s->places = places_new();
    s->kept = kept_new();
    s->found = found_new();
    s->shortlists = shortlists_new();
    s->facts = s->kept == NULL ? NULL : facts_new(kept_clock(s->kept));
    if (st == ST_OK && (s->places == NULL || s->facts == NULL || s->found == NULL || s->shortlists == NULL))
        st = error_set(e, ST_NOMEM, "no_memory", "no memory for places in lists");
    if (st == ST_OK)
        c->facts = s->facts;
    if (st == ST_OK)
        st = writer_start(c, s->checkpoint, s->places, s->kept, s->found, &s->writer, e);
    if (st != ST_OK)
        connection_close(c);
    return st;
}

/* A file that others may read is no place for a base. */
static enum status make_file(struct store *s, struct error *e) {
    mode_t mask = umask(077);
    struct connection *c = NULL;
    enum status st = connection_open(s->path, CONNECTION_WRITER, &c, e);
    connection_close(c);
    (void)umask(mask);
    return st;
}

enum status store_open(const char *directory, enum store_mode mode, const struct object_set *objects,
                       struct store **out, struct error *e) {
    struct store *s = calloc(1, sizeof *s);
    if (s == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for the store");
    s->mode = mode;
    int n = snprintf(s->path, sizeof s->path, "%s/kedun.db", directory);
    enum status st = n > 0 && (size_t)n < sizeof s->path
                         ? ST_OK
                         : error_set(e, ST_INVALID, "path_too_long", "the directory's name is too long");
    if (st == ST_OK && mode == STORE_SERVE)
        st = make_file(s, e);
    if (st == ST_OK && mode == STORE_SERVE)
        st = start_writing(s, objects, e);
    if (st != ST_OK) {
        store_close(s);
        return st;
    }
    *out = s;
    return ST_OK;
}

void store_close(struct store *s) {
    if (s == NULL)
        return;
    warm_stop(s->warm);
    writer_stop(s->writer);
    checkpoint_stop(s->checkpoint);
    places_free(s->places);
    kept_free(s->kept);
    found_free(s->found);
    facts_free(s->facts);
    shortlists_free(s->shortlists);
    free(s);
}

enum status store_reader_open(struct store *s, struct store_reader **out, struct error *e) {
    struct store_reader *r = calloc(1, sizeof *r);
    if (r == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for a reader");
    r->deadline_ms = STORE_DEADLINE_MS;
    r->places = s->places;
    r->kept = s->kept;
    r->found = s->found;
    r->facts = s->facts;
    r->shortlists = s->shortlists;
    sql_init(&r->sql);
    enum status st = connection_open(s->path, CONNECTION_READER, &r->c, e);
    if (st != ST_OK) {
        sql_free(&r->sql);
        free(r);
        return st;
    }
    *out = r;
    return ST_OK;
}

enum status store_warm(struct store *s, struct error *e) {
    struct store_reader *r = NULL;
    if (s->facts == NULL || s->warm != NULL)
        return ST_OK;
    enum status st = store_reader_open(s, &r, e);
    return st == ST_OK ? warm_start(r, &s->warm, e) : st;
}

uint64_t store_warmed(const struct store *s) {
    return s->warm == NULL ? 0 : warm_rows(s->warm);
}

static enum status may_write(const struct store *s, struct error *e) {
    return s->writer != NULL ? ST_OK
                             : error_set(e, ST_INTERNAL, "store_read_only", "this process may not write");
}

static enum status migrate_task(struct connection *c, void *context, struct error *e) {
    return schema_apply(c, context, e);
}

enum status store_migrate(struct store *s, const struct object_set *objects, struct error *e) {
    enum status st = may_write(s, e);
    if (st != ST_OK)
        return st;
    union {
        const struct object_set *in;
        void *out;
    } set = {.in = objects}; /* the task takes it back as const */
    return writer_do(s->writer, migrate_task, set.out, e);
}

enum status store_write(struct store *s, const struct write_set *set, struct write_result *result,
                        struct error *e) {
    enum status st = may_write(s, e);
    if (st == ST_OK && set->intent != 0 && set->intent <= s->refused)
        st = writer_too_late(e);
    if (st == ST_OK)
        st = writer_write(s->writer, set, result, e);
    return st == ST_OK && set->scrub ? store_scrub(s, e) : st;
}

enum status store_alone(struct store *s, struct error *e) {
    enum status st = may_write(s, e);
    return st == ST_OK ? writer_alone(s->writer, e) : st;
}

void store_intents_refuse(struct store *s, uint64_t intent) {
    s->refused = intent;
}

enum status store_intents_leave(struct store *s, const uint64_t *intents, size_t n, struct error *e) {
    enum status st = may_write(s, e);
    return st == ST_OK ? writer_leave_intents(s->writer, intents, n, e) : st;
}

void store_intents_settled(struct store *s, uint64_t intent) {
    if (s->writer != NULL)
        writer_settle_intents(s->writer, intent);
}

void store_idempotency_forget(struct store *s, int64_t before_ms) {
    if (s->writer != NULL)
        writer_forget_keys(s->writer, before_ms);
}

enum status store_scrub(struct store *s, struct error *e) {
    enum status st = may_write(s, e);
    return st == ST_OK ? checkpoint_truncate(s->path, e) : st;
}
