#include "test.h"

#include "cmd/command.h"
#include "cmd/policy_files.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char folder[64], one[96], two[96], cases[96];

static void put(const char *path, const char *text) {
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fputs(text, f) >= 0, 1);
    assert_int_equal(fclose(f), 0);
}

#define WIDE "@id(\"a\") permit (principal in Role::\"sales\", action == Action::\"list\", resource);\n"
#define NARROW                                                                                               \
    "@id(\"a\") permit (principal in Role::\"sales\", action == Action::\"list\", resource)\n"               \
    "when { resource.owner == principal };\n"

static int setup(void **state) {
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/kedun-policy-XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(one, sizeof one, "%s/one.cedar", folder);
    (void)snprintf(two, sizeof two, "%s/two.cedar", folder);
    (void)snprintf(cases, sizeof cases, "%s/cases.json", folder);
    put(one, WIDE);
    put(two, NARROW);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    (void)unlink(one);
    (void)unlink(two);
    (void)unlink(cases);
    return rmdir(folder);
}

static int diff(char *old, char *fresh) {
    char *argv[] = {"diff", "--policies", old, "--with", fresh, NULL};
    return policy_diff_command(5, argv);
}

static void a_difference_that_widens_ends_with_3(void **state) {
    (void)state;
    assert_int_equal(diff(one, two), EXIT_FINE);
    assert_int_equal(diff(two, one), EXIT_POLICY_INVALID);
    assert_int_equal(diff(one, "/nowhere"), EXIT_FAILED);
}

static void cases_are_held_to_what_they_expect(void **state) {
    (void)state;
    char *argv[] = {"test", "--policies", two, "--tests", cases, NULL};
    put(cases, "{\"cases\":[{\"user\":7,\"roles\":[\"sales\"],\"object\":\"customer\",\"act\":\"list\","
               "\"record\":{\"owner\":7},\"expect\":\"allow\"}]}");
    assert_int_equal(policy_test_command(5, argv), EXIT_FINE);
    put(cases, "{\"cases\":[{\"user\":7,\"roles\":[\"sales\"],\"object\":\"customer\",\"act\":\"list\","
               "\"record\":{\"owner\":8},\"expect\":\"allow\"}]}");
    char *again[] = {"test", "--policies", two, "--tests", cases, NULL};
    assert_int_equal(policy_test_command(5, again), EXIT_POLICY_INVALID);
}

static void the_matrix_of_a_role_is_printed(void **state) {
    (void)state;
    char *argv[] = {"matrix", "--policies", KEDUN_SHARE_DIR "/policies", "--role", "sales", NULL};
    char *bare[] = {"matrix", "--policies", one, NULL};
    assert_int_equal(policy_matrix_command(5, argv), EXIT_FINE);
    assert_int_equal(policy_matrix_command(3, bare), EXIT_USAGE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_difference_that_widens_ends_with_3),
        cmocka_unit_test(cases_are_held_to_what_they_expect),
        cmocka_unit_test(the_matrix_of_a_role_is_printed),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
