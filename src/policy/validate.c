#include "policy/validate.h"
#include "policy/typecheck.h"

struct validation {
    const struct schema *schema;
    bool strict;
    struct arena *arena;
    struct arena scratch; /* types of one kind of request */
    struct findings *findings;
    const struct policy *policy;
};

static enum status add(struct validation *v, uint32_t line, uint32_t column, const char *what, bool warning,
                       const struct expr *expr) {
    struct findings *f = v->findings;
    if (f->count == f->room) {
        size_t room = f->room == 0 ? 16 : f->room * 2;
        struct finding *bigger = arena_array(v->arena, room, sizeof *bigger);
        if (bigger == NULL)
            return ST_NOMEM;
        if (f->count > 0)
            memcpy(bigger, f->list, f->count * sizeof *bigger);
        f->list = bigger;
        f->room = room;
    }
    const char *copy = arena_string(v->arena, slice_from_string(what));
    f->list[f->count++] = (struct finding){
        .policy = v->policy, .line = line, .column = column, .what = copy, .expr = expr, .warning = warning};
    f->errors += !warning;
    return copy == NULL ? ST_NOMEM : ST_OK;
}

/* ---- names ---- */

static enum status check_type(struct validation *v, struct slice type, uint32_t line, uint32_t column) {
    char what[160];
    if (schema_knows_type(v->schema, type))
        return ST_OK;
    (void)snprintf(what, sizeof what, "the schema has no entity type %.*s", (int)(type.n > 80 ? 80 : type.n),
                   (const char *)type.p);
    return add(v, line, column, what, false, NULL);
}

static enum status check_entity(struct validation *v, const struct cedar_entity *e, uint32_t line,
                                uint32_t column) {
    char what[240];
    const char *wrong = NULL;
    const struct schema_entity *known = schema_find_entity(v->schema, e->type);
    if (schema_is_action_type(e->type) && schema_find_action(v->schema, e) == NULL)
        wrong = "the schema has no action";
    else if (known != NULL && !schema_entity_takes(known, e->id))
        wrong = "the schema lists other ids than";
    if (wrong == NULL)
        return check_type(v, e->type, line, column);
    (void)snprintf(what, sizeof what, "%s %.*s::\"%.*s\"", wrong, (int)(e->type.n > 80 ? 80 : e->type.n),
                   (const char *)e->type.p, (int)(e->id.n > 80 ? 80 : e->id.n), (const char *)e->id.p);
    return add(v, line, column, what, false, NULL);
}

static enum status check_names(struct validation *v, const struct expr *e) {
    enum status s = ST_OK;
    if (e->op == EXPR_VALUE && e->literal != NULL)
        return check_names(v, e->literal);
    if (e->op == EXPR_VALUE && e->value.kind == CEDAR_ENTITY)
        return check_entity(v, &e->value.entity, e->line, e->column);
    if (e->op == EXPR_IS)
        s = check_type(v, e->text, e->line, e->column);
    for (size_t i = 0; i < e->count && s == ST_OK; i++)
        s = check_names(v, e->items[i]);
    return s;
}

static enum status check_scope_names(struct validation *v, const struct scope *scope) {
    const struct policy *p = v->policy;
    enum status s = ST_OK;
    if (scope->op == SCOPE_IS || scope->op == SCOPE_IS_IN)
        s = check_type(v, scope->type, p->line, p->column);
    for (size_t i = 0; i < scope->count && s == ST_OK; i++)
        s = check_entity(v, &scope->entities[i], p->line, p->column);
    return s;
}

static enum status check_all_names(struct validation *v) {
    const struct policy *p = v->policy;
    const struct scope *scopes[] = {&p->principal, &p->action, &p->resource};
    enum status s = ST_OK;
    for (size_t i = 0; i < 3 && s == ST_OK; i++)
        s = check_scope_names(v, scopes[i]);
    for (size_t i = 0; i < p->condition_count && s == ST_OK; i++)
        s = check_names(v, p->conditions[i].expr);
    return s;
}

/* ---- is there a request that the scope can take in? ---- */

static bool action_in_scope(const struct schema *schema, const struct scope *s,
                            const struct schema_action *a) {
    if (s->op == SCOPE_ANY)
        return true;
    if (s->op == SCOPE_EQUAL)
        return cedar_entity_equal(&a->uid, s->entities);
    bool found = false;
    for (size_t i = 0; i < s->count; i++) {
        if (schema_find_action(schema, &s->entities[i]) == NULL)
            return false;
        found = found || schema_action_within(a, &s->entities[i]);
    }
    return found;
}

static bool type_in_scope(const struct schema *schema, const struct scope *s, struct slice type) {
    bool declared = schema_find_entity(schema, type) != NULL;
    bool below = s->count == 0 || (schema_find_entity(schema, s->entities->type) != NULL &&
                                   schema_type_within(schema, type, s->entities->type));
    switch (s->op) {
    case SCOPE_EQUAL:
        return s->slot ? declared : slice_equal(type, s->entities->type);
    case SCOPE_IN:
        return declared && below;
    case SCOPE_IS:
        return slice_equal(type, s->type);
    case SCOPE_IS_IN:
        return slice_equal(type, s->type) && below;
    default:
        return declared;
    }
}

static bool any_in_scope(const struct schema *schema, const struct scope *s, const struct slice *types,
                         size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (type_in_scope(schema, s, types[i]))
            return true;
    }
    return false;
}

static enum status check_application(struct validation *v) {
    const struct policy *p = v->policy;
    for (size_t i = 0; i < v->schema->action_count; i++) {
        const struct schema_action *a = &v->schema->actions[i];
        if (action_in_scope(v->schema, &p->action, a) &&
            any_in_scope(v->schema, &p->principal, a->principals, a->principal_count) &&
            any_in_scope(v->schema, &p->resource, a->resources, a->resource_count))
            return ST_OK;
    }
    return add(v, p->line, p->column, "the schema has no action for such principals and resources", false,
               NULL);
}

/* ---- types ---- */

/* The scope as expressions of the language; a slot as some entity of the type that it is tried with. */
static const struct expr *scope_expr(struct validation *v, const struct scope *s, enum variable variable,
                                     struct slice slot, enum expr_op op) {
    struct expr *nodes = arena_array(&v->scratch, 3 + s->count, sizeof *nodes);
    const struct expr **items = arena_array(&v->scratch, 2, sizeof *items);
    const struct expr **members = arena_array(&v->scratch, s->count + 1, sizeof *members);
    if (nodes == NULL || items == NULL || members == NULL)
        return NULL;
    struct expr at = {.line = v->policy->line, .column = v->policy->column};
    nodes[0] = nodes[1] = nodes[2] = at;
    nodes[0].op = op;
    nodes[0].items = items;
    nodes[0].count = op == EXPR_IS ? 1 : 2;
    nodes[0].text = s->type;
    nodes[1].op = EXPR_VARIABLE;
    nodes[1].variable = variable;
    nodes[2].op = EXPR_SET;
    nodes[2].items = members;
    nodes[2].count = s->count;
    for (size_t i = 0; i < s->count; i++) {
        nodes[3 + i] = at;
        nodes[3 + i].value = cedar_entity(s->entities[i].type, s->entities[i].id);
        members[i] = &nodes[3 + i];
    }
    items[0] = &nodes[1];
    items[1] = s->listed ? &nodes[2] : members[0];
    if (s->slot) {
        nodes[2].op = EXPR_VALUE;
        nodes[2].value = cedar_entity(slot, SLICE(""));
        items[1] = &nodes[2];
    }
    return &nodes[0];
}

static enum checked and_scope(struct validation *v, struct typecheck *t, const struct scope *s,
                              enum variable variable, struct slice slot, struct typed *so_far) {
    static const enum expr_op first[] = {EXPR_VALUE, EXPR_EQUAL, EXPR_IN, EXPR_IS, EXPR_IS};
    if (s->op == SCOPE_ANY)
        return CHECKED;
    const struct expr *e = scope_expr(v, s, variable, slot, first[s->op]);
    enum checked c = e == NULL ? CHECK_NO_MEMORY : typecheck_and(t, e, NULL, so_far);
    if (c != CHECKED || s->op != SCOPE_IS_IN)
        return c;
    e = scope_expr(v, s, variable, slot, EXPR_IN);
    return e == NULL ? CHECK_NO_MEMORY : typecheck_and(t, e, NULL, so_far);
}

static enum checked and_condition(struct validation *v, struct typecheck *t, const struct condition *c,
                                  struct typed *so_far) {
    struct expr *not = arena_alloc(&v->scratch, sizeof *not );
    const struct expr **item = arena_alloc(&v->scratch, sizeof *item);
    if (not == NULL || item == NULL)
        return CHECK_NO_MEMORY;
    *item = c->expr;
    *not = (struct expr){
        .op = EXPR_NOT, .items = item, .count = 1, .line = c->expr->line, .column = c->expr->column};
    return typecheck_and(t, c->unless ? not : c->expr, NULL, so_far);
}

/* The whole condition on one kind of request. */
static enum checked check_request(struct validation *v, struct typecheck *t, struct slice principal_slot,
                                  struct slice resource_slot, struct typed *out) {
    const struct policy *p = v->policy;
    *out = (struct typed){.type = &type_true};
    enum checked c = and_scope(v, t, &p->principal, VARIABLE_PRINCIPAL, principal_slot, out);
    if (c == CHECKED)
        c = and_scope(v, t, &p->action, VARIABLE_ACTION, SLICE_NONE, out);
    if (c == CHECKED)
        c = and_scope(v, t, &p->resource, VARIABLE_RESOURCE, resource_slot, out);
    for (size_t i = 0; i < p->condition_count && c == CHECKED; i++)
        c = and_condition(v, t, &p->conditions[i], out);
    return c;
}

/* What comes of all kinds of requests. */
struct outcome {
    bool applies; /* to one of them at least */
    bool failed;
    enum status status;
};

/* One kind of request, with its slots filled. */
static void try_request(struct validation *v, const struct schema_action *action, const struct slice types[2],
                        const struct slice slots[2], struct outcome *o) {
    arena_reset(&v->scratch);
    struct typecheck t = {.schema = v->schema,
                          .strict = v->strict,
                          .arena = &v->scratch,
                          .action = action,
                          .principal = type_entity(&v->scratch, types[0]),
                          .resource = type_entity(&v->scratch, types[1])};
    struct typed out = {.type = NULL};
    enum checked c = t.principal == NULL || t.resource == NULL
                         ? CHECK_NO_MEMORY
                         : check_request(v, &t, slots[0], slots[1], &out);
    if (c == CHECK_NO_MEMORY)
        o->status = ST_NOMEM;
    if (c == CHECK_FAILED && !o->failed)
        o->status =
            add(v, t.at->line, t.at->column, t.what, false,
                t.at->to > t.at->from ? t.at : NULL); /* else it was made here and goes with the scratch */
    o->failed = o->failed || c == CHECK_FAILED;
    o->applies = o->applies || c != CHECKED || out.type == NULL || out.type->kind != TYPE_FALSE;
}

/* The types that a slot is tried with; a policy without one is tried once. */
static size_t slot_types(const struct validation *v, const struct scope *s, struct slice type,
                         struct slice *out) {
    size_t n = 0;
    out[n++] = type;
    for (size_t i = 0; s->slot && s->op != SCOPE_EQUAL && i < v->schema->entity_count; i++) {
        struct slice other = v->schema->entities[i].name;
        if (!slice_equal(other, type) && schema_type_within(v->schema, type, other))
            out[n++] = other;
    }
    return n;
}

static void try_slots(struct validation *v, const struct schema_action *action, struct slice principal,
                      struct slice resource, struct slice *room, struct outcome *o) {
    struct slice *others = room + v->schema->entity_count + 1;
    size_t n = slot_types(v, &v->policy->principal, principal, room);
    size_t m = slot_types(v, &v->policy->resource, resource, others);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < m && o->status == ST_OK; k++)
            try_request(v, action, (struct slice[2]){principal, resource},
                        (struct slice[2]){room[i], others[k]}, o);
    }
}

static enum status check_types(struct validation *v) {
    struct outcome o = {.status = ST_OK};
    struct slice *room = arena_array(v->arena, (v->schema->entity_count + 1) * 2, sizeof *room);
    if (room == NULL)
        return ST_NOMEM;
    for (size_t i = 0; i < v->schema->action_count; i++) {
        const struct schema_action *a = &v->schema->actions[i];
        for (size_t p = 0; p < a->principal_count; p++) {
            for (size_t r = 0; r < a->resource_count && o.status == ST_OK; r++)
                try_slots(v, a, a->principals[p], a->resources[r], room, &o);
        }
    }
    if (o.status == ST_OK && !o.applies)
        return add(v, v->policy->line, v->policy->column, "this policy can apply to no request", true, NULL);
    return o.status;
}

static enum status check_policy(struct validation *v, const struct policy *p, bool link) {
    v->policy = p;
    enum status s = check_all_names(v);
    if (s == ST_OK)
        s = check_application(v);
    return s == ST_OK && !link ? check_types(v) : s; /* a link's types are its template's */
}

enum status validate(const struct policies *policies, const struct schema *schema, bool strict,
                     struct arena *a, struct findings *out) {
    struct validation v = {.schema = schema, .strict = strict, .arena = a, .findings = out};
    enum status s = ST_OK;
    *out = (struct findings){.list = NULL};
    arena_init(&v.scratch, (size_t)256 * 1024 * 1024, ARENA_PLAIN);
    for (size_t i = 0; i < policies->template_count && s == ST_OK; i++)
        s = check_policy(&v, policies->templates[i], false);
    for (size_t i = 0; i < policies->count && s == ST_OK; i++)
        s = check_policy(&v, policies->list[i], i + policies->link_count >= policies->count);
    arena_free(&v.scratch);
    return s;
}
