/* One change of a record as it is kept: the row's scope, versions and seal before and after, and both values
 * of every field that changed, sealed ones still sealed. With its old versions and seal a former value can be
 * opened by the keeper exactly as a present one, and by nobody else. */
#ifndef KEDUN_RECORD_HISTORY_H
#define KEDUN_RECORD_HISTORY_H

#include "record/seal.h"

struct history_state {
    uint32_t owner, department, branch;
    struct slice versions, seal;
};

struct history_field {
    uint16_t field;
    struct cell before, after;
};

struct history_body {
    bool has_before;
    struct history_state before, after;
    struct history_field *fields;
    size_t field_count;
};

/* Encodes into the caller's arena. A new record's history holds no values: they are the first change's
 * "before". */
MUST_CHECK enum status history_write(struct caller *c, const struct sealing *s, struct slice *out,
                                     struct error *e);

/* The same from a body that was read and changed (values sealed anew). */
MUST_CHECK enum status history_rewrite(struct arena *a, const struct history_body *body, struct slice *out);

/* ST_CORRUPT on bytes that history_write did not make. Slices borrow `body`. */
MUST_CHECK enum status history_read(struct slice body, struct arena *a, struct history_body *out);

#endif
