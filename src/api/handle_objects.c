#include "api/handlers.h"
#include "record/definition.h"

HANDLER(api_objects) {
    struct json j = json_to(&reply->body);
    (void)engine;
    (void)r;
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
    char *text = wrapped == NULL ? NULL : json_dumps(wrapped, JSON_COMPACT);
    json_decref(wrapped);
    if (text == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "definition");
    s = definition_change(c, slice_from_string(text), dry_run, &j, e);
    free(text);
    if (s == ST_OK && !dry_run)
        reply->status = 201;
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
