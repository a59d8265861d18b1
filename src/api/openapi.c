#include "api/openapi.h"

#include "api/handlers.h"
#include "base/json_in.h"

#include <ctype.h>
#include <stdio.h>

static void put(struct json *j, const char *key, const char *text) {
    json_key(j, key);
    json_cstring(j, text);
}

static void put_ref(struct json *j, const char *section, const char *name) {
    char text[128];
    (void)snprintf(text, sizeof text, "#/components/%s/%s", section, name);
    json_object_begin(j);
    put(j, "$ref", text);
    json_object_end(j);
}

/* ---- paths ---- */

static void write_parameter(struct json *j, struct slice name, const char *in, bool required,
                            const char *type) {
    json_object_begin(j);
    json_key(j, "name");
    json_text(j, name);
    put(j, "in", in);
    json_key(j, "required");
    json_bool(j, required);
    json_key(j, "schema");
    json_object_begin(j);
    put(j, "type", type);
    json_object_end(j);
    json_object_end(j);
}

/* The {…} of a pattern. */
static void write_path_parameters(struct json *j, const char *pattern) {
    for (const char *at = strchr(pattern, '{'); at != NULL; at = strchr(at + 1, '{')) {
        const char *end = strchr(at, '}');
        if (end == NULL)
            return;
        write_parameter(j, slice_of(at + 1, (size_t)(end - at - 1)), "path", true, "string");
    }
}

static bool is_write(const struct route *r) {
    return strcmp(r->method, "GET") != 0;
}

static void write_parameters(struct json *j, const struct route *r) {
    json_key(j, "parameters");
    json_array_begin(j);
    write_path_parameters(j, r->pattern);
    if (is_write(r) && (r->flags & ROUTE_OPEN) == 0)
        write_parameter(j, SLICE("Idempotency-Key"), "header", false, "string");
    bool versioned = strcmp(r->operation, "updateRecord") == 0 || strcmp(r->operation, "deleteRecord") == 0;
    if (versioned)
        write_parameter(j, SLICE("If-Match"), "header", true, "string");
    json_array_end(j);
}

static void write_content(struct json *j, const char *type, const char *schema) {
    json_key(j, "content");
    json_object_begin(j);
    json_key(j, type);
    json_object_begin(j);
    json_key(j, "schema");
    if (schema == NULL) {
        json_object_begin(j);
        put(j, "type", "object");
        json_object_end(j);
    } else {
        put_ref(j, "schemas", schema);
    }
    json_object_end(j);
    json_object_end(j);
}

static void write_body(struct json *j, const struct route *r) {
    if ((r->flags & (ROUTE_JSON | ROUTE_BYTES)) == 0)
        return;
    json_key(j, "requestBody");
    json_object_begin(j);
    json_key(j, "required");
    json_bool(j, true);
    write_content(j,
                  (r->flags & ROUTE_SCIM) != 0   ? "application/scim+json"
                  : (r->flags & ROUTE_JSON) != 0 ? "application/json"
                                                 : "application/octet-stream",
                  NULL);
    json_object_end(j);
}

static void write_responses(struct json *j, enum language language) {
    bool english = language == LANGUAGE_EN;
    json_key(j, "responses");
    json_object_begin(j);
    json_key(j, "2XX");
    json_object_begin(j);
    put(j, "description", english ? "Done" : "成功");
    json_object_end(j);
    json_key(j, "default");
    json_object_begin(j);
    put(j, "description", english ? "A problem (RFC 9457)" : "问题（RFC 9457）");
    write_content(j, "application/problem+json", "problem");
    json_object_end(j);
    json_object_end(j);
}

static void write_security(struct json *j, const struct route *r) {
    static const char *const ways[] = {"cookie", "key", "provisioning_key"};
    bool scim = (r->flags & ROUTE_SCIM) != 0;
    json_key(j, "security");
    json_array_begin(j);
    for (size_t i = scim ? 2 : 0; i < (scim ? 3 : 2) && (scim || (r->flags & ROUTE_OPEN) == 0); i++) {
        json_object_begin(j);
        json_key(j, ways[i]);
        json_array_begin(j);
        json_array_end(j);
        json_object_end(j);
    }
    json_array_end(j);
}

static void write_operation(struct json *j, const struct route *r, enum language language) {
    char method[8] = "";
    for (size_t i = 0; r->method[i] != '\0' && i + 1 < sizeof method; i++)
        method[i] = (char)tolower((unsigned char)r->method[i]);
    json_key(j, method);
    json_object_begin(j);
    put(j, "operationId", r->operation);
    put(j, "summary", language == LANGUAGE_EN ? r->summary_en : r->summary_zh);
    json_key(j, "x-personal");
    json_bool(j, (r->flags & ROUTE_PERSONAL) != 0);
    write_security(j, r);
    write_parameters(j, r);
    write_body(j, r);
    write_responses(j, language);
    json_object_end(j);
}

static bool seen_before(size_t i) {
    for (size_t k = 0; k < i; k++) {
        if (strcmp(routes[k].pattern, routes[i].pattern) == 0)
            return true;
    }
    return false;
}

static void write_paths(struct json *j, enum language language) {
    json_key(j, "paths");
    json_object_begin(j);
    for (size_t i = 0; i < route_count; i++) {
        if (seen_before(i))
            continue;
        json_key(j, routes[i].pattern);
        json_object_begin(j);
        for (size_t k = i; k < route_count; k++) {
            if (strcmp(routes[k].pattern, routes[i].pattern) == 0)
                write_operation(j, &routes[k], language);
        }
        json_object_end(j);
    }
    json_object_end(j);
}

/* ---- schemas ---- */

static const char *text_of(const json_t *o, const char *key) {
    const char *text = json_string_value(json_object_get(o, key));
    return text == NULL ? "" : text;
}

/* docs/api.md, conventions: how a value of a type stands in JSON. Anything may be null; a masked value is a
 * string. */
static const char *type_in_json(const char *type) {
    static const struct {
        const char *type, *json;
    } types[] = {{"integer", "integer"},   {"boolean", "boolean"},    {"user", "object"},
                 {"department", "object"}, {"multi_choice", "array"}, {"reference", "object"},
                 {"tag", "array"}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(types[i].type, type) == 0)
            return types[i].json;
    }
    return "string";
}

static void write_types(struct json *j, const char *type, bool masked) {
    json_key(j, "type");
    json_array_begin(j);
    json_cstring(j, type);
    if (masked && strcmp(type, "string") != 0)
        json_cstring(j, "string");
    json_cstring(j, "null");
    json_array_end(j);
}

static void write_field(struct json *j, const json_t *f, enum language language) {
    json_key(j, text_of(f, "name"));
    json_object_begin(j);
    write_types(j, type_in_json(text_of(f, "type")), strcmp(text_of(f, "view"), "masked") == 0);
    put(j, "title", text_of(json_object_get(f, "label"), language == LANGUAGE_EN ? "en" : "zh"));
    json_key(j, "readOnly");
    json_bool(j, !json_is_true(json_object_get(f, "writable")));
    put(j, "x-type", text_of(f, "type"));
    put(j, "x-class", text_of(f, "class"));
    put(j, "x-view", text_of(f, "view"));
    json_object_end(j);
}

static void write_object(struct json *j, const json_t *o, enum language language) {
    const json_t *fields = json_object_get(o, "fields");
    char name[96];
    (void)snprintf(name, sizeof name, "record_%s", text_of(o, "name"));
    json_key(j, name);
    json_object_begin(j);
    put(j, "type", "object");
    put(j, "title", text_of(json_object_get(o, "label"), language == LANGUAGE_EN ? "en" : "zh"));
    json_key(j, "properties");
    json_object_begin(j);
    for (size_t i = 0; i < json_array_size(fields); i++)
        write_field(j, json_array_get(fields, i), language);
    json_object_end(j);
    json_object_end(j);
}

static void write_problem(struct json *j) {
    static const char *const texts[] = {"type", "code", "title", "detail", "request_id"};
    json_key(j, "problem");
    json_object_begin(j);
    put(j, "type", "object");
    json_key(j, "properties");
    json_object_begin(j);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        json_key(j, texts[i]);
        json_object_begin(j);
        put(j, "type", "string");
        json_object_end(j);
    }
    json_key(j, "status");
    json_object_begin(j);
    put(j, "type", "integer");
    json_object_end(j);
    json_key(j, "errors");
    json_object_begin(j);
    put(j, "type", "array");
    json_object_end(j);
    json_object_end(j);
    json_object_end(j);
}

static void write_schemes(struct json *j) {
    json_key(j, "securitySchemes");
    json_object_begin(j);
    json_key(j, "cookie");
    json_object_begin(j);
    put(j, "type", "apiKey");
    put(j, "in", "cookie");
    put(j, "name", "__Host-kedun");
    json_object_end(j);
    for (size_t i = 0; i < 2; i++) {
        json_key(j, i == 0 ? "key" : "provisioning_key");
        json_object_begin(j);
        put(j, "type", "http");
        put(j, "scheme", "bearer");
        json_object_end(j);
    }
    json_object_end(j);
}

void openapi_write(struct json *j, enum language language, const json_t *objects) {
    const json_t *items = json_object_get(objects, "items");
    json_object_begin(j);
    put(j, "openapi", "3.1.0");
    json_key(j, "info");
    json_object_begin(j);
    put(j, "title", language == LANGUAGE_EN ? "Kedun" : "客盾");
    put(j, "version", "1");
    json_object_end(j);
    write_paths(j, language);
    json_key(j, "components");
    json_object_begin(j);
    write_schemes(j);
    json_key(j, "schemas");
    json_object_begin(j);
    write_problem(j);
    for (size_t i = 0; i < json_array_size(items); i++)
        write_object(j, json_array_get(items, i), language);
    json_object_end(j);
    json_object_end(j);
    json_object_end(j);
}

HANDLER(api_openapi) {
    struct buf text;
    (void)engine;
    (void)r;
    buf_init(&text, (size_t)8 * 1024 * 1024, false);
    struct json metadata = json_to(&text), out = json_to(&reply->body);
    enum status s = record_metadata(c, SLICE_NONE, &metadata, e);
    json_t *objects = NULL;
    bool read = s == ST_OK && !text.failed && json_read(buf_slice(&text), 0, &objects, NULL) == ST_OK;
    buf_free(&text);
    if (s == ST_OK && !read)
        s = error_set(e, ST_NOMEM, "no_memory", "openapi");
    if (s == ST_OK)
        openapi_write(&out, c->language, objects);
    json_decref(objects);
    return s;
}
