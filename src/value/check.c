#include "value/check.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "value/date.h"
#include "value/parse.h"
#include "value/phone.h"

static bool is_digit(uint8_t c) {
    return c >= '0' && c <= '9';
}

static bool all_digits(struct slice s) {
    for (size_t i = 0; i < s.n; i++) {
        if (!is_digit(s.p[i]))
            return false;
    }
    return s.n > 0;
}

static unsigned number_at(const uint8_t *p, size_t n) {
    unsigned v = 0;
    for (size_t i = 0; i < n; i++)
        v = v * 10 + (unsigned)(p[i] - '0');
    return v;
}

/* GB/T 2260 by province; 83 stands on residence permits of people from Taiwan. */
static bool province_exists(unsigned code) {
    static const uint8_t provinces[] = {11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34,
                                        35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52,
                                        53, 54, 61, 62, 63, 64, 65, 71, 81, 82, 83};
    return memchr(provinces, (int)code, sizeof provinces) != NULL;
}

bool check_birth_of_resident_id(struct slice text, int64_t *days) {
    char date[11];
    if (text.n != 18 || !all_digits(slice_of(text.p, 17)))
        return false;
    snprintf(date, sizeof date, "%.4s-%.2s-%.2s", (const char *)text.p + 6, (const char *)text.p + 10,
             (const char *)text.p + 12);
    return clock_parse_date(slice_from_string(date), days);
}

bool check_cn_resident_id(struct slice text, int64_t today) {
    int64_t birth;
    if (!check_birth_of_resident_id(text, &birth) || birth > today || number_at(text.p + 6, 4) < 1850)
        return false;
    if (!province_exists(number_at(text.p, 2)))
        return false;
    /* ISO 7064 MOD 11-2: the weight of the i-th of 17 digits is 2^(17-i) mod 11. */
    unsigned sum = 0;
    for (size_t i = 0; i < 17; i++)
        sum = (sum + (unsigned)(text.p[i] - '0')) * 2 % 11;
    return text.p[17] == (uint8_t) "10X98765432"[sum];
}

bool check_uscc(struct slice text) {
    static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    if (text.n != 18 || !all_digits(slice_of(text.p + 2, 6)))
        return false;
    unsigned sum = 0, weight = 1, last = 0;
    for (size_t i = 0; i < 18; i++) {
        const char *at = text.p[i] == 0 ? NULL : strchr(alphabet, text.p[i]);
        if (at == NULL)
            return false;
        last = (unsigned)(at - alphabet);
        if (i < 17)
            sum = (sum + last * weight) % 31;
        weight = weight * 3 % 31;
    }
    return (sum + last) % 31 == 0;
}

bool check_luhn(struct slice text) {
    if (text.n < 12 || text.n > 19 || !all_digits(text))
        return false;
    unsigned sum = 0;
    for (size_t i = 0; i < text.n; i++) {
        unsigned d = (unsigned)(text.p[text.n - 1 - i] - '0');
        if (i % 2 == 1)
            d = d > 4 ? d * 2 - 9 : d * 2;
        sum += d;
    }
    return sum % 10 == 0;
}

bool check_cn_mobile(struct slice text) {
    if (phone_is_cn_mobile(text))
        return true;
    return text.n == 11 && all_digits(text) && text.p[0] == '1' && text.p[1] >= '3';
}

static bool is_alphanumeric(uint8_t c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* RFC 1123: labels of letters, digits and inner hyphens, 1 to 63 each, 253 in all. */
static bool host_ok(struct slice s, bool dotted) {
    size_t label = 0, labels = 1;
    if (s.n == 0 || s.n > 253)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        if (c == '.') {
            if (label == 0 || s.p[i - 1] == '-')
                return false;
            label = 0;
            labels++;
            continue;
        }
        if (!is_alphanumeric(c) && (c != '-' || label == 0))
            return false;
        if (++label > 63)
            return false;
    }
    return label > 0 && s.p[s.n - 1] != '-' && (!dotted || (labels > 1 && !is_digit(s.p[s.n - 1])));
}

static bool local_part_ok(struct slice s) {
    if (s.n == 0 || s.n > 64 || s.p[0] == '.' || s.p[s.n - 1] == '.')
        return false;
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        if (c == '.' && s.p[i + 1] == '.')
            return false;
        if (c != '.' && !is_alphanumeric(c) && (c == 0 || strchr("!#$%&'*+-/=?^_`{|}~", c) == NULL))
            return false;
    }
    return true;
}

bool check_mail(struct slice text) {
    const uint8_t *at = text.n == 0 || text.n > 254 ? NULL : memrchr(text.p, '@', text.n);
    if (at == NULL)
        return false;
    size_t local = (size_t)(at - text.p);
    return local_part_ok(slice_of(text.p, local)) && host_ok(slice_of(at + 1, text.n - local - 1), true);
}

static bool port_ok(struct slice s) {
    return s.n <= 5 && all_digits(s) && number_at(s.p, s.n) <= 65535;
}

bool check_url(struct slice text) {
    size_t skip = slice_starts_with(text, SLICE("https://"))  ? 8
                  : slice_starts_with(text, SLICE("http://")) ? 7
                                                              : 0;
    if (skip == 0 || text.n > 2048)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] <= ' ' || text.p[i] == 0x7f || strchr("<>\"\\^`{|}", text.p[i]) != NULL)
            return false;
    }
    size_t end = skip;
    while (end < text.n && strchr("/?#", text.p[end]) == NULL)
        end++;
    struct slice host = slice_of(text.p + skip, end - skip);
    const uint8_t *colon = host.n == 0 ? NULL : memchr(host.p, ':', host.n);
    if (colon != NULL) {
        size_t n = (size_t)(colon - host.p);
        if (!port_ok(slice_of(colon + 1, host.n - n - 1)))
            return false;
        host.n = n;
    }
    return host_ok(host, false);
}

bool check_region_cn(struct slice text) {
    if (text.n != 6 || !all_digits(text) || !province_exists(number_at(text.p, 2)))
        return false;
    bool city = number_at(text.p + 2, 2) != 0, county = number_at(text.p + 4, 2) != 0;
    return city || !county;
}

static int64_t today_of(const struct value_rules *rules) {
    if (rules == NULL || rules->now_ms == 0)
        return INT64_MAX;
    return date_of_ms(rules->now_ms, rules->utc_offset_minutes);
}

static bool run_resident_id(enum value_type type, const struct value *v, const struct value_rules *rules) {
    (void)type;
    return check_cn_resident_id(v->text, today_of(rules));
}

static bool run_not_future(enum value_type type, const struct value *v, const struct value_rules *rules) {
    if (rules == NULL || rules->now_ms == 0)
        return false;
    return type == VALUE_DATE ? v->i <= today_of(rules) : v->i <= rules->now_ms;
}

static bool run_length(enum value_type type, const struct value *v, const struct value_rules *rules) {
    (void)type;
    size_t n = utf8_count(v->text);
    return rules == NULL || (n >= rules->min_length && (rules->max_length == 0 || n <= rules->max_length));
}

static const struct value_check checks[] = {
    {"cn_resident_id", "bad_cn_resident_id", NULL, run_resident_id},
    {"uscc", "bad_uscc", check_uscc, NULL},
    {"luhn", "bad_luhn", check_luhn, NULL},
    {"cn_mobile", "bad_cn_mobile", check_cn_mobile, NULL},
    {"mail", "bad_mail", check_mail, NULL},
    {"url", "bad_url", check_url, NULL},
    {"region_cn", "bad_region_cn", check_region_cn, NULL},
    {"not_future", "in_future", NULL, run_not_future},
    {"length", "bad_length", NULL, run_length},
};

const struct value_check *value_check_at(size_t i) {
    return i < sizeof checks / sizeof checks[0] ? &checks[i] : NULL;
}

const struct value_check *value_check_find(struct slice name) {
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        if (slice_is(name, checks[i].name))
            return &checks[i];
    }
    return NULL;
}

bool value_check_fits(const struct value_check *check, enum value_type type) {
    const struct value_type_info *info = value_type_info(type);
    if (info == NULL || check == NULL)
        return false;
    if (check->full == run_not_future)
        return type == VALUE_DATE || type == VALUE_DATETIME;
    return info->storage == KIND_TEXT;
}

enum status value_check_run(const struct value_check *check, enum value_type type, const struct value *v,
                            const struct value_rules *rules, struct error *error) {
    if (v->kind == KIND_NULL)
        return ST_OK;
    if (!value_check_fits(check, type) || v->kind != value_type_info(type)->storage)
        return error_set(error, ST_INVALID, "check_unfit", "the check does not fit the field's type");
    bool holds = check->text != NULL ? check->text(v->text) : check->full(type, v, rules);
    if (holds)
        return ST_OK;
    return error_set(error, ST_INVALID, check->code, "the value fails the check %s", check->name);
}
