#include "share/preview.h"

/* What a sink answers when it has seen enough. */
#define ENOUGH ST_RETRY

struct sample {
    struct arena *arena;
    struct slice headers[CSV_COLUMNS_MAX];
    struct slice samples[CSV_COLUMNS_MAX][PREVIEW_SAMPLES];
    size_t columns;
    uint64_t rows;
    bool header;
};

static enum status keep(struct sample *s, struct slice cell, struct slice *out) {
    *out = arena_copy(s->arena, cell.n > 200 ? slice_of(cell.p, 200) : cell);
    return out->p == NULL ? ST_NOMEM : ST_OK;
}

static enum status take_sample(void *context, const struct csv_row *row) {
    struct sample *s = context;
    enum status st = ST_OK;
    bool first = s->columns == 0;
    if (first)
        s->columns = row->count;
    if (first && s->header) {
        for (size_t i = 0; st == ST_OK && i < row->count; i++)
            st = keep(s, row->cells[i], &s->headers[i]);
        return st;
    }
    for (size_t i = 0; s->rows < PREVIEW_SAMPLES && st == ST_OK && i < row->count && i < s->columns; i++)
        st = keep(s, row->cells[i], &s->samples[i][s->rows]);
    s->rows++;
    return st;
}

static void write_delimiter(struct json *out, uint8_t delimiter) {
    char text[2] = {(char)delimiter, '\0'};
    json_key(out, "delimiter");
    json_cstring(out, delimiter == '\t' ? "tab" : delimiter == 0 ? "," : text);
}

static void write_column(struct caller *c, const struct object_def *object, const struct sample *s, size_t i,
                         struct json *out) {
    const struct field_def *f = s->header ? mapping_suggest(c, object, s->headers[i]) : NULL;
    json_object_begin(out);
    json_key(out, "index");
    json_int(out, (int64_t)i);
    json_key(out, "header");
    json_text(out, s->headers[i]);
    json_key(out, "samples");
    json_array_begin(out);
    for (size_t k = 0; k < PREVIEW_SAMPLES && k < s->rows; k++)
        json_text(out, s->samples[i][k]);
    json_array_end(out);
    json_key(out, "suggested_field");
    if (f == NULL)
        json_none(out);
    else
        json_cstring(out, f->name);
    json_object_end(out);
}

static enum status look(struct caller *c, const struct role_env *env, struct import *i, struct sample *s,
                        bool *whole, struct error *e) {
    struct sheet *reader = NULL;
    struct slice part;
    enum status st = import_read_part(c->keeper, &c->call, env->data_dir, i, 0, c->arena, &part, e);
    if (st == ST_OK)
        st = sheet_open(env, (enum encoding)i->encoding, i->delimiter, &reader, e);
    if (st != ST_OK)
        return st;
    *whole = part.n <= PREVIEW_BYTES && i->size == part.n;
    if (part.n > PREVIEW_BYTES)
        part.n = PREVIEW_BYTES;
    st = sheet_feed(reader, part, take_sample, s, e);
    if (st == ST_OK && *whole)
        st = sheet_end(reader, take_sample, s, e);
    if (st == ST_OK) {
        i->encoding = (uint8_t)sheet_encoding(reader);
        i->delimiter = sheet_delimiter(reader);
    }
    sheet_close(reader);
    return st;
}

enum status preview_write(struct caller *c, const struct role_env *env, const struct object_def *object,
                          struct import *i, struct json *out, struct error *e) {
    bool whole = false;
    struct sample *s = arena_alloc(c->arena, sizeof *s);
    if (s == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "preview");
    s->arena = c->arena;
    s->header = i->header;
    enum status st = look(c, env, i, s, &whole, e);
    if (st != ST_OK)
        return st;
    if (s->columns == 0)
        return error_set(e, ST_INVALID, "file_empty", "there are no rows in the file");
    json_object_begin(out);
    json_key(out, "encoding");
    json_cstring(out,
                 encoding_name(i->encoding == ENCODING_AUTO ? ENCODING_UTF8 : (enum encoding)i->encoding));
    write_delimiter(out, i->delimiter);
    json_key(out, "header");
    json_bool(out, i->header);
    json_key(out, "columns");
    json_array_begin(out);
    for (size_t k = 0; k < s->columns; k++)
        write_column(c, object, s, k, out);
    json_array_end(out);
    json_key(out, "rows_estimate");
    json_int(out, (int64_t)(whole ? s->rows : s->rows * i->size / PREVIEW_BYTES));
    json_object_end(out);
    return ST_OK;
}

/* ---- check ---- */

struct check {
    struct batch batch;
    bool header; /* still to be passed over */
};

static enum status take_checked(void *context, const struct csv_row *row) {
    struct check *k = context;
    if (k->header) {
        k->header = false;
        return ST_OK;
    }
    enum status s = batch_add(&k->batch, row);
    return s == ST_OK && (k->batch.count == CHECK_ROWS || batch_is_full(&k->batch)) ? ENOUGH : s;
}

static enum status gather(struct caller *c, const struct role_env *env, const struct import *i,
                          const struct mapping *m, struct check *k, struct error *e) {
    struct sheet *reader = NULL;
    enum status s = sheet_open(env, (enum encoding)m->encoding, m->delimiter, &reader, e);
    for (uint64_t n = 0; s == ST_OK && n < import_parts(i); n++) {
        struct slice part;
        s = import_read_part(c->keeper, &c->call, env->data_dir, i, n, c->arena, &part, e);
        if (s == ST_OK)
            s = sheet_feed(reader, part, take_checked, k, e);
    }
    if (s == ST_OK)
        s = sheet_end(reader, take_checked, k, e);
    sheet_close(reader);
    return s == ENOUGH ? ST_OK : s;
}

static void write_errors(const struct caller *c, const struct batch_row *row, job_title title,
                         struct json *out) {
    json_key(out, "errors");
    json_array_begin(out);
    for (size_t i = 0; i < row->error_count; i++) {
        const char *words = title == NULL ? NULL : title(row->errors[i].code, c->language);
        json_object_begin(out);
        json_key(out, "field");
        json_cstring(out, row->errors[i].field);
        json_key(out, "code");
        json_cstring(out, row->errors[i].code);
        json_key(out, "message");
        json_cstring(out, words == NULL ? row->errors[i].detail : words);
        json_object_end(out);
    }
    json_array_end(out);
}

static void write_row(const struct caller *c, const struct mapping *m, const struct batch_row *row,
                      job_title title, struct json *out) {
    json_object_begin(out);
    json_key(out, "line");
    json_int(out, (int64_t)row->line);
    json_key(out, "ok");
    json_bool(out, row->written);
    json_key(out, "values");
    json_object_begin(out);
    for (size_t k = 0; k < m->count; k++) {
        if (m->columns[k] >= row->count)
            continue;
        json_key(out, m->fields[k]->name);
        json_text(out, row->cells[m->columns[k]]);
    }
    json_object_end(out);
    write_errors(c, row, title, out);
    json_object_end(out);
}

static void write_check(const struct caller *c, const struct mapping *m, const struct batch *b,
                        job_title title, struct json *out) {
    size_t good = 0;
    json_object_begin(out);
    json_key(out, "rows");
    json_array_begin(out);
    for (size_t i = 0; i < b->count; i++) {
        write_row(c, m, &b->rows[i], title, out);
        good += b->rows[i].written;
    }
    json_array_end(out);
    json_key(out, "ok");
    json_int(out, (int64_t)good);
    json_key(out, "bad");
    json_int(out, (int64_t)(b->count - good));
    json_object_end(out);
}

enum status check_write(struct caller *c, const struct role_env *env, const struct import *i,
                        const struct mapping *m, job_title title, struct json *out, struct error *e) {
    struct check k = {.header = m->header};
    struct batch_job job = {.number = 1, .dry_run = true};
    if (batch_init(&k.batch) != ST_OK)
        return error_set(e, ST_NOMEM, "no_memory", "check");
    enum status s = gather(c, env, i, m, &k, e);
    if (s == ST_OK)
        s = batch_run(c, m, &job, &k.batch, e);
    if (s == ST_OK)
        write_check(c, m, &k.batch, title, out);
    batch_free(&k.batch);
    return s;
}
