#include "cmd/policy_files.h"

#include "base/file.h"
#include "policy/authorize.h"
#include "policy/value_json.h"

enum status policy_files_read(const char *file, struct arena *a, struct slice *out, struct error *e) {
    const char *path = strcmp(file, "-") == 0 ? "/dev/stdin" : file;
    enum status s = file_read(path, DOCUMENT_TEXT_MAX, a, out);
    return s == ST_OK ? s : error_set(e, s, "unreadable", "%s: %s", file, status_name(s));
}

bool policy_files_is_json(const char *file, const char *format, bool *json, struct error *e) {
    size_t n = strlen(file);
    *json = format == NULL ? n > 5 && strcmp(file + n - 5, ".json") == 0 : strcmp(format, "json") == 0;
    if (format == NULL || *json || strcmp(format, "cedar") == 0)
        return true;
    (void)!error_set(e, ST_INVALID, "bad_format", "a format is cedar or json, not %s", format);
    return false;
}

/* ---- links: [{"template_id", "link_id", "args": {"?principal": "User::\"a\"", …}}] ---- */

static enum status read_slot(const struct document *args, const char *name, struct arena *a,
                             const struct cedar_entity **out, struct error *e) {
    const struct document *d = document_get(args, name);
    if (d == NULL)
        return ST_OK;
    struct cedar_entity *entity = arena_alloc(a, sizeof *entity);
    *out = entity;
    if (entity == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "links: too large");
    struct value_reader r = {.file = "links", .arena = a, .error = e};
    return d->kind == DOCUMENT_STRING ? entity_from_text(d->s, name, a, entity, e)
                                      : entity_from_json(&r, d, entity);
}

static enum status add_link(const struct document *d, struct arena *a, struct policies *out,
                            struct error *e) {
    const struct document *args = document_get(d, "args");
    struct linked link = {.id = document_string(d, "link_id"), .template = document_string(d, "template_id")};
    if (link.id.p == NULL || link.template.p == NULL)
        return error_set(e, ST_INVALID, "bad_link", "a link has template_id, link_id and args");
    enum status s = read_slot(args, "?principal", a, &link.principal, e);
    if (s == ST_OK)
        s = read_slot(args, "?resource", a, &link.resource, e);
    return s == ST_OK ? policies_link(out, &link, a, e) : s;
}

static enum status add_links(const char *file, struct arena *a, struct policies *out, struct error *e) {
    struct slice text;
    const struct document *list;
    enum status s = policy_files_read(file, a, &text, e);
    if (s == ST_OK)
        s = document_parse(text, file, a, &list, e);
    if (s != ST_OK)
        return s;
    if (list->kind != DOCUMENT_ARRAY)
        return error_set(e, ST_INVALID, "bad_link", "%s: links are a list", file);
    for (size_t i = 0; i < list->count && s == ST_OK; i++)
        s = add_link(&list->items[i], a, out, e);
    return s;
}

enum status policy_files_policies(const struct policy_files *f, struct arena *a, struct policies *out,
                                  struct error *e) {
    struct slice text;
    bool json;
    if (!policy_files_is_json(f->policies, f->policy_format, &json, e))
        return ST_INVALID;
    enum status s = policy_files_read(f->policies, a, &text, e);
    if (s == ST_OK)
        s = json ? policies_from_json(text, f->policies, a, out, e)
                 : policies_from_text(text, f->policies, a, out, e);
    return s == ST_OK && f->links != NULL ? add_links(f->links, a, out, e) : s;
}

enum status policy_files_schema(const struct policy_files *f, struct arena *a, const struct schema **out,
                                struct error *e) {
    const struct schema_source *source;
    struct slice text;
    bool json;
    *out = NULL;
    if (f->schema == NULL)
        return ST_OK;
    if (!policy_files_is_json(f->schema, f->schema_format, &json, e))
        return ST_INVALID;
    enum status s = policy_files_read(f->schema, a, &text, e);
    if (s == ST_OK)
        s = json ? schema_source_from_json(text, f->schema, a, &source, e)
                 : schema_source_from_text(text, f->schema, a, &source, e);
    return s == ST_OK ? schema_resolve(source, a, out, e) : s;
}
