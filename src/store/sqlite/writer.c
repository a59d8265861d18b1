#include "store/sqlite/writer.h"

#include "base/clock.h"
#include "base/futex.h"
#include "base/log.h"
#include "store/sqlite/apply.h"
#include "store/sqlite/chains.h"
#include "store/sqlite/forget.h"
#include "store/sqlite/found.h"
#include "store/sqlite/holds.h"
#include "store/sqlite/kept.h"
#include "store/sqlite/left.h"
#include "store/sqlite/places.h"
#include "store/sqlite/shared_map.h"
#include "store/sqlite/turns.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define FOLD_IDLE_NS   300000000  /* after the last set, what it and others staged is indexed */
#define FOLD_LATEST_NS 2000000000 /* rows that came one by one are, though others follow */
#define FOLD_ROWS      2048       /* or so many */
#define FOLD_AGAIN_NS  2000000000 /* after a failure */

/* On the stack of the thread that waits for it. */
struct request {
    struct request *next;
    const struct write_set *set; /* or */
    writer_task task;
    void *context;
    struct write_result result;
    struct error error;
    enum status status;
    _Atomic uint32_t done; /* slept on; what stands above is not touched once it is 1 */
};

struct queue {
    struct request *first, *last;
};

struct writer {
    struct connection *c;
    struct checkpoint *checkpoint;
    struct places *places;
    struct kept *kept;
    struct apply apply;
    struct holds holds;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct queue interactive, bulk;
    bool stop;
    uint64_t settled;      /* to be forgotten up to here; 0: nothing */
    int64_t forget_before; /* idempotency keys; 0: nothing */
    struct writer_turns turns;
    int64_t slice_began_ns;
    int64_t slice_ns;                    /* when nobody else waits */
    int64_t bulk_set_ns;                 /* when a bulk set was committed last */
    int64_t staged_since_ns;             /* 0: nothing is staged */
    int64_t group_began_ns;              /* of the thread's processor time */
    int64_t fold_after_ns;               /* not before */
    struct request *group[WRITER_GROUP]; /* applied, waiting for the commit */
    size_t group_count, group_sets;      /* sets: of the last group */
    struct left left;
    struct chains chains; /* under the lock */
};

static void queue_put(struct queue *q, struct request *r) {
    if (q->last == NULL)
        q->first = r;
    else
        q->last->next = r;
    q->last = r;
}

static struct request *queue_take(struct queue *q) {
    struct request *r = q->first;
    if (r == NULL)
        return NULL;
    q->first = r->next;
    if (q->first == NULL)
        q->last = NULL;
    return r;
}

/* ---- the thread ---- */

static void commit_ended(struct writer *w) {
    kept_commit_ended(w->kept);
    found_commit_ended(w->c->found);
}

static bool run_quietly(struct writer *w, const char *sql) {
    struct error e;
    enum status st = connection_run(w->c, sql, &e);
    if (st != ST_OK)
        log_error("store: %s failed: %s", sql, e.detail);
    return st == ST_OK;
}

/* What nobody waits for; a failure leaves it for another time. */
static void group_housekeeping(struct writer *w) {
    (void)pthread_mutex_lock(&w->lock);
    uint64_t settled = w->settled;
    int64_t before = w->forget_before;
    w->settled = 0;
    w->forget_before = 0;
    (void)pthread_mutex_unlock(&w->lock);
    struct error e;
    bool more = false;
    enum status st = forget_some(w->c, &w->apply.sql, settled, before, &more, &e);
    if (more)
        writer_forget_keys(w, before);
    if (st != ST_OK)
        log_warn("store: settled intents or old keys stay until the next time: %s", e.detail);
}

static void chain_fail(struct writer *w, uint64_t id) {
    (void)pthread_mutex_lock(&w->lock);
    chains_break(&w->chains, id);
    (void)pthread_mutex_unlock(&w->lock);
}

/* Without the lock, which those who wake would only queue for. A request may be gone as soon as it is done:
 * then the wake finds nobody. */
static void group_answer(struct writer *w, enum status st, const struct error *e) {
    uint64_t held_us = (uint64_t)(clock_thread_ns() - w->group_began_ns) / 1000;
    w->group_sets = w->group_count;
    if (w->group_count > 0)
        held_us /= w->group_count;
    for (size_t i = 0; i < w->group_count; i++) {
        struct request *r = w->group[i];
        if (st != ST_OK && r->status == ST_OK) {
            r->status = st;
            r->error = *e;
        }
        if (r->status != ST_OK && r->set != NULL && r->set->chain != 0)
            chain_fail(w, r->set->chain);
        r->result.held_us = held_us;
        atomic_store(&r->done, 1);
        futex_wake(&r->done, 1);
    }
    w->group_count = 0;
}

static void group_fail(struct writer *w, enum status st, const struct error *e) {
    if (sqlite3_get_autocommit(w->c->db) == 0 && !run_quietly(w, "ROLLBACK"))
        (void)sqlite3_exec(w->c->db, "ROLLBACK", NULL, NULL, NULL);
    apply_failed(&w->apply);
    group_answer(w, st, e);
}

/* A commit whose sync failed stands in the database's log all the same, complete: nobody sees it now, but a
 * start after the death of all who have the file open would. Another commit is written over it, and makes an
 * end of it. */
static enum status write_over(struct connection *c, struct error *e) {
    return connection_run(c, "REPLACE INTO meta(key, value) VALUES('written_over', 1)", e);
}

static void commit_failed(struct writer *w, enum status st, struct error *e) {
    struct error again;
    if (sqlite3_get_autocommit(w->c->db) == 0 && !run_quietly(w, "ROLLBACK"))
        (void)sqlite3_exec(w->c->db, "ROLLBACK", NULL, NULL, NULL);
    if (st == ST_IO && write_over(w->c, &again) != ST_OK) {
        log_error("store: a commit failed: %s; whether it holds is known after the next one", e->detail);
        st = error_set(e, ST_UNAVAILABLE, "commit_unknown", "the disk failed in the midst of the commit");
    }
    commit_ended(w);
    group_fail(w, st, e);
}

static void group_end(struct writer *w) {
    struct error e = {.status = ST_OK};
    group_housekeeping(w);
    enum status st = apply_finish(&w->apply, &e);
    bool applied = st == ST_OK;
    places_commit_begins(w->places);
    if (applied)
        st = connection_run(w->c, "COMMIT", &e);
    places_commit_ended(w->places);
    commit_ended(w);
    if (st != ST_OK && applied)
        commit_failed(w, st, &e);
    else if (st != ST_OK)
        group_fail(w, st, &e);
    else
        group_answer(w, ST_OK, NULL);
}

enum status writer_too_late(struct error *e) {
    return error_set(e, ST_UNAVAILABLE, "intent_settled", "the write comes too late: begin it again");
}

/* A set ahead of it in its chain has failed: earlier, or in this group. */
static bool is_behind_gap(struct writer *w, const struct request *r) {
    if (r->set->chain == 0)
        return false;
    (void)pthread_mutex_lock(&w->lock);
    bool gap = chains_broken(&w->chains, r->set->chain);
    (void)pthread_mutex_unlock(&w->lock);
    for (size_t i = 0; !gap && w->group[i] != r; i++)
        gap = w->group[i]->set->chain == r->set->chain && w->group[i]->status != ST_OK;
    return gap;
}

/* False: SQLite has given up the transaction, and the group with it. */
static bool request_apply(struct writer *w, struct request *r) {
    if (left_has(&w->left, r->set->intent))
        r->status = writer_too_late(&r->error);
    else if (is_behind_gap(w, r))
        r->status = chains_refuse(&r->error);
    else
        r->status = apply_set(&w->apply, r->set, &r->result, &r->error);
    if (sqlite3_get_autocommit(w->c->db) == 0)
        return true;
    group_fail(w, r->status, &r->error);
    return false;
}

/* All sets so far anew, each to be undone by itself. */
static bool group_again(struct writer *w) {
    struct error e = {.status = ST_OK};
    enum status st = connection_run(w->c, "ROLLBACK", &e);
    apply_failed(&w->apply);
    if (st == ST_OK)
        st = connection_run(w->c, "BEGIN IMMEDIATE", &e);
    if (st != ST_OK) {
        group_fail(w, st, &e);
        return false;
    }
    w->apply.guard = true;
    for (size_t i = 0; i < w->group_count; i++) {
        if (!request_apply(w, w->group[i]))
            return false;
    }
    return true;
}

static bool group_apply(struct writer *w, struct request *r) {
    w->group[w->group_count++] = r;
    return request_apply(w, r) && (!w->apply.spoilt || group_again(w));
}

static struct request *take(struct writer *w, struct queue *from, const struct queue *unless) {
    (void)pthread_mutex_lock(&w->lock);
    struct request *r = unless != NULL && unless->first != NULL ? NULL : queue_take(from);
    (void)pthread_mutex_unlock(&w->lock);
    return r;
}

static bool others_wait(struct writer *w) {
    (void)pthread_mutex_lock(&w->lock);
    bool wait = w->interactive.first != NULL;
    (void)pthread_mutex_unlock(&w->lock);
    return wait;
}

/* As long as nobody waits for the writer, a longer slice costs nobody anything and saves commits; but where
 * somebody was there a moment ago, others may come. The commit takes its time, too. */
static bool slice_is_over(void *context) {
    struct writer *w = context;
    int64_t now = clock_monotonic_ns(), took = now - w->slice_began_ns;
    return took > (turns_alone(&w->turns, now) ? w->slice_ns : WRITER_SLICE_NS / 2) ||
           (took > WRITER_SLICE_NS / 4 && others_wait(w));
}

/* Chunks of postings before exact terms: look-ups read them as they are row by row. */
static enum status fold_some(struct writer *w, struct error *e) {
    struct apply *a = &w->apply;
    bool young = young_is_due(&a->young) ? !staged_is_due(&a->staged) : !staged_any(&a->staged);
    return young ? young_fold(&a->young, slice_is_over, w, e) : staged_fold(&a->staged, slice_is_over, w, e);
}

static bool fold_waits(const struct apply *a) {
    return staged_any(&a->staged) || young_any(&a->young);
}

/* A slice of indexing what came in bulk. Nobody waits for it; after a failure it is tried again later. */
static void run_fold(struct writer *w) {
    struct error e = {.status = ST_OK};
    w->slice_began_ns = clock_monotonic_ns();
    apply_forget(&w->apply);
    enum status st = connection_run(w->c, "BEGIN IMMEDIATE", &e);
    if (st == ST_OK)
        st = fold_some(w, &e);
    if (st == ST_OK)
        st = connection_run(w->c, "COMMIT", &e);
    commit_ended(w);
    if (st == ST_OK)
        return;
    log_warn("store: new rows keep their search terms until it is tried again: %s", e.detail);
    if (sqlite3_get_autocommit(w->c->db) == 0)
        (void)run_quietly(w, "ROLLBACK");
    w->fold_after_ns = clock_monotonic_ns() + FOLD_AGAIN_NS;
    young_failed(&w->apply.young);
    if (staged_again(&w->apply.staged, &e) != ST_OK)
        log_warn("store: new rows stay with their search terms until the next start: %s", e.detail);
}

static void run_task(struct writer *w, struct request *r) {
    w->group[w->group_count++] = r;
    places_commit_begins(w->places);
    w->c->forget_rows = true;
    r->status = r->task(w->c, r->context, &r->error);
    places_commit_ended(w->places);
    commit_ended(w);
    group_answer(w, ST_OK, NULL);
}

static void run_interactive(struct writer *w, struct request *r) {
    w->turns.interactive_ns = clock_monotonic_ns();
    while (r != NULL) {
        if (!group_apply(w, r))
            return;
        r = w->group_count < WRITER_GROUP ? take(w, &w->interactive, NULL) : NULL;
    }
    group_end(w);
}

/* Tasks open transactions of their own, so one ends the group before it. */
static void run_bulk(struct writer *w, struct request *r) {
    w->slice_began_ns = clock_monotonic_ns();
    while (r != NULL && r->task == NULL) {
        if (!group_apply(w, r))
            return;
        bool more = !slice_is_over(w) && w->group_count < WRITER_GROUP;
        r = more ? take(w, &w->bulk, &w->interactive) : NULL;
    }
    group_end(w);
    if (r != NULL)
        run_task(w, r);
}

static void run_group(struct writer *w, struct request *r, bool bulk) {
    struct error e = {.status = ST_OK};
    w->group_began_ns = clock_thread_ns();
    if (r->task != NULL) {
        run_task(w, r);
        return;
    }
    apply_forget(&w->apply);
    /* A ROLLBACK that there was no memory for: its transaction is still open. */
    if (sqlite3_get_autocommit(w->c->db) == 0)
        (void)run_quietly(w, "ROLLBACK");
    enum status st = connection_run(w->c, "BEGIN IMMEDIATE", &e);
    if (st != ST_OK) {
        w->group[w->group_count++] = r;
        group_answer(w, st, &e);
    } else if (bulk) {
        run_bulk(w, r);
    } else {
        run_interactive(w, r);
    }
}

/* Whether there are staged rows to be indexed now; else *when says when to look again (0: not before the next
 * request). */
static bool fold_is_due(const struct writer *w, int64_t now, int64_t *when) {
    *when = 0;
    if (w->stop || !fold_waits(&w->apply))
        return false;
    bool full = staged_is_due(&w->apply.staged) || young_is_due(&w->apply.young);
    int64_t last = w->bulk_set_ns > w->turns.interactive_ns ? w->bulk_set_ns : w->turns.interactive_ns;
    int64_t idle = last + FOLD_IDLE_NS, latest = w->staged_since_ns + FOLD_LATEST_NS;
    if (now - w->bulk_set_ns > FOLD_IDLE_NS) { /* one by one */
        full = full || staged_count(&w->apply.staged) >= FOLD_ROWS;
        idle = idle < latest ? idle : latest;
    }
    *when = full ? w->fold_after_ns : idle;
    *when = *when < w->fold_after_ns ? w->fold_after_ns : *when;
    return now >= *when && (full || w->bulk.first == NULL);
}

static void wait_until(struct writer *w, int64_t when) {
    if (when == 0) {
        (void)pthread_cond_wait(&w->work, &w->lock);
        return;
    }
    struct timespec t = {.tv_sec = when / 1000000000, .tv_nsec = when % 1000000000};
    (void)pthread_cond_clockwait(&w->work, &w->lock, CLOCK_MONOTONIC, &t);
}

enum work { WORK_STOP, WORK_INTERACTIVE, WORK_BULK, WORK_FOLD };

/* Interactive sets first, but bulk work has its turn; full chunks go before bulk sets: what is staged stays
 * bounded. */
static enum work next_work(struct writer *w, struct request **r) {
    enum work work = WORK_STOP;
    int64_t when;
    bool fold;
    (void)pthread_mutex_lock(&w->lock);
    for (;;) {
        int64_t now = clock_monotonic_ns();
        int64_t turn = w->stop ? now : turns_next(&w->turns, now, w->interactive.first != NULL);
        fold = fold_is_due(w, now, &when);
        bool bulk = fold || w->bulk.first != NULL;
        if (bulk && now >= turn)
            work = fold ? WORK_FOLD : WORK_BULK;
        else if (w->interactive.first != NULL)
            work = WORK_INTERACTIVE;
        if (work != WORK_STOP || w->stop)
            break;
        wait_until(w, bulk ? turn : when);
    }
    *r = work == WORK_BULK          ? queue_take(&w->bulk)
         : work == WORK_INTERACTIVE ? queue_take(&w->interactive)
                                    : NULL;
    (void)pthread_mutex_unlock(&w->lock);
    return work;
}

static void note_end(struct writer *w, enum work work) {
    int64_t now = clock_monotonic_ns();
    if (work == WORK_INTERACTIVE)
        turns_interactive(&w->turns, now, w->group_sets);
    else
        turns_bulk(&w->turns, now, now - w->holds.wall_ns);
    if (work == WORK_BULK)
        w->bulk_set_ns = now;
    if (!fold_waits(&w->apply))
        w->staged_since_ns = 0;
    else if (w->staged_since_ns == 0 || work == WORK_FOLD)
        w->staged_since_ns = now;
}

static enum hold hold_of(enum work work, bool alone) {
    if (work == WORK_INTERACTIVE)
        return HOLD_INTERACTIVE;
    return work == WORK_BULK ? alone ? HOLD_BULK_ALONE : HOLD_BULK : alone ? HOLD_INDEX_ALONE : HOLD_INDEX;
}

static void *writer_run(void *context) {
    struct writer *w = context;
    struct request *r;
    enum work work;
    while ((work = next_work(w, &r)) != WORK_STOP) {
        bool alone = turns_alone(&w->turns, clock_monotonic_ns());
        holds_begin(&w->holds);
        checkpoint_pass(w->checkpoint);
        w->group_sets = 0;
        if (work == WORK_FOLD)
            run_fold(w);
        else
            run_group(w, r, work == WORK_BULK);
        holds_end(&w->holds, hold_of(work, alone), w->group_sets);
        note_end(w, work);
    }
    return NULL;
}

static int on_commit(void *context, sqlite3 *db, const char *name, int pages) {
    (void)db, (void)name;
    checkpoint_notify(context, pages);
    return SQLITE_OK;
}

/* ---- from outside ---- */

enum status writer_start(struct connection *c, struct checkpoint *k, struct places *places, struct kept *kept,
                         struct found *found, struct writer **out, struct error *e) {
    struct writer *w = calloc(1, sizeof *w);
    if (w == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for the writer");
    w->c = c;
    w->checkpoint = k;
    w->places = places;
    w->kept = kept;
    w->slice_ns = WRITER_SLICE_ALONE_NS;
    turns_init(&w->turns);
    kept_watch(kept, c);
    c->found = found;
    enum status st = chains_init(&w->chains, e);
    if (st == ST_OK)
        st = apply_init(&w->apply, c, e);
    struct error full;
    /* What an earlier process may have left must be decided before anybody is told how its writes ended.
     * Without room nothing can have been left: a commit is complete before it is synced. */
    if (st == ST_OK && write_over(c, &full) == ST_IO)
        st = error_set(e, ST_IO, full.code, "%s", full.detail);
    kept_commit_ended(kept);
    shared_map_gather(c->db);
    if (st != ST_OK) {
        apply_free(&w->apply);
        free(w);
        return st;
    }
    (void)sqlite3_wal_hook(c->db, on_commit, k);
    if (pthread_mutex_init(&w->lock, NULL) != 0 || pthread_cond_init(&w->work, NULL) != 0 ||
        pthread_create(&w->thread, NULL, writer_run, w) != 0) {
        apply_free(&w->apply);
        free(w);
        return error_set(e, ST_INTERNAL, "store_internal", "the writer did not start");
    }
    *out = w;
    return ST_OK;
}

void writer_stop(struct writer *w) {
    if (w == NULL)
        return;
    (void)pthread_mutex_lock(&w->lock);
    w->stop = true;
    (void)pthread_cond_signal(&w->work);
    (void)pthread_mutex_unlock(&w->lock);
    (void)pthread_join(w->thread, NULL);
    holds_log(&w->holds);
    apply_free(&w->apply);
    (void)pthread_cond_destroy(&w->work);
    (void)pthread_mutex_destroy(&w->lock);
    connection_close(w->c);
    left_free(&w->left);
    chains_free(&w->chains);
    free(w);
}

static enum status wait_for(struct writer *w, struct request *r, bool bulk, struct error *e) {
    (void)pthread_mutex_lock(&w->lock);
    enum status st = r->set == NULL ? ST_OK : chains_enter(&w->chains, &w->lock, r->set, e);
    bool stopped = w->stop;
    if (st == ST_OK && !stopped) {
        queue_put(bulk ? &w->bulk : &w->interactive, r);
        (void)pthread_cond_signal(&w->work);
    }
    (void)pthread_mutex_unlock(&w->lock);
    if (st != ST_OK)
        return st;
    while (!stopped && atomic_load(&r->done) == 0)
        futex_wait(&r->done, 0);
    if (stopped)
        return error_set(e, ST_UNAVAILABLE, "store_closed", "the store is being closed");
    if (r->status != ST_OK && e != NULL)
        *e = r->error;
    return r->status;
}

enum status writer_write(struct writer *w, const struct write_set *set, struct write_result *result,
                         struct error *e) {
    struct request r = {.set = set};
    enum status st = wait_for(w, &r, set->bulk, e);
    if (result != NULL)
        *result = r.result;
    return st;
}

enum status writer_do(struct writer *w, writer_task task, void *context, struct error *e) {
    struct request r = {.task = task, .context = context};
    return wait_for(w, &r, true, e);
}

struct leaving {
    struct writer *w;
    const uint64_t *intents;
    size_t n;
};

/* In the writer's thread: whatever came before has been committed, or not, by now. A commit whose sync failed
 * is written over first, or a start after the death of all could show it after all. */
static enum status leave_task(struct connection *c, void *context, struct error *e) {
    struct leaving *l = context;
    struct writer *w = l->w;
    enum status st = left_ready(&w->left, e);
    if (st == ST_OK)
        st = write_over(c, e);
    for (size_t i = 0; st == ST_OK && i < l->n; i++)
        left_add(&w->left, l->intents[i]);
    return st;
}

enum status writer_leave_intents(struct writer *w, const uint64_t *intents, size_t n, struct error *e) {
    struct leaving l = {w, intents, n};
    return writer_do(w, leave_task, &l, e);
}

static enum status alone_task(struct connection *c, void *context, struct error *e) {
    struct writer *w = context;
    w->slice_ns = WRITER_SLICE_SOLE_NS;
    return connection_run(c, "PRAGMA cache_size=-262144", e);
}

enum status writer_alone(struct writer *w, struct error *e) {
    return writer_do(w, alone_task, w, e);
}

void writer_settle_intents(struct writer *w, uint64_t intent) {
    (void)pthread_mutex_lock(&w->lock);
    if (intent > w->settled)
        w->settled = intent;
    (void)pthread_mutex_unlock(&w->lock);
}

void writer_forget_keys(struct writer *w, int64_t before_ms) {
    (void)pthread_mutex_lock(&w->lock);
    if (before_ms > w->forget_before)
        w->forget_before = before_ms;
    (void)pthread_mutex_unlock(&w->lock);
}
