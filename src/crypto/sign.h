/* Ed25519 (RFC 8032), pure, from raw 32-byte seeds. */
#ifndef KEDUN_CRYPTO_SIGN_H
#define KEDUN_CRYPTO_SIGN_H

#include "base/slice.h"
#include "base/status.h"

#define SIGN_SEED      32
#define SIGN_PUBLIC    32
#define SIGN_SIGNATURE 64

/* A seed is 32 random bytes; this draws one. */
MUST_CHECK enum status sign_new_seed(uint8_t seed[SIGN_SEED]);

MUST_CHECK enum status sign_public(const uint8_t seed[SIGN_SEED], uint8_t public_key[SIGN_PUBLIC]);

/* The expanded key, made once. Belongs to one thread at a time. */
struct signer;
struct signer *signer_new(const uint8_t seed[SIGN_SEED]); /* NULL when memory is out */
void signer_free(struct signer *s);                       /* NULL is fine */
void signer_public(const struct signer *s, uint8_t public_key[SIGN_PUBLIC]);
MUST_CHECK enum status signer_sign(struct signer *s, struct slice message, uint8_t signature[SIGN_SIGNATURE]);

/* ST_OK, ST_CORRUPT when the signature does not hold or the key is no point, ST_NOMEM. */
MUST_CHECK enum status sign_verify(const uint8_t public_key[SIGN_PUBLIC], struct slice message,
                                   const uint8_t signature[SIGN_SIGNATURE]);

#endif
