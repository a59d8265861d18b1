/* What somebody's rights were before, kept with his document by the keeper itself (for registry*.c only).
 *
 * "past": [{"until": ms, and of "roles", "post_roles", "duties", "department", "manages", "posts" what stood
 * till then}, …], oldest first; "made_at": ms, when somebody made the account. Nobody else writes these keys:
 * what a writer says of them counts for nothing. An account that was made has an entry of its own making,
 * with "made": true and no right. PAST_MOST entries at most, none that ended more than PAST_DAYS ago but the
 * newest of those, and PAST_BYTES: a document that is full could not be changed any more, so that no right
 * could be taken away. When there are too many the one goes that stood the shortest, so that many changes in
 * a row don't wash away what stood for long. */
#ifndef KEDUN_KEEPER_REGISTRY_PAST_H
#define KEDUN_KEEPER_REGISTRY_PAST_H

#include "base/status.h"

#include <jansson.h>
#include <stdbool.h>

#define PAST_MOST  12
#define PAST_DAYS  400
#define PAST_BYTES ((size_t)24 << 10)

bool past_is_key(const char *key);

/* Puts into `document` what `before` (NULL: there was nobody) had, if a right differs. */
MUST_CHECK enum status past_keep(json_t *document, const json_t *before, int64_t now_ms);

#endif
