#include "record/reseal.h"

#include "base/log.h"
#include "record/history.h"
#include "record/page.h"
#include "record/plain_terms.h"
#include "value/parse.h"

#define ROWS_A_TIME  200 /* rows of a slice */
#define HISTORY_PAGE 100 /* changes read at a time */
#define VALUES_MAX   KEEPER_ROWS_MAX
#define CHANGES_MAX  (VALUES_MAX / 2) /* a change holds a value before and one after */
#define ATTEMPTS     20
#define TERMS_MAX    2048
#define MEMORY       ((size_t)256 * 1024 * 1024)

/* One value to be sealed: of a row as it stands, or of a former state in its history. */
struct place {
    size_t row;
    struct cell *history; /* where it stands in a history body; NULL: the row's own column */
};

struct changed {
    size_t row;
    int64_t id;
    struct history_body body;
};

struct pass {
    struct caller *c;
    const struct object_def *object;
    const struct field_def *field;
    enum reseal_what what;
    struct arena arena; /* of a slice */
    struct page page;
    /* What goes in one exchange. */
    struct changed *changes;
    size_t change_count;
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
    return cell->kind != CELL_BYTES || p->what != RESEAL_CLEAR;
}

static enum status add_value(struct pass *p, size_t row, const struct keeper_row *state,
                             const struct cell *cell, struct cell *history) {
    char number[VALUE_NUMBER_TEXT];
    if (!wanted(p, cell) || state->wrapped_key.n == 0)
        return ST_OK;
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

static enum status make_room(struct pass *p) {
    p->changes = arena_array(&p->arena, CHANGES_MAX, sizeof *p->changes);
    p->states = arena_array(&p->arena, VALUES_MAX, sizeof *p->states);
    p->rows = arena_array(&p->arena, VALUES_MAX, sizeof *p->rows);
    p->values = arena_array(&p->arena, VALUES_MAX, sizeof *p->values);
    p->places = arena_array(&p->arena, VALUES_MAX, sizeof *p->places);
    p->count = p->change_count = 0;
    bool good =
        p->changes != NULL && p->states != NULL && p->rows != NULL && p->values != NULL && p->places != NULL;
    return good ? ST_OK : no_memory(p);
}

/* One change of a row; it stays with the exchange when it holds a value of the field. */
static enum status add_change(struct pass *p, size_t row, const struct keeper_row *now,
                              const struct store_change *change) {
    struct changed *kept = &p->changes[p->change_count];
    struct history_body *b = &kept->body;
    size_t had = p->count;
    if (history_read(change->body, &p->arena, b) != ST_OK)
        return error_set(p->e, ST_CORRUPT, "corrupt", "a change can't be read");
    for (size_t k = 0; k < b->field_count; k++) {
        if (b->fields[k].field != p->field->id)
            continue;
        struct keeper_row before = former(now, &b->before), after = former(now, &b->after);
        enum status s = add_value(p, row, &before, &b->fields[k].before, &b->fields[k].before);
        if (s == ST_OK)
            s = add_value(p, row, &after, &b->fields[k].after, &b->fields[k].after);
        if (s != ST_OK)
            return s;
    }
    kept->row = row;
    kept->id = (int64_t)change->id;
    p->change_count += p->count > had;
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

static enum status write_column(struct pass *p, struct output *out, size_t row, struct cell value) {
    struct write_op *op = next_op(p, out, WRITE_UPDATE, row);
    struct cell *cell = arena_alloc(&p->arena, sizeof *cell);
    if (cell == NULL)
        return no_memory(p);
    *cell = value;
    op->columns = &p->field->id;
    op->cells = cell;
    op->column_count = 1;
    op->revision = p->page.rows.rows[row].cells[PAGE_REVISION].i;
    return ST_OK;
}

/* The terms of a value that stood in clear go, the keeper's come. */
static enum status write_terms(struct pass *p, struct output *out, size_t value,
                               const struct keeper_sealed *got) {
    size_t n = 0;
    if (p->field->search == 0)
        return ST_OK;
    struct term_change *terms = arena_array(&p->arena, TERMS_MAX + got->term_count, sizeof *terms);
    if (terms == NULL)
        return no_memory(p);
    enum status s = ST_OK;
    if (p->values[value].fresh.p != NULL)
        s = plain_terms_of_value(&p->arena, p->field, p->values[value].fresh, true, terms, TERMS_MAX, &n);
    for (size_t i = 0; s == ST_OK && i < got->term_count; i++) {
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

static enum status write_changes(struct pass *p, struct output *out) {
    for (size_t i = 0; i < p->change_count; i++) {
        struct write_op *op = next_op(p, out, WRITE_HISTORY, p->changes[i].row);
        op->revision = p->changes[i].id;
        if (history_rewrite(&p->arena, &p->changes[i].body, &op->body) != ST_OK)
            return no_memory(p);
    }
    return ST_OK;
}

static enum status build(struct pass *p, const struct keeper_sealed *got, struct output *out) {
    out->ops = arena_array(&p->arena, p->count * 2 + p->change_count, sizeof *out->ops);
    if (out->ops == NULL)
        return no_memory(p);
    for (size_t i = 0; i < p->count; i++) {
        struct slice sealed = got->sealed[i];
        if (p->places[i].history != NULL) {
            *p->places[i].history = cell_bytes(sealed);
            continue;
        }
        enum status s = write_column(p, out, p->places[i].row, cell_bytes(sealed));
        if (s == ST_OK)
            s = write_terms(p, out, i, got);
        if (s != ST_OK)
            return s;
    }
    return write_changes(p, out);
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
    if (s != ST_UNAVAILABLE && keeper_outcome(c->keeper, got.intent, s == ST_OK, &ignored) != ST_OK)
        log_debug("reseal: the outcome is settled by the engine");
    p->count = p->change_count = 0;
    return s;
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

static enum status columns_pass(struct pass *p) {
    enum status s = ST_OK;
    for (size_t i = 0; s == ST_OK && i < p->page.rows.count; i++) {
        struct keeper_row now;
        page_keeper_row(&p->page, i, &now);
        struct cell cell = page_cell(&p->page, &p->page.rows.rows[i], p->field->id);
        s = add_value(p, i, &now, &cell, NULL);
    }
    return s == ST_OK ? seal_and_write(p) : s;
}

/* Terms of a value that stays in clear. The value is written as it is, so that the set fails when somebody
 * changed it meanwhile. */
static enum status plain_row(struct pass *p, struct output *out, size_t row) {
    char number[VALUE_NUMBER_TEXT];
    size_t n = 0;
    struct cell cell = page_cell(&p->page, &p->page.rows.rows[row], p->field->id);
    struct slice text = cell.s;
    if (cell.kind == CELL_NULL || cell.kind == CELL_BYTES)
        return ST_OK;
    if (cell.kind != CELL_TEXT)
        text = slice_of(number, value_format_int(p->field->type, cell.i, number));
    struct term_change *terms = arena_array(&p->arena, TERMS_MAX, sizeof *terms);
    if (terms == NULL)
        return no_memory(p);
    enum status s = plain_terms_of_value(&p->arena, p->field, text, false, terms, TERMS_MAX, &n);
    if (s != ST_OK)
        return error_set(p->e, s, "terms", "the search terms of a value can't be made");
    s = write_column(p, out, row, cell);
    struct write_op *op = next_op(p, out, WRITE_TERMS, row);
    op->terms = terms;
    op->term_count = n;
    return s;
}

static enum status plain_pass(struct pass *p) {
    struct output out = {.count = 0};
    struct write_result result;
    enum status s = ST_OK;
    out.ops = arena_array(&p->arena, p->page.rows.count * 2, sizeof *out.ops);
    if (out.ops == NULL)
        return no_memory(p);
    for (size_t i = 0; s == ST_OK && i < p->page.rows.count; i++)
        s = plain_row(p, &out, i);
    struct write_set set = {.ops = out.ops, .count = out.count, .bulk = true};
    return s == ST_OK && out.count > 0 ? world_commit(p->c->world.world, &set, &result, p->e) : s;
}

/* All changes of one row, however many; what is full goes off at once. */
static enum status row_history_pass(struct pass *p, size_t row) {
    struct keeper_row now;
    uint64_t before = 0;
    size_t n;
    enum status s = ST_OK;
    page_keeper_row(&p->page, row, &now);
    do {
        struct store_change *changes;
        s = store_history(p->c->reader, p->object, &now.record, before, HISTORY_PAGE, &p->arena, &changes, &n,
                          p->e);
        if (s == ST_OK && p->change_count + n > CHANGES_MAX)
            s = seal_and_write(p);
        for (size_t i = 0; s == ST_OK && i < n; i++)
            s = add_change(p, row, &now, &changes[i]);
        if (n > 0)
            before = changes[n - 1].id;
    } while (s == ST_OK && n == HISTORY_PAGE);
    return s;
}

static enum status histories_pass(struct pass *p) {
    enum status s = ST_OK;
    for (size_t i = 0; s == ST_OK && i < p->page.rows.count; i++)
        s = row_history_pass(p, i);
    return s == ST_OK ? seal_and_write(p) : s;
}

/* One slice; somebody may write one of its rows meanwhile, then it is read again. */
static enum status slice_pass(struct pass *p, const struct cell *after) {
    enum status s = ST_RETRY;
    for (unsigned tries = 0; s == ST_RETRY && tries < ATTEMPTS; tries++) {
        arena_reset(&p->arena);
        s = make_room(p);
        if (s == ST_OK)
            s = read_rows(p, after);
        if (s == ST_OK)
            s = p->field->class >= CLASS_PERSONAL ? columns_pass(p) : plain_pass(p);
        if (s == ST_OK && p->what != RESEAL_TERMS)
            s = histories_pass(p);
    }
    return s;
}

enum status reseal_field(struct caller *c, const struct object_def *o, const struct field_def *f,
                         enum reseal_what what, const struct reseal_watch *watch, struct error *e) {
    struct pass p = {.c = c, .object = o, .field = f, .what = what, .e = e};
    uint8_t id[16];
    struct cell after = cell_bytes(slice_of(id, sizeof id));
    bool first = true;
    enum status s = ST_OK;
    arena_init(&p.arena, MEMORY, ARENA_SECRET);
    do {
        s = slice_pass(&p, first ? NULL : &after);
        size_t n = p.page.rows.count;
        if (s == ST_OK && n > 0)
            memcpy(id, p.page.rows.rows[n - 1].cells[PAGE_ID].s.p, sizeof id);
        first = false;
        if (s == ST_OK && watch != NULL)
            s = watch->rows_done(watch->context, n, e);
    } while (s == ST_OK && p.page.rows.more);
    arena_free(&p.arena);
    return s;
}
