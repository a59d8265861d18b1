/* SHA-256 (FIPS 180-4). A struct hash belongs to one thread and may be used again and again. */
#ifndef KEDUN_CRYPTO_HASH_H
#define KEDUN_CRYPTO_HASH_H

#include "base/slice.h"
#include "base/status.h"

#define HASH_SIZE      32
#define HASH_SHA1_SIZE 20

struct hash;
struct hash *hash_new(void);    /* NULL when memory is out */
void hash_free(struct hash *h); /* NULL is fine */

/* Of the parts one behind the other. */
MUST_CHECK enum status hash_parts(struct hash *h, const struct slice *parts, size_t count,
                                  uint8_t out[HASH_SIZE]);

/* Piecewise: start, any number of adds, end. */
MUST_CHECK enum status hash_start(struct hash *h);
MUST_CHECK enum status hash_add(struct hash *h, struct slice part);
MUST_CHECK enum status hash_end(struct hash *h, uint8_t out[HASH_SIZE]);

/* One-shot with a context of its own making: convenient, allocates, not for hot paths. */
MUST_CHECK enum status hash_once(struct slice message, uint8_t out[HASH_SIZE]);
/* SHA-1 (FIPS 180-4): only to look something up in a list that is published by it, never to protect. */
MUST_CHECK enum status hash_sha1(struct slice message, uint8_t out[HASH_SHA1_SIZE]);

#endif
