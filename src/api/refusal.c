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

static void record_all(struct caller *c, const struct route *route, const char *code, uint16_t object,
                       const struct uuid *records, size_t count) {
    char tag[128];
    struct error e;
    int n = snprintf(tag, sizeof tag, "%s %s", code, route->operation);
    if (n > 64)
        n = 64;
    if (keeper_record_all(c->keeper, &c->call, AUDIT_REFUSE, AUDIT_DENIED, object, records, count,
                          slice_of(tag, (size_t)n), SLICE_NONE, &e) != ST_OK)
        log_error("a refusal (%s) could not be recorded: %s", code, e.code);
}

void refusal_record(struct caller *c, const struct route *route, const struct http_request *r,
                    uint64_t keepers, const struct error *why) {
    struct uuid record;
    if (c->who.user == 0 || keeper_refusals(c->keeper) != keepers ||
        !is_refusal(route, why->status, why->code))
        return;
    uint16_t object = named_object(c, route, r, &record);
    record_all(c, route, why->code, object, &record, uuid_is_nil(&record) ? 0 : 1);
}

void refusals_add(struct refusals *all, struct caller *c, const struct route *route, uint64_t keepers,
                  const struct uuid *record, const struct error *why) {
    if (keeper_refusals(c->keeper) != keepers || !is_refusal(route, why->status, why->code))
        return;
    bool other = all->code[0] != '\0' && strcmp(all->code, why->code) != 0;
    (void)snprintf(all->code, sizeof all->code, "%s", other ? "several" : why->code);
    if (!uuid_is_nil(record) && all->count < KEEPER_RECORDED_MAX)
        all->records[all->count++] = *record;
}

void refusals_record(const struct refusals *all, struct caller *c, const struct route *route,
                     uint16_t object) {
    if (all->code[0] != '\0')
        record_all(c, route, all->code, object, all->records, all->count);
}
