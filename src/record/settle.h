/* Intents that the log has no outcome of, settled against the rows. */
#ifndef KEDUN_RECORD_SETTLE_H
#define KEDUN_RECORD_SETTLE_H

#include "keeper/client.h"
#include "store/store.h"

/* At start: all. A write that still comes for one of them is refused from then on (store_intents_refuse). */
MUST_CHECK enum status record_settle(struct keeper *k, struct store *store, struct error *e);

/* While others write: those that nobody will tell of any more (keeper/ledger.h, ledger_leave), because
 * keeper, jobs or a commit failed in between; a write that still comes for one is refused
 * (store_intents_leave). *settled: how many. */
MUST_CHECK enum status record_settle_left(struct keeper *k, struct store *store, size_t *settled,
                                          struct error *e);

#endif
