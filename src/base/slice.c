#include "base/slice.h"

int slice_compare(struct slice a, struct slice b) {
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n == 0 ? 0 : memcmp(a.p, b.p, n);
    if (order != 0)
        return order;
    return a.n < b.n ? -1 : a.n > b.n;
}

bool slice_starts_with(struct slice a, struct slice prefix) {
    return a.n >= prefix.n && (prefix.n == 0 || memcmp(a.p, prefix.p, prefix.n) == 0);
}

static bool is_space(uint8_t c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct slice slice_trim(struct slice a) {
    while (a.n > 0 && is_space(a.p[0])) {
        a.p++;
        a.n--;
    }
    while (a.n > 0 && is_space(a.p[a.n - 1]))
        a.n--;
    return a;
}

bool slice_to_int(struct slice a, int64_t *out) {
    bool negative = a.n > 0 && a.p[0] == '-';
    size_t i = (a.n > 0 && (a.p[0] == '-' || a.p[0] == '+')) ? 1 : 0;
    if (i == a.n)
        return false;
    int64_t value = 0;
    for (; i < a.n; i++) {
        if (a.p[i] < '0' || a.p[i] > '9')
            return false;
        int digit = a.p[i] - '0';
        if (__builtin_mul_overflow(value, 10, &value))
            return false;
        if (__builtin_sub_overflow(value, negative ? digit : -digit, &value))
            return false;
    }
    *out = value;
    return true;
}
