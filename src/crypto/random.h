/* Random bytes fit for keys, nonces and tokens: OpenSSL's generator, seeded by the kernel.
 *
 * Small draws come out of a pool of the calling thread that is filled with one call and wiped as it is
 * used, so a nonce costs a copy. A forked child never sees what its parent has left in the pool. */
#ifndef KEDUN_CRYPTO_RANDOM_H
#define KEDUN_CRYPTO_RANDOM_H

#include "base/slice.h"
#include "base/status.h"

/* Fills n bytes; ST_IO when the system gives none (then `out` must not be used). */
MUST_CHECK enum status crypto_random(void *out, size_t n);

#endif
