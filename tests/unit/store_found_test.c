#include "store_fixture.h"

#include "store/sqlite/found.h"
#include "store/sqlite/term_sets.h"

#define CHUNKS 3
#define ROWS   (CHUNKS * POSTINGS_ROWS)

/* ---- sets ---- */

static struct row_set *every(int64_t step) {
    struct row_set_maker m;
    row_set_begin(&m, CHUNKS);
    for (int64_t row = 0; row < ROWS; row += step)
        row_set_add_row(&m, row);
    struct row_set *s = row_set_end(&m);
    assert_non_null(s);
    return s;
}

struct walk {
    int64_t before;
    uint64_t count;
};

static void step(void *context, int64_t row) {
    struct walk *w = context;
    assert_true(row > w->before);
    w->before = row;
    w->count++;
}

struct words {
    int64_t before;
    bool down;
    uint64_t count;
    const struct row_set *set;
};

static void word(void *context, int64_t first, uint64_t rows) {
    struct words *w = context;
    assert_true(rows != 0 && first % 64 == 0);
    assert_true(w->before == -1 || (w->down ? first < w->before : first > w->before));
    w->before = first;
    for (int64_t i = 0; i < 64; i++) {
        assert_int_equal(row_set_has(w->set, first + i), rows >> i & 1);
        w->count += rows >> i & 1;
    }
}

static void words_are(const struct row_set *s) {
    for (size_t down = 0; down < 2; down++) {
        struct words w = {.before = -1, .down = down == 1, .set = s};
        row_set_words(s, down == 1, word, &w);
        assert_int_equal(w.count, s->count);
        w = (struct words){.before = -1, .down = down == 1, .set = s};
        for (int64_t i = 0; i < s->chunks; i++)
            row_set_chunk_words(s, down == 1 ? s->chunks - 1 - i : i, down == 1, word, &w);
        assert_int_equal(w.count, s->count);
    }
}

static void chunks_of_a_list_are_its_rows(const struct row_set *s) {
    uint64_t sum = 0;
    for (int64_t chunk = 0; chunk < s->chunks; chunk++) {
        size_t count;
        const uint32_t *list = row_set_chunk_list(s, chunk, &count);
        for (size_t i = 0; i < count; i++)
            assert_true(postings_chunk(list[i]) == chunk && list[i] == s->list[sum + i]);
        sum += count;
    }
    assert_int_equal(sum, s->bits == NULL ? s->count : 0);
}

static void set_is(struct row_set *s, int64_t a, int64_t b, bool both) {
    struct walk w = {.before = -1};
    uint64_t want = 0;
    for (int64_t row = 0; row < ROWS; row++) {
        bool in = both ? row % a == 0 && row % b == 0 : row % a == 0 || row % b == 0;
        assert_int_equal(row_set_has(s, row), in);
        want += in;
    }
    row_set_each(s, step, &w);
    assert_int_equal(s->count, want);
    assert_int_equal(w.count, want);
    words_are(s);
    chunks_of_a_list_are_its_rows(s);
    assert_false(row_set_has(s, ROWS));
    assert_false(row_set_has(s, -1));
    row_set_give(s);
}

static void sets_of_any_density_combine(void **state) {
    (void)state;
    static const int64_t steps[] = {1, 2, 3, 17, 97, 5000, ROWS};
    for (size_t i = 0; i < 7; i++) {
        for (size_t k = 0; k < 7; k++) {
            struct row_set *a = every(steps[i]), *b = every(steps[k]);
            set_is(row_set_and(a, b), steps[i], steps[k], true);
            set_is(row_set_or(a, b), steps[i], steps[k], false);
            row_set_give(a);
            row_set_give(b);
        }
    }
}

static void a_chunk_is_taken_over_from_another_set(void **state) {
    (void)state;
    static const int64_t steps[] = {2, 97};
    for (size_t i = 0; i < 2; i++) {
        struct row_set *from = every(steps[i]);
        struct row_set_maker m;
        row_set_begin(&m, CHUNKS);
        for (int64_t chunk = 0; chunk < CHUNKS; chunk++)
            row_set_add_from(&m, chunk, from);
        row_set_give(from);
        set_is(row_set_end(&m), steps[i], steps[i], true);
    }
}

/* ---- what is kept ---- */

static void a_set_holds_until_its_chunk_is_touched(void **state) {
    (void)state;
    struct found *f = found_new();
    uint64_t now = found_now(f), kept = 0;
    struct row_set *s = every(5000);
    const int64_t terms[] = {1, 2, 1};
    found_put(f, 7, terms, 1, now, s);
    found_put(f, 7, terms, 2, now, s);
    row_set_give(s);
    for (size_t count = 1; count <= 2; count++) {
        s = found_get(f, 7, terms, count, &kept);
        assert_non_null(s);
        assert_int_equal(kept, now);
        row_set_give(s);
    }
    assert_null(found_get(f, 8, terms, 1, &kept));
    assert_null(found_get(f, 7, terms + 1, 1, &kept));
    assert_null(found_get(f, 7, terms + 1, 2, &kept)); /* in another order */
    assert_null(found_get(f, 7, terms, 3, &kept));
    assert_true(found_holds(f, 7, 2, now));
    found_touch(f, 7, 2);
    assert_false(found_holds(f, 7, 2, now)); /* before the commit already */
    assert_true(found_holds(f, 7, 1, now));
    found_commit_ended(f);
    assert_false(found_holds(f, 7, 2, now));
    assert_true(found_holds(f, 7, 2, found_now(f)));
    found_free(f);
}

static void memory_is_bounded_and_the_oldest_goes(void **state) {
    (void)state;
    struct found *f = found_new();
    uint64_t now;
    struct row_set *large = every(2);
    size_t most = FOUND_BYTES / row_set_bytes(large);
    for (int64_t term = 1; term <= (int64_t)most * 2; term++)
        found_put(f, 7, &term, 1, 1, large);
    size_t there = 0;
    for (int64_t term = 1; term <= (int64_t)most * 2; term++) {
        struct row_set *s = found_get(f, 7, &term, 1, &now);
        there += s != NULL;
        row_set_give(s);
    }
    assert_true(there <= most);
    assert_true(there > most / 2);
    row_set_give(large);
    found_free(f);
}

/* ---- through the store ---- */

static const struct pred *term(struct fixture *f, int64_t n) {
    struct cell cell = cell_int(n);
    return pred_terms(&f->arena, F_NAME, SEARCH_FRAGMENT, &cell, 1);
}

static uint64_t count_of(struct store_reader *r, const struct pred *p) {
    uint64_t n = 0;
    bool at_least;
    struct error e = {.detail = ""};
    assert_int_equal(store_count(r, &fixture_customer, p, false, 1000000, &n, &at_least, &e), ST_OK);
    return n;
}

static void give(struct fixture *f, uint64_t id, uint64_t number, bool remove) {
    struct term_change change = {F_NAME, SEARCH_FRAGMENT, remove, number};
    struct write_op op = {.kind = WRITE_TERMS,
                          .object = &fixture_customer,
                          .record = fixture_id(id),
                          .terms = &change,
                          .term_count = 1};
    struct error e;
    assert_int_equal(fixture_write(f, &op, 1, &e), ST_OK);
}

static void each_snapshot_finds_its_own_rows(void **state) {
    struct fixture *f = *state;
    struct store_reader *old;
    struct error e;
    fixture_fill(f, 1, 101);
    for (uint64_t id = 1; id <= 10; id++)
        give(f, id, 5, false);
    assert_int_equal(count_of(f->reader, term(f, 5)), 10);
    assert_int_equal(store_reader_open(f->store, &old, &e), ST_OK);
    assert_int_equal(store_snapshot(old, &e), ST_OK);
    for (uint64_t id = 11; id <= 30; id++) {
        give(f, id, 5, false);
        give(f, id - 10, 5, true);
        assert_int_equal(count_of(f->reader, term(f, 5)), 10);
        assert_int_equal(count_of(old, term(f, 5)), 10);
        const struct uuid earlier = fixture_id(id - 10);
        const struct pred *first = pred_compare(&f->arena, PRED_EQ, FIELD_ID, fixture_id_cell(&earlier));
        assert_int_equal(count_of(f->reader, pred_and(&f->arena, first, term(f, 5))), 0);
        assert_int_equal(count_of(old, pred_and(&f->arena, first, term(f, 5))), id - 10 <= 10);
    }
    store_snapshot_end(old);
    assert_int_equal(count_of(old, pred_or(&f->arena, term(f, 5), term(f, 6))), 10);
    store_reader_close(old);
}

static void filters_of_terms_and_columns_are_answered_exactly(void **state) {
    struct fixture *f = *state;
    fixture_fill(f, 1, 601);
    for (uint64_t id = 1; id <= 600; id++) {
        if (id % 4 == 0)
            give(f, id, 2, false);
        if (id % 3 == 0)
            give(f, id, 3, false);
    }
    const struct pred *two = term(f, 2), *three = term(f, 3);
    const struct pred *owner = pred_compare(&f->arena, PRED_EQ, FIELD_OWNER, cell_int(4));
    uint64_t owned = count_of(f->reader, owner), both = count_of(f->reader, pred_and(&f->arena, owner, two));
    assert_true(owned > 0 && both > 0 && both < owned);
    assert_int_equal(count_of(f->reader, pred_or(&f->arena, two, three)), 300);
    assert_int_equal(count_of(f->reader, pred_or(&f->arena, owner, two)), owned + 150 - both);
    const struct pred *own_two = pred_and(&f->arena, owner, two);
    uint64_t own_two_three = count_of(f->reader, pred_and(&f->arena, own_two, three));
    assert_int_equal(count_of(f->reader, pred_or(&f->arena, own_two, three)), both + 200 - own_two_three);
    const struct pred *not_two = pred_not(&f->arena, two);
    assert_int_equal(count_of(f->reader, pred_and(&f->arena, three, not_two)), 150);
    assert_int_equal(count_of(f->reader, pred_or(&f->arena, three, not_two)), 500);
}

static void parts_of_a_filter_are_told_apart(void **state) {
    struct fixture *f = *state;
    const struct pred *two = term(f, 2);
    const struct pred *owner = pred_compare(&f->arena, PRED_EQ, FIELD_OWNER, cell_int(4));
    struct cell cell = cell_int(9);
    const struct pred *exact = pred_terms(&f->arena, F_MOBILE, SEARCH_EXACT, &cell, 1);
    assert_int_equal(term_part_of(two), TERM_PART_EXACT);
    assert_int_equal(term_part_of(pred_or(&f->arena, two, term(f, 3))), TERM_PART_EXACT);
    assert_int_equal(term_part_of(pred_or(&f->arena, two, exact)), TERM_PART_BOUND);
    assert_int_equal(term_part_of(pred_and(&f->arena, two, owner)), TERM_PART_BOUND);
    assert_int_equal(term_part_of(pred_or(&f->arena, two, owner)), TERM_PART_NONE);
    assert_int_equal(term_part_of(pred_not(&f->arena, two)), TERM_PART_NONE);
    assert_int_equal(term_part_of(owner), TERM_PART_NONE);
}

/* ---- the map ---- */

static size_t maps_of(const struct fixture *f) {
    char line[512];
    size_t n = 0;
    FILE *maps = fopen("/proc/self/maps", "re");
    assert_non_null(maps);
    while (fgets(line, sizeof line, maps) != NULL)
        n += strstr(line, f->directory) != NULL && strstr(line, "kedun.db\n") != NULL;
    (void)fclose(maps);
    return n;
}

static void all_connections_share_one_map(void **state) {
    struct fixture *f = *state;
    struct store_reader *more[3];
    struct error e;
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(store_reader_open(f->store, &more[i], &e), ST_OK);
    fixture_fill(f, 1, 2001); /* the file grows under it */
    assert_int_equal(store_scrub(f->store, &e), ST_OK);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(count_of(more[i], &pred_true), 2000);
    assert_int_equal(maps_of(f), 1);
    for (size_t i = 0; i < 3; i++)
        store_reader_close(more[i]);
    fixture_close(f);
    assert_int_equal(maps_of(f), 0);
    fixture_open(f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_of_any_density_combine),
        cmocka_unit_test(a_chunk_is_taken_over_from_another_set),
        cmocka_unit_test(a_set_holds_until_its_chunk_is_touched),
        cmocka_unit_test(memory_is_bounded_and_the_oldest_goes),
        cmocka_unit_test_setup_teardown(each_snapshot_finds_its_own_rows, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(filters_of_terms_and_columns_are_answered_exactly, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(parts_of_a_filter_are_told_apart, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(all_connections_share_one_map, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
