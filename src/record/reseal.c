#include "record/reseal.h"

#include "record/history.h"
#include "record/page.h"
#include "record/plain_terms.h"
#include "value/parse.h"

#define ROWS_A_TIME   20 /* rows whose values and histories go in one exchange */
#define STATES_MAX    KEEPER_ROWS_MAX
#define HISTORY_A_ROW ((STATES_MAX / ROWS_A_TIME - 1) / 2)
#define ATTEMPTS      20
#define TERMS_MAX     2048
#define MEMORY        ((size_t)64 * 1024 * 1024)

/* One value to be sealed: of a row as it stands, or of a former state in its history. */
struct place {
    size_t row;
    struct cell *history; /* where it stands in a history body; NULL: the row's own column */
};

struct pass {
    struct caller *c;
    const struct object_def *object;
    const struct field_def *field;
    bool clear_only;
    struct arena arena;
    struct page page;
    struct store_change **changes;
    struct history_body **bodies;
    size_t *change_counts;
    struct keeper_row *states;
    struct keeper_seal_row *rows;
    struct keeper_value *values;
    struct place *places;
    size_t count;
    struct error *e;
};

static enum status no_memory(struct pass *p) {
    return error_set(p->e, ST_NOMEM, "no_memory", "reseal");
}

/* ---- gathering ---- */

static bool wanted(const struct pass *p, const struct cell *cell) {
    if (cell->kind == CELL_NULL)
        return false;
    return cell->kind != CELL_BYTES || !p->clear_only;
}

static enum status add_value(struct pass *p, size_t row, const struct keeper_row *state,
                             const struct cell *cell, struct cell *history) {
    char number[VALUE_NUMBER_TEXT];
    if (!wanted(p, cell) || state->wrapped_key.n == 0)
        return ST_OK;
    if (p->count == STATES_MAX)
        return error_set(p->e, ST_LIMIT, "too_large", "a record has too long a history");
    size_t i = p->count++;
    p->states[i] = *state;
    p->values[i] = (struct keeper_value){.field = p->field->id};
    if (cell->kind == CELL_BYTES) {
        p->values[i].old_sealed = cell->s;
    } else if (cell->kind == CELL_TEXT) {
        p->values[i].fresh = cell->s;
    } else {
        size_t n = value_format_int(p->field->type, cell->i, number);
        p->values[i].fresh = arena_copy(&p->arena, slice_of(number, n));
        if (p->values[i].fresh.p == NULL)
            return no_memory(p);
    }
    p->places[i] = (struct place){.row = row, .history = history};
    p->rows[i] = (struct keeper_seal_row){
        .row = p->states[i], .old = &p->states[i], .values = &p->values[i], .value_count = 1};
    return ST_OK;
}

static struct keeper_row former(const struct keeper_row *now, const struct history_state *state) {
    struct keeper_row row = *now;
    row.owner = state->owner;
    row.department = state->department;
    row.branch = state->branch;
    row.versions = state->versions;
    row.seal = state->seal;
    return row;
}

static enum status add_history(struct pass *p, size_t row, const struct keeper_row *now) {
    enum status s = store_history(p->c->reader, p->object, &now->record, 0, HISTORY_A_ROW, &p->arena,
                                  &p->changes[row], &p->change_counts[row], p->e);
    if (s != ST_OK)
        return s;
    p->bodies[row] = arena_array(&p->arena, p->change_counts[row], sizeof *p->bodies[row]);
    if (p->bodies[row] == NULL)
        return no_memory(p);
    for (size_t i = 0; s == ST_OK && i < p->change_counts[row]; i++) {
        struct history_body *b = &p->bodies[row][i];
        if (history_read(p->changes[row][i].body, &p->arena, b) != ST_OK) {
            return error_set(p->e, ST_CORRUPT, "corrupt", "a change can't be read");
        }
        for (size_t k = 0; s == ST_OK && k < b->field_count; k++) {
            if (b->fields[k].field != p->field->id)
                continue;
            struct keeper_row before = former(now, &b->before), after = former(now, &b->after);
            s = add_value(p, row, &before, &b->fields[k].before, &b->fields[k].before);
            if (s == ST_OK)
                s = add_value(p, row, &after, &b->fields[k].after, &b->fields[k].after);
        }
    }
    return s;
}

static enum status gather(struct pass *p) {
    size_t n = p->page.rows.count;
    p->count = 0;
    p->changes = arena_array(&p->arena, n, sizeof *p->changes);
    p->bodies = arena_array(&p->arena, n, sizeof *p->bodies);
    p->change_counts = arena_array(&p->arena, n, sizeof *p->change_counts);
    p->states = arena_array(&p->arena, STATES_MAX, sizeof *p->states);
    p->rows = arena_array(&p->arena, STATES_MAX, sizeof *p->rows);
    p->values = arena_array(&p->arena, STATES_MAX, sizeof *p->values);
    p->places = arena_array(&p->arena, STATES_MAX, sizeof *p->places);
    if (p->changes == NULL || p->bodies == NULL || p->change_counts == NULL || p->states == NULL ||
        p->rows == NULL || p->values == NULL || p->places == NULL) {
        return no_memory(p);
    }
    for (size_t i = 0; i < n; i++) {
        struct keeper_row now;
        page_keeper_row(&p->page, i, &now);
        struct cell cell = page_cell(&p->page, &p->page.rows.rows[i], p->field->id);
        enum status s = add_value(p, i, &now, &cell, NULL);
        if (s == ST_OK)
            s = add_history(p, i, &now);
        if (s != ST_OK)
            return s;
    }
    return ST_OK;
}

/* ---- writing ---- */

struct output {
    struct write_op *ops;
    size_t count;
};

static struct write_op *next_op(struct pass *p, struct output *out, enum write_op_kind kind, size_t row) {
    struct write_op *op = &out->ops[out->count++];
    op->kind = kind;
    op->object = p->object;
    struct cell id = p->page.rows.rows[row].cells[PAGE_ID];
    if (id.s.n == 16)
        memcpy(op->record.b, id.s.p, 16);
    return op;
}

static enum status write_column(struct pass *p, struct output *out, size_t row, struct slice sealed) {
    struct write_op *op = next_op(p, out, WRITE_UPDATE, row);
    struct cell *cell = arena_alloc(&p->arena, sizeof *cell);
    if (cell == NULL)
        return no_memory(p);
    *cell = cell_bytes(sealed);
    op->columns = &p->field->id;
    op->cells = cell;
    op->column_count = 1;
    op->revision = p->page.rows.rows[row].cells[PAGE_REVISION].i;
    return ST_OK;
}

/* The terms of a value that stood in clear go, the keeper's come. */
static enum status write_terms(struct pass *p, struct output *out, size_t value,
                               const struct keeper_sealed *got) {
    struct term_change *terms = arena_array(&p->arena, TERMS_MAX, sizeof *terms);
    size_t n = 0;
    if (terms == NULL)
        return no_memory(p);
    if (p->values[value].fresh.p == NULL || p->field->search == 0)
        return ST_OK;
    enum status s =
        plain_terms_of_value(&p->arena, p->field, p->values[value].fresh, true, terms, TERMS_MAX, &n);
    for (size_t i = 0; s == ST_OK && i < got->term_count && n < TERMS_MAX; i++) {
        if (got->terms[i].row != value)
            continue;
        terms[n++] = (struct term_change){
            .field = got->terms[i].field, .search = got->terms[i].search, .term = got->terms[i].term};
    }
    if (s != ST_OK)
        return error_set(p->e, s, "terms", "the search terms of a value can't be made");
    struct write_op *op = next_op(p, out, WRITE_TERMS, p->places[value].row);
    op->terms = terms;
    op->term_count = n;
    return ST_OK;
}

static enum status write_histories(struct pass *p, struct output *out) {
    for (size_t row = 0; row < p->page.rows.count; row++) {
        for (size_t i = 0; i < p->change_counts[row]; i++) {
            struct write_op *op = next_op(p, out, WRITE_HISTORY, row);
            op->revision = (int64_t)p->changes[row][i].id;
            if (history_rewrite(&p->arena, &p->bodies[row][i], &op->body) != ST_OK)
                return no_memory(p);
        }
    }
    return ST_OK;
}

static enum status build(struct pass *p, const struct keeper_sealed *got, struct output *out) {
    size_t room = p->count * 2 + p->page.rows.count * (HISTORY_A_ROW + 1);
    out->ops = arena_array(&p->arena, room, sizeof *out->ops);
    if (out->ops == NULL)
        return no_memory(p);
    for (size_t i = 0; i < p->count; i++) {
        struct slice sealed = got->sealed[i];
        if (p->places[i].history != NULL) {
            *p->places[i].history = cell_bytes(sealed);
            continue;
        }
        enum status s = write_column(p, out, p->places[i].row, sealed);
        if (s == ST_OK)
            s = write_terms(p, out, i, got);
        if (s != ST_OK)
            return s;
    }
    return write_histories(p, out);
}

static enum status seal_and_write(struct pass *p) {
    struct keeper_sealed got;
    struct output out = {.count = 0};
    struct write_result result;
    struct caller *c = p->c;
    if (p->count == 0)
        return ST_OK;
    enum status s =
        keeper_reseal_rows(c->keeper, &c->call, p->object->id, p->rows, p->count, &p->arena, &got, p->e);
    if (s == ST_OK)
        s = build(p, &got, &out);
    if (s != ST_OK)
        return s;
    struct write_set set = {.intent = got.intent, .ops = out.ops, .count = out.count, .bulk = true};
    s = world_commit(c->world.world, &set, &result, p->e);
    struct error ignored;
    return keeper_outcome(c->keeper, got.intent, s == ST_OK, &ignored) == ST_OK || s != ST_OK ? s : ST_OK;
}

/* ---- the walk ---- */

static enum status read_rows(struct pass *p, const struct cell *after) {
    const struct access *a;
    uint16_t shown = (uint16_t)(object_field_by_id(p->object, p->field->id) - p->object->fields);
    enum status s = access_get(p->c, object_by_id(p->c->world.objects, p->object->id), &a, p->e);
    if (s == ST_OK)
        s = page_plan(a, &shown, 0, &p->page, p->e);
    if (s == ST_OK)
        s = page_fetch(&p->page, p->field->id, p->e);
    if (s != ST_OK)
        return s;
    /* No row filter: which rows there are is not told to anybody, and no value leaves the keeper. */
    struct store_select q = {
        .filter = &pred_true, .include_deleted = true, .after = after, .limit = ROWS_A_TIME};
    page_select(&p->page, &q);
    return store_query(p->c->reader, &q, &p->arena, &p->page.rows, p->e);
}

/* One slice; somebody may write one of its rows meanwhile, then it is read again. */
static enum status slice_pass(struct pass *p, const struct cell *after) {
    enum status s = ST_RETRY;
    for (unsigned tries = 0; s == ST_RETRY && tries < ATTEMPTS; tries++) {
        arena_reset(&p->arena);
        s = read_rows(p, after);
        if (s == ST_OK)
            s = gather(p);
        if (s == ST_OK)
            s = seal_and_write(p);
    }
    return s;
}

enum status reseal_field(struct caller *c, const struct object_def *o, const struct field_def *f,
                         bool clear_only, struct error *e) {
    struct pass p = {.c = c, .object = o, .field = f, .clear_only = clear_only, .e = e};
    uint8_t id[16];
    struct cell after = cell_bytes(slice_of(id, sizeof id));
    bool first = true;
    enum status s;
    arena_init(&p.arena, MEMORY, ARENA_SECRET);
    do {
        s = slice_pass(&p, first ? NULL : &after);
        size_t n = p.page.rows.count;
        if (s == ST_OK && n > 0)
            memcpy(id, p.page.rows.rows[n - 1].cells[PAGE_ID].s.p, sizeof id);
        first = false;
    } while (s == ST_OK && p.page.rows.more);
    arena_free(&p.arena);
    return s;
}
