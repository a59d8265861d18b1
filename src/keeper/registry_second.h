/* What of a person's document one administrator may not change by himself, for it opens records, or the say
 * over others' access, to somebody: a lead of a department, by a post or by the list `manages`, that was not
 * his, or not that long; a later end of a post that has roles; a partner who becomes staff and so is without
 * sponsor, end and training. For the registry, and for lists that say beforehand what they would be refused.
 */
#ifndef KEDUN_KEEPER_REGISTRY_SECOND_H
#define KEDUN_KEEPER_REGISTRY_SECOND_H

#include <jansson.h>
#include <stdbool.h>

/* Whole documents. `before` NULL: a new account. */
bool second_opens_more(const json_t *before, const json_t *after);

#endif
