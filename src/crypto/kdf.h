/* Keys from keys.
 *
 * kdf_hkdf: HKDF with SHA-256 (RFC 5869), for rare derivations (wrapping keys, index keys …).
 *
 * kdf_subject: the hot one, a subject's key for one class of fields: NIST SP 800-108r1 section 4.1, counter
 * mode with 32-bit counter and length, PRF = CMAC-AES-256 (SP 800-38B), Label "kedunS", Context = the
 * class byte, L = 256. One PRF input is then exactly one AES block, so the whole is three block
 * encryptions; agrees with OpenSSL's KBKDF (tested). */
#ifndef KEDUN_CRYPTO_KDF_H
#define KEDUN_CRYPTO_KDF_H

#include "base/slice.h"
#include "base/status.h"

#define KDF_KEY      32
#define KDF_HKDF_MAX 8160 /* 255 hash lengths, RFC 5869 section 2.3 */

/* `n` bytes to `out`. An empty salt is allowed. ST_INVALID past KDF_HKDF_MAX, ST_INTERNAL. */
MUST_CHECK enum status kdf_hkdf(struct slice salt, struct slice key, struct slice info, uint8_t *out,
                                size_t n);

/* HKDF with a plain string as info, no salt, 32 bytes out: one key for one named use. */
MUST_CHECK enum status kdf_named(const uint8_t key[KDF_KEY], const char *name, uint8_t out[KDF_KEY]);

/* Belongs to one thread. */
struct kdf;
struct kdf *kdf_new(void);    /* NULL when memory is out */
void kdf_free(struct kdf *k); /* wipes; NULL is fine */

MUST_CHECK enum status kdf_subject(struct kdf *k, const uint8_t subject_key[KDF_KEY], uint8_t class,
                                   uint8_t out[KDF_KEY]);
/* Another class of the subject of the call before: saves the key schedule. */
MUST_CHECK enum status kdf_subject_again(struct kdf *k, uint8_t class, uint8_t out[KDF_KEY]);

/* CMAC-AES-256 of one message of any length, the PRF above in its general form. */
MUST_CHECK enum status kdf_cmac(struct kdf *k, const uint8_t key[KDF_KEY], struct slice message,
                                uint8_t out[16]);

#endif
