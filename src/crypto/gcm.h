/* AES-256-GCM for many short values under as many keys (for crypto/ only; NIST SP 800-38D, nonces of 12
 * bytes).
 *
 * Both halves are OpenSSL's: AES by EVP (ECB over counter blocks), GCM itself by openssl/modes.h. What is
 * ours is only that a value costs one call of EVP: hash key, tag mask and key stream are one run of blocks.
 * EVP's own GCM looks its parameters up by name at each key, nonce and tag, which was measured at 880 ns a
 * value of 32 bytes with a fresh key and 530 ns without, against 410 and 110 here. Belongs to one thread. */
#ifndef KEDUN_CRYPTO_GCM_H
#define KEDUN_CRYPTO_GCM_H

#include "base/slice.h"

#define GCM_NONCE 12
#define GCM_TAG   16

struct gcm;

struct gcm *gcm_new(void);    /* NULL when memory is out */
void gcm_free(struct gcm *g); /* wipes; NULL is fine */

/* `key` (32 bytes) may be NULL: that of the call before. `out` as long as the text, which it may be. False
 * when the cipher failed. */
bool gcm_seal(struct gcm *g, const uint8_t *key, const uint8_t nonce[GCM_NONCE], struct slice aad,
              struct slice plain, uint8_t *out, uint8_t tag[GCM_TAG]);

/* Values that are opened next, in this order, under `key` (NULL: that of the call before): their blocks are
 * encrypted in one call. To be told is a favour: what comes otherwise is opened as well. False when the key
 * could not be set: the next call must have one. */
#define GCM_EXPECT 20
struct gcm_value {
    const uint8_t *nonce;
    size_t n; /* bytes of text */
};
bool gcm_expect(struct gcm *g, const uint8_t *key, const struct gcm_value *values, size_t count);
/* Wipes the key stream of what was expected and did not come. */
void gcm_forget(struct gcm *g);

enum gcm_result { GCM_FINE, GCM_FORGED, GCM_BROKEN /* the cipher failed */ };

/* Unless GCM_FINE `out` must be wiped by the caller. */
enum gcm_result gcm_open(struct gcm *g, const uint8_t *key, const uint8_t nonce[GCM_NONCE], struct slice aad,
                         struct slice text, const uint8_t tag[GCM_TAG], uint8_t *out);

#endif
