/* OpenSSL's SHA-256 with its state in our hands: the newer calls allocate a state for each copy. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/mac.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#define BLOCK 64

/* RFC 2104 section 2 with both padded keys hashed in advance: copying two kept states was measured at 200 ns
 * a message of 48 bytes where EVP_MD_CTX_copy_ex took 330 and EVP_MAC 530. */
struct mac {
    SHA256_CTX inner;
    SHA256_CTX outer;
};

struct mac *mac_new(struct slice key) {
    struct mac *m = calloc(1, sizeof *m);
    if (m != NULL && mac_set_key(m, key) != ST_OK) {
        mac_free(m);
        return NULL;
    }
    return m;
}

void mac_free(struct mac *m) {
    if (m == NULL)
        return;
    explicit_bzero(m, sizeof *m);
    free(m);
}

static bool start(SHA256_CTX *c, const uint8_t key[BLOCK], uint8_t with) {
    uint8_t padded[BLOCK];
    for (size_t i = 0; i < BLOCK; i++)
        padded[i] = key[i] ^ with;
    bool fine = SHA256_Init(c) == 1 && SHA256_Update(c, padded, BLOCK) == 1;
    explicit_bzero(padded, BLOCK);
    return fine;
}

enum status mac_set_key(struct mac *m, struct slice key) {
    uint8_t block[BLOCK] = {0};
    bool fine = true;
    if (key.n > BLOCK)
        fine = SHA256(key.p, key.n, block) != NULL;
    else if (key.n > 0)
        memcpy(block, key.p, key.n);
    fine = fine && start(&m->inner, block, 0x36) && start(&m->outer, block, 0x5c);
    explicit_bzero(block, BLOCK);
    return fine ? ST_OK : ST_INTERNAL;
}

/* In the end `work` holds the MAC and nothing of the key. */
enum status mac_compute(struct mac *m, const struct slice *parts, size_t count, uint8_t *out, size_t out_n) {
    if (out_n != 8 && out_n != 16 && out_n != MAC_FULL)
        return ST_INVALID;
    uint8_t whole[MAC_FULL];
    SHA256_CTX work = m->inner;
    bool fine = true;
    for (size_t i = 0; i < count && fine; i++)
        fine = parts[i].n == 0 || SHA256_Update(&work, parts[i].p, parts[i].n) == 1;
    fine = fine && SHA256_Final(whole, &work) == 1;
    work = m->outer;
    fine = fine && SHA256_Update(&work, whole, MAC_FULL) == 1 && SHA256_Final(whole, &work) == 1;
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
