#include "keeper/vault.h"

#include "base/arena.h"
#include "base/file.h"
#include "base/log.h"
#include "base/map.h"
#include "crypto/aead.h"
#include "crypto/random.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC       "KEDUNVT1"
#define NAME_SIZE   16
#define HEADER_SIZE (8 + NAME_SIZE)
#define RECORD_MAX  ((size_t)8 << 20)
#define BUCKETS     4096
#define SLACK       ((size_t)1 << 20) /* dead bytes that are not worth a rewrite */

#define VAULT_CHANGES_ROOM (VAULT_CHANGE_MAX + VAULT_DEED_FORGETS + 1)

struct item {
    struct item *next;
    uint8_t kind;
    size_t key_n, value_n;
    uint8_t bytes[]; /* key, value */
};

struct vault {
    pthread_mutex_t lock;
    char path[4096];
    int fd;
    bool failed;
    struct aead *aead;
    uint8_t key[32];
    uint8_t name[NAME_SIZE];
    uint64_t sequence; /* of the last record in the file */
    uint64_t clock;
    size_t size, live; /* bytes of the file; of what is still true in it */
    struct item *buckets[BUCKETS];
    struct buf plain, sealed; /* of the record at hand */
};

static struct item **vault_slot(struct vault *v, uint8_t kind, struct slice key) {
    struct item **at = &v->buckets[map_hash(key, kind) % BUCKETS];
    while (*at != NULL && ((*at)->kind != kind || !slice_equal(slice_of((*at)->bytes, (*at)->key_n), key)))
        at = &(*at)->next;
    return at;
}

static size_t item_size(const struct item *i) {
    return 1 + 1 + 4 + i->key_n + 4 + i->value_n;
}

static void item_free(struct item *i) {
    if (i == NULL)
        return;
    explicit_bzero(i, sizeof *i + i->key_n + i->value_n);
    free(i);
}

static void vault_remove(struct vault *v, struct item **at) {
    struct item *gone = *at;
    if (gone == NULL)
        return;
    *at = gone->next;
    v->live -= item_size(gone);
    item_free(gone);
}

/* What a change puts into the table, made beforehand; NULL when it only takes something out. */
static enum status item_new(const struct vault_change *c, struct item **out) {
    *out = NULL;
    if (c->value.p == NULL)
        return ST_OK;
    struct item *fresh = malloc(sizeof *fresh + c->key.n + c->value.n);
    if (fresh == NULL)
        return ST_NOMEM;
    *fresh = (struct item){.kind = c->kind, .key_n = c->key.n, .value_n = c->value.n};
    memcpy(fresh->bytes, c->key.p, c->key.n);
    memcpy(fresh->bytes + c->key.n, c->value.p, c->value.n);
    *out = fresh;
    return ST_OK;
}

static void vault_place(struct vault *v, const struct vault_change *c, struct item *fresh) {
    struct item **at = vault_slot(v, c->kind, c->key);
    vault_remove(v, at);
    if (fresh == NULL)
        return;
    fresh->next = *at;
    *at = fresh;
    v->live += item_size(fresh);
}

static enum status vault_apply(struct vault *v, const struct vault_change *c) {
    struct item *fresh;
    enum status s = item_new(c, &fresh);
    if (s == ST_OK)
        vault_place(v, c, fresh);
    return s;
}

/* Reads one record's changes into the table. */
static enum status vault_replay(struct vault *v, struct slice plain) {
    struct reader r = reader_of(plain);
    uint64_t clock = reader_u64(&r);
    if (r.failed || clock < v->clock)
        return ST_CORRUPT;
    v->clock = clock;
    while (!r.failed && r.at < r.n) {
        struct vault_change c = {.kind = reader_u8(&r)};
        uint8_t deleted = reader_u8(&r);
        c.key = reader_slice(&r, VAULT_KEY_MAX);
        struct slice value = reader_slice(&r, VAULT_VALUE_MAX);
        if (r.failed || deleted > 1)
            return ST_CORRUPT;
        c.value = deleted ? SLICE_NONE : value;
        enum status s = vault_apply(v, &c);
        if (s != ST_OK)
            return s;
    }
    return r.failed ? ST_CORRUPT : ST_OK;
}

static struct slice vault_aad(struct vault *v, uint64_t sequence, uint8_t out[NAME_SIZE + 8]) {
    memcpy(out, v->name, NAME_SIZE);
    for (size_t i = 0; i < 8; i++)
        out[NAME_SIZE + i] = (uint8_t)(sequence >> (8 * i));
    return slice_of(out, NAME_SIZE + 8);
}

/* Seals v->plain as record `sequence` behind what v->sealed holds. */
static enum status vault_seal(struct vault *v, uint64_t sequence) {
    uint8_t aad[NAME_SIZE + 8];
    size_t n = v->plain.n + AEAD_OVERHEAD;
    if (v->plain.failed || n > RECORD_MAX)
        return ST_LIMIT;
    buf_put_u32(&v->sealed, (uint32_t)n);
    uint8_t *to = buf_reserve(&v->sealed, n);
    if (to == NULL)
        return ST_NOMEM;
    enum status s = aead_seal(v->aead, v->key, vault_aad(v, sequence, aad), buf_slice(&v->plain), to);
    if (s == ST_OK)
        v->sealed.n += n;
    return s;
}

static void vault_put_change(struct buf *out, const struct vault_change *c) {
    buf_put_u8(out, c->kind);
    buf_put_u8(out, c->value.p == NULL ? 1 : 0);
    buf_put_slice(out, c->key);
    buf_put_slice(out, c->value);
}

static bool all_zero(struct slice s) {
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != 0)
            return false;
    }
    return true;
}

static enum status vault_corrupt(const char *path, size_t at, struct error *e) {
    return error_set(e, ST_CORRUPT, "vault_corrupt",
                     "%s does not hold at byte %zu: restore the keeper's state from a backup", path, at);
}

/* Opens one record; ST_RETRY: a torn tail begins here. */
static enum status vault_read_record(struct vault *v, struct slice file, size_t *at) {
    struct reader r = {.p = file.p, .n = file.n, .at = *at};
    uint32_t n = reader_u32(&r);
    struct slice sealed = reader_bytes(&r, n);
    if (r.failed || n == 0)
        return r.failed || all_zero(slice_of(file.p + *at, file.n - *at)) ? ST_RETRY : ST_CORRUPT;
    uint8_t aad[NAME_SIZE + 8];
    buf_reset(&v->plain);
    size_t plain_n = 0;
    uint8_t *to = n < AEAD_OVERHEAD || n > RECORD_MAX ? NULL : buf_reserve(&v->plain, n);
    enum status s =
        to == NULL ? ST_CORRUPT
                   : aead_open(v->aead, v->key, vault_aad(v, v->sequence + 1, aad), sealed, to, &plain_n);
    if (s == ST_CORRUPT && r.at == file.n)
        return ST_RETRY;
    if (s == ST_OK)
        s = vault_replay(v, slice_of(to, plain_n));
    if (to != NULL)
        explicit_bzero(to, plain_n);
    *at = r.at;
    v->sequence++;
    return s;
}

static enum status vault_read(struct vault *v, struct slice file, struct error *e) {
    if (file.n < HEADER_SIZE || memcmp(file.p, MAGIC, 8) != 0)
        return vault_corrupt(v->path, 0, e);
    memcpy(v->name, file.p + 8, NAME_SIZE);
    size_t at = HEADER_SIZE;
    enum status s = ST_OK;
    while (s == ST_OK && at < file.n)
        s = vault_read_record(v, file, &at);
    if (s == ST_RETRY) {
        log_warn("event=vault_torn_tail offset=%zu bytes=%zu", at, file.n - at);
        s = ST_OK;
    }
    v->size = at;
    return s == ST_OK ? ST_OK : vault_corrupt(v->path, at, e);
}

/* Writes the whole table as records of at most some megabytes into v->sealed, behind a fresh header. */
static enum status vault_render(struct vault *v, uint64_t *sequence) {
    buf_reset(&v->sealed);
    buf_put(&v->sealed, MAGIC, 8);
    buf_put(&v->sealed, v->name, NAME_SIZE);
    buf_reset(&v->plain);
    buf_put_u64(&v->plain, v->clock);
    enum status s = ST_OK;
    for (size_t b = 0; s == ST_OK && b < BUCKETS; b++) {
        for (struct item *i = v->buckets[b]; s == ST_OK && i != NULL; i = i->next) {
            struct vault_change c = {i->kind, slice_of(i->bytes, i->key_n),
                                     slice_of(i->bytes + i->key_n, i->value_n)};
            vault_put_change(&v->plain, &c);
            if (v->plain.n < RECORD_MAX / 2)
                continue;
            s = vault_seal(v, ++*sequence);
            buf_reset(&v->plain);
            buf_put_u64(&v->plain, v->clock);
        }
    }
    return s == ST_OK ? vault_seal(v, ++*sequence) : s;
}

/* A new file with what is true now takes the place of the old one. */
static enum status vault_rewrite(struct vault *v) {
    uint8_t old_name[NAME_SIZE];
    memcpy(old_name, v->name, NAME_SIZE);
    uint64_t sequence = 0;
    enum status s = crypto_random(v->name, NAME_SIZE);
    if (s == ST_OK)
        s = vault_render(v, &sequence);
    if (s == ST_OK)
        s = file_replace(v->path, buf_slice(&v->sealed), 0600);
    if (s != ST_OK) {
        memcpy(v->name, old_name, NAME_SIZE);
        return s;
    }
    v->sequence = sequence;
    v->size = v->sealed.n;
    if (v->fd >= 0)
        (void)close(v->fd);
    v->fd = open(v->path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    v->failed = v->fd < 0;
    return v->failed ? ST_IO : ST_OK;
}

static bool vault_is_stale(const struct vault *v) {
    return v->size > SLACK && v->size - SLACK > 4 * v->live;
}

static enum status vault_load(struct vault *v, struct error *e) {
    struct arena a;
    arena_init(&a, VAULT_FILE_MAX + 64, ARENA_PLAIN);
    struct slice file = SLICE_NONE;
    enum status s = file_read(v->path, VAULT_FILE_MAX, &a, &file);
    bool fresh = s == ST_NOT_FOUND;
    if (fresh)
        s = vault_rewrite(v);
    else if (s == ST_OK)
        s = vault_read(v, file, e);
    arena_free(&a);
    if (s != ST_OK)
        return s == ST_CORRUPT ? s : error_set(e, s, "vault_io", "cannot read or make %s", v->path);
    if (!fresh && (vault_is_stale(v) || v->size < file.n))
        s = vault_rewrite(v);
    if (s == ST_OK && v->fd < 0)
        v->fd = open(v->path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    return s == ST_OK && v->fd >= 0 ? ST_OK : error_set(e, ST_IO, "vault_io", "cannot write %s", v->path);
}

enum status vault_open(const char *state_dir, const uint8_t *key, struct vault **out, struct error *e) {
    *out = NULL;
    struct vault *v = calloc(1, sizeof *v);
    if (v == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for the vault");
    v->fd = -1;
    (void)pthread_mutex_init(&v->lock, NULL);
    memcpy(v->key, key, sizeof v->key);
    buf_init(&v->plain, RECORD_MAX, true);
    buf_init(&v->sealed, VAULT_FILE_MAX, false);
    v->aead = aead_new(AEAD_AES_GCM);
    int n = snprintf(v->path, sizeof v->path, "%s/vault.log", state_dir);
    enum status s = v->aead == NULL || n < 0 || (size_t)n >= sizeof v->path - 4
                        ? error_set(e, ST_NOMEM, "no_memory", "no memory for the vault")
                        : vault_load(v, e);
    if (s != ST_OK) {
        vault_close(v);
        return s;
    }
    *out = v;
    return ST_OK;
}

void vault_close(struct vault *v) {
    if (v == NULL)
        return;
    for (size_t b = 0; b < BUCKETS; b++) {
        while (v->buckets[b] != NULL)
            vault_remove(v, &v->buckets[b]);
    }
    if (v->fd >= 0)
        (void)close(v->fd);
    aead_free(v->aead);
    buf_free(&v->plain);
    buf_free(&v->sealed);
    (void)pthread_mutex_destroy(&v->lock);
    explicit_bzero(v, sizeof *v);
    free(v);
}

static enum status vault_append(struct vault *v, bool wait) {
    if (v->failed)
        return ST_IO;
    struct slice rest = buf_slice(&v->sealed);
    off_t at = (off_t)v->size;
    while (rest.n > 0) {
        ssize_t n = pwrite(v->fd, rest.p, rest.n, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        rest = slice_of(rest.p + n, rest.n - (size_t)n);
        at += n;
    }
    if (rest.n == 0 && (!wait || fdatasync(v->fd) == 0))
        return ST_OK;
    /* What may be half there must not be followed by another record of the same number. */
    v->failed = rest.n == 0 || ftruncate(v->fd, (off_t)v->size) != 0;
    return ST_IO;
}

/* With what it puts into the table already made: once it is on the disk nothing can fail any more. */
static enum status vault_commit_made(struct vault *v, const struct vault_change *changes, size_t count,
                                     struct item *fresh[], bool wait) {
    enum status s = vault_seal(v, v->sequence + 1);
    if (s == ST_OK)
        s = vault_append(v, wait);
    if (s != ST_OK)
        return s;
    v->size += v->sealed.n;
    v->sequence++;
    v->clock++;
    for (size_t i = 0; i < count; i++) {
        vault_place(v, &changes[i], fresh[i]);
        fresh[i] = NULL;
    }
    if (vault_is_stale(v) && vault_rewrite(v) != ST_OK)
        log_error("event=vault_rewrite_failed");
    buf_reset(&v->plain);
    return ST_OK;
}

/* A rewrite is worth its cost only where it leaves room for a while. */
enum status vault_room(size_t size, size_t live, size_t need) {
    if (size + need <= VAULT_FILE_MAX)
        return ST_OK;
    return live + live / 64 + need <= VAULT_FILE_MAX / 8 * 7 ? ST_RETRY : ST_LIMIT;
}

static enum status vault_make_room(struct vault *v, const struct vault_change *changes, size_t count) {
    size_t need = 4 + 8 + AEAD_OVERHEAD;
    for (size_t i = 0; i < count; i++)
        need += 2 + 4 + changes[i].key.n + 4 + changes[i].value.n;
    enum status s = vault_room(v->size, v->live, need);
    if (s == ST_RETRY)
        s = vault_rewrite(v);
    if (s != ST_OK)
        log_error("event=vault_full size=%zu live=%zu", v->size, v->live);
    return s;
}

static enum status vault_commit_locked(struct vault *v, const struct vault_change *changes, size_t count,
                                       bool wait) {
    struct item *fresh[VAULT_CHANGES_ROOM] = {NULL};
    enum status s = vault_make_room(v, changes, count);
    buf_reset(&v->plain);
    buf_reset(&v->sealed);
    buf_put_u64(&v->plain, v->clock + 1);
    for (size_t i = 0; i < count && s == ST_OK; i++) {
        if (changes[i].key.n > VAULT_KEY_MAX || changes[i].value.n > VAULT_VALUE_MAX) {
            s = ST_LIMIT;
        } else {
            vault_put_change(&v->plain, &changes[i]);
            s = item_new(&changes[i], &fresh[i]);
        }
    }
    if (s == ST_OK)
        s = vault_commit_made(v, changes, count, fresh, wait);
    for (size_t i = 0; i < count; i++)
        item_free(fresh[i]);
    return s;
}

static enum status vault_write(struct vault *v, const struct vault_change *changes, size_t count, bool wait) {
    if (count == 0)
        return ST_OK;
    if (count > VAULT_CHANGES_ROOM)
        return ST_LIMIT;
    (void)pthread_mutex_lock(&v->lock);
    enum status s = vault_commit_locked(v, changes, count, wait);
    (void)pthread_mutex_unlock(&v->lock);
    return s;
}

static _Thread_local struct vault_deed *thread_deed;

void vault_under(struct vault_deed *d) {
    thread_deed = d;
}

static struct slice deed_key(uint64_t intent, uint8_t out[8]) {
    for (size_t i = 0; i < 8; i++)
        out[i] = (uint8_t)(intent >> (8 * i));
    return slice_of(out, 8);
}

/* The changes, and behind them what they are noted as. */
static enum status vault_commit_noted(struct vault *v, const struct vault_change *changes, size_t count,
                                      struct vault_deed *d) {
    uint8_t keys[VAULT_DEED_FORGETS + 1][8];
    size_t n = count;
    struct vault_change *all = calloc(count + VAULT_DEED_FORGETS + 1, sizeof *all);
    if (all == NULL)
        return ST_NOMEM;
    memcpy(all, changes, count * sizeof *all);
    all[n++] = (struct vault_change){VAULT_DEED, deed_key(d->intent, keys[0]), SLICE("")};
    for (size_t i = 0; i < d->over_count; i++)
        all[n++] = (struct vault_change){VAULT_DEED, deed_key(d->over[i], keys[i + 1]), SLICE_NONE};
    enum status s = vault_write(v, all, n, true);
    d->noted = s == ST_OK;
    free(all);
    return s;
}

enum status vault_commit(struct vault *v, const struct vault_change *changes, size_t count) {
    struct vault_deed *d = thread_deed;
    if (d != NULL && !d->noted && count > 0)
        return vault_commit_noted(v, changes, count, d);
    return vault_write(v, changes, count, true);
}

enum status vault_commit_lazy(struct vault *v, const struct vault_change *changes, size_t count) {
    return vault_write(v, changes, count, false);
}

enum status vault_get(struct vault *v, uint8_t kind, struct slice key, struct buf *out) {
    (void)pthread_mutex_lock(&v->lock);
    struct item *i = *vault_slot(v, kind, key);
    if (i != NULL)
        buf_put(out, i->bytes + i->key_n, i->value_n);
    (void)pthread_mutex_unlock(&v->lock);
    if (i == NULL)
        return ST_NOT_FOUND;
    return out->failed ? ST_NOMEM : ST_OK;
}

enum status vault_each(struct vault *v, uint8_t kind, vault_visit *visit, void *context) {
    enum status s = ST_OK;
    (void)pthread_mutex_lock(&v->lock);
    for (size_t b = 0; s == ST_OK && b < BUCKETS; b++) {
        for (struct item *i = v->buckets[b]; s == ST_OK && i != NULL; i = i->next) {
            if (i->kind == kind)
                s = visit(context, slice_of(i->bytes, i->key_n), slice_of(i->bytes + i->key_n, i->value_n));
        }
    }
    (void)pthread_mutex_unlock(&v->lock);
    return s;
}

uint64_t vault_clock(struct vault *v) {
    (void)pthread_mutex_lock(&v->lock);
    uint64_t clock = v->clock;
    (void)pthread_mutex_unlock(&v->lock);
    return clock;
}
