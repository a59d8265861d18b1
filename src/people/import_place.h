/* Departments of a list (for people/import.c): found by path or number in the tree and among those that the
 * list makes. */
#ifndef KEDUN_PEOPLE_IMPORT_PLACE_H
#define KEDUN_PEOPLE_IMPORT_PLACE_H

#include "record/world.h"

#define IMPORT_PATH_PARTS 16

struct import_place {
    uint32_t id, parent, branch; /* branch: its own id, or that of the branch above */
    const char *name;
};

struct import_places {
    const struct directory *d;
    struct arena *arena;
    struct import_place *made; /* in the order of their ids */
    size_t made_count, room;
    size_t most; /* that may be made; `room` unless the caller says less */
    uint32_t next;
};

MUST_CHECK enum status import_places_init(struct import_places *p, const struct directory *d, size_t rows,
                                          struct arena *arena);
/* NULL, or why not: "unknown_department", "department_closed". */
const char *import_place_find(struct import_places *p, struct slice path, uint32_t *id);
/* The same, but what is missing of the path is made; the last part a branch if asked. "too_many_rows",
 * "too_many_departments". */
const char *import_place_make(struct import_places *p, struct slice path, bool branch, uint32_t *id);

#endif
