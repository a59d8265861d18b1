/* Who may look for what (for keeper/ only): the right to search a sealed field, and needles that were paid
 * for. */
#ifndef KEDUN_KEEPER_MATCH_H
#define KEDUN_KEEPER_MATCH_H

#include "keeper/registry.h"

#include <stdatomic.h>

/* With a clear view: every search kind of the field. Below: exact, and suffix up to what the mask shows, and
 * only with the right to match. ST_DENIED "no_match_right", "search_kind", ST_INVALID from value/terms.h. */
MUST_CHECK enum status match_permitted(const struct actor *actor, const struct catalogue_field *f,
                                       uint8_t search, uint8_t view, struct slice text, struct arena *a,
                                       struct error *e);

/* Searches paid for lately: the recheck of a look-up's candidates (open with a needle) is part of it. */
#define MATCH_SLOTS   4096
#define MATCH_LASTS_S 600
struct match_paid {
    uint64_t seed;
    _Atomic uint64_t hash[MATCH_SLOTS];
    _Atomic uint32_t at[MATCH_SLOTS];
};
MUST_CHECK enum status match_paid_init(struct match_paid *p);
void match_pay(struct match_paid *p, uint32_t user, uint32_t object_field, uint8_t search, struct slice text);
bool match_is_paid(struct match_paid *p, uint32_t user, uint32_t object_field, uint8_t search,
                   struct slice text);

#endif
