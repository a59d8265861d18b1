/* At start: intents that the log left without outcome are settled against the rows; a write that still comes
 * for one of them is refused from then on (store_intents_refuse). */
#ifndef KEDUN_RECORD_SETTLE_H
#define KEDUN_RECORD_SETTLE_H

#include "keeper/client.h"
#include "store/store.h"

MUST_CHECK enum status record_settle(struct keeper *k, struct store *store, struct error *e);

#endif
