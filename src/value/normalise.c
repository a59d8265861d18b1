#include "value/normalise.h"

#include "base/utf8.h"
#include "value/tables.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

/* ICU counts in int32_t; the callers' own limits are far lower. */
#define INPUT_MOST ((size_t)1 << 24)

enum composition { COMPOSE_NFC, COMPOSE_NFKC, COMPOSE_FOLD };

uint32_t normalise_simplified(uint32_t c) {
    if (c >= TABLE_HAN_FIRST && c <= TABLE_HAN_LAST) {
        uint32_t s = table_simplified[c - TABLE_HAN_FIRST];
        if (s != 0)
            return s;
    } else if (c < 0x20000) {
        return c;
    }
    size_t low = 0, high = table_simplified_far_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (table_simplified_far[middle].from < c)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < table_simplified_far_count && table_simplified_far[low].from == c;
    return found ? table_simplified_far[low].to : c;
}

static bool is_full_width(uint32_t c) {
    return c >= 0xff01 && c <= 0xff5e;
}

/* True when NFC (and, but for what `half` and the filters do themselves, NFKC and folding) leaves the
 * character alone whatever its neighbours are, given that they are inert too. */
static bool is_inert(uint32_t c, enum composition how) {
    if (c < 0x80 || (c >= 0x4e00 && c <= 0x9fff) || (c >= 0x3400 && c <= 0x4dbf))
        return true;
    if (is_full_width(c) || c == 0x3000 || (c >= 0x20000 && c <= 0x2a6df))
        return true;
    if (c == 0xb7 || c == 0x3001 || c == 0x3002 || (c >= 0x3007 && c <= 0x3011))
        return true;
    return how == COMPOSE_NFC && (c < 0x300 || (c >= 0x2010 && c <= 0x2027));
}

/* Checks UTF-8 on the way. */
static enum status is_composed(struct slice in, enum composition how, bool *composed) {
    *composed = true;
    uint32_t c;
    while (utf8_next(&in, &c)) {
        if (*composed && !is_inert(c, how))
            *composed = false;
    }
    return in.n == 0 ? ST_OK : ST_INVALID;
}

static const UNormalizer2 *normaliser(enum composition how) {
    UErrorCode e = U_ZERO_ERROR;
    switch (how) {
    case COMPOSE_NFC:
        return unorm2_getNFCInstance(&e);
    case COMPOSE_NFKC:
        return unorm2_getNFKCInstance(&e);
    default:
        return unorm2_getNFKCCasefoldInstance(&e);
    }
}

static enum status icu_status(UErrorCode e) {
    return e == U_MEMORY_ALLOCATION_ERROR ? ST_NOMEM : U_FAILURE(e) ? ST_INVALID : ST_OK;
}

static enum status compose(struct slice in, enum composition how, struct arena *a, struct slice *out) {
    const UNormalizer2 *n = normaliser(how);
    if (n == NULL)
        return ST_INTERNAL;
    UErrorCode e = U_ZERO_ERROR;
    int32_t length = 0, folded = 0, bytes = 0;
    UChar *wide = arena_array(a, in.n + 1, sizeof *wide);
    if (wide == NULL)
        return ST_NOMEM;
    u_strFromUTF8(wide, (int32_t)in.n + 1, &length, (const char *)in.p, (int32_t)in.n, &e);
    if (U_FAILURE(e))
        return icu_status(e);
    int32_t room = length * 2 + 64;
    UChar *result = arena_array(a, (size_t)room, sizeof *result);
    if (result == NULL)
        return ST_NOMEM;
    folded = unorm2_normalize(n, wide, length, result, room, &e);
    if (e == U_BUFFER_OVERFLOW_ERROR) {
        e = U_ZERO_ERROR;
        room = folded + 1;
        result = arena_array(a, (size_t)room, sizeof *result);
        if (result == NULL)
            return ST_NOMEM;
        folded = unorm2_normalize(n, wide, length, result, room, &e);
    }
    if (U_FAILURE(e))
        return icu_status(e);
    char *text = arena_array(a, (size_t)folded + 1, 3);
    if (text == NULL)
        return ST_NOMEM;
    u_strToUTF8(text, (folded + 1) * 3, &bytes, result, folded, &e);
    *out = slice_of(text, (size_t)bytes);
    return icu_status(e);
}

static enum status composed(struct slice in, enum composition how, struct arena *a, struct slice *out,
                            bool *done) {
    if (in.n > INPUT_MOST)
        return ST_LIMIT;
    enum status st = is_composed(in, how, done);
    if (st != ST_OK)
        return st;
    *out = in;
    return *done ? ST_OK : compose(in, how, a, out);
}

static bool is_space(uint32_t c) {
    if (c < 0x80)
        return c == ' ' || (c >= '\t' && c <= '\r');
    return c == 0x85 || c == 0xa0 || c == 0x3000 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
           c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x1680;
}

/* What nobody sees: controls, zero-width and bidirectional marks, tags, non-characters. */
static bool is_invisible(uint32_t c) {
    if (c < 0xad)
        return c < 0x20 || (c >= 0x7f && c < 0xa0);
    if (c < 0x200b || normalise_is_han(c))
        return c == 0xad || c == 0x34f || c == 0x61c || c == 0x180e || c == 0x115f || c == 0x1160;
    return c <= 0x200f || (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0x3164 ||
           c == 0xfeff || c == 0xffa0 || (c >= 0xfff0 && c <= 0xfffb) || (c & 0xfffe) == 0xfffe ||
           (c >= 0xe0000 && c <= 0xe00ff);
}

static bool is_variation(uint32_t c) {
    return (c >= 0xfe00 && c <= 0xfe0f) || (c >= 0xe0100 && c <= 0xe01ef);
}

static bool is_middle_dot(uint32_t c) {
    return c == 0xb7 || c == 0x2022 || c == 0x2027 || c == 0x30fb || c == 0x22c5 || c == 0x2219 || c == 0x387;
}

static uint32_t half_alphanumeric(uint32_t c) {
    if (!is_full_width(c))
        return c;
    uint32_t h = c - 0xfee0;
    bool kept = (h >= '0' && h <= '9') || (h >= 'A' && h <= 'Z') || (h >= 'a' && h <= 'z');
    return kept ? h : c;
}

struct writer {
    uint8_t *p;
    size_t n;
    uint32_t last;   /* the last character written, 0 at the start */
    bool space;      /* a space is due before the next character */
    unsigned breaks; /* so many line ends are due */
};

static void writer_put(struct writer *w, uint32_t c) {
    w->n += utf8_put(c, w->p + w->n);
    w->last = c;
}

static void writer_settle(struct writer *w, enum store_form form, uint32_t next) {
    bool joined =
        (form == STORE_NAME || form == STORE_PLACE) && normalise_is_han(w->last) && normalise_is_han(next);
    if (w->n > 0 && w->breaks > 0) {
        for (unsigned i = 0; i < w->breaks && i < 2; i++)
            writer_put(w, '\n');
    } else if (w->n > 0 && w->space && !joined) {
        writer_put(w, ' ');
    }
    w->space = false;
    w->breaks = 0;
}

static enum status store_pass(struct slice in, enum store_form form, struct arena *a, struct slice *out,
                              bool *fast) {
    bool compatible = form == STORE_NAME || form == STORE_CODE;
    enum status st = composed(in, compatible ? COMPOSE_NFKC : COMPOSE_NFC, a, &in, fast);
    if (st != ST_OK)
        return st;
    /* A line end can become two bytes only in place of two; nothing else grows. */
    struct writer w = {.p = arena_alloc(a, in.n + 4)};
    if (w.p == NULL)
        return ST_NOMEM;
    uint32_t c;
    bool carriage = false;
    while (utf8_next(&in, &c)) {
        bool line_end = c == '\n' || c == '\r' || c == 0x2029 || c == 0x2028;
        if (form == STORE_PARAGRAPHS && line_end)
            w.breaks += !(c == '\n' && carriage);
        carriage = c == '\r';
        if (is_space(c)) {
            w.space = true;
            continue;
        }
        if (is_invisible(c))
            continue;
        c = compatible && is_full_width(c) ? c - 0xfee0 : half_alphanumeric(c);
        if (form == STORE_NAME && is_middle_dot(c))
            c = 0xb7;
        writer_settle(&w, form, c);
        writer_put(&w, c);
    }
    *out = slice_of(w.p, w.n);
    return ST_OK;
}

/* What is left when characters are dropped or halved may compose anew, so the long way is gone twice. */
enum status normalise_text(struct slice in, enum store_form form, struct arena *a, struct slice *out) {
    bool fast = true;
    enum status st = store_pass(in, form, a, out, &fast);
    return st != ST_OK || fast ? st : store_pass(*out, form, a, out, &fast);
}

static bool is_punctuation(uint32_t c) {
    if (c < 0x80)
        return !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '+' || c == '$' || c == '=' ||
                 c == '<' || c == '>' || c == '|' || c == '~' || c == '^' || c == '`');
    if (normalise_is_han(c))
        return false;
    return (U_GET_GC_MASK((UChar32)c) & (U_GC_P_MASK | U_GC_Z_MASK | U_GC_CC_MASK | U_GC_CF_MASK)) != 0;
}

static size_t match_filter(struct slice in, enum match_form form, uint8_t *p) {
    size_t n = 0;
    uint32_t c;
    while (utf8_next(&in, &c)) {
        if (is_full_width(c))
            c -= 0xfee0;
        if (c >= 'A' && c <= 'Z')
            c += 'a' - 'A';
        if (is_space(c) || is_invisible(c) || is_variation(c))
            continue;
        if (form == MATCH_LOOSE && is_punctuation(c))
            continue;
        n += utf8_put(normalise_simplified(c), p + n);
    }
    return n;
}

static enum status match_pass(struct slice in, enum match_form form, struct arena *a, struct slice *out,
                              bool *fast) {
    enum status st = composed(in, COMPOSE_FOLD, a, &in, fast);
    if (st != ST_OK)
        return st;
    /* A simplified form may lie outside the basic plane: 4 bytes for 3. */
    uint8_t *p = arena_alloc(a, in.n + in.n / 3 + 4);
    if (p == NULL)
        return ST_NOMEM;
    size_t n = match_filter(in, form, p);
    if (n == 0 && form == MATCH_LOOSE)
        n = match_filter(in, MATCH_EXACT, p);
    *out = slice_of(p, n);
    return ST_OK;
}

enum status normalise_match(struct slice in, enum match_form form, struct arena *a, struct slice *out) {
    bool fast = true;
    enum status st = match_pass(in, form, a, out, &fast);
    return st != ST_OK || fast ? st : match_pass(*out, form, a, out, &fast);
}

/* In matching form, longer before shorter. */
static const char *const company_endings[] = {
    "集团股份有限公司",
    "集团有限责任公司",
    "股份有限责任公司",
    "股份有限公司",
    "集团有限公司",
    "有限责任公司",
    "控股有限公司",
    "有限合伙",
    "普通合伙",
    "有限公司",
    "集团公司",
    "股份公司",
    "总公司",
    "公司",
    "集团",
    "coltd",
    "companylimited",
    "limited",
    "corporation",
    "corp",
    "incorporated",
    "inc",
    "gmbh",
    "llc",
    "ltd",
    "plc",
};

struct slice normalise_company_core(struct slice loose) {
    bool again = true;
    while (again) {
        again = false;
        for (size_t i = 0; i < sizeof company_endings / sizeof company_endings[0]; i++) {
            struct slice end = slice_from_string(company_endings[i]);
            if (slice_equal(loose, end))
                return loose;
            if (loose.n > end.n && memcmp(loose.p + loose.n - end.n, end.p, end.n) == 0) {
                loose.n -= end.n;
                again = true;
                break;
            }
        }
    }
    return loose;
}
