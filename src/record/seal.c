#include "record/seal.h"

#include "record/get.h"
#include "record/obliged.h"

/* What changes in a row, as the keeper wants it. */
struct asked {
    struct keeper_value *values;
    uint16_t *fields; /* index into object->fields of each value */
    size_t value_count;
    uint16_t *plain;
    size_t plain_count;
    struct keeper_row old;
};

static bool same_cell(const struct cell *a, const struct cell *b) {
    if (a->kind != b->kind)
        return false;
    if (a->kind == CELL_INT)
        return a->i == b->i;
    return a->kind == CELL_NULL || slice_equal(a->s, b->s);
}

static void add_plain(struct asked *ask, uint16_t field) {
    ask->plain[ask->plain_count++] = field;
}

/* Owner, department, branch and deletion are columns of the row itself. */
static void ask_system(const struct sealing *s, struct asked *ask) {
    if (s->old == NULL)
        return;
    const struct cell *cells = s->old->rows.rows[0].cells;
    const struct draft *d = s->draft;
    if (cells[PAGE_OWNER].i != d->owner)
        add_plain(ask, FIELD_OWNER);
    if (cells[PAGE_DEPARTMENT].i != d->department)
        add_plain(ask, FIELD_DEPARTMENT);
    if (cells[PAGE_BRANCH].i != d->branch)
        add_plain(ask, FIELD_BRANCH);
    if (s->delete_it || s->restore_it)
        add_plain(ask, FIELD_DELETED_AT);
}

static enum status ask_field(struct caller *c, struct sealing *s, size_t i, struct asked *ask) {
    const struct field_def *f = &s->draft->access->object->fields[i];
    const struct field_input *in = &s->draft->inputs[i];
    struct cell fresh, old = cell_null();
    if (in->state != FIELD_GIVEN || field_is_system(f))
        return ST_OK;
    if (s->old != NULL)
        old = page_cell(s->old, &s->old->rows.rows[0], f->id);
    if (!field_is_sealed(f)) {
        enum status status = draft_cell(c, f, &in->value, &fresh);
        if (status != ST_OK)
            return status;
        s->changed[i] = !same_cell(&fresh, &old);
        if (s->changed[i])
            add_plain(ask, f->id);
        return ST_OK;
    }
    struct keeper_value *v = &ask->values[ask->value_count];
    v->field = f->id;
    v->old_sealed = old.kind == CELL_BYTES ? old.s : SLICE_NONE;
    enum status status = draft_text(c, f, &in->value, &v->fresh);
    if (v->fresh.p == NULL && v->old_sealed.n == 0)
        return status; /* null stays null */
    ask->fields[ask->value_count++] = (uint16_t)i;
    return status;
}

static enum status ask_row(struct caller *c, struct sealing *s, struct asked *ask,
                           struct keeper_seal_row *out, struct error *e) {
    size_t n = s->draft->access->object->field_count, given = 0;
    for (size_t i = 0; i < n; i++)
        given += s->draft->inputs[i].state == FIELD_GIVEN;
    ask->values = arena_array(c->arena, given, sizeof *ask->values);
    ask->fields = arena_array(c->arena, given, sizeof *ask->fields);
    ask->plain = arena_array(c->arena, given + 4, sizeof *ask->plain);
    s->sealed = arena_array(c->arena, n, sizeof *s->sealed);
    s->changed = arena_array(c->arena, n, sizeof *s->changed);
    if (ask->values == NULL || ask->fields == NULL || ask->plain == NULL || s->sealed == NULL ||
        s->changed == NULL) {
        return error_set(e, ST_NOMEM, "no_memory", "seal");
    }
    for (size_t i = 0; i < n; i++) {
        enum status status = ask_field(c, s, i, ask);
        if (status != ST_OK)
            return error_set(e, status, "type", "a value can't be stored");
    }
    ask_system(s, ask);
    const struct draft *d = s->draft;
    *out = (struct keeper_seal_row){.row = {.record = d->id,
                                            .subject = d->subject,
                                            .wrapped_key = d->wrapped_key,
                                            .owner = d->owner,
                                            .department = d->department,
                                            .branch = d->branch},
                                    .new_subject = d->new_subject,
                                    .values = ask->values,
                                    .value_count = ask->value_count,
                                    .plain_fields = ask->plain,
                                    .plain_count = ask->plain_count};
    if (s->old != NULL) {
        page_keeper_row(s->old, 0, &ask->old);
        out->old = &ask->old;
    }
    return ST_OK;
}

/* Hands the keeper's answer to the rows. */
static void take_answer(struct sealed_set *set, const struct asked *asked, const struct keeper_sealed *got) {
    size_t value = 0, term = 0;
    for (size_t i = 0; i < set->count; i++) {
        struct sealing *s = &set->rows[i];
        s->any_change = asked[i].plain_count > 0 || s->old == NULL;
        for (size_t v = 0; v < asked[i].value_count; v++, value++) {
            size_t field = asked[i].fields[v];
            s->changed[field] = !got->same[value];
            s->sealed[field] = got->sealed[value];
            if (s->changed[field])
                s->any_change = true;
        }
        s->versions = got->versions[i];
        memcpy(s->seal, got->seals[i], KEEPER_ROW_SEAL);
        s->new_key = got->wrapped_keys[i];
        s->terms = got->terms + term;
        s->term_count = 0;
        while (term < got->term_count && got->terms[term].row == i) {
            term++;
            s->term_count++;
        }
    }
}

enum status seal_rows(struct caller *c, uint8_t audit_act, struct sealed_set *set, struct error *e) {
    struct asked *asked = arena_array(c->arena, set->count, sizeof *asked);
    struct keeper_seal_row *rows = arena_array(c->arena, set->count, sizeof *rows);
    struct keeper_sealed got;
    if (asked == NULL || rows == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "seal");
    for (size_t i = 0; i < set->count; i++) {
        enum status s = ask_row(c, &set->rows[i], &asked[i], &rows[i], e);
        if (s != ST_OK)
            return s;
    }
    uint16_t object = set->rows[0].draft->access->object->id;
    enum status s = obliged_rows(c, set, audit_act == AUDIT_IMPORT, rows, e);
    if (s != ST_OK)
        return s;
    s = keeper_seal_rows(c->keeper, &c->call, audit_act, object, rows, set->count, c->arena, &got, e);
    if (s != ST_OK)
        return s;
    set->intent = got.intent;
    take_answer(set, asked, &got);
    return ST_OK;
}

enum status ops_commit(struct caller *c, const struct sealed_set *set, const struct ops *ops,
                       struct write_result *result, struct error *e) {
    struct write_set w = {.intent = set->intent,
                          .ops = ops->items,
                          .count = ops->count,
                          .bulk = c->is_job,
                          .groups = ops->refused == NULL ? 0 : (uint32_t)set->count,
                          .refused = ops->refused};
    enum status s = world_commit(c->world.world, &w, result, e);
    if (s == ST_UNAVAILABLE) /* the writer went away: nobody knows; the engine settles it (record/settle.h) */
        return s;
    /* A lost outcome is no loss: the intent is settled against the rows. */
    struct error ignored;
    if (!c->is_job)
        keeper_outcome_later(c->keeper, set->intent, s == ST_OK);
    else if (keeper_outcome(c->keeper, set->intent, s == ST_OK, &ignored) != ST_OK)
        return s;
    return s;
}
