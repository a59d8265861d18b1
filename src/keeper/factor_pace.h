/* The pace of wrong codes of second factors, by person and address (for factor files only).
 *
 * In memory, bounded: a keeper that starts anew forgets it, and where the table is full the quietest entry
 * goes; the person's bound by the hour (keeper/factor.h) is kept with the factors and holds all the same. The
 * caller holds the lock. Times are ms of the wall clock. */
#ifndef KEDUN_KEEPER_FACTOR_PACE_H
#define KEDUN_KEEPER_FACTOR_PACE_H

#include "base/status.h"

#include <stdint.h>

#define FACTOR_PACE_SLOTS 4096

struct factor_try {
    uint64_t key; /* keyed hash of person and address; 0: free */
    int64_t at;
    uint32_t fails; /* in a row */
};

struct factor_pace {
    uint64_t seed;
    struct factor_try slots[FACTOR_PACE_SLOTS];
};

MUST_CHECK enum status factor_pace_open(struct factor_pace *p);
/* The entry of this person at this address (an IPv6 /64 is one), made where there is none. */
struct factor_try *factor_pace_of(struct factor_pace *p, uint32_t user, const uint8_t address[16],
                                  int64_t now);
/* How long its next try waits, in ms; 0: not at all. */
int64_t factor_pace_wait(const struct factor_try *t, int64_t now);

#endif
