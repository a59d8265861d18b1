#include "keeper/parts.h"

#include "base/log.h"
#include "base/map.h"

#include <pthread.h>
#include <stdlib.h>

#define SLOTS      (1u << 16)
#define WINDOW     8 /* slots that a name may be counted in */
#define INDEXES    64
#define COMMON_MAX 32768      /* split tokens */
#define COMMON     (1u << 17) /* their table: never more than a quarter full */
#define RECENT     (1u << 16) /* rows after which counts are halved, so that they follow what comes */

struct slot {
    uint64_t name;
    uint32_t count; /* 0: free */
    uint16_t index;
};

struct index_rows {
    struct parts_index index;
    uint32_t rows, judged; /* judged: rows at the last look */
};

struct common {
    uint64_t name; /* 0: free */
    uint8_t levels;
};

struct parts {
    struct vault *vault;
    uint64_t seed;
    pthread_mutex_t lock;
    struct slot *slots;
    struct common *common;
    size_t common_count;
    struct index_rows indexes[INDEXES];
    size_t index_count;
};

uint64_t parts_name(const struct parts *p, const struct parts_index *index, struct slice token) {
    uint64_t kind = (uint64_t)index->object << 32 | (uint64_t)index->field << 16 | index->search;
    uint64_t name = map_hash(token, map_hash(slice_of(&kind, sizeof kind), p->seed));
    return name == 0 ? 1 : name;
}

/* ---- split tokens ---- */

static struct common *common_of(const struct parts *p, uint64_t name) {
    size_t at = (size_t)(name % COMMON);
    while (p->common[at].name != 0 && p->common[at].name != name)
        at = (at + 1) % COMMON;
    return &p->common[at];
}

static void common_put(struct parts *p, uint64_t name, uint8_t levels) {
    struct common *c = common_of(p, name);
    p->common_count += c->name == 0;
    *c = (struct common){name, (uint8_t)(levels | 1)};
}

/* The tables are larger than the caches: all that will be looked at is fetched at once. */
static void fetch_common(const struct parts *p, const uint64_t *names, size_t count) {
    for (size_t i = 0; i < count; i++)
        __builtin_prefetch(&p->common[names[i] % COMMON]);
}

static void fetch_slots(const struct parts *p, const uint64_t *names, size_t count) {
    for (size_t i = 0; i < count; i++)
        __builtin_prefetch(&p->slots[names[i] % SLOTS], 1);
}

void parts_levels(struct parts *p, const uint64_t *names, size_t count, uint8_t *levels) {
    (void)pthread_mutex_lock(&p->lock);
    for (size_t i = 0; i < count; i++)
        levels[i] = common_of(p, names[i])->levels | 1;
    (void)pthread_mutex_unlock(&p->lock);
}

static enum status load(void *context, struct slice key, struct slice value) {
    struct parts *p = context;
    uint64_t name = 0;
    if (key.n != sizeof name || value.n != 1 || p->common_count == COMMON_MAX)
        return ST_CORRUPT;
    memcpy(&name, key.p, sizeof name);
    if (name == 0 || value.p[0] > PARTS_ALL)
        return ST_CORRUPT;
    common_put(p, name, value.p[0]);
    return ST_OK;
}

static enum status make_seed(struct parts *p, const struct keyring *keys) {
    uint8_t key[KEYRING_KEY];
    enum status s = keyring_index_key(keys, 0, 0, 0, key); /* no index of a field has this name */
    memcpy(&p->seed, key, sizeof p->seed);
    explicit_bzero(key, sizeof key);
    return s;
}

enum status parts_open(struct vault *v, const struct keyring *keys, struct parts **out, struct error *e) {
    struct parts *p = calloc(1, sizeof *p);
    if (p == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for search terms");
    (void)pthread_mutex_init(&p->lock, NULL);
    p->vault = v;
    p->slots = calloc(SLOTS, sizeof *p->slots);
    p->common = calloc(COMMON, sizeof *p->common);
    enum status s = p->slots == NULL || p->common == NULL ? ST_NOMEM : make_seed(p, keys);
    if (s == ST_OK)
        s = vault_each(v, VAULT_PARTS, load, p);
    if (s != ST_OK) {
        parts_close(p);
        return error_set(e, s, "parts_corrupt", "the vault's list of common search terms cannot be read");
    }
    *out = p;
    return ST_OK;
}

void parts_close(struct parts *p) {
    if (p == NULL)
        return;
    (void)pthread_mutex_destroy(&p->lock);
    free(p->slots);
    free(p->common);
    explicit_bzero(p, sizeof *p);
    free(p);
}

/* ---- counting ---- */

static struct index_rows *index_of(struct parts *p, const struct parts_index *index) {
    for (size_t i = 0; i < p->index_count; i++) {
        const struct parts_index *x = &p->indexes[i].index;
        if (x->object == index->object && x->field == index->field && x->search == index->search)
            return &p->indexes[i];
    }
    if (p->index_count == INDEXES)
        return NULL;
    p->indexes[p->index_count] = (struct index_rows){.index = *index};
    return &p->indexes[p->index_count++];
}

/* Without a free slot the rarest of the window loses one: what is common stays. */
static void count_one(struct parts *p, uint64_t name, uint16_t index) {
    struct slot *rarest = NULL;
    for (size_t i = 0; i < WINDOW; i++) {
        struct slot *s = &p->slots[(name + i) % SLOTS];
        if (s->count > 0 && s->name == name) {
            s->count++;
            return;
        }
        if (rarest == NULL || s->count < rarest->count)
            rarest = s;
    }
    if (rarest->count == 0)
        *rarest = (struct slot){name, 1, index};
    else
        rarest->count--;
}

void parts_count(struct parts *p, const struct parts_index *index, const uint64_t *names, size_t count) {
    fetch_slots(p, names, count);
    fetch_common(p, names, count); /* parts_levels comes next */
    (void)pthread_mutex_lock(&p->lock);
    struct index_rows *x = index_of(p, index);
    for (size_t i = 0; x != NULL && i < count; i++)
        count_one(p, names[i], (uint16_t)(x - p->indexes));
    if (x != NULL)
        x->rows++;
    (void)pthread_mutex_unlock(&p->lock);
}

/* ---- judging ---- */

unsigned parts_level(uint8_t levels) {
    unsigned level = 0;
    while (levels >> (level + 1) != 0)
        level++;
    return level;
}

static unsigned level_wanted(uint32_t count, uint32_t rows) {
    unsigned level = 0;
    while (level < PARTS_LEVELS - 1 && (uint64_t)count * PARTS_SHARE > (uint64_t)rows << level)
        level++;
    return level;
}

struct judged {
    struct common changes[VAULT_CHANGE_MAX];
    size_t count;
};

static void judge_slot(struct parts *p, const struct index_rows *x, const struct slot *s, struct judged *j) {
    if (s->count < PARTS_LEAST)
        return;
    uint8_t levels = common_of(p, s->name)->levels | 1;
    unsigned wanted = level_wanted(s->count, x->rows);
    if (wanted > parts_level(levels))
        j->changes[j->count++] = (struct common){s->name, (uint8_t)(levels | 1u << wanted)};
}

static bool index_is_due(const struct index_rows *x) {
    return x->rows - x->judged >= PARTS_ROWS;
}

/* Indexes that have seen enough rows since the last look, all in one pass, and those that soon will have: not
 * every row has a value for every index, and a pass looks at each slot. What finds no room is met at the next
 * one. */
static void judge(struct parts *p, struct judged *j) {
    bool due[INDEXES], halve[INDEXES];
    for (size_t i = 0; i < INDEXES; i++) {
        due[i] = i < p->index_count && p->indexes[i].rows - p->indexes[i].judged >= PARTS_ROWS / 2;
        halve[i] = due[i] && p->indexes[i].rows >= RECENT;
    }
    for (size_t k = 0; k < SLOTS; k++) {
        struct slot *s = &p->slots[k];
        if (s->count == 0 || !due[s->index])
            continue;
        if (j->count < VAULT_CHANGE_MAX && p->common_count + j->count < COMMON_MAX)
            judge_slot(p, &p->indexes[s->index], s, j);
        s->count >>= halve[s->index];
    }
    for (size_t i = 0; i < p->index_count; i++) {
        p->indexes[i].rows >>= halve[i];
        if (due[i])
            p->indexes[i].judged = p->indexes[i].rows;
    }
}

static enum status judged_commit(struct parts *p, const struct judged *j) {
    struct vault_change changes[VAULT_CHANGE_MAX];
    for (size_t i = 0; i < j->count; i++) {
        const struct common *c = &j->changes[i];
        changes[i] = (struct vault_change){VAULT_PARTS, slice_of(&c->name, sizeof c->name),
                                           slice_of(&c->levels, sizeof c->levels)};
    }
    return vault_commit(p->vault, changes, j->count);
}

static bool is_due(struct parts *p) {
    bool due = false;
    (void)pthread_mutex_lock(&p->lock);
    for (size_t i = 0; i < p->index_count; i++)
        due = due || index_is_due(&p->indexes[i]);
    (void)pthread_mutex_unlock(&p->lock);
    return due;
}

/* The lock is not held over the disk: two that judge at once come to the same. */
void parts_settle(struct parts *p) {
    if (!is_due(p))
        return;
    struct judged *j = calloc(1, sizeof *j);
    if (j == NULL)
        return;
    (void)pthread_mutex_lock(&p->lock);
    judge(p, j);
    (void)pthread_mutex_unlock(&p->lock);
    if (j->count > 0 && judged_commit(p, j) != ST_OK) {
        log_warn("common search terms could not be noted: they stay whole until the next look");
        j->count = 0;
    }
    (void)pthread_mutex_lock(&p->lock);
    for (size_t i = 0; i < j->count && p->common_count < COMMON_MAX; i++)
        common_put(p, j->changes[i].name, common_of(p, j->changes[i].name)->levels | j->changes[i].levels);
    (void)pthread_mutex_unlock(&p->lock);
    free(j);
}

/* ---- a record's part ---- */

/* Parts of weights between one and two: equal ones would tell which belong together. */
static uint32_t weight(uint64_t name, unsigned level, unsigned part) {
    uint64_t number = (uint64_t)level << 32 | part;
    return 256 + (uint32_t)(map_hash(slice_of(&number, sizeof number), name) & 255);
}

void parts_weigh(uint64_t name, unsigned level, struct parts_weights *out) {
    *out = (struct parts_weights){.level = (uint16_t)level};
    for (unsigned i = 0; i < 1u << level; i++) {
        out->of[i] = (uint16_t)weight(name, level, i);
        out->sum += out->of[i];
    }
}

unsigned parts_pick(uint64_t name, const struct parts_weights *w, const struct uuid *record) {
    unsigned parts = 1u << w->level, part = 0;
    uint64_t hash = map_hash(slice_of(record->b, sizeof record->b), name + w->level);
    uint32_t at = (uint32_t)((hash >> 32) * w->sum >> 32);
    while (part + 1 < parts && at >= w->of[part])
        at -= w->of[part++];
    return part;
}

unsigned parts_choose(uint64_t name, unsigned level, const struct uuid *record) {
    struct parts_weights w;
    if (level == 0)
        return 0;
    parts_weigh(name, level, &w);
    return parts_pick(name, &w, record);
}
