/* Policies and schemas from one syntax to the other and back, and text laid out anew. */
#include "policy_arena.h"

#include "policy/policy_format.h"
#include "policy/policy_json.h"
#include "policy/schema_print.h"

static const char *keep(struct buf *b) {
    assert_false(b->failed);
    const char *text = arena_string(&arena, buf_slice(b));
    buf_free(b);
    return text;
}

static const char *to_json(const char *text) {
    struct policies p;
    struct buf out;
    struct error e = {0};
    buf_init(&out, 1 << 22, false);
    if (policies_from_text(slice_from_string(text), "p", &arena, &p, &e) != ST_OK)
        fail_msg("%s: %s", text, e.detail);
    assert_int_equal(policies_to_json(&p, &out), ST_OK);
    return keep(&out);
}

/* The detail of the error when it is no policy. */
static const char *to_text(const char *json) {
    const struct document *d;
    struct buf out;
    struct error e = {0};
    buf_init(&out, 1 << 22, false);
    if (document_parse(slice_from_string(json), "j", &arena, &d, &e) != ST_OK ||
        policies_json_to_text(d, "j", &out, &e) != ST_OK) {
        buf_free(&out);
        return arena_string(&arena, slice_from_string(e.detail));
    }
    return keep(&out);
}

static void a_policy_in_json_is_the_published_format(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"@a(\"b\") @c forbid(principal == User::\"x\", action in [Action::\"v\"], resource is A::B in "
         "C::\"d\");",
         "{\"staticPolicies\":{\"policy0\":{\"effect\":\"forbid\",\"principal\":{\"op\":\"==\",\"entity\":{"
         "\"type\":"
         "\"User\",\"id\":\"x\"}},\"action\":{\"op\":\"in\",\"entities\":[{\"type\":\"Action\",\"id\":\"v\"}]"
         "},"
         "\"resource\":{\"op\":\"is\",\"entity_type\":\"A::B\",\"in\":{\"entity\":{\"type\":\"C\",\"id\":"
         "\"d\"}}},"
         "\"conditions\":[],\"annotations\":{\"a\":\"b\",\"c\":null}}},\"templates\":{},\"templateLinks\":[]}"
         "\n"},
        {"permit(principal in ?principal, action, resource) when { a::b::\"c\" is User in principal && 1 + "
         "-2 > 3 };",
         "{\"staticPolicies\":{},\"templates\":{\"policy0\":{\"effect\":\"permit\",\"principal\":{\"op\":"
         "\"in\","
         "\"slot\":\"?principal\"},\"action\":{\"op\":\"All\"},\"resource\":{\"op\":\"All\"},\"conditions\":"
         "[{\"kind\":\"when\",\"body\":{\"&&\":{\"left\":{\"is\":{\"left\":{\"Value\":{\"__entity\":{"
         "\"type\":"
         "\"a::b\",\"id\":\"c\"}}},\"entity_type\":\"User\",\"in\":{\"Var\":\"principal\"}}},\"right\":{\">"
         "\":"
         "{\"left\":{\"+\":{\"left\":{\"Value\":1},\"right\":{\"Value\":-2}}},\"right\":{\"Value\":3}}}}}}]}}"
         ","
         "\"templateLinks\":[]}\n"},
        {"permit(principal, action, resource) unless { [ip(\"::1\")].contains(context[\"a b\"]) || "
         "context.x like \"a*\\*\" };",
         "{\"staticPolicies\":{\"policy0\":{\"effect\":\"permit\",\"principal\":{\"op\":\"All\"},\"action\":{"
         "\"op\":"
         "\"All\"},\"resource\":{\"op\":\"All\"},\"conditions\":[{\"kind\":\"unless\",\"body\":{\"||\":{"
         "\"left\":"
         "{\"contains\":{\"left\":{\"Set\":[{\"ip\":[{\"Value\":\"::1\"}]}]},\"right\":{\".\":{\"left\":{"
         "\"Var\":"
         "\"context\"},\"attr\":\"a "
         "b\"}}}},\"right\":{\"like\":{\"left\":{\".\":{\"left\":{\"Var\":\"context\"},"
         "\"attr\":\"x\"}},\"pattern\":[{\"Literal\":\"a\"},\"Wildcard\",{\"Literal\":\"*\"}]}}}}}]}},"
         "\"templates\":{},\"templateLinks\":[]}\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(to_json(cases[i][0]), cases[i][1]);
}

static const char *const expressions[] = {
    "true && (false || true) && !(!true)",
    "(true || false) || (true && false)",
    "1 - (2 - 3) - 4 * (5 + 6) * -7 == -(8)",
    "- - 1 == (if true then 1 else 2) + 1",
    "(if true then 1 else 2) == (if (if true then false else true) then 3 else 4)",
    "if principal has a.b.c then principal.a.b.c else principal[\"a b\"][\"in\"].x",
    "(1 == 1) == (2 < 3)",
    "(principal in resource) != (principal is User) && (principal is User in Group::\"a\")",
    "!(principal is A::B) && !(context has \"x y\") && -(-9223372036854775808) == 1",
    "(-5).lessThan(decimal(\"1.0\")) || (-context.x).isIpv4()",
    "[1, [2], {a: 1, \"b c\": [], \"if\": {}}, User::\"\\u{1}\\\"\\0\"].containsAll([principal, action])",
    "{a: true}.a && {a: true} has a && [].isEmpty() && [1].containsAny([2])",
    "\"a*b\" like \"*\\**\\\\\" && (\"x\" like \"\") && \"\\n\\t\\r\" == \"\\u{7f}\\u{9f}\"",
    "principal.hasTag(\"a\") && principal.getTag(\"a\" ).getTag(if true then \"b\" else \"c\") == 1",
    "ip(\"1.1.1.1\").isInRange(ip(\"1.0.0.0/8\")) && datetime(\"2024-01-01\").offset(duration(\"1h\")) > "
    "datetime(\"2024-01-01\").toDate()",
    "decimal(context.x).greaterThanOrEqual(decimal(\"1.5\")) && ip(\"bad\") == ip()",
};

static void a_policy_comes_back_from_json_as_it_went(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof expressions / sizeof expressions[0]; i++) {
        const char *text =
            arena_format(&arena, "permit (principal, action, resource)\nwhen { %s };\n", expressions[i]);
        const char *json = to_json(text);
        assert_string_equal(to_json(to_text(json)), json);
    }
    const char *scopes =
        "@x(\"\\\"\") @y permit(principal is A in ?principal, action in B::Action::\"c\", resource == "
        "?resource) when { true } unless { false };";
    assert_string_equal(to_json(to_text(to_json(scopes))), to_json(scopes));
}

static void json_that_is_no_policy_is_refused_with_its_line(void **state) {
    (void)state;
#define BODY(BODY)                                                                                           \
    "{\"effect\":\"permit\",\"principal\":{\"op\":\"All\"},\"action\":{\"op\":\"All\"},\"resource\":{"       \
    "\"op\":\"All\"},"                                                                                       \
    "\"conditions\":[{\"kind\":\"when\",\"body\":\n" BODY "}]}"
    static const char *const cases[][2] = {
        {"[]", "a policy has effect"},
        {"{\"effect\":\"allow\"}", "permit or forbid"},
        {"{\"effect\":\"permit\",\"principal\":{\"op\":\"like\"},\"action\":{\"op\":\"All\"},\"resource\":{"
         "\"op\":"
         "\"All\"},\"conditions\":[]}",
         "a scope's op"},
        {BODY("{\"Value\":1.5}"), "j:2: not a value"},
        {BODY("{\"Value\":null}"), "j:2: not a value"},
        {BODY("{\"Slot\":\"?principal\"}"), "no slot"},
        {BODY("{\"Var\":\"other\"}"), "a variable is"},
        {BODY("{\"==\":{\"left\":{\"Value\":1}}}"), "left and right"},
        {BODY("{\"nosuch\":[]}"), "no operator and no extension function"},
        {BODY("{\"Value\":1,\"Var\":\"context\"}"), "one name"},
        {BODY("{\"is\":{\"left\":{\"Var\":\"context\"},\"entity_type\":\"A B\"}}"), "an entity's type"},
        {BODY("{\"has\":{\"left\":{\"Var\":\"context\"},\"attr\":[]}}"), "has has left and attr"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (strstr(to_text(cases[i][0]), cases[i][1]) == NULL)
            fail_msg("%s: %s", cases[i][0], to_text(cases[i][0]));
    }
    assert_non_null(
        strstr(to_text(BODY("{\"has\":{\"left\":{\"Var\":\"context\"},\"attr\":[\"a\",\"b c\"]}}")),
               "context has a && context.a has \"b c\""));
}

static void a_set_in_json_keeps_ids_templates_and_links(void **state) {
    (void)state;
    static const char set[] =
        "{\"staticPolicies\":{\"s "
        "1\":{\"effect\":\"permit\",\"principal\":{\"op\":\"All\"},\"action\":{\"op\":\"All\"},"
        "\"resource\":{\"op\":\"All\"},\"conditions\":[]}},\"templates\":{\"t\":{\"effect\":\"forbid\","
        "\"principal\":"
        "{\"op\":\"==\",\"slot\":\"?principal\"},\"action\":{\"op\":\"All\"},\"resource\":{\"op\":\"All\"},"
        "\"conditions\":[]}},\"templateLinks\":[{\"templateId\":\"t\",\"newId\":\"l\",\"values\":{\"?"
        "principal\":"
        "{\"type\":\"User\",\"id\":\"a\"}}}]}\n";
    struct policies p;
    struct error e = {0};
    struct buf out;
    assert_int_equal(policies_from_json(SLICE(set), "j", &arena, &p, &e), ST_OK);
    assert_int_equal(p.count, 2);
    assert_true(slice_is(p.list[0]->id, "s 1"));
    assert_true(p.list[1]->forbid && slice_is(p.list[1]->id, "l"));
    buf_init(&out, 1 << 20, false);
    assert_int_equal(policies_to_json(&p, &out), ST_OK);
    assert_string_equal(keep(&out), set);
}

static const char *format(const char *text) {
    struct buf out;
    struct error e = {0};
    buf_init(&out, 1 << 22, false);
    if (policy_format(slice_from_string(text), "p", 60, 2, &arena, &out, &e) != ST_OK)
        fail_msg("%s: %s", text, e.detail);
    return keep(&out);
}

static void formatting_keeps_tokens_and_comments_and_is_done_once(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"", ""},
        {"permit(principal,action,resource);", "permit (principal, action, resource);\n"},
        {"// first\n\n@id(\"x\")permit(principal is A in "
         "B::\"c\",action,\nresource)when{-1<2&&!context[\"a\"]}; // end\n"
         "forbid(principal,action,resource);//x\n\n// last",
         "// first\n@id(\"x\")\npermit (\n  principal is A in B::\"c\",\n  action,\n  resource\n)\n"
         "when { -1 < 2 && !context[\"a\"] }; // end\n\nforbid (principal, action, resource); //x\n\n// "
         "last\n"},
        {"permit(principal,action,resource) when { principal.name == \"somebody\" && context.reason == "
         "\"something\" && "
         "[1,2].contains(3) };",
         "permit (principal, action, resource)\nwhen\n{\n  principal.name == \"somebody\" &&\n"
         "  context.reason == \"something\" &&\n  [1, 2].contains(3)\n};\n"},
        {"permit(principal,action,resource) when { // why\n true // so\n || // or\n false };",
         "permit (principal, action, resource)\nwhen\n{ // why\n  true // so\n  || // or\n  false\n};\n"},
        {"permit(principal,action,resource) when { if context.one == \"something long\" then {a:{}, b: 1} == "
         "context.b "
         "else principal in [Group::\"one of these\", Group::\"another one\"] };",
         "permit (principal, action, resource)\nwhen\n{\n  if context.one == \"something long\"\n"
         "  then { a: {}, b: 1 } == context.b\n  else principal in [\n      Group::\"one of these\",\n"
         "      Group::\"another one\"\n    ]\n};\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *once = format(cases[i][0]);
        assert_string_equal(once, cases[i][1]);
        assert_string_equal(format(once), once);
        assert_string_equal(to_json(once), to_json(cases[i][0]));
    }
}

static const char *schema_through(const char *text, bool json_in, bool json_out) {
    const struct schema_source *source;
    struct error e = {0};
    struct buf out;
    buf_init(&out, 1 << 20, false);
    enum status s = json_in ? schema_source_from_json(slice_from_string(text), "s", &arena, &source, &e)
                            : schema_source_from_text(slice_from_string(text), "s", &arena, &source, &e);
    if (s == ST_OK)
        s = json_out ? schema_to_json(source, &out) : schema_to_text(source, &out, &e);
    if (s == ST_OK)
        return keep(&out);
    buf_free(&out);
    return arena_string(&arena, slice_from_string(e.detail));
}

static void a_schema_comes_back_from_json_as_it_went(void **state) {
    (void)state;
    static const char text[] = "@doc(\"x\")\n"
                               "namespace A::B {\n"
                               "  @n\n"
                               "  type T = {\n"
                               "    @doc(\"y\")\n"
                               "    \"a b\"?: Set<Long>,\n"
                               "    c: {}\n"
                               "  };\n"
                               "  entity E enum [\"\\\"\", \"b\"];\n"
                               "  entity U in [U, C::D] = {\n"
                               "    t: T\n"
                               "  } tags decimal;\n"
                               "  action \"g\";\n"
                               "  action \"do it\" in [\"g\", C::Action::\"h\"] appliesTo {\n"
                               "    principal: [U],\n"
                               "    resource: [U, C::D],\n"
                               "    context: T\n"
                               "  };\n"
                               "}\n";
    const char *json = schema_through(text, false, true);
    assert_string_equal(schema_through(json, true, false), text);
    assert_string_equal(schema_through(json, true, true), json);
    assert_non_null(
        strstr(schema_through("{\"\":{\"entityTypes\":{\"U\":{\"shape\":{\"type\":\"T\"}}},\"actions\":{},"
                              "\"commonTypes\":{\"T\":{\"type\":\"Record\",\"attributes\":{}}}}}",
                              true, false),
               "only a record"));
    assert_non_null(strstr(schema_through("{\"\":{\"entityTypes\":{\"Long\":{\"shape\":{\"type\":\"Record\","
                                          "\"attributes\":{\"x\":{\"type\":\"Long\"}}}}},\"actions\":{}}}",
                                          true, false),
                           "x: __cedar::Long"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_policy_in_json_is_the_published_format, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(a_policy_comes_back_from_json_as_it_went, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(json_that_is_no_policy_is_refused_with_its_line, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(a_set_in_json_keeps_ids_templates_and_links, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(formatting_keeps_tokens_and_comments_and_is_done_once, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(a_schema_comes_back_from_json_as_it_went, open_arena, close_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
