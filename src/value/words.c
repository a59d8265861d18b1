#include "value/words.h"

#include "base/utf8.h"
#include "value/normalise.h"

#include <unicode/uchar.h>

enum letter { LETTER_NONE, LETTER_HAN, LETTER_OTHER };

static enum letter letter_of(uint32_t c) {
    if (normalise_is_han(c))
        return LETTER_HAN;
    if (c < 0x80)
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ? LETTER_OTHER
                                                                                          : LETTER_NONE;
    uint32_t kinds = U_GC_L_MASK | U_GC_N_MASK | U_GC_M_MASK;
    return (U_GET_GC_MASK((UChar32)c) & kinds) != 0 ? LETTER_OTHER : LETTER_NONE;
}

static struct slice word_cut(struct slice word) {
    if (word.n <= WORD_BYTES_MAX)
        return word;
    size_t n = WORD_BYTES_MAX;
    while (n > 0 && (word.p[n] & 0xc0) == 0x80)
        n--;
    return slice_of(word.p, n);
}

static enum status word_add(struct word_list *list, size_t *room, struct slice raw, bool han,
                            struct arena *a) {
    struct slice text;
    enum status st = normalise_match(raw, MATCH_EXACT, a, &text);
    if (st != ST_OK || text.n == 0)
        return st;
    if (list->n == *room) {
        struct word *larger = arena_array(a, *room * 2 + 16, sizeof *larger);
        if (larger == NULL)
            return ST_NOMEM;
        if (list->n > 0)
            memcpy(larger, list->words, list->n * sizeof *larger);
        *room = *room * 2 + 16;
        list->words = larger;
    }
    list->words[list->n++] = (struct word){.text = han ? text : word_cut(text), .han = han};
    return ST_OK;
}

enum status words_split(struct slice text, size_t most, struct arena *a, struct word_list *out) {
    *out = (struct word_list){NULL, 0};
    size_t room = 0, count = 0;
    struct slice rest;
    enum status st = normalise_text(text, STORE_CODE, a, &rest);
    const uint8_t *from = rest.p;
    enum letter run = LETTER_NONE;
    while (st == ST_OK) {
        const uint8_t *here = rest.p;
        uint32_t c = 0;
        bool more = count++ < most && utf8_next(&rest, &c);
        enum letter kind = more ? letter_of(c) : LETTER_NONE;
        if (kind != run) {
            if (run != LETTER_NONE)
                st = word_add(out, &room, slice_of(from, (size_t)(here - from)), run == LETTER_HAN, a);
            from = here;
            run = kind;
        }
        if (!more)
            break;
    }
    return st;
}
