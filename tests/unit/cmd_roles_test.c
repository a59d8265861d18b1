/* policies/roles.json against the policies: apart from cmd_init_test.c, for keeper and policy both have a
 * struct actor. */
#include "cmd/init_registry.h"
#include "object/set.h"
#include "policy/policy.h"

#include "test.h"

static struct object_set *objects;
static struct policy_set *policies;
static json_t *roles_file;

static int load(void **state) {
    struct error e;
    (void)state;
    return init_roles_read(KEDUN_SHARE_DIR "/policies", &roles_file, &e) == ST_OK &&
                   object_set_load(KEDUN_SHARE_DIR "/objects", &objects, &e) == ST_OK &&
                   policy_load(KEDUN_SHARE_DIR "/policies", &policies, &e) == ST_OK
               ? 0
               : -1;
}

static int unload(void **state) {
    (void)state;
    policy_release(policies);
    object_set_release(objects);
    json_decref(roles_file);
    return 0;
}

static const char *class_name(const struct field_def *f) {
    return f->class == CLASS_SENSITIVE ? "sensitive" : "personal";
}

static int view_named(const char *name) {
    return name == NULL || strcmp(name, "hidden") == 0 ? VIEW_HIDDEN
           : strcmp(name, "masked") == 0               ? VIEW_MASKED
                                                       : VIEW_CLEAR;
}

static void check_field(const json_t *role, const struct object_def *o, const struct field_def *f,
                        const struct field_view *v) {
    const char *name = json_string_value(json_object_get(role, "name"));
    const json_t *ceiling = json_object_get(json_object_get(role, "ceiling"), class_name(f));
    const json_t *match = json_object_get(json_object_get(role, "match"), class_name(f));
    int best = v->read->op != PRED_FALSE ? VIEW_CLEAR : v->see->op != PRED_FALSE ? VIEW_MASKED : VIEW_HIDDEN;
    if (best > view_named(json_string_value(ceiling)))
        fail_msg("%s sees %s.%s better than the ceiling", name, o->name, f->name);
    if (v->match->op != PRED_FALSE && !json_is_true(match))
        fail_msg("%s matches %s.%s beyond the ceiling", name, o->name, f->name);
    if (best == VIEW_HIDDEN)
        return;
    const json_t *budget =
        json_object_get(json_object_get(role, "budget"), best == VIEW_CLEAR ? "clear" : "masked");
    if (json_integer_value(json_object_get(json_object_get(budget, class_name(f)), "minute")) < 50)
        fail_msg("%s has not the budget for one page of %s.%s", name, o->name, f->name);
}

static void check_object(const json_t *role, const struct object_def *o, uint32_t branch, struct arena *a) {
    static const struct department departments[] = {{.id = 1},
                                                    {.id = 2, .parent = 1, .branch = 2, .is_branch = true}};
    const struct organisation organisation = {.departments = departments, .count = 2};
    const struct policy_context context = {.purpose = "", .network = "", .second_factor_age = -1};
    struct actor actor = {.user = 7,
                          .login = "x",
                          .roles = {json_string_value(json_object_get(role, "name"))},
                          .role_count = 1,
                          .department = branch == 0 ? 1 : 2,
                          .branch = branch};
    struct policy_query q = {policies, &actor, &organisation, objects, o, &context, a, false};
    const struct field_view *views;
    const struct pred *seen;
    struct error e;
    assert_int_equal(policy_filter(&q, ACT_VIEW, &seen, &e), ST_OK);
    assert_int_equal(policy_views(&q, &views, &e), ST_OK);
    for (size_t f = 0; seen->op != PRED_FALSE && f < o->field_count; f++) {
        if (field_is_sealed(&o->fields[f]))
            check_field(role, o, &o->fields[f], &views[f]);
    }
}

/* A view that policy gives and the keeper refuses would break a whole page. */
static void no_shipped_policy_gives_more_than_the_roles_ceiling(void **state) {
    struct arena a;
    (void)state;
    const json_t *list = json_object_get(roles_file, "roles");
    arena_init(&a, (size_t)64 * 1024 * 1024, ARENA_PLAIN);
    for (size_t i = 0; i < json_array_size(list); i++) {
        for (size_t o = 0; o < objects->count; o++) {
            check_object(json_array_get(list, i), objects->objects[o], 0, &a);
            check_object(json_array_get(list, i), objects->objects[o], 2, &a);
            arena_reset(&a);
        }
    }
    arena_free(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_shipped_policy_gives_more_than_the_roles_ceiling),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
