#include "value/number.h"

#include <stdio.h>

/* Significant digits collected; more than an int64 holds, so that zeros can be dropped after. */
#define DIGITS_MOST 64

struct decimal {
    bool negative;
    uint8_t digit[DIGITS_MOST];
    size_t n;
    long point; /* value = 0.d0d1d2… * 10^point */
};

static bool is_digit(uint8_t c) {
    return c >= '0' && c <= '9';
}

static bool push(struct decimal *d, uint8_t c) {
    if (d->n == DIGITS_MOST)
        return false;
    d->digit[d->n++] = (uint8_t)(c - '0');
    return true;
}

/* The whole part: plain digits, or 1 to 3 digits and then groups of ",ddd". */
static bool take_whole(struct slice s, size_t *at, struct decimal *d) {
    size_t start = *at, i = start, lead;
    while (i < s.n && is_digit(s.p[i])) {
        if (!push(d, s.p[i++]))
            return false;
    }
    lead = i - start;
    if (lead == 0)
        return false;
    while (i < s.n && s.p[i] == ',') {
        if (lead > 3 || i + 3 >= s.n)
            return false;
        for (size_t k = 1; k <= 3; k++) {
            if (!is_digit(s.p[i + k]) || !push(d, s.p[i + k]))
                return false;
        }
        i += 4;
        if (i < s.n && is_digit(s.p[i]))
            return false;
    }
    *at = i;
    return true;
}

static bool take_fraction(struct slice s, size_t *at, struct decimal *d) {
    size_t i = *at;
    if (i >= s.n || s.p[i] != '.')
        return true;
    size_t start = ++i;
    while (i < s.n && is_digit(s.p[i])) {
        if (!push(d, s.p[i++]))
            return false;
    }
    *at = i;
    return i > start;
}

static bool take_exponent(struct slice s, size_t *at, long *exponent) {
    size_t i = *at;
    *exponent = 0;
    if (i >= s.n || (s.p[i] != 'e' && s.p[i] != 'E'))
        return true;
    i++;
    bool negative = i < s.n && s.p[i] == '-';
    if (i < s.n && (s.p[i] == '-' || s.p[i] == '+'))
        i++;
    size_t start = i;
    while (i < s.n && is_digit(s.p[i]) && i - start < 4)
        *exponent = *exponent * 10 + (s.p[i++] - '0');
    if (negative)
        *exponent = -*exponent;
    *at = i;
    return i > start;
}

static enum number_status scale(const struct decimal *d, unsigned digits, int64_t *out) {
    long wanted = d->point + (long)digits; /* so many digits make the scaled number */
    uint64_t v = 0, limit = (uint64_t)INT64_MAX + (d->negative ? 1 : 0);
    for (long i = 0; i < (long)d->n || (v != 0 && i < wanted); i++) {
        uint64_t digit = i < (long)d->n ? d->digit[i] : 0;
        if (i >= wanted) {
            if (digit != 0)
                return NUMBER_BAD; /* finer than the type holds */
            continue;
        }
        if (v > (limit - digit) / 10)
            return NUMBER_OVERFLOW;
        v = v * 10 + digit;
    }
    *out = d->negative ? (int64_t)(0 - v) : (int64_t)v;
    return NUMBER_OK;
}

enum number_status number_parse(struct slice text, unsigned digits, int64_t *out) {
    struct decimal d = {.negative = false, .n = 0};
    size_t at = 0;
    long exponent;
    if (text.n > 0 && (text.p[0] == '-' || text.p[0] == '+')) {
        d.negative = text.p[0] == '-';
        at = 1;
    }
    if (!take_whole(text, &at, &d))
        return NUMBER_BAD;
    long whole = (long)d.n;
    if (!take_fraction(text, &at, &d) || !take_exponent(text, &at, &exponent) || at != text.n)
        return NUMBER_BAD;
    d.point = whole + exponent;
    return scale(&d, digits, out);
}

size_t number_format(int64_t v, unsigned digits, unsigned least, char out[32]) {
    uint64_t unit = 1, u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    for (unsigned i = 0; i < digits; i++)
        unit *= 10;
    uint64_t fraction = u % unit;
    while (digits > least && fraction % 10 == 0) {
        fraction /= 10;
        digits--;
    }
    const char *sign = v < 0 ? "-" : "";
    int n;
    if (digits == 0)
        n = snprintf(out, 32, "%s%llu", sign, (unsigned long long)(u / unit));
    else
        n = snprintf(out, 32, "%s%llu.%0*llu", sign, (unsigned long long)(u / unit), (int)digits,
                     (unsigned long long)fraction);
    return n < 0 ? 0 : (size_t)n;
}
