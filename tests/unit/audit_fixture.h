/* A real log in a directory of its own, for the tests of the audit log; included by one program each. */
#ifndef KEDUN_TESTS_UNIT_AUDIT_FIXTURE_H
#define KEDUN_TESTS_UNIT_AUDIT_FIXTURE_H

#include "test.h"

#include "audit/checkpoint.h"
#include "audit/log.h"
#include "audit/proof.h"
#include "audit/reader.h"
#include "audit/verify.h"
#include "base/log.h"
#include "crypto/start.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static char directory[64];
static const uint8_t seed[32] = {42};
static uint8_t public_key[32];

/* Stands before libc's: counts the syncs of data and lets them fail. */
static atomic_uint syncs;
static atomic_bool syncs_fail;

int fdatasync(int fd) {
    atomic_fetch_add(&syncs, 1);
    if (syncs_fail) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fdatasync, fd);
}

static inline void clear_directory(void) {
    DIR *dir = opendir(directory);
    if (dir == NULL)
        return;
    char path[400];
    for (struct dirent *d = readdir(dir); d != NULL; d = readdir(dir)) {
        (void)snprintf(path, sizeof path, "%s/%s", directory, d->d_name);
        (void)unlink(path);
    }
    closedir(dir);
}

static inline int fresh(void **state) {
    (void)state;
    clear_directory();
    return 0;
}

static inline enum status try_open(uint64_t segment_bytes, struct audit_log **log, struct error *e) {
    struct audit_options options = {
        .directory = directory, .origin = "kedun.test/audit", .seed = seed, .segment_bytes = segment_bytes};
    return audit_log_open(&options, log, e);
}

static inline struct audit_log *open_log(uint64_t segment_bytes) {
    struct audit_log *log;
    struct error e = {0};
    enum status s = try_open(segment_bytes, &log, &e);
    if (s != ST_OK)
        print_error("%s: %s\n", e.code, e.detail);
    assert_int_equal(s, ST_OK);
    audit_public_key(log, public_key);
    return log;
}

static inline uint64_t put(struct audit_log *log, uint32_t actor) {
    struct audit_detail detail = {.subject = {{7}}, .commitment = {1}, .sealed = SLICE("sealed")};
    struct audit_entry e = {
        .act = AUDIT_VIEW, .outcome = AUDIT_DONE, .actor = actor, .details = &detail, .detail_count = 1};
    uint64_t seq;
    assert_int_equal(audit_record(log, &e, &seq, NULL), ST_OK);
    return seq;
}

/* Reads everything from `from` on and gives the number of entries. */
static inline uint64_t count_entries(uint64_t from) {
    struct audit_reader *r;
    struct arena a;
    struct audit_entry e;
    uint64_t n = 0;
    arena_init(&a, 1 << 20, ARENA_PLAIN);
    assert_int_equal(audit_reader_open(directory, from, &r, NULL), ST_OK);
    enum status s;
    while ((s = audit_reader_next(r, &a, &e)) == ST_OK) {
        assert_int_equal(e.seq, from + n);
        n++;
        arena_reset(&a);
    }
    assert_int_equal(s, ST_NOT_FOUND);
    audit_reader_close(r);
    arena_free(&a);
    return n;
}

static inline void assert_sound(uint64_t entries) {
    struct audit_report report;
    struct error e = {0};
    enum status s = audit_verify(directory, public_key, SLICE_NONE, &report, &e);
    if (s != ST_OK)
        print_error("%s: %s\n", e.code, e.detail);
    assert_int_equal(s, ST_OK);
    assert_int_equal(report.entries, entries);
}

static inline void read_whole(const char *path, uint8_t *out, size_t *n) {
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    ssize_t got = read(fd, out, *n);
    assert_true(got >= 0);
    *n = (size_t)got;
    close(fd);
}

static inline void write_whole(const char *path, const uint8_t *bytes, size_t n) {
    int fd = open(path, O_WRONLY | O_TRUNC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, n), n);
    close(fd);
}

static inline int start(void **state) {
    (void)state;
    log_setup("test", LOG_ERROR);
    (void)snprintf(directory, sizeof directory, "/tmp/kedun-audit-XXXXXX");
    return mkdtemp(directory) != NULL && crypto_start(NULL) == ST_OK ? 0 : -1;
}

static inline int stop(void **state) {
    (void)state;
    clear_directory();
    crypto_stop();
    return rmdir(directory);
}

#define TEST(name) cmocka_unit_test_setup(name, fresh)

#endif
