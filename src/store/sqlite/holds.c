#include "store/sqlite/holds.h"

#include "base/clock.h"
#include "base/log.h"

#define STEP_US 250

static void count(struct hold_times *t, int64_t ns) {
    uint64_t us = ns < 0 ? 0 : (uint64_t)ns / 1000;
    uint64_t step = us / STEP_US;
    t->count++;
    t->sum_us += us;
    t->most_us = us > t->most_us ? us : t->most_us;
    t->steps[step < HOLD_STEPS ? step : HOLD_STEPS - 1]++;
}

void holds_begin(struct holds *h) {
    h->wall_ns = clock_monotonic_ns();
    h->cpu_ns = clock_thread_ns();
}

void holds_end(struct holds *h, enum hold kind, uint64_t sets) {
    count(&h->wall[kind], clock_monotonic_ns() - h->wall_ns);
    count(&h->cpu[kind], clock_thread_ns() - h->cpu_ns);
    h->sets[kind] += sets;
}

/* The end of the step that 99 of 100 lie in or below. */
static double p99_ms(const struct hold_times *t) {
    uint64_t below = 0;
    for (size_t i = 0; i + 1 < HOLD_STEPS; i++) {
        below += t->steps[i];
        if (below * 100 >= t->count * 99)
            return (double)((i + 1) * STEP_US) / 1e3;
    }
    return (double)t->most_us / 1e3;
}

void holds_log(const struct holds *h) {
    static const char *const names[HOLD_KINDS] = {"interactive", "bulk", "index", "bulk_alone",
                                                  "index_alone"};
    for (size_t i = 0; i < HOLD_KINDS; i++) {
        const struct hold_times *wall = &h->wall[i], *cpu = &h->cpu[i];
        if (wall->count == 0)
            continue;
        double n = (double)wall->count;
        log_info("event=writer_held by=%s times=%llu sets=%llu wall_mean_ms=%.2f wall_p99_ms=%.2f "
                 "wall_most_ms=%.2f cpu_mean_ms=%.2f cpu_p99_ms=%.2f cpu_most_ms=%.2f",
                 names[i], (unsigned long long)wall->count, (unsigned long long)h->sets[i],
                 (double)wall->sum_us / 1e3 / n, p99_ms(wall), (double)wall->most_us / 1e3,
                 (double)cpu->sum_us / 1e3 / n, p99_ms(cpu), (double)cpu->most_us / 1e3);
    }
}
