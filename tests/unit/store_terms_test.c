#include "store_fixture.h"

#include "store/sqlite/plan.h"
#include "store/sqlite/postings.h"
#include "store/sqlite/terms.h"

static uint64_t count_of(struct fixture *f, const struct pred *p) {
    uint64_t n = 0;
    bool at_least;
    struct error e = {.detail = ""};
    assert_int_equal(store_count(f->reader, &fixture_customer, p, false, 1000000, &n, &at_least, &e), ST_OK);
    return n;
}

static const struct pred *fragments(struct fixture *f, int64_t a, int64_t b) {
    struct cell terms[] = {cell_int(a), cell_int(b)};
    return pred_terms(&f->arena, F_NAME, SEARCH_FRAGMENT, terms, b == 0 ? 1 : 2);
}

static const struct pred *suffix(struct fixture *f, int64_t a) {
    struct cell term = cell_int(a);
    return pred_terms(&f->arena, F_MOBILE, SEARCH_SUFFIX, &term, 1);
}

/* Row n has the fragments 1 (all), 2 (every second), 3 (every 97th) and the ending n % 50; negative: removes.
 */
static void give_terms(struct fixture *f, uint64_t from, uint64_t to, bool remove) {
    struct error e;
    while (from < to) {
        struct write_op ops[500];
        size_t n = 0;
        for (; n < 500 && from < to; n++, from++) {
            struct term_change *t = arena_array(&f->arena, 4, sizeof *t);
            size_t k = 0;
            t[k++] = (struct term_change){F_NAME, SEARCH_FRAGMENT, remove, 1};
            if (from % 2 == 0)
                t[k++] = (struct term_change){F_NAME, SEARCH_FRAGMENT, remove, 2};
            if (from % 97 == 0)
                t[k++] = (struct term_change){F_NAME, SEARCH_FRAGMENT, remove, 3};
            t[k++] = (struct term_change){F_MOBILE, SEARCH_SUFFIX, remove, from % 50};
            ops[n] = (struct write_op){.kind = WRITE_TERMS,
                                       .object = &fixture_customer,
                                       .record = fixture_id(from),
                                       .terms = t,
                                       .term_count = k};
        }
        assert_int_equal(fixture_write(f, ops, n, &e), ST_OK);
    }
}

static void terms_find_their_rows_until_they_are_removed(void **state) {
    struct fixture *f = *state;
    fixture_fill(f, 1, 4001);
    give_terms(f, 1, 4001, false);
    assert_int_equal(count_of(f, fragments(f, 1, 0)), 4000);
    assert_int_equal(count_of(f, fragments(f, 1, 2)), 2000);
    assert_int_equal(count_of(f, fragments(f, 2, 3)), 20);
    assert_int_equal(count_of(f, fragments(f, 3, 4)), 0);
    assert_int_equal(count_of(f, suffix(f, 7)), 80);
    assert_int_equal(count_of(f, pred_and(&f->arena, suffix(f, 8), fragments(f, 1, 2))), 80);
    /* one row has both */
    assert_int_equal(count_of(f, pred_or(&f->arena, suffix(f, 8), fragments(f, 3, 0))), 80 + 41 - 1);
    assert_int_equal(count_of(f, pred_not(&f->arena, fragments(f, 2, 0))), 2000);
    give_terms(f, 1, 3001, true);
    assert_int_equal(count_of(f, fragments(f, 1, 0)), 1000);
    assert_int_equal(count_of(f, fragments(f, 2, 3)), 5);
    assert_int_equal(count_of(f, suffix(f, 7)), 20);
}

static void the_last_change_of_a_term_in_a_set_holds(void **state) {
    struct fixture *f = *state;
    fixture_fill(f, 1, 2);
    struct term_change t[] = {{F_NAME, SEARCH_FRAGMENT, false, 5}, {F_NAME, SEARCH_FRAGMENT, true, 5},
                              {F_NAME, SEARCH_FRAGMENT, true, 6},  {F_NAME, SEARCH_FRAGMENT, false, 6},
                              {F_NAME, SEARCH_EXACT, true, 7},     {F_NAME, SEARCH_EXACT, false, 7}};
    struct write_op op = {.kind = WRITE_TERMS,
                          .object = &fixture_customer,
                          .record = fixture_id(1),
                          .terms = t,
                          .term_count = 6};
    struct error e;
    assert_int_equal(fixture_write(f, &op, 1, &e), ST_OK);
    assert_int_equal(count_of(f, fragments(f, 5, 0)), 0);
    assert_int_equal(count_of(f, fragments(f, 6, 0)), 1);
    struct cell seven = cell_int(7);
    assert_int_equal(count_of(f, pred_terms(&f->arena, F_NAME, SEARCH_EXACT, &seven, 1)), 1);
}

/* Reads all pages by cursor; they must be the rows of one large page. */
static void pages_agree(struct fixture *f, const struct pred *filter, struct store_sort sort, size_t want) {
    uint16_t columns[] = {sort.column, FIELD_ID};
    struct store_select q = {.object = &fixture_customer,
                             .columns = columns,
                             .column_count = 2,
                             .filter = filter,
                             .sort = {sort},
                             .sort_count = 1,
                             .limit = 1000};
    struct store_rows whole, rows;
    struct error e;
    assert_int_equal(store_query(f->reader, &q, &f->arena, &whole, &e), ST_OK);
    assert_int_equal(whole.count, want);
    q.limit = 37;
    for (size_t seen = 0; seen < want;) {
        assert_int_equal(store_query(f->reader, &q, &f->arena, &rows, &e), ST_OK);
        assert_true(rows.count > 0);
        for (size_t i = 0; i < rows.count; i++, seen++)
            assert_true(slice_equal(rows.rows[i].cells[1].s, whole.rows[seen].cells[1].s));
        q.after = rows.rows[rows.count - 1].cells;
    }
}

static void pages_by_terms_agree_with_each_other_whatever_leads(void **state) {
    struct fixture *f = *state;
    fixture_fill(f, 1, 1801);
    give_terms(f, 1, 1801, false);
    const struct pred *owner = pred_compare(&f->arena, PRED_EQ, FIELD_OWNER, cell_int(4));
    struct store_sort sorts[] = {{FIELD_CREATED_AT, true}, {F_NAME, false}, {F_AMOUNT, true}};
    for (size_t i = 0; i < 3; i++) {
        pages_agree(f, fragments(f, 2, 0), sorts[i], 900);
        pages_agree(f, fragments(f, 3, 0), sorts[i], 18);
        pages_agree(f, pred_and(&f->arena, owner, fragments(f, 2, 1)), sorts[i], 180);
        pages_agree(f, pred_and(&f->arena, owner, suffix(f, 14)), sorts[i], 36);
        pages_agree(f, pred_and(&f->arena, fragments(f, 2, 0), suffix(f, 15)), sorts[i], 0);
    }
}

/* A file as it was before endings became postings. */
static void make_older(struct fixture *f) {
    struct connection *c = NULL;
    struct error e;
    char path[96];
    (void)snprintf(path, sizeof path, "%s/kedun.db", f->directory);
    assert_int_equal(connection_open(path, CONNECTION_WRITER, &c, &e), ST_OK);
    char sql[256];
    for (int row = 1; row <= 100; row++) {
        (void)snprintf(sql, sizeof sql, "INSERT INTO x_7(key, term, row) VALUES(%d, %d, %d)",
                       F_MOBILE << 8 | SEARCH_SUFFIX, row % 10, row);
        assert_int_equal(connection_run(c, sql, &e), ST_OK);
    }
    assert_int_equal(connection_run(c, "UPDATE meta SET value = 1 WHERE key = 'format'", &e), ST_OK);
    connection_close(c);
}

static void a_file_of_the_format_before_keeps_its_terms(void **state) {
    struct fixture *f = *state;
    fixture_fill(f, 1, 101);
    fixture_close(f);
    make_older(f);
    fixture_open(f);
    assert_int_equal(count_of(f, suffix(f, 3)), 10);
    give_terms(f, 1, 101, false);
    fixture_close(f);
    fixture_open(f);
    assert_int_equal(count_of(f, suffix(f, 3)), 10);
    assert_int_equal(count_of(f, suffix(f, 13)), 2);
}

/* ---- postings ---- */

static void postings_of_any_density_come_back(void **state) {
    (void)state;
    uint64_t bits[POSTINGS_WORDS] = {0};
    static const uint8_t list[] = {0, 0, 63, 0, 64, 0, 0xff, 0x3f, 0xff};
    postings_read(slice_of(list, sizeof list), bits); /* the odd byte behind is ignored */
    assert_int_equal(bits[0], 1 | 1ull << 63);
    assert_int_equal(bits[1], 1);
    assert_int_equal(bits[POSTINGS_WORDS - 1], 1ull << 63);
    static const uint8_t wild[] = {0xff, 0xff};
    memset(bits, 0, sizeof bits);
    postings_read(slice_of(wild, 2), bits);
    assert_int_equal(bits[POSTINGS_WORDS - 1], 1ull << 63);
}

/* ---- plans ---- */

static void plan_text(struct fixture *f, struct connection *c, const struct pred *filter,
                      struct store_sort sort, const struct cell *after, char *out, size_t room) {
    struct plan p;
    struct sql s;
    struct error e;
    struct store_select q = {.object = &fixture_customer, .sort = {sort}, .sort_count = 1, .after = after};
    sqlite3_stmt *statement = NULL;
    (void)f;
    sql_init(&s);
    plan_make(&fixture_customer, filter, PLAN_ALIVE, &p);
    assert_int_equal(plan_order(&p, &q, &e), ST_OK);
    sql_put(&s, "EXPLAIN QUERY PLAN ");
    assert_int_equal(plan_put_rows(&s, &p, after == NULL ? NULL : &p.segments[p.segment_count > 1], &e),
                     ST_OK);
    assert_int_equal(sql_prepare(&s, c, &statement, &e), ST_OK);
    out[0] = 0;
    for (size_t n = 0; sqlite3_step(statement) == SQLITE_ROW && n < room;)
        n += (size_t)snprintf(out + n, room - n, "%s\n", (const char *)sqlite3_column_text(statement, 3));
    statement_done(c, statement);
    sql_free(&s);
}

static void standard_pages_are_reads_in_index_order(void **state) {
    struct fixture *f = *state;
    struct connection *c = NULL;
    struct error e;
    char path[128], text[4096];
    (void)snprintf(path, sizeof path, "%s/kedun.db", f->directory);
    assert_int_equal(connection_open(path, CONNECTION_READER, &c, &e), ST_OK);
    struct cell some[] = {cell_int(1), cell_int(2), cell_int(3)};
    const struct pred *scopes[] = {&pred_true, pred_compare(&f->arena, PRED_EQ, FIELD_OWNER, cell_int(1)),
                                   pred_in(&f->arena, FIELD_DEPARTMENT, some, 3),
                                   pred_compare(&f->arena, PRED_EQ, FIELD_BRANCH, cell_int(1)),
                                   pred_or(&f->arena,
                                           pred_compare(&f->arena, PRED_EQ, FIELD_OWNER, cell_int(1)),
                                           pred_in(&f->arena, FIELD_DEPARTMENT, some, 2))};
    struct store_sort sorts[] = {
        {FIELD_CREATED_AT, true}, {FIELD_CREATED_AT, false}, {F_NAME, true}, {F_NAME, false}};
    struct uuid id = fixture_id(1);
    struct cell after[] = {cell_int(5), fixture_id_cell(&id)};
    for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++) {
        for (size_t k = 0; k < 8; k++) {
            plan_text(f, c, scopes[i], sorts[k % 4], k < 4 ? NULL : after, text, sizeof text);
            if (strstr(text, "TEMP B-TREE") != NULL || strstr(text, "INDEX i_7_") == NULL)
                fail_msg("scope %zu sort %zu: %s", i, k, text);
            if (i < 4 && strstr(text, "COVERING") == NULL)
                fail_msg("scope %zu sort %zu does not read the index alone: %s", i, k, text);
        }
    }
    struct cell behind = fixture_id_cell(&id);
    for (size_t i = 1; i < sizeof scopes / sizeof *scopes; i++) {
        for (size_t k = 0; k < 4; k++) {
            struct store_sort by_id = {FIELD_ID, k % 2 == 0};
            plan_text(f, c, scopes[i], by_id, k < 2 ? NULL : &behind, text, sizeof text);
            if (strstr(text, "TEMP B-TREE") != NULL || strstr(text, "_1 ") == NULL)
                fail_msg("scope %zu by id: %s", i, text);
        }
    }
    const struct pred *one = pred_compare(&f->arena, PRED_EQ, FIELD_ID, fixture_id_cell(&id));
    plan_text(f, c, pred_and(&f->arena, one, scopes[4]), sorts[0], NULL, text, sizeof text);
    assert_non_null(strstr(text, "INDEX u_7"));
    connection_close(c);
}

/* SQLite's statistics know the records' table and not the empty one of young terms, which it takes for long.
 */
static void an_exact_term_is_answered_without_a_walk_along_the_table(void **state) {
    struct fixture *f = *state;
    struct connection *c = NULL;
    struct error e;
    char path[128];
    fixture_fill(f, 1, 301);
    (void)snprintf(path, sizeof path, "%s/kedun.db", f->directory);
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "ANALYZE", NULL, NULL, NULL), SQLITE_OK);
    (void)sqlite3_close(db);
    assert_int_equal(connection_open(path, CONNECTION_READER, &c, &e), ST_OK);

    struct plan p;
    struct sql s;
    sqlite3_stmt *statement = NULL;
    struct cell five = cell_int(5);
    const struct pred *term = pred_terms(&f->arena, F_MOBILE, SEARCH_EXACT, &five, 1);
    struct terms_lead lead = {.term = term};
    sql_init(&s);
    plan_make(&fixture_customer, term, PLAN_ALIVE, &p);
    sql_put(&s, "EXPLAIN QUERY PLAN ");
    assert_int_equal(terms_put_led(&s, &p, NULL, &lead, &e), ST_OK);
    assert_int_equal(sql_prepare(&s, c, &statement, &e), ST_OK);
    bool by_row = false;
    while (sqlite3_step(statement) == SQLITE_ROW) {
        const char *step = (const char *)sqlite3_column_text(statement, 3);
        assert_null(strstr(step, "BLOOM"));
        assert_null(strstr(step, "SCAN t0"));
        by_row = by_row || strstr(step, "SEARCH t0 USING INTEGER PRIMARY KEY") != NULL;
    }
    assert_true(by_row);
    statement_done(c, statement);
    sql_free(&s);
    connection_close(c);
}

int main(void) {
#define TERMS_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TERMS_TEST(terms_find_their_rows_until_they_are_removed),
        TERMS_TEST(the_last_change_of_a_term_in_a_set_holds),
        TERMS_TEST(pages_by_terms_agree_with_each_other_whatever_leads),
        TERMS_TEST(standard_pages_are_reads_in_index_order),
        TERMS_TEST(an_exact_term_is_answered_without_a_walk_along_the_table),
        TERMS_TEST(a_file_of_the_format_before_keeps_its_terms),
        cmocka_unit_test(postings_of_any_density_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
