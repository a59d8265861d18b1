#include "share/jobs_main.h"

#include "base/clock.h"
#include "base/log.h"
#include "crypto/start.h"
#include "share/run.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#define POLL_MS    200
#define SWEEP_MS   (3600 * (int64_t)1000)
#define LIST_MAX   100
#define START_TRY  100 /* tenths of a second that the others may take to answer at first */
#define SWEEP_ROOM 1000

struct runners {
    struct jobs *jobs;
    pthread_mutex_t lock;
    struct uuid busy[JOBS_RUNNERS];
    int64_t swept_ms;
};

struct runner {
    struct runners *all;
    size_t index;
    pthread_t thread;
};

/* ---- one job ---- */

static enum status claim(struct jobs *j, struct tools *t, const struct job *job, struct token *token,
                         struct principal *who, struct error *e) {
    struct keeper_call call = {.purpose = PURPOSE_IMPORT};
    uint8_t plan[JOB_PLAN];
    if (uuid_new(&call.request) != ST_OK || job_hash(job, plan) != ST_OK)
        return error_set(e, ST_IO, "internal", "no random bytes, or no memory");
    enum status s = keeper_job_claim(t->keeper, &call, &job->id, slice_of(plan, sizeof plan), token, e);
    if (s == ST_NOT_FOUND)
        return error_set(e, ST_UNAUTHENTICATED, "job_expired", "the right to run this job is over");
    call.token = *token;
    if (s == ST_OK)
        s = keeper_session(t->keeper, &call, who, e);
    if (s == ST_OK)
        s = world_refresh(t->keeper, &j->source, who->registry_version, j->world, e);
    if (s == ST_OK)
        s = world_refresh_policies(t->keeper, who->policy_version, j->world, e);
    return s;
}

/* What is left to do when a job is over: its file goes, its token ends, the log has its outcome. */
static void wind_up(struct jobs *j, struct tools *t, const struct job *job, const struct token *token) {
    struct keeper_call call = {.token = *token, .purpose = PURPOSE_IMPORT};
    struct import import;
    struct error e = {.status = ST_OK};
    enum status s = uuid_new(&call.request);
    if (s == ST_OK && job->kind == JOB_IMPORT) {
        s = import_get(t->reader, &job->import, job->owner, &t->arena, &import, &e);
        if (s == ST_OK)
            s = import_destroy_parts(t->keeper, &call, j->env->data_dir, &import, &t->arena, &e);
    }
    if (s != ST_OK)
        log_warn("job: an uploaded file was not destroyed: %s", e.code);
    char tag[AUDIT_TAG_MAX + 1];
    (void)snprintf(tag, sizeof tag, "%s %s", job_kind_name(job->kind), job_state_name(job->state));
    uint8_t outcome = job->state == JOB_DONE     ? AUDIT_DONE
                      : job->state == JOB_FAILED ? AUDIT_FAILED
                                                 : AUDIT_PARTIAL;
    bool file = job->kind == JOB_IMPORT || job->kind == JOB_UNDO;
    uint8_t act = file ? AUDIT_IMPORT : job->kind == JOB_RESEAL ? AUDIT_CONFIG : AUDIT_ADMIN;
    s = keeper_record(t->keeper, &call, act, outcome, job->object, file ? &job->import : NULL,
                      slice_from_string(tag), SLICE(""), &e);
    if (s == ST_OK)
        s = keeper_sign_out(t->keeper, &call, &e);
    if (s != ST_OK)
        log_warn("job: its end was not recorded: %s", e.code);
    arena_reset(&t->arena);
}

static enum status start(struct jobs *j, struct job *job, struct error *e) {
    if (++job->attempts > JOB_ATTEMPTS)
        return error_set(e, ST_INTERNAL, "job_interrupted", "the job was interrupted too often");
    job->state = JOB_RUNNING;
    if (job->started_at == 0)
        job->started_at = clock_wall_ms();
    return job_put(j->world, job, e);
}

static enum status run(struct jobs *j, struct tools *t, struct job *job, const struct token *token,
                       const struct principal *who, struct error *e) {
    enum status s = start(j, job, e);
    if (s != ST_OK)
        return s;
    switch ((enum job_kind)job->kind) {
    case JOB_UNDO:
        return run_undo(j, t, job, token, who, e);
    case JOB_RESEAL:
        return run_reseal(j, t, job, token, who, e);
    case JOB_HANDOVER:
    case JOB_HANDBACK:
        return run_handover(j, t, job, token, who, e);
    default:
        return run_import(j, t, job, token, who, e);
    }
}

static void run_job(struct jobs *j, struct tools *t, struct job *job) {
    struct token token = {{0}};
    struct principal who;
    struct error e = {.status = ST_OK};
    char id[UUID_TEXT + 1];
    uuid_format(&job->id, id);
    enum status s = claim(j, t, job, &token, &who, &e);
    bool claimed = s == ST_OK;
    if (claimed)
        s = run(j, t, job, &token, &who, &e);
    bool later = s == ST_UNAVAILABLE || (s == ST_OK && !job_is_over(job));
    if (!later) {
        job->ended_at = clock_wall_ms();
        if (s != ST_OK) {
            job->state = JOB_FAILED;
            (void)snprintf(job->error, sizeof job->error, "%s", e.code);
        }
        if (job_put(j->world, job, &e) != ST_OK) {
            log_warn("job %s: its end could not be written: %s", id, e.code);
            later = true;
        }
    }
    if (claimed && !later)
        wind_up(j, t, job, &token);
    log_info("job %s (%s): %s %s", id, job_kind_name(job->kind), job_state_name(job->state),
             s == ST_OK ? "" : e.code);
    explicit_bzero(&token, sizeof token);
    arena_reset(&t->arena);
    keeper_forget(t->keeper);
}

/* ---- finding work ---- */

static bool is_busy(const struct runners *all, const struct uuid *id) {
    for (size_t i = 0; i < JOBS_RUNNERS; i++) {
        if (uuid_equal(&all->busy[i], id))
            return true;
    }
    return false;
}

static bool may_begin(struct tools *t, const struct job *job) {
    struct job before;
    struct error e;
    if (uuid_is_nil(&job->after))
        return true;
    enum status s = job_get(t->reader, &job->after, &t->arena, &before, &e);
    return s == ST_NOT_FOUND || (s == ST_OK && job_is_over(&before));
}

/* The oldest job that nobody has in hand; its plan lives in `kept`. */
static bool find_job(struct runner *r, struct tools *t, struct arena *kept, struct job *out) {
    struct store_item *items;
    size_t n = 0;
    struct error e;
    struct uuid id;
    bool found = false;
    (void)pthread_mutex_lock(&r->all->lock);
    enum status s =
        store_item_list(t->reader, SLICE(JOB_QUEUE_ITEM), 0, SLICE_NONE, LIST_MAX, &t->arena, &items, &n, &e);
    for (size_t i = 0; s == ST_OK && !found && i < n; i++) {
        if (!uuid_parse(items[i].key, &id) || is_busy(r->all, &id))
            continue;
        found = job_get(t->reader, &id, kept, out, &e) == ST_OK && !job_is_over(out) && may_begin(t, out);
    }
    if (found)
        r->all->busy[r->index] = out->id;
    (void)pthread_mutex_unlock(&r->all->lock);
    arena_reset(&t->arena);
    return found;
}

/* ---- what is too old ---- */

static void sweep(struct runner *r, struct tools *t) {
    struct import *old;
    size_t n = 0;
    struct error e;
    int64_t now = clock_wall_ms();
    struct jobs *j = r->all->jobs;
    (void)pthread_mutex_lock(&r->all->lock);
    bool due = now - r->all->swept_ms > SWEEP_MS;
    if (due)
        r->all->swept_ms = now;
    (void)pthread_mutex_unlock(&r->all->lock);
    if (!due)
        return;
    enum status s = import_list_old(t->reader, now - IMPORT_KEPT_MS, SWEEP_ROOM, &t->arena, &old, &n, &e);
    for (size_t i = 0; s == ST_OK && i < n; i++)
        s = import_forget(j->world, j->env->data_dir, &old[i], &t->arena, &e);
    if (s != ST_OK)
        log_warn("job: old imports stay until the next sweep: %s", e.code);
    arena_reset(&t->arena);
}

static void *runner_run(void *argument) {
    struct runner *r = argument;
    struct jobs *j = r->all->jobs;
    struct tools t;
    struct arena kept;
    struct error e = {.status = ST_OK};
    if (run_tools_open(j, &t, &e) != ST_OK) {
        log_error("a runner can't start: %s", e.detail);
        return NULL;
    }
    arena_init(&kept, (size_t)64 * 1024 * 1024, ARENA_PLAIN);
    while (!jobs_stopping(j)) {
        struct job job;
        if (find_job(r, &t, &kept, &job)) {
            run_job(j, &t, &job);
            (void)pthread_mutex_lock(&r->all->lock);
            memset(&r->all->busy[r->index], 0, sizeof r->all->busy[r->index]);
            (void)pthread_mutex_unlock(&r->all->lock);
        }
        sweep(r, &t);
        arena_reset(&kept);
        (void)poll(NULL, 0, POLL_MS);
    }
    arena_free(&kept);
    run_tools_close(&t);
    return NULL;
}

/* ---- start ---- */

static enum status load(struct jobs *j, struct error *e) {
    struct keeper *k = NULL;
    enum status s = keeper_connect(j->keeper_path, &k, e);
    if (s == ST_OK)
        s = world_load(k, &j->source, &j->store, &j->world, e);
    if (k != NULL)
        keeper_close(k);
    if (s != ST_OK && j->store != NULL) {
        store_close(j->store);
        j->store = NULL;
    }
    return s;
}

/* Keeper and engine are started before, but may just be restarting. */
static enum status load_patiently(struct jobs *j, struct error *e) {
    enum status s = load(j, e);
    for (unsigned tries = 0; s != ST_OK && tries < START_TRY; tries++) {
        (void)poll(NULL, 0, 100);
        s = load(j, e);
    }
    return s;
}

static int serve(struct jobs *j) {
    struct runners all = {.jobs = j, .lock = PTHREAD_MUTEX_INITIALIZER};
    struct runner runners[JOBS_RUNNERS];
    size_t count = 0;
    for (; count < JOBS_RUNNERS; count++) {
        runners[count] = (struct runner){.all = &all, .index = count};
        if (pthread_create(&runners[count].thread, NULL, runner_run, &runners[count]) != 0)
            break;
    }
    if (count == 0 || role_ready(j->env) != ST_OK)
        return 1;
    role_wait_stop();
    __atomic_store_n(&j->stopping, true, __ATOMIC_RELAXED);
    for (size_t i = 0; i < count; i++)
        (void)pthread_join(runners[i].thread, NULL);
    return 0;
}

int jobs_main(const struct role_env *env) {
    struct jobs j = {.env = env};
    struct error e = {.status = ST_OK};
    struct arena a;
    arena_init(&a, 64 * 1024, ARENA_PLAIN);
    const char *writer = role_path(env, &a, "run/writer.sock");
    j.keeper_path = role_path(env, &a, "run/keeper-jobs.sock");
    j.source = (struct world_source){.database = role_path(env, &a, "db"),
                                     .objects_dir = env->config->objects_dir,
                                     .policies_dir = env->config->policies_dir,
                                     .mode = STORE_READ_ONLY,
                                     .write = run_write,
                                     .write_context = &j};
    int result = 1;
    enum status s = crypto_start(&e);
    if (s == ST_OK)
        s = remote_open(writer, &j.writer, &e);
    if (s == ST_OK)
        s = load_patiently(&j, &e);
    if (s == ST_OK)
        result = serve(&j);
    else
        log_error("can't start: %s: %s", e.code, e.detail);
    world_free(j.world);
    if (j.store != NULL)
        store_close(j.store);
    remote_close(j.writer);
    arena_free(&a);
    return result;
}
