#include "keeper/document.h"

#include <stdint.h>
#include <string.h>

enum status document_bad(struct error *e, const char *key, const char *why) {
    return error_field(e, ST_INVALID, "bad_document", key, "%s: %s", key, why);
}

bool document_is_text(const json_t *v, size_t most) {
    if (!json_is_string(v) || json_string_length(v) == 0 || json_string_length(v) > most)
        return false;
    for (const char *c = json_string_value(v); *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return false;
    }
    return true;
}

bool document_is_flag(const json_t *v) {
    return v == NULL || json_is_boolean(v);
}

bool document_is_number(const json_t *v, json_int_t most) {
    return json_is_integer(v) && json_integer_value(v) >= 1 && json_integer_value(v) <= most;
}

bool document_is_pem(const json_t *v, size_t most, size_t count) {
    static const char begin[] = "-----BEGIN CERTIFICATE-----", end[] = "-----END CERTIFICATE-----";
    if (v == NULL)
        return true;
    const char *at = json_is_string(v) && json_string_length(v) <= most ? json_string_value(v) : "";
    size_t n = 0;
    if (strstr(at, "PRIVATE KEY-----") != NULL)
        return false;
    for (at = strstr(at, begin); at != NULL; at = strstr(at, begin), n++) {
        const char *last = strstr(at, end), *next = strstr(at + 1, begin);
        if (last == NULL || (next != NULL && next < last))
            return false;
        at = last;
    }
    return n >= 1 && n <= count;
}

bool document_has_known_keys(const json_t *d, const char *const *known) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)d, key, value) {
        if (!document_is_one_of(key, known))
            return false;
    }
    return json_is_object(d);
}

bool document_is_one_of(const char *value, const char *const *list) {
    for (; *list != NULL; list++) {
        if (strcmp(*list, value) == 0)
            return true;
    }
    return false;
}
