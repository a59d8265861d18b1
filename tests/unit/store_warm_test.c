#include "store/sqlite/facts.h"
#include "store/sqlite/kept.h"
#include "store/sqlite/reader.h"
#include "store_fixture.h"

#include <poll.h>

#define ROWS 1700 /* some slices */

static size_t known(const struct fixture *f, int64_t last) {
    struct facts_view v = facts_look(f->reader->facts, fixture_customer.id, kept_now(f->reader->kept));
    struct fact fact;
    size_t n = 0;
    for (int64_t row = 0; row <= last; row++)
        n += facts_get(&v, row, &fact);
    return n;
}

static void wait_until_known(const struct fixture *f, int64_t last, size_t count) {
    while (known(f, last) < count)
        (void)poll(NULL, 0, 5);
}

static void warm(struct fixture *f) {
    struct error e;
    assert_int_equal(store_warm(f->store, &e), ST_OK);
}

static void rows_are_learnt_without_a_question(void **state) {
    struct fixture *f = *state;
    fixture_fill(f, 1, ROWS + 1);
    assert_int_equal(known(f, ROWS), 0);
    warm(f);
    wait_until_known(f, ROWS, ROWS);
    assert_true(store_warmed(f->store) >= ROWS);
}

static void rows_that_come_later_are_learnt_too(void **state) {
    struct fixture *f = *state;
    fixture_fill(f, 1, 11);
    warm(f);
    wait_until_known(f, 10, 10);
    fixture_fill(f, 11, ROWS + 1);
    wait_until_known(f, ROWS, ROWS);
}

static void what_was_forgotten_is_learnt_anew(void **state) {
    struct fixture *f = *state;
    struct error e;
    fixture_fill(f, 1, ROWS + 1);
    warm(f);
    wait_until_known(f, ROWS, ROWS);
    uint64_t before = store_warmed(f->store);
    assert_int_equal(store_migrate(f->store, &fixture_set, &e), ST_OK);
    fixture_fill(f, ROWS + 1, ROWS + 2); /* the commit at which it goes, if not before */
    while (store_warmed(f->store) < before + ROWS)
        (void)poll(NULL, 0, 5);
    wait_until_known(f, ROWS + 1, ROWS + 1);
}

static void a_store_can_be_closed_while_it_learns(void **state) {
    struct fixture *f = *state;
    fixture_fill(f, 1, ROWS + 1);
    warm(f);
    warm(f); /* once is enough */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_are_learnt_without_a_question, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(rows_that_come_later_are_learnt_too, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(what_was_forgotten_is_learnt_anew, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_store_can_be_closed_while_it_learns, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
