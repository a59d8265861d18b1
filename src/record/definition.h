/* Definitions that were added or changed at run time: kept in the store as the JSON changes that made them,
 * in order, and applied again at each start on top of the shipped ones. */
#ifndef KEDUN_RECORD_DEFINITION_H
#define KEDUN_RECORD_DEFINITION_H

#include "record/caller.h"

#define DEFINITION_ITEM "definition"

/* Replaces *set (one reference) by the set with all kept changes and migrates the store to it. */
MUST_CHECK enum status definition_load_added(struct store *store, struct object_set **set, struct error *e);

/* The same without touching the store's tables: for a process that may only read. */
MUST_CHECK enum status definition_read_added(struct store *store, struct object_set **set, struct error *e);

/* Applies one change (object/extend.h): keeper's catalogue, store's tables, the world. `dry_run`: only the
 * plan is written. Needs DUTY_SYSTEM_ADMIN, which the keeper checks when it takes the catalogue's entry. */
MUST_CHECK enum status definition_change(struct caller *c, struct slice change, bool dry_run,
                                         struct json *plan, struct error *e);

#endif
