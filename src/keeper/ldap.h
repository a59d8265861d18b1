/* Directory servers (LDAP) that people and departments are imported from (people/ldap_plan.h).
 *
 * A directory is a document that two people approve (proposal kind "ldap": system administrator, then a
 * holder of another duty), as is each change of it:
 *   {"name": 1..60 bytes, "enabled": bool, "host": name or address, "port": 1..65535, "security":
 *    "ldaps"|"starttls", "ca": PEM of 1 to LDAP_CA_MOST authorities (missing: the system's), "networks":
 * [where the host may resolve to; missing: anywhere but this host itself, link-local and multicast],
 * "bind_dn", "people_base", "people_filter", "unit_base" (missing: units are not read), "attributes": {"id",
 * "login", "name", "mail", "title", "department"} (id, login and name are needed), "department_by":
 * "none"|"attribute"|"tree", "moves": bool, "ends_a_day": 1..LDAP_ENDS_MOST, missing: LDAP_ENDS} The password
 * is set apart by the system administrator and leaves the keeper only in the errand that signs in to the host
 * of the document that stands then; it goes when host, port, security, ca, networks or bind_dn change.
 *
 * A read is an errand, as those of single sign-on are (keeper/sign_on.h): asked for by the system
 * administrator, carried out by the process with the network, its answer kept here for LDAP_KEPT_MS for him
 * who asked. One read a directory; a newer one replaces it.
 *
 * All functions are safe from any thread. */
#ifndef KEDUN_KEEPER_LDAP_H
#define KEDUN_KEEPER_LDAP_H

#include "keeper/registry.h"

#include <jansson.h>

#define LDAP_DIRECTORIES 8
#define LDAP_ENDS        50
#define LDAP_ENDS_MOST   5000
#define LDAP_CA_MOST     8
#define LDAP_CA_BYTES    32768
#define LDAP_ERRAND_MS   ((int64_t)60 * 1000)
#define LDAP_KEPT_MS     ((int64_t)30 * 60 * 1000)

struct ldap_sources;

MUST_CHECK enum status ldap_source_open(struct vault *v, struct ldap_sources **out, struct error *e);
void ldap_source_close(struct ldap_sources *l); /* NULL is fine */

/* ST_INVALID "bad_document" with the key to blame. */
MUST_CHECK enum status ldap_source_check(const json_t *document, struct error *e);
/* Stores it (id 0: a new one) with `also` in the same transaction. ST_NOT_FOUND, ST_LIMIT
 * "too_many_directories". */
MUST_CHECK enum status ldap_source_put(struct ldap_sources *l, uint32_t id, const json_t *document,
                                       const struct vault_change *also, struct error *e);
/* An empty one takes it away. ST_NOT_FOUND. */
MUST_CHECK enum status ldap_source_set_secret(struct ldap_sources *l, uint32_t id, struct slice secret,
                                              struct error *e);
/* {"directories": [{"id", "document", "secret": whether it is set}]} */
MUST_CHECK enum status ldap_source_list(struct ldap_sources *l, struct buf *out, struct error *e);

/* A fresh errand for `user`. ST_NOT_FOUND also when it is off; ST_CONFLICT "ldap_no_password"; ST_LIMIT
 * "ldap_busy": one is under way. */
MUST_CHECK enum status ldap_source_read_ask(struct ldap_sources *l, uint32_t id, uint32_t user, int64_t now,
                                            struct uuid *errand, struct error *e);
/* {"ldap": {the document, "password"}}; once. ST_NOT_FOUND. */
MUST_CHECK enum status ldap_source_errand(struct ldap_sources *l, const struct uuid *errand, int64_t now,
                                          struct buf *out, struct error *e);
/* `status` 200: what was read; else {"error": code}. ST_NOT_FOUND. */
MUST_CHECK enum status ldap_source_errand_done(struct ldap_sources *l, const struct uuid *errand,
                                               unsigned status, struct slice body, int64_t now,
                                               struct error *e);
/* What came, for whom it was asked. ST_NOT_FOUND "ldap_read_gone"; what the errand failed with, with
 * its code: ST_CONFLICT where the settings are to blame, else ST_UNAVAILABLE. */
MUST_CHECK enum status ldap_source_read_take(struct ldap_sources *l, uint32_t id, const struct uuid *errand,
                                             uint32_t user, int64_t now, struct buf *out, struct error *e);
/* Counts accounts before they are suspended for having gone from it. ST_NOT_FOUND, ST_LIMIT "ldap_ends". */
MUST_CHECK enum status ldap_source_count_ends(struct ldap_sources *l, uint32_t id, size_t n, int64_t now,
                                              struct error *e);

#endif
