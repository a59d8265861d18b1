/* Text in the one form that is stored, and in the form that is compared.
 *
 * Storage (normalise_text) keeps what people wrote but for what nobody can see: NFC, white space collapsed
 * and trimmed, control, zero-width and bidirectional characters dropped, full-width letters and digits
 * halved. Chinese punctuation stays (NFKC would turn ， into a comma): only STORE_CODE and STORE_NAME use
 * NFKC.
 *
 * Matching (normalise_match): NFKC with case folding (UAX #15, NFKC_Casefold), traditional characters to
 * simplified by Unihan's kSimplifiedVariant where it names just one other character, white space dropped.
 * MATCH_LOOSE drops punctuation too (but keeps it when nothing else is there). A matching form is for
 * comparing and indexing, never for showing.
 *
 * Text of ASCII, Han and full-width forms takes one pass; the rest goes through ICU's shared normalisers,
 * which are immutable and thread-safe. All results live in the arena. ST_INVALID: not UTF-8; ST_NOMEM. */
#ifndef KEDUN_VALUE_NORMALISE_H
#define KEDUN_VALUE_NORMALISE_H

#include "base/arena.h"
#include "base/status.h"

enum store_form {
    STORE_LINE,       /* one line */
    STORE_PARAGRAPHS, /* line ends kept */
    STORE_NAME,       /* NFKC; spaces between Han characters dropped, middle dots made one */
    STORE_PLACE,      /* a line, spaces between Han characters dropped */
    STORE_CODE        /* NFKC, one line: for numbers, codes, addresses of mail */
};

MUST_CHECK enum status normalise_text(struct slice in, enum store_form form, struct arena *a,
                                      struct slice *out);

enum match_form { MATCH_EXACT, MATCH_LOOSE };

MUST_CHECK enum status normalise_match(struct slice in, enum match_form form, struct arena *a,
                                       struct slice *out);

/* A company's loose matching form without its legal form (有限公司, 股份有限公司, 集团, co ltd, inc …): a
 * view into `loose`, never empty unless `loose` is. For finding likely duplicates only. */
struct slice normalise_company_core(struct slice loose);

/* Han characters: unified ideographs of the planes 0, 2 and 3, and 〇. */
static inline bool normalise_is_han(uint32_t c) {
    return (c >= 0x4e00 && c <= 0x9fff) || (c >= 0x3400 && c <= 0x4dbf) || (c >= 0x20000 && c <= 0x323af) ||
           c == 0x3007;
}

/* The simplified character, or `c` itself. */
uint32_t normalise_simplified(uint32_t c);

#endif
