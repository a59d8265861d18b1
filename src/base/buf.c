#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void buf_init(struct buf *b, size_t limit, bool secret) {
    *b = (struct buf){.limit = limit, .secret = secret};
}

void buf_reset(struct buf *b) {
    if (b->secret && b->p != NULL)
        explicit_bzero(b->p, b->n);
    b->n = 0;
    b->failed = b->no_memory = false;
}

void buf_free(struct buf *b) {
    buf_reset(b);
    free(b->p);
    b->p = NULL;
    b->room = 0;
}

/* A secret buffer may not be realloc'ed: that could leave a copy behind. */
static bool buf_grow(struct buf *b, size_t need) {
    size_t room = b->room < 256 ? 256 : b->room;
    while (room < need)
        room = room > b->limit / 2 ? b->limit : room * 2;
    uint8_t *p = b->secret ? malloc(room) : realloc(b->p, room);
    if (p == NULL)
        return false;
    if (b->secret && b->p != NULL) {
        memcpy(p, b->p, b->n);
        explicit_bzero(b->p, b->n);
        free(b->p);
    }
    b->p = p;
    b->room = room;
    return true;
}

uint8_t *buf_reserve_more(struct buf *b, size_t n) {
    if (b->failed)
        return NULL;
    if (n > b->limit - b->n) {
        b->failed = true;
        return NULL;
    }
    if (b->p == NULL || b->room - b->n < n) {
        if (!buf_grow(b, b->n + n)) {
            b->failed = b->no_memory = true;
            return NULL;
        }
    }
    return b->p + b->n;
}

void buf_put_string(struct buf *b, const char *s) {
    buf_put(b, s, strlen(s));
}

void buf_put_format(struct buf *b, const char *format, ...) {
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *to = n < 0 ? NULL : (char *)buf_reserve(b, (size_t)n + 1);
    if (to != NULL) {
        (void)vsnprintf(to, (size_t)n + 1, format, again);
        b->n += (size_t)n;
    }
    va_end(again);
}

void buf_put_varint(struct buf *b, uint64_t v) {
    while (v >= 0x80) {
        buf_put_u8(b, (uint8_t)(v | 0x80));
        v >>= 7;
    }
    buf_put_u8(b, (uint8_t)v);
}

void buf_put_slice(struct buf *b, struct slice s) {
    if (s.n > UINT32_MAX) {
        b->failed = true;
        return;
    }
    buf_put_u32(b, (uint32_t)s.n);
    buf_put(b, s.p, s.n);
}

void buf_patch_u32(struct buf *b, size_t at, uint32_t v) {
    if (b->failed || b->n < 4 || at > b->n - 4)
        return;
    for (size_t i = 0; i < 4; i++)
        b->p[at + i] = (uint8_t)(v >> (8 * i));
}

uint64_t reader_varint(struct reader *r) {
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = reader_u8(r);
        if (r->failed)
            return 0;
        if (shift == 63 && byte > 1)
            break;
        v |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0)
            return v;
    }
    r->failed = true;
    return 0;
}

struct slice reader_slice(struct reader *r, size_t most) {
    uint32_t n = reader_u32(r);
    if (n > most)
        r->failed = true;
    return reader_bytes(r, r->failed ? SIZE_MAX : n);
}

bool reader_done(const struct reader *r) {
    return !r->failed && r->at == r->n;
}
