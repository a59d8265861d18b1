/* Search terms: what the keeper hashes so that a sealed value can be found without opening it, and what plain
 * indexes hold for unsealed ones. Value side and query side are one file, so that they agree.
 *
 * A term is a tag byte and bytes behind it; each alphabet has a tag of its own, so they never collide:
 *
 * E  the whole value, compared as its type wants (see terms_exact_form)     exact
 * S, s  the last 4, the last 6 characters                                    suffix
 * W  a word, B a pair of Han characters                                      words
 * H  one character (not ASCII), G a pair of characters                       fragment
 * P  one reading, Q two readings in a row ("chong qing"), R a reading and the  fragment
 *    next one's first letter ("chong q"), I two initials
 *
 * Limits: words looks at the first 2,000 characters, fragment at the first 512, its pinyin at the first 64;
 * what lies behind is not found. Of two neighbours at most 4 pairs of readings count, likeliest first. Pairs
 * in a row, all in the value, do not prove that the query is: value/recheck.h decides on the opened value.
 *
 * How many: a name of three characters has 14 to 24 fragment terms (3 H, 2 G, 3 to 6 P, 2 to 8 Q and R, 2 to
 * 4 I), a company of twelve about 70; exact has 1 (a phone with extension 2), suffix 2. Measured at -O2 on
 * one core: a name 1 µs, such a company 4 µs, parsing and normalising counted. Whole initials have no term of
 * their own: the pairs of initials find the same people.
 *
 * Values of several keys (multi_choice, tag) give the terms of each key. Int-stored types have exact only.
 * Pure and thread-safe; results live in the arena. */
#ifndef KEDUN_VALUE_TERMS_H
#define KEDUN_VALUE_TERMS_H

#include "base/arena.h"
#include "base/status.h"
#include "value/class.h"
#include "value/type.h"

#define TERMS_ALTERNATIVES_MAX 14
#define TERMS_QUERY_MAX        64 /* characters of a fragment or words query */
#define TERMS_WORDS_CHARS      2000
#define TERMS_FRAGMENT_CHARS   512
#define TERMS_PINYIN_CHARS     64
#define TERMS_SUFFIX_LEAST     4 /* characters of a suffix query at least */

/* Each term once. */
struct term_set {
    struct slice *terms;
    size_t n;
};

/* Terms of a value in canonical text (value/type.h) for one search kind. exact: the first term is the one for
 * uniqueness. ST_INVALID (not UTF-8), ST_NOMEM. */
MUST_CHECK enum status terms_of_value(enum value_type type, enum field_search kind, struct slice canonical,
                                      struct arena *a, struct term_set *out);

/* Any of these sets must be in the value, and each set wholly. */
struct term_query {
    struct term_set any[TERMS_ALTERNATIVES_MAX];
    size_t n;
};

/* What to look up for what somebody typed (external text, not yet canonical). ST_INVALID with query_empty,
 * query_too_short (nothing indexed would match: suffix under 4 characters, a single Latin letter that is no
 * syllable, a single Han character for words), query_too_long, not_utf8; ST_NOMEM. */
MUST_CHECK enum status terms_for_query(enum value_type type, enum field_search kind, struct slice text,
                                       struct arena *a, struct term_query *out, struct error *e);

/* The form in which exact compares: phones E.164, codes in capitals, mail in lower case, person_name and
 * address without spaces and punctuation (MATCH_LOOSE), other text without spaces (MATCH_EXACT), int types as
 * they are. `external`: the text was typed and is parsed first where the type has one form (a text that does
 * not parse compares as it stands, and finds nothing). */
MUST_CHECK enum status terms_exact_form(enum value_type type, struct slice text, bool external,
                                        struct arena *a, struct slice *out);

/* The form whose ending suffix compares, and fragment searches: MATCH_LOOSE; phones without extension. */
MUST_CHECK enum status terms_loose_form(enum value_type type, struct slice text, struct arena *a,
                                        struct slice *out);

/* The same of what somebody typed to find an ending: the trunk 0 of a whole landline number falls away, as it
 * has in the value. */
MUST_CHECK enum status terms_suffix_form(enum value_type type, struct slice query, struct arena *a,
                                         struct slice *out);

/* Do fragments of this type get pinyin? (text, long_text, tag, choice, person_name, address) */
bool terms_has_pinyin(enum value_type type);

/* The next key of a value: all of it but for multi_choice and tag. False when none is left. */
bool terms_next_item(enum value_type type, struct slice *rest, struct slice *item);

#endif
