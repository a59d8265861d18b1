#include "store/sqlite/runs.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Runs in a file, beside a plain list of all that was added. */
struct base {
    char path[64];
    struct connection *c;
    struct sql sql;
    struct runs runs;
    struct posting *all; /* in order of number */
    size_t count, room;
    uint64_t next;
};

static uint64_t random_state;

static uint64_t random_below(uint64_t n) { /* xorshift64*: Vigna, 2016 */
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (random_state * UINT64_C(2685821657736338717)) % n;
}

static struct uuid record_of(uint64_t n) {
    struct uuid u = {.b = {1}};
    uint64_t mixed = n * UINT64_C(0x9e3779b97f4a7c15);
    memcpy(u.b + 8, &mixed, 8);
    return u;
}

static void base_connect(struct base *b) {
    struct error e;
    assert_int_equal(connection_open(b->path, CONNECTION_WRITER, &b->c, &e), ST_OK);
    b->runs = (struct runs){.c = b->c, .sql = &b->sql};
    assert_int_equal(connection_run(b->c, "PRAGMA synchronous=OFF", &e), ST_OK);
    assert_int_equal(runs_prepare(&b->runs, &e), ST_OK);
}

static void base_remove(struct base *b) {
    static const char *const endings[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < 3; i++) {
        char name[80];
        (void)snprintf(name, sizeof name, "%s%s", b->path, endings[i]);
        (void)unlink(name);
    }
}

static int base_open(void **state) {
    struct base *b = calloc(1, sizeof *b);
    assert_non_null(b);
    (void)snprintf(b->path, sizeof b->path, "/tmp/kedun-runs-%d.db", (int)getpid());
    base_remove(b);
    sql_init(&b->sql);
    base_connect(b);
    random_state = 88172645463325252;
    *state = b;
    return 0;
}

static int base_close(void **state) {
    struct base *b = *state;
    connection_close(b->c);
    sql_free(&b->sql);
    base_remove(b);
    free(b->all);
    free(b);
    return 0;
}

/* `numbers` acts of 0 to `most` records each, out of `pool` records. */
static void base_add(struct base *b, size_t numbers, size_t most, uint64_t pool) {
    struct error e;
    struct posting *fresh = calloc(numbers * most + 1, sizeof *fresh);
    assert_non_null(fresh);
    size_t n = 0;
    for (size_t i = 0; i < numbers; i++) {
        b->next += 1 + random_below(3);
        size_t records = random_below(most + 1);
        for (size_t k = 0; k < records; k++)
            fresh[n++] = (struct posting){.record = record_of(random_below(pool)), .number = b->next};
    }
    if (b->count + n > b->room) {
        b->room = (b->count + n) * 2;
        b->all = realloc(b->all, b->room * sizeof *b->all);
        assert_non_null(b->all);
    }
    if (n > 0)
        memcpy(b->all + b->count, fresh, n * sizeof *fresh);
    b->count += n;
    assert_int_equal(connection_run(b->c, "BEGIN IMMEDIATE", &e), ST_OK);
    assert_int_equal(runs_add(&b->runs, fresh, n, &e), ST_OK);
    assert_int_equal(connection_run(b->c, "COMMIT", &e), ST_OK);
    free(fresh);
}

static bool base_merge(struct base *b) {
    struct error e;
    bool more = false;
    assert_int_equal(runs_merge(&b->runs, &more, &e), ST_OK);
    return more;
}

/* What is found is what was added: page by page, from `below` down. */
static void base_check(struct base *b, uint64_t record, uint64_t below, size_t room) {
    struct error e;
    struct uuid id = record_of(record);
    uint64_t *out = calloc(room, sizeof *out);
    size_t n = 0, at = 0;
    bool over = false;
    assert_non_null(out);
    for (size_t i = b->count; i-- > 0;) {
        const struct posting *p = &b->all[i];
        bool twice = i + 1 < b->count && posting_compare(p, &b->all[i + 1]) == 0;
        if (p->number >= below || twice || !uuid_equal(&p->record, &id))
            continue;
        for (size_t k = i + 1; k < b->count && b->all[k].number == p->number; k++)
            twice = twice || uuid_equal(&b->all[k].record, &id);
        if (twice)
            continue;
        if (at == n) {
            assert_false(over);
            assert_int_equal(runs_find(&b->runs, &id, at == 0 ? below : out[n - 1], out, room, &n, &e),
                             ST_OK);
            over = n < room;
            at = 0;
        }
        assert_true(at < n);
        assert_true(out[at++] == p->number);
    }
    if (!over)
        assert_int_equal(runs_find(&b->runs, &id, n == 0 ? below : out[n - 1], out, room, &n, &e), ST_OK);
    assert_int_equal(n, over ? at : 0);
    free(out);
}

static int64_t base_number(struct base *b, const char *sql) {
    sqlite3_stmt *s;
    assert_int_equal(sqlite3_prepare_v2(b->c->db, sql, -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return n;
}

static void whatever_was_added_is_found_however_far_it_is_merged(void **state) {
    struct base *b = *state;
    for (unsigned round = 0; round < 400; round++) {
        uint64_t pool = round % 3 == 0 ? 5 : 3000;
        base_add(b, random_below(8), round % 40 == 0 ? 400 : 12, pool);
        for (uint64_t steps = random_below(4); steps > 0; steps--)
            (void)base_merge(b);
        if (round % 20 == 0) { /* another process goes on */
            connection_close(b->c);
            base_connect(b);
        }
        base_check(b, random_below(pool), UINT64_MAX, 1 + random_below(40));
        base_check(b, random_below(5), 1 + random_below(b->next + 1), 7);
    }
    while (base_merge(b))
        ;
    for (uint64_t record = 0; record < 40; record++)
        base_check(b, record, UINT64_MAX, 100);
}

static void runs_stay_few(void **state) {
    struct base *b = *state;
    for (unsigned i = 0; i < RUNS_FAN * RUNS_FAN + 3; i++) {
        base_add(b, 3, 4, 100);
        while (base_merge(b))
            ;
    }
    assert_int_equal(base_number(b, "SELECT max(level) FROM posting_run"), 2);
    assert_true(base_number(b, "SELECT count(*) FROM posting_run") <= 3 * RUNS_FAN);
    assert_int_equal(base_number(b, "SELECT count(*) FROM posting_block WHERE run NOT IN "
                                    "(SELECT run FROM posting_run)"),
                     0);
    base_check(b, 7, UINT64_MAX, 50);
}

static void a_long_merge_goes_in_steps_that_hide_nothing(void **state) {
    struct base *b = *state;
    unsigned steps = 0;
    for (unsigned i = 0; i < RUNS_FAN; i++)
        base_add(b, 40, 1000, 1000000);
    do {
        base_check(b, random_below(1000000), UINT64_MAX, 3);
        const struct posting *some = &b->all[random_below(b->count)];
        uint64_t found[8];
        size_t n;
        struct error e;
        assert_int_equal(runs_find(&b->runs, &some->record, some->number + 1, found, 8, &n, &e), ST_OK);
        assert_true(n > 0 && found[0] == some->number);
        steps++;
    } while (base_merge(b));
    assert_true(steps > 10);
    assert_int_equal(base_number(b, "SELECT count(*) FROM posting_run"), 1);
}

static void a_record_with_very_many_numbers_spans_blocks(void **state) {
    struct base *b = *state;
    for (unsigned i = 0; i < 2 * RUNS_FAN; i++)
        base_add(b, 3000, 1, 1);
    while (base_merge(b))
        ;
    base_check(b, 0, UINT64_MAX, 1000);
    base_check(b, 0, b->next / 2, 256);
    base_check(b, 1, UINT64_MAX, 256);
}

static void a_failed_addition_leaves_nothing(void **state) {
    struct base *b = *state;
    struct error e;
    base_add(b, 10, 10, 20);
    struct posting lost[] = {{record_of(3), b->next + 1}, {record_of(4), b->next + 1}};
    assert_int_equal(connection_run(b->c, "BEGIN IMMEDIATE", &e), ST_OK);
    assert_int_equal(runs_add(&b->runs, lost, 2, &e), ST_OK);
    assert_int_equal(connection_run(b->c, "ROLLBACK", &e), ST_OK);
    base_check(b, 3, UINT64_MAX, 50);
    base_check(b, 4, UINT64_MAX, 50);
}

/* No byte changed in a block lets its reader leave the block or find no end. */
static void a_damaged_block_is_read_to_an_end_inside_itself(void **state) {
    (void)state;
    struct run_block_writer w;
    random_state = 7;
    run_block_writer_init(&w);
    struct posting p = {.record = record_of(1), .number = 1000};
    while (run_block_put(&w, &p, 1000)) {
        p.number += random_below(300) + 1;
        if (random_below(9) == 0)
            p.record.b[0]++;
        if (p.record.b[0] == 255)
            break;
    }
    struct slice whole = run_block_take(&w);
    for (unsigned i = 0; i < 20000; i++) {
        size_t n = 1 + random_below(whole.n);
        uint8_t *tight = malloc(n); /* so that a sanitizer sees a step outside */
        assert_non_null(tight);
        memcpy(tight, whole.p, n);
        tight[random_below(n)] ^= (uint8_t)(1 + random_below(255));
        struct run_block_reader r;
        size_t steps = 0;
        run_block_open(&r, slice_of(tight, n));
        while (run_block_next(&r, &p) == ST_OK)
            assert_true(++steps <= n);
        free(tight);
    }
    run_block_writer_free(&w);
}

static void a_damaged_block_stops_a_merge(void **state) {
    struct base *b = *state;
    struct error e;
    bool more;
    for (unsigned i = 0; i < RUNS_FAN; i++)
        base_add(b, 5, 5, 50);
    assert_int_equal(connection_run(b->c, "UPDATE posting_block SET postings = x'0000'", &e), ST_OK);
    assert_int_equal(runs_merge(&b->runs, &more, &e), ST_CORRUPT);
    assert_int_equal(base_number(b, "SELECT count(*) FROM posting_run"), RUNS_FAN);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whatever_was_added_is_found_however_far_it_is_merged, base_open,
                                        base_close),
        cmocka_unit_test_setup_teardown(runs_stay_few, base_open, base_close),
        cmocka_unit_test_setup_teardown(a_long_merge_goes_in_steps_that_hide_nothing, base_open, base_close),
        cmocka_unit_test_setup_teardown(a_record_with_very_many_numbers_spans_blocks, base_open, base_close),
        cmocka_unit_test_setup_teardown(a_failed_addition_leaves_nothing, base_open, base_close),
        cmocka_unit_test(a_damaged_block_is_read_to_an_end_inside_itself),
        cmocka_unit_test_setup_teardown(a_damaged_block_stops_a_merge, base_open, base_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
