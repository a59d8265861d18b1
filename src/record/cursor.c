#include "record/cursor.h"

#include "base/hex.h"

#define CURSOR_MAX 4096

static void put_cell(struct buf *b, const struct cell *cell) {
    buf_put_u8(b, (uint8_t)cell->kind);
    if (cell->kind == CELL_INT)
        buf_put_u64(b, (uint64_t)cell->i);
    if (cell->kind == CELL_TEXT || cell->kind == CELL_BYTES)
        buf_put_slice(b, cell->s);
}

static struct cell get_cell(struct reader *r) {
    enum cell_kind kind = reader_u8(r);
    if (kind == CELL_INT)
        return cell_int((int64_t)reader_u64(r));
    if (kind == CELL_TEXT)
        return cell_text(reader_slice(r, CURSOR_MAX));
    if (kind == CELL_BYTES)
        return cell_bytes(reader_slice(r, CURSOR_MAX));
    if (kind != CELL_NULL)
        r->failed = true;
    return cell_null();
}

/* The order that the cursor was made for, so that it is not taken for another one's. */
static uint16_t sort_mark(const struct store_sort *sort) {
    return (uint16_t)((sort->column << 1 | sort->descending) & 0xffff);
}

enum status cursor_read(struct caller *c, struct slice text, struct store_select *q, struct error *e) {
    size_t n;
    uint8_t *bytes = arena_alloc(c->arena, text.n + 4);
    struct cell *after = arena_array(c->arena, q->sort_count + 1, sizeof *after);
    if (bytes == NULL || after == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "cursor");
    bool good = text.n <= CURSOR_MAX && base64url_decode(text, bytes, &n);
    struct reader r = reader_of(slice_of(bytes, good ? n : 0));
    good = good && reader_u8(&r) == q->sort_count;
    for (size_t i = 0; good && i < q->sort_count; i++) {
        good = reader_u16(&r) == sort_mark(&q->sort[i]);
        after[i] = get_cell(&r);
    }
    after[q->sort_count] = get_cell(&r);
    if (!good || !reader_done(&r) || after[q->sort_count].s.n != 16) {
        return error_set(e, ST_INVALID, "bad_cursor", "the cursor does not belong to this order");
    }
    q->after = after;
    return ST_OK;
}

enum status cursor_write(struct caller *c, const struct page *p, const struct store_select *q,
                         struct slice *out, struct error *e) {
    const struct store_row *last = &p->rows.rows[p->rows.count - 1];
    struct buf b;
    buf_init(&b, CURSOR_MAX / 2, false);
    buf_put_u8(&b, (uint8_t)q->sort_count);
    for (size_t i = 0; i < q->sort_count; i++) {
        struct cell cell = page_cell(p, last, q->sort[i].column);
        buf_put_u16(&b, sort_mark(&q->sort[i]));
        put_cell(&b, &cell);
    }
    put_cell(&b, &last->cells[PAGE_ID]);
    char *text = b.failed ? NULL : arena_alloc(c->arena, BASE64URL_LENGTH(b.n) + 1);
    if (text != NULL)
        base64url_encode(buf_slice(&b), text);
    buf_free(&b);
    *out = slice_from_string(text);
    return text == NULL ? error_set(e, ST_NOMEM, "no_memory", "cursor") : ST_OK;
}
