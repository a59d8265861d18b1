/* Dated posts, moves of departments, partners, imported people. */
#include "base/clock.h"
#include "keeper_world.h"

static void add_departments(struct world *w) {
    world_put(w, REGISTRY_DEPARTMENT, "{\"name\":\"group\",\"parent\":0,\"branch\":0}");
    world_put(w, REGISTRY_DEPARTMENT, "{\"name\":\"Hangzhou\",\"parent\":1,\"branch\":2}");
    world_put(w, REGISTRY_DEPARTMENT, "{\"name\":\"sales\",\"parent\":2,\"branch\":2}");
    world_put(w, REGISTRY_DEPARTMENT, "{\"name\":\"Suzhou\",\"parent\":1,\"branch\":4}");
    world_put(w, REGISTRY_DEPARTMENT, "{\"name\":\"office\",\"parent\":2,\"branch\":2}");
}

static int setup(void **state) {
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    world_new(w);
    add_departments(w);
    world_fill(w);
    *state = w;
    return 0;
}

static int teardown(void **state) {
    world_free(*state);
    free(*state);
    return 0;
}

static enum status put(struct world *w, const struct keeper_call *who, uint8_t kind, uint32_t id,
                       const char *document, struct error *e) {
    uint32_t made;
    return keeper_registry_put(w->k, who, kind, id, slice_from_string(document), &made, e);
}

static uint64_t propose(struct world *w, const struct keeper_call *who, const char *items, struct error *e) {
    char text[600];
    uint64_t id = 0;
    struct slice half;
    (void)snprintf(text, sizeof text,
                   "{\"kind\":\"registry\",\"reason\":\"reform\",\"change\":{\"items\":%s}}", items);
    return keeper_propose(w->k, who, slice_from_string(text), &id, &half, e) == ST_OK ? id : 0;
}

/* By the system administrator, with the security administrator's word. */
static void put_by_two(struct world *w, uint32_t user, const char *document) {
    char items[600];
    struct error e;
    struct slice half;
    struct keeper_call sys = world_sign_in(w, "sys"), sec = world_sign_in(w, "sec");
    (void)snprintf(items, sizeof items, "[{\"kind\":\"user\",\"id\":%u,\"document\":%s}]", user, document);
    uint64_t id = propose(w, &sys, items, &e);
    assert_int_not_equal(id, 0);
    assert_int_equal(keeper_decide(w->k, &sec, id, true, SLICE("seen"), &half, &e), ST_OK);
}

static void two_posts(char *out, size_t room, long long from, long long until) {
    (void)snprintf(out, room,
                   "{\"posts\":[{\"department\":3,\"position\":\"sales\",\"from\":1,\"until\":null,"
                   "\"main\":true},{\"department\":4,\"position\":\"deputy\",\"from\":%lld,\"until\":%lld,"
                   "\"leads\":true}]}",
                   from, until);
}

static void the_roles_of_a_post_are_used_over_its_department(void **state) {
    struct world *w = *state;
    struct error e;
    struct principal who;
    char posts[400];
    struct keeper_call sys = world_sign_in(w, "sys"), sec = world_sign_in(w, "sec"),
                       li = world_sign_in(w, "li");
    two_posts(posts, sizeof posts, 1, clock_wall_ms() + 3600000);
    assert_int_equal(put(w, &sys, REGISTRY_USER, 2, posts, &e), ST_DENIED); /* a lead */
    assert_string_equal(e.code, "needs_second");
    put_by_two(w, 2, posts);
    assert_int_equal(keeper_session(w->k, &li, &who, &e), ST_OK);
    assert_int_equal(who.department, 3);
    assert_int_equal(who.lent_count, 0);
    assert_int_equal(put(w, &sys, REGISTRY_USER, 2, "{\"post_roles\":{\"2\":[\"sales\"]}}", &e), ST_DENIED);
    assert_string_equal(e.code, "not_your_duty");
    assert_int_equal(put(w, &sec, REGISTRY_USER, 2, "{\"post_roles\":{\"2\":[\"sales\"]}}", &e), ST_OK);
    assert_int_equal(keeper_session(w->k, &li, &who, &e), ST_OK);
    assert_int_equal(who.role_count, 1); /* his own: agent */
    assert_int_equal(who.lent_count, 1);
    assert_int_equal(who.lent[0].from, 2);
    assert_int_equal(who.lent[0].department, 4);
    assert_string_equal(who.lent[0].roles[0], "sales");
}

static void a_post_moved_to_another_department_takes_no_roles_along(void **state) {
    struct world *w = *state;
    struct error e;
    struct principal who;
    struct keeper_call sys = world_sign_in(w, "sys"), sec = world_sign_in(w, "sec"),
                       li = world_sign_in(w, "li");
    assert_int_equal(put(w, &sys, REGISTRY_USER, 2, "{\"posts\":[{\"department\":3,\"from\":1}]}", &e),
                     ST_OK);
    assert_int_equal(put(w, &sec, REGISTRY_USER, 2, "{\"post_roles\":{\"1\":[\"sales\"]}}", &e), ST_OK);
    assert_int_equal(keeper_session(w->k, &li, &who, &e), ST_OK);
    assert_int_equal(who.role_count, 2);
    assert_int_equal(
        put(w, &sys, REGISTRY_USER, 2, "{\"posts\":[{\"id\":1,\"department\":4,\"from\":1}]}", &e), ST_OK);
    assert_int_equal(keeper_session(w->k, &li, &who, &e), ST_OK);
    assert_int_equal(who.role_count, 1);
    assert_int_equal(who.department, 4);
}

static void refused_alone(struct world *w, const struct keeper_call *who, uint32_t user,
                          const char *document) {
    struct error e;
    assert_int_equal(put(w, who, REGISTRY_USER, user, document, &e), ST_DENIED);
    assert_string_equal(e.code, "needs_second");
}

static void what_opens_more_to_a_person_takes_two(void **state) {
    struct world *w = *state;
    struct error e;
    struct keeper_call sys = world_sign_in(w, "sys"), sec = world_sign_in(w, "sec");
    char partner[200];
    refused_alone(w, &sys, 2, "{\"manages\":[3]}");
    refused_alone(w, &sys, 0, "{\"login\":\"fresh\",\"name\":\"fresh\",\"manages\":[3]}");
    put_by_two(w, 2, "{\"manages\":[3,4]}");
    assert_int_equal(put(w, &sys, REGISTRY_USER, 2, "{\"manages\":[4],\"name\":\"li\"}", &e), ST_OK);
    refused_alone(w, &sys, 2, "{\"manages\":[4,3]}");
    /* A post: longer is more only where it has roles. */
    assert_int_equal(
        put(w, &sys, REGISTRY_USER, 2, "{\"posts\":[{\"department\":3,\"from\":9,\"until\":99}]}", &e),
        ST_OK);
    const char *longer = "{\"posts\":[{\"id\":1,\"department\":3,\"from\":9,\"until\":999}]}";
    assert_int_equal(put(w, &sys, REGISTRY_USER, 2, longer, &e), ST_OK);
    assert_int_equal(put(w, &sec, REGISTRY_USER, 2, "{\"post_roles\":{\"1\":[\"sales\"]}}", &e), ST_OK);
    refused_alone(w, &sys, 2, "{\"posts\":[{\"id\":1,\"department\":3,\"from\":9}]}");
    refused_alone(w, &sys, 2, "{\"posts\":[{\"id\":1,\"department\":3,\"from\":8,\"until\":999}]}");
    assert_int_equal(put(w, &sys, REGISTRY_USER, 2,
                         "{\"posts\":[{\"id\":1,\"department\":3,\"from\":9,\"until\":98}]}", &e),
                     ST_OK);
    put_by_two(w, 2, longer);
    /* A partner made staff would be without sponsor, end and training. */
    (void)snprintf(partner, sizeof partner, "{\"kind\":\"partner\",\"sponsor\":1,\"until\":%lld}",
                   (long long)clock_wall_ms() + 3600000);
    assert_int_equal(put(w, &sys, REGISTRY_USER, 2, partner, &e), ST_OK);
    refused_alone(w, &sys, 2, "{\"kind\":\"staff\"}");
    put_by_two(w, 2, "{\"kind\":\"staff\"}");
}

static void a_post_ends_by_the_keepers_clock_and_all_with_the_last(void **state) {
    struct world *w = *state;
    struct error e;
    struct principal who = {.lent_count = 1};
    char posts[400];
    struct keeper_call sys = world_sign_in(w, "sys"), li = world_sign_in(w, "li");
    (void)snprintf(posts, sizeof posts, "{\"posts\":[{\"department\":3,\"from\":1,\"until\":%lld}]}",
                   (long long)clock_wall_ms() + 1500);
    assert_int_equal(put(w, &sys, REGISTRY_USER, 2, posts, &e), ST_OK);
    do { /* nobody tells the keeper that it is over */
        assert_int_equal(keeper_session(w->k, &li, &who, &e), ST_OK);
    } while (who.department != 0);
    assert_int_equal(who.role_count, 0);
}

static void a_post_begins_in_an_open_department_only(void **state) {
    struct world *w = *state;
    struct error e;
    struct keeper_call sys = world_sign_in(w, "sys");
    assert_int_equal(put(w, &sys, REGISTRY_DEPARTMENT, 5, "{\"closed\":true}", &e), ST_OK);
    assert_int_equal(put(w, &sys, REGISTRY_USER, 2, "{\"posts\":[{\"department\":5,\"from\":1}]}", &e),
                     ST_INVALID);
    assert_int_equal(put(w, &sys, REGISTRY_USER, 2, "{\"posts\":[{\"department\":77,\"from\":1}]}", &e),
                     ST_INVALID);
    assert_int_equal(put(w, &sys, REGISTRY_USER, 2, "{\"posts\":[{\"department\":3,\"from\":1}]}", &e),
                     ST_OK);
    assert_int_equal(put(w, &sys, REGISTRY_DEPARTMENT, 3, "{\"closed\":true}", &e), ST_CONFLICT);
    assert_string_equal(e.code, "department_in_use");
}

static void a_move_that_puts_somebody_new_above_takes_a_security_administrator(void **state) {
    struct world *w = *state;
    struct error e;
    struct slice half;
    struct keeper_call sys = world_sign_in(w, "sys"), sec = world_sign_in(w, "sec");
    assert_int_equal(put(w, &sys, REGISTRY_DEPARTMENT, 3, "{\"parent\":4}", &e), ST_DENIED);
    assert_string_equal(e.code, "needs_second");
    assert_int_equal(put(w, &sys, REGISTRY_DEPARTMENT, 3, "{\"name\":\"sales one\"}", &e), ST_OK);
    uint64_t id = propose(w, &sys, "[{\"kind\":\"department\",\"id\":3,\"document\":{\"parent\":4}}]", &e);
    assert_true(id > 0);
    assert_int_equal(keeper_decide(w->k, &sys, id, true, SLICE(""), &half, &e), ST_DENIED);
    assert_int_equal(keeper_decide(w->k, &sec, id, true, SLICE("seen"), &half, &e), ST_OK);
    assert_int_equal(put(w, &sys, REGISTRY_DEPARTMENT, 4, "{\"parent\":3}", &e), ST_INVALID);
    assert_int_equal(propose(w, &sys, "[{\"kind\":\"department\",\"id\":4,\"document\":{\"parent\":3}}]", &e),
                     0);
    assert_string_equal(e.code, "department_ring");
}

static void people_of_a_merged_department_stand_in_the_other(void **state) {
    struct world *w = *state;
    struct error e;
    struct principal who;
    struct slice half;
    struct keeper_call sys = world_sign_in(w, "sys"), sec = world_sign_in(w, "sec"),
                       li = world_sign_in(w, "li");
    assert_int_equal(put(w, &sys, REGISTRY_USER, 2, "{\"department\":5}", &e), ST_OK);
    uint64_t id =
        propose(w, &sys, "[{\"kind\":\"department\",\"id\":5,\"document\":{\"merged_into\":3}}]", &e);
    assert_true(id > 0);
    assert_int_equal(keeper_decide(w->k, &sec, id, true, SLICE("seen"), &half, &e), ST_OK);
    assert_int_equal(keeper_session(w->k, &li, &who, &e), ST_OK);
    assert_int_equal(who.department, 3);
    assert_int_equal(put(w, &sys, REGISTRY_DEPARTMENT, 5, "{\"merged_into\":0}", &e), ST_DENIED);
}

static void a_partner_has_a_sponsor_an_end_and_training(void **state) {
    struct world *w = *state;
    struct error e;
    struct principal who;
    char text[300];
    long long day = 24 * 3600 * 1000LL, now = clock_wall_ms();
    struct keeper_call sys = world_sign_in(w, "sys"), wang = world_sign_in(w, "wang"),
                       boss = world_sign_in(w, "boss"), li = world_sign_in(w, "li");
    assert_int_equal(put(w, &sys, REGISTRY_USER, 2, "{\"kind\":\"partner\"}", &e), ST_INVALID);
    assert_string_equal(e.field, "sponsor");
    assert_int_equal(put(w, &sys, REGISTRY_USER, 2, "{\"kind\":\"partner\",\"sponsor\":1}", &e), ST_INVALID);
    assert_string_equal(e.field, "until");
    (void)snprintf(text, sizeof text, "{\"kind\":\"partner\",\"sponsor\":1,\"until\":%lld}", now + 900 * day);
    assert_int_equal(put(w, &sys, REGISTRY_USER, 2, text, &e), ST_INVALID);
    (void)snprintf(text, sizeof text, "{\"kind\":\"partner\",\"sponsor\":1,\"until\":%lld}", now + 30 * day);
    assert_int_equal(put(w, &sys, REGISTRY_USER, 2, text, &e), ST_OK);
    struct keeper_call call = {.purpose = PURPOSE_SALES, .address = {[10] = 0xff, [11] = 0xff, [15] = 9}};
    struct token token;
    assert_int_equal(
        keeper_sign_in(w->k, &call, SLICE("li"), SLICE("password-li"), SLICE("test"), &token, &who, &e),
        ST_DENIED);
    assert_string_equal(e.code, "training_missing");
    (void)snprintf(text, sizeof text, "{\"trained_at\":%lld,\"until\":%lld}", now - 1000, now + 60 * day);
    assert_int_equal(put(w, &boss, REGISTRY_USER, 2, text, &e), ST_DENIED);
    assert_int_equal(put(w, &wang, REGISTRY_USER, 2, text, &e), ST_OK);
    assert_int_equal(put(w, &wang, REGISTRY_USER, 2, "{\"name\":\"Other\"}", &e), ST_DENIED);
    assert_int_equal(
        keeper_sign_in(w->k, &call, SLICE("li"), SLICE("password-li"), SLICE("test"), &token, &who, &e),
        ST_OK);
    /* He rests while his sponsor does. */
    assert_int_equal(put(w, &sys, REGISTRY_USER, 1, "{\"disabled\":true}", &e), ST_OK);
    assert_int_equal(keeper_session(w->k, &li, &who, &e), ST_UNAUTHENTICATED);
}

static void an_import_is_all_or_nothing_and_gives_no_rights(void **state) {
    struct world *w = *state;
    struct error e;
    struct keeper_call sys = world_sign_in(w, "sys"), sec = world_sign_in(w, "sec");
    struct slice roles =
        SLICE("{\"items\":[{\"kind\":\"user\",\"id\":0,\"document\":{\"login\":\"new\",\"name\":"
              "\"New\",\"roles\":[\"sales\"]}}]}");
    assert_int_equal(keeper_registry_import(w->k, &sys, roles, &e), ST_DENIED);
    struct slice duty =
        SLICE("{\"items\":[{\"kind\":\"user\",\"id\":0,\"document\":{\"login\":\"new\",\"name\":\"New\"}},"
              "{\"kind\":\"user\",\"id\":5,\"document\":{\"name\":\"Other\"}}]}");
    assert_int_equal(keeper_registry_import(w->k, &sys, duty, &e), ST_DENIED);
    struct slice fine =
        SLICE("{\"items\":[{\"kind\":\"department\",\"id\":7,\"document\":{\"name\":\"team\",\"parent\":3}},"
              "{\"kind\":\"user\",\"id\":0,\"document\":{\"login\":\"new\",\"name\":\"New\",\"posts\":["
              "{\"department\":7,\"from\":1}]}}]}");
    assert_int_equal(keeper_registry_import(w->k, &sec, fine, &e), ST_DENIED);
    assert_int_equal(keeper_registry_import(w->k, &sys, fine, &e), ST_OK);
    struct slice again = SLICE("{\"items\":[{\"kind\":\"user\",\"id\":0,\"document\":{\"login\":\"new\","
                               "\"name\":\"New\"}}]}");
    assert_int_equal(keeper_registry_import(w->k, &sys, again, &e), ST_CONFLICT);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(the_roles_of_a_post_are_used_over_its_department),
        CASE(a_post_moved_to_another_department_takes_no_roles_along),
        CASE(what_opens_more_to_a_person_takes_two),
        CASE(a_post_ends_by_the_keepers_clock_and_all_with_the_last),
        CASE(a_post_begins_in_an_open_department_only),
        CASE(a_move_that_puts_somebody_new_above_takes_a_security_administrator),
        CASE(people_of_a_merged_department_stand_in_the_other),
        CASE(a_partner_has_a_sponsor_an_end_and_training),
        CASE(an_import_is_all_or_nothing_and_gives_no_rights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
