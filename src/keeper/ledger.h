/* The keeper's hand on the audit log: fail closed, recover, and know which intents have no outcome yet. */
#ifndef KEDUN_KEEPER_LEDGER_H
#define KEDUN_KEEPER_LEDGER_H

#include "audit/log.h"
#include "keeper/registry.h"

#define LEDGER_INTENTS_MAX 20000 /* open at once; beyond it writes wait: ST_UNAVAILABLE */

struct ledger;

/* Also writes DIRECTORY/public.key, the key that checks the heads, as 64 hexadecimal digits. */
MUST_CHECK enum status ledger_open(const char *directory, const char *origin, const uint8_t *seed,
                                   struct ledger **out, struct error *e);
void ledger_close(struct ledger *l); /* signs a last head */

/* Before work that would need an entry: ST_IO "audit_unwritable" while the log can't be written. Tries to
 * mend it at most once a second. */
MUST_CHECK enum status ledger_ready(struct ledger *l, struct error *e);
/* Append; then wait until it is on disk. */
MUST_CHECK enum status ledger_append(struct ledger *l, struct audit_entry *entry, uint64_t *seq,
                                     struct error *e);
MUST_CHECK enum status ledger_wait(struct ledger *l, uint64_t seq, struct error *e);
/* Of several that were appended, the first and the last: all of them. */
MUST_CHECK enum status ledger_wait_since(struct ledger *l, uint64_t from, uint64_t seq, struct error *e);
MUST_CHECK enum status ledger_record(struct ledger *l, struct audit_entry *entry, struct error *e);

/* An intent: appended, waited for, remembered as open. */
MUST_CHECK enum status ledger_intent(struct ledger *l, struct audit_entry *entry, uint64_t *seq,
                                     struct error *e);
/* The same for one that the keeper carries out itself: nobody else is told of it while this process lives. */
MUST_CHECK enum status ledger_intent_own(struct ledger *l, struct audit_entry *entry, uint64_t *seq,
                                         struct error *e);
/* Its outcome, lazily. ST_NOT_FOUND when there is no such open intent. Any other failure: it is kept, and
 * recorded as soon as the log can be written. */
MUST_CHECK enum status ledger_outcome(struct ledger *l, uint64_t intent, bool committed, struct error *e);
/* The same, said by another process: of the keeper's own there is none. */
MUST_CHECK enum status ledger_outcome_told(struct ledger *l, uint64_t intent, bool committed,
                                           struct error *e);
/* Nobody will tell its outcome any more: whoever asked for it has gone, or has gone on without. 0: nothing.
 */
void ledger_leave(struct ledger *l, uint64_t intent);
/* Open ones, or only those that were left (those from before this start are), oldest first; returns how many
 * were written. */
size_t ledger_open_intents(struct ledger *l, bool left, uint64_t *out, size_t room);
/* Its outcome is on the disk, or it never was an intent. */
bool ledger_settled(struct ledger *l, uint64_t intent);
/* For a snapshot at `durable`: those whose outcome is missing or not yet on disk. */
size_t ledger_snapshot_intents(struct ledger *l, uint64_t durable, uint64_t *out, size_t room);
/* While replaying at start: an intent that somebody left. */
MUST_CHECK enum status ledger_note(struct ledger *l, uint64_t intent, uint32_t actor);
MUST_CHECK enum status ledger_note_own(struct ledger *l, uint64_t intent, uint32_t actor);
/* At start, when it is known which of the keeper's own came to something: the others failed. */
void ledger_end_own(struct ledger *l);
void ledger_settle(struct ledger *l, uint64_t intent);

/* Signs a head if the log has grown; `anchor`: the vault's clock, which is recorded first when it has moved.
 */
void ledger_tick(struct ledger *l, uint64_t anchor);
/* The newest head's text. ST_NOT_FOUND while the log is empty. */
MUST_CHECK enum status ledger_head(struct ledger *l, char text[AUDIT_CHECKPOINT_TEXT + 1]);
uint64_t ledger_durable(const struct ledger *l);
const char *ledger_directory(const struct ledger *l);
bool ledger_failed(const struct ledger *l);

#endif
