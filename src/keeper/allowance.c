#include "keeper/allowance.h"

#include "base/clock.h"

#include <stdlib.h>

#define DAY_MS    ((int64_t)24 * 3600 * 1000)
#define BITS_MOST (ALLOWANCE_RECORDS / 8)

struct allowance {
    uint64_t proposal;
    int64_t until; /* ms */
    uint32_t used;
    size_t count;
    struct uuid *records; /* sorted */
    uint8_t bits[BITS_MOST];
};

static int by_id(const void *a, const void *b) {
    return memcmp(a, b, sizeof(struct uuid));
}

static struct allowance *find(struct allowances *a, uint64_t proposal) {
    for (size_t i = 0; i < a->count; i++) {
        if (a->list[i].proposal == proposal)
            return &a->list[i];
    }
    return NULL;
}

static struct allowance *add(struct allowances *a, uint64_t proposal) {
    struct allowance *one = find(a, proposal);
    if (one != NULL)
        return one;
    if (a->count == a->room) {
        size_t room = a->room == 0 ? 16 : a->room * 2;
        struct allowance *grown = realloc(a->list, room * sizeof *grown);
        if (grown == NULL)
            return NULL;
        a->list = grown;
        a->room = room;
    }
    one = &a->list[a->count++];
    *one = (struct allowance){.proposal = proposal};
    return one;
}

static enum status take_records(struct allowance *one, const struct uuid *records, size_t count) {
    struct uuid *copy = count == 0 ? NULL : calloc(count, sizeof *copy);
    if (count > 0 && copy == NULL)
        return ST_NOMEM;
    if (count > 0)
        memcpy(copy, records, count * sizeof *copy);
    free(one->records);
    one->records = copy;
    one->count = count;
    return ST_OK;
}

static enum status load_records(void *context, struct slice key, struct slice value) {
    struct reader k = reader_of(key), v = reader_of(value);
    uint64_t proposal = reader_u64(&k);
    int64_t until = (int64_t)reader_u64(&v);
    size_t n = (value.n - v.at) / sizeof(struct uuid);
    struct uuid records[ALLOWANCE_RECORDS];
    if (!reader_done(&k) || v.failed || n > ALLOWANCE_RECORDS)
        return ST_CORRUPT;
    reader_copy(&v, records, n * sizeof *records);
    struct allowance *one = reader_done(&v) ? add(context, proposal) : NULL;
    if (one == NULL)
        return v.failed ? ST_CORRUPT : ST_NOMEM;
    one->until = until;
    return take_records(one, records, n);
}

static enum status load_used(void *context, struct slice key, struct slice value) {
    struct reader k = reader_of(key), v = reader_of(value);
    uint64_t proposal = reader_u64(&k);
    uint8_t bits[BITS_MOST];
    uint32_t used = reader_u32(&v);
    reader_copy(&v, bits, sizeof bits);
    if (!reader_done(&k) || !reader_done(&v))
        return ST_CORRUPT;
    struct allowance *one = find(context, proposal);
    if (one == NULL) /* what it was of is forgotten */
        return ST_OK;
    one->used = used;
    memcpy(one->bits, bits, sizeof bits);
    return ST_OK;
}

static void make_key(uint64_t proposal, uint8_t out[8]) {
    for (size_t i = 0; i < 8; i++)
        out[i] = (uint8_t)(proposal >> (8 * i));
}

/* Those that ended a day ago; what can't be taken out stays until the next time. */
static void forget_old(struct allowances *a, int64_t now) {
    for (size_t i = a->count; i-- > 0;) {
        uint8_t key[8];
        make_key(a->list[i].proposal, key);
        struct vault_change gone[] = {{VAULT_ALLOWANCE, slice_of(key, 8), SLICE_NONE},
                                      {VAULT_ALLOWANCE_USED, slice_of(key, 8), SLICE_NONE}};
        if (a->list[i].until + DAY_MS > now || vault_commit_lazy(a->vault, gone, 2) != ST_OK)
            continue;
        free(a->list[i].records);
        a->list[i] = a->list[--a->count];
    }
}

enum status allowances_open(struct vault *v, struct allowances **out, struct error *e) {
    *out = NULL;
    struct allowances *a = calloc(1, sizeof *a);
    if (a == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for approvals");
    (void)pthread_mutex_init(&a->lock, NULL);
    a->vault = v;
    enum status s = vault_each(v, VAULT_ALLOWANCE, load_records, a);
    if (s == ST_OK)
        s = vault_each(v, VAULT_ALLOWANCE_USED, load_used, a);
    if (s != ST_OK) {
        allowances_close(a);
        return error_set(e, s, "allowances_corrupt", "the approvals in the vault do not parse");
    }
    forget_old(a, clock_wall_ms());
    *out = a;
    return ST_OK;
}

void allowances_close(struct allowances *a) {
    if (a == NULL)
        return;
    for (size_t i = 0; i < a->count; i++)
        free(a->list[i].records);
    free(a->list);
    (void)pthread_mutex_destroy(&a->lock);
    free(a);
}

static enum status store_records(struct allowances *a, const struct allowance *one) {
    struct buf value;
    uint8_t key[8];
    make_key(one->proposal, key);
    buf_init(&value, VAULT_VALUE_MAX, false);
    buf_put_u64(&value, (uint64_t)one->until);
    buf_put(&value, one->records, one->count * sizeof *one->records);
    struct vault_change c = {VAULT_ALLOWANCE, slice_of(key, 8), buf_slice(&value)};
    /* Not waited for: the grant itself comes after it in the same file, and is. */
    enum status s = value.failed ? ST_NOMEM : vault_commit_lazy(a->vault, &c, 1);
    buf_free(&value);
    return s;
}

enum status allowances_add(struct allowances *a, uint64_t proposal, int64_t until, const struct uuid *records,
                           size_t count) {
    (void)pthread_mutex_lock(&a->lock);
    forget_old(a, clock_wall_ms());
    struct allowance *one = count > ALLOWANCE_RECORDS ? NULL : add(a, proposal);
    enum status s = one == NULL ? ST_NOMEM : take_records(one, records, count);
    if (s == ST_OK) {
        one->until = until;
        s = store_records(a, one);
    }
    (void)pthread_mutex_unlock(&a->lock);
    return s;
}

uint32_t allowances_used(struct allowances *a, uint64_t proposal) {
    (void)pthread_mutex_lock(&a->lock);
    const struct allowance *one = find(a, proposal);
    uint32_t used = one == NULL ? 0 : one->used;
    (void)pthread_mutex_unlock(&a->lock);
    return used;
}

/* What one write takes, before anything of it is on the disk. */
struct part {
    struct allowance *one;
    uint32_t used; /* as it will stand */
    uint8_t bits[BITS_MOST];
    bool taken;
};

struct taking {
    const struct allowance_use *use;
    bool *covered; /* per record */
    struct part parts[ALLOWANCES_LIVE];
    size_t count;
};

/* Those of the records that it names and no other covers yet. */
static void cover_named(struct taking *t, struct part *p) {
    for (size_t i = 0; i < t->use->count; i++) {
        const struct uuid *at = t->covered[i] || p->one->count == 0
                                    ? NULL
                                    : bsearch(&t->use->records[i], p->one->records, p->one->count,
                                              sizeof *p->one->records, by_id);
        if (at == NULL)
            continue;
        size_t bit = (size_t)(at - p->one->records);
        t->covered[i] = p->taken = true;
        p->used += (p->bits[bit / 8] >> bit % 8 & 1) == 0;
        p->bits[bit / 8] |= (uint8_t)(1u << bit % 8);
    }
}

/* How many records still want one. */
static size_t left_over(const struct taking *t) {
    size_t wanted = 0, others = 0;
    for (size_t i = 0; i < t->use->count; i++) {
        bool asks = t->use->wanted != NULL && t->use->wanted[i];
        wanted += !t->covered[i] && asks;
        others += !t->covered[i] && !asks;
    }
    return wanted + (others > t->use->free ? others - t->use->free : 0);
}

static void take_number(struct part *p, uint32_t most, size_t *left) {
    uint32_t free = most > p->used ? most - p->used : 0;
    uint32_t n = free < *left ? free : (uint32_t)*left;
    p->used += n;
    p->taken = n > 0;
    *left -= n;
}

/* False: all of them together don't cover it. */
static bool plan(struct allowances *a, const struct registry_allowance *terms, size_t n, struct taking *t) {
    for (size_t i = 0; i < n; i++) {
        struct part *p = &t->parts[i];
        *p = (struct part){.one = find(a, terms[i].proposal)};
        if (p->one == NULL)
            continue;
        p->used = p->one->used;
        memcpy(p->bits, p->one->bits, sizeof p->bits);
        if (terms[i].bound)
            cover_named(t, p);
    }
    t->count = n;
    size_t left = left_over(t);
    for (size_t i = 0; i < n && left > 0; i++) {
        if (t->parts[i].one != NULL && !terms[i].bound)
            take_number(&t->parts[i], terms[i].count, &left);
    }
    return left == 0;
}

#define USED_VALUE (4 + BITS_MOST)

/* All of the parts in one commit: a write is covered as a whole or not at all. */
static enum status store_used(struct allowances *a, const struct taking *t) {
    uint8_t keys[ALLOWANCES_LIVE][8], values[ALLOWANCES_LIVE][USED_VALUE];
    struct vault_change changes[ALLOWANCES_LIVE];
    size_t n = 0;
    for (size_t i = 0; i < t->count; i++) {
        const struct part *p = &t->parts[i];
        if (!p->taken || p->used == p->one->used)
            continue;
        make_key(p->one->proposal, keys[n]);
        for (size_t k = 0; k < 4; k++)
            values[n][k] = (uint8_t)(p->used >> (8 * k));
        memcpy(values[n] + 4, p->bits, BITS_MOST);
        changes[n] = (struct vault_change){VAULT_ALLOWANCE_USED, slice_of(keys[n], 8),
                                           slice_of(values[n], USED_VALUE)};
        n++;
    }
    return n == 0 || vault_commit(a->vault, changes, n) == ST_OK ? ST_OK : ST_IO;
}

static void finish(struct taking *t, struct allowances_taken *out) {
    for (size_t i = 0; i < t->count; i++) {
        struct part *p = &t->parts[i];
        if (!p->taken)
            continue;
        out->proposals[out->count++] = p->one->proposal;
        if (t->use->look)
            continue;
        p->one->used = p->used;
        memcpy(p->one->bits, p->bits, sizeof p->bits);
    }
}

enum status allowances_take(struct allowances *a, struct registry *r, const struct allowance_use *use,
                            struct allowances_taken *out) {
    struct registry_allowance terms[ALLOWANCES_LIVE];
    size_t n =
        registry_allowances(r, use->user, high_risk_name(use->act), use->object, terms, ALLOWANCES_LIVE);
    struct taking *t = n == 0 ? NULL : calloc(1, sizeof *t);
    out->count = 0;
    if (n == 0)
        return ST_DENIED;
    if (t != NULL)
        *t = (struct taking){.use = use, .covered = calloc(use->count, sizeof *t->covered)};
    enum status s = t == NULL || t->covered == NULL ? ST_NOMEM : plan(a, terms, n, t) ? ST_OK : ST_DENIED;
    if (s == ST_OK && !use->look)
        s = store_used(a, t);
    if (s == ST_OK)
        finish(t, out);
    if (t != NULL)
        free(t->covered);
    free(t);
    return s;
}
