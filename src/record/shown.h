/* Which fields an answer shows: names from the caller, the object's list, or all that he may see. */
#ifndef KEDUN_RECORD_SHOWN_H
#define KEDUN_RECORD_SHOWN_H

#include "record/access.h"

/* Indexes into object->fields, in the order asked for. `names` empty: all visible ones (`all`) or the list's.
 */
MUST_CHECK enum status shown_fields(struct caller *c, const struct access *a, struct slice names, bool all,
                                    const uint16_t **out, size_t *count, struct error *e);

/* The same list with one more field (by id) when it is not in it yet. */
MUST_CHECK enum status shown_with(struct caller *c, const struct access *a, uint16_t field,
                                  const uint16_t **shown, size_t *count, struct error *e);

/* The next name of a comma separated list. */
bool shown_next_name(struct slice *rest, struct slice *name);

#endif
