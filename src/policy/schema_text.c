#include "policy/parser.h"
#include "policy/schema_source.h"

#include "base/utf8.h"

bool schema_name_is_reserved(struct slice name) {
    static const char *const words[] = {"Bool", "Boolean", "Entity", "Extension",
                                        "Long", "Record",  "Set",    "String"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (slice_is(name, words[i]))
            return true;
    }
    return false;
}

/* A namespace while its declarations are read. */
struct gathered {
    struct slice name;
    struct parser_list commons, entities, actions;
    struct source_notes notes;
};

struct schema_parser {
    struct parser p;
    struct parser_list spaces; /* of struct gathered; the first has no name */
};

#define ADD(p, list, value)                                                                                  \
    do {                                                                                                     \
        void *slot_ = parser_list_add((p), (list), sizeof(value));                                           \
        if (slot_ == NULL)                                                                                   \
            return false;                                                                                    \
        memcpy(slot_, &(value), sizeof(value));                                                              \
    } while (0)

/* ---- names ---- */

static bool schema_path(struct parser *p, struct slice *out) {
    struct slice part;
    if (!parser_schema_name(p, &part))
        return false;
    *out = part;
    while (parser_at(p, "::")) {
        struct lexer ahead = p->lexer;
        struct token next;
        if (lex_next(&ahead, &next, NULL) == ST_OK && next.kind == TOKEN_STRING)
            return true; /* an action's id follows */
        parser_advance(p);
        if (!parser_schema_name(p, &part))
            return false;
        const char *path = arena_format(p->arena, "%.*s::%.*s", (int)out->n, (const char *)out->p,
                                        (int)part.n, (const char *)part.p);
        if (path == NULL)
            return parser_no_memory(p);
        *out = slice_from_string(path);
    }
    return true;
}

/* A name or a string. */
static bool name_or_string(struct parser *p, struct slice *out) {
    return p->now.kind == TOKEN_STRING ? parser_string(p, false, out) : parser_schema_name(p, out);
}

static bool name_list(struct parser *p, struct parser_list *out, bool strings) {
    do {
        struct slice name;
        if (!(strings ? name_or_string(p, &name) : parser_schema_name(p, &name)))
            return false;
        ADD(p, out, name);
    } while (parser_accept(p, ","));
    return true;
}

/* One path, or several in brackets. */
static bool path_list(struct parser *p, struct parser_list *out) {
    struct slice path;
    if (!parser_accept(p, "[")) {
        if (!schema_path(p, &path))
            return false;
        ADD(p, out, path);
        return true;
    }
    while (!parser_at(p, "]")) {
        if (!schema_path(p, &path))
            return false;
        ADD(p, out, path);
        if (!parser_accept(p, ","))
            break;
    }
    return parser_expect(p, "]");
}

/* ---- annotations ---- */

static bool parse_notes(struct parser *p, struct source_notes *out) {
    struct parser_list list = {.items = NULL};
    while (parser_accept(p, "@")) {
        struct annotation note = {.value = SLICE_NONE};
        if (p->now.kind != TOKEN_NAME)
            return parser_fail_expected(p, "an annotation's name");
        note.name = p->now.text;
        parser_advance(p);
        if (parser_accept(p, "(") && (!parser_string(p, false, &note.value) || !parser_expect(p, ")")))
            return false;
        const struct annotation *known = (const struct annotation *)(const void *)list.items;
        for (size_t i = 0; i < list.count; i++) {
            if (slice_equal(known[i].name, note.name))
                return parser_fail(p, "the same annotation twice");
        }
        ADD(p, &list, note);
    }
    *out = (struct source_notes){(const struct annotation *)(const void *)list.items, list.count};
    return true;
}

/* ---- types ---- */

static bool parse_type(struct parser *p, const struct source_type **out);

static bool parse_attribute(struct parser *p, struct parser_list *list) {
    struct source_attribute x = {.required = true};
    if (!parse_notes(p, &x.notes) || !name_or_string(p, &x.name))
        return false;
    if (parser_accept(p, "?"))
        x.required = false;
    if (!parser_expect(p, ":") || !parse_type(p, &x.type))
        return false;
    const struct source_attribute *known = (const struct source_attribute *)(const void *)list->items;
    for (size_t i = 0; i < list->count; i++) {
        if (slice_equal(known[i].name, x.name))
            return parser_fail(p, "the same attribute twice");
    }
    ADD(p, list, x);
    return true;
}

/* Behind the brace. */
static bool parse_attributes(struct parser *p, struct source_type *t) {
    struct parser_list list = {.items = NULL};
    t->kind = SOURCE_RECORD;
    while (!parser_at(p, "}")) {
        if (!parse_attribute(p, &list))
            return false;
        if (!parser_accept(p, ","))
            break;
    }
    t->attributes = (const struct source_attribute *)(const void *)list.items;
    t->count = list.count;
    return parser_expect(p, "}");
}

static bool at_set(const struct parser *p) {
    struct lexer ahead = p->lexer;
    struct token next;
    return parser_at(p, "Set") && lex_next(&ahead, &next, NULL) == ST_OK && next.kind == TOKEN_MARK &&
           slice_is(next.text, "<");
}

static bool parse_type_in(struct parser *p, struct source_type *t) {
    if (parser_accept(p, "{"))
        return parse_attributes(p, t);
    if (!at_set(p)) {
        t->kind = SOURCE_NAME;
        return schema_path(p, &t->name);
    }
    parser_advance(p);
    t->kind = SOURCE_SET;
    return parser_expect(p, "<") && parse_type(p, &t->element) && parser_expect(p, ">");
}

static bool parse_type(struct parser *p, const struct source_type **out) {
    struct source_type *t = arena_alloc(p->arena, sizeof *t);
    if (t == NULL) {
        (void)parser_no_memory(p);
        return false;
    }
    t->line = p->now.line;
    *out = t;
    if (p->nesting == SCHEMA_DEPTH_MAX)
        return parser_fail(p, "types nested too deep");
    p->nesting++;
    bool fine = parse_type_in(p, t);
    p->nesting--;
    return fine && p->status == ST_OK;
}

/* ---- declarations ---- */

static bool parse_choices(struct parser *p, struct source_entity *x) {
    struct parser_list list = {.items = NULL};
    if (!parser_expect(p, "["))
        return false;
    do {
        struct slice id;
        if (!parser_string(p, false, &id))
            return false;
        ADD(p, &list, id);
    } while (parser_accept(p, ","));
    x->choices = (const struct slice *)(const void *)list.items;
    x->choice_count = list.count;
    return parser_expect(p, "]");
}

static bool parse_entity_body(struct parser *p, struct source_entity *x) {
    struct parser_list parents = {.items = NULL};
    if (parser_accept(p, "enum"))
        return parse_choices(p, x);
    if (parser_accept(p, "in") && !path_list(p, &parents))
        return false;
    x->parents = (const struct slice *)(const void *)parents.items;
    x->parent_count = parents.count;
    bool equals = parser_accept(p, "=");
    if (parser_at(p, "{")) {
        if (!parse_type(p, &x->shape))
            return false;
    } else if (equals) {
        return parser_fail_expected(p, "'{'");
    }
    return !parser_accept(p, "tags") || parse_type(p, &x->tags);
}

static bool parse_entity(struct parser *p, struct gathered *space, struct source_notes notes) {
    struct source_entity x = {.notes = notes, .line = p->now.line};
    struct parser_list names = {.items = NULL};
    if (!name_list(p, &names, false) || !parse_entity_body(p, &x) || !parser_expect(p, ";"))
        return false;
    const struct slice *list = (const struct slice *)(const void *)names.items;
    for (size_t i = 0; i < names.count; i++) {
        x.name = list[i];
        ADD(p, &space->entities, x);
    }
    return true;
}

static bool parse_common(struct parser *p, struct gathered *space, struct source_notes notes) {
    struct source_common x = {.notes = notes, .line = p->now.line};
    if (schema_name_is_reserved(p->now.text))
        return parser_fail(p, "this name is taken: a common type must have another");
    if (!parser_schema_name(p, &x.name) || !parser_expect(p, "=") || !parse_type(p, &x.type))
        return false;
    ADD(p, &space->commons, x);
    return parser_expect(p, ";");
}

/* Path::"id", "id" or a name. */
static bool parse_parent(struct parser *p, struct parser_list *list) {
    struct source_parent x = {.type = SLICE("")};
    if (p->now.kind == TOKEN_STRING) {
        if (!parser_string(p, false, &x.id))
            return false;
    } else {
        struct slice path;
        if (!schema_path(p, &path))
            return false;
        if (parser_accept(p, "::")) {
            x.type = path;
            if (!parser_string(p, false, &x.id))
                return false;
        } else if (memchr(path.p, ':', path.n) != NULL) {
            return parser_fail_expected(p, "'::' and an id in quotes");
        } else {
            x.id = path;
        }
    }
    ADD(p, list, x);
    return true;
}

static bool parse_parents(struct parser *p, struct source_action *x) {
    struct parser_list list = {.items = NULL};
    bool many = parser_accept(p, "[");
    do {
        if (!parse_parent(p, &list))
            return false;
    } while (many && parser_accept(p, ","));
    x->has_parents = true;
    x->parents = (const struct source_parent *)(const void *)list.items;
    x->parent_count = list.count;
    return !many || parser_expect(p, "]");
}

/* principal: or resource:, once each and not empty. */
static bool parse_applies_types(struct parser *p, const struct slice **out, size_t *count) {
    struct parser_list list = {.items = NULL};
    if (*count > 0)
        return parser_fail(p, "principal or resource twice");
    if (!parser_expect(p, ":") || !path_list(p, &list))
        return false;
    if (list.count == 0)
        return parser_fail(p, "this list is empty: leave appliesTo out when the action applies to nothing");
    *out = (const struct slice *)(const void *)list.items;
    *count = list.count;
    return true;
}

static bool parse_applies_one(struct parser *p, struct source_action *x) {
    if (parser_accept(p, "principal"))
        return parse_applies_types(p, &x->principals, &x->principal_count);
    if (parser_accept(p, "resource"))
        return parse_applies_types(p, &x->resources, &x->resource_count);
    if (!parser_at(p, "context"))
        return parser_fail_expected(p, "'principal', 'resource' or 'context'");
    if (x->context != NULL)
        return parser_fail(p, "context twice");
    parser_advance(p);
    if (!parser_expect(p, ":") || !parse_type(p, &x->context) || x->context == NULL)
        return false;
    return x->context->kind != SOURCE_SET || parser_fail(p, "a context is a record or the name of one");
}

static bool parse_applies(struct parser *p, struct source_action *x) {
    if (!parser_expect(p, "{"))
        return false;
    x->applies = true;
    while (!parser_at(p, "}")) {
        if (!parse_applies_one(p, x))
            return false;
        if (!parser_accept(p, ","))
            break;
    }
    if (x->principal_count == 0 || x->resource_count == 0)
        return parser_fail(p, "appliesTo wants both principal and resource");
    return parser_expect(p, "}");
}

static bool parse_action(struct parser *p, struct gathered *space, struct source_notes notes) {
    struct source_action x = {.notes = notes, .line = p->now.line};
    struct parser_list names = {.items = NULL};
    if (!name_list(p, &names, true))
        return false;
    if (parser_accept(p, "in") && !parse_parents(p, &x))
        return false;
    if (parser_accept(p, "appliesTo") && !parse_applies(p, &x))
        return false;
    if (parser_accept(p, "attributes") && (!parser_expect(p, "{") || !parser_expect(p, "}")))
        return false;
    const struct slice *list = (const struct slice *)(const void *)names.items;
    for (size_t i = 0; i < names.count; i++) {
        x.id = list[i];
        ADD(p, &space->actions, x);
    }
    return parser_expect(p, ";");
}

static bool parse_declaration(struct parser *p, struct gathered *space, struct source_notes notes) {
    if (parser_accept(p, "entity"))
        return parse_entity(p, space, notes);
    if (parser_accept(p, "action"))
        return parse_action(p, space, notes);
    if (parser_accept(p, "type"))
        return parse_common(p, space, notes);
    return parser_fail_expected(p, "'entity', 'action' or 'type'");
}

static bool parse_namespace(struct schema_parser *s, struct source_notes notes) {
    struct parser *p = &s->p;
    struct gathered space = {.notes = notes};
    if (!schema_path(p, &space.name) || !parser_expect(p, "{"))
        return false;
    const struct gathered *known = (const struct gathered *)(const void *)s->spaces.items;
    for (size_t i = 0; i < s->spaces.count; i++) {
        if (slice_equal(known[i].name, space.name))
            return parser_fail(p, "this namespace stands here twice");
    }
    while (!parser_at(p, "}")) {
        struct source_notes own;
        if (p->status != ST_OK || !parse_notes(p, &own) || !parse_declaration(p, &space, own))
            return false;
    }
    ADD(p, &s->spaces, space);
    return parser_expect(p, "}");
}

static bool parse_all(struct schema_parser *s) {
    struct parser *p = &s->p;
    struct gathered nameless = {.name = SLICE("")};
    ADD(p, &s->spaces, nameless);
    while (p->status == ST_OK && p->now.kind != TOKEN_END) {
        struct source_notes notes;
        if (!parse_notes(p, &notes))
            return false;
        bool fine = parser_accept(p, "namespace")
                        ? parse_namespace(s, notes)
                        : parse_declaration(p, (struct gathered *)(void *)s->spaces.items, notes);
        if (!fine)
            return false;
    }
    return p->status == ST_OK;
}

static enum status finish(struct schema_parser *s, const char *file, const struct schema_source **out) {
    struct source_namespace *list = arena_array(s->p.arena, s->spaces.count, sizeof *list);
    struct schema_source *source = arena_alloc(s->p.arena, sizeof *source);
    if (list == NULL || source == NULL)
        return ST_NOMEM;
    const struct gathered *from = (const struct gathered *)(const void *)s->spaces.items;
    for (size_t i = 0; i < s->spaces.count; i++) {
        const struct gathered *g = &from[i];
        bool empty = g->commons.count + g->entities.count + g->actions.count == 0;
        if (i == 0 && empty) /* nothing stands outside of namespaces */
            continue;
        list[source->count++] = (struct source_namespace){
            .name = g->name,
            .commons = (const struct source_common *)(const void *)g->commons.items,
            .common_count = g->commons.count,
            .entities = (const struct source_entity *)(const void *)g->entities.items,
            .entity_count = g->entities.count,
            .actions = (const struct source_action *)(const void *)g->actions.items,
            .action_count = g->actions.count,
            .notes = g->notes};
    }
    source->namespaces = list;
    source->file = file;
    *out = source;
    return ST_OK;
}

enum status schema_source_from_text(struct slice text, const char *file, struct arena *a,
                                    const struct schema_source **out, struct error *e) {
    if (text.n > LEX_SOURCE_MAX)
        return error_set(e, ST_LIMIT, "schema_too_large", "%s: more than %zu bytes", file, LEX_SOURCE_MAX);
    if (!utf8_valid(text))
        return error_set(e, ST_INVALID, "schema_syntax", "%s:1:1: not valid UTF-8", file);
    struct schema_parser s = {.spaces = {.items = NULL}};
    parser_init_schema(&s.p, text, file, a, e);
    if (parse_all(&s))
        return finish(&s, file, out);
    return s.p.status;
}
