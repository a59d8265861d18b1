/* Questions to an organisation's tree. Departments that it does not hold have no parents. */
#ifndef KEDUN_POLICY_ORGANISE_H
#define KEDUN_POLICY_ORGANISE_H

#include "policy/policy.h"

/* NULL when there is none. */
const struct department *organisation_find(const struct organisation *o, uint32_t id);

/* `id` is `ancestor` or below it. */
bool organisation_below(const struct organisation *o, uint32_t id, uint32_t ancestor);

/* A branch with no branch inside, and no department moved in or out since its records were made: then the
 * records' branch column says who belongs to it. */
bool organisation_is_plain_branch(const struct organisation *o, uint32_t id);

/* `id` and all above it, from below; at most `room`. */
#define ORGANISATION_DEPTH_MAX 32
size_t organisation_chain(const struct organisation *o, uint32_t id, uint32_t *out, size_t room);

/* What a department or a branch column of a record means today: the department that it was merged into, and
 * that one's branch. */
uint32_t organisation_home(const struct organisation *o, uint32_t department);
uint32_t organisation_branch(const struct organisation *o, uint32_t department);

/* The predicate, rewritten so that what it asks of a record's department and branch is asked of the tree as
 * it is now: an index over the records' departments answers instead of the branch column where that is out of
 * date. The same predicate while nothing was moved. NULL when memory is out, or for NULL. */
const struct pred *organisation_resolve(const struct organisation *o, struct arena *a, const struct pred *p);

/* The number that an entity's id spells, in its one canonical form ("7", never "07"); false otherwise. */
bool organisation_number(struct slice id, uint32_t *out);

#endif
