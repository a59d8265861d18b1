/* Proofs over a log's files: that an entry is in the log under a head, that one head's log continues
 * another's. For evidence packages and for witnesses; they are checked with tree_verify_inclusion and
 * tree_verify_consistency (tree.h), which need no files.
 *
 * Leaf hashes come from leaves.bin. It is derived: a proof that does not hold against a signed head while
 * audit_verify finds the log sound means that leaves.bin is damaged; removing it makes the next
 * audit_log_open rebuild it. */
#ifndef KEDUN_AUDIT_PROOF_H
#define KEDUN_AUDIT_PROOF_H

#include "audit/tree.h"

struct audit_prover; /* belongs to one thread; keep it: the first proof reads every leaf hash once */

/* ST_NOT_FOUND, ST_IO, ST_NOMEM. */
MUST_CHECK enum status audit_prover_open(const char *directory, struct audit_prover **out, struct error *e);
void audit_prover_close(struct audit_prover *p); /* NULL is fine */

/* `size` is the number of entries under the head: a checkpoint's size, at most audit_durable_seq. */
MUST_CHECK enum status audit_prove_root(struct audit_prover *p, uint64_t size, uint8_t root[TREE_HASH]);
/* That entry `seq` (from 1; leaf index seq - 1) is under it; `leaf` gets its leaf hash. ST_INVALID, ST_IO. */
MUST_CHECK enum status audit_prove_entry(struct audit_prover *p, uint64_t seq, uint64_t size,
                                         uint8_t leaf[TREE_HASH], struct tree_proof *out);
MUST_CHECK enum status audit_prove_growth(struct audit_prover *p, uint64_t old_size, uint64_t size,
                                          struct tree_proof *out);

#endif
