/* The language's own question: a request against policies, entities and a schema that come as text. */
#include "policy_arena.h"

#include "policy/authorize.h"

static const char schema_text[] =
    "type Address = { street: String, \"house no\"?: Long };\n"
    "namespace Shop {\n"
    "  entity Team in [Team];\n"
    "  entity Level enum [\"low\", \"high\"];\n"
    "  @doc(\"who works here\")\n"
    "  entity User, Robot in [Team] = { age: Long, home?: Address, net?: ipaddr, boss?: User, level?: "
    "Level,\n"
    "                                   born?: datetime } tags Set<String>;\n"
    "  entity Photo { owner: User, price: __cedar::decimal };\n"
    "  action look;\n"
    "  action view, \"print it\" in [look] appliesTo { principal: [User, Robot], resource: Photo,\n"
    "    context: { from?: ipaddr, hours?: duration, note: { text: String } } };\n"
    "}\n";

static const char entities_text[] =
    "[{\"uid\": {\"type\": \"Shop::User\", \"id\": \"a\"}, \"attrs\": {\"age\": 30, \"net\": "
    "\"10.0.0.1/8\",\n"
    "   \"boss\": {\"type\": \"Shop::User\", \"id\": \"b\"}, \"home\": {\"street\": \"x\"}, \"born\": "
    "\"2000-01-01\"},\n"
    "  \"tags\": {\"floor\": [\"1\", \"2\"]}, \"parents\": [{\"__entity\": {\"type\": \"Shop::Team\", "
    "\"id\": \"t\"}}]},\n"
    " {\"uid\": {\"__entity\": {\"type\": \"Shop::Team\", \"id\": \"t\"}}, \"attrs\": {},\n"
    "  \"parents\": [{\"type\": \"Shop::Team\", \"id\": \"top\"}]},\n"
    " {\"uid\": {\"type\": \"Shop::Photo\", \"id\": \"p\"}, \"attrs\": {\"price\": {\"__extn\": {\"fn\": "
    "\"decimal\",\n"
    "  \"arg\": \"9.99\"}}, \"owner\": {\"__entity\": {\"type\": \"Shop::User\", \"id\": \"a\"}}}, "
    "\"parents\": []}]";

static const char request_text[] =
    "{\"principal\": {\"type\": \"Shop::User\", \"id\": \"a\"}, \"action\": \"Shop::Action::\\\"view\\\"\",\n"
    " \"resource\": {\"__entity\": {\"type\": \"Shop::Photo\", \"id\": \"p\"}},\n"
    " \"context\": {\"from\": \"10.1.2.3\", \"note\": {\"text\": \"\\u0000\"}}}";

static const struct schema *the_schema(void) {
    const struct schema_source *source;
    const struct schema *schema;
    struct error e = {0};
    if (schema_source_from_text(SLICE(schema_text), "s", &arena, &source, &e) != ST_OK ||
        schema_resolve(source, &arena, &schema, &e) != ST_OK)
        fail_msg("%s", e.detail);
    return schema;
}

/* "allow p0 p1 !p2": the decision, what decided, what erred. */
static const char *ask(const char *text, const char *request) {
    struct policies policies;
    struct entity_store store;
    struct authorize_answer answer;
    struct cedar_request q;
    const struct document *d;
    struct error e = {0};
    const struct schema *schema = the_schema();
    if (policies_from_text(slice_from_string(text), "p", &arena, &policies, &e) != ST_OK ||
        entity_store_from_json(SLICE(entities_text), "e", schema, &arena, &store, &e) != ST_OK ||
        document_parse(slice_from_string(request), "r", &arena, &d, &e) != ST_OK ||
        request_from_json(d, "r", schema, true, &arena, &q, &e) != ST_OK)
        return arena_string(&arena, slice_from_string(e.detail));
    assert_int_equal(authorize_init(&answer, &policies, &arena), ST_OK);
    assert_int_equal(authorize(&policies, &store.entities, &q, &arena, &answer), ST_OK);
    const char *out = answer.allowed ? "allow" : "deny";
    for (size_t i = 0; i < answer.determining_count; i++)
        out = arena_format(&arena, "%s %s", out, arena_string(&arena, answer.determining[i]->id));
    for (size_t i = 0; i < answer.error_count; i++)
        out = arena_format(&arena, "%s !%s", out, arena_string(&arena, answer.errors[i].policy->id));
    return out;
}

static void a_forbid_that_holds_overrides_every_permit(void **state) {
    (void)state;
    assert_string_equal(ask("permit(principal, action, resource);"
                            "@id(\"no\") forbid(principal, action, resource) when { principal.age > 20 };"
                            "permit(principal, action, resource);",
                            request_text),
                        "deny no");
    assert_string_equal(
        ask("permit(principal, action, resource); @id(\"x\") permit(principal, action, resource);",
            request_text),
        "allow policy0 x");
    assert_string_equal(ask("", request_text), "deny");
}

static void a_policy_that_errs_is_skipped_and_named(void **state) {
    (void)state;
    assert_string_equal(ask("permit(principal, action, resource);"
                            "forbid(principal, action, resource) when { principal.level == 1 };"
                            "forbid(principal, action, resource) when { ip(\"1.1.1.1\").isInRange() };",
                            request_text),
                        "allow policy0 !policy1 !policy2");
}

static void a_schema_tells_what_a_bare_value_means(void **state) {
    (void)state;
    assert_string_equal(
        ask("permit(principal in Shop::Team::\"top\", action in Shop::Action::\"look\", resource is "
            "Shop::Photo)\n"
            "when { principal.net.isInRange(ip(\"10.0.0.0/8\")) && context.from.isInRange(principal.net) }\n"
            "when { principal.boss == Shop::User::\"b\" && resource.price.lessThan(decimal(\"10.0\")) }\n"
            "when { principal has home.street && !(principal has home.\"house no\") }\n"
            "unless { context.note.text == \"\" };",
            request_text),
        "p:4:58: expected an attribute's name or a string, found \"house no\"");
    assert_string_equal(
        ask("permit(principal in Shop::Team::\"top\", action in Shop::Action::\"look\", resource is "
            "Shop::Photo)\n"
            "when { principal.net.isInRange(ip(\"10.0.0.0/8\")) && context.from.isInRange(principal.net) }\n"
            "when { principal.boss == Shop::User::\"b\" && resource.price.lessThan(decimal(\"10.0\")) }\n"
            "when { principal has home.street && !(principal.home has \"house no\") }\n"
            "when { principal.hasTag(\"floor\") && principal.getTag(\"floor\").contains(\"2\") }\n"
            "when { principal.born < datetime(\"2000-01-02\") }\n"
            "unless { context.note.text == \"\" };",
            request_text),
        "allow policy0");
}

static void what_the_schema_has_otherwise_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *request, *says;
    } cases[] = {
        {"{\"principal\": \"Shop::Team::\\\"a\\\"\", \"action\": \"Shop::Action::\\\"view\\\"\", "
         "\"resource\": "
         "\"Shop::Photo::\\\"p\\\"\", \"context\": {\"note\": {\"text\": \"\"}}}",
         "no principals of this type"},
        {"{\"principal\": \"Shop::User::\\\"a\\\"\", \"action\": \"Shop::Action::\\\"nix\\\"\", "
         "\"resource\": "
         "\"Shop::Photo::\\\"p\\\"\"}",
         "no such action"},
        {"{\"principal\": \"Shop::User::\\\"a\\\"\", \"action\": \"Shop::Action::\\\"view\\\"\", "
         "\"resource\": "
         "\"Shop::Photo::\\\"p\\\"\", \"context\": {\"note\": {\"text\": 1}}}",
         "not of the type"},
        {"{\"principal\": \"Shop::User::\\\"a\\\"\", \"action\": \"Shop::Action::\\\"view\\\"\", "
         "\"resource\": "
         "\"Shop::Photo::\\\"p\\\"\", \"context\": {}}",
         "not of the type"},
        {"{\"principal\": \"Shop::User::\\\"a\\\"\", \"action\": \"Shop::Action::\\\"view\\\"\", "
         "\"resource\": "
         "\"Shop::Photo::\\\"p\\\"\", \"context\": {\"more\": 1}}",
         "no attribute of this name"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *got = ask("permit(principal, action, resource);", cases[i].request);
        if (strstr(got, cases[i].says) == NULL)
            fail_msg("%s: %s", cases[i].says, got);
    }
}

static void an_entity_that_the_schema_does_not_allow_is_refused(void **state) {
    (void)state;
    static const char *const cases[] = {
        "[{\"uid\": {\"type\": \"Shop::Cat\", \"id\": \"a\"}, \"attrs\": {}, \"parents\": []}]",
        "[{\"uid\": {\"type\": \"Shop::Level\", \"id\": \"middle\"}, \"attrs\": {}, \"parents\": []}]",
        "[{\"uid\": {\"type\": \"Shop::User\", \"id\": \"a\"}, \"attrs\": {}, \"parents\": []}]",
        "[{\"uid\": {\"type\": \"Shop::User\", \"id\": \"a\"}, \"attrs\": {\"age\": 1.5}, \"parents\": []}]",
        "[{\"uid\": {\"type\": \"Shop::User\", \"id\": \"a\"}, \"attrs\": {\"age\": 1}, \"parents\": "
        "[{\"type\": \"Shop::Photo\", \"id\": \"p\"}]}]",
        "[{\"uid\": {\"type\": \"Shop::User\", \"id\": \"a\"}, \"attrs\": {\"age\": 1, \"level\": "
        "{\"type\": \"Shop::Level\", \"id\": \"odd\"}}, \"parents\": []}]",
        "[{\"uid\": {\"type\": \"Shop::User\", \"id\": \"a\"}, \"attrs\": {\"age\": 1}, \"tags\": {\"x\": "
        "1}, "
        "\"parents\": []}]",
        "[{\"uid\": {\"type\": \"Shop::Team\", \"id\": \"a\"}, \"attrs\": {}, \"tags\": {\"x\": 1}, "
        "\"parents\": []}]",
        "[{\"uid\": {\"type\": \"Shop::Action\", \"id\": \"nix\"}, \"attrs\": {}, \"parents\": []}]",
        "[{\"uid\": {\"type\": \"Shop::Team\", \"id\": \"a\"}, \"attrs\": {}, \"parents\": "
        "[{\"type\": \"Shop::Team\", \"id\": \"a\"}]}]",
        "[{\"uid\": {\"type\": \"Shop::Team\", \"id\": \"a\"}, \"attrs\": {}, \"parents\": []},"
        " {\"uid\": {\"type\": \"Shop::Team\", \"id\": \"a\"}, \"attrs\": {}, \"parents\": "
        "[{\"type\": \"Shop::Team\", \"id\": \"b\"}]}]",
        "[{\"uid\": {\"type\": \"Shop::Team\", \"id\": \"a\"}, \"attrs\": {}, \"attrs\": {}, \"parents\": "
        "[]}]",
    };
    const struct schema *schema = the_schema();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct entity_store store;
        struct error e = {0};
        if (entity_store_from_json(slice_from_string(cases[i]), "e", schema, &arena, &store, &e) == ST_OK)
            fail_msg("taken: %s", cases[i]);
    }
}

static void a_template_applies_only_as_it_is_linked(void **state) {
    (void)state;
    struct policies p;
    struct error e = {0};
    struct cedar_entity user = {SLICE("User"), SLICE("a")};
    const char *text = "@id(\"t\") permit(principal == ?principal, action, resource is Photo in ?resource);"
                       "permit(principal, action, resource);";
    assert_int_equal(policies_from_text(slice_from_string(text), "p", &arena, &p, &e), ST_OK);
    assert_int_equal(p.count, 1);
    assert_int_equal(p.template_count, 1);
    struct linked link = {.id = SLICE("l"), .template = SLICE("t"), .principal = &user};
    assert_int_equal(policies_link(&p, &link, &arena, &e), ST_INVALID);
    link.resource = &user;
    assert_int_equal(policies_link(&p, &link, &arena, &e), ST_OK);
    assert_int_equal(p.count, 2);
    assert_true(slice_is(p.list[1]->principal.entities->id, "a"));
    assert_int_equal(policies_link(&p, &link, &arena, &e), ST_CONFLICT);
    link.template = SLICE("none");
    assert_int_equal(policies_link(&p, &link, &arena, &e), ST_NOT_FOUND);
}

static void a_slot_stands_only_where_its_name_is(void **state) {
    (void)state;
    static const char *const cases[] = {
        "permit(principal == ?resource, action, resource);",
        "permit(principal, action == ?principal, resource);",
        "permit(principal, action, resource) when { ?principal == principal };",
        "permit(principal == ? principal, action, resource);"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct policies p;
        struct error e = {0};
        assert_int_equal(policies_from_text(slice_from_string(cases[i]), "p", &arena, &p, &e), ST_INVALID);
    }
}

/* A scope for `variable` by the next random bits: none, ==, in, is or is … in, of one of four entities. */
static const char *random_scope(const char *variable, uint64_t *seed) {
    *seed = *seed * 6364136223846793005U + 1442695040888963407U;
    unsigned form = (unsigned)(*seed >> 33) % 5, which = (unsigned)(*seed >> 40) % 4;
    if (strcmp(variable, "action") == 0)
        return form == 0   ? "action"
               : form == 1 ? arena_format(&arena, "action == Action::\"%u\"", which)
               : form == 2
                   ? (which == 0 ? "action in []" : arena_format(&arena, "action in Action::\"%u\"", which))
                   : arena_format(&arena, "action in [Action::\"%u\", Action::\"%u\"]", which, form);
    return form == 0   ? variable
           : form == 1 ? arena_format(&arena, "%s == E::\"%u\"", variable, which)
           : form == 2 ? arena_format(&arena, "%s in E::\"%u\"", variable, which)
           : form == 3 ? arena_format(&arena, "%s is E", variable)
                       : arena_format(&arena, "%s is E in E::\"%u\"", variable, which);
}

static void passing_over_policies_by_their_scope_changes_no_answer(void **state) {
    (void)state;
    static const char family[] =
        "[{\"uid\":{\"type\":\"E\",\"id\":\"0\"},\"attrs\":{},\"parents\":[{\"type\":\"E\",\"id\":\"1\"}]},"
        "{\"uid\":{\"type\":\"E\",\"id\":\"1\"},\"attrs\":{},\"parents\":[{\"type\":\"E\",\"id\":\"2\"}]},"
        "{\"uid\":{\"type\":\"Action\",\"id\":\"0\"},\"attrs\":{},\"parents\":[{\"type\":\"Action\",\"id\":"
        "\"2\"}]}]";
    struct entity_store store, slow;
    struct error e = {0};
    uint64_t seed = 20260801;
    assert_int_equal(entity_store_from_json(SLICE(family), "e", NULL, &arena, &store, &e), ST_OK);
    slow = store;
    slow.entities.above = NULL;
    const char *text = "";
    for (unsigned i = 0; i < 150; i++)
        text = arena_format(&arena, "%s%s(%s, %s, %s)%s;\n", text, i % 7 == 0 ? "forbid" : "permit",
                            random_scope("principal", &seed), random_scope("action", &seed),
                            random_scope("resource", &seed), i % 5 == 0 ? " when { context.none }" : "");
    struct policies p;
    struct authorize_answer fast, sure;
    assert_int_equal(policies_from_text(slice_from_string(text), "p", &arena, &p, &e), ST_OK);
    assert_int_equal(authorize_init(&fast, &p, &arena), ST_OK);
    assert_int_equal(authorize_init(&sure, &p, &arena), ST_OK);
    static const struct slice ids[] = {SLICE_INIT("0"), SLICE_INIT("1"), SLICE_INIT("2"), SLICE_INIT("3")};
    size_t determining = 0;
    for (unsigned i = 0; i < 64; i++) {
        struct cedar_request q = {.principal = {SLICE("E"), ids[i % 4]},
                                  .action = {SLICE("Action"), ids[i / 4 % 4]},
                                  .resource = {SLICE("E"), ids[i / 16]},
                                  .context = {.kind = CEDAR_RECORD}};
        assert_int_equal(authorize(&p, &store.entities, &q, &arena, &fast), ST_OK);
        assert_int_equal(authorize(&p, &slow.entities, &q, &arena, &sure), ST_OK);
        assert_int_equal(fast.allowed, sure.allowed);
        assert_int_equal(fast.determining_count, sure.determining_count);
        assert_int_equal(fast.error_count, sure.error_count);
        for (size_t k = 0; k < fast.determining_count; k++)
            assert_ptr_equal(fast.determining[k], sure.determining[k]);
        determining += fast.determining_count;
    }
    assert_true(determining > 64);
}

static const char *random_condition(uint64_t *seed) {
    static const char *const atoms[] = {"principal in E::\"1\"",
                                        "principal == E::\"0\"",
                                        "action in [Action::\"0\", Action::\"2\"]",
                                        "resource == E::\"2\"",
                                        "resource is E",
                                        "principal has d",
                                        "context has a",
                                        "principal.d == \"x\"",
                                        "\"y\" == principal.d",
                                        "principal.d == 3",
                                        "[\"x\", \"z\"].contains(principal.d)",
                                        "principal.s.contains(\"k\")",
                                        "principal.s.contains(\"l\")",
                                        "context.a == 1",
                                        "context.a == 1 || context.a == 2",
                                        "context.a == \"1\"",
                                        "context.a.contains(1)",
                                        "context.a",
                                        "context.b",
                                        "context.b == true",
                                        "!context.b",
                                        "context.a < 3",
                                        "context.none == 1",
                                        "resource in E::\"1\"",
                                        "resource in E::\"3\"",
                                        "!(resource in E::\"1\")",
                                        "!(resource in E::\"3\" || resource == E::\"0\")",
                                        "principal in E::\"3\" || principal in E::\"1\"",
                                        "!(principal in E::\"3\")",
                                        "principal in [E::\"1\", E::\"2\"]",
                                        "resource in [E::\"1\", 2]",
                                        "principal.p in E::\"1\"",
                                        "principal.p in [E::\"0\", E::\"3\"]",
                                        "!(principal.p in E::\"1\" || principal.p in E::\"3\")",
                                        "context.a in E::\"1\"",
                                        "principal.d != \"x\"",
                                        "!(principal.d == \"x\" || principal.d == \"y\")",
                                        "!principal.s.contains(\"k\")",
                                        "!(context.a >= 2)",
                                        "!(context.a < 2)",
                                        "!(2 < context.a)",
                                        "!(1 >= context.a)",
                                        "principal == E::\"1\"",
                                        "action == Action::\"2\"",
                                        "!(context.a in E::\"1\")",
                                        "true",
                                        "1"};
    size_t count = sizeof atoms / sizeof atoms[0];
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    uint64_t r = *seed >> 20;
    return arena_format(&arena, "%s { %s && %s && %s }", r % 5 == 0 ? "unless" : "when",
                        atoms[(r >> 3) % count], atoms[(r >> 11) % count], atoms[(r >> 19) % count]);
}

static struct cedar_value random_context_of(unsigned i) {
    static const struct cedar_value ones[] = {
        {.kind = CEDAR_LONG, .i = 1},
        {.kind = CEDAR_LONG, .i = 2},
        {.kind = CEDAR_STRING, .s = SLICE_INIT("1")},
        {.kind = CEDAR_BOOL, .b = true},
        {.kind = CEDAR_LONG, .i = 9},
        {.kind = CEDAR_ENTITY, .entity = {SLICE_INIT("E"), SLICE_INIT("0")}}};
    struct cedar_pair *pairs = arena_array(&arena, 2, sizeof *pairs);
    pairs[0] = (struct cedar_pair){SLICE("a"), ones[i % 6]};
    pairs[1] = (struct cedar_pair){SLICE("b"), ones[i / 6 % 2 == 0 ? 3 : 0]};
    struct cedar_value c = {.kind = CEDAR_RECORD};
    c.record.pairs = pairs;
    c.record.count = i / 12 % 8 == 0 ? 0 : 1 + i / 12 % 2;
    return c;
}

static void assert_same_answer(const struct authorize_answer *a, const struct authorize_answer *b) {
    assert_int_equal(a->allowed, b->allowed);
    assert_int_equal(a->determining_count, b->determining_count);
    assert_int_equal(a->error_count, b->error_count);
    for (size_t i = 0; i < a->determining_count; i++)
        assert_ptr_equal(a->determining[i], b->determining[i]);
    for (size_t i = 0; i < a->error_count; i++)
        assert_true(a->errors[i].policy == b->errors[i].policy && a->errors[i].fault == b->errors[i].fault &&
                    a->errors[i].at == b->errors[i].at);
}

static void passing_over_policies_by_their_conditions_changes_no_answer(void **state) {
    (void)state;
    static const char family[] =
        "[{\"uid\":{\"type\":\"E\",\"id\":\"0\"},\"attrs\":{\"d\":\"x\",\"s\":[\"k\"],"
        "\"p\":{\"__entity\":{\"type\":\"E\",\"id\":\"1\"}}},"
        "\"parents\":[{\"type\":\"E\",\"id\":\"1\"}]},"
        "{\"uid\":{\"type\":\"E\",\"id\":\"1\"},\"attrs\":{\"d\":\"y\",\"s\":[\"k\",\"l\"],"
        "\"p\":{\"__entity\":{\"type\":\"E\",\"id\":\"0\"}}},"
        "\"parents\":[{\"type\":\"E\",\"id\":\"3\"}]},"
        "{\"uid\":{\"type\":\"F\",\"id\":\"0\"},\"attrs\":{},\"parents\":[{\"type\":\"E\",\"id\":\"1\"}]},"
        "{\"uid\":{\"type\":\"Action\",\"id\":\"0\"},\"attrs\":{},\"parents\":[{\"type\":\"Action\",\"id\":"
        "\"2\"}]},"
        "{\"uid\":{\"type\":\"E\",\"id\":\"2\"},\"attrs\":{\"d\":3,\"s\":\"k\",\"p\":\"x\"},\"parents\":[]}]";
    static const struct slice ids[] = {SLICE_INIT("0"), SLICE_INIT("1"), SLICE_INIT("2"), SLICE_INIT("3")};
    struct entity_store store, slow;
    struct error e = {0};
    uint64_t seed = 20261122;
    size_t determining = 0, errors = 0;
    assert_int_equal(entity_store_from_json(SLICE(family), "e", NULL, &arena, &store, &e), ST_OK);
    slow = store;
    slow.entities.above = NULL;
    for (unsigned round = 0; round < 40; round++) {
        const char *text = "";
        for (unsigned i = 0; i < 200; i++)
            text = arena_format(&arena, "%s%s(%s, %s, %s) %s %s;\n", text, i % 9 == 0 ? "forbid" : "permit",
                                i % 5 == 0 ? random_scope("principal", &seed) : "principal",
                                i % 6 == 0 ? random_scope("action", &seed) : "action",
                                i % 7 == 0 ? random_scope("resource", &seed) : "resource",
                                random_condition(&seed), i % 3 == 0 ? random_condition(&seed) : "");
        struct policies p;
        struct authorize_answer fast, sure;
        if (policies_from_text(slice_from_string(text), "p", &arena, &p, &e) != ST_OK)
            fail_msg("%s", e.detail);
        assert_int_equal(authorize_init(&fast, &p, &arena), ST_OK);
        assert_int_equal(authorize_init(&sure, &p, &arena), ST_OK);
        assert_true(fast.probes->count > 3);
        struct policy_probes none = {.words = fast.probes->words};
        sure.probes = &none;
        for (unsigned i = 0; i < 192; i++) {
            struct cedar_request q = {.principal = {i / 64 == 2 ? SLICE("F") : SLICE("E"), ids[i % 4]},
                                      .action = {SLICE("Action"), ids[i / 4 % 4]},
                                      .resource = {SLICE("E"), ids[i / 16 % 4]},
                                      .context = random_context_of(i + round * 7)};
            assert_int_equal(authorize(&p, &slow.entities, &q, &arena, &sure), ST_OK);
            assert_int_equal(authorize(&p, &slow.entities, &q, &arena, &fast), ST_OK);
            assert_same_answer(&fast, &sure);
            assert_int_equal(authorize(&p, &store.entities, &q, &arena, &fast), ST_OK);
            assert_same_answer(&fast, &sure);
            determining += fast.determining_count;
            errors += fast.error_count;
        }
        arena_reset(&arena);
        assert_int_equal(entity_store_from_json(SLICE(family), "e", NULL, &arena, &store, &e), ST_OK);
        slow = store;
        slow.entities.above = NULL;
    }
    assert_true(determining > 2000 && errors > 2000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_forbid_that_holds_overrides_every_permit, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(a_policy_that_errs_is_skipped_and_named, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(a_schema_tells_what_a_bare_value_means, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(what_the_schema_has_otherwise_is_refused, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(an_entity_that_the_schema_does_not_allow_is_refused, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(a_template_applies_only_as_it_is_linked, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(passing_over_policies_by_their_scope_changes_no_answer, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(passing_over_policies_by_their_conditions_changes_no_answer,
                                        open_arena, close_arena),
        cmocka_unit_test_setup_teardown(a_slot_stands_only_where_its_name_is, open_arena, close_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
