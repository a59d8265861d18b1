/* What a change of posts or of a department would change, and the partners that somebody answers for. */
#include "api/handlers.h"
#include "api/organisation_preview.h"
#include "api/session.h"
#include "base/json_in.h"

static enum status preview(struct caller *c, const struct http_request *r, uint8_t kind,
                           struct http_reply *reply, struct error *e) {
    int64_t id;
    struct json j = json_to(&reply->body);
    bool person = !c->who.is_key && !c->who.is_job;
    if (!person || (c->who.duties & (DUTY_SYSTEM_ADMIN | DUTY_SECURITY_ADMIN)) == 0)
        return error_set(e, ST_DENIED, "not_your_duty", "the organisation is the administrators'");
    if (!slice_to_int(r->parameters[0], &id) || id <= 0 || id > UINT32_MAX)
        return error_set(e, ST_NOT_FOUND, "not_found", "there is no such item");
    if (!json_is_object(r->json))
        return error_set(e, ST_INVALID, "invalid", "an object of keys");
    const struct directory_change change = {kind, (uint32_t)id, r->json};
    enum status s = session_see_newest(c, e);
    return s == ST_OK ? organisation_preview(c, &change, &j, e) : s;
}

HANDLER(api_person_preview) {
    (void)engine;
    return preview(c, r, REGISTRY_USER, reply, e);
}

HANDLER(api_department_preview) {
    (void)engine;
    return preview(c, r, REGISTRY_DEPARTMENT, reply, e);
}

static void write_time(struct json *j, const char *key, int64_t ms) {
    json_key(j, key);
    if (ms == 0)
        json_none(j);
    else
        json_int(j, ms);
}

HANDLER(api_partners) {
    struct json j = json_to(&reply->body);
    (void)engine;
    (void)r;
    enum status s = session_see_newest(c, e);
    if (s != ST_OK)
        return s;
    const struct directory *d = c->world.directory;
    json_object_begin(&j);
    json_key(&j, "items");
    json_array_begin(&j);
    for (size_t i = 0; s == ST_OK && i < d->staff_count; i++) {
        const struct staff *one = &d->staff[i];
        json_t *document = NULL;
        if (one->sponsor != c->who.user || one->disabled)
            continue;
        if (json_read(one->document, 0, &document, NULL) != ST_OK)
            return error_set(e, ST_NOMEM, "no_memory", "partners");
        json_object_begin(&j);
        json_key(&j, "id");
        json_int(&j, one->id);
        json_key(&j, "name");
        json_cstring(&j, one->name);
        json_key(&j, "login");
        json_cstring(&j, one->login);
        write_time(&j, "until", one->until);
        write_time(&j, "trained_at", json_integer_value(json_object_get(document, "trained_at")));
        json_object_end(&j);
        json_decref(document);
    }
    json_array_end(&j);
    json_object_end(&j);
    return s;
}
