/* What the index found is checked again on the values themselves: pairs of characters, all in a value, do not
 * prove that they stand there in a row. Plain fields are checked here, sealed ones by the keeper in the
 * exchange that opens the page; rows that fail are dropped before anything of them is opened, charged or
 * recorded. */
#ifndef KEDUN_RECORD_NEEDLES_H
#define KEDUN_RECORD_NEEDLES_H

#include "record/page.h"

#define NEEDLES_MOST 16

struct needle {
    uint16_t field;
    uint8_t search; /* enum field_search */
    uint8_t group;
    struct slice text; /* as the index was asked for it; borrowed */
};

/* A row stays when in every group some needle is found in it. All zero: none. */
struct needles {
    struct needle items[NEEDLES_MOST];
    size_t count;
    uint8_t groups;
};

/* May the index have found rows that do not hold what was asked for? Not by a single term. */
bool needles_worth(const struct pred *terms);

/* One more needle of the group that is being made; false when there is no room. */
bool needles_add(struct needles *n, uint16_t field, uint8_t search, struct slice text);
/* Ends the group. Not whole: it is given up, and what the index says stands. */
void needles_close(struct needles *n, bool whole);
/* All groups of `more` as well; false: there was not room for all. */
bool needles_join(struct needles *n, const struct needles *more);

/* Adds the sealed fields to what the page shows; they come last, `extra` says how many, and nobody sees them.
 */
MUST_CHECK enum status needles_shown(struct caller *c, const struct access *a, const struct needles *n,
                                     const uint16_t **shown, size_t *count, size_t *extra, struct error *e);
/* Lets the page fetch what the check looks at; after page_plan. */
MUST_CHECK enum status needles_fetch(const struct needles *n, struct page *p, struct error *e);
/* Checks what can be checked here and puts the rest into the act; after page_views. A row may only be found
 * by a field that its reader sees clear, or may match. */
MUST_CHECK enum status needles_check(struct caller *c, const struct needles *n, const struct page *p,
                                     struct page_act *act, struct error *e);

#endif
