#include "policy/own_schema.h"

#include "policy/column.h"
#include "policy/validate.h"

#define CHECK_ARENA_LIMIT ((size_t)256 * 1024 * 1024)

/* Names that start with a small letter can be no object's type. */
#define CONTEXT_PLAIN  SLICE_INIT("actContext")
#define CONTEXT_FIELD  SLICE_INIT("fieldContext")
#define CONTEXT_REVEAL SLICE_INIT("revealContext")

static const struct source_type type_text = {.kind = SOURCE_STRING}, type_number = {.kind = SOURCE_LONG},
                                type_yes_no = {.kind = SOURCE_BOOL},
                                type_texts = {.kind = SOURCE_SET, .element = &type_text},
                                type_role = {.kind = SOURCE_NAME, .name = SLICE_INIT("Role")},
                                type_department = {.kind = SOURCE_NAME, .name = SLICE_INIT("Department")},
                                type_roles = {.kind = SOURCE_SET, .element = &type_role},
                                type_departments = {.kind = SOURCE_SET, .element = &type_department};

static const struct source_attribute person[] = {
    {.name = SLICE_INIT("branch"), .type = &type_department},
    {.name = SLICE_INIT("department"), .type = &type_department},
    {.name = SLICE_INIT("departments"), .type = &type_departments, .required = true},
    {.name = SLICE_INIT("id"), .type = &type_number, .required = true},
    {.name = SLICE_INIT("is_partner"), .type = &type_yes_no, .required = true},
    {.name = SLICE_INIT("login"), .type = &type_text, .required = true},
    {.name = SLICE_INIT("manager_of"), .type = &type_departments, .required = true},
    {.name = SLICE_INIT("roles"), .type = &type_roles, .required = true},
};

/* The last two are of acts on a field; of a reveal as a whole they are not yet known. */
#define PLAIN_CONTEXT                                                                                        \
    {.name = SLICE_INIT("approval"), .type = &type_yes_no, .required = true},                                \
        {.name = SLICE_INIT("hour"), .type = &type_number, .required = true},                                \
        {.name = SLICE_INIT("network"), .type = &type_text, .required = true},                               \
        {.name = SLICE_INIT("object"), .type = &type_text, .required = true},                                \
        {.name = SLICE_INIT("purpose"), .type = &type_text, .required = true},                               \
        {.name = SLICE_INIT("reason"), .type = &type_yes_no, .required = true},                              \
        {.name = SLICE_INIT("second_factor_age"), .type = &type_number},                                     \
        {.name = SLICE_INIT("watermark"), .type = &type_yes_no, .required = true}, {                         \
        .name = SLICE_INIT("weekday"), .type = &type_number, .required = true                                \
    }

static const struct source_attribute
    plain_context[] = {PLAIN_CONTEXT},
    field_context[] = {PLAIN_CONTEXT,
                       {.name = SLICE_INIT("class"), .type = &type_text, .required = true},
                       {.name = SLICE_INIT("field"), .type = &type_text, .required = true}},
    reveal_context[] = {PLAIN_CONTEXT,
                        {.name = SLICE_INIT("class"), .type = &type_text},
                        {.name = SLICE_INIT("field"), .type = &type_text}};

#define RECORD_OF(list)                                                                                      \
    { .kind = SOURCE_RECORD, .attributes = (list), .count = sizeof(list) / sizeof(list)[0] }

static const struct source_type person_shape = RECORD_OF(person), plain_shape = RECORD_OF(plain_context),
                                field_shape = RECORD_OF(field_context),
                                reveal_shape = RECORD_OF(reveal_context),
                                plain_named = {.kind = SOURCE_COMMON_NAME, .name = CONTEXT_PLAIN},
                                field_named = {.kind = SOURCE_COMMON_NAME, .name = CONTEXT_FIELD},
                                reveal_named = {.kind = SOURCE_COMMON_NAME, .name = CONTEXT_REVEAL};

static const struct source_common commons[] = {{.name = CONTEXT_PLAIN, .type = &plain_shape},
                                               {.name = CONTEXT_FIELD, .type = &field_shape},
                                               {.name = CONTEXT_REVEAL, .type = &reveal_shape}};

static const struct slice tree[] = {SLICE_INIT("Department")}, users[] = {SLICE_INIT("User")},
                          above_user[] = {SLICE_INIT("Role"), SLICE_INIT("Department")},
                          as_such[] = {SLICE_INIT("Object")};

struct making {
    const struct object_set *objects;
    struct arena *arena;
    struct slice *types; /* of the objects, in order */
};

/* ---- entities ---- */

static const struct source_type *attribute_type(struct making *k, const struct column *c) {
    switch (c->kind) {
    case COLUMN_LONG:
        return &type_number;
    case COLUMN_BOOL:
        return &type_yes_no;
    case COLUMN_TEXT:
        return &type_text;
    case COLUMN_SET:
        return &type_texts;
    default:
        break;
    }
    struct source_type *t = arena_alloc(k->arena, sizeof *t);
    if (t != NULL)
        *t = (struct source_type){.kind = SOURCE_NAME, .name = c->type};
    return t;
}

static enum status record_shape(struct making *k, const struct object_def *o, struct source_type *out) {
    struct policy_query q = {.objects = k->objects, .object = o, .arena = k->arena};
    struct model m = {.query = &q};
    struct source_attribute *list = arena_array(k->arena, o->field_count, sizeof *list);
    size_t n = 0;
    for (size_t i = 0; list != NULL && i < o->field_count; i++) {
        const struct field_def *f = &o->fields[i];
        struct column c;
        enum column_found found = model_column(&m, slice_from_string(f->name), &c);
        if (found == COLUMN_NO_MEMORY)
            return ST_NOMEM;
        if (found != COLUMN_FOUND)
            continue;
        list[n] = (struct source_attribute){.name = slice_from_string(f->name),
                                            .type = attribute_type(k, &c),
                                            .required = f->id == FIELD_OWNER || f->id == FIELD_CREATED_AT};
        if (list[n++].type == NULL)
            return ST_NOMEM;
    }
    *out = (struct source_type){.kind = SOURCE_RECORD, .attributes = list, .count = n};
    return list == NULL ? ST_NOMEM : ST_OK;
}

static enum status make_entities(struct making *k, struct source_namespace *space) {
    static const struct source_entity fixed[] = {
        {.name = SLICE_INIT("Role")},
        {.name = SLICE_INIT("Department"), .parents = tree, .parent_count = 1},
        {.name = SLICE_INIT("User"), .parents = above_user, .parent_count = 2, .shape = &person_shape},
        {.name = SLICE_INIT("Object")}};
    size_t n = sizeof fixed / sizeof fixed[0];
    struct source_entity *list = arena_array(k->arena, n + k->objects->count, sizeof *list);
    struct source_type *shapes = arena_array(k->arena, k->objects->count, sizeof *shapes);
    if (list == NULL || shapes == NULL)
        return ST_NOMEM;
    memcpy(list, fixed, sizeof fixed);
    for (size_t i = 0; i < k->objects->count; i++) {
        enum status s = record_shape(k, k->objects->objects[i], &shapes[i]);
        if (s != ST_OK)
            return s;
        list[n++] = (struct source_entity){
            .name = k->types[i], .parents = tree, .parent_count = 1, .shape = &shapes[i]};
    }
    space->entities = list;
    space->entity_count = n;
    return ST_OK;
}

/* ---- acts ---- */

static const char *const groups[] = {"look", "change", "field"};
#define GROUPS (sizeof groups / sizeof groups[0])

static const struct source_type *context_of(enum act act) {
    bool field = act == ACT_SEE || act == ACT_READ || act == ACT_WRITE || act == ACT_MATCH;
    return field ? &field_named : act == ACT_REVEAL ? &reveal_named : &plain_named;
}

/* The group that holds an act, if one does: acts are in one at most. */
static enum status take_parent(struct making *k, struct source_action *a, enum act act) {
    for (size_t i = 0; i < GROUPS; i++) {
        struct cedar_entity group = {.type = SLICE("Action"), .id = slice_from_string(groups[i])};
        struct scope one = {.op = SCOPE_IN, .entities = &group, .count = 1};
        if ((model_acts(&one) >> act & 1) == 0)
            continue;
        struct source_parent *parent = arena_alloc(k->arena, sizeof *parent);
        if (parent == NULL)
            return ST_NOMEM;
        *parent = (struct source_parent){.type = SLICE_NONE, .id = group.id};
        a->parents = parent;
        a->parent_count = 1;
        a->has_parents = true;
    }
    return ST_OK;
}

static enum status make_actions(struct making *k, struct source_namespace *space) {
    struct source_action *list = arena_array(k->arena, GROUPS + ACT_COUNT, sizeof *list);
    size_t n = 0;
    if (list == NULL)
        return ST_NOMEM;
    for (; n < GROUPS; n++)
        list[n] = (struct source_action){.id = slice_from_string(groups[n])};
    for (unsigned act = 0; act < ACT_COUNT; act++, n++) {
        bool records = act != ACT_AUDIT && act != ACT_ADMINISTER;
        list[n] = (struct source_action){.id = slice_from_string(act_name((enum act)act)),
                                         .applies = true,
                                         .principals = users,
                                         .principal_count = 1,
                                         .resources = records ? k->types : as_such,
                                         .resource_count = records ? k->objects->count : 1,
                                         .context = context_of((enum act)act)};
        enum status s = take_parent(k, &list[n], (enum act)act);
        if (s != ST_OK)
            return s;
    }
    space->actions = list;
    space->action_count = n;
    return ST_OK;
}

enum status own_schema_source(const struct object_set *objects, struct arena *a,
                              const struct schema_source **out) {
    struct schema_source *source = arena_alloc(a, sizeof *source);
    struct source_namespace *space = arena_alloc(a, sizeof *space);
    struct making k = {objects, a, arena_array(a, objects->count, sizeof(struct slice))};
    if (source == NULL || space == NULL || k.types == NULL)
        return ST_NOMEM;
    *space =
        (struct source_namespace){.commons = commons, .common_count = sizeof commons / sizeof commons[0]};
    *source = (struct schema_source){.namespaces = space, .count = 1, .file = "schema"};
    for (size_t i = 0; i < objects->count; i++) {
        if (model_type_name(objects->objects[i]->name, a, &k.types[i]) != ST_OK)
            return ST_NOMEM;
    }
    enum status s = make_entities(&k, space);
    if (s == ST_OK)
        s = make_actions(&k, space);
    *out = source;
    return s;
}

enum status own_schema(const struct object_set *objects, struct arena *a, const struct schema **out,
                       struct error *e) {
    const struct schema_source *source;
    enum status s = own_schema_source(objects, a, &source);
    return s == ST_OK ? schema_resolve(source, a, out, e)
                      : error_set(e, ST_NOMEM, "no_memory", "policies: no memory");
}

/* ---- a text against it ---- */

static enum status refuse(const struct finding *f, struct error *e) {
    struct slice text = f->expr == NULL ? SLICE_NONE : expr_source(f->policy, f->expr);
    int shown = text.n > 120 ? 120 : (int)text.n, id = f->policy->id.n > 80 ? 80 : (int)f->policy->id.n;
    return error_set(e, ST_INVALID, "policy_not_valid", "%s:%u:%u: policy %.*s: %s%s%.*s%s", f->policy->file,
                     f->line, f->column, id, (const char *)f->policy->id.p, f->what, shown > 0 ? ": `" : "",
                     shown, (const char *)text.p, shown > 0 ? "`" : "");
}

static enum status check_schema(const struct policy_set *set, const struct object_set *objects,
                                struct error *e) {
    struct arena a;
    const struct schema *schema;
    struct policies policies = {.list = set->policies, .count = set->count};
    struct findings findings = {.list = NULL};
    arena_init(&a, CHECK_ARENA_LIMIT, ARENA_PLAIN);
    enum status s = own_schema(objects, &a, &schema, e);
    if (s == ST_OK && validate(&policies, schema, true, &a, &findings) != ST_OK)
        s = error_set(e, ST_NOMEM, "no_memory", "policies: no memory");
    for (size_t i = 0; s == ST_OK && i < findings.count; i++) {
        if (!findings.list[i].warning)
            s = refuse(&findings.list[i], e);
    }
    arena_free(&a);
    return s;
}

enum status policy_check(const struct policy_set *set, const struct object_set *objects, struct error *e) {
    enum status s = policy_check_reducible(set, objects, e);
    return s == ST_OK ? check_schema(set, objects, e) : s;
}
