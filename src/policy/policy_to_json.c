/* Parsed policies as JSON. */
#include "base/json.h"
#include "policy/policy_json.h"

static void put_expr(struct json *j, const struct expr *e);

static void put_string(struct json *j, const char *key, struct slice value) {
    json_key(j, key);
    json_text(j, value);
}

static void put_uid(struct json *j, const struct cedar_entity *e) {
    json_object_begin(j);
    put_string(j, "type", e->type);
    put_string(j, "id", e->id);
    json_object_end(j);
}

static void put_literal(struct json *j, const struct cedar_value *v) {
    json_key(j, "Value");
    switch (v->kind) {
    case CEDAR_BOOL:
        json_bool(j, v->b);
        break;
    case CEDAR_LONG:
        json_int(j, v->i);
        break;
    case CEDAR_STRING:
        json_text(j, v->s);
        break;
    case CEDAR_ENTITY:
        json_object_begin(j);
        json_key(j, "__entity");
        put_uid(j, &v->entity);
        json_object_end(j);
        break;
    default: /* all others were written as expressions */
        json_none(j);
    }
}

static void put_operand(struct json *j, const char *key, const struct expr *e) {
    json_key(j, key);
    put_expr(j, e);
}

/* n operands of && or ||, as pairs from the left. */
static void put_chain(struct json *j, const struct expr *e, size_t n) {
    json_object_begin(j);
    json_key(j, e->op == EXPR_AND ? "&&" : "||");
    json_object_begin(j);
    if (n == 2) {
        put_operand(j, "left", e->items[0]);
    } else {
        json_key(j, "left");
        put_chain(j, e, n - 1);
    }
    put_operand(j, "right", e->items[n - 1]);
    json_object_end(j);
    json_object_end(j);
}

/* `x is T in y` was read as `x is T && x in y` over one x. */
static bool is_is_in(const struct expr *e) {
    return e->op == EXPR_AND && e->count == 2 && e->items[0]->op == EXPR_IS && e->items[1]->op == EXPR_IN &&
           e->items[0]->items[0] == e->items[1]->items[0];
}

static void put_is(struct json *j, const struct expr *is, const struct expr *in) {
    json_key(j, "is");
    json_object_begin(j);
    put_operand(j, "left", is->items[0]);
    put_string(j, "entity_type", is->text);
    if (in != NULL)
        put_operand(j, "in", in->items[1]);
    json_object_end(j);
}

static void put_binary(struct json *j, const struct expr *e, const char *name) {
    json_key(j, name);
    json_object_begin(j);
    put_operand(j, "left", e->items[0]);
    put_operand(j, "right", e->items[1]);
    json_object_end(j);
}

static void put_unary(struct json *j, const struct expr *e, const char *name) {
    json_key(j, name);
    json_object_begin(j);
    put_operand(j, "arg", e->items[0]);
    json_object_end(j);
}

static void put_attribute(struct json *j, const struct expr *e, const char *name) {
    json_key(j, name);
    json_object_begin(j);
    put_operand(j, "left", e->items[0]);
    put_string(j, "attr", e->text);
    json_object_end(j);
}

static void put_like(struct json *j, const struct expr *e) {
    struct slice rest = e->text;
    json_key(j, "like");
    json_object_begin(j);
    put_operand(j, "left", e->items[0]);
    json_key(j, "pattern");
    json_array_begin(j);
    while (rest.n > 0) {
        size_t n = 0;
        while (n < rest.n && rest.p[n] != CEDAR_WILDCARD)
            n++;
        if (n > 0) {
            json_object_begin(j);
            put_string(j, "Literal", slice_of(rest.p, n));
            json_object_end(j);
        } else {
            json_cstring(j, "Wildcard");
            n = 1;
        }
        rest = slice_of(rest.p + n, rest.n - n);
    }
    json_array_end(j);
    json_object_end(j);
}

static void put_items(struct json *j, const struct expr *e, const char *name) {
    json_key(j, name);
    json_array_begin(j);
    for (size_t i = 0; i < e->count; i++)
        put_expr(j, e->items[i]);
    json_array_end(j);
}

static void put_record(struct json *j, const struct expr *e) {
    json_key(j, "Record");
    json_object_begin(j);
    for (size_t i = 0; i < e->count; i++) {
        json_key_slice(j, e->names[i]);
        put_expr(j, e->items[i]);
    }
    json_object_end(j);
}

static void put_if(struct json *j, const struct expr *e) {
    json_key(j, "if-then-else");
    json_object_begin(j);
    put_operand(j, "if", e->items[0]);
    put_operand(j, "then", e->items[1]);
    put_operand(j, "else", e->items[2]);
    json_object_end(j);
}

static const char *binary_name(enum expr_op op) {
    static const struct {
        enum expr_op op;
        const char *name;
    } names[] = {{EXPR_EQUAL, "=="},
                 {EXPR_NOT_EQUAL, "!="},
                 {EXPR_LESS, "<"},
                 {EXPR_LESS_EQUAL, "<="},
                 {EXPR_GREATER, ">"},
                 {EXPR_GREATER_EQUAL, ">="},
                 {EXPR_IN, "in"},
                 {EXPR_ADD, "+"},
                 {EXPR_SUBTRACT, "-"},
                 {EXPR_MULTIPLY, "*"},
                 {EXPR_CONTAINS, "contains"},
                 {EXPR_CONTAINS_ALL, "containsAll"},
                 {EXPR_CONTAINS_ANY, "containsAny"},
                 {EXPR_HAS_TAG, "hasTag"},
                 {EXPR_GET_TAG, "getTag"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].op == op)
            return names[i].name;
    }
    return NULL;
}

static void put_variable(struct json *j, enum variable v) {
    static const char *const names[] = {"principal", "action", "resource", "context"};
    json_key(j, "Var");
    json_cstring(j, names[v]);
}

static void put_operator(struct json *j, const struct expr *e) {
    switch (e->op) {
    case EXPR_VALUE:
        put_literal(j, &e->value);
        break;
    case EXPR_VARIABLE:
        put_variable(j, e->variable);
        break;
    case EXPR_NOT:
        put_unary(j, e, "!");
        break;
    case EXPR_NEGATE:
        put_unary(j, e, "neg");
        break;
    case EXPR_IS_EMPTY:
        put_unary(j, e, "isEmpty");
        break;
    case EXPR_IF:
        put_if(j, e);
        break;
    case EXPR_GET:
        put_attribute(j, e, ".");
        break;
    case EXPR_HAS:
        put_attribute(j, e, "has");
        break;
    case EXPR_LIKE:
        put_like(j, e);
        break;
    case EXPR_IS:
        put_is(j, e, NULL);
        break;
    case EXPR_SET:
        put_items(j, e, "Set");
        break;
    case EXPR_RECORD:
        put_record(j, e);
        break;
    case EXPR_CALL:
        put_items(j, e, e->extension->name);
        break;
    case EXPR_AND: /* only `is … in` comes here */
        put_is(j, e->items[0], e->items[1]);
        break;
    default:
        put_binary(j, e, binary_name(e->op));
    }
}

static void put_expr(struct json *j, const struct expr *e) {
    e = expr_written(e);
    if ((e->op == EXPR_AND || e->op == EXPR_OR) && !is_is_in(e)) {
        put_chain(j, e, e->count);
        return;
    }
    json_object_begin(j);
    put_operator(j, e);
    json_object_end(j);
}

/* ---- policies ---- */

static void put_target(struct json *j, const struct scope *s, const char *slot) {
    if (s->slot) {
        json_key(j, "slot");
        json_cstring(j, slot);
    } else if (s->listed) {
        json_key(j, "entities");
        json_array_begin(j);
        for (size_t i = 0; i < s->count; i++)
            put_uid(j, &s->entities[i]);
        json_array_end(j);
    } else {
        json_key(j, "entity");
        put_uid(j, s->entities);
    }
}

static void put_scope(struct json *j, const char *name, const struct scope *s, const char *slot) {
    static const char *const ops[] = {"All", "==", "in", "is", "is"};
    json_key(j, name);
    json_object_begin(j);
    json_key(j, "op");
    json_cstring(j, ops[s->op]);
    if (s->op == SCOPE_EQUAL || s->op == SCOPE_IN)
        put_target(j, s, slot);
    if (s->op == SCOPE_IS || s->op == SCOPE_IS_IN)
        put_string(j, "entity_type", s->type);
    if (s->op == SCOPE_IS_IN) {
        json_key(j, "in");
        json_object_begin(j);
        put_target(j, s, slot);
        json_object_end(j);
    }
    json_object_end(j);
}

static void put_conditions(struct json *j, const struct policy *p) {
    json_key(j, "conditions");
    json_array_begin(j);
    for (size_t i = 0; i < p->condition_count; i++) {
        json_object_begin(j);
        json_key(j, "kind");
        json_cstring(j, p->conditions[i].unless ? "unless" : "when");
        put_operand(j, "body", p->conditions[i].expr);
        json_object_end(j);
    }
    json_array_end(j);
}

static void put_annotations(struct json *j, const struct policy *p) {
    if (p->annotation_count == 0)
        return;
    json_key(j, "annotations");
    json_object_begin(j);
    for (size_t i = 0; i < p->annotation_count; i++) {
        json_key_slice(j, p->annotations[i].name);
        if (p->annotations[i].value.p == NULL)
            json_none(j);
        else
            json_text(j, p->annotations[i].value);
    }
    json_object_end(j);
}

static void put_policy(struct json *j, const struct policy *p) {
    json_key_slice(j, p->id);
    json_object_begin(j);
    json_key(j, "effect");
    json_cstring(j, p->forbid ? "forbid" : "permit");
    put_scope(j, "principal", &p->principal, "?principal");
    put_scope(j, "action", &p->action, "");
    put_scope(j, "resource", &p->resource, "?resource");
    put_conditions(j, p);
    put_annotations(j, p);
    json_object_end(j);
}

static void put_slot(struct json *j, const char *slot, const struct cedar_entity *e) {
    if (e == NULL)
        return;
    json_key(j, slot);
    put_uid(j, e);
}

static void put_link(struct json *j, const struct linked *l) {
    json_object_begin(j);
    put_string(j, "templateId", l->template);
    put_string(j, "newId", l->id);
    json_key(j, "values");
    json_object_begin(j);
    put_slot(j, "?principal", l->principal);
    put_slot(j, "?resource", l->resource);
    json_object_end(j);
    json_object_end(j);
}

enum status policies_to_json(const struct policies *policies, struct buf *out) {
    struct json j = json_to(out);
    json_object_begin(&j);
    json_key(&j, "staticPolicies");
    json_object_begin(&j);
    for (size_t i = 0; i + policies->link_count < policies->count; i++)
        put_policy(&j, policies->list[i]);
    json_object_end(&j);
    json_key(&j, "templates");
    json_object_begin(&j);
    for (size_t i = 0; i < policies->template_count; i++)
        put_policy(&j, policies->templates[i]);
    json_object_end(&j);
    json_key(&j, "templateLinks");
    json_array_begin(&j);
    for (size_t i = 0; i < policies->link_count; i++)
        put_link(&j, &policies->links[i]);
    json_array_end(&j);
    json_object_end(&j);
    buf_put_u8(out, '\n');
    return out->failed ? ST_NOMEM : ST_OK;
}
