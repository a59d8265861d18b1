#include "base/utf8.h"

static bool continues(uint8_t c) {
    return (c & 0xc0) == 0x80;
}

size_t utf8_sequence(struct slice s) {
    if (s.n == 0)
        return 0;
    uint8_t c = s.p[0];
    if (c < 0x80)
        return 1;
    if (c < 0xc2 || c > 0xf4)
        return 0;
    size_t n = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    if (s.n < n)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if (!continues(s.p[i]))
            return 0;
    }
    uint8_t second = s.p[1];
    if (c == 0xe0 && second < 0xa0)
        return 0; /* overlong */
    if (c == 0xed && second > 0x9f)
        return 0; /* surrogate */
    if (c == 0xf0 && second < 0x90)
        return 0; /* overlong */
    if (c == 0xf4 && second > 0x8f)
        return 0; /* past U+10FFFF */
    return n;
}

/* Most characters of Chinese: three bytes, none of the leads that need a look at the second. */
static bool is_plain_three(const uint8_t *p, size_t n) {
    return n >= 3 && p[0] >= 0xe1 && p[0] <= 0xec && continues(p[1]) && continues(p[2]);
}

bool utf8_valid(struct slice s) {
    const uint8_t *p = s.p;
    size_t n = s.n;
    while (n > 0) {
        uint64_t eight = UINT64_MAX;
        if (n >= 8)
            memcpy(&eight, p, 8);
        size_t step = (eight & 0x8080808080808080u) == 0 ? 8
                      : p[0] < 0x80                      ? 1
                      : is_plain_three(p, n)             ? 3
                                                         : utf8_sequence(slice_of(p, n));
        if (step == 0)
            return false;
        p += step;
        n -= step;
    }
    return true;
}

bool utf8_next_any(struct slice *s, uint32_t *code) {
    size_t n = utf8_sequence(*s);
    if (n == 0)
        return false;
    static const uint8_t lead_mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t v = s->p[0] & lead_mask[n];
    for (size_t i = 1; i < n; i++)
        v = v << 6 | (s->p[i] & 0x3fU);
    s->p += n;
    s->n -= n;
    *code = v;
    return true;
}

size_t utf8_put(uint32_t code, uint8_t out[4]) {
    if (code < 0x80) {
        out[0] = (uint8_t)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (uint8_t)(0xc0 | code >> 6);
        out[1] = (uint8_t)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code >= 0xd800 && code <= 0xdfff)
        return 0;
    if (code < 0x10000) {
        out[0] = (uint8_t)(0xe0 | code >> 12);
        out[1] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
        out[2] = (uint8_t)(0x80 | (code & 0x3f));
        return 3;
    }
    if (code > 0x10ffff)
        return 0;
    out[0] = (uint8_t)(0xf0 | code >> 18);
    out[1] = (uint8_t)(0x80 | (code >> 12 & 0x3f));
    out[2] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
    out[3] = (uint8_t)(0x80 | (code & 0x3f));
    return 4;
}

size_t utf8_count(struct slice s) {
    size_t count = 0;
    for (size_t i = 0; i < s.n; i++)
        count += !continues(s.p[i]);
    return count;
}
