#include "keeper/challenge.h"

#include "base/buf.h"
#include "crypto/mac.h"
#include "crypto/random.h"

#include <pthread.h>
#include <stdlib.h>

#define PLAIN 24 /* time and nonce bytes */
#define MAC   16

struct used {
    int64_t until;
    uint8_t nonce[16];
};

struct challenges {
    pthread_mutex_t lock;
    struct mac *mac;
    struct used used[CHALLENGE_USED];
};

struct challenges *challenges_new(void) {
    uint8_t key[32];
    struct challenges *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    (void)pthread_mutex_init(&c->lock, NULL);
    if (crypto_random(key, sizeof key) == ST_OK)
        c->mac = mac_new(slice_of(key, sizeof key));
    explicit_bzero(key, sizeof key);
    if (c->mac == NULL) {
        challenges_free(c);
        return NULL;
    }
    return c;
}

void challenges_free(struct challenges *c) {
    if (c == NULL)
        return;
    mac_free(c->mac);
    (void)pthread_mutex_destroy(&c->lock);
    free(c);
}

static enum status sign(struct challenges *c, const struct challenge_scope *scope, const uint8_t plain[PLAIN],
                        uint8_t mac[MAC]) {
    const struct slice parts[] = {slice_of(plain, PLAIN), slice_of(&scope->purpose, 1),
                                  slice_of(&scope->user, sizeof scope->user),
                                  slice_of(scope->session.b, sizeof scope->session.b)};
    return mac_compute(c->mac, parts, 4, mac, MAC);
}

enum status challenge_make(struct challenges *c, const struct challenge_scope *scope, int64_t now,
                           uint8_t out[CHALLENGE_SIZE]) {
    memcpy(out, &now, sizeof now);
    enum status s = crypto_random(out + sizeof now, PLAIN - sizeof now);
    (void)pthread_mutex_lock(&c->lock);
    if (s == ST_OK)
        s = sign(c, scope, out, out + PLAIN);
    (void)pthread_mutex_unlock(&c->lock);
    return s;
}

/* Under the lock. */
static enum status use(struct challenges *c, const uint8_t nonce[16], int64_t until, int64_t now) {
    struct used *room = NULL;
    for (size_t i = 0; i < CHALLENGE_USED; i++) {
        if (c->used[i].until < now)
            room = &c->used[i];
        else if (memcmp(c->used[i].nonce, nonce, sizeof c->used[i].nonce) == 0)
            return ST_DENIED;
    }
    if (room == NULL)
        return ST_DENIED;
    room->until = until;
    memcpy(room->nonce, nonce, sizeof room->nonce);
    return ST_OK;
}

enum status challenge_take(struct challenges *c, const struct challenge_scope *scope, struct slice challenge,
                           int64_t now) {
    uint8_t mac[MAC];
    int64_t at;
    if (challenge.n != CHALLENGE_SIZE)
        return ST_DENIED;
    memcpy(&at, challenge.p, sizeof at);
    (void)pthread_mutex_lock(&c->lock);
    enum status s = sign(c, scope, challenge.p, mac);
    if (s == ST_OK && !crypto_equal(mac, challenge.p + PLAIN, MAC))
        s = ST_DENIED;
    if (s == ST_OK && (at > now || now - at > CHALLENGE_MS))
        s = ST_DENIED;
    if (s == ST_OK)
        s = use(c, challenge.p + sizeof at, at + CHALLENGE_MS, now);
    (void)pthread_mutex_unlock(&c->lock);
    return s;
}
