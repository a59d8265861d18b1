#include "share/rejects.h"

#include "base/file.h"

void rejects_init(struct rejects *r) {
    buf_init(&r->rows, REJECTS_MOST, true);
}

void rejects_free(struct rejects *r) {
    buf_free(&r->rows);
}

static void put_cells(struct buf *out, const struct slice *cells, size_t count) {
    buf_put_u16(out, (uint16_t)count);
    for (size_t i = 0; i < count; i++)
        buf_put_slice(out, cells[i]);
}

void rejects_add_header(struct rejects *r, const struct csv_row *row) {
    buf_put_u64(&r->rows, 0);
    put_cells(&r->rows, row->cells, row->count);
    buf_put_u8(&r->rows, 0);
}

enum status rejects_flush(struct rejects *r, struct error *e) {
    struct arena a;
    struct slice sealed;
    if (r->rows.n == 0)
        return ST_OK;
    if (r->rows.failed)
        return error_set(e, ST_NOMEM, "no_memory", "rejected rows");
    arena_init(&a, 4096, ARENA_PLAIN);
    const char *path = import_path(&a, r->data_dir, &r->import->id, 'r', r->chunks);
    enum status s = path == NULL ? ST_NOMEM
                                 : keeper_box_seal(r->keeper, r->call, &r->import->kept_box, STREAM_REJECTS,
                                                   r->chunks, buf_slice(&r->rows), &sealed, e);
    if (s == ST_OK && file_replace(path, sealed, 0660) != ST_OK)
        s = error_set(e, ST_IO, "disk_full", "rejected rows can't be written");
    arena_free(&a);
    if (s != ST_OK)
        return s;
    r->chunks++;
    buf_reset(&r->rows);
    return ST_OK;
}

enum status rejects_add(struct rejects *r, const struct batch_row *row, struct error *e) {
    buf_put_u64(&r->rows, row->line);
    put_cells(&r->rows, row->cells, row->count);
    buf_put_u8(&r->rows, (uint8_t)row->error_count);
    for (size_t i = 0; i < row->error_count; i++) {
        buf_put_slice(&r->rows, slice_from_string(row->errors[i].field));
        buf_put_slice(&r->rows, slice_from_string(row->errors[i].code));
    }
    return r->rows.n > REJECTS_SEND ? rejects_flush(r, e) : ST_OK;
}

/* ---- as CSV ---- */

void rejects_put_cell(struct buf *out, struct slice cell) {
    bool risky = cell.n > 0 && memchr("=+-@\t\r", cell.p[0], 7) != NULL, quoted = risky;
    for (size_t i = 0; !quoted && i < cell.n; i++)
        quoted = memchr(",\"\r\n;", cell.p[i], 5) != NULL;
    if (quoted)
        buf_put_u8(out, '"');
    if (risky)
        buf_put_u8(out, '\'');
    for (size_t i = 0; i < cell.n; i++) {
        if (cell.p[i] == '"')
            buf_put_u8(out, '"');
        buf_put_u8(out, cell.p[i]);
    }
    if (quoted)
        buf_put_u8(out, '"');
}

static void put_line_number(struct buf *out, uint64_t line) {
    if (line == 0)
        buf_put_string(out, "行/line");
    else
        buf_put_format(out, "%llu", (unsigned long long)line);
}

static void put_reasons(struct reader *in, rejects_title title, const void *context, bool header,
                        struct buf *out) {
    struct buf reasons;
    uint8_t count = reader_u8(in);
    buf_init(&reasons, 8192, false);
    for (uint8_t i = 0; i < count; i++) {
        struct slice field = reader_slice(in, ERROR_FIELD_MAX), code = reader_slice(in, ERROR_CODE_MAX);
        if (i > 0)
            buf_put_string(&reasons, "; ");
        title(&reasons, field, code, context);
    }
    rejects_put_cell(out, header ? SLICE("原因/reason") : buf_slice(&reasons));
    buf_free(&reasons);
}

enum status rejects_write_csv(struct slice chunk, rejects_title title, const void *context, struct buf *out) {
    struct reader in = reader_of(chunk);
    while (!in.failed && in.at < in.n) {
        struct slice cells[CSV_COLUMNS_MAX];
        uint64_t line = reader_u64(&in);
        uint16_t count = reader_u16(&in);
        if (count > CSV_COLUMNS_MAX)
            return ST_CORRUPT;
        for (uint16_t i = 0; i < count; i++)
            cells[i] = reader_slice(&in, CSV_CELL_MAX);
        put_line_number(out, line);
        buf_put_u8(out, ',');
        put_reasons(&in, title, context, line == 0, out);
        for (uint16_t i = 0; !in.failed && i < count; i++) {
            buf_put_u8(out, ',');
            rejects_put_cell(out, cells[i]);
        }
        buf_put_string(out, "\r\n");
    }
    return reader_done(&in) && !out->failed ? ST_OK : ST_CORRUPT;
}
