#include "test.h"

#include "value/mask.h"

#include <string.h>

static void shows(enum mask mask, enum value_type type, const char *in, const char *out) {
    char text[MASK_ROOM];
    size_t n = mask_apply(mask, type, slice_from_string(in), text);
    assert_string_equal(text, out);
    assert_int_equal(n, strlen(out));
}

static void masks_are_found_by_name_and_every_type_has_one_that_fits(void **state) {
    (void)state;
    for (unsigned m = 0; m < MASK_END; m++)
        assert_int_equal(mask_by_name(slice_from_string(mask_name((enum mask)m))), m);
    assert_int_equal(mask_by_name(SLICE("nothing")), MASK_END);
    for (int t = VALUE_NONE + 1; t < VALUE_TYPE_END; t++)
        assert_true(mask_fits(mask_of_type((enum value_type)t), (enum value_type)t));
    assert_false(mask_fits(MASK_MOBILE, VALUE_TEXT));
}

static void phones_keep_their_area_and_ending(void **state) {
    (void)state;
    shows(MASK_DEFAULT, VALUE_MOBILE, "+8613812341234", "138****1234");
    shows(MASK_DEFAULT, VALUE_MOBILE, "+85261234567", "****4567");
    shows(MASK_DEFAULT, VALUE_PHONE, "+8613812341234", "138****1234");
    shows(MASK_DEFAULT, VALUE_PHONE, "+862161234567;ext=801", "021-****67");
    shows(MASK_DEFAULT, VALUE_PHONE, "+8657187654321", "0571-****21");
    shows(MASK_DEFAULT, VALUE_PHONE, "+861088886666", "010-****66");
    shows(MASK_DEFAULT, VALUE_PHONE, "+864008001234", "400-****34");
    shows(MASK_DEFAULT, VALUE_PHONE, "+442079460958", "****58");
    assert_int_equal(mask_shows_suffix(MASK_DEFAULT, VALUE_MOBILE), 4);
    assert_int_equal(mask_shows_suffix(MASK_DEFAULT, VALUE_PHONE), 2);
    assert_int_equal(mask_shows_suffix(MASK_HIDDEN, VALUE_MOBILE), 0);
    assert_int_equal(mask_shows_suffix(MASK_MOBILE, VALUE_TEXT), 0);
    assert_int_equal(mask_shows_suffix(MASK_DEFAULT, VALUE_CN_RESIDENT_ID), 0);
}

static void names_keep_the_family_name_and_at_most_two_stars(void **state) {
    (void)state;
    shows(MASK_DEFAULT, VALUE_PERSON_NAME, "张三", "张*");
    shows(MASK_DEFAULT, VALUE_PERSON_NAME, "张三丰", "张**");
    shows(MASK_DEFAULT, VALUE_PERSON_NAME, "张三丰四五", "张**");
    shows(MASK_DEFAULT, VALUE_PERSON_NAME, "欧阳锋", "欧阳*");
    shows(MASK_DEFAULT, VALUE_PERSON_NAME, "尉迟敬德", "尉迟**");
    shows(MASK_DEFAULT, VALUE_PERSON_NAME, "欧阳", "欧*");
    shows(MASK_DEFAULT, VALUE_PERSON_NAME, "张", "*");
    shows(MASK_DEFAULT, VALUE_PERSON_NAME, "John Smith", "J**");
    shows(MASK_DEFAULT, VALUE_PERSON_NAME, "阿卜杜拉·买买提", "阿**");
}

static void codes_and_mails_show_their_agreed_part(void **state) {
    (void)state;
    shows(MASK_DEFAULT, VALUE_CN_RESIDENT_ID, "11010519491231002X", "1101**************");
    shows(MASK_DEFAULT, VALUE_USCC, "91350100M000100Y43", "9135**************");
    shows(MASK_DEFAULT, VALUE_BANK_CARD, "4111111111111111", "****1111");
    shows(MASK_DEFAULT, VALUE_BANK_CARD, "6222021234567890123", "****0123");
    shows(MASK_DEFAULT, VALUE_MAIL, "a@b.cn", "a***@b.cn");
    shows(MASK_DEFAULT, VALUE_MAIL, "zhang.san@example.com", "z***@example.com");
    shows(MASK_MAIL_STRICT, VALUE_MAIL, "zhang.san@example.com", "***@***");
    shows(MASK_DEFAULT, VALUE_REGION, "330106", "330000");
    shows(MASK_DEFAULT, VALUE_DATE, "1990-05-01", "1990");
    shows(MASK_DEFAULT, VALUE_DATETIME, "1990-05-01T00:00:00.000Z", "1990");
    shows(MASK_DEFAULT, VALUE_MONEY, "12.34", "***");
    shows(MASK_DEFAULT, VALUE_LONG_TEXT, "anything", "***");
}

static void addresses_end_with_the_city(void **state) {
    (void)state;
    shows(MASK_DEFAULT, VALUE_ADDRESS, "浙江省杭州市西湖区文三路99号", "浙江省杭州市****");
    shows(MASK_DEFAULT, VALUE_ADDRESS, "重庆市渝中区解放碑1号", "重庆市****");
    shows(MASK_DEFAULT, VALUE_ADDRESS, "江苏镇江市京口区", "江苏镇江市****");
    shows(MASK_DEFAULT, VALUE_ADDRESS, "江西省景德镇市珠山区", "江西省景德镇市****");
    shows(MASK_DEFAULT, VALUE_ADDRESS, "湖北省恩施土家族苗族自治州恩施市", "湖北省恩施土家族苗族自治州****");
    shows(MASK_DEFAULT, VALUE_ADDRESS, "新疆维吾尔自治区阿勒泰地区", "新疆维吾尔自治区阿勒泰地区****");
    shows(MASK_DEFAULT, VALUE_ADDRESS, "浙江省文三路菜市场", "浙江省****");
    shows(MASK_DEFAULT, VALUE_ADDRESS, "浙江省幸福菜市场", "浙江省****");
    shows(MASK_DEFAULT, VALUE_ADDRESS, "幸福里3号", "****");
}

static void what_does_not_look_as_expected_shows_nothing(void **state) {
    (void)state;
    shows(MASK_DEFAULT, VALUE_MOBILE, "12345", "***");
    shows(MASK_DEFAULT, VALUE_MOBILE, "call me", "***");
    shows(MASK_DEFAULT, VALUE_CN_RESIDENT_ID, "1101", "***");
    shows(MASK_DEFAULT, VALUE_MAIL, "nobody", "***");
    shows(MASK_DEFAULT, VALUE_BANK_CARD, "1234", "***");
    shows(MASK_DEFAULT, VALUE_DATE, "1990", "***");
    shows(MASK_DEFAULT, VALUE_PERSON_NAME, "\xff\xff", "***");
    shows(MASK_MOBILE, VALUE_TEXT, "+8613812341234", "***");
    shows((enum mask)77, VALUE_MOBILE, "+8613812341234", "***");
    shows(MASK_DEFAULT, VALUE_MOBILE, "", "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(masks_are_found_by_name_and_every_type_has_one_that_fits),
        cmocka_unit_test(phones_keep_their_area_and_ending),
        cmocka_unit_test(names_keep_the_family_name_and_at_most_two_stars),
        cmocka_unit_test(codes_and_mails_show_their_agreed_part),
        cmocka_unit_test(addresses_end_with_the_city),
        cmocka_unit_test(what_does_not_look_as_expected_shows_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
