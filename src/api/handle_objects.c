#include "api/handlers.h"
#include "base/json_in.h"
#include "record/definition.h"
#include "share/reseal_job.h"

/* A crash may have left work to an object's values without a job: the next administrator's visit makes it. */
static enum status resume(struct caller *c, struct error *e) {
    struct uuid job;
    bool started;
    bool person = !c->who.is_key && !c->who.is_job;
    return person && (c->who.duties & DUTY_SYSTEM_ADMIN) != 0 ? reseal_jobs_start(c, 0, &job, &started, e)
                                                              : ST_OK;
}

HANDLER(api_objects) {
    struct json j = json_to(&reply->body);
    (void)engine;
    (void)r;
    enum status s = resume(c, e);
    if (s != ST_OK)
        return s;
    return record_metadata(c, SLICE_NONE, &j, e);
}

HANDLER(api_object) {
    struct json j = json_to(&reply->body);
    (void)engine;
    return record_metadata(c, r->parameters[0], &j, e);
}

/* The duty first: who does not hold it learns nothing of which objects there are. */
static enum status permit(struct caller *c, const struct http_request *r, struct error *e) {
    if ((c->who.duties & DUTY_SYSTEM_ADMIN) == 0)
        return error_set(e, ST_DENIED, "not_your_duty", "definitions are the system administrator's");
    if (r->parameter_count > 0 && object_find(c->world.objects, r->parameters[0]) == NULL)
        return error_set(e, ST_NOT_FOUND, "unknown_object", "there is no such object");
    return ST_OK;
}

/* What the change leaves to be done with values in place is a job's. */
static enum status do_the_rest(struct caller *c, uint16_t object, struct http_reply *reply, struct json *j,
                               struct error *e) {
    struct uuid job;
    bool started;
    enum status s = reseal_jobs_start(c, object, &job, &started, e);
    reply->status = started ? 202 : 201;
    json_key(j, "job");
    if (started)
        json_uuid(j, &job);
    else
        json_none(j);
    return s;
}

/* The change of object/extend.h around what the client sent. */
static enum status change(struct caller *c, struct http_request *r, struct http_reply *reply, json_t *wrapped,
                          struct error *e) {
    struct json j = json_to(&reply->body);
    bool dry_run = http_query_flag(r, "dry_run", c->arena);
    enum status s = permit(c, r, e);
    if (s != ST_OK) {
        json_decref(wrapped);
        return s;
    }
    char *text = wrapped == NULL ? NULL : json_print(wrapped, JSON_COMPACT);
    json_decref(wrapped);
    if (text == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "definition");
    uint16_t object = 0;
    json_object_begin(&j);
    s = definition_change(c, slice_from_string(text), dry_run, &j, &object, e);
    free(text);
    if (s == ST_OK && !dry_run)
        s = do_the_rest(c, object, reply, &j, e);
    json_object_end(&j);
    return s;
}

HANDLER(api_object_add) {
    (void)engine;
    return change(c, r, reply, json_pack("{s:O}", "add_object", r->json), e);
}

HANDLER(api_field_add) {
    char *object = arena_string(c->arena, r->parameters[0]);
    (void)engine;
    if (object == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "definition");
    return change(c, r, reply, json_pack("{s:s, s:O}", "object", object, "add_field", r->json), e);
}

HANDLER(api_field_change) {
    char *object = arena_string(c->arena, r->parameters[0]);
    char *field = arena_string(c->arena, r->parameters[1]);
    (void)engine;
    if (object == NULL || field == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "definition");
    return change(c, r, reply,
                  json_pack("{s:s, s:s, s:O}", "object", object, "change_field", field, "set", r->json), e);
}
