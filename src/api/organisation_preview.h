/* What a change of a person's posts or of a department would change: rights gained and lost by role, and for
 * everybody the records that he would come to see or see no more. The row filters of the organisation as it
 * is and as it would be are made and the records counted that lie in the one and not in the other, as on a
 * workday morning in the office; no record is opened and none is named. */
#ifndef KEDUN_API_ORGANISATION_PREVIEW_H
#define KEDUN_API_ORGANISATION_PREVIEW_H

#include "base/json.h"
#include "people/directory.h"
#include "record/caller.h"

/* Writes one JSON object (docs/api.md). ST_NOT_FOUND for an unknown item. */
MUST_CHECK enum status organisation_preview(struct caller *c, const struct directory_change *change,
                                            struct json *out, struct error *e);

/* Of rights taken from several people at once ("role", "post_role" of api/rights_take.h as changes of their
 * documents): members "complete", "few", "lines" of an object that the caller has begun. */
MUST_CHECK enum status organisation_preview_people(struct caller *c, const struct directory_change *changes,
                                                   size_t count, struct json *out, struct error *e);

/* "records": the number, null for fewer than PREVIEW_FEW. */
void preview_few(struct json *j, uint64_t n);
/* "object" and its "label": administrators know of no object by themselves. */
void preview_object(struct json *j, const struct object_def *o);

#endif
