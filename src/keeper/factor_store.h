/* What the factor files share: reading and writing a person's record under the lock. */
#ifndef KEDUN_KEEPER_FACTOR_STORE_H
#define KEDUN_KEEPER_FACTOR_STORE_H

#include "keeper/factor_pace.h"
#include "keeper/factor_record.h"

#include <pthread.h>

struct factors {
    pthread_mutex_t lock; /* held around read, change and write */
    struct vault *vault;
    const struct keyring *keys;
    struct factor_pace pace;
};

struct slice factor_key(uint32_t user, uint8_t out[4]);
/* Zeros where nothing is kept. */
MUST_CHECK enum status factor_read(struct factors *f, uint32_t user, struct factor_record *r);
MUST_CHECK enum status factor_write(struct factors *f, uint32_t user, const struct factor_record *r);
/* Wipes, unlocks, and explains a status that `e` does not explain yet. */
enum status factor_end(struct factors *f, struct factor_record *r, enum status s, struct error *e);

#endif
