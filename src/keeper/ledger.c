#include "keeper/ledger.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/log.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define MEND_NS 1000000000
#define UNTOLD  UINT64_MAX /* the outcome's entry: it was lost, and is to be appended once more */

struct intent {
    uint64_t seq, outcome; /* outcome: seq of its entry, 0 while open */
    uint32_t actor;
    bool committed;
    bool left; /* its outcome is for others to find out */
    bool own;  /* the keeper's own deed, under way: for nobody else */
};

struct ledger {
    struct audit_log *log;
    char directory[4096];
    pthread_mutex_t lock;
    int64_t mended_at;
    struct intent *intents; /* ascending by seq */
    size_t count;
    uint64_t anchored, signed_seq;
    char head[AUDIT_CHECKPOINT_TEXT + 1];
};

/* For verifiers: beside the log, to be copied out by whoever checks it elsewhere. */
static enum status publish_key(const struct ledger *l) {
    uint8_t key[32];
    char path[sizeof l->directory + sizeof "/public.key"], text[2 * sizeof key + 2];
    audit_public_key(l->log, key);
    hex_encode(slice_of(key, sizeof key), text);
    text[2 * sizeof key] = '\n';
    (void)snprintf(path, sizeof path, "%s/public.key", l->directory);
    return file_replace(path, slice_of(text, 2 * sizeof key + 1), 0644);
}

enum status ledger_open(const char *directory, const char *origin, const uint8_t *seed, struct ledger **out,
                        struct error *e) {
    *out = NULL;
    struct ledger *l = calloc(1, sizeof *l);
    struct intent *intents = calloc(LEDGER_INTENTS_MAX, sizeof *intents);
    if (l == NULL || intents == NULL || strlen(directory) >= sizeof l->directory) {
        free(l);
        free(intents);
        return error_set(e, ST_NOMEM, "no_memory", "no memory for the audit log");
    }
    l->intents = intents;
    memcpy(l->directory, directory, strlen(directory) + 1);
    (void)pthread_mutex_init(&l->lock, NULL);
    struct audit_options options = {.directory = directory, .origin = origin, .seed = seed};
    enum status s = audit_log_open(&options, &l->log, e);
    if (s != ST_OK) {
        l->log = NULL;
        ledger_close(l);
        return s;
    }
    if (publish_key(l) != ST_OK) /* a full disk: what needs an entry will be refused, all else may go on */
        log_warn("event=audit_public_key status=unwritten");
    *out = l;
    return ST_OK;
}

void ledger_close(struct ledger *l) {
    if (l == NULL)
        return;
    if (l->log != NULL) {
        enum status s = audit_checkpoint(l->log, NULL);
        if (s != ST_OK && s != ST_NOT_FOUND)
            log_error("event=audit_checkpoint status=%s", status_name(s));
        audit_log_close(l->log);
    }
    (void)pthread_mutex_destroy(&l->lock);
    free(l->intents);
    free(l);
}

static enum status unwritable(struct error *e) {
    return error_set(e, ST_IO, "audit_unwritable",
                     "the audit log can't be written: nothing is answered until it can");
}

static enum status ledger_append_outcome(struct ledger *l, struct intent *i, struct error *e) {
    struct audit_entry entry = {.act = AUDIT_OUTCOME,
                                .outcome = i->committed ? AUDIT_DONE : AUDIT_FAILED,
                                .intent = i->seq,
                                .actor = i->actor};
    return audit_append(l->log, &entry, &i->outcome, e);
}

/* Mending cuts off what was never on disk: outcomes among it, past `durable`, are told again. Their numbers
 * go to other entries now, so they must not be taken for told, even if this fails once more. */
static void ledger_tell_untold(struct ledger *l) {
    for (size_t i = 0; i < l->count; i++) {
        if (l->intents[i].outcome == UNTOLD && ledger_append_outcome(l, &l->intents[i], NULL) != ST_OK)
            break;
    }
}

static void ledger_tell_again(struct ledger *l, uint64_t durable) {
    for (size_t i = 0; i < l->count; i++) {
        if (l->intents[i].outcome > durable)
            l->intents[i].outcome = UNTOLD;
    }
    ledger_tell_untold(l);
}

/* How far the log was durable is asked before it is mended: after that others append at once. */
static bool ledger_mend(struct ledger *l) {
    bool mended = false;
    (void)pthread_mutex_lock(&l->lock);
    int64_t now = clock_monotonic_ns();
    bool failed = audit_failed(l->log), due = l->mended_at == 0 || now - l->mended_at >= MEND_NS;
    if (failed && due) {
        uint64_t durable = audit_durable_seq(l->log);
        l->mended_at = now;
        mended = audit_log_reopen(l->log, NULL) == ST_OK;
        if (mended)
            ledger_tell_again(l, durable);
    }
    (void)pthread_mutex_unlock(&l->lock);
    if (mended)
        log_warn("event=audit_mended");
    return mended || !failed;
}

enum status ledger_ready(struct ledger *l, struct error *e) {
    return !audit_failed(l->log) || ledger_mend(l) ? ST_OK : unwritable(e);
}

enum status ledger_append(struct ledger *l, struct audit_entry *entry, uint64_t *seq, struct error *e) {
    enum status s = ledger_ready(l, e);
    if (s != ST_OK)
        return s;
    s = audit_append(l->log, entry, seq, e);
    return s == ST_IO ? unwritable(e) : s;
}

enum status ledger_wait(struct ledger *l, uint64_t seq, struct error *e) {
    return audit_wait(l->log, seq) == ST_OK ? ST_OK : unwritable(e);
}

enum status ledger_wait_since(struct ledger *l, uint64_t from, uint64_t seq, struct error *e) {
    return audit_wait_since(l->log, from, seq) == ST_OK ? ST_OK : unwritable(e);
}

enum status ledger_record(struct ledger *l, struct audit_entry *entry, struct error *e) {
    uint64_t seq = 0;
    enum status s = ledger_append(l, entry, &seq, e);
    return s == ST_OK ? ledger_wait(l, seq, e) : s;
}

/* Drops settled intents whose outcome is on disk. */
static void ledger_compact(struct ledger *l, uint64_t durable) {
    size_t kept = 0;
    for (size_t i = 0; i < l->count; i++) {
        if (l->intents[i].outcome == 0 || l->intents[i].outcome > durable)
            l->intents[kept++] = l->intents[i];
    }
    l->count = kept;
}

static enum status ledger_note_locked(struct ledger *l, uint64_t seq, uint32_t actor, bool left, bool own) {
    if (l->count == LEDGER_INTENTS_MAX)
        ledger_compact(l, audit_durable_seq(l->log));
    if (l->count == LEDGER_INTENTS_MAX)
        return ST_UNAVAILABLE;
    size_t at = l->count++;
    for (; at > 0 && l->intents[at - 1].seq > seq; at--)
        l->intents[at] = l->intents[at - 1];
    l->intents[at] = (struct intent){.seq = seq, .actor = actor, .left = left, .own = own};
    return ST_OK;
}

static enum status ledger_remember(struct ledger *l, uint64_t intent, uint32_t actor, bool left, bool own) {
    (void)pthread_mutex_lock(&l->lock);
    enum status s = ledger_note_locked(l, intent, actor, left, own);
    (void)pthread_mutex_unlock(&l->lock);
    return s;
}

enum status ledger_note(struct ledger *l, uint64_t intent, uint32_t actor) {
    return ledger_remember(l, intent, actor, true, false);
}

enum status ledger_note_own(struct ledger *l, uint64_t intent, uint32_t actor) {
    return ledger_remember(l, intent, actor, true, true);
}

void ledger_end_own(struct ledger *l) {
    (void)pthread_mutex_lock(&l->lock);
    for (size_t i = 0; i < l->count; i++) {
        if (l->intents[i].own && l->intents[i].outcome == 0)
            l->intents[i].outcome = UNTOLD; /* and not committed */
    }
    ledger_tell_untold(l);
    (void)pthread_mutex_unlock(&l->lock);
}

static struct intent *ledger_find(struct ledger *l, uint64_t seq) {
    size_t low = 0, high = l->count;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (l->intents[mid].seq < seq)
            low = mid + 1;
        else
            high = mid;
    }
    return low < l->count && l->intents[low].seq == seq && l->intents[low].outcome == 0 ? &l->intents[low]
                                                                                        : NULL;
}

void ledger_settle(struct ledger *l, uint64_t intent) {
    (void)pthread_mutex_lock(&l->lock);
    struct intent *i = ledger_find(l, intent);
    if (i != NULL)
        i->outcome = 1; /* replayed from the disk: durable */
    (void)pthread_mutex_unlock(&l->lock);
}

static enum status ledger_begin(struct ledger *l, struct audit_entry *entry, bool own, uint64_t *seq,
                                struct error *e) {
    entry->outcome = AUDIT_PENDING;
    enum status s = ledger_append(l, entry, seq, e);
    if (s == ST_OK)
        s = ledger_wait(l, *seq, e);
    if (s == ST_OK && ledger_remember(l, *seq, entry->actor, false, own) != ST_OK)
        s = error_set(e, ST_UNAVAILABLE, "too_many_intents", "too many writes have no outcome yet");
    return s;
}

enum status ledger_intent(struct ledger *l, struct audit_entry *entry, uint64_t *seq, struct error *e) {
    return ledger_begin(l, entry, false, seq, e);
}

enum status ledger_intent_own(struct ledger *l, struct audit_entry *entry, uint64_t *seq, struct error *e) {
    return ledger_begin(l, entry, true, seq, e);
}

bool ledger_settled(struct ledger *l, uint64_t intent) {
    bool settled = true;
    (void)pthread_mutex_lock(&l->lock);
    uint64_t durable = audit_durable_seq(l->log);
    for (size_t i = 0; i < l->count; i++) {
        if (l->intents[i].seq == intent)
            settled = l->intents[i].outcome != 0 && l->intents[i].outcome <= durable;
    }
    (void)pthread_mutex_unlock(&l->lock);
    return settled;
}

void ledger_leave(struct ledger *l, uint64_t intent) {
    (void)pthread_mutex_lock(&l->lock);
    struct intent *i = ledger_find(l, intent);
    if (i != NULL)
        i->left = true;
    (void)pthread_mutex_unlock(&l->lock);
}

static enum status ledger_tell(struct ledger *l, uint64_t intent, bool committed, bool own, struct error *e) {
    (void)pthread_mutex_lock(&l->lock);
    struct intent *i = ledger_find(l, intent);
    if (i != NULL && i->own && !own)
        i = NULL;
    enum status s =
        i == NULL ? error_set(e, ST_NOT_FOUND, "no_such_intent", "no open intent has this number") : ST_OK;
    if (i != NULL) {
        i->committed = committed;
        s = ledger_append_outcome(l, i, e);
        if (s != ST_OK)
            i->outcome = UNTOLD;
    }
    (void)pthread_mutex_unlock(&l->lock);
    return s == ST_IO ? unwritable(e) : s;
}

enum status ledger_outcome(struct ledger *l, uint64_t intent, bool committed, struct error *e) {
    return ledger_tell(l, intent, committed, true, e);
}

enum status ledger_outcome_told(struct ledger *l, uint64_t intent, bool committed, struct error *e) {
    return ledger_tell(l, intent, committed, false, e);
}

/* `all`: the keeper's own too. */
static size_t ledger_copy(struct ledger *l, uint64_t durable, bool left, bool all, uint64_t *out,
                          size_t room) {
    size_t n = 0;
    (void)pthread_mutex_lock(&l->lock);
    for (size_t i = 0; i < l->count && n < room; i++) {
        bool open = l->intents[i].outcome == 0 || l->intents[i].outcome > durable;
        if (open && (!left || l->intents[i].left) && (all || !l->intents[i].own))
            out[n++] = l->intents[i].seq;
    }
    (void)pthread_mutex_unlock(&l->lock);
    return n;
}

size_t ledger_open_intents(struct ledger *l, bool left, uint64_t *out, size_t room) {
    return ledger_copy(l, UINT64_MAX, left, false, out, room);
}

size_t ledger_snapshot_intents(struct ledger *l, uint64_t durable, uint64_t *out, size_t room) {
    return ledger_copy(l, durable, false, true, out, room);
}

static void ledger_anchor(struct ledger *l, uint64_t anchor) {
    char tag[32];
    int n = snprintf(tag, sizeof tag, "vault %llu", (unsigned long long)anchor);
    struct audit_entry entry = {
        .act = AUDIT_CHECKPOINT, .outcome = AUDIT_DONE, .tag = slice_of(tag, (size_t)n)};
    if (audit_append_lazy(l->log, &entry, NULL) == ST_OK)
        l->anchored = anchor;
}

void ledger_tick(struct ledger *l, uint64_t anchor) {
    if (audit_failed(l->log))
        return;
    (void)pthread_mutex_lock(&l->lock);
    ledger_tell_untold(l);
    (void)pthread_mutex_unlock(&l->lock);
    if (anchor != l->anchored)
        ledger_anchor(l, anchor);
    if (audit_last_seq(l->log) == l->signed_seq)
        return;
    char text[AUDIT_CHECKPOINT_TEXT + 1];
    uint64_t seq = audit_last_seq(l->log);
    if (audit_checkpoint(l->log, text) != ST_OK)
        return;
    (void)pthread_mutex_lock(&l->lock);
    l->signed_seq = seq;
    memcpy(l->head, text, sizeof l->head);
    ledger_compact(l, audit_durable_seq(l->log));
    (void)pthread_mutex_unlock(&l->lock);
}

enum status ledger_head(struct ledger *l, char text[AUDIT_CHECKPOINT_TEXT + 1]) {
    return audit_checkpoint(l->log, text);
}

uint64_t ledger_durable(const struct ledger *l) {
    return audit_durable_seq(l->log);
}

const char *ledger_directory(const struct ledger *l) {
    return l->directory;
}

bool ledger_failed(const struct ledger *l) {
    return audit_failed(l->log);
}
