/* Sets of policies as JSON. */
#include "policy/authorize.h"
#include "policy/parse.h"
#include "policy/policy_json.h"
#include "policy/value_json.h"

struct set_reader {
    const char *file;
    struct arena *arena;
    struct error *error;
};

static enum status refuse(const struct set_reader *r, const struct document *d, const char *what) {
    return error_set(r->error, ST_INVALID, "bad_policy", "%s:%u: %s", r->file, d->line, what);
}

static bool is_set(const struct document *d) {
    return document_get(d, "staticPolicies") != NULL || document_get(d, "templates") != NULL ||
           document_get(d, "templateLinks") != NULL;
}

/* ---- in ---- */

static enum status read_policy(const struct set_reader *r, const struct document *d, struct slice id,
                               bool template, struct policies *out) {
    struct buf text;
    const struct policy *parsed = NULL;
    size_t count = 0;
    buf_init(&text, POLICY_TEXT_MAX, false);
    enum status s = policy_json_to_text(d, r->file, &text, r->error);
    struct slice copy = s == ST_OK ? arena_copy(r->arena, buf_slice(&text)) : SLICE_NONE;
    buf_free(&text);
    if (s != ST_OK)
        return s;
    s = parse_policies(copy, r->file, r->arena, &parsed, &count, r->error);
    if (s != ST_OK)
        return s;
    struct policy *one = arena_alloc(r->arena, sizeof *one);
    if (one == NULL || copy.p == NULL)
        return error_set(r->error, ST_NOMEM, "no_memory", "%s: too large", r->file);
    if (count != 1 || policy_is_template(parsed) != template)
        return refuse(r, d, template ? "a template has a slot" : "a static policy has no slots");
    *one = *parsed;
    one->id = id;
    if (template)
        out->templates[out->template_count++] = one;
    else
        out->list[out->count++] = one;
    return ST_OK;
}

static enum status read_policies(const struct set_reader *r, const struct document *set, const char *name,
                                 bool templates, struct policies *out) {
    const struct document *d = document_get(set, name);
    const struct policy **list =
        arena_array(r->arena, d == NULL ? 0 : d->count, sizeof(const struct policy *));
    if (list == NULL)
        return error_set(r->error, ST_NOMEM, "no_memory", "%s: too large", r->file);
    *(templates ? &out->templates : &out->list) = list;
    if (d != NULL && d->kind != DOCUMENT_OBJECT)
        return refuse(r, d, "policies are an object by their ids");
    enum status s = ST_OK;
    for (size_t i = 0; d != NULL && i < d->count && s == ST_OK; i++)
        s = read_policy(r, &d->items[i], d->names[i], templates, out);
    return s;
}

static enum status read_slot(const struct set_reader *r, const struct document *values, const char *slot,
                             const struct cedar_entity **out) {
    const struct document *d = document_get(values, slot);
    struct value_reader v = {.file = r->file, .arena = r->arena, .error = r->error};
    struct cedar_entity *e = arena_alloc(r->arena, sizeof *e);
    if (e == NULL)
        return error_set(r->error, ST_NOMEM, "no_memory", "%s: too large", r->file);
    if (d == NULL)
        return ST_OK;
    *out = e;
    return entity_from_json(&v, d, e);
}

static enum status read_link(const struct set_reader *r, const struct document *d, struct policies *out) {
    const struct document *values = document_get(d, "values");
    struct linked link = {.id = document_string(d, "newId"), .template = document_string(d, "templateId")};
    if (link.id.p == NULL || link.template.p == NULL)
        return refuse(r, d, "a link has templateId, newId and values");
    enum status s = read_slot(r, values, "?principal", &link.principal);
    if (s == ST_OK)
        s = read_slot(r, values, "?resource", &link.resource);
    return s == ST_OK ? policies_link(out, &link, r->arena, r->error) : s;
}

static enum status read_set(const struct set_reader *r, const struct document *set, struct policies *out) {
    static const char *const known[] = {"staticPolicies", "templates", "templateLinks", NULL};
    const struct document *links = document_get(set, "templateLinks");
    if (document_unknown(set, known).p != NULL)
        return refuse(r, set, "a set has staticPolicies, templates and templateLinks");
    enum status s = read_policies(r, set, "staticPolicies", false, out);
    if (s == ST_OK)
        s = read_policies(r, set, "templates", true, out);
    if (s == ST_OK && links != NULL && links->kind != DOCUMENT_ARRAY)
        return refuse(r, links, "templateLinks is a list");
    for (size_t i = 0; links != NULL && i < links->count && s == ST_OK; i++)
        s = read_link(r, &links->items[i], out);
    return s;
}

static bool has_slot(const struct document *d) {
    const struct document *p = document_get(d, "principal"), *r = document_get(d, "resource");
    return document_get(p, "slot") != NULL || document_get(document_get(p, "in"), "slot") != NULL ||
           document_get(r, "slot") != NULL || document_get(document_get(r, "in"), "slot") != NULL;
}

enum status policies_from_json(struct slice text, const char *file, struct arena *a, struct policies *out,
                               struct error *e) {
    struct set_reader r = {.file = file, .arena = a, .error = e};
    const struct document *d;
    *out = (struct policies){.list = NULL};
    enum status s = document_parse(text, file, a, &d, e);
    if (s != ST_OK)
        return s;
    if (is_set(d))
        return read_set(&r, d, out);
    out->list = arena_array(a, 1, sizeof(const struct policy *));
    out->templates = arena_array(a, 1, sizeof(const struct policy *));
    if (out->list == NULL || out->templates == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "%s: too large", file);
    return read_policy(&r, d, SLICE("policy0"), has_slot(d), out);
}

/* ---- JSON to text ---- */

static enum status put_texts(const struct document *d, const char *file, struct buf *out, struct error *e) {
    enum status s = ST_OK;
    for (size_t i = 0; d != NULL && i < d->count && s == ST_OK; i++) {
        buf_put_string(out, out->n > 0 ? "\n" : "");
        s = policy_json_to_text(&d->items[i], file, out, e);
        buf_put_string(out, "\n");
    }
    return s;
}

enum status policies_json_to_text(const struct document *set, const char *file, struct buf *out,
                                  struct error *e) {
    if (!is_set(set)) {
        enum status s = policy_json_to_text(set, file, out, e);
        buf_put_string(out, "\n");
        return s;
    }
    const struct document *links = document_get(set, "templateLinks");
    if (links != NULL && links->count > 0)
        return error_set(e, ST_INVALID, "bad_policy", "%s:%u: policies linked from templates have no text",
                         file, links->line);
    enum status s = put_texts(document_get(set, "staticPolicies"), file, out, e);
    return s == ST_OK ? put_texts(document_get(set, "templates"), file, out, e) : s;
}
