/* Checks by name, from one table: what a definition may ask of a field beyond its type.
 *
 * name            for            holds when
 * cn_resident_id  text           18 characters of GB 11643-1999: province, a real date of birth not in the
 *                                future, ISO 7064 MOD 11-2 check character
 * uscc            text           18 characters of GB 32100-2015 with its MOD 31 check character
 * luhn            text           12 to 19 digits, ISO/IEC 7812-1 annex B check digit
 * cn_mobile       text           a Chinese mobile number, canonical (+86…) or 11 digits
 * mail            text           RFC 5321 section 4.1.2 without quoted local parts and address literals:
 *                                local part 1 to 64 bytes, host name with a dot, 254 bytes in all
 * url             text           http or https, a host, no user info, at most 2048 bytes
 * region_cn       text           six digits of GB/T 2260 in a province that exists, nothing below a 00
 *                                (counties come and go yearly: the county itself is not looked up)
 * not_future      date, datetime not after today (in the rules' offset) or now; refuses without a clock
 * length          text           the rules' min_length and max_length, in characters
 *
 * Every check is pure. Error codes are the names with "bad_" before: bad_uscc; not_future's is in_future. */
#ifndef KEDUN_VALUE_CHECK_H
#define KEDUN_VALUE_CHECK_H

#include "base/status.h"
#include "value/type.h"

struct value_rules;

/* An entry of the table: one holds a pointer to it, and compares pointers. */
struct value_check {
    const char *name;
    const char *code; /* of the error */
    /* One of the two: over text alone, or over the value with the rules (which may be NULL). */
    bool (*text)(struct slice text);
    bool (*full)(enum value_type type, const struct value *v, const struct value_rules *rules);
};

/* NULL when there is no such check. */
const struct value_check *value_check_find(struct slice name);

/* By position, for listing them: NULL past the last. */
const struct value_check *value_check_at(size_t i);

/* May a definition put this check on a field of this type? */
bool value_check_fits(const struct value_check *check, enum value_type type);

/* Null values pass. ST_INVALID with the check's code. `rules` may be NULL. */
MUST_CHECK enum status value_check_run(const struct value_check *check, enum value_type type,
                                       const struct value *v, const struct value_rules *rules,
                                       struct error *error);

/* The same on bare text, in canonical form. `today` (days) bounds the date of birth; INT64_MAX: no bound. */
bool check_cn_resident_id(struct slice text, int64_t today);
bool check_uscc(struct slice text);
bool check_luhn(struct slice text);
bool check_cn_mobile(struct slice text);
bool check_mail(struct slice text);
bool check_url(struct slice text);
bool check_region_cn(struct slice text);

/* The date of birth within a resident ID that passes its check. */
bool check_birth_of_resident_id(struct slice text, int64_t *days);

#endif
