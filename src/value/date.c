#include "value/date.h"

#include "base/clock.h"

#define MS_PER_DAY    86400000
#define MS_PER_MINUTE 60000

/* Up to `most` digits; how many were there. */
static size_t take_number(struct slice *s, size_t most, unsigned *out) {
    size_t n = 0;
    unsigned v = 0;
    while (n < most && n < s->n && s->p[n] >= '0' && s->p[n] <= '9')
        v = v * 10 + (unsigned)(s->p[n++] - '0');
    s->p += n;
    s->n -= n;
    *out = v;
    return n;
}

static bool take(struct slice *s, struct slice what) {
    if (!slice_starts_with(*s, what))
        return false;
    s->p += what.n;
    s->n -= what.n;
    return true;
}

static bool date_of(unsigned y, unsigned m, unsigned d, int64_t *days) {
    static const unsigned lengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (y < 1000 || y > 9999 || m < 1 || m > 12 || d < 1 || d > lengths[m - 1])
        return false;
    bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    if (m == 2 && d == 29 && !leap)
        return false;
    *days = clock_days_from_date((int)y, m, d);
    return true;
}

/* Eats a date off the front. */
static bool take_date(struct slice *s, int64_t *days) {
    unsigned y, m, d;
    if (take_number(s, 4, &y) != 4)
        return false;
    if (s->n > 0 && s->p[0] >= '0' && s->p[0] <= '9')
        return take_number(s, 2, &m) == 2 && take_number(s, 2, &d) == 2 && date_of(y, m, d, days);
    if (take(s, SLICE("年")))
        return take_number(s, 2, &m) > 0 && take(s, SLICE("月")) && take_number(s, 2, &d) > 0 &&
               take(s, SLICE("日")) && date_of(y, m, d, days);
    if (s->n == 0 || (s->p[0] != '-' && s->p[0] != '/' && s->p[0] != '.'))
        return false;
    struct slice mark = {s->p, 1};
    return take(s, mark) && take_number(s, 2, &m) > 0 && take(s, mark) && take_number(s, 2, &d) > 0 &&
           date_of(y, m, d, days);
}

bool date_parse(struct slice text, int64_t *days) {
    struct slice s = slice_trim(text);
    return take_date(&s, days) && s.n == 0;
}

/* H:MM[:SS[.fraction]]; a leap second is not accepted. */
static bool take_clock(struct slice *s, int64_t *ms) {
    unsigned h, m, sec = 0, digit;
    if (take_number(s, 2, &h) == 0 || !take(s, SLICE(":")) || take_number(s, 2, &m) != 2)
        return false;
    if (take(s, SLICE(":")) && take_number(s, 2, &sec) != 2)
        return false;
    if (h > 23 || m > 59 || sec > 59)
        return false;
    *ms = ((int64_t)h * 60 + m) * MS_PER_MINUTE + (int64_t)sec * 1000;
    if (!take(s, SLICE(".")))
        return true;
    int64_t scale = 100;
    size_t digits = 0;
    while (digits < 9 && take_number(s, 1, &digit) == 1) {
        *ms += scale * (int64_t)digit;
        scale /= 10;
        digits++;
    }
    return digits > 0;
}

bool date_parse_time(struct slice text, int offset_minutes, int64_t *ms) {
    struct slice s = slice_trim(text);
    int64_t days, clock = 0;
    bool zoned = s.n > 10 && s.p[4] == '-' && (s.p[10] == 'T' || s.p[10] == 't');
    if (zoned && clock_parse(s, ms))
        return true;
    if (!take_date(&s, &days))
        return false;
    if (s.n > 0) {
        bool parted = take(&s, SLICE("T"));
        while (take(&s, SLICE(" ")))
            parted = true;
        if (!parted || !take_clock(&s, &clock) || s.n != 0)
            return false;
    }
    *ms = days * MS_PER_DAY + clock - (int64_t)offset_minutes * MS_PER_MINUTE;
    return true;
}

bool date_format(int64_t days, char out[11]) {
    /* 0000-01-01 and 9999-12-31 */
    if (days < -719528 || days > 2932896)
        return false;
    int y;
    unsigned m, d;
    clock_date_from_days(days, &y, &m, &d);
    snprintf(out, 11, "%04u-%02u-%02u", (unsigned)y % 10000, m % 100, d % 100);
    return true;
}

int64_t date_of_ms(int64_t ms, int offset_minutes) {
    int64_t local = ms + (int64_t)offset_minutes * MS_PER_MINUTE;
    int64_t days = local / MS_PER_DAY;
    return local % MS_PER_DAY < 0 ? days - 1 : days;
}
