/* UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing past U+10FFFF. */
#ifndef KEDUN_BASE_UTF8_H
#define KEDUN_BASE_UTF8_H

#include "base/slice.h"

/* Length of the valid sequence that `s` begins with, or 0. */
size_t utf8_sequence(struct slice s);

bool utf8_valid(struct slice s);

/* Decodes one code point and moves `s` past it; false at the end or on invalid input. */
bool utf8_next(struct slice *s, uint32_t *code);

/* Writes 1 to 4 bytes; returns how many, 0 if `code` is no Unicode scalar value. */
size_t utf8_put(uint32_t code, uint8_t out[4]);

/* Code points in a valid string. */
size_t utf8_count(struct slice s);

#endif
