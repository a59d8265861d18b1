#include "store_fixture.h"

#include <pthread.h>

/* Sets of several threads share transactions; one that fails after it has written takes nobody along. */

#define WRITERS 8
#define SETS    40

struct writer_thread {
    struct fixture *f;
    uint64_t first;
    size_t wrong; /* sets that ended otherwise than they should */
    pthread_t thread;
};

/* Every third set makes its record twice: the second time is a conflict, behind the first row and its terms.
 */
static void *write_sets(void *context) {
    struct writer_thread *w = context;
    for (uint64_t n = 0; n < SETS; n++) {
        struct term_change term = {.field = F_MOBILE, .search = SEARCH_EXACT, .term = w->first + n};
        uint16_t columns[] = {FIELD_OWNER, FIELD_CREATED_AT};
        struct cell cells[] = {cell_int((int64_t)(n % 3)), cell_int(1700000000000)};
        struct write_op op = {.kind = WRITE_INSERT,
                              .object = &fixture_customer,
                              .record = fixture_id(w->first + n),
                              .columns = columns,
                              .cells = cells,
                              .column_count = 2};
        struct write_op ops[] = {op,
                                 {.kind = WRITE_TERMS,
                                  .object = &fixture_customer,
                                  .record = op.record,
                                  .terms = &term,
                                  .term_count = 1},
                                 op};
        struct write_set set = {.ops = ops, .count = n % 3 == 0 ? 3 : 2};
        struct error e;
        enum status st = store_write(w->f->store, &set, NULL, &e);
        w->wrong += st != (n % 3 == 0 ? ST_CONFLICT : ST_OK);
    }
    return NULL;
}

static uint64_t count_of(struct fixture *f, const struct pred *filter) {
    uint64_t n = 0;
    bool at_least = false;
    struct error e;
    assert_int_equal(store_count(f->reader, &fixture_customer, filter, false, 1000, &n, &at_least, &e),
                     ST_OK);
    return n;
}

static void a_set_that_fails_takes_no_other_of_its_group_along(void **state) {
    struct fixture *f = *state;
    struct writer_thread writers[WRITERS];
    for (size_t i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer_thread){.f = f, .first = 1000 * (i + 1)};
        assert_int_equal(pthread_create(&writers[i].thread, NULL, write_sets, &writers[i]), 0);
    }
    for (size_t i = 0; i < WRITERS; i++) {
        assert_int_equal(pthread_join(writers[i].thread, NULL), 0);
        assert_int_equal(writers[i].wrong, 0);
    }
    size_t failed = (SETS + 2) / 3;
    assert_int_equal(count_of(f, &pred_true), WRITERS * (SETS - failed));
    assert_int_equal(count_of(f, pred_compare(&f->arena, PRED_EQ, FIELD_OWNER, cell_int(0))), 0);
    for (uint64_t n = 0; n < SETS; n++) {
        struct cell term = cell_int((int64_t)(1000 + n));
        assert_int_equal(count_of(f, pred_terms(&f->arena, F_MOBILE, SEARCH_EXACT, &term, 1)), n % 3 != 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_set_that_fails_takes_no_other_of_its_group_along, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
