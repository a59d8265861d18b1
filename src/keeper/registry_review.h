/* Who holds which right now, and who heads whom: for reviews (keeper/review.h). */
#ifndef KEDUN_KEEPER_REGISTRY_REVIEW_H
#define KEDUN_KEEPER_REGISTRY_REVIEW_H

#include "keeper/registry.h"

enum right_kind {
    RIGHT_ROLE,
    RIGHT_POST_ROLE,
    RIGHT_GRANT,
    RIGHT_LOAN,
    RIGHT_DUTY,
    RIGHT_KEY,
    RIGHT_ACCESS, /* to fields, asked for in place */
    RIGHT_KINDS
};
/* "role", "post_role", "grant", "loan", "duty", "key", "access" */
const char *right_kind_name(enum right_kind kind);

struct held_right {
    uint32_t user;
    enum right_kind kind;
    char name[40];      /* of the role or duty; an access: of the object; "" for a key */
    uint32_t ref, from; /* the post or grant; who lends */
    int64_t until;      /* ms; 0: without end */
    uint32_t head;      /* whom he reports to by name, else who leads his department or the nearest one above,
                           and is not he; 0: nobody */
};

/* Of all whose accounts are live, by user; no keys. Memory: the arena. ST_NOMEM. */
MUST_CHECK enum status registry_rights(struct registry *r, int64_t now, struct arena *a,
                                       struct held_right **out, size_t *count);

#endif
