/* Sealed details of audit entries (for keeper/ only): a reason, what was looked for.
 *
 * What is sealed is [16 bytes salt][detail]; the entry's leaf has SHA-256 of it, so the detail can be wiped
 * or lose its key and the proofs still check out. A detail about a subject is sealed under that subject's key
 * (class DETAIL_CLASS), one about nobody (nil subject) under the keyring's audit key. */
#ifndef KEDUN_KEEPER_DETAIL_H
#define KEDUN_KEEPER_DETAIL_H

#include "audit/entry.h"
#include "keeper/tools.h"

#define DETAIL_CLASS 0xa0 /* no field class: a key of its own */
#define DETAIL_SALT  16

/* `subject` and `subject_key` NULL: about nobody. The result's slice lives in the arena. */
MUST_CHECK enum status detail_seal(struct tools *t, const struct uuid *subject, const uint8_t *subject_key,
                                   struct slice text, struct arena *a, struct audit_detail *out);
/* Opens behind what `out` holds; `wrapped` is the subject's key as the database has it. ST_CORRUPT. */
MUST_CHECK enum status detail_open(struct tools *t, const struct audit_detail *d, struct slice wrapped,
                                   struct buf *out, struct slice *text);

#endif
