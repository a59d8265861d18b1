/* A growable byte buffer with a hard cap, and little-endian put/get for wire and file formats.
 *
 * Writing past the cap (or out of memory: then `no_memory` too) sets `failed`; further writes do nothing. So
 * a writer may put a whole message and look once at the end. A secret buffer is wiped when it grows, resets
 * or is freed. */
#ifndef KEDUN_BASE_BUF_H
#define KEDUN_BASE_BUF_H

#include "base/slice.h"

#include <endian.h>
#include <string.h>

struct buf {
    uint8_t *p;
    size_t n;     /* bytes written */
    size_t room;  /* bytes allocated */
    size_t limit; /* most bytes allowed */
    bool secret;
    bool failed;
    bool no_memory; /* why it failed: not the cap */
};

void buf_init(struct buf *b, size_t limit, bool secret);
void buf_reset(struct buf *b); /* keeps the memory (wiped if secret), clears both */
void buf_free(struct buf *b);

/* buf_reserve when the memory does not suffice yet. */
uint8_t *buf_reserve_more(struct buf *b, size_t n);

/* Room for `n` more bytes behind b->n, uncounted; NULL when failed. */
static inline uint8_t *buf_reserve(struct buf *b, size_t n) {
    if (!b->failed && b->room - b->n >= n && b->p != NULL && n <= b->limit - b->n)
        return b->p + b->n;
    return buf_reserve_more(b, n);
}

static inline void buf_put(struct buf *b, const void *p, size_t n) {
    uint8_t *to = n == 0 ? NULL : buf_reserve(b, n);
    if (to == NULL)
        return;
    memcpy(to, p, n);
    b->n += n;
}

void buf_put_string(struct buf *b, const char *s);
void buf_put_format(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline void buf_put_u8(struct buf *b, uint8_t v) {
    buf_put(b, &v, 1);
}

static inline void buf_put_u16(struct buf *b, uint16_t v) {
    v = htole16(v);
    buf_put(b, &v, sizeof v);
}

static inline void buf_put_u32(struct buf *b, uint32_t v) {
    v = htole32(v);
    buf_put(b, &v, sizeof v);
}

static inline void buf_put_u64(struct buf *b, uint64_t v) {
    v = htole64(v);
    buf_put(b, &v, sizeof v);
}

void buf_put_varint(struct buf *b, uint64_t v); /* LEB128, at most 10 bytes */
/* u32 length, then the bytes. */
void buf_put_slice(struct buf *b, struct slice s);
/* Overwrites the u32 at offset `at`, which must have been written. */
void buf_patch_u32(struct buf *b, size_t at, uint32_t v);

static inline struct slice buf_slice(const struct buf *b) {
    return slice_of(b->p, b->n);
}

/* A reader over bytes it does not own. Reading past the end sets `failed` and yields zeros. */
struct reader {
    const uint8_t *p;
    size_t n;
    size_t at;
    bool failed;
};

static inline struct reader reader_of(struct slice s) {
    return (struct reader){.p = s.p, .n = s.n, .at = 0, .failed = false};
}

/* `n` bytes in place. */
static inline struct slice reader_bytes(struct reader *r, size_t n) {
    if (r->failed || n > r->n - r->at) {
        r->failed = true;
        return SLICE_NONE;
    }
    struct slice s = slice_of(r->p + r->at, n);
    r->at += n;
    return s;
}

/* Copies exactly n bytes, or zeros on failure. */
static inline void reader_copy(struct reader *r, void *out, size_t n) {
    struct slice s = reader_bytes(r, n);
    if (s.n == n && n > 0)
        memcpy(out, s.p, n);
    else if (n > 0)
        memset(out, 0, n);
}

static inline uint8_t reader_u8(struct reader *r) {
    uint8_t v;
    reader_copy(r, &v, sizeof v);
    return v;
}

static inline uint16_t reader_u16(struct reader *r) {
    uint16_t v;
    reader_copy(r, &v, sizeof v);
    return le16toh(v);
}

static inline uint32_t reader_u32(struct reader *r) {
    uint32_t v;
    reader_copy(r, &v, sizeof v);
    return le32toh(v);
}

static inline uint64_t reader_u64(struct reader *r) {
    uint64_t v;
    reader_copy(r, &v, sizeof v);
    return le64toh(v);
}

uint64_t reader_varint(struct reader *r);
/* What buf_put_slice wrote, in place; more than `most` bytes fails. */
struct slice reader_slice(struct reader *r, size_t most);
/* True when nothing failed and nothing is left over. */
bool reader_done(const struct reader *r);

#endif
