/* Boxes: keys for sealed streams that belong to a person or his job (for keeper/ only).
 *
 * A box's key is 32 random bytes, sealed under the keyring's box key with the box's id as associated data, in
 * the vault together with its owner. A chunk is sealed with box, stream and sequence as associated data.
 * Destroying a box deletes its key; the vault's next rewrite takes it off the disk. */
#ifndef KEDUN_KEEPER_BOX_H
#define KEDUN_KEEPER_BOX_H

#include "keeper/tools.h"
#include "keeper/vault.h"

MUST_CHECK enum status box_make(struct vault *v, struct tools *t, uint32_t owner, bool passing,
                                struct uuid *id);
/* ST_NOT_FOUND also for another's box. */
MUST_CHECK enum status box_key(struct vault *v, struct tools *t, uint32_t owner, const struct uuid *id,
                               uint8_t key[KEYRING_KEY]);
MUST_CHECK enum status box_destroy(struct vault *v, uint32_t owner, const struct uuid *id);

/* A record in the vault: owner and sealed key. One more byte marks a passing box. */
#define BOX_RECORD (4 + KEYRING_KEY + AEAD_OVERHEAD)

/* What was uploaded or rejected is kept for 30 days (share/import.h); a day later the key of such a passing
 * box goes, whether or not its owner ever comes back. Any other (a saved view's) lasts until it is destroyed.
 * Up to BOX_SWEEP of them, at the start and whenever a box is made. */
#define BOX_KEPT_MS (31 * 24 * 3600 * (int64_t)1000)
#define BOX_SWEEP   64
MUST_CHECK enum status box_sweep(struct vault *v, int64_t now_ms);

#define BOX_AAD 25
struct slice box_aad(const struct uuid *id, uint8_t stream, uint64_t sequence, uint8_t out[BOX_AAD]);

#endif
