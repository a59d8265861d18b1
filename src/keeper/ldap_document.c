/* What a directory's document must be. */
#include "keeper/document.h"
#include "keeper/ldap.h"
#include "keeper/network.h"

#include <ctype.h>
#include <string.h>

static const char *text(const json_t *d, const char *key) {
    const char *s = json_string_value(json_object_get(d, key));
    return s == NULL ? "" : s;
}

static bool is_host(const char *host) {
    size_t n = strlen(host);
    return n > 0 && n <= 253 && host[0] != '-' &&
           strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789.-:") == n;
}

/* An attribute's short name (RFC 4512 section 1.4). No number and no option: either would hide which it is.
 */
static bool is_attribute(const json_t *v) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    return document_is_text(v, 64) && strspn(json_string_value(v), letters) == json_string_length(v) &&
           isalpha((unsigned char)json_string_value(v)[0]) != 0;
}

/* Whether its values are what somebody signs in or deciphers with, in the directories that there are:
 * userPassword, authPassword (RFC 3112), unicodePwd, dBCSPwd, ntPwdHistory, supplementalCredentials,
 * ms-Mcs-AdmPwd, msLAPS-*, msDS-ManagedPassword, msFVE-RecoveryPassword, msFVE-KeyPackage, trustAuthIncoming
 * (MS-ADA1 to 3), sambaNTPassword, sambaLMPassword, krbPrincipalKey, krb5Key, ipaNTHash, ipatokenOTPkey,
 * oathSecret, userPKCS12, orclPassword … By what the names say, so that a vendor's own fall under it too. */
static bool is_secret_name(const char *name) {
    static const char *const parts[] = {"passw",       "pwd",        "secret",     "credential",   "hash",
                                        "laps-",       "pkcs12",     "trustauth",  "otp",          "token",
                                        "initialauth", "keypackage", "privatekey", "principalkey", "krb5key",
                                        "sharedkey",   "krbmkey",    "peklist",    "passphrase",   NULL};
    static const char *const whole[] = {"currentvalue", "priorvalue", "userpin", NULL};
    char folded[65] = "";
    for (size_t i = 0; i < sizeof folded - 1 && name[i] != '\0'; i++)
        folded[i] = (char)tolower((unsigned char)name[i]);
    bool secret = document_is_one_of(folded, whole);
    for (size_t i = 0; !secret && parts[i] != NULL; i++)
        secret = strstr(folded, parts[i]) != NULL;
    return secret;
}

static enum status check_attributes(const json_t *d, struct error *e) {
    static const char *const known[] = {"id", "login", "name", "mail", "title", "department", NULL};
    const json_t *a = json_object_get(d, "attributes");
    const char *key;
    json_t *value;
    if (!document_has_known_keys(a, known))
        return document_bad(e, "attributes", "id, login, name, mail, title, department");
    json_object_foreach((json_t *)(uintptr_t)a, key, value) {
        if (!is_attribute(value))
            return document_bad(e, "attributes", "short names of attributes, no numbers");
        if (is_secret_name(json_string_value(value)))
            return document_bad(e, "attributes",
                                "an attribute whose name speaks of a password, key or token is not read");
    }
    if (json_object_get(a, "id") == NULL || json_object_get(a, "login") == NULL ||
        json_object_get(a, "name") == NULL)
        return document_bad(e, "attributes", "id, login and name are needed");
    bool by = strcmp(text(d, "department_by"), "attribute") == 0;
    return by && json_object_get(a, "department") == NULL
               ? document_bad(e, "attributes", "department is needed")
               : ST_OK;
}

static enum status check_where(const json_t *d, struct error *e) {
    static const char *const securities[] = {"ldaps", "starttls", NULL};
    struct session_network networks[SESSION_NETWORKS];
    size_t n;
    if (!is_host(text(d, "host")))
        return document_bad(e, "host", "a host's name in lower case, or an address");
    if (!document_is_number(json_object_get(d, "port"), 65535))
        return document_bad(e, "port", "1 to 65535");
    if (!document_is_one_of(text(d, "security"), securities))
        return document_bad(e, "security", "ldaps or starttls");
    if (!document_is_pem(json_object_get(d, "ca"), LDAP_CA_BYTES, LDAP_CA_MOST))
        return document_bad(e, "ca", "1 to 8 certificates in PEM, at most 32 KiB");
    if (!network_parse_all(json_object_get(d, "networks"), networks, &n))
        return document_bad(e, "networks", "1 to 8 networks as 10.0.0.0/8");
    return document_is_text(json_object_get(d, "bind_dn"), 500)
               ? ST_OK
               : document_bad(e, "bind_dn", "1 to 500 bytes");
}

/* What it may do by itself; see keeper/ldap.h. */
static enum status check_schedule(const json_t *d, struct error *e) {
    static const char *const rights[] = {"nothing", "new", "all_but_ends", "all", NULL};
    const json_t *hours = json_object_get(d, "every_hours"), *apply = json_object_get(d, "apply");
    if (hours != NULL && !document_is_number(hours, LDAP_HOURS_MOST))
        return document_bad(e, "every_hours", "1 to 168 hours");
    if (apply != NULL && (hours == NULL || !document_is_one_of(text(d, "apply"), rights)))
        return document_bad(e, "apply", "nothing, new, all_but_ends or all, with every_hours");
    if (strcmp(text(d, "apply"), "all") == 0 && json_object_get(d, "ends_a_day") == NULL)
        return document_bad(e, "ends_a_day", "needed where a schedule suspends accounts");
    return ST_OK;
}

enum status ldap_source_check(const json_t *d, struct error *e) {
    static const char *const known[] = {
        "name",     "enabled",    "host",          "port",        "security",      "ca",
        "networks", "bind_dn",    "unit_base",     "people_base", "people_filter", "attributes",
        "moves",    "ends_a_day", "department_by", "every_hours", "apply",         NULL};
    static const char *const ways[] = {"none", "attribute", "tree", NULL};
    const json_t *units = json_object_get(d, "unit_base"), *ends = json_object_get(d, "ends_a_day");
    const json_t *filter = json_object_get(d, "people_filter");
    if (!document_has_known_keys(d, known))
        return document_bad(e, "document", "an object without keys that are not known");
    if (!document_is_text(json_object_get(d, "name"), 60))
        return document_bad(e, "name", "1 to 60 bytes");
    if (!document_is_flag(json_object_get(d, "enabled")) || !document_is_flag(json_object_get(d, "moves")))
        return document_bad(e, "enabled", "enabled and moves: true or false");
    enum status s = check_where(d, e);
    if (s != ST_OK)
        return s;
    if (!document_is_text(json_object_get(d, "people_base"), 500))
        return document_bad(e, "people_base", "1 to 500 bytes");
    if (!document_is_text(filter, 1000) || json_string_value(filter)[0] != '(')
        return document_bad(e, "people_filter", "a filter in parentheses, at most 1000 bytes");
    if (units != NULL && !document_is_text(units, 500))
        return document_bad(e, "unit_base", "1 to 500 bytes");
    if (!document_is_one_of(text(d, "department_by"), ways))
        return document_bad(e, "department_by", "none, attribute or tree");
    if (ends != NULL && !document_is_number(ends, LDAP_ENDS_MOST))
        return document_bad(e, "ends_a_day", "1 to 5000 accounts");
    s = check_schedule(d, e);
    return s == ST_OK ? check_attributes(d, e) : s;
}
