#include "audit/checkpoint.h"

#include "base/hex.h"
#include "crypto/hash.h"

#include <stdio.h>

#define DASH      "\xe2\x80\x94 "
#define ROOT_TEXT 44 /* base64 of 32 bytes, padded */
#define SIG_TEXT  92 /* of 4 + 64 bytes */

/* RFC 4648 section 4, padded, for lengths that are no multiple of 3: 32 and 68 both leave two over. */
static void put_base64(struct slice bytes, char *out) {
    base64url_encode(bytes, out);
    size_t n = BASE64URL_LENGTH(bytes.n);
    for (size_t i = 0; i < n; i++)
        out[i] = out[i] == '-' ? '+' : out[i] == '_' ? '/' : out[i];
    while (n % 4 != 0)
        out[n++] = '=';
    out[n] = '\0';
}

static bool get_base64(struct slice text, uint8_t *out, size_t n) {
    uint8_t turned[SIG_TEXT], room[SIG_TEXT];
    size_t bare = BASE64URL_LENGTH(n), got;
    if (text.n > SIG_TEXT || text.n != (bare + 3) / 4 * 4)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        if (c == '-' || c == '_' || (i >= bare) != (c == '='))
            return false;
        turned[i] = c == '+' ? '-' : c == '/' ? '_' : c;
    }
    if (!base64url_decode(slice_of(turned, bare), room, &got) || got != n)
        return false;
    memcpy(out, room, n);
    return true;
}

bool checkpoint_origin_valid(struct slice origin) {
    if (origin.n == 0 || origin.n > CHECKPOINT_ORIGIN)
        return false;
    for (size_t i = 0; i < origin.n; i++)
        if (origin.p[i] <= ' ' || origin.p[i] > '~' || origin.p[i] == '+')
            return false;
    return true;
}

static enum status make_key_id(struct slice name, const uint8_t public_key[SIGN_PUBLIC], uint8_t out[4]) {
    struct hash *h = hash_new();
    if (h == NULL)
        return ST_NOMEM;
    struct slice parts[] = {name, SLICE("\n\x01"), slice_of(public_key, SIGN_PUBLIC)};
    uint8_t whole[HASH_SIZE];
    enum status s = hash_parts(h, parts, 3, whole);
    memcpy(out, whole, 4);
    hash_free(h);
    return s;
}

enum status checkpoint_sign(struct signer *signer, const char *origin, uint64_t size, const uint8_t root[32],
                            char out[CHECKPOINT_TEXT + 1]) {
    struct slice name = slice_from_string(origin);
    if (!checkpoint_origin_valid(name))
        return ST_INVALID;
    char root_text[ROOT_TEXT + 1], signature_text[SIG_TEXT + 1];
    uint8_t public_key[SIGN_PUBLIC], signature[4 + SIGN_SIGNATURE];
    put_base64(slice_of(root, 32), root_text);
    int body =
        snprintf(out, CHECKPOINT_TEXT + 1, "%s\n%llu\n%s\n", origin, (unsigned long long)size, root_text);
    signer_public(signer, public_key);
    enum status s = make_key_id(name, public_key, signature);
    if (s == ST_OK)
        s = signer_sign(signer, slice_of(out, (size_t)body), signature + 4);
    if (s != ST_OK)
        return s;
    put_base64(slice_of(signature, sizeof signature), signature_text);
    (void)snprintf(out + body, CHECKPOINT_TEXT + 1 - (size_t)body, "\n" DASH "%s %s\n", origin,
                   signature_text);
    return ST_OK;
}

static bool take_line(struct slice *text, struct slice *line) {
    const uint8_t *end = text->n == 0 ? NULL : memchr(text->p, '\n', text->n);
    if (end == NULL)
        return false;
    *line = slice_of(text->p, (size_t)(end - text->p));
    *text = slice_of(end + 1, text->n - line->n - 1);
    return true;
}

static bool parse_size(struct slice line, uint64_t *size) {
    int64_t v;
    if (line.n == 0 || line.p[0] < '0' || line.p[0] > '9' || (line.n > 1 && line.p[0] == '0') ||
        !slice_to_int(line, &v))
        return false;
    *size = (uint64_t)v;
    return true;
}

/* "— " name SP base64 */
static bool parse_signature(struct slice line, struct checkpoint *c) {
    size_t prefix = sizeof DASH - 1;
    if (line.n != prefix + c->origin.n + 1 + SIG_TEXT || memcmp(line.p, DASH, prefix) != 0 ||
        !slice_equal(slice_of(line.p + prefix, c->origin.n), c->origin) ||
        line.p[prefix + c->origin.n] != ' ')
        return false;
    uint8_t both[4 + SIGN_SIGNATURE];
    if (!get_base64(slice_of(line.p + line.n - SIG_TEXT, SIG_TEXT), both, sizeof both))
        return false;
    memcpy(c->key_id, both, 4);
    memcpy(c->signature, both + 4, SIGN_SIGNATURE);
    return true;
}

enum status checkpoint_next(struct slice *text, struct checkpoint *out) {
    *out = (struct checkpoint){0};
    if (text->n == 0)
        return ST_NOT_FOUND;
    struct slice rest = *text, size, root, empty, signature;
    if (!take_line(&rest, &out->origin) || !take_line(&rest, &size) || !take_line(&rest, &root))
        return ST_CORRUPT;
    out->body = slice_of(text->p, text->n - rest.n);
    if (!take_line(&rest, &empty) || empty.n != 0 || !take_line(&rest, &signature))
        return ST_CORRUPT;
    if (!checkpoint_origin_valid(out->origin) || !parse_size(size, &out->size) ||
        !get_base64(root, out->root, sizeof out->root) || !parse_signature(signature, out))
        return ST_CORRUPT;
    out->text = slice_of(text->p, text->n - rest.n);
    *text = rest;
    return ST_OK;
}

enum status checkpoint_check(const struct checkpoint *c, const uint8_t public_key[SIGN_PUBLIC]) {
    uint8_t key_id[4];
    enum status s = make_key_id(c->origin, public_key, key_id);
    if (s != ST_OK)
        return s;
    if (memcmp(key_id, c->key_id, 4) != 0)
        return ST_CORRUPT;
    return sign_verify(public_key, c->body, c->signature);
}
