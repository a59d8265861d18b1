/* What the keeper itself does to its vault under an intent: changes of the registry, of proposals, of
 * policies, of somebody's factors.
 *
 * The intent is in the log before anything is done. What is done notes the intent's number in the vault, in
 * the same transaction (VAULT_DEED); the outcome follows in the log, without being waited for. A keeper that
 * dies in between finds the note at its next start and tells that outcome itself; an intent without a note
 * did nothing, and is told as failed. Nobody else can tell such an outcome (ledger_intent_own). A note is
 * forgotten by a later deed, once its outcome is on the disk. */
#ifndef KEDUN_KEEPER_DEED_H
#define KEDUN_KEEPER_DEED_H

#include "keeper/state.h"

struct deed {
    uint64_t intent;
    struct vault_deed note;
};

/* The intent, durable, with the act, the tag and what it is done for (w->why, sealed); from here to deed_end
 * this thread's commits to the vault carry it out. A deed begins and ends within one message, and none within
 * another. */
MUST_CHECK enum status deed_begin(struct worker *w, const struct args *in, uint8_t act, const char *tag,
                                  struct deed *d, struct error *e);
/* Tells the outcome: done when `s` is ST_OK. Returns `s` and leaves `e` as it is; or ST_IO
 * "audit_unwritable": it was done, and its outcome will be recorded once the log can be written again. */
MUST_CHECK enum status deed_end(struct worker *w, struct deed *d, enum status s, struct error *e);

/* At start, the log having been replayed: the outcomes of deeds that have none. */
MUST_CHECK enum status deeds_settle(struct keeper_state *s, struct error *e);

#endif
