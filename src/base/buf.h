/* A growable byte buffer with a hard cap, and little-endian put/get for wire and file formats.
 *
 * Writing past the cap (or out of memory) sets `failed`; further writes do nothing. So a writer may put a
 * whole message and look once at the end. A secret buffer is wiped when it grows, resets or is freed. */
#ifndef KEDUN_BASE_BUF_H
#define KEDUN_BASE_BUF_H

#include "base/slice.h"

struct buf {
    uint8_t *p;
    size_t n;     /* bytes written */
    size_t room;  /* bytes allocated */
    size_t limit; /* most bytes allowed */
    bool secret;
    bool failed;
};

void buf_init(struct buf *b, size_t limit, bool secret);
void buf_reset(struct buf *b); /* keeps the memory (wiped if secret), clears failed */
void buf_free(struct buf *b);

/* Room for `n` more bytes behind b->n, uncounted; NULL when failed. */
uint8_t *buf_reserve(struct buf *b, size_t n);

void buf_put(struct buf *b, const void *p, size_t n);
void buf_put_string(struct buf *b, const char *s);
void buf_put_format(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_put_u8(struct buf *b, uint8_t v);
void buf_put_u16(struct buf *b, uint16_t v);
void buf_put_u32(struct buf *b, uint32_t v);
void buf_put_u64(struct buf *b, uint64_t v);
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

uint8_t reader_u8(struct reader *r);
uint16_t reader_u16(struct reader *r);
uint32_t reader_u32(struct reader *r);
uint64_t reader_u64(struct reader *r);
uint64_t reader_varint(struct reader *r);
/* `n` bytes in place. */
struct slice reader_bytes(struct reader *r, size_t n);
/* What buf_put_slice wrote, in place; more than `most` bytes fails. */
struct slice reader_slice(struct reader *r, size_t most);
/* Copies exactly n bytes, or zeros on failure. */
void reader_copy(struct reader *r, void *out, size_t n);
/* True when nothing failed and nothing is left over. */
bool reader_done(const struct reader *r);

#endif
