/* What a provisioning key may write of a user (keeper/scim.h), and how an account that it suspended is known
 * (for registry_put.c only).
 *
 * A key makes ordinary accounts of staff and changes login, name, mail, "disabled" and what the directory
 * service says of the person ("scim": an object of texts and numbers); a department only with a new account,
 * for somebody who has roles would gain records by another one. Roles, duties, posts and all else are beyond
 * it. Holders of a duty, partners and people who have left do not exist for it.
 *
 * An account that a key suspends is marked {"suspended": {"at": ms, "by": user}}; the mark goes with the next
 * change of "disabled", with leaving, and when a system administrator says "disabled" of it again. A key
 * opens again only what bears the mark: never what an administrator has closed. */
#ifndef KEDUN_KEEPER_REGISTRY_SCIM_H
#define KEDUN_KEEPER_REGISTRY_SCIM_H

#include "keeper/registry_table.h"

/* `old`: NULL for a new account. ST_DENIED "scim_denied" / "scim_ended", ST_NOT_FOUND, ST_CONFLICT
 * "scim_changed". */
MUST_CHECK enum status registry_scim_check(const struct registry_writer *who, const struct item *old,
                                           const json_t *asked, struct error *e);
/* Sets or takes away the mark; for whoever writes. `before`: NULL for a new account. */
MUST_CHECK enum status registry_scim_mark(const struct registry_writer *who, const json_t *asked,
                                          json_t *document, const json_t *before);

#endif
