/* The type of an expression under one kind of request: an action with a type of principal and of resource.
 *
 * Singleton types let a part that cannot matter go unchecked (`false && …`). What a `has` or hasTag before it
 * makes sure of is kept as guards: an optional attribute or a tag may be read only under its guard.
 * Source: docs.cedarpolicy.com, "Policy validation", and the project's formal model. */
#ifndef KEDUN_POLICY_TYPECHECK_H
#define KEDUN_POLICY_TYPECHECK_H

#include "policy/schema.h"

/* "`of` has `attribute`", or (tag not NULL) "`of`.hasTag(`tag`)". A list is a set. */
struct guard {
    const struct expr *of, *tag;
    struct slice attribute;
    const struct guard *next;
};

struct typecheck {
    const struct schema *schema;
    bool strict;
    struct arena *arena;
    /* the kind of request */
    const struct schema_action *action;
    const struct cedar_type *principal, *resource;
    /* of the first thing that is wrong */
    const struct expr *at;
    char what[240];
};

enum checked { CHECKED, CHECK_FAILED, CHECK_NO_MEMORY };

struct typed {
    const struct cedar_type *type;
    const struct guard *guards; /* that hold when it is true */
};

enum checked typecheck_expr(struct typecheck *t, const struct expr *e, const struct guard *known,
                            struct typed *out);

/* The same, and it must be a bool. */
enum checked typecheck_bool(struct typecheck *t, const struct expr *e, const struct guard *known,
                            struct typed *out);

/* One more operand of && behind `left`, which is checked: for chains whose parts do not stand in one node. */
enum checked typecheck_and(struct typecheck *t, const struct expr *right, const struct guard *known,
                           struct typed *left);

/* ---- inner: shared by the files of the type checker ---- */

enum checked typecheck_fail(struct typecheck *t, const struct expr *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Checks and wants a type below `wanted`. */
enum checked typecheck_want(struct typecheck *t, const struct expr *e, const struct guard *known,
                            const struct cedar_type *wanted, struct typed *out);
enum checked typecheck_in(struct typecheck *t, const struct expr *e, const struct guard *known,
                          struct typed *out);
enum checked typecheck_call(struct typecheck *t, const struct expr *e, const struct guard *known,
                            struct typed *out);
enum checked typecheck_member(struct typecheck *t, const struct expr *e, const struct guard *known,
                              struct typed *out);
enum checked typecheck_tag(struct typecheck *t, const struct expr *e, const struct guard *known,
                           struct typed *out);

bool guard_holds(const struct guard *list, const struct expr *of, const struct expr *tag,
                 struct slice attribute);
/* NULL: no memory (and none were put in). */
enum checked guard_add(struct typecheck *t, const struct expr *of, const struct expr *tag,
                       struct slice attribute, const struct guard **list);

/* The literal entity that an expression is: written out, or the variable `action`. NULL: none. */
const struct cedar_entity *typecheck_entity(const struct typecheck *t, const struct expr *e);

/* The same expression, as written. */
bool expr_equal(const struct expr *a, const struct expr *b);

#endif
