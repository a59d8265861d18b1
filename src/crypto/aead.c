#include "crypto/aead.h"

#include "crypto/aead_sm4.h"
#include "crypto/gcm.h"
#include "crypto/random.h"

#define NONCE GCM_NONCE
#define TAG   GCM_TAG
#define HEAD  (1 + NONCE)

struct aead {
    struct gcm *gcm;
    struct aead_sm4 *sm4; /* made at first use, unless new seals need it */
    enum aead_suite suite;
};

struct aead *aead_new(enum aead_suite suite) {
    struct aead *a = calloc(1, sizeof *a);
    if (a == NULL)
        return NULL;
    a->suite = suite;
    a->gcm = gcm_new();
    bool fine = a->gcm != NULL;
    if (fine && suite == AEAD_SM4_HMAC_SM3) {
        a->sm4 = aead_sm4_new();
        fine = a->sm4 != NULL;
    }
    if (!fine || (suite != AEAD_AES_GCM && suite != AEAD_SM4_HMAC_SM3)) {
        aead_free(a);
        return NULL;
    }
    return a;
}

void aead_free(struct aead *a) {
    if (a == NULL)
        return;
    gcm_free(a->gcm);
    aead_sm4_free(a->sm4);
    free(a);
}

static enum status open_gcm(struct aead *a, const uint8_t *key, struct slice aad, struct slice sealed,
                            uint8_t *out) {
    struct slice text = slice_of(sealed.p + HEAD, sealed.n - HEAD - TAG);
    switch (gcm_open(a->gcm, key, sealed.p + 1, aad, text, text.p + text.n, out)) {
    case GCM_FINE:
        return ST_OK;
    case GCM_FORGED:
        return ST_CORRUPT;
    default:
        return ST_INTERNAL;
    }
}

enum status aead_seal(struct aead *a, const uint8_t *key, struct slice aad, struct slice plain,
                      uint8_t *out) {
    if (plain.n > AEAD_PLAIN_MAX || aad.n > AEAD_PLAIN_MAX)
        return ST_INVALID;
    out[0] = (uint8_t)a->suite;
    enum status s = crypto_random(out + 1, NONCE);
    if (s == ST_OK && a->suite == AEAD_SM4_HMAC_SM3)
        s = aead_sm4_seal(a->sm4, key, aad, out, plain, out + HEAD);
    else if (s == ST_OK && !gcm_seal(a->gcm, key, out + 1, aad, plain, out + HEAD, out + HEAD + plain.n))
        s = ST_INTERNAL;
    if (s != ST_OK)
        explicit_bzero(out, plain.n + AEAD_OVERHEAD);
    return s;
}

static enum status open_sm4(struct aead *a, const uint8_t *key, struct slice aad, struct slice sealed,
                            uint8_t *out) {
    if (a->sm4 == NULL)
        a->sm4 = aead_sm4_new();
    if (a->sm4 == NULL)
        return ST_NOMEM;
    return aead_sm4_open(a->sm4, key, aad, sealed.p, slice_of(sealed.p + HEAD, sealed.n - HEAD), out);
}

enum status aead_open(struct aead *a, const uint8_t *key, struct slice aad, struct slice sealed, uint8_t *out,
                      size_t *out_n) {
    *out_n = 0;
    if (sealed.n < AEAD_OVERHEAD || sealed.n - AEAD_OVERHEAD > AEAD_PLAIN_MAX || aad.n > AEAD_PLAIN_MAX)
        return ST_CORRUPT;
    size_t plain_n = sealed.n - AEAD_OVERHEAD;
    enum status s = ST_CORRUPT;
    if (sealed.p[0] == AEAD_AES_GCM)
        s = open_gcm(a, key, aad, sealed, out);
    else if (sealed.p[0] == AEAD_SM4_HMAC_SM3)
        s = open_sm4(a, key, aad, sealed, out);
    if (s != ST_OK)
        explicit_bzero(out, plain_n);
    else
        *out_n = plain_n;
    return s;
}

bool aead_expect(struct aead *a, const uint8_t *key, const struct slice *sealed, size_t count) {
    struct gcm_value values[GCM_EXPECT];
    size_t n = 0;
    for (size_t i = 0; i < count && n < GCM_EXPECT; i++) {
        if (sealed[i].n >= AEAD_OVERHEAD && sealed[i].p[0] == AEAD_AES_GCM)
            values[n++] = (struct gcm_value){sealed[i].p + 1, sealed[i].n - AEAD_OVERHEAD};
    }
    return n > 0 && gcm_expect(a->gcm, key, values, n);
}

void aead_forget(struct aead *a) {
    gcm_forget(a->gcm);
}

static size_t varint_length(size_t n) {
    size_t k = 1;
    while (n >= 0x80) {
        n >>= 7;
        k++;
    }
    return k;
}

size_t pad_length(size_t n) {
    size_t need = n + varint_length(n);
    size_t power = 16;
    while (power < need) {
        if (power >= 32 && power / 2 * 3 >= need)
            return power / 2 * 3;
        power *= 2;
    }
    return power;
}

size_t aead_padded_length(size_t n) {
    return pad_length(n) + AEAD_OVERHEAD;
}

enum status aead_seal_padded(struct aead *a, const uint8_t *key, struct slice aad, struct slice plain,
                             uint8_t *out) {
    if (plain.n > AEAD_PLAIN_MAX / 2)
        return ST_INVALID;
    size_t length = pad_length(plain.n);
    uint8_t *to = out + HEAD;
    size_t at = 0;
    size_t v = plain.n;
    for (; v >= 0x80; v >>= 7)
        to[at++] = (uint8_t)(v | 0x80);
    to[at++] = (uint8_t)v;
    if (plain.n > 0)
        memcpy(to + at, plain.p, plain.n);
    memset(to + at + plain.n, 0, length - at - plain.n);
    return aead_seal(a, key, aad, slice_of(to, length), out);
}

/* The bytes within their padding; false unless it is exactly what aead_seal_padded makes. */
static bool unpad(struct slice padded, struct slice *plain) {
    size_t n = 0, at = 0;
    uint8_t byte;
    do {
        if (at >= padded.n || at >= 4)
            return false;
        byte = padded.p[at];
        n |= (size_t)(byte & 0x7f) << (7 * at++);
    } while (byte & 0x80);
    if (at != varint_length(n) || n > padded.n - at || pad_length(n) != padded.n)
        return false;
    uint8_t stray = 0;
    for (size_t i = at + n; i < padded.n; i++)
        stray |= padded.p[i];
    *plain = slice_of(padded.p + at, n);
    return stray == 0;
}

enum status aead_open_padded(struct aead *a, const uint8_t *key, struct slice aad, struct slice sealed,
                             uint8_t *out, struct slice *plain) {
    *plain = SLICE_NONE;
    size_t n;
    enum status s = aead_open(a, key, aad, sealed, out, &n);
    if (s != ST_OK)
        return s;
    if (unpad(slice_of(out, n), plain))
        return ST_OK;
    explicit_bzero(out, n);
    *plain = SLICE_NONE;
    return ST_CORRUPT;
}
