/* What an import changes of an account, in words: for people/import.c, and whoever looks at its preview.
 *
 * Fields are "name", "mail", "department" (its path), "disabled" ("active", "suspended"); of a directory's
 * link "entry" (its id there), "title", "place"; of posts that are not over "posts" (department and
 * position), "main", "leads" (departments), "reports_to" (logins), "dates". Several are parted by "; ".
 * Empty: nothing. */
#ifndef KEDUN_PEOPLE_IMPORT_CHANGE_H
#define KEDUN_PEOPLE_IMPORT_CHANGE_H

#include "base/json.h"
#include "people/import_place.h"

#include <jansson.h>

#define IMPORT_CHANGES 12

struct import_change {
    const char *field;
    struct slice from, to;
};

struct import_changes {
    struct import_change *list; /* in the arena */
    size_t count;
};

/* `old` NULL: a new account. `changed`: keys of the document that become another value. ST_NOMEM. */
MUST_CHECK enum status import_changes_make(const struct import_places *places, const json_t *old,
                                           const json_t *changed, int64_t now, struct arena *arena,
                                           struct import_changes *out);
/* [{"field", "from", "to"}]. */
void import_changes_write(struct json *j, const struct import_changes *changes);

#endif
