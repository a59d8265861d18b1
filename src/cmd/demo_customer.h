/* Who a demo customer is: a pure function of the plan and the customer's number, so that any thread can make
 * any of them, and a duplicate can look its original up by making it again. */
#ifndef KEDUN_CMD_DEMO_CUSTOMER_H
#define KEDUN_CMD_DEMO_CUSTOMER_H

#include "cmd/demo_people.h"
#include "cmd/demo_values.h"

#define DEMO_DAY_MS    ((int64_t)86400000)
#define DEMO_SPAN_DAYS 1095 /* the company's history: three years up to yesterday */

struct demo_plan {
    uint64_t seed;
    uint64_t customers; /* at most DEMO_CUSTOMERS_MAX */
    uint64_t leads;
    int64_t start_ms; /* midnight in China of the history's first day */
    bool bare;        /* customers and products only: nothing of what happened is written */
};
#define DEMO_CUSTOMERS_MAX 10000000

/* Some 2 % are dirty in one way; each still passes validation. */
enum demo_dirt {
    DIRT_NONE,
    DIRT_SPACES,      /* company name with blanks inside */
    DIRT_FULL_WIDTH,  /* full-width letters, digits and brackets */
    DIRT_MISSING,     /* neither telephone nor mail nor region */
    DIRT_PLACEHOLDER, /* a mail that stands for none */
    DIRT_IN_REMARK,   /* a telephone number in the remark */
    DIRT_HONORIFIC,   /* 张先生 for a name */
    DIRT_OLD_DATE,    /* born on 1900-01-01 */
    DIRT_END
};

/* Some 1.5 % are an earlier customer once more. */
enum demo_twin {
    TWIN_NONE,
    TWIN_OTHER_BRANCH,  /* the same person or company at another branch, same mobile */
    TWIN_MOBILE_FORMAT, /* at a colleague of another branch, the mobile written differently */
    TWIN_COMPANY_NAME,  /* 有限公司 for 有限责任公司 and the like; no credit code */
    TWIN_NO_MOBILE,     /* the same name and address at a colleague's, no mobile */
    TWIN_END
};

const char *demo_dirt_name(enum demo_dirt dirt);
const char *demo_twin_name(enum demo_twin twin);

struct demo_customer {
    uint64_t number;
    struct uuid id;
    int64_t offset_ms; /* made so long after start_ms */
    const struct demo_staff *owner;
    const struct demo_region *region;
    const struct demo_trade *trade; /* companies */
    bool is_company;
    enum demo_dirt dirt;
    enum demo_twin twin;
    uint64_t twin_of;
    struct demo_person person; /* himself, or the main contact */
    int64_t birth;             /* days since 1970 */
    char name[DEMO_NAME], short_name[40], host[60];
    char person_name[DEMO_NAME];
    char mobile[DEMO_NUMBER], phone[DEMO_NUMBER], mail[DEMO_NAME];
    char resident_id[DEMO_NUMBER], uscc[DEMO_NUMBER], bank_card[DEMO_NUMBER];
    char address[DEMO_NAME * 2];
};

void demo_customer_make(const struct demo_plan *plan, uint64_t number, struct demo_customer *out);

/* Its owner and its offset_ms alone, which is cheaper. */
const struct demo_staff *demo_customer_owner(const struct demo_plan *plan, uint64_t number);
int64_t demo_customer_offset(const struct demo_plan *plan, uint64_t number);

/* Moments of the company's life: more of them the later, since it grows. */
int64_t demo_moment(struct demo_random *r);

#endif
