/* The types a field can have, and a value of one.
 *
 * The numbers are stable: they are stored and travel between processes; a new type takes the next number.
 *
 * type            stored  canonical form
 * text            text    one line: NFC, full-width letters and digits halved, spaces collapsed
 * long_text       text    the same with line ends kept (U+000A, at most one empty line in a row)
 * integer         int     the number
 * decimal         int     micro units: 1.5 is 1500000 (6 digits behind the point)
 * money           int     minor units: 12.34 is 1234; the currency is a property of the field
 * date            int     days since 1970-01-01
 * datetime        int     milliseconds since 1970-01-01T00:00:00Z
 * boolean         int     0 or 1
 * choice          text    the key
 * multi_choice    text    keys joined by U+001F, sorted by bytes, each once
 * phone           text    E.164, "+8613812345678" or "+862161234567", extension as ";ext=12" (RFC 3966)
 * mobile          text    E.164 without extension
 * mail            text    local part as given, domain in lower case
 * url             text    http or https, scheme and host in lower case
 * cn_resident_id  text    18 characters, GB 11643-1999, X in upper case
 * uscc            text    18 characters, GB 32100-2015, upper case
 * bank_card       text    12 to 19 digits
 * region          text    GB/T 2260, six digits
 * user, department  int   the number of a person or department, 1 to 2^32-1
 * reference       text    a record's UUID in lower case
 * tag             text    as multi_choice; tags are free text
 * person_name     text    NFKC; no spaces between Han characters; one middle dot, U+00B7
 * address         text    as text, no spaces between Han characters
 *
 * "Canonical text" of a value, where a header asks for it, is the stored text, or for an int-stored type what
 * value_format_int (value/parse.h) writes.
 */
#ifndef KEDUN_VALUE_TYPE_H
#define KEDUN_VALUE_TYPE_H

#include "base/slice.h"

enum value_type {
    VALUE_NONE = 0, /* no such type */
    VALUE_TEXT = 1,
    VALUE_LONG_TEXT = 2,
    VALUE_INTEGER = 3,
    VALUE_DECIMAL = 4,
    VALUE_MONEY = 5,
    VALUE_DATE = 6,
    VALUE_DATETIME = 7,
    VALUE_BOOLEAN = 8,
    VALUE_CHOICE = 9,
    VALUE_MULTI_CHOICE = 10,
    VALUE_PHONE = 11,
    VALUE_MOBILE = 12,
    VALUE_MAIL = 13,
    VALUE_URL = 14,
    VALUE_CN_RESIDENT_ID = 15,
    VALUE_USCC = 16,
    VALUE_BANK_CARD = 17,
    VALUE_REGION = 18,
    VALUE_USER = 19,
    VALUE_DEPARTMENT = 20,
    VALUE_REFERENCE = 21,
    VALUE_TAG = 22,
    VALUE_PERSON_NAME = 23,
    VALUE_ADDRESS = 24,
    VALUE_TYPE_END /* one past the last */
};

enum value_kind { KIND_NULL = 0, KIND_INT = 1, KIND_TEXT = 2 };

/* `text` is borrowed (of the arena or buffer it was made in) and valid UTF-8. */
struct value {
    enum value_kind kind;
    int64_t i;
    struct slice text;
};

#define VALUE_JOINER      0x1f    /* between the keys of a multi_choice or tag */
#define VALUE_MICRO       1000000 /* units of a decimal */
#define VALUE_ITEMS_MAX   200     /* keys in one multi_choice or tag */
#define VALUE_INPUT_MAX   262144  /* bytes of external text that value_parse looks at */
#define VALUE_TEXT_MAX    60000   /* bytes of any canonical text */
#define VALUE_NUMBER_TEXT 32      /* room for any canonical text of an int-stored value, with NUL */

struct value_type_info {
    enum value_type type;
    const char *name;        /* in definitions and the API */
    enum value_kind storage; /* KIND_INT or KIND_TEXT */
    size_t most;             /* characters of the canonical text at most (items: of one item) */
};

/* NULL for a number that names no type. */
const struct value_type_info *value_type_info(enum value_type type);

/* "" for a number that names no type. */
const char *value_type_name(enum value_type type);

/* VALUE_NONE when there is no such type. */
enum value_type value_type_by_name(struct slice name);

static inline struct value value_null(void) {
    return (struct value){.kind = KIND_NULL, .i = 0, .text = SLICE_NONE};
}

static inline struct value value_int(int64_t i) {
    return (struct value){.kind = KIND_INT, .i = i, .text = SLICE_NONE};
}

static inline struct value value_text(struct slice text) {
    return (struct value){.kind = KIND_TEXT, .i = 0, .text = text};
}

bool value_equal(const struct value *a, const struct value *b);

#endif
