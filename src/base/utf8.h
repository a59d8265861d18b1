/* UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing past U+10FFFF. */
#ifndef KEDUN_BASE_UTF8_H
#define KEDUN_BASE_UTF8_H

#include "base/slice.h"

/* Length of the valid sequence that `s` begins with, or 0. */
size_t utf8_sequence(struct slice s);

bool utf8_valid(struct slice s);

bool utf8_next_any(struct slice *s, uint32_t *code);

/* Decodes one code point and moves `s` past it; false at the end or on invalid input. Inline: ASCII, and most
 * characters of Chinese (three bytes, none of the leads that need a look at the second), are nearly all that
 * text is made of, and text is read in several passes. */
static inline bool utf8_next(struct slice *s, uint32_t *code) {
    const uint8_t *p = s->p;
    if (s->n > 0 && p[0] < 0x80) {
        *code = p[0];
        s->p++;
        s->n--;
        return true;
    }
    if (s->n >= 3 && p[0] >= 0xe1 && p[0] <= 0xec && (p[1] & 0xc0) == 0x80 && (p[2] & 0xc0) == 0x80) {
        *code = (uint32_t)(p[0] & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3fU);
        s->p += 3;
        s->n -= 3;
        return true;
    }
    return utf8_next_any(s, code);
}

/* Writes 1 to 4 bytes; returns how many, 0 if `code` is no Unicode scalar value. */
size_t utf8_put(uint32_t code, uint8_t out[4]);

/* Code points in a valid string. */
size_t utf8_count(struct slice s);

#endif
