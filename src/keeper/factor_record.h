/* A person's second factors, in memory and as the vault keeps them (for factor files only). */
#ifndef KEDUN_KEEPER_FACTOR_RECORD_H
#define KEDUN_KEEPER_FACTOR_RECORD_H

#include "base/buf.h"
#include "crypto/hash.h"
#include "crypto/verify.h"
#include "keeper/factor.h"

struct factor_passkey {
    uint8_t id[FACTOR_ID_MAX];
    uint16_t id_n;
    struct verify_key key;
    uint32_t counter; /* of signatures, as last told; 0: the authenticator counts none */
    bool synced;      /* may be on several devices ("backup eligible") */
    char name[FACTOR_NAME_MAX + 1];
    int64_t made_at, used_at; /* ms; 0: not yet */
};

struct factor_record {
    bool has_totp, has_fresh;
    uint8_t secret[FACTOR_SECRET], fresh[FACTOR_SECRET]; /* fresh: shown, not yet confirmed */
    int64_t fresh_at, totp_at, totp_used_at;
    uint64_t last_step; /* of the last code taken: none counts twice */
    int64_t recovery_at;
    uint8_t recovery[FACTOR_RECOVERY][HASH_SIZE]; /* MACs of codes that are still good */
    size_t recovery_count;
    uint16_t fails; /* wrong codes in the hour that begins at failed_at */
    int64_t failed_at;
    uint8_t handle[FACTOR_HANDLE]; /* WebAuthn's user handle; zeros: none drawn yet */
    struct factor_passkey passkeys[FACTOR_PASSKEYS];
    size_t passkey_count;
};

void factor_record_write(struct buf *out, const struct factor_record *r);
/* False on anything that factor_record_write did not write. */
bool factor_record_read(struct slice bytes, struct factor_record *r);

#endif
