/* Single sign-on: OpenID Connect Core 1.0, authorization code flow with PKCE (RFC 7636, S256 only).
 *
 * Providers are documents that two people approve (proposal kind "sign_on": security administrator, then a
 * holder of another duty), for whoever names an issuer names who is believed:
 *   {"name": {"zh","en"}, "enabled": bool, "issuer": URL, "client_id", "auth": "basic"|"post"|"none",
 *    "hosts": [other hosts that the issuer's addresses may be at], "networks": [where they may resolve to;
 *    missing: anywhere but loopback, link-local and multicast], "ca": PEM of the authorities that its
 *    certificate may come from (missing: the system's), "keys": a JWK set that replaces the published one,
 *    "link_mail": bool, "required": [departments that sign in by it only], "duties_exempt": bool (missing:
 *    true), "second_factor": {"amr": [...], "acr": [...]}, "max_age": seconds,
 *    "redirect": "own"|"shared" (a new provider's: own; one from before this key: shared)}
 * URLs are https. The client's secret is set apart, by the security administrator, and leaves the keeper only
 * in the request to the token endpoint.
 *
 * The keeper makes every outgoing request itself, as an errand (below) that names its whole destination; the
 * process with the network carries it out and brings the answer back. Nobody else can ask for one.
 *
 * `state` is a challenge (keeper/challenge.h) bound to the provider and to a secret that the browser keeps in
 * a cookie; nonce and code verifier are keyed hashes of it. So a sign-in that nobody finishes costs no
 * memory, and all end with a restart. An account is found by issuer and subject alone; the first time, where
 * link_mail says so, by a mail that the provider has verified, unless the account holds a duty.
 *
 * Against one provider's answer being taken to another (RFC 9700 section 4.4): people come back from each
 * provider to an address of its own, the company's and "/NUMBER", and an answer that came to another address
 * than its state's provider has is refused. Providers that share the one without a number must name
 * themselves in each answer (`iss`, RFC 9207), unless only one such is enabled.
 *
 * All functions are safe from any thread. */
#ifndef KEDUN_KEEPER_SIGN_ON_H
#define KEDUN_KEEPER_SIGN_ON_H

#include "keeper/challenge.h"
#include "keeper/registry.h"

#include <jansson.h>

#define SIGN_ON_PROVIDERS 16
#define SIGN_ON_SUBJECT   255 /* bytes (OpenID Connect Core section 2) */
#define SIGN_ON_STATE     72  /* room for a state's text */
#define SIGN_ON_BROWSER   32  /* bytes of the browser's secret */
#define SIGN_ON_RESPONSE  ((size_t)256 << 10)

struct sign_on;

MUST_CHECK enum status sign_on_open(struct vault *v, struct challenges *challenges, struct sign_on **out,
                                    struct error *e);
void sign_on_close(struct sign_on *s);

/* ---- providers ---- */

/* ST_INVALID "bad_document" with the key to blame. */
MUST_CHECK enum status sign_on_check(const json_t *document, struct error *e);
/* Stores it (id 0: a new one) with `also` in the same transaction. ST_NOT_FOUND, ST_LIMIT
 * "too_many_providers". */
MUST_CHECK enum status sign_on_put(struct sign_on *s, uint32_t id, const json_t *document,
                                   const struct vault_change *also, struct error *e);
/* An empty secret removes it. ST_NOT_FOUND. */
MUST_CHECK enum status sign_on_set_secret(struct sign_on *s, uint32_t id, struct slice secret,
                                          struct error *e);
/* {"providers": [{"id", "name", and with `whole` the document and "secret": whether it is set}]}; without
 * `whole` those that are enabled. */
MUST_CHECK enum status sign_on_list(struct sign_on *s, bool whole, struct buf *out, struct error *e);
/* Whether some enabled provider links accounts by mail: then mails are changed by two. */
bool sign_on_links_mail(struct sign_on *s);
/* Whether he must sign in by a provider and not by what he keeps here. */
bool sign_on_required(struct sign_on *s, struct registry *r, uint32_t user);

/* ---- links ---- */

/* {"links": [{"provider", "subject", "at"}]} */
MUST_CHECK enum status sign_on_links(struct sign_on *s, uint32_t user, struct buf *out, struct error *e);
/* provider 0: all of his. ST_NOT_FOUND. */
MUST_CHECK enum status sign_on_unlink(struct sign_on *s, uint32_t user, uint32_t provider, struct error *e);

/* ---- a sign-in ---- */

/* Either *errand is set: carry it out and ask again; or `url` is where the browser goes. `user`: who links
 * his account, 0: a sign-in. ST_NOT_FOUND "not_found", ST_UNAVAILABLE "sign_on_unreachable",
 * "sign_on_broken".
 */
struct sign_on_begin {
    uint32_t provider, user;
    const char *redirect; /* where providers that share an address send the browser back to */
    struct slice browser; /* SIGN_ON_BROWSER bytes */
};
MUST_CHECK enum status sign_on_start(struct sign_on *s, const struct sign_on_begin *begin, int64_t now,
                                     struct uuid *errand, struct buf *url, struct error *e);

struct sign_on_answer {
    struct slice state, code, issuer; /* as the browser brought them; issuer may be empty (RFC 9207) */
    struct slice browser;
    uint32_t user;
    uint32_t came_to; /* the provider whose own address the browser was sent back to; 0: the shared one */
    const char *redirect;
};
/* Who came back. */
struct sign_on_person {
    uint32_t provider, user; /* user 0: nobody is linked to this subject yet */
    char subject[SIGN_ON_SUBJECT + 1];
    char mail[128];           /* "" unless verified and the provider links by mail */
    int64_t second_factor_at; /* ms; 0: none that the company takes */
};
/* Whether these could be a state and a browser's secret at all. */
bool sign_on_state_fits(struct slice state, struct slice browser);
/* *errand set: carry it out and call again with the same answer; else `person` is known and the answer is
 * spent. ST_DENIED "sign_on_stale" (no such state, spent, too old, another browser), "sign_on_refused" (the
 * provider said no), "sign_on_token" (its token does not hold); ST_UNAVAILABLE as above; ST_LIMIT
 * "sign_on_busy". */
MUST_CHECK enum status sign_on_finish(struct sign_on *s, const struct sign_on_answer *answer, int64_t now,
                                      struct uuid *errand, struct sign_on_person *person, struct error *e);
/* ST_CONFLICT "sign_on_taken": the subject is somebody else's. */
MUST_CHECK enum status sign_on_link(struct sign_on *s, const struct sign_on_person *person, uint32_t user,
                                    int64_t now, struct error *e);

/* ---- errands: what the process with the network is given and brings back ---- */

/* JSON: {"url", "form": body of a POST or missing, "user", "password" (HTTP Basic), "ca", "networks"}; once.
 * ST_NOT_FOUND. */
MUST_CHECK enum status sign_on_errand(struct sign_on *s, const struct uuid *id, int64_t now, struct buf *out,
                                      struct error *e);
/* `status`: HTTP's, 0 when there was no answer. */
MUST_CHECK enum status sign_on_errand_done(struct sign_on *s, const struct uuid *id, unsigned status,
                                           struct slice body, int64_t now, struct error *e);

#endif
