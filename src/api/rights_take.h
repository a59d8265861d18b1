/* Taking one right away, by the path that there is for it: the person's document, the end of a grant, the end
 * of an API key. The keeper judges each as if it had been asked alone. What takes two becomes a proposal. */
#ifndef KEDUN_API_RIGHTS_TAKE_H
#define KEDUN_API_RIGHTS_TAKE_H

#include "record/caller.h"

/* As lists and reviews name a right (people/holdings.h), and "key". */
struct right {
    uint32_t user;
    struct slice kind, name; /* of the role or duty; of a key unused */
    uint32_t ref;            /* the post or grant */
    struct uuid key;
    struct slice instead; /* of a role: another one in its place; n == 0: none */
};

enum take_outcome { TAKE_DONE, TAKE_PROPOSED };

/* The directory must be the newest; it is afterwards too. `reason`: 2 to 500 bytes of text. *proposal: its
 * number where it takes two. ST_NOT_FOUND "right_gone": he does not hold it (any more). */
MUST_CHECK enum status rights_take(struct caller *c, const struct right *right, struct slice reason,
                                   enum take_outcome *outcome, uint64_t *proposal, struct error *e);

#endif
