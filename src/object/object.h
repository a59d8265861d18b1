/* Definitions of objects: what a customer, an order, a ticket … is.
 *
 * A definition is data (objects/<name>.json, see objects/schema.json), read, linked and checked into an
 * immutable `struct object_set`. Ids are stable numbers that survive renames; names are what the API speaks.
 * A set is never changed in place: adding a field makes a new set, and requests in flight keep the one they
 * began with.
 *
 * Everything a set points to is owned by the set and lives until the last object_set_release. */
#ifndef KEDUN_OBJECT_OBJECT_H
#define KEDUN_OBJECT_OBJECT_H

#include "base/arena.h"
#include "base/json.h"
#include "base/map.h"
#include "base/status.h"
#include "value/check.h"
#include "value/class.h"
#include "value/mask.h"
#include "value/type.h"

#define OBJECT_NAME_MAX          40  /* bytes: [a-z][a-z0-9_]* */
#define OBJECT_FIELDS_MAX        250 /* fields of one object, system fields included */
#define OBJECTS_MAX              400
#define OBJECT_OWN_FIELDS_MAX    237 /* without the system fields */
#define OBJECT_CHOICES_MAX       300
#define OBJECT_CHECKS_MAX        4
#define OBJECT_SUBJECT_STEPS_MAX 4     /* references from an object to its subject */
#define OBJECT_RUNTIME_ID        10000 /* ids of fields and objects that are added at run time start here */

/* Field ids below 100 are the system's and mean the same in every object; a definition's own start at 100. */
enum system_field {
    FIELD_ID = 1,         /* the record's UUID */
    FIELD_OWNER = 2,      /* user id */
    FIELD_DEPARTMENT = 3, /* department id of the owner's post */
    FIELD_BRANCH = 4,     /* department id of the branch above it */
    FIELD_CREATED_AT = 5, /* ms */
    FIELD_UPDATED_AT = 6, /* ms; what a viewer sees is computed per view, never this column */
    FIELD_SUBJECT = 7,    /* UUID of the customer (or contact) under whose key the values are sealed */
    FIELD_DELETED_AT = 8, /* ms, null while alive */
    FIELD_REVISION = 9,   /* raw write counter of the row; internal, never shown */
    FIELD_VERSIONS = 10,  /* per-field counters (value/versions.h), internal */
    FIELD_SEAL = 11,      /* the keeper's seal over the row's scope and versions, internal */
    FIELD_JOB = 12,       /* the import that made the row, or null; internal */
    FIELD_ROW = 13,       /* the store's own row number; internal */
    FIELD_FIRST_OWN = 100
};

enum on_delete { ON_DELETE_RESTRICT, ON_DELETE_CLEAR, ON_DELETE_CASCADE };

struct label {
    const char *zh, *en;
};

struct choice {
    const char *key;
    struct label label;
    const char *color; /* a token name of the UI, or NULL */
    bool retired;      /* stays readable, may no longer be chosen */
};

struct field_def {
    uint16_t id;
    const char *name;
    struct label label, help;
    enum value_type type;
    enum field_class class;
    unsigned search; /* bits of enum field_search */
    bool required, unique, read_only, retired, locked;
    const struct value_check *const
        *checks; /* by name from value/check.h's table, on top of the type's own */
    size_t check_count;
    const char *pattern; /* regular expression that the whole value must match, or NULL */
    const struct object_pattern *pattern_code; /* the same compiled (object/pattern.h) */
    uint32_t length_min, length_max;           /* characters, text types; max 0: not a text type */
    int64_t minimum, maximum;                  /* numeric and date types, in stored units */
    bool has_minimum, has_maximum;
    const char *currency; /* money: ISO 4217 */
    const struct choice *choices;
    size_t choice_count;
    const struct slice *choice_keys; /* those that may still be chosen, as value_rules wants them */
    size_t choice_key_count;
    uint16_t when_field;       /* required when that choice or boolean holds when_value; or 0 */
    const char *when_value;    /* canonical external text */
    uint16_t reference_object; /* type reference: object id */
    enum on_delete on_delete;
    uint16_t mask;             /* value/mask.h id; 0: the type's own */
    const char *default_value; /* external text, or NULL */
    bool in_list, in_title;    /* a hint for lists; part of the record's title */
};

static inline bool field_is_sealed(const struct field_def *f) {
    return f->class >= CLASS_PERSONAL;
}

static inline bool field_is_system(const struct field_def *f) {
    return f->id < FIELD_FIRST_OWN;
}

/* The machinery's own columns: in `fields`, so that a store makes them, but never found by name or shown. */
static inline bool field_is_internal(const struct field_def *f) {
    return f->id >= FIELD_SUBJECT && f->id < FIELD_FIRST_OWN;
}

struct object_def {
    uint16_t id;
    const char *name;
    struct label label, label_plural;
    const char *icon;
    const struct field_def *fields; /* system fields first, then by position in the definition */
    size_t field_count;
    /* Whose key seals this object's values: 0 = the record is its own subject (customer), else the id of a
     * reference field that leads to the subject's object or to an object that has one. Such a field is
     * required, and a row keeps the subject it was made with. */
    uint16_t subject_field;
    bool is_subject;       /* the record stands for a person or company; false with subject_field 0 (product):
                              nobody's       data, no field of it is sealed */
    uint16_t parent_field; /* lines: the reference to the parent, whose policy they share; or 0 */
    const uint16_t *title_fields; /* the first that is not null and visible is the record's title */
    size_t title_field_count;
    const uint16_t *list_fields;
    size_t list_field_count;
    uint16_t default_sort_field;
    bool default_sort_descending;
    bool timeline;      /* shows on the 360 page of its subject */
    struct map by_name; /* name -> field, without internal ones */
};

struct object_set {
    const struct object_def *const *objects;
    size_t count;
    uint64_t version; /* grows by one with each accepted change */
    struct arena arena;
    struct map by_name;
    int references;
};

/* Objects are in ascending order of id. Lookups are pure; NULL when there is none. */
const struct object_def *object_find(const struct object_set *set, struct slice name);
const struct object_def *object_by_id(const struct object_set *set, uint16_t id);
/* NULL when there is none or it is internal; a retired field is found, so that old rows stay readable. */
const struct field_def *object_field(const struct object_def *o, struct slice name);
const struct field_def *object_field_by_id(const struct object_def *o, uint16_t id);

#endif
