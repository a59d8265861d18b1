#include "keeper/credential.h"

#include "base/clock.h"
#include "crypto/random.h"
#include "keeper/password_rules.h"

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

/* Earlier hashes, newest first; borrowed from `from`. */
struct past {
    struct buf from;
    int64_t set_at;
    struct slice hash[PASSWORD_HISTORY_MAX];
    size_t count;
};

static enum status past_load(struct credentials *c, uint32_t user, struct past *out) {
    uint8_t key[4];
    *out = (struct past){.set_at = 0};
    buf_init(&out->from, VAULT_VALUE_MAX, true);
    enum status s = vault_get(c->vault, VAULT_PASSWORD_PAST, user_key(user, key), &out->from);
    if (s == ST_NOT_FOUND)
        return ST_OK;
    struct reader r = reader_of(buf_slice(&out->from));
    out->set_at = (int64_t)reader_u64(&r);
    while (s == ST_OK && !r.failed && r.at < r.n && out->count < PASSWORD_HISTORY_MAX)
        out->hash[out->count++] = reader_slice(&r, PASSWORD_TEXT);
    return s == ST_OK && r.failed ? ST_CORRUPT : s;
}

static void past_free(struct past *p) {
    buf_free(&p->from);
}

/* The stored PHC string of the present password; empty: none. */
static enum status present_load(struct credentials *c, uint32_t user, struct buf *out) {
    uint8_t key[4];
    buf_init(out, VAULT_VALUE_MAX, true);
    enum status s = vault_get(c->vault, VAULT_PASSWORD, user_key(user, key), out);
    return s == ST_NOT_FOUND ? ST_OK : s;
}

/* What the record of the past says once the present password is one of them. */
static enum status past_render(struct credentials *c, uint32_t user, unsigned history, struct buf *out) {
    struct past past;
    struct buf present;
    enum status s = past_load(c, user, &past);
    enum status t = present_load(c, user, &present);
    buf_put_u64(out, (uint64_t)clock_wall_ms());
    if (history > 0 && present.n > 1)
        buf_put_slice(out, slice_of(present.p + 1, present.n - 1));
    for (size_t i = 0; i < past.count && i + 1 < history; i++)
        buf_put_slice(out, past.hash[i]);
    past_free(&past);
    buf_free(&present);
    return s != ST_OK ? s : t != ST_OK ? t : out->failed ? ST_NOMEM : ST_OK;
}

/* In the turn of the caller. `past`: NULL when it is the same password under another cost. */
static enum status credentials_store(struct credentials *c, uint32_t user, struct slice password,
                                     bool must_change, const struct buf *past) {
    char text[1 + PASSWORD_TEXT + 1];
    uint8_t key[4];
    text[0] = must_change ? 1 : 0;
    enum status s = password_hash(&c->cost, password, pepper(c), text + 1);
    if (s != ST_OK)
        return s;
    struct vault_change changes[2] = {
        {VAULT_PASSWORD, user_key(user, key), slice_of(text, 1 + strlen(text + 1))}};
    if (past != NULL)
        changes[1] = (struct vault_change){VAULT_PASSWORD_PAST, changes[0].key, buf_slice(past)};
    return vault_commit(c->vault, changes, past == NULL ? 1 : 2);
}

static enum status credentials_replace(struct credentials *c, uint32_t user, struct slice password,
                                       bool must_change, unsigned history) {
    struct buf past;
    buf_init(&past, VAULT_VALUE_MAX, true);
    enum status s = past_render(c, user, history, &past);
    if (s == ST_OK)
        s = credentials_store(c, user, password, must_change, &past);
    buf_free(&past);
    return s;
}

enum status credentials_set(struct credentials *c, uint32_t user, struct slice login, struct slice password,
                            bool must_change, unsigned history, struct error *e) {
    if (password.n < CREDENTIAL_LEAST || password.n > PASSWORD_MAX || slice_equal(login, password))
        return error_field(e, ST_INVALID, "password_weak", "password",
                           "a password has %d to %d bytes and is not the login", CREDENTIAL_LEAST,
                           PASSWORD_MAX);
    enum status s = credentials_enter(c, e);
    if (s != ST_OK)
        return s;
    s = credentials_replace(c, user, password, must_change, history);
    credentials_leave(c);
    return s == ST_OK ? ST_OK : error_set(e, s, "password_store", "the password could not be stored");
}

/* A slip of paper that nobody used for days is good for nobody. */
static enum status check_once(struct credentials *c, uint32_t user) {
    struct past past;
    enum status s = past_load(c, user, &past);
    int64_t age = clock_wall_ms() - past.set_at;
    past_free(&past);
    return s != ST_OK ? s : age < CREDENTIAL_ONCE_MS ? ST_OK : ST_DENIED;
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
    if (s == ST_OK && *must_change)
        s = check_once(c, user);
    if (s == ST_OK && password_is_stale(text, &c->cost))
        s = credentials_store(c, user, password, *must_change, NULL);
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

static enum status matches(struct credentials *c, struct slice text, struct slice password, bool *used) {
    enum status s = password_verify(text, password, pepper(c), NULL);
    *used = *used || s == ST_OK;
    return s == ST_DENIED ? ST_OK : s;
}

static enum status used_before(struct credentials *c, uint32_t user, struct slice password, unsigned history,
                               bool *used) {
    struct past past;
    struct buf present;
    enum status s = past_load(c, user, &past);
    enum status t = present_load(c, user, &present);
    s = s == ST_OK ? t : s;
    if (s == ST_OK && present.n > 1)
        s = matches(c, slice_of(present.p + 1, present.n - 1), password, used);
    for (size_t i = 0; s == ST_OK && !*used && i < past.count && i < history; i++)
        s = matches(c, past.hash[i], password, used);
    past_free(&past);
    buf_free(&present);
    return s;
}

enum status credentials_used_before(struct credentials *c, uint32_t user, struct slice password,
                                    unsigned history, bool *used, struct error *e) {
    *used = false;
    enum status s = credentials_enter(c, e);
    if (s != ST_OK)
        return s;
    s = used_before(c, user, password, history, used);
    credentials_leave(c);
    return s == ST_OK ? ST_OK : error_set(e, s, "password_check", "the earlier passwords could not be read");
}

int64_t credentials_set_at(struct credentials *c, uint32_t user) {
    struct past past;
    int64_t at = past_load(c, user, &past) == ST_OK ? past.set_at : 0;
    past_free(&past);
    return at;
}

enum status credentials_forget(struct credentials *c, uint32_t user) {
    uint8_t key[4];
    struct vault_change gone = {VAULT_PASSWORD, user_key(user, key), SLICE_NONE};
    return vault_commit(c->vault, &gone, 1);
}
