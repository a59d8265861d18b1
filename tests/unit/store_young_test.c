#include "store_fixture.h"

#include "store/sqlite/compile.h"
#include "store/sqlite/young.h"

static uint64_t count_of(struct fixture *f, const struct pred *p) {
    uint64_t n = 0;
    bool at_least;
    struct error e = {.detail = ""};
    assert_int_equal(store_count(f->reader, &fixture_customer, p, false, 1000000, &n, &at_least, &e), ST_OK);
    return n;
}

static const struct pred *mobile(struct fixture *f, int64_t term) {
    struct cell cell = cell_int(term);
    return pred_terms(&f->arena, F_MOBILE, SEARCH_EXACT, &cell, 1);
}

static struct term_change *exact(struct fixture *f, uint64_t term, bool remove) {
    struct term_change *t = arena_alloc(&f->arena, sizeof *t);
    *t = (struct term_change){F_MOBILE, SEARCH_EXACT, remove, term};
    return t;
}

static struct write_op terms_op(uint64_t n, const struct term_change *t, size_t count) {
    return (struct write_op){.kind = WRITE_TERMS,
                             .object = &fixture_customer,
                             .record = fixture_id(n),
                             .terms = t,
                             .term_count = count};
}

/* Customers from..to-1 in one bulk set, with the exact terms n and n % 10 + 1000000. With `spoilt` the set's
 * last op fails. */
static enum status bulk_try(struct fixture *f, uint64_t from, uint64_t to, bool spoilt) {
    struct error e;
    size_t count = 0;
    struct write_op *ops = arena_array(&f->arena, 2 * (to - from) + 1, sizeof *ops);
    for (uint64_t n = from; n < to; n++) {
        struct fixture_row *row = arena_alloc(&f->arena, sizeof *row);
        struct term_change *t = arena_array(&f->arena, 2, sizeof *t);
        fixture_row_make(f, n, row);
        t[0] = (struct term_change){F_MOBILE, SEARCH_EXACT, false, n};
        t[1] = (struct term_change){F_MOBILE, SEARCH_EXACT, false, n % 10 + 1000000};
        ops[count++] = fixture_insert(row);
        ops[count++] = terms_op(n, t, 2);
    }
    if (spoilt)
        ops[count++] = terms_op(999999, exact(f, 1, false), 1);
    struct write_set set = {.ops = ops, .count = count, .bulk = true};
    return store_write(f->store, &set, NULL, &e);
}

static enum status unique(struct fixture *f, uint64_t n, uint64_t term) {
    struct error e;
    struct write_op op = {.kind = WRITE_UNIQUE,
                          .object = &fixture_customer,
                          .record = fixture_id(n),
                          .terms = exact(f, term, false),
                          .term_count = 1,
                          .filter = &pred_true,
                          .key = SLICE("mobile")};
    return fixture_write(f, &op, 1, &e);
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

static void until_all_are_in_their_places(struct fixture *f) {
    for (int tries = 0; tries < 3000 && number(f, "SELECT count(*) FROM y_7") > 0; tries++)
        (void)usleep(10000);
    assert_int_equal(number(f, "SELECT count(*) FROM y_7"), 0);
}

static void all_are_found(struct fixture *f, uint64_t rows) {
    const struct pred *seven = mobile(f, 7), *shared = mobile(f, 1000003);
    assert_int_equal(count_of(f, seven), 1);
    assert_int_equal(count_of(f, shared), rows / 10);
    assert_int_equal(count_of(f, mobile(f, 5000000)), 0);
    assert_int_equal(count_of(f, pred_or(&f->arena, seven, shared)), rows / 10 + 1);
    assert_int_equal(count_of(f, pred_and(&f->arena, seven, shared)), 0);
    assert_int_equal(count_of(f, pred_not(&f->arena, shared)), rows - rows / 10);
    assert_int_equal(unique(f, 500000, 7), ST_CONFLICT);
    assert_int_equal(unique(f, 7, 7), ST_OK);
    assert_int_equal(unique(f, 500000, 5000000), ST_OK);
}

static void terms_of_bulk_sets_hold_at_once_after_a_restart_and_in_their_places(void **state) {
    struct fixture *f = *state;
    for (uint64_t n = 1; n <= 1000; n += 100)
        assert_int_equal(bulk_try(f, n, n + 100, false), ST_OK);
    all_are_found(f, 1000);
    fixture_close(f);
    fixture_open(f);
    all_are_found(f, 1000);
    until_all_are_in_their_places(f);
    assert_int_equal(number(f, "SELECT count(*) FROM x_7"), 2000);
    all_are_found(f, 1000);
}

static void a_change_of_a_new_rows_terms_holds(void **state) {
    struct fixture *f = *state;
    struct error e;
    assert_int_equal(bulk_try(f, 1, 201, false), ST_OK);
    struct term_change t[] = {{F_MOBILE, SEARCH_EXACT, true, 7}, {F_MOBILE, SEARCH_EXACT, false, 777}};
    struct write_op op = terms_op(7, t, 2);
    assert_int_equal(fixture_write(f, &op, 1, &e), ST_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(count_of(f, mobile(f, 7)), 0);
        assert_int_equal(count_of(f, mobile(f, 777)), 1);
        assert_int_equal(count_of(f, mobile(f, 8)), 1);
        assert_int_equal(count_of(f, mobile(f, 1000003)), 20);
        assert_int_equal(unique(f, 500000, 7), ST_OK);
        assert_int_equal(unique(f, 500000, 777), ST_CONFLICT);
        until_all_are_in_their_places(f);
    }
}

static void terms_of_a_set_that_fails_are_nobodys(void **state) {
    struct fixture *f = *state;
    assert_int_equal(bulk_try(f, 1, 101, false), ST_OK);
    assert_int_equal(bulk_try(f, 101, 201, true), ST_NOT_FOUND);
    assert_int_equal(unique(f, 500000, 150), ST_OK);
    assert_int_equal(unique(f, 500000, 50), ST_CONFLICT);
    assert_int_equal(bulk_try(f, 101, 201, false), ST_OK);
    all_are_found(f, 200);
}

static void a_purged_row_leaves_no_terms(void **state) {
    struct fixture *f = *state;
    struct error e;
    assert_int_equal(bulk_try(f, 1, 101, false), ST_OK);
    struct term_change t[] = {{F_MOBILE, SEARCH_EXACT, false, 9}, {F_MOBILE, SEARCH_EXACT, false, 1000009}};
    struct write_op op = terms_op(9, t, 2);
    op.kind = WRITE_PURGE;
    assert_int_equal(fixture_write(f, &op, 1, &e), ST_OK);
    until_all_are_in_their_places(f);
    assert_int_equal(number(f, "SELECT count(*) FROM x_7 WHERE row = 9"), 0);
    assert_int_equal(number(f, "SELECT count(*) FROM x_7"), 198);
}

/* ---- without the writer's thread ---- */

struct bench {
    struct connection *c;
    struct sql sql;
    struct young young;
    struct error e;
};

static void bench_open(struct fixture *f, struct bench *b) {
    char path[96];
    (void)snprintf(path, sizeof path, "%s/kedun.db", f->directory);
    assert_int_equal(connection_open(path, CONNECTION_WRITER, &b->c, &b->e), ST_OK);
    sql_init(&b->sql);
    assert_int_equal(young_open(&b->young, b->c, &b->sql, &b->e), ST_OK);
}

static void bench_close(struct bench *b) {
    young_close(&b->young);
    sql_free(&b->sql);
    connection_close(b->c);
}

static void bench_put(struct bench *b, int64_t first, int64_t rows) {
    struct pending_terms p = {.list = NULL};
    for (int64_t row = first; row < first + rows; row++) {
        struct pending_term t = {.object = 7, .key = compile_term_key(F_MOBILE, SEARCH_EXACT), .row = row};
        t.term = row * 7919 % 100003;
        assert_int_equal(pending_terms_add(&p, t), ST_OK);
        t.term = 5;
        assert_int_equal(pending_terms_add(&p, t), ST_OK);
    }
    pending_terms_sort(&p);
    assert_int_equal(young_put(&b->young, &p, &b->e), ST_OK);
    pending_terms_free(&p);
}

static uint64_t rows_of(struct bench *b, int64_t term) {
    sqlite3_stmt *s = NULL;
    uint64_t n = 0;
    sql_reset(&b->sql);
    young_put_rows(&b->sql, 7, compile_term_key(F_MOBILE, SEARCH_EXACT), term);
    assert_int_equal(sql_prepare(&b->sql, b->c, &s, &b->e), ST_OK);
    while (sqlite3_step(s) == SQLITE_ROW)
        n++;
    statement_done(b->c, s);
    return n;
}

static bool stop_at_once(void *context) {
    (void)context;
    return true;
}

static void each_slice_of_putting_over_shows_every_row_once(void **state) {
    struct fixture *f = *state;
    struct bench *b = calloc(1, sizeof *b);
    fixture_close(f);
    bench_open(f, b);
    for (int64_t row = 1; row <= 800; row += 200)
        bench_put(b, row, 200);
    size_t slices = 0;
    for (; young_any(&b->young); slices++) {
        if (slices == 3)
            bench_put(b, 801, 100); /* comes meanwhile */
        uint64_t all = slices < 3 ? 800 : 900;
        assert_int_equal(rows_of(b, 5), all);
        assert_int_equal(rows_of(b, 7 * 7919), 1);
        assert_true(pending_terms_find(&b->young.terms, 7, compile_term_key(F_MOBILE, SEARCH_EXACT), 5, 0) >
                    0);
        bool (*stop)(void *) = stop_at_once;
        assert_int_equal(young_fold(&b->young, stop, NULL, &b->e), ST_OK);
        if (b->young.fold.count == 0 && b->young.fold.object != 0)
            break;
    }
    assert_true(slices > 20);
    bench_close(b); /* in between, as a crash would be */
    bench_open(f, b);
    assert_int_equal(b->young.count, 5);
    assert_int_equal(rows_of(b, 5), 900);
    bench_close(b);
    free(b);
    fixture_open(f);
    until_all_are_in_their_places(f);
    assert_int_equal(number(f, "SELECT count(*) FROM x_7"), 1800);
}

static void a_release_while_terms_are_put_over_gives_back_the_whole_set(void **state) {
    struct fixture *f = *state;
    struct bench *b = calloc(1, sizeof *b);
    struct pending_terms released = {.list = NULL};
    fixture_close(f);
    bench_open(f, b);
    bench_put(b, 1, 100);
    bench_put(b, 101, 100);
    assert_int_equal(young_fold(&b->young, stop_at_once, NULL, &b->e), ST_OK);
    assert_int_equal(young_release(&b->young, 7, 500, &released, &b->e), ST_OK);
    assert_int_equal(released.count, 0);
    assert_int_equal(young_release(&b->young, 7, 50, &released, &b->e), ST_OK);
    assert_int_equal(released.count, 200);
    assert_int_equal(b->young.count, 1);
    assert_int_equal(pending_terms_find(&b->young.terms, 7, compile_term_key(F_MOBILE, SEARCH_EXACT),
                                        50 * 7919 % 100003, 0),
                     0);
    pending_terms_free(&released);
    bench_close(b);
    free(b);
    fixture_open(f);
}

#define YOUNG_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        YOUNG_TEST(terms_of_bulk_sets_hold_at_once_after_a_restart_and_in_their_places),
        YOUNG_TEST(a_change_of_a_new_rows_terms_holds),
        YOUNG_TEST(terms_of_a_set_that_fails_are_nobodys),
        YOUNG_TEST(a_purged_row_leaves_no_terms),
        YOUNG_TEST(each_slice_of_putting_over_shows_every_row_once),
        YOUNG_TEST(a_release_while_terms_are_put_over_gives_back_the_whole_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
