#include "store/sqlite/run_block.h"

#include <endian.h>

#define VARINT_MOST 10

void posting_key(const struct posting *p, uint8_t out[RUN_KEY_BYTES]) {
    uint64_t number = htobe64(p->number);
    memcpy(out, p->record.b, 16);
    memcpy(out + 16, &number, 8);
}

void run_block_writer_init(struct run_block_writer *w) {
    *w = (struct run_block_writer){.first = {.number = 0}};
    buf_init(&w->bytes, RUN_BLOCK_BYTES, false);
}

void run_block_writer_free(struct run_block_writer *w) {
    buf_free(&w->bytes);
}

void run_block_begin(struct run_block_writer *w) {
    buf_reset(&w->bytes);
}

bool run_block_put(struct run_block_writer *w, const struct posting *p, uint64_t base) {
    struct buf *b = &w->bytes;
    bool fresh = b->n == 0, same = !fresh && uuid_equal(&p->record, &w->last.record);
    size_t most = same ? VARINT_MOST + 1 : 16 + VARINT_MOST + 2;
    if (!fresh && b->n + most > RUN_BLOCK_BYTES)
        return false;
    if (fresh) {
        w->first = *p;
        buf_put_varint(b, base);
    }
    if (same) {
        buf_put_varint(b, p->number - w->last.number);
    } else {
        if (!fresh)
            buf_put_u8(b, 0);
        buf_put(b, p->record.b, 16);
        buf_put_varint(b, p->number - base);
    }
    w->last = *p;
    return true;
}

struct slice run_block_take(struct run_block_writer *w) {
    buf_put_u8(&w->bytes, 0);
    return w->bytes.failed ? SLICE_NONE : buf_slice(&w->bytes);
}

void run_block_open(struct run_block_reader *r, struct slice block) {
    *r = (struct run_block_reader){.bytes = reader_of(block)};
    r->base = reader_varint(&r->bytes);
}

static enum status begin_group(struct run_block_reader *r, struct posting *p) {
    reader_copy(&r->bytes, p->record.b, 16);
    p->number = r->base + reader_varint(&r->bytes);
    r->in_group = true;
    return r->bytes.failed ? ST_CORRUPT : ST_OK;
}

/* `p` holds the posting before. */
enum status run_block_next(struct run_block_reader *r, struct posting *p) {
    if (!r->in_group)
        return r->bytes.failed ? ST_CORRUPT : begin_group(r, p);
    uint64_t step = reader_varint(&r->bytes);
    if (r->bytes.failed || step > UINT64_MAX - p->number)
        return ST_CORRUPT;
    p->number += step;
    if (step > 0)
        return ST_OK;
    return r->bytes.at == r->bytes.n ? ST_NOT_FOUND : begin_group(r, p);
}
