/* The order of bulk sets that are handed to the writer before those ahead of them are committed.
 *
 * A set says its chain and its place in it (write_set.chain, from 1 on: place). Sets of a chain are queued in
 * the order of their places whatever threads bring them; one whose forerunner failed, or does not come within
 * CHAINS_WAIT_NS, is refused (ST_RETRY "not_in_turn"): nothing is committed behind a gap. Everything here is
 * called under the writer's lock. */
#ifndef KEDUN_STORE_SQLITE_CHAINS_H
#define KEDUN_STORE_SQLITE_CHAINS_H

#include "store/store.h"

#include <pthread.h>

#define CHAINS_MOST    16 /* the newest ones are known */
#define CHAINS_WAIT_NS 3000000000

struct chain {
    uint64_t id; /* 0: nobody's */
    uint64_t next;
    bool broken;
};

struct chains {
    struct chain list[CHAINS_MOST];
    size_t made;
    pthread_cond_t moved;
};

MUST_CHECK enum status chains_init(struct chains *c, struct error *e);
void chains_free(struct chains *c);
/* Waits for the set's place, gives up `lock` meanwhile. After ST_OK it must be queued before the lock is
 * given up. A set without a chain is always in turn. */
MUST_CHECK enum status chains_enter(struct chains *c, pthread_mutex_t *lock, const struct write_set *set,
                                    struct error *e);
/* A set of it failed. */
void chains_break(struct chains *c, uint64_t id);
bool chains_broken(const struct chains *c, uint64_t id);
MUST_CHECK enum status chains_refuse(struct error *e);

#endif
