/* The document of an API key: {"label", "roles": [1..16 names], "expires_at": RFC 3339, "networks":
 * ["10.0.0.0/8", "2001:db8::/32", …]}. Networks may be missing: from anywhere. */
#ifndef KEDUN_KEEPER_API_KEY_H
#define KEDUN_KEEPER_API_KEY_H

#include "keeper/session.h"

#define API_KEY_MOST_MS ((int64_t)366 * 24 * 3600 * 1000)

/* Fills roles, networks, expiry and agent (the label). ST_INVALID with the key to blame in e->field. */
MUST_CHECK enum status api_key_parse(struct slice document, struct session_grant *grant, struct error *e);

#endif
