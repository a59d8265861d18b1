#include "test.h"

#include "policy/eval.h"
#include "policy/parse.h"
#include "policy/set.h"

/* Entities of the documentation's examples: User::"bob" is in Group::"jane_friends", that in Group::"people";
 * A has an attribute b and tag "t". */
static enum attribute_found test_attribute(const struct entities *self, const struct cedar_entity *of,
                                           struct slice name, struct cedar_value *out) {
    (void)self;
    if (slice_is(of->type, "Stranger"))
        return ENTITY_ABSENT;
    if (!slice_is(name, "level"))
        return ATTRIBUTE_ABSENT;
    *out = cedar_long(6);
    return ATTRIBUTE_FOUND;
}

static enum attribute_found test_tag(const struct entities *self, const struct cedar_entity *of,
                                     struct slice name, struct cedar_value *out) {
    (void)self;
    (void)of;
    if (!slice_is(name, "t"))
        return ATTRIBUTE_ABSENT;
    *out = cedar_string(SLICE("v"));
    return ATTRIBUTE_FOUND;
}

static bool test_within(const struct entities *self, const struct cedar_entity *e,
                        const struct cedar_entity *of) {
    (void)self;
    bool friends = slice_is(of->id, "jane_friends"), people = slice_is(of->id, "people");
    if (slice_is(e->type, "User") && slice_is(e->id, "bob"))
        return slice_is(of->type, "Group") && (friends || people);
    return slice_is(e->type, "Group") && slice_is(e->id, "jane_friends") && slice_is(of->type, "Group") &&
           people;
}

static const struct entities test_entities = {
    .attribute = test_attribute, .within = test_within, .tag = test_tag};

enum expected { YES, NO, TYPE, OVERFLOW, ATTRIBUTE, NO_ENTITY, EXTENSION, SYNTAX };

struct language_case {
    const char *text;
    enum expected expected;
};

static const struct language_case cases[] = {
    /* like */
    {"\"eggs\" like \"ham*\"", NO},
    {"\"eggs\" like \"*ham\"", NO},
    {"\"eggs\" like \"*ham*\"", NO},
    {"\"ham and eggs\" like \"ham*\"", YES},
    {"\"ham and eggs\" like \"*ham\"", NO},
    {"\"ham and eggs\" like \"*ham*\"", YES},
    {"\"ham and eggs\" like \"*h*a*m*\"", YES},
    {"\"eggs and ham\" like \"*ham\"", YES},
    {"\"eggs, ham, and spinach\" like \"ham*\"", NO},
    {"\"eggs, ham, and spinach\" like \"*ham*\"", YES},
    {"\"Gotham\" like \"*ham\"", YES},
    {"\"ham\" like \"ham\"", YES},
    {"\"ham\" like \"*h*a*m*\"", YES},
    {"\"ham and ham\" like \"*ham\"", YES},
    {"\"ham\" like \"*ham and eggs*\"", NO},
    {"\"\\\\afterslash\" like \"\\\\*\"", YES},
    {"\"string\\\\with\\\\backslashes\" like \"string\\\\with\\\\backslashes\"", YES},
    {"\"string*with*stars\" like \"string\\*with\\*stars\"", YES},
    {"\"stringXwithXstars\" like \"string\\*with\\*stars\"", NO},
    {"\"\" like \"\"", YES},
    {"\"\" like \"*\"", YES},
    {"\"客盾\" like \"客*\"", YES},
    {"5 like \"5\"", TYPE},
    /* equality */
    {"1 == 1", YES},
    {"5 == \"5\"", NO},
    {"\"something\" == \"something\"", YES},
    {"\"Something\" == \"something\"", NO},
    {"[1, -33, 707] == [1, -33]", NO},
    {"[1, 2, 40] == [1, 40, 2]", YES},
    {"[1, 1, 1, 2, 40] == [40, 1, 2]", YES},
    {"[1, 1, 2, 1, 40, 2, 1, 2, 40, 1] == [1, 40, 1, 2]", YES},
    {"true == true", YES},
    {"{\"os\": \"Windows\", version: 11} == {version: 11, os: \"Windows\"}", YES},
    {"{a: 1} == {a: 1, b: 2}", NO},
    {"User::\"alice\" == User::\"bob\"", NO},
    {"User::\"alice\" == Admin::\"alice\"", NO},
    {"\"alice\" == User::\"alice\"", NO},
    {"Stranger::\"x\" == Stranger::\"x\"", YES},
    {"1 != \"1\"", YES},
    {"[1] != [1]", NO},
    /* order */
    {"3 < 303", YES},
    {"3 < \"3\"", TYPE},
    {"false < true", TYPE},
    {"\"some\" < \"thing\"", TYPE},
    {"[1, 2] < [47, 0]", TYPE},
    {"3 <= 3", YES},
    {"3 > 303", NO},
    {"3 >= 3", YES},
    {"3 >= \"3\"", TYPE},
    /* logic */
    {"false && 3", NO},
    {"(false && 3) == 3", NO},
    {"true && 3", TYPE},
    {"3 && false", TYPE},
    {"true || 3", YES},
    {"false || 3", TYPE},
    {"3 || true", TYPE},
    {"(true || 3) == 3", NO},
    {"(true || 3 || true) == 3", NO},
    {"!true", NO},
    {"!false", YES},
    {"!8", TYPE},
    {"!!true", YES},
    {"!!!!!true", SYNTAX},
    {"(if !true then \"hello\" else \"goodbye\") == \"goodbye\"", YES},
    {"if true then true else 1 + \"x\" == 2", YES},
    {"if 1 then true else false", TYPE},
    {"true || false && false", YES},
    {"(true || false) && false", NO},
    {"1 == 1 && 2 == 2 || false", YES},
    /* arithmetic */
    {"11 + 0 == 11", YES},
    {"-1 + 1 == 0", YES},
    {"9223372036854775807 + 1 == 0", OVERFLOW},
    {"-9223372036854775808 - 1 + 3 == 0", OVERFLOW},
    {"7 + \"3\" == 10", TYPE},
    {"\"lamp\" + \"la\" == \"lampla\"", TYPE},
    {"44 - 31 == 13", YES},
    {"5 - (-3) == 8", YES},
    {"5 - -3 == 8", YES},
    {"10 * 20 == 200", YES},
    {"9223372036854775807 * 2 == 0", OVERFLOW},
    {"5 * (-3) == -15", YES},
    {"5 * 0 == 0", YES},
    {"\"5\" * 0 == 0", TYPE},
    {"2 + 3 * 4 == 14", YES},
    {"10 - 3 - 2 == 5", YES},
    {"--3 == 3", YES},
    {"-(-9223372036854775807 - 1) == 0", OVERFLOW},
    {"9223372036854775808 == 0", SYNTAX},
    {"-9223372036854775808 < 0", YES},
    /* in */
    {"User::\"jane\" in User::\"jane\"", YES},
    {"User::\"bob\" in Group::\"jane_friends\"", YES},
    {"User::\"bob\" in Group::\"people\"", YES},
    {"User::\"john\" in Group::\"jane_friends\"", NO},
    {"User::\"bob\" in [Group::\"jane_friends\"]", YES},
    {"User::\"alice\" in [User::\"bob\", User::\"alice\"]", YES},
    {"User::\"john\" in [Group::\"jane_family\", Group::\"jane_friends\"]", NO},
    {"User::\"alice\" in context.groups", YES},
    {"User::\"alice\" in [User::\"alice\", Group::\"jane_friends\", \"Team\"]", TYPE},
    {"Stranger::\"jimmy\" in Stranger::\"jimmy\"", YES},
    {"Stranger::\"jimmy\" in Group::\"jane_friends\"", NO},
    {"\"some\" in [\"some\", \"thing\"]", TYPE},
    {"\"os\" in {\"os\": \"Windows\"}", TYPE},
    {"User::\"a\" in []", NO},
    /* has, attributes */
    {"context has role && context.role.contains(\"admin\")", YES},
    {"context has \"role\"", YES},
    {"context has tag", NO},
    {"context.role has admin", TYPE},
    {"context.addr has country && context.addr.country == \"US\"", NO},
    {"context.missing has country", ATTRIBUTE},
    {"context has missing && context.missing has country", NO},
    {"context has addr.city", YES},
    {"context has addr.country.name", NO},
    {"context has \"owner info\" && context[\"owner info\"].name == \"Alice\"", YES},
    {"context.missing == 1", ATTRIBUTE},
    {"User::\"x\" has level && User::\"x\".level > 5", YES},
    {"User::\"x\".height == 1", ATTRIBUTE},
    {"Stranger::\"x\" has level", NO},
    {"Stranger::\"x\".level == 1", NO_ENTITY},
    {"1 has level", TYPE},
    {"\"x\".level == 1", TYPE},
    {"User::\"x\".hasTag(\"t\") && User::\"x\".getTag(\"t\") == \"v\"", YES},
    {"User::\"x\".hasTag(\"u\")", NO},
    {"User::\"x\".getTag(\"u\") == 1", ATTRIBUTE},
    /* is */
    {"User::\"alice\" is User", YES},
    {"principal is User", YES},
    {"principal is User in Group::\"friends\"", NO},
    {"User::\"bob\" is User in [Group::\"people\"]", YES},
    {"ExampleCo::User::\"alice\" is ExampleCo::User", YES},
    {"Group::\"friends\" is User", NO},
    {"ExampleCo::User::\"alice\" is User", NO},
    {"\"alice\" is String", TYPE},
    /* sets */
    {"[1,2,3].contains(1)", YES},
    {"[1,\"something\",2].contains(\"Something\")", NO},
    {"[].contains(100)", NO},
    {"[User::\"alice\"].contains(User::\"alice\")", YES},
    {"\"ham and ham\".contains(\"ham\")", TYPE},
    {"[1, -22, 34].containsAll([-22, 1])", YES},
    {"[43, 34].containsAll([34, 43])", YES},
    {"[1, -2, 34].containsAll([1, -22])", NO},
    {"[false, 3, [47, 0], \"some\"].containsAll([3, \"some\"])", YES},
    {"[false, 3, [47, 0], {\"2\": \"ham\"}].containsAll([3, {\"2\": \"ham\"}])", YES},
    {"[2, 43].containsAll([])", YES},
    {"[].containsAll([2, 43])", NO},
    {"[false, 3].containsAll(\"thing\")", TYPE},
    {"{\"2\": \"ham\"}.containsAll({\"2\": \"ham\"})", TYPE},
    {"[1, -22].containsAny([1, -22, 34])", YES},
    {"[1, 101].containsAny([-22, 34])", NO},
    {"[].containsAny([\"bob\"])", NO},
    {"[\"bob\"].containsAny([])", NO},
    {"\"ham\".containsAny(\"ham and eggs\")", TYPE},
    {"[].isEmpty()", YES},
    {"[1].isEmpty()", NO},
    {"1.isEmpty()", TYPE},
    /* decimal */
    {"decimal(\"1.23\").lessThan(decimal(\"1.24\"))", YES},
    {"decimal(\"-1.23\").lessThan(decimal(\"-1.24\"))", NO},
    {"decimal(\"1.23\").lessThanOrEqual(decimal(\"1.23\"))", YES},
    {"decimal(\"123.45\").greaterThan(decimal(\"1.23\"))", YES},
    {"decimal(\"-1.23\").greaterThanOrEqual(decimal(\"-1.24\"))", YES},
    {"decimal(\"1.0\") == decimal(\"1.0000\")", YES},
    {"decimal(\"00.000\") == decimal(\"0.0\")", YES},
    {"decimal(\"-922337203685477.5808\") == decimal(\"0.0\")", NO},
    {"decimal(\"1234\") == 1", EXTENSION},
    {"decimal(\"1.0.\") == 1", EXTENSION},
    {"decimal(\"1.\") == 1", EXTENSION},
    {"decimal(\".1\") == 1", EXTENSION},
    {"decimal(\"1.a\") == 1", EXTENSION},
    {"decimal(\"-.\") == 1", EXTENSION},
    {"decimal(\"1000000000000000.0\") == 1", EXTENSION},
    {"decimal(\"922337203685477.5808\") == 1", EXTENSION},
    {"decimal(\"0.12345\") == 1", EXTENSION},
    {"decimal(\"1.0\") < decimal(\"2.0\")", TYPE},
    /* ip */
    {"ip(\"127.0.0.1\") == ip(\"127.0.0.1\")", YES},
    {"ip(\"192.168.0.1\") == ip(\"8.8.8.8\")", NO},
    {"ip(\"192.168.0.1/24\") == ip(\"8.8.8.8/8\")", NO},
    {"ip(\"192.168.0.1/24\") == ip(\"192.168.0.8/24\")", NO},
    {"ip(\"127.0.0.1\") == ip(\"::1\")", NO},
    {"ip(\"127.0.0.1\") == \"127.0.0.1\"", NO},
    {"ip(\"127.0.0.1\") == ip(\"192.168.0.1/24\")", NO},
    {"ip(\"127.0.0.1\") < ip(\"10.0.0.10\")", TYPE},
    {"ip(\"380.0.0.1\") == 1", EXTENSION},
    {"ip(\"ab.ab.ab.ab\") == 1", EXTENSION},
    {"ip(\"127.0.0.1/8/24\") == 1", EXTENSION},
    {"ip(\"fee::/64::1\") == 1", EXTENSION},
    {"ip(\"fzz::1\") == 1", EXTENSION},
    {"ip([127,0,0,1]) == 1", EXTENSION},
    {"\"127.0.0.1\".ip() == 1", SYNTAX},
    {"ip(\"127.0.0.1/24\").isIpv4()", YES},
    {"ip(\"::1\").isIpv4()", NO},
    {"ip(\"ffee::/64\").isIpv6()", YES},
    {"ip(\"127.0.0.2\").isLoopback()", YES},
    {"ip(\"::1\").isLoopback()", YES},
    {"ip(\"::2\").isLoopback()", NO},
    {"ip(\"127.0.0.1\").isMulticast()", NO},
    {"ip(\"ff00::2\").isMulticast()", YES},
    {"ip(\"192.168.0.1\").isInRange(ip(\"192.168.0.1/24\"))", YES},
    {"ip(\"192.168.0.75\").isInRange(ip(\"192.168.0.1/28\"))", NO},
    {"ip(\"192.168.0.75\").isInRange(ip(\"192.168.0.1/24\"))", YES},
    {"ip(\"192.168.0.1\").isInRange(ip(\"1:2:3:4::\"))", NO},
    {"\"x\".isIpv4()", EXTENSION},
    /* datetime, duration */
    {"datetime(\"2024-10-15\") == datetime(\"2024-10-15T00:00:00Z\")", YES},
    {"datetime(\"2024-10-15T11:35:00.000+0100\") == datetime(\"2024-10-15T10:35:00Z\")", YES},
    {"datetime(\"2024-10-15\") < datetime(\"2024-10-16\")", YES},
    {"datetime(\"2024-02-30\") == 1", EXTENSION},
    {"datetime(\"2024-10-15T25:00:00Z\") == 1", EXTENSION},
    {"duration(\"1d12h\") == duration(\"36h\")", YES},
    {"duration(\"-1s\").toMilliseconds() == -1000", YES},
    {"duration(\"12h1d\") == 1", EXTENSION},
    {"datetime(\"2024-10-15\").offset(duration(\"1d\")) == datetime(\"2024-10-16\")", YES},
    {"datetime(\"2024-10-16\").durationSince(datetime(\"2024-10-15\")).toHours() == 24", YES},
    {"datetime(\"2024-10-15T10:35:00Z\").toDate() == datetime(\"2024-10-15\")", YES},
    {"datetime(\"2024-10-15T10:35:00Z\").toTime() == duration(\"10h35m\")", YES},
    {"datetime(\"1969-12-31T23:00:00Z\").toDate() == datetime(\"1969-12-31\")", YES},
    {"duration(\"1h\") < 5", TYPE},
    /* syntax */
    {"1 == 1 == true", SYNTAX},
    {"1 < 2 < 3", SYNTAX},
    {"principal.in == 1", SYNTAX},
    {"context.role.nosuch(1)", SYNTAX},
    {"nosuch(1)", SYNTAX},
    {"[1,2].contains()", SYNTAX},
    {"user == 1", SYNTAX},
    {"\"\\q\" == 1", SYNTAX},
    {"\"\\u{110000}\" == \"\"", SYNTAX},
    {"\"\\u{5ba2}\" == \"客\"", YES},
    {"\"\\x41\\t\\n\" == \"A\t\n\"", YES},
    {"{a: 1, a: 2} == 1", SYNTAX},
    {"\"no end", SYNTAX},
    {"1 = 1", SYNTAX},
    {"// only a comment\n true", YES},
    {"[1, 2,].contains(2)", YES},
    {"", SYNTAX},
    {"(true", SYNTAX},
    {"1 + true", TYPE},
};

static struct cedar_pair pair_of(const char *name, struct cedar_value value) {
    return (struct cedar_pair){.name = slice_from_string(name), .value = value};
}

/* The context of the documentation's examples. */
static struct cedar_value example_context(void) {
    static struct cedar_value roles[2], groups[2];
    static struct cedar_pair addr[2], info[2], context[4];
    roles[0] = cedar_string(SLICE("admin"));
    roles[1] = cedar_string(SLICE("user"));
    groups[0] = cedar_entity(SLICE("Group"), SLICE("jane_family"));
    groups[1] = cedar_entity(SLICE("User"), SLICE("alice"));
    addr[0] = pair_of("street", cedar_string(SLICE("main")));
    addr[1] = pair_of("city", cedar_string(SLICE("DC")));
    info[0] = pair_of("name", cedar_string(SLICE("Alice")));
    info[1] = pair_of("age", cedar_long(18));
    context[0] = pair_of("role", cedar_set(roles, 2));
    context[1] = pair_of("groups", cedar_set(groups, 2));
    context[2] =
        pair_of("addr", (struct cedar_value){.kind = CEDAR_RECORD, .record = {.pairs = addr, .count = 2}});
    context[3] = pair_of("owner info",
                         (struct cedar_value){.kind = CEDAR_RECORD, .record = {.pairs = info, .count = 2}});
    return (struct cedar_value){.kind = CEDAR_RECORD, .record = {.pairs = context, .count = 4}};
}

static struct eval example_eval(struct arena *a) {
    return (struct eval){.principal = cedar_entity(SLICE("User"), SLICE("12345")),
                         .action = cedar_entity(SLICE("Action"), SLICE("view")),
                         .resource = cedar_entity(SLICE("Photo"), SLICE("x.jpg")),
                         .context = example_context(),
                         .entities = &test_entities,
                         .arena = a};
}

static enum expected evaluate(struct arena *a, const char *text, struct error *e) {
    static const enum expected of_fault[] = {[FAULT_TYPE] = TYPE,
                                             [FAULT_OVERFLOW] = OVERFLOW,
                                             [FAULT_ATTRIBUTE] = ATTRIBUTE,
                                             [FAULT_ENTITY] = NO_ENTITY,
                                             [FAULT_EXTENSION] = EXTENSION};
    const struct expr *expr;
    if (parse_expression(slice_from_string(text), "case", a, &expr, e) != ST_OK)
        return SYNTAX;
    struct eval v = example_eval(a);
    bool b;
    enum evaluated s = eval_bool(&v, expr, &b);
    assert_int_not_equal(s, EVAL_NO_MEMORY);
    return s == EVAL_ERRED ? of_fault[v.fault] : b ? YES : NO;
}

static void expressions_mean_what_the_language_says(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 22, ARENA_PLAIN);
    size_t count = sizeof cases / sizeof cases[0];
    assert_true(count >= 120);
    for (size_t i = 0; i < count; i++) {
        struct error e = {0};
        enum expected got = evaluate(&a, cases[i].text, &e);
        if (got != cases[i].expected)
            fail_msg("%s: expected %d, got %d %s", cases[i].text, cases[i].expected, got, e.detail);
        arena_reset(&a);
    }
    arena_free(&a);
}

static void an_endless_expression_is_refused_not_followed(void **state) {
    (void)state;
    struct arena a;
    struct error e;
    arena_init(&a, 1 << 24, ARENA_PLAIN);
    char text[4001] = {0};
    memset(text, '(', 4000);
    assert_int_equal(evaluate(&a, text, &e), SYNTAX);
    char sum[2003] = "1";
    for (size_t i = 0; i < 1000; i++)
        memcpy(sum + 1 + 2 * i, "+1", 3);
    assert_int_equal(evaluate(&a, sum, &e), SYNTAX);
    assert_non_null(strstr(e.detail, "too deep"));
    arena_free(&a);
}

struct bad_policy {
    const char *text, *where, *says;
};

static void a_bad_policy_is_refused_with_its_place_and_what_was_expected(void **state) {
    (void)state;
    static const struct bad_policy bad[] = {
        {"permit(principal, action, resource)", "p.cedar:1:36", "expected ';'"},
        {"permit(principal, action,\n  resource) when { 1 = 1 };", "p.cedar:2:22", "=="},
        {"permit(principal == 3, action, resource);", "p.cedar:1:21", "a type's name"},
        {"allow(principal, action, resource);", "p.cedar:1:1", "'permit' or 'forbid'"},
        {"permit(principal, action == Act::\"read\", resource);", "p.cedar:1:", "must be Action"},
        {"permit(principal == ?principal, action, resource);", "p.cedar:1:21", "template"},
        {"permit(principal, action, resource) when { };", "p.cedar:1:44", "an expression"},
        {"@id(\"a\") @id(\"b\") permit(principal, action, resource);", "p.cedar:1:", "twice"},
        {"permit(principal, action == Action::\"raed\", resource);", "p.cedar:1:1", "no act"},
        {"@id(\"a\") permit(principal, action, resource);@id(\"a\") permit(principal, action, resource);",
         "p.cedar:1:55", "@id"},
        {"permit(principal, action, resource) when { \"客\" == ) };", "p.cedar:1:51", "an expression"},
        {"\xff", "p.cedar:1:1", "UTF-8"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct policy_set *set = NULL;
        struct error e = {0};
        assert_int_equal(policy_parse(slice_from_string(bad[i].text), "p.cedar", &set, &e), ST_INVALID);
        if (strstr(e.detail, bad[i].where) == NULL || strstr(e.detail, bad[i].says) == NULL)
            fail_msg("%s: says %s", bad[i].text, e.detail);
    }
}

static void every_form_of_scope_is_read(void **state) {
    (void)state;
    struct policy_set *set = NULL;
    struct error e = {0};
    const char *text =
        "@id(\"x\") @deprecated @advice(\"no\")\n"
        "permit(principal is User in Role::\"a\", action in [Action::\"list\", Action::\"field\"],\n"
        "       resource is Shop::Customer) when { true } unless { false } when { 1 == 1 };\n"
        "forbid(principal in Role::\"b\", action in Action::\"look\", resource in Department::\"3\");\n"
        "permit(principal == User::\"7\", action == Action::\"see\", resource == Customer::\"c\",);\n";
    assert_int_equal(policy_parse(slice_from_string(text), "p.cedar", &set, &e), ST_OK);
    assert_int_equal(policy_count(set), 3);
    const struct policy *p = set->policies[0];
    assert_true(slice_is(p->id, "x"));
    assert_int_equal(p->annotation_count, 3);
    assert_int_equal(p->condition_count, 3);
    assert_int_equal(p->acts,
                     1U << ACT_LIST | 1U << ACT_SEE | 1U << ACT_READ | 1U << ACT_WRITE | 1U << ACT_MATCH);
    assert_true(set->policies[1]->forbid);
    assert_int_equal(set->policies[1]->acts, 1U << ACT_LIST | 1U << ACT_VIEW);
    assert_true(slice_is(set->policies[2]->id, "p.cedar:5:1"));
    policy_release(set);
}

static void what_the_policies_look_at_is_known(void **state) {
    (void)state;
    struct policy_set *set = NULL;
    struct error e = {0};
    const char *text = "permit(principal, action, resource) when { context.object == \"customer\" };";
    assert_int_equal(policy_parse(slice_from_string(text), "p", &set, &e), ST_OK);
    assert_false(policy_mentions_time(set));
    policy_release(set);
    text = "permit(principal, action, resource) when { context has hour && context.hour < 18 || "
           "context.reason };";
    assert_int_equal(policy_parse(slice_from_string(text), "p", &set, &e), ST_OK);
    assert_true(policy_mentions_time(set));
    assert_int_equal(policy_mentions(set) & 0x3e0, POLICY_MENTIONS_TIME | POLICY_MENTIONS_REASON);
    policy_release(set);
    text = "permit(principal, action, resource) when { context == {} };";
    assert_int_equal(policy_parse(slice_from_string(text), "p", &set, &e), ST_OK);
    assert_int_equal(policy_mentions(set) & 0x3e0, 0x3e0);
    policy_release(set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expressions_mean_what_the_language_says),
        cmocka_unit_test(an_endless_expression_is_refused_not_followed),
        cmocka_unit_test(a_bad_policy_is_refused_with_its_place_and_what_was_expected),
        cmocka_unit_test(every_form_of_scope_is_read),
        cmocka_unit_test(what_the_policies_look_at_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
