/* What publishing would change: for each person whom a changed policy can concern, the row filters and field
 * views of both sets, and how many records lie in the one and not in the other. Counted in the store by the
 * filters themselves; no record is opened and none is named.
 *
 * What a condition on the record's own values (other than whose it is, where it stands, choices) would open
 * is named, but not counted: whoever writes conditions at will could ask for one record by its name.
 *
 * Both sets are looked at as on a workday morning with a fresh second factor, a reason, in the office; and
 * where either speaks of one of these, once more without it. */
#ifndef KEDUN_API_POLICY_PREVIEW_H
#define KEDUN_API_POLICY_PREVIEW_H

#include "base/json.h"
#include "policy/set.h"
#include "record/caller.h"

#define PREVIEW_FEW                                                                                          \
    5 /* fewer records than this are not told exactly: a count would be a look at one record */

/* A workday's morning to come, in ms: when previews look. */
int64_t policy_preview_morning(void);

/* Writes one JSON object (docs/api.md). */
MUST_CHECK enum status policy_preview(struct caller *c, const struct policy_set *old,
                                      const struct policy_set *fresh, struct json *out, struct error *e);

#endif
