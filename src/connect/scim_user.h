/* An account as a SCIM user (RFC 7643 sections 4.1 and 4.3), and back.
 *
 * Kept: userName (the login), displayName (the name that is shown), name.givenName and name.familyName, one
 * mail ("emails", type work), title, externalId, active, and of the enterprise extension employeeNumber and
 * department, as the directory service writes it. With a new account the department also decides where it
 * stands, if exactly one open department has that name. Anything else is accepted and not kept; a password is
 * neither kept nor looked at. A mail is changed, never taken away; a missing "active" leaves what stands.
 *
 * Who is a user here: staff that holds no duty and has not left. Nobody else exists for a provisioning key.
 */
#ifndef KEDUN_CONNECT_SCIM_USER_H
#define KEDUN_CONNECT_SCIM_USER_H

#include "connect/scim_filter.h"
#include "record/world.h"

#define SCIM_URI_MOST 560 /* of a base, "https://crm.example.com/scim/v2" */

bool scim_user_is(const struct staff *s);

/* The whole resource, of which the caller holds the reference. ST_NOMEM. */
MUST_CHECK enum status scim_user_resource(const struct staff *s, const char *base, json_t **out,
                                          struct error *e);

/* The document for keeper_scim_put that a resource asks for; `old` NULL: a new account, placed by `d`.
 * ST_INVALID "scim_value" with the attribute in e->field, ST_NOMEM. */
MUST_CHECK enum status scim_user_document(const json_t *resource, const struct staff *old,
                                          const struct directory *d, int64_t now, struct arena *a,
                                          struct slice *out, struct error *e);

/* Leaves of a resource what "attributes" (if it is there) names and "excludedAttributes" does not; id and
 * schemas always stay (RFC 7644 section 3.9). Names are parted by commas. ST_INVALID "scim_path". */
MUST_CHECK enum status scim_user_project(json_t *resource, struct slice attributes, struct slice excluded,
                                         struct arena *a, struct error *e);

#endif
