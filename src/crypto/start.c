#include "crypto/start.h"

#include "crypto/block.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <stdbool.h>

static struct crypto_algorithms algorithms;
static bool started;

const struct crypto_algorithms *crypto_algorithms(void) {
    return &algorithms;
}

static void fetch_all(struct crypto_algorithms *a) {
    a->sm4_ctr = EVP_CIPHER_fetch(NULL, "SM4-CTR", NULL);
    a->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    a->sm3 = EVP_MD_fetch(NULL, "SM3", NULL);
    a->hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    a->hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
}

enum status crypto_start(struct error *e) {
    if (started)
        return ST_OK;
    fetch_all(&algorithms);
    const struct crypto_algorithms *a = &algorithms;
    if (!block_start() || a->sha256 == NULL || a->hmac == NULL || a->hkdf == NULL) {
        crypto_stop();
        return error_set(e, ST_INTERNAL, "crypto_missing",
                         "OpenSSL's provider lacks AES-256, SHA-256, HMAC or HKDF; check openssl.cnf");
    }
    started = true;
    return ST_OK;
}

void crypto_stop(void) {
    block_stop();
    EVP_CIPHER_free(algorithms.sm4_ctr);
    EVP_MD_free(algorithms.sha256);
    EVP_MD_free(algorithms.sm3);
    EVP_MAC_free(algorithms.hmac);
    EVP_KDF_free(algorithms.hkdf);
    algorithms = (struct crypto_algorithms){0};
    started = false;
}
