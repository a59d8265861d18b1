/* Values in place after their field's class was raised: in rows and in their histories, what stood in clear
 * is sealed, what was sealed under a lower class is sealed under the new one. Versions do not change: nobody
 * changed a value. And their search terms, after a kind of search was added. */
#ifndef KEDUN_RECORD_RESEAL_H
#define KEDUN_RECORD_RESEAL_H

#include "record/caller.h"

/* Called after each slice; anything but ST_OK ends the pass with it. */
struct reseal_watch {
    enum status (*rows_done)(void *context, size_t rows, struct error *e);
    void *context;
};

enum reseal_what {
    RESEAL_ALL,   /* values in rows and histories, with their terms */
    RESEAL_CLEAR, /* the same, but only what still stands in clear */
    RESEAL_TERMS  /* terms of the rows' values, sealed or not: a kind of search was added */
};

/* `f` is the field as it shall be; the keeper's catalogue must have its new class and searches already. All
 * rows, deleted ones too; a row that somebody changes meanwhile is taken again. Interrupted, it can begin
 * anew: what is sealed is sealed again. Only RESEAL_TERMS takes a field whose class is not sealed. */
MUST_CHECK enum status reseal_field(struct caller *c, const struct object_def *o, const struct field_def *f,
                                    enum reseal_what what, const struct reseal_watch *watch, struct error *e);

#endif
