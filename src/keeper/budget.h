/* Budgets: how many distinct people an actor, and the whole company, may see per minute, hour and day (UTC,
 * tumbling), apart for personal and sensitive fields and for masked and clear views; and how many look-ups
 * and sealed rows.
 *
 * Per actor, class and view there is one table from subject to the second he was last seen: a subject last
 * seen before a window began counts anew in it, so one probe serves three windows. A charge is all or nothing
 * over all its people, classes, views and over actor and company. A person seen once in a window costs
 * nothing more in it.
 *
 * Memory: 20 bytes for each person of the day, in tables kept at most half full. They survive a restart: a
 * snapshot (sealed; older ones do no harm, they name the audit entry they cover) and a replay of the audit
 * log behind it. A replay may count a little more than was charged, never less. All functions are safe from
 * any thread. */
#ifndef KEDUN_KEEPER_BUDGET_H
#define KEDUN_KEEPER_BUDGET_H

#include "keeper/keyring.h"
#include "keeper/registry.h"

/* Bit of a class and view in budget_person.what. */
static inline uint8_t budget_bit(uint8_t class, uint8_t view) {
    return (uint8_t)(1u << (budget_class(class) * 2 + budget_view(view)));
}

struct budget_person {
    struct uuid subject;
    uint8_t what; /* budget_bit()s */
};

enum budget_counter {
    BUDGET_LOOKUPS,
    BUDGET_WRITES,
    BUDGET_LIMITED, /* those before have limits; these are counted for keeper/high_risk.h */
    BUDGET_DELETES = BUDGET_LIMITED,
    BUDGET_UPDATES,
    BUDGET_TRANSFERS,
    BUDGET_IMPORTS,
    BUDGET_REVEALS,
    BUDGET_COUNTERS
};

struct budgets;

struct budgets *budgets_new(void); /* NULL when memory is out */
void budgets_free(struct budgets *b);

/* ST_LIMIT "budget_exhausted" (detail: which, e.g. "company clear personal day"): nothing was charged.
 * ST_NOMEM. */
MUST_CHECK enum status budget_charge_people(struct budgets *b, const struct actor *actor,
                                            const struct budget_limits *company,
                                            const struct budget_person *people, size_t count,
                                            struct arena *arena, struct error *e);
MUST_CHECK enum status budget_charge_count(struct budgets *b, const struct actor *actor,
                                           const struct budget_limits *company, enum budget_counter which,
                                           uint32_t n, struct error *e);

/* Counts `n` of a person's day, unless that makes more than `above` of it and `met` is not so: then ST_LIMIT,
 * and nothing is counted. *day: what it makes, or would make. ST_NOMEM. */
MUST_CHECK enum status budget_count_above(struct budgets *b, uint32_t user, enum budget_counter which,
                                          uint32_t n, uint32_t above, bool met, uint32_t *day);

/* What was charged at `time_s` (seconds since 1970), without limits: for the replay. */
MUST_CHECK enum status budget_replay_people(struct budgets *b, uint32_t user,
                                            const struct budget_person *people, size_t count, uint32_t time_s,
                                            struct arena *arena);
MUST_CHECK enum status budget_replay_count(struct budgets *b, uint32_t user, enum budget_counter which,
                                           uint32_t n, uint32_t time_s);

/* {"clear":{"personal":{"minute":{"used":3,"limit":60},…},"sensitive":…},"masked":…,"lookups":{…},"writes":{…}};
 * no limit is null. */
void budget_json(struct budgets *b, const struct actor *actor, struct buf *out);

/* What a snapshot carries besides the budgets. */
struct budget_cover {
    uint64_t seq;    /* the replay begins behind this entry */
    uint64_t anchor; /* the vault's clock */
    uint64_t *intents;
    size_t intent_count;
};
/* Writes STATE_DIR/budgets.bin. */
MUST_CHECK enum status budget_save(struct budgets *b, const char *state_dir, const uint8_t key[KEYRING_KEY],
                                   const struct budget_cover *cover);
/* ST_NOT_FOUND when there is none, ST_CORRUPT when it does not hold. cover->intents come from the arena. */
MUST_CHECK enum status budget_load(struct budgets *b, const char *state_dir, const uint8_t key[KEYRING_KEY],
                                   struct arena *arena, struct budget_cover *cover);

#endif
