/* Passwords: Argon2id (RFC 9106), stored as PHC strings
 *   $argon2id$v=19$m=65536,t=3,p=1$<salt, base64 without padding>$<hash likewise>
 *
 * One call holds `memory_kib` of memory and a core for its whole time: how many run at once is the
 * caller's to bound. `pepper` is Argon2's secret input (RFC 9106 section 3.1): a key kept away from the
 * stored strings; SLICE_NONE for none. It is not in the string and must be given again to verify. */
#ifndef KEDUN_CRYPTO_PASSWORD_H
#define KEDUN_CRYPTO_PASSWORD_H

#include "base/slice.h"
#include "base/status.h"

#define PASSWORD_TEXT 160  /* longest PHC string, without NUL */
#define PASSWORD_MAX  1024 /* bytes of a password */

struct password_cost {
    uint32_t memory_kib; /* 8 * lanes to 4 GiB */
    uint32_t passes;     /* 1 … 64 */
    uint32_t lanes;      /* 1 … 16 */
};
/* 64 MiB, 3 passes, 1 lane. */
struct password_cost password_default_cost(void);

/* Draws a salt and writes a NUL-terminated PHC string. ST_INVALID, ST_NOMEM, ST_IO. */
MUST_CHECK enum status password_hash(const struct password_cost *cost, struct slice password,
                                     struct slice pepper, char out[PASSWORD_TEXT + 1]);

/* ST_OK, ST_DENIED for the wrong password, ST_CORRUPT when `stored` is no such string or asks for more
 * than `most` (NULL: four times the default memory), ST_NOMEM. */
MUST_CHECK enum status password_verify(struct slice stored, struct slice password, struct slice pepper,
                                       const struct password_cost *most);

/* Whether `stored` was made with another cost than `cost` and should be made anew at the next sign-in. */
bool password_is_stale(struct slice stored, const struct password_cost *cost);

/* The bare function with every input, for the test vector of RFC 9106 and for keys from pass phrases. */
MUST_CHECK enum status password_raw(const struct password_cost *cost, struct slice password,
                                    struct slice salt, struct slice pepper, struct slice ad, uint8_t *out,
                                    size_t n);

#endif
