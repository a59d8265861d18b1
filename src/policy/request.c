#include "policy/authorize.h"
#include "policy/parser.h"
#include "policy/value_json.h"

#include "base/utf8.h"

enum status entity_from_text(struct slice text, const char *what, struct arena *a, struct cedar_entity *out,
                             struct error *e) {
    if (text.n > LEX_SOURCE_MAX || !utf8_valid(text))
        return error_set(e, ST_INVALID, "bad_request", "%s: not valid UTF-8", what);
    struct parser p;
    parser_init(&p, text, what, a, e);
    if (parser_entity(&p, out) && p.now.kind != TOKEN_END)
        (void)parser_fail_expected(&p, "the end");
    return p.status;
}

static enum status read_entity(const struct value_reader *r, const struct document *d, const char *name,
                               struct cedar_entity *out) {
    const struct document *from = document_get(d, name);
    if (from == NULL)
        return error_set(r->error, ST_INVALID, "bad_request", "%s:%u: a request without %s", r->file, d->line,
                         name);
    return from->kind == DOCUMENT_STRING ? entity_from_text(from->s, name, r->arena, out, r->error)
                                         : entity_from_json(r, from, out);
}

static enum status read_context(const struct value_reader *r, const struct document *d,
                                const struct schema *schema, const struct cedar_entity *action,
                                struct cedar_value *out) {
    static const struct document nothing = {.kind = DOCUMENT_OBJECT, .line = 1};
    const struct document *from = document_get(d, "context");
    const struct schema_action *known = schema == NULL ? NULL : schema_find_action(schema, action);
    if (from == NULL)
        from = &nothing;
    if (from->kind != DOCUMENT_OBJECT)
        return error_set(r->error, ST_INVALID, "bad_request", "%s:%u: a context is an object", r->file,
                         from->line);
    if (schema != NULL && known == NULL)
        return error_set(r->error, ST_INVALID, "bad_request", "%s:%u: the schema has no such action", r->file,
                         d->line);
    return value_from_json(r, from, known == NULL ? &type_any_record : known->context, out);
}

static bool has_type(const struct slice *types, size_t count, struct slice type) {
    for (size_t i = 0; i < count; i++) {
        if (slice_equal(types[i], type))
            return true;
    }
    return false;
}

static enum status check_request(const struct value_reader *r, const struct document *d,
                                 const struct schema *schema, const struct cedar_request *q) {
    const struct schema_action *action = schema_find_action(schema, &q->action);
    const struct cedar_value entities[] = {cedar_entity(q->principal.type, q->principal.id),
                                           cedar_entity(q->resource.type, q->resource.id), q->context};
    const char *wrong = NULL;
    struct cedar_entity bad;
    if (!has_type(action->principals, action->principal_count, q->principal.type))
        wrong = "the schema has no principals of this type for this action";
    else if (!has_type(action->resources, action->resource_count, q->resource.type))
        wrong = "the schema has no resources of this type for this action";
    for (size_t i = 0; i < 3 && wrong == NULL; i++) {
        if (!value_choices_hold(schema, &entities[i], &bad))
            wrong = "the schema lists other ids for an entity of this request";
    }
    return wrong == NULL
               ? ST_OK
               : error_set(r->error, ST_INVALID, "bad_request", "%s:%u: %s", r->file, d->line, wrong);
}

enum status request_from_json(const struct document *d, const char *file, const struct schema *schema,
                              bool check, struct arena *a, struct cedar_request *out, struct error *e) {
    struct value_reader r = {.file = file, .arena = a, .error = e};
    if (d->kind != DOCUMENT_OBJECT)
        return error_set(e, ST_INVALID, "bad_request", "%s:%u: a request is an object", file, d->line);
    enum status s = read_entity(&r, d, "principal", &out->principal);
    if (s == ST_OK)
        s = read_entity(&r, d, "action", &out->action);
    if (s == ST_OK)
        s = read_entity(&r, d, "resource", &out->resource);
    if (s == ST_OK)
        s = read_context(&r, d, schema, &out->action, &out->context);
    return s == ST_OK && schema != NULL && check ? check_request(&r, d, schema, out) : s;
}
