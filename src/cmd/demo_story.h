/* What happened to a customer: lead, contacts, follow-ups, opportunity, quote, contract, orders with lines,
 * payments, tickets, tasks, each at its time. A pure function of the plan and the customer's number, like the
 * customer himself. */
#ifndef KEDUN_CMD_DEMO_STORY_H
#define KEDUN_CMD_DEMO_STORY_H

#include "cmd/demo_customer.h"
#include "cmd/demo_table.h"

/* While one is told. */
struct demo_story {
    const struct demo_plan *plan;
    struct demo_customer c;
    struct demo_tables *t;
    struct demo_random r;
    int64_t begin, end; /* ms: the customer's first day; the first moment that has not come yet */
    bool warm, hot;
    bool has_contact;
    struct uuid contact;                /* the main one */
    int64_t bought_ms, last_contact_ms; /* 0: never */
    int64_t year_fen;                   /* orders of the last 365 days */
    struct uuid last_order;
    unsigned orders;
};

/* Adds the customer and everything of his to the tables. */
void demo_story_tell(const struct demo_plan *plan, uint64_t number, struct demo_tables *t);

/* The products that everybody sells: 100 or so rows. */
void demo_story_products(const struct demo_plan *plan, struct demo_tables *t);
void demo_product_id(const struct demo_plan *plan, size_t product, struct uuid *out);

/* From opportunity to payment (demo_deal.c). */
void demo_deal_tell(struct demo_story *s);

/* A moment of a working day between `least` and `most` days behind `from`. */
int64_t demo_later(struct demo_story *s, int64_t from, int64_t least, int64_t most);

/* A fresh id for something that happened at `ms`. */
void demo_story_id(struct demo_story *s, int64_t ms, struct uuid *out);

void demo_follow_up(struct demo_story *s, int64_t at, const struct uuid *opportunity);

/* One of a NULL-terminated list. */
const char *demo_pick(struct demo_random *r, const char *const *list);

#endif
