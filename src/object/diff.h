/* What changes between two sets: the migration plan that an administrator reads before he commits. */
#ifndef KEDUN_OBJECT_DIFF_H
#define KEDUN_OBJECT_DIFF_H

#include "object/object.h"

enum object_change_kind {
    CHANGE_OBJECT_ADDED,
    CHANGE_OBJECT_REMOVED, /* refused */
    CHANGE_OBJECT_ID,      /* refused: a known name with another id */
    CHANGE_OBJECT_RENAMED,
    CHANGE_OBJECT_LABEL,
    CHANGE_OBJECT_LAYOUT,  /* title, list, sort, icon, timeline */
    CHANGE_OBJECT_SUBJECT, /* refused: whose key seals the values */
    CHANGE_OBJECT_PARENT,  /* refused */
    CHANGE_FIELD_ADDED,
    CHANGE_FIELD_REMOVED, /* refused: retire it */
    CHANGE_FIELD_ID,      /* refused: a known name with another id */
    CHANGE_FIELD_RENAMED,
    CHANGE_FIELD_LABEL, /* label or help */
    CHANGE_FIELD_TYPE,  /* refused; currency too */
    CHANGE_FIELD_CLASS_RAISED,
    CHANGE_FIELD_CLASS_LOWERED, /* refused */
    CHANGE_FIELD_SEARCH,
    CHANGE_FIELD_UNIQUE,
    CHANGE_FIELD_REQUIRED, /* required or required_when */
    CHANGE_FIELD_RULES,    /* pattern, checks, length, minimum, maximum, default, read_only, locked */
    CHANGE_FIELD_MASK,
    CHANGE_FIELD_REFERENCE,      /* refused: another target; on_delete may change and counts as rules */
    CHANGE_FIELD_CHOICES,        /* added, renamed, retired */
    CHANGE_FIELD_CHOICE_REMOVED, /* refused: retire it */
    CHANGE_FIELD_RETIRED,
    CHANGE_FIELD_REVIVED,
    CHANGE_KIND_END
};

/* What happens to the data in place. */
enum object_change_effect {
    EFFECT_NONE,
    EFFECT_TABLE,  /* a new table */
    EFFECT_COLUMN, /* a new column */
    EFFECT_SEAL,   /* every value is sealed anew, under the higher class */
    EFFECT_INDEX,  /* look-up terms are made or dropped */
    EFFECT_CHECK   /* values in place may break the new rule; they stay, and are shown as findings */
};

struct object_change {
    enum object_change_kind kind;
    enum object_change_effect effect;
    bool refused;
    uint16_t object, field;  /* ids; field 0: the object as such */
    const char *object_name; /* of the new set, or of the old one where removed; borrowed from the sets */
    const char *field_name;  /* or NULL */
    const char *from, *to;   /* short words such as a class, or NULL; borrowed */
};

struct object_diff {
    struct object_change *changes; /* by object; in the caller's arena */
    size_t count, refused;
};

MUST_CHECK enum status object_diff(const struct object_set *from, const struct object_set *to,
                                   struct arena *arena, struct object_diff *out);

/* {"changes":[{"kind":"field_class_raised","effect":"seal","refused":false,"object":"customer","field":"name",
 *   "from":"internal","to":"personal"}…],"refused":0} */
void object_diff_write(struct json *j, const struct object_diff *diff);
/* The same without the braces. */
void object_diff_write_members(struct json *j, const struct object_diff *diff);

/* "field_class_raised" …; static. */
const char *object_change_name(enum object_change_kind kind);

#endif
