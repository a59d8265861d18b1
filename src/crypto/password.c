#include "crypto/password.h"

#include "crypto/mac.h"
#include "crypto/random.h"

#include <argon2.h>
#include <stdio.h>

#define SALT 16
#define HASH 32

struct password_cost password_default_cost(void) {
    return (struct password_cost){.memory_kib = 64 << 10, .passes = 3, .lanes = 1};
}

static bool cost_valid(const struct password_cost *c) {
    return c->lanes >= 1 && c->lanes <= 16 && c->passes >= 1 && c->passes <= 64 &&
           c->memory_kib >= 8 * c->lanes && c->memory_kib <= 4u << 20;
}

enum status password_raw(const struct password_cost *cost, struct slice password, struct slice salt,
                         struct slice pepper, struct slice ad, uint8_t *out, size_t n) {
    if (!cost_valid(cost) || password.n > PASSWORD_MAX || salt.n < 8 || salt.n > 64 || pepper.n > 64 ||
        ad.n > 1024 || n < 4 || n > 1024)
        return ST_INVALID;
    /* The library's inputs are not const but without the CLEAR flags it writes to none of them. */
    argon2_context c = {
        .out = out,
        .outlen = (uint32_t)n,
        .pwd = (uint8_t *)(uintptr_t)password.p,
        .pwdlen = (uint32_t)password.n,
        .salt = (uint8_t *)(uintptr_t)salt.p,
        .saltlen = (uint32_t)salt.n,
        .secret = (uint8_t *)(uintptr_t)pepper.p,
        .secretlen = (uint32_t)pepper.n,
        .ad = (uint8_t *)(uintptr_t)ad.p,
        .adlen = (uint32_t)ad.n,
        .t_cost = cost->passes,
        .m_cost = cost->memory_kib,
        .lanes = cost->lanes,
        .threads = cost->lanes,
        .version = ARGON2_VERSION_13,
        .flags = ARGON2_DEFAULT_FLAGS,
    };
    int done = argon2id_ctx(&c);
    if (done == ARGON2_MEMORY_ALLOCATION_ERROR)
        return ST_NOMEM;
    return done == ARGON2_OK ? ST_OK : ST_INTERNAL;
}

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* RFC 4648 section 4 without padding, as PHC strings have it. */
static char *put_base64(char *to, const uint8_t *p, size_t n) {
    uint32_t bits = 0;
    unsigned held = 0;
    for (size_t i = 0; i < n; i++) {
        bits = (bits << 8 | p[i]) & 0xffff;
        for (held += 8; held >= 6; held -= 6)
            *to++ = digits[bits >> (held - 6) & 63];
    }
    if (held > 0)
        *to++ = digits[bits << (6 - held) & 63];
    *to = '\0';
    return to;
}

static bool get_base64(struct slice text, uint8_t *out, size_t n) {
    if (text.n != (n * 4 + 2) / 3)
        return false;
    uint32_t bits = 0;
    unsigned held = 0;
    for (size_t i = 0; i < text.n; i++) {
        const char *d = text.p[i] == '\0' ? NULL : strchr(digits, text.p[i]);
        if (d == NULL)
            return false;
        bits = (bits << 6 | (uint32_t)(d - digits)) & 0xffff;
        held += 6;
        if (held >= 8) {
            held -= 8;
            *out++ = (uint8_t)(bits >> held);
        }
    }
    return (bits & ((1u << held) - 1)) == 0;
}

enum status password_hash(const struct password_cost *cost, struct slice password, struct slice pepper,
                          char out[PASSWORD_TEXT + 1]) {
    uint8_t salt[SALT], hash[HASH];
    out[0] = '\0';
    enum status s = crypto_random(salt, SALT);
    if (s == ST_OK)
        s = password_raw(cost, password, slice_of(salt, SALT), pepper, SLICE_NONE, hash, HASH);
    if (s != ST_OK)
        return s;
    int n = snprintf(out, PASSWORD_TEXT + 1, "$argon2id$v=19$m=%u,t=%u,p=%u$", cost->memory_kib, cost->passes,
                     cost->lanes);
    char *to = put_base64(out + n, salt, SALT);
    *to++ = '$';
    (void)put_base64(to, hash, HASH);
    explicit_bzero(hash, HASH);
    return ST_OK;
}

struct stored {
    struct password_cost cost;
    uint8_t salt[SALT];
    uint8_t hash[HASH];
};

static bool skip(struct slice *s, const char *what) {
    struct slice w = slice_from_string(what);
    if (!slice_starts_with(*s, w))
        return false;
    *s = slice_of(s->p + w.n, s->n - w.n);
    return true;
}

/* Decimal without sign or leading zero. */
static bool number(struct slice *s, uint32_t *out) {
    uint64_t v = 0;
    size_t n = 0;
    while (n < s->n && n < 10 && s->p[n] >= '0' && s->p[n] <= '9')
        v = v * 10 + (uint64_t)(s->p[n++] - '0');
    if (n == 0 || s->p[0] == '0' || v > UINT32_MAX)
        return false;
    *out = (uint32_t)v;
    *s = slice_of(s->p + n, s->n - n);
    return true;
}

static bool parse(struct slice s, struct stored *out) {
    size_t salt_n = (SALT * 4 + 2) / 3, hash_n = (HASH * 4 + 2) / 3;
    if (s.n > PASSWORD_TEXT || !skip(&s, "$argon2id$v=19$m=") || !number(&s, &out->cost.memory_kib) ||
        !skip(&s, ",t=") || !number(&s, &out->cost.passes) || !skip(&s, ",p=") ||
        !number(&s, &out->cost.lanes) || !skip(&s, "$"))
        return false;
    if (s.n != salt_n + 1 + hash_n || s.p[salt_n] != '$' || !cost_valid(&out->cost))
        return false;
    return get_base64(slice_of(s.p, salt_n), out->salt, SALT) &&
           get_base64(slice_of(s.p + salt_n + 1, hash_n), out->hash, HASH);
}

enum status password_verify(struct slice stored, struct slice password, struct slice pepper,
                            const struct password_cost *most) {
    struct password_cost bound = password_default_cost();
    bound.memory_kib *= 4;
    bound.passes = 16;
    bound.lanes = 16;
    if (most == NULL)
        most = &bound;
    struct stored in;
    if (!parse(stored, &in) || in.cost.memory_kib > most->memory_kib || in.cost.passes > most->passes ||
        in.cost.lanes > most->lanes)
        return ST_CORRUPT;
    if (password.n > PASSWORD_MAX)
        return ST_DENIED;
    uint8_t hash[HASH];
    enum status s = password_raw(&in.cost, password, slice_of(in.salt, SALT), pepper, SLICE_NONE, hash, HASH);
    if (s == ST_OK && !crypto_equal(hash, in.hash, HASH))
        s = ST_DENIED;
    explicit_bzero(hash, HASH);
    return s;
}

bool password_is_stale(struct slice stored, const struct password_cost *cost) {
    struct stored in;
    return !parse(stored, &in) || in.cost.memory_kib != cost->memory_kib || in.cost.passes != cost->passes ||
           in.cost.lanes != cost->lanes;
}
