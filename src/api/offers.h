/* Offers of former departments' records (share/offer.h), as people see and answer them. */
#ifndef KEDUN_API_OFFERS_H
#define KEDUN_API_OFFERS_H

#include "base/json.h"
#include "record/handover.h"

#define MOVED_DAYS  90  /* so long a leader is told who went elsewhere */
#define FORMER_DAYS 400 /* so long ago a department was somebody's: as long as the keeper knows of it */

/* Members of GET /handovers: "former", "offered", and for a leader "offers" and "moved". */
MUST_CHECK enum status offers_write(struct caller *c, struct json *j, struct error *e);
/* A handover by this rule has begun: the offers that it answers go. */
MUST_CHECK enum status offers_answered(struct caller *c, const struct handover_rule *rule, struct error *e);

#endif
