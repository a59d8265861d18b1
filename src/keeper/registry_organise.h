/* Rules of posts and of the tree of departments (for registry_put.c only).
 *
 * A record carries the department and the branch that its department had when it was made, and is not written
 * again when the tree changes: what a department is now is resolved from the documents. So that the old
 * branch of a department can still be told, its document keeps "first": {"parent", "branch"} from its first
 * move on; nobody writes that key but this. A department that is merged into another stands below it for ever
 * (parent = merged_into), is no branch, and its records and people count as the other's. */
#ifndef KEDUN_KEEPER_REGISTRY_ORGANISE_H
#define KEDUN_KEEPER_REGISTRY_ORGANISE_H

#include "keeper/registry_merge.h"
#include "keeper/registry_posts.h"

/* Whether people see by it what they did not before: somebody new stands above, or the branch is another. */
bool organise_widens(const struct registry *r, const struct item *old, const struct parsed_department *fresh);

/* ST_CONFLICT "department_in_use" when one with people or open departments is closed, ST_INVALID for a merge
 * into nothing or into itself. */
MUST_CHECK enum status organise_check(const struct registry *r, const struct item *old,
                                      const struct parsed_department *fresh, struct error *e);

#endif
