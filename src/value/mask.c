#include "value/mask.h"

#include "base/utf8.h"
#include "value/check.h"
#include "value/normalise.h"
#include "value/phone.h"

#include <uchar.h>

#define STARS "****"

/* Writers give the bytes written, 0 when the value does not look as expected. */
typedef size_t mask_writer(struct slice text, char out[MASK_ROOM]);

/* The parts one behind the other, with a NUL. */
static size_t join(char out[MASK_ROOM], const struct slice *parts, size_t count) {
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].n >= MASK_ROOM - n)
            return 0;
        if (parts[i].n > 0)
            memcpy(out + n, parts[i].p, parts[i].n);
        n += parts[i].n;
    }
    out[n] = '\0';
    return n;
}

#define PRINT(out, ...)                                                                                      \
    join(out, (const struct slice[]){__VA_ARGS__},                                                           \
         sizeof((const struct slice[]){__VA_ARGS__}) / sizeof(struct slice))

static bool all_digits(struct slice s) {
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    }
    return s.n > 0;
}

static size_t write_hidden(struct slice text, char out[MASK_ROOM]) {
    (void)text;
    return PRINT(out, SLICE("***"));
}

static size_t write_mobile(struct slice text, char out[MASK_ROOM]) {
    const char *p = (const char *)text.p;
    struct slice digits = text.n > 0 && p[0] == '+' ? slice_of(p + 1, text.n - 1) : text;
    if (!all_digits(digits) || digits.n < 8)
        return 0;
    if (phone_is_cn_mobile(text))
        return PRINT(out, slice_of(p + 3, 3), SLICE(STARS), slice_of(p + 10, 4));
    return PRINT(out, SLICE(STARS), slice_of(p + text.n - 4, 4));
}

static size_t write_landline(struct slice text, char out[MASK_ROOM]) {
    struct slice s = phone_without_extension(text);
    size_t area = phone_area_digits(text);
    const char *p = (const char *)s.p;
    if (s.n < 9 || p[0] != '+' || !all_digits(slice_of(p + 1, s.n - 1)))
        return 0;
    if (area == 0)
        return PRINT(out, SLICE(STARS), slice_of(p + s.n - 2, 2));
    bool toll_free = p[3] == '4' || p[3] == '8';
    bool plain = toll_free && (memcmp(p + 3, "400", 3) == 0 || memcmp(p + 3, "800", 3) == 0);
    return PRINT(out, plain ? SLICE_NONE : SLICE("0"), slice_of(p + 3, area), SLICE("-" STARS),
                 slice_of(p + s.n - 2, 2));
}

static size_t write_phone(struct slice text, char out[MASK_ROOM]) {
    struct slice s = phone_without_extension(text);
    return phone_is_cn_mobile(s) ? write_mobile(s, out) : write_landline(s, out);
}

/* Family names of two characters that are in use. */
static const char compound[] = "欧阳司马上官诸葛司徒东方独孤南宫夏侯皇甫尉迟长孙慕容令狐宇文公孙轩辕端木"
                               "百里呼延澹台濮阳淳于单于太叔申屠公冶宗政闻人赫连钟离鲜于闾丘司空拓跋完颜"
                               "西门东郭南门万俟公羊仲孙第五歐陽諸葛長孫東方";

static bool is_compound(struct slice two) {
    uint32_t middle, name; /* of six bytes: first bytes are much alike */
    if (two.n != 6)
        return false;
    memcpy(&middle, two.p + 1, sizeof middle);
    for (size_t at = 0; at + 6 < sizeof compound; at += 6) {
        memcpy(&name, compound + at + 1, sizeof name);
        if (middle == name && memcmp(compound + at, two.p, 6) == 0)
            return true;
    }
    return false;
}

static size_t write_person_name(struct slice text, char out[MASK_ROOM]) {
    struct slice rest = text;
    uint32_t c;
    size_t ends[3] = {0}, n = 0;
    bool han = true;
    while (utf8_next(&rest, &c)) {
        if (n < 3)
            ends[n] = text.n - rest.n;
        n++;
        han = han && normalise_is_han(c);
    }
    if (n < 2)
        return PRINT(out, SLICE("*"));
    if (!han)
        return PRINT(out, slice_of(text.p, ends[0]), SLICE("**"));
    size_t family = n > 2 && is_compound(slice_of(text.p, ends[1])) ? 2 : 1;
    return PRINT(out, slice_of(text.p, ends[family - 1]), n - family > 1 ? SLICE("**") : SLICE("*"));
}

static size_t write_code_head(struct slice text, char out[MASK_ROOM]) {
    if (text.n != 18)
        return 0;
    return PRINT(out, slice_of(text.p, 4), SLICE("**************"));
}

static size_t write_mail(struct slice text, char out[MASK_ROOM]) {
    const uint8_t *at = text.n == 0 ? NULL : memrchr(text.p, '@', text.n);
    if (at == NULL || !check_mail(text))
        return 0;
    return PRINT(out, slice_of(text.p, 1), SLICE("***"), slice_of(at, text.n - (size_t)(at - text.p)));
}

static size_t write_mail_strict(struct slice text, char out[MASK_ROOM]) {
    (void)text;
    return PRINT(out, SLICE("***@***"));
}

static size_t write_bank_card(struct slice text, char out[MASK_ROOM]) {
    if (text.n < 12 || !all_digits(text))
        return 0;
    return PRINT(out, SLICE(STARS), slice_of(text.p + text.n - 4, 4));
}

/* How the provinces' names begin, as people write them; municipalities are cities themselves. */
static const struct {
    struct slice name;
    bool municipality;
} provinces[] = {
    {SLICE_INIT("北京"), true},  {SLICE_INIT("天津"), true},    {SLICE_INIT("上海"), true},
    {SLICE_INIT("重庆"), true},  {SLICE_INIT("河北"), false},   {SLICE_INIT("山西"), false},
    {SLICE_INIT("辽宁"), false}, {SLICE_INIT("吉林"), false},   {SLICE_INIT("江苏"), false},
    {SLICE_INIT("浙江"), false}, {SLICE_INIT("安徽"), false},   {SLICE_INIT("福建"), false},
    {SLICE_INIT("江西"), false}, {SLICE_INIT("山东"), false},   {SLICE_INIT("河南"), false},
    {SLICE_INIT("湖北"), false}, {SLICE_INIT("湖南"), false},   {SLICE_INIT("广东"), false},
    {SLICE_INIT("海南"), false}, {SLICE_INIT("四川"), false},   {SLICE_INIT("贵州"), false},
    {SLICE_INIT("云南"), false}, {SLICE_INIT("陕西"), false},   {SLICE_INIT("甘肃"), false},
    {SLICE_INIT("青海"), false}, {SLICE_INIT("台湾"), false},   {SLICE_INIT("广西"), false},
    {SLICE_INIT("西藏"), false}, {SLICE_INIT("宁夏"), false},   {SLICE_INIT("新疆"), false},
    {SLICE_INIT("香港"), true},  {SLICE_INIT("澳门"), true},    {SLICE_INIT("重慶"), true},
    {SLICE_INIT("臺灣"), false}, {SLICE_INIT("黑龙江"), false}, {SLICE_INIT("内蒙古"), false},
};

/* Names begin with different characters: their first bytes tell most apart without a call. */
static inline bool take(struct slice *s, struct slice what) {
    if (s->n < what.n || s->p[1] != what.p[1] || s->p[2] != what.p[2] || memcmp(s->p, what.p, what.n) != 0)
        return false;
    *s = slice_of(s->p + what.n, s->n - what.n);
    return true;
}

/* Takes a city's last characters off; `c` is the first. */
static bool take_city_end(struct slice *s, uint32_t c) {
    switch (c) {
    case U'市':
        return take(s, SLICE("市"));
    case U'自':
        return take(s, SLICE("自治州"));
    case U'地':
        return take(s, SLICE("地区"));
    case U'盟':
        return take(s, SLICE("盟"));
    default:
        return false;
    }
}

/* A character that ends the name of a street or village, or of a county. */
static bool begins_street(uint32_t c) {
    static const char32_t streets[] = U"路街道巷弄号村镇乡县区旗场";
    for (size_t i = 0; streets[i] != 0; i++) {
        if (streets[i] == c)
            return true;
    }
    return false;
}

static bool begins_with(struct slice s, struct slice what) {
    return take(&s, what);
}

/* Eats a city (…市, …自治州, …地区, …盟) of at most 12 characters off the front. A sign of a street or
 * village before that means that there was none: "菜市场路" must not come out. */
static void take_city(struct slice *s) {
    struct slice rest = *s;
    uint32_t c;
    for (size_t n = 0; n < 12 && rest.n > 0; n++) {
        struct slice here = rest, after = rest;
        if (!utf8_next(&rest, &c))
            return;
        if (n > 0 && take_city_end(&after, c)) {
            if (!take(&after, SLICE("场")))
                *s = after;
            return;
        }
        bool town = c == U'镇' &&
                    (begins_with(here, SLICE("镇江市")) || begins_with(here, SLICE("镇市"))); /* 景德镇 */
        if ((!town && begins_street(c)) || !normalise_is_han(c))
            return;
    }
}

/* The place in `provinces`, or their number. */
static size_t province_of(struct slice s) {
    size_t i = 0, n = sizeof provinces / sizeof provinces[0];
    uint32_t middle, name; /* of two characters, six bytes: what tells them apart */
    if (s.n < 6)
        return n;
    memcpy(&middle, s.p + 1, sizeof middle);
    for (; i < n; i++) {
        memcpy(&name, provinces[i].name.p + 1, sizeof name);
        if (middle == name && begins_with(s, provinces[i].name))
            break;
    }
    return i;
}

static size_t write_address(struct slice text, char out[MASK_ROOM]) {
    static const struct slice ends[] = {
        SLICE_INIT("省"),           SLICE_INIT("市"),     SLICE_INIT("壮族自治区"), SLICE_INIT("回族自治区"),
        SLICE_INIT("维吾尔自治区"), SLICE_INIT("自治区"), SLICE_INIT("特别行政区")};
    struct slice rest = text;
    (void)take(&rest, SLICE("中国"));
    (void)take(&rest, SLICE("中华人民共和国"));
    size_t province = province_of(rest);
    if (province == sizeof provinces / sizeof provinces[0])
        return PRINT(out, SLICE(STARS));
    (void)take(&rest, provinces[province].name);
    for (size_t k = 0; k < sizeof ends / sizeof ends[0]; k++) {
        if (take(&rest, ends[k]))
            break;
    }
    if (!provinces[province].municipality)
        take_city(&rest);
    return PRINT(out, slice_of(text.p, text.n - rest.n), SLICE(STARS));
}

static size_t write_region(struct slice text, char out[MASK_ROOM]) {
    return check_region_cn(text) ? PRINT(out, slice_of(text.p, 2), SLICE("0000")) : 0;
}

static size_t write_year(struct slice text, char out[MASK_ROOM]) {
    if (text.n < 10 || !all_digits(slice_of(text.p, 4)) || text.p[4] != '-')
        return 0;
    return PRINT(out, slice_of(text.p, 4));
}

#define TYPE(t) (UINT64_C(1) << (t))
#define PHONES  (TYPE(VALUE_PHONE) | TYPE(VALUE_MOBILE))

static const struct {
    const char *name;
    mask_writer *write;
    uint64_t types; /* that it fits */
    unsigned suffix;
} masks[MASK_END] = {
    [MASK_DEFAULT] = {"default", write_hidden, ~UINT64_C(0), 0},
    [MASK_HIDDEN] = {"hidden", write_hidden, ~UINT64_C(0), 0},
    [MASK_MOBILE] = {"mobile", write_mobile, TYPE(VALUE_MOBILE), 4},
    [MASK_LANDLINE] = {"landline", write_landline, PHONES, 2},
    [MASK_PHONE] = {"phone", write_phone, PHONES, 2},
    [MASK_PERSON_NAME] = {"person_name", write_person_name, TYPE(VALUE_PERSON_NAME) | TYPE(VALUE_TEXT), 0},
    [MASK_RESIDENT_ID] = {"resident_id", write_code_head, TYPE(VALUE_CN_RESIDENT_ID), 0},
    [MASK_USCC] = {"uscc", write_code_head, TYPE(VALUE_USCC), 0},
    [MASK_MAIL] = {"mail", write_mail, TYPE(VALUE_MAIL), 0},
    [MASK_MAIL_STRICT] = {"mail_strict", write_mail_strict, TYPE(VALUE_MAIL), 0},
    [MASK_BANK_CARD] = {"bank_card", write_bank_card, TYPE(VALUE_BANK_CARD), 4},
    [MASK_ADDRESS] = {"address", write_address, TYPE(VALUE_ADDRESS) | TYPE(VALUE_TEXT), 0},
    [MASK_REGION] = {"region", write_region, TYPE(VALUE_REGION), 0},
    [MASK_YEAR] = {"year", write_year, TYPE(VALUE_DATE) | TYPE(VALUE_DATETIME), 0},
    [MASK_NUMBER] = {"number", write_hidden,
                     TYPE(VALUE_INTEGER) | TYPE(VALUE_DECIMAL) | TYPE(VALUE_MONEY) | TYPE(VALUE_BOOLEAN), 0},
    [MASK_TEXT] = {"text", write_hidden, ~UINT64_C(0), 0},
};

const char *mask_name(enum mask mask) {
    return (unsigned)mask < MASK_END ? masks[mask].name : "";
}

enum mask mask_by_name(struct slice name) {
    for (unsigned i = 0; i < MASK_END; i++) {
        if (slice_is(name, masks[i].name))
            return (enum mask)i;
    }
    return MASK_END;
}

enum mask mask_of_type(enum value_type type) {
    switch (type) {
    case VALUE_INTEGER:
    case VALUE_DECIMAL:
    case VALUE_MONEY:
    case VALUE_BOOLEAN:
        return MASK_NUMBER;
    case VALUE_DATE:
    case VALUE_DATETIME:
        return MASK_YEAR;
    case VALUE_PHONE:
        return MASK_PHONE;
    case VALUE_MOBILE:
        return MASK_MOBILE;
    case VALUE_MAIL:
        return MASK_MAIL;
    case VALUE_CN_RESIDENT_ID:
        return MASK_RESIDENT_ID;
    case VALUE_USCC:
        return MASK_USCC;
    case VALUE_BANK_CARD:
        return MASK_BANK_CARD;
    case VALUE_REGION:
        return MASK_REGION;
    case VALUE_PERSON_NAME:
        return MASK_PERSON_NAME;
    case VALUE_ADDRESS:
        return MASK_ADDRESS;
    default:
        return MASK_TEXT;
    }
}

bool mask_fits(enum mask mask, enum value_type type) {
    return (unsigned)mask < MASK_END && value_type_info(type) != NULL &&
           (masks[mask].types & TYPE(type)) != 0;
}

static enum mask mask_resolve(enum mask mask, enum value_type type) {
    if (mask == MASK_DEFAULT)
        mask = mask_of_type(type);
    return mask_fits(mask, type) ? mask : MASK_HIDDEN;
}

size_t mask_apply(enum mask mask, enum value_type type, struct slice canonical, char out[MASK_ROOM]) {
    out[0] = 0;
    if (canonical.n == 0)
        return 0;
    size_t n = utf8_valid(canonical) ? masks[mask_resolve(mask, type)].write(canonical, out) : 0;
    return n > 0 ? n : write_hidden(canonical, out);
}

unsigned mask_shows_suffix(enum mask mask, enum value_type type) {
    return masks[mask_resolve(mask, type)].suffix;
}
