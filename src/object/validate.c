#include "object/validate.h"

#include "object/pattern.h"
#include "value/parse.h"

static struct value_rules rules_of(const struct field_def *f, const struct validate_clock *clock) {
    return (struct value_rules){
        .min_length = f->length_min,
        .max_length = f->length_max,
        .has_min = f->has_minimum,
        .has_max = f->has_maximum,
        .min = f->minimum,
        .max = f->maximum,
        .checks = f->checks,
        .check_count = f->check_count,
        .choices = f->choice_keys,
        .choice_count = f->choice_key_count,
        .now_ms = clock->now_ms,
        .utc_offset_minutes = clock->utc_offset_minutes,
    };
}

enum status object_parse_field(const struct field_def *f, struct slice text,
                               const struct validate_clock *clock, struct arena *arena, struct value *out,
                               struct error *e) {
    struct value_rules rules = rules_of(f, clock);
    struct error why = {0};
    enum status s = value_parse(f->type, text, &rules, arena, out, &why);
    if (s == ST_INVALID)
        return error_field(e, s, why.code, f->name, "%s", why.detail);
    if (s != ST_OK || out->kind != KIND_TEXT || f->pattern_code == NULL)
        return s;
    if (!pattern_matches(f->pattern_code, out->text))
        return error_field(e, ST_INVALID, "bad_pattern", f->name, "does not match the field's pattern");
    return ST_OK;
}

enum status object_apply_defaults(const struct object_def *o, const struct validate_clock *clock,
                                  struct arena *arena, struct field_input *inputs, struct error *e) {
    for (size_t i = 0; i < o->field_count; i++) {
        const struct field_def *f = &o->fields[i];
        if (f->default_value == NULL || f->retired || inputs[i].state != FIELD_UNKNOWN)
            continue;
        enum status s =
            object_parse_field(f, slice_from_string(f->default_value), clock, arena, &inputs[i].value, e);
        if (s != ST_OK)
            return s;
        inputs[i].state = FIELD_GIVEN;
    }
    return ST_OK;
}

/* ---- the row ---- */

struct row_check {
    const struct object_def *o;
    const struct field_input *inputs;
    bool creating;
};

/* The field's value where it may be used; false where it is not known. */
static bool known_value(const struct row_check *c, size_t i, struct value *out) {
    if (c->inputs[i].state == FIELD_UNKNOWN && !c->creating)
        return false;
    *out = c->inputs[i].state == FIELD_UNKNOWN ? value_null() : c->inputs[i].value;
    return true;
}

static bool value_is(enum value_type type, const struct value *v, const char *text) {
    if (type == VALUE_BOOLEAN)
        return v->kind == KIND_INT && v->i == (strcmp(text, "true") == 0);
    return v->kind == KIND_TEXT && slice_is(v->text, text);
}

/* Does the row's condition hold, as far as may be known, and does the request touch the rule? */
static bool condition_holds(const struct row_check *c, const struct field_def *f, size_t i) {
    for (size_t k = 0; k < c->o->field_count; k++) {
        const struct field_def *when = &c->o->fields[k];
        if (when->id != f->when_field)
            continue;
        struct value v;
        bool touched = c->creating || c->inputs[i].state == FIELD_GIVEN || c->inputs[k].state == FIELD_GIVEN;
        return touched && known_value(c, k, &v) && value_is(when->type, &v, f->when_value);
    }
    return false;
}

static bool is_missing(const struct row_check *c, const struct field_def *f, size_t i) {
    struct value v;
    if (f->retired || !known_value(c, i, &v) || v.kind != KIND_NULL)
        return false;
    if (f->required && !field_is_system(f))
        return c->creating || c->inputs[i].state == FIELD_GIVEN;
    return f->when_field != 0 && condition_holds(c, f, i);
}

static bool check_field(const struct row_check *c, size_t i, struct error *e) {
    const struct field_def *f = &c->o->fields[i];
    bool given = c->inputs[i].state == FIELD_GIVEN;
    enum status s = ST_OK;
    if (given && f->read_only)
        s = error_field(e, ST_INVALID, "read_only", f->name, "is set by the system");
    else if (given && f->retired && c->inputs[i].value.kind != KIND_NULL)
        s = error_field(e, ST_INVALID, "retired_field", f->name, "is retired and takes no new values");
    else if (is_missing(c, f, i))
        s = error_field(e, ST_INVALID, "required", f->name, "must not be empty");
    return s == ST_OK;
}

size_t object_validate_row(const struct object_def *o, const struct field_input *inputs, bool creating,
                           struct error *errors, size_t room) {
    struct row_check c = {.o = o, .inputs = inputs, .creating = creating};
    size_t n = 0;
    for (size_t i = 0; i < o->field_count; i++) {
        if (!check_field(&c, i, n < room ? &errors[n] : NULL))
            n++;
    }
    return n;
}
