/* Obligations by annotation: what a permit lets happen only with something given besides. */
#include "test.h"

#include "policy_arena.h"

#include "object/set.h"
#include "policy/obligation.h"
#include "policy/own_schema.h"
#include "policy/set.h"

#include <stdio.h>

static struct object_set *objects;

static int setup(void **state) {
    struct error e = {0};
    return open_arena(state) == 0 && object_set_load(KEDUN_SHARE_DIR "/objects", &objects, &e) == ST_OK ? 0
                                                                                                        : -1;
}

static int teardown(void **state) {
    object_set_release(objects);
    return close_arena(state);
}

static struct policy_set *parse(const char *text) {
    struct policy_set *set = NULL;
    struct error e = {0};
    if (policy_parse(slice_from_string(text), "p.cedar", &set, &e) != ST_OK)
        fail_msg("%s\n%s", e.detail, text);
    return set;
}

static void lookup(const void *row, uint16_t column, struct cell *out) {
    const uint32_t *owner = row;
    *out = column == FIELD_OWNER ? cell_int(*owner) : cell_null();
}

static const struct policy_context nothing = {
    .purpose = "", .second_factor_age = -1, .without_approval = true, .without_watermark = true};

static struct policy_query query_of(const struct policy_set *set, const struct policy_context *c) {
    static const struct actor who = {.user = 7, .login = "x", .roles = {"sales"}, .role_count = 1};
    static const struct organisation nowhere = {.departments = NULL, .count = 0};
    return (struct policy_query){.set = set,
                                 .actor = &who,
                                 .organisation = &nowhere,
                                 .objects = objects,
                                 .object = object_find(objects, SLICE("customer")),
                                 .context = c,
                                 .arena = &arena};
}

/* By one decision and by the row filter, which must be alike. */
static bool let(const char *text, enum act act, const struct policy_context *c, uint32_t owner) {
    struct policy_set *set = parse(text);
    struct error e = {0};
    const struct pred *filter;
    bool allowed;
    struct policy_query q = query_of(set, c);
    assert_int_equal(policy_decide(&q, act, NULL, lookup, &owner, &allowed, &e), ST_OK);
    assert_int_equal(policy_filter(&q, act, &filter, &e), ST_OK);
    assert_int_equal(pred_decide(filter, lookup, &owner) == TRUTH_TRUE, allowed);
    policy_release(set);
    arena_reset(&arena);
    return allowed;
}

#define PERMIT(of, act, rest) of " permit (principal, action == Action::\"" act "\", resource) " rest ";"

static void what_such_a_permit_alone_lets_pass_wants_what_it_names(void **state) {
    (void)state;
    struct policy_context c = nothing;
    const char *two = PERMIT("@obligation(\"approval , second_factor:15\")", "delete", "");
    assert_false(let(two, ACT_DELETE, &c, 7));
    c.without_approval = false;
    assert_false(let(two, ACT_DELETE, &c, 7));
    c.second_factor_age = 15 * 60 - 1;
    assert_true(let(two, ACT_DELETE, &c, 7));
    c.second_factor_age = 15 * 60;
    assert_false(let(two, ACT_DELETE, &c, 7));
    c = nothing;
    assert_false(let(PERMIT("@obligation(\"reason\")", "update", ""), ACT_UPDATE, &c, 7));
    c.has_reason = true;
    assert_true(let(PERMIT("@obligation(\"reason\")", "update", ""), ACT_UPDATE, &c, 7));
    assert_false(let(PERMIT("@obligation(\"watermark\")", "list", ""), ACT_LIST, &c, 7));
    c.without_watermark = false;
    assert_true(let(PERMIT("@obligation(\"watermark\")", "list", ""), ACT_LIST, &c, 7));
}

static void another_permit_without_it_lets_pass_and_a_forbid_wins(void **state) {
    (void)state;
    struct policy_context c = nothing;
    const char *own = PERMIT("@obligation(\"approval\")", "delete", "")
        PERMIT("", "delete", "when { resource.owner == principal }");
    assert_true(let(own, ACT_DELETE, &c, 7));
    assert_false(let(own, ACT_DELETE, &c, 8));
    c.without_approval = false;
    assert_true(let(own, ACT_DELETE, &c, 8));
    assert_false(let(PERMIT("@obligation(\"approval\")", "delete",
                            "") "forbid (principal, action == Action::\"delete\", resource);",
                     ACT_DELETE, &c, 7));
    const char *unless =
        PERMIT("", "delete", "") "forbid (principal, action == Action::\"delete\", resource) "
                                 "unless { context.approval };";
    assert_true(let(unless, ACT_DELETE, &c, 7));
    c.without_approval = true;
    assert_false(let(unless, ACT_DELETE, &c, 7));
}

static void what_has_no_meaning_is_refused_before_it_is_saved_and_opens_nothing(void **state) {
    (void)state;
    static const struct {
        const char *text, *what;
    } bad[] = {{PERMIT("@obligation(\"fingerprint\")", "delete", ""), "an obligation is"},
               {PERMIT("@obligation(\"\")", "delete", ""), "an obligation is"},
               {PERMIT("@obligation", "delete", ""), "an obligation is"},
               {PERMIT("@obligation(\"approval,\")", "delete", ""), "an obligation is"},
               {PERMIT("@obligation(\"second_factor:0\")", "delete", ""), "an obligation is"},
               {PERMIT("@obligation(\"second_factor:1441\")", "delete", ""), "an obligation is"},
               {PERMIT("@obligation(\"second_factor\")", "delete", ""), "an obligation is"},
               {PERMIT("@obligation(\"approval\")", "view", ""), "asked for in place"},
               {PERMIT("@obligation(\"approval\")", "write", ""), "asked for in place"},
               {PERMIT("@obligation(\"approval\")", "create", ""), "asked for in place"},
               {PERMIT("@obligation(\"approval\")", "restore", ""), "asked for in place"},
               {PERMIT("", "list", "when { context.approval }"), "asked for in place"},
               {"@obligation(\"approval\") permit (principal, action, resource);", "asked for in place"},
               {PERMIT("@obligation(\"watermark\")", "update", ""), "a watermark is of"},
               {PERMIT("@obligation(\"reason\")", "list", ""), "never asked for a reason"},
               {"@obligation(\"approval\") forbid (principal, action == Action::\"delete\", resource);",
                "it says unless"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct policy_set *set = parse(bad[i].text);
        struct error e = {0};
        assert_int_equal(policy_check(set, objects, &e), ST_INVALID);
        assert_string_equal(e.code, "policy_obligation");
        if (strstr(e.detail, bad[i].what) == NULL || strncmp(e.detail, "p.cedar:1:", 10) != 0)
            fail_msg("%s: %s", bad[i].text, e.detail);
        policy_release(set);
    }
    struct policy_context all = {.has_reason = true, .second_factor_age = 0};
    assert_false(let(bad[0].text, ACT_DELETE, &all, 7));
    assert_false(let(bad[3].text, ACT_DELETE, &all, 7));
    static const char *const fine[] = {
        PERMIT("@obligation(\"approval,reason,second_factor:15\")", "delete", ""),
        PERMIT("@obligation(\"approval\")", "transfer", ""),
        PERMIT("@obligation(\"approval\")", "import", ""),
        PERMIT("@obligation(\"approval, watermark\")", "reveal", ""),
        PERMIT("@obligation(\"watermark\")", "read", "when { context.class == \"personal\" }"),
        "forbid (principal, action == Action::\"update\", resource) unless { context.approval };"};
    for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++) {
        struct policy_set *set = parse(fine[i]);
        struct error e = {0};
        if (policy_check(set, objects, &e) != ST_OK)
            fail_msg("%s: %s", fine[i], e.detail);
        policy_release(set);
    }
}

static void who_asks_why_is_told_of_it_and_what_is_missing_is_quoted_from_the_annotation(void **state) {
    (void)state;
    struct policy_set *set =
        parse(PERMIT("@id(\"careful\") @obligation(\"approval, reason\")", "delete", ""));
    struct buf out;
    struct error e = {0};
    uint32_t owner = 7;
    struct policy_query q = query_of(set, &nothing);
    buf_init(&out, 1 << 16, false);
    struct json j = json_to(&out);
    assert_int_equal(policy_explain(&q, ACT_DELETE, NULL, lookup, &owner, &j, &e), ST_OK);
    buf_put_u8(&out, 0);
    const char *text = (const char *)out.p;
    if (strstr(text, "\"obligations\":[\"approval\"]") == NULL || strstr(text, "\"approval\":true") == NULL ||
        strstr(text, "\"lacks\":\"approval\"") == NULL ||
        strstr(text, "\"condition\":\"@obligation(\\\"approval, reason\\\")\"") == NULL)
        fail_msg("%s", text);
    buf_free(&out);
    policy_release(set);
    arena_reset(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_such_a_permit_alone_lets_pass_wants_what_it_names),
        cmocka_unit_test(another_permit_without_it_lets_pass_and_a_forbid_wins),
        cmocka_unit_test(what_has_no_meaning_is_refused_before_it_is_saved_and_opens_nothing),
        cmocka_unit_test(who_asks_why_is_told_of_it_and_what_is_missing_is_quoted_from_the_annotation),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
