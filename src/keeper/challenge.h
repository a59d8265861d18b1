/* Challenges for passkeys: good for five minutes, once, and for what they were given out for.
 *
 * A challenge is its time, 16 random bytes and an HMAC over these and the purpose under a key of this
 * process, so that handing them out keeps nothing: a stranger who asks for many fills no table. What was used
 * is remembered until its time is over. All end with a restart. Safe from any thread. */
#ifndef KEDUN_KEEPER_CHALLENGE_H
#define KEDUN_KEEPER_CHALLENGE_H

#include "base/slice.h"
#include "base/status.h"
#include "base/uuid.h"

#define CHALLENGE_SIZE 40
#define CHALLENGE_MS   ((int64_t)5 * 60 * 1000)
#define CHALLENGE_USED 8192 /* remembered; beyond, all are refused for a while */

enum challenge_purpose { CHALLENGE_REGISTER = 1, CHALLENGE_SHOW, CHALLENGE_SIGN_IN, CHALLENGE_SIGN_ON };

struct challenge_scope {
    uint8_t purpose;
    uint32_t user;       /* 0: not yet known */
    struct uuid session; /* zeros likewise */
};

struct challenges;
struct challenges *challenges_new(void); /* NULL when memory or random bytes are out */
void challenges_free(struct challenges *c);

MUST_CHECK enum status challenge_make(struct challenges *c, const struct challenge_scope *scope, int64_t now,
                                      uint8_t out[CHALLENGE_SIZE]);
/* ST_DENIED: of another scope, too old, used before, or no challenge of ours. */
MUST_CHECK enum status challenge_take(struct challenges *c, const struct challenge_scope *scope,
                                      struct slice challenge, int64_t now);

#endif
