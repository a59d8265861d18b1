/* Where somebody stands, and where he stood until lately: from his document, by the posts that held then and
 * the states that the keeper kept (keeper/registry_past.h). Departments are named as they are now, after
 * merges. */
#ifndef KEDUN_PEOPLE_STOOD_H
#define KEDUN_PEOPLE_STOOD_H

#include "people/posts.h"
#include "record/world.h"

#define STOOD_MOST 24 /* more than that are not told */

struct stood {
    uint32_t department;
    int64_t until; /* ms */
};

/* The departments of all posts that hold at `now`, each once. */
size_t stood_at(const struct organisation *o, const json_t *document, int64_t now,
                uint32_t out[STANDING_LEADERS]);
/* Those in which he stood at some moment since `since` and stands no more; each once, with when he left it.
 */
size_t stood_before(const struct organisation *o, const json_t *document, int64_t since, int64_t now,
                    struct stood out[STOOD_MOST]);

#endif
