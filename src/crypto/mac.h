/* HMAC-SHA-256 (RFC 2104, FIPS 198-1) under a kept key, and comparison in constant time. */
#ifndef KEDUN_CRYPTO_MAC_H
#define KEDUN_CRYPTO_MAC_H

#include "base/slice.h"
#include "base/status.h"

#define MAC_FULL 32

/* Belongs to one thread; holds one key. */
struct mac;
struct mac *mac_new(struct slice key); /* NULL when memory is out */
void mac_free(struct mac *m);          /* wipes; NULL is fine */

/* Another key for the same context. */
MUST_CHECK enum status mac_set_key(struct mac *m, struct slice key);

/* The MAC over the parts one behind the other (the caller sees to it that lengths are unambiguous), cut to
 * its first `out_n` bytes: 8, 16 or 32, else ST_INVALID. */
MUST_CHECK enum status mac_compute(struct mac *m, const struct slice *parts, size_t count, uint8_t *out,
                                   size_t out_n);

/* Over one slice. */
MUST_CHECK enum status mac_one(struct mac *m, struct slice message, uint8_t *out, size_t out_n);

/* Whether n bytes are equal, in a time that does not depend on where they differ. */
bool crypto_equal(const void *a, const void *b, size_t n);

#endif
