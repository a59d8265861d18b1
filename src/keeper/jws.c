#include "keeper/jws.h"

#include "base/hex.h"
#include "base/json_in.h"
#include "crypto/verify.h"

#include <stdlib.h>

#define SIGNATURE_MAX 520

struct algorithm {
    const char *alg, *kty, *crv;
    int16_t number;
    uint16_t coordinate; /* bytes of each half of an ECDSA signature; 0: none */
};

static const struct algorithm algorithms[] = {
    {"RS256", "RSA", NULL, VERIFY_RS256, 0},     {"PS256", "RSA", NULL, VERIFY_PS256, 0},
    {"PS384", "RSA", NULL, VERIFY_PS384, 0},     {"ES256", "EC", "P-256", VERIFY_ES256, 32},
    {"ES384", "EC", "P-384", VERIFY_ES384, 48},  {"ES512", "EC", "P-521", VERIFY_ES512, 66},
    {"EdDSA", "OKP", "Ed25519", VERIFY_EDDSA, 0}};

static enum status bad_form(struct error *e, const char *why) {
    return error_set(e, ST_INVALID, "token_form", "the token is malformed: %s", why);
}

static const struct algorithm *algorithm_of(const char *name) {
    for (size_t i = 0; name != NULL && i < sizeof algorithms / sizeof algorithms[0]; i++) {
        if (strcmp(algorithms[i].alg, name) == 0)
            return &algorithms[i];
    }
    return NULL;
}

static bool text_is(const json_t *object, const char *key, const char *wanted) {
    const char *v = json_string_value(json_object_get(object, key));
    return v != NULL && strcmp(v, wanted) == 0;
}

static bool take_bytes(const json_t *key, const char *name, uint8_t *out, size_t room, uint16_t *n) {
    const json_t *v = json_object_get(key, name);
    uint8_t bytes[VERIFY_FIRST_MAX + 8];
    size_t length = 0;
    if (!json_is_string(v) || json_string_length(v) > BASE64URL_LENGTH(VERIFY_FIRST_MAX + 1) ||
        !base64url_decode(slice_of(json_string_value(v), json_string_length(v)), bytes, &length) ||
        length == 0 || length > room)
        return false;
    memcpy(out, bytes, length);
    *n = (uint16_t)length;
    return true;
}

/* Whether the key is for this algorithm, and its parts. */
static bool take_key(const json_t *key, const struct algorithm *a, struct verify_key *out) {
    const json_t *use = json_object_get(key, "use"), *alg = json_object_get(key, "alg");
    if (!text_is(key, "kty", a->kty) || (a->crv != NULL && !text_is(key, "crv", a->crv)) ||
        (use != NULL && !text_is(key, "use", "sig")) || (alg != NULL && !text_is(key, "alg", a->alg)))
        return false;
    *out = (struct verify_key){.algorithm = a->number};
    bool rsa = strcmp(a->kty, "RSA") == 0;
    if (!take_bytes(key, rsa ? "n" : "x", out->first, sizeof out->first, &out->first_n))
        return false;
    bool single = strcmp(a->kty, "OKP") == 0;
    return single || take_bytes(key, rsa ? "e" : "y", out->second, sizeof out->second, &out->second_n);
}

static size_t der_integer(struct slice half, uint8_t *out) {
    while (half.n > 1 && half.p[0] == 0)
        half = slice_of(half.p + 1, half.n - 1);
    bool sign = (half.p[0] & 0x80) != 0;
    size_t n = half.n + sign;
    out[0] = 2;
    out[1] = (uint8_t)n;
    out[2] = 0;
    memcpy(out + 2 + sign, half.p, half.n);
    return 2 + n;
}

size_t jws_ecdsa_der(struct slice raw, uint8_t *out) {
    uint8_t body[2 * VERIFY_SECOND_MAX + 8];
    size_t half = raw.n / 2;
    if (raw.n == 0 || raw.n % 2 != 0 || half > VERIFY_SECOND_MAX)
        return 0;
    size_t n = der_integer(slice_of(raw.p, half), body);
    n += der_integer(slice_of(raw.p + half, half), body + n);
    size_t at = 0;
    out[at++] = 0x30;
    if (n > 127)
        out[at++] = 0x81;
    out[at++] = (uint8_t)n;
    memcpy(out + at, body, n);
    return at + n;
}

static enum status check_signature(const struct verify_key *key, const struct algorithm *a,
                                   struct slice message, struct slice signature) {
    uint8_t der[SIGNATURE_MAX + 16];
    if (a->coordinate == 0)
        return verify_signature(key, message, signature);
    if (signature.n != 2u * a->coordinate)
        return ST_DENIED;
    return verify_signature(key, message, slice_of(der, jws_ecdsa_der(signature, der)));
}

/* With a kid, the keys of that name; without, all that fit: some issuers have one key and no names. */
static enum status try_keys(const json_t *key_set, const struct algorithm *a, const char *kid,
                            struct slice message, struct slice signature, struct error *e) {
    const json_t *keys = json_object_get(key_set, "keys");
    size_t count = json_array_size(keys), tried = 0;
    for (size_t i = 0; i < count && i < JWS_KEYS; i++) {
        const json_t *one = json_array_get(keys, i);
        struct verify_key key;
        if ((kid != NULL && !text_is(one, "kid", kid)) || !take_key(one, a, &key))
            continue;
        tried++;
        enum status s = check_signature(&key, a, message, signature);
        if (s == ST_OK || s == ST_NOMEM)
            return s == ST_OK ? s : error_set(e, s, "no_memory", "no memory to verify a token");
    }
    if (tried == 0)
        return error_set(e, ST_NOT_FOUND, "token_key", "the issuer has published no such key");
    return error_set(e, ST_DENIED, "token_signature", "the token's signature is not its issuer's");
}

struct compact {
    struct slice header, payload, signature, signed_part;
};

static bool split(struct slice token, struct compact *out) {
    const uint8_t *first = token.n == 0 ? NULL : memchr(token.p, '.', token.n);
    if (first == NULL)
        return false;
    size_t rest = token.n - (size_t)(first + 1 - token.p);
    const uint8_t *second = rest == 0 ? NULL : memchr(first + 1, '.', rest);
    if (second == NULL)
        return false;
    const uint8_t *end = token.p + token.n;
    out->header = slice_of(token.p, (size_t)(first - token.p));
    out->payload = slice_of(first + 1, (size_t)(second - first - 1));
    out->signature = slice_of(second + 1, (size_t)(end - second - 1));
    out->signed_part = slice_of(token.p, (size_t)(second - token.p));
    return memchr(out->signature.p, '.', out->signature.n) == NULL;
}

static enum status decode_object(struct slice text, json_t **out, struct error *e) {
    size_t n = 0;
    uint8_t *bytes = malloc(text.n + 1);
    *out = NULL;
    if (bytes == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for a token");
    enum status s = base64url_decode(text, bytes, &n)
                        ? json_read(slice_of(bytes, n), JSON_REJECT_DUPLICATES, out, NULL)
                        : ST_INVALID;
    explicit_bzero(bytes, text.n + 1);
    free(bytes);
    if (s == ST_OK && !json_is_object(*out))
        s = ST_INVALID;
    if (s == ST_OK)
        return s;
    json_decref(*out);
    *out = NULL;
    return s == ST_NOMEM ? error_set(e, s, "no_memory", "no memory for a token") : bad_form(e, "no object");
}

static enum status read_header(struct slice text, const struct algorithm **a, char kid[JWS_KID_MAX],
                               bool *has_kid, struct error *e) {
    json_t *header = NULL;
    enum status s = decode_object(text, &header, e);
    if (s != ST_OK)
        return s;
    const char *name = json_string_value(json_object_get(header, "kid"));
    *a = algorithm_of(json_string_value(json_object_get(header, "alg")));
    *has_kid = name != NULL;
    if (*a == NULL)
        s = error_set(e, ST_INVALID, "token_algorithm", "the token is signed by an algorithm not taken here");
    else if (json_object_get(header, "crit") != NULL)
        s = bad_form(e, "crit");
    else if (name != NULL && strlen(name) >= JWS_KID_MAX)
        s = bad_form(e, "kid");
    else if (name != NULL)
        memcpy(kid, name, strlen(name) + 1);
    json_decref(header);
    return s;
}

enum status jws_check(struct slice token, const json_t *key_set, struct slice *payload, struct error *e) {
    struct compact c;
    const struct algorithm *a = NULL;
    char kid[JWS_KID_MAX];
    bool has_kid = false;
    uint8_t signature[SIGNATURE_MAX];
    size_t n = 0;
    *payload = SLICE_NONE;
    if (token.n > JWS_MAX || !split(token, &c))
        return bad_form(e, "not three parts");
    enum status s = read_header(c.header, &a, kid, &has_kid, e);
    if (s != ST_OK)
        return s;
    if (c.signature.n == 0 || c.signature.n > BASE64URL_LENGTH(SIGNATURE_MAX - 4) ||
        !base64url_decode(c.signature, signature, &n))
        return bad_form(e, "signature");
    s = try_keys(key_set, a, has_kid ? kid : NULL, c.signed_part, slice_of(signature, n), e);
    if (s == ST_OK)
        *payload = c.payload;
    return s;
}

enum status jws_verify(struct slice token, const json_t *key_set, json_t **claims, struct error *e) {
    struct slice payload;
    *claims = NULL;
    enum status s = jws_check(token, key_set, &payload, e);
    return s == ST_OK ? decode_object(payload, claims, e) : s;
}
