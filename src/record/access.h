/* What one caller may do with one object: the policies' answer, computed once and kept.
 *
 * An access depends on the actor, the world's epoch and what of the context policies mention; it is cached in
 * the world under that key, so that a page costs a look-up and not an evaluation. */
#ifndef KEDUN_RECORD_ACCESS_H
#define KEDUN_RECORD_ACCESS_H

#include "record/caller.h"

struct access {
    const struct object_def *object;
    const struct pred *acts[ACT_COUNT]; /* row filters: list, view, update, delete, restore, export, reveal,
                                           transfer, resolve */
    bool may_create, may_import;        /* for some record at least; decided anew on the record itself */
    const struct field_view *fields;    /* in the order of object->fields */
    uint8_t *best;                      /* per field: the best view on any record (enum view) */
    uint16_t *alike;     /* per field: the first whose views are the same (policy_views_alike) */
    uint8_t *everywhere; /* per field: the view that holds on all rows in scope */
    bool visible;        /* may list, view or create anything at all; else the object is unknown to him */
};

/* Borrowed until caller_finish. */
MUST_CHECK enum status access_get(struct caller *c, const struct object_def *o, const struct access **out,
                                  struct error *e);

/* The object by name if the caller may know of it; else ST_NOT_FOUND "unknown_object". */
MUST_CHECK enum status access_object(struct caller *c, struct slice name, const struct access **out,
                                     struct error *e);

/* The field if the caller may know of it (best view above hidden, or may write it); NULL otherwise. */
const struct field_def *access_field(const struct access *a, struct slice name, size_t *index);

/* Clear on every row in scope and not sealed: what filters, sorts and groups may rest on. */
bool access_may_filter(const struct access *a, size_t field_index);

/* What he may do on some record at least, by the policy's names; returns how many. */
#define ACCESS_ACTS 11
size_t access_act_names(const struct access *a, const char *names[ACCESS_ACTS]);

#endif
