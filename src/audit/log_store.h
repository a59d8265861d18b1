/* The files of an open audit log: lock, recovery at start, batches, rolling, checkpoints. One thread at a
 * time (log.h sees to it). Nothing here is retried: after any error but the ones named, cut or close. */
#ifndef KEDUN_AUDIT_LOG_STORE_H
#define KEDUN_AUDIT_LOG_STORE_H

#include "audit/checkpoint.h"
#include "audit/segment.h"

#include <pthread.h>

struct log_store {
    char directory[SEGMENT_PATH - 64];
    int lock_fd;
    int fd; /* the segment being written */
    int leaves_fd;
    int checkpoints_fd;
    uint64_t segment_bytes;
    uint64_t segment_first; /* its first seq */
    uint64_t segment_start; /* where its records begin */
    uint64_t offset;        /* end of the synced records */
    uint64_t allocated;     /* size of the file, zeros behind `offset` */
    uint64_t checkpointed;  /* size that the newest signed head covers */
    pthread_mutex_t leaves_mutex;
    struct buf leaves;   /* hashes of synced entries that leaves.bin lacks */
    uint64_t leaves_end; /* where they belong: the bytes that it has */
    char newest[CHECKPOINT_TEXT + 1];
};

/* Where the log stands: over all synced entries. */
struct log_head {
    struct tree tree;
    uint32_t batch; /* of the last record */
};

/* Locks, recovers, fills `head`. */
MUST_CHECK enum status log_store_open(struct log_store *s, const char *directory, uint64_t segment_bytes,
                                      struct hash *hash, struct log_head *head, struct error *e);
void log_store_close(struct log_store *s);

/* Writes one batch behind `before` (rolling first when the segment is full) and syncs. `leaves` holds the
 * leaf hashes of the batch; they are kept, as leaves.bin can be made again, until they are many. */
MUST_CHECK enum status log_store_write(struct log_store *s, struct slice batch, struct slice leaves,
                                       const struct log_head *before, struct hash *hash);

/* Writes the leaf hashes that are kept: before a head over them is signed. From any thread. */
MUST_CHECK enum status log_store_put_leaves(struct log_store *s);

/* After a failure: cuts the segment back to its synced end and starts a new one behind `head`. */
MUST_CHECK enum status log_store_cut(struct log_store *s, const struct log_head *head, struct hash *hash);

/* Appends and syncs a note. */
MUST_CHECK enum status log_store_put_checkpoint(struct log_store *s, const char *note, uint64_t size);

#endif
