#include "keeper_world.h"

static int setup(void **state) {
    static struct world w;
    world_new(&w);
    world_fill(&w);
    *state = &w;
    return 0;
}

static int teardown(void **state) {
    world_free(*state);
    return 0;
}

static void signing_in_gives_a_token_that_names_the_person(void **state) {
    struct world *w = *state;
    struct error e;
    struct principal who;
    struct keeper_call call = world_sign_in(w, "wang");
    assert_int_equal(keeper_session(w->k, &call, &who, &e), ST_OK);
    assert_string_equal(who.login, "wang");
    assert_int_equal(who.user, 1);
    assert_int_equal(who.role_count, 1);
    assert_string_equal(who.roles[0], "sales");
    struct token fresh;
    assert_int_equal(keeper_rotate(w->k, &call, &fresh, &e), ST_OK);
    assert_int_equal(keeper_session(w->k, &call, &who, &e), ST_UNAUTHENTICATED);
    call.token = fresh;
    assert_int_equal(keeper_session(w->j, &call, &who, &e), ST_OK);
    assert_int_equal(keeper_sign_out(w->k, &call, &e), ST_OK);
    assert_int_equal(keeper_session(w->k, &call, &who, &e), ST_UNAUTHENTICATED);
}

static void wrong_passwords_are_slowed_down_for_their_address_only(void **state) {
    struct world *w = *state;
    struct error e;
    struct token token;
    struct principal who;
    struct keeper_call from = {.address = {[7] = 9}};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(
            keeper_sign_in(w->k, &from, SLICE("wang"), SLICE("wrong-password"), SLICE(""), &token, &who, &e),
            ST_UNAUTHENTICATED);
        assert_string_equal(e.code, "sign_in_failed");
    }
    assert_int_equal(
        keeper_sign_in(w->k, &from, SLICE("wang"), SLICE("password-wang"), SLICE(""), &token, &who, &e),
        ST_LIMIT);
    assert_string_equal(e.code, "sign_in_slow");
    assert_int_equal(
        keeper_sign_in(w->k, &from, SLICE("nobody"), SLICE("password-wang"), SLICE(""), &token, &who, &e),
        ST_UNAUTHENTICATED);
    assert_string_equal(e.code, "sign_in_failed");
    (void)world_sign_in(w, "wang"); /* from elsewhere: not locked out */
}

static void a_row_opens_as_it_was_sealed(void **state) {
    struct world *w = *state;
    struct error e = {.status = ST_OK};
    struct keeper_call call = world_sign_in(w, "wang");
    struct world_row row = world_row(w, &call, "张三丰", "+8613800001234", "330102199001011234");
    struct keeper_opened got;
    uint8_t views[] = {VIEW_CLEAR, VIEW_MASKED, VIEW_MASKED};
    enum status s = world_open(w, &call, &row, 1, views, &got, &e);
    if (s != ST_OK)
        print_error("%s %s\n", e.code, e.detail);
    assert_int_equal(s, ST_OK);
    assert_text(got.values[0], "张三丰");
    assert_text(got.values[1], "138****1234");
    assert_true(got.entry > 0);
    uint8_t hidden[] = {VIEW_HIDDEN, VIEW_CLEAR, VIEW_HIDDEN};
    assert_int_equal(world_open(w, &call, &row, 1, hidden, &got, &e), ST_OK);
    assert_null(got.values[0].p);
    assert_text(got.values[1], "+8613800001234");
}

static void sessions_survive_a_restart(void **state) {
    struct world *w = *state;
    struct error e;
    struct principal who;
    struct keeper_call call = world_sign_in(w, "li");
    world_restart(w);
    assert_int_equal(keeper_session(w->k, &call, &who, &e), ST_OK);
    assert_string_equal(who.login, "li");
}

static void the_bootstrap_happens_once(void **state) {
    struct world *w = *state;
    struct error e;
    bool over = false;
    assert_int_equal(keeper_bootstrapped(w->k, &over, &e), ST_OK);
    assert_true(over);
    assert_int_equal(keeper_bootstrap(w->a, REGISTRY_ROLE, 0, SLICE("{\"name\":\"evil\"}"), &e), ST_DENIED);
    assert_string_equal(e.code, "bootstrap_over");
    world_restart(w);
    assert_int_equal(keeper_bootstrap(w->a, REGISTRY_ROLE, 0, SLICE("{\"name\":\"evil\"}"), &e), ST_DENIED);
}

static void doors_take_only_their_own_messages(void **state) {
    struct world *w = *state;
    struct error e;
    struct token token;
    struct principal who;
    struct keeper_call call = {.purpose = 0};
    assert_int_equal(
        keeper_sign_in(w->j, &call, SLICE("li"), SLICE("password-li"), SLICE(""), &token, &who, &e),
        ST_UNAVAILABLE);
    assert_int_equal(keeper_bootstrap(w->k, REGISTRY_ROLE, 0, SLICE("{\"name\":\"evil\"}"), &e),
                     ST_UNAVAILABLE);
    struct slice json;
    assert_int_equal(keeper_health(w->k, &json, &e), ST_OK); /* connected anew */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signing_in_gives_a_token_that_names_the_person),
        cmocka_unit_test(wrong_passwords_are_slowed_down_for_their_address_only),
        cmocka_unit_test(a_row_opens_as_it_was_sealed),
        cmocka_unit_test(sessions_survive_a_restart),
        cmocka_unit_test(the_bootstrap_happens_once),
        cmocka_unit_test(doors_take_only_their_own_messages),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
