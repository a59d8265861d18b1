#include "policy/parser.h"

void parser_init(struct parser *p, struct slice text, const char *file, struct arena *a, struct error *e) {
    *p = (struct parser){.file = file, .arena = a, .error = e, .status = ST_OK};
    lex_init(&p->lexer, text, file);
    parser_advance(p);
}

void parser_init_schema(struct parser *p, struct slice text, const char *file, struct arena *a,
                        struct error *e) {
    *p = (struct parser){.file = file, .arena = a, .error = e, .status = ST_OK};
    lex_init(&p->lexer, text, file);
    p->lexer.schema = true;
    parser_advance(p);
}

void parser_advance(struct parser *p) {
    p->end = p->now.to;
    if (p->status == ST_OK)
        p->status = lex_next(&p->lexer, &p->now, p->error);
    if (p->status != ST_OK)
        p->now.kind = TOKEN_END;
}

bool parser_at(const struct parser *p, const char *word) {
    return (p->now.kind == TOKEN_MARK || p->now.kind == TOKEN_NAME) && slice_is(p->now.text, word);
}

bool parser_accept(struct parser *p, const char *word) {
    bool there = parser_at(p, word);
    if (there)
        parser_advance(p);
    return there;
}

bool parser_fail(struct parser *p, const char *what) {
    if (p->status == ST_OK)
        p->status = error_set(p->error, ST_INVALID, p->lexer.schema ? "schema_syntax" : "policy_syntax",
                              "%s:%u:%u: %s", p->file, p->now.line, p->now.column, what);
    return false;
}

bool parser_fail_expected(struct parser *p, const char *what) {
    char text[200];
    int shown = p->now.text.n > 40 ? 40 : (int)p->now.text.n;
    if (p->now.kind == TOKEN_END) {
        (void)snprintf(text, sizeof text, "expected %s, found the end", what);
    } else {
        const char *quote = p->now.kind == TOKEN_STRING ? "\"" : "'";
        (void)snprintf(text, sizeof text, "expected %s, found %s%.*s%s", what, quote, shown,
                       (const char *)p->now.text.p, quote);
    }
    return parser_fail(p, text);
}

bool parser_no_memory(struct parser *p) {
    if (p->status == ST_OK)
        p->status = error_set(p->error, ST_NOMEM, "no_memory", "%s: too large", p->file);
    return false;
}

bool parser_expect(struct parser *p, const char *word) {
    char text[32];
    (void)snprintf(text, sizeof text, "'%s'", word);
    return parser_accept(p, word) || parser_fail_expected(p, text);
}

static bool is_reserved(struct slice name) {
    static const char *const words[] = {"true", "false", "if",   "then", "else",
                                        "in",   "is",    "like", "has",  "__cedar"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (slice_is(name, words[i]))
            return true;
    }
    return false;
}

bool parser_name(struct parser *p, const char *what, struct slice *out) {
    if (p->now.kind != TOKEN_NAME || is_reserved(p->now.text))
        return parser_fail_expected(p, what);
    *out = p->now.text;
    parser_advance(p);
    return p->status == ST_OK;
}

bool parser_schema_name(struct parser *p, struct slice *out) {
    if (p->now.kind != TOKEN_NAME || (is_reserved(p->now.text) && !slice_is(p->now.text, "__cedar")))
        return parser_fail_expected(p, "a name");
    *out = p->now.text;
    parser_advance(p);
    return p->status == ST_OK;
}

bool parser_string(struct parser *p, bool pattern, struct slice *out) {
    if (p->now.kind != TOKEN_STRING)
        return parser_fail_expected(p, "a string");
    size_t bad = 0;
    if (!lex_unescape(p->now.text, pattern, p->arena, out, &bad))
        return parser_fail(p, "this string has an escape that is not known");
    if (out->p == NULL)
        return parser_no_memory(p);
    parser_advance(p);
    return p->status == ST_OK;
}

/* The last part is a name (type) or a string (entity): the caller says which. White space inside a path is
 * dropped. */
static bool path_parts(struct parser *p, struct slice *type, struct slice *id) {
    char *path = NULL;
    struct slice part;
    if (!parser_name(p, "a type's name", &part))
        return false;
    for (;;) {
        path = path == NULL ? arena_string(p->arena, part)
                            : arena_format(p->arena, "%s::%.*s", path, (int)part.n, (const char *)part.p);
        if (path == NULL)
            return parser_no_memory(p);
        *type = slice_from_string(path);
        if (!parser_at(p, "::"))
            return id == NULL || parser_fail_expected(p, "'::' and an id in quotes");
        parser_advance(p);
        if (id != NULL && p->now.kind == TOKEN_STRING)
            return parser_string(p, false, id);
        if (!parser_name(p, id == NULL ? "a type's name" : "a type's name or an id in quotes", &part))
            return false;
    }
}

bool parser_path(struct parser *p, struct slice *out) {
    return path_parts(p, out, NULL);
}

bool parser_entity(struct parser *p, struct cedar_entity *out) {
    return path_parts(p, &out->type, &out->id);
}

void *parser_list_add(struct parser *p, struct parser_list *l, size_t size) {
    if (l->count == EXPR_ITEMS_MAX) {
        (void)parser_fail(p, "this list is too long");
        return NULL;
    }
    if (l->count == l->room) {
        size_t room = l->room == 0 ? 4 : l->room * 2;
        uint8_t *bigger = arena_array(p->arena, room, size);
        if (bigger == NULL) {
            (void)parser_no_memory(p);
            return NULL;
        }
        if (l->count > 0)
            memcpy(bigger, l->items, l->count * size);
        l->items = bigger;
        l->room = room;
    }
    return l->items + size * l->count++;
}
