#include "crypto/kdf.h"

#include "crypto/block.h"
#include "crypto/start.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

#define BLOCK BLOCK_SIZE

struct kdf {
    struct block *cipher;
    uint8_t k1[BLOCK]; /* SP 800-38B section 6.1 */
    bool keyed;
};

enum status kdf_hkdf(struct slice salt, struct slice key, struct slice info, uint8_t *out, size_t n) {
    if (n == 0 || n > KDF_HKDF_MAX)
        return ST_INVALID;
    EVP_KDF_CTX *c = EVP_KDF_CTX_new(crypto_algorithms()->hkdf);
    if (c == NULL)
        return ST_NOMEM;
    static uint8_t none[1]; /* OpenSSL takes no NULL for an empty input */
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key.n ? (void *)(uintptr_t)key.p : none, key.n),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salt.n ? (void *)(uintptr_t)salt.p : none,
                                          salt.n),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.n ? (void *)(uintptr_t)info.p : none,
                                          info.n),
        OSSL_PARAM_construct_end(),
    };
    int done = EVP_KDF_derive(c, out, n, params);
    EVP_KDF_CTX_free(c);
    if (done != 1)
        explicit_bzero(out, n);
    return done == 1 ? ST_OK : ST_INTERNAL;
}

enum status kdf_named(const uint8_t key[KDF_KEY], const char *name, uint8_t out[KDF_KEY]) {
    return kdf_hkdf(SLICE_NONE, slice_of(key, KDF_KEY), slice_from_string(name), out, KDF_KEY);
}

struct kdf *kdf_new(void) {
    struct kdf *k = calloc(1, sizeof *k);
    if (k == NULL)
        return NULL;
    k->cipher = block_new();
    if (k->cipher == NULL) {
        kdf_free(k);
        return NULL;
    }
    return k;
}

void kdf_free(struct kdf *k) {
    if (k == NULL)
        return;
    block_free(k->cipher);
    explicit_bzero(k, sizeof *k);
    free(k);
}

/* Multiplication by x in GF(2^128), SP 800-38B section 6.1. */
static void double_block(const uint8_t in[BLOCK], uint8_t out[BLOCK]) {
    uint64_t high, low;
    memcpy(&high, in, 8);
    memcpy(&low, in + 8, 8);
    high = __builtin_bswap64(high);
    low = __builtin_bswap64(low);
    uint64_t carry = (uint64_t)0 - (high >> 63);
    high = __builtin_bswap64(high << 1 | low >> 63);
    low = __builtin_bswap64(low << 1 ^ (carry & 0x87));
    memcpy(out, &high, 8);
    memcpy(out + 8, &low, 8);
}

static bool set_key(struct kdf *k, const uint8_t key[KDF_KEY]) {
    static const uint8_t zero[BLOCK];
    uint8_t l[BLOCK];
    k->keyed = block_set_key(k->cipher, key) && block_encrypt(k->cipher, zero, l, 1);
    double_block(l, k->k1);
    explicit_bzero(l, sizeof l);
    return k->keyed;
}

enum status kdf_subject_again(struct kdf *k, uint8_t class, uint8_t out[KDF_KEY]) {
    if (!k->keyed)
        return ST_INVALID;
    /* [i = 1, 2] || Label || 0x00 || Context || [L = 256]: one whole block each, so masked with K1. */
    uint8_t blocks[2 * BLOCK] = {0, 0, 0, 1, 'k', 'e', 'd', 'u', 'n', 'S', 0, class, 0, 0, 1, 0,
                                 0, 0, 0, 2, 'k', 'e', 'd', 'u', 'n', 'S', 0, class, 0, 0, 1, 0};
    for (size_t i = 0; i < BLOCK; i++) {
        blocks[i] ^= k->k1[i];
        blocks[BLOCK + i] ^= k->k1[i];
    }
    bool fine = block_encrypt(k->cipher, blocks, out, 2);
    explicit_bzero(blocks, sizeof blocks);
    return fine ? ST_OK : ST_INTERNAL;
}

enum status kdf_subject(struct kdf *k, const uint8_t subject_key[KDF_KEY], uint8_t class,
                        uint8_t out[KDF_KEY]) {
    return set_key(k, subject_key) ? kdf_subject_again(k, class, out) : ST_INTERNAL;
}

enum status kdf_cmac(struct kdf *k, const uint8_t key[KDF_KEY], struct slice message, uint8_t out[16]) {
    if (!set_key(k, key))
        return ST_INTERNAL;
    uint8_t state[BLOCK] = {0};
    while (message.n > BLOCK) {
        for (size_t i = 0; i < BLOCK; i++)
            state[i] ^= message.p[i];
        if (!block_encrypt(k->cipher, state, state, 1))
            return ST_INTERNAL;
        message = slice_of(message.p + BLOCK, message.n - BLOCK);
    }
    uint8_t mask[BLOCK];
    memcpy(mask, k->k1, BLOCK);
    if (message.n < BLOCK) {
        double_block(k->k1, mask);
        state[message.n] ^= 0x80;
    }
    for (size_t i = 0; i < BLOCK; i++)
        state[i] ^= (uint8_t)(mask[i] ^ (i < message.n ? message.p[i] : 0));
    bool fine = block_encrypt(k->cipher, state, out, 1);
    explicit_bzero(state, sizeof state);
    explicit_bzero(mask, sizeof mask);
    return fine ? ST_OK : ST_INTERNAL;
}
