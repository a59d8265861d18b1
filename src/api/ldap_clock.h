/* One thread of the engine that asks the keeper every LDAP_CLOCK_S seconds whether a directory's schedule
 * says that it be read (keeper/ldap.h), has it read, and offers what its document lets it import by itself.
 * What is left for a person is counted and told to the keeper, for the page. */
#ifndef KEDUN_API_LDAP_CLOCK_H
#define KEDUN_API_LDAP_CLOCK_H

#include "api/engine.h"

#define LDAP_CLOCK_S 5

struct ldap_clock;

MUST_CHECK enum status ldap_clock_start(struct engine *engine, struct ldap_clock **out, struct error *e);
/* NULL is fine. A read that hangs is left to the end of the process: it holds nothing of the engine's. */
void ldap_clock_stop(struct ldap_clock *c);

#endif
