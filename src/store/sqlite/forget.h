/* What a group of the writer clears away beside its own: settled intents, old idempotency keys. */
#ifndef KEDUN_STORE_SQLITE_FORGET_H
#define KEDUN_STORE_SQLITE_FORGET_H

#include "store/sqlite/sql.h"

#define FORGET_KEYS 500 /* at once */

/* Intents up to `settled` and some keys older than `before_ms`; 0: none. `more`: there may be more such keys.
 * Within a transaction of the caller's. */
MUST_CHECK enum status forget_some(struct connection *c, struct sql *s, uint64_t settled, int64_t before_ms,
                                   bool *more, struct error *e);

#endif
