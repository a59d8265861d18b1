#include "keeper/id_token.h"

#include <stdbool.h>
#include <string.h>

static enum status wrong(struct error *e, const char *claim) {
    return error_set(e, ST_DENIED, "sign_on_token", "the token does not hold: %s", claim);
}

static bool text_is(const json_t *v, const char *wanted) {
    return json_is_string(v) && strlen(wanted) == json_string_length(v) &&
           strcmp(json_string_value(v), wanted) == 0;
}

static bool list_has(const json_t *list, const char *wanted) {
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (text_is(json_array_get(list, i), wanted))
            return true;
    }
    return false;
}

/* A NumericDate: seconds, fractions cut off (RFC 7519 section 2). */
static bool take_date(const json_t *claims, const char *name, int64_t *out) {
    const json_t *v = json_object_get(claims, name);
    double d = json_number_value(v);
    *out = 0;
    if (!json_is_number(v) || !(d >= 0 && d < 1e11))
        return false;
    *out = (int64_t)d;
    return true;
}

static bool audience_holds(const json_t *claims, const char *client) {
    const json_t *aud = json_object_get(claims, "aud"), *azp = json_object_get(claims, "azp");
    bool several = json_is_array(aud) && json_array_size(aud) > 1;
    if (!text_is(aud, client) && !list_has(aud, client))
        return false;
    return azp == NULL ? !several : text_is(azp, client);
}

static bool subject_holds(const json_t *claims) {
    const json_t *sub = json_object_get(claims, "sub");
    size_t n = json_string_length(sub);
    if (!json_is_string(sub) || n == 0 || n > 255)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (json_string_value(sub)[i] < 0x20 || json_string_value(sub)[i] > 0x7e)
            return false;
    }
    return true;
}

static enum status check_times(const json_t *claims, const struct id_token_expected *x, struct error *e) {
    int64_t now = x->now / 1000, exp, iat, nbf, auth;
    if (!take_date(claims, "exp", &exp) || now >= exp + ID_TOKEN_SKEW)
        return wrong(e, "exp");
    if (!take_date(claims, "iat", &iat) || iat > now + ID_TOKEN_SKEW ||
        now - iat > ID_TOKEN_AGE + ID_TOKEN_SKEW)
        return wrong(e, "iat");
    if (json_object_get(claims, "nbf") != NULL &&
        (!take_date(claims, "nbf", &nbf) || nbf > now + ID_TOKEN_SKEW))
        return wrong(e, "nbf");
    if (x->max_age == 0)
        return ST_OK;
    if (!take_date(claims, "auth_time", &auth) || auth > now + ID_TOKEN_SKEW ||
        now - auth > x->max_age + ID_TOKEN_SKEW)
        return wrong(e, "auth_time");
    return ST_OK;
}

enum status id_token_check(const json_t *claims, const struct id_token_expected *x, struct error *e) {
    if (!text_is(json_object_get(claims, "iss"), x->issuer))
        return wrong(e, "iss");
    if (!audience_holds(claims, x->client_id))
        return wrong(e, "aud");
    if (!text_is(json_object_get(claims, "nonce"), x->nonce))
        return wrong(e, "nonce");
    if (!subject_holds(claims))
        return wrong(e, "sub");
    return check_times(claims, x, e);
}

int64_t id_token_second_factor(const json_t *claims, const json_t *taken, int64_t now) {
    const json_t *amr = json_object_get(claims, "amr"), *acr = json_object_get(claims, "acr");
    const json_t *wanted = json_object_get(taken, "amr");
    int64_t at;
    bool has = json_is_string(acr) && list_has(json_object_get(taken, "acr"), json_string_value(acr));
    for (size_t i = 0; i < json_array_size(wanted); i++)
        has = has || list_has(amr, json_string_value(json_array_get(wanted, i)));
    if (!has || !take_date(claims, "auth_time", &at) || at * 1000 > now + (int64_t)ID_TOKEN_SKEW * 1000)
        return 0;
    return at * 1000 < now ? at * 1000 : now;
}
