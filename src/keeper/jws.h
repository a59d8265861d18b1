/* Signed tokens of an identity provider: JSON Web Signature, compact form (RFC 7515 section 3.1), against a
 * JSON Web Key Set (RFC 7517 section 5).
 *
 * Algorithms: RS256, PS256, PS384, ES256, ES384, ES512 (RFC 7518 section 3.1) and EdDSA with Ed25519 (RFC
 * 8037). "none" and the HMAC family are unknown here, so a public key can't be taken for a shared secret (RFC
 * 8725 section 2.1). The header's alg must be one that the key's kty and crv are for and, where the key says
 * its alg, that one; "crit" is refused (none is understood), "b64" with it. A key with "use" other than "sig"
 * is passed over. Keys inside a token (jwk, jku, x5c …) are never looked at. */
#ifndef KEDUN_KEEPER_JWS_H
#define KEDUN_KEEPER_JWS_H

#include "base/slice.h"
#include "base/status.h"

#include <jansson.h>

#define JWS_MAX     ((size_t)16 << 10) /* bytes of a token */
#define JWS_KID_MAX 256
#define JWS_KEYS    64 /* of a set; more are passed over */

/* Checks the signature and parses the payload as a JSON object that the caller then owns (*claims is NULL on
 * failure). ST_INVALID "token_form": no such token; "token_algorithm": another alg. ST_NOT_FOUND
 * "token_key": the set has no key for it (kid unknown; without a kid: no key of the kind), so a newer set
 * may help. ST_DENIED "token_signature". ST_NOMEM. */
MUST_CHECK enum status jws_verify(struct slice token, const json_t *key_set, json_t **claims,
                                  struct error *e);

/* The signature alone; `payload` is the second part as it stands, base64url, of any content. */
MUST_CHECK enum status jws_check(struct slice token, const json_t *key_set, struct slice *payload,
                                 struct error *e);

/* A raw ECDSA signature r || s, as JOSE has it, as the DER that OpenSSL wants (X9.62). `out` has room for
 * raw.n + 16 bytes; returns the length, 0 for what is no such signature. */
size_t jws_ecdsa_der(struct slice raw, uint8_t *out);

#endif
