/* Policies, people and records drawn at random, from all forms of condition, sound ones and faulty ones: for
 * the tests that hold a list and a one-by-one decision to each other. */
#ifndef KEDUN_TESTS_POLICY_RANDOM_H
#define KEDUN_TESTS_POLICY_RANDOM_H

#include "object/set.h"
#include "policy/organise.h"
#include "policy/policy.h"

static struct object_set *objects;
static struct arena arena;

static const struct department departments[] = {
    {.id = 1, .name = "group"},
    {.id = 2, .parent = 1, .name = "head office"},
    {.id = 10, .parent = 1, .branch = 10, .is_branch = true, .name = "Hangzhou"},
    {.id = 11, .parent = 10, .branch = 10, .name = "sales 1"},
    {.id = 12, .parent = 11, .branch = 10, .name = "team"},
    {.id = 20, .parent = 1, .branch = 20, .is_branch = true, .name = "Suzhou"},
    {.id = 21, .parent = 20, .branch = 21, .is_branch = true, .name = "Kunshan, a branch within a branch"},
};
static const struct organisation organisation = {.departments = departments,
                                                 .count = sizeof departments / sizeof departments[0]};
/* Of which one the people and records are drawn. */
static const struct organisation *tree = &organisation;

static uint64_t seed = 0x9e3779b97f4a7c15U;

static uint32_t draw(uint32_t below) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 33) % below;
}

/* ---- random policies ---- */

static const char *const atoms[] = {
    "resource.owner == principal",
    "principal == resource.owner",
    "resource.owner != User::\"8\"",
    "resource.owner == User::\"07\"",
    "resource.owner in principal.department",
    "resource.owner in Role::\"sales\"",
    "resource.owner in [User::\"9\", Role::\"sales\"]",
    "resource.department == principal.department",
    "resource.department in principal.department",
    "resource.department in Department::\"10\"",
    "resource.department in Department::\"0\"",
    "resource.department in [Department::\"11\", Department::\"20\"]",
    "resource.department in principal.departments",
    "Department::\"12\" in resource.department",
    "principal in resource.department",
    "principal.department in resource.department",
    "resource.branch == principal.branch",
    "resource in Department::\"10\"",
    "resource in Department::\"20\"",
    "resource in Department::\"11\"",
    "resource in [Department::\"12\", Department::\"21\"]",
    "resource in principal.branch",
    "resource in principal.department",
    "resource in principal.manager_of",
    "resource in [Department::\"1\", \"x\"]",
    "resource has owner",
    "resource has branch",
    "resource has tags",
    "resource has employees",
    "resource has position",
    "resource.position == \"a\"",
    "resource.employees > 3",
    "resource.employees <= 3",
    "5 > resource.employees",
    "resource.employees != 3",
    "resource.employees == \"3\"",
    "resource.employees < \"3\"",
    "[1, 3, \"x\"].contains(resource.employees)",
    "resource.annual_amount >= principal.id",
    "resource.name == \"ab\"",
    "resource.name like \"a*\"",
    "resource.name like \"ab\"",
    "resource.name like \"*\"",
    "resource.name < 3",
    "resource.name && true",
    "[\"a\", \"b\"].contains(resource.grade)",
    "[].contains(resource.grade)",
    "resource.tags.contains(\"x\")",
    "resource.tags.contains(1)",
    "resource.tags.containsAny([\"x\", \"z\", 3])",
    "resource.tags.containsAll([\"x\", \"y\"])",
    "resource.tags.containsAll([])",
    "resource.tags.containsAny(principal.roles)",
    "[\"x\", \"y\"].containsAny(resource.tags)",
    "resource.tags.isEmpty()",
    "resource.tags like \"x\"",
    "resource.tags in Department::\"1\"",
    "resource.is_primary",
    "resource.is_primary == true",
    "[false].contains(resource.is_primary)",
    "[true, false].contains(resource.is_primary)",
    "resource is Customer",
    "resource is Contact in principal.department",
    "resource == Customer::\"00000000-0000-0000-0000-000000000001\"",
    "resource == Customer::\"1\"",
    "resource in Customer::\"00000000-0000-0000-0000-000000000002\"",
    "[Customer::\"00000000-0000-0000-0000-000000000001\", 3].contains(resource)",
    "Customer::\"00000000-0000-0000-0000-000000000001\" in resource",
    "resource.parent_company == Customer::\"00000000-0000-0000-0000-000000000002\"",
    "resource.customer == Customer::\"00000000-0000-0000-0000-000000000002\"",
    "resource.customer is Customer",
    "resource.customer in Department::\"1\"",
    "resource.customer in Customer::\"00000000-0000-0000-0000-000000000001\"",
    "principal in Role::\"sales\"",
    "principal in Department::\"10\"",
    "principal has branch",
    "principal.is_partner",
    "principal.roles.contains(Role::\"sales\")",
    "context.reason",
    "context.approval",
    "context.watermark",
    "context has purpose && context.purpose == \"care\"",
    "context.purpose == \"care\"",
    "context.object == \"customer\"",
    "context.class == \"personal\"",
    "context.field == \"mobile\"",
    "context has field",
    "resource.department in Department::\"11\"",
    "!(resource.department in Department::\"11\")",
    "resource.department in Department::\"10\" || resource.department in Department::\"20\"",
    "resource in Department::\"11\" || resource in Department::\"20\"",
    "!(resource in Department::\"10\")",
    "!(resource in Department::\"11\" || resource.employees > 3)",
    "!(resource.employees >= 3)",
    "principal.department in Department::\"10\"",
    "!(principal in Role::\"sales\" || principal in Department::\"20\")",
    "principal in [Role::\"partner\", Department::\"11\"]",
    "9223372036854775807 + 1 == 0",
    "1 + 1 == 2",
    "true",
    "false",
    "3",
    /* no row filter can say these */
    "resource.owner == resource.department",
    "resource.employees + 1 == 4",
    "resource.owner.department == principal.department",
    "resource.parent_company in Department::\"1\"",
    "resource.name like \"*b\"",
    "Customer::\"00000000-0000-0000-0000-000000000001\" in Department::\"1\"",
    "(if resource has tags then 1 else 2) == 1",
    "(if principal has branch then resource.owner else resource.department) == principal",
};
#define HOPELESS 8 /* of them, at the end: drawn seldom */

static void put_condition(struct buf *out, unsigned depth) {
    uint32_t form = depth == 0 ? 0 : draw(8);
    size_t known = sizeof atoms / sizeof atoms[0];
    switch (form) {
    case 0:
    case 1:
    case 2:
        buf_put_format(out, "(%s)", atoms[draw((uint32_t)(draw(40) == 0 ? known : known - HOPELESS))]);
        return;
    case 3:
        buf_put_string(out, "!(");
        put_condition(out, depth - 1);
        buf_put_string(out, ")");
        return;
    case 4:
        buf_put_string(out, "(if ");
        put_condition(out, depth - 1);
        buf_put_string(out, " then ");
        put_condition(out, depth - 1);
        buf_put_string(out, " else ");
        put_condition(out, depth - 1);
        buf_put_string(out, ")");
        return;
    default:
        buf_put_string(out, "(");
        put_condition(out, depth - 1);
        buf_put_string(out, form == 5 ? " || " : " && ");
        put_condition(out, depth - 1);
        buf_put_string(out, ")");
    }
}

static void put_policy(struct buf *out, const char *act) {
    static const char *const resources[] = {"resource",
                                            "resource",
                                            "resource is Customer",
                                            "resource is Contact",
                                            "resource in Department::\"10\"",
                                            "resource is Customer in Department::\"11\"",
                                            "resource == Customer::\"00000000-0000-0000-0000-000000000001\""};
    static const char *const principals[] = {"principal", "principal", "principal in Role::\"sales\"",
                                             "principal == User::\"7\"", "principal in Department::\"11\""};
    static const char *const obligations[] = {
        "approval", "watermark, reason", "second_factor:15", "approval,approval", "something", "", ","};
    if (draw(5) == 0)
        buf_put_format(out, "@obligation(\"%s\") ", obligations[draw(7)]);
    buf_put_format(out, "%s(%s, action == Action::\"%s\", %s)", draw(4) == 0 ? "forbid" : "permit",
                   principals[draw(5)], act, resources[draw(7)]);
    for (uint32_t n = draw(3); n > 0; n--) {
        buf_put_string(out, draw(3) == 0 ? " unless { " : " when { ");
        put_condition(out, draw(4));
        buf_put_string(out, " }");
    }
    buf_put_string(out, ";\n");
}

/* ---- random people and records ---- */

static const char *const role_names[] = {"sales", "partner", "service"};
static const uint32_t led[] = {11, 21};

static struct actor random_actor(void) {
    static const uint32_t places[][2] = {{12, 10}, {2, 0}, {11, 10}, {21, 21}, {99, 0}, {0, 0}, {20, 20}};
    uint32_t place = draw(7);
    struct actor a = {
        .user = 7 + draw(2), .login = "w", .department = places[place][0], .branch = places[place][1]};
    if (tree->moved) { /* as the keeper tells it: nobody stands in what was merged */
        a.department = organisation_home(tree, a.department);
        a.branch = organisation_branch(tree, a.department);
    }
    for (size_t i = 0; i < 3; i++) {
        if (draw(2) == 0)
            a.roles[a.role_count++] = role_names[i];
    }
    a.manages = led;
    a.manages_count = draw(3);
    return a;
}

struct record {
    uint8_t id[16], reference[16];
    struct cell owner, department, branch, number, text, tags, flag, link;
    const struct object_def *object;
};

static struct cell maybe(struct cell c) {
    return draw(4) == 0 ? cell_null() : c;
}

static struct record random_record(const struct object_def *o) {
    static const int64_t places[] = {1, 2, 10, 11, 12, 20, 21, 99, 0};
    static const char *const texts[] = {"ab", "a", "b", ""};
    static const char *const tags[] = {"x", "y", "x\x1fy", "x\x1fy\x1fz", "w"};
    struct record r = {.object = o};
    r.id[15] = (uint8_t)(1 + draw(3));
    r.reference[15] = (uint8_t)(1 + draw(3));
    r.owner = maybe(cell_int(7 + draw(3)));
    r.department = maybe(cell_int(places[draw(9)]));
    r.branch = maybe(cell_int(places[draw(9)]));
    if (tree->moved) {
        const struct department *d = &tree->departments[draw((uint32_t)tree->count)];
        r.department = cell_int(d->id);
        r.branch = cell_int(d->stamp);
    }
    r.number = maybe(cell_int(draw(10)));
    r.text = maybe(cell_text(slice_from_string(texts[draw(4)])));
    r.tags = maybe(cell_text(slice_from_string(tags[draw(5)])));
    r.flag = maybe(cell_int(draw(2)));
    r.link = maybe(cell_bytes(SLICE_NONE));
    return r;
}

static struct cell cell_of_type(const struct record *r, const struct field_def *f) {
    switch (f->type) {
    case VALUE_TAG:
    case VALUE_MULTI_CHOICE:
        return r->tags;
    case VALUE_BOOLEAN:
        return r->flag;
    case VALUE_REFERENCE:
        return r->link.kind == CELL_NULL ? r->link : cell_bytes(slice_of(r->reference, 16));
    default:
        return value_type_info(f->type)->storage == KIND_INT ? r->number : r->text;
    }
}

static void lookup(const void *row, uint16_t column, struct cell *out) {
    const struct record *r = row;
    const struct field_def *f = object_field_by_id(r->object, column);
    *out = column == FIELD_ID           ? cell_bytes(slice_of(r->id, 16))
           : column == FIELD_OWNER      ? r->owner
           : column == FIELD_DEPARTMENT ? r->department
           : column == FIELD_BRANCH     ? r->branch
                                        : cell_of_type(r, f);
}

static struct policy_context random_context(void) {
    return (struct policy_context){.purpose = draw(2) == 0 ? "care" : NULL,
                                   .has_reason = draw(2) == 0,
                                   .without_approval = draw(2) == 0,
                                   .without_watermark = draw(2) == 0,
                                   .second_factor_age = draw(2) == 0 ? -1 : 60,
                                   .now_ms = 1700000000000};
}

static struct policy_query query(const struct policy_set *set, const struct actor *a,
                                 const struct policy_context *c, const char *object) {
    return (struct policy_query){.set = set,
                                 .actor = a,
                                 .organisation = tree,
                                 .objects = objects,
                                 .object = object_find(objects, slice_from_string(object)),
                                 .context = c,
                                 .arena = &arena};
}

#endif
