#include "test.h"

#include "value/parse.h"
#include "value/phone.h"

#include <string.h>

static struct arena arena;

static int set_up(void **state) {
    (void)state;
    arena_init(&arena, (size_t)1 << 22, ARENA_PLAIN);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    arena_free(&arena);
    return 0;
}

/* Parses `in`, expects `out` as canonical external text, and the same value from that text again. */
static void becomes(enum value_type type, const char *in, const char *out) {
    struct value v, again;
    struct slice text;
    struct error e = {0};
    if (value_parse(type, slice_from_string(in), NULL, &arena, &v, &e) != ST_OK)
        fail_msg("%s refused as %s: %s", in, value_type_name(type), e.code);
    assert_int_equal(value_format(type, &v, &arena, &text), ST_OK);
    char *copy = arena_string(&arena, text);
    assert_string_equal(copy, out);
    assert_int_equal(value_parse(type, text, NULL, &arena, &again, &e), ST_OK);
    assert_true(value_equal(&v, &again));
}

static void refused(enum value_type type, const char *in, const struct value_rules *rules, const char *code) {
    struct value v;
    struct error e = {0};
    if (value_parse(type, slice_from_string(in), rules, &arena, &v, &e) != ST_INVALID)
        fail_msg("%s accepted as %s", in, value_type_name(type));
    assert_string_equal(e.code, code);
    assert_int_equal(v.kind, KIND_NULL);
}

static void type_names_and_numbers_name_each_other(void **state) {
    (void)state;
    for (int t = VALUE_NONE + 1; t < VALUE_TYPE_END; t++) {
        assert_int_equal(value_type_info((enum value_type)t)->type, t);
        assert_int_equal(value_type_by_name(slice_from_string(value_type_name((enum value_type)t))), t);
    }
    assert_int_equal(value_type_by_name(SLICE("nothing")), VALUE_NONE);
    assert_int_equal(value_type_by_name(SLICE("")), VALUE_NONE);
    assert_null(value_type_info((enum value_type)99));
    assert_int_equal(VALUE_ADDRESS, 24);
}

static void numbers_are_exact_and_never_rounded(void **state) {
    (void)state;
    becomes(VALUE_INTEGER, " 1,234,567 ", "1234567");
    becomes(VALUE_INTEGER, "-9223372036854775808", "-9223372036854775808");
    becomes(VALUE_INTEGER, "１２", "12");
    becomes(VALUE_DECIMAL, "1.500000", "1.5");
    becomes(VALUE_DECIMAL, "-0.000001", "-0.000001");
    becomes(VALUE_DECIMAL, "1e3", "1000");
    becomes(VALUE_DECIMAL, "2.5E-3", "0.0025");
    becomes(VALUE_DECIMAL, "0", "0");
    becomes(VALUE_MONEY, "￥1,234.5", "1234.50");
    becomes(VALUE_MONEY, "88元", "88.00");
    becomes(VALUE_MONEY, "-0.01", "-0.01");
    becomes(VALUE_MONEY, "12.3400", "12.34");
    refused(VALUE_MONEY, "0.001", NULL, "bad_number");
    refused(VALUE_DECIMAL, "1.0000001", NULL, "bad_number");
    refused(VALUE_INTEGER, "1.5", NULL, "bad_number");
    refused(VALUE_INTEGER, "1,23", NULL, "bad_number");
    refused(VALUE_INTEGER, "1234,567", NULL, "bad_number");
    refused(VALUE_INTEGER, "12 3", NULL, "bad_number");
    refused(VALUE_INTEGER, "9223372036854775808", NULL, "out_of_range");
    refused(VALUE_DECIMAL, "1e9999", NULL, "out_of_range");
    refused(VALUE_DECIMAL, ".5", NULL, "bad_number");
}

static void dates_are_read_in_the_usual_forms_and_checked_against_the_calendar(void **state) {
    (void)state;
    const char *const forms[] = {"2024-1-2",     "2024/01/02", "20240102",
                                 "2024年1月2日", "2024.1.2",   "２０２４-01-02"};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        becomes(VALUE_DATE, forms[i], "2024-01-02");
    becomes(VALUE_DATE, "2024-02-29", "2024-02-29");
    becomes(VALUE_DATE, "1949-12-31", "1949-12-31");
    refused(VALUE_DATE, "2023-02-29", NULL, "bad_date");
    refused(VALUE_DATE, "1900-02-29", NULL, "bad_date");
    refused(VALUE_DATE, "2024-13-01", NULL, "bad_date");
    refused(VALUE_DATE, "2024-01/02", NULL, "bad_date");
    refused(VALUE_DATE, "1/2/2024", NULL, "bad_date");
    refused(VALUE_DATE, "2024-01-02 10:00", NULL, "bad_date");
}

static void times_without_an_offset_stand_in_the_offset_of_the_rules(void **state) {
    (void)state;
    becomes(VALUE_DATETIME, "2024-01-02T03:04:05+08:00", "2024-01-01T19:04:05.000Z");
    becomes(VALUE_DATETIME, "2024-1-2 3:04", "2024-01-02T03:04:00.000Z");
    struct value_rules rules = {.utc_offset_minutes = 480};
    struct value v;
    assert_int_equal(value_parse(VALUE_DATETIME, SLICE("1970/1/1 08:00:01.5"), &rules, &arena, &v, NULL),
                     ST_OK);
    assert_true(v.i == 1500);
    refused(VALUE_DATETIME, "2024-01-02 24:00", NULL, "bad_datetime");
    refused(VALUE_DATETIME, "2024-01-02 10:0", NULL, "bad_datetime");
}

static void phones_become_e164_and_keep_their_extension(void **state) {
    (void)state;
    becomes(VALUE_PHONE, "138 1234 5678", "+8613812345678");
    becomes(VALUE_PHONE, "+86-138-1234-5678", "+8613812345678");
    becomes(VALUE_PHONE, "008613812345678", "+8613812345678");
    becomes(VALUE_PHONE, "8613812345678", "+8613812345678");
    becomes(VALUE_PHONE, "０２１－６１２３４５６７", "+862161234567");
    becomes(VALUE_PHONE, "(021) 61234567 转 12", "+862161234567;ext=12");
    becomes(VALUE_PHONE, "021-61234567-12", "+862161234567;ext=12");
    becomes(VALUE_PHONE, "+86 (0)10 8888 6666", "+861088886666");
    becomes(VALUE_PHONE, "0571-87654321 ext.801", "+8657187654321;ext=801");
    becomes(VALUE_PHONE, "0951-8123456", "+869518123456");
    becomes(VALUE_PHONE, "400-800-8888", "+864008008888");
    becomes(VALUE_PHONE, "+852 2123 4567", "+85221234567");
    becomes(VALUE_PHONE, "0044 20 7946 0958", "+442079460958");
    becomes(VALUE_MOBILE, "13912345678", "+8613912345678");
    refused(VALUE_MOBILE, "021-61234567", NULL, "bad_mobile");
    refused(VALUE_MOBILE, "12812345678", NULL, "bad_mobile");
    refused(VALUE_PHONE, "61234567", NULL, "bad_phone");
    refused(VALUE_PHONE, "1381234567", NULL, "bad_phone");
    refused(VALUE_PHONE, "+8612345", NULL, "bad_phone");
    refused(VALUE_PHONE, "138a1234567", NULL, "bad_phone");
    refused(VALUE_PHONE, "13812345678;ext=1234567", NULL, "bad_phone");
    refused(VALUE_PHONE, "999999999999999999999999999999", NULL, "bad_phone");
}

static void texts_lose_what_nobody_sees_and_keep_what_people_wrote(void **state) {
    (void)state;
    becomes(VALUE_TEXT, "  Ａ公司\t\t（中国）\u200b ，好\u202e ", "A公司 （中国） ，好");
    becomes(VALUE_TEXT, "e\u0301", "\u00e9");
    becomes(VALUE_LONG_TEXT, "a\r\n\r\n\r\n\r\nb  \n c", "a\n\nb\nc");
    becomes(VALUE_PERSON_NAME, "张　三", "张三");
    becomes(VALUE_PERSON_NAME, "阿卜杜拉•买买提", "阿卜杜拉·买买提");
    becomes(VALUE_PERSON_NAME, "John  Smith", "John Smith");
    becomes(VALUE_ADDRESS, "浙江省 杭州市 文三路 ９９ 号", "浙江省杭州市文三路 99 号");
    struct value v;
    assert_int_equal(value_parse(VALUE_TEXT, SLICE(" \t\u200b "), NULL, &arena, &v, NULL), ST_OK);
    assert_int_equal(v.kind, KIND_NULL);
    refused(VALUE_TEXT, "\xff\xfe", NULL, "not_utf8");
    refused(VALUE_TAG, "a\xff", NULL, "not_utf8");
}

static void keys_are_sorted_unique_and_permitted(void **state) {
    (void)state;
    becomes(VALUE_MULTI_CHOICE, "b, a，b;c", "a,b,c");
    becomes(VALUE_TAG, "重点\x1f试用", "试用,重点");
    becomes(VALUE_TAG, " ， ", "");
    struct slice keys[] = {SLICE("a"), SLICE("b")};
    struct value_rules rules = {.choices = keys, .choice_count = 2};
    refused(VALUE_MULTI_CHOICE, "a,c", &rules, "bad_choice");
    refused(VALUE_CHOICE, "c", &rules, "bad_choice");
    refused(VALUE_TAG,
            "a,b\x1f"
            "c",
            NULL, "bad_item");
}

static void codes_mails_and_urls_take_one_form(void **state) {
    (void)state;
    becomes(VALUE_CN_RESIDENT_ID, "11010519491231002x", "11010519491231002X");
    becomes(VALUE_USCC, "9135 0100 M000 100Y 43", "91350100M000100Y43");
    becomes(VALUE_BANK_CARD, "4111-1111-1111-1111", "4111111111111111");
    becomes(VALUE_REGION, "330106", "330106");
    becomes(VALUE_MAIL, "Zhang.San@Example.COM", "Zhang.San@example.com");
    becomes(VALUE_URL, "HTTPS://Example.com/A?b=C", "https://example.com/A?b=C");
    becomes(VALUE_URL, "www.example.cn", "http://www.example.cn");
    becomes(VALUE_REFERENCE, "018F2B3C-0000-7000-8000-0123456789AB", "018f2b3c-0000-7000-8000-0123456789ab");
    becomes(VALUE_USER, "12", "12");
    refused(VALUE_USER, "0", NULL, "bad_id");
    refused(VALUE_DEPARTMENT, "4294967296", NULL, "bad_id");
    becomes(VALUE_BOOLEAN, "是", "true");
    becomes(VALUE_BOOLEAN, "No", "false");
    refused(VALUE_CN_RESIDENT_ID, "110105194912310021", NULL, "bad_cn_resident_id");
    refused(VALUE_URL, "javascript:alert(1)", NULL, "bad_url");
    refused(VALUE_URL, "hello", NULL, "bad_url");
    refused(VALUE_REFERENCE, "12", NULL, "bad_id");
    refused(VALUE_BOOLEAN, "maybe", NULL, "bad_boolean");
}

static void rules_bound_length_range_and_time(void **state) {
    (void)state;
    struct value_rules rules = {.min_length = 2, .max_length = 3};
    refused(VALUE_TEXT, "重", &rules, "too_short");
    refused(VALUE_TEXT, "重庆公司", &rules, "too_long");
    rules = (struct value_rules){.has_max = true, .max = 100};
    refused(VALUE_MONEY, "1.01", &rules, "out_of_range");
    const struct value_check *check = value_check_find(SLICE("not_future"));
    rules = (struct value_rules){.checks = &check, .check_count = 1};
    refused(VALUE_DATE, "2024-01-02", &rules, "in_future"); /* no clock */
    rules.now_ms = 1704153600000;                           /* 2024-01-02T00:00Z */
    refused(VALUE_DATE, "2024-01-03", &rules, "in_future");
    struct value v;
    assert_int_equal(value_parse(VALUE_DATE, SLICE("2024-01-02"), &rules, &arena, &v, NULL), ST_OK);
}

static void an_error_never_repeats_the_value(void **state) {
    (void)state;
    for (int t = VALUE_NONE + 1; t < VALUE_TYPE_END; t++) {
        struct value v;
        struct error e = {0};
        if (value_parse((enum value_type)t, SLICE("Zq,\x1fZq\xff"), NULL, &arena, &v, &e) != ST_OK)
            assert_null(strstr(e.detail, "Zq"));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(type_names_and_numbers_name_each_other),
        cmocka_unit_test(numbers_are_exact_and_never_rounded),
        cmocka_unit_test(dates_are_read_in_the_usual_forms_and_checked_against_the_calendar),
        cmocka_unit_test(times_without_an_offset_stand_in_the_offset_of_the_rules),
        cmocka_unit_test(phones_become_e164_and_keep_their_extension),
        cmocka_unit_test(texts_lose_what_nobody_sees_and_keep_what_people_wrote),
        cmocka_unit_test(keys_are_sorted_unique_and_permitted),
        cmocka_unit_test(codes_mails_and_urls_take_one_form),
        cmocka_unit_test(rules_bound_length_range_and_time),
        cmocka_unit_test(an_error_never_repeats_the_value),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
