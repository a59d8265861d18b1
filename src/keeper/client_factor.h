/* The keeper's client for second factors (keeper/factor.h says what they are). JSON answers borrow the
 * connection's buffer, as in keeper/client.h. */
#ifndef KEDUN_KEEPER_CLIENT_FACTOR_H
#define KEDUN_KEEPER_CLIENT_FACTOR_H

#include "keeper/client.h"
#include "keeper/factor.h"

/* What shows a factor. A code: `code` alone. A passkey: `code` is its id; of a new one `client` are its
 * client data and `code` the attestation. */
struct keeper_factor_proof {
    uint8_t kind; /* enum factor_kind */
    struct slice code, client, authenticator, signature;
};

/* user 0: one's own; another's with DUTY_SECURITY_ADMIN. {"demanded", "totp": {"made_at", "used_at"} | null,
 * "recovery": {"left", "made_at"}, "passkeys": [{"id", "name", "synced", "made_at", "used_at"}]} */
MUST_CHECK enum status keeper_factor_list(struct keeper *k, const struct keeper_call *call, uint32_t user,
                                          struct slice *json, struct error *e);
/* Starts setting one up; for recovery codes that is all. ST_DENIED "password_wrong",
 * "second_factor_required". TOTP {"secret", "uri"}; recovery {"recovery": [ten codes]}. */
MUST_CHECK enum status keeper_factor_begin(struct keeper *k, const struct keeper_call *call, uint8_t kind,
                                           struct slice password, struct slice *json, struct error *e);
/* Ends setting one up, by showing it: the session is whole and fresh then, under a new token. {"recovery":
 * [ten codes where there were none left]}. */
MUST_CHECK enum status keeper_factor_confirm(struct keeper *k, const struct keeper_call *call,
                                             const struct keeper_factor_proof *proof, struct slice name,
                                             struct token *token, struct slice *json, struct error *e);
/* ST_DENIED "second_factor_required", "factor_demanded"; ST_NOT_FOUND. */
MUST_CHECK enum status keeper_factor_remove(struct keeper *k, const struct keeper_call *call, uint8_t kind,
                                            struct slice id, struct error *e);
/* Finishes a sign-in, or makes the factor fresh in a whole session. ST_DENIED "factor_wrong", ST_LIMIT
 * "sign_in_slow". */
MUST_CHECK enum status keeper_second_factor(struct keeper *k, const struct keeper_call *call,
                                            const struct keeper_factor_proof *proof, struct token *token,
                                            struct principal *who, struct error *e);

/* A challenge for a passkey: with a live token, as that person's second factor ("ids": his passkeys); else to
 * sign in. {"challenge", "party", "ids"}. ST_CONFLICT "passkeys_off". */
MUST_CHECK enum status keeper_passkey_challenge(struct keeper *k, const struct keeper_call *call,
                                                struct slice *json, struct error *e);
/* Signs in by a passkey alone. ST_DENIED "passkey_refused", ST_LIMIT "sign_in_slow". `handle`: 16 bytes. */
MUST_CHECK enum status keeper_passkey_sign_in(struct keeper *k, const struct keeper_call *call,
                                              const uint8_t handle[FACTOR_HANDLE],
                                              const struct keeper_factor_proof *proof, struct slice agent,
                                              struct token *token, struct principal *who, struct error *e);

#endif
