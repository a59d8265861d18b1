/* Approvals of high-risk acts at work (keeper/ only): how much of each was used.
 *
 * A proposal of kind "act" that was approved is a grant of the registry with a member "allow": {"act",
 * "object" (0: any), "name", "label", "count", "bound", "proposal"} for one person until an end, while he
 * stands where he stood. It lets him do `count` records more than the register (keeper/high_risk.h) leaves
 * free, or, `bound`, the records that he named, each as often as need be. Several add up for one write: first
 * the named ones, each record once, then those of a number, always what ends first. All that a write needs is
 * used together or nothing of it; what was used is on the disk before the act goes on, so no restart gives it
 * back; an act that failed afterwards has used it all the same. The records' ids stand here and in no
 * document: who decides needs their titles, not them. Kept until a day after the end. Safe from any thread.
 */
#ifndef KEDUN_KEEPER_ALLOWANCE_H
#define KEDUN_KEEPER_ALLOWANCE_H

#include "base/uuid.h"
#include "keeper/high_risk.h"
#include "keeper/registry.h"

#include <pthread.h>

#define ALLOWANCE_COUNT 1000000
#define ALLOWANCE_HOURS 72
#define ALLOWANCES_LIVE 64 /* of one person for one act that are looked at */

struct allowance;

struct allowances {
    pthread_mutex_t lock; /* also held by who counts an act that wants an approval: high_risk_check.c */
    struct vault *vault;
    struct allowance *list;
    size_t count, room;
};

MUST_CHECK enum status allowances_open(struct vault *v, struct allowances **out, struct error *e);
void allowances_close(struct allowances *a); /* NULL is fine */

/* The records of a proposal that is being approved, sorted; on the disk with the next commit. `count` 0:
 * bound to none. */
MUST_CHECK enum status allowances_add(struct allowances *a, uint64_t proposal, int64_t until,
                                      const struct uuid *records, size_t count);
/* Of how many records it was used. */
uint32_t allowances_used(struct allowances *a, uint64_t proposal);

struct allowance_use {
    uint32_t user;
    enum high_risk_act act;
    uint16_t object;
    const struct uuid *records;
    const bool *wanted; /* per record: policy lets it pass with an approval alone; NULL: none of them */
    size_t count;
    size_t free; /* how many of the others go without one */
    bool look;   /* whether there are enough; none is used */
};
/* The proposals of those that were used, what ends first first. */
struct allowances_taken {
    uint64_t proposals[ALLOWANCES_LIVE];
    size_t count;
};
/* Uses as many as it takes to cover all of it; under the lock. ST_DENIED: they don't. ST_IO, ST_NOMEM. */
MUST_CHECK enum status allowances_take(struct allowances *a, struct registry *r,
                                       const struct allowance_use *use, struct allowances_taken *out);

#endif
