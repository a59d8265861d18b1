#include "policy/matrix.h"

#include "policy/model.h"
#include "policy/obligation.h"

#define NAMES_MAX 512

static const char *const scope_names[MATRIX_SCOPES] = {
    "all", "own",    "own_and_led",     "department", "department_below", "department_led",
    "led", "branch", "branch_or_group", "head_office"};

const char *matrix_scope_name(enum matrix_scope scope) {
    return scope_names[scope];
}

bool matrix_scope_by_name(struct slice name, enum matrix_scope *out) {
    for (unsigned i = 0; i < MATRIX_SCOPES; i++) {
        if (slice_is(name, scope_names[i])) {
            *out = (enum matrix_scope)i;
            return true;
        }
    }
    return false;
}

bool matrix_terms_same(const struct matrix_terms *a, const struct matrix_terms *b) {
    return a->scope == b->scope && a->people == b->people && a->hour_from == b->hour_from &&
           a->hour_to == b->hour_to && a->weekdays == b->weekdays && a->second_factor == b->second_factor &&
           slice_equal(a->network, b->network) && a->reason == b->reason && a->approval == b->approval &&
           a->watermark == b->watermark;
}

bool matrix_names_have(const struct matrix_names *n, struct slice name) {
    if (n->kind == MATRIX_EVERY)
        return true;
    for (size_t i = 0; i < n->count; i++) {
        if (slice_equal(n->list[i], name))
            return n->kind == MATRIX_ONLY;
    }
    return n->kind == MATRIX_EXCEPT;
}

/* ---- reading ---- */

enum seen {
    SEEN_OBJECT = 1,
    SEEN_CLASS = 2,
    SEEN_FIELD = 4,
    SEEN_SCOPE = 8,
    SEEN_PEOPLE = 16,
    SEEN_FROM = 32,
    SEEN_TO = 64,
    SEEN_DAYS = 128,
    SEEN_FACTOR = 256,
    SEEN_NETWORK = 512,
    SEEN_REASON = 1024,
    SEEN_APPROVAL = 2048,
    SEEN_WATERMARK = 4096
};

struct reading {
    struct matrix_rule *rule;
    struct arena *arena;
    unsigned seen;
    unsigned guards; /* bits of enum guarded: asked for with `has` */
};

/* What has to be asked for before it is read; alone, without its use, it is a condition of its own. */
enum guarded { GUARD_BRANCH = 1, GUARD_DEPARTMENT = 2, GUARD_RECORD_DEPARTMENT = 4, GUARD_FACTOR = 8 };

/* Each kind of condition once: two of them would have to be joined. */
static bool once(struct reading *r, unsigned what) {
    bool fresh = (r->seen & what) == 0;
    r->seen |= what;
    return fresh;
}

static bool is_variable(const struct expr *e, enum variable v) {
    return e->op == EXPR_VARIABLE && e->variable == v;
}

static bool is_attribute(const struct expr *e, enum variable of, const char *name) {
    return e->op == EXPR_GET && is_variable(e->items[0], of) && slice_is(e->text, name);
}

static bool is_literal(const struct expr *e, enum cedar_kind kind) {
    return e->op == EXPR_VALUE && e->value.kind == kind;
}

static struct matrix_names *names_of(struct reading *r, const struct expr *e) {
    if (is_attribute(e, VARIABLE_CONTEXT, "object"))
        return once(r, SEEN_OBJECT) ? &r->rule->objects : NULL;
    if (is_attribute(e, VARIABLE_CONTEXT, "class"))
        return once(r, SEEN_CLASS) ? &r->rule->classes : NULL;
    if (is_attribute(e, VARIABLE_CONTEXT, "field"))
        return once(r, SEEN_FIELD) ? &r->rule->fields : NULL;
    return NULL;
}

static bool take_names(struct reading *r, const struct expr *who, const struct cedar_value *items,
                       size_t count, bool except) {
    struct matrix_names *n = names_of(r, who);
    struct slice *list = n == NULL || count == 0 ? NULL : arena_array(r->arena, count, sizeof *list);
    if (list == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (items[i].kind != CEDAR_STRING)
            return false;
        list[i] = items[i].s;
    }
    *n = (struct matrix_names){except ? MATRIX_EXCEPT : MATRIX_ONLY, list, count};
    return true;
}

static bool take_days(struct reading *r, const struct cedar_value *set) {
    if (!once(r, SEEN_DAYS) || set->set.count == 0)
        return false;
    for (size_t i = 0; i < set->set.count; i++) {
        const struct cedar_value *d = &set->set.items[i];
        if (d->kind != CEDAR_LONG || d->i < 1 || d->i > 7)
            return false;
        r->rule->terms.weekdays |= (uint8_t)(1u << (d->i - 1));
    }
    return true;
}

static bool take_contains(struct reading *r, const struct expr *e, bool negated) {
    if (!is_literal(e->items[0], CEDAR_SET))
        return false;
    const struct cedar_value *set = &e->items[0]->value;
    if (is_attribute(e->items[1], VARIABLE_CONTEXT, "weekday"))
        return !negated && take_days(r, set);
    return take_names(r, e->items[1], set->set.items, set->set.count, negated);
}

static bool take_scope(struct reading *r, enum matrix_scope scope) {
    r->rule->terms.scope = scope;
    return once(r, SEEN_SCOPE);
}

static bool is_own(const struct expr *e) {
    return e->op == EXPR_EQUAL && ((is_attribute(e->items[0], VARIABLE_RESOURCE, "owner") &&
                                    is_variable(e->items[1], VARIABLE_PRINCIPAL)) ||
                                   (is_attribute(e->items[1], VARIABLE_RESOURCE, "owner") &&
                                    is_variable(e->items[0], VARIABLE_PRINCIPAL)));
}

static bool is_within(const struct expr *e, const char *attribute) {
    return e->op == EXPR_IN && is_variable(e->items[0], VARIABLE_RESOURCE) &&
           is_attribute(e->items[1], VARIABLE_PRINCIPAL, attribute);
}

static bool is_has(const struct expr *e, enum variable of, const char *name) {
    return e->op == EXPR_HAS && is_variable(e->items[0], of) && slice_is(e->text, name);
}

/* With `has` before it, or (an older text) without. */
static bool is_guarded_within(const struct expr *e, const char *attribute) {
    if (e->op == EXPR_AND && e->count == 2 && is_has(e->items[0], VARIABLE_PRINCIPAL, attribute))
        e = e->items[1];
    return is_within(e, attribute);
}

static bool take_guard(struct reading *r, const struct expr *e) {
    unsigned guard = is_has(e, VARIABLE_PRINCIPAL, "branch")            ? GUARD_BRANCH
                     : is_has(e, VARIABLE_PRINCIPAL, "department")      ? GUARD_DEPARTMENT
                     : is_has(e, VARIABLE_RESOURCE, "department")       ? GUARD_RECORD_DEPARTMENT
                     : is_has(e, VARIABLE_CONTEXT, "second_factor_age") ? GUARD_FACTOR
                                                                        : 0;
    r->guards |= guard;
    return guard != 0;
}

static bool guards_are_used(const struct reading *r) {
    enum matrix_scope scope = r->rule->terms.scope;
    unsigned used = (r->seen & SEEN_FACTOR) != 0 ? GUARD_FACTOR : 0;
    if (scope == MATRIX_BRANCH)
        used |= GUARD_BRANCH;
    if (scope == MATRIX_DEPARTMENT || scope == MATRIX_DEPARTMENT_BELOW)
        used |= GUARD_DEPARTMENT;
    if (scope == MATRIX_DEPARTMENT)
        used |= GUARD_RECORD_DEPARTMENT;
    return (r->guards & ~used) == 0;
}

static bool is_of_head_office(const struct expr *e) {
    return e->op == EXPR_NOT && is_has(e->items[0], VARIABLE_PRINCIPAL, "branch");
}

static bool take_either(struct reading *r, const struct expr *e) {
    if (e->count != 2)
        return false;
    const struct expr *x = e->items[0], *y = e->items[1];
    if (is_own(x) && is_within(y, "manager_of"))
        return take_scope(r, MATRIX_OWN_AND_LED);
    if (is_guarded_within(x, "department") && is_within(y, "manager_of"))
        return take_scope(r, MATRIX_DEPARTMENT_LED);
    if (is_of_head_office(x) && is_guarded_within(y, "branch"))
        return take_scope(r, MATRIX_BRANCH_OR_GROUP);
    return false;
}

static bool take_equal(struct reading *r, const struct expr *e, bool negated) {
    const struct expr *x = e->items[0], *y = e->items[1];
    if (!negated && is_own(e))
        return take_scope(r, MATRIX_OWN);
    if (!negated && is_attribute(x, VARIABLE_RESOURCE, "department") &&
        is_attribute(y, VARIABLE_PRINCIPAL, "department"))
        return take_scope(r, MATRIX_DEPARTMENT);
    if (!is_literal(y, CEDAR_STRING))
        return false;
    if (!negated && is_attribute(x, VARIABLE_CONTEXT, "network")) {
        r->rule->terms.network = y->value.s;
        return once(r, SEEN_NETWORK) && y->value.s.n > 0;
    }
    return take_names(r, x, &y->value, 1, negated);
}

static bool take_in(struct reading *r, const struct expr *e) {
    const struct expr *y = e->items[1];
    int64_t number;
    if (is_variable(e->items[0], VARIABLE_PRINCIPAL) && is_literal(y, CEDAR_ENTITY) &&
        slice_is(y->value.entity.type, "Department") && slice_to_int(y->value.entity.id, &number) &&
        number > 0 && number <= UINT32_MAX) {
        r->rule->terms.people = (uint32_t)number;
        return once(r, SEEN_PEOPLE);
    }
    if (is_within(e, "department"))
        return take_scope(r, MATRIX_DEPARTMENT_BELOW);
    if (is_within(e, "manager_of"))
        return take_scope(r, MATRIX_LED);
    return is_within(e, "branch") && take_scope(r, MATRIX_BRANCH);
}

/* Hours and minutes; <= and > are brought to < and >=. */
static bool take_bound(struct reading *r, const struct expr *e) {
    struct matrix_terms *t = &r->rule->terms;
    bool upper = e->op == EXPR_LESS || e->op == EXPR_LESS_EQUAL;
    if (!is_literal(e->items[1], CEDAR_LONG))
        return false;
    int64_t n = e->items[1]->value.i;
    if (n < 0 || n > 1000000)
        return false;
    n += e->op == EXPR_LESS_EQUAL || e->op == EXPR_GREATER;
    if (is_attribute(e->items[0], VARIABLE_CONTEXT, "hour")) {
        if (n == 0 || n >= 24 || !once(r, upper ? SEEN_TO : SEEN_FROM))
            return false;
        *(upper ? &t->hour_to : &t->hour_from) = (uint8_t)n;
        return t->hour_from < t->hour_to;
    }
    if (is_attribute(e->items[0], VARIABLE_CONTEXT, "weekday")) {
        if (!upper || n < 2 || n > 7 || !once(r, SEEN_DAYS))
            return false;
        t->weekdays = (uint8_t)((1u << (n - 1)) - 1);
        return true;
    }
    if (!upper || !is_attribute(e->items[0], VARIABLE_CONTEXT, "second_factor_age") || n % 60 != 0 ||
        n == 0 || n / 60 > UINT16_MAX || !once(r, SEEN_FACTOR))
        return false;
    t->second_factor = (uint16_t)(n / 60);
    return true;
}

static bool take_given(struct reading *r, const struct expr *e) {
    struct matrix_terms *t = &r->rule->terms;
    const struct {
        const char *name;
        unsigned seen;
        bool *term;
    } given[] = {{"reason", SEEN_REASON, &t->reason},
                 {"approval", SEEN_APPROVAL, &t->approval},
                 {"watermark", SEEN_WATERMARK, &t->watermark}};
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
        if (!is_attribute(e, VARIABLE_CONTEXT, given[i].name))
            continue;
        *given[i].term = true;
        return once(r, given[i].seen);
    }
    return false;
}

static bool take(struct reading *r, const struct expr *e, bool negated) {
    bool fine = true;
    switch (e->op) {
    case EXPR_NOT:
        if (!negated && is_of_head_office(e))
            return take_scope(r, MATRIX_HEAD_OFFICE);
        return take(r, e->items[0], !negated);
    case EXPR_AND:
    case EXPR_OR:
        if (e->op == EXPR_OR && !negated)
            return take_either(r, e);
        for (size_t i = 0; i < e->count && fine; i++)
            fine = (e->op == EXPR_AND) == !negated && take(r, e->items[i], negated);
        return fine;
    case EXPR_CONTAINS:
        return take_contains(r, e, negated);
    case EXPR_EQUAL:
        return take_equal(r, e, negated);
    case EXPR_NOT_EQUAL:
        return take_equal(r, e, !negated);
    case EXPR_IN:
        return !negated && take_in(r, e);
    case EXPR_HAS:
        return !negated && take_guard(r, e);
    case EXPR_LESS:
    case EXPR_LESS_EQUAL:
    case EXPR_GREATER:
    case EXPR_GREATER_EQUAL:
        return !negated && take_bound(r, e);
    case EXPR_GET:
        return !negated && take_given(r, e);
    default:
        return false;
    }
}

static bool take_head(struct reading *r, const struct policy *p, const struct object_set *objects) {
    struct matrix_rule *rule = r->rule;
    if (p->principal.op == SCOPE_IN && slice_is(p->principal.entities[0].type, "Role"))
        rule->role = p->principal.entities[0].id;
    else if (p->principal.op != SCOPE_ANY)
        return false;
    if (p->resource.op == SCOPE_ANY)
        return true;
    for (size_t i = 0; p->resource.op == SCOPE_IS && i < objects->count; i++) {
        struct slice type;
        if (model_type_name(objects->objects[i]->name, r->arena, &type) != ST_OK)
            return false;
        if (!slice_equal(type, p->resource.type))
            continue;
        struct slice *one = arena_alloc(r->arena, sizeof *one);
        if (one == NULL || !once(r, SEEN_OBJECT))
            return false;
        *one = slice_from_string(objects->objects[i]->name);
        rule->by_type = true;
        rule->objects = (struct matrix_names){MATRIX_ONLY, one, 1};
        return true;
    }
    return false;
}

/* Any other annotation would be lost when the rule is written. */
static bool are_known(const struct policy *p) {
    for (size_t i = 0; i < p->annotation_count; i++) {
        if (!slice_is(p->annotations[i].name, "id") && !slice_is(p->annotations[i].name, OBLIGATION))
            return false;
    }
    return true;
}

bool matrix_read(const struct policy *p, const struct object_set *objects, struct arena *a,
                 struct matrix_rule *out) {
    struct reading r = {.rule = out, .arena = a};
    *out = (struct matrix_rule){.id = p->id, .forbid = p->forbid, .acts = p->acts, .terms = {.hour_to = 24}};
    bool fine = take_head(&r, p, objects) && are_known(p);
    for (size_t i = 0; i < p->condition_count && fine; i++)
        fine = take(&r, p->conditions[i].expr, p->conditions[i].unless);
    return fine && guards_are_used(&r);
}

/* ---- writing ---- */

static void put_text(struct buf *out, struct slice s) {
    buf_put_u8(out, '"');
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        if (c < ' ' || c == 0x7f) {
            buf_put_format(out, "\\x%02x", c);
        } else {
            if (c == '"' || c == '\\')
                buf_put_u8(out, '\\');
            buf_put_u8(out, c);
        }
    }
    buf_put_u8(out, '"');
}

static void put_role(struct buf *out, struct slice role) {
    buf_put_string(out, "principal");
    if (role.p == NULL)
        return;
    buf_put_string(out, " in Role::");
    put_text(out, role);
}

static void put_acts(struct buf *out, uint32_t acts) {
    bool one = (acts & (acts - 1)) == 0, first = true;
    buf_put_string(out, one ? "action == " : "action in [");
    for (unsigned act = 0; act < ACT_COUNT; act++) {
        if ((acts >> act & 1) == 0)
            continue;
        buf_put_format(out, "%sAction::\"%s\"", first ? "" : ", ", act_name((enum act)act));
        first = false;
    }
    buf_put_string(out, one ? "" : "]");
}

static void put_type(struct buf *out, struct slice object) {
    bool upper = true;
    buf_put_string(out, "resource is ");
    for (size_t i = 0; i < object.n; i++) {
        uint8_t c = object.p[i];
        if (c != '_')
            buf_put_u8(out, (uint8_t)(upper && c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c));
        upper = c == '_';
    }
}

/* The conditions, one after another; the first begins, the others follow. */
struct conditions {
    struct buf *out;
    size_t count;
};

static void next(struct conditions *c) {
    buf_put_string(c->out, c->count == 0 ? "\nwhen {\n    " : " &&\n    ");
    c->count++;
}

static void put_names(struct conditions *c, const char *what, const struct matrix_names *n) {
    if (n->kind == MATRIX_EVERY)
        return;
    next(c);
    if (n->count == 1) {
        buf_put_format(c->out, "context.%s %s ", what, n->kind == MATRIX_ONLY ? "==" : "!=");
        put_text(c->out, n->list[0]);
        return;
    }
    buf_put_string(c->out, n->kind == MATRIX_ONLY ? "[" : "![");
    for (size_t i = 0; i < n->count; i++) {
        buf_put_string(c->out, i == 0 ? "" : ", ");
        put_text(c->out, n->list[i]);
    }
    buf_put_format(c->out, "].contains(context.%s)", what);
}

static void put_scope(struct conditions *c, enum matrix_scope scope) {
    static const char *const texts[MATRIX_SCOPES] = {
        [MATRIX_OWN] = "resource.owner == principal",
        [MATRIX_OWN_AND_LED] = "(resource.owner == principal || resource in principal.manager_of)",
        [MATRIX_DEPARTMENT] = ("resource has department && principal has department && "
                               "resource.department == principal.department"),
        [MATRIX_DEPARTMENT_BELOW] = "principal has department && resource in principal.department",
        [MATRIX_DEPARTMENT_LED] = ("(principal has department && resource in principal.department || "
                                   "resource in principal.manager_of)"),
        [MATRIX_LED] = "resource in principal.manager_of",
        [MATRIX_BRANCH] = "principal has branch && resource in principal.branch",
        [MATRIX_BRANCH_OR_GROUP] =
            "(!(principal has branch) || principal has branch && resource in principal.branch)",
        [MATRIX_HEAD_OFFICE] = "!(principal has branch)"};
    if (texts[scope] == NULL)
        return;
    next(c);
    buf_put_string(c->out, texts[scope]);
}

static void put_days(struct conditions *c, uint8_t days) {
    bool first = true;
    if (days == 0)
        return;
    next(c);
    for (unsigned d = 0; d < 7; d++) {
        if ((days >> d & 1) == 0)
            continue;
        buf_put_format(c->out, "%s%u", first ? "[" : ", ", d + 1);
        first = false;
    }
    buf_put_string(c->out, "].contains(context.weekday)");
}

static void put_number(struct conditions *c, bool wanted, const char *format_before, unsigned n) {
    if (!wanted)
        return;
    next(c);
    buf_put_format(c->out, "%s%u", format_before, n);
}

static void put_given(struct conditions *c, bool wanted, const char *name) {
    if (!wanted)
        return;
    next(c);
    buf_put_format(c->out, "context.%s", name);
}

static void put_terms(struct conditions *c, const struct matrix_terms *t) {
    if (t->people != 0) {
        next(c);
        buf_put_format(c->out, "principal in Department::\"%u\"", t->people);
    }
    put_scope(c, t->scope);
    put_number(c, t->hour_from > 0, "context.hour >= ", t->hour_from);
    put_number(c, t->hour_to < 24, "context.hour < ", t->hour_to);
    put_days(c, t->weekdays);
    if (t->network.n > 0) {
        next(c);
        buf_put_string(c->out, "context.network == ");
        put_text(c->out, t->network);
    }
    put_number(c, t->second_factor > 0, "context has second_factor_age && context.second_factor_age < ",
               t->second_factor * 60u);
    put_given(c, t->reason, "reason");
}

/* Of a forbid they are conditions like any other. */
static void put_obligations(struct buf *out, const struct matrix_rule *rule) {
    const struct matrix_terms *t = &rule->terms;
    if (rule->forbid || (!t->approval && !t->watermark))
        return;
    buf_put_format(out, "@%s(\"%s%s%s\")\n", OBLIGATION, t->approval ? "approval" : "",
                   t->approval && t->watermark ? ", " : "", t->watermark ? "watermark" : "");
}

void matrix_write(const struct matrix_rule *rule, struct buf *out) {
    struct conditions c = {.out = out};
    buf_put_string(out, "@id(");
    put_text(out, rule->id);
    buf_put_string(out, ")\n");
    put_obligations(out, rule);
    buf_put_format(out, "%s (", rule->forbid ? "forbid" : "permit");
    put_role(out, rule->role);
    buf_put_string(out, ", ");
    put_acts(out, rule->acts);
    buf_put_string(out, ", ");
    if (rule->by_type)
        put_type(out, rule->objects.list[0]);
    else
        buf_put_string(out, "resource");
    buf_put_string(out, ")");
    if (!rule->by_type)
        put_names(&c, "object", &rule->objects);
    put_names(&c, "class", &rule->classes);
    put_names(&c, "field", &rule->fields);
    put_terms(&c, &rule->terms);
    put_given(&c, rule->forbid && rule->terms.approval, "approval");
    put_given(&c, rule->forbid && rule->terms.watermark, "watermark");
    buf_put_string(out, c.count == 0 ? ";\n" : "\n};\n");
}
