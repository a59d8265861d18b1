/* One row of one object for a caller: found under a policy act, its views worked out, opened. */
#ifndef KEDUN_RECORD_GET_H
#define KEDUN_RECORD_GET_H

#include "record/page.h"
#include "store/store.h"

enum get_deleted { GET_ALIVE, GET_DELETED, GET_ANY };

/* ST_NOT_FOUND both for an absent record and for one that `act`'s policies do not give him. */
MUST_CHECK enum status get_row(struct caller *c, const struct access *a, enum act act, const struct uuid *id,
                               enum get_deleted deleted, const uint16_t *shown, size_t shown_count,
                               struct page *out, struct error *e);

/* The same of a record that is there, with every column that a policy may look at fetched: for a decision
 * that no filter was made of. */
MUST_CHECK enum status get_whole_row(struct caller *c, const struct access *a, enum act act,
                                     const struct uuid *id, const uint16_t *shown, size_t shown_count,
                                     struct page *out, struct error *e);

/* What record_get would answer of a record that this caller has just made, without looking for it: `made` is
 * the op that wrote its row, `wrapped_key` its subject's. ST_RETRY: only the store can decide; ask
 * record_get. */
MUST_CHECK enum status get_made(struct caller *c, const struct access *a, const struct write_op *made,
                                struct slice wrapped_key, struct json *out, uint64_t *version,
                                struct error *e);

/* The whole record as JSON with `_acts`; `page` must hold one opened row. */
MUST_CHECK enum status get_write(struct caller *c, const struct page *page, struct json *out,
                                 struct error *e);

#endif
