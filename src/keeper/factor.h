/* Second factors of people: codes from an authenticator app (TOTP, RFC 6238), recovery codes, passkeys. Made,
 * kept and verified here; what leaves is a TOTP secret once, while it is being set up, and recovery codes
 * once.
 *
 * A TOTP code is taken one step early or late, and each step once in a lifetime of the secret. Recovery codes
 * are 120 random bits each; their MACs under the keeper's pepper are kept, a code that was taken is gone.
 * After FACTOR_FREE wrong codes in a row from one address (an IPv6 /64 is one) the person's next attempt from
 * there waits, 30 seconds, then twice as long each time up to 15 minutes. Whoever knows only the password
 * keeps nobody at another address out so, unless he has many: from all together FACTOR_HOUR wrong codes an
 * hour are looked at for a person, and right ones don't reset that. Three of a million TOTP codes are good at
 * a time, so an hour of it succeeds with a probability of 3 in 10,000, a whole day with 7 in 1,000 (each
 * wrong code is an entry in the audit log); a recovery code is 120 bits. A passkey is not held back by
 * either. All functions are safe from any thread; times are ms of the wall clock. */
#ifndef KEDUN_KEEPER_FACTOR_H
#define KEDUN_KEEPER_FACTOR_H

#include "keeper/keyring.h"
#include "keeper/vault.h"

#define FACTOR_SECRET        20 /* bytes: RFC 4226 section 4, R6 */
#define FACTOR_DIGITS        6
#define FACTOR_RECOVERY      10
#define FACTOR_RECOVERY_TEXT 29 /* ABCD-EFGH-IJKL-MNOP-QRST-UVWX */
#define FACTOR_PASSKEYS      10
#define FACTOR_ID_MAX        1023 /* WebAuthn Level 3 section 4 */
#define FACTOR_HANDLE        16
#define FACTOR_NAME_MAX      64
#define FACTOR_FREE          5
#define FACTOR_HOUR          100
#define FACTOR_STEP_UP_MS    ((int64_t)10 * 60 * 1000) /* a second factor shown so lately is fresh */
#define FACTOR_FRESH_MS      ((int64_t)15 * 60 * 1000) /* a shown secret must be confirmed within */

enum factor_kind { FACTOR_KIND_TOTP = 1, FACTOR_KIND_RECOVERY, FACTOR_KIND_PASSKEY };

struct factors;
struct factor_record; /* keeper/factor_record.h */

struct factor_codes {
    char text[FACTOR_RECOVERY][FACTOR_RECOVERY_TEXT + 1];
};

MUST_CHECK enum status factors_open(struct vault *v, const struct keyring *keys, struct factors **out,
                                    struct error *e);
void factors_close(struct factors *f);

/* Whether the person has a confirmed second factor (recovery codes alone are none). ST_IO. */
MUST_CHECK enum status factors_has(struct factors *f, uint32_t user, bool *has);
/* All that is kept of a person, zeros where nothing is; wipe it. ST_CORRUPT, ST_IO. */
MUST_CHECK enum status factors_load(struct factors *f, uint32_t user, struct factor_record *out);

/* A new TOTP secret; one that is in use stays until this one is confirmed. */
MUST_CHECK enum status factors_totp_begin(struct factors *f, uint32_t user, int64_t now,
                                          uint8_t secret[FACTOR_SECRET], struct error *e);
/* ST_NOT_FOUND "factor_not_begun", ST_DENIED "factor_wrong", ST_LIMIT "sign_in_slow" (seconds in detail). */
MUST_CHECK enum status factors_totp_confirm(struct factors *f, uint32_t user, struct slice code,
                                            const uint8_t address[16], int64_t now, struct error *e);
/* A code of either kind (spaces and dashes don't matter). ST_DENIED "factor_wrong" (a code once used too),
 * ST_LIMIT "sign_in_slow". */
MUST_CHECK enum status factors_check(struct factors *f, uint32_t user, enum factor_kind kind,
                                     struct slice code, const uint8_t address[16], int64_t now,
                                     struct error *e);

/* Ten fresh recovery codes; the older ones are good no more. */
MUST_CHECK enum status factors_recovery_make(struct factors *f, uint32_t user, int64_t now,
                                             struct factor_codes *out, struct error *e);
/* ST_NOT_FOUND. With the last factor the recovery codes go too. `id`: a passkey's. `keep_one`: ST_DENIED
 * "factor_demanded" of the last one, judged with the removal: of two removals at once one is refused. */
MUST_CHECK enum status factors_remove(struct factors *f, uint32_t user, enum factor_kind kind,
                                      struct slice id, bool keep_one, struct error *e);
/* All factors and codes of a person. */
MUST_CHECK enum status factors_reset(struct factors *f, uint32_t user, struct error *e);

#endif
