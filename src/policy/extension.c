#include "policy/extension.h"

#include "base/clock.h"

#include <arpa/inet.h>

#define DAY_MS ((int64_t)86400000)

static bool digits_to_int(struct slice s, int64_t *out) {
    if (s.n == 0)
        return false;
    int64_t v = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9' || __builtin_mul_overflow(v, 10, &v) ||
            __builtin_sub_overflow(v, s.p[i] - '0', &v)) /* negative: the range is wider by one there */
            return false;
    }
    *out = v;
    return true;
}

static bool signed_result(bool negative, int64_t minus, int64_t *out) {
    *out = minus;
    return negative || !__builtin_sub_overflow((int64_t)0, minus, out);
}

/* ---- decimal ---- */

static bool decimal_parse(const struct cedar_value *v, struct cedar_value *out) {
    if (v->kind != CEDAR_STRING)
        return false;
    struct slice s = v->s;
    bool negative = s.n > 0 && s.p[0] == '-';
    if (negative)
        s = slice_of(s.p + 1, s.n - 1);
    const uint8_t *point = s.n == 0 ? NULL : memchr(s.p, '.', s.n);
    if (point == NULL)
        return false;
    struct slice whole = slice_of(s.p, (size_t)(point - s.p)), part = slice_of(point + 1, s.n - whole.n - 1);
    int64_t minus, fraction;
    if (part.n > 4 || !digits_to_int(whole, &minus) || !digits_to_int(part, &fraction))
        return false;
    for (size_t i = part.n; i < 4; i++)
        fraction *= 10;
    if (__builtin_mul_overflow(minus, 10000, &minus) || __builtin_add_overflow(minus, fraction, &minus))
        return false;
    out->kind = CEDAR_DECIMAL;
    return signed_result(negative, minus, &out->i);
}

static bool decimal_order(const struct cedar_value *a, int *order) {
    if (a[0].kind != CEDAR_DECIMAL || a[1].kind != CEDAR_DECIMAL)
        return false;
    *order = a[0].i < a[1].i ? -1 : a[0].i > a[1].i;
    return true;
}

#define DECIMAL_COMPARISON(NAME, TEST)                                                                       \
    static bool NAME(const struct cedar_value *a, struct cedar_value *out) {                                 \
        int order;                                                                                           \
        bool fine = decimal_order(a, &order);                                                                \
        *out = cedar_bool(fine && (TEST));                                                                   \
        return fine;                                                                                         \
    }
DECIMAL_COMPARISON(decimal_less, order < 0)
DECIMAL_COMPARISON(decimal_less_equal, order <= 0)
DECIMAL_COMPARISON(decimal_greater, order > 0)
DECIMAL_COMPARISON(decimal_greater_equal, order >= 0)

/* ---- ipaddr ---- */

static void ip_clear_host(struct cedar_ip *ip) {
    for (unsigned bit = ip->prefix; bit < (ip->v6 ? 128U : 32U); bit++)
        ip->address[bit / 8] &= (uint8_t) ~(0x80U >> bit % 8);
}

static bool ip_prefix(struct slice s, unsigned most, uint8_t *out) {
    int64_t minus;
    if (s.n == 0 || s.n > 3 || (s.n > 1 && s.p[0] == '0') || !digits_to_int(s, &minus) ||
        -minus > (int64_t)most)
        return false;
    *out = (uint8_t)-minus;
    return true;
}

/* inet_pton takes dotted quads inside IPv6 text, which the language does not. */
static bool ip_address(struct slice s, struct cedar_ip *out) {
    char text[INET6_ADDRSTRLEN];
    if (s.n == 0 || s.n >= sizeof text || memchr(s.p, 0, s.n) != NULL)
        return false;
    memcpy(text, s.p, s.n);
    text[s.n] = 0;
    bool colon = strchr(text, ':') != NULL, dot = strchr(text, '.') != NULL;
    out->v6 = colon;
    return colon != dot && inet_pton(colon ? AF_INET6 : AF_INET, text, out->address) == 1;
}

static bool ip_parse(const struct cedar_value *v, struct cedar_value *out) {
    if (v->kind != CEDAR_STRING)
        return false;
    struct slice s = v->s;
    const uint8_t *slash = s.n == 0 ? NULL : memchr(s.p, '/', s.n);
    struct slice address = slash == NULL ? s : slice_of(s.p, (size_t)(slash - s.p));
    struct cedar_ip ip = {.v6 = false};
    if (!ip_address(address, &ip))
        return false;
    unsigned most = ip.v6 ? 128 : 32;
    ip.prefix = (uint8_t)most;
    if (slash != NULL && !ip_prefix(slice_of(slash + 1, s.n - address.n - 1), most, &ip.prefix))
        return false;
    *out = (struct cedar_value){.kind = CEDAR_IP, .ip = ip};
    return true;
}

/* All of `a` within `range`. */
static bool ip_within(const struct cedar_ip *a, const struct cedar_ip *range) {
    if (a->v6 != range->v6 || a->prefix < range->prefix)
        return false;
    struct cedar_ip x = *a, y = *range;
    x.prefix = range->prefix;
    ip_clear_host(&x);
    ip_clear_host(&y); /* values keep their host part: ip("10.0.0.1/8") is not ip("10.0.0.2/8") */
    return memcmp(x.address, y.address, sizeof x.address) == 0;
}

static bool ip_is_v4(const struct cedar_value *a, struct cedar_value *out) {
    *out = cedar_bool(a->kind == CEDAR_IP && !a->ip.v6);
    return a->kind == CEDAR_IP;
}

static bool ip_is_v6(const struct cedar_value *a, struct cedar_value *out) {
    *out = cedar_bool(a->kind == CEDAR_IP && a->ip.v6);
    return a->kind == CEDAR_IP;
}

static bool ip_in_either(const struct cedar_value *a, const struct cedar_ip *v4, const struct cedar_ip *v6,
                         struct cedar_value *out) {
    if (a->kind != CEDAR_IP)
        return false;
    *out = cedar_bool(ip_within(&a->ip, v4) || ip_within(&a->ip, v6));
    return true;
}

static bool ip_is_loopback(const struct cedar_value *a, struct cedar_value *out) {
    static const struct cedar_ip v4 = {.address = {127}, .prefix = 8};
    static const struct cedar_ip v6 = {.address = {[15] = 1}, .prefix = 128, .v6 = true};
    return ip_in_either(a, &v4, &v6, out);
}

static bool ip_is_multicast(const struct cedar_value *a, struct cedar_value *out) {
    static const struct cedar_ip v4 = {.address = {224}, .prefix = 4};
    static const struct cedar_ip v6 = {.address = {0xff}, .prefix = 8, .v6 = true};
    return ip_in_either(a, &v4, &v6, out);
}

static bool ip_in_range(const struct cedar_value *a, struct cedar_value *out) {
    if (a[0].kind != CEDAR_IP || a[1].kind != CEDAR_IP)
        return false;
    *out = cedar_bool(ip_within(&a[0].ip, &a[1].ip));
    return true;
}

/* ---- datetime and duration ---- */

static bool all_digits_but(struct slice s, const char *shape) {
    if (s.n != strlen(shape))
        return false;
    for (size_t i = 0; i < s.n; i++) {
        bool digit = s.p[i] >= '0' && s.p[i] <= '9';
        bool sign = s.p[i] == '+' || s.p[i] == '-';
        if (shape[i] == '0' ? !digit : shape[i] == '+' ? !sign : s.p[i] != (uint8_t)shape[i])
            return false;
    }
    return true;
}

static bool datetime_shape(struct slice s) {
    static const char *const shapes[] = {"0000-00-00", "0000-00-00T00:00:00Z", "0000-00-00T00:00:00.000Z",
                                         "0000-00-00T00:00:00+0000", "0000-00-00T00:00:00.000+0000"};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        if (all_digits_but(s, shapes[i]))
            return true;
    }
    return false;
}

static int64_t two_digits(const uint8_t *p) {
    return (p[0] - '0') * 10 + (p[1] - '0');
}

/* The offset is ±hhmm, without RFC 3339's colon, below 24 hours; seconds stop at 59. */
static bool datetime_parse(const struct cedar_value *v, struct cedar_value *out) {
    if (v->kind != CEDAR_STRING || !datetime_shape(v->s))
        return false;
    int64_t days, ms = 0;
    if (!clock_parse_date(slice_of(v->s.p, 10), &days))
        return false;
    if (v->s.n > 10) {
        const uint8_t *p = v->s.p;
        int64_t hour = two_digits(p + 11), minute = two_digits(p + 14), second = two_digits(p + 17);
        if (hour > 23 || minute > 59 || second > 59)
            return false;
        ms = ((hour * 60 + minute) * 60 + second) * 1000;
        if (p[19] == '.')
            ms += (p[20] - '0') * 100 + two_digits(p + 21);
        if (p[v->s.n - 1] != 'Z') {
            const uint8_t *zone = p + v->s.n - 5;
            int64_t zone_hour = two_digits(zone + 1), zone_minute = two_digits(zone + 3);
            if (zone_hour > 23 || zone_minute > 59)
                return false;
            int64_t shift = (zone_hour * 60 + zone_minute) * 60000;
            ms += zone[0] == '+' ? -shift : shift;
        }
    }
    *out = (struct cedar_value){.kind = CEDAR_DATETIME, .i = days * DAY_MS + ms};
    return true;
}

struct duration_unit {
    const char *name;
    int64_t ms;
};

/* One "12h" at the front of s; units must come in falling order, each at most once. */
static bool duration_part(struct slice *s, size_t *unit, int64_t *minus) {
    static const struct duration_unit units[] = {
        {"d", DAY_MS}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};
    size_t n = 0;
    while (n < s->n && s->p[n] >= '0' && s->p[n] <= '9')
        n++;
    int64_t amount;
    if (!digits_to_int(slice_of(s->p, n), &amount))
        return false;
    struct slice rest = slice_of(s->p + n, s->n - n);
    size_t letters = slice_starts_with(rest, SLICE("ms")) ? 2 : rest.n > 0 ? 1 : 0;
    size_t i = *unit;
    while (i < 5 && !slice_is(slice_of(rest.p, letters), units[i].name))
        i++;
    if (i == 5 || __builtin_mul_overflow(amount, units[i].ms, &amount) ||
        __builtin_add_overflow(*minus, amount, minus))
        return false;
    *unit = i + 1;
    *s = slice_of(rest.p + letters, rest.n - letters);
    return true;
}

static bool duration_parse(const struct cedar_value *v, struct cedar_value *out) {
    if (v->kind != CEDAR_STRING)
        return false;
    struct slice s = v->s;
    bool negative = s.n > 0 && s.p[0] == '-';
    if (negative)
        s = slice_of(s.p + 1, s.n - 1);
    if (s.n == 0)
        return false;
    size_t unit = 0;
    int64_t minus = 0;
    while (s.n > 0) {
        if (!duration_part(&s, &unit, &minus))
            return false;
    }
    out->kind = CEDAR_DURATION;
    return signed_result(negative, minus, &out->i);
}

static bool datetime_offset(const struct cedar_value *a, struct cedar_value *out) {
    out->kind = CEDAR_DATETIME;
    return a[0].kind == CEDAR_DATETIME && a[1].kind == CEDAR_DURATION &&
           !__builtin_add_overflow(a[0].i, a[1].i, &out->i);
}

static bool duration_since(const struct cedar_value *a, struct cedar_value *out) {
    out->kind = CEDAR_DURATION;
    return a[0].kind == CEDAR_DATETIME && a[1].kind == CEDAR_DATETIME &&
           !__builtin_sub_overflow(a[0].i, a[1].i, &out->i);
}

static int64_t time_of_day(int64_t ms) {
    int64_t rest = ms % DAY_MS;
    return rest < 0 ? rest + DAY_MS : rest;
}

static bool datetime_to_date(const struct cedar_value *a, struct cedar_value *out) {
    out->kind = CEDAR_DATETIME;
    return a->kind == CEDAR_DATETIME && !__builtin_sub_overflow(a->i, time_of_day(a->i), &out->i);
}

static bool datetime_to_time(const struct cedar_value *a, struct cedar_value *out) {
    *out = (struct cedar_value){.kind = CEDAR_DURATION, .i = time_of_day(a->i)};
    return a->kind == CEDAR_DATETIME;
}

static bool duration_in(const struct cedar_value *a, int64_t unit, struct cedar_value *out) {
    if (a->kind != CEDAR_DURATION)
        return false;
    *out = cedar_long(a->i / unit);
    return true;
}

#define DURATION_IN(NAME, UNIT)                                                                              \
    static bool NAME(const struct cedar_value *a, struct cedar_value *out) {                                 \
        return duration_in(a, UNIT, out);                                                                    \
    }
DURATION_IN(to_milliseconds, 1)
DURATION_IN(to_seconds, 1000)
DURATION_IN(to_minutes, 60000)
DURATION_IN(to_hours, 3600000)
DURATION_IN(to_days, DAY_MS)

static const struct extension table[] = {
    {"decimal", false, 1, decimal_parse},
    {"lessThan", true, 2, decimal_less},
    {"lessThanOrEqual", true, 2, decimal_less_equal},
    {"greaterThan", true, 2, decimal_greater},
    {"greaterThanOrEqual", true, 2, decimal_greater_equal},
    {"ip", false, 1, ip_parse},
    {"isIpv4", true, 1, ip_is_v4},
    {"isIpv6", true, 1, ip_is_v6},
    {"isLoopback", true, 1, ip_is_loopback},
    {"isMulticast", true, 1, ip_is_multicast},
    {"isInRange", true, 2, ip_in_range},
    {"datetime", false, 1, datetime_parse},
    {"duration", false, 1, duration_parse},
    {"offset", true, 2, datetime_offset},
    {"durationSince", true, 2, duration_since},
    {"toDate", true, 1, datetime_to_date},
    {"toTime", true, 1, datetime_to_time},
    {"toMilliseconds", true, 1, to_milliseconds},
    {"toSeconds", true, 1, to_seconds},
    {"toMinutes", true, 1, to_minutes},
    {"toHours", true, 1, to_hours},
    {"toDays", true, 1, to_days},
};

const struct extension *extension_find(struct slice name) {
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (slice_is(name, table[i].name))
            return &table[i];
    }
    return NULL;
}
