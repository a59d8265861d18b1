#include "crypto/block.h"

#include <openssl/core_dispatch.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

struct block {
    void *context; /* the provider's */
    bool keyed;
};

static struct {
    EVP_CIPHER *cipher; /* keeps the provider loaded */
    void *provider;
    OSSL_FUNC_cipher_newctx_fn *make;
    OSSL_FUNC_cipher_freectx_fn *release;
    OSSL_FUNC_cipher_encrypt_init_fn *init;
    OSSL_FUNC_cipher_cipher_fn *run;
} ecb;

static void take_functions(const OSSL_DISPATCH *d) {
    for (; d->function_id != 0; d++) {
        switch (d->function_id) {
        case OSSL_FUNC_CIPHER_NEWCTX:
            ecb.make = OSSL_FUNC_cipher_newctx(d);
            break;
        case OSSL_FUNC_CIPHER_FREECTX:
            ecb.release = OSSL_FUNC_cipher_freectx(d);
            break;
        case OSSL_FUNC_CIPHER_ENCRYPT_INIT:
            ecb.init = OSSL_FUNC_cipher_encrypt_init(d);
            break;
        case OSSL_FUNC_CIPHER_CIPHER:
            ecb.run = OSSL_FUNC_cipher_cipher(d);
            break;
        default:
            break;
        }
    }
}

/* A provider names an algorithm "AES-256-ECB:2.16.840…". */
static bool is_ecb(const char *names) {
    static const char name[] = "AES-256-ECB";
    return strncmp(names, name, sizeof name - 1) == 0 &&
           (names[sizeof name - 1] == ':' || names[sizeof name - 1] == '\0');
}

bool block_start(void) {
    ecb.cipher = EVP_CIPHER_fetch(NULL, "AES-256-ECB", NULL);
    if (ecb.cipher == NULL)
        return false;
    OSSL_PROVIDER *of = (OSSL_PROVIDER *)(uintptr_t)EVP_CIPHER_get0_provider(ecb.cipher);
    int uncached = 0;
    const OSSL_ALGORITHM *all = OSSL_PROVIDER_query_operation(of, OSSL_OP_CIPHER, &uncached);
    for (const OSSL_ALGORITHM *a = all; a != NULL && a->algorithm_names != NULL; a++) {
        if (is_ecb(a->algorithm_names))
            take_functions(a->implementation);
    }
    OSSL_PROVIDER_unquery_operation(of, OSSL_OP_CIPHER, all);
    ecb.provider = OSSL_PROVIDER_get0_provider_ctx(of);
    return ecb.make != NULL && ecb.release != NULL && ecb.init != NULL && ecb.run != NULL;
}

void block_stop(void) {
    EVP_CIPHER_free(ecb.cipher);
    memset(&ecb, 0, sizeof ecb);
}

struct block *block_new(void) {
    struct block *b = ecb.make == NULL ? NULL : calloc(1, sizeof *b);
    if (b == NULL)
        return NULL;
    b->context = ecb.make(ecb.provider);
    if (b->context == NULL) {
        free(b);
        return NULL;
    }
    return b;
}

void block_free(struct block *b) {
    if (b == NULL)
        return;
    ecb.release(b->context); /* wipes its key schedule */
    free(b);
}

bool block_set_key(struct block *b, const uint8_t key[BLOCK_KEY]) {
    b->keyed = ecb.init(b->context, key, BLOCK_KEY, NULL, 0, NULL) == 1;
    return b->keyed;
}

bool block_encrypt(struct block *b, const void *in, void *out, size_t count) {
    size_t n = count * BLOCK_SIZE, done = 0;
    return b->keyed && ecb.run(b->context, out, &done, n, in, n) == 1 && done == n;
}
