#include "record/seal.h"

#include "crypto/hash.h"
#include "record/history.h"
#include "record/idempotency.h"
#include "record/plain_terms.h"

#define TERMS_MAX  2048 /* of one row */
#define TERMS_ONE  2    /* exact ones of one value: a phone's with and without its extension */
#define TERMS_LIST 35   /* of a list */
#define OPS_ONCE   5    /* row, key, terms, history, idempotency */

#define SYSTEM_MOST 12 /* columns that system_columns sets */

/* A reference, the uniqueness of a field's exact terms, and what is added once a row. */
static size_t most_ops(const struct object_def *o) {
    size_t n = OPS_ONCE;
    for (size_t i = 0; i < o->field_count; i++) {
        const struct field_def *f = &o->fields[i];
        bool list = f->type == VALUE_TAG || f->type == VALUE_MULTI_CHOICE;
        n += f->type == VALUE_REFERENCE ? 1 : 0;
        n += !f->unique ? 0 : list ? TERMS_LIST : TERMS_ONE;
    }
    return n;
}

enum status ops_init(struct caller *c, const struct sealed_set *set, struct ops *out, struct error *e) {
    const struct object_def *o = set->rows[0].draft->access->object;
    size_t room = set->count * most_ops(o);
    *out = (struct ops){.room = room};
    out->items = arena_take(c->arena, room * sizeof *out->items); /* cleared when used: half of them are */
    out->row = arena_take(c->arena, room * sizeof *out->row);
    out->terms = arena_array(c->arena, TERMS_MAX, sizeof *out->terms);
    out->unique = arena_array(c->arena, o->field_count, sizeof *out->unique);
    if (out->items == NULL || out->row == NULL || out->terms == NULL || out->unique == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "ops");
    return ST_OK;
}

static struct write_op *add(struct ops *ops, enum write_op_kind kind, const struct sealed_set *set,
                            size_t i) {
    if (ops->count == ops->room)
        return NULL;
    const struct sealing *s = &set->rows[i];
    struct write_op *op = &ops->items[ops->count];
    ops->row[ops->count++] = (uint32_t)i;
    *op = (struct write_op){.kind = kind, .object = s->draft->access->object};
    op->record = s->draft->id;
    op->act = s->act;
    op->group = (uint32_t)i;
    return op;
}

static enum status full(struct error *e) {
    return error_set(e, ST_LIMIT, "too_large", "too many operations in one write");
}

/* ---- references: the target must be there and known to the caller ---- */

static enum status add_references(struct caller *c, const struct sealed_set *set, size_t i, struct ops *ops,
                                  struct error *e) {
    const struct sealing *s = &set->rows[i];
    const struct object_def *o = s->draft->access->object;
    for (size_t f = 0; f < o->field_count; f++) {
        const struct value *v = &s->draft->inputs[f].value;
        const struct access *target;
        struct uuid id;
        if (o->fields[f].type != VALUE_REFERENCE || !s->changed[f] || v->kind != KIND_TEXT)
            continue;
        if (!uuid_parse(v->text, &id))
            return error_set(e, ST_INVALID, "type", "not a record id");
        const struct object_def *to = object_by_id(c->world.objects, o->fields[f].reference_object);
        if (to == NULL)
            return error_set(e, ST_INTERNAL, "internal", "a reference leads nowhere");
        enum status status = access_get(c, to, &target, e);
        if (status != ST_OK)
            return status;
        struct write_op *op = add(ops, WRITE_EXISTS, set, i);
        if (op == NULL)
            return full(e);
        op->object = to;
        op->record = id;
        op->filter = pred_or(c->arena, target->acts[ACT_LIST], target->acts[ACT_VIEW]);
        op->key = slice_from_string(o->fields[f].name);
        if (op->filter == NULL)
            return error_set(e, ST_NOMEM, "no_memory", "ops");
    }
    return ST_OK;
}

/* ---- terms and uniqueness ---- */

static enum status gather_terms(struct caller *c, const struct sealing *s, struct term_change *terms,
                                struct term_change **out, size_t *count, struct error *e) {
    const struct object_def *o = s->draft->access->object;
    *count = 0;
    for (size_t t = 0; t < s->term_count && *count < TERMS_MAX; t++) {
        terms[(*count)++] = (struct term_change){.field = s->terms[t].field,
                                                 .search = s->terms[t].search,
                                                 .remove = s->terms[t].remove,
                                                 .term = s->terms[t].term};
    }
    for (size_t f = 0; f < o->field_count; f++) {
        const struct field_def *d = &o->fields[f];
        if (d->search == 0 || field_is_sealed(d) || !s->changed[f])
            continue;
        struct cell old = s->old == NULL ? cell_null() : page_cell(s->old, &s->old->rows.rows[0], d->id);
        enum status status = ST_OK;
        if (old.kind == CELL_TEXT)
            status = plain_terms_of_value(c->arena, d, old.s, true, terms, TERMS_MAX, count);
        const struct value *v = &s->draft->inputs[f].value;
        if (status == ST_OK && v->kind == KIND_TEXT) {
            status = plain_terms_of_value(c->arena, d, v->text, false, terms, TERMS_MAX, count);
        }
        if (status != ST_OK)
            return error_field(e, ST_INVALID, "length", d->name, "too long to be indexed");
    }
    *out = arena_take(c->arena, *count * sizeof **out); /* TERMS_MAX at most */
    if (*out == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "terms");
    memcpy(*out, terms, *count * sizeof *terms);
    return ST_OK;
}

/* The caller learns of a conflict only with values that he could have found himself. */
static const struct pred *unique_scope(struct caller *c, const struct access *a, size_t f) {
    const struct pred *knows = pred_or(c->arena, a->fields[f].read, a->fields[f].match);
    return knows == NULL ? NULL : pred_and(c->arena, a->acts[ACT_LIST], knows);
}

static enum status add_unique(struct caller *c, const struct sealed_set *set, size_t i,
                              const struct term_change *terms, size_t count, struct ops *ops,
                              struct error *e) {
    const struct sealing *s = &set->rows[i];
    const struct object_def *o = s->draft->access->object;
    for (size_t t = 0; t < count; t++) {
        if (terms[t].remove || terms[t].search != SEARCH_EXACT)
            continue;
        const struct field_def *f = object_field_by_id(o, terms[t].field);
        if (f == NULL || !f->unique)
            continue;
        struct write_op *op = add(ops, WRITE_UNIQUE, set, i);
        if (op == NULL)
            return full(e);
        op->terms = &terms[t];
        op->term_count = 1;
        op->key = slice_from_string(f->name);
        size_t field = (size_t)(f - o->fields);
        if (ops->unique[field] == NULL)
            ops->unique[field] = unique_scope(c, s->draft->access, field);
        op->filter = ops->unique[field];
        op->at_ms = c->context.now_ms;
        if (op->filter == NULL)
            return error_set(e, ST_NOMEM, "no_memory", "ops");
    }
    return ST_OK;
}

/* ---- the row ---- */

struct columns {
    uint16_t *ids;
    struct cell *cells;
    size_t n;
};

static void set_column(struct columns *k, uint16_t id, struct cell cell) {
    k->ids[k->n] = id;
    k->cells[k->n++] = cell;
}

static void system_columns(const struct sealing *s, int64_t now, uint64_t job, struct columns *k) {
    const struct draft *d = s->draft;
    set_column(k, FIELD_OWNER, cell_int(d->owner));
    set_column(k, FIELD_DEPARTMENT, cell_int(d->department));
    set_column(k, FIELD_BRANCH, cell_int(d->branch));
    set_column(k, FIELD_VERSIONS, cell_bytes(s->versions));
    set_column(k, FIELD_SEAL, cell_bytes(slice_of(s->seal, KEEPER_ROW_SEAL)));
    set_column(k, FIELD_UPDATED_AT, cell_int(s->old == NULL ? d->created_at : now));
    if (s->old == NULL) {
        set_column(k, FIELD_CREATED_AT, cell_int(d->created_at));
        set_column(k, FIELD_SUBJECT, cell_bytes(slice_of(d->subject.b, 16)));
        if (job != 0)
            set_column(k, FIELD_JOB, cell_int((int64_t)job));
    }
    if (s->delete_it)
        set_column(k, FIELD_DELETED_AT, cell_int(now));
    if (s->restore_it)
        set_column(k, FIELD_DELETED_AT, cell_null());
}

static enum status add_row(struct caller *c, const struct sealed_set *set, size_t i, uint64_t job,
                           struct ops *ops, struct error *e) {
    const struct sealing *s = &set->rows[i];
    const struct object_def *o = s->draft->access->object;
    size_t most = SYSTEM_MOST;
    for (size_t f = 0; f < o->field_count; f++)
        most += s->changed[f];
    struct columns k = {.ids = arena_take(c->arena, most * sizeof(uint16_t)),
                        .cells = arena_take(c->arena, most * sizeof(struct cell))};
    struct write_op *op = add(ops, s->old == NULL ? WRITE_INSERT : WRITE_UPDATE, set, i);
    if (op == NULL)
        return full(e);
    if (k.ids == NULL || k.cells == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "ops");
    system_columns(s, c->context.now_ms, job, &k);
    for (size_t f = 0; f < o->field_count; f++) {
        struct cell cell;
        if (!s->changed[f])
            continue;
        if (field_is_sealed(&o->fields[f])) {
            cell = s->sealed[f].p == NULL ? cell_null() : cell_bytes(s->sealed[f]);
        } else if (draft_cell(c, &o->fields[f], &s->draft->inputs[f].value, &cell) != ST_OK) {
            return error_set(e, ST_NOMEM, "no_memory", "ops");
        }
        set_column(&k, o->fields[f].id, cell);
    }
    op->columns = k.ids;
    op->cells = k.cells;
    op->column_count = k.n;
    if (s->old != NULL)
        op->revision = s->old->rows.rows[0].cells[PAGE_REVISION].i;
    return ST_OK;
}

static enum status add_history(struct caller *c, const struct sealed_set *set, size_t i, struct ops *ops,
                               struct error *e) {
    struct write_op *op = add(ops, WRITE_HISTORY, set, i);
    if (op == NULL)
        return full(e);
    op->actor = c->who.user;
    op->at_ms = c->context.now_ms;
    return history_write(c, &set->rows[i], &op->body, e);
}

enum status ops_add_row(struct caller *c, const struct sealed_set *set, size_t i, uint64_t job,
                        struct ops *ops, struct error *e) {
    const struct sealing *s = &set->rows[i];
    struct term_change *terms = NULL;
    size_t count = 0;
    enum status status = add_references(c, set, i, ops, e);
    if (status == ST_OK)
        status = gather_terms(c, s, ops->terms, &terms, &count, e);
    if (status == ST_OK)
        status = add_unique(c, set, i, terms, count, ops, e);
    if (status == ST_OK)
        status = add_row(c, set, i, job, ops, e);
    if (status != ST_OK)
        return status;
    if (s->draft->new_subject) {
        struct write_op *op = add(ops, WRITE_SUBJECT_KEY, set, i);
        if (op == NULL)
            return full(e);
        op->record = s->draft->subject;
        op->body = s->new_key;
    }
    if (count > 0) {
        struct write_op *op = add(ops, WRITE_TERMS, set, i);
        if (op == NULL)
            return full(e);
        op->terms = terms;
        op->term_count = count;
    }
    status = add_history(c, set, i, ops, e);
    if (status != ST_OK || c->idempotency_key.n == 0)
        return status;
    struct write_op *op = add(ops, WRITE_IDEMPOTENCY, set, i);
    return op == NULL ? full(e) : idempotency_op(c, op, e);
}
