#include "test.h"

#include "base/utf8.h"
#include "value/normalise.h"
#include "value/pinyin.h"
#include "value/recheck.h"
#include "value/terms.h"

#include <string.h>

static struct arena arena;

static int set_up(void **state) {
    (void)state;
    arena_init(&arena, (size_t)1 << 24, ARENA_SECRET);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    arena_free(&arena);
    return 0;
}

static bool has(const struct term_set *set, struct slice term) {
    for (size_t i = 0; i < set->n; i++) {
        if (slice_equal(set->terms[i], term))
            return true;
    }
    return false;
}

static bool has_all(const struct term_set *set, const struct term_set *part) {
    for (size_t i = 0; i < part->n; i++) {
        if (!has(set, part->terms[i]))
            return false;
    }
    return true;
}

/* Found as the store and the keeper would: by terms, then by the value itself. */
static bool found(enum value_type type, enum field_search kind, struct slice value, struct slice query,
                  bool *by_terms) {
    struct term_set terms;
    struct term_query q;
    bool matches = false;
    *by_terms = false;
    assert_int_equal(terms_of_value(type, kind, value, &arena, &terms), ST_OK);
    if (terms_for_query(type, kind, query, &arena, &q, NULL) == ST_OK) {
        for (size_t i = 0; i < q.n; i++)
            *by_terms = *by_terms || has_all(&terms, &q.any[i]);
    }
    assert_int_equal(terms_recheck(type, kind, value, query, &arena, &matches), ST_OK);
    return matches;
}

static void finds(enum value_type type, enum field_search kind, const char *value, const char *query) {
    bool by_terms;
    bool matches = found(type, kind, slice_from_string(value), slice_from_string(query), &by_terms);
    if (!by_terms || !matches)
        fail_msg("%s does not find %s: terms %d, recheck %d", query, value, by_terms, matches);
    arena_reset(&arena);
}

static void misses(enum value_type type, enum field_search kind, const char *value, const char *query) {
    bool by_terms;
    if (found(type, kind, slice_from_string(value), slice_from_string(query), &by_terms))
        fail_msg("%s finds %s", query, value);
    arena_reset(&arena);
}

static void a_fragment_is_found_by_characters_readings_and_initials(void **state) {
    (void)state;
    const char *const queries[] = {"重", "庆", "重庆",      "重慶", "chongqing", "ChongQing", "chong qing",
                                   "cq", "zq", "zhongqing", "qing", "chongq",    "chongqin",  "chong qi"};
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++)
        finds(VALUE_TEXT, SEARCH_FRAGMENT, "重庆", queries[i]);
    const char *const names[] = {"shan", "dan", "chan", "shanxiongxin", "danxiongxin",
                                 "dxx",  "sxx", "xx",   "雄信"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        finds(VALUE_PERSON_NAME, SEARCH_FRAGMENT, "单雄信", names[i]);
    finds(VALUE_TEXT, SEARCH_FRAGMENT, "重慶客盾科技（集团）有限公司", "有限公司");
    finds(VALUE_TEXT, SEARCH_FRAGMENT, "重慶客盾科技（集团）有限公司", "科技集团");
    finds(VALUE_TEXT, SEARCH_FRAGMENT, "重慶客盾科技（集团）有限公司", "kedunkeji");
    finds(VALUE_TEXT, SEARCH_FRAGMENT, "西安Kedun分公司", "xian");
    finds(VALUE_TEXT, SEARCH_FRAGMENT, "西安Kedun分公司", "xi'an");
    finds(VALUE_TEXT, SEARCH_FRAGMENT, "西安Kedun分公司", "DUN分");
    finds(VALUE_TEXT, SEARCH_FRAGMENT, "西安Kedun分公司", "edu");
    finds(VALUE_PERSON_NAME, SEARCH_FRAGMENT, "吕布", "lvbu");
    finds(VALUE_PERSON_NAME, SEARCH_FRAGMENT, "吕布", "lyubu");
    finds(VALUE_PERSON_NAME, SEARCH_FRAGMENT, "吕布", "lübu");
    finds(VALUE_TAG, SEARCH_FRAGMENT, "试用\x1f重点", "重点");
}

static void family_names_are_found_by_their_own_reading(void **state) {
    (void)state;
    static const char *const names[][2] = {
        {"解珍", "xiezhen"},   {"仇英", "qiuying"},     {"查良镛", "zhaliang"}, {"区寄", "ouji"},
        {"曾国藩", "zengguo"}, {"尉迟恭", "yuchigong"}, {"万俟卨", "moqi"},     {"乐毅", "yueyi"},
        {"朴正", "piaozheng"}, {"任贤齐", "renxian"},   {"盖聂", "genie"},      {"缪荃", "miaoquan"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        finds(VALUE_PERSON_NAME, SEARCH_FRAGMENT, names[i][0], names[i][1]);
}

static void a_fragment_that_is_not_there_is_not_found(void **state) {
    (void)state;
    misses(VALUE_TEXT, SEARCH_FRAGMENT, "重庆", "庆重");
    misses(VALUE_TEXT, SEARCH_FRAGMENT, "重庆", "qingchong");
    misses(VALUE_TEXT, SEARCH_FRAGMENT, "重庆", "chon");
    misses(VALUE_TEXT, SEARCH_FRAGMENT, "重庆", "chongx");
    misses(VALUE_TEXT, SEARCH_FRAGMENT, "重庆", "chongqings");
    misses(VALUE_PERSON_NAME, SEARCH_FRAGMENT, "张三", "zhang sai");
    misses(VALUE_TEXT, SEARCH_FRAGMENT, "仙人", "xi'an");
    misses(VALUE_TEXT, SEARCH_FRAGMENT, "重a庆", "chongqing");
    misses(VALUE_TEXT, SEARCH_FRAGMENT, "ab bc", "abcb");
    misses(VALUE_TAG, SEARCH_FRAGMENT, "试用\x1f重点", "用重");
    misses(VALUE_MAIL, SEARCH_FRAGMENT, "a@b.cn", "");
    /* All pairs are there, but not in a row: only the recheck knows. */
    bool by_terms;
    assert_false(found(VALUE_TEXT, SEARCH_FRAGMENT, SLICE("ab bcx ab"), SLICE("abab"), &by_terms));
    assert_false(found(VALUE_TEXT, SEARCH_FRAGMENT, SLICE("人民人大民大"), SLICE("人大民人"), &by_terms));
}

static void exact_compares_in_the_form_of_the_type(void **state) {
    (void)state;
    finds(VALUE_MOBILE, SEARCH_EXACT, "+8613812345678", "138 1234 5678");
    finds(VALUE_PHONE, SEARCH_EXACT, "+862161234567;ext=12", "021-61234567");
    finds(VALUE_PHONE, SEARCH_EXACT, "+862161234567;ext=12", "021-61234567-12");
    finds(VALUE_MAIL, SEARCH_EXACT, "Zhang@example.com", "zhang@EXAMPLE.com");
    finds(VALUE_PERSON_NAME, SEARCH_EXACT, "张三", "張 三");
    finds(VALUE_TEXT, SEARCH_EXACT, "客盾（中国）", "客盾(中國)");
    finds(VALUE_CN_RESIDENT_ID, SEARCH_EXACT, "11010519491231002X", "11010519491231002x");
    finds(VALUE_DATE, SEARCH_EXACT, "1990-05-01", "1990/5/1");
    finds(VALUE_MULTI_CHOICE, SEARCH_EXACT,
          "a\x1f"
          "b",
          "b");
    misses(VALUE_TEXT, SEARCH_EXACT, "C++", "C");
    misses(VALUE_PHONE, SEARCH_EXACT, "+862161234567", "021-61234567-12");
    misses(VALUE_PERSON_NAME, SEARCH_EXACT, "张三", "张三丰");
}

static void an_ending_of_four_or_more_is_found(void **state) {
    (void)state;
    const char *const endings[] = {"5678", "45678", "345678", "13812345678", "138-1234-5678"};
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
        finds(VALUE_MOBILE, SEARCH_SUFFIX, "+8613812345678", endings[i]);
    finds(VALUE_PHONE, SEARCH_SUFFIX, "+862161234567;ext=12", "4567");
    finds(VALUE_PHONE, SEARCH_SUFFIX, "+862161234567;ext=12", "021-61234567");
    finds(VALUE_CN_RESIDENT_ID, SEARCH_SUFFIX, "11010519491231002X", "002x");
    misses(VALUE_MOBILE, SEARCH_SUFFIX, "+8613812345678", "4567");
    misses(VALUE_MOBILE, SEARCH_SUFFIX, "+8613812345678", "678");
    misses(VALUE_MOBILE, SEARCH_SUFFIX, "+8613812345678", "13912345678");
}

static void words_find_whole_words_and_han_fragments(void **state) {
    (void)state;
    const char *note = "客户 Alice 说：下周三 Call back，价格 12800 元。";
    finds(VALUE_LONG_TEXT, SEARCH_WORDS, note, "alice");
    finds(VALUE_LONG_TEXT, SEARCH_WORDS, note, "价格 call");
    finds(VALUE_LONG_TEXT, SEARCH_WORDS, note, "下周三");
    finds(VALUE_LONG_TEXT, SEARCH_WORDS, note, "12800");
    misses(VALUE_LONG_TEXT, SEARCH_WORDS, note, "ali");
    misses(VALUE_LONG_TEXT, SEARCH_WORDS, note, "价格 bob");
    misses(VALUE_LONG_TEXT, SEARCH_WORDS, note, "客户说");
}

static void queries_that_no_term_can_answer_are_refused_with_a_reason(void **state) {
    (void)state;
    struct term_query q;
    struct error e;
    static const struct {
        enum field_search kind;
        const char *query, *code;
    } bad[] = {{SEARCH_FRAGMENT, " \u200b", "query_empty"},
               {SEARCH_FRAGMENT, "b", "query_too_short"},
               {SEARCH_SUFFIX, "123", "query_too_short"},
               {SEARCH_WORDS, "重", "query_too_short"},
               {SEARCH_FRAGMENT, "\xff", "not_utf8"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(
            terms_for_query(VALUE_TEXT, bad[i].kind, slice_from_string(bad[i].query), &arena, &q, &e),
            ST_INVALID);
        assert_string_equal(e.code, bad[i].code);
    }
    char longer[TERMS_QUERY_MAX + 2];
    memset(longer, 'a', sizeof longer);
    assert_int_equal(
        terms_for_query(VALUE_TEXT, SEARCH_FRAGMENT, slice_of(longer, TERMS_QUERY_MAX + 1), &arena, &q, &e),
        ST_INVALID);
    assert_string_equal(e.code, "query_too_long");
}

/* Each of thousands of millions of ways has too many syllables: none is followed to where that shows. */
static void letters_that_take_too_many_syllables_are_given_up_at_once(void **state) {
    struct pinyin_query q;
    struct pinyin_split splits[PINYIN_SPLITS_MAX];
    (void)state;
    assert_true(pinyin_query_read(SLICE("aanaanaanaanaanaanaanaanaanaanaanaanaanaanaanaanaanaanaanaan"), &q));
    assert_int_equal(pinyin_split(&q, splits), 0);
    assert_int_equal(pinyin_split_open(&q, splits), 0);
}

static void letters_split_into_every_row_of_syllables(void **state) {
    (void)state;
    struct pinyin_query q;
    struct pinyin_split splits[PINYIN_SPLITS_MAX];
    assert_true(pinyin_query_read(SLICE("xian"), &q));
    assert_int_equal(pinyin_split(&q, splits), 2);
    assert_int_equal(splits[0].n, 1);
    assert_string_equal(pinyin_syllable(splits[0].syllable[0]), "xian");
    assert_string_equal(pinyin_syllable(splits[1].syllable[0]), "xi");
    assert_string_equal(pinyin_syllable(splits[1].syllable[1]), "an");
    assert_true(pinyin_query_read(SLICE("xi'an"), &q));
    assert_int_equal(pinyin_split(&q, splits), 1);
    assert_true(pinyin_query_read(SLICE("chongqing"), &q));
    assert_int_equal(pinyin_split(&q, splits), 1);
    assert_true(pinyin_query_read(SLICE("xianxianxianxianxianxianxianxianxianxian"), &q));
    assert_int_equal(pinyin_split(&q, splits), PINYIN_SPLITS_MAX);
    assert_true(pinyin_query_read(SLICE("kdv"), &q));
    assert_int_equal(pinyin_split(&q, splits), 0);
    assert_false(pinyin_query_read(SLICE("x1"), &q));
}

/* A small generator (xorshift64*), so that a failure repeats. */
static uint64_t seed = 88172645463325252ULL;

static size_t pick(size_t n) {
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return (size_t)((seed * 2685821657736338717ULL) >> 33) % n;
}

#define LETTERS 14

/* Mostly common Han characters, some traditional, some Latin; where each one begins. */
static struct slice random_name(uint8_t *room, size_t at[LETTERS + 1], size_t *count) {
    size_t n = 0;
    *count = 1 + pick(LETTERS);
    for (size_t i = 0; i < *count; i++) {
        at[i] = n;
        size_t die = pick(10);
        uint32_t c = die == 0   ? 'a' + (uint32_t)pick(26)
                     : die == 1 ? 0x3400 + (uint32_t)pick(6000)
                                : 0x4e00 + (uint32_t)pick(20000);
        n += utf8_put(c, room + n);
    }
    at[*count] = n;
    return slice_of(room, n);
}

static void every_part_of_a_random_name_finds_it(void **state) {
    (void)state;
    for (size_t round = 0; round < 400; round++) {
        uint8_t room[LETTERS * 4];
        size_t at[LETTERS + 1], count;
        struct slice name = random_name(room, at, &count);
        for (size_t from = 0; from < count; from++) {
            for (size_t to = from + 1; to <= count; to++) {
                struct slice part = slice_of(room + at[from], at[to] - at[from]);
                struct term_set terms;
                struct term_query q;
                bool matches;
                assert_int_equal(terms_of_value(VALUE_TEXT, SEARCH_FRAGMENT, name, &arena, &terms), ST_OK);
                assert_int_equal(terms_recheck(VALUE_TEXT, SEARCH_FRAGMENT, name, part, &arena, &matches),
                                 ST_OK);
                assert_true(matches);
                bool single = part.n == 1;
                enum status st = terms_for_query(VALUE_TEXT, SEARCH_FRAGMENT, part, &arena, &q, NULL);
                assert_true(st == ST_OK || single);
                if (st == ST_OK && !single)
                    assert_true(has_all(&terms, &q.any[0])); /* the literal one comes first */
                arena_reset(&arena);
            }
        }
    }
}

/* Spells part of the name by one of the two likeliest readings of each character. */
static size_t spell(struct slice part, char *out) {
    uint32_t c;
    size_t n = 0, last = 0;
    while (utf8_next(&part, &c)) {
        const uint16_t *readings;
        size_t count = pinyin_readings(normalise_simplified(c), &readings);
        if (count == 0)
            return 0;
        const char *s = pinyin_syllable(readings[pick(count > 2 ? 2 : count)]);
        if (strpbrk(s, "aeiouv") == NULL)
            return 0;
        last = n;
        n += (size_t)snprintf(out + n, 8, "%s%s", n > 0 ? " " : "", s);
    }
    /* At times the last of several is left unfinished, two characters (the space and a letter) at least. */
    return last > 0 && pick(2) == 0 ? last + 2 + pick(n - last - 1) : n;
}

static void every_spelling_of_a_random_name_finds_it(void **state) {
    (void)state;
    size_t spelt = 0;
    for (size_t round = 0; round < 4000; round++) {
        uint8_t room[LETTERS * 4];
        char text[LETTERS * 8];
        size_t at[LETTERS + 1], count;
        struct slice name = random_name(room, at, &count);
        size_t from = pick(count), to = from + 1 + pick(count - from);
        if (to - from > 6)
            to = from + 6;
        size_t n = spell(slice_of(room + at[from], at[to] - at[from]), text);
        bool by_terms;
        if (n == 0)
            continue;
        spelt++;
        assert_true(found(VALUE_PERSON_NAME, SEARCH_FRAGMENT, name, slice_of(text, n), &by_terms));
        if (!by_terms)
            fail_msg("%.*s is not found by %.*s", (int)name.n, (const char *)name.p, (int)n, text);
        arena_reset(&arena);
    }
    assert_true(spelt > 1000);
}

static void what_a_random_name_lacks_does_not_find_it(void **state) {
    (void)state;
    for (size_t round = 0; round < 2000; round++) {
        uint8_t one[LETTERS * 4], two[LETTERS * 4];
        size_t at[LETTERS + 1], count;
        bool by_terms;
        struct slice name = random_name(one, at, &count), other = random_name(two, at, &count), a, b;
        assert_int_equal(normalise_match(name, MATCH_LOOSE, &arena, &a), ST_OK);
        assert_int_equal(normalise_match(other, MATCH_LOOSE, &arena, &b), ST_OK);
        bool latin = other.n == count;
        if (!latin && memmem(a.p, a.n, b.p, b.n) == NULL)
            assert_false(found(VALUE_TEXT, SEARCH_FRAGMENT, name, other, &by_terms));
        arena_reset(&arena);
    }
}

static void the_number_of_terms_stays_small(void **state) {
    (void)state;
    struct term_set set;
    assert_int_equal(terms_of_value(VALUE_PERSON_NAME, SEARCH_FRAGMENT, SLICE("王小明"), &arena, &set),
                     ST_OK);
    assert_in_range(set.n, 12, 24);
    assert_int_equal(
        terms_of_value(VALUE_TEXT, SEARCH_FRAGMENT, SLICE("重庆客盾科技集团有限公司"), &arena, &set), ST_OK);
    assert_in_range(set.n, 50, 80);
    assert_int_equal(terms_of_value(VALUE_MOBILE, SEARCH_SUFFIX, SLICE("+8613812345678"), &arena, &set),
                     ST_OK);
    assert_int_equal(set.n, 2);
    assert_int_equal(terms_of_value(VALUE_MONEY, SEARCH_FRAGMENT, SLICE("12.00"), &arena, &set), ST_OK);
    assert_int_equal(set.n, 0);
}

static void each_term_comes_once_however_often_it_stands_there(void **state) {
    (void)state;
    struct term_set set;
    char text[1200];
    for (size_t i = 0; i < sizeof text; i += 3)
        memcpy(text + i, i % 2 ? "重" : "庆", 3);
    assert_int_equal(
        terms_of_value(VALUE_LONG_TEXT, SEARCH_FRAGMENT, slice_of(text, sizeof text), &arena, &set), ST_OK);
    for (size_t i = 0; i < set.n; i++) {
        for (size_t k = i + 1; k < set.n; k++)
            assert_false(slice_equal(set.terms[i], set.terms[k]));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fragment_is_found_by_characters_readings_and_initials),
        cmocka_unit_test(family_names_are_found_by_their_own_reading),
        cmocka_unit_test(a_fragment_that_is_not_there_is_not_found),
        cmocka_unit_test(exact_compares_in_the_form_of_the_type),
        cmocka_unit_test(an_ending_of_four_or_more_is_found),
        cmocka_unit_test(words_find_whole_words_and_han_fragments),
        cmocka_unit_test(queries_that_no_term_can_answer_are_refused_with_a_reason),
        cmocka_unit_test(letters_that_take_too_many_syllables_are_given_up_at_once),
        cmocka_unit_test(letters_split_into_every_row_of_syllables),
        cmocka_unit_test(every_part_of_a_random_name_finds_it),
        cmocka_unit_test(every_spelling_of_a_random_name_finds_it),
        cmocka_unit_test(what_a_random_name_lacks_does_not_find_it),
        cmocka_unit_test(the_number_of_terms_stays_small),
        cmocka_unit_test(each_term_comes_once_however_often_it_stands_there),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
