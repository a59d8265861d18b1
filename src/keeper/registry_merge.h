/* What becomes of a user's posts and of a department's document when keys are laid over them: for the
 * registry, and for previews of what it would do (registry_organise.c; its header says why). */
#ifndef KEDUN_KEEPER_REGISTRY_MERGE_H
#define KEDUN_KEEPER_REGISTRY_MERGE_H

#include "base/slice.h"
#include "base/status.h"

#include <jansson.h>

/* Gives new posts their numbers; a post that is gone, or is in another department now, takes its roles with
 * it. `old`: the document before, or NULL. */
MUST_CHECK enum status organise_posts(json_t *document, const json_t *old);

/* Lays the change over what stands (SLICE_NONE: nothing) and keeps "first". Takes *document over and replaces
 * it. */
MUST_CHECK enum status organise_department(struct slice old, json_t **document, struct error *e);

#endif
