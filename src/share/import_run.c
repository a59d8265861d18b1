#include "share/run.h"

#include "base/clock.h"
#include "base/json_in.h"
#include "base/log.h"
#include "share/rejects.h"
#include "share/sheet.h"

#include <poll.h>
#include <stdlib.h>

/* While one batch is committed by the engine the next stands ready there, the keeper seals a third, a fourth
 * is read and validated, and the reader parses the one behind it. Commits and what is counted keep the file's
 * order. */
#define WORKERS  4
#define SLOTS    5
#define SAVE_NS  1000000000
#define TRIES    120 /* of one batch, while a process is being restarted */
#define PAUSE_MS 500
#define ENOUGH   ST_RETRY

enum slot_state { SLOT_FREE, SLOT_FULL };
enum ending { RUN_ON, RUN_STOPPED, RUN_CANCELLED };

struct slot {
    struct batch batch;
    enum slot_state state;
};

struct pipeline {
    struct jobs *jobs;
    struct tools *tools; /* the filler's */
    struct job *job;
    const struct token *token;
    const struct principal *who;
    struct world_view view; /* the same definitions for the whole run */
    struct import import;
    struct mapping mapping;
    struct keeper_call call;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct slot slots[SLOTS];
    uint64_t filled, taken; /* batches published, taken up */
    bool over;              /* nothing more will be published */
    enum status failed;
    struct error error;
    enum ending ending;

    /* Only in a batch's turn: */
    struct turns turns;
    struct tools kept;
    struct rejects rejects;
    int64_t saved_ns;

    /* Only the filler's: */
    struct slot *current;
    bool header;
    uint64_t resume, fed;
};

static void fail(struct pipeline *p, enum status s, const struct error *e) {
    (void)pthread_mutex_lock(&p->lock);
    if (p->failed == ST_OK) {
        p->failed = s;
        p->error = *e;
        p->error.status = s;
    }
    __atomic_store_n(&p->turns.broken, true, __ATOMIC_RELEASE);
    (void)pthread_cond_broadcast(&p->changed);
    (void)pthread_mutex_unlock(&p->lock);
}

static void end_early(struct pipeline *p, enum ending how) {
    (void)pthread_mutex_lock(&p->lock);
    if (p->ending == RUN_ON)
        p->ending = how;
    (void)pthread_mutex_unlock(&p->lock);
}

/* ---- a worker: seal and commit ---- */

static enum status try_batch(struct pipeline *p, struct tools *t, struct batch *b, struct error *e) {
    struct caller c;
    struct batch_job job = {.id = p->job->id, .number = p->job->number};
    enum status s = run_caller(t, &p->view, p->token, p->who, &c, e);
    if (s != ST_OK)
        return s;
    s = batch_run(&c, &p->mapping, &job, b, e);
    caller_finish(&c);
    arena_reset(&t->arena);
    return s;
}

static enum status work_on(struct pipeline *p, struct tools *t, struct batch *b, struct error *e) {
    enum status s = try_batch(p, t, b, e);
    for (unsigned tries = 0; run_may_retry(s) && tries < TRIES; tries++) {
        if (jobs_stopping(p->jobs)) {
            end_early(p, RUN_STOPPED);
            return s;
        }
        (void)poll(NULL, 0, PAUSE_MS);
        s = try_batch(p, t, b, e);
    }
    return s;
}

static enum status save(struct pipeline *p, struct error *e) {
    enum status s = rejects_flush(&p->rejects, e);
    p->job->chunks = p->rejects.chunks;
    if (s == ST_OK)
        s = job_put(p->jobs->world, p->job, e);
    p->saved_ns = clock_monotonic_ns();
    return s;
}

static enum status count_rows(struct pipeline *p, const struct batch *b, struct error *e) {
    struct job_counts *counts = &p->job->counts;
    for (size_t i = 0; i < b->count; i++) {
        const struct batch_row *row = &b->rows[i];
        counts->rows++;
        if (row->written) {
            counts->imported++;
            continue;
        }
        counts->rejected++;
        counts->duplicates += row->duplicate;
        enum status s = rejects_add(&p->rejects, row, e);
        if (s != ST_OK)
            return s;
    }
    p->job->line = b->last_line;
    p->job->done = b->seen;
    return clock_monotonic_ns() - p->saved_ns > SAVE_NS ? save(p, e) : ST_OK;
}

static void free_slot(struct pipeline *p, struct slot *slot) {
    batch_reset(&slot->batch);
    (void)pthread_mutex_lock(&p->lock);
    slot->state = SLOT_FREE;
    (void)pthread_cond_broadcast(&p->changed);
    (void)pthread_mutex_unlock(&p->lock);
}

static void serve_slot(struct pipeline *p, struct tools *t, struct slot *slot, uint64_t number) {
    struct error e = {.status = ST_OK};
    run_set_turn(&p->turns, number);
    enum status s = work_on(p, t, &slot->batch, &e);
    run_wait_turn(&p->turns, number);
    if (s != ST_OK)
        fail(p, s, &e);
    run_end_turn(&p->turns, number);
    run_set_turn(NULL, 0);
    run_wait_count(&p->turns, number);
    if (s == ST_OK && !__atomic_load_n(&p->turns.broken, __ATOMIC_ACQUIRE)) {
        s = count_rows(p, &slot->batch, &e);
        if (s != ST_OK)
            fail(p, s, &e);
    }
    run_end_count(&p->turns);
    free_slot(p, slot);
}

/* NULL: no more work. */
static struct slot *next_slot(struct pipeline *p, uint64_t *number) {
    (void)pthread_mutex_lock(&p->lock);
    while (p->taken == p->filled && !p->over)
        (void)pthread_cond_wait(&p->changed, &p->lock);
    struct slot *slot = p->taken == p->filled ? NULL : &p->slots[p->taken % SLOTS];
    *number = p->taken;
    if (slot != NULL)
        p->taken++;
    (void)pthread_mutex_unlock(&p->lock);
    return slot;
}

static void *worker_run(void *argument) {
    struct pipeline *p = argument;
    struct tools t;
    struct error e = {.status = ST_OK};
    uint64_t number;
    struct slot *slot;
    enum status s = run_tools_open(p->jobs, &t, &e);
    if (s != ST_OK) {
        fail(p, s, &e);
        return NULL;
    }
    while ((slot = next_slot(p, &number)) != NULL)
        serve_slot(p, &t, slot, number);
    run_tools_close(&t);
    return NULL;
}

/* ---- the filler: parts to rows to batches ---- */

static bool asked_to_end(struct pipeline *p) {
    bool cancelled = false;
    struct error ignored;
    if (jobs_stopping(p->jobs)) {
        end_early(p, RUN_STOPPED);
        return true;
    }
    enum status s = job_is_cancelled(p->tools->reader, &p->job->id, &p->tools->arena, &cancelled, &ignored);
    if (s == ST_OK && cancelled)
        end_early(p, RUN_CANCELLED);
    return s == ST_OK && cancelled;
}

static bool wait_free(struct pipeline *p, struct slot *slot) {
    (void)pthread_mutex_lock(&p->lock);
    while (slot->state != SLOT_FREE && p->failed == ST_OK)
        (void)pthread_cond_wait(&p->changed, &p->lock);
    bool good = p->failed == ST_OK;
    (void)pthread_mutex_unlock(&p->lock);
    return good;
}

static void publish(struct pipeline *p) {
    p->current->batch.seen = p->fed;
    (void)pthread_mutex_lock(&p->lock);
    p->current->state = SLOT_FULL;
    p->filled++;
    (void)pthread_cond_broadcast(&p->changed);
    (void)pthread_mutex_unlock(&p->lock);
    p->current = NULL;
}

static enum status take_row(void *context, const struct csv_row *row) {
    struct pipeline *p = context;
    if (p->header) {
        p->header = false;
        if (p->rejects.chunks == 0)
            rejects_add_header(&p->rejects, row);
        return ST_OK;
    }
    if (row->line <= p->resume)
        return ST_OK;
    if (p->current == NULL) {
        p->current = &p->slots[p->filled % SLOTS];
        if (!wait_free(p, p->current)) {
            p->current = NULL;
            return ENOUGH;
        }
    }
    enum status s = batch_add(&p->current->batch, row);
    uint32_t rows = __atomic_load_n(&p->turns.rows, __ATOMIC_RELAXED);
    if (s == ST_OK && (batch_is_full(&p->current->batch) || p->current->batch.count >= rows))
        publish(p);
    return s;
}

static enum status feed_part(struct pipeline *p, struct sheet *reader, uint64_t n, struct error *e) {
    struct slice part;
    enum status s = import_read_part(p->tools->keeper, &p->call, p->jobs->env->data_dir, &p->import, n,
                                     &p->tools->arena, &part, e);
    while (s == ST_OK && part.n > 0) {
        size_t step = part.n < DECODE_CHUNK_MAX ? part.n : DECODE_CHUNK_MAX;
        p->fed += step;
        s = sheet_feed(reader, slice_of(part.p, step), take_row, p, e);
        part.p += step;
        part.n -= step;
    }
    arena_reset(&p->tools->arena);
    return s;
}

static enum status feed_all(struct pipeline *p, struct error *e) {
    struct sheet *reader = NULL;
    enum status s =
        sheet_open(p->jobs->env, (enum encoding)p->mapping.encoding, p->mapping.delimiter, &reader, e);
    for (uint64_t n = 0; s == ST_OK && n < import_parts(&p->import); n++)
        s = asked_to_end(p) ? ENOUGH : feed_part(p, reader, n, e);
    if (s == ST_OK)
        s = sheet_end(reader, take_row, p, e);
    sheet_close(reader);
    if (s == ST_OK && p->current != NULL && p->current->batch.count > 0)
        publish(p);
    return s == ENOUGH ? ST_OK : s;
}

/* ---- all of it ---- */

static enum status prepare(struct pipeline *p, struct error *e) {
    struct caller c;
    json_t *plan = NULL;
    const struct object_def *object = object_by_id(p->view.objects, p->job->object);
    if (json_read(p->job->plan, 0, &plan, NULL) == ST_NOMEM)
        return error_set(e, ST_NOMEM, "no_memory", "plan");
    enum status s = run_caller(p->tools, &p->view, p->token, p->who, &c, e);
    if (s == ST_OK) {
        p->mapping.header = p->import.header;
        p->mapping.encoding = p->import.encoding;
        p->mapping.delimiter = p->import.delimiter;
        s = object == NULL ? error_set(e, ST_NOT_FOUND, "unknown_object", "the object is gone")
                           : mapping_read(&c, object, plan, &p->mapping, e);
        p->call = c.call;
        caller_finish(&c);
    }
    json_decref(plan);
    for (size_t i = 0; s == ST_OK && i < SLOTS; i++) {
        if (batch_init(&p->slots[i].batch) != ST_OK)
            s = error_set(e, ST_NOMEM, "no_memory", "batches");
    }
    if (s == ST_OK)
        s = run_tools_open(p->jobs, &p->kept, e);
    p->rejects.keeper = p->kept.keeper;
    p->rejects.call = &p->call;
    p->rejects.data_dir = p->jobs->env->data_dir;
    p->rejects.import = &p->import;
    p->rejects.chunks = p->job->chunks;
    p->header = p->mapping.header;
    p->resume = p->job->line;
    return s;
}

static void run_threads(struct pipeline *p) {
    pthread_t workers[WORKERS];
    size_t count = 0;
    struct error e = {.status = ST_OK};
    while (count < WORKERS && pthread_create(&workers[count], NULL, worker_run, p) == 0)
        count++;
    enum status s =
        count == 0 ? error_set(&e, ST_NOMEM, "no_thread", "a thread can't be started") : feed_all(p, &e);
    if (s != ST_OK)
        fail(p, s, &e);
    (void)pthread_mutex_lock(&p->lock);
    p->over = true;
    (void)pthread_cond_broadcast(&p->changed);
    (void)pthread_mutex_unlock(&p->lock);
    for (size_t i = 0; i < count; i++)
        (void)pthread_join(workers[i], NULL);
}

/* The parts have served; the job's end is written first, so that a crash in between costs a leftover only. */
static enum status finish(struct pipeline *p, struct error *e) {
    enum status s = save(p, e);
    if (s != ST_OK || p->ending == RUN_STOPPED)
        return s;
    p->job->state = p->ending == RUN_CANCELLED ? JOB_CANCELLED : JOB_DONE;
    if (p->job->state == JOB_DONE)
        p->job->done = p->job->total;
    return ST_OK;
}

enum status run_import(struct jobs *j, struct tools *t, struct job *job, const struct token *token,
                       const struct principal *who, struct error *e) {
    struct pipeline *p = calloc(1, sizeof *p);
    if (p == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "import");
    p->jobs = j;
    p->tools = t;
    p->job = job;
    p->token = token;
    p->who = who;
    p->saved_ns = clock_monotonic_ns();
    (void)pthread_mutex_init(&p->lock, NULL);
    (void)pthread_cond_init(&p->changed, NULL);
    p->turns.rows = RUN_ROWS_FIRST;
    (void)pthread_mutex_init(&p->turns.lock, NULL);
    (void)pthread_cond_init(&p->turns.moved, NULL);
    rejects_init(&p->rejects);
    world_enter(j->world, &p->view);
    struct arena a; /* of the import's item, for the whole run */
    arena_init(&a, 1024 * 1024, ARENA_PLAIN);
    enum status s = import_get(t->reader, &job->import, job->owner, &a, &p->import, e);
    if (s == ST_OK)
        s = prepare(p, e);
    if (s == ST_OK) {
        run_threads(p);
        bool stopped = p->ending == RUN_STOPPED && run_may_retry(p->failed);
        if (p->failed != ST_OK && !stopped) {
            s = p->failed;
            *e = p->error;
            struct error ignored;
            if (save(p, &ignored) != ST_OK)
                log_warn("job: the progress of a failed import was not kept");
        } else {
            s = finish(p, e);
        }
    }
    for (size_t i = 0; i < SLOTS; i++)
        batch_free(&p->slots[i].batch);
    run_tools_close(&p->kept);
    rejects_free(&p->rejects);
    world_leave(&p->view);
    arena_free(&a);
    free(p);
    return s;
}
