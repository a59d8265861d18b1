#include "audit_fixture.h"

static void any_torn_tail_is_cut_and_the_log_goes_on(void **state) {
    (void)state;
    static uint8_t whole[8192];
    size_t sizes[6], n = sizeof whole;
    char path[100];
    (void)snprintf(path, sizeof path, "%s/seg-0000000000000001.log", directory);
    for (uint32_t i = 0; i < 5; i++) {
        struct audit_log *log = open_log(0);
        (void)put(log, i);
        audit_log_close(log);
        struct stat info;
        assert_int_equal(stat(path, &info), 0);
        sizes[i] = (size_t)info.st_size;
    }
    read_whole(path, whole, &n);
    assert_int_equal(n, sizes[4]);
    for (size_t cut = sizes[2]; cut < n; cut++) {
        write_whole(path, whole, cut);
        struct audit_log *log = open_log(0);
        assert_int_equal(audit_last_seq(log), cut < sizes[3] ? 3 : 4);
        uint64_t seq = put(log, 99);
        assert_int_equal(seq, cut < sizes[3] ? 4 : 5);
        audit_log_close(log);
        assert_int_equal(count_entries(1), seq);
    }
}

static void a_tail_of_zeros_or_rubbish_is_cut(void **state) {
    (void)state;
    static uint8_t whole[8192];
    size_t n = sizeof whole;
    char path[100];
    (void)snprintf(path, sizeof path, "%s/seg-0000000000000001.log", directory);
    struct audit_log *log = open_log(0);
    (void)put(log, 1);
    audit_log_close(log);
    read_whole(path, whole, &n);
    memset(whole + n, 'K', 500);
    write_whole(path, whole, n + 500);
    log = open_log(0);
    assert_int_equal(put(log, 2), 2);
    audit_log_close(log);
    assert_int_equal(count_entries(1), 2);
    assert_sound(2);
}

static void a_bad_record_in_the_middle_stops_the_log(void **state) {
    (void)state;
    static uint8_t whole[8192];
    size_t n = sizeof whole;
    char path[100];
    struct error e;
    (void)snprintf(path, sizeof path, "%s/seg-0000000000000001.log", directory);
    struct audit_log *log = open_log(0);
    for (uint32_t i = 0; i < 4; i++)
        (void)put(log, i);
    audit_log_close(log);
    read_whole(path, whole, &n);
    size_t start = 64, length = (n - start) / 4;
    for (size_t at = start; at < start + 3 * length; at += 7) {
        whole[at] ^= 0x10;
        write_whole(path, whole, n);
        assert_int_equal(try_open(0, &log, &e), ST_CORRUPT);
        assert_string_equal(e.code, "audit_corrupt");
        whole[at] ^= 0x10;
    }
    write_whole(path, whole, n);
    log = open_log(0);
    audit_log_close(log);
}

static void a_bad_record_within_a_batch_that_another_followed_stops_the_log(void **state) {
    (void)state;
    static uint8_t whole[8192];
    size_t n = sizeof whole;
    char path[100];
    struct error e;
    (void)snprintf(path, sizeof path, "%s/seg-0000000000000001.log", directory);
    struct audit_log *log = open_log(0);
    struct audit_entry entry = {.act = AUDIT_LIST, .outcome = AUDIT_DONE}, second = entry;
    assert_int_equal(audit_append_lazy(log, &entry, NULL), ST_OK);
    assert_int_equal(audit_append_lazy(log, &second, NULL), ST_OK);
    assert_int_equal(audit_wait(log, 2), ST_OK);
    entry.seq = 0;
    uint64_t seq;
    assert_int_equal(audit_record(log, &entry, &seq, NULL), ST_OK);
    audit_log_close(log);
    read_whole(path, whole, &n);
    size_t middle = 64 + (n - 64) / 2;
    whole[middle] ^= 1;
    write_whole(path, whole, n);
    assert_int_equal(try_open(0, &log, &e), ST_CORRUPT);
    /* The same within the last batch is a torn write: nobody had been told. */
    n = 64 + (n - 64) / 3 * 2;
    whole[middle] ^= 1;
    whole[64] ^= 1;
    write_whole(path, whole, n);
    log = open_log(0);
    assert_int_equal(audit_last_seq(log), 0);
    audit_log_close(log);
}

static void an_entry_is_acknowledged_only_after_a_sync_that_many_share(void **state) {
    (void)state;
    struct audit_log *log = open_log(0);
    unsigned before = syncs;
    struct audit_entry e = {.act = AUDIT_LIST, .outcome = AUDIT_DONE};
    for (unsigned i = 0; i < 50; i++)
        assert_int_equal(audit_append_lazy(log, &e, NULL), ST_OK);
    assert_int_equal(syncs, before);
    assert_int_equal(audit_wait(log, 20), ST_OK);
    assert_int_equal(syncs, before + 1);
    assert_int_equal(audit_wait(log, 50), ST_OK);
    assert_int_equal(syncs, before + 1);
    audit_log_close(log);
}

static void a_failed_sync_is_not_retried_and_fails_the_log(void **state) {
    (void)state;
    struct audit_log *log = open_log(0);
    (void)put(log, 1);
    struct audit_entry e = {.act = AUDIT_VIEW, .outcome = AUDIT_DONE};
    uint64_t seq;
    assert_int_equal(audit_append(log, &e, &seq, NULL), ST_OK);
    syncs_fail = true;
    assert_int_equal(audit_wait(log, seq), ST_IO);
    syncs_fail = false;
    unsigned before = syncs;
    assert_int_equal(audit_wait(log, seq), ST_IO);
    assert_int_equal(audit_append_lazy(log, &e, NULL), ST_IO);
    assert_int_equal(audit_checkpoint(log, NULL), ST_IO);
    assert_int_equal(syncs, before);
    assert_int_equal(audit_log_reopen(log, NULL), ST_OK);
    assert_int_equal(audit_wait(log, seq), ST_IO);
    assert_int_equal(put(log, 3), 3);
    assert_int_equal(audit_checkpoint(log, NULL), ST_OK);
    audit_log_close(log);
    assert_sound(3);
}

static void a_log_shorter_than_its_signed_head_is_refused(void **state) {
    (void)state;
    char path[100];
    struct stat info;
    struct error e;
    (void)snprintf(path, sizeof path, "%s/seg-0000000000000001.log", directory);
    struct audit_log *log = open_log(0);
    (void)put(log, 1);
    (void)put(log, 2);
    assert_int_equal(audit_checkpoint(log, NULL), ST_OK);
    audit_log_close(log);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(truncate(path, info.st_size - 1), 0);
    assert_int_equal(try_open(0, &log, &e), ST_CORRUPT);
    assert_int_equal(stat(path, &info), 0);
    assert_true(info.st_size > 100);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(try_open(0, &log, &e), ST_CORRUPT);
}

static void leaves_are_rebuilt_from_the_segments(void **state) {
    (void)state;
    char path[100];
    static uint8_t before[8192], after[8192];
    size_t n = sizeof before, m = sizeof after;
    (void)snprintf(path, sizeof path, "%s/leaves.bin", directory);
    struct audit_log *log = open_log(1500);
    for (uint32_t i = 0; i < 60; i++)
        (void)put(log, i);
    audit_log_close(log);
    read_whole(path, before, &n);
    assert_int_equal(n, 60 * 32);
    assert_int_equal(truncate(path, 33), 0);
    log = open_log(1500);
    audit_log_close(log);
    read_whole(path, after, &m);
    assert_int_equal(m, n);
    assert_memory_equal(before, after, n);
}

static void a_full_disk_fails_closed_and_reopening_goes_on(void **state) {
    (void)state;
    struct rlimit old, none = {.rlim_cur = 100, .rlim_max = RLIM_INFINITY};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    none.rlim_max = old.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    struct audit_log *log = open_log(0);
    (void)put(log, 1);
    (void)put(log, 2);
    struct audit_entry e = {.act = AUDIT_VIEW, .outcome = AUDIT_DONE}, f = e;
    uint64_t seq, later;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    assert_int_equal(audit_append(log, &e, &seq, NULL), ST_OK);
    assert_int_equal(audit_wait(log, seq), ST_IO);
    assert_true(audit_failed(log));
    assert_int_equal(audit_append(log, &f, &later, NULL), ST_IO);
    assert_int_equal(audit_wait(log, 2), ST_OK);
    assert_int_equal(audit_log_reopen(log, NULL), ST_IO);
    assert_true(audit_failed(log));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(audit_log_reopen(log, NULL), ST_OK);
    assert_false(audit_failed(log));
    /* The lost entry stays lost, its seq is not given out again. */
    assert_int_equal(audit_wait(log, seq), ST_IO);
    assert_int_equal(put(log, 4), seq + 1);
    assert_int_equal(audit_checkpoint(log, NULL), ST_OK);
    audit_log_close(log);
    assert_int_equal(count_entries(1), 4);
    assert_sound(4);
    log = open_log(0);
    assert_int_equal(put(log, 5), 5);
    audit_log_close(log);
}

/* What an outsider does with a kept head, one entry's bytes and the proofs. */
static void entries_prove_to_be_under_a_signed_head_that_continues_an_older_one(void **state) {
    (void)state;
    char notes[2][AUDIT_CHECKPOINT_TEXT + 1];
    struct checkpoint head[2];
    struct audit_log *log = open_log(3000);
    for (uint32_t i = 1; i <= 70; i++) {
        (void)put(log, i);
        if (i == 33 || i == 70)
            assert_int_equal(audit_checkpoint(log, notes[i == 70]), ST_OK);
    }
    struct audit_prover *p;
    struct audit_reader *r;
    struct tree_proof proof;
    struct audit_entry e;
    struct arena a;
    uint8_t leaf[TREE_HASH], hashed[TREE_HASH];
    struct hash *h = hash_new();
    arena_init(&a, 1 << 20, ARENA_PLAIN);
    for (size_t i = 0; i < 2; i++) {
        struct slice text = slice_from_string(notes[i]);
        assert_int_equal(checkpoint_next(&text, &head[i]), ST_OK);
        assert_int_equal(checkpoint_check(&head[i], public_key), ST_OK);
    }
    assert_int_equal(audit_prover_open(directory, &p, NULL), ST_OK);
    assert_int_equal(audit_prove_growth(p, 33, 70, &proof), ST_OK);
    assert_int_equal(tree_verify_consistency(h, 33, head[0].root, 70, head[1].root, &proof), ST_OK);
    assert_int_equal(audit_reader_open(directory, 41, &r, NULL), ST_OK);
    assert_int_equal(audit_reader_next(r, &a, &e), ST_OK);
    assert_int_equal(tree_leaf_hash(h, audit_reader_leaf(r), hashed), ST_OK);
    assert_int_equal(audit_prove_entry(p, 41, 70, leaf, &proof), ST_OK);
    assert_memory_equal(leaf, hashed, TREE_HASH);
    assert_int_equal(tree_verify_inclusion(h, hashed, 40, 70, &proof, head[1].root), ST_OK);
    assert_int_equal(audit_prove_entry(p, 71, 70, leaf, &proof), ST_INVALID);
    audit_reader_close(r);
    audit_prover_close(p);
    arena_free(&a);
    hash_free(h);
    audit_log_close(log);
}

#define STORM 4000
static uint32_t actor_at[STORM + 1]; /* whose entry was acknowledged under a seq */
static atomic_bool storm_over;
static struct audit_log *shared_log;

static void *append_in_a_storm(void *argument) {
    uint32_t actor = (uint32_t)(uintptr_t)argument;
    while (!storm_over) {
        struct audit_entry e = {.act = AUDIT_LIST, .outcome = AUDIT_DONE, .actor = actor};
        uint64_t seq;
        if (audit_append(shared_log, &e, &seq, NULL) != ST_OK)
            continue;
        if (audit_wait(shared_log, seq) == ST_OK && seq <= STORM)
            actor_at[seq] = actor;
        if (seq >= STORM)
            break;
    }
    return NULL;
}

/* The log fails and is reopened again and again under load: what was acknowledged stands, as it was. */
static void no_failure_turns_a_lost_entry_into_an_acknowledged_one(void **state) {
    (void)state;
    struct rlimit old, none;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    none = (struct rlimit){.rlim_cur = 100, .rlim_max = old.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    log_setup("test", LOG_ERROR + 1);
    shared_log = open_log(10000);
    storm_over = false;
    pthread_t threads[8];
    for (uintptr_t i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, append_in_a_storm, (void *)(i + 1)), 0);
    unsigned failures = 0;
    while (audit_last_seq(shared_log) < STORM && failures < 60) {
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
        while (!audit_failed(shared_log) && audit_last_seq(shared_log) < STORM)
            sched_yield();
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
        assert_int_equal(audit_log_reopen(shared_log, NULL), ST_OK);
        failures++;
    }
    storm_over = true;
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_true(failures > 5);
    assert_int_equal(audit_checkpoint(shared_log, NULL), ST_OK);
    audit_log_close(shared_log);
    log_setup("test", LOG_ERROR);

    struct audit_reader *r;
    struct arena a;
    struct audit_entry e;
    uint64_t acknowledged = 0;
    arena_init(&a, 1 << 20, ARENA_PLAIN);
    assert_int_equal(audit_reader_open(directory, 1, &r, NULL), ST_OK);
    while (audit_reader_next(r, &a, &e) == ST_OK)
        if (e.seq <= STORM && actor_at[e.seq] != 0) {
            assert_int_equal(e.actor, actor_at[e.seq]);
            actor_at[e.seq] = 0;
            acknowledged++;
        }
    for (size_t i = 0; i <= STORM; i++)
        assert_int_equal(actor_at[i], 0);
    assert_true(acknowledged > 0);
    audit_reader_close(r);
    arena_free(&a);
    struct audit_report report;
    assert_int_equal(audit_verify(directory, public_key, SLICE_NONE, &report, NULL), ST_OK);
}

static void a_half_written_checkpoint_is_cut(void **state) {
    (void)state;
    char path[100];
    struct stat info;
    (void)snprintf(path, sizeof path, "%s/checkpoints", directory);
    struct audit_log *log = open_log(0);
    for (uint32_t i = 0; i < 3; i++) {
        (void)put(log, i);
        assert_int_equal(audit_checkpoint(log, NULL), ST_OK);
    }
    audit_log_close(log);
    assert_int_equal(stat(path, &info), 0);
    for (off_t cut = info.st_size - 1; cut > info.st_size - info.st_size / 3; cut -= 5) {
        assert_int_equal(truncate(path, cut), 0);
        log = open_log(0);
        audit_log_close(log);
        assert_sound(3);
    }
    log = open_log(0);
    assert_int_equal(audit_checkpoint(log, NULL), ST_OK);
    audit_log_close(log);
    assert_sound(3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(any_torn_tail_is_cut_and_the_log_goes_on),
        TEST(a_tail_of_zeros_or_rubbish_is_cut),
        TEST(a_bad_record_in_the_middle_stops_the_log),
        TEST(a_bad_record_within_a_batch_that_another_followed_stops_the_log),
        TEST(an_entry_is_acknowledged_only_after_a_sync_that_many_share),
        TEST(a_failed_sync_is_not_retried_and_fails_the_log),
        TEST(a_log_shorter_than_its_signed_head_is_refused),
        TEST(leaves_are_rebuilt_from_the_segments),
        TEST(a_full_disk_fails_closed_and_reopening_goes_on),
        TEST(entries_prove_to_be_under_a_signed_head_that_continues_an_older_one),
        TEST(no_failure_turns_a_lost_entry_into_an_acknowledged_one),
        TEST(a_half_written_checkpoint_is_cut),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
