#include "share/handover.h"
#include "share/run.h"

#include "base/clock.h"
#include "base/log.h"

#include <poll.h>

#define SAVE_NS  1000000000
#define TRIES    120
#define PAUSE_MS 500
#define KEY_ROOM 128

/* One run of a job: where it is, and what it goes by. */
struct run {
    struct jobs *jobs;
    struct tools *tools;
    struct job *job;
    const struct world_view *view;
    const struct token *token;
    const struct principal *who;
    const struct object_def *object;
    struct handover_rule rule;
    struct uuid of;  /* back: the job that moved the rows */
    struct uuid box; /* of the journal */
    bool lost;       /* back: slices of the journal that were not as they had been written */
    struct uuid position;
    bool begun;
    char key[KEY_ROOM]; /* back: of the journal's slice that is done */
    size_t key_length;
};

static enum status forth(struct run *r, struct caller *c, bool *more, struct error *e) {
    struct handover_row *rows;
    struct uuid last = r->position;
    uint64_t turn = r->rule.turn;
    size_t n, moved, refused, stayed = 0;
    enum status s = record_handover_find(c, r->object, &r->rule, r->begun ? &r->position : NULL,
                                         HANDOVER_ROWS, &rows, &n, &last, &refused, more, e);
    if (s == ST_OK && n > 0)
        s = handover_journal_put(c, &r->job->id, &r->box, rows, n, e);
    if (s == ST_OK)
        s = record_handover_move(c, r->object, rows, n, &moved, &stayed, e);
    if (s != ST_OK) {
        r->rule.turn = turn;
        return s;
    }
    r->job->counts.imported += moved;
    r->job->counts.kept += refused + stayed;
    r->job->line = r->rule.turn;
    r->position = last;
    r->begun = true;
    return ST_OK;
}

/* Somebody wrote into the database: these rows stay where they are, the log says so, the rest go on. */
static enum status tell_changed(struct run *r, struct caller *c, struct error *e) {
    char job[UUID_TEXT + 1], tag[AUDIT_TAG_MAX];
    uuid_format(&r->of, job);
    (void)snprintf(tag, sizeof tag, "handback refused journal %s", job);
    log_warn("event=handover_journal_changed job=%s", job);
    r->lost = true;
    return keeper_record(c->keeper, &c->call, AUDIT_ADMIN, AUDIT_FAILED, 0, NULL, slice_from_string(tag),
                         SLICE(""), e);
}

static enum status back(struct run *r, struct caller *c, bool *more, struct error *e) {
    struct handover_row *rows;
    struct slice position = slice_of(r->key, r->key_length);
    size_t n, moved = 0, stayed = 0;
    enum status s = handover_journal_next(c, &r->of, &r->box, &position, &rows, &n, more, e);
    if (s == ST_CORRUPT && *more)
        s = tell_changed(r, c, e);
    if (s != ST_OK || !*more)
        return s;
    for (size_t i = 0; i < n; i++) {
        uint32_t was = rows[i].owner;
        rows[i].owner = rows[i].next;
        rows[i].next = was;
        rows[i].next_department = rows[i].department;
        rows[i].next_branch = rows[i].branch;
    }
    if (n > 0)
        s = record_handover_move(c, r->object, rows, n, &moved, &stayed, e);
    if (s != ST_OK)
        return s;
    r->job->counts.undone += moved;
    r->job->counts.kept += stayed;
    r->key_length = position.n < KEY_ROOM ? position.n : 0;
    memcpy(r->key, position.p, r->key_length);
    return r->key_length > 0 ? ST_OK : error_set(e, ST_CORRUPT, "corrupt", "a journal's key is too long");
}

static enum status slice_once(struct run *r, bool *more, struct error *e) {
    struct caller c;
    enum status s = run_caller(r->tools, r->view, r->token, r->who, &c, e);
    if (s != ST_OK)
        return s;
    c.call.purpose = PURPOSE_MANAGEMENT;
    s = r->job->kind == JOB_HANDOVER ? forth(r, &c, more, e) : back(r, &c, more, e);
    caller_finish(&c);
    arena_reset(&r->tools->arena);
    return s;
}

static bool asked_to_end(struct run *r) {
    bool cancelled = false;
    struct error ignored;
    if (jobs_stopping(r->jobs))
        return true;
    enum status s = job_is_cancelled(r->tools->reader, &r->job->id, &r->tools->arena, &cancelled, &ignored);
    if (s == ST_OK && cancelled)
        r->job->state = JOB_CANCELLED;
    return s == ST_OK && cancelled;
}

static enum status run_all(struct run *r, struct error *e) {
    int64_t saved = clock_monotonic_ns();
    unsigned tries = 0;
    for (bool more = true; more;) {
        if (asked_to_end(r))
            return job_put(r->jobs->world, r->job, e);
        enum status s = slice_once(r, &more, e);
        if (s != ST_OK && (!run_may_retry(s) || ++tries > TRIES))
            return s;
        if (s != ST_OK) {
            more = true;
            (void)poll(NULL, 0, PAUSE_MS);
            continue;
        }
        r->job->done = r->job->counts.imported + r->job->counts.undone + r->job->counts.kept;
        if (clock_monotonic_ns() - saved < SAVE_NS)
            continue;
        s = job_put(r->jobs->world, r->job, e);
        saved = clock_monotonic_ns();
        if (s != ST_OK && !run_may_retry(s))
            return s;
    }
    uint64_t told = r->job->counts.undone + r->job->counts.kept;
    if (r->lost && told < r->job->total)
        r->job->counts.kept += r->job->total - told;
    r->job->state = JOB_DONE;
    return ST_OK;
}

/* What was moved before an interruption is out of a handover's sight; the turn goes on where it was. */
enum status run_handover(struct jobs *j, struct tools *t, struct job *job, const struct token *token,
                         const struct principal *who, struct error *e) {
    struct world_view view;
    struct arena a;
    struct run r = {.jobs = j, .tools = t, .job = job, .view = &view, .token = token, .who = who};
    arena_init(&a, 1024 * 1024, ARENA_PLAIN);
    world_enter(j->world, &view);
    job->counts.kept = 0;
    r.object = object_by_id(view.objects, job->object);
    enum status s =
        r.object == NULL ? error_set(e, ST_NOT_FOUND, "unknown_object", "the object is gone") : ST_OK;
    if (s == ST_OK && job->kind == JOB_HANDOVER) {
        s = handover_read_rule(job->plan, r.object, &a, &r.rule, e);
        r.rule.turn = job->line;
        if (s == ST_OK && !handover_box(job->plan, &r.box))
            s = error_set(e, ST_CORRUPT, "handover_unsealed", "begun by a version that sealed no journal");
    } else if (s == ST_OK && !handback_read_plan(job->plan, &r.of, &r.box)) {
        s = error_set(e, ST_CORRUPT, "corrupt", "a job doesn't say what it undoes");
    }
    if (s == ST_OK)
        s = run_all(&r, e);
    world_leave(&view);
    arena_free(&a);
    return s;
}
