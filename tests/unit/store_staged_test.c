#include "store_fixture.h"

#include "store/sqlite/staged.h"

static uint64_t count_of(struct fixture *f, const struct pred *p) {
    uint64_t n = 0;
    bool at_least;
    struct error e = {.detail = ""};
    assert_int_equal(store_count(f->reader, &fixture_customer, p, false, 1000000, &n, &at_least, &e), ST_OK);
    return n;
}

static const struct pred *has(struct fixture *f, uint16_t field, unsigned search, int64_t term) {
    struct cell cell = cell_int(term);
    return pred_terms(&f->arena, field, (enum field_search)search, &cell, 1);
}

/* Customers from..to-1 in bulk sets of 500, with the fragments 1 and n % 10 + 10, the ending n % 50 and the
 * exact term n. */
static void bulk_fill(struct fixture *f, uint64_t from, uint64_t to) {
    struct error e;
    while (from < to) {
        size_t n = to - from > 500 ? 500 : (size_t)(to - from);
        struct fixture_row *rows = arena_array(&f->arena, n, sizeof *rows);
        struct write_op *ops = arena_array(&f->arena, 2 * n, sizeof *ops);
        for (size_t i = 0; i < n; i++, from++) {
            struct term_change *t = arena_array(&f->arena, 4, sizeof *t);
            fixture_row_make(f, from, &rows[i]);
            ops[2 * i] = fixture_insert(&rows[i]);
            t[0] = (struct term_change){F_NAME, SEARCH_FRAGMENT, false, 1};
            t[1] = (struct term_change){F_NAME, SEARCH_FRAGMENT, false, from % 10 + 10};
            t[2] = (struct term_change){F_MOBILE, SEARCH_SUFFIX, false, from % 50};
            t[3] = (struct term_change){F_MOBILE, SEARCH_EXACT, false, from};
            ops[2 * i + 1] = (struct write_op){.kind = WRITE_TERMS,
                                               .object = &fixture_customer,
                                               .record = rows[i].id,
                                               .terms = t,
                                               .term_count = 4};
        }
        struct write_set set = {.ops = ops, .count = 2 * n, .bulk = true};
        assert_int_equal(store_write(f->store, &set, NULL, &e), ST_OK);
    }
}

static int64_t number(struct fixture *f, const char *sql) {
    struct connection *c = NULL;
    sqlite3_stmt *s = NULL;
    struct error e;
    char path[96];
    (void)snprintf(path, sizeof path, "%s/kedun.db", f->directory);
    assert_int_equal(connection_open(path, CONNECTION_READER, &c, &e), ST_OK);
    assert_int_equal(connection_prepare(c, slice_from_string(sql), &s, &e), ST_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(s, 0);
    statement_done(c, s);
    connection_close(c);
    return n;
}

static void all_are_found(struct fixture *f, uint64_t rows) {
    assert_int_equal(count_of(f, has(f, F_NAME, SEARCH_FRAGMENT, 1)), rows);
    assert_int_equal(count_of(f, has(f, F_NAME, SEARCH_FRAGMENT, 13)), rows / 10);
    const struct cell both[] = {cell_int(1), cell_int(13)};
    for (size_t twice = 0; twice < 2; twice++) /* read, then kept */
        assert_int_equal(count_of(f, pred_terms(&f->arena, F_NAME, SEARCH_FRAGMENT, both, 2)), rows / 10);
    assert_int_equal(count_of(f, has(f, F_MOBILE, SEARCH_SUFFIX, 7)), rows / 50);
    assert_int_equal(count_of(f, has(f, F_MOBILE, SEARCH_EXACT, 7)), 1);
    const struct pred *three = has(f, F_NAME, SEARCH_FRAGMENT, 13),
                      *suffix = has(f, F_MOBILE, SEARCH_SUFFIX, 4);
    assert_int_equal(count_of(f, pred_or(&f->arena, three, suffix)), rows / 10 + rows / 50);
    assert_int_equal(count_of(f, pred_and(&f->arena, three, suffix)), 0);
    assert_int_equal(count_of(f, pred_not(&f->arena, three)), rows - rows / 10);
}

static void rows_in_bulk_are_found_at_once_and_after_a_restart(void **state) {
    struct fixture *f = *state;
    bulk_fill(f, 1, 1001);
    all_are_found(f, 1000);
    fixture_close(f);
    fixture_open(f);
    all_are_found(f, 1000);
}

static void a_full_chunk_is_indexed_before_the_next_bulk_set(void **state) {
    struct fixture *f = *state;
    bulk_fill(f, 1, 18401); /* the sets behind the chunk's end come after its folding */
    all_are_found(f, 18400);
}

static void the_last_change_of_a_staged_row_holds(void **state) {
    struct fixture *f = *state;
    struct error e;
    bulk_fill(f, 1, 501);
    struct term_change t[] = {{F_NAME, SEARCH_FRAGMENT, true, 1}, {F_NAME, SEARCH_FRAGMENT, false, 99}};
    struct write_op op = {.kind = WRITE_TERMS,
                          .object = &fixture_customer,
                          .record = fixture_id(5),
                          .terms = t,
                          .term_count = 2};
    assert_int_equal(fixture_write(f, &op, 1, &e), ST_OK);
    assert_int_equal(number(f, "SELECT count(*) FROM p_7 WHERE row = 5"), 0);
    assert_int_equal(count_of(f, has(f, F_NAME, SEARCH_FRAGMENT, 1)), 499);
    assert_int_equal(count_of(f, has(f, F_NAME, SEARCH_FRAGMENT, 99)), 1);
    assert_int_equal(count_of(f, has(f, F_MOBILE, SEARCH_SUFFIX, 5)), 10);
}

/* Staged rows are indexed when the writer has nothing else to do. */
static void until_nothing_is_staged(struct fixture *f) {
    for (int tries = 0; tries < 3000 && number(f, "SELECT count(*) FROM p_7") > 0; tries++)
        (void)usleep(10000);
    assert_int_equal(number(f, "SELECT count(*) FROM p_7"), 0);
}

static void rows_that_come_one_by_one_are_found_before_and_after_they_are_indexed(void **state) {
    struct fixture *f = *state;
    struct error e;
    for (uint64_t n = 1; n <= 100; n++) {
        struct fixture_row row;
        fixture_row_make(f, n, &row);
        struct term_change t[] = {{F_NAME, SEARCH_FRAGMENT, false, 1},
                                  {F_NAME, SEARCH_FRAGMENT, false, n % 10 + 10},
                                  {F_MOBILE, SEARCH_SUFFIX, false, n % 50},
                                  {F_MOBILE, SEARCH_EXACT, false, n}};
        struct write_op ops[] = {fixture_insert(&row),
                                 {.kind = WRITE_TERMS,
                                  .object = &fixture_customer,
                                  .record = row.id,
                                  .terms = t,
                                  .term_count = 4}};
        assert_int_equal(fixture_write(f, ops, 2, &e), ST_OK);
        assert_int_equal(count_of(f, has(f, F_NAME, SEARCH_FRAGMENT, 1)), n);
    }
    all_are_found(f, 100);
    until_nothing_is_staged(f);
    all_are_found(f, 100);
    assert_int_equal(number(f, "SELECT count(*) FROM g_7"), 61);
}

/* Most of their terms have an entry there already. */
static void rows_of_a_chunk_that_was_indexed_before_are_found_with_those_of_before(void **state) {
    struct fixture *f = *state;
    bulk_fill(f, 1, 501);
    until_nothing_is_staged(f);
    bulk_fill(f, 501, 1001);
    until_nothing_is_staged(f);
    all_are_found(f, 1000);
    assert_int_equal(number(f, "SELECT count(*) FROM g_7"), 61);
}

/* ---- without the writer's thread ---- */

struct bench {
    struct connection *c;
    struct sql sql;
    struct staged staged;
    struct error e;
};

static void bench_open(struct fixture *f, struct bench *b) {
    char path[96];
    (void)snprintf(path, sizeof path, "%s/kedun.db", f->directory);
    assert_int_equal(connection_open(path, CONNECTION_WRITER, &b->c, &b->e), ST_OK);
    sql_init(&b->sql);
    assert_int_equal(staged_open(&b->staged, b->c, &b->sql, &b->e), ST_OK);
    assert_int_equal(connection_run(b->c, "BEGIN", &b->e), ST_OK);
}

static void bench_close(struct bench *b) {
    assert_int_equal(connection_run(b->c, "COMMIT", &b->e), ST_OK);
    staged_close(&b->staged);
    sql_free(&b->sql);
    connection_close(b->c);
}

static void count_row(void *context, size_t term, int64_t row) {
    assert_int_equal(term, 0);
    assert_true(row > 0);
    ++*(uint64_t *)context;
}

static uint64_t staged_rows(struct bench *b, int64_t term) {
    uint64_t n = 0;
    assert_int_equal(staged_find(b->c, &b->sql, 7, &term, 1, count_row, &n, &b->e), ST_OK);
    return n;
}

static bool stop_at_once(void *context) {
    (void)context;
    return true;
}

static void folding_in_slices_leaves_nothing_staged_and_nothing_out(void **state) {
    struct fixture *f = *state;
    struct bench *b = calloc(1, sizeof *b);
    fixture_close(f);
    bench_open(f, b);
    for (int64_t row = 1; row <= POSTINGS_ROWS + 100; row++) {
        struct term_change t[] = {{F_NAME, SEARCH_FRAGMENT, false, 1},
                                  {F_NAME, SEARCH_FRAGMENT, false, (uint64_t)row % 1000 + 10},
                                  {F_NAME, SEARCH_EXACT, false, 5}};
        struct object_def object = {.id = 7};
        struct write_op op = {.kind = WRITE_TERMS, .object = &object, .terms = t, .term_count = 3};
        if (row % 3 != 0)
            assert_int_equal(staged_put(&b->staged, NULL, &op, row, &b->e), ST_OK);
    }
    assert_true(staged_is_due(&b->staged));
    int64_t one = postings_term(F_NAME, 1);
    uint64_t all = POSTINGS_ROWS + 100 - (POSTINGS_ROWS + 100) / 3;
    assert_int_equal(staged_rows(b, one), all);
    size_t slices = 0;
    for (; staged_is_due(&b->staged); slices++)
        assert_int_equal(staged_fold(&b->staged, stop_at_once, NULL, &b->e), ST_OK);
    assert_true(slices > 10);
    uint64_t left = staged_rows(b, one);
    assert_true(left > 0 && left <= 101); /* of the chunk that is not full */
    for (; staged_any(&b->staged);)
        assert_int_equal(staged_fold(&b->staged, stop_at_once, NULL, &b->e), ST_OK);
    assert_int_equal(staged_rows(b, one), 0);
    bench_close(b);
    assert_int_equal(number(f, "SELECT count(*) FROM p_7"), 0);
    assert_int_equal(number(f, "SELECT count(DISTINCT term) FROM g_7"), 1001);
    free(b);
    fixture_open(f);
}

static void what_an_interrupted_folding_left_is_taken_up_again(void **state) {
    struct fixture *f = *state;
    struct bench *b = calloc(1, sizeof *b);
    struct pending_postings released = {.list = NULL};
    fixture_close(f);
    bench_open(f, b);
    for (int64_t row = 1; row <= 500; row++) {
        struct term_change t[] = {{F_NAME, SEARCH_FRAGMENT, false, (uint64_t)row}};
        struct object_def object = {.id = 7};
        struct write_op op = {.kind = WRITE_TERMS, .object = &object, .terms = t, .term_count = 1};
        assert_int_equal(staged_put(&b->staged, NULL, &op, row, &b->e), ST_OK);
    }
    assert_int_equal(staged_fold(&b->staged, stop_at_once, NULL, &b->e), ST_OK);
    assert_int_equal(staged_release(&b->staged, 7, 9, &released, &b->e), ST_OK);
    assert_int_equal(released.count, 1);
    assert_int_equal(released.list[0].term, postings_term(F_NAME, 9));
    pending_postings_free(&released);
    bench_close(b);
    bench_open(f, b);
    assert_true(staged_any(&b->staged));
    while (staged_any(&b->staged))
        assert_int_equal(staged_fold(&b->staged, stop_at_once, NULL, &b->e), ST_OK);
    bench_close(b);
    assert_int_equal(number(f, "SELECT count(*) FROM p_7"), 0);
    assert_in_range(number(f, "SELECT count(*) FROM g_7"), 499, 500);
    free(b);
    fixture_open(f);
}

#define STAGED_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        STAGED_TEST(rows_in_bulk_are_found_at_once_and_after_a_restart),
        STAGED_TEST(rows_that_come_one_by_one_are_found_before_and_after_they_are_indexed),
        STAGED_TEST(a_full_chunk_is_indexed_before_the_next_bulk_set),
        STAGED_TEST(the_last_change_of_a_staged_row_holds),
        STAGED_TEST(rows_of_a_chunk_that_was_indexed_before_are_found_with_those_of_before),
        STAGED_TEST(folding_in_slices_leaves_nothing_staged_and_nothing_out),
        STAGED_TEST(what_an_interrupted_folding_left_is_taken_up_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
