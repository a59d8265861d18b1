#include "keeper/api_key.h"

#include "base/clock.h"
#include "keeper/registry_parse.h"

#include <arpa/inet.h>

static enum status bad(struct error *e, const char *key, const char *why) {
    return error_field(e, ST_INVALID, "bad_document", key, "%s: %s", key, why);
}

/* ADDRESS[/BITS]; an IPv4 network is kept as its mapped IPv6 one. */
static bool parse_network(const char *text, struct session_network *out) {
    char address[INET6_ADDRSTRLEN];
    const char *slash = strchr(text, '/');
    size_t n = slash == NULL ? strlen(text) : (size_t)(slash - text);
    if (n >= sizeof address)
        return false;
    memcpy(address, text, n);
    address[n] = '\0';
    memset(out, 0, sizeof *out);
    int64_t most = 32, bits;
    if (inet_pton(AF_INET, address, out->address + 12) == 1) {
        out->address[10] = out->address[11] = 0xff;
    } else if (inet_pton(AF_INET6, address, out->address) == 1) {
        most = 128;
    } else {
        return false;
    }
    bits = most;
    if (slash != NULL && (!slice_to_int(slice_from_string(slash + 1), &bits) || bits < 0 || bits > most))
        return false;
    out->bits = (uint8_t)(bits + (most == 32 ? 96 : 0));
    return true;
}

static bool parse_networks(const json_t *array, struct session_grant *g) {
    if (array == NULL)
        return true;
    if (!json_is_array(array) || json_array_size(array) == 0 || json_array_size(array) > SESSION_NETWORKS)
        return false;
    for (size_t i = 0; i < json_array_size(array); i++) {
        const char *text = json_string_value(json_array_get(array, i));
        if (text == NULL || !parse_network(text, &g->networks[g->network_count++]))
            return false;
    }
    return true;
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
    if (!parse_networks(json_object_get(d, "networks"), g))
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
