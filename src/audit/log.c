#include "audit/log.h"

#include "audit/log_store.h"
#include "base/clock.h"
#include "base/futex.h"
#include "base/log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#define SEGMENT_BYTES ((uint64_t)64 << 20)
#define QUEUE_BYTES   ((size_t)16 << 20)

struct queue {
    struct buf records;
    struct buf leaves;
    struct log_head before; /* where the log stands when this queue is written; batch: of what precedes */
};

/* Rounds: each takes what is queued to the disk. Who waits sleeps on the number of his round's parity; it
 * changes when the round is over, and when the round before is, for then one of them must lead. */
struct audit_log {
    pthread_mutex_t mutex;
    bool flushing;           /* a leader is writing `out`, without the mutex */
    uint32_t round;          /* the one at work, or the next */
    uint64_t flushing_until; /* the last seq in `out` */
    _Atomic uint32_t ended[2];
    uint32_t sleepers[2]; /* at least as many as sleep there */
    _Atomic bool failed;
    _Atomic uint64_t last_seq;
    _Atomic uint64_t durable_seq;
    bool filling;               /* fillers for lost entries first: appends are refused meanwhile */
    _Atomic uint64_t lost_from; /* seqs that a failure took; from 1, 0 for none */
    uint64_t lost_to;
    size_t queue_bytes;
    struct queue in;
    struct queue out;
    struct tree tree;         /* over all appended */
    struct log_head safe;     /* over all synced */
    struct hash *hash;        /* under the mutex */
    struct hash *leader_hash; /* the leader's */
    struct log_store store;   /* the leader's */
    pthread_mutex_t checkpoint_mutex;
    struct signer *signer;
    char origin[CHECKPOINT_ORIGIN + 1];
};

static void queue_init(struct queue *q, size_t queue_bytes) {
    buf_init(&q->records, queue_bytes + SEGMENT_RECORD_MAX, false);
    buf_init(&q->leaves, (queue_bytes / 64 + 1) * TREE_HASH, false);
}

static void log_destroy(struct audit_log *log) {
    buf_free(&log->in.records);
    buf_free(&log->in.leaves);
    buf_free(&log->out.records);
    buf_free(&log->out.leaves);
    hash_free(log->hash);
    hash_free(log->leader_hash);
    signer_free(log->signer);
    (void)pthread_mutex_destroy(&log->mutex);
    (void)pthread_mutex_destroy(&log->checkpoint_mutex);
    free(log);
}

static struct audit_log *log_create(const struct audit_options *options) {
    struct audit_log *log = calloc(1, sizeof *log);
    if (log == NULL)
        return NULL;
    (void)pthread_mutex_init(&log->mutex, NULL);
    (void)pthread_mutex_init(&log->checkpoint_mutex, NULL);
    log->queue_bytes = options->queue_bytes == 0 ? QUEUE_BYTES : options->queue_bytes;
    queue_init(&log->in, log->queue_bytes);
    queue_init(&log->out, log->queue_bytes);
    log->hash = hash_new();
    log->leader_hash = hash_new();
    log->signer = signer_new(options->seed);
    (void)snprintf(log->origin, sizeof log->origin, "%s", options->origin);
    if (log->hash != NULL && log->leader_hash != NULL && log->signer != NULL)
        return log;
    log_destroy(log);
    return NULL;
}

enum status audit_log_open(const struct audit_options *options, struct audit_log **out, struct error *e) {
    *out = NULL;
    if (!checkpoint_origin_valid(slice_from_string(options->origin)) || options->seed == NULL ||
        options->directory == NULL)
        return error_set(e, ST_INVALID, "audit_bad_options",
                         "the audit log needs a directory, an origin and a seed");
    struct audit_log *log = log_create(options);
    if (log == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for the audit log");
    uint64_t segment_bytes = options->segment_bytes == 0 ? SEGMENT_BYTES : options->segment_bytes;
    enum status s = log_store_open(&log->store, options->directory, segment_bytes, log->hash, &log->safe, e);
    if (s != ST_OK) {
        log_destroy(log);
        return s;
    }
    log->tree = log->safe.tree;
    log->in.before = log->safe;
    log->last_seq = log->durable_seq = log->safe.tree.size;
    *out = log;
    return ST_OK;
}

static void wake_round(struct audit_log *log, uint32_t round, int most) {
    _Atomic uint32_t *ended = &log->ended[round & 1];
    atomic_fetch_add(ended, 1);
    futex_wake(ended, most);
}

static void log_fail(struct audit_log *log) {
    log->failed = true;
    wake_round(log, 0, FUTEX_ALL);
    wake_round(log, 1, FUTEX_ALL);
}

/* Sleeps until the round at work is over, or the `next` one. With the mutex, only while somebody is flushing;
 * lets go of it. */
static void sleep_unlocking(struct audit_log *log, bool next) {
    _Atomic uint32_t *ended = &log->ended[(log->round + next) & 1];
    uint32_t as = atomic_load(ended);
    log->sleepers[(log->round + next) & 1]++;
    (void)pthread_mutex_unlock(&log->mutex);
    futex_wait(ended, as);
}

static void sleep_through_round(struct audit_log *log) {
    sleep_unlocking(log, false);
    (void)pthread_mutex_lock(&log->mutex);
}

/* Puts one entry into the queue. With the mutex. */
static enum status enqueue(struct audit_log *log, struct audit_entry *entry) {
    struct queue *q = &log->in;
    size_t records_n = q->records.n, leaves_n = q->leaves.n;
    uint32_t batch = q->before.batch + 1;
    struct slice leaf;
    uint8_t leaf_hash[TREE_HASH];
    entry->seq = log->tree.size + 1;
    if (entry->time_ms == 0)
        entry->time_ms = clock_wall_ms();
    segment_put_record(&q->records, entry, records_n == 0 ? batch | SEGMENT_FIRST : batch, &leaf);
    enum status s = q->records.failed ? ST_NOMEM : tree_leaf_hash(log->hash, leaf, leaf_hash);
    buf_put(&q->leaves, leaf_hash, TREE_HASH);
    if (s == ST_OK && q->leaves.failed)
        s = ST_NOMEM;
    if (s == ST_OK)
        s = tree_append(&log->tree, log->hash, leaf_hash);
    if (s != ST_OK) { /* as if it had never been asked for: the tree grows as a whole or not at all */
        q->records.n = records_n;
        q->leaves.n = leaves_n;
        q->records.failed = q->leaves.failed = q->records.no_memory = q->leaves.no_memory = false;
        return s;
    }
    log->last_seq = entry->seq;
    return ST_OK;
}

/* What is left to do at the end of a round, with the mutex; lets go of it so that nobody wakes to wait for
 * it. */
static void end_round(struct audit_log *log) {
    uint32_t over = log->round++;
    bool failed = log->failed;
    bool some = log->sleepers[over & 1] > 0, next = log->sleepers[log->round & 1] > 0;
    log->sleepers[over & 1] = 0;
    log->flushing = false;
    (void)pthread_mutex_unlock(&log->mutex);
    if (some)
        wake_round(log, over, FUTEX_ALL);
    if (next)
        wake_round(log, over + 1, failed ? FUTEX_ALL : 1);
    (void)pthread_mutex_lock(&log->mutex);
}

/* Writes and syncs all that is queued; takes and leaves with the mutex, lets go of it meanwhile. Only when
 * nobody is flushing. */
static void flush(struct audit_log *log) {
    struct queue *q = &log->out;
    struct queue empty = *q;
    *q = log->in;
    log->in = empty;
    struct log_head after = {.tree = log->tree, .batch = q->before.batch + 1};
    log->in.before = after;
    log->flushing = true;
    log->flushing_until = after.tree.size;
    (void)pthread_mutex_unlock(&log->mutex);
    enum status s = log_store_write(&log->store, buf_slice(&q->records), buf_slice(&q->leaves), &q->before,
                                    log->leader_hash);
    (void)pthread_mutex_lock(&log->mutex);
    buf_reset(&q->records);
    buf_reset(&q->leaves);
    if (s == ST_OK) {
        log->safe = after;
        log->durable_seq = after.tree.size;
    } else {
        log->failed = true;
        log_error("event=audit_failed status=%s durable=%llu", status_name(s),
                  (unsigned long long)log->durable_seq);
    }
    end_round(log);
}

static bool lost(const struct audit_log *log, uint64_t from, uint64_t seq) {
    return log->lost_from != 0 && seq >= log->lost_from && from <= log->lost_to;
}

/* With the mutex; `asleep` (may be NULL): instead of sleeping with it, lets go of it, sleeps and says so. */
static enum status wait_for(struct audit_log *log, uint64_t from, uint64_t seq, bool *asleep) {
    bool yielded = false;
    while (log->durable_seq < seq && !log->failed) {
        if (seq > log->last_seq)
            return ST_INVALID;
        if (!log->flushing && !yielded) { /* who is on his way to the queue gets into this sync */
            yielded = true;
            (void)pthread_mutex_unlock(&log->mutex);
            (void)sched_yield();
            (void)pthread_mutex_lock(&log->mutex);
            continue;
        }
        if (!log->flushing) {
            flush(log);
            continue;
        }
        sleep_unlocking(log, seq > log->flushing_until);
        if (asleep != NULL) {
            *asleep = true;
            return ST_RETRY;
        }
        (void)pthread_mutex_lock(&log->mutex);
    }
    return log->durable_seq < seq || lost(log, from, seq) ? ST_IO : ST_OK;
}

enum status audit_wait_since(struct audit_log *log, uint64_t from, uint64_t seq) {
    for (;;) {
        /* In this order: an entry's place is filled only after its loss was noted. */
        if (log->durable_seq >= seq && log->lost_from == 0)
            return ST_OK;
        bool slept = false;
        (void)pthread_mutex_lock(&log->mutex);
        enum status s = wait_for(log, from, seq, &slept);
        if (slept)
            continue;
        (void)pthread_mutex_unlock(&log->mutex);
        return s;
    }
}

enum status audit_wait(struct audit_log *log, uint64_t seq) {
    return audit_wait_since(log, seq, seq);
}

enum status audit_append(struct audit_log *log, struct audit_entry *entry, uint64_t *seq, struct error *e) {
    *seq = 0;
    if (audit_entry_check(entry) != ST_OK)
        return error_set(e, ST_INVALID, "audit_entry_invalid", "an audit entry breaks its bounds");
    (void)pthread_mutex_lock(&log->mutex);
    while (log->in.records.n >= log->queue_bytes && !log->failed) {
        if (log->flushing)
            sleep_through_round(log);
        else
            flush(log);
    }
    enum status s = log->failed || log->filling ? ST_IO : enqueue(log, entry);
    if (s == ST_OK)
        *seq = entry->seq;
    (void)pthread_mutex_unlock(&log->mutex);
    if (s == ST_OK)
        return ST_OK;
    return error_set(e, s, "audit_unavailable", "the audit log takes no entries (%s)", status_name(s));
}

enum status audit_record(struct audit_log *log, struct audit_entry *entry, uint64_t *seq, struct error *e) {
    enum status s = audit_append(log, entry, seq, e);
    if (s != ST_OK)
        return s;
    s = audit_wait(log, *seq);
    return s == ST_OK ? ST_OK : error_set(e, s, "audit_unavailable", "the audit log could not be written");
}

enum status audit_append_lazy(struct audit_log *log, struct audit_entry *entry, struct error *e) {
    uint64_t seq;
    return audit_append(log, entry, &seq, e);
}

bool audit_failed(const struct audit_log *log) {
    return log->failed;
}

uint64_t audit_last_seq(const struct audit_log *log) {
    return log->last_seq;
}

uint64_t audit_durable_seq(const struct audit_log *log) {
    return log->durable_seq;
}

/* Entries in the place of those that a failure took, so that their seqs stay spoken for. With the mutex. */
static enum status fill_lost(struct audit_log *log, uint64_t until) {
    enum status s = ST_OK;
    while (s == ST_OK && log->tree.size < until) {
        struct audit_entry filler = {.act = AUDIT_SYSTEM, .outcome = AUDIT_FAILED, .tag = SLICE("lost")};
        s = enqueue(log, &filler);
        if (s == ST_OK && log->in.records.n >= log->queue_bytes) {
            flush(log);
            s = log->failed ? ST_IO : ST_OK;
        }
    }
    return s;
}

/* With the mutex; the log has failed and nobody is flushing. */
static enum status start_again(struct audit_log *log) {
    uint64_t from = log->durable_seq + 1, until = log->last_seq;
    enum status s = log_store_cut(&log->store, &log->safe, log->hash);
    if (s != ST_OK)
        return s;
    buf_reset(&log->in.records);
    buf_reset(&log->in.leaves);
    log->tree = log->safe.tree;
    log->in.before = log->safe;
    if (until >= from) {
        /* One range for all failures: what lies between was acknowledged long ago. */
        log->lost_from = log->lost_from == 0 ? from : log->lost_from;
        log->lost_to = until;
    }
    log->failed = false;
    log->filling = true;
    s = fill_lost(log, until);
    log->filling = false;
    log->last_seq = until;
    if (s == ST_OK)
        s = wait_for(log, until, until, NULL) == ST_IO && log->durable_seq < until ? ST_IO : ST_OK;
    if (s != ST_OK)
        log_fail(log);
    return s;
}

enum status audit_log_reopen(struct audit_log *log, struct error *e) {
    (void)pthread_mutex_lock(&log->checkpoint_mutex);
    (void)pthread_mutex_lock(&log->mutex);
    while (log->flushing)
        sleep_through_round(log);
    enum status s = log->failed ? start_again(log) : ST_OK;
    (void)pthread_mutex_unlock(&log->mutex);
    (void)pthread_mutex_unlock(&log->checkpoint_mutex);
    if (s != ST_OK)
        return error_set(e, s, "audit_unavailable", "the audit log still cannot be written");
    return ST_OK;
}

/* Syncs, then takes the head over what is on disk. */
static enum status take_head(struct audit_log *log, struct tree *tree) {
    (void)pthread_mutex_lock(&log->mutex);
    enum status s = wait_for(log, log->last_seq, log->last_seq, NULL);
    if (s == ST_IO && !log->failed)
        s = ST_OK; /* the last one is a filler for a lost one: on disk like any other */
    *tree = log->safe.tree;
    (void)pthread_mutex_unlock(&log->mutex);
    return s;
}

/* With the checkpoint mutex. */
static enum status checkpoint_locked(struct audit_log *log) {
    struct tree tree;
    enum status s = take_head(log, &tree);
    if (s != ST_OK || tree.size == 0)
        return s == ST_OK ? ST_NOT_FOUND : s;
    if (tree.size <= log->store.checkpointed)
        return ST_OK;
    struct hash *hash = hash_new();
    if (hash == NULL)
        return ST_NOMEM;
    uint8_t root[TREE_HASH];
    char note[CHECKPOINT_TEXT + 1];
    s = tree_root(&tree, hash, root);
    hash_free(hash);
    if (s == ST_OK)
        s = checkpoint_sign(log->signer, log->origin, tree.size, root, note);
    if (s == ST_OK)
        s = log_store_put_leaves(&log->store);
    if (s == ST_OK)
        s = log_store_put_checkpoint(&log->store, note, tree.size);
    if (s == ST_IO)
        log_fail(log); /* the note may be half there: no more signatures behind it */
    return s;
}

enum status audit_checkpoint(struct audit_log *log, char *text) {
    (void)pthread_mutex_lock(&log->checkpoint_mutex);
    enum status s = checkpoint_locked(log);
    if (s == ST_OK && text != NULL)
        memcpy(text, log->store.newest, strlen(log->store.newest) + 1);
    (void)pthread_mutex_unlock(&log->checkpoint_mutex);
    return s;
}

void audit_public_key(const struct audit_log *log, uint8_t out[32]) {
    signer_public(log->signer, out);
}

void audit_log_close(struct audit_log *log) {
    if (log == NULL)
        return;
    (void)pthread_mutex_lock(&log->mutex);
    if (!log->failed && wait_for(log, log->last_seq, log->last_seq, NULL) != ST_OK)
        log_error("event=audit_close_unsynced");
    (void)pthread_mutex_unlock(&log->mutex);
    log_store_close(&log->store);
    log_destroy(log);
}
