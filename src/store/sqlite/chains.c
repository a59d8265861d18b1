#include "store/sqlite/chains.h"

#include "base/clock.h"

#include <time.h>

enum status chains_init(struct chains *c, struct error *e) {
    *c = (struct chains){.made = 0};
    return pthread_cond_init(&c->moved, NULL) == 0
               ? ST_OK
               : error_set(e, ST_INTERNAL, "store_internal", "the writer did not start");
}

void chains_free(struct chains *c) {
    (void)pthread_cond_destroy(&c->moved);
}

static const struct chain *find(const struct chains *c, uint64_t id) {
    for (size_t i = 0; i < CHAINS_MOST; i++) {
        if (c->list[i].id == id)
            return &c->list[i];
    }
    return NULL;
}

static struct chain *of_set(struct chains *c, const struct write_set *set) {
    for (size_t i = 0; i < CHAINS_MOST; i++) {
        if (c->list[i].id == set->chain)
            return &c->list[i];
    }
    if (set->place != 1)
        return NULL;
    struct chain *made = &c->list[c->made++ % CHAINS_MOST];
    *made = (struct chain){.id = set->chain, .next = 1};
    return made;
}

enum status chains_refuse(struct error *e) {
    return error_set(e, ST_RETRY, "not_in_turn", "the set before it was not written");
}

enum status chains_enter(struct chains *c, pthread_mutex_t *lock, const struct write_set *set,
                         struct error *e) {
    if (set->chain == 0)
        return ST_OK;
    int64_t until = clock_monotonic_ns() + CHAINS_WAIT_NS;
    struct timespec t = {.tv_sec = until / 1000000000, .tv_nsec = until % 1000000000};
    for (;;) {
        struct chain *k = of_set(c, set);
        if (k != NULL && (k->broken || k->next > set->place))
            return chains_refuse(e);
        if (k != NULL && k->next == set->place) {
            k->next++;
            (void)pthread_cond_broadcast(&c->moved);
            return ST_OK;
        }
        if (pthread_cond_clockwait(&c->moved, lock, CLOCK_MONOTONIC, &t) != 0) {
            chains_break(c, set->chain);
            return chains_refuse(e);
        }
    }
}

void chains_break(struct chains *c, uint64_t id) {
    for (size_t i = 0; i < CHAINS_MOST; i++) {
        if (c->list[i].id == id)
            c->list[i].broken = true;
    }
    (void)pthread_cond_broadcast(&c->moved);
}

bool chains_broken(const struct chains *c, uint64_t id) {
    const struct chain *k = find(c, id);
    return k == NULL || k->broken;
}
