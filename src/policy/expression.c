#include "policy/expression.h"

/* Where an expression began. */
struct place {
    uint32_t from, line, column;
};

static struct place place_now(const struct parser *p) {
    return (struct place){.from = p->now.from, .line = p->now.line, .column = p->now.column};
}

static struct place place_of(const struct expr *e) {
    return (struct place){.from = e->from, .line = e->line, .column = e->column};
}

static uint16_t mention_of_context(struct slice name) {
    static const struct {
        const char *name;
        uint16_t mention;
    } table[] = {{"object", MENTION_OBJECT},      {"field", MENTION_FIELD},
                 {"class", MENTION_CLASS},        {"purpose", MENTION_PURPOSE},
                 {"reason", MENTION_REASON},      {"second_factor_age", MENTION_SECOND_FACTOR},
                 {"hour", MENTION_TIME},          {"weekday", MENTION_TIME},
                 {"network", MENTION_NETWORK},    {"approval", MENTION_APPROVAL},
                 {"watermark", MENTION_WATERMARK}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (slice_is(name, table[i].name))
            return table[i].mention;
    }
    return 0;
}

static bool is_variable(const struct expr *e, enum variable v) {
    return e->op == EXPR_VARIABLE && e->variable == v;
}

/* A name of the context that is never there mentions nothing; a resource's type is known before its record.
 */
static uint16_t mentions_of(const struct expr *e) {
    uint16_t all = 0;
    for (size_t i = 0; i < e->count; i++)
        all |= e->items[i]->mentions;
    if ((e->op == EXPR_GET || e->op == EXPR_HAS) && is_variable(e->items[0], VARIABLE_CONTEXT))
        return mention_of_context(e->text);
    if (e->op == EXPR_IS && is_variable(e->items[0], VARIABLE_RESOURCE))
        return 0;
    return all;
}

static struct expr *node(struct parser *p, enum expr_op op, struct place at, struct parser_list *items) {
    struct expr *e = arena_alloc(p->arena, sizeof *e);
    if (e == NULL) {
        (void)parser_no_memory(p);
        return NULL;
    }
    *e = (struct expr){.op = op, .from = at.from, .to = p->end, .line = at.line, .column = at.column};
    if (items != NULL) {
        e->items = (const struct expr *const *)(const void *)items->items;
        e->count = items->count;
    }
    unsigned depth = 0;
    for (size_t i = 0; i < e->count; i++)
        depth = e->items[i]->depth > depth ? e->items[i]->depth : depth;
    e->depth = (uint16_t)(depth + 1);
    e->mentions = mentions_of(e);
    if (e->depth > EXPR_DEPTH_MAX) {
        (void)parser_fail(p, "this expression is nested too deep");
        return NULL;
    }
    return e;
}

static bool list_add(struct parser *p, struct parser_list *l, const struct expr *e) {
    const struct expr **slot = e == NULL ? NULL : parser_list_add(p, l, sizeof e);
    if (slot != NULL)
        *slot = e;
    return slot != NULL;
}

/* A node over up to three operands; NULL when one of them is. */
static struct expr *node_of(struct parser *p, enum expr_op op, struct place at, const struct expr *a,
                            const struct expr *b, const struct expr *c) {
    struct parser_list items = {.items = NULL};
    if (!list_add(p, &items, a) || (b != NULL && !list_add(p, &items, b)) ||
        (c != NULL && !list_add(p, &items, c)))
        return NULL;
    return node(p, op, at, &items);
}

static struct expr *node_value(struct parser *p, struct place at, struct cedar_value value) {
    struct expr *e = node(p, EXPR_VALUE, at, NULL);
    if (e != NULL)
        e->value = value;
    return e;
}

/* What `literal`, of literals only, is worth. */
static struct expr *node_worth(struct parser *p, struct place at, struct cedar_value value,
                               const struct expr *literal) {
    struct expr *e = node_value(p, at, value);
    if (e != NULL)
        e->literal = literal;
    return e;
}

/* The words have been read; their texts end here. */
static struct expr *node_text(struct parser *p, enum expr_op op, struct place at, const struct expr *a,
                              struct slice text) {
    struct parser_list items = {.items = NULL};
    if (!list_add(p, &items, a))
        return NULL;
    struct expr *e = node(p, op, at, &items);
    if (e == NULL)
        return NULL;
    e->text = text;
    e->mentions = mentions_of(e);
    return e;
}

static const struct expr *no_memory(struct parser *p) {
    (void)parser_no_memory(p);
    return NULL;
}

static bool all_values(const struct parser_list *l) {
    const struct expr *const *items = (const struct expr *const *)(const void *)l->items;
    for (size_t i = 0; i < l->count; i++) {
        if (items[i]->op != EXPR_VALUE)
            return false;
    }
    return true;
}

/* Reads `expr, expr …` up to the closing mark, which it takes. */
static bool expression_list(struct parser *p, const char *close, struct parser_list *out) {
    *out = (struct parser_list){.items = NULL};
    while (!parser_at(p, close)) {
        if (!list_add(p, out, expression_parse(p)))
            return false;
        if (!parser_accept(p, ","))
            break;
    }
    return parser_expect(p, close);
}

static const struct expr *parse_set(struct parser *p, struct place at) {
    struct parser_list items;
    if (!expression_list(p, "]", &items))
        return NULL;
    if (!all_values(&items))
        return node(p, EXPR_SET, at, &items);
    struct cedar_value *values = arena_array(p->arena, items.count, sizeof *values);
    if (values == NULL)
        return no_memory(p);
    const struct expr *const *from = (const struct expr *const *)(const void *)items.items;
    for (size_t i = 0; i < items.count; i++)
        values[i] = from[i]->value;
    const struct expr *written = node(p, EXPR_SET, at, &items);
    return written == NULL ? NULL : node_worth(p, at, cedar_set(values, items.count), written);
}

static bool record_pair(struct parser *p, struct parser_list *names, struct parser_list *items) {
    struct slice name;
    bool fine = p->now.kind == TOKEN_STRING ? parser_string(p, false, &name)
                                            : parser_name(p, "a name or a string", &name);
    if (!fine)
        return false;
    const struct slice *known = (const struct slice *)(const void *)names->items;
    for (size_t i = 0; i < names->count; i++) {
        if (slice_equal(known[i], name))
            return parser_fail(p, "this record has the same name twice");
    }
    struct slice *slot = parser_list_add(p, names, sizeof *slot);
    if (slot == NULL || !parser_expect(p, ":"))
        return false;
    *slot = name;
    return list_add(p, items, expression_parse(p));
}

static const struct expr *fold_record(struct parser *p, struct place at, const struct expr *e) {
    struct cedar_pair *pairs = arena_array(p->arena, e->count, sizeof *pairs);
    if (pairs == NULL || (e->count > 0 && (e->names == NULL || e->items == NULL)))
        return no_memory(p);
    for (size_t i = 0; i < e->count; i++)
        pairs[i] = (struct cedar_pair){.name = e->names[i], .value = e->items[i]->value};
    return node_worth(
        p, at, (struct cedar_value){.kind = CEDAR_RECORD, .record = {.pairs = pairs, .count = e->count}}, e);
}

static const struct expr *parse_record(struct parser *p, struct place at) {
    struct parser_list names = {.items = NULL}, items = {.items = NULL};
    while (!parser_at(p, "}")) {
        if (!record_pair(p, &names, &items))
            return NULL;
        if (!parser_accept(p, ","))
            break;
    }
    if (!parser_expect(p, "}"))
        return NULL;
    struct expr *e = node(p, EXPR_RECORD, at, &items);
    if (e == NULL)
        return NULL;
    e->names = (const struct slice *)(const void *)names.items;
    return all_values(&items) ? fold_record(p, at, e) : e;
}

/* A call whose arguments are literals is done now, if it succeeds; if not, it errs whenever it is evaluated,
 * as does one with the wrong number of arguments. */
static const struct expr *make_call(struct parser *p, struct place at, const struct extension *x,
                                    struct parser_list *arguments) {
    struct expr *e = node(p, EXPR_CALL, at, arguments);
    if (e == NULL)
        return NULL;
    e->extension = x;
    if (e->count != x->arguments || !all_values(arguments))
        return e;
    struct cedar_value values[EXTENSION_ARGUMENTS_MAX], result;
    for (size_t i = 0; i < e->count; i++)
        values[i] = e->items[i]->value;
    return x->call(values, &result) ? node_worth(p, at, result, e) : e;
}

static const struct expr *parse_function(struct parser *p, struct place at, struct slice name) {
    const struct extension *x = extension_find(name);
    struct parser_list arguments;
    if (x == NULL || x->method) {
        (void)parser_fail(p, x == NULL ? "there is no function of this name"
                                       : "this function is called as a method: value.name(…)");
        return NULL;
    }
    if (!parser_expect(p, "(") || !expression_list(p, ")", &arguments))
        return NULL;
    return make_call(p, at, x, &arguments);
}

/* After a name that is no variable: an entity's type, or a function. */
static const struct expr *parse_path(struct parser *p, struct place at) {
    struct lexer ahead = p->lexer;
    struct token next;
    if (lex_next(&ahead, &next, NULL) == ST_OK && next.kind == TOKEN_MARK && slice_is(next.text, "(")) {
        struct slice name;
        return parser_name(p, "a function's name", &name) ? parse_function(p, at, name) : NULL;
    }
    if (next.kind == TOKEN_MARK && slice_is(next.text, "::")) {
        struct cedar_entity entity;
        return parser_entity(p, &entity) ? node_value(p, at, cedar_entity(entity.type, entity.id)) : NULL;
    }
    (void)parser_fail_expected(p, "an expression");
    return NULL;
}

static const struct expr *parse_name(struct parser *p, struct place at) {
    static const char *const variables[] = {"principal", "action", "resource", "context"};
    static const uint16_t mentions[] = {MENTION_PRINCIPAL, 0, MENTION_RESOURCE, MENTION_CONTEXT_ANY};
    if (parser_at(p, "true") || parser_at(p, "false")) {
        bool b = parser_at(p, "true");
        parser_advance(p);
        return node_value(p, at, cedar_bool(b));
    }
    for (unsigned i = 0; i < 4; i++) {
        struct lexer ahead = p->lexer;
        struct token next = {.kind = TOKEN_END};
        if (!parser_at(p, variables[i]) ||
            (lex_next(&ahead, &next, NULL) == ST_OK && next.kind == TOKEN_MARK && slice_is(next.text, "::")))
            continue;
        parser_advance(p);
        struct expr *e = node(p, EXPR_VARIABLE, at, NULL);
        if (e != NULL) {
            e->variable = (enum variable)i;
            e->mentions = mentions[i];
        }
        return e;
    }
    return parse_path(p, at);
}

/* `minus`: a sign stands right before, so that the smallest long can be written. */
static const struct expr *parse_number(struct parser *p, struct place at, bool minus) {
    int64_t v = 0;
    for (size_t i = 0; i < p->now.text.n; i++) {
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_sub_overflow(v, p->now.text.p[i] - '0', &v)) {
            (void)parser_fail(p, "this number is too large for 64 bits");
            return NULL;
        }
    }
    if (!minus && v == INT64_MIN) {
        (void)parser_fail(p, "this number is too large for 64 bits");
        return NULL;
    }
    parser_advance(p);
    return node_value(p, at, cedar_long(minus ? v : -v));
}

static const struct expr *parse_primary(struct parser *p) {
    struct place at = place_now(p);
    struct slice text;
    if (p->now.kind == TOKEN_STRING)
        return parser_string(p, false, &text) ? node_value(p, at, cedar_string(text)) : NULL;
    if (p->now.kind == TOKEN_NUMBER)
        return parse_number(p, at, false);
    if (p->now.kind == TOKEN_NAME && !parser_at(p, "if"))
        return parse_name(p, at);
    if (parser_accept(p, "(")) {
        const struct expr *e = expression_parse(p);
        return e != NULL && parser_expect(p, ")") ? e : NULL;
    }
    if (parser_accept(p, "["))
        return parse_set(p, at);
    if (parser_accept(p, "{"))
        return parse_record(p, at);
    (void)parser_fail_expected(p, "an expression");
    return NULL;
}

struct method {
    const char *name;
    enum expr_op op;
    size_t arguments;
};

static const struct method *method_find(struct slice name) {
    static const struct method methods[] = {
        {"contains", EXPR_CONTAINS, 1},        {"containsAll", EXPR_CONTAINS_ALL, 1},
        {"containsAny", EXPR_CONTAINS_ANY, 1}, {"isEmpty", EXPR_IS_EMPTY, 0},
        {"hasTag", EXPR_HAS_TAG, 1},           {"getTag", EXPR_GET_TAG, 1}};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (slice_is(name, methods[i].name))
            return &methods[i];
    }
    return NULL;
}

/* Behind `receiver.name(`. */
static const struct expr *parse_method(struct parser *p, const struct expr *receiver, struct slice name) {
    const struct method *m = method_find(name);
    const struct extension *x = m == NULL ? extension_find(name) : NULL;
    struct parser_list arguments, all = {.items = NULL};
    if (m == NULL && (x == NULL || !x->method)) {
        (void)parser_fail(p, x == NULL ? "there is no method of this name"
                                       : "this function is called as name(…)");
        return NULL;
    }
    if (!expression_list(p, ")", &arguments) || !list_add(p, &all, receiver))
        return NULL;
    const struct expr *const *from = (const struct expr *const *)(const void *)arguments.items;
    for (size_t i = 0; i < arguments.count; i++) {
        if (!list_add(p, &all, from[i]))
            return NULL;
    }
    if (x != NULL)
        return make_call(p, place_of(receiver), x, &all);
    if (arguments.count != m->arguments) {
        (void)parser_fail(p, "this method is called with the wrong number of arguments");
        return NULL;
    }
    return node(p, m->op, place_of(receiver), &all);
}

static const struct expr *parse_member(struct parser *p) {
    const struct expr *e = parse_primary(p);
    while (e != NULL) {
        struct slice name;
        struct place at = place_of(e);
        if (parser_accept(p, ".")) {
            if (!parser_name(p, "an attribute's or a method's name", &name))
                return NULL;
            e = parser_accept(p, "(") ? parse_method(p, e, name) : node_text(p, EXPR_GET, at, e, name);
        } else if (parser_accept(p, "[")) {
            if (!parser_string(p, false, &name) || !parser_expect(p, "]"))
                return NULL;
            e = node_text(p, EXPR_GET, at, e, name);
        } else {
            return e;
        }
    }
    return NULL;
}

/* Up to four signs of one kind. */
static const struct expr *parse_unary(struct parser *p) {
    struct place at[4];
    unsigned signs = 0;
    const char *sign = parser_at(p, "!") ? "!" : "-";
    while (parser_at(p, sign)) {
        if (signs == 4) {
            (void)parser_fail(p, "more than four signs in a row");
            return NULL;
        }
        at[signs++] = place_now(p);
        parser_advance(p);
    }
    bool negative_number = signs > 0 && *sign == '-' && p->now.kind == TOKEN_NUMBER;
    const struct expr *e = negative_number ? parse_number(p, at[--signs], true) : parse_member(p);
    while (e != NULL && signs > 0)
        e = node_of(p, *sign == '!' ? EXPR_NOT : EXPR_NEGATE, at[--signs], e, NULL, NULL);
    return e;
}

static const struct expr *parse_product(struct parser *p) {
    const struct expr *e = parse_unary(p);
    while (e != NULL && parser_accept(p, "*")) {
        const struct expr *right = parse_unary(p);
        e = right == NULL ? NULL : node_of(p, EXPR_MULTIPLY, place_of(e), e, right, NULL);
    }
    return e;
}

static const struct expr *parse_sum(struct parser *p) {
    const struct expr *e = parse_product(p);
    while (e != NULL && (parser_at(p, "+") || parser_at(p, "-"))) {
        enum expr_op op = parser_at(p, "+") ? EXPR_ADD : EXPR_SUBTRACT;
        parser_advance(p);
        const struct expr *right = parse_product(p);
        e = right == NULL ? NULL : node_of(p, op, place_of(e), e, right, NULL);
    }
    return e;
}

/* `a has b.c.d` stands for `a has b && a.b has c && a.b.c has d`. */
static const struct expr *parse_has(struct parser *p, const struct expr *left) {
    struct slice name;
    struct place at = place_of(left);
    if (p->now.kind == TOKEN_STRING)
        return parser_string(p, false, &name) ? node_text(p, EXPR_HAS, at, left, name) : NULL;
    struct parser_list all = {.items = NULL};
    do {
        if (!parser_name(p, "an attribute's name or a string", &name) ||
            !list_add(p, &all, node_text(p, EXPR_HAS, at, left, name)))
            return NULL;
        left = node_text(p, EXPR_GET, at, left, name);
    } while (parser_accept(p, "."));
    const struct expr *const *items = (const struct expr *const *)(const void *)all.items;
    return all.count == 1 ? items[0] : node(p, EXPR_AND, at, &all);
}

static const struct expr *parse_is(struct parser *p, const struct expr *left) {
    struct slice type;
    struct place at = place_of(left);
    if (!parser_path(p, &type))
        return NULL;
    const struct expr *is = node_text(p, EXPR_IS, at, left, type);
    if (is == NULL || !parser_accept(p, "in"))
        return is;
    const struct expr *right = parse_sum(p);
    const struct expr *in = right == NULL ? NULL : node_of(p, EXPR_IN, at, left, right, NULL);
    return in == NULL ? NULL : node_of(p, EXPR_AND, at, is, in, NULL);
}

static const struct expr *parse_relation(struct parser *p) {
    static const struct {
        const char *mark;
        enum expr_op op;
    } relations[] = {
        {"==", EXPR_EQUAL}, {"!=", EXPR_NOT_EQUAL}, {"<=", EXPR_LESS_EQUAL}, {">=", EXPR_GREATER_EQUAL},
        {"<", EXPR_LESS},   {">", EXPR_GREATER},    {"in", EXPR_IN}};
    const struct expr *left = parse_sum(p);
    if (left == NULL)
        return NULL;
    struct slice pattern;
    if (parser_accept(p, "has"))
        return parse_has(p, left);
    if (parser_accept(p, "is"))
        return parse_is(p, left);
    if (parser_accept(p, "like"))
        return parser_string(p, true, &pattern) ? node_text(p, EXPR_LIKE, place_of(left), left, pattern)
                                                : NULL;
    for (size_t i = 0; i < sizeof relations / sizeof relations[0]; i++) {
        if (!parser_accept(p, relations[i].mark))
            continue;
        const struct expr *right = parse_sum(p);
        return right == NULL ? NULL : node_of(p, relations[i].op, place_of(left), left, right, NULL);
    }
    return left;
}

static const struct expr *parse_chain(struct parser *p, const char *mark, enum expr_op op,
                                      const struct expr *(*part)(struct parser *)) {
    struct parser_list items = {.items = NULL};
    const struct expr *first = part(p);
    if (first == NULL || !parser_at(p, mark))
        return first;
    if (!list_add(p, &items, first))
        return NULL;
    while (parser_accept(p, mark)) {
        if (!list_add(p, &items, part(p)))
            return NULL;
    }
    return node(p, op, place_of(first), &items);
}

static const struct expr *parse_and(struct parser *p) {
    return parse_chain(p, "&&", EXPR_AND, parse_relation);
}

static const struct expr *parse_if(struct parser *p, struct place at) {
    const struct expr *condition = expression_parse(p);
    if (condition == NULL || !parser_expect(p, "then"))
        return NULL;
    const struct expr *yes = expression_parse(p);
    if (yes == NULL || !parser_expect(p, "else"))
        return NULL;
    const struct expr *no = expression_parse(p);
    return no == NULL ? NULL : node_of(p, EXPR_IF, at, condition, yes, no);
}

const struct expr *expression_parse(struct parser *p) {
    if (p->status != ST_OK)
        return NULL;
    if (p->nesting == NESTING_MAX) {
        (void)parser_fail(p, "this expression is nested too deep");
        return NULL;
    }
    p->nesting++;
    struct place at = place_now(p);
    const struct expr *e =
        parser_accept(p, "if") ? parse_if(p, at) : parse_chain(p, "||", EXPR_OR, parse_and);
    p->nesting--;
    return p->status == ST_OK ? e : NULL;
}
