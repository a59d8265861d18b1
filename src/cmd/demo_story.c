#include "cmd/demo_story.h"

#include <stdio.h>

enum { STREAM_STORY = 11, STREAM_PRODUCT };

#define CHINA_MS ((int64_t)8 * 3600 * 1000)

const char *demo_pick(struct demo_random *r, const char *const *list) {
    uint32_t n = 0;
    while (list[n] != NULL)
        n++;
    return list[demo_random_below(r, n)];
}

/* Saturdays move to Friday, Sundays to Monday; that day and time are as good as any. 1970-01-01 was a
 * Thursday. */
int64_t demo_later(struct demo_story *s, int64_t from, int64_t least, int64_t most) {
    int64_t day = (from + CHINA_MS) / DEMO_DAY_MS + demo_random_between(&s->r, least, most);
    int64_t weekday = (day + 3) % 7; /* 0: Monday */
    day += weekday == 5 ? (least > 0 ? -1 : 2) : weekday == 6 ? 1 : 0;
    int64_t at = day * DEMO_DAY_MS - CHINA_MS + demo_random_between(&s->r, 31000, 64000) * 1000;
    return at > from ? at : from + 60000;
}

void demo_story_id(struct demo_story *s, int64_t ms, struct uuid *out) {
    demo_make_id(&s->r, ms - s->plan->start_ms, out);
}

void demo_product_id(const struct demo_plan *plan, size_t product, struct uuid *out) {
    struct demo_random r = demo_random_stream(plan->seed, STREAM_PRODUCT, product);
    demo_make_id(&r, 0, out);
}

void demo_story_products(const struct demo_plan *plan, struct demo_tables *t) {
    for (size_t i = 0; i < demo_product_count; i++) {
        const struct demo_product *p = &demo_products[i];
        struct uuid id;
        demo_product_id(plan, i, &id);
        struct demo_row *row = demo_table_add(t, DEMO_PRODUCT, &id, plan->start_ms);
        demo_put(t, DEMO_PRODUCT, row, "code", p->code);
        demo_put(t, DEMO_PRODUCT, row, "name", p->name);
        demo_put(t, DEMO_PRODUCT, row, "category", p->category);
        demo_put(t, DEMO_PRODUCT, row, "unit", p->unit);
        demo_put_money(t, DEMO_PRODUCT, row, "price", p->price);
        demo_put_money(t, DEMO_PRODUCT, row, "cost", p->cost);
        demo_put(t, DEMO_PRODUCT, row, "tax_rate", strcmp(p->category, "service") == 0 ? "6" : "13");
    }
}

/* ---- people and talk ---- */

static void put_contact(struct demo_story *s, unsigned index) {
    static const char *const roles[] = {"decision_maker", "influencer", "user", "finance", "other", NULL};
    struct demo_person person = s->c.person;
    struct uuid id;
    char mobile[DEMO_NUMBER], mail[DEMO_NAME];
    if (index > 0)
        demo_make_person(&s->r, &person);
    demo_make_other_mobile(&s->r, mobile);
    demo_story_id(s, s->begin, &id);
    struct demo_row *row = demo_table_add(s->t, DEMO_CONTACT, &id, s->begin + 60000 * (index + 1));
    demo_put_id(s->t, DEMO_CONTACT, row, "customer", &s->c.id);
    demo_put(s->t, DEMO_CONTACT, row, "person_name", person.han);
    demo_put(s->t, DEMO_CONTACT, row, "mobile", index == 0 && s->c.mobile[0] != '\0' ? s->c.mobile : mobile);
    if (demo_random_chance(&s->r, 40)) {
        (void)snprintf(mail, sizeof mail, "%s@%s", person.pinyin, s->c.host);
        demo_put(s->t, DEMO_CONTACT, row, "mail", mail);
    }
    demo_put(s->t, DEMO_CONTACT, row, "position", demo_pick(&s->r, demo_positions));
    demo_put(s->t, DEMO_CONTACT, row, "role", index == 0 ? "decision_maker" : demo_pick(&s->r, roles));
    demo_put(s->t, DEMO_CONTACT, row, "gender", person.female ? "female" : "male");
    demo_put(s->t, DEMO_CONTACT, row, "is_primary", index == 0 ? "true" : "false");
    if (index == 0) {
        s->has_contact = true;
        s->contact = id;
    }
}

static void put_contacts(struct demo_story *s) {
    static const uint16_t counts[] = {20, 50, 20, 10};
    size_t n = demo_random_weighted(&s->r, counts, sizeof counts[0], 4);
    for (unsigned i = 0; s->c.is_company && i < n; i++)
        put_contact(s, i);
}

void demo_follow_up(struct demo_story *s, int64_t at, const struct uuid *opportunity) {
    static const char *const kinds[] = {"call", "call", "call",    "visit", "chat",
                                        "chat", "mail", "meeting", NULL};
    static const char *const results[] = {"reached",   "reached", "reached", "interested",
                                          "no_answer", "refused", NULL};
    struct uuid id;
    if (at >= s->end)
        return;
    demo_story_id(s, at, &id);
    struct demo_row *row = demo_table_add(s->t, DEMO_FOLLOW_UP, &id, at);
    demo_put_id(s->t, DEMO_FOLLOW_UP, row, "customer", &s->c.id);
    demo_put(s->t, DEMO_FOLLOW_UP, row, "kind", demo_pick(&s->r, kinds));
    demo_put_time(s->t, DEMO_FOLLOW_UP, row, "at", at);
    demo_put(s->t, DEMO_FOLLOW_UP, row, "content", demo_pick(&s->r, demo_follow_up_texts));
    demo_put(s->t, DEMO_FOLLOW_UP, row, "result", demo_pick(&s->r, results));
    if (s->has_contact && demo_random_chance(&s->r, 60))
        demo_put_id(s->t, DEMO_FOLLOW_UP, row, "contact", &s->contact);
    if (opportunity != NULL)
        demo_put_id(s->t, DEMO_FOLLOW_UP, row, "opportunity", opportunity);
    if (at > s->last_contact_ms)
        s->last_contact_ms = at;
}

static void put_ticket(struct demo_story *s) {
    static const char *const kinds[] = {"question",  "question", "fault",      "fault",
                                        "complaint", "return",   "suggestion", NULL};
    static const char *const channels[] = {"phone", "phone", "wecom", "mail", "web", "store", NULL};
    static const char *const priorities[] = {"low", "normal", "normal", "normal", "high", "urgent", NULL};
    struct uuid id;
    char number[32];
    int64_t at = demo_later(s, s->bought_ms, 3, 180);
    if (at >= s->end)
        return;
    bool solved = at + 6 * DEMO_DAY_MS < s->end;
    demo_story_id(s, at, &id);
    struct demo_row *row = demo_table_add(s->t, DEMO_TICKET, &id, at);
    (void)snprintf(number, sizeof number, "GD%08llu", (unsigned long long)s->c.number);
    demo_put_id(s->t, DEMO_TICKET, row, "customer", &s->c.id);
    demo_put(s->t, DEMO_TICKET, row, "number", number);
    demo_put(s->t, DEMO_TICKET, row, "title", demo_pick(&s->r, demo_ticket_titles));
    demo_put(s->t, DEMO_TICKET, row, "kind", demo_pick(&s->r, kinds));
    demo_put(s->t, DEMO_TICKET, row, "status",
             solved ? (demo_random_chance(&s->r, 60) ? "closed" : "solved")
                    : (demo_random_chance(&s->r, 50) ? "open" : "working"));
    demo_put(s->t, DEMO_TICKET, row, "priority", demo_pick(&s->r, priorities));
    demo_put(s->t, DEMO_TICKET, row, "channel", demo_pick(&s->r, channels));
    demo_put_time(s->t, DEMO_TICKET, row, "due_at", at + 3 * DEMO_DAY_MS);
    demo_put_id(s->t, DEMO_TICKET, row, "order", &s->last_order);
    if (solved) {
        demo_put(s->t, DEMO_TICKET, row, "solution", demo_pick(&s->r, demo_ticket_solutions));
        demo_put_time(s->t, DEMO_TICKET, row, "solved_at", demo_later(s, at, 0, 4));
        demo_put_int(s->t, DEMO_TICKET, row, "satisfaction", demo_random_between(&s->r, 2, 5));
    }
}

static void put_task(struct demo_story *s) {
    static const char *const kinds[] = {"call_back", "follow_up", "follow_up", "renewal", "other", NULL};
    struct uuid id;
    int64_t due = demo_later(s, s->end - 20 * DEMO_DAY_MS, 0, 40);
    int64_t at = due - 10 * DEMO_DAY_MS < s->end ? due - 10 * DEMO_DAY_MS : s->end - DEMO_DAY_MS / 2;
    bool done = due < s->end && demo_random_chance(&s->r, 70);
    if (at < s->begin)
        return;
    demo_story_id(s, at, &id);
    struct demo_row *row = demo_table_add(s->t, DEMO_TASK, &id, at);
    demo_put_id(s->t, DEMO_TASK, row, "customer", &s->c.id);
    demo_put(s->t, DEMO_TASK, row, "title", demo_pick(&s->r, demo_task_titles));
    demo_put(s->t, DEMO_TASK, row, "status", done ? "done" : "open");
    demo_put(s->t, DEMO_TASK, row, "priority", demo_random_chance(&s->r, 20) ? "high" : "normal");
    demo_put(s->t, DEMO_TASK, row, "kind", demo_pick(&s->r, kinds));
    demo_put_time(s->t, DEMO_TASK, row, "due_at", due);
    if (done)
        demo_put_time(s->t, DEMO_TASK, row, "done_at", due - DEMO_DAY_MS / 4);
}

/* ---- leads ---- */

static const char *const sources[] = {"referral", "website",   "exhibition", "advertising", "phone_in",
                                      "wecom",    "cold_call", "partner",    "store",       NULL};

static void put_lead_contact(struct demo_story *s, struct demo_row *row, bool converted) {
    struct demo_person person = s->c.person;
    char mobile[DEMO_NUMBER];
    demo_make_other_mobile(&s->r, mobile);
    if (!converted)
        demo_make_person(&s->r, &person);
    demo_put(s->t, DEMO_LEAD, row, "person_name", person.han);
    demo_put(s->t, DEMO_LEAD, row, "mobile", converted && s->c.mobile[0] != '\0' ? s->c.mobile : mobile);
    if (converted && s->c.is_company)
        demo_put(s->t, DEMO_LEAD, row, "company_name", s->c.name);
}

static void put_lead(struct demo_story *s) {
    static const char *const statuses[] = {"new",       "new",     "contacted", "contacted",
                                           "qualified", "invalid", NULL};
    static const char *const reasons[] = {"no_need", "unreachable", "duplicate", "competitor", NULL};
    struct uuid id;
    bool converted = demo_random_chance(&s->r, 40) && s->c.twin == TWIN_NONE;
    int64_t at = converted ? demo_later(s, s->begin - 12 * DEMO_DAY_MS, 0, 9)
                           : demo_later(s, s->end - 120 * DEMO_DAY_MS, 0, 118);
    if (at < s->plan->start_ms)
        at = s->plan->start_ms;
    demo_story_id(s, at, &id);
    struct demo_row *row = demo_table_add(s->t, DEMO_LEAD, &id, at);
    const char *status = converted ? "converted" : demo_pick(&s->r, statuses);
    put_lead_contact(s, row, converted);
    demo_put(s->t, DEMO_LEAD, row, "region", s->c.region->code);
    demo_put(s->t, DEMO_LEAD, row, "source", demo_pick(&s->r, sources));
    demo_put(s->t, DEMO_LEAD, row, "status", status);
    demo_put(s->t, DEMO_LEAD, row, "need", demo_pick(&s->r, demo_lead_needs));
    demo_put_money(s->t, DEMO_LEAD, row, "expected_amount", demo_random_between(&s->r, 1, 300) * 100000);
    if (strcmp(status, "invalid") == 0)
        demo_put(s->t, DEMO_LEAD, row, "invalid_reason", demo_pick(&s->r, reasons));
    if (converted)
        demo_put_id(s->t, DEMO_LEAD, row, "customer", &s->c.id);
}

/* Leads are spread evenly over the customers' numbers. */
static void put_leads(struct demo_story *s) {
    uint64_t n = s->c.number, all = s->plan->customers;
    uint64_t count = (n + 1) * s->plan->leads / all - n * s->plan->leads / all;
    for (uint64_t i = 0; i < count; i++)
        put_lead(s);
}

/* ---- the customer, who is what has happened to him ---- */

static const char *status_of(struct demo_story *s) {
    if (s->bought_ms > 0)
        return s->bought_ms + 365 * DEMO_DAY_MS >= s->end ? "active" : "inactive";
    bool old = s->begin + 500 * DEMO_DAY_MS < s->end;
    return old && demo_random_chance(&s->r, 40) ? "churned" : "prospective";
}

static const char *grade_of(struct demo_story *s) {
    if (s->year_fen > 0)
        return s->year_fen >= 30000000 ? "a" : s->year_fen >= 5000000 ? "b" : "c";
    return demo_random_chance(&s->r, 50) ? "d" : "";
}

static void put_company(struct demo_story *s, struct demo_row *row) {
    char website[DEMO_NAME + 16];
    demo_put(s->t, DEMO_CUSTOMER, row, "name", s->c.name);
    if (demo_random_chance(&s->r, 50))
        demo_put(s->t, DEMO_CUSTOMER, row, "short_name", s->c.short_name);
    demo_put(s->t, DEMO_CUSTOMER, row, "uscc", s->c.uscc);
    demo_put(s->t, DEMO_CUSTOMER, row, "industry", s->c.trade->industry);
    demo_put_int(s->t, DEMO_CUSTOMER, row, "employees",
                 demo_random_between(&s->r, 3, demo_random_chance(&s->r, 85) ? 200 : 5000));
    if (demo_random_chance(&s->r, 35)) {
        (void)snprintf(website, sizeof website, "https://www.%s", s->c.host);
        demo_put(s->t, DEMO_CUSTOMER, row, "website", website);
    }
    if (s->hot)
        demo_put_money(s->t, DEMO_CUSTOMER, row, "credit_limit", demo_random_between(&s->r, 1, 50) * 1000000);
}

static void put_private(struct demo_story *s, struct demo_row *row) {
    demo_put(s->t, DEMO_CUSTOMER, row, "resident_id", s->c.resident_id);
    demo_put(s->t, DEMO_CUSTOMER, row, "gender", s->c.person.female ? "female" : "male");
    if (s->c.dirt == DIRT_OLD_DATE || demo_random_chance(&s->r, 40))
        demo_put_day(s->t, DEMO_CUSTOMER, row, "birth_date", s->c.birth * DEMO_DAY_MS);
}

static void put_extras(struct demo_story *s, struct demo_row *row) {
    static const char *const banks[] = {"演示银行城中支行", "演示银行高新支行", "示例银行营业部", NULL};
    char remark[DEMO_NAME], mobile[DEMO_NUMBER];
    if (s->c.bank_card[0] != '\0') {
        demo_put(s->t, DEMO_CUSTOMER, row, "bank_card", s->c.bank_card);
        demo_put(s->t, DEMO_CUSTOMER, row, "bank_name", demo_pick(&s->r, banks));
    }
    if (s->c.dirt == DIRT_IN_REMARK) {
        demo_make_other_mobile(&s->r, mobile);
        (void)snprintf(remark, sizeof remark, "备用电话 %s", mobile);
        demo_put(s->t, DEMO_CUSTOMER, row, "remark", remark);
    } else if (demo_random_chance(&s->r, 15)) {
        demo_put(s->t, DEMO_CUSTOMER, row, "remark", demo_pick(&s->r, demo_remarks));
    }
    if (demo_random_chance(&s->r, 12))
        demo_put(s->t, DEMO_CUSTOMER, row, "tags", demo_pick(&s->r, demo_tags));
    if (s->last_contact_ms > 0)
        demo_put_time(s->t, DEMO_CUSTOMER, row, "last_contact_at", s->last_contact_ms);
    if (s->warm && demo_random_chance(&s->r, 30))
        demo_put_time(s->t, DEMO_CUSTOMER, row, "next_contact_at", demo_later(s, s->end, 0, 30));
}

static void put_customer(struct demo_story *s) {
    const struct demo_customer *c = &s->c;
    struct demo_row *row = demo_table_add(s->t, DEMO_CUSTOMER, &c->id, s->begin);
    demo_put(s->t, DEMO_CUSTOMER, row, "customer_type", c->is_company ? "company" : "person");
    demo_put(s->t, DEMO_CUSTOMER, row, "person_name", c->person_name);
    demo_put(s->t, DEMO_CUSTOMER, row, "mobile", c->mobile);
    demo_put(s->t, DEMO_CUSTOMER, row, "phone", c->phone);
    demo_put(s->t, DEMO_CUSTOMER, row, "mail", c->mail);
    demo_put(s->t, DEMO_CUSTOMER, row, "address", c->address);
    if (c->dirt != DIRT_MISSING)
        demo_put(s->t, DEMO_CUSTOMER, row, "region", c->region->code);
    demo_put(s->t, DEMO_CUSTOMER, row, "source", demo_pick(&s->r, sources));
    demo_put(s->t, DEMO_CUSTOMER, row, "status", status_of(s));
    demo_put(s->t, DEMO_CUSTOMER, row, "grade", grade_of(s));
    if (s->year_fen > 0)
        demo_put_money(s->t, DEMO_CUSTOMER, row, "annual_amount", s->year_fen);
    if (c->is_company)
        put_company(s, row);
    else
        put_private(s, row);
    put_extras(s, row);
}

/* A customer is what has happened to him, so it is told all the same. */
static void keep_customer_only(struct demo_tables *t, const struct demo_tables *before) {
    for (size_t o = 0; o < DEMO_OBJECTS; o++) {
        if (o != DEMO_CUSTOMER)
            t->of[o].count = before->of[o].count;
    }
}

void demo_story_tell(const struct demo_plan *plan, uint64_t number, struct demo_tables *t) {
    const struct demo_tables before = *t;
    struct demo_story s = {.plan = plan, .t = t};
    demo_customer_make(plan, number, &s.c);
    s.r = demo_random_stream(plan->seed, STREAM_STORY, number);
    s.begin = plan->start_ms + s.c.offset_ms;
    s.end = plan->start_ms + DEMO_SPAN_DAYS * DEMO_DAY_MS;
    uint32_t heat = demo_random_below(&s.r, 100);
    s.hot = heat < 20;
    s.warm = heat < 50;
    put_contacts(&s);
    put_leads(&s);
    if (demo_random_chance(&s.r, s.warm ? 70 : 25))
        demo_follow_up(&s, demo_later(&s, s.begin, 0, 14), NULL);
    if (s.c.twin == TWIN_NONE && (s.hot || (s.warm && demo_random_chance(&s.r, 20))))
        demo_deal_tell(&s);
    if (s.bought_ms > 0 && demo_random_chance(&s.r, 35))
        put_ticket(&s);
    if (s.warm && demo_random_chance(&s.r, 12))
        put_task(&s);
    put_customer(&s);
    if (plan->bare)
        keep_customer_only(t, &before);
}
