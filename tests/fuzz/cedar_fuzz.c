/* Any bytes as policies: read, checked, reduced, decided and explained; and a list must agree with the single
 * decision whatever the policies say. */
#include "policy/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct field_def fields[] = {
    {.id = FIELD_ID, .name = "id", .type = VALUE_REFERENCE, .class = CLASS_INTERNAL},
    {.id = FIELD_OWNER, .name = "owner", .type = VALUE_USER, .class = CLASS_INTERNAL},
    {.id = FIELD_DEPARTMENT, .name = "department", .type = VALUE_DEPARTMENT, .class = CLASS_INTERNAL},
    {.id = FIELD_BRANCH, .name = "branch", .type = VALUE_DEPARTMENT, .class = CLASS_INTERNAL},
    {.id = 100, .name = "name", .type = VALUE_TEXT, .class = CLASS_INTERNAL},
    {.id = 101, .name = "mobile", .type = VALUE_MOBILE, .class = CLASS_PERSONAL},
    {.id = 102, .name = "employees", .type = VALUE_INTEGER, .class = CLASS_INTERNAL},
    {.id = 103, .name = "tags", .type = VALUE_TAG, .class = CLASS_INTERNAL},
    {.id = 104, .name = "is_vip", .type = VALUE_BOOLEAN, .class = CLASS_PUBLIC},
};
#define FIELD_COUNT (sizeof fields / sizeof fields[0])

static struct object_def customer = {
    .id = 1, .name = "customer", .fields = fields, .field_count = FIELD_COUNT};
static const struct object_def *const list[] = {&customer};
static struct object_set objects = {.objects = list, .count = 1, .version = 1, .references = 1};

static const struct department departments[] = {
    {.id = 1, .name = "group"},
    {.id = 10, .parent = 1, .branch = 10, .is_branch = true, .name = "b"},
    {.id = 11, .parent = 10, .branch = 10, .name = "d"}};
static const struct organisation organisation = {.departments = departments, .count = 3};

static void prepare(void) {
    if (customer.by_name.count > 0)
        return;
    map_init(&customer.by_name);
    map_init(&objects.by_name);
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (map_put(&customer.by_name, slice_from_string(fields[i].name), (void *)(uintptr_t)&fields[i]) !=
            ST_OK)
            abort();
    }
}

/* The record: the last one has nothing but an id. */
static void lookup(const void *row, uint16_t column, struct cell *out) {
    static const uint8_t id[16] = {[15] = 1};
    bool bare = *(const int *)row == 1;
    *out = cell_null();
    if (column == FIELD_ID)
        *out = cell_bytes(slice_of(id, sizeof id));
    else if (bare)
        return;
    else if (column == FIELD_OWNER)
        *out = cell_int(7);
    else if (column == FIELD_DEPARTMENT)
        *out = cell_int(11);
    else if (column == FIELD_BRANCH)
        *out = cell_int(10);
    else if (column == 100)
        *out = cell_text(SLICE("ab"));
    else if (column == 102)
        *out = cell_int(3);
    else if (column == 103)
        *out = cell_text(SLICE("x\x1fy"));
    else if (column == 104)
        *out = cell_int(1);
}

static void compare(const struct policy_query *q, enum act act) {
    const struct pred *filter;
    struct error e;
    if (policy_filter(q, act, &filter, &e) != ST_OK)
        return;
    for (int row = 0; row < 2; row++) {
        bool decided;
        if (policy_decide(q, act, NULL, lookup, &row, &decided, &e) == ST_OK &&
            decided != (pred_decide(filter, lookup, &row) == TRUTH_TRUE))
            abort();
    }
}

static void explain(const struct policy_query *q) {
    struct buf out;
    struct error e;
    int row = 0;
    buf_init(&out, 1 << 22, false);
    struct json j = json_to(&out);
    if (policy_explain(q, ACT_READ, &fields[4], lookup, &row, &j, &e) != ST_OK)
        buf_reset(&out);
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const uint32_t manages[] = {10};
    static const struct actor actor = {.user = 7,
                                       .login = "w",
                                       .roles = {"sales"},
                                       .role_count = 1,
                                       .department = 11,
                                       .branch = 10,
                                       .manages = manages,
                                       .manages_count = 1};
    static const struct policy_context context = {.purpose = "care", .now_ms = 1, .second_factor_age = 5};
    struct policy_set *set;
    struct error e;
    prepare();
    if (policy_parse(slice_of(data, size), "fuzz.cedar", &set, &e) != ST_OK)
        return 0;
    struct arena arena;
    arena_init(&arena, 1 << 24, ARENA_PLAIN);
    struct policy_query q = {.set = set,
                             .actor = &actor,
                             .organisation = &organisation,
                             .objects = &objects,
                             .object = &customer,
                             .context = &context,
                             .arena = &arena};
    const struct field_view *views;
    (void)!policy_check_reducible(set, &objects, &e);
    compare(&q, ACT_LIST);
    compare(&q, ACT_UPDATE);
    (void)!policy_views(&q, &views, &e);
    explain(&q);
    arena_free(&arena);
    policy_release(set);
    return 0;
}
