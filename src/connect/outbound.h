/* Asking the process with the network to carry out an errand. */
#ifndef KEDUN_CONNECT_OUTBOUND_H
#define KEDUN_CONNECT_OUTBOUND_H

#include "base/status.h"
#include "base/uuid.h"

/* At once from one process; each holds a thread of its for up to ten seconds. */
#define OUTBOUND_AT_ONCE 4

/* Blocks until it is done, `ms` at most. ST_LIMIT "sign_on_busy": OUTBOUND_AT_ONCE are under way.
 * ST_UNAVAILABLE "sign_on_unreachable": the process is not there. What came of it is the keeper's to say. */
MUST_CHECK enum status outbound_run_within(const char *socket_path, const struct uuid *errand, int ms,
                                           struct error *e);
/* The same for what is fetched by HTTPS (connect/fetch.h). */
MUST_CHECK enum status outbound_run(const char *socket_path, const struct uuid *errand, struct error *e);

#endif
