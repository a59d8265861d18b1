#include "value/parse.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "base/uuid.h"
#include "value/date.h"
#include "value/normalise.h"
#include "value/number.h"
#include "value/phone.h"

/* What one parser needs and gives; `in` is normalised already and not empty. */
struct parsing {
    enum value_type type;
    struct slice in;
    const struct value_rules *rules;
    struct arena *arena;
    struct value *out;
    struct error *error;
};

static enum status refuse(const struct parsing *p, const char *code) {
    return error_set(p->error, ST_INVALID, code, "not a valid %s", value_type_name(p->type));
}

static enum status take_text(const struct parsing *p, struct slice text) {
    *p->out = value_text(text);
    return ST_OK;
}

static enum status take_int(const struct parsing *p, int64_t i) {
    *p->out = value_int(i);
    return ST_OK;
}

static enum status parse_plain(const struct parsing *p) {
    return take_text(p, p->in);
}

static enum status parse_number(const struct parsing *p, struct slice text, unsigned digits) {
    int64_t v;
    switch (number_parse(text, digits, &v)) {
    case NUMBER_OK:
        return take_int(p, v);
    case NUMBER_OVERFLOW:
        return refuse(p, "out_of_range");
    default:
        return refuse(p, "bad_number");
    }
}

static enum status parse_integer(const struct parsing *p) {
    return parse_number(p, p->in, 0);
}

static enum status parse_decimal(const struct parsing *p) {
    return parse_number(p, p->in, 6);
}

static enum status parse_money(const struct parsing *p) {
    static const char *const marks[] = {"¥", "$", "€", "£", "CNY", "RMB", "USD"};
    struct slice s = p->in;
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        struct slice mark = slice_from_string(marks[i]);
        if (slice_starts_with(s, mark)) {
            s = slice_trim(slice_of(s.p + mark.n, s.n - mark.n));
            break;
        }
    }
    struct slice yuan = SLICE("元");
    if (s.n > yuan.n && memcmp(s.p + s.n - yuan.n, yuan.p, yuan.n) == 0)
        s = slice_trim(slice_of(s.p, s.n - yuan.n));
    return parse_number(p, s, 2);
}

static enum status parse_date(const struct parsing *p) {
    int64_t days;
    return date_parse(p->in, &days) ? take_int(p, days) : refuse(p, "bad_date");
}

static enum status parse_datetime(const struct parsing *p) {
    int64_t ms;
    return date_parse_time(p->in, p->rules->utc_offset_minutes, &ms) ? take_int(p, ms)
                                                                     : refuse(p, "bad_datetime");
}

static enum status parse_boolean(const struct parsing *p) {
    static const char *const words[] = {"0", "1", "false", "true", "no", "yes", "n", "y", "否", "是"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t n = strlen(words[i]);
        if (p->in.n == n && strncasecmp((const char *)p->in.p, words[i], n) == 0)
            return take_int(p, (int64_t)(i % 2));
    }
    return refuse(p, "bad_boolean");
}

static bool is_choice(const struct value_rules *rules, struct slice key) {
    for (size_t i = 0; i < rules->choice_count; i++) {
        if (slice_equal(rules->choices[i], key))
            return true;
    }
    return rules->choice_count == 0;
}

static enum status parse_choice(const struct parsing *p) {
    return is_choice(p->rules, p->in) ? take_text(p, p->in) : refuse(p, "bad_choice");
}

/* Length of the mark that parts items at the front of `s`, 0 if there is none. */
static size_t separator(struct slice s, bool joined) {
    static const char *const marks[] = {",", ";", "|", "\n", "，", "；", "、"};
    if (joined)
        return s.p[0] == VALUE_JOINER ? 1 : 0;
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (slice_starts_with(s, slice_from_string(marks[i])))
            return strlen(marks[i]);
    }
    return 0;
}

static enum status add_item(const struct parsing *p, struct slice raw, struct slice *items, size_t *n) {
    struct slice item;
    enum status st = normalise_text(raw, STORE_LINE, p->arena, &item);
    if (st != ST_OK)
        return st;
    if (item.n == 0)
        return ST_OK;
    if (utf8_count(item) > value_type_info(p->type)->most)
        return refuse(p, "too_long");
    for (struct slice rest = item; rest.n > 0; rest.p++, rest.n--) {
        if (separator(rest, false) > 0)
            return refuse(p, "bad_item");
    }
    if (p->type == VALUE_MULTI_CHOICE && !is_choice(p->rules, item))
        return refuse(p, "bad_choice");
    size_t at = 0;
    while (at < *n && slice_compare(items[at], item) < 0)
        at++;
    if (at < *n && slice_equal(items[at], item))
        return ST_OK;
    if (*n == VALUE_ITEMS_MAX)
        return refuse(p, "too_many_items");
    memmove(&items[at + 1], &items[at], (*n - at) * sizeof *items);
    items[at] = item;
    ++*n;
    return ST_OK;
}

static enum status join_items(const struct parsing *p, const struct slice *items, size_t n) {
    size_t bytes = 0;
    for (size_t i = 0; i < n; i++)
        bytes += items[i].n + 1;
    uint8_t *text = arena_alloc(p->arena, bytes);
    if (text == NULL)
        return ST_NOMEM;
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            text[at++] = VALUE_JOINER;
        memcpy(text + at, items[i].p, items[i].n);
        at += items[i].n;
    }
    *p->out = n == 0 ? value_null() : value_text(slice_of(text, at));
    return ST_OK;
}

static enum status parse_items(const struct parsing *p) {
    struct slice *items = arena_array(p->arena, VALUE_ITEMS_MAX, sizeof *items);
    if (items == NULL)
        return ST_NOMEM;
    size_t n = 0, from = 0;
    bool joined = memchr(p->in.p, VALUE_JOINER, p->in.n) != NULL;
    for (size_t i = 0; i <= p->in.n;) {
        size_t mark = i == p->in.n ? 1 : separator(slice_of(p->in.p + i, p->in.n - i), joined);
        if (mark == 0) {
            i++;
            continue;
        }
        enum status st = add_item(p, slice_of(p->in.p + from, i - from), items, &n);
        if (st != ST_OK)
            return st;
        i += mark;
        from = i;
    }
    return join_items(p, items, n);
}

static enum status parse_phone(const struct parsing *p) {
    char text[PHONE_TEXT];
    bool good = phone_parse(p->in, text);
    if (p->type == VALUE_MOBILE)
        good = good && strchr(text, ';') == NULL && phone_area_digits(slice_from_string(text)) == 0;
    if (!good)
        return refuse(p, p->type == VALUE_MOBILE ? "bad_mobile" : "bad_phone");
    struct slice copy = arena_copy(p->arena, slice_from_string(text));
    return copy.p == NULL ? ST_NOMEM : take_text(p, copy);
}

static void lower(uint8_t *s, size_t n) {
    for (size_t i = 0; i < n; i++)
        s[i] = (uint8_t)(s[i] >= 'A' && s[i] <= 'Z' ? s[i] + 32 : s[i]);
}

static enum status parse_mail(const struct parsing *p) {
    if (!check_mail(p->in))
        return refuse(p, "bad_mail");
    uint8_t *copy = (uint8_t *)arena_string(p->arena, p->in);
    if (copy == NULL)
        return ST_NOMEM;
    size_t at = (size_t)((const uint8_t *)memrchr(p->in.p, '@', p->in.n) - p->in.p);
    lower(copy + at, p->in.n - at);
    return take_text(p, slice_of(copy, p->in.n));
}

/* "www.example.cn" is what people keep in this column; it gets the scheme that still redirects. */
static enum status parse_url(const struct parsing *p) {
    bool bare = memmem(p->in.p, p->in.n, "://", 3) == NULL;
    char *copy = arena_format(p->arena, "%s%.*s", bare ? "http://" : "", (int)p->in.n, (const char *)p->in.p);
    if (copy == NULL)
        return ST_NOMEM;
    struct slice text = slice_from_string(copy);
    const char *host = strstr(copy, "://");
    size_t end = host == NULL ? 0 : (size_t)(host - copy) + 3;
    end += strcspn(copy + end, "/?#");
    lower((uint8_t *)copy, end);
    bool dotted = !bare || memchr(copy, '.', end) != NULL;
    return dotted && check_url(text) ? take_text(p, text) : refuse(p, "bad_url");
}

/* Codes: spaces and dashes that people put in to read them go, letters become capitals. */
static enum status parse_code(const struct parsing *p) {
    uint8_t *copy = arena_alloc(p->arena, p->in.n);
    if (copy == NULL)
        return ST_NOMEM;
    size_t n = 0;
    for (size_t i = 0; i < p->in.n; i++) {
        uint8_t c = p->in.p[i];
        if (c != ' ' && c != '-')
            copy[n++] = (uint8_t)(c >= 'a' && c <= 'z' ? c - 32 : c);
    }
    static const char *const implied[VALUE_TYPE_END] = {
        [VALUE_CN_RESIDENT_ID] = "cn_resident_id",
        [VALUE_USCC] = "uscc",
        [VALUE_BANK_CARD] = "luhn",
        [VALUE_REGION] = "region_cn",
    };
    *p->out = value_text(slice_of(copy, n));
    const struct value_check *check = value_check_find(slice_from_string(implied[p->type]));
    return value_check_run(check, p->type, p->out, p->rules, p->error);
}

static enum status parse_person(const struct parsing *p) {
    int64_t id;
    bool good = slice_to_int(p->in, &id) && p->in.p[0] != '+' && id >= 1 && id <= UINT32_MAX;
    return good ? take_int(p, id) : refuse(p, "bad_id");
}

static enum status parse_id(const struct parsing *p) {
    struct uuid id;
    char text[UUID_TEXT + 1];
    if (!uuid_parse(p->in, &id))
        return refuse(p, "bad_id");
    uuid_format(&id, text);
    struct slice copy = arena_copy(p->arena, slice_from_string(text));
    return copy.p == NULL ? ST_NOMEM : take_text(p, copy);
}

static const struct {
    enum store_form form;
    enum status (*parse)(const struct parsing *p);
} parsers[VALUE_TYPE_END] = {
    [VALUE_TEXT] = {STORE_LINE, parse_plain},          [VALUE_LONG_TEXT] = {STORE_PARAGRAPHS, parse_plain},
    [VALUE_INTEGER] = {STORE_CODE, parse_integer},     [VALUE_DECIMAL] = {STORE_CODE, parse_decimal},
    [VALUE_MONEY] = {STORE_CODE, parse_money},         [VALUE_DATE] = {STORE_CODE, parse_date},
    [VALUE_DATETIME] = {STORE_CODE, parse_datetime},   [VALUE_BOOLEAN] = {STORE_CODE, parse_boolean},
    [VALUE_CHOICE] = {STORE_LINE, parse_choice},       [VALUE_MULTI_CHOICE] = {STORE_LINE, parse_items},
    [VALUE_PHONE] = {STORE_CODE, parse_phone},         [VALUE_MOBILE] = {STORE_CODE, parse_phone},
    [VALUE_MAIL] = {STORE_CODE, parse_mail},           [VALUE_URL] = {STORE_CODE, parse_url},
    [VALUE_CN_RESIDENT_ID] = {STORE_CODE, parse_code}, [VALUE_USCC] = {STORE_CODE, parse_code},
    [VALUE_BANK_CARD] = {STORE_CODE, parse_code},      [VALUE_REGION] = {STORE_CODE, parse_code},
    [VALUE_USER] = {STORE_CODE, parse_person},         [VALUE_DEPARTMENT] = {STORE_CODE, parse_person},
    [VALUE_REFERENCE] = {STORE_CODE, parse_id},        [VALUE_TAG] = {STORE_LINE, parse_items},
    [VALUE_PERSON_NAME] = {STORE_NAME, parse_plain},   [VALUE_ADDRESS] = {STORE_PLACE, parse_plain},
};

/* The limits that every value of the kind has. */
static enum status check_limits(const struct parsing *p, const struct value_type_info *info) {
    const struct value *v = p->out;
    const struct value_rules *r = p->rules;
    if (v->kind == KIND_INT) {
        bool low = r->has_min && v->i < r->min, high = r->has_max && v->i > r->max;
        return low || high ? refuse(p, "out_of_range") : ST_OK;
    }
    bool items = p->type == VALUE_MULTI_CHOICE || p->type == VALUE_TAG;
    if (v->kind == KIND_TEXT && v->text.n > VALUE_TEXT_MAX)
        return refuse(p, "too_long");
    if (v->kind == KIND_NULL || items)
        return ST_OK;
    size_t n = utf8_count(v->text);
    if (n > info->most || (r->max_length > 0 && n > r->max_length))
        return refuse(p, "too_long");
    return n < r->min_length ? refuse(p, "too_short") : ST_OK;
}

enum status value_parse(enum value_type type, struct slice input, const struct value_rules *rules,
                        struct arena *arena, struct value *out, struct error *error) {
    static const struct value_rules none;
    const struct value_type_info *info = value_type_info(type);
    struct parsing p = {type, input, rules == NULL ? &none : rules, arena, out, error};
    *out = value_null();
    if (info == NULL)
        return error_set(error, ST_INVALID, "bad_type", "no such type");
    if (input.n > VALUE_INPUT_MAX)
        return refuse(&p, "too_long");
    enum status st = ST_OK;
    bool items = type == VALUE_MULTI_CHOICE || type == VALUE_TAG; /* normalised one by one */
    if (items ? !utf8_valid(input)
              : (st = normalise_text(input, parsers[type].form, arena, &p.in)) == ST_INVALID)
        return refuse(&p, "not_utf8");
    if (st == ST_OK && p.in.n > 0)
        st = parsers[type].parse(&p);
    if (st == ST_OK)
        st = check_limits(&p, info);
    for (size_t i = 0; st == ST_OK && i < p.rules->check_count; i++)
        st = value_check_run(p.rules->checks[i], type, out, p.rules, error);
    if (st == ST_NOMEM || st == ST_INTERNAL)
        (void)error_set(error, st, status_name(st), "the value could not be read");
    if (st != ST_OK)
        *out = value_null();
    return st;
}

size_t value_format_int(enum value_type type, int64_t i, char out[VALUE_NUMBER_TEXT]) {
    out[0] = 0;
    switch (type) {
    case VALUE_INTEGER:
    case VALUE_USER:
    case VALUE_DEPARTMENT:
        return number_format(i, 0, 0, out);
    case VALUE_DECIMAL:
        return number_format(i, 6, 0, out);
    case VALUE_MONEY:
        return number_format(i, 2, 2, out);
    case VALUE_DATE:
        return date_format(i, out) ? 10 : 0;
    case VALUE_DATETIME:
        clock_format(i, out);
        return strlen(out);
    case VALUE_BOOLEAN:
        return (size_t)snprintf(out, VALUE_NUMBER_TEXT, "%s", i != 0 ? "true" : "false");
    default:
        return 0;
    }
}

enum status value_format(enum value_type type, const struct value *v, struct arena *arena,
                         struct slice *out) {
    const struct value_type_info *info = value_type_info(type);
    *out = SLICE_NONE;
    if (v->kind == KIND_NULL)
        return ST_OK;
    if (info == NULL || info->storage != v->kind)
        return ST_INVALID;
    char number[VALUE_NUMBER_TEXT];
    struct slice text = v->text;
    if (v->kind == KIND_INT) {
        text = slice_of(number, value_format_int(type, v->i, number));
        if (text.n == 0)
            return ST_INVALID;
    }
    char *copy = arena_string(arena, text);
    if (copy == NULL)
        return ST_NOMEM;
    for (size_t i = 0; i < text.n; i++) {
        if (copy[i] == VALUE_JOINER)
            copy[i] = ',';
    }
    *out = slice_of(copy, text.n);
    return ST_OK;
}
