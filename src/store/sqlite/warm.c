#include "store/sqlite/warm.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/sqlite/facts.h"
#include "store/sqlite/found.h"
#include "store/sqlite/sweep.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

struct object {
    uint16_t id;
    bool done;
    struct fact at; /* the last row that was read */
    int64_t latest; /* creation of the latest row that was */
};

struct warm {
    struct store_reader *r;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stop;
    atomic_ullong rows;
    /* the thread's own */
    struct object objects[OBJECTS_MAX];
    size_t count;
    uint64_t forgotten, commits; /* facts_forgotten and found_now when the objects were looked at last */
    uint64_t left;               /* rows that may still be taken */
};

static struct object object_of(uint16_t id) {
    return (struct object){.id = id, .at = {.created_at = INT64_MIN}, .latest = INT64_MIN};
}

static bool stopped(struct warm *w, int64_t wait_ns) {
    struct timespec end;
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += wait_ns / 1000000000;
    end.tv_nsec += wait_ns % 1000000000;
    if (end.tv_nsec >= 1000000000) {
        end.tv_sec++;
        end.tv_nsec -= 1000000000;
    }
    int rc = 0;
    (void)pthread_mutex_lock(&w->lock);
    while (!w->stop && rc != ETIMEDOUT)
        rc = pthread_cond_timedwait(&w->wake, &w->lock, &end);
    bool stop = w->stop;
    (void)pthread_mutex_unlock(&w->lock);
    return stop;
}

static void object_add(struct warm *w, uint16_t id) {
    for (size_t i = 0; i < w->count; i++) {
        if (w->objects[i].id == id)
            return;
    }
    if (w->count < OBJECTS_MAX)
        w->objects[w->count++] = object_of(id);
}

/* By the index that is read: an object may have come meanwhile. */
static void objects_find(struct warm *w) {
    struct sql *sql = &w->r->sql;
    sqlite3_stmt *s = NULL;
    struct error e;
    sql_reset(sql);
    sql_put(sql, "SELECT CAST(substr(tbl_name, 3) AS INTEGER) FROM sqlite_schema WHERE type = 'index' AND "
                 "name GLOB ");
    sql_put(sql, "'i_[0-9]*_0_");
    sql_number(sql, FIELD_CREATED_AT);
    sql_put(sql, "' ORDER BY 1");
    reader_begin_one(w->r);
    enum status st = sql_prepare(sql, w->r->c, &s, &e);
    while (st == ST_OK && reader_step(w->r, s, &st, &e))
        object_add(w, (uint16_t)sqlite3_column_int(s, 0));
    statement_done(w->r->c, s);
    reader_end(w->r);
}

/* New rows stand behind the last one, or a little before it. */
static void look_again(struct object *o) {
    o->done = false;
    if (o->at.created_at > INT64_MIN + WARM_LAG_MS)
        o->at = (struct fact){.created_at = o->at.created_at - WARM_LAG_MS};
}

/* Whether there may be something to learn. Commits are asked for first: what comes meanwhile is seen next
 * time. */
static bool begin_round(struct warm *w) {
    uint64_t commits = found_now(w->r->found), forgotten = facts_forgotten(w->r->facts);
    bool anew = forgotten != w->forgotten;
    if (!anew && (commits == w->commits || w->left == 0))
        return false;
    w->commits = commits;
    w->forgotten = forgotten;
    objects_find(w);
    if (anew)
        w->left = WARM_ROWS;
    for (size_t i = 0; i < w->count; i++) {
        if (anew)
            w->objects[i] = object_of(w->objects[i].id);
        else
            look_again(&w->objects[i]);
    }
    return true;
}

/* One slice; false: an error, which others will see and tell of too. The object waits for the next commit. */
static bool slice(struct warm *w, struct object *o) {
    struct error e;
    size_t n = 0;
    enum status st = sweep_rows(w->r, o->id, &o->at, WARM_SLICE, &n, &e);
    atomic_fetch_add(&w->rows, n);
    if (o->at.created_at > o->latest) /* else it has read them before */
        w->left -= n < w->left ? n : w->left;
    o->latest = o->at.created_at > o->latest ? o->at.created_at : o->latest;
    o->done = st != ST_OK || n < WARM_SLICE || w->left == 0;
    if (st != ST_OK)
        log_debug("store: rows of object %u were not learnt: %s", (unsigned)o->id, e.detail);
    return st == ST_OK;
}

static void *warm_run(void *context) {
    struct warm *w = context;
    int64_t rest = 0;
    for (size_t i = w->count; !stopped(w, rest);) {
        if (i == w->count)
            i = begin_round(w) ? 0 : w->count;
        while (i < w->count && w->objects[i].done)
            i++;
        rest = (int64_t)WARM_PAUSE_MS * 1000000;
        if (i == w->count)
            continue;
        int64_t from = clock_monotonic_ns();
        if (slice(w, &w->objects[i]))
            rest = (clock_monotonic_ns() - from) * WARM_REST;
    }
    return NULL;
}

enum status warm_start(struct store_reader *r, struct warm **out, struct error *e) {
    struct warm *w = calloc(1, sizeof *w);
    if (w != NULL) {
        w->r = r;
        w->left = WARM_ROWS;
        w->commits = UINT64_MAX; /* there is something to learn */
        w->forgotten = facts_forgotten(r->facts);
    }
    if (w == NULL || pthread_mutex_init(&w->lock, NULL) != 0 || clock_condition_init(&w->wake) != 0 ||
        pthread_create(&w->thread, NULL, warm_run, w) != 0) {
        store_reader_close(r);
        free(w);
        return error_set(e, ST_NOMEM, "no_memory", "no thread to learn rows");
    }
    *out = w;
    return ST_OK;
}

void warm_stop(struct warm *w) {
    if (w == NULL)
        return;
    (void)pthread_mutex_lock(&w->lock);
    w->stop = true;
    (void)pthread_cond_signal(&w->wake);
    (void)pthread_mutex_unlock(&w->lock);
    (void)pthread_join(w->thread, NULL);
    (void)pthread_cond_destroy(&w->wake);
    (void)pthread_mutex_destroy(&w->lock);
    store_reader_close(w->r);
    free(w);
}

uint64_t warm_rows(const struct warm *w) {
    return atomic_load(&w->rows);
}
