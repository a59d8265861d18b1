/* The words that the demo company's customers are made of. Names' weights follow their rough frequency in
 * China; company names are put together from parts, so one that a real company bears is chance. */
#ifndef KEDUN_CMD_DEMO_WORDS_H
#define KEDUN_CMD_DEMO_WORDS_H

#include <stddef.h>
#include <stdint.h>

struct demo_surname {
    const char *han, *pinyin;
    uint16_t weight;
};

struct demo_given {
    const char *han, *pinyin;
    uint16_t female, male; /* weights */
};

/* A syllable of a trade name. */
struct demo_syllable {
    const char *han, *pinyin;
};

struct demo_trade {
    const char *word;     /* in the name: 精密机械 */
    const char *industry; /* a choice of customer.industry */
};

struct demo_region {
    const char *code;      /* GB/T 2260, a district or a city */
    const char *city;      /* as in company names: 杭州 */
    const char *address;   /* where addresses begin: 浙江省杭州市西湖区 */
    const char *area_code; /* telephone: 0571 */
    const char *province;  /* two digits */
    uint16_t weight;
};

/* Regions of a branch, by its position in demo_people.h. */
struct demo_regions {
    const struct demo_region *items;
    size_t count;
};

struct demo_product {
    const char *code, *name, *category, *unit;
    int64_t price; /* fen */
    int64_t cost;
};

extern const struct demo_surname demo_surnames[];
extern const size_t demo_surname_count;
extern const struct demo_given demo_givens[];
extern const size_t demo_given_count;
extern const struct demo_syllable demo_syllables[];
extern const size_t demo_syllable_count;
extern const struct demo_trade demo_trades[];
extern const size_t demo_trade_count;
extern const struct demo_regions demo_branch_regions[3];
extern const struct demo_product demo_products[];
extern const size_t demo_product_count;
extern const char *const demo_streets[];
extern const size_t demo_street_count;

/* NULL-terminated lists of sentences. */
extern const char *const demo_follow_up_texts[];
extern const char *const demo_ticket_titles[];
extern const char *const demo_ticket_solutions[];
extern const char *const demo_task_titles[];
extern const char *const demo_remarks[];
extern const char *const demo_positions[];
extern const char *const demo_lead_needs[];
extern const char *const demo_tags[];

#endif
