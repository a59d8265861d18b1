#include "record/create.h"

#include "record/get.h"
#include "record/idempotency.h"
#include "record/seal.h"
#include "record/subject.h"

/* Seals and commits the rows that are still good; a row of a batch that the store refuses is left out by it,
 * so that one duplicate does not cost the others. */
struct attempt {
    struct caller *c;
    struct sealed_set set;
    uint64_t job;
    bool *out; /* rows taken out */
    struct error *refused;
    size_t *index; /* row of the set -> row of the batch */
    struct created *made;
};

static enum status build_ops(const struct attempt *t, struct ops *ops, struct error *e) {
    ops->count = 0;
    for (size_t i = 0; i < t->set.count; i++) {
        if (t->out[i])
            continue;
        enum status s = ops_add_row(t->c, &t->set, i, t->job, ops, e);
        if (s != ST_OK)
            return s;
    }
    return ST_OK;
}

/* Says which rule the row broke, in the caller's words. */
static void name_conflict(const struct write_op *op, struct error *refused) {
    char field[ERROR_FIELD_MAX];
    size_t n = op->key.n < sizeof field ? op->key.n : sizeof field - 1;
    if (n > 0)
        memcpy(field, op->key.p, n);
    field[n] = '\0';
    if (op->kind == WRITE_UNIQUE) {
        (void)error_field(refused, ST_CONFLICT, "unique", field, "another record has this value");
    } else if (op->kind == WRITE_EXISTS) {
        (void)error_field(refused, ST_INVALID, "reference_missing", field,
                          "the record referred to does not exist");
    } else if (op->kind == WRITE_INSERT) {
        (void)error_set(refused, ST_CONFLICT, "record_exists", "this record was written before");
    } else {
        (void)error_set(refused, ST_CONFLICT, "idempotency_replay", "this was done before");
    }
}

static void take_refused(const struct attempt *t, const struct ops *ops) {
    for (size_t i = 0; ops->refused != NULL && i < t->set.count; i++) {
        uint32_t at = ops->refused[i];
        if (at == 0 || at > ops->count)
            continue;
        t->out[i] = true;
        name_conflict(&ops->items[at - 1], &t->refused[t->index[i]]);
    }
}

static void take_made(const struct attempt *t, const struct ops *ops) {
    const struct sealing *s = &t->set.rows[0];
    for (size_t i = 0; t->made != NULL && t->set.count == 1 && i < ops->count; i++) {
        if (ops->items[i].kind == WRITE_INSERT)
            t->made->row = &ops->items[i];
    }
    if (t->made != NULL)
        t->made->wrapped_key = s->draft->new_subject ? s->new_key : s->draft->wrapped_key;
}

static enum status commit_good(struct attempt *t, struct error *e) {
    struct ops ops;
    struct write_result result;
    enum status s = ops_init(t->c, &t->set, &ops, e);
    if (s == ST_OK && t->set.count > 1) {
        ops.refused = arena_array(t->c->arena, t->set.count, sizeof *ops.refused);
        if (ops.refused == NULL)
            return error_set(e, ST_NOMEM, "no_memory", "create");
    }
    for (size_t tries = 0; s == ST_OK && tries <= t->set.count; tries++) {
        s = build_ops(t, &ops, e);
        if (s != ST_OK || ops.count == 0)
            return s;
        s = ops_commit(t->c, &t->set, &ops, &result, e);
        if (s == ST_OK) {
            take_refused(t, &ops);
            take_made(t, &ops);
        }
        if (s != ST_CONFLICT)
            return s;
        if (result.failed_op >= ops.count)
            return s;
        size_t bad = ops.row[result.failed_op];
        t->out[bad] = true;
        name_conflict(&ops.items[result.failed_op], &t->refused[t->index[bad]]);
        s = ST_OK;
    }
    return s;
}

enum status create_rows(struct caller *c, struct draft *const *drafts, size_t count,
                        const struct create_options *how, struct error *refused, struct error *e) {
    struct attempt t = {.c = c, .job = how->job, .refused = refused, .made = how->made};
    t.set.rows = arena_array(c->arena, count, sizeof *t.set.rows);
    t.out = arena_array(c->arena, count, sizeof *t.out);
    t.index = arena_array(c->arena, count, sizeof *t.index);
    if (t.set.rows == NULL || t.out == NULL || t.index == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "create");
    enum status s = subject_resolve(c, drafts, count, refused, e);
    if (s != ST_OK)
        return s;
    for (size_t i = 0; i < count; i++) {
        if (refused[i].status != ST_OK)
            continue;
        t.index[t.set.count] = i;
        t.set.rows[t.set.count++] = (struct sealing){.draft = drafts[i], .act = ACT_CREATE};
    }
    if (t.set.count == 0)
        return ST_OK;
    s = seal_rows(c, how->audit_act, &t.set, e);
    return s == ST_OK ? commit_good(&t, e) : s;
}

/* ---- one record from the API ---- */

static enum status draft_new(struct caller *c, const struct access *a, const json_t *body, struct draft *d,
                             struct field_errors *errors, struct error *e) {
    struct validate_clock clock = {.now_ms = c->context.now_ms, .utc_offset_minutes = 480};
    enum status s = draft_init(c, a, d, e);
    if (s == ST_OK)
        s = draft_read_json(c, d, body, errors, e);
    if (s != ST_OK)
        return s;
    if (uuid_new(&d->id) != ST_OK)
        return error_set(e, ST_IO, "internal", "no random bytes");
    size_t owner_index = (size_t)(object_field_by_id(a->object, FIELD_OWNER) - a->object->fields);
    const struct field_input *owner = &d->inputs[owner_index];
    bool given = owner->state == FIELD_GIVEN && owner->value.kind == KIND_INT;
    s = draft_place(c, d, given ? (uint32_t)owner->value.i : c->who.user, e);
    if (s == ST_OK)
        s = draft_permit_new(c, d, ACT_CREATE, errors, e);
    if (s == ST_OK)
        s = object_apply_defaults(a->object, &clock, c->arena, d->inputs, e);
    return s == ST_OK ? draft_validate(d, true, errors, e) : s;
}

/* `made` NULL: it was made before. */
static enum status read_back(struct caller *c, struct slice object, const struct access *a,
                             const struct uuid *id, const struct created *made, struct json *out,
                             struct record_written *done, struct error *e) {
    enum status s = ST_RETRY;
    done->id = *id;
    if (made != NULL && made->row != NULL)
        s = get_made(c, a, made->row, made->wrapped_key, out, &done->version, e);
    if (s == ST_RETRY)
        s = record_get(c, object, id, out, &done->version, e);
    if (s != ST_NOT_FOUND)
        return s;
    /* He may make records that he may not open: the id is all he gets. */
    json_object_begin(out);
    json_key(out, "id");
    json_uuid(out, id);
    json_object_end(out);
    done->version = 1;
    return ST_OK;
}

enum status record_create(struct caller *c, struct slice object, const json_t *body, struct json *out,
                          struct record_written *done, struct field_errors *errors, struct error *e) {
    const struct access *a;
    struct draft d;
    struct draft *one = &d;
    struct created made = {.row = NULL};
    struct error refused = {.status = ST_OK};
    *done = (struct record_written){.replayed = false};
    enum status s = access_object(c, object, &a, e);
    if (s == ST_OK)
        s = idempotency_find(c, &done->replayed, &done->id, e);
    if (s != ST_OK)
        return s;
    if (done->replayed)
        return read_back(c, object, a, &done->id, NULL, out, done, e);
    if (!a->may_create)
        return error_set(e, ST_DENIED, "denied", "policy does not let you make such a record");
    s = draft_new(c, a, body, &d, errors, e);
    if (s == ST_OK) {
        struct create_options how = {.audit_act = AUDIT_CREATE, .made = &made};
        s = create_rows(c, &one, 1, &how, &refused, e);
    }
    if (s == ST_OK && refused.status != ST_OK) {
        if (idempotency_raced(c, refused.status))
            return record_create(c, object, body, out, done, errors, e);
        (void)field_errors_add(errors, &refused);
        if (e != NULL)
            *e = refused;
        return refused.status;
    }
    return s == ST_OK ? read_back(c, object, a, &d.id, &made, out, done, e) : s;
}
