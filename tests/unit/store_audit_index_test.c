#include "store/audit_index.h"
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static char directory[64];
static struct arena arena;

static void path_of(const char *ending, char out[128]) {
    (void)snprintf(out, 128, "%s/audit-index.db%s", directory, ending);
}

static int fresh(void **state) {
    (void)state;
    arena_reset(&arena);
    audit_index_remove(directory);
    return 0;
}

static struct audit_index *opened(bool build) {
    struct audit_index *x = NULL;
    struct error e;
    assert_int_equal(audit_index_open(directory, build, &x, &e), ST_OK);
    return x;
}

static struct uuid record_of(uint64_t n) {
    struct uuid u = {.b = {9}};
    memcpy(u.b + 8, &n, 8);
    return u;
}

/* Entry `seq` names the records seq % 10, seq % 7 + 100 and 1000. */
static struct audit_entry entry_of(uint64_t seq) {
    struct uuid *records = arena_array(&arena, 3, sizeof *records);
    assert_non_null(records);
    records[0] = record_of(seq % 10);
    records[1] = record_of(100 + seq % 7);
    records[2] = record_of(1000);
    return (struct audit_entry){.seq = seq,
                                .time_ms = (int64_t)seq * 1000,
                                .act = seq % 3 == 0 ? AUDIT_VIEW : AUDIT_LIST,
                                .outcome = AUDIT_DONE,
                                .object = 1,
                                .actor = (uint32_t)(seq % 4),
                                .tag = SLICE(""),
                                .records = records,
                                .record_count = 3};
}

static enum status add(struct audit_index *x, uint64_t from, uint64_t to) {
    struct audit_entry *entries = arena_array(&arena, to - from, sizeof *entries);
    struct error e;
    assert_non_null(entries);
    for (uint64_t i = from; i < to; i++)
        entries[i - from] = entry_of(i);
    return audit_index_add(x, entries, to - from, &e);
}

static void merge_all(struct audit_index *x) {
    struct error e;
    for (bool more = true; more;)
        assert_int_equal(audit_index_merge(x, &more, &e), ST_OK);
}

static uint64_t last_of(struct audit_index *x) {
    uint64_t last;
    struct error e;
    assert_int_equal(audit_index_last(x, &last, &e), ST_OK);
    return last;
}

static void every_entry_of_a_record_is_found_and_no_other(void **state) {
    (void)state;
    struct audit_index *x = opened(true), *reader = opened(false);
    struct uuid record = record_of(3);
    for (uint64_t seq = 1; seq < 2001; seq += 40) {
        assert_int_equal(add(x, seq, seq + 40), ST_OK);
        if (seq % 3 == 0)
            merge_all(x);
    }
    uint64_t before = 0, want = 1995;
    for (bool more = true; more;) {
        struct audit_index_query q = {.record = &record, .act = AUDIT_VIEW, .before = before, .limit = 7};
        struct audit_index_row *rows;
        size_t n;
        struct error e;
        assert_int_equal(audit_index_find(reader, &q, &arena, &rows, &n, &more, &e), ST_OK);
        assert_true(n == 7 || !more);
        for (size_t i = 0; i < n; i++) {
            while (want % 10 != 3 || want % 3 != 0)
                want--;
            assert_true(rows[i].entry.seq == want--);
            assert_int_equal(rows[i].entry.record_count, 3);
        }
        before = n == 0 ? 1 : rows[n - 1].entry.seq;
    }
    assert_true(want < 3);
    audit_index_close(reader);
    audit_index_close(x);
}

static void one_entry_is_found_by_record_and_number_together(void **state) {
    (void)state;
    struct audit_index *x = opened(true);
    struct uuid record = record_of(1000), other = record_of(5);
    struct audit_index_row *rows;
    size_t n;
    bool more;
    struct error e;
    assert_int_equal(add(x, 1, 500), ST_OK);
    struct audit_index_query q = {.record = &record, .seq = 123, .limit = 1};
    assert_int_equal(audit_index_find(x, &q, &arena, &rows, &n, &more, &e), ST_OK);
    assert_true(n == 1 && rows[0].entry.seq == 123 && !more);
    q.record = &other;
    assert_int_equal(audit_index_find(x, &q, &arena, &rows, &n, &more, &e), ST_OK);
    assert_int_equal(n, 0);
    audit_index_close(x);
}

static void a_batch_that_fails_leaves_nothing_of_itself(void **state) {
    (void)state;
    struct audit_index *x = opened(true);
    struct uuid record = record_of(1000);
    struct audit_index_query q = {.record = &record, .limit = AUDIT_INDEX_PAGE};
    struct audit_index_row *rows;
    struct rlimit was, little = {.rlim_cur = 4096, .rlim_max = RLIM_INFINITY};
    size_t n;
    bool more;
    struct error e;
    assert_int_equal(add(x, 1, 51), ST_OK);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
    little.rlim_max = was.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
    assert_int_not_equal(add(x, 51, 101), ST_OK);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
    assert_true(last_of(x) == 50);
    assert_int_equal(audit_index_find(x, &q, &arena, &rows, &n, &more, &e), ST_OK);
    assert_int_equal(n, 50);
    assert_int_equal(add(x, 51, 101), ST_OK);
    assert_int_equal(audit_index_find(x, &q, &arena, &rows, &n, &more, &e), ST_OK);
    assert_int_equal(n, 100);
    audit_index_close(x);
}

static void overwrite(const char *with, off_t at) {
    char path[128];
    path_of("", path);
    int fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, with, strlen(with), at), (ssize_t)strlen(with));
    close(fd);
}

static void a_file_that_is_none_is_made_anew(void **state) {
    (void)state;
    struct audit_index *x = opened(true);
    assert_int_equal(add(x, 1, 10), ST_OK);
    audit_index_close(x);
    overwrite("no database at all", 0);
    x = opened(true);
    assert_true(last_of(x) == 0);
    audit_index_close(x);
}

static void a_removed_file_is_made_anew(void **state) {
    (void)state;
    struct audit_index *x = opened(true), *none = NULL;
    struct error e;
    assert_int_equal(add(x, 1, 10), ST_OK);
    audit_index_close(x);
    audit_index_remove(directory);
    assert_int_equal(audit_index_open(directory, false, &none, &e), ST_NOT_FOUND);
    x = opened(true);
    assert_true(last_of(x) == 0);
    assert_int_equal(add(x, 1, 10), ST_OK);
    assert_true(last_of(x) == 9);
    audit_index_close(x);
}

static void what_somebody_did_is_counted_by_day_and_different_records_once(void **state) {
    (void)state;
    struct audit_index *x = opened(true);
    struct audit_tally *tallies;
    struct audit_distinct distinct[4];
    struct error e;
    uint32_t actor = 1;
    size_t n;
    assert_int_equal(add(x, 1, 1001), ST_OK);
    assert_int_equal(add(x, 1001, 1401), ST_OK);
    struct audit_tally_query q = {.actors = &actor, .actor_count = 1, .by_day = true, .by_object = true};
    assert_int_equal(audit_index_tally(x, &q, &arena, &tallies, &n, &e), ST_OK);
    assert_int_equal(n, 2); /* lists and views of one day */
    uint64_t entries = tallies[0].entries + tallies[1].entries;
    assert_int_equal(entries, 350);
    assert_int_equal(tallies[0].records + tallies[1].records, 3 * 350);
    q.from_day = 1;
    assert_int_equal(audit_index_tally(x, &q, &arena, &tallies, &n, &e), ST_OK);
    assert_int_equal(n, 0);
    assert_int_equal(audit_index_distinct(x, actor, 0, distinct, 4, &n, &e), ST_OK);
    assert_int_equal(n, 1);
    assert_int_equal(distinct[0].records, 5 + 7 + 1);
    assert_false(distinct[0].at_least);
    assert_int_equal(audit_index_distinct(x, actor, 1395000, distinct, 4, &n, &e), ST_OK);
    assert_int_equal(distinct[0].records, 3);
    audit_index_close(x);
}

/* Entries 10, 20 … are tagged; that of 20 has two acts, and 30 was refused. */
static void high_risk_acts_are_paged_filtered_and_know_their_outcome(void **state) {
    (void)state;
    struct audit_index *x = opened(true), *reader = opened(false);
    struct audit_entry all[60];
    struct error e;
    for (uint64_t i = 0; i < 60; i++) {
        all[i] = entry_of(i + 1);
        if (all[i].seq % 10 == 0 && all[i].seq <= 50) {
            all[i].tag = all[i].seq == 20 ? SLICE("high_risk update 21 transfer 101 r p7 p9 +3")
                                          : SLICE("high_risk delete 5");
            all[i].act = all[i].seq == 30 ? AUDIT_REFUSE : AUDIT_UPDATE;
            all[i].outcome = all[i].seq == 30 ? AUDIT_DENIED : AUDIT_PENDING;
        }
    }
    all[20].act = AUDIT_OUTCOME;
    all[20].intent = 20;
    all[58].act = AUDIT_OUTCOME;
    all[58].intent = 40;
    all[58].outcome = AUDIT_FAILED;
    assert_int_equal(audit_index_add(x, all, 55, &e), ST_OK);
    assert_int_equal(audit_index_add(x, all + 55, 5, &e), ST_OK); /* the outcome comes later */
    static const uint64_t seqs[] = {50, 40, 20, 20, 10};
    static const uint8_t outcomes[] = {AUDIT_PENDING, AUDIT_FAILED, AUDIT_DONE, AUDIT_DONE, AUDIT_PENDING};
    struct audit_deed *rows;
    size_t n, seen = 0;
    struct audit_deed_query q = {.limit = 3};
    for (bool more = true; more;) {
        assert_int_equal(audit_index_deeds(reader, &q, &arena, &rows, &n, &more, &e), ST_OK);
        for (size_t i = 0; i < n; i++, seen++) {
            assert_int_equal(rows[i].seq, seqs[seen]);
            assert_int_equal(rows[i].outcome, outcomes[seen]);
            assert_int_equal(rows[i].records, 3);
            q.before = rows[i].id;
        }
    }
    assert_int_equal(seen, 5);
    bool more;
    q = (struct audit_deed_query){.limit = 1, .act = SLICE("transfer")};
    assert_int_equal(audit_index_deeds(reader, &q, &arena, &rows, &n, &more, &e), ST_OK);
    assert_true(n == 1 && !more && rows[0].what.day == 101 && rows[0].what.reason);
    assert_true(rows[0].what.approval_count == 2 && rows[0].what.approvals[1] == 9 && rows[0].what.more == 3);
    const struct audit_deed_query some[] = {{.limit = 9, .by_actor = true, .actor = 2},
                                            {.limit = 9, .from_ms = 20000, .below_ms = 40000},
                                            {.limit = 9, .object = 2},
                                            {.limit = 9, .object = 1, .act = SLICE("delete")}};
    static const size_t found[] = {2, 2, 0, 3};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(audit_index_deeds(reader, &some[i], &arena, &rows, &n, &more, &e), ST_OK);
        assert_int_equal(n, found[i]);
    }
    audit_index_close(reader);
    audit_index_close(x);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_entry_of_a_record_is_found_and_no_other, fresh),
        cmocka_unit_test_setup(one_entry_is_found_by_record_and_number_together, fresh),
        cmocka_unit_test_setup(a_batch_that_fails_leaves_nothing_of_itself, fresh),
        cmocka_unit_test_setup(a_file_that_is_none_is_made_anew, fresh),
        cmocka_unit_test_setup(a_removed_file_is_made_anew, fresh),
        cmocka_unit_test_setup(what_somebody_did_is_counted_by_day_and_different_records_once, fresh),
        cmocka_unit_test_setup(high_risk_acts_are_paged_filtered_and_know_their_outcome, fresh),
    };
    (void)signal(SIGXFSZ, SIG_IGN);
    (void)snprintf(directory, sizeof directory, "/tmp/kedun-audit-index-XXXXXX");
    if (mkdtemp(directory) == NULL)
        return 1;
    arena_init(&arena, (size_t)64 << 20, ARENA_PLAIN);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    audit_index_remove(directory);
    arena_free(&arena);
    (void)rmdir(directory);
    return failed;
}
