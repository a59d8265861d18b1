/* Provisioning keys against a keeper that believes no engine: what a key may not, whoever carries it. */
#include "base/clock.h"
#include "keeper/client_scim.h"
#include "keeper/scim.h"
#include "keeper_world.h"

#define WANG 1u

static struct keeper_call sys, sec, aud;

static uint32_t approve(struct world *w, const char *terms, uint32_t key) {
    char text[1024], until[CLOCK_TEXT + 1];
    struct error e = {.status = ST_OK};
    struct slice half;
    uint64_t id;
    clock_format(clock_wall_ms() + 86400000, until);
    (void)snprintf(
        text, sizeof text,
        "{\"kind\":\"scim\",\"reason\":\"directory\",\"change\":{\"key\":%u,\"document\":{\"label\":"
        "\"d\",\"expires_at\":\"%s\"%s}}}",
        key, until, terms);
    enum status s = keeper_propose(w->k, &sys, slice_from_string(text), &id, &half, &e);
    if (s != ST_OK)
        print_error("propose: %s %s\n", e.code, e.detail);
    assert_int_equal(s, ST_OK);
    assert_int_equal(keeper_decide(w->k, &sys, id, true, SLICE("me"), &half, &e), ST_DENIED);
    assert_int_equal(keeper_decide(w->k, &sec, id, true, SLICE("seen"), &half, &e), ST_OK);
    return key != 0 ? key : 1;
}

/* A call with the key's secret. */
static struct keeper_call draw(struct world *w, uint32_t key) {
    struct error e;
    struct keeper_call call = {.address = {[10] = 0xff, [11] = 0xff, [12] = 10, [15] = 1}};
    assert_int_equal(keeper_scim_draw(w->k, &sys, key, &call.token, &e), ST_OK);
    return call;
}

static int setup(void **state) {
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    world_new(w);
    world_fill(w);
    sys = world_sign_in(w, "sys");
    sec = world_sign_in(w, "sec");
    aud = world_sign_in(w, "aud");
    *state = w;
    return 0;
}

static int teardown(void **state) {
    world_free(*state);
    free(*state);
    return 0;
}

static enum status put(struct world *w, const struct keeper_call *key, uint32_t user, const char *document,
                       uint32_t *made, struct error *e) {
    return keeper_scim_put(w->k, key, user, 0, slice_from_string(document), made, e);
}

static void refused(struct world *w, const struct keeper_call *key, uint32_t user, const char *document,
                    enum status want, const char *code) {
    struct error e = {.status = ST_OK};
    uint32_t made;
    enum status s = put(w, key, user, document, &made, &e);
    if (s != want || strcmp(e.code, code) != 0)
        print_error("%s: %d %s %s\n", document, (int)s, e.code, e.detail);
    assert_int_equal(s, want);
    assert_string_equal(e.code, code);
}

static void a_key_writes_accounts_and_no_rights(void **state) {
    struct world *w = *state;
    struct error e = {.status = ST_OK};
    uint32_t made = 0;
    struct keeper_call key = draw(w, approve(w, "", 0));
    assert_int_equal(put(w, &key, 0, "{\"login\":\"n\",\"name\":\"N\",\"department\":1}", &made, &e), ST_OK);
    static const char *const rights[] = {
        "roles\":[\"boss\"]", "duties\":[\"auditor\"]", "posts\":[]",     "manages\":[1]", "until\":null",
        "kind\":\"partner\"", "mail_confirmed\":true",  "suspended\":{}", "left\":{}",     "review\":{}",
        "password\":\"x\""};
    for (size_t i = 0; i < sizeof rights / sizeof rights[0]; i++) {
        char document[128];
        (void)snprintf(document, sizeof document, "{\"login\":\"m\",\"name\":\"M\",\"%s}", rights[i]);
        refused(w, &key, 0, document, ST_DENIED, "scim_denied");
        (void)snprintf(document, sizeof document, "{\"%s}", rights[i]);
        refused(w, &key, made, document, ST_DENIED, "scim_denied");
    }
    refused(w, &key, WANG, "{\"department\":0}", ST_DENIED, "scim_denied");
    refused(w, &key, WANG, "{\"scim\":{\"x\":{}}}", ST_INVALID, "bad_document");
    refused(w, &key, WANG, "{\"login\":\"li\"}", ST_CONFLICT, "login_taken");
    assert_int_equal(put(w, &key, made, "{\"mail\":\"n@example.com\"}", &made, &e), ST_OK);
    assert_int_equal(put(w, &key, made, "{\"mail\":\"n@example.com\",\"name\":\"N2\"}", &made, &e), ST_OK);
    refused(w, &key, WANG, "{\"mail\":\"N@Example.com\"}", ST_CONFLICT, "mail_taken");
    refused(w, &key, 0, "{\"login\":\"o\",\"name\":\"O\",\"mail\":\"n@example.com\"}", ST_CONFLICT,
            "mail_taken");
    for (uint32_t duty = 3; duty <= 5; duty++) {
        refused(w, &key, duty, "{\"name\":\"x\"}", ST_NOT_FOUND, "not_found");
        assert_int_equal(keeper_scim_leave(w->k, &key, duty, 0, &e), ST_NOT_FOUND);
    }
    assert_int_equal(keeper_scim_put(w->k, &key, made, 1, SLICE("{\"name\":\"x\"}"), &made, &e), ST_CONFLICT);
    assert_string_equal(e.code, "scim_changed");
}

static void a_key_opens_nothing_else(void **state) {
    struct world *w = *state;
    struct error e;
    struct principal who;
    struct slice json;
    uint32_t made;
    struct keeper_call key = draw(w, approve(w, "", 0));
    assert_int_equal(keeper_session(w->k, &key, &who, &e), ST_UNAUTHENTICATED);
    assert_int_equal(keeper_registry_put(w->k, &key, REGISTRY_USER, 0, SLICE("{}"), &made, &e),
                     ST_UNAUTHENTICATED);
    assert_int_equal(keeper_proposals(w->k, &key, false, &json, &e), ST_UNAUTHENTICATED);
    assert_int_equal(keeper_scim_list(w->k, &key, &json, &e), ST_UNAUTHENTICATED);
    assert_int_equal(keeper_scim_draw(w->k, &key, 1, &key.token, &e), ST_UNAUTHENTICATED);
    /* and no session does what a key does */
    assert_int_equal(keeper_scim_put(w->k, &sys, 0, 0, SLICE("{}"), &made, &e), ST_UNAUTHENTICATED);
    struct keeper_call nobody = {.purpose = 0};
    assert_int_equal(keeper_scim_leave(w->k, &nobody, WANG, 0, &e), ST_UNAUTHENTICATED);
    assert_int_equal(keeper_scim_list(w->k, &aud, &json, &e), ST_OK);
    assert_int_equal(keeper_scim_draw(w->k, &sec, 1, &key.token, &e), ST_DENIED);
    assert_int_equal(keeper_scim_end(w->k, &aud, 1, &e), ST_DENIED);
}

static void a_key_lives_within_its_terms(void **state) {
    struct world *w = *state;
    struct error e;
    uint64_t version;
    uint32_t id;
    struct keeper_call key = draw(w, approve(w, ",\"networks\":[\"10.0.0.0/8\"]", 0));
    assert_int_equal(keeper_scim_enter(w->k, &key, &id, &version, &e), ST_OK);
    assert_int_equal(id, 1);
    struct keeper_call away = key;
    away.address[12] = 11;
    assert_int_equal(keeper_scim_enter(w->k, &away, &id, &version, &e), ST_UNAUTHENTICATED);
    world_restart(w);
    assert_int_equal(keeper_scim_enter(w->k, &key, &id, &version, &e), ST_OK);
    struct keeper_call next = draw(w, 1);
    assert_int_equal(keeper_scim_enter(w->k, &key, &id, &version, &e), ST_UNAUTHENTICATED);
    assert_int_equal(keeper_scim_enter(w->k, &next, &id, &version, &e), ST_OK);
    assert_int_equal(keeper_scim_end(w->k, &sec, 1, &e), ST_OK);
    assert_int_equal(keeper_scim_enter(w->k, &next, &id, &version, &e), ST_UNAUTHENTICATED);
    assert_int_equal(keeper_scim_draw(w->k, &sys, 1, &next.token, &e), ST_NOT_FOUND);
    world_restart(w);
    assert_int_equal(keeper_scim_enter(w->k, &next, &id, &version, &e), ST_UNAUTHENTICATED);
}

/* The duty goes to a successor: the key rests until he draws it. */
static void a_key_rests_without_the_one_who_answers_for_it(void **state) {
    struct world *w = *state;
    struct error e = {.status = ST_OK};
    struct slice half;
    uint64_t version, id;
    uint32_t n;
    struct keeper_call key = draw(w, approve(w, "", 0));
    struct slice swap = SLICE(
        "{\"kind\":\"registry\",\"reason\":\"handover\",\"change\":{\"items\":[{\"kind\":\"user\",\"id\":3,"
        "\"document\":{\"duties\":[]}},{\"kind\":\"user\",\"id\":6,\"document\":{\"roles\":[],\"duties\":["
        "\"system_admin\"]}}]}}");
    assert_int_equal(keeper_propose(w->k, &sec, swap, &id, &half, &e), ST_OK);
    assert_int_equal(keeper_decide(w->k, &aud, id, true, SLICE("seen"), &half, &e), ST_OK);
    assert_int_equal(keeper_scim_enter(w->k, &key, &n, &version, &e), ST_UNAUTHENTICATED);
    struct keeper_call boss = world_sign_in(w, "boss");
    assert_int_equal(keeper_scim_draw(w->k, &boss, 1, &key.token, &e), ST_OK);
    assert_int_equal(keeper_scim_enter(w->k, &key, &n, &version, &e), ST_OK);
}

static void what_is_suspended_comes_back_and_what_left_does_not(void **state) {
    struct world *w = *state;
    struct error e = {.status = ST_OK};
    struct principal who;
    uint32_t made;
    struct keeper_call key = draw(w, approve(w, ",\"ends_a_day\":2", 0)), wang = world_sign_in(w, "wang");
    assert_int_equal(put(w, &key, WANG, "{\"disabled\":true}", &made, &e), ST_OK);
    assert_int_equal(keeper_session(w->k, &wang, &who, &e), ST_UNAUTHENTICATED);
    assert_int_equal(put(w, &key, WANG, "{\"disabled\":false}", &made, &e), ST_OK);
    wang = world_sign_in(w, "wang"); /* his password is his still */
    assert_int_equal(
        keeper_registry_put(w->k, &sys, REGISTRY_USER, WANG, SLICE("{\"disabled\":true}"), &made, &e), ST_OK);
    refused(w, &key, WANG, "{\"disabled\":false}", ST_DENIED, "scim_ended");
    assert_int_equal(
        keeper_registry_put(w->k, &sys, REGISTRY_USER, WANG, SLICE("{\"disabled\":false}"), &made, &e),
        ST_OK);
    assert_int_equal(keeper_scim_leave(w->k, &key, WANG, 0, &e), ST_OK);
    refused(w, &key, WANG, "{\"disabled\":false}", ST_NOT_FOUND, "not_found");
    refused(w, &key, 2, "{\"disabled\":true}", ST_LIMIT, "scim_ends");
    world_restart(w); /* the day's count outlives it */
    assert_int_equal(keeper_scim_leave(w->k, &key, 2, 0, &e), ST_LIMIT);
}

static void a_login_that_is_taken_away_counts_as_an_end(void **state) {
    struct world *w = *state;
    struct error e = {.status = ST_OK};
    uint32_t made;
    struct keeper_call key = draw(w, approve(w, ",\"ends_a_day\":1", 0));
    assert_int_equal(put(w, &key, WANG, "{\"login\":\"wang\",\"name\":\"W\"}", &made, &e), ST_OK);
    assert_int_equal(put(w, &key, WANG, "{\"login\":\"x1\"}", &made, &e), ST_OK);
    refused(w, &key, 2, "{\"login\":\"x2\"}", ST_LIMIT, "scim_ends");
    assert_int_equal(put(w, &key, 2, "{\"name\":\"L\"}", &made, &e), ST_OK);
}

static void what_a_key_suspended_an_administrator_can_close(void **state) {
    struct world *w = *state;
    struct error e = {.status = ST_OK};
    uint32_t made;
    struct keeper_call key = draw(w, approve(w, "", 0));
    assert_int_equal(put(w, &key, WANG, "{\"disabled\":true}", &made, &e), ST_OK);
    assert_int_equal(
        keeper_registry_put(w->k, &sys, REGISTRY_USER, WANG, SLICE("{\"disabled\":true}"), &made, &e), ST_OK);
    refused(w, &key, WANG, "{\"disabled\":false}", ST_DENIED, "scim_ended");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_key_writes_accounts_and_no_rights, setup, teardown),
        cmocka_unit_test_setup_teardown(a_key_opens_nothing_else, setup, teardown),
        cmocka_unit_test_setup_teardown(a_key_lives_within_its_terms, setup, teardown),
        cmocka_unit_test_setup_teardown(a_key_rests_without_the_one_who_answers_for_it, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_suspended_comes_back_and_what_left_does_not, setup, teardown),
        cmocka_unit_test_setup_teardown(a_login_that_is_taken_away_counts_as_an_end, setup, teardown),
        cmocka_unit_test_setup_teardown(what_a_key_suspended_an_administrator_can_close, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
