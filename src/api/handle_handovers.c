/* The records of people who leave: who waits, handing on by a rule, giving back (share/handover.h). */
#include "api/handlers.h"
#include "api/handover_rule.h"
#include "api/offers.h"
#include "api/problem.h"
#include "api/session.h"
#include "base/clock.h"
#include "base/json_in.h"
#include "record/foresee.h"

#include <pthread.h>
#include <stdlib.h>

#define RUNS_SHOWN 50
#define RUNS_MOST  1000

static pthread_mutex_t starting = PTHREAD_MUTEX_INITIALIZER;

/* ---- showing ---- */

/* People of the caller's who have left, so that he hands on what they held. */
static enum status write_waiting(const struct caller *c, struct json *j, struct error *e) {
    enum status s = ST_OK;
    const struct directory *d = c->world.directory;
    json_key(j, "items");
    json_array_begin(j);
    for (size_t i = 0; s == ST_OK && i < d->staff_count; i++) {
        const struct staff *one = &d->staff[i];
        json_t *document = NULL;
        if (!one->disabled || !directory_leads(d, c->who.user, one->id))
            continue;
        s = json_read(one->document, 0, &document, NULL);
        if (s != ST_OK) /* left out, what he held would wait for nobody */
            s = error_set(e, s == ST_NOMEM ? ST_NOMEM : ST_CORRUPT, s == ST_NOMEM ? "no_memory" : "corrupt",
                          "a person's document");
        const json_t *left = json_object_get(document, "left");
        if (json_is_object(left)) {
            json_object_begin(j);
            json_key(j, "user");
            json_int(j, one->id);
            json_key(j, "name");
            json_cstring(j, one->name);
            json_key(j, "to");
            json_int(j, json_integer_value(json_object_get(left, "to")));
            json_key(j, "at");
            json_time(j, json_integer_value(json_object_get(left, "at")));
            json_object_end(j);
        }
        json_decref(document);
    }
    json_array_end(j);
    return s;
}

/* Where he may look for records of people who stand elsewhere by now. */
static void write_led(const struct caller *c, struct json *j) {
    const struct staff *me = directory_staff(c->world.directory, c->who.user);
    json_key(j, "leads");
    json_array_begin(j);
    for (size_t i = 0; me != NULL && i < me->manages_count; i++)
        json_int(j, me->manages[i]);
    json_array_end(j);
}

static enum status write_parts(struct caller *c, const char *key, const struct handover_part *parts, size_t n,
                               struct json *j, struct error *e) {
    enum status s = ST_OK;
    json_key(j, key);
    json_array_begin(j);
    for (size_t i = 0; s == ST_OK && i < n; i++) {
        struct job job;
        const struct object_def *o = object_by_id(c->world.objects, parts[i].object);
        s = job_get(c->reader, &parts[i].job, c->arena, &job, e);
        if (s == ST_NOT_FOUND) { /* the system stopped before it was queued */
            s = ST_OK;
            continue;
        }
        if (s != ST_OK)
            break;
        json_object_begin(j);
        json_key(j, "object");
        json_cstring(j, o == NULL ? "" : o->name);
        json_key(j, "job");
        job_describe(&job, problem_title, c->language, j);
        json_object_end(j);
    }
    json_array_end(j);
    return s;
}

static enum status write_run(struct caller *c, const struct handover *h, struct json *j, struct error *e) {
    const struct staff *from = directory_staff(c->world.directory, h->from);
    json_object_begin(j);
    json_key(j, "id");
    json_uuid(j, &h->id);
    json_key(j, "user");
    json_int(j, h->from);
    json_key(j, "name");
    json_cstring(j, from == NULL ? "" : from->name);
    json_key(j, "at");
    json_time(j, h->at_ms);
    json_key(j, "rule");
    json_raw(j, h->rule);
    enum status s = write_parts(c, "jobs", h->jobs, h->job_count, j, e);
    if (s == ST_OK)
        s = write_parts(c, "undo", h->undo, h->undo_count, j, e);
    json_object_end(j);
    return s;
}

/* Who waits, and the caller's own handovers, newest first. */
HANDLER(api_handovers) {
    struct handover *runs;
    size_t n = 0;
    struct json j = json_to(&reply->body);
    (void)engine;
    (void)r;
    enum status s = session_see_newest(c, e);
    if (s == ST_OK)
        s = handover_list(c->reader, c->who.user, RUNS_MOST, c->arena, &runs, &n, e);
    if (s != ST_OK)
        return s;
    json_object_begin(&j);
    s = write_waiting(c, &j, e);
    write_led(c, &j);
    if (s == ST_OK)
        s = offers_write(c, &j, e);
    json_key(&j, "runs");
    json_array_begin(&j);
    for (size_t i = n; s == ST_OK && i > 0 && n - i < RUNS_SHOWN; i--)
        s = write_run(c, &runs[i - 1], &j, e);
    json_array_end(&j);
    json_object_end(&j);
    return s;
}

/* ---- starting ---- */

static enum status parts_over(struct caller *c, const struct handover_part *parts, size_t n, bool *over,
                              bool *done, struct error *e) {
    *over = true;
    *done = n > 0;
    for (size_t i = 0; i < n; i++) {
        struct job job;
        enum status s = job_get(c->reader, &parts[i].job, c->arena, &job, e);
        if (s == ST_NOT_FOUND) {
            *done = false;
            continue;
        }
        if (s != ST_OK)
            return s;
        *over = *over && job_is_over(&job);
        *done = *done && job.state == JOB_DONE;
    }
    return ST_OK;
}

static enum status none_running(struct caller *c, uint32_t from, struct error *e) {
    struct handover *all;
    size_t n;
    enum status s = handover_list(c->reader, 0, RUNS_MOST, c->arena, &all, &n, e);
    for (size_t i = 0; s == ST_OK && i < n; i++) {
        bool over = true, back = true, ignored;
        if (all[i].from != from)
            continue;
        s = parts_over(c, all[i].jobs, all[i].job_count, &over, &ignored, e);
        if (s == ST_OK)
            s = parts_over(c, all[i].undo, all[i].undo_count, &back, &ignored, e);
        if (s == ST_OK && !(over && back))
            s = error_set(e, ST_CONFLICT, "handover_running", "wait for its end");
    }
    return s;
}

static enum status read_rule(struct caller *c, const struct http_request *r, struct handover_rule *rule,
                             struct error *e) {
    enum status s = handover_rule_read(c, r, rule, e);
    if (s != ST_OK || rule->within || directory_leads(c->world.directory, c->who.user, rule->from))
        return s; /* within his own departments: of whoever left records behind there */
    if (rule->from == c->who.user && rule->department != 0)
        return handover_rule_former(c, rule, e);
    return error_set(e, ST_DENIED, "not_your_duty", "a person's records are his leader's to hand on");
}

static bool is_asked(const json_t *objects, const char *name) {
    if (!json_is_array(objects))
        return true;
    for (size_t i = 0; i < json_array_size(objects); i++) {
        const char *one = json_string_value(json_array_get(objects, i));
        if (one != NULL && strcmp(one, name) == 0)
            return true;
    }
    return false;
}

static enum status foresee_moves(struct caller *c, const struct object_def *o,
                                 const struct handover_rule *rule, struct error *e) {
    uint64_t given = 0, changed = 0;
    enum status s = record_handover_obliged(c, o, rule, ACT_TRANSFER, &given, e);
    if (s == ST_OK)
        s = foresee_obliged(c, HIGH_RISK_TRANSFER, o->id, given, e);
    if (s == ST_OK)
        s = record_handover_obliged(c, o, rule, ACT_UPDATE, &changed, e);
    return s == ST_OK ? foresee_obliged(c, HIGH_RISK_UPDATE, o->id, changed, e) : s;
}

static enum status make_job(struct caller *c, const struct object_def *o, const struct handover_rule *rule,
                            struct handover *h, struct job *jobs, struct error *e) {
    uint64_t count;
    enum status s = record_handover_count(c, o, rule, &count, e);
    if (s == ST_OK && count > 0)
        s = foresee_moves(c, o, rule, e);
    if (s != ST_OK || count == 0)
        return s;
    struct job *job = &jobs[h->job_count];
    *job = (struct job){.kind = JOB_HANDOVER, .object = o->id, .import = h->id, .total = count};
    if (uuid_new(&job->id) != ST_OK)
        return error_set(e, ST_IO, "internal", "no random bytes");
    if (h->job_count > 0)
        job->after = jobs[h->job_count - 1].id;
    h->jobs[h->job_count++] = (struct handover_part){.object = o->id, .job = job->id};
    return ST_OK;
}

/* One after the other for every object of which he holds something, what hangs on nothing first. */
static enum status make_jobs(struct caller *c, const json_t *objects, const struct handover_rule *rule,
                             struct handover *h, struct job *jobs, struct error *e) {
    const struct object_set *all = c->world.objects;
    enum status s = ST_OK;
    for (unsigned depth = 0; depth <= HANDOVER_DEPTH; depth++) {
        for (size_t i = 0; s == ST_OK && i < all->count && h->job_count < HANDOVER_OBJECTS; i++) {
            if (record_handover_depth(all, all->objects[i]) == depth &&
                is_asked(objects, all->objects[i]->name))
                s = make_job(c, all->objects[i], rule, h, jobs, e);
        }
    }
    return s;
}

static enum status foresee_jobs(struct caller *c, const struct job *jobs, size_t n, struct error *e) {
    struct foreseen *parts = arena_array(c->arena, n, sizeof *parts);
    if (parts == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "handover");
    for (size_t i = 0; i < n; i++)
        parts[i] = (struct foreseen){jobs[i].object, jobs[i].total};
    return foresee_parts(c, HIGH_RISK_TRANSFER, parts, n, e);
}

static enum status record_start(struct caller *c, uint32_t from, const char *what, struct error *e) {
    const char *tag = arena_format(c->arena, "%s %u", what, from);
    if (tag == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "handover");
    return keeper_record(c->keeper, &c->call, AUDIT_ADMIN, AUDIT_DONE, 0, NULL, slice_from_string(tag),
                         SLICE(""), e);
}

/* The rule, and the box in which the journal of all of them is sealed. */
static enum status name_box(struct caller *c, const struct handover *h, struct job *jobs, struct error *e) {
    struct uuid box;
    char id[UUID_TEXT + 1];
    enum status s = keeper_box_make_passing(c->keeper, &c->call, &box, e);
    if (s != ST_OK)
        return s;
    uuid_format(&box, id);
    const char *plan =
        arena_format(c->arena, "%.*s,\"box\":\"%s\"}", (int)h->rule.n - 1, (const char *)h->rule.p, id);
    if (plan == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "handover");
    for (size_t i = 0; i < h->job_count; i++)
        jobs[i].plan = slice_from_string(plan);
    return ST_OK;
}

/* The handover names its jobs first: should the system stop in between, some are simply not begun. */
static enum status enqueue_all(struct caller *c, const struct handover *h, struct job *jobs, size_t n,
                               struct error *e) {
    enum status s = handover_put(c->world.world, h, e);
    for (size_t i = 0; s == ST_OK && i < n; i++)
        s = job_enqueue(c, &jobs[i], e);
    return s;
}

static enum status start_locked(struct caller *c, const struct http_request *r, struct handover *h,
                                struct error *e) {
    struct handover_rule *rule = arena_alloc(c->arena, sizeof *rule);
    struct job *jobs = arena_array(c->arena, HANDOVER_OBJECTS, sizeof *jobs);
    if (rule == NULL || jobs == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "handover");
    enum status s = read_rule(c, r, rule, e);
    if (s == ST_OK)
        s = none_running(c, rule->from, e);
    if (s != ST_OK)
        return s;
    *h = (struct handover){
        .owner = c->who.user, .from = rule->from, .at_ms = clock_wall_ms(), .rule = handover_rule_plan(c, r)};
    if (h->rule.p == NULL || uuid_new(&h->id) != ST_OK)
        return error_set(e, ST_NOMEM, "no_memory", "handover");
    s = make_jobs(c, json_object_get(r->json, "objects"), rule, h, jobs, e);
    if (s == ST_OK && h->job_count == 0)
        s = error_set(e, ST_CONFLICT, "handover_empty", "nothing to hand on");
    if (s == ST_OK)
        s = foresee_jobs(c, jobs, h->job_count, e);
    if (s != ST_OK)
        return s;
    s = record_start(c, h->from, "handover", e);
    if (s == ST_OK)
        s = name_box(c, h, jobs, e);
    if (s == ST_OK)
        s = enqueue_all(c, h, jobs, h->job_count, e);
    return s == ST_OK ? offers_answered(c, rule, e) : s;
}

static void reply_id(struct http_reply *reply, const struct handover *h) {
    struct json j = json_to(&reply->body);
    reply->status = 202;
    json_object_begin(&j);
    json_key(&j, "id");
    json_uuid(&j, &h->id);
    json_object_end(&j);
}

HANDLER(api_handover_start) {
    struct handover *h = arena_alloc(c->arena, sizeof *h);
    (void)engine;
    if (h == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "handover");
    enum status s = session_see_newest(c, e);
    if (s != ST_OK)
        return s;
    (void)pthread_mutex_lock(&starting);
    s = start_locked(c, r, h, e);
    (void)pthread_mutex_unlock(&starting);
    if (s == ST_OK)
        reply_id(reply, h);
    return s;
}

/* ---- giving back ---- */

/* One job for each that ran, in the same order. */
static enum status make_undo(struct caller *c, struct handover *h, struct job *jobs, struct error *e) {
    h->undo_count = 0;
    for (size_t i = 0; i < h->job_count; i++) {
        struct job was, *job = &jobs[h->undo_count];
        struct uuid box;
        char plan[HANDBACK_PLAN];
        enum status s = job_get(c->reader, &h->jobs[i].job, c->arena, &was, e);
        if (s == ST_NOT_FOUND)
            continue;
        if (s != ST_OK)
            return s;
        if (!handover_box(was.plan, &box))
            return error_set(e, ST_CONFLICT, "handover_unsealed", "its journal was not sealed");
        handback_plan(&was.id, &box, plan);
        *job = (struct job){.kind = JOB_HANDBACK,
                            .object = was.object,
                            .import = h->id,
                            .total = was.counts.imported,
                            .plan = arena_copy(c->arena, slice_from_string(plan))};
        if (job->plan.p == NULL || uuid_new(&job->id) != ST_OK)
            return error_set(e, ST_NOMEM, "no_memory", "handover");
        h->undo[h->undo_count++] = (struct handover_part){.object = was.object, .job = job->id};
    }
    return ST_OK;
}

static enum status undo_locked(struct caller *c, const struct uuid *id, struct handover *h, struct error *e) {
    bool over = false, back = false, done = false, undone = false;
    struct job *jobs = arena_array(c->arena, HANDOVER_OBJECTS, sizeof *jobs);
    if (jobs == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "handover");
    enum status s = handover_get(c->reader, id, c->who.user, c->arena, h, e);
    if (s == ST_OK)
        s = parts_over(c, h->jobs, h->job_count, &over, &done, e);
    if (s == ST_OK)
        s = parts_over(c, h->undo, h->undo_count, &back, &undone, e);
    if (s != ST_OK)
        return s;
    if (!over || !back)
        return error_set(e, ST_CONFLICT, "handover_not_over", "wait for its end");
    if (undone)
        return error_set(e, ST_CONFLICT, "handover_undone", "it has been undone already");
    s = make_undo(c, h, jobs, e);
    if (s == ST_OK)
        s = foresee_jobs(c, jobs, h->undo_count, e);
    if (s == ST_OK)
        s = record_start(c, h->from, "handback", e);
    return s == ST_OK ? enqueue_all(c, h, jobs, h->undo_count, e) : s;
}

HANDLER(api_handover_undo) {
    struct uuid id;
    struct handover *h = arena_alloc(c->arena, sizeof *h);
    (void)engine;
    if (h == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "handover");
    if (!uuid_parse(r->parameters[0], &id))
        return error_set(e, ST_NOT_FOUND, "not_found", "there is no such handover");
    (void)pthread_mutex_lock(&starting);
    enum status s = undo_locked(c, &id, h, e);
    (void)pthread_mutex_unlock(&starting);
    if (s == ST_OK)
        reply_id(reply, h);
    return s;
}
