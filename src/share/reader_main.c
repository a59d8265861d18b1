#include "share/reader_main.h"

#include "ipc/frame.h"
#include "share/reader_wire.h"

#include <stdlib.h>

#define SEND_MS FRAME_FOREVER /* back-pressure: the asker takes rows when it can use them */

struct work {
    int fd;
    struct decode decode;
    struct csv csv;
    bool parsing;
    uint8_t delimiter; /* 0: to be found */
    uint32_t rows;     /* in `out` */
    struct buf out;
};

static enum status send(struct work *w, uint16_t type, struct slice payload) {
    struct frame f = {.type = type, .payload = payload};
    return frame_send(w->fd, &f, SEND_MS);
}

static void rows_begin(struct work *w) {
    buf_reset(&w->out);
    buf_put_u32(&w->out, 0);
    w->rows = 0;
}

static enum status rows_send(struct work *w) {
    if (w->rows == 0)
        return ST_OK;
    buf_patch_u32(&w->out, 0, w->rows);
    enum status s = w->out.failed ? ST_NOMEM : send(w, READER_ROWS, buf_slice(&w->out));
    rows_begin(w);
    return s;
}

static enum status take_row(void *context, const struct csv_row *row) {
    struct work *w = context;
    buf_put_u64(&w->out, row->line);
    buf_put_u8(&w->out, (uint8_t)row->problem);
    buf_put_u16(&w->out, (uint16_t)row->count);
    for (size_t i = 0; i < row->count; i++)
        buf_put_slice(&w->out, row->cells[i]);
    w->rows++;
    return w->out.n > READER_ROWS_SEND ? rows_send(w) : ST_OK;
}

static enum status parse(struct work *w, struct slice bytes, bool last, struct error *e) {
    struct slice text;
    enum status s = decode_feed(&w->decode, bytes, last, &text, e);
    if (s != ST_OK)
        return s;
    if (!w->parsing && text.n > 0) {
        if (w->delimiter == 0)
            w->delimiter = csv_detect_delimiter(text);
        csv_init(&w->csv, w->delimiter, take_row, w);
        w->parsing = true;
    }
    if (w->parsing)
        s = csv_feed(&w->csv, text);
    if (s == ST_OK && last && w->parsing)
        s = csv_finish(&w->csv);
    return s == ST_OK ? s : error_set(e, s, "reader_failed", "the file could not be read on");
}

static enum status fail(struct work *w, const struct error *why) {
    buf_reset(&w->out);
    buf_put_slice(&w->out, slice_from_string(why->code));
    buf_put_slice(&w->out, slice_from_string(why->detail));
    enum status s = send(w, READER_FAILED, buf_slice(&w->out));
    return s == ST_OK ? why->status : s;
}

static enum status answer(struct work *w, struct slice bytes, bool last) {
    struct error e = {.status = ST_OK};
    rows_begin(w);
    enum status s = parse(w, bytes, last, &e);
    if (s == ST_OK)
        s = rows_send(w);
    if (s != ST_OK)
        return e.status == ST_OK ? s : fail(w, &e);
    uint8_t found[2] = {(uint8_t)w->decode.encoding, w->delimiter};
    return send(w, READER_MORE, slice_of(found, sizeof found));
}

static enum status take_options(struct work *w, struct slice payload) {
    if (payload.n != 2 || payload.p[0] >= ENCODING_END)
        return ST_INVALID;
    w->delimiter = payload.p[1];
    return decode_init(&w->decode, (enum encoding)payload.p[0]);
}

static enum status serve(struct work *w, struct buf *in) {
    struct frame f;
    enum status s = frame_receive(w->fd, in, &f, FRAME_FOREVER);
    if (s == ST_OK)
        s = f.type == READER_OPTIONS ? take_options(w, f.payload) : ST_INVALID;
    while (s == ST_OK) {
        s = frame_receive(w->fd, in, &f, FRAME_FOREVER);
        if (s != ST_OK)
            return s;
        if (f.type == READER_END)
            return answer(w, SLICE(""), true);
        s = f.type == READER_BYTES ? answer(w, f.payload, false) : ST_INVALID;
    }
    return s;
}

int reader_serve(int fd) {
    struct work *w = calloc(1, sizeof *w);
    struct buf in;
    if (w == NULL)
        return 1;
    w->fd = fd;
    buf_init(&in, DECODE_CHUNK_MAX, true);
    buf_init(&w->out, READER_ROWS_MOST, true);
    enum status s = serve(w, &in);
    decode_free(&w->decode);
    if (w->parsing)
        csv_free(&w->csv);
    buf_free(&w->out);
    buf_free(&in);
    free(w);
    return s == ST_OK || s == ST_UNAVAILABLE ? 0 : 1;
}

int reader_main(const struct role_env *env) {
    const struct role_fd *pipe = role_fd(env, "pipe");
    return pipe == NULL ? 1 : reader_serve(pipe->fd);
}
