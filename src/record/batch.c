#include "record/create.h"
#include "record/get.h"
#include "record/record.h"
#include "record/seal.h"

#define BATCH_ROWS_MAX   1000
#define BATCH_ERRORS_ROW 4

struct batch {
    struct caller *c;
    const struct record_batch *in;
    const struct access *access;
    struct draft *drafts;
    struct error *refused; /* per row */
    struct record_batch_result *out;
    size_t error_room; /* few rows have errors */
    struct error *e;
};

static bool errors_grow(struct batch *b) {
    size_t room = b->error_room == 0 ? 64 : b->error_room * 2;
    struct record_batch_error *grown = arena_take(b->c->arena, room * sizeof *grown);
    if (grown == NULL)
        return false;
    if (b->out->error_count > 0)
        memcpy(grown, b->out->errors, b->out->error_count * sizeof *grown);
    b->out->errors = grown;
    b->error_room = room;
    return true;
}

static void list_error(struct batch *b, size_t row, const struct error *why) {
    if (b->out->error_count < b->in->row_count * BATCH_ERRORS_ROW &&
        (b->out->error_count < b->error_room || errors_grow(b)))
        b->out->errors[b->out->error_count++] = (struct record_batch_error){.row = row, .error = *why};
}

static void refuse(struct batch *b, size_t row, const struct error *why) {
    if (b->refused[row].status == ST_OK)
        b->refused[row] = *why;
    list_error(b, row, why);
}

static void refuse_all(struct batch *b, size_t row, const struct field_errors *errors,
                       const struct error *why) {
    for (size_t i = 0; i < errors->count && i < BATCH_ERRORS_ROW; i++)
        refuse(b, row, &errors->items[i]);
    if (errors->count == 0)
        refuse(b, row, why);
}

static enum status read_cells(struct batch *b, size_t row, struct field_errors *errors) {
    struct draft *d = &b->drafts[row];
    bool bad = false;
    for (size_t k = 0; k < b->in->field_count; k++) {
        struct slice text = b->in->cells[row * b->in->field_count + k];
        struct error one;
        size_t index = (size_t)(b->in->fields[k] - b->access->object->fields);
        if (text.p == NULL)
            continue;
        enum status s = draft_read_text(b->c, d, index, text, &one);
        if (s == ST_NOMEM)
            return s;
        if (s != ST_OK) {
            (void)field_errors_add(errors, &one);
            bad = true;
        }
    }
    return bad ? ST_INVALID : ST_OK;
}

static enum status prepare_row(struct batch *b, size_t row, struct field_errors *errors, struct error *why) {
    struct draft *d = &b->drafts[row];
    struct validate_clock clock = {.now_ms = b->c->context.now_ms, .utc_offset_minutes = 480};
    enum status s = draft_init(b->c, b->access, d, why);
    if (s != ST_OK)
        return s;
    if (b->in->created_at != NULL)
        d->created_at = b->in->created_at[row];
    s = b->in->ids == NULL ? uuid_new(&d->id) : ST_OK;
    if (s != ST_OK)
        return error_set(why, s, "internal", "no random bytes");
    if (b->in->ids != NULL)
        d->id = b->in->ids[row];
    s = read_cells(b, row, errors);
    if (s != ST_OK)
        return error_set(why, s, "invalid_fields", "some fields need correcting");
    uint32_t owner = b->in->owners == NULL ? b->c->who.user : b->in->owners[row];
    s = draft_place(b->c, d, owner, why);
    if (s == ST_OK)
        s = draft_permit_new(b->c, d, b->in->job == 0 ? ACT_CREATE : ACT_IMPORT, errors, why);
    if (s == ST_OK)
        s = object_apply_defaults(b->access->object, &clock, b->c->arena, d->inputs, why);
    return s == ST_OK ? draft_validate(d, true, errors, why) : s;
}

static enum status prepare_all(struct batch *b) {
    struct field_errors errors; /* 24 KB: not cleared for every row */
    for (size_t row = 0; row < b->in->row_count; row++) {
        struct error why = {.status = ST_OK};
        errors.count = 0;
        enum status s = prepare_row(b, row, &errors, &why);
        if (s == ST_NOMEM)
            return error_set(b->e, s, "no_memory", "batch");
        if (s != ST_OK) {
            why.status = s;
            refuse_all(b, row, &errors, &why);
        }
    }
    return ST_OK;
}

/* What the keeper and the store refused comes back in `refused`; prepare's refusals are listed already. */
static enum status write_good(struct batch *b) {
    size_t n = b->in->row_count;
    struct draft **drafts = arena_array(b->c->arena, n, sizeof *drafts);
    bool *before = arena_array(b->c->arena, n, sizeof *before);
    if (drafts == NULL || before == NULL)
        return error_set(b->e, ST_NOMEM, "no_memory", "batch");
    for (size_t i = 0; i < n; i++) {
        drafts[i] = &b->drafts[i];
        before[i] = b->refused[i].status != ST_OK;
    }
    struct create_options how = {.audit_act = b->in->job == 0 ? AUDIT_CREATE : AUDIT_IMPORT,
                                 .job = b->in->job};
    enum status s = create_rows(b->c, drafts, n, &how, b->refused, b->e);
    for (size_t i = 0; s == ST_OK && i < n; i++) {
        if (!before[i] && b->refused[i].status != ST_OK)
            list_error(b, i, &b->refused[i]);
    }
    return s;
}

static void count_written(struct batch *b) {
    for (size_t i = 0; i < b->in->row_count; i++) {
        if (b->refused[i].status != ST_OK)
            continue;
        b->out->ids[i] = b->drafts[i].id;
        b->out->written++;
    }
}

enum status record_create_batch(struct caller *c, const struct record_batch *in,
                                struct record_batch_result *out, struct error *e) {
    struct batch b = {.c = c, .in = in, .out = out, .e = e};
    *out = (struct record_batch_result){.written = 0};
    if (in->row_count == 0)
        return ST_OK;
    if (in->row_count > BATCH_ROWS_MAX)
        return error_set(e, ST_LIMIT, "too_large", "at most 1,000 rows a batch");
    enum status s = access_get(c, in->object, &b.access, e);
    if (s != ST_OK)
        return s;
    b.drafts = arena_array(c->arena, in->row_count, sizeof *b.drafts);
    b.refused = arena_array(c->arena, in->row_count, sizeof *b.refused);
    out->ids = arena_array(c->arena, in->row_count, sizeof *out->ids);
    if (b.drafts == NULL || b.refused == NULL || out->ids == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "batch");
    s = prepare_all(&b);
    if (s == ST_OK && !in->dry_run)
        s = write_good(&b);
    if (s == ST_OK)
        count_written(&b);
    return s;
}
