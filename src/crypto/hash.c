#include "crypto/hash.h"

#include "crypto/start.h"

#include <openssl/evp.h>

struct hash {
    EVP_MD_CTX *context;
};

struct hash *hash_new(void) {
    struct hash *h = calloc(1, sizeof *h);
    if (h == NULL)
        return NULL;
    h->context = EVP_MD_CTX_new();
    if (h->context == NULL || EVP_DigestInit_ex2(h->context, crypto_algorithms()->sha256, NULL) != 1) {
        hash_free(h);
        return NULL;
    }
    return h;
}

void hash_free(struct hash *h) {
    if (h == NULL)
        return;
    EVP_MD_CTX_free(h->context);
    free(h);
}

enum status hash_start(struct hash *h) {
    return EVP_DigestInit_ex2(h->context, NULL, NULL) == 1 ? ST_OK : ST_INTERNAL;
}

enum status hash_add(struct hash *h, struct slice part) {
    return part.n == 0 || EVP_DigestUpdate(h->context, part.p, part.n) == 1 ? ST_OK : ST_INTERNAL;
}

enum status hash_end(struct hash *h, uint8_t out[HASH_SIZE]) {
    unsigned n = 0;
    return EVP_DigestFinal_ex(h->context, out, &n) == 1 && n == HASH_SIZE ? ST_OK : ST_INTERNAL;
}

enum status hash_parts(struct hash *h, const struct slice *parts, size_t count, uint8_t out[HASH_SIZE]) {
    enum status s = hash_start(h);
    for (size_t i = 0; i < count && s == ST_OK; i++)
        s = hash_add(h, parts[i]);
    return s == ST_OK ? hash_end(h, out) : s;
}

enum status hash_once(struct slice message, uint8_t out[HASH_SIZE]) {
    struct hash *h = hash_new();
    if (h == NULL)
        return ST_NOMEM;
    enum status s = hash_parts(h, &message, 1, out);
    hash_free(h);
    return s;
}

enum status hash_sha1(struct slice message, uint8_t out[HASH_SHA1_SIZE]) {
    unsigned n = 0;
    return EVP_Digest(message.p, message.n, out, &n, EVP_sha1(), NULL) == 1 && n == HASH_SHA1_SIZE
               ? ST_OK
               : ST_INTERNAL;
}
