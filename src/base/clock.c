#include "base/clock.h"

#include <stdio.h>
#include <time.h>

int64_t clock_wall_ms(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_monotonic_ns(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t clock_thread_ns(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t clock_days_from_date(int year, unsigned month, unsigned day) {
    int64_t y = month <= 2 ? (int64_t)year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + (int64_t)day - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

void clock_date_from_days(int64_t days, int *year, unsigned *month, unsigned *day) {
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    *day = (unsigned)(doy - (153 * mp + 2) / 5 + 1);
    *month = (unsigned)(mp < 10 ? mp + 3 : mp - 9);
    *year = (int)(yoe + era * 400 + (*month <= 2));
}

/* `n` digits of v, with leading zeros. */
static void put_digits(char *to, unsigned v, size_t n) {
    while (n-- > 0) {
        to[n] = (char)('0' + v % 10);
        v /= 10;
    }
}

int clock_condition_init(pthread_cond_t *condition) {
    pthread_condattr_t how;
    int rc = pthread_condattr_init(&how);
    if (rc != 0)
        return rc;
    rc = pthread_condattr_setclock(&how, CLOCK_MONOTONIC);
    if (rc == 0)
        rc = pthread_cond_init(condition, &how);
    (void)pthread_condattr_destroy(&how);
    return rc;
}

void clock_format(int64_t ms, char out[CLOCK_TEXT + 1]) {
    int64_t days = ms / 86400000, rest = ms % 86400000;
    if (rest < 0) {
        rest += 86400000;
        days--;
    }
    int year = 0;
    unsigned month = 0, day = 0;
    if (days >= -719528 && days <= 2932896)
        clock_date_from_days(days, &year, &month, &day);
    unsigned milli = (unsigned)rest;
    memcpy(out, "0000-00-00T00:00:00.000Z", CLOCK_TEXT + 1);
    put_digits(out, (unsigned)year, 4);
    put_digits(out + 5, month, 2);
    put_digits(out + 8, day, 2);
    put_digits(out + 11, milli / 3600000, 2);
    put_digits(out + 14, milli / 60000 % 60, 2);
    put_digits(out + 17, milli / 1000 % 60, 2);
    put_digits(out + 20, milli % 1000, 3);
}

/* `count` digits at `at`; -1 when there are fewer. */
static int digits(struct slice s, size_t at, size_t count) {
    if (at + count > s.n)
        return -1;
    int v = 0;
    for (size_t i = at; i < at + count; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return -1;
        v = v * 10 + (s.p[i] - '0');
    }
    return v;
}

bool clock_parse_date(struct slice text, int64_t *days) {
    if (text.n != 10 || text.p[4] != '-' || text.p[7] != '-')
        return false;
    int y = digits(text, 0, 4), m = digits(text, 5, 2), d = digits(text, 8, 2);
    if (y < 0 || m < 1 || m > 12 || d < 1 || d > 31)
        return false;
    *days = clock_days_from_date(y, (unsigned)m, (unsigned)d);
    int back_y;
    unsigned back_m, back_d;
    clock_date_from_days(*days, &back_y, &back_m, &back_d);
    return back_m == (unsigned)m && back_d == (unsigned)d;
}

/* "Z" or "+hh:mm": minutes east of Greenwich. */
static bool parse_offset(struct slice s, size_t at, int *minutes) {
    if (at + 1 == s.n && (s.p[at] == 'Z' || s.p[at] == 'z')) {
        *minutes = 0;
        return true;
    }
    if (at + 6 != s.n || (s.p[at] != '+' && s.p[at] != '-') || s.p[at + 3] != ':')
        return false;
    int h = digits(s, at + 1, 2), m = digits(s, at + 4, 2);
    if (h < 0 || h > 23 || m < 0 || m > 59)
        return false;
    *minutes = (h * 60 + m) * (s.p[at] == '-' ? -1 : 1);
    return true;
}

/* ".678": up to 9 digits to milliseconds; moves `at` past them. */
static bool parse_fraction(struct slice s, size_t *at, int *ms) {
    *ms = 0;
    if (*at >= s.n || s.p[*at] != '.')
        return true;
    size_t start = ++*at;
    int scale = 100;
    while (*at < s.n && s.p[*at] >= '0' && s.p[*at] <= '9') {
        *ms += (s.p[*at] - '0') * scale;
        scale /= 10;
        ++*at;
    }
    return *at > start && *at - start <= 9;
}

bool clock_parse(struct slice text, int64_t *ms) {
    int64_t days;
    if (!clock_parse_date(slice_of(text.p, text.n < 10 ? text.n : 10), &days))
        return false;
    if (text.n == 10) {
        *ms = days * 86400000;
        return true;
    }
    if (text.n < 20 || (text.p[10] != 'T' && text.p[10] != 't' && text.p[10] != ' '))
        return false;
    int h = digits(text, 11, 2), m = digits(text, 14, 2), s = digits(text, 17, 2);
    if (h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 60 || text.p[13] != ':' || text.p[16] != ':') {
        return false;
    }
    size_t at = 19;
    int fraction, offset;
    if (!parse_fraction(text, &at, &fraction) || !parse_offset(text, at, &offset))
        return false;
    *ms = days * 86400000 + ((int64_t)h * 3600 + m * 60 + s) * 1000 + fraction - (int64_t)offset * 60000;
    return true;
}
