#include "store_fixture.h"

#include <poll.h>
#include <sqlite3.h>

static const uint16_t page_columns[] = {FIELD_ID, F_NAME, F_AMOUNT, FIELD_CREATED_AT};

static struct store_select page_of(const struct pred *filter, uint32_t limit) {
    return (struct store_select){.object = &fixture_customer,
                                 .columns = page_columns,
                                 .column_count = 4,
                                 .filter = filter,
                                 .sort = {{FIELD_CREATED_AT, true}},
                                 .sort_count = 1,
                                 .limit = limit};
}

static struct store_rows page_read(struct fixture *f, const struct store_select *q) {
    struct store_rows rows;
    struct error e = {.detail = ""};
    enum status st = store_query(f->reader, q, &f->arena, &rows, &e);
    if (st != ST_OK)
        print_error("%s: %s\n", e.code, e.detail);
    assert_int_equal(st, ST_OK);
    return rows;
}

static uint64_t count_of(struct fixture *f, const struct pred *filter) {
    uint64_t n = 0;
    bool at_least = false;
    struct error e;
    assert_int_equal(store_count(f->reader, &fixture_customer, filter, false, 100000, &n, &at_least, &e),
                     ST_OK);
    assert_false(at_least);
    return n;
}

static void a_row_comes_back_as_it_was_written(void **state) {
    struct fixture *f = *state;
    fixture_fill(f, 1, 2);
    struct store_select q = page_of(&pred_true, 10);
    q.columns = fixture_columns;
    q.column_count = FIXTURE_COLUMNS;
    struct store_rows rows = page_read(f, &q);
    struct fixture_row want;
    fixture_row_make(f, 1, &want);
    assert_int_equal(rows.count, 1);
    assert_false(rows.more);
    for (size_t i = 0; i < FIXTURE_COLUMNS; i++) {
        const struct cell *got = &rows.rows[0].cells[i];
        assert_int_equal(got->kind, want.cells[i].kind);
        assert_int_equal(got->i, want.cells[i].i);
        assert_true(slice_equal(got->s, want.cells[i].s));
    }
}

static void a_page_holds_its_scope_in_order_and_says_whether_there_is_more(void **state) {
    struct fixture *f = *state;
    fixture_fill(f, 1, 300);
    const struct pred *mine = pred_compare(&f->arena, PRED_EQ, FIELD_OWNER, cell_int(3));
    struct store_select q = page_of(mine, 10);
    struct store_rows rows = page_read(f, &q);
    assert_int_equal(rows.count, 10);
    assert_true(rows.more);
    struct uuid newest = fixture_id(293);
    assert_memory_equal(rows.rows[0].cells[0].s.p, newest.b, 16);
    for (size_t i = 1; i < rows.count; i++)
        assert_true(rows.rows[i - 1].cells[3].i >= rows.rows[i].cells[3].i);
}

static const struct pred *random_filter(struct fixture *f, uint64_t *seed) {
    struct cell some[] = {cell_int(1), cell_int(3), cell_int(4)};
    const struct pred *by_owner = pred_in(&f->arena, FIELD_OWNER, some, 3);
    const struct pred *by_department = pred_in(&f->arena, FIELD_DEPARTMENT, some, 2);
    const struct pred *fresh = pred_compare(&f->arena, PRED_EQ, F_STATUS, cell_text(SLICE("new")));
    const struct pred *branch = pred_compare(&f->arena, PRED_EQ, FIELD_BRANCH, cell_int(1));
    switch (fixture_random(seed) % 7) {
    case 0:
        return by_owner;
    case 1:
        return by_department;
    case 2:
        return pred_or(&f->arena, by_owner, by_department);
    case 3:
        return pred_and(&f->arena, pred_or(&f->arena, by_department, branch), fresh);
    case 4:
        return pred_and(&f->arena, branch, by_owner);
    case 5:
        return pred_not(&f->arena, fresh);
    default:
        return &pred_true;
    }
}

static void random_sort(struct store_select *q, uint64_t *seed) {
    static const uint16_t columns[] = {F_NAME, F_AMOUNT, FIELD_CREATED_AT, F_STATUS};
    q->sort_count = fixture_random(seed) % (STORE_SORT_MAX + 1);
    for (size_t i = 0; i < q->sort_count; i++)
        q->sort[i] =
            (struct store_sort){columns[(fixture_random(seed) + i) % 4], fixture_random(seed) % 2 == 0};
}

static bool cells_equal(const struct cell *a, const struct cell *b) {
    return a->kind == b->kind && a->i == b->i && slice_equal(a->s, b->s);
}

/* Reads on with cursors from the start; every row must be the one that the offset gives. */
static void walk_by_cursor(struct fixture *f, struct store_select q) {
    uint16_t columns[STORE_SORT_MAX + 1];
    for (size_t i = 0; i < q.sort_count; i++)
        columns[i] = q.sort[i].column;
    columns[q.sort_count] = FIELD_ID;
    q.columns = columns;
    q.column_count = q.sort_count + 1;
    struct store_select all = q;
    all.limit = 1000;
    struct store_rows whole = page_read(f, &all);
    assert_int_equal(whole.count, count_of(f, q.filter));
    size_t seen = 0;
    struct store_rows rows;
    do {
        rows = page_read(f, &q);
        for (size_t i = 0; i < rows.count; i++, seen++) {
            for (size_t k = 0; k < q.column_count; k++)
                assert_true(cells_equal(&rows.rows[i].cells[k], &whole.rows[seen].cells[k]));
        }
        assert_int_equal(rows.more, seen < whole.count);
        q.after = rows.count == 0 ? NULL : rows.rows[rows.count - 1].cells;
    } while (rows.more);
    assert_int_equal(seen, whole.count);
}

/* Every page by its number, twice: the second time its place is known. */
static void read_by_number(struct fixture *f, struct store_select q) {
    struct store_select all = q;
    all.limit = 1000;
    struct store_rows whole = page_read(f, &all);
    for (unsigned round = 0; round < 2; round++) {
        for (q.offset = 0; q.offset < whole.count; q.offset += q.limit) {
            struct store_rows rows = page_read(f, &q);
            size_t left = whole.count - q.offset;
            assert_int_equal(rows.count, left < q.limit ? left : q.limit);
            assert_int_equal(rows.more, left > q.limit);
            for (size_t i = 0; i < rows.count; i++)
                assert_true(cells_equal(&rows.rows[i].cells[0], &whole.rows[q.offset + i].cells[0]));
        }
    }
}

static void a_page_by_number_is_right_when_its_place_is_known_and_after_writes(void **state) {
    struct fixture *f = *state;
    uint64_t next = 400;
    fixture_fill(f, 1, next);
    for (uint64_t seed = 1; seed <= 40; seed++) {
        uint64_t s = seed;
        const struct pred *filter = random_filter(f, &s);
        struct store_select q = page_of(filter, 1 + (uint32_t)(fixture_random(&s) % 40));
        if (seed % 2 == 0)
            random_sort(&q, &s);
        read_by_number(f, q);
        fixture_fill(f, next, next + 3); /* newest first: every later place has moved */
        next += 3;
        read_by_number(f, q);
    }
}

static void cursors_visit_every_row_once_in_the_order_of_offsets(void **state) {
    struct fixture *f = *state;
    fixture_fill(f, 1, 400);
    for (uint64_t seed = 1; seed <= 120; seed++) {
        uint64_t s = seed;
        const struct pred *filter = random_filter(f, &s);
        struct store_select q = page_of(filter, 1 + (uint32_t)(fixture_random(&s) % 40));
        random_sort(&q, &s);
        walk_by_cursor(f, q);
    }
}

/* The filter in SQL and pred_decide say the same of every row. */
struct decided {
    const struct store_row *row;
    const uint16_t *columns;
    size_t count;
};

static void decided_lookup(const void *row, uint16_t column, struct cell *out) {
    const struct decided *d = row;
    *out = cell_null();
    for (size_t i = 0; i < d->count; i++) {
        if (d->columns[i] == column)
            *out = d->row->cells[i];
    }
}

static void a_filter_selects_what_the_decision_in_memory_selects(void **state) {
    struct fixture *f = *state;
    fixture_fill(f, 1, 300);
    struct store_select everything = page_of(&pred_true, 1000);
    everything.columns = fixture_columns;
    everything.column_count = FIXTURE_COLUMNS;
    struct store_rows rows = page_read(f, &everything);
    struct cell names[] = {cell_text(SLICE("name 3")), cell_text(SLICE("name 7")),
                           cell_text(SLICE("name 9"))};
    const struct pred *leaves[] = {
        pred_in(&f->arena, F_NAME, names, 3),
        pred_compare(&f->arena, PRED_GT, F_AMOUNT, cell_int(8)),
        pred_compare(&f->arena, PRED_NE, F_NAME, cell_text(SLICE("name 7"))),
        pred_is_null(&f->arena, F_AMOUNT),
        pred_compare(&f->arena, PRED_PREFIX, F_NAME, cell_text(SLICE("name 1"))),
        pred_compare(&f->arena, PRED_HAS, F_NAME, cell_text(SLICE("name 7"))),
        pred_compare(&f->arena, PRED_EQ, FIELD_OWNER, cell_int(2)),
    };
    for (uint64_t seed = 0; seed < 150; seed++) {
        uint64_t s = seed;
        const struct pred *p = leaves[fixture_random(&s) % 7];
        for (int i = 0; i < 3; i++) {
            const struct pred *other = leaves[fixture_random(&s) % 7];
            if (fixture_random(&s) % 2 == 0)
                other = pred_not(&f->arena, other);
            p = fixture_random(&s) % 2 == 0 ? pred_and(&f->arena, p, other) : pred_or(&f->arena, p, other);
        }
        uint64_t want = 0;
        for (size_t i = 0; i < rows.count; i++) {
            struct decided d = {&rows.rows[i], fixture_columns, FIXTURE_COLUMNS};
            want += pred_decide(p, decided_lookup, &d) == TRUTH_TRUE;
        }
        assert_int_equal(count_of(f, p), want);
    }
}

static void deleted_rows_show_only_when_asked_for(void **state) {
    struct fixture *f = *state;
    fixture_fill(f, 1, 11);
    uint16_t column = FIELD_DELETED_AT;
    struct cell now = cell_int(5000);
    struct write_op op = {.kind = WRITE_UPDATE,
                          .object = &fixture_customer,
                          .record = fixture_id(4),
                          .columns = &column,
                          .cells = &now,
                          .column_count = 1,
                          .revision = 1};
    struct error e;
    assert_int_equal(fixture_write(f, &op, 1, &e), ST_OK);
    struct store_select q = page_of(&pred_true, 100);
    assert_int_equal(page_read(f, &q).count, 9);
    q.only_deleted = true;
    assert_int_equal(page_read(f, &q).count, 1);
    q.only_deleted = false;
    q.include_deleted = true;
    assert_int_equal(page_read(f, &q).count, 10);
}

static void a_condition_on_children_looks_at_living_ones(void **state) {
    struct fixture *f = *state;
    fixture_fill(f, 1, 4);
    struct uuid customer = fixture_id(2);
    uint16_t columns[] = {FIELD_CREATED_AT, F_CUSTOMER, F_TOTAL};
    struct cell cells[] = {cell_int(1), fixture_id_cell(&customer), cell_int(900)};
    struct write_op op = {.kind = WRITE_INSERT,
                          .object = &fixture_order,
                          .record = fixture_id(77),
                          .columns = columns,
                          .cells = cells,
                          .column_count = 3};
    struct error e;
    assert_int_equal(fixture_write(f, &op, 1, &e), ST_OK);
    const struct pred *large = pred_compare(&f->arena, PRED_GT, F_TOTAL, cell_int(500));
    const struct pred *p = pred_child(&f->arena, 8, F_CUSTOMER, large);
    struct store_select q = page_of(p, 10);
    struct store_rows rows = page_read(f, &q);
    assert_int_equal(rows.count, 1);
    assert_memory_equal(rows.rows[0].cells[0].s.p, customer.b, 16);
    uint16_t gone[] = {FIELD_DELETED_AT};
    struct cell now = cell_int(5);
    op = (struct write_op){.kind = WRITE_UPDATE,
                           .object = &fixture_order,
                           .record = fixture_id(77),
                           .columns = gone,
                           .cells = &now,
                           .column_count = 1,
                           .revision = 1};
    assert_int_equal(fixture_write(f, &op, 1, &e), ST_OK);
    assert_int_equal(page_read(f, &q).count, 0);
}

static void groups_count_their_rows_largest_first(void **state) {
    struct fixture *f = *state;
    fixture_fill(f, 1, 31);
    struct store_group *groups = NULL;
    size_t n = 0;
    struct error e;
    assert_int_equal(
        store_group_by(f->reader, &fixture_customer, &pred_true, F_STATUS, 10, &f->arena, &groups, &n, &e),
        ST_OK);
    assert_int_equal(n, 2);
    assert_true(slice_is(groups[0].value.s, "old"));
    assert_int_equal(groups[0].count, 20);
    assert_int_equal(groups[1].count, 10);
}

static void a_count_stops_where_it_is_told_to(void **state) {
    struct fixture *f = *state;
    fixture_fill(f, 1, 101);
    uint64_t n = 0;
    bool at_least = false;
    struct error e;
    assert_int_equal(store_count(f->reader, &fixture_customer, &pred_true, false, 30, &n, &at_least, &e),
                     ST_OK);
    assert_int_equal(n, 30);
    assert_true(at_least);
}

static void a_snapshot_does_not_see_later_writes(void **state) {
    struct fixture *f = *state;
    fixture_fill(f, 1, 11);
    struct error e;
    assert_int_equal(store_snapshot(f->reader, &e), ST_OK);
    fixture_fill(f, 11, 21);
    assert_int_equal(count_of(f, &pred_true), 10);
    store_snapshot_end(f->reader);
    assert_int_equal(count_of(f, &pred_true), 20);
}

static void a_query_past_its_deadline_is_stopped(void **state) {
    struct fixture *f = *state;
    fixture_fill(f, 1, 5001);
    store_reader_deadline(f->reader, 0);
    const struct pred *slow = pred_compare(&f->arena, PRED_HAS, F_NAME, cell_text(SLICE("nobody")));
    uint64_t n;
    bool at_least;
    struct error e;
    assert_int_equal(store_count(f->reader, &fixture_customer, slow, false, 10, &n, &at_least, &e), ST_LIMIT);
    assert_string_equal(e.code, "too_slow");
    store_reader_deadline(f->reader, STORE_DEADLINE_MS);
    assert_int_equal(count_of(f, slow), 0);
}

/* Customers in the main file alone, as somebody sees them who has no log. */
static int customers_at_home(const struct fixture *f) {
    char path[96], copy[96], command[256];
    sqlite3 *db = NULL;
    sqlite3_stmt *s = NULL;
    (void)snprintf(path, sizeof path, "%s/kedun.db", f->directory);
    (void)snprintf(copy, sizeof copy, "%s/copy", f->directory);
    (void)snprintf(command, sizeof command, "file:%s?immutable=1", copy);
    int from = open(path, O_RDONLY), to = open(copy, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    char bytes[4096];
    for (ssize_t n; (n = read(from, bytes, sizeof bytes)) > 0;)
        assert_int_equal(write(to, bytes, (size_t)n), n);
    close(from);
    close(to);
    int count = -1;
    if (sqlite3_open_v2(command, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(db, "SELECT count(*) FROM o_7", -1, &s, NULL) == SQLITE_OK &&
        sqlite3_step(s) == SQLITE_ROW)
        count = sqlite3_column_int(s, 0);
    sqlite3_finalize(s);
    sqlite3_close(db);
    return count;
}

static void a_small_commit_leaves_the_log_without_another_one(void **state) {
    struct fixture *f = *state;
    fixture_fill(f, 1, 4);
    int home = 0;
    for (unsigned tries = 0; tries < 200 && home != 3; tries++) {
        (void)poll(NULL, 0, 50);
        home = customers_at_home(f);
    }
    assert_int_equal(home, 3);
}

int main(void) {
#define PAGE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        PAGE_TEST(a_row_comes_back_as_it_was_written),
        PAGE_TEST(a_page_holds_its_scope_in_order_and_says_whether_there_is_more),
        PAGE_TEST(cursors_visit_every_row_once_in_the_order_of_offsets),
        PAGE_TEST(a_page_by_number_is_right_when_its_place_is_known_and_after_writes),
        PAGE_TEST(a_filter_selects_what_the_decision_in_memory_selects),
        PAGE_TEST(deleted_rows_show_only_when_asked_for),
        PAGE_TEST(a_condition_on_children_looks_at_living_ones),
        PAGE_TEST(groups_count_their_rows_largest_first),
        PAGE_TEST(a_count_stops_where_it_is_told_to),
        PAGE_TEST(a_snapshot_does_not_see_later_writes),
        PAGE_TEST(a_query_past_its_deadline_is_stopped),
        PAGE_TEST(a_small_commit_leaves_the_log_without_another_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
