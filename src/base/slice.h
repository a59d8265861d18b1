/* A borrowed view of bytes. Not NUL-terminated unless said so; the owner must outlive it. */
#ifndef KEDUN_BASE_SLICE_H
#define KEDUN_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const uint8_t *p;
    size_t n;
};

#define SLICE_NONE ((struct slice){NULL, 0})
/* A slice over a string literal, without its NUL. */
#define SLICE(literal) ((struct slice)SLICE_INIT(literal))
/* The same as an initialiser of a static object. */
#define SLICE_INIT(literal)                                                                                  \
    { (const uint8_t *)(literal), sizeof(literal) - 1 }

static inline struct slice slice_of(const void *p, size_t n) {
    return (struct slice){(const uint8_t *)p, n};
}

static inline struct slice slice_from_string(const char *s) {
    return (struct slice){(const uint8_t *)s, s == NULL ? 0 : strlen(s)};
}

static inline bool slice_equal(struct slice a, struct slice b) {
    return a.n == b.n && (a.n == 0 || (a.p != NULL && b.p != NULL && memcmp(a.p, b.p, a.n) == 0));
}

static inline bool slice_is(struct slice a, const char *s) {
    return slice_equal(a, slice_from_string(s));
}

/* Bytewise order, shorter first on a common prefix. */
int slice_compare(struct slice a, struct slice b);

bool slice_starts_with(struct slice a, struct slice prefix);

/* `a` without leading and trailing ASCII white space. */
struct slice slice_trim(struct slice a);

/* Parses a whole decimal number with optional sign; false on anything else or overflow. */
bool slice_to_int(struct slice a, int64_t *out);

#endif
