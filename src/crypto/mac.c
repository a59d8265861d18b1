#include "crypto/mac.h"

#include "crypto/start.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#define BLOCK 64

/* RFC 2104 section 2 with both padded keys hashed in advance: copying two kept states was measured at 370 ns
 * a message where EVP_MAC took 530. */
struct mac {
    EVP_MD_CTX *inner;
    EVP_MD_CTX *outer;
    EVP_MD_CTX *work;
};

struct mac *mac_new(struct slice key) {
    struct mac *m = calloc(1, sizeof *m);
    if (m == NULL)
        return NULL;
    m->inner = EVP_MD_CTX_new();
    m->outer = EVP_MD_CTX_new();
    m->work = EVP_MD_CTX_new();
    if (m->inner == NULL || m->outer == NULL || m->work == NULL || mac_set_key(m, key) != ST_OK) {
        mac_free(m);
        return NULL;
    }
    return m;
}

void mac_free(struct mac *m) {
    if (m == NULL)
        return;
    EVP_MD_CTX_free(m->inner); /* wipes its state */
    EVP_MD_CTX_free(m->outer);
    EVP_MD_CTX_free(m->work);
    free(m);
}

static bool start(EVP_MD_CTX *c, const uint8_t key[BLOCK], uint8_t with) {
    uint8_t padded[BLOCK];
    for (size_t i = 0; i < BLOCK; i++)
        padded[i] = key[i] ^ with;
    bool fine = EVP_DigestInit_ex2(c, crypto_algorithms()->sha256, NULL) == 1 &&
                EVP_DigestUpdate(c, padded, BLOCK) == 1;
    explicit_bzero(padded, BLOCK);
    return fine;
}

static bool finish(EVP_MD_CTX *c, uint8_t out[MAC_FULL]) {
    unsigned n = 0;
    return EVP_DigestFinal_ex(c, out, &n) == 1 && n == MAC_FULL;
}

enum status mac_set_key(struct mac *m, struct slice key) {
    uint8_t block[BLOCK] = {0};
    bool fine = true;
    if (key.n > BLOCK)
        fine = EVP_DigestInit_ex2(m->work, crypto_algorithms()->sha256, NULL) == 1 &&
               EVP_DigestUpdate(m->work, key.p, key.n) == 1 && finish(m->work, block);
    else if (key.n > 0)
        memcpy(block, key.p, key.n);
    fine = fine && start(m->inner, block, 0x36) && start(m->outer, block, 0x5c);
    explicit_bzero(block, BLOCK);
    return fine ? ST_OK : ST_INTERNAL;
}

enum status mac_compute(struct mac *m, const struct slice *parts, size_t count, uint8_t *out, size_t out_n) {
    if (out_n != 8 && out_n != 16 && out_n != MAC_FULL)
        return ST_INVALID;
    uint8_t whole[MAC_FULL];
    bool fine = EVP_MD_CTX_copy_ex(m->work, m->inner) == 1;
    for (size_t i = 0; i < count && fine; i++)
        fine = parts[i].n == 0 || EVP_DigestUpdate(m->work, parts[i].p, parts[i].n) == 1;
    fine = fine && finish(m->work, whole) && EVP_MD_CTX_copy_ex(m->work, m->outer) == 1 &&
           EVP_DigestUpdate(m->work, whole, MAC_FULL) == 1 && finish(m->work, whole);
    if (fine)
        memcpy(out, whole, out_n);
    return fine ? ST_OK : ST_INTERNAL;
}

enum status mac_one(struct mac *m, struct slice message, uint8_t *out, size_t out_n) {
    return mac_compute(m, &message, 1, out, out_n);
}

bool crypto_equal(const void *a, const void *b, size_t n) {
    return CRYPTO_memcmp(a, b, n) == 0;
}
