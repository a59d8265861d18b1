/* Sealing rows (for keeper/ only): seal.c checks and records, seal_row.c seals, seal_terms.c indexes. */
#ifndef KEDUN_KEEPER_SEAL_H
#define KEDUN_KEEPER_SEAL_H

#include "keeper/state.h"
#include "value/versions.h"

struct seal_work {
    struct worker *w;
    const struct seal_args *q;
    struct keeper_sealed *out;
    char tag[AUDIT_TAG_MAX];                          /* of a high-risk act; "" */
    struct catalogue_field fields[KEEPER_FIELDS_MAX]; /* of this object, as met */
    size_t field_count;
    size_t next_value; /* index of the row's first value in the answer */
    size_t term_room;
    struct arena small; /* secret; of one value */
    struct buf plain;   /* secret; an old value opened */
    struct buf versions;
    /* which fields each row writes, for the entry: row_count × KEEPER_FIELDS_MAX bits by place in `written`
     */
    uint16_t written[AUDIT_FIELDS_MAX];
    size_t written_count;
    uint32_t *row_fields; /* (row << 16 | place in written), in order of rows */
    size_t row_field_count, row_field_room;
};

/* A field of the request's object; ST_DENIED "unknown_field". */
MUST_CHECK enum status seal_field(struct seal_work *s, uint16_t field, struct catalogue_field *out,
                                  struct error *e);

/* One row: verifies the old one, seals values, counts versions, seals the row, collects terms. */
MUST_CHECK enum status seal_row(struct seal_work *s, size_t row, struct error *e);

/* The same value under the field's class as it now is: from the clear text that stood in the database
 * (values[0].fresh) or from a sealed one of a lower class. Version, row seal and associated data stay; terms
 * are made for a value that was clear. */
MUST_CHECK enum status seal_again(struct seal_work *s, size_t row, struct error *e);

/* Terms that `fresh` has and `old` has not are added, and the other way round; either may be null. */
MUST_CHECK enum status seal_terms(struct seal_work *s, size_t row, const struct catalogue_field *f,
                                  struct slice old, struct slice fresh);

#endif
