#include "keeper/guard.h"

#include "base/map.h"
#include "crypto/random.h"
#include "keeper/network.h"

#include <pthread.h>
#include <stdlib.h>

#define SLOTS        32768
#define PROBES       16
#define FREE_PAIR    3
#define FREE_ADDRESS 30
#define FREE_STRICT  3
#define STRICT_MS    (10 * (int64_t)1000)
#define DELAY_MOST_S 900
#define FORGET_MS    (3600 * (int64_t)1000)
#define HALVE_MS     (5 * 60 * (int64_t)1000)
#define PASSKEY_MS   1000
#define MINUTE_MS    (60 * (int64_t)1000)
#define ENTRIES_PAIR 3   /* a minute */
#define ENTRIES_ALL  120 /* a minute */

struct attempts {
    uint64_t key; /* keyed hash of pair or address; 0: free */
    int64_t last, minute, halved;
    uint32_t failures, entries;
};

struct guard {
    pthread_mutex_t lock;
    uint64_t seed;
    int64_t minute;
    uint32_t entries;   /* in this minute */
    uint64_t uncounted; /* failures without an entry, of this minute */
    uint64_t to_report; /* of past minutes */
    struct attempts slots[SLOTS];
};

struct guard *guard_new(void) {
    struct guard *g = calloc(1, sizeof *g);
    if (g == NULL || crypto_random(&g->seed, sizeof g->seed) != ST_OK) {
        free(g);
        return NULL;
    }
    (void)pthread_mutex_init(&g->lock, NULL);
    return g;
}

void guard_free(struct guard *g) {
    if (g == NULL)
        return;
    (void)pthread_mutex_destroy(&g->lock);
    free(g);
}

/* The entry of this key; when there is none, the quietest of its neighbourhood is taken. */
static struct attempts *guard_slot(struct guard *g, uint64_t key, int64_t now) {
    struct attempts *quiet = NULL;
    key = key == 0 ? 1 : key;
    for (size_t i = 0; i < PROBES; i++) {
        struct attempts *a = &g->slots[(key + i) % SLOTS];
        if (a->key == key) {
            if (now - a->last > FORGET_MS)
                a->failures = 0;
            return a;
        }
        if (quiet == NULL || (quiet->key != 0 && (a->key == 0 || a->last < quiet->last)))
            quiet = a;
    }
    *quiet = (struct attempts){.key = key, .last = now, .minute = now / MINUTE_MS, .halved = now};
    return quiet;
}

/* What counts as one address: whoever has one of IPv6 has its /64. */
static uint64_t guard_hash(const uint8_t address[16], uint64_t seed) {
    uint8_t one[16];
    network_of(address, 4, 8, one);
    return map_hash(slice_of(one, 16), seed);
}

static struct attempts *guard_pair(struct guard *g, struct slice login, const uint8_t address[16],
                                   int64_t now) {
    return guard_slot(g, map_hash(login, guard_hash(address, g->seed)), now);
}

/* Halved while tries go on, too: an office whose people mistype all day is not slower in the evening. */
static struct attempts *guard_decaying(struct guard *g, uint64_t key, int64_t now) {
    struct attempts *a = guard_slot(g, key, now);
    int64_t times = (now - a->halved) / HALVE_MS;
    if (times > 0) {
        a->failures = times < 32 ? a->failures >> times : 0;
        a->halved += times * HALVE_MS;
    }
    return a;
}

static struct attempts *guard_address(struct guard *g, const uint8_t address[16], int64_t now) {
    return guard_decaying(g, guard_hash(address, ~g->seed), now);
}

static struct attempts *guard_passkeys(struct guard *g, const uint8_t address[16], int64_t now) {
    return guard_decaying(g, guard_hash(address, g->seed ^ UINT32_MAX), now);
}

/* Milliseconds that are still to wait. */
static int64_t guard_wait(const struct attempts *a, uint32_t free_ones, int64_t now) {
    if (a->failures < free_ones)
        return 0;
    uint32_t over = a->failures - free_ones;
    int64_t seconds = over >= 10 ? DELAY_MOST_S : (int64_t)1 << over;
    seconds = seconds > DELAY_MOST_S ? DELAY_MOST_S : seconds;
    int64_t until = a->last + seconds * 1000;
    return until > now ? until - now : 0;
}

static int64_t guard_wait_pair(const struct attempts *a, struct guard_pause pause, int64_t now) {
    if (pause.failures == 0)
        return guard_wait(a, FREE_PAIR, now);
    int64_t until = a->last + pause.ms;
    return a->failures >= pause.failures && until > now ? until - now : 0;
}

/* Under suspicion the pace is slow, but it does not grow. */
static int64_t guard_wait_address(const struct attempts *a, bool strict, int64_t now) {
    int64_t usual = guard_wait(a, FREE_ADDRESS, now), until = a->last + STRICT_MS;
    bool slow = strict && a->failures >= FREE_STRICT && until > now;
    return slow && until - now > usual ? until - now : usual;
}

/* A passkey can't be guessed: this only bounds the work, so it neither grows nor minds the passwords. */
static int64_t guard_wait_passkey(const struct attempts *a, int64_t now) {
    int64_t until = a->last + PASSKEY_MS;
    return a->failures >= FREE_ADDRESS && until > now ? until - now : 0;
}

static enum status guard_answer(int64_t wait, struct error *e) {
    return wait == 0 ? ST_OK
                     : error_set(e, ST_LIMIT, "sign_in_slow", "%lld", (long long)((wait + 999) / 1000));
}

static void guard_count(struct attempts *one, struct attempts *whole, int64_t now) {
    one->failures++;
    whole->failures++;
    one->last = whole->last = now;
}

static void guard_relieve(struct attempts *one, struct attempts *whole) {
    one->failures = 0;
    whole->failures -= whole->failures > 0;
}

enum status guard_enter(struct guard *g, struct slice login, const uint8_t address[16],
                        struct guard_pause pause, int64_t now, struct error *e) {
    (void)pthread_mutex_lock(&g->lock);
    struct attempts *pair = guard_pair(g, login, address, now), *whole = guard_address(g, address, now);
    int64_t wait = guard_wait_pair(pair, pause, now), other = guard_wait_address(whole, pause.strict, now);
    wait = other > wait ? other : wait;
    if (wait == 0)
        guard_count(pair, whole, now);
    (void)pthread_mutex_unlock(&g->lock);
    return guard_answer(wait, e);
}

enum status guard_enter_passkey(struct guard *g, struct slice handle, const uint8_t address[16], int64_t now,
                                struct error *e) {
    (void)pthread_mutex_lock(&g->lock);
    struct attempts *pair = guard_pair(g, handle, address, now), *whole = guard_passkeys(g, address, now);
    int64_t wait = guard_wait(pair, FREE_PAIR, now), other = guard_wait_passkey(whole, now);
    wait = other > wait ? other : wait;
    if (wait == 0)
        guard_count(pair, whole, now);
    (void)pthread_mutex_unlock(&g->lock);
    return guard_answer(wait, e);
}

void guard_success_passkey(struct guard *g, struct slice handle, const uint8_t address[16]) {
    (void)pthread_mutex_lock(&g->lock);
    guard_relieve(guard_pair(g, handle, address, 0), guard_passkeys(g, address, 0));
    (void)pthread_mutex_unlock(&g->lock);
}

void guard_success(struct guard *g, struct slice login, const uint8_t address[16]) {
    (void)pthread_mutex_lock(&g->lock);
    guard_relieve(guard_pair(g, login, address, 0), guard_address(g, address, 0));
    (void)pthread_mutex_unlock(&g->lock);
}

static void guard_turn(struct guard *g, int64_t now) {
    if (g->minute == now / MINUTE_MS)
        return;
    g->minute = now / MINUTE_MS;
    g->entries = 0;
    g->to_report += g->uncounted;
    g->uncounted = 0;
}

bool guard_worth_entry(struct guard *g, struct slice login, const uint8_t address[16], int64_t now) {
    (void)pthread_mutex_lock(&g->lock);
    guard_turn(g, now);
    struct attempts *pair = guard_pair(g, login, address, now);
    if (pair->minute != now / MINUTE_MS) {
        pair->minute = now / MINUTE_MS;
        pair->entries = 0;
    }
    bool worth = pair->entries < ENTRIES_PAIR && g->entries < ENTRIES_ALL;
    pair->entries += worth;
    g->entries += worth;
    g->uncounted += !worth;
    (void)pthread_mutex_unlock(&g->lock);
    return worth;
}

uint64_t guard_take_uncounted(struct guard *g, int64_t now) {
    (void)pthread_mutex_lock(&g->lock);
    guard_turn(g, now);
    uint64_t n = g->to_report;
    g->to_report = 0;
    (void)pthread_mutex_unlock(&g->lock);
    return n;
}
