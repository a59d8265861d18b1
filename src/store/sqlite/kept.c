#include "store/sqlite/kept.h"

#include "base/map.h"
#include "store/sqlite/facts.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define SHARDS      16
#define SHARD_BYTES (KEPT_BYTES / SHARDS)
#define SETS        1024 /* a shard; with WAYS, a place for each 512 bytes */
#define WAYS        8
#define SHAPES      256
#define CHANGES     16384 /* rows of one transaction; more, and everything goes */

/* Where a row lies: position `at` of all that was ever written to the shard, which overwrites its oldest. */
struct way {
    uint64_t now, at;
    uint32_t shape, length; /* 0: empty */
};

/* Rows of one number are in one set, whatever their shape. */
struct set {
    _Alignas(64) uint64_t rows[WAYS];
    struct way ways[WAYS];
};

struct shard {
    _Alignas(64) pthread_mutex_t lock;
    uint64_t head; /* written so far */
    uint8_t *bytes;
    struct set *sets;
};

struct shape {
    uint32_t number;
    uint16_t object, count;
    bool with_key;
    uint16_t columns[STORE_COLUMNS_MAX];
};

struct kept {
    atomic_ullong now;
    uint64_t seed;
    struct connection *writer;
    struct shard shards[SHARDS];
    pthread_mutex_t shapes_lock;
    uint32_t last_shape;
    struct shape shapes[SHAPES];
    uint64_t changed[CHANGES]; /* by the writer's transaction */
    size_t changed_count;
};

void kept_free(struct kept *k) {
    if (k == NULL)
        return;
    for (size_t i = 0; i < SHARDS; i++) {
        (void)pthread_mutex_destroy(&k->shards[i].lock);
        free(k->shards[i].bytes);
        free(k->shards[i].sets);
    }
    (void)pthread_mutex_destroy(&k->shapes_lock);
    free(k);
}

/* Memory is the kernel's until rows come: calloc of this size only reserves. */
struct kept *kept_new(void) {
    struct kept *k = aligned_alloc(64, sizeof *k);
    if (k == NULL)
        return NULL;
    memset(k, 0, sizeof *k);
    atomic_store(&k->now, 2);
    k->seed = (uint64_t)(uintptr_t)k;
    (void)pthread_mutex_init(&k->shapes_lock, NULL);
    bool made = true;
    for (size_t i = 0; i < SHARDS; i++) {
        struct shard *s = &k->shards[i];
        (void)pthread_mutex_init(&s->lock, NULL);
        s->bytes = calloc(1, SHARD_BYTES);
        s->sets = aligned_alloc(64, SETS * sizeof *s->sets);
        made = made && s->bytes != NULL && s->sets != NULL;
        if (s->sets != NULL)
            memset(s->sets, 0, SETS * sizeof *s->sets);
    }
    if (made)
        return k;
    kept_free(k);
    return NULL;
}

uint64_t kept_now(const struct kept *k) {
    return atomic_load(&k->now);
}

const atomic_ullong *kept_clock(const struct kept *k) {
    return &k->now;
}

/* ---- shapes ---- */

static bool shape_is(const struct shape *s, const struct store_select *q) {
    return s->number != 0 && s->object == q->object->id && s->with_key == q->with_key &&
           s->count == q->column_count &&
           memcmp(s->columns, q->columns, q->column_count * sizeof *q->columns) == 0;
}

uint32_t kept_shape(struct kept *k, const struct store_select *q) {
    struct slice columns = slice_of(q->columns, q->column_count * sizeof *q->columns);
    uint64_t hash = map_hash(columns, k->seed + q->object->id * 2u + q->with_key);
    struct shape *s = &k->shapes[hash % SHAPES];
    (void)pthread_mutex_lock(&k->shapes_lock);
    if (!shape_is(s, q) && k->last_shape < UINT32_MAX) {
        s->number = ++k->last_shape;
        s->object = q->object->id;
        s->with_key = q->with_key;
        s->count = (uint16_t)q->column_count;
        memcpy(s->columns, columns.p, columns.n);
    }
    uint32_t number = shape_is(s, q) ? s->number : 0;
    (void)pthread_mutex_unlock(&k->shapes_lock);
    return number;
}

/* ---- places ---- */

static uint64_t row_name(uint16_t object, int64_t row) {
    return (uint64_t)object << 48 | (uint64_t)row;
}

static int64_t row_number(uint64_t name) {
    return (int64_t)(name & (UINT64_MAX >> 16));
}

static uint64_t spread(uint64_t name) {
    uint64_t h = name * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 29;
}

static size_t shard_at(uint64_t name) {
    return spread(name) % SHARDS;
}

static struct shard *shard_of(struct kept *k, uint64_t name) {
    return &k->shards[shard_at(name)];
}

static struct set *set_of(const struct shard *s, uint64_t name) {
    return &s->sets[spread(name) / SHARDS % SETS];
}

static bool is_live(const struct shard *s, const struct way *w) {
    return w->length > 0 && s->head - w->at <= SHARD_BYTES;
}

static struct way *way_of(struct shard *s, uint64_t name, uint32_t shape) {
    struct set *set = set_of(s, name);
    for (size_t i = 0; i < WAYS; i++) {
        struct way *w = &set->ways[i];
        if (set->rows[i] == name && w->shape == shape && is_live(s, w))
            return w;
    }
    return NULL;
}

/* ---- the writer's side ---- */

static void take_out(struct kept *k, uint64_t name) {
    struct shard *s = shard_of(k, name);
    struct set *set = set_of(s, name);
    (void)pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < WAYS; i++) {
        struct way *w = &set->ways[i];
        if (set->rows[i] != name)
            continue;
        if (is_live(s, w))
            explicit_bzero(s->bytes + w->at % SHARD_BYTES, w->length);
        w->length = 0;
    }
    (void)pthread_mutex_unlock(&s->lock);
}

static void take_all_out(struct kept *k) {
    for (size_t i = 0; i < SHARDS; i++) {
        struct shard *s = &k->shards[i];
        (void)pthread_mutex_lock(&s->lock);
        explicit_bzero(s->bytes, s->head < SHARD_BYTES ? s->head : SHARD_BYTES);
        memset(s->sets, 0, SETS * sizeof *s->sets);
        s->head = 0;
        (void)pthread_mutex_unlock(&s->lock);
    }
}

/* Rows that are new can't have been kept. */
static void on_change(void *context, int act, const char *base, const char *table, sqlite3_int64 row) {
    struct kept *k = context;
    (void)base;
    if (act == SQLITE_INSERT || table[0] != 'o' || table[1] != '_')
        return;
    if (k->changed_count < CHANGES)
        k->changed[k->changed_count] = row_name((uint16_t)strtoul(table + 2, NULL, 10), row);
    k->changed_count++;
}

static int on_commit(void *context) {
    struct kept *k = context;
    bool all = k->writer->forget_rows || k->changed_count > CHANGES;
    if (!all && k->changed_count == 0)
        return 0;
    if (atomic_load(&k->now) % 2 == 0)
        atomic_fetch_add(&k->now, 1);
    if (all) {
        take_all_out(k);
        facts_all_changed(k->writer->facts);
    }
    for (size_t i = 0; !all && i < k->changed_count; i++) {
        take_out(k, k->changed[i]);
        facts_changed(k->writer->facts, (uint16_t)(k->changed[i] >> 48), row_number(k->changed[i]));
    }
    k->changed_count = 0;
    k->writer->forget_rows = false;
    return 0;
}

void kept_watch(struct kept *k, struct connection *writer) {
    k->writer = writer;
    (void)sqlite3_update_hook(writer->db, on_change, k);
    (void)sqlite3_commit_hook(writer->db, on_commit, k);
}

void kept_commit_ended(struct kept *k) {
    if (atomic_load(&k->now) % 2 != 0)
        atomic_fetch_add(&k->now, 1);
}

/* ---- the readers' side ---- */

/* A row as bytes: a kind for each cell (padded to eight), a word for each (the number, or where its bytes lie
 * and how many they are), bytes. */
static size_t kinds_length(size_t count) {
    return (count + 7) / 8 * 8;
}

static size_t row_length(const struct cell *cells, size_t count) {
    size_t n = kinds_length(count) + count * 8;
    for (size_t i = 0; i < count; i++) {
        if (cells[i].kind == CELL_TEXT || cells[i].kind == CELL_BYTES)
            n += cells[i].s.n;
    }
    return (n + 7) / 8 * 8;
}

static void row_write(const struct cell *cells, size_t count, uint8_t *to) {
    uint8_t *words = to + kinds_length(count);
    size_t at = kinds_length(count) + count * 8;
    for (size_t i = 0; i < count; i++) {
        const struct cell *c = &cells[i];
        uint64_t word = (uint64_t)c->i;
        to[i] = (uint8_t)c->kind;
        if (c->kind == CELL_DOUBLE)
            memcpy(&word, &c->d, sizeof word);
        if (c->kind == CELL_TEXT || c->kind == CELL_BYTES) {
            word = (uint64_t)at << 32 | c->s.n;
            if (c->s.n > 0)
                memcpy(to + at, c->s.p, c->s.n);
            at += c->s.n;
        }
        memcpy(words + i * 8, &word, sizeof word);
    }
}

static void row_read(const uint8_t *from, size_t count, struct cell *cells) {
    const uint8_t *words = from + kinds_length(count);
    for (size_t i = 0; i < count; i++) {
        uint64_t word;
        memcpy(&word, words + i * 8, sizeof word);
        struct cell *c = &cells[i];
        switch (from[i]) {
        case CELL_INT:
            *c = cell_int((int64_t)word);
            break;
        case CELL_DOUBLE:
            *c = (struct cell){.kind = CELL_DOUBLE};
            memcpy(&c->d, &word, sizeof word);
            break;
        case CELL_TEXT:
        case CELL_BYTES:
            *c = (struct cell){.kind = (enum cell_kind)from[i],
                               .s = slice_of(from + (word >> 32), word & UINT32_MAX)};
            break;
        default:
            *c = cell_null();
        }
    }
}

void kept_expect(const struct kept *k, const struct kept_ask *ask, int64_t row) {
    uint64_t name = row_name(ask->object, row);
    const uint8_t *set = (const uint8_t *)set_of(&k->shards[shard_at(name)], name);
    for (size_t i = 0; i < sizeof(struct set); i += 64)
        __builtin_prefetch(set + i);
}

bool kept_get(struct kept *k, const struct kept_ask *ask, int64_t row, struct arena *arena,
              struct cell *cells, enum status *st) {
    uint64_t name = row_name(ask->object, row);
    struct shard *s = shard_of(k, name);
    uint8_t *to = NULL;
    (void)pthread_mutex_lock(&s->lock);
    const struct way *w = way_of(s, name, ask->shape);
    bool found = w != NULL && w->now <= ask->now;
    if (found) {
        to = arena_take(arena, w->length);
        if (to != NULL)
            memcpy(to, s->bytes + w->at % SHARD_BYTES, w->length);
    }
    (void)pthread_mutex_unlock(&s->lock);
    if (to == NULL) {
        *st = found ? ST_NOMEM : *st;
        return false;
    }
    row_read(to, ask->count, cells);
    return true;
}

/* Empty ones first, then what will be overwritten soonest. */
static struct way *way_to_fill(struct shard *s, struct set *set) {
    struct way *oldest = &set->ways[0];
    for (size_t i = 0; i < WAYS; i++) {
        struct way *w = &set->ways[i];
        if (!is_live(s, w))
            return w;
        if (w->at < oldest->at)
            oldest = w;
    }
    return oldest;
}

/* Room for n bytes in a piece: the rest of a round that is too short is left. */
static uint64_t take_room(struct shard *s, size_t n) {
    size_t left = SHARD_BYTES - s->head % SHARD_BYTES;
    if (left < n)
        s->head += left;
    uint64_t at = s->head;
    s->head += n;
    return at;
}

void kept_put(struct kept *k, const struct kept_ask *ask, int64_t row, const struct cell *cells) {
    uint64_t name = row_name(ask->object, row);
    size_t n = row_length(cells, ask->count);
    struct shard *s = shard_of(k, name);
    struct set *set = set_of(s, name);
    if (ask->now % 2 != 0 || n > KEPT_ROW_BYTES)
        return;
    (void)pthread_mutex_lock(&s->lock);
    if (atomic_load(&k->now) == ask->now && way_of(s, name, ask->shape) == NULL) {
        uint64_t at = take_room(s, n);
        struct way *w = way_to_fill(s, set);
        set->rows[w - set->ways] = name;
        *w = (struct way){.now = ask->now, .at = at, .shape = ask->shape, .length = (uint32_t)n};
        row_write(cells, ask->count, s->bytes + at % SHARD_BYTES);
    }
    (void)pthread_mutex_unlock(&s->lock);
}
