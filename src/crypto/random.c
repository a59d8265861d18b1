#include "crypto/random.h"

#include <openssl/rand.h>
#include <pthread.h>
#include <stdatomic.h>

#define POOL 1024

struct pool {
    unsigned epoch; /* the fork epoch it was filled in; 0: never */
    size_t left;
    uint8_t bytes[POOL]; /* unused ones at the front */
};

static _Thread_local struct pool pool;
static atomic_uint fork_epoch = 1;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void next_epoch(void) {
    atomic_fetch_add(&fork_epoch, 1);
}

static void watch_forks(void) {
    /* Without this a child would draw the bytes that its parent draws too. */
    (void)pthread_atfork(NULL, NULL, next_epoch);
}

static enum status draw(void *out, size_t n) {
    uint8_t *to = out;
    while (n > 0) {
        size_t part = n > (1u << 20) ? (1u << 20) : n;
        if (RAND_bytes(to, (int)part) != 1)
            return ST_IO;
        to += part;
        n -= part;
    }
    return ST_OK;
}

static enum status fill(unsigned epoch) {
    (void)pthread_once(&once, watch_forks);
    pool.left = 0;
    enum status s = draw(pool.bytes, POOL);
    if (s != ST_OK)
        return s;
    pool.epoch = epoch;
    pool.left = POOL;
    return ST_OK;
}

enum status crypto_random(void *out, size_t n) {
    if (n > POOL / 4)
        return draw(out, n);
    unsigned epoch = atomic_load_explicit(&fork_epoch, memory_order_relaxed);
    if (pool.epoch != epoch || pool.left < n) {
        enum status s = fill(epoch);
        if (s != ST_OK)
            return s;
    }
    pool.left -= n;
    memcpy(out, pool.bytes + pool.left, n);
    explicit_bzero(pool.bytes + pool.left, n);
    return ST_OK;
}
