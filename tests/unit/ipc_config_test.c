#include "test.h"

#include "base/file.h"
#include "ipc/config.h"

#include <unistd.h>

static enum status read_text(const char *text, struct config *c, struct error *e) {
    char path[64];
    (void)snprintf(path, sizeof path, "/tmp/kedun-test-%d.conf", getpid());
    assert_int_equal(file_replace(path, slice_from_string(text), 0600), ST_OK);
    config_init(c);
    enum status st = config_read(path, c, e);
    unlink(path);
    return st;
}

static void keys_are_read_over_their_defaults(void **state) {
    (void)state;
    struct config c;
    struct error e;
    assert_int_equal(
        read_text("# the door\n\n listen = [::1]:9000 # here\nbody_kib=64\nlog_level = debug", &c, &e),
        ST_OK);
    assert_string_equal(c.listen, "[::1]:9000");
    assert_int_equal(c.body_kib, 64);
    assert_int_equal(c.log_level, LOG_DEBUG);
    assert_int_equal(c.nginx_workers, 1);
}

static void refuse(const char *text, const char *where, const char *word) {
    struct config c;
    struct error e;
    assert_int_equal(read_text(text, &c, &e), ST_INVALID);
    if (strstr(e.detail, where) == NULL || strstr(e.detail, word) == NULL)
        fail_msg("\"%s\" lacks \"%s\" or \"%s\"", e.detail, where, word);
}

static void every_error_names_file_line_and_remedy(void **state) {
    (void)state;
    refuse("listen = a\nlisen = b\n", ".conf:2", "see docs/operations.md");
    refuse("nonsense\n", ".conf:1", "key = value");
    refuse("\n\nbody_kib = 1\n", ".conf:3", "from 16 to 16384");
    refuse("body_kib = 64x\n", ".conf:1", "whole number");
    refuse("body_kib = 64\nbody_kib = 64\n", ".conf:2", "remove one");
    refuse("log_level = loud\n", ".conf:1", "debug, info, warn or error");
    refuse("ui_dir = /x\"; root /;\n", ".conf:1", "remove it");
}

static void an_absent_file_is_an_error(void **state) {
    (void)state;
    struct config c;
    struct error e;
    config_init(&c);
    assert_int_equal(config_read("/nonexistent/kedun.conf", &c, &e), ST_NOT_FOUND);
    assert_non_null(strstr(e.detail, "/nonexistent/kedun.conf"));
}

static void addresses_are_numeric_with_a_port(void **state) {
    (void)state;
    char host[CONFIG_TEXT];
    uint16_t port;
    assert_true(config_split_address("127.0.0.1:8443", host, &port));
    assert_string_equal(host, "127.0.0.1");
    assert_int_equal(port, 8443);
    assert_true(config_split_address("[::]:443", host, &port));
    assert_string_equal(host, "::");
    const char *wrong[] = {"",       ":1",     "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "localhost:1",
                           "::1:80", "[::1:80"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(config_split_address(wrong[i], host, &port));
}

static void half_a_certificate_is_refused(void **state) {
    (void)state;
    struct config c;
    struct error e;
    config_init(&c);
    assert_int_equal(config_set(&c, "x", "tls_key", "/etc/hostname", &e), ST_OK);
    assert_int_equal(config_check(&c, &e), ST_INVALID);
    assert_non_null(strstr(e.detail, "belong together"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_read_over_their_defaults),
        cmocka_unit_test(every_error_names_file_line_and_remedy),
        cmocka_unit_test(an_absent_file_is_an_error),
        cmocka_unit_test(addresses_are_numeric_with_a_port),
        cmocka_unit_test(half_a_certificate_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
