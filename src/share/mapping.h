/* Which column of the file goes into which field, and from cells to what record/draft.h reads.
 *
 * JSON:
 * {"mapping":[{"column":0,"field":"name"},…],"owner":"me"|7,"header":true,"encoding":"auto","delimiter":"auto"};
 * the field "owner" takes a login, a user's number or a name that only one person has, row by row. */
#ifndef KEDUN_SHARE_MAPPING_H
#define KEDUN_SHARE_MAPPING_H

#include "record/record.h"
#include "share/csv.h"
#include "share/decode.h"

#define MAPPING_FIELDS_MAX OBJECT_FIELDS_MAX
#define MAPPING_NO_COLUMN  0xffff

struct mapping {
    const struct object_def *object;
    const struct field_def *fields[MAPPING_FIELDS_MAX];
    uint16_t columns[MAPPING_FIELDS_MAX];
    size_t count;
    uint16_t owner_column; /* or MAPPING_NO_COLUMN */
    uint32_t owner;        /* of rows whose owner cell is empty */
    bool header;
    uint8_t encoding, delimiter;
};

/* The object must be one that the caller may import (ST_DENIED); fields must be his to know of. ST_INVALID
 * "bad_mapping", "unknown_field", "read_only". `out->header` and the rest keep what they hold when the JSON
 * does not say. */
MUST_CHECK enum status mapping_read(struct caller *c, const struct object_def *object, const json_t *plan,
                                    struct mapping *out, struct error *e);

/* Only header, encoding and delimiter of it. */
MUST_CHECK enum status mapping_read_options(const json_t *plan, struct mapping *out, struct error *e);

/* The cell as external text of field k: choices by label become keys, people by login or name become numbers.
 * SLICE_NONE when there is nothing in it; what can't be translated is handed on as it is, to be refused. */
struct slice mapping_cell(struct caller *c, const struct mapping *m, size_t k, struct slice cell);

/* Who a cell names; 0: nobody, or more than one. */
uint32_t mapping_person(const struct directory *d, struct slice cell);

/* The field that a header most likely means: its name or one of its labels, else the only one that is like
 * it; NULL. */
const struct field_def *mapping_suggest(struct caller *c, const struct object_def *object,
                                        struct slice header);

#endif
