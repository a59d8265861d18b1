/* Of a change of posts, before it is saved: the departments that somebody leaves by it, how many records of
 * each are his, and who will find the task to hand them on. */
#ifndef KEDUN_API_POST_LEFT_H
#define KEDUN_API_POST_LEFT_H

#include "base/json.h"
#include "people/directory.h"
#include "record/caller.h"

struct post_left {
    const struct caller *c;
    const struct directory *old, *fresh; /* the organisation as it is and as it would be */
    uint32_t user;
};

/* Writes the member "leaves" (docs/api.md). */
MUST_CHECK enum status post_left_write(const struct post_left *x, struct json *j, struct error *e);

#endif
