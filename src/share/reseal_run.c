#include "share/reseal_job.h"

#include "base/clock.h"
#include "record/definition.h"
#include "share/run.h"

#define SAVE_NS 1000000000

/* ---- engine: the job that does what changes of definitions have left ---- */

static enum status is_queued(struct caller *c, uint16_t object, bool *out, struct error *e) {
    struct store_item *items;
    struct job job;
    struct uuid id;
    size_t n = 0;
    *out = false;
    enum status s = store_item_list(c->reader, SLICE(JOB_QUEUE_ITEM), 0, SLICE_NONE, RESEAL_JOBS_MAX,
                                    c->arena, &items, &n, e);
    for (size_t i = 0; s == ST_OK && i < n && !*out; i++) {
        *out = uuid_parse(items[i].key, &id) && job_get(c->reader, &id, c->arena, &job, e) == ST_OK &&
               job.kind == JOB_RESEAL && job.object == object && !job_is_over(&job);
    }
    return s;
}

static enum status enqueue(struct caller *c, uint16_t object, struct uuid *id, struct error *e) {
    struct job job = {.kind = JOB_RESEAL, .object = object};
    if (uuid_new(&job.id) != ST_OK)
        return error_set(e, ST_IO, "internal", "no random bytes");
    *id = job.id;
    return job_enqueue(c, &job, e);
}

enum status reseal_jobs_start(struct caller *c, uint16_t always, struct uuid *id, bool *started,
                              struct error *e) {
    static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
    struct definition_work *work;
    size_t n = 0;
    *started = false;
    (void)pthread_mutex_lock(&one);
    enum status s = definition_work_list(c->reader, c->arena, &work, &n, e);
    for (size_t i = 0; s == ST_OK && i < n; i++) {
        bool queued = i > 0 && work[i].object == work[i - 1].object; /* one job does all of an object */
        if (!queued && work[i].object != always)
            s = is_queued(c, work[i].object, &queued, e);
        if (s == ST_OK && !queued) {
            s = enqueue(c, work[i].object, id, e);
            *started = s == ST_OK;
        }
    }
    (void)pthread_mutex_unlock(&one);
    return s;
}

/* ---- jobs: doing it ---- */

struct progress {
    struct jobs *jobs;
    struct job *job;
    int64_t saved;
};

static enum status rows_done(void *context, size_t rows, struct error *e) {
    struct progress *p = context;
    p->job->done += rows;
    if (jobs_stopping(p->jobs))
        return error_set(e, ST_UNAVAILABLE, "job_stopped", "goes on after the next start");
    if (clock_monotonic_ns() - p->saved < SAVE_NS)
        return ST_OK;
    p->saved = clock_monotonic_ns();
    return job_put(p->jobs->world, p->job, e);
}

static enum status rows_to_do(struct caller *c, const struct definition_work *work, size_t n, struct job *job,
                              struct error *e) {
    const struct object_def *o = object_by_id(c->world.objects, job->object);
    uint64_t live = 0, binned = 0;
    bool at_least;
    job->done = job->total = 0;
    enum status s =
        o == NULL ? ST_OK : store_count(c->reader, o, &pred_true, false, UINT32_MAX, &live, &at_least, e);
    if (s == ST_OK && o != NULL)
        s = store_count(c->reader, o, &pred_true, true, UINT32_MAX, &binned, &at_least, e);
    for (size_t i = 0; i < n; i++)
        job->total += work[i].object == job->object ? 2 * (live + binned) : 0;
    return s;
}

static enum status do_all(struct caller *c, struct progress *p, struct error *e) {
    struct definition_work *work;
    size_t n = 0;
    struct reseal_watch watch = {.rows_done = rows_done, .context = p};
    enum status s = definition_work_list(c->reader, c->arena, &work, &n, e);
    if (s == ST_OK)
        s = rows_to_do(c, work, n, p->job, e);
    for (size_t i = 0; s == ST_OK && i < n; i++) {
        if (work[i].object == p->job->object)
            s = definition_work_do(c, &work[i], &watch, e);
    }
    return s;
}

enum status run_reseal(struct jobs *j, struct tools *t, struct job *job, const struct token *token,
                       const struct principal *who, struct error *e) {
    struct world_view view;
    struct caller c;
    struct progress p = {.jobs = j, .job = job, .saved = clock_monotonic_ns()};
    world_enter(j->world, &view);
    enum status s = run_caller(t, &view, token, who, &c, e);
    if (s == ST_OK) {
        c.call.purpose = PURPOSE_ADMINISTRATION;
        s = do_all(&c, &p, e);
        caller_finish(&c);
        arena_reset(&t->arena);
    }
    world_leave(&view);
    if (s == ST_OK)
        job->state = JOB_DONE;
    return s;
}
