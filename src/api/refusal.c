#include "api/refusal.h"

#include "base/log.h"

static bool is_refusal(const struct route *route, enum status s, const char *code) {
    switch (s) {
    case ST_DENIED:
        return true;
    case ST_NOT_FOUND:
        return (route->flags & ROUTE_PERSONAL) != 0;
    case ST_INVALID:
        return strcmp(code, "invalid_json") == 0 || strcmp(code, "content_type") == 0;
    default:
        return false;
    }
}

/* Object and record that the address names, as far as they are of the right shape. */
static uint16_t named_object(const struct caller *c, const struct route *route, const struct http_request *r,
                             struct uuid *record) {
    static const char start[] = "/api/v1/records/{object}";
    memset(record, 0, sizeof *record);
    if (strncmp(route->pattern, start, sizeof start - 1) != 0 || r->parameter_count == 0)
        return 0;
    const struct object_def *object = object_find(c->world.objects, r->parameters[0]);
    bool has_id = strncmp(route->pattern + sizeof start - 1, "/{id}", 5) == 0 && r->parameter_count > 1;
    if (!has_id || !uuid_parse(r->parameters[1], record))
        memset(record, 0, sizeof *record);
    return object == NULL ? 0 : object->id;
}

void refusal_record(struct caller *c, const struct route *route, const struct http_request *r,
                    uint64_t keepers, const struct error *why) {
    char tag[128];
    struct uuid record;
    struct error e;
    if (c->who.user == 0 || keeper_refusals(c->keeper) != keepers ||
        !is_refusal(route, why->status, why->code))
        return;
    uint16_t object = named_object(c, route, r, &record);
    int n = snprintf(tag, sizeof tag, "%s %s", why->code, route->operation);
    if (n > 64)
        n = 64;
    if (keeper_record(c->keeper, &c->call, AUDIT_REFUSE, AUDIT_DENIED, object, &record,
                      slice_of(tag, (size_t)n), SLICE_NONE, &e) != ST_OK)
        log_error("a refusal (%s) could not be recorded: %s", why->code, e.code);
}
