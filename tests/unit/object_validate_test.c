#include "test.h"

#include "object/pattern.h"
#include "object/set.h"
#include "object/validate.h"

static struct object_set *set;
static struct arena arena;
static const struct validate_clock noon = {.now_ms = INT64_C(1750000000000), .utc_offset_minutes = 480};

static int setup(void **state) {
    (void)state;
    struct error e = {0};
    arena_init(&arena, 1 << 20, ARENA_PLAIN);
    return object_set_load(KEDUN_SHARE_DIR "/objects", &set, &e) == ST_OK ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    object_set_release(set);
    arena_free(&arena);
    return 0;
}

static const struct object_def *object(const char *name) {
    return object_find(set, slice_from_string(name));
}

static size_t position(const struct object_def *o, const char *name) {
    const struct field_def *f = object_field(o, slice_from_string(name));
    assert_non_null(f);
    return (size_t)(f - o->fields);
}

/* ---- one value ---- */

static enum status parse(const char *o, const char *field, const char *text, struct value *out,
                         struct error *e) {
    return object_parse_field(object_field(object(o), slice_from_string(field)), slice_from_string(text),
                              &noon, &arena, out, e);
}

static void refuses(const char *o, const char *field, const char *text, const char *code) {
    struct value v;
    struct error e = {0};
    assert_int_equal(parse(o, field, text, &v, &e), ST_INVALID);
    assert_string_equal(e.code, code);
    assert_string_equal(e.field, field);
    assert_true(text[0] == '\0' || strstr(e.detail, text) == NULL);
}

static void a_value_is_normalised_and_held_to_its_fields_rules(void **state) {
    (void)state;
    struct value v;
    assert_int_equal(parse("customer", "mobile", " 138 1234 5678 ", &v, NULL), ST_OK);
    assert_true(slice_is(v.text, "+8613812345678"));
    assert_int_equal(parse("customer", "annual_amount", "1,234.50", &v, NULL), ST_OK);
    assert_int_equal(v.i, 123450);
    assert_int_equal(parse("customer", "name", "", &v, NULL), ST_OK);
    assert_int_equal(v.kind, KIND_NULL);
    refuses("customer", "annual_amount", "-1", "out_of_range");
    refuses("ticket", "satisfaction", "6", "out_of_range");
    refuses("customer", "grade", "z", "bad_choice");
    refuses("customer", "birth_date", "2999-01-01", "in_future");
    refuses("customer", "uscc", "911100000000000000", "bad_uscc");
    refuses("product", "code", "a b", "bad_pattern");
}

/* ---- patterns ---- */

static bool matches(const char *pattern, const char *text) {
    struct object_pattern *p = NULL;
    struct error e = {0};
    assert_int_equal(pattern_compile(pattern, &p, &e), ST_OK);
    bool yes = pattern_matches(p, slice_from_string(text));
    pattern_free(p);
    return yes;
}

static void a_pattern_holds_for_the_whole_value_only(void **state) {
    (void)state;
    assert_true(matches("[A-Z]{2}[0-9]+", "AB12"));
    assert_false(matches("[A-Z]{2}[0-9]+", "xAB12"));
    assert_false(matches("[A-Z]{2}[0-9]+", "AB12x"));
    assert_false(matches("a|ab", "abc"));
    assert_true(matches("a|ab", "ab"));
    assert_false(matches("a$|b", "a\nb"));
    assert_true(matches("[一-龥]{2}", "客盾"));
    assert_false(matches(".", "客盾"));
    assert_true(matches("[[:alpha:]]+", "abc"));
}

static void a_faulty_pattern_is_refused(void **state) {
    (void)state;
    static const char *const bad[] = {"", "[", "((((", "a)|(b", "a{3,1}", "\\q", "(?<x"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct object_pattern *p = NULL;
        struct error e = {0};
        assert_int_equal(pattern_compile(bad[i], &p, &e), ST_INVALID);
        assert_string_equal(e.code, "bad_pattern");
        assert_null(p);
    }
    char text[PATTERN_MAX + 2];
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = '\0';
    struct object_pattern *p = NULL;
    assert_int_equal(pattern_compile(text, &p, NULL), ST_INVALID);
}

/* These take exponential time unbounded; the test's own limit would be hit. */
static void a_pattern_that_would_run_for_ever_does_not_match(void **state) {
    (void)state;
    char value[PATTERN_VALUE_MAX + 2];
    memset(value, 'a', sizeof value);
    value[PATTERN_VALUE_MAX - 1] = '!';
    value[PATTERN_VALUE_MAX] = '\0';
    assert_false(matches("(a+)+", value));
    assert_false(matches("(a|aa)+b", value));
    assert_false(matches("(.*)\\1\\1\\1x", value));
    assert_false(matches("((a{1,90}){1,90}){1,90}", value));
}

static void a_value_longer_than_the_bound_does_not_match(void **state) {
    (void)state;
    char value[PATTERN_VALUE_MAX + 2];
    memset(value, 'a', sizeof value);
    value[PATTERN_VALUE_MAX + 1] = '\0';
    assert_false(matches("[a]+", value));
    value[PATTERN_VALUE_MAX] = '\0';
    assert_true(matches("[a]+", value));
}

/* ---- the row ---- */

struct row {
    const struct object_def *o;
    struct field_input inputs[OBJECT_FIELDS_MAX];
    struct error errors[8];
    size_t count;
};

static void put(struct row *r, const char *field, enum field_state state, const char *text) {
    struct field_input *in = &r->inputs[position(r->o, field)];
    in->state = state;
    assert_int_equal(parse(r->o->name, field, text, &in->value, NULL), ST_OK);
}

static void check(struct row *r, bool creating) {
    r->count = object_validate_row(r->o, r->inputs, creating, r->errors, 8);
}

static bool told(const struct row *r, const char *field, const char *code) {
    for (size_t i = 0; i < r->count; i++) {
        if (strcmp(r->errors[i].field, field) == 0 && strcmp(r->errors[i].code, code) == 0)
            return true;
    }
    return false;
}

static void a_company_needs_its_name_and_a_person_his(void **state) {
    (void)state;
    struct row r = {.o = object("customer")};
    put(&r, "customer_type", FIELD_GIVEN, "company");
    put(&r, "status", FIELD_GIVEN, "active");
    check(&r, true);
    assert_int_equal(r.count, 1);
    assert_true(told(&r, "name", "required"));
    put(&r, "customer_type", FIELD_GIVEN, "person");
    check(&r, true);
    assert_int_equal(r.count, 1);
    assert_true(told(&r, "person_name", "required"));
    put(&r, "person_name", FIELD_GIVEN, "王芳");
    check(&r, true);
    assert_int_equal(r.count, 0);
}

static void defaults_fill_what_was_not_given(void **state) {
    (void)state;
    struct row r = {.o = object("customer")};
    put(&r, "customer_type", FIELD_GIVEN, "person");
    put(&r, "person_name", FIELD_GIVEN, "王芳");
    check(&r, true);
    assert_true(told(&r, "status", "required"));
    assert_int_equal(object_apply_defaults(r.o, &noon, &arena, r.inputs, NULL), ST_OK);
    check(&r, true);
    assert_int_equal(r.count, 0);
    assert_true(slice_is(r.inputs[position(r.o, "status")].value.text, "prospective"));
    assert_true(slice_is(r.inputs[position(r.o, "customer_type")].value.text, "person"));
}

static void a_change_is_held_to_the_rules_it_touches(void **state) {
    (void)state;
    struct row r = {.o = object("customer")};
    put(&r, "customer_type", FIELD_STORED, "company");
    put(&r, "name", FIELD_STORED, "");
    put(&r, "grade", FIELD_GIVEN, "a");
    check(&r, false);
    assert_int_equal(r.count, 0);
    put(&r, "name", FIELD_GIVEN, "");
    check(&r, false);
    assert_true(told(&r, "name", "required"));
    put(&r, "status", FIELD_GIVEN, "");
    check(&r, false);
    assert_true(told(&r, "status", "required"));
}

static void what_the_caller_may_not_see_gives_no_error(void **state) {
    (void)state;
    struct row r = {.o = object("customer")};
    put(&r, "customer_type", FIELD_GIVEN, "person");
    check(&r, false);
    assert_int_equal(r.count, 0);
    put(&r, "person_name", FIELD_STORED, "");
    check(&r, false);
    assert_true(told(&r, "person_name", "required"));
}

static void system_times_cannot_be_given(void **state) {
    (void)state;
    struct row r = {.o = object("task")};
    put(&r, "created_at", FIELD_GIVEN, "2024-01-02T03:04:05Z");
    check(&r, false);
    assert_int_equal(r.count, 1);
    assert_true(told(&r, "created_at", "read_only"));
}

static void errors_beyond_the_room_are_counted(void **state) {
    (void)state;
    struct row r = {.o = object("order")};
    assert_int_equal(object_validate_row(r.o, r.inputs, true, r.errors, 1), 5);
    assert_int_equal(object_validate_row(r.o, r.inputs, true, NULL, 0), 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_is_normalised_and_held_to_its_fields_rules),
        cmocka_unit_test(a_pattern_holds_for_the_whole_value_only),
        cmocka_unit_test(a_faulty_pattern_is_refused),
        cmocka_unit_test(a_pattern_that_would_run_for_ever_does_not_match),
        cmocka_unit_test(a_value_longer_than_the_bound_does_not_match),
        cmocka_unit_test(a_company_needs_its_name_and_a_person_his),
        cmocka_unit_test(defaults_fill_what_was_not_given),
        cmocka_unit_test(a_change_is_held_to_the_rules_it_touches),
        cmocka_unit_test(what_the_caller_may_not_see_gives_no_error),
        cmocka_unit_test(system_times_cannot_be_given),
        cmocka_unit_test(errors_beyond_the_room_are_counted),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
