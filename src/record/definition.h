/* Definitions that were added or changed at run time: kept in the store as the JSON changes that made them,
 * in order, and applied again at each start on top of the shipped ones. */
#ifndef KEDUN_RECORD_DEFINITION_H
#define KEDUN_RECORD_DEFINITION_H

#include "record/reseal.h"

#define DEFINITION_ITEM "definition"

/* Replaces *set (one reference) by the set with all kept changes and migrates the store to it. */
MUST_CHECK enum status definition_load_added(struct store *store, struct object_set **set, struct error *e);

/* The same without touching the store's tables: for a process that may only read. */
MUST_CHECK enum status definition_read_added(struct store *store, struct object_set **set, struct error *e);

/* Applies one change (object/extend.h): keeper's catalogue, store's tables, the world. `dry_run`: only the
 * plan is written (object_diff_write_members). *changed: the object. One change at a time: ST_CONFLICT
 * "definition_conflict" when somebody else's came in between. Needs DUTY_SYSTEM_ADMIN, which the keeper
 * checks when it takes the catalogue's entry. */
MUST_CHECK enum status definition_change(struct caller *c, struct slice change, bool dry_run,
                                         struct json *plan, uint16_t *changed, struct error *e);

/* What changes have left to be done with values in place: a raised class seals them, a kind of search that
 * was added makes their terms (until then it finds new values only). The mark is kept with the change and
 * goes when all is done, so that it outlives a crash. Until then nobody sees a value that stands in clear. */
struct definition_work {
    uint16_t object, field;
    bool terms; /* only terms are wanting */
};
MUST_CHECK enum status definition_work_list(struct store_reader *r, struct arena *a,
                                            struct definition_work **out, size_t *n, struct error *e);
/* Does one of them; needs DUTY_SYSTEM_ADMIN. Interrupted, it begins anew the next time. */
MUST_CHECK enum status definition_work_do(struct caller *c, const struct definition_work *w,
                                          const struct reseal_watch *watch, struct error *e);

#endif
