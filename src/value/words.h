/* Text split into what the search kind `words` looks for: words of letters and digits, and runs of Han
 * characters (which have no spaces between words, so they are indexed by pairs). */
#ifndef KEDUN_VALUE_WORDS_H
#define KEDUN_VALUE_WORDS_H

#include "base/arena.h"
#include "base/status.h"

#define WORD_BYTES_MAX 64 /* of a word that counts; the rest of a longer one is ignored */

struct word {
    struct slice text; /* in matching form (value/normalise.h, MATCH_EXACT) */
    bool han;
};

struct word_list {
    struct word *words;
    size_t n;
};

/* Looks at the first `most` characters. ST_INVALID (not UTF-8), ST_NOMEM. */
MUST_CHECK enum status words_split(struct slice text, size_t most, struct arena *a, struct word_list *out);

#endif
