#include "test.h"

#include "value/check.h"
#include "value/parse.h"

#include <string.h>

static void checks_are_found_by_name_and_fit_their_types(void **state) {
    (void)state;
    size_t n = 0;
    for (; value_check_at(n) != NULL; n++)
        assert_ptr_equal(value_check_find(slice_from_string(value_check_at(n)->name)), value_check_at(n));
    assert_int_equal(n, 9);
    assert_null(value_check_find(SLICE("nothing")));
    const struct value_check *luhn = value_check_find(SLICE("luhn"));
    assert_true(value_check_fits(value_check_find(SLICE("not_future")), VALUE_DATE));
    assert_false(value_check_fits(value_check_find(SLICE("not_future")), VALUE_TEXT));
    assert_false(value_check_fits(luhn, VALUE_MONEY));
    struct value v = value_int(1);
    assert_int_equal(value_check_run(luhn, VALUE_MONEY, &v, NULL, NULL), ST_INVALID);
}

/* The examples of GB 11643-1999 itself. */
static void resident_ids_of_the_standard_hold_and_any_changed_digit_does_not(void **state) {
    (void)state;
    assert_true(check_cn_resident_id(SLICE("11010519491231002X"), INT64_MAX));
    assert_true(check_cn_resident_id(SLICE("440524188001010014"), INT64_MAX));
    for (size_t at = 0; at < 17; at++) {
        for (char d = '0'; d <= '9'; d++) {
            char id[] = "11010519491231002X";
            if (id[at] == d)
                continue;
            id[at] = d;
            assert_false(check_cn_resident_id(slice_from_string(id), INT64_MAX));
        }
    }
    assert_false(check_cn_resident_id(SLICE("11010519491231002x"), INT64_MAX));
    assert_false(check_cn_resident_id(SLICE("11010519491231002X"), -7308)); /* born a day later */
    assert_false(check_cn_resident_id(SLICE("1101051949123100"), INT64_MAX));
}

/* Against the weights and check characters as the standard prints them (tables 1 and 2). */
static void resident_ids_agree_with_the_tables_of_the_standard(void **state) {
    (void)state;
    static const unsigned weights[] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
    static const char table[] = {'1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'};
    for (unsigned order = 0; order < 1000; order++) {
        char id[19];
        unsigned sum = 0;
        snprintf(id, sizeof id, "33010619900501%03u?", order);
        for (size_t i = 0; i < 17; i++)
            sum += weights[i] * (unsigned)(id[i] - '0');
        for (const char *c = "0123456789X"; *c != 0; c++) {
            id[17] = *c;
            assert_int_equal(check_cn_resident_id(slice_from_string(id), INT64_MAX), *c == table[sum % 11]);
        }
    }
}

/* Right check character, impossible rest. */
static void resident_ids_need_a_province_and_a_real_date(void **state) {
    (void)state;
    const char *const shapes[] = {"99010519491231002", "11010519490230002", "11010519491331002"};
    for (size_t i = 0; i < 3; i++) {
        for (const char *c = "0123456789X"; *c != 0; c++) {
            char id[19];
            snprintf(id, sizeof id, "%s%c", shapes[i], *c);
            assert_false(check_cn_resident_id(slice_from_string(id), INT64_MAX));
        }
    }
}

/* Codes that their holders print on their own pages. */
static void published_social_credit_codes_hold(void **state) {
    (void)state;
    assert_true(check_uscc(SLICE("91350100M000100Y43")));
    assert_true(check_uscc(SLICE("9144030071526726XG")));
    assert_true(check_uscc(SLICE("914403001922038216")));
    assert_true(check_uscc(SLICE("91330100799655058B")));
    assert_false(check_uscc(SLICE("91350100M000100Y44")));
    assert_false(check_uscc(SLICE("91350100M000010Y43")));
    assert_false(check_uscc(SLICE("91350100I000100Y43")));
    assert_false(check_uscc(slice_of("91350100M000100Y4\0", 18)));
}

static void card_numbers_follow_luhn(void **state) {
    (void)state;
    assert_true(check_luhn(SLICE("4111111111111111")));
    assert_true(check_luhn(SLICE("378282246310005")));
    assert_false(check_luhn(SLICE("4111111111111112")));
    assert_false(check_luhn(SLICE("79927398713"))); /* holds, but is too short for a card */
    assert_false(check_luhn(SLICE("4111x11111111111")));
}

static void mails_are_what_a_server_would_take(void **state) {
    (void)state;
    static const char *const good[] = {"a@b.cn", "first.last+tag@sub.example.com", "x@xn--fiqs8s.xn--fiqs8s"};
    static const char *const bad[] = {
        "",        "a",         "@b.cn",     "a@",          "a@b",         "a..b@c.cn",
        ".a@c.cn", "a.@c.cn",   "a b@c.cn",  "a@-c.cn",     "a@c-.cn",     "a@c..cn",
        "a@c.cn.", "a@b@c.cn.", "a@1.2.3.4", "\"a\"@c.com", "a@[1.2.3.4]", "中@c.cn"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(check_mail(slice_from_string(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(check_mail(slice_from_string(bad[i])));
    char longer[80];
    memset(longer, 'a', sizeof longer);
    memcpy(longer + 65, "@b.cn", 6);
    assert_false(check_mail(slice_from_string(longer)));
    assert_true(check_mail(slice_from_string(longer + 1)));
}

static void urls_are_http_with_a_host_and_no_secrets(void **state) {
    (void)state;
    assert_true(check_url(SLICE("http://example.cn")));
    assert_true(check_url(SLICE("https://example.cn:8443/a?b#c")));
    static const char *const bad[] = {"ftp://a.cn",        "http://",        "http://u:p@a.cn",
                                      "http://a.cn:99999", "http://a.cn/ b", "http://a.cn/\"x",
                                      "http://-a.cn",      "http://a.cn:",   "javascript://a.cn"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(check_url(slice_from_string(bad[i])));
}

static void regions_lie_in_a_province_and_nest(void **state) {
    (void)state;
    assert_true(check_region_cn(SLICE("330000")));
    assert_true(check_region_cn(SLICE("330106")));
    assert_false(check_region_cn(SLICE("330006")));
    assert_false(check_region_cn(SLICE("990000")));
    assert_false(check_region_cn(SLICE("33010")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checks_are_found_by_name_and_fit_their_types),
        cmocka_unit_test(resident_ids_of_the_standard_hold_and_any_changed_digit_does_not),
        cmocka_unit_test(resident_ids_agree_with_the_tables_of_the_standard),
        cmocka_unit_test(resident_ids_need_a_province_and_a_real_date),
        cmocka_unit_test(published_social_credit_codes_hold),
        cmocka_unit_test(card_numbers_follow_luhn),
        cmocka_unit_test(mails_are_what_a_server_would_take),
        cmocka_unit_test(urls_are_http_with_a_host_and_no_secrets),
        cmocka_unit_test(regions_lie_in_a_province_and_nest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
