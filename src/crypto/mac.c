/* OpenSSL's SHA-256 with its state in our hands: the newer calls allocate a state for each copy. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/mac.h"

#include <endian.h>
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

#define SHORT (BLOCK - 9) /* what fits in a block with its padding, FIPS 180-4 section 5.1.1 */

/* The state after one last block: `used` bytes of it are there, behind a padded key's block. */
static void last_block(SHA256_CTX *c, uint8_t block[BLOCK], size_t used, uint8_t out[MAC_FULL]) {
    size_t bits = 8 * (BLOCK + used);
    memset(block + used, 0, BLOCK - used);
    block[used] = 0x80;
    block[BLOCK - 2] = (uint8_t)(bits >> 8);
    block[BLOCK - 1] = (uint8_t)bits;
    SHA256_Transform(c, block);
    for (size_t i = 0; i < 8; i++) {
        uint32_t word = htobe32(c->h[i]);
        memcpy(out + 4 * i, &word, sizeof word);
    }
}

/* A row's scope or a search term: two blocks in all. */
static void compute_short(const struct mac *m, const struct slice *parts, size_t count,
                          uint8_t out[MAC_FULL]) {
    uint8_t block[BLOCK];
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].n > 0)
            memcpy(block + used, parts[i].p, parts[i].n);
        used += parts[i].n;
    }
    SHA256_CTX work = m->inner;
    last_block(&work, block, used, out);
    work = m->outer;
    memcpy(block, out, MAC_FULL);
    last_block(&work, block, MAC_FULL, out);
    explicit_bzero(block, sizeof block);
}

static bool all_short(const struct slice *parts, size_t count) {
    size_t n = 0;
    for (size_t i = 0; i < count && n <= SHORT; i++)
        n = parts[i].n > SHORT ? parts[i].n : n + parts[i].n;
    return n <= SHORT;
}

/* In the end `work` holds the MAC and nothing of the key. */
enum status mac_compute(struct mac *m, const struct slice *parts, size_t count, uint8_t *out, size_t out_n) {
    if (out_n != 8 && out_n != 16 && out_n != MAC_FULL)
        return ST_INVALID;
    uint8_t whole[MAC_FULL];
    if (all_short(parts, count)) {
        compute_short(m, parts, count, whole);
        memcpy(out, whole, out_n);
        return ST_OK;
    }
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
