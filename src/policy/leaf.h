/* The leaves of a reduction: one comparison of an attribute, or of the record itself, with something known.
 */
#ifndef KEDUN_POLICY_LEAF_H
#define KEDUN_POLICY_LEAF_H

#include "policy/column.h"
#include "policy/reduce.h"

enum symbol_kind {
    SYMBOL_KNOWN,    /* value */
    SYMBOL_ANYTHING, /* while checking: known later */
    SYMBOL_COLUMN,   /* column */
    SYMBOL_RESOURCE, /* the record itself */
    SYMBOL_TRUTHS,   /* a condition over the record */
    SYMBOL_ERROR     /* errs on every record */
};

struct symbol {
    enum symbol_kind kind;
    struct cedar_value value;
    struct column column;
    struct truths truths;
};

static inline bool symbol_is_known(const struct symbol *s) {
    return s->kind == SYMBOL_KNOWN || s->kind == SYMBOL_ANYTHING;
}

/* Each takes the column or record on one side and the known on the other; `e` is for messages. */
struct truths leaf_equal(struct reduction *r, const struct expr *e, const struct symbol *x,
                         const struct symbol *known);
struct truths leaf_compare(struct reduction *r, enum expr_op op, const struct symbol *x,
                           const struct symbol *known);
/* x in known, known in x */
struct truths leaf_in(struct reduction *r, const struct expr *e, const struct symbol *x,
                      const struct symbol *known);
struct truths leaf_holds(struct reduction *r, const struct symbol *known, const struct symbol *x);
/* known.contains(x) */
struct truths leaf_among(struct reduction *r, const struct expr *e, const struct symbol *known,
                         const struct symbol *x);
/* x.contains(known), x.containsAll(known), x.containsAny(known), x.isEmpty() */
struct truths leaf_contains(struct reduction *r, enum expr_op op, const struct symbol *x,
                            const struct symbol *known);
struct truths leaf_is_empty(struct reduction *r, const struct symbol *x);
struct truths leaf_like(struct reduction *r, const struct expr *e, const struct symbol *x);
struct truths leaf_is(struct reduction *r, const struct expr *e, const struct symbol *x);

/* Something that depends on the record in a way that is not known yet: while checking. */
struct truths leaf_anything(struct reduction *r);

/* resource in `of`, for one entity. */
const struct pred *leaf_record_in(struct reduction *r, const struct cedar_entity *of);

#endif
