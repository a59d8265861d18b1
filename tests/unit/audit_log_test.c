#include "audit_fixture.h"

static void entries_are_numbered_from_one_and_survive_a_restart(void **state) {
    (void)state;
    struct audit_log *log = open_log(0);
    for (uint32_t i = 1; i <= 10; i++)
        assert_int_equal(put(log, i), i);
    audit_log_close(log);
    log = open_log(0);
    assert_int_equal(audit_last_seq(log), 10);
    assert_int_equal(put(log, 11), 11);
    audit_log_close(log);
    assert_int_equal(count_entries(1), 11);
    assert_int_equal(count_entries(7), 5);
    assert_sound(11);
}

static void segments_roll_and_are_read_as_one(void **state) {
    (void)state;
    struct audit_log *log = open_log(2000);
    for (uint32_t i = 1; i <= 100; i++)
        (void)put(log, i);
    assert_int_equal(count_entries(1), 100);
    audit_log_close(log);
    log = open_log(2000);
    (void)put(log, 101);
    assert_int_equal(audit_checkpoint(log, NULL), ST_OK);
    audit_log_close(log);
    assert_int_equal(count_entries(1), 101);
    assert_int_equal(count_entries(50), 52);
    assert_sound(101);
}

static void a_reader_follows_a_growing_log_up_to_its_limit(void **state) {
    (void)state;
    struct audit_log *log = open_log(600);
    struct audit_reader *r;
    struct arena a;
    struct audit_entry e;
    arena_init(&a, 1 << 20, ARENA_PLAIN);
    (void)put(log, 1);
    assert_int_equal(audit_reader_open(directory, 1, &r, NULL), ST_OK);
    for (uint32_t i = 1; i <= 30; i++) {
        audit_reader_limit(r, i);
        assert_int_equal(audit_reader_next(r, &a, &e), ST_OK);
        assert_int_equal(e.actor, i);
        assert_int_equal(audit_reader_next(r, &a, &e), ST_NOT_FOUND);
        (void)put(log, i + 1);
        assert_int_equal(audit_reader_next(r, &a, &e), ST_NOT_FOUND);
    }
    audit_reader_close(r);
    arena_free(&a);
    audit_log_close(log);
}

static void a_second_process_is_refused(void **state) {
    (void)state;
    struct audit_log *log = open_log(0), *second;
    struct error e;
    assert_int_equal(try_open(0, &second, &e), ST_UNAVAILABLE);
    assert_string_equal(e.code, "audit_locked");
    audit_log_close(log);
}

#define THREADS 16
#define EACH    60
static struct audit_log *shared_log;

static void *append_many(void *argument) {
    for (uint32_t i = 0; i < EACH; i++) {
        struct audit_entry e = {
            .act = AUDIT_LIST, .outcome = AUDIT_DONE, .actor = (uint32_t)(uintptr_t)argument};
        uint64_t seq;
        if (audit_append(shared_log, &e, &seq, NULL) != ST_OK || audit_wait(shared_log, seq) != ST_OK ||
            audit_durable_seq(shared_log) < seq)
            return argument;
    }
    return NULL;
}

static void threads_append_together_and_nothing_is_lost(void **state) {
    (void)state;
    shared_log = open_log(20000);
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, append_many, (void *)(i + 1)), 0);
    for (size_t i = 0; i < THREADS; i++) {
        void *result;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_null(result);
    }
    assert_int_equal(audit_checkpoint(shared_log, NULL), ST_OK);
    audit_log_close(shared_log);
    assert_int_equal(count_entries(1), THREADS * EACH);
    assert_sound(THREADS * EACH);
}

static void lazy_entries_are_covered_by_a_checkpoint(void **state) {
    (void)state;
    struct audit_log *log = open_log(0);
    struct audit_entry e = {.act = AUDIT_SIGN_OUT, .outcome = AUDIT_DONE};
    assert_int_equal(audit_checkpoint(log, NULL), ST_NOT_FOUND);
    assert_int_equal(audit_append_lazy(log, &e, NULL), ST_OK);
    assert_int_equal(audit_durable_seq(log), 0);
    char note[AUDIT_CHECKPOINT_TEXT + 1];
    assert_int_equal(audit_checkpoint(log, note), ST_OK);
    assert_int_equal(audit_durable_seq(log), 1);
    assert_non_null(strstr(note, "kedun.test/audit\n1\n"));
    assert_int_equal(audit_wait(log, 2), ST_INVALID);
    audit_log_close(log);
    assert_sound(1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(entries_are_numbered_from_one_and_survive_a_restart),
        TEST(segments_roll_and_are_read_as_one),
        TEST(a_reader_follows_a_growing_log_up_to_its_limit),
        TEST(a_second_process_is_refused),
        TEST(threads_append_together_and_nothing_is_lost),
        TEST(lazy_entries_are_covered_by_a_checkpoint),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
