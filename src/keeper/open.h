/* Opening pages of rows (for keeper/ only): open.c decides and records, open_values.c decrypts. */
#ifndef KEDUN_KEEPER_OPEN_H
#define KEDUN_KEEPER_OPEN_H

#include "keeper/state.h"

/* A field of the request with what the catalogue says of it. */
struct open_field {
    struct catalogue_field f; /* class internal for the system's own fields */
    bool sealed;
    uint8_t ceiling; /* the best view that the caller may have of it */
};

struct open_work {
    struct worker *w;
    const struct args *in;
    const struct keeper_open *q;
    struct open_field *fields;
    bool *dropped;
    uint8_t *what; /* of each row that is kept: budget_bit()s, 0 where nothing is opened */
    size_t kept;
    struct slice *values; /* row_count × field_count */
    /* The key at hand: rows of one subject in a row share it. */
    const struct keeper_row *subject_row;
    uint8_t subject_key[KEYRING_KEY];
    uint8_t class_key[KEYRING_KEY];
    int class_at;            /* class of class_key, -1: none */
    char tag[AUDIT_TAG_MAX]; /* of a high-risk reveal; "" */
    bool keyed;              /* the cipher has class_key's schedule */
};

static inline size_t open_cell(const struct open_work *o, size_t row, size_t field) {
    return row * o->q->field_count + field;
}

/* Is this cell decrypted at all? */
static inline bool open_is_opened(const struct open_work *o, size_t row, size_t field) {
    size_t cell = open_cell(o, row, field);
    return o->fields[field].sealed && o->q->views[cell] != VIEW_HIDDEN && o->q->sealed[cell].n > 0 &&
           o->q->rows[row].wrapped_key.n > 0;
}

/* Marks rows that fail the needles as dropped; opens nothing but the needles' fields, into wiped memory. */
MUST_CHECK enum status open_drop(struct open_work *o, struct error *e);
/* Opens and masks the cells of rows that are kept, into the worker's secret scratch. */
MUST_CHECK enum status open_values(struct open_work *o, struct error *e);
void open_wipe(struct open_work *o);

/* Makes subject_key that of the row's subject. ST_CORRUPT. */
MUST_CHECK enum status open_subject(struct open_work *o, const struct keeper_row *row);

#endif
