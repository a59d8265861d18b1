/* Sealed values: authenticated encryption with associated data.
 *
 *   [u8 suite][12 bytes nonce][ciphertext, as long as the plain text][16 bytes tag]
 *
 * Suite 1: AES-256-GCM (NIST SP 800-38D), nonce drawn at random by every seal. A random nonce allows 2^32
 * seals under one key; a subject's key stays far below. Suite 2: SM4-CTR with HMAC-SM3 over associated
 * data, header and ciphertext (encrypt-then-MAC), tag cut to 16 bytes; keys by HMAC-SM3 from the 32 bytes.
 *
 * A struct aead belongs to one thread. `key` is 32 bytes; NULL means "the key of the call before on this
 * context", which saves the key schedule. The suite byte and the nonce are bound too: the suite because it
 * chooses the algorithm and the key schedule, the nonce by the mode.
 *
 * Padded seals hide the length: what is encrypted is [varint length][bytes][zeros], filled up to one of
 * 16, 32, 48, 64, 96, 128, 192, 256, 384 … bytes. */
#ifndef KEDUN_CRYPTO_AEAD_H
#define KEDUN_CRYPTO_AEAD_H

#include "base/slice.h"
#include "base/status.h"

#define AEAD_KEY       32
#define AEAD_OVERHEAD  29                 /* suite, nonce, tag */
#define AEAD_PLAIN_MAX ((size_t)64 << 20) /* most bytes in one seal */

enum aead_suite { AEAD_AES_GCM = 1, AEAD_SM4_HMAC_SM3 = 2 };

struct aead;

/* NULL when memory is out or the suite is unknown here. Seals are made in `suite`; every suite opens. */
struct aead *aead_new(enum aead_suite suite);
void aead_free(struct aead *a); /* wipes; NULL is fine */

/* Writes plain.n + AEAD_OVERHEAD bytes to `out`, which may overlap nothing but may hold `plain` at exactly
 * out + 13. ST_INVALID past AEAD_PLAIN_MAX, ST_IO without random bytes, ST_INTERNAL. */
MUST_CHECK enum status aead_seal(struct aead *a, const uint8_t *key, struct slice aad, struct slice plain,
                                 uint8_t *out);

/* Opens into `out` (room for sealed.n - AEAD_OVERHEAD bytes, not overlapping). ST_CORRUPT when the seal does
 * not hold: wrong key, associated data, suite, length or a changed byte; `out` is then wiped. */
MUST_CHECK enum status aead_open(struct aead *a, const uint8_t *key, struct slice aad, struct slice sealed,
                                 uint8_t *out, size_t *out_n);

/* Tells what is opened next under `key`, in this order: together they cost less. What comes otherwise is
 * opened as well. True: `key` is the context's now; false: nothing has changed but that the next call must
 * have its key. aead_forget wipes what is left of values that did not come after all. */
MUST_CHECK bool aead_expect(struct aead *a, const uint8_t *key, const struct slice *sealed, size_t count);
void aead_forget(struct aead *a);

/* Length of the padded content for n bytes, length prefix included. */
size_t pad_length(size_t n);
/* Bytes that aead_seal_padded writes for n bytes of plain text. */
size_t aead_padded_length(size_t n);

/* Writes aead_padded_length(plain.n) bytes. `out` and `plain` do not overlap. */
MUST_CHECK enum status aead_seal_padded(struct aead *a, const uint8_t *key, struct slice aad,
                                        struct slice plain, uint8_t *out);

/* Opens into `out` (room for sealed.n - AEAD_OVERHEAD bytes); `plain` points into `out`, behind the length
 * prefix. ST_CORRUPT also for a false prefix or non-zero padding. */
MUST_CHECK enum status aead_open_padded(struct aead *a, const uint8_t *key, struct slice aad,
                                        struct slice sealed, uint8_t *out, struct slice *plain);

#endif
