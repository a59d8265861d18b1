/* JSON in, and what becomes of it where memory runs out. */
#include "base/json_in.h"
#include "memory/failing.h"
#include "test.h"

#include <stdlib.h>

static void values_are_read_and_bad_text_is_placed(void **state) {
    json_t *v;
    json_error_t at;
    (void)state;
    assert_int_equal(json_read(SLICE("{\"a\":[1,2.5,\"x\",null,true]}"), 0, &v, NULL), ST_OK);
    assert_int_equal(json_array_size(json_object_get(v, "a")), 5);
    json_decref(v);
    assert_int_equal(json_read(SLICE("{\"a\":\n tru}"), 0, &v, &at), ST_INVALID);
    assert_null(v);
    assert_int_equal(at.line, 2);
    assert_int_equal(json_read(SLICE_NONE, 0, &v, NULL), ST_INVALID);
    assert_int_equal(json_read(SLICE("{\"a\":1,\"a\":2}"), JSON_REJECT_DUPLICATES, &v, NULL), ST_INVALID);
}

/* Strings that make the lexer's buffer grow, keys in number, nesting: whichever allocation fails. */
static void any_allocation_may_fail(void **state) {
    static const char text[] = "{\"a key that is longer than the buffer is at first\":\"and a value "
                               "\\u4e2d\\u6587 that is longer still, so "
                               "that it has to grow once more, and then again, while it is being "
                               "read\",\"b\":[[[[1,2,3,4,5,6,7,8,9,10]]]],"
                               "\"c\":{\"d\":1,\"e\":2,\"f\":3,\"g\":4,\"h\":5,\"i\":6,\"j\":7,\"k\":8,\"l\":"
                               "9,\"m\":10,\"n\":1.5e300}}";
    enum status s = ST_NOMEM;
    unsigned long n = 0, refused = 0;
    (void)state;
    while (s != ST_OK) {
        json_t *v;
        failing_arm(++n, false);
        s = json_read(SLICE(text), JSON_REJECT_DUPLICATES, &v, NULL);
        (void)failing_disarm();
        assert_true(s == ST_OK || (s == ST_NOMEM && v == NULL));
        refused += s == ST_NOMEM;
        json_decref(v);
    }
    assert_true(refused > 20 && refused == n - 1);
}

/* Whole or not at all, whichever allocation fails. */
static void what_is_printed_is_whole(void **state) {
    char *text = NULL;
    json_t *v, *again;
    unsigned long n = 0;
    (void)state;
    assert_int_equal(
        json_read(SLICE("{\"a rather long key of an object, so that the text has to grow for it\":1,"
                        "\"b\":[\"and a text of some length, for the same reason, and then more\"],"
                        "\"another long key, since it is keys that are passed over in silence\":{}}"),
                  0, &v, NULL),
        ST_OK);
    while (text == NULL) {
        failing_arm(++n, false);
        text = json_print(v, JSON_COMPACT);
        (void)failing_disarm();
    }
    assert_true(n > 1);
    assert_int_equal(json_read(slice_of(text, strlen(text)), 0, &again, NULL), ST_OK);
    assert_true(json_equal(v, again));
    free(text);
    json_decref(v);
    json_decref(again);
}

/* A plan without its narrowing member would do more than was asked for. */
static void no_member_is_left_out_for_lack_of_memory(void **state) {
    static const char *const names[] = {"within", "from", "missing"};
    struct arena a;
    struct slice text = SLICE_NONE;
    json_t *v;
    unsigned long n = 0;
    (void)state;
    assert_int_equal(json_read(SLICE("{\"from\":7,\"more\":1,\"within\":true}"), 0, &v, NULL), ST_OK);
    arena_init(&a, 1 << 16, ARENA_PLAIN);
    while (text.p == NULL) {
        failing_arm(++n, false);
        text = json_members(&a, v, names, 3);
        (void)failing_disarm();
    }
    assert_true(n > 3);
    assert_true(slice_equal(text, SLICE("{\"within\":true,\"from\":7}")));
    arena_free(&a);
    json_decref(v);
}

static void many_values_are_given_back(void **state) {
    static char text[400002];
    json_t *v;
    (void)state;
    for (size_t i = 0; i < 200000; i++)
        memcpy(text + 1 + 2 * i, "1,", 2);
    text[0] = '[';
    text[400000] = ']';
    assert_int_equal(json_read(slice_of(text, 400001), 0, &v, NULL), ST_OK);
    assert_int_equal(json_array_size(v), 200000);
    json_decref(v);
    text[400000] = '}';
    assert_int_equal(json_read(slice_of(text, 400001), 0, &v, NULL), ST_INVALID);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_read_and_bad_text_is_placed),
        cmocka_unit_test(any_allocation_may_fail),
        cmocka_unit_test(what_is_printed_is_whole),
        cmocka_unit_test(no_member_is_left_out_for_lack_of_memory),
        cmocka_unit_test(many_values_are_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
