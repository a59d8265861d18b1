/* One-time codes: HOTP (RFC 4226 section 5) and TOTP (RFC 6238 section 4, T0 = 0, 30 seconds a step).
 *
 * Kedun uses SHA-1 and six digits, which every authenticator app knows; the other hashes are here because the
 * standard's vectors cover them. HMAC does not rest on SHA-1's resistance to collisions. */
#ifndef KEDUN_CRYPTO_OTP_H
#define KEDUN_CRYPTO_OTP_H

#include "base/slice.h"
#include "base/status.h"

#define OTP_DIGITS_MAX 8
#define OTP_STEP_MS    30000

enum otp_hash { OTP_SHA1, OTP_SHA256, OTP_SHA512 };

/* The step that a time of day (ms since 1970, not negative) lies in. */
static inline uint64_t otp_step(int64_t ms) {
    return (uint64_t)ms / OTP_STEP_MS;
}

/* The code of `counter`: 6 to OTP_DIGITS_MAX digits and a NUL. ST_INVALID, ST_INTERNAL. */
MUST_CHECK enum status otp_code(enum otp_hash hash, struct slice secret, uint64_t counter, unsigned digits,
                                char out[OTP_DIGITS_MAX + 1]);

#endif
