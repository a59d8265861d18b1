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

/* Marks the records among those named; false when one is not. */
static bool mark_all(const struct allowance *one, const struct allowance_use *use, uint8_t bits[BITS_MOST],
                     uint32_t *used) {
    for (size_t i = 0; i < use->count; i++) {
        const struct uuid *at = one->count == 0 ? NULL
                                                : bsearch(&use->records[i], one->records, one->count,
                                                          sizeof *one->records, by_id);
        if (at == NULL)
            return false;
        size_t bit = (size_t)(at - one->records);
        *used += (bits[bit / 8] >> bit % 8 & 1) == 0;
        bits[bit / 8] |= (uint8_t)(1u << bit % 8);
    }
    return true;
}

static enum status store_used(struct allowances *a, uint64_t proposal, uint32_t used,
                              const uint8_t bits[BITS_MOST]) {
    uint8_t key[8], value[4 + BITS_MOST];
    make_key(proposal, key);
    for (size_t i = 0; i < 4; i++)
        value[i] = (uint8_t)(used >> (8 * i));
    memcpy(value + 4, bits, BITS_MOST);
    struct vault_change c = {VAULT_ALLOWANCE_USED, slice_of(key, 8), slice_of(value, sizeof value)};
    return vault_commit(a->vault, &c, 1);
}

static enum status use_one(struct allowances *a, const struct registry_allowance *terms,
                           const struct allowance_use *use) {
    struct allowance *one = find(a, terms->proposal);
    uint8_t bits[BITS_MOST];
    if (one == NULL || (terms->bound && one->count == 0))
        return ST_DENIED;
    uint32_t used = one->used;
    memcpy(bits, one->bits, sizeof bits);
    bool covers = terms->bound ? mark_all(one, use, bits, &used) : use->beyond <= terms->count - used;
    if (!covers || used > terms->count)
        return ST_DENIED;
    used += terms->bound ? 0 : use->beyond;
    if (use->look)
        return ST_OK;
    enum status s = used == one->used ? ST_OK : store_used(a, terms->proposal, used, bits);
    if (s != ST_OK)
        return ST_IO;
    one->used = used;
    memcpy(one->bits, bits, sizeof bits);
    return ST_OK;
}

enum status allowances_take(struct allowances *a, struct registry *r, const struct allowance_use *use,
                            uint64_t *proposal) {
    struct registry_allowance terms[ALLOWANCES_LIVE];
    enum status s = ST_DENIED;
    size_t n =
        registry_allowances(r, use->user, high_risk_name(use->act), use->object, terms, ALLOWANCES_LIVE);
    for (size_t i = 0; s == ST_DENIED && i < n; i++) {
        s = use_one(a, &terms[i], use);
        *proposal = terms[i].proposal;
    }
    return s;
}
