#include "policy/policy_json.h"

#include "policy/extension.h"

#include <inttypes.h>

/* How tightly an expression binds; what binds looser than its place gets parentheses. */
enum binding { LOOSE, OR_PART, AND_PART, RELATION_PART, SUM, PRODUCT, UNARY, MEMBER };

struct writer {
    struct buf *out;
    const char *file;
    struct error *error;
    unsigned depth;
};

static enum status refuse(const struct writer *w, const struct document *d, const char *what) {
    return error_set(w->error, ST_INVALID, "bad_policy", "%s:%u: %s", w->file, d == NULL ? 1 : d->line, what);
}

static void put(const struct writer *w, const char *text) {
    buf_put_string(w->out, text);
}

/* A path of names, as types are. */
static bool is_path(struct slice type) {
    while (type.n > 0) {
        size_t n = 0;
        while (n < type.n && type.p[n] != ':')
            n++;
        if (!text_is_name(slice_of(type.p, n)))
            return false;
        if (n == type.n)
            return true;
        if (type.n < n + 3 || type.p[n + 1] != ':')
            return false;
        type = slice_of(type.p + n + 2, type.n - n - 2);
    }
    return false;
}

static enum status put_type(const struct writer *w, const struct document *d, struct slice type) {
    if (!is_path(type))
        return refuse(w, d, "an entity's type is a name or a path of names");
    buf_put(w->out, type.p, type.n);
    return ST_OK;
}

static enum status put_entity(const struct writer *w, const struct document *d) {
    const struct document *inner = document_get(d, "__entity");
    const struct document *from = inner != NULL && d->count == 1 ? inner : d;
    struct slice type = document_string(from, "type"), id = document_string(from, "id");
    if (type.p == NULL || id.p == NULL || from->count != 2)
        return refuse(w, d, "expected an entity: {\"type\": \"…\", \"id\": \"…\"}");
    enum status s = put_type(w, d, type);
    put(w, "::");
    text_put_string(w->out, id, false);
    return s;
}

/* ---- expressions ---- */

static enum status put_expr(struct writer *w, const struct document *d, enum binding least);
static enum status put_value(struct writer *w, const struct document *d, enum binding least);

typedef enum status (*put_item)(struct writer *w, const struct document *d, enum binding least);

static enum status put_list(struct writer *w, const struct document *items, size_t from, size_t count,
                            put_item item) {
    enum status s = ST_OK;
    for (size_t i = from; i < count && s == ST_OK; i++) {
        put(w, i > from ? ", " : "");
        s = item(w, &items[i], LOOSE);
    }
    return s;
}

static enum status put_record(struct writer *w, const struct document *d, put_item item) {
    enum status s = ST_OK;
    put(w, "{");
    for (size_t i = 0; i < d->count && s == ST_OK; i++) {
        put(w, i > 0 ? ", " : "");
        text_put_name(w->out, d->names[i]);
        put(w, ": ");
        s = item(w, &d->items[i], LOOSE);
    }
    put(w, "}");
    return s;
}

/* A constructor is name(…), a method is receiver.name(…). */
static enum status put_call(struct writer *w, const struct document *d, struct slice name,
                            const struct document *arguments, size_t count, put_item item) {
    const struct extension *x = extension_find(name);
    if (x == NULL || (x->method && count == 0))
        return refuse(w, d, "no operator and no extension function has this name");
    enum status s = ST_OK;
    if (x->method) {
        s = item(w, arguments, MEMBER);
        put(w, ".");
    }
    put(w, x->name);
    put(w, "(");
    if (s == ST_OK)
        s = put_list(w, arguments, x->method ? 1 : 0, count, item);
    put(w, ")");
    return s;
}

static enum status put_extension_value(struct writer *w, const struct document *d) {
    const struct document *one = document_get(d, "arg"), *many = document_get(d, "args");
    struct slice name = document_string(d, "fn");
    if (name.p == NULL || (one == NULL && !document_is(many, DOCUMENT_ARRAY)))
        return refuse(w, d, "expected an extension call: {\"fn\": \"…\", \"arg\": …}");
    return one != NULL ? put_call(w, d, name, one, 1, put_value)
                       : put_call(w, d, name, many->items, many->count, put_value);
}

static enum status put_long(const struct writer *w, int64_t i, enum binding least) {
    bool wrap = i < 0 && least > UNARY;
    buf_put_format(w->out, wrap ? "(%" PRId64 ")" : "%" PRId64, i);
    return ST_OK;
}

static enum status put_object_value(struct writer *w, const struct document *d) {
    if (d->count == 1 && slice_is(d->names[0], "__entity"))
        return put_entity(w, d);
    if (d->count == 1 && slice_is(d->names[0], "__extn"))
        return put_extension_value(w, &d->items[0]);
    return put_record(w, d, put_value);
}

static enum status put_value(struct writer *w, const struct document *d, enum binding least) {
    enum status s;
    if (w->depth == DOCUMENT_DEPTH_MAX)
        return refuse(w, d, "nested too deep");
    w->depth++;
    switch (d->kind) {
    case DOCUMENT_BOOL:
        put(w, d->b ? "true" : "false");
        s = ST_OK;
        break;
    case DOCUMENT_LONG:
        s = put_long(w, d->i, least);
        break;
    case DOCUMENT_STRING:
        text_put_string(w->out, d->s, false);
        s = ST_OK;
        break;
    case DOCUMENT_ARRAY:
        put(w, "[");
        s = put_list(w, d->items, 0, d->count, put_value);
        put(w, "]");
        break;
    case DOCUMENT_OBJECT:
        s = put_object_value(w, d);
        break;
    default:
        s = refuse(w, d, "not a value of the language");
    }
    w->depth--;
    return s;
}

static const struct binary {
    const char *name;
    enum binding binding, left, right;
    bool method;
} binaries[] = {{"||", OR_PART, OR_PART, AND_PART, false},
                {"&&", AND_PART, AND_PART, RELATION_PART, false},
                {"==", RELATION_PART, SUM, SUM, false},
                {"!=", RELATION_PART, SUM, SUM, false},
                {"in", RELATION_PART, SUM, SUM, false},
                {"<", RELATION_PART, SUM, SUM, false},
                {"<=", RELATION_PART, SUM, SUM, false},
                {">", RELATION_PART, SUM, SUM, false},
                {">=", RELATION_PART, SUM, SUM, false},
                {"+", SUM, SUM, PRODUCT, false},
                {"-", SUM, SUM, PRODUCT, false},
                {"*", PRODUCT, PRODUCT, UNARY, false},
                {"contains", MEMBER, MEMBER, LOOSE, true},
                {"containsAll", MEMBER, MEMBER, LOOSE, true},
                {"containsAny", MEMBER, MEMBER, LOOSE, true},
                {"hasTag", MEMBER, MEMBER, LOOSE, true},
                {"getTag", MEMBER, MEMBER, LOOSE, true}};

static enum status put_binary(struct writer *w, const struct document *d, const struct binary *b) {
    const struct document *left = document_get(d, "left"), *right = document_get(d, "right");
    if (left == NULL || right == NULL || d->count != 2)
        return refuse(w, d, "this operator has left and right");
    enum status s = put_expr(w, left, b->left);
    buf_put_format(w->out, b->method ? ".%s(" : " %s ", b->name);
    if (s == ST_OK)
        s = put_expr(w, right, b->right);
    put(w, b->method ? ")" : "");
    return s;
}

static enum status put_unary(struct writer *w, const struct document *d, const char *sign) {
    const struct document *arg = document_get(d, "arg");
    if (arg == NULL || d->count != 1)
        return refuse(w, d, "this operator has arg");
    bool number = *sign == '-' && document_is(document_get(arg, "Value"), DOCUMENT_LONG);
    put(w, sign);
    put(w, number ? "(" : ""); /* -(1) is not -1: it negates */
    enum status s = put_expr(w, arg, number ? LOOSE : MEMBER);
    put(w, number ? ")" : "");
    return s;
}

static enum status put_is_empty(struct writer *w, const struct document *d) {
    const struct document *arg = document_get(d, "arg");
    enum status s = arg == NULL ? refuse(w, d, "isEmpty has arg") : put_expr(w, arg, MEMBER);
    put(w, ".isEmpty()");
    return s;
}

static void put_attribute(const struct writer *w, struct slice name) {
    if (text_is_name(name)) {
        put(w, ".");
        buf_put(w->out, name.p, name.n);
    } else {
        put(w, "[");
        text_put_string(w->out, name, false);
        put(w, "]");
    }
}

static enum status put_get(struct writer *w, const struct document *d) {
    const struct document *left = document_get(d, "left");
    struct slice name = document_string(d, "attr");
    if (left == NULL || name.p == NULL)
        return refuse(w, d, "an attribute has left and attr");
    enum status s = put_expr(w, left, MEMBER);
    put_attribute(w, name);
    return s;
}

/* has a.b.c, spelt out where a name can't stand bare: each step asks before it goes on. */
static enum status put_has_path(struct writer *w, const struct document *left, const struct document *path) {
    enum status s = ST_OK;
    for (size_t i = 0; i < path->count && s == ST_OK; i++) {
        put(w, i > 0 ? " && " : "");
        s = put_expr(w, left, i == 0 ? SUM : MEMBER);
        for (size_t k = 0; k < i; k++)
            put_attribute(w, path->items[k].s);
        put(w, " has ");
        text_put_name(w->out, path->items[i].s);
        if (path->items[i].kind != DOCUMENT_STRING)
            return refuse(w, &path->items[i], "an attribute's name is a string");
    }
    return s;
}

static enum status put_has(struct writer *w, const struct document *d) {
    const struct document *left = document_get(d, "left"), *name = document_get(d, "attr");
    if (left == NULL || name == NULL || (name->kind == DOCUMENT_ARRAY && name->count == 0))
        return refuse(w, d, "has has left and attr");
    if (name->kind == DOCUMENT_ARRAY)
        return put_has_path(w, left, name);
    if (name->kind != DOCUMENT_STRING)
        return refuse(w, name, "an attribute's name is a string");
    enum status s = put_expr(w, left, SUM);
    put(w, " has ");
    text_put_name(w->out, name->s);
    return s;
}

static enum status put_is(struct writer *w, const struct document *d) {
    const struct document *left = document_get(d, "left"), *in = document_get(d, "in");
    struct slice type = document_string(d, "entity_type");
    if (left == NULL || type.p == NULL)
        return refuse(w, d, "is has left and entity_type");
    enum status s = put_expr(w, left, SUM);
    put(w, " is ");
    if (s == ST_OK)
        s = put_type(w, d, type);
    if (s != ST_OK || in == NULL)
        return s;
    put(w, " in ");
    return put_expr(w, in, SUM);
}

static enum status put_pattern(const struct writer *w, const struct document *pattern) {
    put(w, "\"");
    for (size_t i = 0; i < pattern->count; i++) {
        const struct document *part = &pattern->items[i];
        struct slice literal = document_string(part, "Literal");
        if (part->kind == DOCUMENT_STRING && slice_is(part->s, "Wildcard")) {
            put(w, "*");
        } else if (literal.p != NULL) {
            size_t before = w->out->n;
            text_put_string(w->out, literal, true);
            if (w->out->failed)
                return ST_NOMEM;
            memmove(w->out->p + before, w->out->p + before + 1,
                    w->out->n - before - 2); /* without its quotes */
            w->out->n -= 2;
        } else {
            return refuse(w, part, "a pattern is made of \"Wildcard\" and {\"Literal\": \"…\"}");
        }
    }
    put(w, "\"");
    return ST_OK;
}

static enum status put_like(struct writer *w, const struct document *d) {
    const struct document *left = document_get(d, "left"), *pattern = document_get(d, "pattern");
    if (left == NULL || !document_is(pattern, DOCUMENT_ARRAY))
        return refuse(w, d, "like has left and pattern");
    enum status s = put_expr(w, left, SUM);
    put(w, " like ");
    return s == ST_OK ? put_pattern(w, pattern) : s;
}

static enum status put_if(struct writer *w, const struct document *d) {
    static const char *const names[] = {"if", "then", "else"};
    enum status s = ST_OK;
    for (size_t i = 0; i < 3 && s == ST_OK; i++) {
        const struct document *part = document_get(d, names[i]);
        put(w, i > 0 ? " " : "");
        put(w, names[i]);
        put(w, " ");
        s = part == NULL ? refuse(w, d, "if-then-else has if, then and else") : put_expr(w, part, LOOSE);
    }
    return s;
}

static enum status put_variable(const struct writer *w, const struct document *d) {
    static const char *const names[] = {"principal", "action", "resource", "context"};
    for (size_t i = 0; i < 4; i++) {
        if (d->kind == DOCUMENT_STRING && slice_is(d->s, names[i])) {
            put(w, names[i]);
            return ST_OK;
        }
    }
    return refuse(w, d, "a variable is principal, action, resource or context");
}

/* The operators that are neither binary nor functions; *known false when it is none of them. */
static enum status put_other(struct writer *w, struct slice name, const struct document *d,
                             enum binding least, bool *known) {
    *known = true;
    if (slice_is(name, "Value"))
        return put_value(w, d, least);
    if (slice_is(name, "Var"))
        return put_variable(w, d);
    if (slice_is(name, "Slot") || slice_is(name, "Unknown"))
        return refuse(w, d, "no slot and no unknown can stand in a condition");
    if (slice_is(name, "!"))
        return put_unary(w, d, "!");
    if (slice_is(name, "neg"))
        return put_unary(w, d, "-");
    if (slice_is(name, "isEmpty"))
        return put_is_empty(w, d);
    if (slice_is(name, "."))
        return put_get(w, d);
    if (slice_is(name, "has"))
        return put_has(w, d);
    if (slice_is(name, "is"))
        return put_is(w, d);
    if (slice_is(name, "like"))
        return put_like(w, d);
    if (slice_is(name, "if-then-else"))
        return put_if(w, d);
    if (slice_is(name, "Record") && d->kind == DOCUMENT_OBJECT)
        return put_record(w, d, put_expr);
    *known = slice_is(name, "Set") && d->kind == DOCUMENT_ARRAY;
    if (!*known)
        return ST_OK;
    put(w, "[");
    enum status s = put_list(w, d->items, 0, d->count, put_expr);
    put(w, "]");
    return s;
}

static const struct binary *find_binary(struct slice name) {
    for (size_t i = 0; i < sizeof binaries / sizeof binaries[0]; i++) {
        if (slice_is(name, binaries[i].name))
            return &binaries[i];
    }
    return NULL;
}

static enum binding binding_of(struct slice name, const struct document *d) {
    const struct binary *b = find_binary(name);
    if (b != NULL)
        return b->binding;
    if (slice_is(name, "if-then-else"))
        return LOOSE;
    if (slice_is(name, "!") || slice_is(name, "neg"))
        return UNARY;
    if (slice_is(name, "has") && document_is(document_get(d, "attr"), DOCUMENT_ARRAY))
        return AND_PART;
    return slice_is(name, "has") || slice_is(name, "is") || slice_is(name, "like") ? RELATION_PART : MEMBER;
}

static enum status put_operator(struct writer *w, const struct document *d, enum binding least) {
    struct slice name = d->names[0];
    const struct document *body = &d->items[0];
    const struct binary *b = find_binary(name);
    bool known;
    if (b != NULL)
        return put_binary(w, body, b);
    enum status s = put_other(w, name, body, least, &known);
    if (known)
        return s;
    if (body->kind != DOCUMENT_ARRAY)
        return refuse(w, body, "an extension function has a list of arguments");
    return put_call(w, d, name, body->items, body->count, put_expr);
}

static enum status put_expr(struct writer *w, const struct document *d, enum binding least) {
    if (d->kind != DOCUMENT_OBJECT || d->count != 1)
        return refuse(w, d, "an expression is an object with one name");
    if (w->depth == DOCUMENT_DEPTH_MAX)
        return refuse(w, d, "nested too deep");
    bool wrap = binding_of(d->names[0], &d->items[0]) < least;
    w->depth++;
    put(w, wrap ? "(" : "");
    enum status s = put_operator(w, d, wrap ? LOOSE : least);
    put(w, wrap ? ")" : "");
    w->depth--;
    return s;
}

/* ---- policies ---- */

static enum status put_target(const struct writer *w, const struct document *d) {
    const struct document *entity = document_get(d, "entity");
    struct slice slot = document_string(d, "slot");
    if (entity != NULL)
        return put_entity(w, entity);
    if (!slice_is(slot, "?principal") && !slice_is(slot, "?resource"))
        return refuse(w, d, "expected entity or slot");
    buf_put(w->out, slot.p, slot.n);
    return ST_OK;
}

static enum status put_entities(const struct writer *w, const struct document *d) {
    enum status s = ST_OK;
    if (d->kind != DOCUMENT_ARRAY)
        return refuse(w, d, "entities is a list");
    put(w, "[");
    for (size_t i = 0; i < d->count && s == ST_OK; i++) {
        put(w, i > 0 ? ", " : "");
        s = put_entity(w, &d->items[i]);
    }
    put(w, "]");
    return s;
}

static enum status put_scope_is(const struct writer *w, const struct document *d) {
    const struct document *in = document_get(d, "in");
    put(w, " is ");
    enum status s = put_type(w, d, document_string(d, "entity_type"));
    if (s != ST_OK || in == NULL)
        return s;
    put(w, " in ");
    return put_target(w, in);
}

static enum status put_scope(const struct writer *w, const struct document *policy, const char *variable) {
    const struct document *d = document_get(policy, variable);
    struct slice op = document_string(d, "op");
    put(w, variable);
    if (slice_is(op, "All") || slice_is(op, "all"))
        return ST_OK;
    if (slice_is(op, "is"))
        return put_scope_is(w, d);
    if (!slice_is(op, "==") && !slice_is(op, "in"))
        return refuse(w, d == NULL ? policy : d, "a scope's op is All, ==, in or is");
    put(w, slice_is(op, "==") ? " == " : " in ");
    const struct document *list = document_get(d, "entities");
    return list != NULL ? put_entities(w, list) : put_target(w, d);
}

static enum status put_annotations(const struct writer *w, const struct document *d) {
    if (d == NULL)
        return ST_OK;
    if (d->kind != DOCUMENT_OBJECT)
        return refuse(w, d, "annotations are an object");
    for (size_t i = 0; i < d->count; i++) {
        if (d->items[i].kind != DOCUMENT_STRING && d->items[i].kind != DOCUMENT_NULL)
            return refuse(w, &d->items[i], "an annotation is a string or null");
        put(w, "@");
        buf_put(w->out, d->names[i].p, d->names[i].n); /* what is no name the parser refuses */
        if (d->items[i].kind == DOCUMENT_STRING) {
            put(w, "(");
            text_put_string(w->out, d->items[i].s, false);
            put(w, ")");
        }
        put(w, "\n");
    }
    return ST_OK;
}

static enum status put_conditions(struct writer *w, const struct document *d) {
    enum status s = ST_OK;
    if (!document_is(d, DOCUMENT_ARRAY))
        return refuse(w, d, "a policy has a list of conditions");
    for (size_t i = 0; i < d->count && s == ST_OK; i++) {
        const struct document *one = &d->items[i], *body = document_get(one, "body");
        struct slice kind = document_string(one, "kind");
        if (body == NULL || (!slice_is(kind, "when") && !slice_is(kind, "unless")))
            return refuse(w, one, "a condition has kind (when or unless) and body");
        put(w, slice_is(kind, "when") ? "\nwhen { " : "\nunless { ");
        s = put_expr(w, body, LOOSE);
        put(w, " }");
    }
    return s;
}

enum status policy_json_to_text(const struct document *policy, const char *file, struct buf *out,
                                struct error *e) {
    static const char *const known[] = {"effect",     "principal",   "action", "resource",
                                        "conditions", "annotations", NULL};
    struct writer w = {.out = out, .file = file, .error = e};
    if (policy->kind != DOCUMENT_OBJECT || document_unknown(policy, known).p != NULL)
        return refuse(&w, policy,
                      "a policy has effect, principal, action, resource, conditions and annotations");
    struct slice effect = document_string(policy, "effect");
    if (!slice_is(effect, "permit") && !slice_is(effect, "forbid"))
        return refuse(&w, policy, "an effect is permit or forbid");
    enum status s = put_annotations(&w, document_get(policy, "annotations"));
    put(&w, slice_is(effect, "permit") ? "permit (" : "forbid (");
    if (s == ST_OK)
        s = put_scope(&w, policy, "principal");
    put(&w, ", ");
    if (s == ST_OK)
        s = put_scope(&w, policy, "action");
    put(&w, ", ");
    if (s == ST_OK)
        s = put_scope(&w, policy, "resource");
    put(&w, ")");
    if (s == ST_OK)
        s = put_conditions(&w, document_get(policy, "conditions"));
    put(&w, ";");
    return s == ST_OK && out->failed ? error_set(e, ST_NOMEM, "no_memory", "%s: too large", file) : s;
}
