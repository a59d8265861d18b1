/* What policy costs, without I/O: policy_bench [POLICIES DIRECTORY]
 *   decide   one decision on one record with everything known
 *   access   what one person may do with one object, computed anew (once per person, object and publish)
 *   page     the views of 50 rows of 20 fields, with an access that is there
 * Medians of a thread that does nothing else, in the policies' worst case: views that differ from row to row.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "object/set.h"
#include "policy/model.h"
#include "policy/set.h"

#include <stdio.h>
#include <stdlib.h>

#define ROUNDS 2001
#define ROWS   50
#define FIELDS 20
#define LEVELS 10

static struct department departments[LEVELS];
static struct organisation organisation = {.departments = departments, .count = LEVELS};
static uint32_t led[] = {LEVELS};

struct row {
    int64_t owner, department, branch;
};

static void lookup(const void *of, uint16_t column, struct cell *out) {
    const struct row *r = of;
    *out = column == FIELD_OWNER        ? cell_int(r->owner)
           : column == FIELD_DEPARTMENT ? cell_int(r->department)
           : column == FIELD_BRANCH     ? cell_int(r->branch)
                                        : cell_null();
}

static void must(enum status s, const struct error *e) {
    if (s == ST_OK)
        return;
    (void)fprintf(stderr, "%s %s\n", e->code, e->detail);
    exit(1);
}

static int by_time(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static void tell(const char *role, const char *what, int64_t *times) {
    qsort(times, ROUNDS, sizeof *times, by_time);
    (void)printf("%-16s %-7s median %8.2f us, one in a hundred above %8.2f us\n", role, what,
                 (double)times[ROUNDS / 2] / 1e3, (double)times[ROUNDS * 99 / 100] / 1e3);
}

static void measure_decide(const struct policy_query *given, const char *role, const struct row *rows) {
    int64_t times[ROUNDS];
    struct error e = {0};
    struct policy_query q = *given;
    for (unsigned i = 0; i < ROUNDS; i++) {
        bool allowed;
        arena_reset(q.arena);
        int64_t from = clock_monotonic_ns();
        must(policy_decide(&q, ACT_VIEW, NULL, lookup, &rows[i % ROWS], &allowed, &e), &e);
        times[i] = clock_monotonic_ns() - from;
    }
    tell(role, "decide", times);
}

static const struct field_view *compute(const struct policy_query *q, struct error *e) {
    static const enum act acts[] = {ACT_LIST,   ACT_VIEW,     ACT_UPDATE, ACT_DELETE, ACT_RESTORE, ACT_EXPORT,
                                    ACT_REVEAL, ACT_TRANSFER, ACT_CREATE, ACT_IMPORT, ACT_RESOLVE};
    const struct field_view *views;
    const struct pred *filter;
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++)
        must(policy_filter(q, acts[i], &filter, e), e);
    must(policy_views(q, &views, e), e);
    return views;
}

static void measure_page(const struct policy_query *given, const char *role, const struct row *rows) {
    int64_t times[ROUNDS], making[ROUNDS];
    struct error e = {0};
    struct policy_query q = *given;
    const struct field_view *views = NULL;
    for (unsigned i = 0; i < ROUNDS; i++) {
        arena_reset(q.arena);
        int64_t from = clock_monotonic_ns();
        views = compute(&q, &e);
        making[i] = clock_monotonic_ns() - from;
    }
    size_t first = q.object->field_count - FIELDS;
    uint16_t same[FIELDS];
    policy_views_alike(views + first, FIELDS, same);
    uint8_t page[ROWS][FIELDS];
    for (unsigned i = 0; i < ROUNDS; i++) {
        int64_t from = clock_monotonic_ns();
        for (unsigned r = 0; r < ROWS; r++) {
            for (unsigned f = 0; f < FIELDS; f++)
                page[r][f] = same[f] < f ? page[r][same[f]]
                                         : (uint8_t)policy_view_of(&views[first + f], lookup, &rows[r]);
        }
        times[i] = clock_monotonic_ns() - from;
        if (page[i % ROWS][i % FIELDS] > VIEW_CLEAR)
            exit(1);
    }
    tell(role, "access", making);
    tell(role, "page", times);
}

static void measure(const struct policy_set *set, const struct object_set *objects, const char *role,
                    bool whole, struct arena *a) {
    struct actor actor = {.user = 7,
                          .login = "x",
                          .roles = {role, "r27", "r77"},
                          .role_count = 3,
                          .department = LEVELS,
                          .branch = 2,
                          .manages = led,
                          .manages_count = 1};
    struct policy_context context = {
        .now_ms = 1700000000000, .second_factor_age = 60, .network = "office", .purpose = ""};
    struct policy_query q = {.set = set,
                             .actor = &actor,
                             .organisation = &organisation,
                             .objects = objects,
                             .object = object_find(objects, SLICE("customer")),
                             .context = &context,
                             .arena = a};
    struct row rows[ROWS];
    for (unsigned i = 0; i < ROWS; i++)
        rows[i] = (struct row){7 + i % 3, LEVELS - i % LEVELS, 2 + i % 2};
    measure_decide(&q, role, rows);
    if (whole)
        measure_page(&q, role, rows);
}

#define FORMS 7
/* One policy of a made set: by role in its head, among its conditions, by department, by the record's owner,
 * place and department, by a number. */
static void put_form(struct buf *text, unsigned form, unsigned i) {
    static const char *const forms[] = {
        "permit (principal in Role::\"r%u\", action == Action::\"view\", resource is Customer);\n",
        "permit (principal, action, resource) when { principal in Role::\"r%u\" && context.hour > 2 };\n",
        "permit (principal, action, resource) when { principal.department == Department::\"%u\" };\n",
        "permit (principal, action, resource is Customer) when { resource.owner == User::\"%u\" };\n",
        "permit (principal, action, resource) when { context.hour > 2 && resource in Department::\"%u\" };\n",
        "permit (principal, action, resource) when { context.hour > 2 && resource.department in "
        "Department::\"%u\" };\n",
        "permit (principal, action, resource) when { context.second_factor_age > %u && context.reason };\n"};
    buf_put_format(text, forms[form], i % 100 + (form == 6 ? 0 : 20));
}

/* 1,000 policies that differ by one of the forms, or by all four in turn. */
static void measure_made(const struct object_set *objects, struct arena *a) {
    static const char *const names[] = {"scope",    "roles in when",  "department", "owner",
                                        "resource", "its department", "bounds",     "all in turn"};
    for (unsigned k = 0; k < sizeof names / sizeof names[0]; k++) {
        struct policy_set *set;
        struct buf text;
        struct error e = {0};
        buf_init(&text, (size_t)1 << 20, false);
        for (unsigned i = 0; i < 1000; i++)
            put_form(&text, k < FORMS ? k : i % FORMS, i);
        int64_t from = clock_monotonic_ns();
        must(policy_parse(buf_slice(&text), "made", &set, &e), &e);
        (void)printf("1,000 made policies: read in %.1f ms\n", (double)(clock_monotonic_ns() - from) / 1e6);
        measure(set, objects, names[k], false, a);
        policy_release(set);
        buf_free(&text);
    }
}

int main(int argc, char **argv) {
    static const char *const roles[] = {"sales", "sales_manager", "branch_leader", "marketing", "boss"};
    struct object_set *objects;
    struct policy_set *set;
    struct error e = {0};
    struct arena a;
    for (uint32_t i = 0; i < LEVELS; i++)
        departments[i] = (struct department){
            .id = i + 1, .parent = i, .branch = i == 0 ? 0 : 2, .is_branch = i == 1, .name = ""};
    arena_init(&a, (size_t)64 << 20, ARENA_PLAIN);
    must(object_set_load(KEDUN_SHARE_DIR "/objects", &objects, &e), &e);
    must(policy_load(argc > 1 ? argv[1] : KEDUN_SHARE_DIR "/policies", &set, &e), &e);
    (void)printf("%zu policies, %d levels, page of %d rows and %d fields\n", policy_count(set), LEVELS, ROWS,
                 FIELDS);
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
        measure(set, objects, roles[i], true, &a);
    measure_made(objects, &a);
    policy_release(set);
    object_set_release(objects);
    arena_free(&a);
    return 0;
}
