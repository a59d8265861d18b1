#include "crypto/verify.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

struct curve {
    int16_t algorithm;
    size_t size;
    const char *name;
};

static const struct curve curves[] = {
    {VERIFY_ES256, 32, "P-256"}, {VERIFY_ES384, 48, "P-384"}, {VERIFY_ES512, 66, "P-521"}};

static const struct curve *curve_of(int16_t algorithm) {
    for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++) {
        if (curves[i].algorithm == algorithm)
            return &curves[i];
    }
    return NULL;
}

static EVP_PKEY *key_from(const char *type, OSSL_PARAM *params) {
    EVP_PKEY *out = NULL;
    EVP_PKEY_CTX *context = params == NULL ? NULL : EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (context != NULL && EVP_PKEY_fromdata_init(context) == 1 &&
        EVP_PKEY_fromdata(context, &out, EVP_PKEY_PUBLIC_KEY, params) != 1)
        out = NULL;
    EVP_PKEY_CTX_free(context);
    return out;
}

static EVP_PKEY *curve_key(const struct verify_key *k, const struct curve *c) {
    uint8_t point[1 + 2 * VERIFY_SECOND_MAX] = {4}; /* SEC 1: uncompressed */
    if (k->first_n != c->size || k->second_n != c->size)
        return NULL;
    memcpy(point + 1, k->first, c->size);
    memcpy(point + 1 + c->size, k->second, c->size);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    if (build != NULL && OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, c->name, 0) &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * c->size))
        params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY *key = key_from("EC", params);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    return key;
}

static EVP_PKEY *rsa_key(const struct verify_key *k) {
    if (k->first_n < 256 || k->second_n == 0 || k->second_n > 8)
        return NULL;
    BIGNUM *n = BN_bin2bn(k->first, k->first_n, NULL), *e = BN_bin2bn(k->second, k->second_n, NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    if (n != NULL && e != NULL && build != NULL && BN_num_bits(n) >= 2047 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e))
        params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY *key = key_from("RSA", params);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    BN_free(n);
    BN_free(e);
    return key;
}

static bool is_pss(int16_t algorithm) {
    return algorithm == VERIFY_PS256 || algorithm == VERIFY_PS384;
}

static bool is_rsa(int16_t algorithm) {
    return algorithm == VERIFY_RS256 || is_pss(algorithm);
}

static EVP_PKEY *key_of(const struct verify_key *k) {
    const struct curve *c = curve_of(k->algorithm);
    if (k->first_n > VERIFY_FIRST_MAX || k->second_n > VERIFY_SECOND_MAX)
        return NULL;
    if (c != NULL)
        return curve_key(k, c);
    if (is_rsa(k->algorithm))
        return rsa_key(k);
    if (k->algorithm == VERIFY_EDDSA && k->first_n == 32)
        return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, k->first, k->first_n);
    return NULL;
}

enum status verify_key_check(const struct verify_key *key) {
    EVP_PKEY *k = key_of(key);
    EVP_PKEY_CTX *context = k == NULL ? NULL : EVP_PKEY_CTX_new_from_pkey(NULL, k, NULL);
    bool rsa = is_rsa(key->algorithm); /* of an RSA key OpenSSL checks the size alone */
    bool fine = context != NULL && (rsa || EVP_PKEY_public_check(context) == 1);
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(k);
    return fine ? ST_OK : ST_INVALID;
}

static const EVP_MD *digest_of(int16_t algorithm) {
    switch (algorithm) {
    case VERIFY_EDDSA:
        return NULL; /* hashes by itself */
    case VERIFY_ES384:
    case VERIFY_PS384:
        return EVP_sha384();
    case VERIFY_ES512:
        return EVP_sha512();
    default:
        return EVP_sha256();
    }
}

static bool start_verify(EVP_MD_CTX *context, int16_t algorithm, EVP_PKEY *key) {
    EVP_PKEY_CTX *inner = NULL;
    if (EVP_DigestVerifyInit(context, &inner, digest_of(algorithm), NULL, key) != 1)
        return false;
    return !is_pss(algorithm) || (EVP_PKEY_CTX_set_rsa_padding(inner, RSA_PKCS1_PSS_PADDING) == 1 &&
                                  EVP_PKEY_CTX_set_rsa_pss_saltlen(inner, RSA_PSS_SALTLEN_DIGEST) == 1);
}

enum status verify_signature(const struct verify_key *key, struct slice message, struct slice signature) {
    EVP_PKEY *k = key_of(key);
    if (k == NULL)
        return ST_INVALID;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    enum status s = context == NULL ? ST_NOMEM : ST_DENIED;
    if (context != NULL && start_verify(context, key->algorithm, k) &&
        EVP_DigestVerify(context, signature.p, signature.n, message.p, message.n) == 1)
        s = ST_OK;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(k);
    return s;
}
