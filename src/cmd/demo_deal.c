#include "cmd/demo_story.h"

#include <stdio.h>

#define LINES_MOST 3

struct line {
    size_t product;
    int64_t quantity, discount, fen; /* discount in percent */
};

struct deal {
    struct uuid opportunity, contract;
    bool has_contract;
    struct line lines[LINES_MOST];
    size_t line_count;
    int64_t fen;
    int64_t closed; /* ms */
};

static void put_number(struct demo_story *s, enum demo_object o, struct demo_row *row, const char *prefix,
                       unsigned index) {
    char text[40];
    (void)snprintf(text, sizeof text, "%s%08llu-%u", prefix, (unsigned long long)s->c.number, index);
    demo_put(s->t, o, row, "number", text);
}

/* ---- what is bought ---- */

static void draw_lines(struct demo_story *s, struct deal *d) {
    static const uint16_t counts[] = {48, 32, 20};
    d->line_count =
        s->c.is_company ? 1 + demo_random_weighted(&s->r, counts, sizeof counts[0], LINES_MOST) : 1;
    d->fen = 0;
    for (size_t i = 0; i < d->line_count; i++) {
        struct line *l = &d->lines[i];
        /* Private persons buy from the cheap end of the list. */
        size_t first = demo_random_below(&s->r, s->c.is_company ? (uint32_t)demo_product_count : 6);
        l->product = (first + i * 5) % demo_product_count;
        const struct demo_product *p = &demo_products[l->product];
        int64_t most = p->price > 1000000 ? 2 : p->price > 100000 ? 12 : 60;
        l->quantity = demo_random_between(&s->r, 1, s->c.is_company ? most : 2);
        l->discount = demo_random_chance(&s->r, 35) ? demo_random_between(&s->r, 1, 15) : 0;
        l->fen = p->price * l->quantity * (100 - l->discount) / 100;
        d->fen += l->fen;
    }
}

static void put_lines(struct demo_story *s, enum demo_object o, const char *parent, const struct uuid *id,
                      int64_t at, const struct deal *d) {
    for (size_t i = 0; i < d->line_count; i++) {
        const struct line *l = &d->lines[i];
        struct uuid line, product;
        demo_story_id(s, at, &line);
        demo_product_id(s->plan, l->product, &product);
        struct demo_row *row = demo_table_add(s->t, o, &line, at);
        demo_put_id(s->t, o, row, parent, id);
        demo_put_id(s->t, o, row, "product", &product);
        demo_put_int(s->t, o, row, "quantity", l->quantity);
        demo_put_money(s->t, o, row, "unit_price", demo_products[l->product].price);
        if (l->discount > 0)
            demo_put_int(s->t, o, row, "discount", l->discount);
        demo_put_money(s->t, o, row, "amount", l->fen);
    }
}

/* ---- opportunity, quote, contract ---- */

static const char *draw_stage(struct demo_story *s, const struct deal *d) {
    static const char *const open[] = {"discovery", "needs", "proposal", "negotiation"};
    static const uint16_t weights[] = {25, 30, 28, 17};
    if (d->closed >= s->end)
        return open[demo_random_weighted(&s->r, weights, sizeof weights[0], 4)];
    return demo_random_chance(&s->r, s->hot ? 65 : 25) ? "won" : "lost";
}

static void put_opportunity(struct demo_story *s, struct deal *d, int64_t at, const char *stage) {
    static const char *const lost[] = {"price", "function", "competitor", "budget", "timing", NULL};
    char title[DEMO_NAME * 2];
    bool won = strcmp(stage, "won") == 0, over = won || strcmp(stage, "lost") == 0;
    struct demo_row *row = demo_table_add(s->t, DEMO_OPPORTUNITY, &d->opportunity, at);
    (void)snprintf(title, sizeof title, "%s%s采购", s->c.is_company ? s->c.short_name : s->c.person_name,
                   demo_products[d->lines[0].product].name);
    demo_put_id(s->t, DEMO_OPPORTUNITY, row, "customer", &s->c.id);
    demo_put(s->t, DEMO_OPPORTUNITY, row, "title", title);
    demo_put(s->t, DEMO_OPPORTUNITY, row, "stage", stage);
    demo_put_money(s->t, DEMO_OPPORTUNITY, row, "amount", d->fen / 100 * demo_random_between(&s->r, 90, 125));
    demo_put_int(s->t, DEMO_OPPORTUNITY, row, "probability",
                 won    ? 100
                 : over ? 0
                        : demo_random_between(&s->r, 1, 9) * 10);
    demo_put_day(s->t, DEMO_OPPORTUNITY, row, "expected_on", d->closed);
    if (over)
        demo_put_day(s->t, DEMO_OPPORTUNITY, row, "closed_on", d->closed);
    if (over && !won)
        demo_put(s->t, DEMO_OPPORTUNITY, row, "lost_reason", demo_pick(&s->r, lost));
    if (s->has_contact)
        demo_put_id(s->t, DEMO_OPPORTUNITY, row, "contact", &s->contact);
}

static void put_quote(struct demo_story *s, const struct deal *d, int64_t at, const char *stage) {
    struct uuid id;
    const char *status = strcmp(stage, "won") == 0    ? "accepted"
                         : strcmp(stage, "lost") == 0 ? "rejected"
                                                      : "sent";
    if (at >= s->end)
        return;
    demo_story_id(s, at, &id);
    struct demo_row *row = demo_table_add(s->t, DEMO_QUOTE, &id, at);
    demo_put_id(s->t, DEMO_QUOTE, row, "customer", &s->c.id);
    put_number(s, DEMO_QUOTE, row, "BJ", 1);
    demo_put_id(s->t, DEMO_QUOTE, row, "opportunity", &d->opportunity);
    demo_put_money(s->t, DEMO_QUOTE, row, "amount", d->fen);
    demo_put(s->t, DEMO_QUOTE, row, "status", status);
    demo_put_day(s->t, DEMO_QUOTE, row, "valid_until", at + 30 * DEMO_DAY_MS);
    put_lines(s, DEMO_QUOTE_LINE, "quote", &id, at, d);
}

static void put_contract(struct demo_story *s, struct deal *d) {
    char title[DEMO_NAME * 2];
    bool over = d->closed + 365 * DEMO_DAY_MS < s->end;
    d->has_contract = true;
    demo_story_id(s, d->closed, &d->contract);
    struct demo_row *row = demo_table_add(s->t, DEMO_CONTRACT, &d->contract, d->closed);
    (void)snprintf(title, sizeof title, "%s购销合同", s->c.is_company ? s->c.name : s->c.person_name);
    demo_put_id(s->t, DEMO_CONTRACT, row, "customer", &s->c.id);
    put_number(s, DEMO_CONTRACT, row, "HT", 1);
    demo_put(s->t, DEMO_CONTRACT, row, "title", title);
    demo_put_id(s->t, DEMO_CONTRACT, row, "opportunity", &d->opportunity);
    demo_put_money(s->t, DEMO_CONTRACT, row, "amount", d->fen);
    demo_put(s->t, DEMO_CONTRACT, row, "status", over ? "completed" : "running");
    demo_put_day(s->t, DEMO_CONTRACT, row, "signed_on", d->closed);
    demo_put_day(s->t, DEMO_CONTRACT, row, "starts_on", d->closed);
    demo_put_day(s->t, DEMO_CONTRACT, row, "ends_on", d->closed + 365 * DEMO_DAY_MS);
    if (s->has_contact)
        demo_put_id(s->t, DEMO_CONTRACT, row, "contact", &s->contact);
}

/* ---- orders and payments ---- */

static void put_payment(struct demo_story *s, const struct uuid *order, unsigned index, int64_t at,
                        int64_t fen) {
    static const char *const company[] = {"bank_transfer", "bank_transfer", "bank_transfer", "bill", NULL};
    static const char *const person[] = {"wechat", "alipay", "bank_transfer", "cash", NULL};
    struct uuid id;
    if (at >= s->end || fen <= 0)
        return;
    demo_story_id(s, at, &id);
    struct demo_row *row = demo_table_add(s->t, DEMO_PAYMENT, &id, at);
    demo_put_id(s->t, DEMO_PAYMENT, row, "order", order);
    put_number(s, DEMO_PAYMENT, row, "HK", index);
    demo_put_money(s->t, DEMO_PAYMENT, row, "amount", fen);
    demo_put_time(s->t, DEMO_PAYMENT, row, "paid_at", at);
    demo_put(s->t, DEMO_PAYMENT, row, "method", demo_pick(&s->r, s->c.is_company ? company : person));
    demo_put(s->t, DEMO_PAYMENT, row, "status", at + 7 * DEMO_DAY_MS < s->end ? "confirmed" : "pending");
    if (!s->c.is_company)
        demo_put(s->t, DEMO_PAYMENT, row, "payer_name", s->c.person_name);
    demo_put(s->t, DEMO_PAYMENT, row, "payer_account", s->c.bank_card);
}

/* Large orders are paid half at once, half a month and a half later. */
static void pay(struct demo_story *s, const struct uuid *order, int64_t at, int64_t fen) {
    unsigned index = s->orders * 2;
    if (fen < 5000000) {
        put_payment(s, order, index, demo_later(s, at, 1, 15), fen);
        return;
    }
    put_payment(s, order, index, demo_later(s, at, 1, 7), fen / 2);
    put_payment(s, order, index + 1, demo_later(s, at, 40, 55), fen - fen / 2);
}

static const char *draw_order_status(struct demo_story *s, int64_t at) {
    int64_t age = (s->end - at) / DEMO_DAY_MS;
    if (demo_random_chance(&s->r, 3))
        return "cancelled";
    if (age > 40)
        return demo_random_chance(&s->r, 2) ? "returned" : "completed";
    return age > 14 ? "shipped" : age > 5 ? "paid" : "placed";
}

static void put_order(struct demo_story *s, const struct deal *d, int64_t at) {
    static const char *const channels[] = {"direct", "direct", "direct", "partner", "shop", "store", NULL};
    struct uuid id;
    demo_story_id(s, at, &id);
    s->orders++;
    const char *status = draw_order_status(s, at);
    struct demo_row *row = demo_table_add(s->t, DEMO_ORDER, &id, at);
    demo_put_id(s->t, DEMO_ORDER, row, "customer", &s->c.id);
    put_number(s, DEMO_ORDER, row, "DD", s->orders);
    if (d->has_contract && s->orders == 1)
        demo_put_id(s->t, DEMO_ORDER, row, "contract", &d->contract);
    demo_put_money(s->t, DEMO_ORDER, row, "amount", d->fen);
    demo_put(s->t, DEMO_ORDER, row, "status", status);
    demo_put_time(s->t, DEMO_ORDER, row, "ordered_at", at);
    if (strcmp(status, "completed") == 0)
        demo_put_time(s->t, DEMO_ORDER, row, "completed_at", at + 25 * DEMO_DAY_MS);
    demo_put(s->t, DEMO_ORDER, row, "channel", demo_pick(&s->r, channels));
    demo_put(s->t, DEMO_ORDER, row, "delivery_address", s->c.address);
    demo_put(s->t, DEMO_ORDER, row, "receiver", s->c.person_name);
    demo_put(s->t, DEMO_ORDER, row, "receiver_mobile", s->c.mobile);
    put_lines(s, DEMO_ORDER_LINE, "order", &id, at, d);
    if (strcmp(status, "cancelled") == 0)
        return;
    pay(s, &id, at, d->fen);
    s->last_order = id;
    s->bought_ms = at;
    if (at + 365 * DEMO_DAY_MS >= s->end)
        s->year_fen += d->fen;
}

void demo_deal_tell(struct demo_story *s) {
    struct deal d = {.line_count = 0};
    int64_t at = demo_later(s, s->begin, 3, 30);
    if (at >= s->end)
        return;
    draw_lines(s, &d);
    demo_story_id(s, at, &d.opportunity);
    d.closed = demo_later(s, at, 14, 75);
    const char *stage = draw_stage(s, &d);
    put_opportunity(s, &d, at, stage);
    if (s->c.is_company && demo_random_chance(&s->r, 35))
        put_quote(s, &d, demo_later(s, at, 4, 12), stage);
    if (demo_random_chance(&s->r, 60))
        demo_follow_up(s, demo_later(s, at, 2, 10), &d.opportunity);
    if (strcmp(stage, "won") != 0)
        return;
    if (s->c.is_company && demo_random_chance(&s->r, 70))
        put_contract(s, &d);
    unsigned most = 1 + (unsigned)demo_random_below(&s->r, s->c.is_company ? 3 : 2);
    int64_t next = demo_later(s, d.closed, 0, 6);
    for (unsigned i = 0; i < most && next < s->end; i++) {
        put_order(s, &d, next);
        next = demo_later(s, next, 50, 210);
        draw_lines(s, &d);
    }
}
