/* The types of Cedar's validator.
 *
 * A type is immutable and lives in an arena. Bool has two singleton types below it (an expression that is
 * always true, always false). An entity type is a set of names: one, or in permissive mode the union that a
 * least upper bound makes; none stands for any entity. A record may be open (made only by bounds in
 * permissive mode): it may hold attributes that are not listed.
 * Source: docs.cedarpolicy.com, "Policy validation", and the formal model of the Cedar project. */
#ifndef KEDUN_POLICY_TYPE_H
#define KEDUN_POLICY_TYPE_H

#include "policy/value.h"

enum type_kind {
    TYPE_NEVER, /* below every type: of the elements of [] */
    TYPE_BOOL,
    TYPE_TRUE,
    TYPE_FALSE,
    TYPE_LONG,
    TYPE_STRING,
    TYPE_SET,
    TYPE_RECORD,
    TYPE_ENTITY,
    TYPE_EXTENSION
};

struct type_attribute;

struct cedar_type {
    enum type_kind kind;
    enum cedar_kind extension;        /* TYPE_EXTENSION: CEDAR_DECIMAL … */
    const struct cedar_type *element; /* TYPE_SET; NULL: of anything */
    const struct type_attribute *attributes;
    const struct slice *entities; /* TYPE_ENTITY, sorted */
    size_t count;                 /* of attributes (sorted by name) or entities */
    bool open;
};

struct type_attribute {
    struct slice name;
    const struct cedar_type *type;
    bool required;
};

extern const struct cedar_type type_never, type_bool, type_true, type_false, type_long, type_string,
    type_any_set, type_any_record, type_any_entity;

/* The one type of an extension. */
const struct cedar_type *type_extension(enum cedar_kind kind);
/* NULL: no memory, here and below. `name` is borrowed. */
const struct cedar_type *type_entity(struct arena *a, struct slice name);
const struct cedar_type *type_set(struct arena *a, const struct cedar_type *element);
/* Sorts `attributes` in place and borrows them. */
const struct cedar_type *type_record(struct arena *a, struct type_attribute *attributes, size_t count);

/* NULL when the record has none of that name. */
const struct type_attribute *type_attribute(const struct cedar_type *record, struct slice name);

bool type_is_bool(const struct cedar_type *t);
bool type_equal(const struct cedar_type *a, const struct cedar_type *b);

/* `strict`: records with the same names only, the same entity type only. */
bool type_is_below(const struct cedar_type *a, const struct cedar_type *b, bool strict);

enum bounded { BOUNDED, UNBOUNDED, BOUND_NO_MEMORY };
/* The least type above both. */
enum bounded type_bound(struct arena *a, const struct cedar_type *x, const struct cedar_type *y, bool strict,
                        const struct cedar_type **out);

/* Entity types with no name in common. */
bool type_disjoint(const struct cedar_type *a, const struct cedar_type *b);

/* Is the value one of the type? */
bool type_holds(const struct cedar_type *t, const struct cedar_value *v);

/* "Set<Long>" …, for messages; cut off after `room`. */
void type_print(const struct cedar_type *t, char *out, size_t room);

#endif
