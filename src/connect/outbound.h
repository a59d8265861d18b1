/* Asking the process with the network to carry out an errand. */
#ifndef KEDUN_CONNECT_OUTBOUND_H
#define KEDUN_CONNECT_OUTBOUND_H

#include "base/status.h"
#include "base/uuid.h"

/* What an errand is for. Each kind has its own count of those under way: directories that hold their threads
 * for half a minute keep nobody from signing in. */
enum outbound_kind { OUTBOUND_SIGN_ON, OUTBOUND_DIRECTORY, OUTBOUND_KINDS };

/* At once from one process, of each kind. */
#define OUTBOUND_AT_ONCE 4

/* Blocks until it is done: 15 seconds at most for what is fetched by HTTPS (connect/fetch.h), 30 for a
 * directory's read (connect/ldap_read.h). ST_LIMIT "sign_on_busy", "ldap_busy": OUTBOUND_AT_ONCE are under
 * way. ST_UNAVAILABLE "sign_on_unreachable", "ldap_unreachable": the process is not there. What came of it is
 * the keeper's to say. */
MUST_CHECK enum status outbound_run(const char *socket_path, enum outbound_kind kind,
                                    const struct uuid *errand, struct error *e);

#endif
