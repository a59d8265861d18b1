#include "connect/ldap_entry.h"

#include "base/hex.h"
#include "base/utf8.h"

#include <string.h>
#include <strings.h>

#define DEEP  16  /* units above one another */
#define NAMED 127 /* bytes of one unit's name */

const char *const ldap_attribute_names[LDAP_HAS_COUNT] = {"id",   "login", "name",
                                                          "mail", "title", "department"};

static const size_t most[LDAP_HAS_COUNT] = {64, 63, 127, 200, 127, LDAP_PLACE_MOST};

bool ldap_text_fits(struct slice text) {
    uint32_t code;
    while (text.n > 0) {
        if (!utf8_next(&text, &code))
            return false;
        bool control = code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029;
        bool direction = (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
        if (control || direction || code == 0xfeff)
            return false;
    }
    return true;
}

/* One that is missing is empty. */
static void put_value(const struct ldap_shape *shape, int which, struct slice value, struct json *j,
                      const char **problem) {
    char hex[2 * 64 + 1];
    bool binary = which == LDAP_HAS_ID && strcasecmp(shape->attribute[which], "objectGUID") == 0;
    if (value.n > (binary ? most[which] / 2 : most[which])) {
        *problem = "too_long";
        return;
    }
    if (binary) {
        hex_encode(value, hex);
        value = slice_from_string(hex);
    }
    value = slice_trim(value);
    if (!ldap_text_fits(value)) {
        *problem = "bad_text";
        return;
    }
    if (value.n == 0)
        return;
    json_key(j, which == LDAP_HAS_DEPARTMENT ? "place" : ldap_attribute_names[which]);
    json_text(j, value);
}

/* ---- units ---- */

struct path {
    struct slice names[DEEP];
    size_t count;
    bool deep;
};

static size_t parts_of(LDAPDN dn) {
    size_t n = 0;
    while (dn != NULL && dn[n] != NULL)
        n++;
    return n;
}

static bool is_unit(LDAPRDN rdn) {
    return rdn[0] != NULL && rdn[0]->la_attr.bv_len == 2 && strncasecmp(rdn[0]->la_attr.bv_val, "ou", 2) == 0;
}

/* Parts `from` to the base, the deepest first. */
static void find_units(LDAPDN dn, size_t from, size_t base, struct path *out) {
    size_t n = parts_of(dn);
    out->count = 0;
    out->deep = false;
    for (size_t i = from; i + base < n; i++) {
        if (!is_unit(dn[i]))
            continue;
        if (out->count == DEEP) {
            out->deep = true;
            return;
        }
        out->names[out->count++] =
            slice_trim(slice_of((const uint8_t *)dn[i][0]->la_value.bv_val, dn[i][0]->la_value.bv_len));
    }
}

static void put_name(struct buf *out, struct slice name) {
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] == '/')
            buf_put_string(out, "／");
        else
            buf_put_u8(out, name.p[i]);
    }
}

/* From the top; *problem set and false when it can't be one. */
static bool put_path(const struct path *p, struct buf *out, const char **problem) {
    if (p->deep)
        *problem = "too_long";
    for (size_t i = p->count; !p->deep && i-- > 0;) {
        if (!ldap_text_fits(p->names[i]))
            *problem = "bad_text";
        else if (p->names[i].n > NAMED)
            *problem = "too_long";
        if (out->n > 0)
            buf_put_u8(out, '/');
        put_name(out, p->names[i]);
    }
    if (out->failed)
        *problem = "too_long";
    return *problem == NULL && out->n > 0;
}

/* `from`: 1 above the entry, 0 with it. */
static void put_units(const char *dn, const char *base, size_t from, struct json *j, const char *key,
                      const char **problem) {
    LDAPDN parsed = NULL, below = NULL;
    struct path path = {.count = 0};
    struct buf text;
    buf_init(&text, LDAP_PLACE_MOST, false);
    const char *why = NULL;
    if (ldap_str2dn(dn, &parsed, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS ||
        ldap_str2dn(base, &below, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS)
        why = "bad_text";
    else
        find_units(parsed, from, parts_of(below), &path);
    if (why == NULL && put_path(&path, &text, &why)) {
        if (key != NULL)
            json_key(j, key);
        json_text(j, buf_slice(&text));
    }
    if (why != NULL)
        *problem = why;
    ldap_dnfree(parsed);
    ldap_dnfree(below);
    buf_free(&text);
}

/* ---- entries ---- */

static void put_attribute(const struct ldap_shape *shape, int which, LDAP *ld, LDAPMessage *entry,
                          struct json *j, const char **problem) {
    struct berval **values = ldap_get_values_len(ld, entry, shape->attribute[which]);
    bool has = values != NULL && values[0] != NULL && values[0]->bv_len > 0;
    if (has)
        put_value(shape, which, slice_of((const uint8_t *)values[0]->bv_val, values[0]->bv_len), j, problem);
    else if (which == LDAP_HAS_LOGIN)
        *problem = "login_missing";
    ldap_value_free_len(values);
}

void ldap_entry_person(const struct ldap_shape *shape, const char *base, LDAP *ld, LDAPMessage *entry,
                       struct json *j) {
    const char *problem = NULL;
    char *dn = ldap_get_dn(ld, entry);
    json_object_begin(j);
    for (int i = 0; i < LDAP_HAS_COUNT; i++) {
        if (shape->attribute[i] != NULL && !(shape->tree && i == LDAP_HAS_DEPARTMENT))
            put_attribute(shape, i, ld, entry, j, &problem);
    }
    if (shape->tree)
        put_units(dn == NULL ? "" : dn, base, 1, j, "place", &problem);
    if (problem != NULL) {
        json_key(j, "problem");
        json_cstring(j, problem);
    }
    json_object_end(j);
    ldap_memfree(dn);
}

void ldap_entry_unit(const char *base, LDAP *ld, LDAPMessage *entry, struct json *j) {
    const char *problem = NULL;
    char *dn = ldap_get_dn(ld, entry);
    put_units(dn == NULL ? "" : dn, base, 0, j, NULL, &problem);
    ldap_memfree(dn);
}
