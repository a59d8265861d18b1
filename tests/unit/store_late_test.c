#include "store_fixture.h"

#include "store/sqlite/late.h"

#define FAR 1000 /* between the records of two sets of the same shape */

/* Customers from..to-1: row, subject's key, a fragment, an exact term, first change. A multiple of five is
 * changed a second time. */
static size_t ops_make(struct fixture *f, uint64_t from, uint64_t to, struct write_op *ops) {
    size_t n = 0;
    for (uint64_t i = from; i < to; i++) {
        struct fixture_row *row = arena_alloc(&f->arena, sizeof *row);
        struct term_change *t = arena_array(&f->arena, 2, sizeof *t);
        uint32_t group = (uint32_t)(i - from);
        size_t first = n;
        fixture_row_make(f, i % FAR, row);
        row->id = fixture_id(i);
        row->cells[4] = cell_null();
        t[0] = (struct term_change){F_NAME, SEARCH_FRAGMENT, false, i % FAR};
        t[1] = (struct term_change){F_MOBILE, SEARCH_EXACT, false, i};
        ops[n++] =
            (struct write_op){.kind = WRITE_UNIQUE, .terms = &t[1], .term_count = 1, .filter = &pred_true};
        ops[n++] = fixture_insert(row);
        ops[n++] = (struct write_op){.kind = WRITE_SUBJECT_KEY, .body = SLICE("wrapped"), .epoch = i % FAR};
        ops[n++] = (struct write_op){.kind = WRITE_TERMS, .terms = t, .term_count = 2};
        for (unsigned change = 0; change < (i % 5 == 0 ? 2 : 1); change++)
            ops[n++] = (struct write_op){.kind = WRITE_HISTORY,
                                         .at_ms = 7 + change,
                                         .actor = (uint32_t)(i % FAR),
                                         .act = 2,
                                         .body = SLICE("b")};
        for (size_t k = first; k < n; k++) {
            ops[k].object = &fixture_customer;
            ops[k].record = fixture_id(i);
            ops[k].group = group;
        }
    }
    return n;
}

static void dump(struct fixture *f, const char *sql, int64_t low, char *out, size_t room) {
    struct connection *c = NULL;
    sqlite3_stmt *s = NULL;
    struct error e;
    char path[96];
    (void)snprintf(path, sizeof path, "%s/kedun.db", f->directory);
    assert_int_equal(connection_open(path, CONNECTION_READER, &c, &e), ST_OK);
    assert_int_equal(connection_prepare(c, slice_from_string(sql), &s, &e), ST_OK);
    assert_int_equal(sqlite3_bind_int64(s, 1, low), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    const char *text = (const char *)sqlite3_column_text(s, 0);
    (void)snprintf(out, room, "%s", text == NULL ? "nothing" : text);
    statement_done(c, s);
    connection_close(c);
}

/* What stands in a table of rows low + 1 .. low + 27, without what tells rows apart. */
static const char *const dumps[] = {
    "SELECT group_concat(quote(owner) || quote(branch) || created_at || revision || quote(f_100) || "
    "quote(f_102) || quote(subject)) FROM (SELECT * FROM o_7 WHERE row > ?1 AND row <= ?1 + 27 ORDER BY row)",
    "SELECT group_concat((row - ?1) || ' ' || id || ' ' || at || ' ' || actor || ' ' || act || body) FROM "
    "(SELECT * "
    "FROM h_7 WHERE row > ?1 AND row <= ?1 + 27 ORDER BY row, id)",
    "SELECT group_concat(wrapped || epoch) FROM (SELECT * FROM subject_key JOIN o_7 ON o_7.id = "
    "subject_key.subject "
    "WHERE row > ?1 AND row <= ?1 + 27 ORDER BY row)",
};

/* Postings leave p_7 whenever the writer has nothing else to do: they are looked for. */
static void each_fragment_is_found(struct fixture *f, uint64_t rows) {
    for (int64_t n = 1; n < 28; n++) {
        uint64_t found = 0;
        bool at_least;
        struct error e = {.detail = ""};
        struct cell cell = cell_int(n);
        const struct pred *p = pred_terms(&f->arena, F_NAME, SEARCH_FRAGMENT, &cell, 1);
        assert_int_equal(store_count(f->reader, &fixture_customer, p, false, 100, &found, &at_least, &e),
                         ST_OK);
        assert_int_equal(found, rows);
    }
}

static void a_bulk_set_writes_what_single_ops_write(void **state) {
    struct fixture *f = *state;
    struct error e;
    static char late[16384], single[16384];
    struct write_op *ops = arena_array(&f->arena, 27 * 6, sizeof *ops);
    struct write_set set = {.ops = ops, .count = ops_make(f, 1, 28, ops), .bulk = true};
    assert_int_equal(store_write(f->store, &set, NULL, &e), ST_OK);
    each_fragment_is_found(f, 1);
    set = (struct write_set){.ops = ops, .count = ops_make(f, FAR + 1, FAR + 28, ops)};
    assert_int_equal(store_write(f->store, &set, NULL, &e), ST_OK);
    for (size_t i = 0; i < sizeof dumps / sizeof *dumps; i++) {
        dump(f, dumps[i], 0, late, sizeof late);
        dump(f, dumps[i], 27, single, sizeof single);
        assert_true(strlen(late) > 100);
        assert_string_equal(late, single);
    }
    each_fragment_is_found(f, 2);
}

/* The twelfth is there already, the twentieth has the third's mobile, which waits with it. */
static void what_conflicts_with_rows_that_wait_is_left_out_alone(void **state) {
    struct fixture *f = *state;
    struct error e;
    uint32_t refused[27];
    char text[64];
    struct write_op *ops = arena_array(&f->arena, 27 * 6, sizeof *ops);
    const struct term_change third = {F_MOBILE, SEARCH_EXACT, false, 3};
    struct fixture_row row;
    fixture_row_make(f, 12, &row);
    struct write_op there = fixture_insert(&row);
    assert_int_equal(fixture_write(f, &there, 1, &e), ST_OK);
    struct write_set set = {
        .ops = ops, .count = ops_make(f, 1, 28, ops), .bulk = true, .groups = 27, .refused = refused};
    for (size_t i = 0; i < set.count; i++) {
        if (ops[i].group == 19 && ops[i].kind == WRITE_UNIQUE)
            ops[i].terms = &third;
    }
    assert_int_equal(store_write(f->store, &set, NULL, &e), ST_OK);
    for (size_t i = 0; i < 27; i++)
        assert_int_equal(refused[i] == 0 ? 0 : i, i == 11 || i == 19 ? i : 0);
    dump(f, "SELECT count(*) FROM o_7 WHERE row > ?1", 0, text, sizeof text);
    assert_string_equal(text, "26"); /* with the one that was there */
    dump(f, "SELECT count(*) FROM h_7 WHERE id = 1 AND row > ?1", 0, text, sizeof text);
    assert_string_equal(text, "25");
    dump(f, "SELECT count(*) FROM subject_key WHERE epoch > ?1", 0, text, sizeof text);
    assert_string_equal(text, "25");
}

#define LATE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        LATE_TEST(a_bulk_set_writes_what_single_ops_write),
        LATE_TEST(what_conflicts_with_rows_that_wait_is_left_out_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
