#include "api/engine.h"
#include "api/handlers.h"
#include "api/problem.h"
#include "base/json_in.h"
#include "keeper/need.h"
#include "record/access.h"
#include "record/foresee.h"
#include "record/obliged.h"
#include "share/import.h"
#include "share/mapping.h"
#include "share/preview.h"

#include <pthread.h>

#define ROW_LEAST 20 /* bytes of a row of a file that somebody imports */
#define LIST_MOST 100

/* Begin, start and undo look first and write then: one at a time. */
static pthread_mutex_t starting = PTHREAD_MUTEX_INITIALIZER;

static enum status own_import(struct caller *c, const struct http_request *r, struct import *out,
                              struct error *e) {
    struct uuid id;
    if (!uuid_parse(r->parameters[0], &id))
        return error_set(e, ST_NOT_FOUND, "not_found", "there is no such import");
    return import_get(c->reader, &id, c->who.user, c->arena, out, e);
}

/* False also for a job that was never queued: the system stopped just before. */
static enum status find_job(struct caller *c, const struct uuid *id, struct job *out, bool *found,
                            struct error *e) {
    *found = false;
    if (uuid_is_nil(id))
        return ST_OK;
    enum status s = job_get(c->reader, id, c->arena, out, e);
    *found = s == ST_OK;
    return s == ST_NOT_FOUND ? ST_OK : s;
}

static enum status record_act(struct caller *c, const struct import *i, uint8_t outcome, struct slice tag,
                              struct error *e) {
    return keeper_record(c->keeper, &c->call, AUDIT_IMPORT, outcome, i->object, &i->id, tag, SLICE(""), e);
}

/* ---- showing ---- */

struct shown {
    struct import import;
    struct job job, undo;
    bool has_job, has_undo;
};

static enum status look_up(struct caller *c, struct shown *s, struct error *e) {
    enum status st = find_job(c, &s->import.job, &s->job, &s->has_job, e);
    return st == ST_OK ? find_job(c, &s->import.undo, &s->undo, &s->has_undo, e) : st;
}

static const char *state_of(struct caller *c, const struct engine *engine, const struct shown *s) {
    if (!s->has_job)
        return import_is_complete(c->arena, engine->env->data_dir, &s->import) ? "ready" : "uploading";
    if (s->has_undo && s->undo.state == JOB_DONE)
        return "undone";
    if (!job_is_over(&s->job) || (s->has_undo && !job_is_over(&s->undo)))
        return "running";
    return job_state_name(s->job.state);
}

static void write_job_members(struct caller *c, const struct shown *s, struct json *j) {
    static const struct job none = {.kind = JOB_IMPORT};
    json_key(j, "job");
    if (s->has_job)
        json_uuid(j, &s->job.id);
    else
        json_none(j);
    json_key(j, "counts");
    job_write_counts(s->has_job ? &s->job : &none, j);
    json_key(j, "error");
    const char *code = s->has_job ? s->job.error : "";
    const char *words = problem_title(code, c->language);
    if (code[0] == '\0')
        json_none(j);
    else
        json_cstring(j, words == NULL ? code : words);
    json_key(j, "ended_at");
    if (s->has_job && s->job.ended_at != 0)
        json_time(j, s->job.ended_at);
    else
        json_none(j);
    json_key(j, "undo");
    if (s->has_undo)
        job_describe(&s->undo, problem_title, c->language, j);
    else
        json_none(j);
}

static void write_import(struct caller *c, const struct engine *engine, const struct shown *s,
                         struct json *j) {
    const struct object_def *object = object_by_id(c->world.objects, s->import.object);
    json_object_begin(j);
    json_key(j, "id");
    json_uuid(j, &s->import.id);
    json_key(j, "object");
    json_cstring(j, object == NULL ? "" : object->name);
    json_key(j, "file_name");
    json_text(j, import_name(c, &s->import));
    json_key(j, "size");
    json_int(j, (int64_t)s->import.size);
    json_key(j, "part_size");
    json_int(j, (int64_t)IMPORT_PART);
    json_key(j, "created_at");
    json_time(j, s->import.created_at);
    json_key(j, "state");
    json_cstring(j, state_of(c, engine, s));
    write_job_members(c, s, j);
    json_object_end(j);
}

HANDLER(api_imports) {
    struct import *all;
    size_t n;
    struct json j = json_to(&reply->body);
    (void)r;
    enum status s = import_list(c->reader, c->who.user, LIST_MOST, c->arena, &all, &n, e);
    if (s != ST_OK)
        return s;
    json_object_begin(&j);
    json_key(&j, "items");
    json_array_begin(&j);
    for (size_t i = 0; i < n; i++) {
        struct shown one = {.import = all[i]};
        s = look_up(c, &one, e);
        if (s != ST_OK)
            return s;
        write_import(c, engine, &one, &j);
    }
    json_array_end(&j);
    json_object_end(&j);
    return ST_OK;
}

HANDLER(api_import_get) {
    struct shown one;
    struct json j = json_to(&reply->body);
    enum status s = own_import(c, r, &one.import, e);
    if (s == ST_OK)
        s = look_up(c, &one, e);
    if (s == ST_OK)
        write_import(c, engine, &one, &j);
    return s;
}

/* ---- uploading ---- */

static bool ends_with(struct slice name, const char *end) {
    struct slice want = slice_from_string(end);
    if (name.n < want.n)
        return false;
    for (size_t i = 0; i < want.n; i++) {
        uint8_t c = name.p[name.n - want.n + i];
        if ((c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) != want.p[i])
            return false;
    }
    return true;
}

static enum status check_file(struct slice name, json_int_t size, struct error *e) {
    if (name.n == 0 || name.n > IMPORT_NAME_MAX)
        return error_field(e, ST_INVALID, "length", "file_name", "file_name takes 1 to %d bytes",
                           IMPORT_NAME_MAX);
    if (ends_with(name, ".xlsx"))
        return error_field(e, ST_INVALID, "file_xlsx", "file_name", "save it as CSV");
    if (ends_with(name, ".xls"))
        return error_field(e, ST_INVALID, "file_xls", "file_name", "save it as CSV");
    if (size <= 0)
        return error_field(e, ST_INVALID, "file_empty", "size", "the file is empty");
    if ((uint64_t)size > IMPORT_SIZE_MAX)
        return error_field(e, ST_INVALID, "too_large", "size", "at most 4 GiB");
    return ST_OK;
}

/* Files of imports that wait for their turn, or are being read, lie on the disk too. */
static enum status check_open(struct caller *c, uint64_t size, struct error *e) {
    struct import *all;
    size_t n, open = 0;
    enum status s = import_list(c->reader, c->who.user, LIST_MOST, c->arena, &all, &n, e);
    for (size_t i = 0; s == ST_OK && i < n; i++) {
        struct job job;
        bool started;
        s = find_job(c, &all[i].job, &job, &started, e);
        bool waits = s == ST_OK && (!started || !job_is_over(&job));
        open += waits;
        size += waits ? all[i].size : 0;
    }
    if (s == ST_OK && size > IMPORT_OPEN_BYTES)
        return error_set(e, ST_LIMIT, "too_many_imports", "imports that are not over may come to 8 GiB");
    if (s == ST_OK && open >= IMPORT_OPEN_MAX)
        return error_set(e, ST_LIMIT, "too_many_imports", "at most %d imports may be open", IMPORT_OPEN_MAX);
    return s;
}

static enum status make_locked(struct engine *engine, struct caller *c, uint16_t object, struct slice name,
                               uint64_t size, struct import *i, struct error *e) {
    enum status s = check_open(c, size, e);
    if (s == ST_OK)
        s = import_room(engine->env->data_dir, 0, e);
    return s == ST_OK ? import_make(c, engine->env->data_dir, object, name, size, i, e) : s;
}

HANDLER(api_import_make) {
    const struct access *a;
    struct import i;
    struct json j = json_to(&reply->body);
    const json_t *name = json_object_get(r->json, "file_name"), *size = json_object_get(r->json, "size");
    struct slice text = slice_of(json_string_value(name), json_string_length(name));
    struct slice object = slice_from_string(json_string_value(json_object_get(r->json, "object")));
    enum status s = access_object(c, object, &a, e);
    if (s != ST_OK)
        return s;
    s = access_suppose(c, a->object, SUPPOSE_ALL, &a, e);
    if (s == ST_OK && !a->may_import)
        s = error_set(e, ST_DENIED, "denied", "policy does not let you import these records");
    if (s != ST_OK)
        return s;
    s = check_file(text, json_integer_value(size), e);
    if (s != ST_OK)
        return s;
    (void)pthread_mutex_lock(&starting);
    s = make_locked(engine, c, a->object->id, text, (uint64_t)json_integer_value(size), &i, e);
    (void)pthread_mutex_unlock(&starting);
    if (s == ST_OK)
        s = record_act(c, &i, AUDIT_DONE, SLICE("upload"), e);
    if (s != ST_OK)
        return s;
    reply->status = 201;
    json_object_begin(&j);
    json_key(&j, "id");
    json_uuid(&j, &i.id);
    json_key(&j, "part_size");
    json_int(&j, (int64_t)IMPORT_PART);
    json_object_end(&j);
    return ST_OK;
}

static enum status not_started(const struct import *i, struct error *e) {
    return uuid_is_nil(&i->job) ? ST_OK
                                : error_set(e, ST_CONFLICT, "import_started", "the import has been started");
}

HANDLER(api_import_part) {
    struct import i;
    int64_t n;
    enum status s = own_import(c, r, &i, e);
    if (s == ST_OK)
        s = not_started(&i, e);
    if (s != ST_OK)
        return s;
    if (!slice_to_int(r->parameters[1], &n) || n < 0)
        return error_set(e, ST_NOT_FOUND, "not_found", "there is no such part");
    s = import_write_part(c, engine->env->data_dir, &i, (uint64_t)n, r->body, e);
    if (s == ST_OK)
        reply->status = 204;
    return s;
}

/* ---- looking into it ---- */

HANDLER(api_import_preview) {
    struct import i;
    struct json j = json_to(&reply->body);
    struct mapping options = {.header = true};
    enum status s = own_import(c, r, &i, e);
    if (s == ST_OK)
        s = not_started(&i, e);
    if (s == ST_OK)
        s = mapping_read_options(r->json, &options, e);
    if (s != ST_OK)
        return s;
    const struct object_def *object = object_by_id(c->world.objects, i.object);
    if (object == NULL)
        return error_set(e, ST_NOT_FOUND, "unknown_object", "the object is gone");
    i.encoding = options.encoding;
    i.delimiter = options.delimiter;
    i.header = options.header;
    s = preview_write(c, engine->env, object, &i, &j, e);
    return s == ST_OK ? import_put(c->world.world, &i, e) : s;
}

static enum status read_plan(struct caller *c, const struct http_request *r, const struct import *i,
                             struct mapping *out, struct error *e) {
    const struct object_def *object = object_by_id(c->world.objects, i->object);
    if (object == NULL)
        return error_set(e, ST_NOT_FOUND, "unknown_object", "the object is gone");
    *out = (struct mapping){.header = i->header, .encoding = i->encoding, .delimiter = i->delimiter};
    return mapping_read(c, object, r->json, out, e);
}

HANDLER(api_import_check) {
    struct import i;
    struct mapping *m = arena_alloc(c->arena, sizeof *m);
    struct json j = json_to(&reply->body);
    if (m == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "check");
    enum status s = own_import(c, r, &i, e);
    if (s == ST_OK)
        s = not_started(&i, e);
    if (s == ST_OK)
        s = read_plan(c, r, &i, m, e);
    return s == ST_OK ? check_write(c, engine->env, &i, m, problem_title, &j, e) : s;
}

/* ---- starting and undoing ---- */

/* The mapping as it was checked, without anything else that the body may hold. */
static struct slice plan_of(struct caller *c, const json_t *body) {
    static const char *const kept[] = {"mapping", "owner", "header", "encoding", "delimiter"};
    return json_members(c->arena, body, kept, sizeof kept / sizeof kept[0]);
}

/* The import says its job first: should the system stop in between, it is simply not started. */
static enum status enqueue(struct caller *c, struct import *i, struct uuid *slot, struct job *job,
                           struct error *e) {
    if (uuid_new(&job->id) != ST_OK)
        return error_set(e, ST_IO, "internal", "no random bytes");
    *slot = job->id;
    enum status s = import_put(c->world.world, i, e);
    return s == ST_OK ? job_enqueue(c, job, e) : s;
}

/* What policy asks for an import is asked before the job begins, not row by row in it. */
static enum status may_start(struct caller *c, uint16_t object, struct error *e) {
    const struct object_def *o = object_by_id(c->world.objects, object);
    const struct access *a;
    if (o == NULL)
        return error_set(e, ST_NOT_FOUND, "unknown_object", "the object is gone");
    enum status s = access_get(c, o, &a, e);
    return s == ST_OK && !a->may_import ? access_refuse(c, o, ACT_IMPORT, SIZE_MAX, NULL, 0, "denied", e) : s;
}

/* Where policy lets them be imported with an approval alone: as many as there may be. */
static enum status foresee_rows(struct caller *c, uint16_t object, uint64_t rows, struct error *e) {
    const struct access *a;
    const struct pred *obliged = &pred_false;
    enum status s = access_get(c, object_by_id(c->world.objects, object), &a, e);
    if (s == ST_OK)
        s = obliged_filter(c, a, ACT_IMPORT, &obliged, e);
    return s == ST_OK ? foresee_obliged(c, HIGH_RISK_IMPORT, object, obliged->op == PRED_FALSE ? 0 : rows, e)
                      : s;
}

static enum status start_locked(struct engine *engine, struct caller *c, const struct http_request *r,
                                struct job *job, struct error *e) {
    struct shown one;
    struct mapping *m = arena_alloc(c->arena, sizeof *m);
    if (m == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "start");
    enum status s = own_import(c, r, &one.import, e);
    if (s == ST_OK)
        s = look_up(c, &one, e);
    if (s == ST_OK && one.has_job)
        s = error_set(e, ST_CONFLICT, "import_started", "the import has been started");
    if (s == ST_OK)
        s = may_start(c, one.import.object, e);
    if (s == ST_OK)
        s = read_plan(c, r, &one.import, m, e);
    if (s == ST_OK && !import_is_complete(c->arena, engine->env->data_dir, &one.import))
        s = error_set(e, ST_CONFLICT, "upload_incomplete", "parts of the file are missing");
    *job = (struct job){.kind = JOB_IMPORT,
                        .object = one.import.object,
                        .import = one.import.id,
                        .total = one.import.size,
                        .plan = plan_of(c, r->json)};
    if (s == ST_OK && job->plan.p == NULL)
        s = error_set(e, ST_NOMEM, "no_memory", "start");
    if (s == ST_OK) /* how many rows it has is not known yet: as many as a file of this size may have */
        s = foresee(c, HIGH_RISK_IMPORT, one.import.object, one.import.size / ROW_LEAST, e);
    if (s == ST_OK)
        s = foresee_rows(c, one.import.object, one.import.size / ROW_LEAST, e);
    if (s == ST_OK)
        s = record_act(c, &one.import, AUDIT_DONE, SLICE("start"), e);
    return s == ST_OK ? enqueue(c, &one.import, &one.import.job, job, e) : s;
}

static void reply_job(struct http_reply *reply, const struct job *job) {
    struct json j = json_to(&reply->body);
    reply->status = 202;
    json_object_begin(&j);
    json_key(&j, "job");
    json_uuid(&j, &job->id);
    json_object_end(&j);
}

HANDLER(api_import_start) {
    struct job job;
    (void)pthread_mutex_lock(&starting);
    enum status s = start_locked(engine, c, r, &job, e);
    (void)pthread_mutex_unlock(&starting);
    if (s == ST_OK)
        reply_job(reply, &job);
    return s;
}

/* What takes rows away asks what policy asks of that, of whoever may delete; who may not takes back what he
 * imported by the right to import. The job judges row by row (record/undo.c). */
static enum status may_undo(struct caller *c, uint16_t object, struct error *e) {
    const struct object_def *o = object_by_id(c->world.objects, object);
    const struct access *a;
    struct error why = {.status = ST_OK};
    struct need need;
    if (o == NULL)
        return error_set(e, ST_NOT_FOUND, "unknown_object", "the object is gone");
    enum status s = access_get(c, o, &a, e);
    if (s != ST_OK || a->acts[ACT_DELETE]->op != PRED_FALSE)
        return s;
    s = access_refuse(c, o, ACT_DELETE, SIZE_MAX, NULL, 0, "denied", &why);
    if (s == ST_DENIED && !need_read(&why, &need))
        return ST_OK;
    if (e != NULL)
        *e = why;
    return s;
}

static enum status undo_locked(struct caller *c, const struct http_request *r, struct job *job,
                               struct error *e) {
    struct shown one;
    enum status s = own_import(c, r, &one.import, e);
    if (s == ST_OK)
        s = look_up(c, &one, e);
    if (s != ST_OK)
        return s;
    if (!one.has_job || !job_is_over(&one.job) || (one.has_undo && !job_is_over(&one.undo)))
        return error_set(e, ST_CONFLICT, "import_not_over", "only an import that is over can be undone");
    if (one.has_undo && one.undo.state == JOB_DONE)
        return error_set(e, ST_CONFLICT, "import_undone", "the import has been undone already");
    *job = (struct job){.kind = JOB_UNDO,
                        .object = one.import.object,
                        .import = one.import.id,
                        .number = one.job.number,
                        .total = one.job.counts.imported};
    s = may_undo(c, one.import.object, e);
    if (s == ST_OK)
        s = foresee(c, HIGH_RISK_DELETE, one.import.object, one.job.counts.imported, e);
    if (s == ST_OK)
        s = record_act(c, &one.import, AUDIT_DONE, SLICE("undo"), e);
    return s == ST_OK ? enqueue(c, &one.import, &one.import.undo, job, e) : s;
}

HANDLER(api_import_undo) {
    struct job job;
    (void)engine;
    (void)pthread_mutex_lock(&starting);
    enum status s = undo_locked(c, r, &job, e);
    (void)pthread_mutex_unlock(&starting);
    if (s == ST_OK)
        reply_job(reply, &job);
    return s;
}
