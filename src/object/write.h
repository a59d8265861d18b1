/* Definitions as JSON: the text that is read, and what the metadata API serves. */
#ifndef KEDUN_OBJECT_WRITE_H
#define KEDUN_OBJECT_WRITE_H

#include "object/object.h"

/* The definition in the form of objects/schema.json: what is read again gives an equal object. */
void object_write_definition(struct json *j, const struct object_set *set, const struct object_def *o);
void object_write_field(struct json *j, const struct object_set *set, const struct object_def *o,
                        const struct field_def *f);

/* What a caller may know of a field. */
struct field_sight {
    enum view view; /* his best view on any record */
    bool writable;
    unsigned matchable; /* bits of enum field_search: look-ups he may make */
    bool filterable, sortable;
};

/* Who asks. `field` fills *out and returns true, or returns false for a field that he may not know of; it is
 * also asked about fields that another one hangs on (title, list, sort, required_when). `object` tells
 * whether he may know of a reference's target. Internal fields and the id are never asked about nor written.
 */
struct metadata_viewer {
    bool (*field)(void *context, const struct object_def *o, const struct field_def *f,
                  struct field_sight *out);
    bool (*object)(void *context, const struct object_def *o);
    void *context;
    const char *const *acts; /* of this object, for "acts" */
    size_t act_count;
};

/* One object as in docs/api.md ("Metadata"), labels in both languages. What the viewer may not know of leaves
 * no trace: not in lists, title, sort, conditions or references. */
void object_write_metadata(struct json *j, const struct object_set *set, const struct object_def *o,
                           const struct metadata_viewer *viewer);

#endif
