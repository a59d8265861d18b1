/* The keeper's catalogue entry of a field: class, type, mask and search kinds, which the keeper enforces
 * whatever the engine says. One writer for the first start and for fields added at run time. */
#ifndef KEDUN_RECORD_CATALOGUE_H
#define KEDUN_RECORD_CATALOGUE_H

#include "record/caller.h"

/* Object id and field id as the registry numbers them. */
static inline uint32_t catalogue_id(const struct object_def *o, const struct field_def *f) {
    return (uint32_t)o->id << 16 | f->id;
}

/* The document; appended to `out`. */
void catalogue_write(const struct object_def *o, const struct field_def *f, struct buf *out);

/* Puts one entry under the caller's token. */
MUST_CHECK enum status catalogue_put(struct caller *c, const struct object_def *o, const struct field_def *f,
                                     struct error *e);

/* Fills an empty registry's catalogue from a set of definitions, on the admin socket before bootstrap ends.
 */
MUST_CHECK enum status catalogue_bootstrap(struct keeper *k, const struct object_set *objects,
                                           struct error *e);

#endif
