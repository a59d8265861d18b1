/* The rules of a definition over what somebody typed, the same for forms, the API and import.
 *
 * Two steps: object_parse_field turns external text into a value and applies everything that concerns the
 * value alone; object_validate_row applies what concerns the row: required, required_when, read-only,
 * retired.
 *
 * Codes besides those of value/parse.h: required, read_only, retired_field, bad_pattern. No error names a
 * value. */
#ifndef KEDUN_OBJECT_VALIDATE_H
#define KEDUN_OBJECT_VALIDATE_H

#include "object/object.h"

struct validate_clock {
    int64_t now_ms;
    int utc_offset_minutes;
};

/* Empty text is null. The error's field is f->name. The value lives in the arena. */
MUST_CHECK enum status object_parse_field(const struct field_def *f, struct slice text,
                                          const struct validate_clock *clock, struct arena *arena,
                                          struct value *out, struct error *e);

/* What is known of a field's value. A field that the caller may not see must stay FIELD_UNKNOWN: then no rule
 * hangs on it, and no error tells whether it is empty. */
enum field_state {
    FIELD_UNKNOWN, /* absent from the request, what stands is not to be used */
    FIELD_GIVEN,   /* in the request */
    FIELD_STORED   /* absent from the request, `value` is what stands */
};

struct field_input {
    enum field_state state;
    struct value value;
};

/* Parses the defaults of fields that are FIELD_UNKNOWN, as a new record has them; they become FIELD_GIVEN.
 * `inputs` has o->field_count elements in the order of o->fields, here and below. */
MUST_CHECK enum status object_apply_defaults(const struct object_def *o, const struct validate_clock *clock,
                                             struct arena *arena, struct field_input *inputs,
                                             struct error *e);

/* creating: what is unknown is null. Changing: a rule is applied only where the request touches it, so that
 * an old row that breaks a newer rule can still be edited elsewhere. Writes at most `room` errors, returns
 * how many there are. */
size_t object_validate_row(const struct object_def *o, const struct field_input *inputs, bool creating,
                           struct error *errors, size_t room);

#endif
