/* The keeper's client for directories (keeper/ldap.h). JSON borrows the connection's buffer, as in
 * keeper/client.h. */
#ifndef KEDUN_KEEPER_CLIENT_LDAP_H
#define KEDUN_KEEPER_CLIENT_LDAP_H

#include "keeper/client.h"

/* As ldap_source_list has it: any duty. */
MUST_CHECK enum status keeper_ldap_list(struct keeper *k, const struct keeper_call *call, struct slice *json,
                                        struct error *e);
/* The rest: DUTY_SYSTEM_ADMIN. */
MUST_CHECK enum status keeper_ldap_secret(struct keeper *k, const struct keeper_call *call,
                                          uint32_t directory, struct slice secret, struct error *e);
/* Have the errand carried out, then take what came. */
MUST_CHECK enum status keeper_ldap_read(struct keeper *k, const struct keeper_call *call, uint32_t directory,
                                        struct uuid *errand, struct error *e);
MUST_CHECK enum status keeper_ldap_entries(struct keeper *k, const struct keeper_call *call,
                                           uint32_t directory, const struct uuid *errand, struct slice *json,
                                           struct error *e);

#endif
