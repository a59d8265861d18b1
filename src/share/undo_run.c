#include "share/run.h"

#include "base/clock.h"
#include "record/record.h"

#include <poll.h>

#define SLICE_ROWS 500
#define SAVE_NS    1000000000
#define TRIES      120
#define PAUSE_MS   500

/* The rows of an import bear its job's time in their ids, so the search begins there. */
static struct uuid first_id(const struct import *i) {
    struct uuid id = {{0}};
    memcpy(id.b, i->job.b, 6);
    return id;
}

static enum status undo_slice(struct tools *t, const struct world_view *view, struct job *job,
                              const struct token *token, const struct principal *who, struct uuid *position,
                              bool *more, struct error *e) {
    struct caller c;
    size_t undone = 0, kept = 0;
    struct uuid last = *position;
    enum status s = run_caller(t, view, token, who, &c, e);
    if (s != ST_OK)
        return s;
    const struct object_def *object = object_by_id(view->objects, job->object);
    s = object == NULL
            ? error_set(e, ST_NOT_FOUND, "unknown_object", "the object is gone")
            : record_undo_job(&c, object, job->number, position, SLICE_ROWS, &last, &undone, &kept, more, e);
    caller_finish(&c);
    arena_reset(&t->arena);
    job->counts.undone += undone; /* those that were done before a failure stay done */
    if (s == ST_OK) {
        job->counts.kept += kept;
        *position = last;
    }
    return s;
}

static bool asked_to_end(struct jobs *j, struct tools *t, struct job *job) {
    bool cancelled = false;
    struct error ignored;
    if (jobs_stopping(j))
        return true;
    enum status s = job_is_cancelled(t->reader, &job->id, &t->arena, &cancelled, &ignored);
    if (s == ST_OK && cancelled)
        job->state = JOB_CANCELLED;
    return s == ST_OK && cancelled;
}

static enum status undo_all(struct jobs *j, struct tools *t, const struct world_view *view, struct job *job,
                            const struct token *token, const struct principal *who, struct uuid position,
                            struct error *e) {
    bool more = true;
    int64_t saved = clock_monotonic_ns();
    unsigned tries = 0;
    while (more) {
        if (asked_to_end(j, t, job))
            return job_put(j->world, job, e);
        enum status s = undo_slice(t, view, job, token, who, &position, &more, e);
        if (s != ST_OK && (!run_may_retry(s) || ++tries > TRIES))
            return s;
        if (s != ST_OK) {
            more = true;
            (void)poll(NULL, 0, PAUSE_MS);
            continue;
        }
        job->done = job->counts.undone + job->counts.kept;
        if (clock_monotonic_ns() - saved > SAVE_NS) {
            s = job_put(j->world, job, e);
            saved = clock_monotonic_ns();
            if (s != ST_OK && !run_may_retry(s))
                return s;
        }
    }
    job->state = JOB_DONE;
    return ST_OK;
}

enum status run_undo(struct jobs *j, struct tools *t, struct job *job, const struct token *token,
                     const struct principal *who, struct error *e) {
    struct world_view view;
    struct import import;
    struct arena a;
    arena_init(&a, 1024 * 1024, ARENA_PLAIN);
    world_enter(j->world, &view);
    job->counts.kept = 0; /* an interrupted undo starts over: what is undone is out of its sight */
    enum status s = import_get(t->reader, &job->import, job->owner, &a, &import, e);
    if (s == ST_OK)
        s = undo_all(j, t, &view, job, token, who, first_id(&import), e);
    world_leave(&view);
    arena_free(&a);
    return s;
}
