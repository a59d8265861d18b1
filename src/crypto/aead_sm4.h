/* Suite 2 of aead.h: SM4-CTR (GB/T 32907) with HMAC-SM3 (GB/T 32905), encrypt-then-MAC. OpenSSL 3.0 has no
 * SM4-GCM.
 *
 * From the 32-byte key K: encryption key = first 16 bytes of HMAC-SM3(K, "kedun sm4 enc"), MAC key =
 * HMAC-SM3(K, "kedun sm3 mac"). Counter block = 12 bytes nonce, 4 bytes of zero. Tag = first 16 bytes of
 * HMAC-SM3(MAC key, u64 length of aad (little-endian) || aad || suite byte || nonce || ciphertext). */
#ifndef KEDUN_CRYPTO_AEAD_SM4_H
#define KEDUN_CRYPTO_AEAD_SM4_H

#include "base/slice.h"
#include "base/status.h"

struct aead_sm4;
struct aead_sm4 *aead_sm4_new(void); /* NULL also where the provider lacks SM4 or SM3 */
void aead_sm4_free(struct aead_sm4 *a);

/* `head` is the 13 bytes of suite and nonce; out[0, plain.n) the ciphertext, tag behind it. As aead_seal. */
MUST_CHECK enum status aead_sm4_seal(struct aead_sm4 *a, const uint8_t *key, struct slice aad,
                                     const uint8_t head[13], struct slice plain, uint8_t *out);
/* `body` is ciphertext and tag. */
MUST_CHECK enum status aead_sm4_open(struct aead_sm4 *a, const uint8_t *key, struct slice aad,
                                     const uint8_t head[13], struct slice body, uint8_t *out);

#endif
