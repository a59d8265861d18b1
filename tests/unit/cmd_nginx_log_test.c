#include "test.h"

#include "cmd/nginx_log.h"

#include <stdio.h>

static void cleaned(const char *line, bool trusted, const char *expected) {
    char copy[1024];
    (void)snprintf(copy, sizeof copy, "%s", line);
    assert_string_equal(nginx_log_clean(copy, trusted), expected);
}

static void what_a_client_sent_is_cut_off(void **state) {
    (void)state;
    cleaned("2026/01/02 03:04:05 [error] 7#7: *3 limiting requests, client: 1.2.3.4, server: _, request: "
            "\"GET /a?q=13800138000 HTTP/1.1\"",
            false, "[error] 7#7: *3 limiting requests");
    cleaned("2026/01/02 03:04:05 [error] 7#7: *3 open() \"/ui/a\" failed (2: No such file), client: 1.2.3.4, "
            "request: \"GET /?q=1\"",
            false, "[error] 7#7: *3 open() \"…\"");
    cleaned("2026/01/02 03:04:05 [error] 7#7: upstream sent \"x\" and \"secret\" here", false,
            "[error] 7#7: upstream sent \"…\" here");
}

static void a_quote_or_comma_from_the_client_hides_nothing(void **state) {
    (void)state;
    cleaned(
        "[error] open() \"/ui/a\" , client: x 13800138000\" failed, client: 1.2.3.4, request: \"GET /?q=1\"",
        false, "[error] open() \"…\"");
    cleaned("[info] odd \"13800138000", false, "[info] odd ");
}

static void our_own_start_errors_keep_their_words(void **state) {
    (void)state;
    cleaned("nginx: [emerg] cannot load certificate \"/d/tls/server.crt\": no such file", true,
            "nginx: [emerg] cannot load certificate \"/d/tls/server.crt\": no such file");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_client_sent_is_cut_off),
        cmocka_unit_test(a_quote_or_comma_from_the_client_hides_nothing),
        cmocka_unit_test(our_own_start_errors_keep_their_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
