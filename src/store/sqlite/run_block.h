/* A block of postings, some of one sorted run's (runs.h): bytes, writer and reader.
 *
 * A posting is a record and a number. In a block they are in order, by record and then by number, without
 * doubles:
 *     varint base, then groups: record (16 bytes), varint first number - base, varint steps >= 1, a zero byte
 * A record with very many numbers fills several blocks; each begins with its record. */
#ifndef KEDUN_STORE_SQLITE_RUN_BLOCK_H
#define KEDUN_STORE_SQLITE_RUN_BLOCK_H

#include "base/buf.h"
#include "base/status.h"
#include "base/uuid.h"

#include <endian.h>

/* With its key a block fills a page of the file and leaves none of a second. */
#define RUN_BLOCK_BYTES 3960
/* Of a block's first posting: the record, the number big-endian, so that keys sort bytewise. */
#define RUN_KEY_BYTES 24

struct posting {
    struct uuid record;
    uint64_t number;
};

/* Eight bytes as the number that compares as they do. */
static inline uint64_t posting_half(const uint8_t *p) {
    uint64_t n;
    memcpy(&n, p, sizeof n);
    return be64toh(n);
}

static inline int posting_compare(const struct posting *a, const struct posting *b) {
    uint64_t x = posting_half(a->record.b), y = posting_half(b->record.b);
    if (x == y) {
        x = posting_half(a->record.b + 8);
        y = posting_half(b->record.b + 8);
    }
    if (x == y) {
        x = a->number;
        y = b->number;
    }
    return (x > y) - (x < y);
}

void posting_key(const struct posting *p, uint8_t out[RUN_KEY_BYTES]);

struct run_block_writer {
    struct buf bytes;
    struct posting first, last;
};

void run_block_writer_init(struct run_block_writer *w);
void run_block_writer_free(struct run_block_writer *w);
static inline bool run_block_is_empty(const struct run_block_writer *w) {
    return w->bytes.n == 0;
}
/* False: the block is full, take it and begin another. The posting lies behind the last one, its number is
 * not below `base`, which is one number for the whole block. */
MUST_CHECK bool run_block_put(struct run_block_writer *w, const struct posting *p, uint64_t base);
/* The bytes of the block; valid until run_block_begin. .p is NULL when memory is out. */
struct slice run_block_take(struct run_block_writer *w);
void run_block_begin(struct run_block_writer *w);

struct run_block_reader {
    struct reader bytes;
    uint64_t base;
    bool in_group;
};

void run_block_open(struct run_block_reader *r, struct slice block);
/* ST_NOT_FOUND at the end. ST_CORRUPT: nothing that the writer wrote. */
MUST_CHECK enum status run_block_next(struct run_block_reader *r, struct posting *p);

#endif
