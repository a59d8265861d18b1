#include "crypto/mac.h"

#include "crypto/start.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

struct mac {
    EVP_MAC_CTX *context;
};

struct mac *mac_new(struct slice key) {
    struct mac *m = calloc(1, sizeof *m);
    if (m == NULL)
        return NULL;
    m->context = EVP_MAC_CTX_new(crypto_algorithms()->hmac);
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                           OSSL_PARAM_construct_end()};
    if (m->context == NULL || EVP_MAC_CTX_set_params(m->context, params) != 1 ||
        mac_set_key(m, key) != ST_OK) {
        mac_free(m);
        return NULL;
    }
    return m;
}

void mac_free(struct mac *m) {
    if (m == NULL)
        return;
    EVP_MAC_CTX_free(m->context);
    free(m);
}

enum status mac_set_key(struct mac *m, struct slice key) {
    static const uint8_t none[1]; /* OpenSSL takes NULL as "the key stays" */
    return EVP_MAC_init(m->context, key.n ? key.p : none, key.n, NULL) == 1 ? ST_OK : ST_INTERNAL;
}

enum status mac_compute(struct mac *m, const struct slice *parts, size_t count, uint8_t *out, size_t out_n) {
    if (out_n != 8 && out_n != 16 && out_n != MAC_FULL)
        return ST_INVALID;
    if (EVP_MAC_init(m->context, NULL, 0, NULL) != 1)
        return ST_INTERNAL;
    for (size_t i = 0; i < count; i++)
        if (parts[i].n > 0 && EVP_MAC_update(m->context, parts[i].p, parts[i].n) != 1)
            return ST_INTERNAL;
    uint8_t whole[MAC_FULL];
    size_t n = 0;
    if (EVP_MAC_final(m->context, whole, &n, sizeof whole) != 1 || n != sizeof whole)
        return ST_INTERNAL;
    memcpy(out, whole, out_n);
    return ST_OK;
}

enum status mac_one(struct mac *m, struct slice message, uint8_t *out, size_t out_n) {
    return mac_compute(m, &message, 1, out, out_n);
}

bool crypto_equal(const void *a, const void *b, size_t n) {
    return CRYPTO_memcmp(a, b, n) == 0;
}
