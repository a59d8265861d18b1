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

/* ---- the schedule (keeper/ldap.h): no person's ---- */

/* *directory 0: none is due. */
MUST_CHECK enum status keeper_ldap_due(struct keeper *k, uint32_t *directory, struct uuid *errand,
                                       struct error *e);

struct keeper_ldap_run {
    uint32_t directory;
    uint64_t ends_left; /* accounts that it may still suspend today */
    bool mail_guarded;
    struct slice document, read; /* JSON, of the connection's buffer */
};
MUST_CHECK enum status keeper_ldap_run(struct keeper *k, const struct uuid *errand,
                                       struct keeper_ldap_run *out, struct error *e);
/* `document`: {"items"}, as keeper_registry_import takes it. */
MUST_CHECK enum status keeper_ldap_run_import(struct keeper *k, const struct uuid *errand,
                                              struct slice document, struct error *e);
/* `outcome`: {"people", "units", "pending": {"added", "changed", "gone", "refused"}, "error": a code}. */
MUST_CHECK enum status keeper_ldap_run_end(struct keeper *k, const struct uuid *errand, struct slice outcome,
                                           struct error *e);

#endif
