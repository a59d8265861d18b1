/* What was deleted is not to be read in the files: neither in pages that became free nor in the write-ahead
 * log. */
#include "store_fixture.h"

#include "base/file.h"
#include "crypto/random.h"
#include "store/sqlite/postings.h"

#include <poll.h>

#define ROWS       120
#define KEPT       20 /* the last ones stay */
#define SEALED     48
#define PATIENCE_S 60
#define FILE_MOST  ((size_t)64 << 20)

/* All that is one customer's, at random: nothing is found by chance. */
struct trace {
    uint8_t first[SEALED], second[SEALED], before[SEALED], wrapped[SEALED], item[SEALED], replay[SEALED];
    uint64_t exact, old_exact, suffix, fragment;
};

static struct trace traces[ROWS];

static void draw(void) {
    assert_int_equal(crypto_random((uint8_t *)traces, sizeof traces), ST_OK);
    for (size_t i = 0; i < ROWS; i++) {
        traces[i].exact &= INT64_MAX;
        traces[i].old_exact &= INT64_MAX;
    }
}

static struct write_op named(enum write_op_kind kind, size_t i) {
    return (struct write_op){
        .kind = kind, .object = &fixture_customer, .record = fixture_id(i + 1), .act = 1, .actor = 1};
}

static void put(struct fixture *f, const struct write_op *ops, size_t n, bool bulk) {
    struct write_set set = {.ops = ops, .count = n, .bulk = bulk};
    struct write_result result;
    struct error e = {.detail = ""};
    assert_int_equal(store_write(f->store, &set, &result, &e), ST_OK);
}

static struct slice key_of(struct fixture *f, size_t i) {
    return slice_from_string(arena_format(&f->arena, "key of item %d", (int)i));
}

/* Half of them in bulk: their terms are staged first. */
static void make(struct fixture *f, size_t i) {
    struct trace *t = &traces[i];
    struct fixture_row row;
    fixture_row_make(f, i + 1, &row);
    row.cells[8] = cell_bytes(slice_of(t->first, SEALED));
    const struct term_change terms[] = {{F_MOBILE, SEARCH_EXACT, false, t->old_exact},
                                        {F_MOBILE, SEARCH_SUFFIX, false, t->suffix},
                                        {F_NAME, SEARCH_FRAGMENT, false, t->fragment}};
    struct write_op ops[] = {named(WRITE_SUBJECT_KEY, i), fixture_insert(&row), named(WRITE_TERMS, i),
                             named(WRITE_HISTORY, i)};
    ops[0].body = slice_of(t->wrapped, SEALED);
    ops[2].terms = terms;
    ops[2].term_count = 3;
    ops[3].body = slice_of(t->before, SEALED);
    put(f, ops, 4, i % 2 == 0);
    struct write_op more[] = {named(WRITE_ITEM, i), named(WRITE_IDEMPOTENCY, i)};
    more[0].item_kind = SLICE("view");
    more[0].key = key_of(f, i);
    more[0].body = slice_of(t->item, SEALED);
    more[1].key = slice_of(t->replay, 32);
    more[1].body = slice_of(t->replay, SEALED);
    more[1].at_ms = 1;
    put(f, more, 2, false);
}

static void change(struct fixture *f, size_t i) {
    static const uint16_t column = F_MOBILE;
    struct trace *t = &traces[i];
    struct cell cell = cell_bytes(slice_of(t->second, SEALED));
    const struct term_change terms[] = {{F_MOBILE, SEARCH_EXACT, true, t->old_exact},
                                        {F_MOBILE, SEARCH_EXACT, false, t->exact}};
    struct write_op ops[] = {named(WRITE_UPDATE, i), named(WRITE_TERMS, i)};
    ops[0].columns = &column;
    ops[0].cells = &cell;
    ops[0].column_count = 1;
    ops[0].revision = 1;
    ops[1].terms = terms;
    ops[1].term_count = 2;
    put(f, ops, 2, false);
}

static void forget(struct fixture *f, size_t i) {
    const struct trace *t = &traces[i];
    const struct term_change terms[] = {{F_MOBILE, SEARCH_EXACT, true, t->exact},
                                        {F_MOBILE, SEARCH_SUFFIX, true, t->suffix},
                                        {F_NAME, SEARCH_FRAGMENT, true, t->fragment}};
    struct write_op ops[] = {named(WRITE_PURGE, i), named(WRITE_SUBJECT_DESTROY, i), named(WRITE_ITEM, i)};
    ops[0].terms = terms;
    ops[0].term_count = 3;
    ops[2].item_kind = SLICE("view");
    ops[2].key = key_of(f, i);
    ops[2].remove = true;
    put(f, ops, 3, false);
}

/* ---- what a thief reads ---- */

static struct slice file_of(struct fixture *f, const char *name) {
    struct slice out = SLICE_NONE;
    const char *path = arena_format(&f->arena, "%s/%s", f->directory, name);
    enum status s = file_read(path, FILE_MOST, &f->arena, &out);
    assert_true(s == ST_OK || s == ST_NOT_FOUND);
    return out;
}

static bool holds(struct slice file, const void *p, size_t n) {
    return file.n > 0 && memmem(file.p, file.n, p, n) != NULL;
}

/* As SQLite writes an integer of so many bytes, and as our own lists do. */
static bool holds_number(struct slice file, uint64_t v, size_t bytes) {
    uint8_t big[8], little[8];
    for (size_t i = 0; i < bytes; i++)
        little[i] = big[bytes - 1 - i] = (uint8_t)(v >> (8 * i));
    return holds(file, big, bytes) || holds(file, little, bytes);
}

static unsigned traces_in(struct slice file, const struct trace *t) {
    const uint8_t *const sealed[] = {t->first, t->second, t->before, t->wrapped, t->item, t->replay};
    unsigned found = 0;
    for (unsigned i = 0; i < 6; i++)
        found |= (unsigned)holds(file, sealed[i], SEALED) << i;
    found |= (unsigned)holds_number(file, t->exact, 8) << 6;
    found |= (unsigned)holds_number(file, t->old_exact, 8) << 7;
    found |= (unsigned)holds_number(file, (uint64_t)postings_term(F_MOBILE, t->suffix), 6) << 8;
    found |= (unsigned)holds_number(file, (uint64_t)postings_term(F_NAME, t->fragment), 6) << 9;
    return found;
}

#define EVERYTHING 0x3ffu

static unsigned on_disk(struct fixture *f, size_t i) {
    return traces_in(file_of(f, "kedun.db"), &traces[i]) | traces_in(file_of(f, "kedun.db-wal"), &traces[i]);
}

static bool log_is_empty(struct fixture *f) {
    struct stat info;
    return stat(arena_format(&f->arena, "%s/kedun.db-wal", f->directory), &info) == 0 && info.st_size == 0;
}

static void the_log_empties(struct fixture *f) {
    for (int tries = 0; tries < PATIENCE_S * 20 && !log_is_empty(f); tries++)
        (void)poll(NULL, 0, 50);
    assert_true(log_is_empty(f));
}

static void what_was_deleted_is_in_no_file_while_the_store_runs(void **state) {
    struct fixture *f = *state;
    draw();
    for (size_t i = 0; i < ROWS; i++)
        make(f, i);
    unsigned seen = on_disk(f, 3);
    for (size_t i = 0; i < ROWS; i++)
        change(f, i);
    seen |= on_disk(f, 3);
    assert_int_equal(seen, EVERYTHING); /* else the search is blind */
    for (size_t i = 0; i + KEPT < ROWS; i++)
        forget(f, i);
    store_idempotency_forget(f->store, 1000);
    fixture_fill(f, 1000, 1001); /* forgotten with the next write */
    the_log_empties(f);
    struct slice file = file_of(f, "kedun.db");
    for (size_t i = 0; i + KEPT < ROWS; i++)
        assert_int_equal(traces_in(file, &traces[i]), 0);
    for (size_t i = ROWS - KEPT; i < ROWS; i++) /* but for what was replaced, and the keys that are too old */
        assert_int_equal(traces_in(file, &traces[i]), EVERYTHING & ~(1u << 0 | 1u << 5 | 1u << 7));
    assert_int_equal(file_of(f, "kedun.db-wal").n, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_deleted_is_in_no_file_while_the_store_runs, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
