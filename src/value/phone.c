#include "value/phone.h"

#include "base/utf8.h"

#include <stdio.h>

#define DIGITS_MOST    20
#define EXTENSION_MOST 6
#define GROUPS_MOST    8

struct dialled {
    char digit[DIGITS_MOST + 1];
    size_t n;
    size_t group_at[GROUPS_MOST]; /* where each dash-parted group begins */
    size_t groups;
    char extension[EXTENSION_MOST + 1];
    size_t extension_n;
    bool international;
    bool foreign; /* the number keeps its own country code */
};

/* What announces an extension. Digits, and what parts them, are most of every number and below ':'. */
static size_t extension_mark(struct slice s) {
    static const char *const marks[] = {";ext=", "extension", "ext.", "ext", "分机", "转",
                                        "x",     "X",         "Ext.", "EXT", "Ext"};
    if (s.n == 0 || s.p[0] < ':')
        return s.n > 0 && s.p[0] == '#';
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        struct slice mark = slice_from_string(marks[i]);
        if (slice_starts_with(s, mark))
            return mark.n;
    }
    return 0;
}

static bool read_extension(struct dialled *d, struct slice s) {
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        if (c == ' ' || c == ':' || c == '-')
            continue;
        if (c < '0' || c > '9' || d->extension_n == EXTENSION_MOST)
            return false;
        d->extension[d->extension_n++] = (char)c;
    }
    return d->extension_n > 0;
}

static bool read_digits(struct dialled *d, struct slice s) {
    bool start_group = true;
    while (s.n > 0) {
        uint32_t c;
        size_t mark = extension_mark(s);
        if (mark > 0)
            return read_extension(d, slice_of(s.p + mark, s.n - mark));
        if (!utf8_next(&s, &c))
            return false;
        if (c >= '0' && c <= '9') {
            if (d->n == DIGITS_MOST)
                return false;
            if (start_group && d->groups < GROUPS_MOST)
                d->group_at[d->groups++] = d->n;
            start_group = false;
            d->digit[d->n++] = (char)c;
        } else if (c == '+' && d->n == 0 && !d->international) {
            d->international = true;
        } else if (c == '-' || (c >= 0x2010 && c <= 0x2015) || c == 0x2212) {
            start_group = true;
        } else if (c != ' ' && c != '(' && c != ')' && c != '.' && c != '/') {
            return false;
        }
    }
    return true;
}

static bool all_mobile(const char *p, size_t n) {
    return n == 11 && p[0] == '1' && p[1] >= '3' && p[1] <= '9';
}

/* Area digits of a national number without trunk 0, 0 when it is no landline. */
static size_t area_of(const char *p, size_t n) {
    if (n == 10 && (memcmp(p, "400", 3) == 0 || memcmp(p, "800", 3) == 0))
        return 3;
    if (n < 9 || p[0] == '0')
        return 0;
    if (p[0] == '1')
        return p[1] == '0' && n == 10 && p[2] >= '2' ? 2 : 0;
    size_t area = p[0] == '2' ? 2 : 3;
    size_t local = n - area;
    return (local == 8 || (local == 7 && area == 3)) && p[area] >= '2' ? area : 0;
}

static bool national(const char *p, size_t n, const char **out, size_t *out_n) {
    bool trunk = n > 1 && p[0] == '0';
    const char *q = trunk ? p + 1 : p;
    size_t m = trunk ? n - 1 : n;
    bool toll_free = m == 10 && !trunk && (memcmp(q, "400", 3) == 0 || memcmp(q, "800", 3) == 0);
    if (!all_mobile(q, m) && !toll_free && !(trunk && area_of(q, m) > 0))
        return false;
    *out = q;
    *out_n = m;
    return true;
}

/* Behind +86 a landline comes without its trunk 0, but many write it. */
static bool chinese(const char *p, size_t n, const char **out, size_t *out_n) {
    if (national(p, n, out, out_n))
        return true;
    if (area_of(p, n) == 0)
        return false;
    *out = p;
    *out_n = n;
    return true;
}

static bool resolve(struct dialled *d, const char **p, size_t *n) {
    const char *s = d->digit;
    size_t m = d->n;
    if (!d->international && m > 4 && memcmp(s, "00", 2) == 0) {
        d->international = true;
        s += 2;
        m -= 2;
    }
    if (!d->international && national(s, m, p, n))
        return true;
    if (m > 2 && memcmp(s, "86", 2) == 0 && (d->international || m == 13))
        return chinese(s + 2, m - 2, p, n);
    *p = s;
    *n = m;
    d->foreign = true;
    return d->international && m >= 8 && m <= 15 && s[0] != '0' && memcmp(s, "86", 2) != 0;
}

/* A last group behind a whole landline is an extension: 021-61234567-12. */
static bool split_group(struct dialled *d) {
    if (d->extension_n > 0 || d->groups < 3)
        return false;
    size_t last = d->group_at[d->groups - 1], n = d->n - last;
    if (n > 5)
        return false;
    memcpy(d->extension, d->digit + last, n);
    d->extension_n = n;
    d->n = last;
    d->foreign = false;
    return true;
}

bool phone_parse(struct slice text, char out[PHONE_TEXT]) {
    struct dialled d = {.n = 0};
    if (!read_digits(&d, slice_trim(text)) || d.n == 0)
        return false;
    const char *p = NULL;
    size_t n = 0;
    if (!resolve(&d, &p, &n) && !(split_group(&d) && resolve(&d, &p, &n)))
        return false;
    d.extension[d.extension_n] = 0;
    int length = snprintf(out, PHONE_TEXT, "+%s%.*s%s%s", d.foreign ? "" : "86", (int)n, p,
                          d.extension_n > 0 ? ";ext=" : "", d.extension);
    return length > 0 && length < PHONE_TEXT;
}

struct slice phone_without_extension(struct slice canonical) {
    const uint8_t *mark = canonical.n == 0 ? NULL : memchr(canonical.p, ';', canonical.n);
    return mark == NULL ? canonical : slice_of(canonical.p, (size_t)(mark - canonical.p));
}

bool phone_is_cn_mobile(struct slice canonical) {
    return canonical.n == 14 && memcmp(canonical.p, "+86", 3) == 0 &&
           all_mobile((const char *)canonical.p + 3, 11);
}

size_t phone_area_digits(struct slice canonical) {
    struct slice s = phone_without_extension(canonical);
    if (s.n < 12 || memcmp(s.p, "+86", 3) != 0)
        return 0;
    return area_of((const char *)s.p + 3, s.n - 3);
}
