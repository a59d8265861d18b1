#include "policy/model.h"

#include "base/uuid.h"
#include "policy/column.h"

#include <time.h>

static const char *const act_names[ACT_COUNT] = {
    "list",     "view",    "create", "update", "delete", "restore", "import", "export",    "reveal",
    "transfer", "resolve", "see",    "read",   "write",  "match",   "audit",  "administer"};

static const struct {
    const char *name;
    uint32_t acts;
} act_groups[] = {{"look", 1U << ACT_LIST | 1U << ACT_VIEW},
                  {"change", 1U << ACT_CREATE | 1U << ACT_UPDATE | 1U << ACT_DELETE | 1U << ACT_RESTORE |
                                 1U << ACT_TRANSFER},
                  {"field", 1U << ACT_SEE | 1U << ACT_READ | 1U << ACT_WRITE | 1U << ACT_MATCH}};

const char *act_name(enum act act) {
    return act_names[act];
}

/* The acts that one action entity stands for: itself, or a group's members. */
static uint32_t acts_of(const struct cedar_entity *action, bool groups) {
    if (!slice_is(action->type, "Action"))
        return 0;
    for (unsigned i = 0; i < ACT_COUNT; i++) {
        if (slice_is(action->id, act_names[i]))
            return 1U << i;
    }
    for (size_t i = 0; groups && i < sizeof act_groups / sizeof act_groups[0]; i++) {
        if (slice_is(action->id, act_groups[i].name))
            return act_groups[i].acts;
    }
    return 0;
}

uint32_t model_acts(const struct scope *action) {
    if (action->op == SCOPE_ANY)
        return (1U << ACT_COUNT) - 1;
    uint32_t all = 0;
    for (size_t i = 0; i < action->count; i++)
        all |= acts_of(&action->entities[i], action->op == SCOPE_IN);
    return all;
}

static bool action_within(const struct cedar_entity *e, const struct cedar_entity *ancestor) {
    uint32_t act = acts_of(e, false), group = acts_of(ancestor, true);
    return act != 0 && (group & act) != 0 && group != act;
}

/* ---- who is within what ---- */

static bool is_principal(const struct model *m, const struct cedar_entity *e) {
    return cedar_entity_equal(e, &m->eval.principal.entity);
}

static bool department_within(const struct model *m, uint32_t id, const struct cedar_entity *ancestor) {
    uint32_t above;
    return id != 0 && slice_is(ancestor->type, "Department") && organisation_number(ancestor->id, &above) &&
           organisation_below(m->query->organisation, id, above);
}

static bool principal_within(const struct model *m, const struct cedar_entity *ancestor) {
    if (!slice_is(ancestor->type, "Role"))
        return department_within(m, m->query->actor->department, ancestor);
    for (size_t i = 0; i < m->query->actor->role_count; i++) {
        if (slice_is(ancestor->id, m->query->actor->roles[i]))
            return true;
    }
    return false;
}

static uint32_t row_number(const struct model *m, uint16_t column) {
    struct cell c = cell_null();
    m->lookup(m->row, column, &c);
    return c.kind == CELL_INT && c.i > 0 && c.i <= UINT32_MAX ? (uint32_t)c.i : 0;
}

/* A record is in its owner, in its department and all above; in a plain branch if its branch column says so,
 * which is what the row filter asks too. */
static bool record_within(const struct model *m, const struct cedar_entity *ancestor) {
    uint32_t above;
    bool owner = slice_is(ancestor->type, "User");
    if ((!owner && !slice_is(ancestor->type, "Department")) || !organisation_number(ancestor->id, &above) ||
        above == 0)
        return false;
    if (owner)
        return row_number(m, FIELD_OWNER) == above;
    if (organisation_is_plain_branch(m->query->organisation, above))
        return row_number(m, FIELD_BRANCH) == above;
    return department_within(m, row_number(m, FIELD_DEPARTMENT), ancestor);
}

static bool model_within(const struct entities *self, const struct cedar_entity *e,
                         const struct cedar_entity *ancestor) {
    struct model *m = (struct model *)(uintptr_t)self;
    uint32_t id;
    if (is_principal(m, e))
        return principal_within(m, ancestor);
    if (slice_is(e->type, "Department"))
        return organisation_number(e->id, &id) && department_within(m, id, ancestor);
    if (slice_is(e->type, "Action"))
        return action_within(e, ancestor);
    if (!slice_equal(e->type, m->resource_type))
        return false;
    if (m->row == NULL) {
        m->named_record = true;
        return false;
    }
    return cedar_entity_equal(e, &m->eval.resource.entity) && record_within(m, ancestor);
}

/* ---- attributes ---- */

/* In the room of a text of NUMBER_TEXT: printf costs as much as a decision. */
static struct slice spell(uint32_t id, char *text) {
    size_t at = NUMBER_TEXT;
    do
        text[--at] = (char)('0' + id % 10);
    while ((id /= 10) > 0);
    return slice_of(text + at, NUMBER_TEXT - at);
}

static struct cedar_value entity_number(const struct model *m, const char *type, uint32_t id) {
    char *text = arena_alloc(m->query->arena, NUMBER_TEXT);
    return cedar_entity(slice_from_string(type), text == NULL ? SLICE_NONE : spell(id, text));
}

static enum attribute_found found_number(const struct model *m, uint32_t department,
                                         struct cedar_value *out) {
    if (department == 0)
        return ATTRIBUTE_ABSENT;
    *out = entity_number(m, "Department", department);
    return out->entity.id.p == NULL ? ATTRIBUTE_NO_MEMORY : ATTRIBUTE_FOUND;
}

static enum attribute_found found(struct cedar_value *out, struct cedar_value value) {
    *out = value;
    return ATTRIBUTE_FOUND;
}

static enum attribute_found principal_attribute(const struct model *m, struct slice name,
                                                struct cedar_value *out) {
    const struct actor *a = m->query->actor;
    if (slice_is(name, "id"))
        return found(out, cedar_long(a->user));
    if (slice_is(name, "login") && a->login != NULL)
        return found(out, cedar_string(slice_from_string(a->login)));
    if (slice_is(name, "roles"))
        return found(out, m->roles);
    if (slice_is(name, "department"))
        return found_number(m, a->department, out);
    if (slice_is(name, "branch"))
        return found_number(m, a->branch, out);
    if (slice_is(name, "departments"))
        return found(out, m->departments);
    if (slice_is(name, "manager_of"))
        return found(out, m->manages);
    if (!slice_is(name, "is_partner"))
        return ATTRIBUTE_ABSENT;
    struct cedar_entity partner = {.type = SLICE("Role"), .id = SLICE("partner")};
    return found(out, cedar_bool(principal_within(m, &partner)));
}

static enum attribute_found record_attribute(const struct model *m, struct slice name,
                                             struct cedar_value *out) {
    struct column c;
    switch (model_column(m, name, &c)) {
    case COLUMN_NO_MEMORY:
        return ATTRIBUTE_NO_MEMORY;
    case COLUMN_FOUND:
        break;
    default:
        return ATTRIBUTE_ABSENT;
    }
    struct cell cell = cell_null();
    m->lookup(m->row, c.field->id, &cell);
    const struct organisation *o = m->query->organisation;
    if (o != NULL && o->moved && cell.kind == CELL_INT && c.field->id == FIELD_DEPARTMENT)
        cell.i = organisation_home(o, (uint32_t)cell.i);
    if (o != NULL && o->moved && cell.kind == CELL_INT && c.field->id == FIELD_BRANCH)
        cell.i = organisation_branch(o, row_number(m, FIELD_DEPARTMENT));
    return column_value(&c, &cell, m->query->arena, out);
}

static enum attribute_found model_attribute(const struct entities *self, const struct cedar_entity *of,
                                            struct slice name, struct cedar_value *out) {
    struct model *m = (struct model *)(uintptr_t)self;
    if (is_principal(m, of))
        return principal_attribute(m, name, out);
    if (slice_is(of->type, "Department") || slice_is(of->type, "Role") || slice_is(of->type, "Action"))
        return ATTRIBUTE_ABSENT;
    if (!slice_equal(of->type, m->resource_type))
        return ENTITY_ABSENT;
    if (m->row == NULL) {
        m->named_record = true;
        return ATTRIBUTE_ABSENT;
    }
    return cedar_entity_equal(of, &m->eval.resource.entity) ? record_attribute(m, name, out) : ENTITY_ABSENT;
}

/* ---- all that something is within, or more ---- */

static size_t put_above(struct model *m, size_t n, const char *type, struct slice id) {
    m->above[n] = (struct cedar_entity){.type = slice_from_string(type), .id = id};
    return n + 1;
}

static size_t put_number(struct model *m, size_t n, const char *type, uint32_t id) {
    return put_above(m, n, type, spell(id, m->above_text[n]));
}

static size_t put_items(struct model *m, size_t n, const struct cedar_value *set) {
    for (size_t i = 0; i < set->set.count; i++)
        m->above[n++] = set->set.items[i].entity;
    return n;
}

static size_t put_chain(struct model *m, size_t n, uint32_t department) {
    uint32_t chain[ORGANISATION_DEPTH_MAX];
    size_t levels = department == 0 ? 0
                                    : organisation_chain(m->query->organisation, department, chain,
                                                         ORGANISATION_DEPTH_MAX);
    for (size_t i = 0; i < levels; i++)
        n = put_number(m, n, "Department", chain[i]);
    return n;
}

static size_t above_department(struct model *m, const struct cedar_entity *e) {
    uint32_t id;
    return organisation_number(e->id, &id) ? put_chain(m, 0, id) : 0;
}

/* Of a record more than record_within says: its department's whole chain and its branch column both. */
static size_t above_record(struct model *m) {
    size_t n = put_number(m, 0, "User", row_number(m, FIELD_OWNER));
    n = put_number(m, n, "Department", row_number(m, FIELD_BRANCH));
    return put_chain(m, n, row_number(m, FIELD_DEPARTMENT));
}

static size_t above_action(struct model *m, const struct cedar_entity *e) {
    size_t n = 0;
    uint32_t act = acts_of(e, false);
    for (size_t i = 0; i < sizeof act_groups / sizeof act_groups[0]; i++) {
        if ((act_groups[i].acts & act) != 0)
            n = put_above(m, n, "Action", slice_from_string(act_groups[i].name));
    }
    return n;
}

static size_t model_above(const struct entities *self, const struct cedar_entity *e,
                          const struct cedar_entity **out) {
    struct model *m = (struct model *)(uintptr_t)self;
    *out = m->above;
    if (e == &m->eval.principal.entity || is_principal(m, e))
        return put_items(m, put_items(m, 0, &m->roles), &m->departments);
    if (slice_is(e->type, "Action"))
        return above_action(m, e);
    if (slice_is(e->type, "Department"))
        return above_department(m, e);
    bool resource = e == &m->eval.resource.entity || cedar_entity_equal(e, &m->eval.resource.entity);
    return resource && m->row != NULL ? above_record(m) : 0;
}

/* ---- making one ---- */

static enum status number_set(const struct model *m, const uint32_t *ids, size_t count, const uint32_t *users,
                              size_t user_count, struct cedar_value *out) {
    struct cedar_value *items = arena_array(m->query->arena, count + user_count, sizeof *items);
    if (items == NULL)
        return ST_NOMEM;
    for (size_t i = 0; i < count + user_count; i++) {
        items[i] =
            i < count ? entity_number(m, "Department", ids[i]) : entity_number(m, "User", users[i - count]);
        if (items[i].entity.id.p == NULL)
            return ST_NOMEM;
    }
    *out = cedar_set(items, count + user_count);
    return ST_OK;
}

static enum status make_sets(struct model *m) {
    const struct actor *a = m->query->actor;
    struct cedar_value *roles = arena_array(m->query->arena, a->role_count, sizeof *roles);
    if (roles == NULL)
        return ST_NOMEM;
    for (size_t i = 0; i < a->role_count; i++)
        roles[i] = cedar_entity(SLICE("Role"), slice_from_string(a->roles[i]));
    m->roles = cedar_set(roles, a->role_count);
    uint32_t chain[ORGANISATION_DEPTH_MAX];
    size_t n = a->department == 0
                   ? 0
                   : organisation_chain(m->query->organisation, a->department, chain, ORGANISATION_DEPTH_MAX);
    enum status s = number_set(m, chain, n, NULL, 0, &m->departments);
    return s == ST_OK ? number_set(m, a->manages, a->manages_count, a->reports, a->reports_count, &m->manages)
                      : s;
}

static void add_pair(struct model *m, const char *name, struct cedar_value value) {
    m->pairs[m->pair_count++] = (struct cedar_pair){.name = slice_from_string(name), .value = value};
}

static void finish_context(struct model *m) {
    m->eval.context =
        (struct cedar_value){.kind = CEDAR_RECORD, .record = {.pairs = m->pairs, .count = m->pair_count}};
}

/* hour 0 to 23, weekday 1 (Monday) to 7, in the server's time zone. */
static void add_time(struct model *m, int64_t now_ms) {
    time_t seconds = (time_t)(now_ms / 1000);
    struct tm local;
    if (localtime_r(&seconds, &local) == NULL)
        return;
    add_pair(m, "hour", cedar_long(local.tm_hour));
    add_pair(m, "weekday", cedar_long(local.tm_wday == 0 ? 7 : local.tm_wday));
}

static void make_context(struct model *m) {
    const struct policy_context *c = m->query->context;
    add_pair(m, "object", cedar_string(slice_from_string(m->query->object->name)));
    if (c != NULL) {
        add_pair(m, "reason", cedar_bool(c->has_reason));
        add_pair(m, "approval", cedar_bool(!c->without_approval));
        add_pair(m, "watermark", cedar_bool(!c->without_watermark));
        add_pair(m, "purpose", cedar_string(slice_from_string(c->purpose == NULL ? "" : c->purpose)));
        add_pair(m, "network", cedar_string(slice_from_string(c->network == NULL ? "" : c->network)));
        if (c->second_factor_age >= 0)
            add_pair(m, "second_factor_age", cedar_long(c->second_factor_age));
        add_time(m, c->now_ms);
    }
    m->fixed_pairs = m->pair_count;
    finish_context(m);
}

enum status model_type_name(const char *object, struct arena *a, struct slice *out) {
    char *name = arena_string(a, slice_from_string(object));
    if (name == NULL)
        return ST_NOMEM;
    size_t n = 0;
    bool upper = true;
    for (const char *c = object; *c != 0; c++) {
        bool letter = *c >= 'a' && *c <= 'z';
        if (*c != '_')
            name[n++] = upper && letter ? (char)(*c - 'a' + 'A') : *c;
        upper = *c == '_';
    }
    *out = slice_of(name, n);
    return ST_OK;
}

enum status model_init(struct model *m, const struct policy_query *q) {
    *m = (struct model){.query = q};
    m->entities =
        (struct entities){.attribute = model_attribute, .within = model_within, .above = model_above};
    m->eval.entities = &m->entities;
    m->eval.arena = q->arena;
    m->eval.principal = entity_number(m, "User", q->actor->user);
    if (m->eval.principal.entity.id.p == NULL ||
        model_type_name(q->object->name, q->arena, &m->resource_type) != ST_OK)
        return ST_NOMEM;
    make_context(m);
    model_set_any_row(m);
    return make_sets(m);
}

void model_set_act(struct model *m, enum act act) {
    m->eval.action = cedar_entity(SLICE("Action"), slice_from_string(act_names[act]));
}

void model_set_field(struct model *m, const struct field_def *field) {
    static const char *const classes[CLASS_COUNT] = {"public", "internal", "personal", "sensitive"};
    m->pair_count = m->fixed_pairs;
    if (field != NULL) {
        add_pair(m, "field", cedar_string(slice_from_string(field->name)));
        add_pair(m, "class", cedar_string(slice_from_string(classes[field->class])));
    }
    finish_context(m);
}

void model_set_any_row(struct model *m) {
    m->row = NULL;
    m->eval.resource = cedar_entity(m->resource_type, SLICE(""));
}

enum status model_set_row(struct model *m, pred_lookup lookup, const void *row) {
    m->lookup = lookup;
    m->row = row;
    if (row == NULL) {
        m->eval.resource = cedar_entity(SLICE("Object"), slice_from_string(m->query->object->name));
        return ST_OK;
    }
    struct cell id = cell_null();
    lookup(row, FIELD_ID, &id);
    char *text = arena_alloc(m->query->arena, UUID_TEXT + 1);
    if (text == NULL)
        return ST_NOMEM;
    struct uuid uuid = {.b = {0}};
    if (id.kind == CELL_BYTES && id.s.n == sizeof uuid.b) /* a row that is not yet made has none */
        memcpy(uuid.b, id.s.p, sizeof uuid.b);
    uuid_format(&uuid, text);
    m->eval.resource = cedar_entity(m->resource_type, slice_from_string(text));
    return ST_OK;
}
