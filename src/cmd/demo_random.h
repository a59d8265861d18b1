/* Reproducible numbers for the demo company: SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom
 * number generators", 2014). Each record draws from a stream of its own, so what a record is depends on the
 * seed and its number alone, not on the order in which threads make it. Never for keys or ids of real
 * records. */
#ifndef KEDUN_CMD_DEMO_RANDOM_H
#define KEDUN_CMD_DEMO_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct demo_random {
    uint64_t state;
};

/* The stream of record `number` of a kind (any small number that tells kinds apart). */
struct demo_random demo_random_stream(uint64_t seed, uint32_t kind, uint64_t number);

uint64_t demo_random_next(struct demo_random *r);

/* 0 to below - 1; below at least 1. */
uint32_t demo_random_below(struct demo_random *r, uint32_t below);

/* least to most, both included. */
int64_t demo_random_between(struct demo_random *r, int64_t least, int64_t most);

/* True in `percent` of 100. */
int demo_random_chance(struct demo_random *r, uint32_t percent);

/* An index below `count` with probability in proportion to its weight: `weights` is that member of the first
 * of an array of structs of `stride` bytes. The sum is below 2^32 and above 0. */
size_t demo_random_weighted(struct demo_random *r, const uint16_t *weights, size_t stride, size_t count);

#endif
