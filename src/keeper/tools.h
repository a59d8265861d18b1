/* One thread's contexts for the keeper's cryptography, made once and used for every request. */
#ifndef KEDUN_KEEPER_TOOLS_H
#define KEDUN_KEEPER_TOOLS_H

#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"
#include "crypto/mac.h"
#include "keeper/client.h"
#include "keeper/keyring.h"
#include "keeper/recall.h"

#define TOOLS_INDEXES 64

struct tools_index {
    uint32_t object_field;
    uint8_t search;
    struct mac *mac; /* NULL: free */
};

struct tools {
    const struct keyring *keys;
    struct aead *wrap; /* keeps the wrapping key's schedule */
    bool wrap_keyed;
    struct aead *value;
    struct aead *other;
    struct kdf *kdf;
    struct mac *row, *lookup;
    struct hash *hash;
    struct tools_index indexes[TOOLS_INDEXES];
    size_t next_index; /* to be replaced next when all are taken */
    struct recall *recall;
};

MUST_CHECK enum status tools_init(struct tools *t, const struct keyring *keys);
void tools_free(struct tools *t);

/* A subject's key, new and wrapped; or unwrapped: ST_CORRUPT when it was made for another subject. */
MUST_CHECK enum status tools_wrap(struct tools *t, const struct uuid *subject, const uint8_t key[KEYRING_KEY],
                                  uint8_t out[KEEPER_WRAPPED_KEY]);
MUST_CHECK enum status tools_unwrap(struct tools *t, const struct uuid *subject, struct slice wrapped,
                                    uint8_t key[KEYRING_KEY]);

/* Rows whose subjects' keys are unwrapped next: together they cost less. */
#define TOOLS_EXPECT 20
void tools_expect(struct tools *t, const struct keeper_row *rows, size_t count);

/* The seal over a row's scope: HMAC-SHA-256, cut to 16 bytes, over object, record, subject, owner,
 * department, branch and the list of versions. */
MUST_CHECK enum status tools_row_seal(struct tools *t, uint16_t object, const struct keeper_row *row,
                                      uint8_t out[KEEPER_ROW_SEAL]);
/* ST_CORRUPT when it does not hold. */
MUST_CHECK enum status tools_row_check(struct tools *t, uint16_t object, const struct keeper_row *row);

/* What is bound into a sealed value besides its key. */
#define TOOLS_AAD 40
struct slice tools_value_aad(uint16_t object, const struct keeper_row *row, uint16_t field, uint32_t writes,
                             uint8_t out[TOOLS_AAD]);

/* One index term: HMAC-SHA-256 under the index's own key, 63 bits, never 0 (the stores' integers are signed).
 */
MUST_CHECK enum status tools_term(struct tools *t, uint16_t object, uint16_t field, uint8_t search,
                                  struct slice token, uint64_t *term);
/* The term of one part of a common token (keeper/parts.h); level 0: the same as tools_term. */
MUST_CHECK enum status tools_term_part(struct tools *t, uint16_t object, uint16_t field, uint8_t search,
                                       struct slice token, unsigned level, unsigned part, uint64_t *term);

#endif
