#include "crypto/aead.h"

#include "crypto/aead_sm4.h"
#include "crypto/random.h"
#include "crypto/start.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#define NONCE 12
#define TAG   16
#define HEAD  (1 + NONCE)

struct aead {
    EVP_CIPHER_CTX *gcm;
    struct aead_sm4 *sm4; /* made at first use, unless new seals need it */
    enum aead_suite suite;
};

struct aead *aead_new(enum aead_suite suite) {
    struct aead *a = calloc(1, sizeof *a);
    if (a == NULL)
        return NULL;
    a->suite = suite;
    a->gcm = EVP_CIPHER_CTX_new();
    bool fine =
        a->gcm != NULL && EVP_CipherInit_ex2(a->gcm, crypto_algorithms()->aes_gcm, NULL, NULL, 1, NULL) == 1;
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
    EVP_CIPHER_CTX_free(a->gcm); /* wipes its key schedule */
    aead_sm4_free(a->sm4);
    free(a);
}

static bool gcm_start(EVP_CIPHER_CTX *c, const uint8_t *key, struct slice aad, const uint8_t head[HEAD],
                      int seal) {
    int n;
    return EVP_CipherInit_ex2(c, NULL, key, head + 1, seal, NULL) == 1 &&
           (aad.n == 0 || EVP_CipherUpdate(c, NULL, &n, aad.p, (int)aad.n) == 1);
}

/* Parameters directly: EVP_CIPHER_CTX_ctrl would translate to the same at a cost. */
static bool gcm_get_tag(EVP_CIPHER_CTX *c, uint8_t tag[TAG]) {
    OSSL_PARAM params[] = {OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag, TAG),
                           OSSL_PARAM_construct_end()};
    return EVP_CIPHER_CTX_get_params(c, params) == 1;
}

static bool gcm_set_tag(EVP_CIPHER_CTX *c, uint8_t tag[TAG]) {
    OSSL_PARAM params[] = {OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag, TAG),
                           OSSL_PARAM_construct_end()};
    return EVP_CIPHER_CTX_set_params(c, params) == 1;
}

static enum status gcm_seal(EVP_CIPHER_CTX *c, const uint8_t *key, struct slice aad, const uint8_t head[HEAD],
                            struct slice plain, uint8_t *out) {
    int n = 0, rest = 0;
    if (!gcm_start(c, key, aad, head, 1) ||
        (plain.n > 0 && EVP_EncryptUpdate(c, out, &n, plain.p, (int)plain.n) != 1) ||
        EVP_EncryptFinal_ex(c, out + plain.n, &rest) != 1 || (size_t)n != plain.n || rest != 0 ||
        !gcm_get_tag(c, out + plain.n))
        return ST_INTERNAL;
    return ST_OK;
}

static enum status gcm_open(EVP_CIPHER_CTX *c, const uint8_t *key, struct slice aad, const uint8_t head[HEAD],
                            struct slice body, uint8_t *out) {
    size_t text = body.n - TAG;
    uint8_t tag[TAG], none[TAG];
    memcpy(tag, body.p + text, TAG);
    int n = 0, rest = 0;
    if (!gcm_start(c, key, aad, head, 0) || !gcm_set_tag(c, tag))
        return ST_INTERNAL;
    if ((text > 0 && EVP_DecryptUpdate(c, out, &n, body.p, (int)text) != 1) || (size_t)n != text ||
        EVP_DecryptFinal_ex(c, none, &rest) != 1)
        return ST_CORRUPT;
    return ST_OK;
}

enum status aead_seal(struct aead *a, const uint8_t *key, struct slice aad, struct slice plain,
                      uint8_t *out) {
    if (plain.n > AEAD_PLAIN_MAX || aad.n > AEAD_PLAIN_MAX)
        return ST_INVALID;
    out[0] = (uint8_t)a->suite;
    enum status s = crypto_random(out + 1, NONCE);
    if (s == ST_OK && a->suite == AEAD_SM4_HMAC_SM3)
        s = aead_sm4_seal(a->sm4, key, aad, out, plain, out + HEAD);
    else if (s == ST_OK)
        s = gcm_seal(a->gcm, key, aad, out, plain, out + HEAD);
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
        s = gcm_open(a->gcm, key, aad, sealed.p, slice_of(sealed.p + HEAD, sealed.n - HEAD), out);
    else if (sealed.p[0] == AEAD_SM4_HMAC_SM3)
        s = open_sm4(a, key, aad, sealed, out);
    if (s != ST_OK)
        explicit_bzero(out, plain_n);
    else
        *out_n = plain_n;
    return s;
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
