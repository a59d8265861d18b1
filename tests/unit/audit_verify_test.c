#include "test.h"

#include "audit/checkpoint.h"
#include "audit/crc32c.h"
#include "audit/log.h"
#include "audit/segment.h"
#include "audit/verify.h"
#include "base/log.h"
#include "crypto/random.h"
#include "crypto/start.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENTRIES 20
#define ROOM    (1u << 20)

static char directory[64], segment[128], checkpoints[128];
static const uint8_t seed[32] = {42};
static uint8_t public_key[32];
static uint8_t bytes[ROOM];
static size_t bytes_n;
static size_t start_of[ENTRIES + 1]; /* of each record in the segment */
static char kept[AUDIT_CHECKPOINT_TEXT + 1];

static void clear_directory(void) {
    DIR *dir = opendir(directory);
    char path[400];
    for (struct dirent *d = readdir(dir); d != NULL; d = readdir(dir)) {
        (void)snprintf(path, sizeof path, "%s/%s", directory, d->d_name);
        (void)unlink(path);
    }
    closedir(dir);
}

static void read_file(const char *path) {
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    ssize_t n = read(fd, bytes, ROOM);
    assert_true(n > 0);
    bytes_n = (size_t)n;
    close(fd);
}

static void write_file(const char *path) {
    int fd = open(path, O_WRONLY | O_TRUNC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, bytes_n), bytes_n);
    close(fd);
}

static void find_records(void) {
    struct segment_reader r;
    struct segment_record record;
    size_t i = 0;
    assert_int_equal(segment_open(&r, segment), ST_OK);
    while (segment_next(&r, &record) == ST_OK)
        start_of[i++] = (size_t)record.offset;
    assert_int_equal(i, ENTRIES);
    start_of[i] = (size_t)r.offset;
    segment_close(&r);
}

/* Twenty entries, heads over 10 (kept outside) and 20. */
static int build(void **state) {
    (void)state;
    clear_directory();
    struct audit_options options = {.directory = directory, .origin = "kedun.test/audit", .seed = seed};
    struct audit_log *log;
    assert_int_equal(audit_log_open(&options, &log, NULL), ST_OK);
    audit_public_key(log, public_key);
    for (uint32_t i = 0; i < ENTRIES; i++) {
        struct audit_detail detail = {
            .subject = {{1}}, .commitment = {(uint8_t)i}, .sealed = SLICE("opaque")};
        struct audit_entry e = {
            .act = AUDIT_REVEAL, .outcome = AUDIT_DONE, .actor = i, .details = &detail, .detail_count = 1};
        uint64_t seq;
        assert_int_equal(audit_record(log, &e, &seq, NULL), ST_OK);
        if (i == 9)
            assert_int_equal(audit_checkpoint(log, kept), ST_OK);
    }
    assert_int_equal(audit_checkpoint(log, NULL), ST_OK);
    audit_log_close(log);
    find_records();
    read_file(segment);
    return 0;
}

static struct audit_report report;

static void assert_verdict(struct slice head, const char *code) {
    struct error e = {0};
    enum status s = audit_verify(directory, public_key, head, &report, &e);
    if (code == NULL) {
        assert_int_equal(s, ST_OK);
        return;
    }
    assert_int_equal(s, ST_CORRUPT);
    assert_string_equal(e.code, code);
}

/* Makes the checksum of the record at `at` right again, as someone who edits the file would. */
static void mend_checksum(size_t at) {
    uint32_t leaf_n, crc;
    memcpy(&leaf_n, bytes + at + 4, 4);
    crc = crc32c(crc32c(0, slice_of(bytes + at + 4, 12)), slice_of(bytes + at + SEGMENT_RECORD_HEAD, leaf_n));
    memcpy(bytes + at + 16, &crc, 4);
}

static void a_sound_log_verifies_and_says_what_is_signed(void **state) {
    (void)state;
    assert_verdict(slice_from_string(kept), NULL);
    assert_int_equal(report.entries, ENTRIES);
    assert_int_equal(report.checkpoints, 2);
    assert_int_equal(report.signed_until, ENTRIES);
}

static void any_flipped_byte_is_found(void **state) {
    (void)state;
    for (size_t at = 0; at < bytes_n; at += 3) {
        bytes[at] ^= 0x20;
        write_file(segment);
        assert_int_equal(audit_verify(directory, public_key, SLICE_NONE, &report, NULL), ST_CORRUPT);
        bytes[at] ^= 0x20;
    }
}

static void an_edit_with_a_right_checksum_is_found_by_the_root(void **state) {
    (void)state;
    bytes[start_of[12] + SEGMENT_RECORD_HEAD + 22] ^= 1; /* the actor */
    mend_checksum(start_of[12]);
    write_file(segment);
    assert_verdict(SLICE_NONE, "audit_root_mismatch");
}

static void a_removed_entry_is_found(void **state) {
    (void)state;
    memmove(bytes + start_of[7], bytes + start_of[8], bytes_n - start_of[8]);
    bytes_n -= start_of[8] - start_of[7];
    write_file(segment);
    assert_verdict(SLICE_NONE, "audit_gap");
    assert_int_equal(report.bad_seq, 8);
}

/* The entries behind a removed one numbered anew, batches and checksums mended: only the root tells. */
static void a_removed_entry_with_renumbered_followers_is_found(void **state) {
    (void)state;
    size_t gone = start_of[8] - start_of[7];
    memmove(bytes + start_of[7], bytes + start_of[8], bytes_n - start_of[8]);
    bytes_n -= gone;
    for (size_t i = 8; i < ENTRIES; i++) {
        size_t at = start_of[i] - gone;
        uint64_t seq = i;
        uint32_t batch = (uint32_t)i | SEGMENT_FIRST;
        memcpy(bytes + at + SEGMENT_RECORD_HEAD + 1, &seq, 8);
        memcpy(bytes + at + 12, &batch, 4);
        mend_checksum(at);
    }
    write_file(segment);
    assert_verdict(SLICE_NONE, "audit_root_mismatch");
}

static void two_swapped_entries_are_found(void **state) {
    (void)state;
    static uint8_t one[4096];
    size_t n = start_of[5] - start_of[4];
    assert_int_equal(n, start_of[6] - start_of[5]);
    memcpy(one, bytes + start_of[4], n);
    memcpy(bytes + start_of[4], bytes + start_of[5], n);
    memcpy(bytes + start_of[5], one, n);
    write_file(segment);
    assert_verdict(SLICE_NONE, "audit_gap");
}

static void a_log_cut_before_a_checkpoint_is_found(void **state) {
    (void)state;
    bytes_n = start_of[15];
    write_file(segment);
    assert_verdict(SLICE_NONE, "audit_truncated");
    bytes_n = start_of[15] + 9;
    write_file(segment);
    assert_verdict(SLICE_NONE, "audit_record_bad");
}

static void a_cut_log_with_its_checkpoints_cut_too_is_found_by_a_kept_head(void **state) {
    (void)state;
    bytes_n = start_of[5];
    write_file(segment);
    assert_int_equal(truncate(checkpoints, 0), 0);
    assert_verdict(SLICE_NONE, NULL);
    assert_verdict(slice_from_string(kept), "audit_truncated");
}

static void an_edited_checkpoint_is_found(void **state) {
    (void)state;
    read_file(checkpoints);
    for (size_t at = 0; at < bytes_n; at += 2) {
        bytes[at] ^= 1;
        write_file(checkpoints);
        assert_verdict(SLICE_NONE, "audit_checkpoint_bad");
        bytes[at] ^= 1;
    }
}

/* Someone with the files but not the key cannot sign; someone with another key is not us. */
static void a_log_signed_by_another_key_is_refused(void **state) {
    (void)state;
    static const uint8_t other[32] = {43};
    assert_int_equal(sign_public(other, public_key), ST_OK);
    assert_verdict(SLICE_NONE, "audit_checkpoint_bad");
    assert_int_equal(sign_public(seed, public_key), ST_OK);
}

static void a_head_of_a_rewritten_history_does_not_fit_the_kept_one(void **state) {
    (void)state;
    char other[AUDIT_CHECKPOINT_TEXT + 1];
    struct signer *s = signer_new(seed);
    static const uint8_t root[32] = {1};
    assert_int_equal(checkpoint_sign(s, "kedun.test/audit", 10, root, other), ST_OK);
    signer_free(s);
    assert_verdict(slice_from_string(other), "audit_head_mismatch");
}

static void wiped_details_leave_every_proof_whole(void **state) {
    (void)state;
    size_t side = start_of[4] - 10; /* u32 length and "opaque" of entry 4 */
    memset(bytes + side, 0, 10);
    write_file(segment);
    assert_verdict(slice_from_string(kept), NULL);
    assert_int_equal(report.wiped_sides, 1);
}

static void a_missing_segment_is_found(void **state) {
    (void)state;
    char path[200];
    (void)snprintf(path, sizeof path, "%s/seg-0000000000000005.log", directory);
    assert_int_equal(rename(segment, path), 0);
    assert_verdict(SLICE_NONE, "audit_gap");
}

static int start(void **state) {
    (void)state;
    (void)snprintf(directory, sizeof directory, "/tmp/kedun-verify-XXXXXX");
    if (mkdtemp(directory) == NULL || crypto_start(NULL) != ST_OK)
        return -1;
    (void)snprintf(segment, sizeof segment, "%s/seg-0000000000000001.log", directory);
    (void)snprintf(checkpoints, sizeof checkpoints, "%s/checkpoints", directory);
    log_setup("test", LOG_ERROR);
    return 0;
}

static int stop(void **state) {
    (void)state;
    clear_directory();
    crypto_stop();
    return rmdir(directory);
}

#define TEST(name) cmocka_unit_test_setup(name, build)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_sound_log_verifies_and_says_what_is_signed),
        TEST(any_flipped_byte_is_found),
        TEST(an_edit_with_a_right_checksum_is_found_by_the_root),
        TEST(a_removed_entry_is_found),
        TEST(a_removed_entry_with_renumbered_followers_is_found),
        TEST(two_swapped_entries_are_found),
        TEST(a_log_cut_before_a_checkpoint_is_found),
        TEST(a_cut_log_with_its_checkpoints_cut_too_is_found_by_a_kept_head),
        TEST(an_edited_checkpoint_is_found),
        TEST(a_log_signed_by_another_key_is_refused),
        TEST(a_head_of_a_rewritten_history_does_not_fit_the_kept_one),
        TEST(wiped_details_leave_every_proof_whole),
        TEST(a_missing_segment_is_found),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
