/* Start of the cryptography layer: every algorithm is fetched once here and only used afterwards.
 *
 * Call crypto_start() once in main(), before any thread and before a jail closes (it reads OpenSSL's
 * provider). Nothing else in crypto/ works before it. Algorithms are process-wide and read-only; the
 * contexts (struct aead, struct kdf, struct mac …) belong to one thread each, are made once and used for
 * every call: no hot call fetches, allocates or locks. */
#ifndef KEDUN_CRYPTO_START_H
#define KEDUN_CRYPTO_START_H

#include "base/status.h"

/* ST_INTERNAL with a code when an algorithm is missing. Calling it again does nothing. */
MUST_CHECK enum status crypto_start(struct error *e);

/* Frees the algorithms; only for programs that must end with no memory held. */
void crypto_stop(void);

/* For files in crypto/ only. */
struct crypto_algorithms {
    struct evp_cipher_st *sm4_ctr; /* NULL where the provider lacks it */
    struct evp_md_st *sha256;
    struct evp_md_st *sm3; /* NULL likewise */
    struct evp_mac_st *hmac;
    struct evp_kdf_st *hkdf;
};
const struct crypto_algorithms *crypto_algorithms(void);

#endif
