/* Definitions on their way from JSON to a set: read (shape only), then linked (meaning). Internal to object/.
 */
#ifndef KEDUN_OBJECT_DRAFT_H
#define KEDUN_OBJECT_DRAFT_H

#include "object/set.h"

#include <jansson.h>

struct field_draft {
    struct field_def def; /* without what is below */
    const char *type, *class_name;
    const char *reference, *on_delete, *mask;
    const char *when_name;
    const char *minimum, *maximum; /* external text, or NULL */
    const char *const *checks;
    size_t check_count;
};

struct object_draft {
    const char *file;
    struct object_def def; /* without fields and what is below */
    struct field_draft *fields;
    size_t field_count;
    const char *subject, *parent, *sort;
    const char *const *title, *const *list;
    size_t title_count, list_count;
};

/* Fills `e` with "FILE: PATH: reason", ST_INVALID "definition_invalid". `path` may be "". */
enum status draft_fail(struct error *e, const char *file, const char *path, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Strings are copied into `a`. */
MUST_CHECK enum status object_read(struct arena *a, const char *file, const json_t *root,
                                   struct object_draft *out, struct error *e);
MUST_CHECK enum status object_parse_json(const char *file, struct slice text, json_t **out, struct error *e);

/* Resolves and checks everything; fills set->objects, count and maps. The set's arena is where all of it
 * lives. */
MUST_CHECK enum status object_link(struct object_draft *drafts, size_t count, struct object_set *set,
                                   struct error *e);

/* One field's own rules: type, class, search, limits, choices, checks, mask, pattern, default.
 * `about_subject`: the object's data are about a person or company. `path` is "fields[3]". */
MUST_CHECK enum status link_field(struct arena *a, const char *file, const char *path, struct field_draft *f,
                                  bool about_subject, struct error *e);

/* [a-z][a-z0-9_]*, at most OBJECT_NAME_MAX. */
bool draft_name_is_legal(const char *name);

/* May a column of this type be sorted by (when it is not sealed)? */
bool draft_type_sorts(enum value_type type);

/* The system's fields, by id; labels zh and en. */
const struct field_def *system_fields(size_t *count);

#endif
