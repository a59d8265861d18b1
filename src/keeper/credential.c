#include "keeper/credential.h"

#include "crypto/random.h"

#include <pthread.h>
#include <stdlib.h>

struct credentials {
    struct vault *vault;
    const struct keyring *keys;
    struct password_cost cost;
    char nobody[PASSWORD_TEXT + 1];
    pthread_mutex_t lock;
    pthread_cond_t free;
    unsigned running, waiting;
};

static struct slice pepper(const struct credentials *c) {
    return slice_of(c->keys->pepper, sizeof c->keys->pepper);
}

enum status credentials_open(struct vault *v, const struct keyring *keys, struct password_cost cost,
                             struct credentials **out, struct error *e) {
    *out = NULL;
    struct credentials *c = calloc(1, sizeof *c);
    if (c == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for credentials");
    c->vault = v;
    c->keys = keys;
    c->cost = cost.memory_kib == 0 ? password_default_cost() : cost;
    (void)pthread_mutex_init(&c->lock, NULL);
    (void)pthread_cond_init(&c->free, NULL);
    uint8_t nobody[32];
    enum status s = crypto_random(nobody, sizeof nobody);
    if (s == ST_OK)
        s = password_hash(&c->cost, slice_of(nobody, sizeof nobody), pepper(c), c->nobody);
    explicit_bzero(nobody, sizeof nobody);
    if (s != ST_OK) {
        credentials_close(c);
        return error_set(e, s, "password_hash", "passwords cannot be hashed at this cost");
    }
    *out = c;
    return ST_OK;
}

void credentials_close(struct credentials *c) {
    if (c == NULL)
        return;
    (void)pthread_mutex_destroy(&c->lock);
    (void)pthread_cond_destroy(&c->free);
    explicit_bzero(c, sizeof *c);
    free(c);
}

static enum status credentials_enter(struct credentials *c, struct error *e) {
    enum status s = ST_OK;
    (void)pthread_mutex_lock(&c->lock);
    if (c->waiting >= CREDENTIAL_QUEUE) {
        s = error_set(e, ST_LIMIT, "sign_in_busy", "too many sign-ins at once: try again");
    } else {
        c->waiting++;
        while (c->running >= CREDENTIAL_AT_ONCE)
            (void)pthread_cond_wait(&c->free, &c->lock);
        c->waiting--;
        c->running++;
    }
    (void)pthread_mutex_unlock(&c->lock);
    return s;
}

static void credentials_leave(struct credentials *c) {
    (void)pthread_mutex_lock(&c->lock);
    c->running--;
    (void)pthread_cond_signal(&c->free);
    (void)pthread_mutex_unlock(&c->lock);
}

static struct slice user_key(uint32_t user, uint8_t out[4]) {
    for (size_t i = 0; i < 4; i++)
        out[i] = (uint8_t)(user >> (8 * i));
    return slice_of(out, 4);
}

/* In the turn of the caller. */
static enum status credentials_store(struct credentials *c, uint32_t user, struct slice password,
                                     bool must_change) {
    char text[1 + PASSWORD_TEXT + 1];
    uint8_t key[4];
    text[0] = must_change ? 1 : 0;
    enum status s = password_hash(&c->cost, password, pepper(c), text + 1);
    if (s != ST_OK)
        return s;
    struct vault_change change = {VAULT_PASSWORD, user_key(user, key), slice_of(text, 1 + strlen(text + 1))};
    return vault_commit(c->vault, &change, 1);
}

enum status credentials_set(struct credentials *c, uint32_t user, struct slice login, struct slice password,
                            bool must_change, struct error *e) {
    if (password.n < CREDENTIAL_LEAST || password.n > PASSWORD_MAX || slice_equal(login, password))
        return error_field(e, ST_INVALID, "password_weak", "password",
                           "a password has %d to %d bytes and is not the login", CREDENTIAL_LEAST,
                           PASSWORD_MAX);
    enum status s = credentials_enter(c, e);
    if (s != ST_OK)
        return s;
    s = credentials_store(c, user, password, must_change);
    credentials_leave(c);
    return s == ST_OK ? ST_OK : error_set(e, s, "password_store", "the password could not be stored");
}

static enum status credentials_check(struct credentials *c, uint32_t user, struct slice password,
                                     bool *must_change) {
    uint8_t key[4];
    struct buf stored;
    buf_init(&stored, VAULT_VALUE_MAX, true);
    enum status found =
        user == 0 ? ST_NOT_FOUND : vault_get(c->vault, VAULT_PASSWORD, user_key(user, key), &stored);
    bool known = found == ST_OK && stored.n > 1;
    struct slice text = known ? slice_of(stored.p + 1, stored.n - 1) : slice_from_string(c->nobody);
    enum status s = password_verify(text, password, pepper(c), NULL);
    if (found != ST_OK && found != ST_NOT_FOUND)
        s = found;
    if (s == ST_OK && !known)
        s = ST_DENIED;
    *must_change = known && (stored.p[0] & 1) != 0;
    if (s == ST_OK && password_is_stale(text, &c->cost))
        s = credentials_store(c, user, password, *must_change);
    buf_free(&stored);
    return s;
}

enum status credentials_verify(struct credentials *c, uint32_t user, struct slice password, bool *must_change,
                               struct error *e) {
    *must_change = false;
    enum status s = credentials_enter(c, e);
    if (s != ST_OK)
        return s;
    s = credentials_check(c, user, password, must_change);
    credentials_leave(c);
    if (s == ST_DENIED || s == ST_CORRUPT || s == ST_INVALID)
        return error_set(e, ST_UNAUTHENTICATED, "sign_in_failed", "login or password is wrong");
    return s == ST_OK ? ST_OK : error_set(e, s, "password_check", "the password could not be checked");
}
