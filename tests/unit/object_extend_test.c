#include "test.h"

#include "object/diff.h"
#include "object/extend.h"
#include "object/write.h"

#include <stdio.h>

static struct object_set *shipped;

static int setup(void **state) {
    (void)state;
    struct error e = {0};
    return object_set_load(KEDUN_SHARE_DIR "/objects", &shipped, &e) == ST_OK ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    object_set_release(shipped);
    return 0;
}

static struct object_set *extend(const struct object_set *from, const char *change, struct buf *applied) {
    struct object_set *set = NULL;
    struct error e = {0};
    enum status s = object_set_extend(from, slice_from_string(change), &set, applied, &e);
    if (s != ST_OK)
        print_error("%s\n", e.detail);
    assert_int_equal(s, ST_OK);
    return set;
}

static void refused(const char *change, const char *code, const char *told) {
    struct object_set *set = NULL;
    struct error e = {0};
    assert_int_equal(object_set_extend(shipped, slice_from_string(change), &set, NULL, &e), ST_INVALID);
    if (strcmp(e.code, code) != 0 || strstr(e.detail, told) == NULL)
        print_error("wanted %s: %s\ngot %s: %s\n", code, told, e.code, e.detail);
    assert_string_equal(e.code, code);
    assert_non_null(strstr(e.detail, told));
    assert_null(set);
}

static const struct field_def *field(const struct object_set *set, const char *object, const char *name) {
    const struct object_def *o = object_find(set, slice_from_string(object));
    return o == NULL ? NULL : object_field(o, slice_from_string(name));
}

#define FIELD(NAME)                                                                                          \
    "{\"name\":\"" NAME                                                                                      \
    "\",\"label\":{\"zh\":\"新\",\"en\":\"New\"},\"type\":\"text\",\"class\":\"internal\"}"

static void an_added_field_gets_a_run_time_id_and_changes_nothing_else(void **state) {
    (void)state;
    struct object_set *one =
        extend(shipped, "{\"object\":\"customer\",\"add_field\":" FIELD("hobby") "}", NULL);
    struct object_set *two = extend(one, "{\"object\":\"customer\",\"add_field\":" FIELD("club") "}", NULL);
    assert_int_equal(field(two, "customer", "hobby")->id, 10000);
    assert_int_equal(field(two, "customer", "club")->id, 10001);
    assert_int_equal(two->version, shipped->version + 2);
    assert_null(field(shipped, "customer", "hobby"));
    const struct object_def *o = object_find(shipped, SLICE("customer"));
    for (size_t i = 0; i < o->field_count; i++) {
        const struct field_def *f = object_field_by_id(object_find(two, SLICE("customer")), o->fields[i].id);
        assert_string_equal(f->name, o->fields[i].name);
        assert_int_equal(f->class, o->fields[i].class);
    }
    object_set_release(one);
    object_set_release(two);
}

static void a_retired_fields_id_is_never_given_again(void **state) {
    (void)state;
    struct object_set *one = extend(shipped, "{\"object\":\"task\",\"add_field\":" FIELD("a") "}", NULL);
    struct object_set *two =
        extend(one, "{\"object\":\"task\",\"change_field\":\"a\",\"set\":{\"retired\":true}}", NULL);
    struct object_set *three = extend(two, "{\"object\":\"task\",\"add_field\":" FIELD("b") "}", NULL);
    assert_true(field(three, "task", "a")->retired);
    assert_int_equal(field(three, "task", "b")->id, 10001);
    object_set_release(one);
    object_set_release(two);
    object_set_release(three);
}

static void an_applied_change_replays_with_the_same_ids(void **state) {
    (void)state;
    struct buf applied;
    buf_init(&applied, OBJECT_FILE_MAX, false);
    struct object_set *one = extend(shipped,
                                    "{\"add_object\":{\"name\":\"site\",\"label\":{\"zh\":\"场地\",\"en\":"
                                    "\"Site\"},\"label_plural\":{\"zh\":\"场地\","
                                    "\"en\":\"Sites\"},\"subject\":\"customer\",\"title_fields\":[\"title\"],"
                                    "\"fields\":[{\"name\":\"customer\","
                                    "\"label\":{\"zh\":\"客户\",\"en\":\"Customer\"},\"type\":\"reference\","
                                    "\"reference\":\"customer\",\"class\":"
                                    "\"internal\",\"required\":true}," FIELD("title") "]}}",
                                    &applied);
    buf_put_u8(&applied, 0);
    struct object_set *again = extend(shipped, (const char *)applied.p, NULL);
    assert_int_equal(object_find(one, SLICE("site"))->id, 10000);
    assert_int_equal(field(one, "site", "customer")->id, 10000);
    assert_int_equal(field(one, "site", "title")->id, 10001);
    assert_int_equal(object_find(again, SLICE("site"))->id, 10000);
    assert_int_equal(field(again, "site", "title")->id, 10001);
    assert_non_null(strstr((const char *)applied.p, "\"id\":10001"));
    object_set_release(one);
    object_set_release(again);
    buf_free(&applied);
}

static void a_choice_left_out_is_kept_retired(void **state) {
    (void)state;
    struct object_set *set =
        extend(shipped,
               "{\"object\":\"customer\",\"change_field\":\"grade\",\"set\":{\"choices\":[{\"key\":\"s\","
               "\"label\":{\"zh\":\"S "
               "级\",\"en\":\"S\"}},{\"key\":\"a\",\"label\":{\"zh\":\"A 级\",\"en\":\"A\"}}]}}",
               NULL);
    const struct field_def *f = field(set, "customer", "grade");
    assert_int_equal(f->choice_count, 5);
    assert_int_equal(f->choice_key_count, 2);
    assert_true(f->choices[4].retired);
    object_set_release(set);
}

static void a_raised_class_is_found_and_means_sealing(void **state) {
    (void)state;
    struct object_set *set = extend(
        shipped, "{\"object\":\"customer\",\"change_field\":\"bank_name\",\"set\":{\"class\":\"personal\"}}",
        NULL);
    struct arena a;
    arena_init(&a, 1 << 20, ARENA_PLAIN);
    struct object_diff diff;
    assert_int_equal(object_diff(shipped, set, &a, &diff), ST_OK);
    assert_int_equal(diff.count, 1);
    assert_int_equal(diff.changes[0].kind, CHANGE_FIELD_CLASS_RAISED);
    assert_int_equal(diff.changes[0].effect, EFFECT_SEAL);
    assert_string_equal(diff.changes[0].from, "internal");
    struct buf out;
    buf_init(&out, 4096, false);
    struct json j = json_to(&out);
    object_diff_write(&j, &diff);
    buf_put_u8(&out, 0);
    assert_string_equal(
        (const char *)out.p,
        "{\"changes\":[{\"kind\":\"field_class_raised\",\"effect\":\"seal\",\"refused\":false,"
        "\"object\":\"customer\",\"field\":\"bank_name\",\"from\":\"internal\",\"to\":\"personal\"}],"
        "\"refused\":0}");
    buf_free(&out);
    arena_free(&a);
    object_set_release(set);
}

static void the_diff_of_equal_sets_is_empty(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 20, ARENA_PLAIN);
    struct object_diff diff;
    assert_int_equal(object_diff(shipped, shipped, &a, &diff), ST_OK);
    assert_int_equal(diff.count, 0);
    arena_free(&a);
}

static void what_would_lose_or_bare_data_is_refused(void **state) {
    (void)state;
    const char *code = "definition_change_refused", *bad = "definition_invalid";
    refused("{\"object\":\"task\",\"change_field\":\"title\",\"set\":{\"class\":\"internal\"}}", code,
            "task.title: field_class_lowered (personal to internal)");
    refused("{\"object\":\"task\",\"change_field\":\"title\",\"set\":{\"type\":\"integer\"}}", bad,
            "cannot be changed");
    refused("{\"object\":\"task\",\"change_field\":\"title\",\"set\":{\"id\":10005}}", bad,
            "cannot be changed");
    refused("{\"object\":\"task\",\"set\":{\"subject\":\"none\"}}", bad, "cannot be changed");
    refused("{\"object\":\"task\",\"set\":{\"fields\":[]}}", bad, "cannot be changed");
    refused("{\"object\":\"nothing\",\"set\":{}}", bad, "name an object that there is");
    refused("{\"object\":\"task\",\"remove_field\":\"title\"}", bad, "use add_object");
    refused("{\"object\":\"task\",\"add_field\":{\"id\":150,\"name\":\"z\"}}", bad, "from 10000 up");
    refused("{\"object\":\"customer\",\"change_field\":\"status\",\"set\":{\"class\":\"personal\",\"search\":"
            "[\"exact\"]}}",
            bad, "an index would give them away");
    refused("[]", bad, "write one object");
    refused("{", bad, "line 1");
}

/* Two sets made by hand: what only a changed file could do. */
static void diff_files(const char *before, const char *after, struct arena *a, struct object_diff *out,
                       struct object_set *sets[2]) {
    const char *const texts[] = {before, after};
    for (size_t i = 0; i < 2; i++) {
        struct object_source source = {"x.json", slice_from_string(texts[i])};
        struct error e = {0};
        enum status s = object_set_read(&source, 1, 1, &sets[i], &e);
        if (s != ST_OK)
            print_error("%s\n", e.detail);
        assert_int_equal(s, ST_OK);
    }
    assert_int_equal(object_diff(sets[0], sets[1], a, out), ST_OK);
}

#define L "\"label\":{\"zh\":\"甲\",\"en\":\"A\"}"
#define OBJECT(ID, NAME, FIELDS)                                                                             \
    "{\"id\":" ID ",\"name\":\"" NAME "\"," L                                                                \
    ",\"label_plural\":{\"zh\":\"甲\",\"en\":\"A\"},\"subject\":\"self\","                                  \
    "\"title_fields\":[\"a\"],\"fields\":[" FIELDS "]}"
#define F(ID, NAME, TYPE, CLASS)                                                                             \
    "{\"id\":" ID ",\"name\":\"" NAME "\"," L ",\"type\":\"" TYPE "\",\"class\":\"" CLASS "\"}"

static void each_refused_change_of_a_file_is_found(void **state) {
    (void)state;
    static const struct {
        const char *before, *after;
        enum object_change_kind kind;
    } cases[] = {
        {OBJECT("1", "x", F("100", "a", "text", "internal")),
         OBJECT("2", "y", F("100", "a", "text", "internal")), CHANGE_OBJECT_REMOVED},
        {OBJECT("1", "x", F("100", "a", "text", "internal")),
         OBJECT("2", "x", F("100", "a", "text", "internal")), CHANGE_OBJECT_ID},
        {OBJECT("1", "x", F("100", "a", "text", "internal") "," F("101", "b", "text", "internal")),
         OBJECT("1", "x", F("100", "a", "text", "internal")), CHANGE_FIELD_REMOVED},
        {OBJECT("1", "x", F("100", "a", "text", "internal")),
         OBJECT("1", "x", F("101", "a", "text", "internal")), CHANGE_FIELD_ID},
        {OBJECT("1", "x", F("100", "a", "text", "internal")),
         OBJECT("1", "x", F("100", "a", "integer", "internal")), CHANGE_FIELD_TYPE},
        {OBJECT("1", "x", F("100", "a", "text", "personal")),
         OBJECT("1", "x", F("100", "a", "text", "public")), CHANGE_FIELD_CLASS_LOWERED},
    };
    struct arena a;
    arena_init(&a, 1 << 20, ARENA_PLAIN);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct object_set *sets[2] = {NULL, NULL};
        struct object_diff diff;
        diff_files(cases[i].before, cases[i].after, &a, &diff, sets);
        bool found = false;
        for (size_t k = 0; k < diff.count; k++)
            found = found || (diff.changes[k].kind == cases[i].kind && diff.changes[k].refused);
        assert_true(found);
        assert_int_equal(diff.refused, 1);
        object_set_release(sets[0]);
        object_set_release(sets[1]);
    }
    arena_free(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_added_field_gets_a_run_time_id_and_changes_nothing_else),
        cmocka_unit_test(a_retired_fields_id_is_never_given_again),
        cmocka_unit_test(an_applied_change_replays_with_the_same_ids),
        cmocka_unit_test(a_choice_left_out_is_kept_retired),
        cmocka_unit_test(a_raised_class_is_found_and_means_sealing),
        cmocka_unit_test(the_diff_of_equal_sets_is_empty),
        cmocka_unit_test(what_would_lose_or_bare_data_is_refused),
        cmocka_unit_test(each_refused_change_of_a_file_is_found),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
