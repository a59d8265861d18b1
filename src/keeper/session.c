#include "keeper/session.h"

#include "base/clock.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "keeper/session_record.h"

#include <pthread.h>
#include <stdlib.h>

#define BUCKETS    8192
#define STALE_MS   (5 * 60 * (int64_t)1000) /* how old a stored idle clock may be */
#define TICK_BATCH 256
#define FACTOR_MS  (10 * 60 * (int64_t)1000) /* to show the second factor in */

struct sessions {
    pthread_mutex_t lock;
    struct vault *vault;
    struct registry *registry;
    struct session_limits limits;
    struct hash *hash;
    struct session *buckets[BUCKETS];
    size_t count;
};

static struct session **sessions_slot(struct sessions *s, const uint8_t hash[HASH_SIZE]) {
    /* The hash of random bytes is as random as they are. */
    struct session **at = &s->buckets[(hash[0] | hash[1] << 8) % BUCKETS];
    while (*at != NULL && memcmp((*at)->hash, hash, HASH_SIZE) != 0)
        at = &(*at)->next;
    return at;
}

static struct session **sessions_slot_by_id(struct sessions *s, const struct uuid *id) {
    for (size_t b = 0; b < BUCKETS; b++) {
        for (struct session **at = &s->buckets[b]; *at != NULL; at = &(*at)->next) {
            if (uuid_equal(&(*at)->id, id))
                return at;
        }
    }
    return NULL;
}

static int64_t session_end(const struct sessions *s, const struct session *x) {
    if (x->grant.is_job || x->grant.is_key)
        return x->grant.expires_at;
    bool half = x->grant.step == SIGN_IN_FACTOR;
    int64_t idle = x->seen_at + s->limits.idle_ms;
    int64_t absolute = x->signed_in_at + (half ? FACTOR_MS : s->limits.absolute_ms);
    if (x->grant.expires_at != 0 && x->grant.expires_at < absolute)
        absolute = x->grant.expires_at;
    return idle < absolute ? idle : absolute;
}

static enum status sessions_store(struct sessions *s, struct session *x, bool wait) {
    struct buf value;
    buf_init(&value, VAULT_VALUE_MAX, true);
    session_write(&value, x);
    struct vault_change c = {VAULT_SESSION, slice_of(x->id.b, sizeof x->id.b), buf_slice(&value)};
    enum status st = value.failed ? ST_NOMEM
                     : wait       ? vault_commit(s->vault, &c, 1)
                                  : vault_commit_lazy(s->vault, &c, 1);
    buf_free(&value);
    if (st == ST_OK)
        x->stored_seen_at = x->seen_at;
    return st;
}

static void session_free(struct session *x) {
    explicit_bzero(x, sizeof *x);
    free(x);
}

/* The vault first: a session that is ended must not come back with a restart. */
static enum status sessions_drop(struct sessions *s, struct session **at) {
    struct session *x = *at;
    struct vault_change c = {VAULT_SESSION, slice_of(x->id.b, sizeof x->id.b), SLICE_NONE};
    enum status st = vault_commit(s->vault, &c, 1);
    *at = x->next;
    s->count--;
    session_free(x);
    return st;
}

static enum status load_session(void *context, struct slice key, struct slice value) {
    struct sessions *s = context;
    struct session *x = calloc(1, sizeof *x);
    if (x == NULL)
        return ST_NOMEM;
    if (key.n != sizeof x->id.b || !session_read(value, x)) {
        session_free(x);
        return ST_CORRUPT;
    }
    memcpy(x->id.b, key.p, key.n);
    struct session **at = sessions_slot(s, x->hash);
    x->next = *at;
    *at = x;
    s->count++;
    return ST_OK;
}

enum status sessions_open(struct vault *v, struct registry *r, struct session_limits limits,
                          struct sessions **out, struct error *e) {
    *out = NULL;
    struct sessions *s = calloc(1, sizeof *s);
    if (s == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for sessions");
    (void)pthread_mutex_init(&s->lock, NULL);
    s->vault = v;
    s->registry = r;
    s->limits = limits;
    s->hash = hash_new();
    enum status st = s->hash == NULL ? ST_NOMEM : vault_each(v, VAULT_SESSION, load_session, s);
    if (st != ST_OK) {
        sessions_close(s);
        return error_set(e, st, "sessions_corrupt", "the sessions in the vault do not parse");
    }
    *out = s;
    return ST_OK;
}

void sessions_close(struct sessions *s) {
    if (s == NULL)
        return;
    for (size_t b = 0; b < BUCKETS; b++) {
        while (s->buckets[b] != NULL) {
            struct session *x = s->buckets[b];
            s->buckets[b] = x->next;
            session_free(x);
        }
    }
    hash_free(s->hash);
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
}

static enum status unauthenticated(struct error *e) {
    return error_set(e, ST_UNAUTHENTICATED, "unauthenticated", "the session has ended or never was");
}

static bool token_is_nil(const struct token *t) {
    static const struct token nil;
    return memcmp(t, &nil, sizeof nil) == 0;
}

enum status sessions_find(struct sessions *s, const struct keeper_call *call, struct caller *out,
                          struct error *e) {
    uint8_t hash[HASH_SIZE];
    if (token_is_nil(&call->token))
        return unauthenticated(e);
    (void)pthread_mutex_lock(&s->lock);
    struct slice part = slice_of(call->token.b, sizeof call->token.b);
    enum status st = hash_parts(s->hash, &part, 1, hash);
    struct session *x = st == ST_OK ? *sessions_slot(s, hash) : NULL;
    int64_t now = clock_wall_ms();
    bool live = x != NULL && session_end(s, x) > now &&
                network_permits(x->grant.networks, x->grant.network_count, call->address);
    if (live) {
        x->seen_at = now > x->seen_at ? now : x->seen_at;
        out->call = *call;
        out->session = x->id;
        out->grant = x->grant;
        out->signed_in_at = x->signed_in_at;
        out->expires_at = session_end(s, x);
    }
    (void)pthread_mutex_unlock(&s->lock);
    if (st != ST_OK) /* nobody is told that his session is over because memory is */
        return error_set(e, st, "session_hash", "the token could not be looked up");
    if (!live)
        return unauthenticated(e);
    const struct role_names *subset = out->grant.is_key ? &out->grant.roles : NULL;
    if (registry_actor(s->registry, out->grant.user, subset, &out->actor) != ST_OK)
        return unauthenticated(e);
    /* Whoever holds a duty acts in person: a token from before he got it gives nothing of it. */
    if (out->grant.is_key && out->actor.duties != 0)
        return unauthenticated(e);
    if (out->grant.is_job)
        out->actor.duties &= DUTY_SYSTEM_ADMIN; /* sealing anew when a field's class goes up */
    return ST_OK;
}

static enum status fresh_token(struct sessions *s, struct token *token, uint8_t hash[HASH_SIZE]) {
    enum status st = crypto_random(token->b, sizeof token->b);
    struct slice part = slice_of(token->b, sizeof token->b);
    return st == ST_OK ? hash_parts(s->hash, &part, 1, hash) : st;
}

static bool is_half(const struct session *x) {
    return x->grant.step == SIGN_IN_FACTOR;
}

/* A person's oldest session gives way when there are too many; one that still awaits its factor only to
 * another such: who knows no more than the password ends nobody's work. */
static enum status sessions_trim(struct sessions *s, uint32_t user, bool half) {
    struct session **oldest = NULL;
    size_t n = 0;
    for (size_t b = 0; b < BUCKETS; b++) {
        for (struct session **at = &s->buckets[b]; *at != NULL; at = &(*at)->next) {
            if ((*at)->grant.user != user || (*at)->grant.is_key || (*at)->grant.is_job ||
                is_half(*at) != half)
                continue;
            n++;
            if (oldest == NULL || (*at)->seen_at < (*oldest)->seen_at)
                oldest = at;
        }
    }
    return n >= SESSIONS_PER_USER ? sessions_drop(s, oldest) : ST_OK;
}

/* Keys and jobs of one person are few, and all of them leave room for people to sign in. */
static enum status sessions_check_room(const struct sessions *s, const struct session_grant *g,
                                       const char **code) {
    int64_t now = clock_wall_ms();
    size_t n = 0;
    for (size_t b = 0; b < BUCKETS; b++) {
        for (const struct session *x = s->buckets[b]; x != NULL; x = x->next)
            n += x->grant.user == g->user && x->grant.is_job == g->is_job && (g->is_job || x->grant.is_key) &&
                 session_end(s, x) > now;
    }
    if (n >= (g->is_job ? JOBS_PER_USER : API_KEYS_PER_USER))
        *code = g->is_job ? "too_many_jobs" : "too_many_keys";
    else if (s->count < SESSIONS_MAX - SESSIONS_RESERVED)
        return ST_OK;
    return ST_LIMIT;
}

static enum status sessions_add(struct sessions *s, struct session *x, struct token *token,
                                const char **code) {
    bool person = !x->grant.is_key && !x->grant.is_job;
    enum status st =
        person ? sessions_trim(s, x->grant.user, is_half(x)) : sessions_check_room(s, &x->grant, code);
    if (st == ST_OK && s->count >= SESSIONS_MAX)
        st = ST_LIMIT;
    if (st == ST_OK)
        st = uuid_new(&x->id);
    if (st == ST_OK)
        st = fresh_token(s, token, x->hash);
    if (st == ST_OK)
        st = sessions_store(s, x, true);
    if (st != ST_OK)
        return st;
    struct session **at = sessions_slot(s, x->hash);
    x->next = *at;
    *at = x;
    s->count++;
    return ST_OK;
}

enum status sessions_make(struct sessions *s, const struct session_grant *grant, struct token *token,
                          struct uuid *id, struct error *e) {
    struct session *x = calloc(1, sizeof *x);
    if (x == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for a session");
    x->grant = *grant;
    x->signed_in_at = x->seen_at = clock_wall_ms();
    (void)pthread_mutex_lock(&s->lock);
    const char *code = "too_many_sessions";
    enum status st = sessions_add(s, x, token, &code);
    if (st == ST_OK)
        *id = x->id;
    (void)pthread_mutex_unlock(&s->lock);
    if (st == ST_OK)
        return ST_OK;
    session_free(x);
    explicit_bzero(token, sizeof *token);
    return error_set(e, st, st == ST_LIMIT ? code : "session_store", "the session could not be made");
}

enum status sessions_rotate(struct sessions *s, const struct uuid *id, struct session_change change,
                            struct token *token, struct error *e) {
    (void)pthread_mutex_lock(&s->lock);
    struct session **at = sessions_slot_by_id(s, id);
    enum status st = at == NULL ? ST_UNAUTHENTICATED : ST_OK;
    if (st == ST_OK && is_half(*at) && change.second_factor_at != 0) {
        st = sessions_trim(s, (*at)->grant.user, false);
        at = sessions_slot_by_id(s, id); /* what was before it in its bucket may be gone */
    }
    struct session *x = at == NULL ? NULL : *at;
    if (st == ST_OK && x == NULL)
        st = ST_UNAUTHENTICATED;
    if (st == ST_OK) {
        struct session next = *x;
        st = fresh_token(s, token, next.hash);
        next.grant.must_change = next.grant.must_change && !change.password_changed;
        if (change.second_factor_at != 0) {
            next.grant.second_factor_at = change.second_factor_at;
            next.grant.step = SIGN_IN_DONE;
        }
        if (st == ST_OK)
            st = sessions_store(s, &next, true);
        if (st == ST_OK) {
            *at = x->next; /* the bucket is by hash */
            *x = next;
            at = sessions_slot(s, x->hash);
            x->next = *at;
            *at = x;
        }
        explicit_bzero(&next, sizeof next);
    }
    (void)pthread_mutex_unlock(&s->lock);
    return st == ST_OK ? ST_OK : error_set(e, st, "session_store", "the token could not be changed");
}

/* One from before jobs had plans binds none. */
static bool is_plan_of(const struct session_grant *g, struct slice plan) {
    return !g->has_plan || slice_equal(plan, slice_of(g->plan, sizeof g->plan));
}

enum status sessions_find_job(struct sessions *s, const struct uuid *job, struct slice plan, struct uuid *id,
                              uint32_t *user) {
    int64_t now = clock_wall_ms();
    enum status st = ST_NOT_FOUND;
    (void)pthread_mutex_lock(&s->lock);
    for (size_t b = 0; b < BUCKETS; b++) {
        for (const struct session *x = s->buckets[b]; x != NULL; x = x->next) {
            if (!x->grant.is_job || !uuid_equal(&x->grant.job, job) || session_end(s, x) <= now)
                continue;
            *id = x->id;
            *user = x->grant.user;
            st = is_plan_of(&x->grant, plan) ? ST_OK : ST_DENIED;
        }
    }
    (void)pthread_mutex_unlock(&s->lock);
    return st;
}

static bool is_persons(const struct session *x) {
    return !x->grant.is_key && !x->grant.is_job;
}

enum status sessions_whose(struct sessions *s, const struct uuid *id, uint32_t *user, bool *persons) {
    (void)pthread_mutex_lock(&s->lock);
    struct session **at = sessions_slot_by_id(s, id);
    enum status st = at == NULL ? ST_NOT_FOUND : ST_OK;
    *user = at == NULL ? 0 : (*at)->grant.user;
    *persons = at != NULL && is_persons(*at);
    (void)pthread_mutex_unlock(&s->lock);
    return st;
}

enum status sessions_end(struct sessions *s, const struct uuid *id, uint32_t user) {
    (void)pthread_mutex_lock(&s->lock);
    struct session **at = sessions_slot_by_id(s, id);
    enum status st = ST_NOT_FOUND;
    if (at != NULL && (user == 0 || (*at)->grant.user == user))
        st = sessions_drop(s, at);
    (void)pthread_mutex_unlock(&s->lock);
    return st;
}

#define ENDED_AT_ONCE 256 /* a commit, for which others wait */

struct ending {
    struct session *gone;
    struct vault_change changes[ENDED_AT_ONCE];
    size_t count;
};

/* Gone at once, whether the disk takes it or not. */
static enum status end_these(struct sessions *s, struct ending *x) {
    enum status st = x->count == 0 ? ST_OK : vault_commit(s->vault, x->changes, x->count);
    while (x->gone != NULL) {
        struct session *one = x->gone;
        x->gone = one->next;
        s->count--;
        session_free(one);
    }
    x->count = 0;
    return st;
}

/* Of one user, or of people only, of one (0: all of them). */
static enum status end_many(struct sessions *s, uint32_t user, bool people, const struct uuid *but,
                            uint32_t *ended) {
    struct ending x = {.count = 0};
    enum status st = ST_OK;
    *ended = 0;
    (void)pthread_mutex_lock(&s->lock);
    for (size_t b = 0; b < BUCKETS; b++) {
        struct session **at = &s->buckets[b];
        while (*at != NULL) {
            struct session *one = *at;
            if ((user != 0 && one->grant.user != user) || (people && !is_persons(one)) ||
                (but != NULL && uuid_equal(&one->id, but))) {
                at = &one->next;
                continue;
            }
            *at = one->next;
            one->next = x.gone;
            x.gone = one;
            x.changes[x.count++] =
                (struct vault_change){VAULT_SESSION, slice_of(one->id.b, sizeof one->id.b), SLICE_NONE};
            *ended += 1;
            if (x.count == ENDED_AT_ONCE && end_these(s, &x) != ST_OK)
                st = ST_IO;
        }
    }
    if (end_these(s, &x) != ST_OK)
        st = ST_IO;
    (void)pthread_mutex_unlock(&s->lock);
    return st;
}

enum status sessions_end_user(struct sessions *s, uint32_t user, const struct uuid *but) {
    uint32_t ended;
    return user == 0 ? ST_OK : end_many(s, user, false, but, &ended);
}

enum status sessions_end_people(struct sessions *s, uint32_t user, const struct uuid *but, uint32_t *ended) {
    return end_many(s, user, true, but, ended);
}

static enum status session_describe(const struct sessions *s, const struct session *x,
                                    const struct uuid *current, struct arena *arena,
                                    struct keeper_session_info *out) {
    *out = (struct keeper_session_info){.id = x->id,
                                        .user = x->grant.user,
                                        .signed_in_at = x->signed_in_at,
                                        .seen_at = x->seen_at,
                                        .current = uuid_equal(&x->id, current),
                                        .is_key = x->grant.is_key,
                                        .is_job = x->grant.is_job,
                                        .expires_at = session_end(s, x)};
    memcpy(out->address, x->grant.address, sizeof out->address);
    out->agent = arena_copy(arena, slice_from_string(x->grant.agent));
    return out->agent.p == NULL ? ST_NOMEM : ST_OK;
}

enum status sessions_list(struct sessions *s, uint32_t user, const struct uuid *current, struct arena *arena,
                          struct keeper_session_info **out, size_t *n) {
    enum { LIST_MAX = 1000 };
    *n = 0;
    *out = arena_array(arena, LIST_MAX, sizeof **out);
    enum status st = *out == NULL ? ST_NOMEM : ST_OK;
    int64_t now = clock_wall_ms();
    (void)pthread_mutex_lock(&s->lock);
    for (size_t b = 0; st == ST_OK && b < BUCKETS; b++) {
        for (struct session *x = s->buckets[b]; st == ST_OK && x != NULL && *n < LIST_MAX; x = x->next) {
            if (x->grant.user == user && session_end(s, x) > now)
                st = session_describe(s, x, current, arena, &(*out)[(*n)++]);
        }
    }
    (void)pthread_mutex_unlock(&s->lock);
    return st;
}

static int by_user(const void *x, const void *y) {
    const struct keeper_session_info *a = x, *b = y;
    if (a->user != b->user)
        return a->user < b->user ? -1 : 1;
    return memcmp(a->id.b, b->id.b, sizeof a->id.b);
}

static bool is_live_key(const struct sessions *s, const struct session *x, int64_t now) {
    return x->grant.is_key && !x->grant.is_job && session_end(s, x) > now;
}

enum status sessions_keys(struct sessions *s, struct arena *arena, struct keeper_session_info **out,
                          size_t *n) {
    struct uuid none = {.b = {0}};
    int64_t now = clock_wall_ms();
    size_t room = 0;
    enum status st = ST_OK;
    *n = 0;
    (void)pthread_mutex_lock(&s->lock);
    for (size_t b = 0; b < BUCKETS; b++) {
        for (const struct session *x = s->buckets[b]; x != NULL; x = x->next)
            room += is_live_key(s, x, now);
    }
    *out = arena_array(arena, room + 1, sizeof **out);
    if (*out == NULL)
        st = ST_NOMEM;
    for (size_t b = 0; st == ST_OK && b < BUCKETS; b++) {
        for (const struct session *x = s->buckets[b]; st == ST_OK && x != NULL; x = x->next) {
            if (is_live_key(s, x, now))
                st = session_describe(s, x, &none, arena, &(*out)[(*n)++]);
        }
    }
    (void)pthread_mutex_unlock(&s->lock);
    if (st == ST_OK)
        qsort(*out, *n, sizeof **out, by_user);
    return st;
}

void sessions_tick(struct sessions *s) {
    int64_t now = clock_wall_ms();
    size_t written = 0;
    (void)pthread_mutex_lock(&s->lock);
    for (size_t b = 0; b < BUCKETS; b++) {
        struct session **at = &s->buckets[b];
        while (*at != NULL) {
            struct session *x = *at;
            if (session_end(s, x) <= now) {
                if (sessions_drop(s, at) != ST_OK)
                    break;
                continue;
            }
            bool moved = !x->grant.is_key && x->seen_at - x->stored_seen_at > STALE_MS;
            if (moved && written < TICK_BATCH && sessions_store(s, x, false) == ST_OK)
                written++;
            at = &x->next;
        }
    }
    (void)pthread_mutex_unlock(&s->lock);
}

size_t sessions_count(struct sessions *s) {
    (void)pthread_mutex_lock(&s->lock);
    size_t n = s->count;
    (void)pthread_mutex_unlock(&s->lock);
    return n;
}
