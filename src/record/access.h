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
                                           transfer, resolve; as if somebody had approved them */
    bool may_create, may_import;        /* for some record at least; decided anew on the record itself */
    const struct field_view *fields;    /* in the order of object->fields */
    uint8_t *best;                      /* per field: the best view on any record (enum view) */
    uint16_t *alike;     /* per field: the first whose views are the same (policy_views_alike) */
    uint8_t *everywhere; /* per field: the view that holds on all rows in scope */
    bool visible;        /* may list, view or create anything at all; else the object is unknown to him */
    bool marked;         /* something of it is shown to him only under a watermark (policy/obligation.h) */
};

/* What he could once he gives a reason, or shows his second factor anew; bits. Of acts
 * that change records and of writing fields; never of looking. */
enum suppose {
    SUPPOSE_REASON = 1,
    SUPPOSE_FACTOR = 2,
    SUPPOSE_ALL = 3,
    SUPPOSE_AGE = 8, /* from this bit on: how old the factor is then, seconds */
    /* What there is unless said: */
    SUPPOSE_UNAPPROVED = 4,
    SUPPOSE_UNMARKED = 16
};
MUST_CHECK enum status access_suppose(struct caller *c, const struct object_def *o, unsigned supposed,
                                      const struct access **out, struct error *e);
/* What he may without an approval, or without a watermark; where no policy speaks of it, what he may. */
MUST_CHECK enum status access_without(struct caller *c, const struct object_def *o, enum suppose what,
                                      const struct access **out, struct error *e);
static inline void access_withhold(unsigned supposed, struct policy_context *context) {
    context->without_approval = (supposed & SUPPOSE_UNAPPROVED) != 0;
    context->without_watermark = (supposed & SUPPOSE_UNMARKED) != 0;
}
/* A reason came with the request, or with the one that began the job. */
static inline bool access_has_reason(const struct caller *c) {
    return c->call.reason.n > 0 || c->who.has_reason;
}

/* A record as predicates look at it. */
struct access_row {
    pred_lookup lookup;
    const void *row;
};
/* Why an act that policy does not let him do on all of these rows (none: on the object) is refused: what is
 * missing, where that is all (keeper/need.h); else ST_DENIED with `code`. `field`: writing that field of the
 * object; SIZE_MAX: the act itself. */
MUST_CHECK enum status access_refuse(struct caller *c, const struct object_def *o, enum act act, size_t field,
                                     const struct access_row *rows, size_t row_count, const char *code,
                                     struct error *e);

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

/* What he may do on some record at least, once he gives what is asked for, by the policy's names; returns how
 * many. */
#define ACCESS_ACTS 11
size_t access_act_names(struct caller *c, const struct access *a, const char *names[ACCESS_ACTS]);

#endif
