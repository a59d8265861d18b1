/* What a directory's document must be. */
#include "keeper/ldap.h"
#include "keeper/network.h"

#include <strings.h>

static enum status bad(struct error *e, const char *key, const char *why) {
    return error_field(e, ST_INVALID, "bad_document", key, "%s: %s", key, why);
}

static const char *text(const json_t *d, const char *key) {
    const char *s = json_string_value(json_object_get(d, key));
    return s == NULL ? "" : s;
}

/* Text of 1 to `most` bytes without control characters. */
static bool is_text(const json_t *v, size_t most) {
    if (!json_is_string(v) || json_string_length(v) == 0 || json_string_length(v) > most)
        return false;
    for (const char *c = json_string_value(v); *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return false;
    }
    return true;
}

static bool is_host(const char *host) {
    size_t n = strlen(host);
    return n > 0 && n <= 253 && host[0] != '-' &&
           strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789.-:") == n;
}

/* An attribute's short name or number (RFC 4512 section 1.4). */
static bool is_attribute(const json_t *v) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
    return is_text(v, 64) && strspn(json_string_value(v), letters) == json_string_length(v);
}

static bool is_one_of(const char *value, const char *const *list) {
    for (; *list != NULL; list++) {
        if (strcmp(*list, value) == 0)
            return true;
    }
    return false;
}

static bool are_known(const json_t *d, const char *const *known) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)d, key, value) {
        if (!is_one_of(key, known))
            return false;
    }
    return json_is_object(d);
}

static enum status check_attributes(const json_t *d, struct error *e) {
    static const char *const known[] = {"id", "login", "name", "mail", "title", "department", NULL};
    const json_t *a = json_object_get(d, "attributes");
    const char *key;
    json_t *value;
    if (!are_known(a, known))
        return bad(e, "attributes", "id, login, name, mail, title, department");
    json_object_foreach((json_t *)(uintptr_t)a, key, value) {
        if (!is_attribute(value))
            return bad(e, "attributes", "names of attributes");
    }
    if (json_object_get(a, "id") == NULL || json_object_get(a, "login") == NULL ||
        json_object_get(a, "name") == NULL)
        return bad(e, "attributes", "id, login and name are needed");
    bool by = strcmp(text(d, "department_by"), "attribute") == 0;
    return by && json_object_get(a, "department") == NULL ? bad(e, "attributes", "department is needed")
                                                          : ST_OK;
}

static bool is_pem(const json_t *v) {
    static const char begin[] = "-----BEGIN CERTIFICATE-----";
    const char *first =
        json_is_string(v) && json_string_length(v) <= 16384 ? strstr(json_string_value(v), begin) : NULL;
    return v == NULL || (first != NULL && strstr(first + 1, begin) == NULL);
}

static bool is_flag(const json_t *v) {
    return v == NULL || json_is_boolean(v);
}

static bool is_number(const json_t *v, json_int_t most) {
    return json_is_integer(v) && json_integer_value(v) >= 1 && json_integer_value(v) <= most;
}

static enum status check_where(const json_t *d, struct error *e) {
    static const char *const securities[] = {"ldaps", "starttls", NULL};
    struct session_network networks[SESSION_NETWORKS];
    size_t n;
    if (!is_host(text(d, "host")))
        return bad(e, "host", "a host's name in lower case, or an address");
    if (!is_number(json_object_get(d, "port"), 65535))
        return bad(e, "port", "1 to 65535");
    if (!is_one_of(text(d, "security"), securities))
        return bad(e, "security", "ldaps or starttls");
    if (!is_pem(json_object_get(d, "ca")))
        return bad(e, "ca", "one certificate in PEM, at most 16 KiB");
    if (!network_parse_all(json_object_get(d, "networks"), networks, &n))
        return bad(e, "networks", "1 to 8 networks as 10.0.0.0/8");
    return is_text(json_object_get(d, "bind_dn"), 500) ? ST_OK : bad(e, "bind_dn", "1 to 500 bytes");
}

enum status ldap_source_check(const json_t *d, struct error *e) {
    static const char *const known[] = {"name",      "enabled",     "host",          "port",
                                        "security",  "ca",          "networks",      "bind_dn",
                                        "unit_base", "people_base", "people_filter", "attributes",
                                        "moves",     "ends_a_day",  "department_by", NULL};
    static const char *const ways[] = {"none", "attribute", "tree", NULL};
    const json_t *units = json_object_get(d, "unit_base"), *ends = json_object_get(d, "ends_a_day");
    const json_t *filter = json_object_get(d, "people_filter");
    if (!are_known(d, known))
        return bad(e, "document", "an object without keys that are not known");
    if (!is_text(json_object_get(d, "name"), 60))
        return bad(e, "name", "1 to 60 bytes");
    if (!is_flag(json_object_get(d, "enabled")) || !is_flag(json_object_get(d, "moves")))
        return bad(e, "enabled", "enabled and moves: true or false");
    enum status s = check_where(d, e);
    if (s != ST_OK)
        return s;
    if (!is_text(json_object_get(d, "people_base"), 500))
        return bad(e, "people_base", "1 to 500 bytes");
    if (!is_text(filter, 1000) || json_string_value(filter)[0] != '(')
        return bad(e, "people_filter", "a filter in parentheses, at most 1000 bytes");
    if (units != NULL && !is_text(units, 500))
        return bad(e, "unit_base", "1 to 500 bytes");
    if (!is_one_of(text(d, "department_by"), ways))
        return bad(e, "department_by", "none, attribute or tree");
    if (ends != NULL && !is_number(ends, LDAP_ENDS_MOST))
        return bad(e, "ends_a_day", "1 to 5000 accounts");
    return check_attributes(d, e);
}
