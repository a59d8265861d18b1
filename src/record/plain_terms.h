/* Search terms on this side of the keeper: of unsealed fields, under a plain hash (what is stored in clear
 * needs no secret index), and predicates for both kinds. */
#ifndef KEDUN_RECORD_PLAIN_TERMS_H
#define KEDUN_RECORD_PLAIN_TERMS_H

#include "record/caller.h"

/* Appends the terms of an unsealed value under all of the field's search kinds; ST_LIMIT when `room` is too
 * small. */
MUST_CHECK enum status plain_terms_of_value(struct arena *a, const struct field_def *f, struct slice text,
                                            bool remove, struct term_change *out, size_t room, size_t *count);

/* Finds `text` in an unsealed, indexed field: OR over the readings of AND over their terms. */
MUST_CHECK enum status plain_terms_pred(struct caller *c, const struct field_def *f, enum field_search search,
                                        struct slice text, const struct pred **out, struct error *e);

/* The same for a sealed field through the keeper, charged to the caller's look-ups. `view`: his view of the
 * field. */
MUST_CHECK enum status sealed_terms_pred(struct caller *c, const struct object_def *o,
                                         const struct field_def *f, enum field_search search, enum view view,
                                         struct slice text, const struct pred **out, struct error *e);

#endif
