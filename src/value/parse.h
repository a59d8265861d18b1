/* External text (a JSON string or number as written, a CSV cell) to a value and back.
 *
 * value_parse normalises and validates; value_format gives the canonical external text; parsing that text
 * again gives the same value. Empty input (after trimming) is null: `required` is the caller's rule.
 * Both are pure: no clock, no locale, no shared state. No error names the value it refuses.
 *
 * Error codes: not_utf8, too_long, too_short, bad_number, out_of_range, bad_date, bad_datetime, bad_boolean,
 * bad_choice, too_many_items, bad_item, bad_phone, bad_mobile, bad_id, and the codes of value/check.h.
 *
 * Accepted beyond the canonical form: grouped numbers (1,234.50), a leading ¥ or $ and a trailing 元 for
 * money, dates as in date_parse, date-times as RFC 3339 or "2024-1-2 3:04[:05]" in the rules' offset,
 * booleans true/false/yes/no/y/n/1/0/是/否, several keys parted by U+001F, or else by , ， ; ； 、 | or a
 * line end. */
#ifndef KEDUN_VALUE_PARSE_H
#define KEDUN_VALUE_PARSE_H

#include "base/arena.h"
#include "base/status.h"
#include "value/check.h"
#include "value/type.h"

/* All zero means: the type's own limits, no checks beyond the type's, UTC, no clock. */
struct value_rules {
    size_t min_length; /* characters of the canonical text */
    size_t max_length; /* 0: the type's most; never more than that */
    bool has_min, has_max;
    int64_t min, max;                        /* in stored units, for int-stored types */
    const struct value_check *const *checks; /* on top of what the type implies */
    size_t check_count;
    const struct slice *choices; /* permitted keys; none: any well-formed key */
    size_t choice_count;
    int64_t now_ms;         /* what "future" is measured against; 0: unknown, and not_future refuses */
    int utc_offset_minutes; /* of date-times written without an offset, and of "today" */
};

/* ST_INVALID with a code from above; ST_NOMEM. `rules` may be NULL. */
MUST_CHECK enum status value_parse(enum value_type type, struct slice input, const struct value_rules *rules,
                                   struct arena *arena, struct value *out, struct error *error);

/* Null is the empty text. Keys of a multi_choice or tag are joined by ','. ST_INVALID when the value is not
 * of the type's kind. */
MUST_CHECK enum status value_format(enum value_type type, const struct value *v, struct arena *arena,
                                    struct slice *out);

/* The same for an int-stored type without an arena: bytes written (NUL not counted), 0 if it is none. */
size_t value_format_int(enum value_type type, int64_t i, char out[VALUE_NUMBER_TEXT]);

#endif
