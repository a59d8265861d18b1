/* The guard of the sign-in door: what a flood of failures may cost. */
#include "keeper/guard.h"

#include "test.h"

#include <stdio.h>

#define MINUTE 60000

static const uint8_t here[16] = {1}, there[16] = {2};
static const struct guard_pause none;

static struct slice login_of(int n, char text[32]) {
    (void)snprintf(text, 32, "stranger %d", n);
    return slice_from_string(text);
}

static void a_flood_gets_few_entries_a_minute_and_one_number_for_the_rest(void **state) {
    (void)state;
    struct guard *g = guard_new();
    char text[32];
    int entries = 0;
    for (int i = 0; i < 100000; i++)
        entries += guard_worth_entry(g, login_of(i, text), here, MINUTE);
    assert_in_range(entries, 1, 120);
    assert_int_equal(guard_take_uncounted(g, MINUTE + 1), 0); /* not before the minute is over */
    assert_int_equal(guard_take_uncounted(g, 2 * MINUTE), 100000 - entries);
    assert_int_equal(guard_take_uncounted(g, 2 * MINUTE), 0);
    assert_true(guard_worth_entry(g, SLICE("somebody"), there, 2 * MINUTE));
    guard_free(g);
}

static void a_flood_of_one_person_leaves_entries_for_others(void **state) {
    (void)state;
    struct guard *g = guard_new();
    int entries = 0;
    for (int i = 0; i < 1000; i++)
        entries += guard_worth_entry(g, SLICE("sysadmin"), here, MINUTE);
    assert_int_equal(entries, 3);
    assert_true(guard_worth_entry(g, SLICE("auditor"), here, MINUTE));
    guard_free(g);
}

static void failures_elsewhere_lock_nobody_out(void **state) {
    (void)state;
    struct guard *g = guard_new();
    struct error e;
    char text[32];
    int64_t now = MINUTE;
    int let_in = 0;
    for (int i = 0; i < 100000; i++) {
        struct slice login = i % 2 == 0 ? SLICE("sysadmin") : login_of(i, text);
        let_in += guard_enter(g, login, there, none, now + i, &e) == ST_OK;
    }
    assert_in_range(let_in, 1, 50);
    assert_int_equal(guard_enter(g, SLICE("sysadmin"), there, none, now + 100000, &e), ST_LIMIT);
    assert_int_equal(guard_enter(g, SLICE("sysadmin"), here, none, now + 100000, &e), ST_OK);
    guard_free(g);
}

static void a_company_may_pause_a_login_from_that_address_only(void **state) {
    (void)state;
    struct guard *g = guard_new();
    struct error e;
    const struct guard_pause pause = {5, 15 * (int64_t)MINUTE, false};
    int64_t now = MINUTE;
    for (int i = 0; i < 5; i++)
        assert_int_equal(guard_enter(g, SLICE("wang"), there, pause, now + i, &e), ST_OK);
    assert_int_equal(guard_enter(g, SLICE("wang"), there, pause, now + 10, &e), ST_LIMIT);
    assert_string_equal(e.detail, "900");
    assert_int_equal(guard_enter(g, SLICE("wang"), here, pause, now + 10, &e), ST_OK);
    assert_int_equal(guard_enter(g, SLICE("wang"), there, pause, now + 16 * (int64_t)MINUTE, &e), ST_OK);
    guard_free(g);
}

static void an_ipv6_network_is_one_address_and_ipv4_ones_are_many(void **state) {
    (void)state;
    struct guard *g = guard_new();
    struct error e;
    char text[32];
    uint8_t six[16] = {0x20, 0x01, [7] = 1}, four[16] = {[10] = 0xff, [11] = 0xff, [12] = 203};
    int let_in = 0, let_in_four = 0;
    for (int i = 0; i < 200; i++) {
        six[8] = six[15] = four[15] = (uint8_t)i;
        let_in += guard_enter(g, SLICE("sysadmin"), six, none, MINUTE, &e) == ST_OK;
        let_in_four += guard_enter(g, SLICE("sysadmin"), four, none, MINUTE, &e) == ST_OK;
    }
    assert_int_equal(let_in, 3);
    assert_int_equal(let_in_four, 200);
    for (int i = 0; i < 200; i++) {
        six[15] = (uint8_t)i;
        let_in += guard_enter(g, login_of(i, text), six, none, MINUTE, &e) == ST_OK;
    }
    assert_int_equal(let_in, 30);
    six[7] = 2;
    assert_int_equal(guard_enter(g, SLICE("sysadmin"), six, none, MINUTE, &e), ST_OK);
    guard_free(g);
}

static void an_address_recovers_while_tries_go_on(void **state) {
    (void)state;
    struct guard *g = guard_new();
    struct error e;
    char text[32];
    int64_t now = MINUTE;
    int let_in = 0;
    for (int i = 0; i < 3600; i++)
        let_in += guard_enter(g, login_of(i, text), there, none, now + (int64_t)1000 * i, &e) == ST_OK;
    assert_in_range(let_in, 100, 250); /* an hour, a try each second: slow, but not shut */
    now += (int64_t)3600 * 1000 + 10 * (int64_t)MINUTE;
    for (int i = 0; i < 10; i++)
        assert_int_equal(guard_enter(g, login_of(i + 5000, text), there, none, now, &e), ST_OK);
    guard_free(g);
}

static void wrong_passwords_at_an_address_hold_no_passkey_back(void **state) {
    (void)state;
    struct guard *g = guard_new();
    struct error e;
    char text[32];
    int let_in = 0;
    for (int i = 0; i < 1000; i++)
        (void)(guard_enter(g, login_of(i, text), there, none, MINUTE, &e) == ST_OK);
    assert_int_equal(guard_enter(g, SLICE("sysadmin"), there, none, MINUTE, &e), ST_LIMIT);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(guard_enter_passkey(g, SLICE("handle"), there, MINUTE, &e), ST_OK);
        guard_success_passkey(g, SLICE("handle"), there);
    }
    for (int i = 0; i < 1000; i++)
        let_in += guard_enter_passkey(g, login_of(i, text), there, MINUTE, &e) == ST_OK;
    assert_int_equal(let_in, 30);
    assert_int_equal(guard_enter_passkey(g, SLICE("handle"), there, MINUTE + 1000, &e), ST_OK);
    guard_free(g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flood_gets_few_entries_a_minute_and_one_number_for_the_rest),
        cmocka_unit_test(a_flood_of_one_person_leaves_entries_for_others),
        cmocka_unit_test(a_company_may_pause_a_login_from_that_address_only),
        cmocka_unit_test(an_ipv6_network_is_one_address_and_ipv4_ones_are_many),
        cmocka_unit_test(an_address_recovers_while_tries_go_on),
        cmocka_unit_test(wrong_passwords_at_an_address_hold_no_passkey_back),
        cmocka_unit_test(failures_elsewhere_lock_nobody_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
