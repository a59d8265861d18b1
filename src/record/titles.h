/* Titles of the records that shown rows refer to, read on the guarded path under the caller's own rights: a
 * reference to a record that he may not see has no title. */
#ifndef KEDUN_RECORD_TITLES_H
#define KEDUN_RECORD_TITLES_H

#include "record/page.h"

struct title {
    struct uuid id;
    struct slice text;
};

struct titles {
    struct title *items; /* sorted by id */
    size_t count;
};

/* All references in the shown fields of the page's rows: one query and one opening per object referred to. */
MUST_CHECK enum status titles_load(struct caller *c, const struct page *p, struct titles *out,
                                   struct error *e);

/* Titles of given records of one object. */
MUST_CHECK enum status titles_of(struct caller *c, const struct object_def *o, const struct uuid *ids,
                                 size_t count, struct titles *out, struct error *e);

/* p == NULL when there is none. */
struct slice titles_find(const struct titles *t, const struct uuid *id);

/* The title of an opened row: its title fields, what is visible of them, choices by their labels in the
 * caller's language. Memory: the caller's arena. */
MUST_CHECK enum status titles_make(struct caller *c, const struct page *p, size_t row, struct slice *out);

/* The title fields' indexes that the caller may see; returns how many. */
size_t titles_fields(const struct access *a, uint16_t *out, size_t room);

#endif
