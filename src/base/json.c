#include "base/json.h"

#include "base/clock.h"
#include "base/utf8.h"

#include <math.h>

static void value_begins(struct json *j) {
    if (j->comma)
        buf_put_u8(j->out, ',');
    j->comma = true;
}

static void open_with(struct json *j, uint8_t c) {
    value_begins(j);
    buf_put_u8(j->out, c);
    j->comma = false;
}

static void close_with(struct json *j, uint8_t c) {
    buf_put_u8(j->out, c);
    j->comma = true;
}

void json_object_begin(struct json *j) {
    open_with(j, '{');
}

void json_object_end(struct json *j) {
    close_with(j, '}');
}

void json_array_begin(struct json *j) {
    open_with(j, '[');
}

void json_array_end(struct json *j) {
    close_with(j, ']');
}

/* 0: copy as it is; 'u': \u00XX; 0x80: look at the UTF-8 sequence; else the letter behind the backslash. */
static uint8_t escape_of(uint8_t c) {
    if (c >= 0x80)
        return 0x80;
    if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f)
        return 0;
    switch (c) {
    case '"':
    case '\\':
        return c;
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return 'u';
    }
}

static void put_escaped(struct buf *out, uint8_t c, uint8_t escape) {
    if (escape == 'u') {
        buf_put_format(out, "\\u%04x", c);
        return;
    }
    uint8_t pair[2] = {'\\', escape};
    buf_put(out, pair, 2);
}

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Whether all of eight bytes are ASCII that goes out as it is. A byte is found by what a subtraction borrows
 * (Warren: Hacker's Delight, 6-1); a byte behind one that was found may be wrong, the answer is not. */
static bool eight_plain(const uint8_t *p) {
    uint64_t w;
    memcpy(&w, p, sizeof w);
    uint64_t quote = w ^ EACH('"'), backslash = w ^ EACH('\\'), del = w ^ EACH(0x7f);
    uint64_t found = w | (w - EACH(0x20)) | (quote - EACH(1)) | (backslash - EACH(1)) | (del - EACH(1));
    return (found & EACH(0x80)) == 0;
}

/* Most characters that are not ASCII: three bytes that need no look at limits. */
static bool three_plain(const uint8_t *p) {
    return p[0] > 0xe0 && p[0] < 0xf0 && p[0] != 0xed && (p[1] & 0xc0) == 0x80 && (p[2] & 0xc0) == 0x80;
}

/* Two of them in one look at eight bytes; a first byte of 0xe0 or 0xed needs a closer one. */
static bool six_plain(const uint8_t *p) {
    uint64_t w;
    memcpy(&w, p, sizeof w);
    w = le64toh(w);
    if ((w & UINT64_C(0xc0c0f0c0c0f0)) != UINT64_C(0x8080e08080e0))
        return false;
    const unsigned closer = 1u << 0x0 | 1u << 0xd;
    return ((closer >> (w & 0xf) | closer >> (w >> 24 & 0xf)) & 1) == 0;
}

/* How many bytes at the front of `s` go out as they are. */
static size_t plain_length(struct slice s) {
    size_t i = 0;
    while (i < s.n) {
        uint8_t c = s.p[i];
        if (c < 0x80) {
            if (s.n - i >= 8 && eight_plain(s.p + i)) {
                i += 8;
                continue;
            }
            if (c < 0x20 || c == '"' || c == '\\' || c == 0x7f)
                break;
            i++;
            continue;
        }
        if (s.n - i >= 8 && six_plain(s.p + i)) {
            i += 6;
            continue;
        }
        if (s.n - i >= 3 && three_plain(s.p + i)) {
            i += 3;
            continue;
        }
        size_t step = utf8_sequence(slice_of(s.p + i, s.n - i));
        if (step == 0)
            break;
        i += step;
    }
    return i;
}

/* From the first byte on that does not go out as it is. */
static void put_rest(struct buf *out, struct slice s) {
    while (s.n > 0) {
        uint8_t escape = escape_of(s.p[0]);
        if (escape == 0x80)
            buf_put_string(out, "\xef\xbf\xbd");
        else
            put_escaped(out, s.p[0], escape);
        s = slice_of(s.p + 1, s.n - 1);
        size_t n = plain_length(s);
        buf_put(out, s.p, n);
        s = slice_of(s.p + n, s.n - n);
    }
}

/* Most strings are short and need no escape: one reservation, one copy. `after`: '"' alone, or with ':'. */
static void put_string(struct json *j, struct slice s, const char *after, size_t after_n) {
    size_t n = plain_length(s);
    uint8_t *to = buf_reserve(j->out, n + 4);
    if (to == NULL)
        return;
    size_t at = 0;
    if (j->comma)
        to[at++] = ',';
    to[at++] = '"';
    if (n > 0)
        memcpy(to + at, s.p, n);
    j->out->n += at + n;
    j->comma = true;
    if (n < s.n)
        put_rest(j->out, slice_of(s.p + n, s.n - n));
    buf_put(j->out, after, after_n);
}

void json_key_slice(struct json *j, struct slice key) {
    put_string(j, key, "\":", 2);
    j->comma = false;
}

void json_key(struct json *j, const char *key) {
    json_key_slice(j, slice_from_string(key));
}

void json_text(struct json *j, struct slice s) {
    put_string(j, s, "\"", 1);
}

void json_cstring(struct json *j, const char *s) {
    json_text(j, slice_from_string(s));
}

void json_int(struct json *j, int64_t v) {
    value_begins(j);
    uint8_t text[24];
    size_t at = sizeof text;
    uint64_t rest = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    do {
        text[--at] = (uint8_t)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (v < 0)
        text[--at] = '-';
    buf_put(j->out, text + at, sizeof text - at);
}

void json_double(struct json *j, double v) {
    if (!isfinite(v)) {
        json_none(j);
        return;
    }
    value_begins(j);
    buf_put_format(j->out, "%.17g", v);
}

void json_bool(struct json *j, bool v) {
    value_begins(j);
    buf_put_string(j->out, v ? "true" : "false");
}

void json_none(struct json *j) {
    value_begins(j);
    buf_put(j->out, "null", 4);
}

void json_uuid(struct json *j, const struct uuid *u) {
    char text[UUID_TEXT + 3];
    uuid_format(u, text + 1);
    text[0] = text[UUID_TEXT + 1] = '"';
    value_begins(j);
    buf_put(j->out, text, UUID_TEXT + 2);
}

void json_time(struct json *j, int64_t ms) {
    char text[CLOCK_TEXT + 3];
    clock_format(ms, text + 1);
    text[0] = text[CLOCK_TEXT + 1] = '"';
    value_begins(j);
    buf_put(j->out, text, CLOCK_TEXT + 2);
}

void json_key_made(struct json *j, struct slice key) {
    if (j->comma)
        buf_put_u8(j->out, ',');
    buf_put(j->out, key.p, key.n);
    j->comma = false;
}

void json_raw(struct json *j, struct slice text) {
    value_begins(j);
    buf_put(j->out, text.p, text.n);
}
