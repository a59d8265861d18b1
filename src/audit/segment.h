/* Segment files: the form on disk, its writer and reader.
 *
 *   header: "KEDUNLOG" u32 version  u32 length of the whole header  u64 first seq  u32 batch
 *           32 bytes root of the tree over all entries before  n * 32 bytes the full subtrees of it (tree.h;
 * n by the size)  u32 CRC-32C of all before record: u32 magic  u32 leaf length  u32 side length  u32 batch
 * u32 leaf CRC  u32 side CRC  leaf  side
 *
 * Numbers are little-endian. The leaf CRC covers the lengths, the batch and the leaf; the side has its own,
 * so that it can be wiped. A header is written whole under another name and then renamed. Space behind the
 * records is allocated in advance and reads as zeros: a sync then changes no file size, which was measured to
 * halve its price (168 to 90 µs).
 *
 * Batches tell a torn tail from damage. All records of one write carry its number; the first of them
 * SEGMENT_FIRST too. A batch is written only after the one before was synced. So when a bad record is
 * followed by the first record of a later batch, the bad one had been acknowledged: damage. When none
 * follows, it belongs to the last write, which nobody was told about: a torn tail. */
#ifndef KEDUN_AUDIT_SEGMENT_H
#define KEDUN_AUDIT_SEGMENT_H

#include "audit/entry.h"
#include "audit/tree.h"

#define SEGMENT_RECORD_HEAD 24
#define SEGMENT_RECORD_MAX  (SEGMENT_RECORD_HEAD + AUDIT_LEAF_MAX + AUDIT_SIDE_MAX)
#define SEGMENT_HEAD_MAX    4096
#define SEGMENT_FIRST       0x80000000u
#define SEGMENT_PATH        4096

struct segment_header {
    uint64_t first_seq;
    uint32_t batch;   /* number of the last batch before this segment */
    struct tree tree; /* over the entries before */
    uint8_t root[TREE_HASH];
    uint32_t length; /* where records begin */
};

/* "DIR/seg-%016llx.log"; false when it does not fit. */
bool segment_path(const char *directory, uint64_t first_seq, char out[SEGMENT_PATH]);

/* All first seqs in a directory, ascending, in `a`. */
MUST_CHECK enum status segment_list(const char *directory, struct arena *a, uint64_t **out, size_t *count);

void segment_put_header(struct buf *out, const struct segment_header *header);
/* Strict; ST_CORRUPT. Does not compute whether root and tree agree (that takes a hash). */
MUST_CHECK enum status segment_parse_header(struct slice bytes, struct segment_header *out);

/* Appends a whole record; the entry must have passed audit_entry_check. `leaf` points at it in `out` until
 * that grows. Look at out->failed. */
void segment_put_record(struct buf *out, const struct audit_entry *entry, uint32_t batch, struct slice *leaf);

struct segment_record {
    struct slice leaf; /* into the reader's window: until the next call */
    struct slice side; /* empty when its CRC does not hold or it is all zeros though it had bytes: wiped */
    uint64_t seq;
    uint32_t batch; /* without SEGMENT_FIRST */
    bool first;     /* of its batch */
    bool side_wiped;
    uint64_t offset; /* in the file */
    size_t length;   /* there, head included */
};

struct segment_reader {
    int fd;
    uint64_t offset; /* of the next record */
    struct segment_header header;
    uint8_t *window;
    size_t window_room;
    uint64_t window_at; /* file offset of window[0] */
    size_t window_n;
};

/* ST_NOT_FOUND, ST_CORRUPT for a bad header, ST_NOMEM, ST_IO. */
MUST_CHECK enum status segment_open(struct segment_reader *r, const char *path);
void segment_close(struct segment_reader *r); /* fine on a zeroed reader */

/* The next record. ST_NOT_FOUND at a clean end (end of file or zeros to come), ST_CORRUPT for a bad one; then
 * `offset` stays at it. The window is read anew before either is said, as the file may have grown. */
MUST_CHECK enum status segment_next(struct segment_reader *r, struct segment_record *out);

/* After ST_NOT_FOUND or ST_CORRUPT at r->offset, the last good record being of `batch`: ST_OK when what
 * follows can be a torn tail (or nothing), ST_CORRUPT when it had been acknowledged. `dirty` gets the bytes
 * up to the last non-zero one. */
MUST_CHECK enum status segment_judge_tail(struct segment_reader *r, uint32_t batch, uint64_t *dirty);

#endif
