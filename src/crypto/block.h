/* AES-256 over whole blocks (for crypto/ only): the one primitive under subjects' keys and their values.
 *
 * The functions of OpenSSL's provider are called as EVP calls them (provider-cipher(7)), without what EVP
 * does around: at each key it asks the cipher by name how long its key is, which was measured at 100 of 150
 * ns. Belongs to one thread. */
#ifndef KEDUN_CRYPTO_BLOCK_H
#define KEDUN_CRYPTO_BLOCK_H

#include "base/slice.h"

#define BLOCK_SIZE 16
#define BLOCK_KEY  32

/* The provider's functions, found once by block_start; false when it has no AES-256-ECB. */
bool block_start(void);
void block_stop(void);

struct block;
struct block *block_new(void);    /* NULL when memory is out, or before block_start */
void block_free(struct block *b); /* wipes; NULL is fine */

bool block_set_key(struct block *b, const uint8_t key[BLOCK_KEY]);
/* `count` blocks, each by itself; `in` and `out` the same or apart. False also without a key. */
bool block_encrypt(struct block *b, const void *in, void *out, size_t count);

#endif
