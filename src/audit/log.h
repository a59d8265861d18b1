/* The audit log: append, wait until it is on disk, sign its head.
 *
 * One process has the log open (a lock file refuses a second). All functions are safe from any thread.
 *
 * THE GUARANTEE. A caller that lets a personal value leave does
 *     audit_append(log, &entry, &seq, e)  ->  audit_wait(log, seq)  ->  only on ST_OK answer.
 * audit_wait returns ST_OK only after an fdatasync that covers the entry. The first waiter becomes the
 * leader and writes everything queued with one write and one sync; the others sleep and are woken by it.
 *
 * FAIL CLOSED. After any failed write or sync the log is failed: everyone waiting and every later append
 * gets ST_IO, nothing is retried on that file. Only audit_log_reopen (or a restart) recovers. What was not
 * acknowledged is then gone; audit_log_reopen puts an entry "system, failed, tag lost" in the place of each,
 * so that no seq is ever given out twice and a late audit_wait for a lost one still gets ST_IO.
 *
 * Directory: seg-%016x.log (see segment.h), leaves.bin (32-byte leaf hashes, derived), checkpoints (signed
 * heads, text), lock. Only segments and checkpoints matter; the rest is rebuilt. */
#ifndef KEDUN_AUDIT_LOG_H
#define KEDUN_AUDIT_LOG_H

#include "audit/entry.h"

struct audit_log;

struct audit_options {
    const char *directory; /* made with 0700 if its parent exists */
    const char *origin;  /* name in checkpoints, e.g. "kedun.example.com/audit"; no spaces, no '+'; <= 128 */
    const uint8_t *seed; /* 32 bytes, the signing seed; read during open only */
    uint64_t segment_bytes; /* roll past this size; 0 for 64 MiB */
    size_t queue_bytes;     /* most unsynced bytes held; 0 for 16 MiB; appends past it sync themselves */
};

/* Opens or makes the log: takes the lock, reads the last segment, cuts a torn tail (never acknowledged),
 * rebuilds leaves.bin where it lags. ST_CORRUPT "audit_corrupt" for a bad record in the middle or a log
 * shorter than its last signed head, ST_UNAVAILABLE "audit_locked", ST_IO, ST_NOMEM. */
MUST_CHECK enum status audit_log_open(const struct audit_options *options, struct audit_log **out,
                                      struct error *e);

/* Syncs what is queued and closes. No other thread may be inside. */
void audit_log_close(struct audit_log *log);

/* Gives the entry its seq and (if 0) its time, hashes it into the tree and queues it. Does not wait.
 * ST_INVALID when the entry breaks a bound, ST_IO when the log has failed. */
MUST_CHECK enum status audit_append(struct audit_log *log, struct audit_entry *entry, uint64_t *seq,
                                    struct error *e);

/* Returns when entry `seq` and all before it are on disk; ST_IO when the log failed first. */
MUST_CHECK enum status audit_wait(struct audit_log *log, uint64_t seq);
/* The same for who appended several: ST_IO also when the log failed, and was mended, between the first of
 * them, `from`, and the last. */
MUST_CHECK enum status audit_wait_since(struct audit_log *log, uint64_t from, uint64_t seq);

/* Append and wait in one. */
MUST_CHECK enum status audit_record(struct audit_log *log, struct audit_entry *entry, uint64_t *seq,
                                    struct error *e);

/* Append only: for entries that no value depends on (outcomes of writes, sign-outs). The next sync of
 * anybody, or the next checkpoint, covers it; a crash before may lose it. */
MUST_CHECK enum status audit_append_lazy(struct audit_log *log, struct audit_entry *entry, struct error *e);

/* Whether the log has failed (cheap). */
bool audit_failed(const struct audit_log *log);

/* After a failure (e.g. the disk was full): cuts the last segment back to its last acknowledged byte and
 * goes on in a new segment. ST_OK also when nothing was wrong; else the log stays failed. */
MUST_CHECK enum status audit_log_reopen(struct audit_log *log, struct error *e);

uint64_t audit_last_seq(const struct audit_log *log);    /* given out */
uint64_t audit_durable_seq(const struct audit_log *log); /* on disk: the limit for readers */

/* Called by a timer every few seconds: syncs, and if entries came since the last head, signs a new one and
 * appends it to `checkpoints`, synced. `text` (room for AUDIT_CHECKPOINT_TEXT + 1, may be NULL) receives the
 * newest head, for witnesses. ST_NOT_FOUND while the log is empty. */
#define AUDIT_CHECKPOINT_TEXT 512
MUST_CHECK enum status audit_checkpoint(struct audit_log *log, char *text);

/* The 32-byte Ed25519 key that checks the heads. */
void audit_public_key(const struct audit_log *log, uint8_t out[32]);

#endif
