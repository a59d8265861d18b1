/* Memory for a file of tests that read policies: opened before them, freed after them. */
#ifndef KEDUN_TESTS_POLICY_ARENA_H
#define KEDUN_TESTS_POLICY_ARENA_H

#include "test.h"

#include "base/arena.h"

static struct arena arena;

static int open_arena(void **state) {
    (void)state;
    arena_init(&arena, 1 << 26, ARENA_PLAIN);
    return 0;
}

static int close_arena(void **state) {
    (void)state;
    arena_free(&arena);
    return 0;
}

#endif
