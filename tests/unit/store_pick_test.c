#include "store/sqlite/facts.h"
#include "test.h"

static const struct fact some_fact = {
    .created_at = 5, .id = {1, 2}, .owner = 3, .department = 4, .branch = FACT_NOBODY, .alive = true};

/* By three ways that agree. */
static bool all_before(struct facts *f, uint64_t now, uint64_t rows, int64_t at) {
    struct facts_view v = facts_look(f, 7, now);
    uint64_t bits[POSTINGS_WORDS] = {0, rows};
    uint32_t list[64];
    size_t n = 0;
    for (uint32_t i = 0; i < 64; i++) {
        if ((rows >> i & 1) != 0)
            list[n++] = 64 + i;
    }
    bool before = facts_all_before(&v, 64, rows, at);
    assert_int_equal(facts_bits_before(&v, 0, bits, at), before);
    assert_int_equal(facts_list_before(&v, list, n, at), before);
    return before;
}

static void rows_created_before_a_time_are_known_together(void **state) {
    (void)state;
    atomic_ullong clock = 2;
    struct facts *f = facts_new(&clock);
    struct facts_view v = facts_look(f, 7, 2);
    struct fact fact = some_fact;
    assert_false(all_before(f, 2, 1, 100));
    facts_learn(&v, 64, &fact); /* created at 5 */
    fact.created_at = 50;
    facts_learn(&v, 67, &fact);
    fact.created_at = 500;
    fact.alive = false;
    facts_learn(&v, 68, &fact);
    assert_true(all_before(f, 2, 1 | 8 | 16, 51));
    assert_true(all_before(f, 2, 1, 51));
    assert_false(all_before(f, 2, 1 | 8, 50));     /* at that time, ids decide */
    assert_false(all_before(f, 2, 1 | 2 | 8, 51)); /* one is not known */
    atomic_store(&clock, 3);
    facts_changed(f, 7, 65);
    assert_false(all_before(f, 2, 1, 51));
    atomic_store(&clock, 4);
    assert_true(all_before(f, 4, 1, 51));
    facts_changed(f, 7, 64);
    assert_false(all_before(f, 6, 1, 51));
    facts_free(f);
}

static void a_list_of_no_rows_is_before_anything(void **state) {
    (void)state;
    atomic_ullong clock = 2;
    struct facts *f = facts_new(&clock);
    struct facts_view v = facts_look(f, 7, 2);
    const uint64_t none[POSTINGS_WORDS] = {0};
    assert_true(facts_list_before(&v, NULL, 0, 1));
    assert_false(facts_bits_before(&v, 0, none, 1)); /* of a chunk of which nothing is known */
    facts_learn(&v, 64, &some_fact);
    assert_true(facts_bits_before(&v, 0, none, 1));
    facts_free(f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_created_before_a_time_are_known_together),
        cmocka_unit_test(a_list_of_no_rows_is_before_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
