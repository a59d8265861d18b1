#include "share/batch.h"

#include "crypto/hash.h"
#include "share/run.h"

#include <stdlib.h>

#define CELLS_MEMORY ((size_t)16 * 1024 * 1024)

enum status batch_init(struct batch *b) {
    *b = (struct batch){.count = 0};
    arena_init(&b->arena, CELLS_MEMORY, ARENA_SECRET);
    b->rows = calloc(BATCH_ROWS, sizeof *b->rows);
    return b->rows == NULL ? ST_NOMEM : ST_OK;
}

void batch_reset(struct batch *b) {
    arena_reset(&b->arena);
    b->count = b->bytes = 0;
}

void batch_free(struct batch *b) {
    arena_free(&b->arena);
    free(b->rows);
    b->rows = NULL;
}

enum status batch_add(struct batch *b, const struct csv_row *row) {
    struct batch_row *to = &b->rows[b->count];
    struct slice *cells = arena_array(&b->arena, row->count, sizeof *cells);
    if (cells == NULL)
        return ST_NOMEM;
    for (size_t i = 0; i < row->count; i++) {
        if (row->cells[i].n == 0) {
            cells[i] = SLICE("");
            continue;
        }
        cells[i] = arena_copy(&b->arena, row->cells[i]);
        if (cells[i].p == NULL)
            return ST_NOMEM;
        b->bytes += cells[i].n;
    }
    to->line = row->line;
    to->problem = row->problem;
    to->cells = cells;
    to->count = row->count;
    to->written = to->duplicate = false;
    to->error_count = 0;
    b->last_line = row->line;
    b->count++;
    return ST_OK;
}

bool batch_is_full(const struct batch *b) {
    return b->count == BATCH_ROWS || b->bytes >= BATCH_BYTES;
}

enum status batch_record_id(const struct uuid *job, uint64_t line, struct uuid *out) {
    uint8_t bytes[24], digest[HASH_SIZE];
    memcpy(bytes, job->b, 16);
    for (size_t i = 0; i < 8; i++)
        bytes[16 + i] = (uint8_t)(line >> (8 * i));
    enum status s = hash_once(slice_of(bytes, sizeof bytes), digest);
    memcpy(out->b, job->b, 6);
    memcpy(out->b + 6, digest, 10);
    out->b[6] = (uint8_t)(0x70 | (line >> 28 & 0x0f));
    out->b[7] = (uint8_t)(line >> 20);
    out->b[8] = (uint8_t)(0x80 | (line >> 14 & 0x3f));
    out->b[9] = (uint8_t)(line >> 6);
    out->b[10] = (uint8_t)((line & 0x3f) << 2 | (digest[4] & 3));
    return s;
}

static void refuse(struct batch_row *row, const struct error *why) {
    if (row->error_count < BATCH_ERRORS_ROW)
        row->errors[row->error_count++] = *why;
}

/* Those rows of a part of the batch that are worth trying. */
struct attempt {
    size_t *index; /* attempted row -> row of the batch */
    size_t count;
    struct slice *cells;
    uint32_t *owners;
    struct uuid *ids;
};

static bool find_owner(struct caller *c, const struct mapping *m, struct batch_row *row, uint32_t *owner) {
    struct slice cell = m->owner_column < row->count ? slice_trim(row->cells[m->owner_column]) : SLICE_NONE;
    *owner = cell.n == 0 ? m->owner : mapping_person(c->world.directory, cell);
    if (*owner != 0)
        return true;
    struct error why;
    (void)error_field(&why, ST_INVALID, "reference_missing", "owner", "there is no such person");
    refuse(row, &why);
    return false;
}

static enum status take_row(struct caller *c, const struct mapping *m, const struct batch_job *job,
                            struct batch *b, size_t i, struct attempt *t) {
    struct batch_row *row = &b->rows[i];
    struct error why;
    row->error_count = 0;
    row->written = row->duplicate = false;
    if (row->problem != CSV_FINE) {
        (void)error_set(&why, ST_INVALID, csv_problem_code(row->problem), "the line can't be read");
        refuse(row, &why);
        return ST_OK;
    }
    if (!find_owner(c, m, row, &t->owners[t->count]))
        return ST_OK;
    for (size_t k = 0; k < m->count; k++) {
        t->cells[t->count * m->count + k] =
            m->columns[k] < row->count ? mapping_cell(c, m, k, row->cells[m->columns[k]]) : SLICE_NONE;
    }
    t->index[t->count] = i;
    return batch_record_id(&job->id, row->line, &t->ids[t->count++]);
}

static void take_result(struct batch *b, const struct attempt *t, const struct record_batch_result *result) {
    for (size_t i = 0; i < t->count; i++)
        b->rows[t->index[i]].written = true;
    for (size_t i = 0; i < result->error_count; i++) {
        struct batch_row *row = &b->rows[t->index[result->errors[i].row]];
        const struct error *why = &result->errors[i].error;
        if (strcmp(why->code, "record_exists") == 0)
            continue; /* this very row was written before the job was interrupted */
        row->written = false;
        row->duplicate = row->duplicate || strcmp(why->code, "unique") == 0;
        refuse(row, why);
    }
}

static enum status run_some(struct caller *c, const struct mapping *m, const struct batch_job *job,
                            struct batch *b, size_t from, size_t to, struct error *e) {
    size_t n = to - from;
    struct attempt t = {.index = arena_array(c->arena, n, sizeof *t.index),
                        .cells = arena_array(c->arena, n * m->count, sizeof *t.cells),
                        .owners = arena_array(c->arena, n, sizeof *t.owners),
                        .ids = arena_array(c->arena, n, sizeof *t.ids)};
    struct record_batch_result result;
    if (t.index == NULL || t.cells == NULL || t.owners == NULL || t.ids == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "batch");
    for (size_t i = from; i < to; i++) {
        enum status s = take_row(c, m, job, b, i, &t);
        if (s != ST_OK)
            return error_set(e, s, "internal", "a record's id");
    }
    struct record_batch in = {.object = m->object,
                              .fields = m->fields,
                              .field_count = m->count,
                              .cells = t.cells,
                              .row_count = t.count,
                              .owners = t.owners,
                              .ids = t.ids,
                              .job = job->number,
                              .dry_run = job->dry_run};
    enum status s = record_create_batch(c, &in, &result, e);
    if (s == ST_OK)
        take_result(b, &t, &result);
    return s;
}

/* Rows that are too much for one message are tried in halves. */
static enum status run_part(struct caller *c, const struct mapping *m, const struct batch_job *job,
                            struct batch *b, size_t from, size_t to, struct error *e) {
    struct error why = {.status = ST_OK};
    enum status s = run_some(c, m, job, b, from, to, &why);
    bool too_large = s == ST_LIMIT &&
                     (strcmp(why.code, "set_too_large") == 0 || strcmp(why.code, "request_too_large") == 0 ||
                      strcmp(why.code, "answer_too_large") == 0);
    if (too_large && to - from > 1) {
        run_keep_turn();
        size_t middle = from + (to - from) / 2;
        s = run_part(c, m, job, b, from, middle, e);
        return s == ST_OK ? run_part(c, m, job, b, middle, to, e) : s;
    }
    if (too_large) {
        refuse(&b->rows[from], &why);
        return ST_OK;
    }
    if (s != ST_OK && e != NULL)
        *e = why;
    return s;
}

enum status batch_run(struct caller *c, const struct mapping *m, const struct batch_job *job, struct batch *b,
                      struct error *e) {
    return b->count == 0 ? ST_OK : run_part(c, m, job, b, 0, b->count, e);
}
