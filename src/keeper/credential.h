/* Passwords of users: kept as Argon2id strings with the keeper's pepper, in the vault. */
#ifndef KEDUN_KEEPER_CREDENTIAL_H
#define KEDUN_KEEPER_CREDENTIAL_H

#include "crypto/password.h"
#include "keeper/keyring.h"
#include "keeper/vault.h"

#define CREDENTIAL_AT_ONCE 2  /* verifications in work: each takes 64 MiB and a core */
#define CREDENTIAL_QUEUE   64 /* waiting; beyond: ST_LIMIT "sign_in_busy" */
#define CREDENTIAL_LEAST   8  /* bytes of a password */
#define CREDENTIAL_ONCE_MS ((int64_t)72 * 3600 * 1000) /* how long one that must be changed lets in */

struct credentials;

/* Hashes one password nobody has, for unknown logins. A zero cost is the default. */
MUST_CHECK enum status credentials_open(struct vault *v, const struct keyring *keys,
                                        struct password_cost cost, struct credentials **out, struct error *e);
void credentials_close(struct credentials *c);

/* What every password is, whatever the company's rules say (keeper/password_rules.h judges those): ST_INVALID
 * "password_weak" (too short or long, or the login itself), ST_LIMIT, ST_IO. Notes the time, and keeps the
 * hashes of the last `history` (at most PASSWORD_HISTORY_MAX) before this one. */
MUST_CHECK enum status credentials_set(struct credentials *c, uint32_t user, struct slice login,
                                       struct slice password, bool must_change, unsigned history,
                                       struct error *e);
/* Whether it is the present one or one of the last `history` before. Costs a hash each. ST_LIMIT, ST_IO. */
MUST_CHECK enum status credentials_used_before(struct credentials *c, uint32_t user, struct slice password,
                                               unsigned history, bool *used, struct error *e);
/* He has none any more; those before it stay known. ST_IO. */
MUST_CHECK enum status credentials_forget(struct credentials *c, uint32_t user);
/* When the present one was set, in ms; 0: not known. */
int64_t credentials_set_at(struct credentials *c, uint32_t user);
/* ST_OK, ST_UNAUTHENTICATED "sign_in_failed", ST_LIMIT "sign_in_busy". user 0 or one without a password costs
 * the same time and fails; so does a one-time password (must_change) after CREDENTIAL_ONCE_MS, or of an age
 * not known: the same refusal, which tells nobody that it was the right one. Makes the hash anew when its
 * cost is out of date. */
MUST_CHECK enum status credentials_verify(struct credentials *c, uint32_t user, struct slice password,
                                          bool *must_change, struct error *e);

#endif
