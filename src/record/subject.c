#include "record/subject.h"

#include <stdlib.h>

struct target {
    struct uuid id, subject;
    struct slice wrapped_key;
};

static int by_id(const void *a, const void *b) {
    return memcmp(((const struct target *)a)->id.b, ((const struct target *)b)->id.b, 16);
}

static enum status own_subject(struct draft *d) {
    d->subject = d->id;
    d->new_subject = true;
    return ST_OK;
}

/* The records that the drafts refer to, which the caller may know of. */
static enum status load_targets(struct caller *c, const struct object_def *to, const struct cell *ids,
                                size_t count, struct target **out, size_t *n, struct error *e) {
    static const uint16_t columns[] = {FIELD_ID, FIELD_SUBJECT};
    const struct access *access;
    struct store_rows rows;
    enum status s = access_get(c, to, &access, e);
    if (s != ST_OK)
        return s;
    const struct pred *may = pred_or(c->arena, access->acts[ACT_LIST], access->acts[ACT_VIEW]);
    struct store_select q = {.object = to,
                             .columns = columns,
                             .column_count = 2,
                             .filter = pred_and(c->arena, may, pred_in(c->arena, FIELD_ID, ids, count)),
                             .limit = (uint32_t)count,
                             .with_key = true};
    if (q.filter == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "subject");
    s = store_query(c->reader, &q, c->arena, &rows, e);
    if (s != ST_OK)
        return s;
    struct target *targets = arena_array(c->arena, rows.count, sizeof *targets);
    if (targets == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "subject");
    for (size_t i = 0; i < rows.count; i++) {
        if (rows.rows[i].cells[0].s.n != 16 || rows.rows[i].cells[1].s.n != 16)
            continue;
        memcpy(targets[i].id.b, rows.rows[i].cells[0].s.p, 16);
        memcpy(targets[i].subject.b, rows.rows[i].cells[1].s.p, 16);
        targets[i].wrapped_key = rows.rows[i].wrapped_key;
    }
    qsort(targets, rows.count, sizeof *targets, by_id);
    *out = targets;
    *n = rows.count;
    return ST_OK;
}

static bool reference_of(const struct draft *d, size_t field, struct uuid *out) {
    const struct field_input *in = &d->inputs[field];
    return in->state == FIELD_GIVEN && in->value.kind == KIND_TEXT && uuid_parse(in->value.text, out);
}

static void take_target(struct draft *d, size_t field, const struct target *targets, size_t n,
                        struct error *refused) {
    const struct field_def *f = &d->access->object->fields[field];
    struct target key = {.wrapped_key = SLICE_NONE};
    const struct target *found = NULL;
    if (reference_of(d, field, &key.id) && n > 0)
        found = bsearch(&key, targets, n, sizeof key, by_id);
    if (found == NULL || found->wrapped_key.n == 0) {
        (void)error_field(refused, ST_INVALID, found == NULL ? "reference_missing" : "subject_destroyed",
                          f->name, "the record referred to does not exist");
        return;
    }
    d->subject = found->subject;
    d->wrapped_key = found->wrapped_key;
}

enum status subject_resolve(struct caller *c, struct draft *const *drafts, size_t count,
                            struct error *refused, struct error *e) {
    const struct object_def *o = drafts[0]->access->object;
    if (o->subject_field == 0) {
        for (size_t i = 0; i < count; i++)
            (void)own_subject(drafts[i]);
        return ST_OK;
    }
    const struct field_def *f = object_field_by_id(o, o->subject_field);
    const struct object_def *to = f == NULL ? NULL : object_by_id(c->world.objects, f->reference_object);
    struct cell *ids = arena_array(c->arena, count, sizeof *ids);
    struct target *targets = NULL;
    size_t n = 0, wanted = 0;
    if (to == NULL)
        return error_set(e, ST_INTERNAL, "internal", "a subject path leads nowhere");
    if (ids == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "subject");
    size_t field = (size_t)(f - o->fields);
    for (size_t i = 0; i < count; i++) {
        struct uuid id;
        if (!reference_of(drafts[i], field, &id))
            continue;
        struct slice copy = arena_copy(c->arena, slice_of(id.b, 16));
        if (copy.p == NULL)
            return error_set(e, ST_NOMEM, "no_memory", "subject");
        ids[wanted++] = cell_bytes(copy);
    }
    enum status s = wanted == 0 ? ST_OK : load_targets(c, to, ids, wanted, &targets, &n, e);
    if (s != ST_OK)
        return s;
    for (size_t i = 0; i < count; i++)
        take_target(drafts[i], field, targets, n, &refused[i]);
    return ST_OK;
}
