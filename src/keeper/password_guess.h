/* How much of a password is left once what anybody tries first is taken out of it. An estimate, and an honest
 * one: it knows words (its own, the company's, the person's login and name), also with 0 for o and the like,
 * keys side by side, runs, years and repetition. It knows no list of stolen passwords: keeper/breached.h. The
 * page's meter (ui/src/composables/passwordGuess.ts) reckons alike. */
#ifndef KEDUN_KEEPER_PASSWORD_GUESS_H
#define KEDUN_KEEPER_PASSWORD_GUESS_H

#include "base/slice.h"

#define PASSWORD_UNITS_LEAST 7 /* below: guessable */
#define PASSWORD_WORDS_MAX   80

/* Words besides the built-in ones; two characters at least are looked at. Borrowed. */
struct password_words {
    struct slice word[PASSWORD_WORDS_MAX];
    size_t count;
};

/* A character that nothing explains counts one, an explained piece one. */
unsigned password_units(struct slice password, const struct password_words *words);
/* Fewer than PASSWORD_UNITS_LEAST, or fewer than five different characters. */
bool password_guessable(struct slice password, const struct password_words *words);

#endif
