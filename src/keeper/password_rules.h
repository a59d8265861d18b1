/* What a company asks of passwords: the member "passwords" of its document's "sign_in".
 *   {"profile": "modern", "least": 12, "words": ["huaxing", …]}
 *   {"profile": "dengbao3", "least": 10, "kinds": 3, "days": 90, "history": 5, "failures": 5,
 *    "lock_minutes": 15, "words": […]}
 * All but the profile may be missing; what is said above are the defaults. `modern` (NIST SP 800-63B-4
 * section 3.1.1.2): length and lists, no kinds of characters, no rotation: those keys are refused there.
 * `dengbao3` (GB/T 22239-2019, 8.1.4.1, level 3): complexity, regular change, no return of the last ones, and
 * a pause after wrong ones. The standard gives no numbers; ours are what assessors usually ask. No rules at
 * all are those of `modern`. */
#ifndef KEDUN_KEEPER_PASSWORD_RULES_H
#define KEDUN_KEEPER_PASSWORD_RULES_H

#include "base/status.h"
#include "keeper/password_guess.h"

#include <jansson.h>

#define PASSWORD_HISTORY_MAX 12

enum password_profile { PASSWORD_MODERN, PASSWORD_DENGBAO3 };

struct password_rules {
    uint8_t profile;       /* enum password_profile */
    uint8_t least;         /* characters, 8 to 64 */
    uint8_t kinds;         /* of small, capital, digit, other: 0 to 4 */
    uint8_t history;       /* earlier ones that may not come again */
    uint8_t failures;      /* wrong ones from one address before the pause; 0: growing delays */
    uint16_t days;         /* until it must be replaced; 0: never */
    uint16_t lock_minutes; /* 1 to 1440 */
};

struct password_rules password_rules_default(void);

/* `rules` is that member, or NULL. ST_INVALID "bad_document" with the key to blame. */
MUST_CHECK enum status password_rules_parse(const json_t *rules, struct password_rules *out, struct error *e);
/* The company's own words, borrowed from `rules`; adds behind what is there. */
void password_rules_words(const json_t *rules, struct password_words *out);

/* Length, kinds, guessability. ST_INVALID "password_short", "password_long", "password_kinds",
 * "password_guessable", field "new". */
MUST_CHECK enum status password_rules_check(const struct password_rules *rules,
                                            const struct password_words *words, struct slice password,
                                            struct error *e);

#endif
