#include "record/history.h"

#include "value/versions.h"

#define HISTORY_MAX    ((size_t)4 * 1024 * 1024)
#define HISTORY_FORMAT 1

static void put_state(struct buf *b, const struct history_state *s) {
    buf_put_u32(b, s->owner);
    buf_put_u32(b, s->department);
    buf_put_u32(b, s->branch);
    buf_put_slice(b, s->versions);
    buf_put_slice(b, s->seal);
}

static void get_state(struct reader *r, struct history_state *s) {
    s->owner = reader_u32(r);
    s->department = reader_u32(r);
    s->branch = reader_u32(r);
    s->versions = reader_slice(r, VERSIONS_MAX);
    s->seal = reader_slice(r, KEEPER_ROW_SEAL);
}

static void put_cell(struct buf *b, const struct cell *cell) {
    buf_put_u8(b, (uint8_t)cell->kind);
    if (cell->kind == CELL_INT)
        buf_put_u64(b, (uint64_t)cell->i);
    if (cell->kind == CELL_TEXT || cell->kind == CELL_BYTES)
        buf_put_slice(b, cell->s);
}

static struct cell get_cell(struct reader *r) {
    uint8_t kind = reader_u8(r);
    if (kind == CELL_INT)
        return cell_int((int64_t)reader_u64(r));
    if (kind == CELL_TEXT)
        return cell_text(reader_slice(r, HISTORY_MAX));
    if (kind == CELL_BYTES)
        return cell_bytes(reader_slice(r, HISTORY_MAX));
    if (kind != CELL_NULL)
        r->failed = true;
    return cell_null();
}

static struct history_state state_before(const struct sealing *s) {
    const struct cell *cells = s->old->rows.rows[0].cells;
    return (struct history_state){.owner = (uint32_t)cells[PAGE_OWNER].i,
                                  .department = (uint32_t)cells[PAGE_DEPARTMENT].i,
                                  .branch = (uint32_t)cells[PAGE_BRANCH].i,
                                  .versions = cells[PAGE_VERSIONS].s,
                                  .seal = cells[PAGE_SEAL].s};
}

static struct cell after_of(struct caller *c, const struct sealing *s, size_t f) {
    const struct field_def *d = &s->draft->access->object->fields[f];
    struct cell cell = cell_null();
    if (field_is_sealed(d))
        return s->sealed[f].p == NULL ? cell : cell_bytes(s->sealed[f]);
    /* The same cell went into the row just before: it can be made. */
    return draft_cell(c, d, &s->draft->inputs[f].value, &cell) == ST_OK ? cell : cell_null();
}

static void put_owner_change(struct buf *b, const struct sealing *s) {
    const struct cell *cells = s->old->rows.rows[0].cells;
    struct cell owner = cell_int(s->draft->owner);
    buf_put_u16(b, FIELD_OWNER);
    put_cell(b, &cells[PAGE_OWNER]);
    put_cell(b, &owner);
}

static void put_fields(struct caller *c, struct buf *b, const struct sealing *s) {
    const struct object_def *o = s->draft->access->object;
    bool moved = s->old->rows.rows[0].cells[PAGE_OWNER].i != s->draft->owner;
    size_t n = moved;
    for (size_t f = 0; f < o->field_count; f++)
        n += s->changed[f];
    buf_put_u16(b, (uint16_t)n);
    if (moved)
        put_owner_change(b, s);
    for (size_t f = 0; f < o->field_count; f++) {
        if (!s->changed[f])
            continue;
        struct cell before = page_cell(s->old, &s->old->rows.rows[0], o->fields[f].id);
        struct cell after = after_of(c, s, f);
        buf_put_u16(b, o->fields[f].id);
        put_cell(b, &before);
        put_cell(b, &after);
    }
}

enum status history_write(struct caller *c, const struct sealing *s, struct slice *out, struct error *e) {
    struct buf b;
    buf_init(&b, HISTORY_MAX, false);
    buf_put_u8(&b, HISTORY_FORMAT);
    buf_put_u8(&b, s->old != NULL);
    if (s->old != NULL) {
        struct history_state before = state_before(s);
        struct history_state after = {.owner = s->draft->owner,
                                      .department = s->draft->department,
                                      .branch = s->draft->branch,
                                      .versions = s->versions,
                                      .seal = slice_of(s->seal, KEEPER_ROW_SEAL)};
        put_state(&b, &before);
        put_state(&b, &after);
        put_fields(c, &b, s);
    }
    *out = b.failed ? SLICE_NONE : arena_copy(c->arena, buf_slice(&b));
    buf_free(&b);
    return out->p == NULL ? error_set(e, ST_NOMEM, "no_memory", "history") : ST_OK;
}

enum status history_read(struct slice body, struct arena *a, struct history_body *out) {
    struct reader r = reader_of(body);
    *out = (struct history_body){.has_before = false};
    if (reader_u8(&r) != HISTORY_FORMAT)
        return ST_CORRUPT;
    out->has_before = reader_u8(&r) != 0;
    if (!out->has_before)
        return reader_done(&r) ? ST_OK : ST_CORRUPT;
    get_state(&r, &out->before);
    get_state(&r, &out->after);
    size_t n = reader_u16(&r);
    if (n > OBJECT_FIELDS_MAX)
        return ST_CORRUPT;
    out->fields = arena_array(a, n, sizeof *out->fields);
    if (out->fields == NULL)
        return ST_NOMEM;
    for (size_t i = 0; i < n; i++) {
        struct history_field *f = &out->fields[out->field_count++];
        f->field = reader_u16(&r);
        f->before = get_cell(&r);
        f->after = get_cell(&r);
    }
    return reader_done(&r) ? ST_OK : ST_CORRUPT;
}

enum status history_rewrite(struct arena *a, const struct history_body *body, struct slice *out) {
    struct buf b;
    buf_init(&b, HISTORY_MAX, false);
    buf_put_u8(&b, HISTORY_FORMAT);
    buf_put_u8(&b, body->has_before);
    if (body->has_before) {
        put_state(&b, &body->before);
        put_state(&b, &body->after);
        buf_put_u16(&b, (uint16_t)body->field_count);
        for (size_t i = 0; i < body->field_count; i++) {
            buf_put_u16(&b, body->fields[i].field);
            put_cell(&b, &body->fields[i].before);
            put_cell(&b, &body->fields[i].after);
        }
    }
    *out = b.failed ? SLICE_NONE : arena_copy(a, buf_slice(&b));
    buf_free(&b);
    return out->p == NULL ? ST_NOMEM : ST_OK;
}
