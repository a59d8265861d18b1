#include "store/sqlite/kept.h"
#include "store_fixture.h"

#include <pthread.h>
#include <stdatomic.h>

static const uint16_t wanted[] = {FIELD_ID, FIELD_OWNER, FIELD_SUBJECT, FIELD_REVISION,
                                  F_NAME,   F_AMOUNT,    F_MOBILE};
enum { C_ID, C_OWNER, C_SUBJECT, C_REVISION, C_NAME, C_AMOUNT, C_MOBILE, C_COUNT };

static struct store_select select_of(const struct pred *filter) {
    return (struct store_select){.object = &fixture_customer,
                                 .columns = wanted,
                                 .column_count = C_COUNT,
                                 .filter = filter,
                                 .sort = {{FIELD_CREATED_AT, true}},
                                 .sort_count = 1,
                                 .limit = 50,
                                 .with_key = true};
}

static struct store_rows read_with(struct store_reader *r, struct arena *a, const struct pred *filter) {
    struct store_select q = select_of(filter);
    struct store_rows rows;
    struct error e = {.detail = ""};
    assert_int_equal(store_query(r, &q, a, &rows, &e), ST_OK);
    return rows;
}

static struct store_rows read_all(struct fixture *f) {
    return read_with(f->reader, &f->arena, &pred_true);
}

/* Customers 1 to n, each with a key of its own, as the guarded path writes them. */
static void fill_with_keys(struct fixture *f, uint64_t n) {
    struct error e = {.detail = ""};
    struct write_op *ops = arena_array(&f->arena, 2 * n, sizeof *ops);
    struct fixture_row *rows = arena_array(&f->arena, n, sizeof *rows);
    for (uint64_t i = 0; i < n; i++) {
        fixture_row_make(f, i + 1, &rows[i]);
        ops[2 * i] = (struct write_op){
            .kind = WRITE_SUBJECT_KEY, .record = rows[i].id, .body = SLICE("first key"), .epoch = 1};
        ops[2 * i + 1] = fixture_insert(&rows[i]);
    }
    assert_int_equal(fixture_write(f, ops, 2 * n, &e), ST_OK);
}

/* Sets owner, name and amount of a row together: amount = 1000 * owner + count. */
static enum status set_row(struct fixture *f, struct arena *a, uint64_t n, int64_t revision, int64_t owner,
                           int64_t count) {
    static const uint16_t columns[] = {FIELD_OWNER, F_NAME, F_AMOUNT};
    char *name = arena_format(a, "of %d", (int)owner);
    struct cell cells[] = {cell_int(owner), cell_text(slice_from_string(name)),
                           cell_int(1000 * owner + count)};
    struct write_op op = {.kind = WRITE_UPDATE,
                          .object = &fixture_customer,
                          .record = fixture_id(n),
                          .columns = columns,
                          .cells = cells,
                          .column_count = 3,
                          .revision = revision};
    struct error e = {.detail = ""};
    return fixture_write(f, &op, 1, &e);
}

static const struct store_row *row_of(const struct store_rows *rows, uint64_t n) {
    struct uuid id = fixture_id(n);
    for (size_t i = 0; i < rows->count; i++) {
        if (memcmp(rows->rows[i].cells[C_ID].s.p, id.b, 16) == 0)
            return &rows->rows[i];
    }
    return NULL;
}

static void a_second_reading_is_equal_to_the_first(void **state) {
    struct fixture *f = *state;
    fill_with_keys(f, 120);
    struct store_rows first = read_all(f), second = read_all(f);
    assert_int_equal(first.count, 50);
    assert_int_equal(second.count, 50);
    assert_true(second.more);
    for (size_t i = 0; i < 50; i++) {
        assert_true(slice_equal(first.rows[i].wrapped_key, SLICE("first key")));
        assert_true(slice_equal(second.rows[i].wrapped_key, SLICE("first key")));
        for (size_t c = 0; c < C_COUNT; c++) {
            const struct cell *a = &first.rows[i].cells[c], *b = &second.rows[i].cells[c];
            assert_int_equal(a->kind, b->kind);
            assert_int_equal(a->i, b->i);
            assert_true(slice_equal(a->s, b->s));
        }
    }
}

static void other_columns_of_a_kept_row_are_right_too(void **state) {
    struct fixture *f = *state;
    static const uint16_t turned[] = {F_MOBILE, F_NAME, FIELD_ID};
    fill_with_keys(f, 5);
    (void)read_all(f);
    struct store_select q = select_of(&pred_true);
    q.columns = turned;
    q.column_count = 3;
    q.with_key = false;
    struct store_rows rows;
    struct error e = {.detail = ""};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(store_query(f->reader, &q, &f->arena, &rows, &e), ST_OK);
        assert_int_equal(rows.count, 5);
        assert_int_equal(rows.rows[0].wrapped_key.n, 0);
        assert_true(slice_equal(rows.rows[0].cells[0].s, SLICE("sealed 5")));
        assert_int_equal(rows.rows[0].cells[2].s.n, 16);
    }
}

static void a_change_is_seen_by_the_next_reading(void **state) {
    struct fixture *f = *state;
    fill_with_keys(f, 20);
    (void)read_all(f);
    for (int64_t i = 1; i < 10; i++) {
        assert_int_equal(set_row(f, &f->arena, 7, i, 3, i), ST_OK);
        struct store_rows rows = read_all(f);
        assert_int_equal(row_of(&rows, 7)->cells[C_AMOUNT].i, 3000 + i);
        assert_int_equal(row_of(&rows, 7)->cells[C_REVISION].i, i + 1);
        (void)read_all(f);
    }
}

static void a_row_that_is_gone_is_not_found(void **state) {
    struct fixture *f = *state;
    fill_with_keys(f, 20);
    (void)read_all(f);
    struct write_op op = {.kind = WRITE_PURGE, .object = &fixture_customer, .record = fixture_id(7)};
    struct error e;
    assert_int_equal(fixture_write(f, &op, 1, &e), ST_OK);
    struct store_rows rows = read_all(f);
    assert_int_equal(rows.count, 19);
    assert_null(row_of(&rows, 7));
}

static void another_wrapping_and_a_destroyed_key_are_seen(void **state) {
    struct fixture *f = *state;
    struct error e;
    fill_with_keys(f, 20);
    (void)read_all(f);
    struct write_op again = {
        .kind = WRITE_SUBJECT_REWRAP, .record = fixture_id(7), .body = SLICE("second key"), .epoch = 2};
    assert_int_equal(fixture_write(f, &again, 1, &e), ST_OK);
    struct store_rows rows = read_all(f);
    assert_true(slice_equal(row_of(&rows, 7)->wrapped_key, SLICE("second key")));
    struct write_op destroy = {.kind = WRITE_SUBJECT_DESTROY, .record = fixture_id(7)};
    assert_int_equal(fixture_write(f, &destroy, 1, &e), ST_OK);
    rows = read_all(f);
    assert_int_equal(row_of(&rows, 7)->wrapped_key.n, 0);
    struct write_op anew = {
        .kind = WRITE_SUBJECT_KEY, .record = fixture_id(7), .body = SLICE("third key"), .epoch = 3};
    assert_int_equal(fixture_write(f, &anew, 1, &e), ST_OK);
    rows = read_all(f);
    assert_true(slice_equal(row_of(&rows, 7)->wrapped_key, SLICE("third key")));
}

static void a_snapshot_gets_neither_later_rows_nor_leaves_its_old_ones(void **state) {
    struct fixture *f = *state;
    struct store_reader *late;
    struct error e;
    fill_with_keys(f, 20);
    assert_int_equal(store_reader_open(f->store, &late, &e), ST_OK);
    assert_int_equal(store_snapshot(f->reader, &e), ST_OK);
    assert_int_equal(set_row(f, &f->arena, 7, 1, 3, 1), ST_OK);
    struct store_rows rows = read_all(f); /* not kept yet: must not be from now on */
    assert_int_equal(row_of(&rows, 7)->cells[C_REVISION].i, 1);
    rows = read_with(late, &f->arena, &pred_true);
    assert_int_equal(row_of(&rows, 7)->cells[C_REVISION].i, 2);
    rows = read_all(f);
    assert_int_equal(row_of(&rows, 7)->cells[C_REVISION].i, 1);
    store_snapshot_end(f->reader);
    rows = read_all(f);
    assert_int_equal(row_of(&rows, 7)->cells[C_REVISION].i, 2);
    store_reader_close(late);
}

static void a_set_that_fails_leaves_what_was_there(void **state) {
    struct fixture *f = *state;
    fill_with_keys(f, 20);
    (void)read_all(f);
    assert_int_equal(set_row(f, &f->arena, 7, 99, 3, 1), ST_RETRY);
    struct store_rows rows = read_all(f);
    assert_int_equal(row_of(&rows, 7)->cells[C_REVISION].i, 1);
}

static void more_changes_than_are_remembered_are_seen_all(void **state) {
    struct fixture *f = *state;
    static const uint16_t columns[] = {F_AMOUNT};
    static const struct cell changed = {.kind = CELL_INT, .i = 77};
    enum { MANY = 17000 };
    struct write_op *ops = arena_array(&f->arena, MANY, sizeof *ops);
    struct error e;
    fill_with_keys(f, 40);
    fixture_fill(f, 41, MANY + 1);
    (void)read_all(f);
    const struct pred *few = pred_compare(&f->arena, PRED_LE, FIELD_CREATED_AT, cell_int(1012));
    (void)read_with(f->reader, &f->arena, few);
    for (uint64_t i = 0; i < MANY; i++)
        ops[i] = (struct write_op){.kind = WRITE_UPDATE,
                                   .object = &fixture_customer,
                                   .record = fixture_id(MANY - i),
                                   .columns = columns,
                                   .cells = &changed,
                                   .column_count = 1,
                                   .revision = 1};
    assert_int_equal(fixture_write(f, ops, MANY, &e), ST_OK);
    struct store_rows rows = read_with(f->reader, &f->arena, few);
    assert_true(rows.count > 30);
    for (size_t i = 0; i < rows.count; i++)
        assert_int_equal(rows.rows[i].cells[C_AMOUNT].i, 77);
}

/* ---- while somebody writes ---- */

enum { ROWS = 30, OWNERS = 3, CHANGES = 150, READERS = 3 };

struct race {
    struct fixture *f;
    atomic_int acknowledged[ROWS + 1]; /* changes of each row */
    atomic_bool over;
    atomic_int wrong, readings;
};

/* Whatever is read fits the filter, is of one piece, and not older than what was acknowledged before. */
static void look(struct race *race, struct store_reader *r, struct arena *a, int64_t owner) {
    int before[ROWS + 1];
    for (size_t i = 1; i <= ROWS; i++)
        before[i] = atomic_load(&race->acknowledged[i]);
    struct store_select q = select_of(pred_compare(a, PRED_EQ, FIELD_OWNER, cell_int(owner)));
    struct store_rows rows = {.count = 0};
    struct error e = {.detail = ""};
    if (store_query(r, &q, a, &rows, &e) != ST_OK)
        atomic_fetch_add(&race->wrong, 1);
    for (size_t i = 0; i < rows.count; i++) {
        const struct cell *c = rows.rows[i].cells;
        int64_t n = c[C_ID].s.p[15], count = c[C_REVISION].i - 1;
        bool fits = c[C_OWNER].i == owner && (count == 0 || c[C_AMOUNT].i == 1000 * owner + count) &&
                    count >= before[n] && rows.rows[i].wrapped_key.n > 0;
        if (!fits)
            atomic_fetch_add(&race->wrong, 1);
    }
}

static void *read_on(void *argument) {
    struct race *race = argument;
    struct store_reader *r;
    struct arena a;
    struct error e;
    arena_init(&a, (size_t)16 << 20, ARENA_PLAIN);
    if (store_reader_open(race->f->store, &r, &e) != ST_OK) {
        atomic_fetch_add(&race->wrong, 1);
        return NULL;
    }
    for (int64_t i = 0; !atomic_load(&race->over) || i < 100; i++) {
        look(race, r, &a, i % OWNERS);
        atomic_fetch_add(&race->readings, 1);
        arena_reset(&a);
    }
    store_reader_close(r);
    arena_free(&a);
    return NULL;
}

static void readers_beside_a_writer_see_rows_of_their_own_snapshot(void **state) {
    struct fixture *f = *state;
    static struct race race;
    pthread_t readers[READERS];
    uint64_t seed = 5;
    race.f = f;
    fill_with_keys(f, ROWS);
    for (size_t i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_on, &race), 0);
    int64_t counts[ROWS + 1] = {0};
    for (size_t i = 0; i < CHANGES; i++) {
        uint64_t n = 1 + fixture_random(&seed) % ROWS;
        int64_t owner = (int64_t)(fixture_random(&seed) % OWNERS);
        assert_int_equal(set_row(f, &f->arena, n, counts[n] + 1, owner, counts[n] + 1), ST_OK);
        atomic_store(&race.acknowledged[n], (int)++counts[n]);
    }
    atomic_store(&race.over, true);
    for (size_t i = 0; i < READERS; i++)
        (void)pthread_join(readers[i], NULL);
    assert_int_equal(atomic_load(&race.wrong), 0);
    assert_true(atomic_load(&race.readings) >= READERS * 100);
}

/* ---- memory ---- */

static void what_does_not_fit_any_more_is_gone_and_the_rest_is_right(void **state) {
    struct fixture *f = *state;
    struct kept *k = kept_new();
    struct store_select q = select_of(&pred_true);
    struct kept_ask ask = {.now = kept_now(k), .shape = kept_shape(k, &q), .object = 7, .count = 2};
    static uint8_t text[4000];
    enum { MANY = 40000 }; /* 160 MB into KEPT_BYTES */
    for (int64_t i = 1; i <= MANY; i++) {
        memset(text, (int)(i % 251), sizeof text);
        struct cell cells[] = {cell_int(i), cell_bytes(slice_of(text, 1 + (size_t)i % sizeof text))};
        kept_put(k, &ask, i, cells);
    }
    size_t found = 0, bytes = 0;
    for (int64_t i = 1; i <= MANY; i++) {
        struct cell cells[2];
        enum status st = ST_OK;
        arena_reset(&f->arena);
        if (!kept_get(k, &ask, i, &f->arena, cells, &st))
            continue;
        found++;
        bytes += cells[1].s.n;
        assert_int_equal(cells[0].i, i);
        assert_int_equal(cells[1].s.n, 1 + (size_t)i % sizeof text);
        assert_int_equal(cells[1].s.p[0], i % 251);
        assert_int_equal(cells[1].s.p[cells[1].s.n - 1], i % 251);
    }
    assert_true(found > MANY / 4);
    assert_true(bytes <= KEPT_BYTES);
    kept_free(k);
}

static void what_was_kept_later_is_not_for_an_earlier_reader(void **state) {
    struct fixture *f = *state;
    struct kept *k = kept_new();
    struct store_select q = select_of(&pred_true);
    struct kept_ask ask = {.now = kept_now(k), .shape = kept_shape(k, &q), .object = 7, .count = 1};
    struct kept_ask earlier = ask, other = ask;
    struct cell cell = cell_int(5), got;
    enum status st = ST_OK;
    earlier.now -= 2;
    other.object = 8;
    kept_put(k, &earlier, 1, &cell); /* not the state as it is: refused */
    assert_false(kept_get(k, &ask, 1, &f->arena, &got, &st));
    kept_put(k, &ask, 1, &cell);
    assert_true(kept_get(k, &ask, 1, &f->arena, &got, &st));
    assert_false(kept_get(k, &earlier, 1, &f->arena, &got, &st));
    assert_false(kept_get(k, &other, 1, &f->arena, &got, &st));
    q.with_key = false;
    other = ask;
    other.shape = kept_shape(k, &q);
    assert_false(kept_get(k, &other, 1, &f->arena, &got, &st));
    kept_free(k);
}

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_second_reading_is_equal_to_the_first),
        STORE_TEST(other_columns_of_a_kept_row_are_right_too),
        STORE_TEST(a_change_is_seen_by_the_next_reading),
        STORE_TEST(a_row_that_is_gone_is_not_found),
        STORE_TEST(another_wrapping_and_a_destroyed_key_are_seen),
        STORE_TEST(a_snapshot_gets_neither_later_rows_nor_leaves_its_old_ones),
        STORE_TEST(a_set_that_fails_leaves_what_was_there),
        STORE_TEST(more_changes_than_are_remembered_are_seen_all),
        STORE_TEST(readers_beside_a_writer_see_rows_of_their_own_snapshot),
        STORE_TEST(what_does_not_fit_any_more_is_gone_and_the_rest_is_right),
        STORE_TEST(what_was_kept_later_is_not_for_an_earlier_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
