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

static enum status propose_item(struct world *w, const struct keeper_call *by, const char *item, uint64_t *id,
                                struct error *e) {
    char document[800];
    struct slice secret;
    (void)snprintf(document, sizeof document,
                   "{\"kind\":\"registry\",\"reason\":\"as agreed\",\"change\":{\"items\":[%s]}}", item);
    return keeper_propose(w->k, by, slice_from_string(document), id, &secret, e);
}

/* Proposed by the one, approved by the other. */
static enum status put_by_two(struct world *w, const struct keeper_call *sec, const struct keeper_call *sys,
                              const char *item, struct error *e) {
    struct slice secret;
    uint64_t id;
    enum status s = propose_item(w, sec, item, &id, e);
    return s == ST_OK ? keeper_decide(w->k, sys, id, true, SLICE(""), &secret, e) : s;
}

/* The role of boss (its id is 3) with rules of its own from now on. */
static void put_rules(struct world *w, const char *sign_in) {
    struct error e = {.status = ST_OK};
    struct keeper_call sec = world_sign_in(w, "sec"), sys = world_sign_in(w, "sys");
    char item[512];
    (void)snprintf(item, sizeof item,
                   "{\"kind\":\"role\",\"id\":3,\"document\":{\"name\":\"boss\",\"ceiling\":{\"personal\":"
                   "\"clear\"},\"budget\":{\"masked\":{\"day\":9},\"clear\":{\"day\":9},\"lookups\":{\"day\":"
                   "9}},\"sign_in\":%s}}",
                   sign_in);
    assert_int_equal(put_by_two(w, &sec, &sys, item, &e), ST_OK);
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

static void company_item(struct world *w, const struct keeper_call *sec, const char *networks, char *out,
                         size_t room) {
    (void)snprintf(
        out, room,
        "{\"kind\":\"company\",\"id\":1,\"document\":{\"version\":%llu,\"sign_in\":{\"networks\":[%s]}}}",
        world_company(w, sec), networks);
}

static void networks_and_hours_take_two_and_shut_out_neither_of_them(void **state) {
    struct world *w = *state;
    struct error e = {.status = ST_OK};
    struct keeper_call sec = world_sign_in(w, "sec"), sys = world_sign_in(w, "sys"), away = sys;
    char item[400];
    uint32_t made;
    uint64_t id;
    struct slice secret;
    assert_int_equal(keeper_registry_put(w->k, &sec, REGISTRY_COMPANY, 1,
                                         SLICE("{\"sign_in\":{\"networks\":[\"0.0.0.0/24\"]}}"), &made, &e),
                     ST_DENIED);
    assert_string_equal(e.code, "needs_second");
    assert_int_equal(keeper_registry_put(
                         w->k, &sec, REGISTRY_ROLE, 3,
                         SLICE("{\"name\":\"boss\",\"sign_in\":{\"networks\":[\"10.0.0.0/8\"]}}"), &made, &e),
                     ST_DENIED);
    assert_string_equal(e.code, "needs_second");
    company_item(w, &sec, "\"10.0.0.0/8\"", item, sizeof item);
    assert_int_equal(propose_item(w, &sec, item, &id, &e), ST_CONFLICT); /* where he is not himself */
    assert_string_equal(e.code, "shuts_you_out");
    company_item(w, &sec, "\"0.0.0.0/24\"", item, sizeof item);
    assert_int_equal(propose_item(w, &sec, item, &id, &e), ST_OK);
    away.address[12] = 10;
    assert_int_equal(keeper_decide(w->k, &away, id, true, SLICE(""), &secret, &e), ST_CONFLICT);
    assert_string_equal(e.code, "shuts_you_out");
    expect_fine(w, &away);
    assert_int_equal(keeper_decide(w->k, &sys, id, true, SLICE(""), &secret, &e), ST_OK);
    expect_denied(w, &away, "sign_in_place");
    expect_fine(w, &sec);
}

static void a_page_or_proposal_that_rests_on_an_older_company_is_refused(void **state) {
    struct world *w = *state;
    struct error e = {.status = ST_OK};
    struct keeper_call sec = world_sign_in(w, "sec"), sys = world_sign_in(w, "sys");
    char item[400], stale[200], next[200];
    uint32_t made;
    uint64_t id;
    struct slice secret;
    assert_int_equal(
        keeper_registry_put(w->k, &sec, REGISTRY_COMPANY, 1, SLICE("{\"budget\":{}}"), &made, &e), ST_OK);
    unsigned long long first = world_company(w, &sec);
    assert_true(first > 0);
    company_item(w, &sec, "\"0.0.0.0/24\"", item, sizeof item);
    assert_int_equal(propose_item(w, &sec, item, &id, &e), ST_OK);
    (void)snprintf(next, sizeof next, "{\"version\":%llu,\"high_risk\":{\"delete\":{\"reason\":true}}}",
                   first);
    (void)snprintf(stale, sizeof stale, "{\"version\":%llu,\"budget\":{}}", first);
    assert_int_equal(keeper_registry_put(w->k, &sec, REGISTRY_COMPANY, 1, slice_from_string(next), &made, &e),
                     ST_OK);
    assert_true(world_company(w, &sec) > first);
    assert_int_equal(
        keeper_registry_put(w->k, &sec, REGISTRY_COMPANY, 1, slice_from_string(stale), &made, &e),
        ST_CONFLICT);
    assert_string_equal(e.code, "company_changed");
    assert_int_equal(
        keeper_registry_put(w->k, &sec, REGISTRY_COMPANY, 1, SLICE("{\"budget\":{}}"), &made, &e),
        ST_INVALID);
    assert_string_equal(e.field, "version");
    assert_int_equal(keeper_decide(w->k, &sys, id, true, SLICE(""), &secret, &e), ST_CONFLICT);
    assert_string_equal(e.code, "company_changed");
}

static void a_job_that_was_changed_since_it_was_authorised_is_not_run(void **state) {
    struct world *w = *state;
    struct error e = {.status = ST_OK};
    struct keeper_call boss = world_sign_in(w, "boss"), nobody = {.purpose = PURPOSE_IMPORT};
    const struct slice plan = SLICE("0123456789abcdef0123456789abcdef"),
                       other = SLICE("0123456789abcdef0123456789abcdeF");
    struct token token;
    struct uuid id;
    assert_int_equal(uuid_new(&id), ST_OK);
    assert_int_equal(keeper_job_token(w->k, &boss, &id, 1, plan, &token, &e), ST_OK);
    world_restart(w);
    assert_int_equal(keeper_job_claim(w->j, &nobody, &id, other, &token, &e), ST_DENIED);
    assert_string_equal(e.code, "job_changed");
    assert_int_equal(keeper_job_claim(w->j, &nobody, &id, SLICE_NONE, &token, &e), ST_DENIED);
    assert_int_equal(keeper_job_claim(w->j, &nobody, &id, plan, &token, &e), ST_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_session_that_leaves_its_networks_is_of_no_use_until_it_is_back,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(hours_that_are_set_while_somebody_works_hold_at_once, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_api_key_is_held_to_its_makers_networks, setup, teardown),
        cmocka_unit_test_setup_teardown(a_role_for_a_time_brings_its_networks_with_it, setup, teardown),
        cmocka_unit_test_setup_teardown(a_job_that_was_changed_since_it_was_authorised_is_not_run, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(networks_and_hours_take_two_and_shut_out_neither_of_them, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_page_or_proposal_that_rests_on_an_older_company_is_refused, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
