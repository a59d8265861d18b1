#include "crypto/otp.h"

#include <endian.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

static const EVP_MD *digest_of(enum otp_hash hash) {
    return hash == OTP_SHA256 ? EVP_sha256() : hash == OTP_SHA512 ? EVP_sha512() : EVP_sha1();
}

enum status otp_code(enum otp_hash hash, struct slice secret, uint64_t counter, unsigned digits,
                     char out[OTP_DIGITS_MAX + 1]) {
    uint8_t mac[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    uint64_t message = htobe64(counter);
    if (digits < 6 || digits > OTP_DIGITS_MAX || secret.n == 0 || secret.n > 128)
        return ST_INVALID;
    if (HMAC(digest_of(hash), secret.p, (int)secret.n, (const uint8_t *)&message, sizeof message, mac, &n) ==
            NULL ||
        n < 20)
        return ST_INTERNAL;
    /* RFC 4226 section 5.3: dynamic truncation. */
    size_t at = mac[n - 1] & 0xf;
    uint32_t bits = (uint32_t)(mac[at] & 0x7f) << 24 | (uint32_t)mac[at + 1] << 16 |
                    (uint32_t)mac[at + 2] << 8 | mac[at + 3];
    for (unsigned i = digits; i > 0; i--, bits /= 10)
        out[i - 1] = (char)('0' + bits % 10);
    out[digits] = '\0';
    explicit_bzero(mac, sizeof mac);
    return ST_OK;
}
