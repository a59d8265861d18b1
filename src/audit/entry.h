/* One entry of the audit log: its shape, bounds, writer and reader.
 *
 * An entry has two parts. The LEAF is hashed into the tree and never changes: who, when, where from, what,
 * which records and fields and by which view, and for every personal detail a commitment
 * SHA-256(salt || detail). The SIDE holds the details themselves, sealed by the caller under the key of the
 * subject they speak of: opaque here, not hashed, so it can be wiped or become unreadable with its key
 * and every proof still checks out. */
#ifndef KEDUN_AUDIT_ENTRY_H
#define KEDUN_AUDIT_ENTRY_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/status.h"
#include "base/uuid.h"

/* Numbers are on disk: add at the end, never renumber. */
enum audit_act {
    AUDIT_SIGN_IN = 1,
    AUDIT_SIGN_IN_FAILED,
    AUDIT_SIGN_OUT,
    AUDIT_LIST,
    AUDIT_VIEW,
    AUDIT_REVEAL,
    AUDIT_SEARCH,
    AUDIT_LOOKUP, /* an index term was asked for; the tag holds its keyed hash */
    AUDIT_CREATE,
    AUDIT_UPDATE,
    AUDIT_DELETE,
    AUDIT_RESTORE,
    AUDIT_LINK,
    AUDIT_IMPORT,
    AUDIT_EXPORT,
    AUDIT_SHARE,
    AUDIT_REFUSE,
    AUDIT_OUTCOME, /* of the intent named in `intent` */
    AUDIT_ADMIN,
    AUDIT_POLICY,
    AUDIT_CONFIG,
    AUDIT_BUDGET,
    AUDIT_DESTROY,
    AUDIT_CHECKPOINT,
    AUDIT_SYSTEM,
    AUDIT_ACT_END
};

enum audit_outcome {
    AUDIT_DONE = 1,
    AUDIT_PENDING, /* an intent: AUDIT_OUTCOME follows */
    AUDIT_DENIED,
    AUDIT_FAILED,
    AUDIT_PARTIAL,
    AUDIT_OUTCOME_END
};

/* As in the rest of the system: 0 hidden, 1 masked, 2 clear, 3 written. */
#define AUDIT_VIEW_MAX 3

#define AUDIT_RECORDS_MAX    4096
#define AUDIT_FIELDS_MAX     256
#define AUDIT_EXCEPTIONS_MAX (32u << 10)
#define AUDIT_DETAILS_MAX    1024
#define AUDIT_SEALED_MAX     (64u << 10) /* one sealed detail */
#define AUDIT_TAG_MAX        64
#define AUDIT_LEAF_MAX       (256u << 10)
#define AUDIT_SIDE_MAX       (1u << 20)
#define AUDIT_COMMITMENT     32

struct audit_field {
    uint16_t field;
    uint8_t view;
};

struct audit_detail {
    struct uuid subject; /* whose key seals it */
    uint8_t commitment[AUDIT_COMMITMENT];
    struct slice sealed; /* in the side part; empty or zeros once wiped */
};

/* Borrowed memory throughout: the caller owns what the pointers and slices name. */
struct audit_entry {
    uint64_t seq;    /* set by audit_append; the first is 1, its leaf index is seq - 1 */
    int64_t time_ms; /* wall clock; 0 lets audit_append set it */
    uint8_t act;     /* enum audit_act */
    uint8_t outcome; /* enum audit_outcome */
    uint8_t purpose; /* the keeper's table of purposes */
    uint16_t object; /* object id, 0 for none */
    uint32_t actor;  /* user id, 0 for the system itself */
    uint8_t session[16];
    uint8_t request[16];
    uint8_t client[16]; /* IPv6, or IPv4 mapped (::ffff:a.b.c.d); zeros for local */
    uint64_t intent;    /* seq of the intent that this settles, 0 for none */
    struct slice tag;   /* printable ASCII without spaces at the ends, at most AUDIT_TAG_MAX; public */
    const struct uuid *records;
    size_t record_count;
    const struct audit_field
        *fields; /* a field that came clear in some rows and masked in others stands twice */
    size_t field_count;
    /* Empty, or record_count * field_count bits (row by row, lowest bit first, unused bits zero): a set bit
     * says that this record did NOT show this field by this view. */
    struct slice exceptions;
    const struct audit_detail *details;
    size_t detail_count;
};

/* Bytes of the bitmap for so many records and fields. */
size_t audit_exceptions_length(size_t records, size_t fields);

/* ST_INVALID when a bound or rule above is broken. Done by audit_append too. */
MUST_CHECK enum status audit_entry_check(const struct audit_entry *entry);

/* Append the two parts to `out`, which must have room (look at out->failed afterwards). The entry must
 * have passed audit_entry_check. */
void audit_entry_put_leaf(struct buf *out, const struct audit_entry *entry);
void audit_entry_put_side(struct buf *out, const struct audit_entry *entry);

/* Strict: unknown versions, acts, broken bounds, stray bits or bytes are ST_CORRUPT. Arrays come from `a`
 * (ST_NOMEM), slices point into `leaf` and `side`. An empty `side` is taken as wiped: details then have
 * empty `sealed`. */
MUST_CHECK enum status audit_entry_decode(struct slice leaf, struct slice side, struct arena *a,
                                          struct audit_entry *out);

/* The seq in a leaf, 0 when it is no leaf. */
uint64_t audit_entry_peek_seq(struct slice leaf);

/* "reveal", "done" …; NULL for an unknown number. Static storage. */
const char *audit_act_name(uint8_t act);
const char *audit_outcome_name(uint8_t outcome);

#endif
