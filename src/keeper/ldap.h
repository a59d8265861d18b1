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
 * The schedule: with "every_hours" the engine is given an errand whenever that time has passed, at once after
 * a change of the document or the password, and within the hour after a failure that may pass. What was read
 * then (kept apart from what people read) may be imported as far as "apply" says:
 *   new           accounts and departments that are not there
 *   all_but_ends  also changes of accounts: name, mail, what the directory says of them, with "moves" the
 *                 department; taking over an account by its login
 *   all           also suspensions, which then need "ends_a_day" in the document
 * whatever the engine says: each item must follow from what was read (keeper/ldap_judge.h). No person stands
 * behind it: who set the password is the actor of its entries in the audit log, whose session is the
 * directory's own id, and it rests while he is no live system administrator. Counted a day (UTC), also over
 * restarts: accounts suspended (with those that a person's import suspends), and LDAP_MAKES accounts and
 * departments made.
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
#define LDAP_HOURS_MOST  168
#define LDAP_MAKES       6000
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
                                              uint32_t by, struct error *e);
/* {"directories": [{"id", "document", "secret": whether it is set, "schedule" (with "every_hours"): {"by",
 * "rests": "" or why, "next_at", "read_at", "people", "units", "error_at", "error": a code, "imported_at",
 * "imported": {"added", "changed", "suspended"}, "pending" (after a run): {"added", "changed", "gone",
 * "refused"}}}]}; times in ms, 0: never. */
MUST_CHECK enum status ldap_source_list(struct ldap_sources *l, struct registry *people, struct buf *out,
                                        struct error *e);

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
/* Counts before it is done. ST_NOT_FOUND, ST_LIMIT "ldap_ends", "ldap_makes", ST_IO. */
MUST_CHECK enum status ldap_source_count(struct ldap_sources *l, uint32_t id, size_t ends, size_t makes,
                                         int64_t now, struct error *e);

/* ---- the schedule ---- */

struct ldap_run {
    uint32_t directory; /* 0: none is due */
    struct uuid errand;
    uint32_t by;         /* who answers for it */
    struct uuid session; /* its own, in the audit log */
    uint32_t ends_left;  /* accounts it may still suspend today */
};

/* How a run ended, as the engine reckons it. */
struct ldap_outcome {
    int64_t people, units; /* what was read */
    bool reckoned;
    int64_t pending[4]; /* left for a person: added, changed, gone, refused */
    char code[41];      /* "": all went well */
};

/* The next directory whose time has come, with an errand. */
MUST_CHECK enum status ldap_source_due(struct ldap_sources *l, struct registry *people, int64_t now,
                                       struct ldap_run *out, struct error *e);
/* What came of it; the document is the caller's to json_decref. ST_NOT_FOUND "ldap_read_gone" also when the
 * document was changed since, or it rests; errors as of ldap_source_read_take. */
MUST_CHECK enum status ldap_source_run(struct ldap_sources *l, const struct uuid *errand,
                                       struct registry *people, int64_t now, struct ldap_run *out,
                                       json_t **document, struct buf *body, struct error *e);
/* For the page: added, changed, suspended. */
void ldap_source_imported(struct ldap_sources *l, const struct uuid *errand, const int64_t counts[3],
                          int64_t now);
/* The run is over: what was read is forgotten. ST_NOT_FOUND. */
MUST_CHECK enum status ldap_source_run_end(struct ldap_sources *l, const struct uuid *errand,
                                           const struct ldap_outcome *o, int64_t now, struct error *e);

#endif
