#include "record/draft.h"

#include "base/clock.h"
#include "value/parse.h"

#define UTC_OFFSET_MINUTES 480

enum status field_errors_add(struct field_errors *errors, const struct error *one) {
    if (errors != NULL && errors->count < FIELD_ERRORS_MAX)
        errors->items[errors->count++] = *one;
    return ST_INVALID;
}

enum status draft_init(struct caller *c, const struct access *a, struct draft *out, struct error *e) {
    *out = (struct draft){.access = a, .created_at = c->context.now_ms};
    out->inputs = arena_array(c->arena, a->object->field_count, sizeof *out->inputs);
    if (out->inputs == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "draft");
    return ST_OK;
}

void draft_start(struct draft *d, const struct page *page) {
    const struct store_row *row = &page->rows.rows[0];
    if (row->cells[PAGE_ID].s.n == 16)
        memcpy(d->id.b, row->cells[PAGE_ID].s.p, 16);
    d->owner = (uint32_t)row->cells[PAGE_OWNER].i;
    d->department = (uint32_t)row->cells[PAGE_DEPARTMENT].i;
    d->branch = (uint32_t)row->cells[PAGE_BRANCH].i;
    d->created_at = row->cells[PAGE_CREATED_AT].i;
    if (row->cells[PAGE_SUBJECT].s.n == 16)
        memcpy(d->subject.b, row->cells[PAGE_SUBJECT].s.p, 16);
    d->wrapped_key = row->wrapped_key;
}

/* ---- reading ---- */

static struct validate_clock clock_of(const struct caller *c) {
    return (struct validate_clock){.now_ms = c->context.now_ms, .utc_offset_minutes = UTC_OFFSET_MINUTES};
}

enum status draft_read_text(struct caller *c, struct draft *d, size_t i, struct slice text, struct error *e) {
    struct validate_clock clock = clock_of(c);
    const struct field_def *f = &d->access->object->fields[i];
    enum status s = object_parse_field(f, text, &clock, c->arena, &d->inputs[i].value, e);
    if (s == ST_OK)
        d->inputs[i].state = FIELD_GIVEN;
    return s;
}

/* Array members joined as value_parse wants them; ST_INVALID when they are no texts, or too much. */
static enum status join_array(struct caller *c, const json_t *v, struct slice *out) {
    struct buf b;
    buf_init(&b, 64 * 1024, true);
    for (size_t i = 0; i < json_array_size(v); i++) {
        const json_t *one = json_array_get(v, i);
        if (!json_is_string(one))
            b.failed = true;
        if (i > 0)
            buf_put_u8(&b, VALUE_JOINER);
        if (!b.failed)
            buf_put(&b, json_string_value(one), json_string_length(one));
    }
    bool bad = b.failed && !b.no_memory;
    *out = b.failed ? SLICE_NONE : arena_copy(c->arena, slice_of(b.p == NULL ? (uint8_t *)"" : b.p, b.n));
    buf_free(&b);
    return bad ? ST_INVALID : out->p == NULL ? ST_NOMEM : ST_OK;
}

static enum status text_of_number(struct caller *c, const json_t *v, struct slice *out) {
    *out =
        slice_from_string(json_is_real(v) ? arena_format(c->arena, "%.6f", json_real_value(v))
                                          : arena_format(c->arena, "%lld", (long long)json_integer_value(v)));
    return out->p == NULL ? ST_NOMEM : ST_OK;
}

static enum status text_of_json(struct caller *c, const json_t *v, struct slice *out) {
    const json_t *id = json_object_get(v, "id"); /* {"id","title"} as it was read is taken back */
    if (id != NULL)
        v = id;
    if (json_is_number(v))
        return text_of_number(c, v, out);
    if (json_is_array(v))
        return join_array(c, v, out);
    *out = json_is_string(v)  ? slice_of(json_string_value(v), json_string_length(v))
           : json_is_null(v)  ? SLICE("")
           : json_is_true(v)  ? SLICE("true")
           : json_is_false(v) ? SLICE("false")
                              : SLICE_NONE;
    return out->p == NULL ? ST_INVALID : ST_OK;
}

static enum status read_member(struct caller *c, struct draft *d, const char *name, const json_t *v,
                               struct error *one) {
    size_t index;
    const struct field_def *f = access_field(d->access, slice_from_string(name), &index);
    if (f == NULL)
        return error_field(one, ST_INVALID, "unknown_field", name, "there is no such field");
    if (f->read_only || (field_is_system(f) && f->id != FIELD_OWNER)) {
        return error_field(one, ST_INVALID, "read_only", name, "this field is read-only");
    }
    struct slice text;
    enum status s = text_of_json(c, v, &text);
    if (s == ST_NOMEM)
        return error_set(one, s, "no_memory", "draft");
    if (s != ST_OK)
        return error_field(one, ST_INVALID, "type", name, "not a value of this field");
    return draft_read_text(c, d, index, text, one);
}

enum status draft_read_json(struct caller *c, struct draft *d, const json_t *body,
                            struct field_errors *errors, struct error *e) {
    const char *name;
    const json_t *v;
    bool bad = false;
    void *at;
    if (!json_is_object(body))
        return error_set(e, ST_INVALID, "invalid_json", "a JSON object is needed");
    for (at = json_object_iter((json_t *)body); at != NULL; at = json_object_iter_next((json_t *)body, at)) {
        struct error one;
        name = json_object_iter_key(at);
        v = json_object_iter_value(at);
        if (name[0] == '_' || strcmp(name, "id") == 0)
            continue; /* what a reply adds may come back */
        enum status s = read_member(c, d, name, v, &one);
        if (s == ST_NOMEM)
            return error_set(e, s, "no_memory", "draft");
        if (s != ST_OK) {
            (void)field_errors_add(errors, &one);
            if (!bad && e != NULL)
                *e = one;
            bad = true;
        }
    }
    return bad ? error_set(e, ST_INVALID, "invalid_fields", "some fields need correcting") : ST_OK;
}

/* ---- as predicates look at it ---- */

static bool system_cell(const struct draft *d, uint16_t column, struct cell *out) {
    switch (column) {
    case FIELD_OWNER:
        *out = cell_int(d->owner);
        return true;
    case FIELD_DEPARTMENT:
        *out = cell_int(d->department);
        return true;
    case FIELD_BRANCH:
        *out = cell_int(d->branch);
        return true;
    case FIELD_CREATED_AT:
        *out = cell_int(d->created_at);
        return true;
    case FIELD_ID:
        *out = cell_bytes(slice_of(d->id.b, 16));
        return true;
    default:
        return false;
    }
}

/* A reference's cell needs 16 bytes somewhere; for deciding, the UUID text parsed into a thread's own place
 * will do. */
static struct cell reference_cell(const struct value *v) {
    static _Thread_local struct uuid parsed;
    if (v->kind != KIND_TEXT || !uuid_parse(v->text, &parsed))
        return cell_null();
    return cell_bytes(slice_of(parsed.b, 16));
}

void draft_lookup(const void *row, uint16_t column, struct cell *out) {
    const struct draft_row *r = row;
    const struct draft *d = r->draft;
    if (system_cell(d, column, out))
        return;
    const struct field_def *f = object_field_by_id(d->access->object, column);
    *out = cell_null();
    if (f == NULL)
        return;
    const struct field_input *in = &d->inputs[f - d->access->object->fields];
    if (in->state == FIELD_GIVEN) {
        if (f->type == VALUE_REFERENCE) {
            *out = reference_cell(&in->value);
        } else if (in->value.kind == KIND_INT) {
            *out = cell_int(in->value.i);
        } else if (in->value.kind == KIND_TEXT) {
            *out = cell_text(in->value.text);
        }
    } else if (r->page != NULL) {
        *out = page_cell(r->page, &r->page->rows.rows[0], column);
    }
}

/* ---- rules ---- */

enum status draft_place(struct caller *c, struct draft *d, uint32_t owner, struct error *e) {
    const struct staff *s = directory_staff(c->world.directory, owner);
    if (s == NULL || s->disabled) {
        return error_field(e, ST_INVALID, "reference_missing", "owner", "there is no such person");
    }
    const struct department *department = directory_department(c->world.directory, s->department);
    d->owner = owner;
    d->department = s->department;
    d->branch = department == NULL ? 0 : department->stamp; /* as all records of the department bear it */
    return ST_OK;
}

enum status draft_permit_new(struct caller *c, struct draft *d, enum act act, struct field_errors *errors,
                             struct error *e) {
    struct draft_row row = {.draft = d, .page = NULL};
    bool bad = false;
    struct access_row one_row = {draft_lookup, &row};
    if (pred_decide(d->access->acts[act], draft_lookup, &row) != TRUTH_TRUE)
        return access_refuse(c, d->access->object, act, SIZE_MAX, &one_row, 1, "denied", e);
    for (size_t i = 0; i < d->access->object->field_count; i++) {
        const struct field_def *f = &d->access->object->fields[i];
        if (d->inputs[i].state != FIELD_GIVEN || field_is_system(f))
            continue;
        if (pred_decide(d->access->fields[i].write, draft_lookup, &row) == TRUTH_TRUE)
            continue;
        struct error one;
        (void)error_field(&one, ST_INVALID, "write_denied", f->name, "you may not set this field");
        (void)field_errors_add(errors, &one);
        bad = true;
    }
    return bad ? error_set(e, ST_DENIED, "write_denied", "some fields are not yours to set") : ST_OK;
}

enum status draft_validate(struct draft *d, bool creating, struct field_errors *errors, struct error *e) {
    struct error found[FIELD_ERRORS_MAX];
    size_t n = object_validate_row(d->access->object, d->inputs, creating, found, FIELD_ERRORS_MAX);
    for (size_t i = 0; i < n && i < FIELD_ERRORS_MAX; i++)
        (void)field_errors_add(errors, &found[i]);
    return n > 0 ? error_set(e, ST_INVALID, "invalid_fields", "some fields need correcting") : ST_OK;
}

/* ---- to the store and to the keeper ---- */

enum status draft_cell(struct caller *c, const struct field_def *f, const struct value *v, struct cell *out) {
    struct uuid id;
    if (v->kind == KIND_NULL) {
        *out = cell_null();
    } else if (v->kind == KIND_INT) {
        *out = cell_int(v->i);
    } else if (f->type == VALUE_REFERENCE) {
        if (!uuid_parse(v->text, &id))
            return ST_INVALID;
        struct slice copy = arena_copy(c->arena, slice_of(id.b, 16));
        if (copy.p == NULL)
            return ST_NOMEM;
        *out = cell_bytes(copy);
    } else {
        *out = cell_text(v->text);
    }
    return ST_OK;
}

enum status draft_text(struct caller *c, const struct field_def *f, const struct value *v,
                       struct slice *out) {
    char number[VALUE_NUMBER_TEXT];
    *out = v->kind == KIND_TEXT ? v->text : SLICE_NONE;
    if (v->kind != KIND_INT)
        return ST_OK;
    size_t n = value_format_int(f->type, v->i, number);
    *out = arena_copy(c->arena, slice_of(number, n));
    return out->p == NULL ? ST_NOMEM : ST_OK;
}
