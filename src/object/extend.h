/* Changing definitions at run time: a new set from an old one and one change in JSON.
 *
 * A change is one of
 *   {"add_object": {<definition as in objects/schema.json; id may be absent>}}
 *   {"object": "customer", "add_field": {<field; id may be absent>}}
 *   {"object": "customer", "change_field": "mobile", "set": {"label": …, "help": …, "choices": […],
 * "required": …, "required_when": …, "class": …, "search": […], "unique": …, "default": …, "pattern": …,
 * "checks": […], "length_min": …, "length_max": …, "minimum": …, "maximum": …, "mask": …, "read_only": …,
 * "locked": …, "retired": …, "name": …}}
 *   {"object": "customer", "set": {"label": …, "label_plural": …, "icon": …, "title_fields": […],
 * "list_fields": […], "default_sort": …, "timeline": …}} null in "set" takes the key away. In "choices" a key
 * that is left out is kept and retired, so that old rows stay readable. A field without id gets the next one
 * from OBJECT_RUNTIME_ID up; ids are never used twice, since nothing is ever removed.
 *
 * What would make stored data unreadable or less guarded is refused with "definition_change_refused"
 * (object/diff.h). */
#ifndef KEDUN_OBJECT_EXTEND_H
#define KEDUN_OBJECT_EXTEND_H

#include "object/set.h"

/* `applied` (may be NULL) receives the change with every id in it: kept and replayed in order on the shipped
 * definitions, it gives the same ids again. version is the old one + 1. The old set is untouched. */
MUST_CHECK enum status object_set_extend(const struct object_set *set, struct slice change,
                                         struct object_set **out, struct buf *applied, struct error *e);

#endif
