/* Where and when a session may be used: asked at each use, not only at the sign-in. */
#include "keeper_world.h"

#include <time.h>

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

/* The role of boss (its id is 3) with rules of its own from now on. */
static void put_rules(struct world *w, const char *sign_in) {
    struct error e = {.status = ST_OK};
    struct keeper_call sec = world_sign_in(w, "sec");
    char document[512];
    uint32_t made;
    (void)snprintf(document, sizeof document,
                   "{\"name\":\"boss\",\"ceiling\":{\"personal\":\"clear\"},\"sign_in\":%s}", sign_in);
    assert_int_equal(
        keeper_registry_put(w->k, &sec, REGISTRY_ROLE, 3, slice_from_string(document), &made, &e), ST_OK);
}

static void expect_denied(struct world *w, const struct keeper_call *call, const char *code) {
    struct error e = {.status = ST_OK};
    struct principal who;
    assert_int_equal(keeper_session(w->k, call, &who, &e), ST_DENIED);
    assert_string_equal(e.code, code);
}

static void expect_fine(struct world *w, const struct keeper_call *call) {
    struct error e = {.status = ST_OK};
    struct principal who;
    assert_int_equal(keeper_session(w->k, call, &who, &e), ST_OK);
}

static void a_session_that_leaves_its_networks_is_of_no_use_until_it_is_back(void **state) {
    struct world *w = *state;
    struct error e = {.status = ST_OK};
    struct keeper_call boss = world_sign_in(w, "boss"), wang = world_sign_in(w, "wang"), away = boss;
    put_rules(w, "{\"networks\":[\"0.0.0.0/24\"]}");
    expect_fine(w, &boss);
    away.address[12] = 10;
    expect_denied(w, &away, "sign_in_place");
    struct slice json;
    assert_int_equal(keeper_budgets(w->k, &away, &json, &e), ST_DENIED);
    expect_fine(w, &boss);
    wang.address[12] = 10; /* whose role says nothing */
    expect_fine(w, &wang);
    assert_int_equal(keeper_sign_out(w->k, &away, &e), ST_OK); /* one may always end it */
}

static void hours_that_are_set_while_somebody_works_hold_at_once(void **state) {
    struct world *w = *state;
    struct keeper_call boss = world_sign_in(w, "boss");
    char rules[128];
    time_t now = time(NULL);
    struct tm local;
    assert_non_null(localtime_r(&now, &local));
    (void)snprintf(rules, sizeof rules, "{\"hours\":{\"days\":[%d],\"from\":0,\"to\":24}}",
                   (local.tm_wday + 3) % 7 + 1); /* far from midnight on either side */
    put_rules(w, rules);
    expect_denied(w, &boss, "sign_in_time");
    put_rules(w, "{\"hours\":{\"days\":[1,2,3,4,5,6,7],\"from\":0,\"to\":24}}");
    expect_fine(w, &boss);
}

static void an_api_key_is_held_to_its_makers_networks(void **state) {
    struct world *w = *state;
    struct error e = {.status = ST_OK};
    struct keeper_call boss = world_sign_in(w, "boss"), key = boss;
    struct uuid id;
    char document[200], day[32];
    time_t then = time(NULL) + 86400;
    struct tm utc;
    assert_non_null(gmtime_r(&then, &utc));
    assert_int_not_equal(strftime(day, sizeof day, "%Y-%m-%dT00:00:00Z", &utc), 0);
    (void)snprintf(document, sizeof document,
                   "{\"label\":\"k\",\"roles\":[\"boss\"],\"expires_at\":\"%s\",\"networks\":"
                   "[\"10.0.0.0/8\",\"0.0.0.0/24\"]}",
                   day);
    assert_int_equal(keeper_api_key_make(w->k, &boss, slice_from_string(document), &key.token, &id, &e),
                     ST_OK);
    key.address[12] = 10;
    expect_fine(w, &key);
    put_rules(w, "{\"networks\":[\"0.0.0.0/24\"]}");
    expect_denied(w, &key, "sign_in_place");
    key.address[12] = 0;
    expect_fine(w, &key);
}

static void a_role_for_a_time_brings_its_networks_with_it(void **state) {
    struct world *w = *state;
    struct error e = {.status = ST_OK};
    struct keeper_call wang = world_sign_in(w, "wang"), sec = world_sign_in(w, "sec");
    uint64_t id;
    struct slice secret;
    put_rules(w, "{\"networks\":[\"0.0.0.0/24\"]}");
    assert_int_equal(keeper_propose(w->k, &wang,
                                    SLICE("{\"kind\":\"grant\",\"user\":1,\"reason\":\"cover\",\"change\":{"
                                          "\"roles\":[\"boss\"],\"hours\":1}}"),
                                    &id, &secret, &e),
                     ST_OK);
    wang.address[12] = 10;
    expect_fine(w, &wang);
    assert_int_equal(keeper_decide(w->k, &sec, id, true, SLICE(""), &secret, &e), ST_OK);
    expect_denied(w, &wang, "sign_in_place");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_session_that_leaves_its_networks_is_of_no_use_until_it_is_back,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(hours_that_are_set_while_somebody_works_hold_at_once, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_api_key_is_held_to_its_makers_networks, setup, teardown),
        cmocka_unit_test_setup_teardown(a_role_for_a_time_brings_its_networks_with_it, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
