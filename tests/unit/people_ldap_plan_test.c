/* What an import of a directory would change: whose entry is whose, who is refused and why, who has gone. */
#include "test.h"

#include "base/json_in.h"
#include "people/ldap_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct department departments[] = {
    {.id = 1, .name = "Group", .home = 1},
    {.id = 2, .parent = 1, .name = "Sales", .home = 2},
    {.id = 3, .parent = 1, .name = "Double", .home = 3},
    {.id = 4, .parent = 2, .name = "Double", .home = 4},
    {.id = 5, .parent = 1, .name = "Closed", .home = 5, .closed = true},
};

#define STAFF(number, name_, more, ...)                                                                      \
    {                                                                                                        \
        .id = number, .login = name_, .name = name_,                                                         \
        .document = SLICE_INIT("{\"login\":\"" name_ "\",\"name\":\"" name_ "\"" more "}"), __VA_ARGS__      \
    }
#define LINK(directory, id) ",\"ldap\":{\"directory\":" #directory ",\"id\":\"" id "\"}"

static const struct staff staff[] = {
    STAFF(1, "ann", LINK(1, "a1"), .department = 2),
    STAFF(2, "Free", "", .department = 1),
    STAFF(3, "other", LINK(2, "a1"), .department = 1),
    STAFF(4, "boss", "", .duties = DUTY_SYSTEM_ADMIN),
    STAFF(5, "guest", "", .sponsor = 1),
    STAFF(6, "left", ",\"left\":{},\"disabled\":true", .disabled = true),
    STAFF(7, "gone", LINK(1, "g7"), .department = 1),
    STAFF(8, "away", LINK(1, "g8") ",\"disabled\":true", .disabled = true),
    STAFF(9, "posted", LINK(1, "p9") ",\"posts\":[{\"id\":1,\"department\":1}]", .department = 1),
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

struct place {
    struct arena arena;
    struct directory d;
    struct ldap_question q;
    json_t *document, *read;
    struct ldap_plan plan;
};

static int setup(void **state) {
    struct place *p = calloc(1, sizeof *p);
    assert_non_null(p);
    arena_init(&p->arena, (size_t)256 << 20, ARENA_PLAIN);
    p->d = (struct directory){.organisation = {.departments = departments, .count = COUNT(departments)},
                              .staff = staff,
                              .staff_count = COUNT(staff)};
    p->q = (struct ldap_question){.directory = 1};
    *state = p;
    return 0;
}

static int teardown(void **state) {
    struct place *p = *state;
    json_decref(p->document);
    json_decref(p->read);
    arena_free(&p->arena);
    free(p);
    return 0;
}

static enum status try_plan(struct place *p, const char *document, const char *read, struct error *e) {
    json_decref(p->document);
    json_decref(p->read);
    assert_int_equal(json_read(slice_from_string(document), 0, &p->document, NULL), ST_OK);
    assert_int_equal(json_read(slice_from_string(read), 0, &p->read, NULL), ST_OK);
    p->q.document = p->document;
    p->q.read = p->read;
    return ldap_plan_make(&p->d, &p->q, &p->arena, &p->plan, e);
}

static void make(struct place *p, const char *document, const char *read) {
    struct error e = {.status = ST_OK};
    enum status s = try_plan(p, document, read, &e);
    if (s != ST_OK)
        print_error("%s: %s %s\n", read, e.code, e.detail);
    assert_int_equal(s, ST_OK);
}

#define BY_TREE              "{\"department_by\":\"tree\"}"
#define PEOPLE(list)         "{\"people\":[" list "]}"
#define ONE(id, login, more) "{\"id\":\"" id "\",\"login\":\"" login "\",\"name\":\"N\"" more "}"

/* The account's (or department's) effect and reason. */
static void expect(const struct place *p, const char *name, enum import_effect effect, const char *reason) {
    for (size_t i = 0; i < p->plan.plan.count; i++) {
        const struct import_entry *one = &p->plan.plan.entries[i];
        if (strcmp(one->name, name) != 0)
            continue;
        if (one->effect != effect || strcmp(one->reason, reason) != 0)
            print_error("%s: %s %s\n", name, import_effect_names[one->effect], one->reason);
        assert_int_equal(one->effect, effect);
        assert_string_equal(one->reason, reason);
        return;
    }
    fail_msg("nothing is said of %s", name);
}

static bool says(const struct place *p, const char *text) {
    struct slice d = p->plan.plan.document;
    return d.n > 0 && memmem(d.p, d.n, text, strlen(text)) != NULL;
}

static void an_entry_keeps_its_account_and_takes_a_free_one_by_its_login(void **state) {
    struct place *p = *state;
    make(p, BY_TREE,
         PEOPLE(ONE("a1", "ann2", "") "," ONE("f1", "free", "") "," ONE("n1", "new",
                                                                        ",\"place\":\"Sales/East\"")));
    expect(p, "ann", IMPORT_CHANGED, "renamed");
    expect(p, "Free", IMPORT_CHANGED, "");
    expect(p, "new", IMPORT_ADDED, "");
    expect(p, "Sales/East", IMPORT_ADDED, "");
    assert_false(says(p, "ann2"));
    assert_false(says(p, "roles"));
    assert_false(says(p, "dut"));
    assert_true(says(p, "{\"login\":\"new\",\"name\":\"N\",\"ldap\":{\"directory\":1,\"id\":\"n1\",\"place\":"
                        "\"Sales/East\"},\"department\":6}"));
}

static void each_refusal_has_its_reason(void **state) {
    struct place *p = *state;
    static const char *const entries[] = {
        ONE("n1", "ANN", ""),
        ONE("n2", "boss", ""),
        ONE("n3", "guest", ""),
        ONE("n4", "left", ""),
        ONE("n5", "first", ""),
        ONE("n6", "twice", ""),
        ONE("n10", "Twice", ""),
        ONE("n5", "third", ""),
        "{\"login\":\"x\",\"name\":\"N\"}",
        ONE("n7", "digits", ",\"place\":\"12\""),
        ONE("n8", "two words", ""),
        "{\"id\":\"n9\",\"login\":\"texts\",\"problem\":\"bad_text\"}",
        ONE("n9", "bent", ""),
        ONE("p9", "posted", ""),
        ONE("p9", "again", ""),
        ONE("n0", "unknown", ",\"problem\":\"<b>\""),
    };
    char list[2048] = "";
    for (size_t i = 0; i < COUNT(entries); i++)
        (void)snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s",
                       i == 0 ? "{\"people\":[" : ",", entries[i]);
    (void)snprintf(list + strlen(list), sizeof list - strlen(list), "]}");
    make(p, BY_TREE, list);
    expect(p, "ANN", IMPORT_REFUSED, "login_reused");
    expect(p, "boss", IMPORT_REFUSED, "duty_holder");
    expect(p, "guest", IMPORT_REFUSED, "partner");
    expect(p, "left", IMPORT_REFUSED, "left");
    expect(p, "twice", IMPORT_ADDED, "");
    expect(p, "Twice", IMPORT_REFUSED, "login_twice");
    expect(p, "first", IMPORT_REFUSED, "id_twice");
    expect(p, "third", IMPORT_REFUSED, "id_twice");
    expect(p, "bent", IMPORT_REFUSED, "id_twice");
    expect(p, "posted", IMPORT_REFUSED, "id_twice");
    assert_int_equal(p->plan.gone_count, 2); /* who is named twice has not gone */
    expect(p, "x", IMPORT_REFUSED, "id_missing");
    expect(p, "digits", IMPORT_REFUSED, "bad_place");
    expect(p, "two words", IMPORT_REFUSED, "bad_login");
    expect(p, "texts", IMPORT_REFUSED, "bad_text");
    expect(p, "unknown", IMPORT_ADDED, ""); /* a word that is none of ours is none */
}

/* "field: from > to", as a preview shows it. */
static void expect_change(const struct place *p, const char *name, const char *text) {
    char all[1024] = "";
    for (size_t i = 0; i < p->plan.plan.count; i++) {
        const struct import_entry *one = &p->plan.plan.entries[i];
        for (size_t k = 0; strcmp(one->name, name) == 0 && k < one->changes.count; k++) {
            const struct import_change *c = &one->changes.list[k];
            (void)snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s: %.*s > %.*s",
                           k == 0 ? "" : ", ", c->field, (int)c->from.n, (const char *)c->from.p,
                           (int)c->to.n, (const char *)c->to.p);
        }
    }
    assert_string_equal(all, text);
}

static void a_change_names_its_fields(void **state) {
    static const uint32_t some[] = {7};
    struct place *p = *state;
    p->q.suspend = some;
    p->q.suspend_count = 1;
    make(p, "{\"department_by\":\"tree\",\"moves\":true}",
         PEOPLE(ONE("a1", "ann", ",\"mail\":\"a@x.cn\",\"title\":\"T\",\"place\":\"Sales/East\"") "," ONE(
             "n1", "new", ",\"place\":\"Sales\"") "," ONE("n2", "boss", "")));
    expect_change(p, "ann",
                  "name: ann > N, mail:  > a@x.cn, department:  > Group/Sales/East, title:  > T, place:  > "
                  "Sales/East");
    expect_change(p, "new", "name:  > N, department:  > Group/Sales, place:  > Sales");
    expect_change(p, "gone", "disabled: active > suspended");
    expect_change(p, "boss", "");
    expect_change(p, "Sales/East", "");
}

static void who_is_not_named_has_gone_and_is_suspended_by_a_list_alone(void **state) {
    struct place *p = *state;
    struct error e;
    make(p, BY_TREE, PEOPLE(ONE("a1", "ann", "")));
    assert_int_equal(p->plan.gone_count, 2); /* 8 is suspended already */
    assert_int_equal(p->plan.gone[0]->id, 7);
    assert_false(says(p, "disabled"));
    const uint32_t some[] = {7};
    p->q.suspend = some;
    p->q.suspend_count = 1;
    make(p, BY_TREE, PEOPLE(ONE("a1", "ann", "")));
    expect(p, "gone", IMPORT_CHANGED, "gone");
    assert_true(says(p, "{\"kind\":\"user\",\"id\":7,\"document\":{\"disabled\":true}}"));
    const uint32_t wrong[] = {7, 1};
    p->q.suspend = wrong;
    p->q.suspend_count = 2;
    assert_int_equal(try_plan(p, BY_TREE, PEOPLE(ONE("a1", "ann", "")), &e), ST_CONFLICT);
    assert_string_equal(e.code, "people_changed");
}

static void an_entry_that_is_refused_is_there_all_the_same(void **state) {
    struct place *p = *state;
    make(p, BY_TREE,
         PEOPLE("{\"id\":\"g7\",\"login\":\"gone\",\"problem\":\"bad_text\"},{\"login\":\"ann\",\"name\":"
                "\"N\"}," ONE("p9", "posted", "")));
    assert_int_equal(p->plan.gone_count, 0);
}

static void a_department_is_said_to_new_accounts_and_with_moves_to_those_without_posts(void **state) {
    struct place *p = *state;
    const char *read = PEOPLE(ONE("a1", "ann", ",\"place\":\"Double\"") "," ONE(
        "p9", "posted", ",\"place\":\"Sales\"") "," ONE("n1", "new", ",\"place\":\"Sales\""));
    make(p, BY_TREE, read);
    assert_true(says(p, "\"department\":2")); /* new's */
    assert_false(says(p, "\"department\":3"));
    make(p, "{\"department_by\":\"tree\",\"moves\":true}", read);
    assert_true(says(p, "\"department\":3"));
    make(p, "{\"department_by\":\"attribute\"}",
         PEOPLE(ONE("n1", "new", ",\"place\":\"Sales\"") "," ONE(
             "n2", "two", ",\"place\":\"Double\"") "," ONE("n3", "none", ",\"place\":\"Closed\"")));
    assert_true(says(p, "\"place\":\"Sales\"},\"department\":2}"));
    expect(p, "Closed", IMPORT_ADDED, ""); /* a closed one is no place: another one of the name is made */
}

static void a_mail_is_left_alone_while_people_sign_in_by_it(void **state) {
    struct place *p = *state;
    const char *read =
        PEOPLE(ONE("a1", "ann", ",\"mail\":\"a@x.cn\"") "," ONE("n1", "new", ",\"mail\":\"n@x.cn\""));
    make(p, BY_TREE, read);
    assert_true(says(p, "a@x.cn"));
    p->q.mail_guarded = true;
    make(p, BY_TREE, read);
    assert_false(says(p, "a@x.cn"));
    assert_true(says(p, "n@x.cn"));
}

static void a_schedule_leaves_others_accounts_and_with_new_all_accounts_alone(void **state) {
    struct place *p = *state;
    const char *read = PEOPLE(
        ONE("a1", "ann", "") "," ONE("o1", "other", "") "," ONE("f1", "free", "") "," ONE("n1", "new", ""));
    make(p, BY_TREE, read);
    expect(p, "other", IMPORT_CHANGED, ""); /* a person may take it over */
    p->q.alone = true;
    make(p, BY_TREE, read);
    expect(p, "other", IMPORT_REFUSED, "by_hand");
    expect(p, "Free", IMPORT_CHANGED, "");
    p->q.only_new = true;
    make(p, BY_TREE, read);
    expect(p, "ann", IMPORT_REFUSED, "by_hand");
    expect(p, "free", IMPORT_REFUSED, "by_hand");
    expect(p, "new", IMPORT_ADDED, "");
    assert_int_equal(p->plan.gone_count, 2); /* ann is there */
}

/* Everybody in a department of his own. */
static void departments_are_bounded_and_so_are_changes(void **state) {
    struct place *p = *state;
    struct buf read;
    buf_init(&read, (size_t)1 << 20, false);
    buf_put_string(&read, "{\"people\":[");
    for (int i = 0; i < 2500; i++)
        buf_put_format(&read, "%s{\"id\":\"i%d\",\"login\":\"l%d\",\"name\":\"N\",\"place\":\"d%d\"}",
                       i == 0 ? "" : ",", i, i, i < 700 ? i : 0);
    buf_put_string(&read, "]}");
    buf_put_u8(&read, 0);
    make(p, BY_TREE, (const char *)read.p);
    size_t made = 0;
    for (size_t i = 0; i < p->plan.plan.count; i++) {
        const struct import_entry *one = &p->plan.plan.entries[i];
        made += one->is_department && one->effect == IMPORT_ADDED;
    }
    assert_int_equal(made, LDAP_PLAN_PLACES);
    expect(p, "l499", IMPORT_ADDED, "");
    expect(p, "l500", IMPORT_REFUSED, "too_many_departments");
    expect(p, "l700", IMPORT_ADDED, "");
    expect(p, "l2499", IMPORT_REFUSED, "next_run");
    assert_int_equal(p->plan.plan.totals[IMPORT_ADDED], LDAP_PLAN_CHANGES);
    buf_free(&read);
}

static void what_is_no_reading_of_ours_changes_nothing(void **state) {
    static const char *const odd[] = {"{}", "[]", "{\"people\":{}}",
                                      "{\"people\":[1,null,[],\"x\",{}],\"units\":[{},7,\"\"]}",
                                      "{\"people\":[{\"id\":7,\"login\":[],\"name\":{}}]}"};
    struct place *p = *state;
    for (size_t i = 0; i < COUNT(odd); i++) {
        make(p, "{}", odd[i]);
        assert_int_equal(p->plan.plan.document.n, 0);
    }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_entry_keeps_its_account_and_takes_a_free_one_by_its_login),
        TEST(a_change_names_its_fields),
        TEST(each_refusal_has_its_reason),
        TEST(who_is_not_named_has_gone_and_is_suspended_by_a_list_alone),
        TEST(an_entry_that_is_refused_is_there_all_the_same),
        TEST(a_department_is_said_to_new_accounts_and_with_moves_to_those_without_posts),
        TEST(a_mail_is_left_alone_while_people_sign_in_by_it),
        TEST(a_schedule_leaves_others_accounts_and_with_new_all_accounts_alone),
        TEST(departments_are_bounded_and_so_are_changes),
        TEST(what_is_no_reading_of_ours_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
