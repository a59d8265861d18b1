#include "keeper/factor_pace.h"

#include "base/map.h"
#include "crypto/random.h"
#include "keeper/factor.h"
#include "keeper/network.h"

#define PROBES     16
#define SLOW_MS    30000
#define SLOWEST_MS (15 * 60 * 1000)

enum status factor_pace_open(struct factor_pace *p) {
    memset(p, 0, sizeof *p);
    return crypto_random(&p->seed, sizeof p->seed);
}

struct factor_try *factor_pace_of(struct factor_pace *p, uint32_t user, const uint8_t address[16],
                                  int64_t now) {
    uint8_t one[16];
    network_of(address, 4, 8, one);
    uint64_t key = map_hash(slice_of(&user, sizeof user), map_hash(slice_of(one, sizeof one), p->seed));
    struct factor_try *quiet = NULL;
    key = key == 0 ? 1 : key;
    for (size_t i = 0; i < PROBES; i++) {
        struct factor_try *t = &p->slots[(key + i) % FACTOR_PACE_SLOTS];
        if (t->key == key)
            return t;
        if (quiet == NULL || (quiet->key != 0 && (t->key == 0 || t->at < quiet->at)))
            quiet = t;
    }
    *quiet = (struct factor_try){.key = key, .at = now};
    return quiet;
}

int64_t factor_pace_wait(const struct factor_try *t, int64_t now) {
    if (t->fails < FACTOR_FREE)
        return 0;
    unsigned doubled = t->fails - FACTOR_FREE;
    int64_t left = t->at + (doubled >= 5 ? SLOWEST_MS : (int64_t)SLOW_MS << doubled) - now;
    return left > 0 ? left : 0;
}
