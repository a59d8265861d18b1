#include "policy/parse.h"

#include "base/utf8.h"
#include "policy/expression.h"

static bool annotation_name(struct parser *p, struct slice *out) {
    if (p->now.kind != TOKEN_NAME) /* reserved words are fine here */
        return parser_fail_expected(p, "an annotation's name");
    *out = p->now.text;
    parser_advance(p);
    return true;
}

static bool parse_annotations(struct parser *p, struct policy *policy) {
    struct parser_list list = {.items = NULL};
    while (parser_at(p, "@")) {
        struct annotation a = {.value = SLICE_NONE, /* no value: none in quotes */
                               .from = p->now.from,
                               .line = p->now.line,
                               .column = p->now.column};
        parser_advance(p);
        if (!annotation_name(p, &a.name))
            return false;
        if (parser_accept(p, "(") && (!parser_string(p, false, &a.value) || !parser_expect(p, ")")))
            return false;
        const struct annotation *known = (const struct annotation *)(const void *)list.items;
        for (size_t i = 0; i < list.count; i++) {
            if (slice_equal(known[i].name, a.name))
                return parser_fail(p, "this policy has the same annotation twice");
        }
        struct annotation *slot = parser_list_add(p, &list, sizeof *slot);
        if (slot == NULL)
            return false;
        a.to = p->end;
        *slot = a;
    }
    policy->annotations = (const struct annotation *)(const void *)list.items;
    policy->annotation_count = list.count;
    return true;
}

/* ?principal or ?resource, in the scope of the same name. */
static bool scope_slot(struct parser *p, const char *variable, struct scope *s) {
    uint32_t mark = p->now.to;
    s->line = p->now.line;
    s->column = p->now.column;
    parser_advance(p);
    if (variable == NULL || p->now.from != mark || !parser_accept(p, variable))
        return parser_fail(p, "a slot is ?principal in the principal's scope, ?resource in the resource's");
    s->slot = true;
    return true;
}

/* `variable`: whose slot may stand here; NULL: none. */
static bool scope_entity(struct parser *p, const char *variable, struct scope *s) {
    if (parser_at(p, "?"))
        return scope_slot(p, variable, s);
    struct cedar_entity *e = arena_alloc(p->arena, sizeof *e);
    if (e == NULL)
        return parser_no_memory(p);
    s->entities = e;
    s->count = 1;
    return parser_entity(p, e);
}

/* principal or resource: nothing, == entity, in entity, is type, is type in entity. */
static bool parse_scope(struct parser *p, const char *variable, struct scope *s) {
    if (!parser_expect(p, variable))
        return false;
    if (parser_accept(p, "==")) {
        s->op = SCOPE_EQUAL;
        return scope_entity(p, variable, s);
    }
    if (parser_accept(p, "in")) {
        s->op = SCOPE_IN;
        return scope_entity(p, variable, s);
    }
    if (!parser_accept(p, "is"))
        return true;
    s->op = SCOPE_IS;
    if (!parser_path(p, &s->type))
        return false;
    if (!parser_accept(p, "in"))
        return true;
    s->op = SCOPE_IS_IN;
    return scope_entity(p, variable, s);
}

/* Action, or A::B::Action. */
static bool is_action_type(struct slice type) {
    return slice_is(type, "Action") || (type.n > 8 && memcmp(type.p + type.n - 8, "::Action", 8) == 0);
}

static bool check_actions(struct parser *p, const struct scope *s) {
    for (size_t i = 0; i < s->count; i++) {
        if (!is_action_type(s->entities[i].type))
            return parser_fail(p, "an action's type must be Action");
    }
    return true;
}

static bool action_list(struct parser *p, struct scope *s) {
    struct parser_list list = {.items = NULL};
    while (!parser_at(p, "]")) {
        struct cedar_entity *slot = parser_list_add(p, &list, sizeof *slot);
        if (slot == NULL || !parser_entity(p, slot))
            return false;
        if (!parser_accept(p, ","))
            break;
    }
    s->entities = (const struct cedar_entity *)(const void *)list.items;
    s->count = list.count;
    return parser_expect(p, "]");
}

static bool parse_action_scope(struct parser *p, struct scope *s) {
    if (!parser_expect(p, "action"))
        return false;
    if (parser_accept(p, "==")) {
        s->op = SCOPE_EQUAL;
        return scope_entity(p, NULL, s) && check_actions(p, s);
    }
    if (!parser_accept(p, "in"))
        return true;
    s->op = SCOPE_IN;
    s->listed = parser_accept(p, "[");
    bool fine = s->listed ? action_list(p, s) : scope_entity(p, NULL, s);
    return fine && check_actions(p, s);
}

static bool parse_conditions(struct parser *p, struct policy *policy) {
    struct parser_list list = {.items = NULL};
    while (parser_at(p, "when") || parser_at(p, "unless")) {
        struct condition c = {.unless = parser_at(p, "unless")};
        parser_advance(p);
        if (!parser_expect(p, "{"))
            return false;
        c.expr = expression_parse(p);
        if (c.expr == NULL || !parser_expect(p, "}"))
            return false;
        struct condition *slot = parser_list_add(p, &list, sizeof *slot);
        if (slot == NULL)
            return false;
        *slot = c;
        policy->mentions |= c.expr->mentions;
    }
    policy->conditions = (const struct condition *)(const void *)list.items;
    policy->condition_count = list.count;
    return true;
}

static bool name_policy(struct parser *p, struct policy *policy) {
    for (size_t i = 0; i < policy->annotation_count; i++) {
        if (slice_is(policy->annotations[i].name, "id"))
            policy->id = policy->annotations[i].value;
    }
    if (policy->id.n > 0)
        return true;
    policy->id = slice_from_string(arena_format(p->arena, "%s:%u:%u", p->file, policy->line, policy->column));
    return policy->id.p != NULL || parser_no_memory(p);
}

static bool parse_policy(struct parser *p, struct policy *policy) {
    *policy = (struct policy){.file = p->file, .source = p->lexer.text, .from = p->now.from};
    if (!parse_annotations(p, policy))
        return false;
    policy->line = p->now.line;
    policy->column = p->now.column;
    policy->forbid = parser_at(p, "forbid");
    if (!parser_accept(p, "permit") && !parser_accept(p, "forbid"))
        return parser_fail_expected(p, "'permit' or 'forbid'");
    bool fine = parser_expect(p, "(") && parse_scope(p, "principal", &policy->principal) &&
                parser_expect(p, ",") && parse_action_scope(p, &policy->action) && parser_expect(p, ",") &&
                parse_scope(p, "resource", &policy->resource) && (parser_accept(p, ",") || true) &&
                parser_expect(p, ")") && parse_conditions(p, policy) && name_policy(p, policy) &&
                parser_expect(p, ";");
    policy->to = p->end;
    return fine;
}

static enum status check_source(struct slice text, const char *file, struct error *e) {
    if (text.n > LEX_SOURCE_MAX)
        return error_set(e, ST_LIMIT, "policy_too_large", "%s: more than %zu bytes", file, LEX_SOURCE_MAX);
    if (!utf8_valid(text))
        return error_set(e, ST_INVALID, "policy_syntax", "%s:1:1: not valid UTF-8", file);
    return ST_OK;
}

enum status parse_policies(struct slice text, const char *file, struct arena *a, const struct policy **out,
                           size_t *count, struct error *e) {
    enum status s = check_source(text, file, e);
    if (s != ST_OK)
        return s;
    struct parser p;
    struct parser_list list = {.items = NULL};
    parser_init(&p, text, file, a, e);
    while (p.status == ST_OK && p.now.kind != TOKEN_END) {
        struct policy *slot = parser_list_add(&p, &list, sizeof *slot);
        if (slot == NULL || !parse_policy(&p, slot))
            break;
    }
    *out = (const struct policy *)(const void *)list.items;
    *count = list.count;
    return p.status;
}

enum status parse_expression(struct slice text, const char *file, struct arena *a, const struct expr **out,
                             struct error *e) {
    enum status s = check_source(text, file, e);
    if (s != ST_OK)
        return s;
    struct parser p;
    parser_init(&p, text, file, a, e);
    *out = expression_parse(&p);
    if (*out != NULL && p.now.kind != TOKEN_END)
        (void)parser_fail_expected(&p, "the end");
    return p.status;
}
