/* Whether an ID token's claims are an answer to this request (OpenID Connect Core 1.0 section 3.1.3.7), once
 * its signature holds (keeper/jws.h). */
#ifndef KEDUN_KEEPER_ID_TOKEN_H
#define KEDUN_KEEPER_ID_TOKEN_H

#include "base/status.h"

#include <jansson.h>
#include <stdint.h>

#define ID_TOKEN_SKEW 60  /* seconds that the two clocks may differ by */
#define ID_TOKEN_AGE  600 /* seconds since it was issued, at most */

struct id_token_expected {
    const char *issuer, *client_id, *nonce;
    int64_t max_age; /* seconds since the person was asked; 0: not demanded */
    int64_t now;     /* ms */
};

/* iss and nonce equal; aud is the client, or a list with it and then azp too; azp, where it stands, is the
 * client; not past exp, not before nbf, iat within ID_TOKEN_AGE; a subject of 1 to 255 visible ASCII
 * characters; auth_time within max_age. ST_DENIED "sign_on_token" with the claim to blame in e->detail. */
MUST_CHECK enum status id_token_check(const json_t *claims, const struct id_token_expected *expected,
                                      struct error *e);

/* When the provider asked for a second factor, in ms: auth_time, where a value of "amr" or "acr" is one of
 * those in `taken` {"amr": [...], "acr": [...]} and auth_time is there; else 0. */
int64_t id_token_second_factor(const json_t *claims, const json_t *taken, int64_t now);

#endif
