/* A record's attributes as columns: which policies may see, and how cells and Cedar's values answer each
 * other. */
#ifndef KEDUN_POLICY_COLUMN_H
#define KEDUN_POLICY_COLUMN_H

#include "policy/model.h"

enum column_kind {
    COLUMN_LONG, /* numbers in their stored units: money in cents, dates in days, times in ms */
    COLUMN_BOOL,
    COLUMN_TEXT,
    COLUMN_SET,    /* multi_choice and tag: a set of strings */
    COLUMN_NUMBER, /* an entity by number: users, departments */
    COLUMN_UUID    /* an entity by UUID: references */
};

struct column {
    const struct field_def *field;
    enum column_kind kind;
    struct slice type; /* of the entities */
};

enum column_found { COLUMN_FOUND, COLUMN_MISSING, COLUMN_SEALED, COLUMN_NO_MEMORY };

enum column_found model_column(const struct model *m, struct slice name, struct column *out);

/* The value in a cell; ATTRIBUTE_ABSENT for null. */
enum attribute_found column_value(const struct column *c, const struct cell *cell, struct arena *a,
                                  struct cedar_value *out);
/* The cell that holds `value`, where the column can hold it (COLUMN_SET cannot). Bytes lie in `a`. */
bool column_cell(const struct column *c, const struct cedar_value *value, struct arena *a, struct cell *out);

#endif
