#include "keeper/alarm.h"

#include "base/map.h"
#include "crypto/random.h"
#include "keeper/network.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define NETWORKS  4096
#define PROBES    16
#define WINDOW_MS (10 * 60 * (int64_t)1000)
#define FRESH_MS  (30 * 60 * (int64_t)1000)
#define HOUR_MS   (3600 * (int64_t)1000)
#define NEAR      4  /* words of 64 bits */
#define FAR       64 /* the same for all networks together */

struct counting {
    uint8_t network[16];
    bool taken;
    int64_t since, last; /* of the window; last attempt */
    uint32_t failures, successes;
    uint64_t logins[NEAR], opened[NEAR]; /* bitmaps of who failed, and who got in by a listed password */
    int64_t raised[ALARM_KIND_END];      /* when, by kind */
};

struct alarms {
    pthread_mutex_t lock;
    struct vault *vault;
    uint64_t seed;
    struct alarm list[ALARMS_MAX];
    size_t count;
    uint32_t last_id;
    int64_t hour, spread_at, since;
    unsigned this_hour;
    uint32_t failures;
    uint64_t logins[FAR];
    struct counting networks[NETWORKS];
};

static uint32_t count_bits(const uint64_t *words, size_t n) {
    uint32_t bits = 0;
    for (size_t i = 0; i < n; i++)
        bits += (uint32_t)__builtin_popcountll(words[i]);
    return bits;
}

static void set_bit(uint64_t *words, size_t n, uint64_t hash) {
    words[hash / 64 % n] |= (uint64_t)1 << hash % 64;
}

/* The network's place; when there is none, the one of its neighbourhood that was quiet longest. */
static struct counting *counting_of(struct alarms *a, const uint8_t address[16], int64_t now, bool make) {
    uint8_t network[16];
    network_of(address, 3, 6, network);
    uint64_t at = map_hash(slice_of(network, 16), a->seed);
    struct counting *quiet = NULL;
    for (size_t i = 0; i < PROBES; i++) {
        struct counting *c = &a->networks[(at + i) % NETWORKS];
        if (c->taken && memcmp(c->network, network, 16) == 0)
            return c;
        if (quiet == NULL || (quiet->taken && (!c->taken || c->last < quiet->last)))
            quiet = c;
    }
    if (!make)
        return NULL;
    *quiet = (struct counting){.taken = true, .since = now, .last = now};
    memcpy(quiet->network, network, 16);
    return quiet;
}

static void counting_turn(struct counting *c, int64_t now) {
    if (now - c->since >= WINDOW_MS || now < c->since) {
        c->since = now;
        c->failures = c->successes = 0;
        memset(c->logins, 0, sizeof c->logins);
    }
    c->last = now;
}

static void everywhere_turn(struct alarms *a, int64_t now) {
    if (now - a->since >= WINDOW_MS || now < a->since) {
        a->since = now;
        a->failures = 0;
        memset(a->logins, 0, sizeof a->logins);
    }
}

/* ---- kept ---- */

static void key_of(uint32_t id, uint8_t out[4]) {
    for (size_t i = 0; i < 4; i++)
        out[i] = (uint8_t)(id >> (8 * i));
}

static enum status forget(struct alarms *a, size_t i) {
    uint8_t key[4];
    key_of(a->list[i].id, key);
    struct vault_change gone = {VAULT_ALARM, slice_of(key, 4), SLICE_NONE};
    enum status s = vault_commit(a->vault, &gone, 1);
    if (s != ST_OK)
        return s;
    memmove(&a->list[i], &a->list[i + 1], (a->count - i - 1) * sizeof *a->list);
    a->count--;
    return ST_OK;
}

/* One that could not be stored is shown until the next start all the same. */
static void keep(struct alarms *a, const struct alarm *one) {
    uint8_t key[4];
    struct buf value;
    if (a->count == ALARMS_MAX && forget(a, 0) != ST_OK)
        return;
    a->list[a->count++] = *one;
    buf_init(&value, 64, false);
    buf_put_u8(&value, one->kind);
    buf_put(&value, one->network, 16);
    buf_put_u64(&value, (uint64_t)one->at);
    buf_put_u32(&value, one->logins);
    buf_put_u32(&value, one->tries);
    key_of(one->id, key);
    struct vault_change c = {VAULT_ALARM, slice_of(key, 4), buf_slice(&value)};
    (void)(!value.failed && vault_commit_lazy(a->vault, &c, 1) == ST_OK);
    buf_free(&value);
}

static enum status load_alarm(void *context, struct slice key, struct slice value) {
    struct alarms *a = context;
    struct reader k = reader_of(key), v = reader_of(value);
    struct alarm one = {.id = reader_u32(&k), .kind = reader_u8(&v)};
    reader_copy(&v, one.network, 16);
    one.at = (int64_t)reader_u64(&v);
    one.logins = reader_u32(&v);
    one.tries = reader_u32(&v);
    if (!reader_done(&k) || !reader_done(&v) || one.kind == 0 || one.kind >= ALARM_KIND_END)
        return ST_CORRUPT;
    if (a->count < ALARMS_MAX)
        a->list[a->count++] = one;
    a->last_id = one.id > a->last_id ? one.id : a->last_id;
    return ST_OK;
}

static int by_id(const void *x, const void *y) {
    uint32_t a = ((const struct alarm *)x)->id, b = ((const struct alarm *)y)->id;
    return a < b ? -1 : a > b;
}

enum status alarms_open(struct vault *v, struct alarms **out, struct error *e) {
    *out = NULL;
    struct alarms *a = calloc(1, sizeof *a);
    if (a == NULL || crypto_random(&a->seed, sizeof a->seed) != ST_OK) {
        free(a);
        return error_set(e, ST_NOMEM, "no_memory", "no memory for alarms");
    }
    (void)pthread_mutex_init(&a->lock, NULL);
    a->vault = v;
    enum status s = vault_each(v, VAULT_ALARM, load_alarm, a);
    if (s != ST_OK) {
        alarms_close(a);
        return error_set(e, s, "alarms_corrupt", "the alarms in the vault do not parse");
    }
    if (a->count > 1)
        qsort(a->list, a->count, sizeof *a->list, by_id);
    *out = a;
    return ST_OK;
}

void alarms_close(struct alarms *a) {
    if (a == NULL)
        return;
    (void)pthread_mutex_destroy(&a->lock);
    free(a);
}

/* ---- raised ---- */

/* The bound of an hour holds for all of them together: alarms are to be read. */
static bool may_raise(struct alarms *a, int64_t now) {
    if (now - a->hour >= HOUR_MS || now < a->hour) {
        a->hour = now;
        a->this_hour = 0;
    }
    return a->this_hour++ < ALARMS_HOUR;
}

static bool raise_alarm(struct alarms *a, uint8_t kind, const uint8_t network[16], uint32_t logins,
                        uint32_t tries, int64_t now, struct alarm *out) {
    if (!may_raise(a, now))
        return false;
    *out = (struct alarm){.id = ++a->last_id, .kind = kind, .at = now, .logins = logins, .tries = tries};
    memcpy(out->network, network, 16);
    keep(a, out);
    return true;
}

static bool due(int64_t raised, int64_t now) {
    return raised == 0 || now - raised >= HOUR_MS;
}

static bool failed_near(struct alarms *a, struct counting *c, int64_t now, struct alarm *raised) {
    uint32_t logins = count_bits(c->logins, NEAR);
    if (logins < ALARM_LOGINS || c->failures <= 2 * c->successes || !due(c->raised[ALARM_STUFFING], now))
        return false;
    c->raised[ALARM_STUFFING] = now;
    return raise_alarm(a, ALARM_STUFFING, c->network, logins, c->failures, now, raised);
}

static bool failed_far(struct alarms *a, int64_t now, struct alarm *raised) {
    static const uint8_t everywhere[16];
    uint32_t logins = count_bits(a->logins, FAR);
    if (logins < ALARM_EVERYWHERE || !due(a->spread_at, now))
        return false;
    a->spread_at = now;
    return raise_alarm(a, ALARM_SPREAD, everywhere, logins, a->failures, now, raised);
}

bool alarms_failed(struct alarms *a, struct slice login, const uint8_t address[16], int64_t now,
                   struct alarm *raised) {
    (void)pthread_mutex_lock(&a->lock);
    uint64_t hash = map_hash(login, a->seed);
    struct counting *c = counting_of(a, address, now, true);
    counting_turn(c, now);
    everywhere_turn(a, now);
    c->failures++;
    a->failures++;
    set_bit(c->logins, NEAR, hash);
    set_bit(a->logins, FAR, hash);
    bool is = failed_near(a, c, now, raised) || failed_far(a, now, raised);
    (void)pthread_mutex_unlock(&a->lock);
    return is;
}

bool alarms_succeeded(struct alarms *a, uint32_t user, const uint8_t address[16], bool breached, int64_t now,
                      struct alarm *raised) {
    bool is = false;
    (void)pthread_mutex_lock(&a->lock);
    struct counting *c = counting_of(a, address, now, breached);
    if (c != NULL) {
        counting_turn(c, now);
        c->successes++;
    }
    if (c != NULL && breached) {
        set_bit(c->opened, NEAR, map_hash(slice_of(&user, sizeof user), a->seed));
        uint32_t people = count_bits(c->opened, NEAR);
        if (people >= ALARM_BREACHED && due(c->raised[ALARM_BREACH], now)) {
            c->raised[ALARM_BREACH] = now;
            is = raise_alarm(a, ALARM_BREACH, c->network, people, people, now, raised);
            memset(c->opened, 0, sizeof c->opened);
        }
    }
    (void)pthread_mutex_unlock(&a->lock);
    return is;
}

bool alarms_suspect(struct alarms *a, const uint8_t address[16], int64_t now) {
    (void)pthread_mutex_lock(&a->lock);
    const struct counting *c = counting_of(a, address, now, false);
    bool near = c != NULL && c->raised[ALARM_STUFFING] != 0 && now - c->last < FRESH_MS &&
                now - c->raised[ALARM_STUFFING] < 24 * HOUR_MS;
    bool far = a->spread_at != 0 && now - a->spread_at < FRESH_MS;
    (void)pthread_mutex_unlock(&a->lock);
    return near || far;
}

size_t alarms_list(struct alarms *a, struct alarm out[ALARMS_MAX]) {
    (void)pthread_mutex_lock(&a->lock);
    size_t n = a->count;
    for (size_t i = 0; i < n; i++)
        out[i] = a->list[n - 1 - i];
    (void)pthread_mutex_unlock(&a->lock);
    return n;
}

enum status alarms_close_one(struct alarms *a, uint32_t id) {
    enum status s = ST_NOT_FOUND;
    (void)pthread_mutex_lock(&a->lock);
    for (size_t i = 0; i < a->count; i++) {
        if (a->list[i].id == id) {
            s = forget(a, i);
            break;
        }
    }
    (void)pthread_mutex_unlock(&a->lock);
    return s;
}

const char *alarm_kind_name(uint8_t kind) {
    static const char *const names[] = {"", "stuffing", "spread", "breached"};
    return names[kind < ALARM_KIND_END ? kind : 0];
}

void alarm_network(const struct alarm *one, char out[64]) {
    char text[INET6_ADDRSTRLEN] = "";
    bool v4 = network_is_v4(one->network);
    if (one->kind == ALARM_SPREAD)
        (void)snprintf(out, 64, "*");
    else if (inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? one->network + 12 : one->network, text, sizeof text))
        (void)snprintf(out, 64, "%s/%d", text, v4 ? 24 : 48);
    else
        out[0] = '\0';
}
