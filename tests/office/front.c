#include "office/front.h"

#define HEAD 8

void front_put_record(struct buf *out, uint8_t type, uint16_t id, struct slice content) {
    uint8_t padding = (uint8_t)(-content.n & 7);
    const uint8_t head[HEAD] = {
        1, type, (uint8_t)(id >> 8), (uint8_t)id, (uint8_t)(content.n >> 8), (uint8_t)content.n, padding, 0};
    buf_put(out, head, sizeof head);
    buf_put(out, content.p, content.n);
    buf_put(out, "\0\0\0\0\0\0\0", padding);
}

void front_put_begin(struct buf *out, uint16_t id, bool keep) {
    const uint8_t content[8] = {0, 1, keep};
    front_put_record(out, FRONT_BEGIN, id, slice_of(content, sizeof content));
}

void front_put_stream(struct buf *out, uint8_t type, uint16_t id, struct slice content, size_t most) {
    for (size_t at = 0, n; at < content.n; at += n) {
        n = content.n - at < most ? content.n - at : most;
        front_put_record(out, type, id, slice_of(content.p + at, n));
    }
    front_put_record(out, type, id, SLICE_NONE);
}

static void put_length(struct buf *out, size_t n) {
    const uint8_t four[4] = {(uint8_t)(0x80 | n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};
    if (n < 0x80)
        buf_put_u8(out, (uint8_t)n);
    else
        buf_put(out, four, sizeof four);
}

void front_put_param(struct buf *params, const char *name, struct slice value) {
    put_length(params, strlen(name));
    put_length(params, value.n);
    buf_put_string(params, name);
    buf_put(params, value.p, value.n);
}

bool front_take_reply(struct slice raw, struct buf *reply, size_t *used) {
    buf_reset(reply);
    for (size_t at = 0; at + HEAD <= raw.n;) {
        const uint8_t *h = raw.p + at;
        size_t n = (size_t)(h[4] << 8 | h[5]);
        if (at + HEAD + n + h[6] > raw.n)
            return false;
        if (h[1] == FRONT_STDOUT)
            buf_put(reply, h + HEAD, n);
        at += HEAD + n + h[6];
        *used = at;
        if (h[1] == FRONT_END)
            return true;
    }
    return false;
}
