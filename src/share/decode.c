#include "share/decode.h"

#include "base/utf8.h"

#include <stdlib.h>
#include <unicode/ucnv.h>
#include <unicode/utf16.h>

#define BROKEN_WEIGHT 10 /* so many good characters outweigh one broken one */

static const char *const names[ENCODING_END] = {"auto", "utf-8", "gb18030"};

const char *encoding_name(enum encoding e) {
    return (unsigned)e < ENCODING_END ? names[e] : "";
}

enum encoding encoding_by_name(struct slice name) {
    for (int i = 0; i < ENCODING_END; i++) {
        if (slice_is(name, names[i]))
            return (enum encoding)i;
    }
    return ENCODING_END;
}

enum status decode_init(struct decode *d, enum encoding asked) {
    UErrorCode code = U_ZERO_ERROR;
    memset(d, 0, sizeof *d);
    d->encoding = asked;
    buf_init(&d->out, 4 * DECODE_CHUNK_MAX, true);
    d->wide = calloc(DECODE_CHUNK_MAX + 16, sizeof *d->wide);
    d->converter = ucnv_open("gb18030", &code);
    if (d->wide != NULL && !U_FAILURE(code))
        return ST_OK;
    decode_free(d);
    return ST_NOMEM;
}

void decode_free(struct decode *d) {
    if (d->converter != NULL)
        ucnv_close(d->converter);
    if (d->wide != NULL)
        explicit_bzero(d->wide, (DECODE_CHUNK_MAX + 16) * sizeof *d->wide);
    free(d->wide);
    buf_free(&d->out);
    d->converter = NULL;
    d->wide = NULL;
}

static bool is_ascii(struct slice bytes) {
    uint8_t all = 0;
    for (size_t i = 0; i < bytes.n; i++)
        all |= bytes.p[i];
    return all < 0x80;
}

/* The chunk begins at a character: all before it was ASCII. Its end may cut one. */
static enum encoding guess(struct slice bytes) {
    size_t good = 0, broken = 0, at = 0;
    while (at < bytes.n) {
        size_t n = bytes.p[at] < 0x80 ? 1 : utf8_sequence(slice_of(bytes.p + at, bytes.n - at));
        if (n > 1)
            good++;
        if (n == 0 && bytes.n - at > 3)
            broken++;
        at += n == 0 ? 1 : n;
    }
    return good >= broken * BROKEN_WEIGHT && (good > 0 || broken > 0) ? ENCODING_UTF8 : ENCODING_GB18030;
}

static enum status check_kind(struct slice bytes, struct error *e) {
    if (slice_starts_with(bytes, SLICE("PK\x03\x04")))
        return error_set(e, ST_INVALID, "file_xlsx", "this is an Excel workbook; save it as CSV");
    if (slice_starts_with(bytes, SLICE("\xd0\xcf\x11\xe0")))
        return error_set(e, ST_INVALID, "file_xls", "this is an old Excel workbook; save it as CSV");
    if (slice_starts_with(bytes, SLICE("\xff\xfe")) || slice_starts_with(bytes, SLICE("\xfe\xff")))
        return error_set(e, ST_INVALID, "file_utf16", "this file is in UTF-16; save it as UTF-8");
    return ST_OK;
}

static enum status begin(struct decode *d, struct slice *bytes, struct error *e) {
    struct slice mark = SLICE("\xef\xbb\xbf");
    enum status s = check_kind(*bytes, e);
    if (s == ST_OK && slice_starts_with(*bytes, mark) && d->encoding != ENCODING_GB18030) {
        d->encoding = ENCODING_UTF8;
        bytes->p += mark.n;
        bytes->n -= mark.n;
    }
    d->begun = true;
    return s;
}

static void put_wide(struct decode *d, size_t n) {
    uint8_t bytes[4];
    for (size_t at = 0; at < n; at++) {
        uint32_t c = d->wide[at];
        bool pair = U16_IS_LEAD(c) && at + 1 < n && U16_IS_TRAIL(d->wide[at + 1]);
        if (pair)
            c = 0x10000 + ((c - 0xd800) << 10) + (uint32_t)(d->wide[++at] - 0xdc00);
        else if (c >= 0xd800 && c <= 0xdfff)
            c = 0xfffd;
        buf_put(&d->out, bytes, utf8_put(c, bytes));
    }
}

static enum status convert(struct decode *d, struct slice bytes, bool last, struct slice *utf8) {
    UErrorCode code = U_ZERO_ERROR;
    UChar *to = d->wide;
    const char *from = (const char *)bytes.p;
    ucnv_toUnicode(d->converter, &to, to + DECODE_CHUNK_MAX + 16, &from, from + bytes.n, NULL, last, &code);
    if (U_FAILURE(code))
        return ST_INTERNAL;
    buf_reset(&d->out);
    put_wide(d, (size_t)(to - d->wide));
    *utf8 = buf_slice(&d->out);
    return d->out.failed ? ST_NOMEM : ST_OK;
}

enum status decode_feed(struct decode *d, struct slice bytes, bool last, struct slice *utf8,
                        struct error *e) {
    *utf8 = bytes;
    if (bytes.n > DECODE_CHUNK_MAX)
        return error_set(e, ST_LIMIT, "too_large", "a chunk is too large");
    if (!d->begun && bytes.n > 0) {
        enum status s = begin(d, &bytes, e);
        if (s != ST_OK)
            return s;
        *utf8 = bytes;
    }
    if (d->encoding == ENCODING_AUTO && !is_ascii(bytes))
        d->encoding = guess(bytes);
    if (d->encoding != ENCODING_GB18030)
        return ST_OK;
    enum status s = convert(d, bytes, last, utf8);
    return s == ST_OK ? s : error_set(e, s, "internal", "the converter failed");
}
