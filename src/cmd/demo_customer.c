#include "cmd/demo_customer.h"

#include "base/clock.h"

#include <stdio.h>

/* Streams of one number. */
enum { STREAM_OWNER = 1, STREAM_IDENTITY, STREAM_TWIN };

/* A twin's original is so many numbers before it, so that nobody has two. */
#define TWIN_DISTANCE 13

#define BIRTHS_FROM (-5479) /* 1955-01-01 */
#define BIRTHS_TO   13149   /* 2006-01-01 */

const char *demo_dirt_name(enum demo_dirt dirt) {
    static const char *const names[DIRT_END] = {"none",        "spaces",          "full_width", "missing",
                                                "placeholder", "phone_in_remark", "honorific",  "old_date"};
    return names[dirt];
}

const char *demo_twin_name(enum demo_twin twin) {
    static const char *const names[TWIN_END] = {"none", "other_branch", "mobile_format", "company_name",
                                                "no_mobile"};
    return names[twin];
}

/* ---- whose, and whether it is somebody once more ---- */

static const struct demo_staff *pick_owner(struct demo_random *r, int branch) {
    uint16_t weights[DEMO_STAFF];
    for (size_t i = 0; i < DEMO_STAFF; i++)
        weights[i] = demo_staff[i].branch == branch ? demo_staff[i].weight : 0;
    return &demo_staff[demo_random_weighted(r, weights, sizeof weights[0], DEMO_STAFF)];
}

static const struct demo_staff *own_owner(const struct demo_plan *plan, uint64_t number) {
    static const uint16_t branches[DEMO_BRANCHES] = {42, 27, 31};
    struct demo_random r = demo_random_stream(plan->seed, STREAM_OWNER, number);
    return pick_owner(&r, (int)demo_random_weighted(&r, branches, sizeof branches[0], DEMO_BRANCHES));
}

/* Never a twin of a twin: those are taken for nobody's twin here. */
static bool draw_twin(const struct demo_plan *plan, uint64_t number, struct demo_random *r) {
    *r = demo_random_stream(plan->seed, STREAM_TWIN, number);
    return number >= TWIN_DISTANCE && demo_random_below(r, 1000) < 15;
}

static bool find_original(const struct demo_plan *plan, uint64_t number, struct demo_random *r,
                          uint64_t *of) {
    struct demo_random other;
    if (!draw_twin(plan, number, r))
        return false;
    *of = number - TWIN_DISTANCE;
    return !draw_twin(plan, *of, &other);
}

/* Uniqueness holds within an owner's scope, so a twin stands at another branch. */
static const struct demo_staff *twin_owner(const struct demo_plan *plan, uint64_t of, struct demo_random *r) {
    int branch = own_owner(plan, of)->branch;
    return pick_owner(r, (branch + 1 + (int)demo_random_below(r, DEMO_BRANCHES - 1)) % DEMO_BRANCHES);
}

const struct demo_staff *demo_customer_owner(const struct demo_plan *plan, uint64_t number) {
    struct demo_random r;
    uint64_t of;
    return find_original(plan, number, &r, &of) ? twin_owner(plan, of, &r) : own_owner(plan, number);
}

int64_t demo_moment(struct demo_random *r) {
    int64_t a = demo_random_between(r, 0, DEMO_SPAN_DAYS - 1),
            b = demo_random_between(r, 0, DEMO_SPAN_DAYS - 1);
    int64_t day = demo_random_chance(r, 60) && b > a ? b : a;
    /* Between half past eight and half past six. */
    return day * DEMO_DAY_MS + demo_random_between(r, 30600, 66600) * 1000 + demo_random_between(r, 0, 999);
}

int64_t demo_customer_offset(const struct demo_plan *plan, uint64_t number) {
    struct demo_random r;
    uint64_t of;
    if (find_original(plan, number, &r, &of))
        (void)twin_owner(plan, of, &r); /* draws from the same stream */
    else
        r = demo_random_stream(plan->seed, STREAM_IDENTITY, number);
    return demo_moment(&r);
}

/* ---- who ---- */

static void make_company_name(struct demo_random *r, struct demo_customer *c) {
    static const struct {
        const char *form;
        uint16_t weight;
    } forms[] = {{"有限公司", 80},
                 {"有限责任公司", 8},
                 {"股份有限公司", 7},
                 {"集团有限公司", 3},
                 {"（个体工商户）", 2}};
    const struct demo_syllable *a = &demo_syllables[demo_random_below(r, (uint32_t)demo_syllable_count)];
    const struct demo_syllable *b = &demo_syllables[demo_random_below(r, (uint32_t)demo_syllable_count)];
    const struct demo_syllable *d = &demo_syllables[demo_random_below(r, (uint32_t)demo_syllable_count)];
    bool three = demo_random_chance(r, 30);
    size_t form = demo_random_weighted(r, &forms[0].weight, sizeof forms[0], sizeof forms / sizeof forms[0]);
    c->trade = &demo_trades[demo_random_below(r, (uint32_t)demo_trade_count)];
    (void)snprintf(c->short_name, sizeof c->short_name, "%s%s%s", a->han, b->han, three ? d->han : "");
    (void)snprintf(c->name, sizeof c->name, "%s%s%s%s", c->region->city, c->short_name, c->trade->word,
                   forms[form].form);
    (void)snprintf(c->host, sizeof c->host, "%s%s%s.example", a->pinyin, b->pinyin, three ? d->pinyin : "");
}

static void make_company(struct demo_random *r, const struct demo_plan *plan, struct demo_customer *c) {
    make_company_name(r, c);
    if (demo_random_chance(r, 85))
        demo_make_uscc(c->number, c->region, c->uscc);
    if (demo_random_chance(r, 55))
        demo_make_landline(r, c->region, c->phone);
    if (demo_random_chance(r, 70))
        (void)snprintf(c->mail, sizeof c->mail, "%s@%s", c->person.pinyin, c->host);
    if (demo_random_chance(r, 15))
        demo_make_bank_card(r, c->bank_card);
    if (demo_random_chance(r, 85))
        demo_make_mobile(plan->seed, c->number, c->mobile);
    demo_make_address(r, c->region, true, c->address);
}

static void make_private(struct demo_random *r, const struct demo_plan *plan, struct demo_customer *c) {
    static const char *const hosts[] = {"mail.example", "post.example", "example.com", "box.test"};
    if (demo_random_chance(r, 45))
        (void)snprintf(c->mail, sizeof c->mail, "%s%u@%s", c->person.pinyin, demo_random_below(r, 1000),
                       hosts[demo_random_below(r, 4)]);
    if (demo_random_chance(r, 35))
        demo_make_resident_id(r, c->region, c->birth, c->person.female, c->resident_id);
    if (demo_random_chance(r, 12))
        demo_make_bank_card(r, c->bank_card);
    demo_make_mobile(plan->seed, c->number, c->mobile);
    demo_make_address(r, c->region, false, c->address);
}

static void make_original(const struct demo_plan *plan, uint64_t number, struct demo_customer *c) {
    struct demo_random r = demo_random_stream(plan->seed, STREAM_IDENTITY, number);
    *c = (struct demo_customer){.number = number, .owner = own_owner(plan, number)};
    const struct demo_regions *regions = &demo_branch_regions[c->owner->branch];
    c->offset_ms = demo_moment(&r);
    demo_make_id(&r, c->offset_ms, &c->id);
    c->region = &regions->items[demo_random_weighted(&r, &regions->items[0].weight, sizeof regions->items[0],
                                                     regions->count)];
    c->is_company = demo_random_chance(&r, 60);
    c->birth = demo_random_between(&r, BIRTHS_FROM, BIRTHS_TO);
    demo_make_person(&r, &c->person);
    (void)snprintf(c->person_name, sizeof c->person_name, "%s", c->person.han);
    if (c->is_company)
        make_company(&r, plan, c);
    else
        make_private(&r, plan, c);
}

/* ---- once more ---- */

/* The other way to write the legal form, in place. */
static void vary_company_name(struct demo_customer *c) {
    static const char *const forms[][2] = {{"有限责任公司", "有限公司"},
                                           {"股份有限公司", "股份公司"},
                                           {"集团有限公司", "集团"},
                                           {"有限公司", "有限责任公司"},
                                           {"（个体工商户）", ""}};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        char *at = strstr(c->name, forms[i][0]);
        if (at != NULL) {
            (void)snprintf(at, sizeof c->name - (size_t)(at - c->name), "%s", forms[i][1]);
            return;
        }
    }
}

static void vary_mobile(struct demo_random *r, struct demo_customer *c) {
    char was[DEMO_NUMBER];
    memcpy(was, c->mobile, sizeof was);
    switch (demo_random_below(r, 3)) {
    case 0:
        (void)snprintf(c->mobile, sizeof c->mobile, "+86 %.3s %.4s %.4s", was, was + 3, was + 7);
        break;
    case 1:
        (void)snprintf(c->mobile, sizeof c->mobile, "%.3s-%.4s-%.4s", was, was + 3, was + 7);
        break;
    default:
        (void)snprintf(c->mobile, sizeof c->mobile, "86%.11s", was);
    }
}

static void make_twin(struct demo_random *r, struct demo_customer *c) {
    c->twin = (enum demo_twin)demo_random_between(r, TWIN_OTHER_BRANCH, TWIN_END - 1);
    if (c->twin == TWIN_MOBILE_FORMAT && c->mobile[0] == '\0')
        c->twin = TWIN_OTHER_BRANCH;
    if (c->twin == TWIN_COMPANY_NAME && !c->is_company)
        c->twin = TWIN_OTHER_BRANCH;
    if (c->twin == TWIN_MOBILE_FORMAT)
        vary_mobile(r, c);
    if (c->twin == TWIN_COMPANY_NAME)
        vary_company_name(c);
    if (c->twin == TWIN_COMPANY_NAME || c->twin == TWIN_NO_MOBILE)
        c->mobile[0] = c->uscc[0] = '\0';
}

/* ---- dirt ---- */

/* ASCII letters, digits and spaces to their full-width forms (U+FF01 …), as far as there is room. */
static void widen(char *text, size_t room) {
    char out[DEMO_NAME * 2] = "";
    size_t n = 0;
    for (const char *p = text; *p != '\0' && n + 4 < sizeof out && n + 4 < room; p++) {
        unsigned char c = (unsigned char)*p;
        if (c < 0x21 || c > 0x7e) {
            out[n++] = *p;
            continue;
        }
        unsigned code = 0xff01u + c - 0x21u;
        out[n++] = (char)(0xe0 | (code >> 12));
        out[n++] = (char)(0x80 | ((code >> 6) & 0x3f));
        out[n++] = (char)(0x80 | (code & 0x3f));
    }
    memcpy(text, out, n);
    text[n] = '\0';
}

static void put_spaces(struct demo_customer *c) {
    char was[DEMO_NAME];
    memcpy(was, c->name, sizeof was);
    size_t city = strlen(c->region->city), brand = city + strlen(c->short_name);
    (void)snprintf(c->name, sizeof c->name, " %.*s %.*s　%.60s ", (int)city, was, (int)(brand - city),
                   was + city, was + brand);
}

static void soil(struct demo_random *r, struct demo_customer *c) {
    static const enum demo_dirt company[] = {DIRT_SPACES, DIRT_FULL_WIDTH, DIRT_MISSING, DIRT_PLACEHOLDER,
                                             DIRT_IN_REMARK};
    static const enum demo_dirt person[] = {DIRT_HONORIFIC, DIRT_FULL_WIDTH, DIRT_MISSING, DIRT_OLD_DATE,
                                            DIRT_IN_REMARK};
    c->dirt = (c->is_company ? company : person)[demo_random_below(r, 5)];
    if (c->dirt == DIRT_SPACES)
        put_spaces(c);
    else if (c->dirt == DIRT_FULL_WIDTH)
        widen(c->address, sizeof c->address);
    else if (c->dirt == DIRT_MISSING)
        c->mobile[0] = c->phone[0] = c->mail[0] = c->address[0] = '\0';
    else if (c->dirt == DIRT_PLACEHOLDER)
        (void)snprintf(c->mail, sizeof c->mail, "none@none.test");
    else if (c->dirt == DIRT_HONORIFIC)
        (void)snprintf(c->person_name, sizeof c->person_name, "%s%s", c->person.family,
                       c->person.female ? "女士" : "先生");
    else if (c->dirt == DIRT_OLD_DATE)
        c->birth = clock_days_from_date(1900, 1, 1);
}

void demo_customer_make(const struct demo_plan *plan, uint64_t number, struct demo_customer *c) {
    struct demo_random r;
    uint64_t of = 0;
    if (!find_original(plan, number, &r, &of)) {
        make_original(plan, number, c);
        if (demo_random_below(&r, 1000) < 20)
            soil(&r, c);
        return;
    }
    make_original(plan, of, c);
    c->number = number;
    c->twin_of = of;
    c->owner = twin_owner(plan, of, &r);
    c->offset_ms = demo_moment(&r);
    demo_make_id(&r, c->offset_ms, &c->id);
    make_twin(&r, c);
}
