/* What the audit log still knows of the budgets and intents behind the last snapshot (at start only). */
#ifndef KEDUN_KEEPER_REPLAY_H
#define KEDUN_KEEPER_REPLAY_H

#include "keeper/state.h"

/* Loads the snapshot and replays the log behind it. ST_CORRUPT "vault_rolled_back" when the log has seen a
 * newer vault. */
MUST_CHECK enum status replay_start(struct keeper_state *s, struct error *e);
/* Writes a snapshot that covers what is on disk. */
MUST_CHECK enum status replay_snapshot(struct keeper_state *s);

#endif
