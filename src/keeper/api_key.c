#include "keeper/api_key.h"

#include "base/clock.h"
#include "keeper/registry_parse.h"

static enum status bad(struct error *e, const char *key, const char *why) {
    return error_field(e, ST_INVALID, "bad_document", key, "%s: %s", key, why);
}

static enum status parse(const json_t *d, struct session_grant *g, struct error *e) {
    if (json_object_get(d, "roles") == NULL ||
        !registry_parse_names(json_object_get(d, "roles"), &g->roles) || g->roles.count == 0)
        return bad(e, "roles", "1 to 16 names of roles");
    const char *expiry = json_string_value(json_object_get(d, "expires_at"));
    int64_t now = clock_wall_ms();
    if (expiry == NULL || !clock_parse(slice_from_string(expiry), &g->expires_at) || g->expires_at <= now ||
        g->expires_at > now + API_KEY_MOST_MS)
        return bad(e, "expires_at", "a time within a year");
    if (!network_parse_all(json_object_get(d, "networks"), g->networks, &g->network_count))
        return bad(e, "networks", "1 to 8 networks as 10.0.0.0/8");
    const json_t *label = json_object_get(d, "label");
    if (!json_is_string(label) || json_string_length(label) >= sizeof g->agent)
        return bad(e, "label", "a text of at most 200 bytes");
    memcpy(g->agent, json_string_value(label), json_string_length(label) + 1);
    return ST_OK;
}

enum status api_key_parse(struct slice document, struct session_grant *grant, struct error *e) {
    json_t *json = NULL;
    enum status s = registry_parse_json(document, &json, e);
    if (s == ST_OK)
        s = parse(json, grant, e);
    json_decref(json);
    return s;
}
