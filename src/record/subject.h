/* Whose key seals a new record's values: its own, or that of the customer (or other subject) its definition
 * leads to. The record referred to must be known to the caller. */
#ifndef KEDUN_RECORD_SUBJECT_H
#define KEDUN_RECORD_SUBJECT_H

#include "record/draft.h"

/* Fills subject, new_subject and wrapped_key of each draft (all of one object) with one query for all. A
 * draft whose target is missing gets an error in `refused[i]` (status not ST_OK) and stays without a subject.
 */
MUST_CHECK enum status subject_resolve(struct caller *c, struct draft *const *drafts, size_t count,
                                       struct error *refused, struct error *e);

#endif
