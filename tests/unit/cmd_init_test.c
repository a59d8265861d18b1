#include "api/stamp.h"
#include "cmd/demo_people.h"
#include "cmd/init_options.h"
#include "cmd/init_password.h"
#include "cmd/init_registry.h"
#include "keeper/registry_parse.h"

#include "test.h"

static json_t *roles_file;

static int read_roles(void **state) {
    struct error e;
    (void)state;
    return init_roles_read(KEDUN_SHARE_DIR "/policies", &roles_file, &e) == ST_OK ? 0 : -1;
}

static int forget_roles(void **state) {
    (void)state;
    json_decref(roles_file);
    return 0;
}

static void every_role_is_one_that_the_keeper_takes(void **state) {
    (void)state;
    const json_t *list = json_object_get(roles_file, "roles");
    struct error e;
    union parsed p;
    assert_true(json_array_size(list) >= 14);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *role = json_array_get(list, i);
        if (registry_parse(REGISTRY_ROLE, role, &p, &e) != ST_OK)
            fail_msg("%s", e.detail);
        assert_true(json_integer_value(json_object_get(role, "id")) > 0);
        assert_non_null(json_string_value(json_object_get(json_object_get(role, "label"), "zh")));
        assert_non_null(json_string_value(json_object_get(json_object_get(role, "label"), "en")));
    }
    assert_int_equal(registry_parse(REGISTRY_COMPANY, json_object_get(roles_file, "company"), &p, &e), ST_OK);
    assert_true(p.company.limits.people[0][1].day != LIMIT_NONE &&
                p.company.limits.lookups.day != LIMIT_NONE);
}

/* What many do in a day is asked for; of nobody an approval, which the first days have nobody to give. */
static void the_register_as_shipped_asks_of_much_of_a_day_only(void **state) {
    static const enum high_risk_act asked[] = {HIGH_RISK_DELETE, HIGH_RISK_TRANSFER, HIGH_RISK_IMPORT,
                                               HIGH_RISK_REVEAL};
    struct error e;
    union parsed p;
    (void)state;
    assert_int_equal(registry_parse(REGISTRY_COMPANY, json_object_get(roles_file, "company"), &p, &e), ST_OK);
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        const struct high_risk_terms *t = &p.company.high_risk.acts[asked[i]];
        assert_true(high_risk_asks(t) && t->above >= 50 && !t->approval);
    }
}

static const json_t *role_of(const char *name) {
    const json_t *list = json_object_get(roles_file, "roles");
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (strcmp(json_string_value(json_object_get(json_array_get(list, i), "name")), name) == 0)
            return json_array_get(list, i);
    }
    return NULL;
}

static void everybody_in_the_demo_has_a_role_and_a_department_that_exist(void **state) {
    (void)state;
    for (size_t i = 0; i < DEMO_STAFF; i++) {
        const struct demo_staff *s = &demo_staff[i];
        bool found = false;
        assert_int_equal(s->id, i + 1);
        assert_non_null(role_of(s->role));
        assert_non_null(demo_role_words(s->role));
        for (size_t d = 0; d < demo_department_count; d++)
            found = found || demo_departments[d].id == s->department;
        assert_true(found);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(s->login, demo_staff[k].login);
    }
}

/* Records are made where the main post is, so the person's department must be that one. */
static void posts_of_the_demo_are_of_people_and_departments_that_exist(void **state) {
    (void)state;
    for (size_t i = 0; i < demo_post_count; i++) {
        const struct demo_post *p = &demo_posts[i];
        bool found = false;
        assert_in_range(p->user, 1, DEMO_STAFF);
        assert_in_range(p->reports_to, 0, DEMO_STAFF);
        assert_true(p->from_days < 0 && p->until_days >= 0 && p->reports_to != p->user);
        assert_true(p->role == NULL || (role_of(p->role) != NULL && !p->main));
        assert_true(!p->main || p->department == demo_staff[p->user - 1].department);
        for (size_t d = 0; d < demo_department_count; d++)
            found = found || demo_departments[d].id == p->department;
        assert_true(found);
        for (size_t k = 0; k < i; k++)
            assert_true(demo_posts[k].user != p->user || (demo_posts[k].id != p->id && demo_posts[k].main));
    }
}

static void a_first_password_is_long_varied_and_not_the_login(void **state) {
    struct error e;
    (void)state;
    assert_int_equal(init_password_check("correct horse", "admin", &e), ST_OK);
    assert_int_equal(init_password_check("客户的数据不该外流一条也不行", "admin", &e), ST_OK);
    assert_int_equal(init_password_check("elevenchars", "admin", &e), ST_INVALID);
    assert_int_equal(init_password_check("abababababababab", "admin", &e), ST_INVALID);
    assert_int_equal(init_password_check("my Admin password", "admin", &e), ST_INVALID);
    assert_int_equal(init_password_check("", "admin", &e), ST_INVALID);
    assert_int_equal(init_password_check("four \xff broken text", "admin", &e), ST_INVALID);
}

static void own_options_are_taken_and_the_rest_is_left(void **state) {
    const char *seed = NULL, *rows = "9", *flag = NULL;
    const struct own_option own[] = {{"seed", &seed, false}, {"rows", &rows, false}, {"flag", &flag, true}};
    char words[][16] = {"demo", "--data", "d", "--seed", "4", "--flag", "--rows=12", "--seeds", "x"};
    char *argv[10];
    int argc = 9;
    (void)state;
    for (size_t i = 0; i < 9; i++)
        argv[i] = words[i];
    argv[9] = NULL;
    assert_true(own_options_take(&argc, argv, own, 3));
    assert_int_equal(argc, 5);
    assert_string_equal(argv[1], "--data");
    assert_string_equal(argv[3], "--seeds");
    assert_string_equal(seed, "4");
    assert_string_equal(rows, "12");
    assert_non_null(flag);
    int64_t n = 1;
    assert_true(own_option_number("rows", rows, 1, 12, &n));
    assert_int_equal(n, 12);
    assert_false(own_option_number("rows", "13", 1, 12, &n));
    assert_false(own_option_number("rows", "1x", 1, 12, &n));
    argc = 2;
    argv[1] = words[3];
    argv[2] = NULL;
    assert_false(own_options_take(&argc, argv, own, 3));
}

static void only_this_machine_is_loopback(void **state) {
    (void)state;
    assert_true(stamp_is_loopback("127.0.0.1:8443"));
    assert_true(stamp_is_loopback("127.9.9.9:1"));
    assert_true(stamp_is_loopback("[::1]:8443"));
    assert_false(stamp_is_loopback("0.0.0.0:8443"));
    assert_false(stamp_is_loopback("[::]:8443"));
    assert_false(stamp_is_loopback("192.168.1.9:8443"));
    assert_false(stamp_is_loopback("[::ffff:10.0.0.1]:8443"));
    assert_false(stamp_is_loopback("8443"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_role_is_one_that_the_keeper_takes),
        cmocka_unit_test(the_register_as_shipped_asks_of_much_of_a_day_only),
        cmocka_unit_test(everybody_in_the_demo_has_a_role_and_a_department_that_exist),
        cmocka_unit_test(posts_of_the_demo_are_of_people_and_departments_that_exist),
        cmocka_unit_test(a_first_password_is_long_varied_and_not_the_login),
        cmocka_unit_test(own_options_are_taken_and_the_rest_is_left),
        cmocka_unit_test(only_this_machine_is_loopback),
    };
    return cmocka_run_group_tests(tests, read_roles, forget_roles);
}
