#include "store/sqlite/judged.h"

#include "base/map.h"

#include <pthread.h>
#include <stdlib.h>

#define SEEN 1024

struct bits {
    atomic_ullong known[POSTINGS_WORDS];
    atomic_ullong holds[POSTINGS_WORDS];
};

struct judged_set {
    struct judged *j;
    unsigned users; /* under the lock; the list is one */
    uint64_t used_at;
    uint16_t object;
    uint8_t *key;
    size_t key_length;
    atomic_size_t bytes;
    atomic_ullong spent;
    _Atomic(struct bits *) chunks[FACTS_CHUNKS_MAX];
};

struct judged {
    pthread_mutex_t lock;
    uint64_t clock;
    atomic_size_t bytes;
    size_t count;
    struct judged_set *sets[JUDGED_SETS];
    uint64_t seen[SEEN]; /* hashes of conditions that came once */
};

struct judged *judged_new(void) {
    struct judged *j = calloc(1, sizeof *j);
    if (j != NULL)
        (void)pthread_mutex_init(&j->lock, NULL);
    return j;
}

/* Under the lock. */
static void set_give(struct judged_set *s) {
    if (--s->users > 0)
        return;
    atomic_fetch_sub(&s->j->bytes, atomic_load(&s->bytes));
    for (size_t i = 0; i < FACTS_CHUNKS_MAX; i++)
        free(atomic_load(&s->chunks[i]));
    free(s->key);
    free(s);
}

void judged_free(struct judged *j) {
    if (j == NULL)
        return;
    judged_forget_all(j);
    (void)pthread_mutex_destroy(&j->lock);
    free(j);
}

/* ---- the writer's side ---- */

/* Stamped already: nobody learns the old row any more. */
void judged_forget(struct judged *j, uint16_t object, int64_t row) {
    (void)pthread_mutex_lock(&j->lock);
    for (size_t i = 0; i < j->count; i++) {
        struct judged_set *s = j->sets[i];
        struct bits *b = s->object != object || postings_chunk(row) >= FACTS_CHUNKS_MAX
                             ? NULL
                             : atomic_load(&s->chunks[postings_chunk(row)]);
        if (b != NULL)
            atomic_fetch_and(&b->known[row % POSTINGS_ROWS / 64], ~((uint64_t)1 << (row % 64)));
    }
    (void)pthread_mutex_unlock(&j->lock);
}

/* Those who use one meanwhile see by the stamps that it does not hold. */
void judged_forget_all(struct judged *j) {
    (void)pthread_mutex_lock(&j->lock);
    for (size_t i = 0; i < j->count; i++)
        set_give(j->sets[i]);
    j->count = 0;
    (void)pthread_mutex_unlock(&j->lock);
}

/* ---- sets ---- */

static struct judged_set *find(struct judged *j, uint16_t object, struct slice key) {
    for (size_t i = 0; i < j->count; i++) {
        struct judged_set *s = j->sets[i];
        if (s->object == object && slice_equal(slice_of(s->key, s->key_length), key))
            return s;
    }
    return NULL;
}

static void drop_oldest(struct judged *j) {
    size_t oldest = 0;
    for (size_t i = 1; i < j->count; i++) {
        if (j->sets[i]->used_at < j->sets[oldest]->used_at)
            oldest = i;
    }
    set_give(j->sets[oldest]);
    j->sets[oldest] = j->sets[--j->count];
}

static struct judged_set *make(struct judged *j, uint16_t object, struct slice key) {
    while (j->count == JUDGED_SETS || (j->count > 0 && atomic_load(&j->bytes) > JUDGED_BYTES / 4 * 3))
        drop_oldest(j);
    struct judged_set *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->key = malloc(key.n);
    if (s->key == NULL) {
        free(s);
        return NULL;
    }
    memcpy(s->key, key.p, key.n);
    s->key_length = key.n;
    s->j = j;
    s->users = 1;
    s->object = object;
    atomic_store(&s->bytes, sizeof *s + key.n);
    atomic_fetch_add(&j->bytes, sizeof *s + key.n);
    j->sets[j->count++] = s;
    return s;
}

/* Whether the condition came before. */
static bool seen(struct judged *j, uint16_t object, struct slice key) {
    uint64_t hash = map_hash(key, (uint64_t)(uintptr_t)j + object);
    bool before = j->seen[hash % SEEN] == hash;
    j->seen[hash % SEEN] = hash;
    return before;
}

void judged_take(struct facts *f, uint16_t object, uint64_t now, struct slice key, struct judged_ask *out) {
    struct judged *j = facts_judged(f);
    *out = (struct judged_ask){.view = facts_look(f, object, now)};
    if (key.n == 0 || key.n > JUDGED_KEY_MOST)
        return;
    (void)pthread_mutex_lock(&j->lock);
    struct judged_set *s = find(j, object, key);
    if (s == NULL && seen(j, object, key))
        s = make(j, object, key);
    if (s != NULL) {
        s->users++;
        s->used_at = ++j->clock;
    }
    (void)pthread_mutex_unlock(&j->lock);
    out->set = s;
}

void judged_give(struct facts *f, struct judged_ask *ask) {
    if (ask->set == NULL)
        return;
    struct judged *j = facts_judged(f);
    (void)pthread_mutex_lock(&j->lock);
    set_give(ask->set);
    (void)pthread_mutex_unlock(&j->lock);
    ask->set = NULL;
}

/* ---- rows ---- */

static struct bits *bits_of(struct judged_set *s, int64_t row) {
    int64_t chunk = postings_chunk(row);
    return row < 0 || chunk >= FACTS_CHUNKS_MAX
               ? NULL
               : atomic_load_explicit(&s->chunks[chunk], memory_order_acquire);
}

int judged_get(struct judged_ask *ask, int64_t row) {
    const struct bits *b = bits_of(ask->set, row);
    if (b == NULL)
        return -1;
    size_t at = (size_t)(row % POSTINGS_ROWS) / 64;
    if ((atomic_load_explicit(&b->known[at], memory_order_acquire) >> (row % 64) & 1) == 0)
        return -1;
    int holds = (int)(atomic_load_explicit(&b->holds[at], memory_order_acquire) >> (row % 64) & 1);
    return facts_hold(&ask->view, row) ? holds : -1; /* asked last: another answer came after another stamp */
}

/* Under the row's lock. */
static struct bits *bits_make(struct judged_set *s, int64_t row) {
    struct bits *b = bits_of(s, row);
    if (b != NULL || atomic_load(&s->j->bytes) + sizeof *b > JUDGED_BYTES)
        return b;
    b = calloc(1, sizeof *b);
    if (b == NULL)
        return NULL;
    atomic_fetch_add(&s->bytes, sizeof *b);
    atomic_fetch_add(&s->j->bytes, sizeof *b);
    atomic_store_explicit(&s->chunks[postings_chunk(row)], b, memory_order_release);
    return b;
}

void judged_learn(struct judged_ask *ask, int64_t row, bool holds) {
    if (!facts_may_learn(&ask->view, row))
        return;
    struct bits *b = bits_make(ask->set, row);
    if (b != NULL) {
        size_t at = (size_t)(row % POSTINGS_ROWS) / 64;
        uint64_t bit = (uint64_t)1 << (row % 64);
        if (holds)
            atomic_fetch_or(&b->holds[at], bit);
        else
            atomic_fetch_and(&b->holds[at], ~bit);
        atomic_fetch_or(&b->known[at], bit);
    }
    facts_learnt(&ask->view, row);
}

uint64_t judged_spent(struct judged_ask *ask, size_t rows) {
    return atomic_fetch_add(&ask->set->spent, rows) + rows;
}

/* ---- SQL ---- */

static void is_judged(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    struct judged_ask *ask = sqlite3_value_pointer(values[0], JUDGED_POINTER);
    if (ask != NULL)
        ask->looked++;
    sqlite3_result_int(context, ask == NULL ? -1 : judged_get(ask, sqlite3_value_int64(values[1])));
}

static void judge(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    struct judged_ask *ask = sqlite3_value_pointer(values[0], JUDGED_POINTER);
    bool holds = sqlite3_value_int(values[2]) != 0; /* null is no */
    if (ask != NULL)
        judged_learn(ask, sqlite3_value_int64(values[1]), holds);
    sqlite3_result_int(context, holds);
}

enum status judged_register(sqlite3 *db, struct error *e) {
    int flags = SQLITE_UTF8 | SQLITE_DIRECTONLY;
    if (sqlite3_create_function_v2(db, "kedun_judged", 2, flags, NULL, is_judged, NULL, NULL, NULL) !=
            SQLITE_OK ||
        sqlite3_create_function_v2(db, "kedun_judge", 3, flags, NULL, judge, NULL, NULL, NULL) != SQLITE_OK)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for a connection");
    return ST_OK;
}
