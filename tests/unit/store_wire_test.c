#include "store/wire.h"
#include "store_fixture.h"

static struct write_set sample(struct fixture *f) {
    struct write_op *ops = arena_array(&f->arena, 3, sizeof *ops);
    struct fixture_row *row = arena_array(&f->arena, 1, sizeof *row);
    fixture_row_make(f, 7, row);
    ops[0] = fixture_insert(row);
    struct term_change *terms = arena_array(&f->arena, 2, sizeof *terms);
    terms[0] = (struct term_change){.field = F_NAME, .search = SEARCH_FRAGMENT, .term = 1ull << 63};
    terms[1] = (struct term_change){.field = F_MOBILE, .search = SEARCH_EXACT, .remove = true, .term = 5};
    struct cell values[] = {cell_int(1), cell_text(SLICE("x")), {.kind = CELL_DOUBLE, .d = 0.5}};
    const struct pred *filter =
        pred_or(&f->arena, pred_not(&f->arena, pred_in(&f->arena, FIELD_OWNER, values, 3)),
                pred_child(&f->arena, 8, F_CUSTOMER, pred_is_null(&f->arena, F_TOTAL)));
    ops[1] = (struct write_op){.kind = WRITE_TERMS,
                               .object = &fixture_customer,
                               .record = row->id,
                               .terms = terms,
                               .term_count = 2,
                               .filter = filter,
                               .revision = -3};
    ops[2] = (struct write_op){.kind = WRITE_ITEM,
                               .filter = filter,
                               .item_kind = SLICE("view"),
                               .key = SLICE("k"),
                               .body = SLICE("{}"),
                               .actor = 9,
                               .act = 3,
                               .at_ms = 77,
                               .remove = true,
                               .epoch = 4};
    return (struct write_set){.intent = 12345678901, .ops = ops, .count = 3, .bulk = true};
}

/* Equal bytes mean equal sets: every field is in them. */
static void a_set_comes_back_as_it_was_sent(void **state) {
    struct fixture *f = *state;
    struct write_set set = sample(f), back;
    struct buf one, two;
    buf_init(&one, WIRE_SET_MAX, false);
    buf_init(&two, WIRE_SET_MAX, false);
    wire_put_set(&one, &set);
    assert_false(one.failed);
    assert_int_equal(wire_get_set(buf_slice(&one), &fixture_set, &f->arena, &back), ST_OK);
    assert_int_equal(back.intent, set.intent);
    assert_true(back.bulk);
    assert_ptr_equal(back.ops[0].object, &fixture_customer);
    assert_int_equal(back.ops[1].terms[0].term, 1ull << 63);
    assert_int_equal(back.ops[1].filter->op, PRED_OR);
    assert_int_equal(back.ops[2].epoch, 4);
    assert_ptr_equal(back.ops[2].filter, back.ops[1].filter); /* sent once */
    assert_true(slice_is(back.ops[2].item_kind, "view"));
    wire_put_set(&two, &back);
    assert_true(slice_equal(buf_slice(&one), buf_slice(&two)));
    buf_free(&one);
    buf_free(&two);
}

static void a_set_that_is_cut_or_longer_is_refused(void **state) {
    struct fixture *f = *state;
    struct write_set set = sample(f), back;
    struct buf b;
    buf_init(&b, WIRE_SET_MAX, false);
    wire_put_set(&b, &set);
    for (size_t n = 0; n < b.n; n++)
        assert_int_equal(wire_get_set(slice_of(b.p, n), &fixture_set, &f->arena, &back), ST_CORRUPT);
    buf_put_u8(&b, 0);
    assert_int_equal(wire_get_set(buf_slice(&b), &fixture_set, &f->arena, &back), ST_CORRUPT);
    buf_free(&b);
}

static void damaged_bytes_never_do_harm(void **state) {
    struct fixture *f = *state;
    struct write_set set = sample(f);
    struct buf b;
    buf_init(&b, WIRE_SET_MAX, false);
    wire_put_set(&b, &set);
    uint64_t seed = 1;
    for (int i = 0; i < 20000; i++) {
        struct write_set back;
        size_t at = fixture_random(&seed) % b.n;
        uint8_t was = b.p[at];
        b.p[at] = (uint8_t)fixture_random(&seed);
        struct arena a;
        arena_init(&a, (size_t)16 << 20, ARENA_PLAIN);
        enum status st = wire_get_set(buf_slice(&b), &fixture_set, &a, &back);
        assert_true(st == ST_OK || st == ST_CORRUPT);
        arena_free(&a);
        b.p[at] = was;
    }
    buf_free(&b);
}

static void a_set_past_the_limits_is_not_sent(void **state) {
    struct fixture *f = *state;
    struct write_set set = sample(f);
    struct buf b;
    buf_init(&b, 100, false);
    wire_put_set(&b, &set);
    assert_true(b.failed);
    buf_reset(&b);
    set.count = STORE_OPS_MAX + 1;
    wire_put_set(&b, &set);
    assert_true(b.failed);
    buf_free(&b);
}

static void a_value_in_clear_for_a_sealed_field_is_refused(void **state) {
    struct fixture *f = *state;
    struct fixture_row row;
    struct error e = {.detail = ""};
    fixture_row_make(f, 1, &row);
    struct write_op op = fixture_insert(&row);
    struct write_set set = {.ops = &op, .count = 1};
    assert_int_equal(write_set_check(&set, &fixture_set, &e), ST_OK);
    row.cells[8] = cell_text(SLICE("13800001234"));
    assert_int_equal(write_set_check(&set, &fixture_set, &e), ST_UNAVAILABLE);
    assert_string_equal(e.code, "definition_changed");
    row.cells[8] = cell_null();
    assert_int_equal(write_set_check(&set, &fixture_set, &e), ST_OK);
}

int main(void) {
#define WIRE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        WIRE_TEST(a_set_comes_back_as_it_was_sent),
        WIRE_TEST(a_set_that_is_cut_or_longer_is_refused),
        WIRE_TEST(damaged_bytes_never_do_harm),
        WIRE_TEST(a_set_past_the_limits_is_not_sent),
        WIRE_TEST(a_value_in_clear_for_a_sealed_field_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
