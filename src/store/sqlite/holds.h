/* How long the writer was held: by each kind of work, as wall time and processor time of its thread. What is
 * done while nobody else writes is counted apart: it may take longer. The writer's thread counts; holds_log
 * tells when it ends. */
#ifndef KEDUN_STORE_SQLITE_HOLDS_H
#define KEDUN_STORE_SQLITE_HOLDS_H

#include <stdint.h>

enum hold { HOLD_INTERACTIVE, HOLD_BULK, HOLD_INDEX, HOLD_BULK_ALONE, HOLD_INDEX_ALONE, HOLD_KINDS };

#define HOLD_STEPS 512 /* of a quarter of a millisecond; the last one is open */

struct hold_times {
    uint64_t count, sum_us, most_us;
    uint32_t steps[HOLD_STEPS];
};

struct holds {
    struct hold_times wall[HOLD_KINDS], cpu[HOLD_KINDS];
    uint64_t sets[HOLD_KINDS];
    int64_t wall_ns, cpu_ns; /* when the present one began */
};

void holds_begin(struct holds *h);
void holds_end(struct holds *h, enum hold kind, uint64_t sets);
/* One line of the operator's log for each kind that there was. */
void holds_log(const struct holds *h);

#endif
