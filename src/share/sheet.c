#include "share/sheet.h"

#include "ipc/frame.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define TURN_MS 60000

static pthread_mutex_t asking = PTHREAD_MUTEX_INITIALIZER; /* one question at a time to the supervisor */

struct sheet {
    int fd;
    struct buf in;
    uint8_t encoding, delimiter;
    struct slice cells[CSV_COLUMNS_MAX];
};

static enum status gone(struct error *e) {
    return error_set(e, ST_UNAVAILABLE, "reader_away", "the reader does not answer");
}

static enum status tell(struct sheet *c, uint16_t type, struct slice payload, struct error *e) {
    struct frame f = {.type = type, .payload = payload};
    return frame_send(c->fd, &f, TURN_MS) == ST_OK ? ST_OK : gone(e);
}

enum status sheet_attach(int stream, enum encoding encoding, uint8_t delimiter, struct sheet **out,
                         struct error *e) {
    struct sheet *c = calloc(1, sizeof *c);
    if (c == NULL) {
        (void)close(stream);
        return error_set(e, ST_NOMEM, "no_memory", "reader");
    }
    c->fd = stream;
    c->encoding = (uint8_t)encoding;
    c->delimiter = delimiter;
    buf_init(&c->in, READER_ROWS_MOST, true);
    uint8_t options[2] = {(uint8_t)encoding, delimiter};
    enum status s = tell(c, READER_OPTIONS, slice_of(options, sizeof options), e);
    if (s != ST_OK) {
        sheet_close(c);
        return s;
    }
    *out = c;
    return ST_OK;
}

enum status sheet_open(const struct role_env *env, enum encoding encoding, uint8_t delimiter,
                       struct sheet **out, struct error *e) {
    int stream;
    (void)pthread_mutex_lock(&asking);
    enum status s = role_start_reader(env, &stream);
    (void)pthread_mutex_unlock(&asking);
    if (s != ST_OK)
        return error_set(e, ST_UNAVAILABLE, "reader_away", "no reader is to be had now; try again shortly");
    return sheet_attach(stream, encoding, delimiter, out, e);
}

void sheet_close(struct sheet *c) {
    if (c == NULL)
        return;
    (void)close(c->fd);
    buf_free(&c->in);
    free(c);
}

/* ---- rows ---- */

static enum status take_row(struct sheet *c, struct reader *r, csv_sink sink, void *context) {
    struct csv_row row = {.line = reader_u64(r)};
    uint8_t problem = reader_u8(r);
    row.problem = (enum csv_problem)problem;
    row.count = reader_u16(r);
    row.cells = c->cells;
    if (problem >= CSV_PROBLEMS || row.count > CSV_COLUMNS_MAX)
        r->failed = true;
    for (size_t i = 0; !r->failed && i < row.count; i++)
        c->cells[i] = reader_slice(r, CSV_CELL_MAX);
    return r->failed ? ST_CORRUPT : sink(context, &row);
}

static enum status take_rows(struct sheet *c, struct slice payload, csv_sink sink, void *context,
                             struct error *e) {
    struct reader r = reader_of(payload);
    uint32_t count = reader_u32(&r);
    for (uint32_t i = 0; i < count; i++) {
        enum status s = take_row(c, &r, sink, context);
        if (s != ST_OK && r.failed)
            return gone(e);
        if (s != ST_OK)
            return s;
    }
    return reader_done(&r) ? ST_OK : gone(e);
}

/* A taken-over reader says what it likes: its words are cut to a known shape. */
static enum status take_failure(struct slice payload, struct error *e) {
    static const char *const known[] = {"file_xlsx", "file_xls", "file_utf16"};
    static const char *const details[] = {"this is an Excel workbook; save it as CSV",
                                          "this is an old Excel workbook; save it as CSV",
                                          "this file is in UTF-16; save it as UTF-8"};
    struct reader r = reader_of(payload);
    struct slice code = reader_slice(&r, ERROR_CODE_MAX - 1);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (slice_is(code, known[i]))
            return error_set(e, ST_INVALID, known[i], "%s", details[i]);
    }
    return error_set(e, ST_INVALID, "reader_failed", "the file can't be read");
}

static enum status take_turn(struct sheet *c, csv_sink sink, void *context, struct error *e) {
    struct frame f;
    for (;;) {
        if (frame_receive(c->fd, &c->in, &f, TURN_MS) != ST_OK)
            return gone(e);
        if (f.type == READER_FAILED)
            return take_failure(f.payload, e);
        if (f.type == READER_MORE && f.payload.n == 2 && f.payload.p[0] < ENCODING_END) {
            c->encoding = f.payload.p[0];
            c->delimiter = f.payload.p[1];
            return ST_OK;
        }
        if (f.type != READER_ROWS)
            return gone(e);
        enum status s = take_rows(c, f.payload, sink, context, e);
        if (s != ST_OK)
            return s;
    }
}

enum status sheet_feed(struct sheet *c, struct slice bytes, csv_sink sink, void *context, struct error *e) {
    enum status s = ST_OK;
    while (s == ST_OK && bytes.n > 0) {
        size_t n = bytes.n < DECODE_CHUNK_MAX ? bytes.n : DECODE_CHUNK_MAX;
        s = tell(c, READER_BYTES, slice_of(bytes.p, n), e);
        if (s == ST_OK)
            s = take_turn(c, sink, context, e);
        bytes.p += n;
        bytes.n -= n;
    }
    return s;
}

enum status sheet_end(struct sheet *c, csv_sink sink, void *context, struct error *e) {
    enum status s = tell(c, READER_END, SLICE(""), e);
    return s == ST_OK ? take_turn(c, sink, context, e) : s;
}

enum encoding sheet_encoding(const struct sheet *c) {
    return (enum encoding)c->encoding;
}

uint8_t sheet_delimiter(const struct sheet *c) {
    return c->delimiter;
}
