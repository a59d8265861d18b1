#include "base/file.h"
#include "crypto/aead.h"
#include "keeper/budget_table.h"

#define MAGIC        "KEDUNBG2"
#define MAGIC_BEFORE "KEDUNBG1" /* without the counters that have no limit */
#define SNAPSHOT_MAX ((size_t)60 << 20)
#define NO_HOLDER    UINT32_MAX

static void put_windows(struct buf *out, const struct windows *w) {
    for (size_t i = 0; i < WINDOWS; i++) {
        buf_put_u32(out, w->start[i]);
        buf_put_u32(out, w->used[i]);
    }
}

static void get_windows(struct reader *r, struct windows *w) {
    for (size_t i = 0; i < WINDOWS; i++) {
        w->start[i] = reader_u32(r);
        w->used[i] = reader_u32(r);
    }
}

static bool is_live(const struct people *p, const struct person_slot *s) {
    return s->seen != 0 && s->seen >= p->windows.start[WINDOWS - 1];
}

static void put_people(struct buf *out, const struct people *p) {
    size_t at = 0;
    uint32_t live = 0;
    put_windows(out, &p->windows);
    buf_put_u32(out, 0);
    at = out->n;
    for (size_t i = 0; i < p->room; i++) {
        if (!is_live(p, &p->slots[i]))
            continue;
        buf_put(out, p->slots[i].id, sizeof p->slots[i].id);
        buf_put_u32(out, p->slots[i].seen);
        live++;
    }
    if (at >= 4)
        buf_patch_u32(out, at - 4, live);
}

static enum status get_people(struct reader *r, struct people *p) {
    get_windows(r, &p->windows);
    uint32_t n = reader_u32(r);
    if (r->failed || n > (r->n - r->at) / 20)
        return ST_CORRUPT;
    enum status s = people_reserve(p, n);
    for (uint32_t i = 0; s == ST_OK && i < n; i++) {
        struct uuid id;
        uint32_t add[WINDOWS] = {0};
        reader_copy(r, id.b, sizeof id.b);
        (void)people_see(p, &id, reader_u32(r), add);
    }
    return s;
}

static void put_holder(struct buf *out, struct budget_holder *h) {
    (void)pthread_mutex_lock(&h->lock);
    buf_put_u32(out, h->user);
    for (size_t k = 0; k < BUDGET_KINDS; k++)
        put_people(out, &h->people[k]);
    for (size_t k = 0; k < BUDGET_COUNTERS; k++)
        put_windows(out, &h->counters[k]);
    (void)pthread_mutex_unlock(&h->lock);
}

static enum status get_holder(struct reader *r, struct budget_holder *h, size_t counters) {
    enum status s = h == NULL ? ST_NOMEM : ST_OK;
    for (size_t k = 0; s == ST_OK && k < BUDGET_KINDS; k++)
        s = get_people(r, &h->people[k]);
    for (size_t k = 0; s == ST_OK && k < counters; k++)
        get_windows(r, &h->counters[k]);
    return s;
}

static void put_all(struct buf *out, struct budgets *b, const struct budget_cover *cover) {
    buf_put_u64(out, cover->seq);
    buf_put_u64(out, cover->anchor);
    buf_put_u32(out, (uint32_t)cover->intent_count);
    for (size_t i = 0; i < cover->intent_count; i++)
        buf_put_u64(out, cover->intents[i]);
    put_holder(out, &b->company);
    for (size_t i = 0; i < BUDGET_BUCKETS; i++) {
        (void)pthread_mutex_lock(&b->lock);
        struct budget_holder *h = b->buckets[i];
        (void)pthread_mutex_unlock(&b->lock);
        for (; h != NULL; h = h->next) /* holders are added at the end and never freed */
            put_holder(out, h);
    }
    buf_put_u32(out, NO_HOLDER);
}

static bool snapshot_path(const char *state_dir, char out[4096]) {
    int n = snprintf(out, 4096, "%s/budgets.bin", state_dir);
    return n > 0 && n < 4000;
}

static enum status seal_and_write(const char *path, const uint8_t key[KEYRING_KEY], struct slice plain) {
    struct buf file;
    buf_init(&file, SNAPSHOT_MAX + 64, false);
    buf_put(&file, MAGIC, 8);
    uint8_t *to = buf_reserve(&file, plain.n + AEAD_OVERHEAD);
    struct aead *a = aead_new(AEAD_AES_GCM);
    enum status s = to == NULL || a == NULL ? ST_NOMEM : aead_seal(a, key, SLICE(MAGIC), plain, to);
    if (s == ST_OK) {
        file.n += plain.n + AEAD_OVERHEAD;
        s = file_replace(path, buf_slice(&file), 0600);
    }
    aead_free(a);
    buf_free(&file);
    return s;
}

enum status budget_save(struct budgets *b, const char *state_dir, const uint8_t key[KEYRING_KEY],
                        const struct budget_cover *cover) {
    char path[4096];
    if (!snapshot_path(state_dir, path))
        return ST_INVALID;
    struct buf plain;
    buf_init(&plain, SNAPSHOT_MAX, true);
    put_all(&plain, b, cover);
    enum status s = plain.failed ? ST_LIMIT : seal_and_write(path, key, buf_slice(&plain));
    buf_free(&plain);
    return s;
}

static enum status get_cover(struct reader *r, struct arena *arena, struct budget_cover *cover) {
    cover->seq = reader_u64(r);
    cover->anchor = reader_u64(r);
    cover->intent_count = reader_u32(r);
    if (r->failed || cover->intent_count > (r->n - r->at) / 8)
        return ST_CORRUPT;
    cover->intents = arena_array(arena, cover->intent_count, sizeof *cover->intents);
    if (cover->intents == NULL)
        return ST_NOMEM;
    for (size_t i = 0; i < cover->intent_count; i++)
        cover->intents[i] = reader_u64(r);
    return ST_OK;
}

static enum status get_all(struct reader *r, struct budgets *b, size_t counters, struct arena *arena,
                           struct budget_cover *cover) {
    enum status s = get_cover(r, arena, cover);
    while (s == ST_OK && !r->failed) {
        uint32_t user = reader_u32(r);
        if (user == NO_HOLDER)
            return reader_done(r) ? ST_OK : ST_CORRUPT;
        s = get_holder(r, budget_holder(b, user), counters);
    }
    return s == ST_OK ? ST_CORRUPT : s;
}

enum status budget_load(struct budgets *b, const char *state_dir, const uint8_t key[KEYRING_KEY],
                        struct arena *arena, struct budget_cover *cover) {
    char path[4096];
    struct slice file;
    if (!snapshot_path(state_dir, path))
        return ST_INVALID;
    enum status s = file_read(path, SNAPSHOT_MAX + 64, arena, &file);
    if (s != ST_OK)
        return s;
    struct slice sealed = file.n < 8 ? SLICE_NONE : slice_of(file.p + 8, file.n - 8);
    uint8_t *plain = sealed.n < AEAD_OVERHEAD ? NULL : arena_alloc(arena, sealed.n);
    struct aead *a = aead_new(AEAD_AES_GCM);
    size_t n = 0;
    bool before = file.n >= 8 && memcmp(file.p, MAGIC_BEFORE, 8) == 0;
    struct slice magic = before ? SLICE(MAGIC_BEFORE) : SLICE(MAGIC);
    s = plain == NULL || memcmp(file.p, magic.p, 8) != 0 ? ST_CORRUPT
        : a == NULL                                      ? ST_NOMEM
                                                         : aead_open(a, key, magic, sealed, plain, &n);
    aead_free(a);
    if (s != ST_OK)
        return s;
    struct reader r = reader_of(slice_of(plain, n));
    return get_all(&r, b, before ? BUDGET_LIMITED : BUDGET_COUNTERS, arena, cover);
}
