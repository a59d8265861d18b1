#include "test.h"

#include "base/log.h"

#include <string.h>
#include <unistd.h>

/* What log_error writes to standard error. */
static void logged(const char *text, char *out, size_t room) {
    int fds[2], keep = dup(STDERR_FILENO);
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(dup2(fds[1], STDERR_FILENO), STDERR_FILENO);
    log_error("said: %s", text);
    assert_int_equal(dup2(keep, STDERR_FILENO), STDERR_FILENO);
    (void)close(fds[1]);
    (void)close(keep);
    ssize_t n = read(fds[0], out, room - 1);
    (void)close(fds[0]);
    assert_true(n > 0);
    out[n] = '\0';
}

static void a_text_from_outside_neither_ends_a_line_nor_moves_a_cursor(void **state) {
    (void)state;
    char line[2048];
    logged("a\r\n2026-01-01 info keeper: all is well\x1b[2K\x7f\xc2\x9b"
           "b 客",
           line, sizeof line);
    size_t n = strlen(line);
    assert_int_equal(line[n - 1], '\n');
    assert_ptr_equal(strchr(line, '\n'), line + n - 1);
    assert_null(strpbrk(line, "\r\x1b\x7f"));
    assert_null(strstr(line, "\xc2\x9b"));
    assert_non_null(strstr(line, "said: a  2026-01-01 info keeper: all is well [2K   b 客"));
}

static void a_line_too_long_is_cut_and_still_ends(void **state) {
    (void)state;
    char long_text[4096], line[8192];
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    logged(long_text, line, sizeof line);
    assert_true(strlen(line) < 1100);
    assert_int_equal(line[strlen(line) - 1], '\n');
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_from_outside_neither_ends_a_line_nor_moves_a_cursor),
        cmocka_unit_test(a_line_too_long_is_cut_and_still_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
