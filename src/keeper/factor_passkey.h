/* Passkeys among a person's second factors; keeper/webauthn.h verifies them. Errors as in keeper/factor.h. */
#ifndef KEDUN_KEEPER_FACTOR_PASSKEY_H
#define KEDUN_KEEPER_FACTOR_PASSKEY_H

#include "keeper/factor.h"
#include "keeper/webauthn.h"

/* What a browser hands over of an assertion. */
struct passkey_answer {
    struct slice id, client, authenticator, signature;
};

/* The person's handle for authenticators: random, drawn once, says nothing about him. */
MUST_CHECK enum status factors_handle(struct factors *f, uint32_t user, uint8_t out[FACTOR_HANDLE],
                                      struct error *e);
/* ST_NOT_FOUND. */
MUST_CHECK enum status factors_by_handle(struct factors *f, const uint8_t handle[FACTOR_HANDLE],
                                         uint32_t *user);

/* Keeps a verified one under a name of 1 to FACTOR_NAME_MAX bytes. ST_CONFLICT "passkey_known", ST_LIMIT
 * "too_many_passkeys", ST_INVALID "required". */
MUST_CHECK enum status factors_passkey_add(struct factors *f, uint32_t user, const struct webauthn_made *made,
                                           struct slice name, int64_t now, struct error *e);
/* Verifies an assertion by one of the person's passkeys and keeps its counter. ST_DENIED "passkey_refused":
 * also for one of nobody's, and where the counter did not grow (a copy). */
MUST_CHECK enum status factors_passkey_check(struct factors *f, uint32_t user,
                                             const struct webauthn_party *party, struct slice challenge,
                                             const struct passkey_answer *answer, int64_t now,
                                             struct error *e);

#endif
