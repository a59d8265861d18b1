/* What this server says of itself to SCIM clients (RFC 7644 section 4, RFC 7643 sections 5 to 7). Users are
 * the only resources: groups would be roles or departments, and who has which role or sees which records is
 * for administrators to say, not for a provisioning client. */
#ifndef KEDUN_CONNECT_SCIM_SCHEMA_H
#define KEDUN_CONNECT_SCIM_SCHEMA_H

#include "base/json.h"
#include "base/status.h"

#define SCIM_RESULTS_MOST 200 /* resources of one answer */

/* `base`: "https://crm.example.com/scim/v2". */
void scim_write_config(struct json *j, const char *base);
/* `id` empty: a ListResponse of all; false: there is none of that name. */
bool scim_write_types(struct json *j, const char *base, struct slice id);
bool scim_write_schemas(struct json *j, const char *base, struct slice id);

/* RFC 7644 section 3.12: {"schemas", "status", "scimType", "detail"}. */
void scim_write_error(struct json *j, int status, const char *scim_type, struct slice detail);
/* The scimType of one of our codes; "" where the section has none. */
const char *scim_type_of(const char *code);

#endif
