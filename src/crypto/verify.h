/* Verifying others' signatures by their public keys: of passkeys and of identity providers' tokens (COSE's
 * numbers, RFC 9053 and RFC 8812; the same algorithms as JOSE's, RFC 7518 and RFC 8037). */
#ifndef KEDUN_CRYPTO_VERIFY_H
#define KEDUN_CRYPTO_VERIFY_H

#include "base/slice.h"
#include "base/status.h"

#define VERIFY_FIRST_MAX  512
#define VERIFY_SECOND_MAX 66

/* The numbers are COSE's. */
enum verify_algorithm {
    VERIFY_ES256 = -7,  /* ECDSA on P-256 with SHA-256; first: x, second: y, 32 bytes each */
    VERIFY_EDDSA = -8,  /* Ed25519; first: the key, 32 bytes */
    VERIFY_ES384 = -35, /* on P-384 with SHA-384, 48 bytes each */
    VERIFY_ES512 = -36, /* on P-521 with SHA-512, 66 bytes each */
    VERIFY_PS256 = -37, /* RSASSA-PSS with SHA-256 and a salt of its size; the key as of RS256 */
    VERIFY_PS384 = -38, /* the same with SHA-384 */
    VERIFY_RS256 = -257 /* RSASSA-PKCS1-v1_5 with SHA-256; first: n, 2048 to 4096 bits, second: e */
};

struct verify_key {
    int16_t algorithm;
    uint16_t first_n, second_n;
    uint8_t first[VERIFY_FIRST_MAX], second[VERIFY_SECOND_MAX];
};

/* Whether the key's parts have the form that its algorithm asks for and are a key at all (a point on the
 * curve). ST_INVALID, ST_NOMEM. */
MUST_CHECK enum status verify_key_check(const struct verify_key *key);

/* An ECDSA signature is DER. ST_DENIED when the signature is not that of the message, ST_INVALID for a bad
 * key, ST_NOMEM. */
MUST_CHECK enum status verify_signature(const struct verify_key *key, struct slice message,
                                        struct slice signature);

#endif
