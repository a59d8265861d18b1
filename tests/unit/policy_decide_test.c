#include "test.h"

#include "policy_moved.h"
#include "policy_random.h"

#include "policy/set.h"

#include <stdio.h>

/* One decision passes most policies over by an index and by probes; here each policy of many is evaluated. */

static int setup(void **state) {
    (void)state;
    struct error e = {0};
    arena_init(&arena, 1 << 26, ARENA_PLAIN);
    return object_set_load(KEDUN_SHARE_DIR "/objects", &objects, &e) == ST_OK ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    arena_free(&arena);
    object_set_release(objects);
    return 0;
}

/* Few conditions and many policies, so that several ask alike: that is what makes a probe. */
static void put_many(struct buf *text) {
    static const char *const actions[] = {"action", "action == Action::\"list\"",
                                          "action == Action::\"view\"", "action in Action::\"look\""};
    static const char *const principals[] = {"principal", "principal in Role::\"sales\"",
                                             "principal in Department::\"10\"", "principal == User::\"7\""};
    static const char *const resources[] = {"resource", "resource in Department::\"1\"",
                                            "resource in Department::\"20\"", "resource in User::\"8\"",
                                            "resource is Customer in Department::\"11\""};
    uint32_t first = draw((uint32_t)(sizeof atoms / sizeof atoms[0]) - 6);
    for (uint32_t i = 20 + draw(60); i > 0; i--) {
        buf_put_format(text, "%s(%s, %s, %s)", draw(20) == 0 ? "forbid" : "permit", principals[draw(4)],
                       actions[draw(4)], resources[draw(5)]);
        for (uint32_t n = 1 + draw(3); n > 0; n--)
            buf_put_format(text, " %s { %s }", draw(4) == 0 ? "unless" : "when", atoms[first + draw(6)]);
        buf_put_string(text, ";\n");
    }
    put_policy(text, "list");
}

static bool by_each(const struct policy_query *q, enum act act, const struct record *r) {
    struct model m;
    bool permitted = false, forbidden = false;
    assert_int_equal(model_init(&m, q), ST_OK);
    assert_int_equal(model_set_row(&m, lookup, r), ST_OK);
    model_set_act(&m, act);
    model_set_field(&m, NULL);
    for (size_t i = 0; i < q->set->count; i++) {
        bool applies;
        const struct condition *failed;
        assert_int_not_equal(eval_policy(&m.eval, q->set->policies[i], &applies, &failed), EVAL_NO_MEMORY);
        permitted = permitted || (applies && !q->set->policies[i]->forbid);
        forbidden = forbidden || (applies && q->set->policies[i]->forbid);
    }
    return permitted && !forbidden;
}

static size_t compare(const struct policy_set *set, const char *text) {
    size_t allowed = 0;
    for (unsigned i = 0; i < 20; i++) {
        struct actor a = random_actor();
        struct policy_context c = random_context();
        struct policy_query q = query(set, &a, &c, draw(2) == 0 ? "customer" : "contact");
        struct record r = random_record(q.object);
        enum act act = draw(2) == 0 ? ACT_LIST : ACT_VIEW;
        struct error e = {0};
        bool decided, each = by_each(&q, act, &r);
        assert_int_equal(policy_decide(&q, act, NULL, lookup, &r, &decided, &e), ST_OK);
        if (decided != each)
            fail_msg("decided %d, each by itself %d:\n%s", decided, each, text);
        allowed += decided;
        arena_reset(&arena);
    }
    return allowed;
}

static void passing_policies_over_changes_no_decision(void **state) {
    (void)state;
    struct buf text;
    size_t allowed = 0;
    buf_init(&text, 1 << 20, false);
    for (unsigned i = 0; i < 1000; i++) {
        struct policy_set *set = NULL;
        struct error e = {0};
        buf_reset(&text);
        put_many(&text);
        if (policy_parse(buf_slice(&text), "random.cedar", &set, &e) != ST_OK)
            fail_msg("%s", e.detail);
        buf_put_u8(&text, 0);
        allowed += compare(set, (const char *)text.p);
        policy_release(set);
    }
    assert_in_range(allowed, 2000, 18000);
    buf_free(&text);
}

static int move_departments(void **state) {
    (void)state;
    tree = &moved_organisation;
    return 0;
}

static int move_back(void **state) {
    (void)state;
    tree = &organisation;
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passing_policies_over_changes_no_decision),
        {"passing_policies_over_changes_no_decision_after_departments_moved",
         passing_policies_over_changes_no_decision, move_departments, move_back, NULL},
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
