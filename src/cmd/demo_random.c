#include "cmd/demo_random.h"

#include <string.h>

#define GOLDEN 0x9e3779b97f4a7c15u

static uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

struct demo_random demo_random_stream(uint64_t seed, uint32_t kind, uint64_t number) {
    return (struct demo_random){mix(mix(seed + GOLDEN * kind) ^ mix(number + GOLDEN))};
}

uint64_t demo_random_next(struct demo_random *r) {
    r->state += GOLDEN;
    return mix(r->state);
}

uint32_t demo_random_below(struct demo_random *r, uint32_t below) {
    return (uint32_t)(((demo_random_next(r) >> 32) * below) >> 32);
}

int64_t demo_random_between(struct demo_random *r, int64_t least, int64_t most) {
    return least + (int64_t)demo_random_below(r, (uint32_t)(most - least + 1));
}

int demo_random_chance(struct demo_random *r, uint32_t percent) {
    return demo_random_below(r, 100) < percent;
}

static uint16_t weight_at(const uint16_t *weights, size_t stride, size_t i) {
    uint16_t weight;
    memcpy(&weight, (const uint8_t *)weights + i * stride, sizeof weight);
    return weight;
}

size_t demo_random_weighted(struct demo_random *r, const uint16_t *weights, size_t stride, size_t count) {
    uint32_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += weight_at(weights, stride, i);
    uint32_t at = demo_random_below(r, sum);
    for (size_t i = 0; i < count; i++) {
        uint16_t weight = weight_at(weights, stride, i);
        if (at < weight)
            return i;
        at -= weight;
    }
    return count - 1;
}
