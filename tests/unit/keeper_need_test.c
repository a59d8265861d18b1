#include "keeper/need.h"
#include "test.h"

#include <string.h>

static void what_is_missing_travels_in_the_error_and_comes_out_the_same(void **state) {
    (void)state;
    struct need need = {
        .act = "delete", .reason = true, .minutes = 15, .counted = true, .count = 21, .above = 20};
    struct need out;
    struct error e;
    assert_int_equal(need_refuse(&need, &e), ST_DENIED);
    assert_string_equal(e.code, "second_factor_required");
    assert_true(need_read(&e, &out));
    assert_string_equal(out.act, "delete");
    assert_true(out.reason && out.counted);
    assert_int_equal(out.minutes, 15);
    assert_int_equal(out.count, 21);
    assert_int_equal(out.above, 20);
    need.minutes = 0;
    assert_int_equal(need_refuse(&need, &e), ST_DENIED);
    assert_string_equal(e.code, "reason_required");
}

static void other_errors_are_no_need(void **state) {
    static const char *const details[] = {"policy says no",
                                          "need ",
                                          "need delete",
                                          "need delete 1 15 1 21",
                                          "need delete 1 15 1 21 20 3",
                                          "need delete 2 15 1 21 20",
                                          "need delete 1 70000 1 21 20",
                                          "need delete -1 15 1 21 20",
                                          "need averyveryverylongnamethatdoesnotfit 1 15 1 21 20"};
    struct need out;
    struct error e;
    (void)state;
    for (size_t i = 0; i < sizeof details / sizeof details[0]; i++) {
        (void)error_set(&e, ST_DENIED, "reason_required", "%s", details[i]);
        assert_false(need_read(&e, &out));
    }
    (void)error_set(&e, ST_INVALID, "reason_required", "need delete 1 15 1 21 20");
    assert_false(need_read(&e, &out));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_missing_travels_in_the_error_and_comes_out_the_same),
        cmocka_unit_test(other_errors_are_no_need),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
