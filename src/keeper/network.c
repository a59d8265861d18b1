#include "keeper/network.h"

#include "base/slice.h"

#include <arpa/inet.h>

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

bool network_parse_all(const json_t *array, struct session_network networks[SESSION_NETWORKS],
                       size_t *count) {
    *count = 0;
    if (array == NULL)
        return true;
    if (!json_is_array(array) || json_array_size(array) == 0 || json_array_size(array) > SESSION_NETWORKS)
        return false;
    for (size_t i = 0; i < json_array_size(array); i++) {
        const char *text = json_string_value(json_array_get(array, i));
        if (text == NULL || !parse_network(text, &networks[(*count)++]))
            return false;
    }
    return true;
}

static bool has(const struct session_network *n, const uint8_t address[16]) {
    for (unsigned bit = 0; bit < n->bits; bit++) {
        unsigned shift = 7 - bit % 8;
        if (((n->address[bit / 8] ^ address[bit / 8]) >> shift & 1) != 0)
            return false;
    }
    return true;
}

bool network_permits(const struct session_network *networks, size_t count, const uint8_t address[16]) {
    for (size_t i = 0; i < count; i++) {
        if (has(&networks[i], address))
            return true;
    }
    return count == 0;
}

bool network_parse_names(const json_t *object, struct named_network out[NETWORK_NAMES], size_t *count) {
    const char *name;
    json_t *list;
    *count = 0;
    if (object == NULL)
        return true;
    if (!json_is_object(object) || json_object_size(object) > NETWORK_NAMES)
        return false;
    json_object_foreach((json_t *)(uintptr_t)object, name, list) {
        struct named_network *n = &out[(*count)++];
        size_t length = strlen(name);
        if (length == 0 || length > NETWORK_NAME_MAX || strcmp(name, "outside") == 0 ||
            !network_parse_all(list, n->networks, &n->count))
            return false;
        memcpy(n->name, name, length + 1);
    }
    return true;
}

const char *network_name(const struct named_network *list, size_t count, const uint8_t address[16]) {
    static const uint8_t none[16];
    if (memcmp(address, none, sizeof none) == 0)
        return "";
    for (size_t i = 0; i < count; i++) {
        if (list[i].count > 0 && network_permits(list[i].networks, list[i].count, address))
            return list[i].name;
    }
    return "outside";
}

bool network_is_v4(const uint8_t address[16]) {
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    return memcmp(address, mapped, sizeof mapped) == 0;
}

void network_of(const uint8_t address[16], size_t v4, size_t v6, uint8_t out[16]) {
    size_t keep = network_is_v4(address) ? 12 + v4 : v6;
    memcpy(out, address, keep);
    memset(out + keep, 0, 16 - keep);
}
