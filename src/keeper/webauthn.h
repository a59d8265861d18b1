/* Passkeys: verifying what an authenticator made (Web Authentication Level 3, sections 7.1 and 7.2).
 *
 * Held to: the ceremony's type, the challenge, the one origin, no other site's frame, the hash of the relying
 * party's id, the person's presence and, where asked for, verification, flags that fit together, an algorithm
 * of crypto/verify.h, and no byte too many. An attestation's statement is not looked at: which make of
 * authenticator people use is theirs to choose, so it would be believed in any case. */
#ifndef KEDUN_KEEPER_WEBAUTHN_H
#define KEDUN_KEEPER_WEBAUTHN_H

#include "base/status.h"
#include "crypto/verify.h"

#define WEBAUTHN_CHALLENGE_MAX 128

struct webauthn_party {
    const char *id;     /* "crm.example.com" */
    const char *origin; /* "https://crm.example.com" */
    bool verified;      /* the person must have been verified: by finger, face or number */
};

struct webauthn_made {
    struct slice id; /* in the attestation object; 1 to 1023 bytes */
    struct verify_key key;
    uint32_t counter;
    bool synced; /* backup eligible */
};

/* The challenge that client data speak of, at most WEBAUTHN_CHALLENGE_MAX bytes; false when they don't parse.
 */
bool webauthn_challenge_of(struct slice client, uint8_t out[WEBAUTHN_CHALLENGE_MAX], size_t *n);

/* ST_DENIED "passkey_refused", e->detail says why; ST_NOMEM. */
MUST_CHECK enum status webauthn_register(const struct webauthn_party *party, struct slice challenge,
                                         struct slice client, struct slice attestation,
                                         struct webauthn_made *out, struct error *e);
/* `counter` receives the authenticator's. */
MUST_CHECK enum status webauthn_assert(const struct webauthn_party *party, struct slice challenge,
                                       const struct verify_key *key, struct slice client,
                                       struct slice authenticator, struct slice signature, uint32_t *counter,
                                       struct error *e);

#endif
