/* Making records: one from the API, up to a thousand from an import, by the same steps. */
#ifndef KEDUN_RECORD_CREATE_H
#define KEDUN_RECORD_CREATE_H

#include "record/draft.h"
#include "store/store.h"

/* What was written of a single record; the arena's. */
struct created {
    const struct write_op *row; /* NULL: nothing */
    struct slice wrapped_key;   /* its subject's */
};

struct create_options {
    uint8_t audit_act;    /* AUDIT_CREATE or AUDIT_IMPORT */
    uint64_t job;         /* marks the rows; 0: none */
    struct created *made; /* NULL, or filled when there is one draft */
};

/* Drafts are complete, permitted and validated; ids set. refused[i].status tells what became of each (ST_OK:
 * written). Drafts whose refused[i] is not ST_OK at the call are left out. One intent for all. */
MUST_CHECK enum status create_rows(struct caller *c, struct draft *const *drafts, size_t count,
                                   const struct create_options *how, struct error *refused, struct error *e);

#endif
