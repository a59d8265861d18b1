/* The verifier: needs the files and the public key, nothing else; runs offline.
 *
 * Checks every checksum, the continuity of seq, the strict form of every entry, the root that each segment
 * names for what came before it, the signature and root of every checkpoint, and, when given, that a head
 * kept outside (by a witness) is a prefix of this log. Side parts (sealed details) are not covered by
 * the tree: a wiped one is counted, not blamed. */
#ifndef KEDUN_AUDIT_VERIFY_H
#define KEDUN_AUDIT_VERIFY_H

#include "base/slice.h"
#include "base/status.h"

struct audit_report {
    uint64_t entries;      /* read and sound */
    uint64_t checkpoints;  /* sound */
    uint64_t signed_until; /* seq that the newest head covers; what lies beyond could still be changed */
    uint64_t wiped_sides;  /* entries whose sealed details are gone */
    uint64_t bad_seq;      /* first entry that does not hold, 0 for none */
    uint64_t torn_bytes;   /* at the end of the last segment, never acknowledged */
    uint8_t root[32];      /* over all entries read */
};

/* ST_OK when all holds; ST_CORRUPT with e->code one of audit_record_bad, audit_gap, audit_segment_bad,
 * audit_truncated, audit_root_mismatch, audit_checkpoint_bad, audit_head_mismatch; ST_NOT_FOUND, ST_IO.
 * `kept_head` is a checkpoint's text as audit_checkpoint gave it, or SLICE_NONE. */
MUST_CHECK enum status audit_verify(const char *directory, const uint8_t public_key[32],
                                    struct slice kept_head, struct audit_report *report, struct error *e);

#endif
