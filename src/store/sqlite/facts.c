#include "store/sqlite/facts.h"

#include "store/sqlite/judged.h"

#include <pthread.h>
#include <stdlib.h>

#define OBJECTS 512 /* places; more objects than a base has */
#define LOCKS   16
#define WORDS   4

/* Time of creation (the least number: deleted), id, id, whose: owner << 32 | department << 16 | branch. */
struct packed {
    atomic_ullong words[WORDS];
};

struct facts_chunk {
    atomic_ullong changed[POSTINGS_WORDS];
    atomic_ullong known[POSTINGS_WORDS];
    atomic_llong latest[POSTINGS_WORDS]; /* no known row of these 64 was created later */
    _Atomic(struct packed *) rows;       /* NULL: none is known */
};

struct object {
    uint16_t id;
    _Atomic(struct facts_chunk *) chunks[FACTS_CHUNKS_MAX];
};

struct facts {
    const atomic_ullong *clock;
    pthread_mutex_t making; /* of objects and chunks */
    struct {
        _Alignas(64) pthread_mutex_t lock;
    } locks[LOCKS]; /* by chunk */
    atomic_size_t bytes;
    atomic_ullong forgotten;
    struct judged *judged;
    _Atomic(struct object *) objects[OBJECTS];
};

struct facts *facts_new(const atomic_ullong *clock) {
    struct facts *f = aligned_alloc(64, (sizeof *f + 63) / 64 * 64);
    if (f == NULL)
        return NULL;
    memset(f, 0, sizeof *f);
    f->clock = clock;
    f->judged = judged_new();
    if (f->judged == NULL) {
        free(f);
        return NULL;
    }
    (void)pthread_mutex_init(&f->making, NULL);
    for (size_t i = 0; i < LOCKS; i++)
        (void)pthread_mutex_init(&f->locks[i].lock, NULL);
    return f;
}

static void object_free(struct object *o) {
    for (size_t i = 0; o != NULL && i < FACTS_CHUNKS_MAX; i++) {
        struct facts_chunk *c = atomic_load(&o->chunks[i]);
        if (c != NULL)
            free(atomic_load(&c->rows));
        free(c);
    }
    free(o);
}

void facts_free(struct facts *f) {
    if (f == NULL)
        return;
    for (size_t i = 0; i < OBJECTS; i++)
        object_free(atomic_load(&f->objects[i]));
    judged_free(f->judged);
    (void)pthread_mutex_destroy(&f->making);
    for (size_t i = 0; i < LOCKS; i++)
        (void)pthread_mutex_destroy(&f->locks[i].lock);
    free(f);
}

struct judged *facts_judged(struct facts *f) {
    return f->judged;
}

/* ---- finding ---- */

/* The object's place, or the empty one where it would stand. */
static _Atomic(struct object *) *place_of(struct facts *f, uint16_t object) {
    size_t at = object % OBJECTS;
    for (size_t i = 0; i < OBJECTS; i++, at = (at + 1) % OBJECTS) {
        struct object *o = atomic_load_explicit(&f->objects[at], memory_order_acquire);
        if (o == NULL || o->id == object)
            return &f->objects[at];
    }
    return NULL;
}

static struct facts_chunk *chunk_of(struct facts *f, uint16_t object, int64_t chunk) {
    _Atomic(struct object *) *place = place_of(f, object);
    struct object *o = place == NULL ? NULL : atomic_load(place);
    if (o == NULL || chunk < 0 || chunk >= FACTS_CHUNKS_MAX)
        return NULL;
    return atomic_load_explicit(&o->chunks[chunk], memory_order_acquire);
}

static pthread_mutex_t *lock_of(struct facts *f, int64_t row) {
    return &f->locks[(uint64_t)postings_chunk(row) % LOCKS].lock;
}

static size_t block_of(int64_t row) {
    return (size_t)(row & (POSTINGS_ROWS - 1)) / 64;
}

static uint64_t bit_of(int64_t row) {
    return (uint64_t)1 << (row % 64);
}

/* ---- the writer's side ---- */

void facts_changed(struct facts *f, uint16_t object, int64_t row) {
    if (f == NULL || row < 0)
        return;
    (void)pthread_mutex_lock(lock_of(f, row));
    struct facts_chunk *c = chunk_of(f, object, postings_chunk(row));
    if (c != NULL) {
        atomic_store(&c->changed[block_of(row)], atomic_load(f->clock) + 1);
        atomic_fetch_and(&c->known[block_of(row)], ~bit_of(row));
    }
    (void)pthread_mutex_unlock(lock_of(f, row));
    if (c != NULL)
        judged_forget(f->judged, object, row);
}

static void chunk_changed(struct facts *f, struct object *o, int64_t chunk) {
    int64_t row = chunk << POSTINGS_BITS;
    (void)pthread_mutex_lock(lock_of(f, row));
    struct facts_chunk *c = atomic_load(&o->chunks[chunk]);
    for (size_t i = 0; c != NULL && i < POSTINGS_WORDS; i++) {
        atomic_store(&c->changed[i], atomic_load(f->clock) + 1);
        atomic_store(&c->known[i], 0);
    }
    (void)pthread_mutex_unlock(lock_of(f, row));
}

void facts_all_changed(struct facts *f) {
    for (size_t i = 0; f != NULL && i < OBJECTS; i++) {
        struct object *o = atomic_load(&f->objects[i]);
        for (int64_t chunk = 0; o != NULL && chunk < FACTS_CHUNKS_MAX; chunk++)
            chunk_changed(f, o, chunk);
    }
    if (f == NULL)
        return;
    judged_forget_all(f->judged);
    atomic_fetch_add(&f->forgotten, 1); /* last: who saw it learns what he learns for good */
}

uint64_t facts_forgotten(const struct facts *f) {
    return atomic_load(&f->forgotten);
}

/* ---- making ---- */

static bool take_bytes(struct facts *f, size_t n) {
    if (atomic_fetch_add(&f->bytes, n) + n <= FACTS_BYTES)
        return true;
    atomic_fetch_sub(&f->bytes, n);
    return false;
}

static struct object *object_made(struct facts *f, uint16_t object) {
    _Atomic(struct object *) *place = place_of(f, object);
    struct object *o = place == NULL ? NULL : atomic_load(place);
    if (place == NULL || o != NULL || !take_bytes(f, sizeof *o))
        return o;
    o = calloc(1, sizeof *o);
    if (o == NULL)
        return NULL;
    o->id = object;
    atomic_store_explicit(place, o, memory_order_release);
    return o;
}

/* Under the chunk's lock the clock is even: a commit stamps the new chunk. Or odd: it may have passed by
 * already, and only those who ask after it learn. */
static struct facts_chunk *chunk_made(struct facts *f, uint16_t object, int64_t chunk) {
    struct object *o = object_made(f, object);
    struct facts_chunk *c = o == NULL ? NULL : atomic_load(&o->chunks[chunk]);
    if (o == NULL || c != NULL || !take_bytes(f, sizeof *c))
        return c;
    c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    pthread_mutex_t *lock = lock_of(f, chunk << POSTINGS_BITS);
    (void)pthread_mutex_lock(lock);
    uint64_t now = atomic_load(f->clock);
    for (size_t i = 0; i < POSTINGS_WORDS; i++)
        atomic_store(&c->changed[i], now + now % 2);
    atomic_store_explicit(&o->chunks[chunk], c, memory_order_release);
    (void)pthread_mutex_unlock(lock);
    return c;
}

static struct facts_chunk *chunk_make(struct facts *f, uint16_t object, int64_t chunk) {
    if (chunk < 0 || chunk >= FACTS_CHUNKS_MAX)
        return NULL;
    struct facts_chunk *c = chunk_of(f, object, chunk);
    if (c != NULL)
        return c;
    (void)pthread_mutex_lock(&f->making);
    c = chunk_made(f, object, chunk);
    (void)pthread_mutex_unlock(&f->making);
    return c;
}

/* Under the chunk's lock. Pages of it are the kernel's until they are written. */
static struct packed *rows_make(struct facts *f, struct facts_chunk *c) {
    struct packed *rows = atomic_load(&c->rows);
    if (rows != NULL || !take_bytes(f, POSTINGS_ROWS * sizeof *rows))
        return rows;
    rows = calloc(POSTINGS_ROWS, sizeof *rows);
    if (rows != NULL)
        atomic_store_explicit(&c->rows, rows, memory_order_release);
    return rows;
}

/* ---- readers ---- */

struct facts_view facts_look(struct facts *f, uint16_t object, uint64_t now) {
    return (struct facts_view){.f = f, .now = now, .object = object, .chunk = -1};
}

static const struct facts_chunk *look_at(struct facts_view *v, int64_t row) {
    int64_t chunk = postings_chunk(row);
    if (chunk != v->chunk || v->at == NULL) {
        v->at = row < 0 ? NULL : chunk_of(v->f, v->object, chunk);
        v->chunk = chunk;
    }
    return v->at;
}

bool facts_hold(struct facts_view *v, int64_t row) {
    const struct facts_chunk *c = look_at(v, row);
    return c != NULL && atomic_load_explicit(&c->changed[block_of(row)], memory_order_acquire) <= v->now;
}

void facts_expect(struct facts_view *v, int64_t row) {
    const struct facts_chunk *c = look_at(v, row);
    const struct packed *rows = c == NULL ? NULL : atomic_load_explicit(&c->rows, memory_order_relaxed);
    if (rows != NULL)
        __builtin_prefetch(rows + row % POSTINGS_ROWS);
}

static int64_t unpack(uint64_t n, uint64_t most) {
    return n == most ? FACT_NOBODY : (int64_t)n;
}

bool facts_get(struct facts_view *v, int64_t row, struct fact *out) {
    const struct facts_chunk *c = look_at(v, row);
    if (c == NULL)
        return false;
    if ((atomic_load_explicit(&c->known[block_of(row)], memory_order_acquire) & bit_of(row)) == 0)
        return false;
    const struct packed *p = atomic_load_explicit(&c->rows, memory_order_acquire) + row % POSTINGS_ROWS;
    uint64_t words[WORDS];
    for (size_t i = 0; i < WORDS; i++)
        words[i] = atomic_load_explicit(&p->words[i], memory_order_acquire);
    if (!facts_hold(v, row)) /* behind the words: whoever wrote others came after another stamp */
        return false;
    *out = (struct fact){.created_at = (int64_t)words[0],
                         .id = {words[1], words[2]},
                         .owner = unpack(words[3] >> 32, UINT32_MAX),
                         .department = unpack(words[3] >> 16 & UINT16_MAX, UINT16_MAX),
                         .branch = unpack(words[3] & UINT16_MAX, UINT16_MAX),
                         .alive = (int64_t)words[0] != INT64_MIN};
    return true;
}

/* What is known was noted in `latest` before it was known, and `latest` only grows. */
static inline bool block_before(const struct facts_chunk *c, size_t block, uint64_t rows, int64_t at,
                                uint64_t now) {
    return (rows & ~atomic_load_explicit(&c->known[block], memory_order_acquire)) == 0 &&
           atomic_load_explicit(&c->latest[block], memory_order_acquire) < at &&
           atomic_load_explicit(&c->changed[block], memory_order_acquire) <= now;
}

bool facts_all_before(struct facts_view *v, int64_t first, uint64_t rows, int64_t at) {
    const struct facts_chunk *c = look_at(v, first);
    return c != NULL && block_before(c, block_of(first), rows, at, v->now);
}

bool facts_bits_before(struct facts_view *v, int64_t chunk, const uint64_t *bits, int64_t at) {
    const struct facts_chunk *c = look_at(v, chunk << POSTINGS_BITS);
    bool before = c != NULL;
    for (size_t i = 0; before && i < POSTINGS_WORDS; i++)
        before = bits[i] == 0 || block_before(c, i, bits[i], at, v->now);
    return before;
}

bool facts_list_before(struct facts_view *v, const uint32_t *rows, size_t count, int64_t at) {
    const struct facts_chunk *c = count == 0 ? NULL : look_at(v, rows[0]);
    bool before = count == 0 || c != NULL;
    for (size_t i = 0; before && i < count; i++)
        before = block_before(c, block_of(rows[i]), bit_of(rows[i]), at, v->now);
    return before;
}

/* False: no room for such a number. */
static bool pack(int64_t n, uint64_t most, uint64_t *out) {
    *out = n == FACT_NOBODY ? most : (uint64_t)n;
    return n == FACT_NOBODY || (n >= 0 && (uint64_t)n < most);
}

bool facts_may_learn(struct facts_view *v, int64_t row) {
    if (row < 0 || chunk_make(v->f, v->object, postings_chunk(row)) == NULL)
        return false;
    (void)pthread_mutex_lock(lock_of(v->f, row));
    if (facts_hold(v, row))
        return true;
    (void)pthread_mutex_unlock(lock_of(v->f, row));
    return false;
}

void facts_learnt(struct facts_view *v, int64_t row) {
    (void)pthread_mutex_unlock(lock_of(v->f, row));
}

void facts_learn(struct facts_view *v, int64_t row, const struct fact *fact) {
    uint64_t owner, department, branch;
    if (!pack(fact->owner, UINT32_MAX, &owner) || !pack(fact->department, UINT16_MAX, &department) ||
        !pack(fact->branch, UINT16_MAX, &branch) || fact->created_at == INT64_MIN)
        return;
    if (!facts_may_learn(v, row))
        return;
    struct facts_chunk *c = chunk_of(v->f, v->object, postings_chunk(row));
    struct packed *rows = rows_make(v->f, c);
    bool known = (atomic_load(&c->known[block_of(row)]) & bit_of(row)) != 0;
    if (rows != NULL && !known) {
        uint64_t created_at = (uint64_t)(fact->alive ? fact->created_at : INT64_MIN);
        uint64_t words[WORDS] = {created_at, fact->id[0], fact->id[1],
                                 owner << 32 | department << 16 | branch};
        for (size_t i = 0; i < WORDS; i++)
            atomic_store_explicit(&rows[row % POSTINGS_ROWS].words[i], words[i], memory_order_release);
        if (fact->alive && fact->created_at > atomic_load(&c->latest[block_of(row)]))
            atomic_store(&c->latest[block_of(row)], fact->created_at);
        atomic_fetch_or(&c->known[block_of(row)], bit_of(row));
    }
    facts_learnt(v, row);
}

/* ---- what changed ---- */

bool facts_watch(struct facts_view *v, int64_t last) {
    bool all = true;
    for (int64_t chunk = 0; all && chunk <= postings_chunk(last); chunk++)
        all = chunk_make(v->f, v->object, chunk) != NULL;
    return all;
}

void facts_changed_since(struct facts_view *v, uint64_t now, int64_t last,
                         void (*call)(void *context, int64_t first), void *context) {
    for (int64_t first = 0; first <= last; first += 64) {
        const struct facts_chunk *c = look_at(v, first);
        if (c == NULL || atomic_load_explicit(&c->changed[block_of(first)], memory_order_acquire) > now)
            call(context, first);
    }
}
