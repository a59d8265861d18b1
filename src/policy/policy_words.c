#include "policy/policy_json.h"

#include "base/utf8.h"
#include "policy/value.h"

bool text_is_name(struct slice name) {
    static const char *const reserved[] = {"true", "false", "if",   "then", "else",
                                           "in",   "is",    "like", "has",  "__cedar"};
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        if (slice_is(name, reserved[i]))
            return false;
    }
    for (size_t i = 0; i < name.n; i++) {
        uint8_t c = name.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && (i == 0 || c < '0' || c > '9'))
            return false;
    }
    return name.n > 0;
}

static void put_character(struct buf *out, uint32_t c, struct slice raw) {
    const char *escape = c == '"'    ? "\\\""
                         : c == '\\' ? "\\\\"
                         : c == '\n' ? "\\n"
                         : c == '\r' ? "\\r"
                         : c == '\t' ? "\\t"
                         : c == 0    ? "\\0"
                                     : NULL;
    if (escape != NULL)
        buf_put_string(out, escape);
    else if (c < 0x20 || c == 0x7f || (c >= 0x80 && c < 0xa0))
        buf_put_format(out, "\\u{%x}", c);
    else
        buf_put(out, raw.p, raw.n);
}

void text_put_string(struct buf *out, struct slice s, bool wildcards) {
    buf_put_u8(out, '"');
    while (s.n > 0) {
        uint32_t c;
        struct slice rest = s;
        if (wildcards && s.p[0] == CEDAR_WILDCARD) {
            buf_put_u8(out, '*');
            s = slice_of(s.p + 1, s.n - 1);
            continue;
        }
        if (!utf8_next(&rest, &c))
            break;
        if (wildcards && c == '*')
            buf_put_string(out, "\\*");
        else
            put_character(out, c, slice_of(s.p, s.n - rest.n));
        s = rest;
    }
    buf_put_u8(out, '"');
}

void text_put_name(struct buf *out, struct slice name) {
    if (text_is_name(name))
        buf_put(out, name.p, name.n);
    else
        text_put_string(out, name, false);
}
