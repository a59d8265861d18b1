#include "test.h"

#include "base/clock.h"
#include "object/set.h"
#include "policy/own_schema.h"
#include "policy/policy.h"

#include <stdio.h>

/* The shipped policies over the shipped objects: group 1 with head office 2, branch 10 (departments 11, 12
 * below it) and branch 20. */
static const struct department departments[] = {
    {.id = 1, .name = "group"},
    {.id = 2, .parent = 1, .name = "head office"},
    {.id = 10, .parent = 1, .branch = 10, .is_branch = true, .name = "Hangzhou"},
    {.id = 11, .parent = 10, .branch = 10, .name = "sales 1"},
    {.id = 12, .parent = 11, .branch = 10, .name = "team"},
    {.id = 20, .parent = 1, .branch = 20, .is_branch = true, .name = "Suzhou"},
};
static const struct organisation organisation = {.departments = departments,
                                                 .count = sizeof departments / sizeof departments[0]};

static struct object_set *objects;
static struct policy_set *policies;
static struct arena arena;

static int setup(void **state) {
    (void)state;
    struct error e = {0};
    arena_init(&arena, 1 << 26, ARENA_PLAIN);
    if (object_set_load(KEDUN_SHARE_DIR "/objects", &objects, &e) == ST_OK &&
        policy_load(KEDUN_SHARE_DIR "/policies", &policies, &e) == ST_OK)
        return 0;
    (void)fprintf(stderr, "%s\n", e.detail);
    return -1;
}

static int teardown(void **state) {
    (void)state;
    arena_free(&arena);
    policy_release(policies);
    object_set_release(objects);
    return 0;
}

struct record {
    uint32_t owner, department, branch;
};

static void lookup(const void *row, uint16_t column, struct cell *out) {
    const struct record *r = row;
    uint32_t v = column == FIELD_OWNER        ? r->owner
                 : column == FIELD_DEPARTMENT ? r->department
                 : column == FIELD_BRANCH     ? r->branch
                                              : 0;
    *out = v == 0 ? cell_null() : cell_int(v);
}

static const struct record own = {.owner = 7, .department = 11, .branch = 10};
static const struct record team = {.owner = 8, .department = 12, .branch = 10};
static const struct record sister = {.owner = 9, .department = 10, .branch = 10};
static const struct record far = {.owner = 30, .department = 20, .branch = 20};

static struct policy_context context = {.now_ms = 0, .second_factor_age = -1};

static struct actor actor_of(const char *role, uint32_t department, uint32_t branch) {
    return (struct actor){.user = 7,
                          .login = "wang",
                          .roles = {role},
                          .role_count = 1,
                          .department = department,
                          .branch = branch};
}

static struct policy_query query(const struct actor *a, const char *object) {
    const struct object_def *o = object_find(objects, slice_from_string(object));
    assert_non_null(o);
    return (struct policy_query){.set = policies,
                                 .actor = a,
                                 .organisation = &organisation,
                                 .objects = objects,
                                 .object = o,
                                 .context = &context,
                                 .arena = &arena};
}

/* Both ways must agree. */
static bool may(const struct actor *a, enum act act, const char *object, const struct record *row) {
    struct policy_query q = query(a, object);
    struct error e = {0};
    const struct pred *filter;
    bool decided;
    if (policy_filter(&q, act, &filter, &e) != ST_OK)
        fail_msg("%s", e.detail);
    assert_int_equal(policy_decide(&q, act, NULL, lookup, row, &decided, &e), ST_OK);
    assert_int_equal(pred_decide(filter, lookup, row) == TRUTH_TRUE, decided);
    return decided;
}

static const struct field_view *view_of_field(const struct actor *a, const char *object, const char *field) {
    struct policy_query q = query(a, object);
    const struct field_view *views;
    struct error e = {0};
    if (policy_views(&q, &views, &e) != ST_OK)
        fail_msg("%s", e.detail);
    const struct field_def *f = object_field(q.object, slice_from_string(field));
    assert_non_null(f);
    return &views[f - q.object->fields];
}

static enum view view(const struct actor *a, const char *object, const char *field,
                      const struct record *row) {
    return policy_view_of(view_of_field(a, object, field), lookup, row);
}

static void the_shipped_policies_can_all_be_reduced(void **state) {
    (void)state;
    struct error e = {0};
    if (policy_check(policies, objects, &e) != ST_OK)
        fail_msg("%s", e.detail);
    assert_true(policy_count(policies) > 40);
    assert_false(policy_mentions_time(policies));
}

static void sales_see_their_own_customers_with_contact_data(void **state) {
    (void)state;
    struct actor a = actor_of("sales", 11, 10);
    assert_true(may(&a, ACT_LIST, "customer", &own));
    assert_false(may(&a, ACT_LIST, "customer", &team));
    assert_true(may(&a, ACT_CREATE, "customer", &own));
    assert_false(may(&a, ACT_DELETE, "customer", &own));
    assert_false(may(&a, ACT_EXPORT, "customer", &own));
    assert_int_equal(view(&a, "customer", "mobile", &own), VIEW_CLEAR);
    assert_int_equal(view(&a, "customer", "resident_id", &own), VIEW_MASKED);
    assert_int_equal(view(&a, "customer", "mobile", &team), VIEW_HIDDEN);
    assert_int_equal(view(&a, "customer", "name", &team), VIEW_HIDDEN);
}

static void a_field_clear_on_all_rows_in_scope_may_be_filtered_though_not_clear_everywhere(void **state) {
    (void)state;
    struct actor a = actor_of("sales", 11, 10);
    struct policy_query q = query(&a, "customer");
    const struct pred *scope;
    struct error e = {0};
    assert_int_equal(policy_filter(&q, ACT_LIST, &scope, &e), ST_OK);
    const struct field_view *mobile = view_of_field(&a, "customer", "mobile");
    assert_int_equal(policy_view_in(mobile, scope), VIEW_CLEAR);
    assert_int_equal(policy_view_everywhere(mobile), VIEW_HIDDEN);
    assert_int_equal(policy_view_in(view_of_field(&a, "customer", "resident_id"), scope), VIEW_MASKED);
    a.roles[a.role_count++] = "service";
    assert_int_equal(policy_filter(&q, ACT_LIST, &scope, &e), ST_OK);
    assert_int_equal(policy_view_in(view_of_field(&a, "customer", "mobile"), scope), VIEW_MASKED);
    assert_int_equal(policy_view_in(view_of_field(&a, "customer", "name"), scope), VIEW_CLEAR);
}

static void a_sales_manager_sees_the_department_and_all_below(void **state) {
    (void)state;
    struct actor a = actor_of("sales_manager", 11, 10);
    assert_true(may(&a, ACT_LIST, "customer", &own));
    assert_true(may(&a, ACT_LIST, "customer", &team));
    assert_false(may(&a, ACT_LIST, "customer", &sister));
    assert_false(may(&a, ACT_LIST, "customer", &far));
    assert_true(may(&a, ACT_TRANSFER, "customer", &team));
    static const uint32_t leads[] = {20};
    a.manages = leads;
    a.manages_count = 1;
    assert_true(may(&a, ACT_LIST, "customer", &far));
    assert_int_equal(view(&a, "customer", "mobile", &far), VIEW_CLEAR);
}

static void service_sees_the_branch_masked_and_tickets_clear(void **state) {
    (void)state;
    struct actor a = actor_of("service", 12, 10);
    assert_true(may(&a, ACT_LIST, "customer", &sister));
    assert_false(may(&a, ACT_LIST, "customer", &far));
    assert_int_equal(view(&a, "customer", "mobile", &sister), VIEW_MASKED);
    assert_int_equal(view(&a, "customer", "name", &sister), VIEW_CLEAR);
    assert_int_equal(view(&a, "customer", "resident_id", &sister), VIEW_HIDDEN);
    assert_int_equal(view(&a, "ticket", "description", &sister), VIEW_CLEAR);
    assert_int_equal(pred_decide(view_of_field(&a, "customer", "mobile")->match, lookup, &sister),
                     TRUTH_TRUE);
    assert_false(may(&a, ACT_REVEAL, "customer", &sister));
    context.has_reason = true;
    assert_true(may(&a, ACT_REVEAL, "customer", &sister));
    assert_false(may(&a, ACT_REVEAL, "customer", &far));
    context.has_reason = false;
}

static void a_branch_is_one_comparison_in_the_filter(void **state) {
    (void)state;
    struct actor a = actor_of("service", 12, 10);
    struct policy_query q = query(&a, "ticket");
    const struct pred *filter;
    struct error e = {0};
    assert_int_equal(policy_filter(&q, ACT_LIST, &filter, &e), ST_OK);
    assert_int_equal(filter->op, PRED_EQ);
    assert_int_equal(filter->column, FIELD_BRANCH);
    assert_int_equal(filter->values[0].i, 10);
}

static void finance_sees_amounts_and_no_contacts(void **state) {
    (void)state;
    struct actor branch = actor_of("finance", 11, 10), group = actor_of("finance", 2, 0);
    assert_true(may(&branch, ACT_LIST, "order", &sister));
    assert_false(may(&branch, ACT_LIST, "order", &far));
    assert_true(may(&group, ACT_LIST, "order", &far));
    assert_false(may(&group, ACT_LIST, "contact", &far));
    assert_int_equal(view(&group, "order", "amount", &far), VIEW_CLEAR);
    assert_int_equal(view(&group, "order", "receiver_mobile", &far), VIEW_HIDDEN);
    assert_int_equal(view(&group, "customer", "name", &far), VIEW_CLEAR);
    assert_int_equal(view(&group, "customer", "mobile", &far), VIEW_HIDDEN);
    assert_int_equal(view(&group, "customer", "person_name", &far), VIEW_HIDDEN);
    assert_int_equal(view(&group, "payment", "payer_name", &far), VIEW_CLEAR);
    assert_int_equal(view(&group, "payment", "payer_account", &far), VIEW_MASKED);
    assert_int_equal(pred_decide(view_of_field(&group, "customer", "credit_limit")->write, lookup, &far),
                     TRUTH_TRUE);
    assert_int_equal(pred_decide(view_of_field(&group, "customer", "grade")->write, lookup, &far),
                     TRUTH_FALSE);
}

static void leaders_and_head_office_see_their_scope(void **state) {
    (void)state;
    struct actor leader = actor_of("branch_leader", 10, 10), head = actor_of("head_office", 2, 0);
    assert_true(may(&leader, ACT_VIEW, "customer", &team));
    assert_false(may(&leader, ACT_VIEW, "customer", &far));
    assert_int_equal(view(&leader, "customer", "mobile", &team), VIEW_CLEAR);
    assert_int_equal(view(&leader, "customer", "bank_card", &team), VIEW_MASKED);
    assert_true(may(&head, ACT_LIST, "customer", &far));
    assert_int_equal(view(&head, "customer", "mobile", &far), VIEW_MASKED);
    assert_int_equal(policy_view_everywhere(view_of_field(&head, "customer", "name")), VIEW_CLEAR);
    struct actor boss = actor_of("boss", 1, 0);
    assert_int_equal(view(&boss, "customer", "bank_card", &far), VIEW_CLEAR);
    assert_false(may(&boss, ACT_EXPORT, "customer", &far));
}

static void operations_and_stewards_see_all_masked_and_export_nothing(void **state) {
    (void)state;
    static const char *const roles[] = {"operations", "data_steward"};
    for (size_t i = 0; i < 2; i++) {
        struct actor a = actor_of(roles[i], 2, 0);
        a.roles[a.role_count++] = "branch_leader";
        a.branch = 20;
        context.has_reason = true;
        assert_true(may(&a, ACT_LIST, "customer", &own));
        assert_int_equal(view(&a, "customer", "mobile", &own), VIEW_MASKED);
        assert_false(may(&a, ACT_EXPORT, "customer", &far));
        context.has_reason = false;
    }
}

static void administrators_and_auditors_see_no_customer_whatever_else_they_are(void **state) {
    (void)state;
    static const char *const roles[] = {"system_admin", "security_admin", "auditor"};
    static const enum act acts[] = {ACT_LIST,   ACT_VIEW,   ACT_CREATE, ACT_UPDATE,
                                    ACT_DELETE, ACT_EXPORT, ACT_REVEAL};
    for (size_t i = 0; i < 3; i++) {
        struct actor a = actor_of(roles[i], 11, 10);
        a.roles[a.role_count++] = "boss";
        a.roles[a.role_count++] = "sales";
        for (size_t k = 0; k < sizeof acts / sizeof acts[0]; k++) {
            for (size_t o = 0; o < objects->count; o++)
                assert_false(may(&a, acts[k], objects->objects[o]->name, &own));
        }
        assert_int_equal(view(&a, "customer", "name", &own), VIEW_HIDDEN);
        assert_int_equal(view(&a, "customer", "mobile", &own), VIEW_HIDDEN);
    }
}

/* Acts on no record: what may be administered and audited. */
static bool may_on(const char *role, enum act act, const char *object) {
    struct actor a = actor_of(role, 2, 0);
    struct object_def thing = {.id = 1, .name = object};
    map_init(&thing.by_name);
    struct policy_query q = query(&a, "customer");
    q.object = &thing;
    bool allowed;
    struct error e;
    assert_int_equal(policy_decide(&q, act, NULL, lookup, NULL, &allowed, &e), ST_OK);
    return allowed;
}

static void duties_are_kept_apart(void **state) {
    (void)state;
    assert_true(may_on("system_admin", ACT_ADMINISTER, "user"));
    assert_false(may_on("system_admin", ACT_ADMINISTER, "policy"));
    assert_false(may_on("system_admin", ACT_AUDIT, "audit"));
    assert_true(may_on("security_admin", ACT_ADMINISTER, "policy"));
    assert_false(may_on("security_admin", ACT_ADMINISTER, "user"));
    assert_true(may_on("auditor", ACT_AUDIT, "audit"));
    assert_false(may_on("auditor", ACT_ADMINISTER, "user"));
    assert_false(may_on("sales", ACT_AUDIT, "audit"));
    assert_false(may_on("boss", ACT_ADMINISTER, "user"));
    assert_true(may_on("sales", ACT_IMPORT, "customer"));
    assert_false(may_on("service", ACT_IMPORT, "customer"));
}

static void why_not_is_explained_with_the_condition_that_failed(void **state) {
    (void)state;
    struct actor a = actor_of("sales", 11, 10);
    struct policy_query q = query(&a, "customer");
    struct buf out;
    buf_init(&out, 1 << 16, false);
    struct json j = json_to(&out);
    struct error e;
    const struct field_def *mobile = object_field(q.object, SLICE("mobile"));
    assert_int_equal(policy_explain(&q, ACT_READ, mobile, lookup, &team, &j, &e), ST_OK);
    buf_put_u8(&out, 0);
    const char *text = (const char *)out.p;
    assert_non_null(strstr(text, "\"decision\":\"deny\""));
    assert_non_null(strstr(text, "sales-own-fields-read"));
    assert_non_null(strstr(text, "\"condition\":\"resource.owner == principal\""));
    buf_reset(&out);
    j = json_to(&out);
    assert_int_equal(policy_explain(&q, ACT_READ, mobile, lookup, &own, &j, &e), ST_OK);
    buf_put_u8(&out, 0);
    text = (const char *)out.p;
    assert_non_null(
        strstr(text, "\"decision\":\"allow\",\"act\":\"read\",\"object\":\"customer\",\"field\":\"mobile\","
                     "\"determining\":[{\"id\":\"sales-own-fields-read\""));
    buf_free(&out);
}

static void views_of_a_whole_object_cost_little(void **state) {
    (void)state;
    struct actor a = actor_of("sales_manager", 11, 10);
    a.roles[a.role_count++] = "service";
    struct arena own_arena;
    arena_init(&own_arena, 1 << 24, ARENA_PLAIN);
    struct policy_query q = query(&a, "customer");
    q.arena = &own_arena;
    int64_t best = INT64_MAX;
    for (unsigned i = 0; i < 200; i++) {
        const struct field_view *views;
        struct error e;
        int64_t start = clock_monotonic_ns();
        assert_int_equal(policy_views(&q, &views, &e), ST_OK);
        int64_t took = clock_monotonic_ns() - start;
        best = took < best ? took : best;
        arena_reset(&own_arena);
    }
    print_message("policy_views: %lld ns for %zu fields, %zu policies\n", (long long)best,
                  q.object->field_count, policy_count(policies));
    assert_true(best < 5000000); /* loose: this also runs under sanitizers */
    arena_free(&own_arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shipped_policies_can_all_be_reduced),
        cmocka_unit_test(sales_see_their_own_customers_with_contact_data),
        cmocka_unit_test(a_field_clear_on_all_rows_in_scope_may_be_filtered_though_not_clear_everywhere),
        cmocka_unit_test(a_sales_manager_sees_the_department_and_all_below),
        cmocka_unit_test(service_sees_the_branch_masked_and_tickets_clear),
        cmocka_unit_test(a_branch_is_one_comparison_in_the_filter),
        cmocka_unit_test(finance_sees_amounts_and_no_contacts),
        cmocka_unit_test(leaders_and_head_office_see_their_scope),
        cmocka_unit_test(operations_and_stewards_see_all_masked_and_export_nothing),
        cmocka_unit_test(administrators_and_auditors_see_no_customer_whatever_else_they_are),
        cmocka_unit_test(duties_are_kept_apart),
        cmocka_unit_test(why_not_is_explained_with_the_condition_that_failed),
        cmocka_unit_test(views_of_a_whole_object_cost_little),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
