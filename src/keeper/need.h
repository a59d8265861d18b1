/* What an act still wants before it may be done: an approval, a reason, a fresh second factor. Told in an
 * error, so that it travels like any other: ST_DENIED with the code of the first thing that is missing
 * ("approval_required", "second_factor_required", "reason_required") and all of it in the detail, as words
 * that need_read understands and the API shows as a member of the problem. Only where that is ALL that is
 * missing; who could not do it anyway is told "denied". */
#ifndef KEDUN_KEEPER_NEED_H
#define KEDUN_KEEPER_NEED_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

#define NEED_ACT 24

struct need {
    char act[NEED_ACT]; /* the register's name, or the policy's act */
    bool reason, approval;
    uint16_t object;       /* an approval's: the number of the object; 0: of any */
    uint16_t minutes;      /* the second factor must be younger; 0: fine as it is */
    bool counted;          /* the register asks, because of: */
    uint32_t count, above; /* how many of the day this would make, and above how many it asks; where policy
                              asks for an approval: of how many records, and 0 */
};

static inline bool need_is_any(const struct need *n) {
    return n->reason || n->approval || n->minutes > 0;
}

/* ST_DENIED, for a need that is any. */
enum status need_refuse(const struct need *n, struct error *e);
/* False when the error is no such refusal. */
bool need_read(const struct error *e, struct need *out);

#endif
