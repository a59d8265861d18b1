/* Intents that are settled though their set may still come: the newest WRITER_LEFT of them. The writer's
 * thread only. */
#ifndef KEDUN_STORE_SQLITE_LEFT_H
#define KEDUN_STORE_SQLITE_LEFT_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeros: none. */
struct left {
    uint64_t *ring; /* made when the first comes */
    size_t count;
    uint64_t most;
};

MUST_CHECK enum status left_ready(struct left *l, struct error *e);
/* After left_ready. */
void left_add(struct left *l, uint64_t intent);
bool left_has(const struct left *l, uint64_t intent);
void left_free(struct left *l);

#endif
