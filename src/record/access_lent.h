/* What colleagues on leave have lent (for record/access.c): a lender's roles, evaluated as himself, so that
 * they open his scope and not the borrower's. Lent are list, view and update; not to make, import, delete,
 * export, hand on or reveal. A lent field view holds only on rows that the lender's own list or view holds
 * on. Where the lender is the person himself it is another post of his (keeper/client.h): then all acts are
 * added, over that post's department: rights of two places add up, they don't multiply. The keeper judges
 * whether the loan still stands. */
#ifndef KEDUN_RECORD_ACCESS_LENT_H
#define KEDUN_RECORD_ACCESS_LENT_H

#include "record/access_cache.h"

/* The i-th of what the caller has been lent, if it is another post of his own: he, in that post. */
bool access_post_actor(const struct caller *c, size_t i, struct actor *out);

/* Widens entry->access.acts and `fields` (one per field of the object). `acting`: the context of acts that
 * change records. */
MUST_CHECK enum status access_add_lent(const struct caller *c, struct access_entry *entry,
                                       const struct policy_context *acting, struct field_view *fields,
                                       struct error *e);

/* A hash of what has been lent, for the key of the cache. */
uint64_t access_lent_hash(const struct principal *who, uint64_t seed);

#endif
