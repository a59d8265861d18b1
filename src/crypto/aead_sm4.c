#include "crypto/aead_sm4.h"

#include "crypto/mac.h"
#include "crypto/start.h"

#include <openssl/evp.h>
#include <openssl/params.h>

#define TAG 16

struct aead_sm4 {
    EVP_CIPHER_CTX *cipher;
    EVP_MAC_CTX *derive;
    EVP_MAC_CTX *mac;
    uint8_t encryption_key[32]; /* SM4 uses the first 16 */
    uint8_t mac_key[32];
};

static EVP_MAC_CTX *new_hmac_sm3(void) {
    EVP_MAC_CTX *m = EVP_MAC_CTX_new(crypto_algorithms()->hmac);
    char name[] = "SM3";
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string("digest", name, 0), OSSL_PARAM_construct_end()};
    if (m != NULL && EVP_MAC_CTX_set_params(m, params) != 1) {
        EVP_MAC_CTX_free(m);
        return NULL;
    }
    return m;
}

struct aead_sm4 *aead_sm4_new(void) {
    const struct crypto_algorithms *algorithms = crypto_algorithms();
    if (algorithms->sm4_ctr == NULL || algorithms->sm3 == NULL)
        return NULL;
    struct aead_sm4 *a = calloc(1, sizeof *a);
    if (a == NULL)
        return NULL;
    a->cipher = EVP_CIPHER_CTX_new();
    a->derive = new_hmac_sm3();
    a->mac = new_hmac_sm3();
    if (a->cipher == NULL || a->derive == NULL || a->mac == NULL ||
        EVP_EncryptInit_ex2(a->cipher, algorithms->sm4_ctr, NULL, NULL, NULL) != 1) {
        aead_sm4_free(a);
        return NULL;
    }
    return a;
}

void aead_sm4_free(struct aead_sm4 *a) {
    if (a == NULL)
        return;
    EVP_CIPHER_CTX_free(a->cipher);
    EVP_MAC_CTX_free(a->derive);
    EVP_MAC_CTX_free(a->mac);
    explicit_bzero(a, sizeof *a);
    free(a);
}

static bool derive(EVP_MAC_CTX *m, const uint8_t *key, struct slice name, uint8_t out[32]) {
    size_t n = 0;
    return EVP_MAC_init(m, key, key == NULL ? 0 : 32, NULL) == 1 && EVP_MAC_update(m, name.p, name.n) == 1 &&
           EVP_MAC_final(m, out, &n, 32) == 1 && n == 32;
}

static bool set_key(struct aead_sm4 *a, const uint8_t *key) {
    if (key == NULL)
        return EVP_MAC_init(a->mac, NULL, 0, NULL) == 1;
    return derive(a->derive, key, SLICE("kedun sm4 enc"), a->encryption_key) &&
           derive(a->derive, NULL, SLICE("kedun sm3 mac"), a->mac_key) &&
           EVP_MAC_init(a->mac, a->mac_key, sizeof a->mac_key, NULL) == 1;
}

static bool make_tag(struct aead_sm4 *a, struct slice aad, const uint8_t head[13], struct slice text,
                     uint8_t tag[32]) {
    uint8_t length[8];
    for (size_t i = 0; i < 8; i++)
        length[i] = (uint8_t)((uint64_t)aad.n >> (8 * i));
    size_t n = 0;
    return EVP_MAC_update(a->mac, length, 8) == 1 && EVP_MAC_update(a->mac, aad.p, aad.n) == 1 &&
           EVP_MAC_update(a->mac, head, 13) == 1 && EVP_MAC_update(a->mac, text.p, text.n) == 1 &&
           EVP_MAC_final(a->mac, tag, &n, 32) == 1 && n == 32;
}

static bool run_counter(struct aead_sm4 *a, const uint8_t head[13], struct slice in, uint8_t *out) {
    uint8_t counter[16] = {0};
    memcpy(counter, head + 1, 12);
    int n = 0;
    return EVP_EncryptInit_ex2(a->cipher, NULL, a->encryption_key, counter, NULL) == 1 &&
           (in.n == 0 || EVP_EncryptUpdate(a->cipher, out, &n, in.p, (int)in.n) == 1) && n == (int)in.n;
}

enum status aead_sm4_seal(struct aead_sm4 *a, const uint8_t *key, struct slice aad, const uint8_t head[13],
                          struct slice plain, uint8_t *out) {
    uint8_t tag[32];
    if (!set_key(a, key) || !run_counter(a, head, plain, out) ||
        !make_tag(a, aad, head, slice_of(out, plain.n), tag)) {
        explicit_bzero(out, plain.n);
        return ST_INTERNAL;
    }
    memcpy(out + plain.n, tag, TAG);
    return ST_OK;
}

enum status aead_sm4_open(struct aead_sm4 *a, const uint8_t *key, struct slice aad, const uint8_t head[13],
                          struct slice body, uint8_t *out) {
    uint8_t tag[32];
    struct slice text = slice_of(body.p, body.n - TAG);
    if (!set_key(a, key) || !make_tag(a, aad, head, text, tag))
        return ST_INTERNAL;
    if (!crypto_equal(tag, body.p + text.n, TAG))
        return ST_CORRUPT;
    return run_counter(a, head, text, out) ? ST_OK : ST_INTERNAL;
}
