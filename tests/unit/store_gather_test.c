#include "test.h"

#include "store/sqlite/gather.h"

#include <string.h>

/* A file that notes what is written. */
struct noted {
    sqlite3_file file;
    uint8_t bytes[400000];
    int64_t at[8];
    int length[8];
    size_t count;
    int answer;
};

static struct noted noted;

static int note(sqlite3_file *f, const void *p, int n, sqlite3_int64 at) {
    struct noted *to = (struct noted *)(void *)f;
    assert_true(to->count < 8 && at + n <= (int64_t)sizeof to->bytes);
    to->at[to->count] = at;
    to->length[to->count++] = n;
    if (to->answer == SQLITE_OK)
        memcpy(to->bytes + at, p, (size_t)n);
    return to->answer;
}

static const sqlite3_io_methods own = {.iVersion = 1, .xWrite = note};

static int begin(void **state) {
    (void)state;
    memset(&noted, 0, sizeof noted);
    return 0;
}

static void put(struct gather *g, const char *text, int64_t at) {
    assert_int_equal(gather_write(g, &noted.file, &own, text, (int)strlen(text), at), SQLITE_OK);
}

static void what_stands_together_is_one_write(void **state) {
    (void)state;
    struct gather g = {.bytes = NULL};
    put(&g, "head", 32);
    put(&g, "page", 36);
    put(&g, "tail", 40);
    assert_int_equal(noted.count, 0);
    assert_int_equal(gather_flush(&g, &noted.file, &own), SQLITE_OK);
    assert_int_equal(gather_flush(&g, &noted.file, &own), SQLITE_OK);
    assert_int_equal(noted.count, 1);
    assert_int_equal(noted.at[0], 32);
    assert_memory_equal(noted.bytes + 32, "headpagetail", 12);
    gather_free(&g);
}

static void a_write_elsewhere_goes_behind_what_was_gathered(void **state) {
    (void)state;
    struct gather g = {.bytes = NULL};
    put(&g, "first", 100);
    put(&g, "over it", 100);
    assert_int_equal(noted.count, 1);
    assert_int_equal(gather_flush(&g, &noted.file, &own), SQLITE_OK);
    assert_memory_equal(noted.bytes + 100, "over it", 7);
    gather_free(&g);
}

static void more_than_there_is_room_for_is_written_in_order(void **state) {
    (void)state;
    static uint8_t page[GATHER_BYTES + 1];
    struct gather g = {.bytes = NULL};
    put(&g, "before", 0);
    memset(page, 'x', sizeof page);
    assert_int_equal(gather_write(&g, &noted.file, &own, page, (int)sizeof page, 6), SQLITE_OK);
    put(&g, "after", 6 + (int64_t)sizeof page);
    assert_int_equal(gather_write(&g, &noted.file, &own, page, GATHER_BYTES, 11 + (int64_t)sizeof page),
                     SQLITE_OK);
    assert_int_equal(gather_flush(&g, &noted.file, &own), SQLITE_OK);
    assert_memory_equal(noted.bytes, "beforex", 7);
    assert_memory_equal(noted.bytes + 6 + sizeof page, "afterx", 6);
    for (size_t i = 0; i < noted.count; i++)
        assert_true(noted.length[i] <= (int)sizeof page);
    gather_free(&g);
}

static void what_could_not_be_written_is_given_up(void **state) {
    (void)state;
    struct gather g = {.bytes = NULL};
    put(&g, "lost", 0);
    noted.answer = SQLITE_FULL;
    assert_int_equal(gather_flush(&g, &noted.file, &own), SQLITE_FULL);
    noted.answer = SQLITE_OK;
    put(&g, "next", 0);
    assert_int_equal(gather_flush(&g, &noted.file, &own), SQLITE_OK);
    assert_memory_equal(noted.bytes, "next", 4);
    gather_free(&g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_stands_together_is_one_write, begin),
        cmocka_unit_test_setup(a_write_elsewhere_goes_behind_what_was_gathered, begin),
        cmocka_unit_test_setup(more_than_there_is_room_for_is_written_in_order, begin),
        cmocka_unit_test_setup(what_could_not_be_written_is_given_up, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
