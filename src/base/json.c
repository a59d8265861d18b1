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

static void put_string(struct buf *out, struct slice s) {
    buf_put_u8(out, '"');
    size_t start = 0, i = 0;
    while (i < s.n) {
        uint8_t escape = escape_of(s.p[i]);
        size_t step = escape == 0x80 ? utf8_sequence(slice_of(s.p + i, s.n - i)) : 1;
        if (escape == 0 || (escape == 0x80 && step > 0)) {
            i += step;
            continue;
        }
        buf_put(out, s.p + start, i - start);
        if (escape == 0x80) {
            buf_put_string(out, "\xef\xbf\xbd");
        } else {
            put_escaped(out, s.p[i], escape);
        }
        i++;
        start = i;
    }
    buf_put(out, s.p + start, i - start);
    buf_put_u8(out, '"');
}

void json_key_slice(struct json *j, struct slice key) {
    value_begins(j);
    put_string(j->out, key);
    buf_put_u8(j->out, ':');
    j->comma = false;
}

void json_key(struct json *j, const char *key) {
    json_key_slice(j, slice_from_string(key));
}

void json_text(struct json *j, struct slice s) {
    value_begins(j);
    put_string(j->out, s);
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
    char text[UUID_TEXT + 1];
    uuid_format(u, text);
    value_begins(j);
    buf_put_u8(j->out, '"');
    buf_put(j->out, text, UUID_TEXT);
    buf_put_u8(j->out, '"');
}

void json_time(struct json *j, int64_t ms) {
    char text[CLOCK_TEXT + 1];
    clock_format(ms, text);
    json_cstring(j, text);
}

void json_raw(struct json *j, struct slice text) {
    value_begins(j);
    buf_put(j->out, text.p, text.n);
}
