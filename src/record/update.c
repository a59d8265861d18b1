#include "keeper/need.h"
#include "record/change.h"
#include "record/get.h"
#include "record/idempotency.h"
#include "record/record.h"
#include "record/seal.h"

#define ATTEMPTS 6

/* All columns: what stands is needed for history, terms and comparison. Nothing is opened here. */
static enum status read_old(struct change *k) {
    const struct object_def *o = k->access->object;
    uint16_t *all = arena_array(k->c->arena, o->field_count, sizeof *all);
    size_t n = 0;
    if (all == NULL)
        return error_set(k->e, ST_NOMEM, "no_memory", "change");
    for (size_t i = 0; i < o->field_count; i++) {
        if (!field_is_internal(&o->fields[i]))
            all[n++] = (uint16_t)i;
    }
    return get_row(k->c, k->access, ACT_VIEW, &k->id, k->act == ACT_RESTORE ? GET_DELETED : GET_ALIVE, all, n,
                   &k->old, k->e);
}

static enum status check_version(struct change *k) {
    uint64_t version;
    int64_t at;
    if (!k->check_version)
        return ST_OK;
    if (page_version(&k->old, 0, &version, &at) != ST_OK) {
        return error_set(k->e, ST_CORRUPT, "corrupt", "a row's versions can't be read");
    }
    if (version == k->expected)
        return ST_OK;
    return error_set(k->e, ST_CONFLICT, "version_conflict", "the record is at version %llu",
                     (unsigned long long)version);
}

/* What stands and is visible to the caller in clear may be used by row rules; the rest stays unknown to them.
 */
static void fill_stored(struct change *k) {
    const struct object_def *o = k->access->object;
    for (size_t i = 0; i < o->field_count; i++) {
        struct field_input *in = &k->draft.inputs[i];
        if (in->state == FIELD_GIVEN || field_is_sealed(&o->fields[i]) || field_is_internal(&o->fields[i]) ||
            k->old.views[i] != VIEW_CLEAR || o->fields[i].type == VALUE_REFERENCE) {
            continue;
        }
        struct cell cell = page_cell(&k->old, &k->old.rows.rows[0], o->fields[i].id);
        in->state = FIELD_STORED;
        in->value = cell.kind == CELL_INT    ? value_int(cell.i)
                    : cell.kind == CELL_TEXT ? value_text(cell.s)
                                             : value_null();
    }
}

static enum status refuse_as(struct error *e, const struct error *why) {
    if (e != NULL)
        *e = *why;
    return why->status;
}

static enum status permit_write(struct change *k) {
    const struct object_def *o = k->access->object;
    struct draft_row after = {.draft = &k->draft, .page = &k->old};
    struct page_row before = {.page = &k->old, .row = &k->old.rows.rows[0]};
    bool bad = false;
    for (size_t i = 0; i < o->field_count; i++) {
        if (k->draft.inputs[i].state != FIELD_GIVEN || field_is_system(&o->fields[i]))
            continue;
        const struct pred *write = k->access->fields[i].write;
        if (pred_decide(write, page_lookup, &before) == TRUTH_TRUE &&
            pred_decide(write, draft_lookup, &after) == TRUTH_TRUE) {
            continue;
        }
        struct access_row rows[] = {{page_lookup, &before}, {draft_lookup, &after}};
        struct error one;
        enum status s = access_refuse(k->c, o, ACT_WRITE, i, rows, 2, "write_denied", &one);
        if (s == ST_DENIED && strcmp(one.code, "write_denied") != 0)
            return refuse_as(k->e, &one);
        (void)error_field(&one, ST_DENIED, "write_denied", o->fields[i].name,
                          "you may not change this field");
        (void)field_errors_add(k->errors, &one);
        bad = true;
    }
    return bad ? error_set(k->e, ST_DENIED, "write_denied", "some fields are not yours to change") : ST_OK;
}

static enum status permit_act(struct change *k, enum act act) {
    struct page_row row = {.page = &k->old, .row = &k->old.rows.rows[0]};
    if (pred_decide(k->access->acts[act], page_lookup, &row) == TRUTH_TRUE)
        return ST_OK;
    return access_refuse(k->c, k->access->object, act, SIZE_MAX, &(struct access_row){page_lookup, &row}, 1,
                         "denied", k->e);
}

static enum status permit_change(struct change *k) {
    struct need need;
    enum status s = permit_act(k, k->act);
    bool asks =
        s == ST_DENIED && k->e != NULL && need_read(k->e, &need); /* he could: he gives what is asked */
    return s == ST_DENIED && k->undoes_import && !asks ? permit_act(k, ACT_IMPORT) : s;
}

static enum status move_owner(struct change *k) {
    const struct object_def *o = k->access->object;
    size_t i = (size_t)(object_field_by_id(o, FIELD_OWNER) - o->fields);
    const struct field_input *owner = &k->draft.inputs[i];
    if (owner->state != FIELD_GIVEN || owner->value.kind != KIND_INT || owner->value.i == k->draft.owner)
        return ST_OK;
    enum status s = permit_act(k, ACT_TRANSFER);
    return s == ST_OK ? draft_place(k->c, &k->draft, (uint32_t)owner->value.i, k->e) : s;
}

/* The field that says whose key seals the record can't change: the values would be under the wrong key. */
static enum status keep_subject(struct change *k) {
    const struct object_def *o = k->access->object;
    const struct field_def *f = o->subject_field == 0 ? NULL : object_field_by_id(o, o->subject_field);
    if (f == NULL || k->draft.inputs[f - o->fields].state != FIELD_GIVEN)
        return ST_OK;
    struct cell fresh, old = page_cell(&k->old, &k->old.rows.rows[0], f->id);
    enum status s = draft_cell(k->c, f, &k->draft.inputs[f - o->fields].value, &fresh);
    if (s == ST_OK && slice_equal(fresh.s, old.s))
        return ST_OK;
    return error_field(k->e, ST_INVALID, "read_only", f->name, "the customer of a record can't be changed");
}

enum status change_prepare(struct change *k) {
    k->draft.inputs = NULL;
    enum status s = draft_init(k->c, k->access, &k->draft, k->e);
    if (s == ST_OK)
        s = read_old(k);
    if (s == ST_OK)
        s = permit_change(k);
    if (s == ST_OK)
        s = check_version(k);
    if (s != ST_OK)
        return s;
    draft_start(&k->draft, &k->old);
    if (k->body == NULL)
        return ST_OK;
    if (k->errors != NULL)
        k->errors->count = 0;
    s = draft_read_json(k->c, &k->draft, k->body, k->errors, k->e);
    if (s == ST_OK)
        s = permit_write(k);
    if (s == ST_OK)
        s = move_owner(k);
    if (s == ST_OK)
        s = keep_subject(k);
    if (s != ST_OK)
        return s;
    fill_stored(k);
    return draft_validate(&k->draft, false, k->errors, k->e);
}

static enum status name_failure(struct change *k, const struct ops *ops, const struct write_result *r,
                                enum status s) {
    char field[ERROR_FIELD_MAX] = "";
    if (s != ST_CONFLICT || r->failed_op >= ops->count)
        return s;
    const struct write_op *op = &ops->items[r->failed_op];
    if (op->key.n < sizeof field)
        memcpy(field, op->key.p, op->key.n);
    if (op->kind == WRITE_UNIQUE) {
        return error_field(k->e, ST_CONFLICT, "unique", field, "another record has this value");
    }
    if (op->kind == WRITE_EXISTS) {
        return error_field(k->e, ST_INVALID, "reference_missing", field,
                           "the record referred to does not exist");
    }
    return s;
}

static enum status write_change(struct change *k) {
    struct sealing row = {.draft = &k->draft,
                          .old = &k->old,
                          .act = (uint8_t)k->act,
                          .delete_it = k->act == ACT_DELETE,
                          .restore_it = k->act == ACT_RESTORE};
    struct sealed_set set = {.rows = &row, .count = 1};
    struct ops ops;
    struct write_result result = {.failed_op = SIZE_MAX};
    enum status s = seal_rows(k->c, k->audit_act, &set, k->e);
    if (s != ST_OK)
        return s;
    if (!row.any_change)
        return keeper_outcome(k->c->keeper, set.intent, false, k->e);
    s = ops_init(k->c, &set, &ops, k->e);
    if (s == ST_OK)
        s = ops_add_row(k->c, &set, 0, 0, &ops, k->e);
    if (s == ST_OK)
        s = ops_commit(k->c, &set, &ops, &result, k->e);
    return name_failure(k, &ops, &result, s);
}

/* Somebody may write between our reading and our writing; then all of it is done again on what stands now. */
enum status change_apply(struct change *k) {
    enum status s = ST_RETRY;
    for (unsigned tries = 0; s == ST_RETRY && tries < ATTEMPTS; tries++) {
        s = change_prepare(k);
        if (s == ST_OK)
            s = write_change(k);
    }
    return s == ST_RETRY ? error_set(k->e, ST_CONFLICT, "version_conflict", "others are changing this record")
                         : s;
}

static enum status read_back(struct change *k, struct slice object, struct json *out,
                             struct record_written *done) {
    done->id = k->id;
    return record_get(k->c, object, &k->id, out, &done->version, k->e);
}

static enum status change_once(struct change *k, struct record_written *done) {
    enum status s = change_apply(k);
    if (s != ST_OK)
        done->replayed = idempotency_raced(k->c, s);
    return done->replayed ? ST_OK : s;
}

enum status record_update(struct caller *c, struct slice object, const struct uuid *id, uint64_t expected,
                          const json_t *body, struct json *out, struct record_written *done,
                          struct field_errors *errors, struct error *e) {
    struct change k = {.c = c,
                       .id = *id,
                       .act = ACT_UPDATE,
                       .audit_act = AUDIT_UPDATE,
                       .check_version = true,
                       .expected = expected,
                       .body = body,
                       .errors = errors,
                       .e = e};
    struct uuid before;
    *done = (struct record_written){.replayed = false};
    enum status s = access_object(c, object, &k.access, e);
    if (s == ST_OK)
        s = idempotency_find(c, &done->replayed, &before, e);
    if (s == ST_OK && !done->replayed)
        s = change_once(&k, done);
    if (s == ST_OK)
        return read_back(&k, object, out, done);
    if (s == ST_CONFLICT && e != NULL && strcmp(e->code, "version_conflict") == 0) {
        struct error kept = *e;
        if (record_get(c, object, id, out, &done->version, e) != ST_OK)
            json_none(out);
        *e = kept;
    }
    return s;
}

enum status record_restore(struct caller *c, struct slice object, const struct uuid *id, struct json *out,
                           struct record_written *done, struct error *e) {
    struct change k = {.c = c, .id = *id, .act = ACT_RESTORE, .audit_act = AUDIT_RESTORE, .e = e};
    struct uuid before;
    *done = (struct record_written){.replayed = false};
    enum status s = access_object(c, object, &k.access, e);
    if (s == ST_OK)
        s = idempotency_find(c, &done->replayed, &before, e);
    if (s == ST_OK && !done->replayed)
        s = change_once(&k, done);
    return s == ST_OK ? read_back(&k, object, out, done) : s;
}
