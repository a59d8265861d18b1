/* `kedun audit`: what it prints of a log, and what it refuses. Each call is a process of its own, as in life.
 */
#include "audit/log.h"
#include "base/hex.h"
#include "cmd/command.h"
#include "crypto/start.h"
#include "test.h"

#include <ftw.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char data[64], audit_dir[96], key_path[128], out_path[128], head_path[128];
static char head[2048]; /* a signed head, as a witness keeps it */
static char printed[65536];

static void write_file(const char *path, const char *text) {
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void record(struct audit_log *log, uint8_t act, uint32_t actor) {
    struct audit_entry entry = {
        .act = act, .actor = actor, .object = 1, .outcome = AUDIT_DONE, .tag = SLICE("tag")};
    struct error e;
    uint64_t seq;
    assert_int_equal(audit_record(log, &entry, &seq, &e), ST_OK);
}

static int make_log(void **state) {
    static const uint8_t seed[32] = {7};
    uint8_t key[32];
    char text[65];
    struct audit_log *log;
    struct error e;
    (void)state;
    (void)snprintf(data, sizeof data, "/tmp/kedun-audit-command-XXXXXX");
    assert_non_null(mkdtemp(data));
    (void)snprintf(audit_dir, sizeof audit_dir, "%s/audit", data);
    (void)snprintf(key_path, sizeof key_path, "%s/public.key", audit_dir);
    (void)snprintf(out_path, sizeof out_path, "%s/out", data);
    (void)snprintf(head_path, sizeof head_path, "%s/head", data);
    assert_int_equal(crypto_start(&e), ST_OK);
    struct audit_options options = {.directory = audit_dir, .origin = "kedun/audit", .seed = seed};
    assert_int_equal(audit_log_open(&options, &log, &e), ST_OK);
    for (uint32_t i = 1; i <= 5; i++)
        record(log, AUDIT_LIST, i);
    assert_int_equal(audit_checkpoint(log, head), ST_OK);
    record(log, AUDIT_VIEW, 6);
    audit_public_key(log, key);
    audit_log_close(log);
    hex_encode(slice_of(key, sizeof key), text);
    write_file(key_path, text);
    write_file(head_path, head);
    return 0;
}

static int remove_one(const char *path, const struct stat *info, int flag, struct FTW *where) {
    (void)info;
    (void)flag;
    (void)where;
    return remove(path);
}

static int forget_log(void **state) {
    (void)state;
    return nftw(data, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void read_printed(void) {
    FILE *f = fopen(out_path, "re");
    assert_non_null(f);
    printed[fread(printed, 1, sizeof printed - 1, f)] = '\0';
    (void)fclose(f);
}

/* The exit code; what went to standard output and error is in `printed`. */
static int audit(const char *a, const char *b, const char *c, const char *d) {
    char *argv[] = {(char *)(uintptr_t) "audit", (char *)(uintptr_t)a, (char *)(uintptr_t) "--data", data,
                    (char *)(uintptr_t)b,        (char *)(uintptr_t)c, (char *)(uintptr_t)d,         NULL};
    int argc = a == NULL ? 1 : b == NULL ? 4 : c == NULL ? 5 : d == NULL ? 6 : 7, status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (freopen(out_path, "we", stdout) == NULL || dup2(fileno(stdout), 2) < 0)
            _exit(99);
        int code = command_audit(argc, argv);
        (void)fflush(stdout);
        _exit(code);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    read_printed();
    return WEXITSTATUS(status);
}

static void a_sound_log_is_said_to_be_sound(void **state) {
    (void)state;
    assert_int_equal(audit("verify", NULL, NULL, NULL), EXIT_FINE);
    assert_non_null(strstr(printed, "entries 6\n"));
    assert_non_null(strstr(printed, "signed_until 5\n"));
    assert_non_null(strstr(printed, "sound (no head from outside was given"));
    assert_null(strstr(printed, "NOT SOUND"));
}

static void a_head_kept_elsewhere_is_checked(void **state) {
    (void)state;
    assert_int_equal(audit("verify", "--head", head_path, NULL), EXIT_FINE);
    assert_non_null(strstr(printed, "sound\n"));
    char other[sizeof head];
    memcpy(other, head, sizeof head);
    char *size = strchr(other, '\n') + 1;
    *size = '9'; /* says it signs nine entries */
    write_file(head_path, other);
    assert_int_equal(audit("verify", "--head", head_path, NULL), EXIT_FAILED);
    write_file(head_path, head);
    assert_int_equal(audit("verify", "--head", "/nowhere", NULL), EXIT_FAILED);
    assert_non_null(strstr(printed, "no_head"));
}

static void another_key_or_none_is_refused(void **state) {
    char path[128];
    (void)state;
    (void)snprintf(path, sizeof path, "%s/key", data);
    write_file(path, "00");
    assert_int_equal(audit("verify", "--key", path, NULL), EXIT_FAILED);
    assert_non_null(strstr(printed, "bad_public_key"));
    write_file(path, "0000000000000000000000000000000000000000000000000000000000000000\n");
    assert_int_equal(audit("verify", "--key", path, NULL), EXIT_FAILED);
    assert_non_null(strstr(printed, "NOT SOUND"));
    assert_int_equal(audit("verify", "--key", "/nowhere", NULL), EXIT_FAILED);
    assert_non_null(strstr(printed, "no_public_key"));
}

static void entries_are_listed_as_json_lines_from_where_one_asks(void **state) {
    (void)state;
    assert_int_equal(audit("list", NULL, NULL, NULL), EXIT_FINE);
    size_t lines = 0;
    for (char *p = printed, *end; (end = strchr(p, '\n')) != NULL; p = end + 1, lines++) {
        json_t *entry = json_loadb(p, (size_t)(end - p), JSON_REJECT_DUPLICATES, NULL);
        assert_int_equal(json_integer_value(json_object_get(entry, "seq")), lines + 1);
        assert_int_equal(json_integer_value(json_object_get(entry, "actor")), lines + 1);
        assert_string_equal(json_string_value(json_object_get(entry, "act")), lines < 5 ? "list" : "view");
        json_decref(entry);
    }
    assert_int_equal(lines, 6);
    assert_int_equal(audit("list", "--from", "6", NULL), EXIT_FINE);
    assert_int_equal(strncmp(printed, "{\"seq\":6,", 9), 0);
    assert_int_equal(audit("list", "--from", "x", NULL), EXIT_FAILED);
}

static void a_changed_byte_is_found_and_named(void **state) {
    char path[160];
    (void)state;
    (void)snprintf(path, sizeof path, "%s/seg-0000000000000001.log", audit_dir);
    FILE *f = fopen(path, "r+e");
    assert_non_null(f);
    assert_int_equal(fseek(f, 200, SEEK_SET), 0);
    int byte = fgetc(f);
    assert_int_equal(fseek(f, 200, SEEK_SET), 0);
    assert_true(fputc(byte ^ 1, f) != EOF);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(audit("verify", NULL, NULL, NULL), EXIT_FAILED);
    assert_non_null(strstr(printed, "NOT SOUND"));
}

static void what_is_no_such_command_is_refused(void **state) {
    (void)state;
    assert_int_equal(audit("sign", NULL, NULL, NULL), EXIT_USAGE);
    assert_int_equal(audit(NULL, NULL, NULL, NULL), EXIT_USAGE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_log_is_said_to_be_sound),
        cmocka_unit_test(a_head_kept_elsewhere_is_checked),
        cmocka_unit_test(another_key_or_none_is_refused),
        cmocka_unit_test(entries_are_listed_as_json_lines_from_where_one_asks),
        cmocka_unit_test(what_is_no_such_command_is_refused),
        cmocka_unit_test(a_changed_byte_is_found_and_named),
    };
    return cmocka_run_group_tests(tests, make_log, forget_log);
}
