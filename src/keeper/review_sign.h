/* Who signs a review off, and whether what was to go has gone (keeper/ only). */
#ifndef KEDUN_KEEPER_REVIEW_SIGN_H
#define KEDUN_KEEPER_REVIEW_SIGN_H

#include "keeper/review_make.h"

/* NULL when `user` may, else why not: "own_answers", "own_lines", "not_your_duty". First those security
 * administrators whose rights are not in it and who answered no line; where there is none, auditors of whom
 * the same is true; where all of both are in it (a review of duties), whoever of them neither opened it nor
 * answered a line. */
const char *review_refuses(const struct review *x, const struct held_rights *h, uint32_t user);

/* A role that the line was to take away is held once more by another right of the review's scope that is no
 * line of it: of a post, for a time, lent. `lines`: all of this person. */
bool review_given_again(const struct review *x, const struct held_rights *h, const json_t *lines,
                        const json_t *line);

#endif
