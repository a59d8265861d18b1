/* Provisioning keys (keeper/scim.h), as the engine asks for them; the rest of the client is keeper/client.h.
 */
#ifndef KEDUN_KEEPER_CLIENT_SCIM_H
#define KEDUN_KEEPER_CLIENT_SCIM_H

#include "keeper/client.h"

/* JSON as scim_list has it, borrowed. Any duty. */
MUST_CHECK enum status keeper_scim_list(struct keeper *k, const struct keeper_call *call, struct slice *json,
                                        struct error *e);
/* A fresh secret: DUTY_SYSTEM_ADMIN. ST_NOT_FOUND. */
MUST_CHECK enum status keeper_scim_draw(struct keeper *k, const struct keeper_call *call, uint32_t key,
                                        struct token *token, struct error *e);
/* DUTY_SYSTEM_ADMIN or DUTY_SECURITY_ADMIN. ST_NOT_FOUND. */
MUST_CHECK enum status keeper_scim_end(struct keeper *k, const struct keeper_call *call, uint32_t key,
                                       struct error *e);

/* With the key's secret as the call's token; ST_UNAUTHENTICATED unless it is live. */

/* Which key it is; `version`: of the registry, as a principal's. */
MUST_CHECK enum status keeper_scim_enter(struct keeper *k, const struct keeper_call *call, uint32_t *key,
                                         uint64_t *version, struct error *e);
/* Makes (user 0) or changes an account; `expected`: the version that the change rests on, 0: any. `document`
 * as keeper/registry_scim.h says. ST_NOT_FOUND, ST_DENIED, ST_CONFLICT "scim_changed" / "login_taken",
 * ST_LIMIT, ST_INVALID. */
MUST_CHECK enum status keeper_scim_put(struct keeper *k, const struct keeper_call *call, uint32_t user,
                                       uint64_t expected, struct slice document, uint32_t *made,
                                       struct error *e);
/* All of a person but his records ends (keeper_leave). */
MUST_CHECK enum status keeper_scim_leave(struct keeper *k, const struct keeper_call *call, uint32_t user,
                                         uint64_t expected, struct error *e);

#endif
