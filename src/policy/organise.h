/* Questions to an organisation's tree. Departments that it does not hold have no parents. */
#ifndef KEDUN_POLICY_ORGANISE_H
#define KEDUN_POLICY_ORGANISE_H

#include "policy/policy.h"

/* NULL when there is none. */
const struct department *organisation_find(const struct organisation *o, uint32_t id);

/* `id` is `ancestor` or below it. */
bool organisation_below(const struct organisation *o, uint32_t id, uint32_t ancestor);

/* A branch with no branch inside: then the records' branch column says who belongs to it. */
bool organisation_is_plain_branch(const struct organisation *o, uint32_t id);

/* `id` and all above it, from below; at most `room`. */
#define ORGANISATION_DEPTH_MAX 32
size_t organisation_chain(const struct organisation *o, uint32_t id, uint32_t *out, size_t room);

/* The number that an entity's id spells, in its one canonical form ("7", never "07"); false otherwise. */
bool organisation_number(struct slice id, uint32_t *out);

#endif
