/* What somebody is as of a moment, from the directory: own roles, roles given for a time (on request or as an
 * emergency), and what colleagues on leave have lent. For questions about others (why, the effect of
 * policies); of the one who asks the keeper says it (keeper/client.h, struct principal), by the same rules.
 */
#ifndef KEDUN_PEOPLE_RIGHTS_H
#define KEDUN_PEOPLE_RIGHTS_H

#include "people/directory.h"

struct rights {
    struct actor own;
    struct actor lent[PRINCIPAL_LENT_MAX]; /* the lenders, with the roles that they lent */
    size_t lent_count;
};

/* Texts are copied into `a`. ST_NOT_FOUND, ST_NOMEM. */
MUST_CHECK enum status rights_of(const struct directory *d, uint32_t user, int64_t now_ms, struct arena *a,
                                 struct rights *out);

/* Of the one who asks: what the keeper told of him, his own being `own`. */
void rights_of_principal(const struct directory *d, const struct principal *who, const struct actor *own,
                         struct rights *out);

#endif
