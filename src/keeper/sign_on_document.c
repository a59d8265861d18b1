/* What a provider's document must be, and which addresses it lets be asked. */
#include "keeper/document.h"
#include "keeper/network.h"
#include "keeper/sign_on_table.h"

#define SIGN_ON_CA_MOST 32

static bool is_host_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == ':' || c == '[' ||
           c == ']';
}

/* The host, with its port, of an https address in plain form: no user, no fragment, nothing that is not
 * visible ASCII. Its length; 0 for anything else. */
static size_t host_of(const char *url, const char **host) {
    static const char scheme[] = "https://";
    size_t n = 0;
    if (strncmp(url, scheme, sizeof scheme - 1) != 0 || strlen(url) > 1000)
        return 0;
    *host = url + sizeof scheme - 1;
    while (is_host_character((*host)[n]))
        n++;
    char end = (*host)[n];
    if (end != '\0' && end != '/' && end != '?')
        return 0;
    for (const char *c = url; *c != '\0'; c++) {
        if (*c <= 0x20 || *c >= 0x7f || *c == '#' || *c == '\\' || *c == '"')
            return 0;
    }
    return n;
}

bool sign_on_url_allowed(const json_t *document, const char *url) {
    const char *host = NULL, *own = NULL;
    size_t n = host_of(url, &host), own_n = host_of(sign_on_text(document, "issuer"), &own);
    const json_t *hosts = json_object_get(document, "hosts");
    if (n == 0 || own_n == 0)
        return false;
    if (n == own_n && memcmp(host, own, n) == 0)
        return true;
    for (size_t i = 0; i < json_array_size(hosts); i++) {
        const char *one = json_string_value(json_array_get(hosts, i));
        if (one != NULL && strlen(one) == n && memcmp(one, host, n) == 0)
            return true;
    }
    return false;
}

/* Missing, or an array of at most `count` texts. */
static bool are_texts(const json_t *v, size_t count, size_t most) {
    if (v == NULL)
        return true;
    if (!json_is_array(v) || json_array_size(v) > count)
        return false;
    for (size_t i = 0; i < json_array_size(v); i++) {
        if (!document_is_text(json_array_get(v, i), most))
            return false;
    }
    return true;
}

static bool are_departments(const json_t *v) {
    if (v == NULL)
        return true;
    if (!json_is_array(v) || json_array_size(v) > 64)
        return false;
    for (size_t i = 0; i < json_array_size(v); i++) {
        const json_t *one = json_array_get(v, i);
        if (!json_is_integer(one) || json_integer_value(one) < 1 || json_integer_value(one) > UINT32_MAX)
            return false;
    }
    return true;
}

static bool is_auth(const json_t *v) {
    const char *text = json_string_value(v);
    return v == NULL || (text != NULL && (strcmp(text, "basic") == 0 || strcmp(text, "post") == 0 ||
                                          strcmp(text, "none") == 0));
}

static bool is_redirect(const json_t *v) {
    const char *text = json_string_value(v);
    return v == NULL || (text != NULL && (strcmp(text, "own") == 0 || strcmp(text, "shared") == 0));
}

static enum status check_rest(const json_t *d, struct error *e) {
    struct session_network networks[SESSION_NETWORKS];
    const json_t *factor = json_object_get(d, "second_factor"), *age = json_object_get(d, "max_age");
    size_t n;
    if (!network_parse_all(json_object_get(d, "networks"), networks, &n))
        return document_bad(e, "networks", "1 to 8 networks as 10.0.0.0/8");
    if (!document_is_pem(json_object_get(d, "ca"), 32768, SIGN_ON_CA_MOST))
        return document_bad(e, "ca", "1 to 32 certificates in PEM, at most 32 KiB");
    const json_t *keys = json_object_get(d, "keys");
    if (keys != NULL && !json_is_array(json_object_get(keys, "keys")))
        return document_bad(e, "keys", "a JSON Web Key Set");
    if (factor != NULL && (!json_is_object(factor) || !are_texts(json_object_get(factor, "amr"), 16, 100) ||
                           !are_texts(json_object_get(factor, "acr"), 16, 200)))
        return document_bad(e, "second_factor", "amr and acr: at most 16 texts each");
    if (age != NULL &&
        (!json_is_integer(age) || json_integer_value(age) < 60 || json_integer_value(age) > 12 * 3600))
        return document_bad(e, "max_age", "60 to 43200 seconds");
    if (!is_redirect(json_object_get(d, "redirect")))
        return document_bad(e, "redirect", "own or shared");
    if (!are_departments(json_object_get(d, "required")))
        return document_bad(e, "required", "at most 64 numbers of departments");
    return ST_OK;
}

enum status sign_on_check(const json_t *d, struct error *e) {
    static const char *const known[] = {
        "name", "enabled",   "issuer",   "client_id",     "auth",          "hosts",   "networks", "ca",
        "keys", "link_mail", "required", "duties_exempt", "second_factor", "max_age", "redirect", NULL};
    const json_t *name = json_object_get(d, "name");
    const char *host = NULL, *issuer = sign_on_text(d, "issuer");
    if (!json_is_object(d))
        return document_bad(e, "document", "an object");
    if (!document_is_text(json_object_get(name, "zh"), 60) ||
        !document_is_text(json_object_get(name, "en"), 60))
        return document_bad(e, "name", "zh and en: 1 to 60 bytes each");
    if (host_of(issuer, &host) == 0 || strlen(issuer) > 255 || strchr(issuer, '?') != NULL)
        return document_bad(e, "issuer",
                            "an https address without query and fragment, its host in lower case");
    if (!document_is_text(json_object_get(d, "client_id"), 255))
        return document_bad(e, "client_id", "1 to 255 bytes");
    if (!is_auth(json_object_get(d, "auth")))
        return document_bad(e, "auth", "basic, post or none");
    if (!are_texts(json_object_get(d, "hosts"), 8, 255))
        return document_bad(e, "hosts", "at most 8 hosts");
    if (!document_is_flag(json_object_get(d, "enabled")) ||
        !document_is_flag(json_object_get(d, "link_mail")) ||
        !document_is_flag(json_object_get(d, "duties_exempt")))
        return document_bad(e, "enabled", "enabled, link_mail and duties_exempt: true or false");
    enum status s = check_rest(d, e);
    return s == ST_OK && !document_has_known_keys(d, known)
               ? document_bad(e, "document", "it has a key that is not known")
               : s;
}
