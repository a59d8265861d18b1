/* Policies against a schema, strict and permissive; and the schema itself. */
#include "test.h"

#include "policy/validate.h"

static const char schema_text[] =
    "entity Group in [Group] { open: Bool };\n"
    "entity User in [Group] { name: String, age?: Long, box: { size?: Long } } tags Long;\n"
    "entity Level enum [\"low\", \"high\"];\n"
    "entity Photo, Film { owner: User, made: datetime, kinds: Set<String> };\n"
    "action all;\n"
    "action view in [all] appliesTo { principal: User, resource: [Photo, Film], context: { from?: ipaddr } "
    "};\n"
    "action edit in [all] appliesTo { principal: User, resource: Photo };\n";

enum verdict { VALID, WARNED, STRICT_ONLY, NEVER, BROKEN };

/* VALID in both modes; WARNED: valid, applies to nothing; STRICT_ONLY: refused in strict mode alone; NEVER:
 * refused in both; BROKEN: no policy. */
static const struct {
    enum verdict verdict;
    const char *condition;
} cases[] = {
    {VALID, "true"},
    {VALID, "principal.name == \"x\""},
    {NEVER, "principal.age > 1"},
    {VALID, "principal has age && principal.age > 1"},
    {NEVER, "principal has age || principal.age > 1"},
    {VALID, "!(principal has age) || principal.name like \"a*\""},
    {VALID, "if principal has age then principal.age == 1 else false"},
    {NEVER, "if principal has age then true else principal.age == 1"},
    {VALID, "principal has box.size && principal.box.size < 3"},
    {NEVER, "principal.box.size < 3"},
    {VALID, "context has from && context.from.isLoopback()"},
    {VALID, "action == Action::\"view\" && (context has from && context.from.isIpv4())"},
    {VALID, "resource is Photo && resource.kinds.contains(\"a\")"},
    {VALID, "principal.hasTag(\"a\") && principal.getTag(\"a\") == 1"},
    {NEVER, "principal.getTag(\"a\") == 1"},
    {NEVER, "principal.hasTag(\"a\") && principal.getTag(\"b\") == 1"},
    {VALID, "principal.hasTag(principal.name) && principal.getTag(principal.name) == 1"},
    {NEVER, "principal.name"},
    {NEVER, "principal.name < \"a\""},
    {NEVER, "principal.name + 1 == 2"},
    {NEVER, "principal.nothing == 1"},
    {WARNED, "principal has nothing"},
    {WARNED, "principal has nothing && principal.nothing.at.all"},
    {STRICT_ONLY, "principal.name == 1"},
    {NEVER, "[1, \"a\"].contains(1)"},
    {STRICT_ONLY, "[] == resource.kinds"},
    {STRICT_ONLY, "resource.kinds.contains(1)"},
    {STRICT_ONLY, "resource.kinds.containsAny([1])"},
    {STRICT_ONLY, "principal.name like \"1*\" && datetime(principal.name) < resource.made"},
    {NEVER, "datetime(\"yesterday\") < resource.made"},
    {VALID, "datetime(\"2024-01-01\").offset(duration(\"1d\")) < resource.made"},
    {NEVER, "resource.made < 1"},
    {NEVER, "ip(\"1.1.1.1\").isInRange()"},
    {WARNED, "principal == Photo::\"a\""},
    {VALID, "principal in Group::\"a\" && principal in [Group::\"b\", Group::\"c\"]"},
    {WARNED, "principal in Photo::\"a\""},
    {NEVER, "principal in Nothing::\"a\""},
    {NEVER, "principal is Nothing"},
    {NEVER, "false && principal is Nothing"},
    {NEVER, "Level::\"middle\" == Level::\"low\""},
    {WARNED, "Level::\"high\" == Level::\"low\""},
    {NEVER, "action == Action::\"nothing\""},
    {VALID, "action in Action::\"all\""},
    {VALID, "action in [Action::\"edit\", Action::\"all\"]"},
    {STRICT_ONLY, "(if principal has age then User::\"a\" else Group::\"a\") in Group::\"b\""},
    {STRICT_ONLY, "(if principal has age then {a: 1} else {a: 1, b: 2}) has a"},
    {BROKEN, "principal = 1"},
};

static struct arena arena;

static enum status read_schema(const char *text, const struct schema **out, struct error *e) {
    const struct schema_source *source;
    enum status s = schema_source_from_text(slice_from_string(text), "s", &arena, &source, e);
    return s == ST_OK ? schema_resolve(source, &arena, out, e) : s;
}

static bool is_valid(const struct policies *p, const struct schema *schema, bool strict, bool *warned) {
    struct findings f;
    assert_int_equal(validate(p, schema, strict, &arena, &f), ST_OK);
    *warned = f.count > f.errors;
    return f.errors == 0;
}

static enum verdict judge(const char *text, const struct schema *schema) {
    struct policies p;
    struct error e = {0};
    bool warned, ignored;
    if (policies_from_text(slice_from_string(text), "p", &arena, &p, &e) != ST_OK)
        return BROKEN;
    bool strict = is_valid(&p, schema, true, &warned), permissive = is_valid(&p, schema, false, &ignored);
    assert_true(permissive || !strict);
    return strict && warned ? WARNED : strict ? VALID : permissive ? STRICT_ONLY : NEVER;
}

static void a_condition_is_valid_when_no_request_makes_it_err(void **state) {
    (void)state;
    struct error e = {0};
    const struct schema *schema;
    arena_init(&arena, 1 << 26, ARENA_PLAIN);
    assert_int_equal(read_schema(schema_text, &schema, &e), ST_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *text =
            arena_format(&arena, "permit(principal, action, resource) when { %s };", cases[i].condition);
        enum verdict got = judge(text, schema);
        if (got != cases[i].verdict)
            fail_msg("%s: expected %d, got %d", cases[i].condition, cases[i].verdict, got);
    }
    arena_free(&arena);
}

static const struct {
    enum verdict verdict;
    const char *text;
} scopes[] = {
    {VALID, "permit(principal == User::\"a\", action == Action::\"view\", resource);"},
    {NEVER, "permit(principal == Group::\"a\", action == Action::\"view\", resource);"},
    {VALID, "permit(principal in Group::\"a\", action == Action::\"view\", resource);"},
    {VALID, "permit(principal is User in Group::\"a\", action, resource is Film);"},
    {NEVER, "permit(principal, action == Action::\"edit\", resource is Film);"},
    {NEVER, "permit(principal, action == Action::\"all\", resource);"},
    {VALID, "permit(principal, action in Action::\"all\", resource);"},
    {VALID, "permit(principal, action in [Action::\"edit\", Action::\"view\"], resource);"},
    {NEVER, "permit(principal, action in [], resource);"},
    {NEVER, "permit(principal, action in [Action::\"none\"], resource);"},
    {NEVER, "permit(principal is Nothing, action, resource);"},
    {VALID,
     "permit(principal in ?principal, action, resource == ?resource) when { principal.name == \"a\" };"},
    {NEVER, "permit(principal in ?principal, action, resource) when { principal.age == 1 };"},
    {VALID,
     "permit(principal, action == Action::\"edit\", resource) unless { resource.owner == principal };"},
    {NEVER, "permit(principal, action == Action::\"edit\", resource) when { context.from.isIpv4() };"},
};

static void a_scope_is_valid_when_some_request_is_in_it(void **state) {
    (void)state;
    struct error e = {0};
    const struct schema *schema;
    arena_init(&arena, 1 << 26, ARENA_PLAIN);
    assert_int_equal(read_schema(schema_text, &schema, &e), ST_OK);
    for (size_t i = 0; i < sizeof scopes / sizeof scopes[0]; i++) {
        enum verdict got = judge(scopes[i].text, schema);
        if (got != scopes[i].verdict)
            fail_msg("%s: expected %d, got %d", scopes[i].text, scopes[i].verdict, got);
    }
    arena_free(&arena);
}

static void a_schema_with_a_mistake_is_refused_with_its_place(void **state) {
    (void)state;
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"entity A", "s:1:9: expected ';'"},
        {"entity A {\n a: B };", "s:2: there is no such type: B"},
        {"entity A in [B];", "no such entity type: B"},
        {"entity A; entity A;", "declared twice: A"},
        {"type T = Set<U>; type U = { t: T };", "part of itself"},
        {"type Long = String;", "this name is taken"},
        {"action a in [a];", "this action is in itself"},
        {"action a in [b];", "no such action"},
        {"entity U; action a appliesTo { principal: U };", "both principal and resource"},
        {"entity U; action a appliesTo { principal: [], resource: U };", "list is empty"},
        {"entity U; type T = Long; action a appliesTo { principal: U, resource: U, context: T };",
         "contexts are records"},
        {"entity A; namespace N { entity A; }", "the nameless namespace declares it too"},
        {"namespace N { } namespace N { }", "stands here twice"},
        {"entity Action;", "no entity type has this name"},
        {"entity A { a: Long, a: Long };", "the same attribute twice"},
        {"@x @x entity A;", "the same annotation twice"},
        {"entity A enum [];", "expected a string"},
    };
    arena_init(&arena, 1 << 24, ARENA_PLAIN);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct schema *schema;
        struct error e = {0};
        assert_int_equal(read_schema(bad[i].text, &schema, &e), ST_INVALID);
        if (strstr(e.detail, bad[i].says) == NULL)
            fail_msg("%s: %s", bad[i].text, e.detail);
    }
    arena_free(&arena);
}

static void both_syntaxes_of_a_schema_mean_the_same(void **state) {
    (void)state;
    static const char json[] =
        "{\"\": {\"commonTypes\": {\"T\": {\"type\": \"Record\", \"attributes\": {\"s\": {\"type\": \"Set\", "
        "\"element\": {\"type\": \"EntityOrCommon\", \"name\": \"U\"}}}}}, \"entityTypes\": {\"U\": "
        "{\"shape\": "
        "{\"type\": \"T\"}, \"tags\": {\"type\": \"Extension\", \"name\": \"decimal\"}, \"memberOfTypes\": "
        "[\"U\"]}},"
        "\"actions\": {\"a\": {\"appliesTo\": {\"principalTypes\": [\"U\"], \"resourceTypes\": [\"U\"], "
        "\"context\": "
        "{\"type\": \"Record\", \"attributes\": {\"b\": {\"type\": \"Boolean\", \"required\": false}}}}}}}}";
    const struct schema_source *source;
    const struct schema *schemas[2];
    struct error e = {0};
    arena_init(&arena, 1 << 24, ARENA_PLAIN);
    assert_int_equal(schema_source_from_json(SLICE(json), "s", &arena, &source, &e), ST_OK);
    assert_int_equal(schema_resolve(source, &arena, &schemas[0], &e), ST_OK);
    assert_int_equal(
        read_schema("type T = { s: Set<U> }; entity U in U = {s: Set<U>} tags decimal; action a appliesTo "
                    "{ principal: U, resource: U, context: { b?: Bool } };",
                    &schemas[1], &e),
        ST_OK);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(schemas[i]->entity_count, 1);
        assert_true(type_equal(schemas[0]->entities[0].attributes, schemas[i]->entities[0].attributes));
        assert_true(schemas[i]->entities[0].tags == type_extension(CEDAR_DECIMAL));
        assert_true(type_equal(schemas[0]->actions[0].context, schemas[i]->actions[0].context));
        assert_int_equal(schemas[i]->entities[0].ancestor_count, 1);
    }
    arena_free(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_condition_is_valid_when_no_request_makes_it_err),
        cmocka_unit_test(a_scope_is_valid_when_some_request_is_in_it),
        cmocka_unit_test(a_schema_with_a_mistake_is_refused_with_its_place),
        cmocka_unit_test(both_syntaxes_of_a_schema_mean_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
