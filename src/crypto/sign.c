#include "crypto/sign.h"

#include "crypto/random.h"

#include <openssl/evp.h>

struct signer {
    EVP_PKEY *key;
    EVP_MD_CTX *context;
    uint8_t public_key[SIGN_PUBLIC];
};

enum status sign_new_seed(uint8_t seed[SIGN_SEED]) {
    return crypto_random(seed, SIGN_SEED);
}

struct signer *signer_new(const uint8_t seed[SIGN_SEED]) {
    struct signer *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, SIGN_SEED);
    s->context = EVP_MD_CTX_new();
    size_t n = SIGN_PUBLIC;
    if (s->key == NULL || s->context == NULL || EVP_PKEY_get_raw_public_key(s->key, s->public_key, &n) != 1) {
        signer_free(s);
        return NULL;
    }
    return s;
}

void signer_free(struct signer *s) {
    if (s == NULL)
        return;
    EVP_MD_CTX_free(s->context);
    EVP_PKEY_free(s->key); /* clears the private part */
    free(s);
}

void signer_public(const struct signer *s, uint8_t public_key[SIGN_PUBLIC]) {
    memcpy(public_key, s->public_key, SIGN_PUBLIC);
}

enum status signer_sign(struct signer *s, struct slice message, uint8_t signature[SIGN_SIGNATURE]) {
    size_t n = SIGN_SIGNATURE;
    if (EVP_DigestSignInit(s->context, NULL, NULL, NULL, s->key) != 1 ||
        EVP_DigestSign(s->context, signature, &n, message.p, message.n) != 1 || n != SIGN_SIGNATURE)
        return ST_INTERNAL;
    return ST_OK;
}

enum status sign_public(const uint8_t seed[SIGN_SEED], uint8_t public_key[SIGN_PUBLIC]) {
    struct signer *s = signer_new(seed);
    if (s == NULL)
        return ST_NOMEM;
    signer_public(s, public_key);
    signer_free(s);
    return ST_OK;
}

enum status sign_verify(const uint8_t public_key[SIGN_PUBLIC], struct slice message,
                        const uint8_t signature[SIGN_SIGNATURE]) {
    enum status s = ST_CORRUPT;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, SIGN_PUBLIC);
    if (context == NULL)
        s = ST_NOMEM;
    else if (key != NULL && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
             EVP_DigestVerify(context, signature, SIGN_SIGNATURE, message.p, message.n) == 1)
        s = ST_OK;
    EVP_PKEY_free(key);
    EVP_MD_CTX_free(context);
    return s;
}
