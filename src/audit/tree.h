/* RFC 6962 section 2.1 Merkle tree over leaf hashes: head, inclusion and consistency proofs, and their
 * verification by the algorithms of RFC 9162 sections 2.1.3.2 and 2.1.4.2. */
#ifndef KEDUN_AUDIT_TREE_H
#define KEDUN_AUDIT_TREE_H

#include "base/slice.h"
#include "base/status.h"
#include "crypto/hash.h"

#define TREE_HASH      32
#define TREE_DEPTH     64 /* most hashes in a frontier */
#define TREE_PROOF_MAX 64 /* most hashes in a proof */

/* The roots of the full subtrees that n leaves fall into, largest first: enough to append and to get the
 * root, whatever the size. 2 KiB; copied by assignment. */
struct tree {
    uint64_t size;
    uint8_t full[TREE_DEPTH][TREE_HASH]; /* as many as bits set in size */
};

MUST_CHECK enum status tree_leaf_hash(struct hash *h, struct slice leaf, uint8_t out[TREE_HASH]);
/* *t stays as it was on failure. */
MUST_CHECK enum status tree_append(struct tree *t, struct hash *h, const uint8_t leaf_hash[TREE_HASH]);
MUST_CHECK enum status tree_root(const struct tree *t, struct hash *h, uint8_t out[TREE_HASH]);
/* How many entries of `full` are in use. */
size_t tree_full_count(uint64_t size);

/* Where proofs get leaf hashes: must yield any `count` leaf hashes from `first`, below the size asked for. */
struct tree_leaves {
    enum status (*read)(void *context, uint64_t first, uint64_t count, uint8_t *out);
    void *context;
};

struct tree_proof {
    size_t count;
    uint8_t hash[TREE_PROOF_MAX][TREE_HASH];
};

/* A prover keeps the roots of all full subtrees of 256 leaves in memory (1/8 byte a leaf), read once and
 * extended as the log grows: a proof then reads some thousand hashes at most. Belongs to one thread. */
struct tree_prover;
struct tree_prover *tree_prover_new(struct tree_leaves leaves); /* NULL when memory is out */
void tree_prover_free(struct tree_prover *p);

/* Over the first `size` leaves. */
MUST_CHECK enum status tree_prove_root(struct tree_prover *p, uint64_t size, uint8_t out[TREE_HASH]);
/* That leaf `index` (from 0) is in the tree of `size`. ST_INVALID unless index < size. */
MUST_CHECK enum status tree_prove_inclusion(struct tree_prover *p, uint64_t index, uint64_t size,
                                            struct tree_proof *out);
/* That the tree of `old_size` is a prefix of that of `size`. ST_INVALID unless 0 < old_size <= size. */
MUST_CHECK enum status tree_prove_consistency(struct tree_prover *p, uint64_t old_size, uint64_t size,
                                              struct tree_proof *out);

/* ST_OK when the proof holds, ST_CORRUPT when it does not. */
MUST_CHECK enum status tree_verify_inclusion(struct hash *h, const uint8_t leaf_hash[TREE_HASH],
                                             uint64_t index, uint64_t size, const struct tree_proof *proof,
                                             const uint8_t root[TREE_HASH]);
MUST_CHECK enum status tree_verify_consistency(struct hash *h, uint64_t old_size,
                                               const uint8_t old_root[TREE_HASH], uint64_t size,
                                               const uint8_t root[TREE_HASH], const struct tree_proof *proof);

#endif
