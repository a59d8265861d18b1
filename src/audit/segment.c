#include "audit/segment.h"

#include "audit/crc32c.h"
#include "base/hex.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define MAGIC        "KEDUNLOG"
#define VERSION      1
#define RECORD_MAGIC 0x3172634bu /* "Kcr1" */
#define FIXED        (8 + 4 + 4 + 8 + 4 + TREE_HASH)
#define WINDOW       (256u << 10)
#define SEGMENTS_MAX (1u << 20)

bool segment_path(const char *directory, uint64_t first_seq, char out[SEGMENT_PATH]) {
    int n = snprintf(out, SEGMENT_PATH, "%s/seg-%016llx.log", directory, (unsigned long long)first_seq);
    return n > 0 && n < SEGMENT_PATH;
}

static bool name_to_seq(const char *name, uint64_t *seq) {
    uint8_t bytes[8];
    struct slice s = slice_from_string(name);
    if (s.n != 24 || !slice_starts_with(s, SLICE("seg-")) || !slice_is(slice_of(s.p + 20, 4), ".log") ||
        !hex_decode(slice_of(s.p + 4, 16), bytes, 8))
        return false;
    *seq = 0;
    for (size_t i = 0; i < 8; i++)
        *seq = *seq << 8 | bytes[i];
    return *seq != 0;
}

static int by_seq(const void *a, const void *b) {
    uint64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x < y ? -1 : x > y;
}

enum status segment_list(const char *directory, struct arena *a, uint64_t **out, size_t *count) {
    *count = 0;
    *out = NULL;
    DIR *dir = opendir(directory);
    if (dir == NULL)
        return errno == ENOENT ? ST_NOT_FOUND : ST_IO;
    struct buf found;
    buf_init(&found, SEGMENTS_MAX * sizeof(uint64_t), false);
    uint64_t seq;
    for (struct dirent *d = readdir(dir); d != NULL; d = readdir(dir))
        if (name_to_seq(d->d_name, &seq))
            buf_put(&found, &seq, sizeof seq);
    (void)closedir(dir);
    enum status s = found.failed ? ST_LIMIT : ST_OK;
    if (s == ST_OK && found.n > 0) {
        *out = arena_alloc(a, found.n);
        s = *out == NULL ? ST_NOMEM : ST_OK;
    }
    if (s == ST_OK && found.n > 0) {
        *count = found.n / sizeof seq;
        memcpy(*out, found.p, found.n);
        qsort(*out, *count, sizeof seq, by_seq);
    }
    buf_free(&found);
    return s;
}

void segment_put_header(struct buf *out, const struct segment_header *h) {
    size_t start = out->n, full = tree_full_count(h->tree.size);
    buf_put(out, MAGIC, 8);
    buf_put_u32(out, VERSION);
    buf_put_u32(out, (uint32_t)(FIXED + full * TREE_HASH + 4));
    buf_put_u64(out, h->first_seq);
    buf_put_u32(out, h->batch);
    buf_put(out, h->root, TREE_HASH);
    buf_put(out, h->tree.full, full * TREE_HASH);
    if (!out->failed)
        buf_put_u32(out, crc32c(0, slice_of(out->p + start, out->n - start)));
}

enum status segment_parse_header(struct slice bytes, struct segment_header *out) {
    *out = (struct segment_header){0};
    struct reader r = reader_of(bytes);
    if (!slice_equal(reader_bytes(&r, 8), SLICE(MAGIC)) || reader_u32(&r) != VERSION)
        return ST_CORRUPT;
    out->length = reader_u32(&r);
    out->first_seq = reader_u64(&r);
    out->batch = reader_u32(&r);
    reader_copy(&r, out->root, TREE_HASH);
    if (r.failed || out->first_seq == 0)
        return ST_CORRUPT;
    out->tree.size = out->first_seq - 1;
    size_t full = tree_full_count(out->tree.size);
    if (out->length != FIXED + full * TREE_HASH + 4)
        return ST_CORRUPT;
    reader_copy(&r, out->tree.full, full * TREE_HASH);
    size_t covered = r.at;
    uint32_t crc = reader_u32(&r);
    return !r.failed && crc == crc32c(0, slice_of(bytes.p, covered)) ? ST_OK : ST_CORRUPT;
}

void segment_put_record(struct buf *out, const struct audit_entry *entry, uint32_t batch,
                        struct slice *leaf) {
    size_t head = out->n;
    *leaf = SLICE_NONE;
    buf_put_u32(out, RECORD_MAGIC);
    buf_put_u32(out, 0);
    buf_put_u32(out, 0);
    buf_put_u32(out, batch);
    buf_put_u64(out, 0);
    size_t leaf_at = out->n;
    audit_entry_put_leaf(out, entry);
    size_t side_at = out->n;
    audit_entry_put_side(out, entry);
    if (out->failed)
        return;
    *leaf = slice_of(out->p + leaf_at, side_at - leaf_at);
    struct slice side = slice_of(out->p + side_at, out->n - side_at);
    buf_patch_u32(out, head + 4, (uint32_t)leaf->n);
    buf_patch_u32(out, head + 8, (uint32_t)side.n);
    buf_patch_u32(out, head + 16, crc32c(crc32c(0, slice_of(out->p + head + 4, 12)), *leaf));
    buf_patch_u32(out, head + 20, crc32c(0, side));
}

/* Makes [offset, offset + n) available at the returned place; fewer bytes at the end of the file. */
static enum status load(struct segment_reader *r, uint64_t offset, size_t n, struct slice *out) {
    if (offset < r->window_at || offset + n > r->window_at + r->window_n) {
        size_t want = n < WINDOW ? WINDOW : n;
        if (want > r->window_room) {
            uint8_t *bigger = realloc(r->window, want);
            if (bigger == NULL)
                return ST_NOMEM;
            r->window = bigger;
            r->window_room = want;
        }
        r->window_at = offset;
        r->window_n = 0;
        while (r->window_n < want) {
            ssize_t got =
                pread(r->fd, r->window + r->window_n, want - r->window_n, (off_t)(offset + r->window_n));
            if (got < 0 && errno == EINTR)
                continue;
            if (got < 0)
                return ST_IO;
            if (got == 0)
                break;
            r->window_n += (size_t)got;
        }
    }
    size_t at = (size_t)(offset - r->window_at);
    *out = slice_of(r->window + at, r->window_n - at < n ? r->window_n - at : n);
    return ST_OK;
}

enum status segment_open(struct segment_reader *r, const char *path) {
    *r = (struct segment_reader){.fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    if (r->fd < 0) {
        *r = (struct segment_reader){0};
        return errno == ENOENT ? ST_NOT_FOUND : ST_IO;
    }
    struct slice head;
    enum status s = load(r, 0, SEGMENT_HEAD_MAX, &head);
    if (s == ST_OK)
        s = segment_parse_header(head, &r->header);
    if (s != ST_OK) {
        segment_close(r);
        return s;
    }
    r->offset = r->header.length;
    return ST_OK;
}

void segment_close(struct segment_reader *r) {
    if (r->window == NULL && r->fd == 0)
        return;
    (void)close(r->fd);
    free(r->window);
    *r = (struct segment_reader){0};
}

static bool all_zero(struct slice s) {
    uint8_t any = 0;
    for (size_t i = 0; i < s.n; i++)
        any |= s.p[i];
    return any == 0;
}

/* One record at `offset`: ST_OK, ST_NOT_FOUND for end or zeros, ST_CORRUPT. */
static enum status read_record(struct segment_reader *r, uint64_t offset, struct segment_record *out) {
    struct slice s;
    enum status st = load(r, offset, SEGMENT_RECORD_HEAD, &s);
    if (st != ST_OK)
        return st;
    if (all_zero(s))
        return ST_NOT_FOUND;
    struct reader head = reader_of(s);
    uint32_t magic = reader_u32(&head), leaf_n = reader_u32(&head), side_n = reader_u32(&head),
             batch = reader_u32(&head), leaf_crc = reader_u32(&head), side_crc = reader_u32(&head);
    if (head.failed || magic != RECORD_MAGIC || leaf_n > AUDIT_LEAF_MAX || side_n > AUDIT_SIDE_MAX)
        return ST_CORRUPT;
    st = load(r, offset, SEGMENT_RECORD_HEAD + (size_t)leaf_n + side_n, &s);
    if (st != ST_OK)
        return st;
    if (s.n != SEGMENT_RECORD_HEAD + (size_t)leaf_n + side_n)
        return ST_CORRUPT;
    *out = (struct segment_record){.leaf = slice_of(s.p + SEGMENT_RECORD_HEAD, leaf_n),
                                   .side = slice_of(s.p + SEGMENT_RECORD_HEAD + leaf_n, side_n),
                                   .batch = batch & ~SEGMENT_FIRST,
                                   .first = (batch & SEGMENT_FIRST) != 0,
                                   .offset = offset,
                                   .length = s.n};
    if (crc32c(crc32c(0, slice_of(s.p + 4, 12)), out->leaf) != leaf_crc)
        return ST_CORRUPT;
    if (crc32c(0, out->side) != side_crc) {
        /* Zeros in place of what was sealed are a wipe; anything else is damage or a torn write. */
        if (!all_zero(out->side))
            return ST_CORRUPT;
        out->side_wiped = true;
        out->side = SLICE_NONE;
    }
    out->seq = audit_entry_peek_seq(out->leaf);
    return out->seq == 0 ? ST_CORRUPT : ST_OK;
}

enum status segment_next(struct segment_reader *r, struct segment_record *out) {
    enum status s = read_record(r, r->offset, out);
    if (s == ST_NOT_FOUND || s == ST_CORRUPT) {
        r->window_n = 0;
        s = read_record(r, r->offset, out);
    }
    if (s == ST_OK)
        r->offset += out->length;
    return s;
}

/* Whether a good record of a batch that was written after `batch` was synced stands at `offset`. */
static enum status proves_damage(struct segment_reader *r, uint64_t offset, uint32_t batch) {
    struct segment_record later;
    enum status s = read_record(r, offset, &later);
    if (s == ST_NOT_FOUND || s == ST_CORRUPT)
        return ST_OK;
    if (s != ST_OK)
        return s;
    bool next = later.batch == batch + 1 && later.first;
    return next || later.batch > batch + 1 ? ST_CORRUPT : ST_OK;
}

enum status segment_judge_tail(struct segment_reader *r, uint32_t batch, uint64_t *dirty) {
    *dirty = 0;
    uint64_t at = r->offset;
    for (;;) {
        struct slice s;
        /* The window moves in proves_damage: so one candidate at a time, from a fresh load. */
        enum status st = load(r, at, WINDOW / 2, &s);
        if (st != ST_OK || s.n == 0)
            return st;
        size_t i = 0, magic_at = SIZE_MAX;
        for (; i < s.n && magic_at == SIZE_MAX; i++) {
            if (s.p[i] != 0)
                *dirty = at + i + 1 - r->offset;
            if (s.p[i] == (RECORD_MAGIC & 0xff) && at + i != r->offset)
                magic_at = i;
        }
        if (magic_at != SIZE_MAX && (st = proves_damage(r, at + magic_at, batch)) != ST_OK)
            return st;
        at += i;
    }
}
