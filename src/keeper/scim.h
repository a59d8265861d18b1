/* Provisioning keys: what a company's directory service (Entra ID, Okta, Keycloak …) shows to make, change
 * and end ordinary accounts by SCIM 2.0 (RFC 7644; the HTTP side is api/handle_scim.c). A key is no person
 * and no API key: it opens nothing but the messages scim_enter, scim_put and scim_leave.
 *
 * That there is one takes two (proposal kind "scim": system administrator, then a holder of another duty), as
 * does each change of its terms:
 *   {"label": 1..100 bytes, "expires_at": RFC 3339 within a year, "networks": ["10.0.0.0/8" …] (missing: from
 *    anywhere), "trusts_mail": bool, "ends_a_day": 1..SCIM_ENDS_MOST, missing: SCIM_ENDS}
 * trusts_mail: a mail that comes with a new account counts as confirmed, so that its person can sign in by a
 * provider that links by mail (keeper/sign_on.h). A mail that changes later never does.
 *
 * The key's secret is drawn by a system administrator, shown once, and replaced by drawing anew; only its
 * SHA-256 is kept. Who drew it last answers for it: he is the actor of its entries in the audit log, whose
 * session is the key's own id, and it rests while he is no live system administrator. One person ends it.
 *
 * Bounds a day (UTC) and key, kept across restarts: ends_a_day accounts suspended, ended or given
 * another login, SCIM_MAKES made (of these a crash may forget the last ones).
 * All functions are safe from any thread. */
#ifndef KEDUN_KEEPER_SCIM_H
#define KEDUN_KEEPER_SCIM_H

#include "keeper/registry.h"

#include <jansson.h>

#define SCIM_KEYS      8  /* live ones */
#define SCIM_KEPT      64 /* with those that have ended: for the page, and so that no number comes twice */
#define SCIM_ENDS      50
#define SCIM_ENDS_MOST 5000
#define SCIM_MAKES     10000
#define SCIM_MOST_MS   ((int64_t)366 * 24 * 3600 * 1000)

struct scim;

/* What a live key stands for. */
struct scim_key {
    uint32_t id;
    uint32_t by;      /* who drew it */
    struct uuid uuid; /* its session, in the audit log; another one with each drawing */
    bool trusts_mail;
};

MUST_CHECK enum status scim_open(struct vault *v, struct scim **out, struct error *e);
void scim_close(struct scim *s); /* NULL is fine */

/* ST_INVALID "bad_document" with the key to blame. */
MUST_CHECK enum status scim_check(const json_t *document, struct error *e);
/* Stores the terms (id 0: of a new key) with `also` in the same transaction. ST_NOT_FOUND, ST_LIMIT
 * "too_many_scim_keys". */
MUST_CHECK enum status scim_put(struct scim *s, uint32_t id, const json_t *document,
                                const struct vault_change *also, struct error *e);
/* A fresh secret; the older one is dead. ST_NOT_FOUND: no such key, ended or over. */
MUST_CHECK enum status scim_draw(struct scim *s, uint32_t id, uint32_t by, struct token *token,
                                 struct error *e);
/* ST_NOT_FOUND. */
MUST_CHECK enum status scim_end(struct scim *s, uint32_t id, struct error *e);
/* {"keys": [{"id", "document", "by", "drawn_at", "used_at", "ended_at"}]}; times in ms, 0: never. */
MUST_CHECK enum status scim_list(struct scim *s, struct buf *out, struct error *e);

/* Whose secret this is. ST_UNAUTHENTICATED unless the key is live and the call comes from where it may. */
MUST_CHECK enum status scim_find(struct scim *s, const struct keeper_call *call, int64_t now,
                                 struct scim_key *out, struct error *e);
/* Counts an act before it is done. ST_LIMIT "scim_ends", "scim_makes"; ST_IO "scim_store". */
MUST_CHECK enum status scim_count(struct scim *s, uint32_t id, bool ends, int64_t now, struct error *e);

#endif
