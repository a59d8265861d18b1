#include "test.h"

#include "base/json_in.h"
#include "connect/scim_patch.h"
#include "connect/scim_user.h"

#include <stdlib.h>

static struct arena arena;

static json_t *parse(const char *text) {
    json_t *json = NULL;
    assert_int_equal(json_read(slice_from_string(text), 0, &json, NULL), ST_OK);
    return json;
}

static const char *user(void) {
    return "{\"id\":\"25\",\"userName\":\"Zhang\",\"externalId\":\"Ab\",\"active\":true,\"title\":\"\","
           "\"name\":{\"familyName\":\"Zhang\",\"givenName\":\"Wei\"},"
           "\"emails\":[{\"value\":\"a@x.example\",\"type\":\"work\",\"primary\":true},"
           "{\"value\":\"b@y.example\",\"type\":\"home\"}],"
           "\"" SCIM_ENTERPRISE "\":{\"department\":\"Sales\"},"
           "\"meta\":{\"created\":\"2026-01-02T00:00:00.000Z\"}}";
}

static bool finds(const char *filter) {
    const struct scim_filter *f = NULL;
    struct error e;
    json_t *u = parse(user());
    assert_int_equal(scim_filter_parse(slice_from_string(filter), &arena, &f, &e), ST_OK);
    bool found = scim_filter_matches(f, u);
    json_decref(u);
    return found;
}

static void filters_find_what_the_standard_says(void **state) {
    static const char *const yes[] = {"userName eq \"zhang\"",
                                      "USERNAME Eq \"ZHANG\"",
                                      "externalId eq \"Ab\"",
                                      "name.familyName co \"HAN\"",
                                      "userName sw \"zh\" and userName ew \"ng\"",
                                      "title pr or active eq true",
                                      "not (title pr)",
                                      "title eq null",
                                      "userName ne \"other\"",
                                      "emails eq \"b@y.example\"",
                                      "emails.type eq \"home\"",
                                      "emails[type eq \"home\" and value ew \"y.example\"]",
                                      SCIM_ENTERPRISE ":department eq \"sales\"",
                                      SCIM_CORE ":userName eq \"zhang\"",
                                      "meta.created gt \"2026-01-01T23:00:00Z\"",
                                      "meta.created eq \"2026-01-02T08:00:00+08:00\"",
                                      "userName eq \"\\u005ahang\"",
                                      "title pr and userName pr or active eq true",
                                      "(((active eq true)))",
                                      "nosuch ne \"x\""},
                             *const no[] = {"userName eq \"zhan\"",
                                            "externalId eq \"ab\"",
                                            "title pr",
                                            "active eq false",
                                            "emails[type eq \"home\" and value co \"a@\"]",
                                            "emails.type ne \"home\"",
                                            "nosuch eq \"x\"",
                                            "active eq \"true\"",
                                            "userName gt \"zi\"",
                                            "title pr and (userName pr or active eq true)",
                                            "department eq \"Sales\""};
    (void)state;
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
        if (!finds(yes[i]))
            fail_msg("finds nothing: %s", yes[i]);
    }
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++) {
        if (finds(no[i]))
            fail_msg("finds: %s", no[i]);
    }
}

static void bent_filters_are_refused(void **state) {
    static const char *const bent[] = {"",
                                       "userName",
                                       "userName eq",
                                       "userName eq x",
                                       "userName eq \"x",
                                       "userName eq \"\\x\"",
                                       "userName eq \"x\" userName pr",
                                       "and",
                                       "userName pr and",
                                       "(userName pr",
                                       "userName pr)",
                                       "not userName pr",
                                       "active gt true",
                                       "emails[type eq \"work\"",
                                       "emails[name[a pr] pr]",
                                       "emails[type eq \"work\"].value eq \"x\"",
                                       "a.b.c pr",
                                       ".a pr",
                                       SCIM_ENTERPRISE " pr",
                                       "userName eq 1e999",
                                       "userName eq {}"};
    const struct scim_filter *f;
    struct error e;
    struct buf deep;
    (void)state;
    for (size_t i = 0; i < sizeof bent / sizeof bent[0]; i++) {
        if (scim_filter_parse(slice_from_string(bent[i]), &arena, &f, &e) != ST_INVALID)
            fail_msg("taken: %s", bent[i]);
        assert_string_equal(e.code, "scim_filter");
    }
    buf_init(&deep, 1 << 16, false);
    for (size_t i = 0; i < 1000; i++)
        buf_put_string(&deep, "(");
    assert_int_equal(scim_filter_parse(buf_slice(&deep), &arena, &f, &e), ST_INVALID);
    buf_reset(&deep);
    for (size_t i = 0; i < 120; i++)
        buf_put_string(&deep, i == 0 ? "a pr" : " or a pr");
    assert_int_equal(scim_filter_parse(buf_slice(&deep), &arena, &f, &e), ST_INVALID);
    buf_free(&deep);
}

static void what_a_filter_must_have_is_known_only_where_it_is_sure(void **state) {
    const struct scim_filter *f;
    struct error e;
    (void)state;
    assert_int_equal(scim_filter_parse(SLICE("active eq true and userName eq \"x\""), &arena, &f, &e), ST_OK);
    assert_true(slice_is(scim_filter_wants(f, "userName"), "x"));
    assert_int_equal(scim_filter_parse(SLICE("active eq true or userName eq \"x\""), &arena, &f, &e), ST_OK);
    assert_null(scim_filter_wants(f, "userName").p);
    assert_int_equal(scim_filter_parse(SLICE("not (userName eq \"x\")"), &arena, &f, &e), ST_OK);
    assert_null(scim_filter_wants(f, "userName").p);
}

/* The resource after the operations, as one text. */
static char *patched(const char *operations) {
    struct error e = {.status = ST_OK};
    json_t *u = parse(user());
    char *body = arena_format(
        &arena, "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:PatchOp\"],\"Operations\":%s}",
        operations);
    json_t *patch = parse(body);
    enum status s = scim_patch_apply(u, patch, &arena, &e);
    char *text = s == ST_OK ? json_print(u, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    char *kept = arena_string(&arena, s == ST_OK ? slice_from_string(text) : slice_from_string(e.code));
    free(text);
    json_decref(u);
    json_decref(patch);
    return kept;
}

static void has(const char *operations, const char *part) {
    const char *text = patched(operations);
    if (strstr(text, part) == NULL)
        fail_msg("%s\n gives %s\n without %s", operations, text, part);
}

static void patches_change_what_they_name(void **state) {
    (void)state;
    has("[{\"op\":\"replace\",\"path\":\"title\",\"value\":\"x\"}]", "\"title\":\"x\"");
    has("[{\"op\":\"Add\",\"path\":\"TITLE\",\"value\":\"x\"}]", "\"title\":\"x\"");
    has("[{\"op\":\"replace\",\"value\":{\"active\":false,\"name.givenName\":\"Li\"}}]", "\"active\":false");
    has("[{\"op\":\"replace\",\"value\":{\"name\":{\"givenName\":\"Li\"}}}]",
        "\"name\":{\"familyName\":\"Zhang\",\"givenName\":\"Li\"}");
    has("[{\"op\":\"replace\",\"path\":\"emails[type eq \\\"work\\\"].value\",\"value\":\"c@z\"}]",
        "{\"primary\":true,\"type\":\"work\",\"value\":\"c@z\"}");
    has("[{\"op\":\"add\",\"path\":\"emails[type eq \\\"other\\\"].value\",\"value\":\"c@z\"}]",
        "{\"type\":\"other\",\"value\":\"c@z\"}");
    has("[{\"op\":\"add\",\"path\":\"emails\",\"value\":{\"value\":\"c@z\",\"primary\":true}}]",
        "{\"primary\":false,\"type\":\"work\",\"value\":\"a@x.example\"}");
    has("[{\"op\":\"replace\",\"path\":\"emails\",\"value\":[{\"value\":\"c@z\"}]}]",
        "\"emails\":[{\"value\":\"c@z\"}]");
    has("[{\"op\":\"remove\",\"path\":\"emails[type eq \\\"home\\\"]\"}]",
        "\"emails\":[{\"primary\":true,\"type\":\"work\",\"value\":\"a@x.example\"}]");
    has("[{\"op\":\"add\",\"path\":\"" SCIM_ENTERPRISE ":employeeNumber\",\"value\":\"7\"}]",
        "{\"department\":\"Sales\",\"employeeNumber\":\"7\"}");
    has("[{\"op\":\"add\",\"value\":{\"" SCIM_ENTERPRISE "\":{\"department\":\"IT\"}}}]",
        "{\"department\":\"IT\"}");
    has("[{\"op\":\"add\",\"value\":{\"id\":\"26\",\"title\":\"y\"}}]", "\"id\":\"25\"");
    assert_null(strstr(patched("[{\"op\":\"remove\",\"path\":\"title\"}]"), "title"));
    assert_null(strstr(patched("[{\"op\":\"remove\",\"path\":\"" SCIM_ENTERPRISE "\"}]"), "Sales"));
    assert_null(
        strstr(patched("[{\"op\":\"replace\",\"path\":\"externalId\",\"value\":null}]"), "externalId"));
    has("[{\"op\":\"remove\",\"path\":\"emails[type eq \\\"none\\\"]\"}]", "home");
}

static void bent_patches_are_refused_by_their_kind(void **state) {
    (void)state;
    has("[]", "scim_syntax");
    has("[{\"op\":\"move\",\"path\":\"title\",\"value\":1}]", "scim_syntax");
    has("[{\"op\":\"remove\"}]", "scim_no_target");
    has("[{\"op\":\"add\",\"path\":\"title\"}]", "scim_value");
    has("[{\"op\":\"add\",\"value\":\"x\"}]", "scim_value");
    has("[{\"op\":\"add\",\"path\":5,\"value\":1}]", "scim_path");
    has("[{\"op\":\"add\",\"path\":\"a b\",\"value\":1}]", "scim_path");
    has("[{\"op\":\"add\",\"path\":\"meta.version\",\"value\":\"1\"}]", "scim_mutability");
    has("[{\"op\":\"replace\",\"path\":\"emails[type eq \\\"none\\\"].value\",\"value\":\"x\"}]",
        "scim_no_target");
    has("[{\"op\":\"add\",\"path\":\"emails[type co \\\"none\\\"].value\",\"value\":\"x\"}]",
        "scim_no_target");
    has("[{\"op\":\"replace\",\"path\":\"emails[type eq \\\"work\\\"]\",\"value\":\"x\"}]", "scim_value");
}

static void an_account_and_its_resource_say_the_same(void **state) {
    static const char document[] =
        "{\"login\":\"zhang\",\"name\":\"张伟\",\"mail\":\"z@x.example\",\"roles\":[\"sales\"],"
        "\"scim\":{\"given\":\"伟\",\"family\":\"张\",\"external\":\"e1\",\"title\":\"t\",\"created\":1000}}";
    struct staff s = {.id = 25,
                      .login = "zhang",
                      .name = "张伟",
                      .version = 7,
                      .document = slice_of(document, sizeof document - 1)};
    struct directory d = {.staff_count = 0};
    struct error e;
    json_t *o;
    struct slice out;
    (void)state;
    assert_int_equal(scim_user_resource(&s, "https://x/scim/v2", &o, &e), ST_OK);
    char *text = json_print(o, JSON_COMPACT);
    assert_null(strstr(text, "sales")); /* no role is told */
    assert_non_null(strstr(text, "\"version\":\"W/\\\"7\\\"\""));
    free(text);
    assert_int_equal(scim_user_document(o, &s, &d, 2000, &arena, &out, &e), ST_OK);
    assert_string_equal(
        arena_string(&arena, out),
        "{\"login\":\"zhang\",\"name\":\"张伟\",\"mail\":\"z@x.example\",\"scim\":{\"given\":\"伟\","
        "\"family\":\"张\",\"external\":\"e1\",\"title\":\"t\",\"created\":1000,\"modified\":2000}}");
    json_decref(o);
    s.duties = 1;
    assert_false(scim_user_is(&s));
    s.duties = 0;
    s.sponsor = 3;
    assert_false(scim_user_is(&s));
}

static int setup(void **state) {
    (void)state;
    arena_init(&arena, (size_t)16 << 20, ARENA_PLAIN);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    arena_free(&arena);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_find_what_the_standard_says),
        cmocka_unit_test(bent_filters_are_refused),
        cmocka_unit_test(what_a_filter_must_have_is_known_only_where_it_is_sure),
        cmocka_unit_test(patches_change_what_they_name),
        cmocka_unit_test(bent_patches_are_refused_by_their_kind),
        cmocka_unit_test(an_account_and_its_resource_say_the_same),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
