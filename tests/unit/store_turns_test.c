#include "test.h"

#include "store/sqlite/turns.h"
#include "store/sqlite/writer.h"

#define MS ((int64_t)1000000)

static struct writer_turns fresh(void) {
    struct writer_turns t;
    turns_init(&t);
    return t;
}

static void bulk_work_goes_on_while_nobody_writes(void **state) {
    (void)state;
    struct writer_turns t = fresh();
    turns_bulk(&t, 1000 * MS, 15 * MS);
    assert_int_equal(turns_next(&t, 1000 * MS, false), 1000 * MS);
    turns_interactive(&t, 1001 * MS, 1);
    assert_int_equal(turns_next(&t, 1002 * MS, false), 1002 * MS);
}

static void somebody_who_waits_goes_first_but_not_for_ever(void **state) {
    (void)state;
    struct writer_turns t = fresh();
    turns_bulk(&t, 1000 * MS, 15 * MS);
    assert_int_equal(turns_next(&t, 1001 * MS, true), 1000 * MS + WRITER_SLICE_NS);
}

static void people_who_write_all_the_time_leave_bulk_work_a_tenth(void **state) {
    (void)state;
    struct writer_turns t = fresh();
    for (int64_t at = 1000; at < 1150; at += 10)
        turns_interactive(&t, at * MS, 2);
    turns_bulk(&t, 1150 * MS, 15 * MS);
    assert_int_equal(turns_next(&t, 1151 * MS, false), 1150 * MS + 135 * MS);
    assert_int_equal(turns_next(&t, 1151 * MS, true), 1150 * MS + 135 * MS);
    turns_bulk(&t, 1150 * MS, 1000 * MS);
    assert_int_equal(turns_next(&t, 1151 * MS, true), 1150 * MS + TURNS_REST_NS);
    turns_bulk(&t, 1150 * MS, 1 * MS);
    assert_int_equal(turns_next(&t, 1151 * MS, false), 1150 * MS + WRITER_SLICE_NS);
    assert_int_equal(turns_next(&t, 1400 * MS, false), 1400 * MS); /* they have gone */
}

static void who_was_alone_for_long_is_alone(void **state) {
    (void)state;
    struct writer_turns t = fresh();
    assert_true(turns_alone(&t, 0));
    t.interactive_ns = 1000 * MS;
    assert_false(turns_alone(&t, 1001 * MS));
    assert_true(turns_alone(&t, 1001 * MS + WRITER_ALONE_AFTER_NS));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bulk_work_goes_on_while_nobody_writes),
        cmocka_unit_test(somebody_who_waits_goes_first_but_not_for_ever),
        cmocka_unit_test(people_who_write_all_the_time_leave_bulk_work_a_tenth),
        cmocka_unit_test(who_was_alone_for_long_is_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
