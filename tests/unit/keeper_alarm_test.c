/* Alarms about sign-ins: raised by what it is meant for, bounded, and nobody's lock. */
#include "keeper/alarm.h"
#include "keeper/guard.h"

#include "keeper_world.h"

static int setup(void **state) {
    struct world *w = calloc(1, sizeof *w);
    world_new(w);
    world_fill(w);
    *state = w;
    return 0;
}

static int teardown(void **state) {
    world_free(*state);
    free(*state);
    return 0;
}

#define MINUTE ((int64_t)60000)

struct bench {
    char dir[64];
    struct vault *vault;
    struct alarms *alarms;
};

static void bench_open(struct bench *b) {
    static const uint8_t key[32] = {1};
    struct error e;
    assert_int_equal(crypto_start(&e), ST_OK);
    (void)snprintf(b->dir, sizeof b->dir, "/tmp/kedun-alarm-XXXXXX");
    assert_non_null(mkdtemp(b->dir));
    assert_int_equal(vault_open(b->dir, key, &b->vault, &e), ST_OK);
    assert_int_equal(alarms_open(b->vault, &b->alarms, &e), ST_OK);
}

static void bench_close(struct bench *b) {
    alarms_close(b->alarms);
    vault_close(b->vault);
    (void)nftw(b->dir, world_unlink, 16, FTW_DEPTH | FTW_PHYS);
}

static bool try_one(struct bench *b, int who, uint8_t network, uint8_t host, int64_t now, struct alarm *out) {
    const uint8_t address[16] = {[10] = 0xff, [11] = 0xff, [12] = 203, [14] = network, [15] = host};
    char login[32];
    (void)snprintf(login, sizeof login, "person%d", who);
    return alarms_failed(b->alarms, slice_from_string(login), address, now, out);
}

static void many_accounts_from_one_network_raise_one_alarm(void **state) {
    (void)state;
    struct bench b;
    struct alarm one, list[ALARMS_MAX];
    char network[64];
    int raised = 0;
    bench_open(&b);
    for (int i = 0; i < 200; i++)
        raised += try_one(&b, i, 7, (uint8_t)i, MINUTE + i, &one);
    assert_int_equal(raised, 2); /* that network; and then it is so many that it counts as everywhere */
    assert_int_equal(alarms_list(b.alarms, list), 2);
    assert_int_equal(list[1].kind, ALARM_STUFFING);
    alarm_network(&list[1], network);
    assert_string_equal(network, "203.0.7.0/24");
    const uint8_t there[16] = {[10] = 0xff, [11] = 0xff, [12] = 203, [14] = 7, [15] = 250};
    assert_true(alarms_suspect(b.alarms, there, 2 * MINUTE));
    assert_false(alarms_suspect(b.alarms, there, 120 * MINUTE));
    bench_close(&b);
}

static void one_person_who_forgot_his_password_raises_none(void **state) {
    (void)state;
    struct bench b;
    struct alarm one;
    bench_open(&b);
    for (int i = 0; i < 1000; i++)
        assert_false(try_one(&b, 1, 7, 1, MINUTE + i, &one));
    bench_close(&b);
}

static void an_office_that_gets_in_raises_none(void **state) {
    (void)state;
    struct bench b;
    struct alarm one;
    const uint8_t office[16] = {[10] = 0xff, [11] = 0xff, [12] = 203, [14] = 7, [15] = 1};
    bench_open(&b);
    for (int i = 0; i < 60; i++) {
        assert_false(try_one(&b, i, 7, 1, MINUTE + i, &one));
        assert_false(alarms_succeeded(b.alarms, (uint32_t)i, office, false, MINUTE + i, &one));
    }
    bench_close(&b);
}

static void alarms_are_bounded_and_survive_a_restart_until_closed(void **state) {
    (void)state;
    struct bench b;
    struct alarm one, list[ALARMS_MAX];
    struct error e;
    int raised = 0;
    bench_open(&b);
    for (int hour = 0; hour < 20; hour++) {
        for (int n = 0; n < 40; n++) {
            for (int i = 0; i < 45; i++)
                raised += try_one(&b, i, (uint8_t)(n + 1), 1, (hour * 61 + 1) * MINUTE + n, &one);
        }
    }
    assert_int_equal(raised, 20 * ALARMS_HOUR);
    assert_int_equal(alarms_list(b.alarms, list), ALARMS_MAX);
    uint32_t newest = list[0].id;
    alarms_close(b.alarms);
    assert_int_equal(alarms_open(b.vault, &b.alarms, &e), ST_OK);
    assert_int_equal(alarms_list(b.alarms, list), ALARMS_MAX);
    assert_int_equal(list[0].id, newest);
    assert_int_equal(alarms_close_one(b.alarms, newest), ST_OK);
    assert_int_equal(alarms_close_one(b.alarms, newest), ST_NOT_FOUND);
    bench_close(&b);
}

static void a_suspect_address_is_slowed_and_let_in_again(void **state) {
    (void)state;
    struct guard *g = guard_new();
    struct error e;
    const struct guard_pause strict = {.strict = true};
    const uint8_t bad[16] = {1}, good[16] = {2};
    char login[32];
    int let_in = 0;
    for (int i = 0; i < 100; i++) {
        (void)snprintf(login, sizeof login, "person%d", i);
        let_in += guard_enter(g, slice_from_string(login), bad, strict, MINUTE + i, &e) == ST_OK;
    }
    assert_int_equal(let_in, 3);
    assert_int_equal(guard_enter(g, SLICE("sysadmin"), good, strict, MINUTE + 100, &e), ST_OK);
    assert_int_equal(guard_enter(g, SLICE("sysadmin"), bad, strict, MINUTE + 11000, &e), ST_OK);
    guard_free(g);
}

static void the_security_administrator_sees_and_closes_it(void **state) {
    struct world *w = *state;
    struct error e;
    struct principal who;
    struct slice json;
    struct keeper_call sec = world_sign_in(w, "sec"), wang = world_sign_in(w, "wang"), stranger = wang;
    struct token token;
    char login[32];
    memset(stranger.token.b, 0, sizeof stranger.token.b);
    stranger.address[12] = 198;
    for (int i = 0; i < 60; i++) {
        (void)snprintf(login, sizeof login, "person%d", i);
        stranger.address[15] = (uint8_t)i;
        assert_int_not_equal(keeper_sign_in(w->k, &stranger, slice_from_string(login), SLICE("Spring2024!!"),
                                            SLICE(""), &token, &who, &e),
                             ST_OK);
    }
    assert_int_equal(keeper_sign_in_state(w->k, &sec, &json, &e), ST_OK);
    assert_non_null(memmem(json.p, json.n, "198.0.0.0/24", 12));
    assert_int_equal(keeper_sign_in_state(w->k, &wang, &json, &e), ST_OK);
    assert_null(memmem(json.p, json.n, "198.0.0.0/24", 12));
    assert_int_equal(keeper_alarm_close(w->k, &wang, 1, &e), ST_DENIED);
    (void)world_sign_in(w, "sys"); /* whose network is another */
    assert_int_equal(keeper_alarm_close(w->k, &sec, 1, &e), ST_OK);
    assert_int_equal(keeper_sign_in_state(w->k, &sec, &json, &e), ST_OK);
    assert_null(memmem(json.p, json.n, "198.0.0.0/24", 12));
}

static void tries_that_had_to_wait_raise_none(void **state) {
    struct world *w = *state;
    struct error e;
    struct principal who;
    struct slice json;
    struct keeper_call sec = world_sign_in(w, "sec"), stranger = sec;
    struct token token;
    char login[32];
    int slow = 0;
    memset(stranger.token.b, 0, sizeof stranger.token.b);
    stranger.address[12] = 198;
    for (int i = 0; i < 80; i++) {
        (void)snprintf(login, sizeof login, "person%d", i < 30 ? i % 10 : i);
        assert_int_not_equal(keeper_sign_in(w->k, &stranger, slice_from_string(login), SLICE("Spring2024!!"),
                                            SLICE(""), &token, &who, &e),
                             ST_OK);
        slow += strcmp(e.code, "sign_in_slow") == 0;
    }
    assert_in_range(slow, 35, 50); /* of 60 different logins, the first ten and a few more were tried */
    assert_int_equal(keeper_sign_in_state(w->k, &sec, &json, &e), ST_OK);
    assert_null(memmem(json.p, json.n, "198.0.0.0/24", 12));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_accounts_from_one_network_raise_one_alarm),
        cmocka_unit_test(one_person_who_forgot_his_password_raises_none),
        cmocka_unit_test(an_office_that_gets_in_raises_none),
        cmocka_unit_test(alarms_are_bounded_and_survive_a_restart_until_closed),
        cmocka_unit_test(a_suspect_address_is_slowed_and_let_in_again),
        cmocka_unit_test_setup_teardown(tries_that_had_to_wait_raise_none, setup, teardown),
        cmocka_unit_test_setup_teardown(the_security_administrator_sees_and_closes_it, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
