/* kedun policy diff, matrix and test: what a text of Kedun's own policies changes, how it looks as a matrix,
 * and whether it decides as a list of cases says. For files, apart from a running system. */
#include "base/json_in.h"
#include "cmd/command.h"
#include "cmd/init_options.h"
#include "cmd/policy_files.h"
#include "object/set.h"
#include "policy/matrix.h"
#include "policy/model.h"
#include "policy/own_schema.h"
#include "policy/same.h"
#include "policy/widen.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define PLACES_MOST      1000
#define DEPARTMENTS_MOST 1000

struct work {
    const char *policies, *with, *objects_dir, *role, *tests;
    struct object_set *objects;
    struct policy_set *set, *other;
    struct arena arena;
};

/* A file, or a directory of .cedar files. */
static enum status load(struct work *w, const char *path, struct policy_set **out, struct error *e) {
    struct stat info;
    struct slice text;
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        return policy_load(path, out, e);
    enum status s = policy_files_read(path, &w->arena, &text, e);
    return s == ST_OK ? policy_parse(text, path, out, e) : s;
}

static enum status load_all(struct work *w, struct error *e) {
    enum status s = object_set_load(w->objects_dir, &w->objects, e);
    if (s == ST_OK)
        s = load(w, w->policies, &w->set, e);
    if (s == ST_OK)
        s = policy_check(w->set, w->objects, e);
    if (s == ST_OK && w->with != NULL)
        s = load(w, w->with, &w->other, e);
    return s;
}

/* ---- diff ---- */

static const struct policy *by_id(const struct policy_set *set, struct slice id) {
    for (size_t i = 0; i < set->count; i++) {
        if (slice_equal(set->policies[i]->id, id))
            return set->policies[i];
    }
    return NULL;
}

static void print_changes(const struct policy_set *old, const struct policy_set *fresh) {
    for (size_t i = 0; i < fresh->count; i++) {
        const struct policy *now = fresh->policies[i], *was = by_id(old, now->id);
        if (was == NULL || !policy_same(was, now))
            (void)printf("%s %.*s (%s:%u)\n", was == NULL ? "added" : "changed", (int)now->id.n,
                         (const char *)now->id.p, now->file, now->line);
    }
    for (size_t i = 0; i < old->count; i++) {
        const struct policy *was = old->policies[i];
        if (by_id(fresh, was->id) == NULL)
            (void)printf("removed %.*s (%s:%u)\n", (int)was->id.n, (const char *)was->id.p, was->file,
                         was->line);
    }
}

static int diff(struct work *w, struct error *e) {
    struct widening *places = arena_array(&w->arena, PLACES_MOST, sizeof *places);
    size_t count = 0;
    if (places == NULL ||
        policy_widens(w->set, w->other, w->objects, &w->arena, places, PLACES_MOST, &count, e) != ST_OK)
        return EXIT_FAILED;
    print_changes(w->set, w->other);
    for (size_t i = 0; i < count && i < PLACES_MOST; i++) {
        const struct widening *p = &places[i];
        (void)printf("wider: %.*s %s %s", (int)p->policy->id.n, (const char *)p->policy->id.p,
                     act_name(p->act), p->object == NULL ? "(any other object)" : p->object->name);
        if (p->fields > 0)
            (void)printf(" %s%s", p->field == NULL ? "(any other field)" : p->field->name,
                         p->fields > 1 ? " and others" : "");
        (void)printf("\n");
    }
    (void)printf("%s\n", count > 0 ? "widens: takes a second security administrator" : "does not widen");
    return count > 0 ? EXIT_POLICY_INVALID : EXIT_FINE;
}

/* ---- matrix ---- */

static int matrix(struct work *w, struct error *e) {
    struct buf b;
    buf_init(&b, (size_t)16 << 20, false);
    struct json j = json_to(&b);
    json_object_begin(&j);
    json_key(&j, "role");
    json_cstring(&j, w->role);
    enum status s = matrix_show(w->set, w->objects, slice_from_string(w->role), &w->arena, &j, e);
    json_object_end(&j);
    if (s == ST_OK)
        (void)printf("%.*s\n", (int)b.n, (const char *)b.p);
    buf_free(&b);
    return s == ST_OK ? EXIT_FINE : EXIT_FAILED;
}

/* ---- test ---- */

struct test_row {
    const json_t *record;
    const struct object_def *object;
};

static void look_up(const void *row, uint16_t column, struct cell *out) {
    const struct test_row *r = row;
    const struct field_def *f = object_field_by_id(r->object, column);
    const json_t *v = f == NULL ? NULL : json_object_get(r->record, f->name);
    *out = cell_null();
    if (json_is_integer(v))
        *out = cell_int(json_integer_value(v));
    else if (json_is_boolean(v))
        *out = cell_int(json_is_true(v));
    else if (json_is_string(v))
        *out = cell_text(slice_of(json_string_value(v), json_string_length(v)));
}

static uint32_t number(const json_t *from, const char *key) {
    return (uint32_t)json_integer_value(json_object_get(from, key));
}

static size_t read_departments(const json_t *list, struct department *out) {
    size_t n = 0;
    for (; n < json_array_size(list) && n < DEPARTMENTS_MOST; n++) {
        const json_t *d = json_array_get(list, n);
        out[n] = (struct department){.id = number(d, "id"),
                                     .parent = number(d, "parent"),
                                     .branch = number(d, "branch"),
                                     .is_branch = number(d, "branch") == number(d, "id"),
                                     .name = ""};
    }
    return n;
}

static bool find_act(const json_t *one, enum act *out) {
    const char *name = json_string_value(json_object_get(one, "act"));
    for (unsigned act = 0; name != NULL && act < ACT_COUNT; act++) {
        if (strcmp(act_name((enum act)act), name) == 0) {
            *out = (enum act)act;
            return true;
        }
    }
    return false;
}

static enum status decide(struct work *w, const struct organisation *organisation, const json_t *one,
                          bool *allowed, struct error *e) {
    const char *object = json_string_value(json_object_get(one, "object")),
               *field = json_string_value(json_object_get(one, "field"));
    const struct object_def *o = object == NULL ? NULL : object_find(w->objects, slice_from_string(object));
    const struct field_def *f = o == NULL || field == NULL ? NULL : object_field(o, slice_from_string(field));
    const json_t *roles = json_object_get(one, "roles"), *factor = json_object_get(one, "second_factor_age");
    enum act act;
    if (o == NULL || (field != NULL && f == NULL) || !find_act(one, &act))
        return error_set(e, ST_INVALID, "bad_test", "a case names an object, an act and a field that exist");
    struct actor actor = {.user = number(one, "user"),
                          .login = "",
                          .department = number(one, "department"),
                          .branch = number(one, "branch")};
    for (size_t i = 0; i < json_array_size(roles) && i < ACTOR_ROLES_MAX; i++) {
        const char *role = json_string_value(json_array_get(roles, i));
        actor.roles[actor.role_count++] = role == NULL ? "" : role;
    }
    struct policy_context context = {.purpose = "",
                                     .network = json_string_value(json_object_get(one, "network")),
                                     .now_ms = json_integer_value(json_object_get(one, "now")),
                                     .has_reason = json_is_true(json_object_get(one, "reason")),
                                     .without_approval = !json_is_true(json_object_get(one, "approval")),
                                     .second_factor_age =
                                         json_is_integer(factor) ? json_integer_value(factor) : -1};
    struct policy_query q = {w->set, &actor, organisation, w->objects, o, &context, &w->arena, false};
    struct test_row row = {json_object_get(one, "record"), o};
    return policy_decide(&q, act, f, look_up, row.record == NULL ? NULL : &row, allowed, e);
}

static int run_cases(struct work *w, const json_t *file, struct error *e) {
    struct department *departments = arena_array(&w->arena, DEPARTMENTS_MOST, sizeof *departments);
    const json_t *cases = json_object_get(file, "cases");
    size_t failed = 0;
    if (departments == NULL)
        return EXIT_FAILED;
    struct organisation organisation = {
        departments, read_departments(json_object_get(file, "departments"), departments), false};
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *one = json_array_get(cases, i);
        const char *name = json_string_value(json_object_get(one, "name")),
                   *expect = json_string_value(json_object_get(one, "expect"));
        bool allowed = false;
        if (decide(w, &organisation, one, &allowed, e) != ST_OK)
            return EXIT_FAILED;
        bool fine = expect != NULL && strcmp(expect, allowed ? "allow" : "deny") == 0;
        failed += !fine;
        if (!fine)
            (void)printf("case %zu %s: %s\n", i + 1, name == NULL ? "" : name, allowed ? "allow" : "deny");
    }
    (void)printf("%zu cases, %zu failed\n", json_array_size(cases), failed);
    return failed == 0 && json_array_size(cases) > 0 ? EXIT_FINE : EXIT_POLICY_INVALID;
}

static int test(struct work *w, struct error *e) {
    struct slice text;
    json_t *file = NULL;
    json_error_t why = {.line = 0};
    enum status s = policy_files_read(w->tests, &w->arena, &text, e);
    if (s == ST_OK && json_read(text, JSON_REJECT_DUPLICATES, &file, &why) != ST_OK)
        s = error_set(e, ST_INVALID, "bad_test", "%s:%d: %s", w->tests, why.line, why.text);
    int code = s == ST_OK ? run_cases(w, file, e) : EXIT_FAILED;
    json_decref(file);
    return code;
}

/* ---- the commands ---- */

static int run(int argc, char **argv, int (*act)(struct work *w, struct error *e), const char *usage,
               const char *needs) {
    struct work w = {.objects_dir = KEDUN_SHARE_DIR "/objects"};
    struct error e = {0};
    const struct own_option own[] = {{"policies", &w.policies, false},
                                     {"with", &w.with, false},
                                     {"objects", &w.objects_dir, false},
                                     {"role", &w.role, false},
                                     {"tests", &w.tests, false}};
    bool fine =
        own_options_take(&argc, argv, own, sizeof own / sizeof own[0]) && argc == 1 && w.policies != NULL;
    if (fine && needs[0] == 'w')
        fine = w.with != NULL;
    else if (fine)
        fine = needs[0] == 'r' ? w.role != NULL : w.tests != NULL;
    if (!fine) {
        (void)fprintf(stderr, "kedun: %s\n", usage);
        return EXIT_USAGE;
    }
    arena_init(&w.arena, POLICY_FILES_MEMORY, ARENA_PLAIN);
    int code = load_all(&w, &e) == ST_OK ? act(&w, &e) : EXIT_FAILED;
    if (code == EXIT_FAILED)
        (void)fprintf(stderr, "kedun: %s\n", e.detail);
    policy_release(w.set);
    policy_release(w.other);
    object_set_release(w.objects);
    arena_free(&w.arena);
    return code;
}

int policy_diff_command(int argc, char **argv) {
    return run(argc, argv, diff, "policy diff needs --policies OLD --with NEW (a file or a folder each)",
               "with");
}

int policy_matrix_command(int argc, char **argv) {
    return run(argc, argv, matrix, "policy matrix needs --policies FILE|FOLDER --role NAME", "role");
}

int policy_test_command(int argc, char **argv) {
    return run(argc, argv, test, "policy test needs --policies FILE|FOLDER --tests FILE", "tests");
}
