#include "keeper/protocol.h"

static void wire_row(struct wire *w, struct keeper_row *r) {
    wire_bytes(w, r->record.b, sizeof r->record.b);
    wire_bytes(w, r->subject.b, sizeof r->subject.b);
    wire_slice(w, &r->wrapped_key, KEEPER_WRAPPED_KEY);
    wire_u32(w, &r->owner);
    wire_u32(w, &r->department);
    wire_u32(w, &r->branch);
    wire_slice(w, &r->versions, PROTOCOL_VERSIONS_MAX);
    wire_slice(w, &r->seal, KEEPER_ROW_SEAL);
}

static uint32_t get_u32(const uint8_t *p) {
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return le32toh(v);
}

static void put_u32(uint8_t *p, size_t n) {
    uint32_t v = htole32((uint32_t)n);
    memcpy(p, &v, sizeof v);
}

#define CELL_HEAD 8 /* u32 index, u32 length */

/* Both by hand: cells are most of what goes to and fro. */
static void put_cells(struct wire *w, const struct slice *cells, size_t count, size_t most) {
    size_t filled = 0, bytes = 0, longest = 0;
    count = cells == NULL ? 0 : count;
    for (size_t i = 0; i < count; i++) {
        filled += cells[i].p != NULL;
        bytes += cells[i].p != NULL ? CELL_HEAD + cells[i].n : 0;
        longest = cells[i].n > longest ? cells[i].n : longest;
    }
    wire_size(w, &filled, count);
    uint8_t *to = longest > most ? NULL : buf_reserve(w->out, bytes);
    w->failed = w->failed || to == NULL;
    for (size_t i = 0; !w->failed && i < count; i++) {
        if (cells[i].p == NULL)
            continue;
        put_u32(to, i);
        put_u32(to + 4, cells[i].n);
        if (cells[i].n > 0)
            memcpy(to + CELL_HEAD, cells[i].p, cells[i].n);
        to += CELL_HEAD + cells[i].n;
    }
    w->out->n += w->failed ? 0 : bytes;
}

/* False unless the cells are in order and within bounds. */
static bool get_cells(struct reader *in, struct slice *cells, size_t count, size_t filled, size_t most) {
    size_t next = 0;
    for (size_t k = 0; k < filled; k++) {
        const uint8_t *p = in->p + in->at;
        if (in->n - in->at < CELL_HEAD)
            return false;
        size_t index = get_u32(p), n = get_u32(p + 4);
        if (index < next || index >= count || n > most || n > in->n - in->at - CELL_HEAD)
            return false;
        cells[index] = slice_of(p + CELL_HEAD, n);
        in->at += CELL_HEAD + n;
        next = index + 1;
    }
    return true;
}

/* Cells whose slice is not null, by index: most cells of a row are not sealed. */
static void wire_cells(struct wire *w, const struct slice **cells, size_t count, size_t most) {
    size_t filled = 0;
    if (w->out != NULL) {
        put_cells(w, *cells, count, most);
        return;
    }
    wire_size(w, &filled, count);
    struct slice *to = wire_array(w, NULL, count, sizeof *to);
    if (to == NULL)
        return;
    if (!w->failed && !get_cells(&w->in, to, count, filled, most))
        w->failed = true;
    *cells = to;
}

static void wire_needles(struct wire *w, struct keeper_open *q) {
    wire_size(w, &q->needle_count, KEEPER_NEEDLES_MAX);
    struct keeper_needle *needles = wire_array(w, q->needles, q->needle_count, sizeof *needles);
    for (size_t i = 0; needles != NULL && i < q->needle_count && !w->failed; i++) {
        wire_u16(w, &needles[i].field);
        wire_u8(w, &needles[i].search);
        wire_u8(w, &needles[i].group);
        wire_slice(w, &needles[i].text, PROTOCOL_TEXT_MAX);
    }
    q->needles = needles;
    size_t count = q->needle_count > 0 ? q->row_count : 0;
    uint32_t *rows = wire_array(w, q->needle_rows, count, sizeof *rows);
    for (size_t i = 0; rows != NULL && i < count && !w->failed; i++)
        wire_u32(w, &rows[i]);
    q->needle_rows = rows;
}

void wire_open(struct wire *w, struct args *a) {
    struct keeper_open *q = &a->open;
    wire_u8(w, &q->act);
    wire_u16(w, &q->object);
    wire_size(w, &q->field_count, KEEPER_FIELDS_MAX);
    uint16_t *fields = wire_array(w, q->fields, q->field_count, sizeof *fields);
    for (size_t i = 0; fields != NULL && i < q->field_count; i++)
        wire_u16(w, &fields[i]);
    q->fields = fields;
    wire_size(w, &q->row_count, KEEPER_ROWS_MAX);
    struct keeper_row *rows = wire_array(w, q->rows, q->row_count, sizeof *rows);
    for (size_t i = 0; rows != NULL && i < q->row_count; i++)
        wire_row(w, &rows[i]);
    q->rows = rows;
    size_t cells = q->row_count * q->field_count;
    uint8_t *views = wire_array(w, q->views, cells, 1);
    if (views != NULL)
        wire_bytes(w, views, cells);
    q->views = views;
    if (!w->failed)
        wire_cells(w, &q->sealed, cells, PROTOCOL_SEALED_MAX);
    wire_needles(w, q);
    wire_slice(w, &q->reason, PROTOCOL_REASON_MAX);
    wire_bool(w, &q->approval);
    wire_bool(w, &q->watermark);
}

void wire_opened(struct wire *w, struct args *a) {
    struct keeper_opened *o = &a->opened;
    wire_size(w, &a->opened_rows, KEEPER_ROWS_MAX);
    wire_size(w, &a->opened_fields, KEEPER_FIELDS_MAX);
    const struct slice *values = o->values;
    if (!w->failed)
        wire_cells(w, &values, a->opened_rows * a->opened_fields, KEEPER_VALUE_MAX);
    if (w->out == NULL) {
        union {
            const struct slice *in;
            struct slice *out;
        } own = {.in = values}; /* freshly made by wire_cells */
        o->values = own.out;
    }
    o->dropped = wire_array(w, o->dropped, a->opened_rows, sizeof *o->dropped);
    for (size_t i = 0; o->dropped != NULL && i < a->opened_rows; i++)
        wire_bool(w, &o->dropped[i]);
    wire_u64(w, &o->entry);
}

static void wire_values(struct wire *w, struct keeper_seal_row *r) {
    wire_size(w, &r->value_count, KEEPER_FIELDS_MAX);
    struct keeper_value *values = wire_array(w, r->values, r->value_count, sizeof *values);
    for (size_t i = 0; values != NULL && i < r->value_count && !w->failed; i++) {
        wire_u16(w, &values[i].field);
        wire_nullable(w, &values[i].fresh, KEEPER_VALUE_MAX);
        wire_slice(w, &values[i].old_sealed, PROTOCOL_SEALED_MAX);
    }
    r->values = values;
    wire_size(w, &r->plain_count, KEEPER_FIELDS_MAX);
    uint16_t *plain = wire_array(w, r->plain_fields, r->plain_count, sizeof *plain);
    for (size_t i = 0; plain != NULL && i < r->plain_count; i++)
        wire_u16(w, &plain[i]);
    r->plain_fields = plain;
}

static void wire_seal_row(struct wire *w, struct keeper_seal_row *r) {
    wire_row(w, &r->row);
    bool has_old = r->old != NULL;
    wire_bool(w, &has_old);
    struct keeper_row *old = has_old ? wire_array(w, r->old, 1, sizeof *old) : NULL;
    if (old != NULL)
        wire_row(w, old);
    r->old = old;
    wire_bool(w, &r->new_subject);
    wire_u8(w, &r->approval);
    wire_values(w, r);
}

void wire_seal(struct wire *w, struct args *a) {
    struct seal_args *s = &a->seal;
    wire_u8(w, &s->act);
    wire_u16(w, &s->object);
    wire_size(w, &s->count, KEEPER_ROWS_MAX);
    struct keeper_seal_row *rows = wire_array(w, s->rows, s->count, sizeof *rows);
    s->value_count = 0;
    for (size_t i = 0; rows != NULL && i < s->count && !w->failed; i++) {
        wire_seal_row(w, &rows[i]);
        s->value_count += rows[i].value_count;
    }
    s->rows = rows;
}

static void wire_terms(struct wire *w, struct keeper_sealed *s) {
    wire_size(w, &s->term_count, PROTOCOL_TERMS_MAX);
    if (w->out == NULL && s->term_count > w->in.n) /* cheaper than allocating for a lie */
        w->failed = true;
    s->terms = wire_array(w, s->terms, s->term_count, sizeof *s->terms);
    for (size_t i = 0; s->terms != NULL && i < s->term_count; i++) {
        struct keeper_term *t = &s->terms[i];
        wire_u32(w, &t->row);
        wire_u16(w, &t->field);
        wire_u8(w, &t->search);
        wire_bool(w, &t->remove);
        wire_u64(w, &t->term);
    }
}

void wire_sealed(struct wire *w, struct args *a) {
    struct keeper_sealed *s = &a->sealed;
    size_t rows = a->seal.count, values = a->seal.value_count;
    wire_u64(w, &s->intent);
    wire_size(w, &rows, KEEPER_ROWS_MAX);
    wire_size(w, &values, (size_t)KEEPER_ROWS_MAX * KEEPER_FIELDS_MAX);
    s->sealed = wire_array(w, s->sealed, values, sizeof *s->sealed);
    s->same = wire_array(w, s->same, values, sizeof *s->same);
    for (size_t i = 0; s->sealed != NULL && s->same != NULL && i < values && !w->failed; i++) {
        wire_nullable(w, &s->sealed[i], PROTOCOL_SEALED_MAX);
        wire_bool(w, &s->same[i]);
    }
    s->wrapped_keys = wire_array(w, s->wrapped_keys, rows, sizeof *s->wrapped_keys);
    s->versions = wire_array(w, s->versions, rows, sizeof *s->versions);
    s->seals = wire_array(w, s->seals, rows, sizeof *s->seals);
    for (size_t i = 0; s->wrapped_keys && s->versions && s->seals && i < rows && !w->failed; i++) {
        wire_slice(w, &s->wrapped_keys[i], KEEPER_WRAPPED_KEY);
        wire_slice(w, &s->versions[i], PROTOCOL_VERSIONS_MAX);
        wire_bytes(w, s->seals[i], KEEPER_ROW_SEAL);
    }
    wire_terms(w, s);
    a->seal.count = rows;
    a->seal.value_count = values;
}
