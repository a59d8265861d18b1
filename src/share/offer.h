/* An offer: what somebody who changed posts would hand on of his former department's records, and to whom,
 * for whoever leads that department to take or to turn down. It moves nothing and gives no right: the
 * leader's handover does, as he asks for it himself.
 *
 * Kept: item "handover_offer" DEPARTMENT.USER {"rule"}, written by the engine alone; a new one takes the
 * place of the person's last one for that department. Gone after OFFER_DAYS. */
#ifndef KEDUN_SHARE_OFFER_H
#define KEDUN_SHARE_OFFER_H

#include "record/world.h"

#define OFFER_ITEM  "handover_offer"
#define OFFER_DAYS  90
#define OFFERS_MOST 1000 /* of all people */
#define OFFER_RULE  ((size_t)16 << 10)
#define OFFER_KEY   24

struct offer {
    char id[OFFER_KEY]; /* its key */
    uint32_t user, department;
    int64_t at_ms;
    struct slice rule; /* JSON, share/handover.h */
};

/* Those that are not too old, in no order. Slices live in the arena. */
MUST_CHECK enum status offer_list(struct store_reader *r, int64_t now_ms, struct arena *a, struct offer **out,
                                  size_t *n, struct error *e);
/* ST_NOT_FOUND "not_found". */
MUST_CHECK enum status offer_get(struct store_reader *r, struct slice id, int64_t now_ms, struct arena *a,
                                 struct offer *out, struct error *e);
/* Fills the id; what is too old goes. ST_LIMIT "too_many_offers", ST_INVALID "invalid" for a rule that is too
 * long. */
MUST_CHECK enum status offer_put(struct world *w, struct store_reader *r, struct arena *a, struct offer *o,
                                 struct error *e);
MUST_CHECK enum status offer_end(struct world *w, const struct offer *o, struct error *e);

#endif
