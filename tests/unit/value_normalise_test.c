#include "test.h"

#include "value/login.h"
#include "value/normalise.h"

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

static const char *match(const char *in, enum match_form form) {
    struct slice out;
    assert_int_equal(normalise_match(slice_from_string(in), form, &arena, &out), ST_OK);
    return arena_string(&arena, out);
}

static void matching_forms_ignore_script_width_case_and_space(void **state) {
    (void)state;
    assert_string_equal(match("重慶ＫＥＤＵＮ（中國）有限公司", MATCH_LOOSE), "重庆kedun中国有限公司");
    assert_string_equal(match("重 庆 KeDun(中国)有限公司", MATCH_LOOSE), "重庆kedun中国有限公司");
    assert_string_equal(match("Straße \u2160", MATCH_LOOSE), "strassei");
    assert_string_equal(match("A-1 b", MATCH_EXACT), "a-1b");
    assert_string_equal(match("A-1 b", MATCH_LOOSE), "a1b");
    assert_string_equal(match("---", MATCH_LOOSE), "---");
    assert_string_equal(match("C++", MATCH_LOOSE), "c++");
    assert_string_equal(match("\u33a1", MATCH_EXACT), "m2");
}

static void matching_keeps_characters_with_several_simplified_forms(void **state) {
    (void)state;
    assert_string_equal(match("乾隆", MATCH_LOOSE), "乾隆");
    assert_int_equal(normalise_simplified(0x9673), 0x9648); /* 陳 陈 */
    assert_int_equal(normalise_simplified(0x20054), 0x2bdd8);
    assert_int_equal(normalise_simplified('a'), 'a');
}

/* The fast path and ICU must agree: a combining mark sends the same text through ICU. */
static void the_short_way_and_icu_agree(void **state) {
    (void)state;
    const char *const texts[] = {"重慶ＫＥＤＵＮ（中國）", "Ａ１，。·、《》「」", "abc DEF-123",
                                 "\u3000〇〈〉【】"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        for (int form = STORE_LINE; form <= STORE_CODE; form++) {
            struct slice fast, slow;
            char *longer = arena_format(&arena, "%s\u0915", texts[i]);
            assert_int_equal(
                normalise_text(slice_from_string(texts[i]), (enum store_form)form, &arena, &fast), ST_OK);
            assert_int_equal(normalise_text(slice_from_string(longer), (enum store_form)form, &arena, &slow),
                             ST_OK);
            slow.n -= 3;
            assert_true(slice_equal(fast, slow));
        }
        const char *fast = match(texts[i], MATCH_EXACT);
        const char *slow = match(arena_format(&arena, "%s\u0915", texts[i]), MATCH_EXACT);
        assert_int_equal(strncmp(fast, slow, strlen(fast)), 0);
    }
}

static void normalising_twice_changes_nothing(void **state) {
    (void)state;
    const char *const texts[] = {"  Ａ\u0301b\u200d  c\r\nd ", "\ufdfa \u1e9b\u0323", "張 三·",
                                 "か\u3099 ﾊﾟ"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        for (int form = STORE_LINE; form <= STORE_CODE; form++) {
            struct slice once, twice;
            assert_int_equal(
                normalise_text(slice_from_string(texts[i]), (enum store_form)form, &arena, &once), ST_OK);
            assert_int_equal(normalise_text(once, (enum store_form)form, &arena, &twice), ST_OK);
            assert_true(slice_equal(once, twice));
        }
    }
}

static void company_forms_fall_away_for_likeness_only(void **state) {
    (void)state;
    struct slice s = normalise_company_core(SLICE("重庆客盾科技集团股份有限公司"));
    assert_true(slice_is(s, "重庆客盾科技"));
    assert_true(slice_is(normalise_company_core(SLICE("kedunco.ltd")), "kedunco."));
    assert_true(slice_is(normalise_company_core(SLICE("keduncoltd")), "kedun"));
    assert_true(slice_is(normalise_company_core(SLICE("有限公司")), "有限公司"));
}

static void text_that_is_not_utf8_is_refused(void **state) {
    (void)state;
    struct slice out;
    assert_int_equal(normalise_text(SLICE("a\xc3"), STORE_LINE, &arena, &out), ST_INVALID);
    assert_int_equal(normalise_match(SLICE("\u0301\xed\xa0\x80"), MATCH_LOOSE, &arena, &out), ST_INVALID);
}

static void a_login_has_nothing_that_is_not_seen(void **state) {
    (void)state;
    static const char *const fine[] = {"sales", "王芳", "a.b@c", "O'Neil", "müller"};
    static const char *const not [] = {"",           "a b",         "sales ",      "sales\t",
                                       "sales\x7f",  "sales\u00a0", "sa\u200bles", "\u202eselas",
                                       "\uff53ales", "sales\u3000", "sales\ufeff", "sales\xc3"};
    for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++)
        assert_true(login_is_plain(slice_from_string(fine[i])));
    for (size_t i = 0; i < sizeof not / sizeof not [0]; i++)
        assert_false(login_is_plain(slice_from_string(not [i])));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matching_forms_ignore_script_width_case_and_space),
        cmocka_unit_test(matching_keeps_characters_with_several_simplified_forms),
        cmocka_unit_test(the_short_way_and_icu_agree),
        cmocka_unit_test(normalising_twice_changes_nothing),
        cmocka_unit_test(company_forms_fall_away_for_likeness_only),
        cmocka_unit_test(text_that_is_not_utf8_is_refused),
        cmocka_unit_test(a_login_has_nothing_that_is_not_seen),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
