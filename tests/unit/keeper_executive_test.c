/* Rights of executives: which changes concern them, what is asked of those, who may be second. */
#include "base/clock.h"
#include "base/json_in.h"
#include "keeper/need.h"
#include "keeper/registry_executive.h"
#include "keeper_world.h"

/* ---- the judgement alone ---- */

static struct high_risk_rights rights_of(const char *text) {
    struct high_risk r;
    struct error e = {.status = ST_OK};
    json_t *member = NULL;
    assert_int_equal(json_read(slice_from_string(text), 0, &member, NULL), ST_OK);
    assert_int_equal(high_risk_parse(member, &r, &e), ST_OK);
    json_decref(member);
    return r.rights;
}

#define BOSS "{\"rights\":{\"roles\":[\"boss\",\"head_office\"],\"reason\":true}}"

static enum executive_part person(const char *before, const char *after, bool timed) {
    struct high_risk_rights r = rights_of(BOSS);
    json_t *a = NULL, *b = NULL;
    if (before != NULL)
        assert_int_equal(json_read(slice_from_string(before), 0, &a, NULL), ST_OK);
    assert_int_equal(json_read(slice_from_string(after), 0, &b, NULL), ST_OK);
    enum executive_part part = executive_person(&r, a, b, timed, 1000);
    json_decref(a);
    json_decref(b);
    return part;
}

static void what_of_a_persons_document_concerns_an_executive(void **state) {
    const char *boss = "{\"roles\":[\"boss\"],\"department\":1,\"name\":\"a\",\"mail\":\"\"}";
    const char *sales = "{\"roles\":[\"sales\"]}";
    static const char *const changes[] = {
        "{\"roles\":[],\"department\":1}",
        "{\"roles\":[\"boss\",\"sales\"],\"department\":1}",
        "{\"roles\":[\"boss\"],\"department\":2}",
        "{\"roles\":[\"boss\"],\"department\":1,\"manages\":[1]}",
        "{\"roles\":[\"boss\"],\"department\":1,\"posts\":[{\"id\":1}]}",
        "{\"roles\":[\"boss\"],\"department\":1,\"post_roles\":{\"1\":[\"sales\"]}}",
        "{\"roles\":[\"boss\"],\"department\":1,\"login\":\"x\"}",
        "{\"roles\":[\"boss\"],\"department\":1,\"mail\":\"x@y\"}",
        "{\"roles\":[\"boss\"],\"department\":1,\"mail_confirmed\":true}",
        "{\"roles\":[\"boss\"],\"department\":1,\"duties\":[\"auditor\"]}",
        "{\"roles\":[\"boss\"],\"department\":1,\"kind\":\"partner\"}",
        "{\"roles\":[\"boss\"],\"department\":1,\"sponsor\":3}",
        "{\"roles\":[\"boss\"],\"department\":1,\"trained_at\":3}",
        "{\"roles\":[\"boss\"],\"department\":2,\"disabled\":true}"};
    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++)
        assert_int_equal(person(boss, changes[i], false), EXECUTIVE_CHANGED);
    assert_int_equal(
        person(boss, "{\"roles\":[\"boss\"],\"department\":1,\"name\":\"b\",\"ldap\":{}}", false),
        EXECUTIVE_NONE);
    assert_int_equal(person(sales, "{\"roles\":[]}", false), EXECUTIVE_NONE);
    assert_int_equal(person(sales, "{\"roles\":[]}", true), EXECUTIVE_CHANGED); /* one for a time */
    assert_int_equal(person(sales, "{\"roles\":[\"head_office\"]}", false), EXECUTIVE_CHANGED);
    assert_int_equal(person(NULL, boss, false), EXECUTIVE_CHANGED);
    assert_int_equal(person(NULL, sales, false), EXECUTIVE_NONE);
    /* What shuts him out is another thing than what opens again. */
    const char *ends = "{\"roles\":[\"boss\"],\"until\":500}";
    assert_int_equal(
        person(boss, "{\"roles\":[\"boss\"],\"department\":1,\"disabled\":true,\"left\":{}}", false),
        EXECUTIVE_CLOSED);
    assert_int_equal(person("{\"roles\":[\"boss\"],\"disabled\":true}", "{\"roles\":[\"boss\"]}", false),
                     EXECUTIVE_CHANGED);
    assert_int_equal(person(ends, "{\"roles\":[\"boss\"],\"until\":400}", false), EXECUTIVE_CLOSED);
    assert_int_equal(person("{\"roles\":[\"boss\"]}", ends, false), EXECUTIVE_CLOSED);
    assert_int_equal(person(ends, "{\"roles\":[\"boss\"],\"until\":600}", false), EXECUTIVE_CHANGED);
    assert_int_equal(person(ends, "{\"roles\":[\"boss\"]}", false), EXECUTIVE_CHANGED);
}

static void roles_of_posts_count_from_before_their_first_day_to_their_last(void **state) {
#define POST(until) "{\"posts\":[{\"id\":7,\"from\":5000" until "}],\"post_roles\":{\"7\":[\"boss\"]}}"
    (void)state;
    assert_int_equal(person(POST(""), "{}", false), EXECUTIVE_CHANGED);
    assert_int_equal(person(POST(",\"until\":9000"), "{}", false), EXECUTIVE_CHANGED);
    assert_int_equal(person(POST(",\"until\":1000"), "{}", false), EXECUTIVE_NONE);
    assert_int_equal(person("{}", POST(""), false), EXECUTIVE_CHANGED);
}

static enum executive_part thing(bool role, const char *before, const char *after, bool holder) {
    struct high_risk_rights r = rights_of(BOSS);
    json_t *a = NULL, *b = NULL;
    if (before != NULL)
        assert_int_equal(json_read(slice_from_string(before), 0, &a, NULL), ST_OK);
    assert_int_equal(json_read(slice_from_string(after), 0, &b, NULL), ST_OK);
    enum executive_part part = role ? executive_role(&r, a, b) : executive_grant(&r, a, b, holder);
    json_decref(a);
    json_decref(b);
    return part;
}

static void roles_for_a_time_and_the_roles_themselves(void **state) {
    (void)state;
    assert_int_equal(thing(false, NULL, "{\"roles\":[\"boss\"]}", false), EXECUTIVE_CHANGED);
    assert_int_equal(thing(false, NULL, "{\"roles\":[\"sales\"]}", false), EXECUTIVE_NONE);
    assert_int_equal(thing(false, NULL, "{\"roles\":[\"sales\"]}", true), EXECUTIVE_CHANGED);
    assert_int_equal(thing(false, NULL, "{\"roles\":[],\"object\":1}", true), EXECUTIVE_NONE);
    assert_int_equal(thing(false, "{\"roles\":[\"boss\"],\"ended\":null}",
                           "{\"roles\":[\"boss\"],\"ended\":{\"by\":1}}", false),
                     EXECUTIVE_CLOSED);
    assert_int_equal(
        thing(false, "{\"roles\":[\"boss\"]}", "{\"roles\":[\"boss\"],\"review\":{\"by\":1}}", false),
        EXECUTIVE_NONE);
    assert_int_equal(thing(true, "{\"name\":\"boss\",\"label\":{}}",
                           "{\"name\":\"boss\",\"label\":{\"zh\":\"x\"}}", false),
                     EXECUTIVE_NONE);
    assert_int_equal(
        thing(true, "{\"name\":\"boss\"}", "{\"name\":\"boss\",\"budget\":{\"clear\":{\"day\":1}}}", false),
        EXECUTIVE_CHANGED);
    assert_int_equal(thing(true, "{\"name\":\"boss\",\"by_leader\":true}", "{\"name\":\"boss\"}", false),
                     EXECUTIVE_CHANGED);
    assert_int_equal(thing(true, "{\"name\":\"sales\"}", "{\"name\":\"sales\",\"by_leader\":true}", false),
                     EXECUTIVE_NONE);
}

static struct high_risk read_register(const char *text, enum status want) {
    struct high_risk r;
    struct error e = {.status = ST_OK};
    json_t *member = NULL;
    assert_int_equal(json_read(slice_from_string(text), 0, &member, NULL), ST_OK);
    assert_int_equal(high_risk_parse(member, &r, &e), want);
    if (want != ST_OK)
        assert_string_equal(e.field, "rights");
    json_decref(member);
    return r;
}

static void the_register_takes_roles_and_no_number(void **state) {
    static const char *const bad[] = {"{\"rights\":{}}",
                                      "{\"rights\":{\"roles\":[]}}",
                                      "{\"rights\":{\"roles\":[\"a\",\"a\"]}}",
                                      "{\"rights\":{\"roles\":[\"\"]}}",
                                      "{\"rights\":{\"roles\":[1]}}",
                                      "{\"rights\":{\"roles\":[\"a\"],\"above\":3}}",
                                      "{\"rights\":{\"roles\":[\"a\"],\"reason\":1}}",
                                      "{\"rights\":{\"roles\":[\"a\"],\"second_factor_minutes\":1441}}",
                                      "{\"rights\":{\"roles\":\"a\"}}",
                                      "{\"rights\":[]}"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        (void)read_register(bad[i], ST_INVALID);
    char many[1024] = "{\"rights\":{\"roles\":[\"r0\"";
    for (unsigned i = 1; i < EXECUTIVE_ROLES; i++)
        (void)snprintf(many + strlen(many), sizeof many - strlen(many), ",\"r%u\"", i);
    size_t n = strlen(many);
    (void)snprintf(many + n, sizeof many - n, "]}}");
    (void)read_register(many, ST_OK);
    (void)snprintf(many + n, sizeof many - n, ",\"more\"]}}");
    (void)read_register(many, ST_INVALID);
}

static void dropping_a_role_or_what_is_asked_is_less(void **state) {
    static const struct {
        const char *old, *fresh;
        bool less;
    } all[] = {
        {"{}", "{\"rights\":{\"roles\":[\"a\"],\"reason\":true}}", false},
        {"{\"rights\":{\"roles\":[\"a\"],\"reason\":true}}", "{}", true},
        {"{\"rights\":{\"roles\":[\"a\",\"b\"],\"reason\":true}}",
         "{\"rights\":{\"roles\":[\"b\"],\"reason\":true}}", true},
        {"{\"rights\":{\"roles\":[\"a\"],\"reason\":true}}",
         "{\"rights\":{\"roles\":[\"b\",\"a\"],\"reason\":true}}", false},
        {"{\"rights\":{\"roles\":[\"a\"],\"approval\":true}}",
         "{\"rights\":{\"roles\":[\"a\"],\"reason\":true}}", true},
        {"{\"rights\":{\"roles\":[\"a\"],\"second_factor_minutes\":5}}",
         "{\"rights\":{\"roles\":[\"a\"],\"second_factor_minutes\":6}}", true},
        {"{\"rights\":{\"roles\":[\"a\"],\"second_factor_minutes\":5}}",
         "{\"rights\":{\"roles\":[\"a\"],\"second_factor_minutes\":4,\"reason\":true}}", false},
        {"{\"rights\":{\"roles\":[\"a\",\"b\"]}}", "{\"rights\":{\"roles\":[\"a\"]}}",
         false}, /* nothing is asked */
    };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct high_risk old = read_register(all[i].old, ST_OK), fresh = read_register(all[i].fresh, ST_OK);
        assert_int_equal(high_risk_loosens(&old, &fresh), all[i].less);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_of_a_persons_document_concerns_an_executive),
        cmocka_unit_test(roles_of_posts_count_from_before_their_first_day_to_their_last),
        cmocka_unit_test(roles_for_a_time_and_the_roles_themselves),
        cmocka_unit_test(the_register_takes_roles_and_no_number),
        cmocka_unit_test(dropping_a_role_or_what_is_asked_is_less),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
