#include "connect/scim_schema.h"

#include "connect/scim_filter.h"

#include <stdio.h>

#define LIST     "urn:ietf:params:scim:api:messages:2.0:ListResponse"
#define ERROR    "urn:ietf:params:scim:api:messages:2.0:Error"
#define CONFIG   "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
#define TYPE     "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
#define SCHEMA   "urn:ietf:params:scim:schemas:core:2.0:Schema"
#define URI_MOST 720

static void put(struct json *j, const char *key, const char *text) {
    json_key(j, key);
    json_cstring(j, text);
}

static void put_bool(struct json *j, const char *key, bool v) {
    json_key(j, key);
    json_bool(j, v);
}

static void put_schemas(struct json *j, const char *urn) {
    json_key(j, "schemas");
    json_array_begin(j);
    json_cstring(j, urn);
    json_array_end(j);
}

static void put_meta(struct json *j, const char *type, const char *base, const char *path) {
    char location[URI_MOST];
    (void)snprintf(location, sizeof location, "%s/%s", base, path);
    json_key(j, "meta");
    json_object_begin(j);
    put(j, "resourceType", type);
    put(j, "location", location);
    json_object_end(j);
}

static void put_supported(struct json *j, const char *key, bool supported) {
    json_key(j, key);
    json_object_begin(j);
    put_bool(j, "supported", supported);
    if (strcmp(key, "filter") == 0) {
        json_key(j, "maxResults");
        json_int(j, SCIM_RESULTS_MOST);
    }
    if (strcmp(key, "bulk") == 0) {
        json_key(j, "maxOperations");
        json_int(j, 0);
        json_key(j, "maxPayloadSize");
        json_int(j, 0);
    }
    json_object_end(j);
}

void scim_write_config(struct json *j, const char *base) {
    json_object_begin(j);
    put_schemas(j, CONFIG);
    put_supported(j, "patch", true);
    put_supported(j, "bulk", false);
    put_supported(j, "filter", true);
    put_supported(j, "changePassword", false);
    put_supported(j, "sort", false);
    put_supported(j, "etag", true);
    json_key(j, "authenticationSchemes");
    json_array_begin(j);
    json_object_begin(j);
    put(j, "type", "oauthbearertoken");
    put(j, "name", "Provisioning key");
    put(j, "description", "A bearer token (RFC 6750) that a system administrator draws");
    put(j, "specUri", "https://www.rfc-editor.org/info/rfc6750");
    put_bool(j, "primary", true);
    json_object_end(j);
    json_array_end(j);
    put_meta(j, "ServiceProviderConfig", base, "ServiceProviderConfig");
    json_object_end(j);
}

static void begin_list(struct json *j, int64_t n) {
    json_object_begin(j);
    put_schemas(j, LIST);
    json_key(j, "totalResults");
    json_int(j, n);
    json_key(j, "startIndex");
    json_int(j, 1);
    json_key(j, "itemsPerPage");
    json_int(j, n);
    json_key(j, "Resources");
    json_array_begin(j);
}

static void end_list(struct json *j) {
    json_array_end(j);
    json_object_end(j);
}

static void write_type(struct json *j, const char *base) {
    json_object_begin(j);
    put_schemas(j, TYPE);
    put(j, "id", "User");
    put(j, "name", "User");
    put(j, "endpoint", "/Users");
    put(j, "description", "Accounts of staff without a duty");
    put(j, "schema", SCIM_CORE);
    json_key(j, "schemaExtensions");
    json_array_begin(j);
    json_object_begin(j);
    put(j, "schema", SCIM_ENTERPRISE);
    put_bool(j, "required", false);
    json_object_end(j);
    json_array_end(j);
    put_meta(j, "ResourceType", base, "ResourceTypes/User");
    json_object_end(j);
}

bool scim_write_types(struct json *j, const char *base, struct slice id) {
    if (id.n > 0 && !slice_is(id, "User"))
        return false;
    if (id.n == 0)
        begin_list(j, 1);
    write_type(j, base);
    if (id.n == 0)
        end_list(j);
    return true;
}

/* ---- schemas ---- */

struct attribute {
    const char *name, *type, *about;
    bool many, required, exact, unique;
    const struct attribute *parts;
    size_t part_count;
};

static const struct attribute name_parts[] = {
    {.name = "formatted", .type = "string", .about = "The whole name, made of its parts"},
    {.name = "familyName", .type = "string", .about = "The family name"},
    {.name = "givenName", .type = "string", .about = "The given name"},
};

static const struct attribute mail_parts[] = {
    {.name = "value", .type = "string", .about = "The address"},
    {.name = "type", .type = "string", .about = "\"work\""},
    {.name = "primary", .type = "boolean", .about = "Whether it is the one that is kept"},
};

static const struct attribute core[] = {
    {.name = "userName",
     .type = "string",
     .about = "The login: 1 to 63 bytes",
     .required = true,
     .unique = true},
    {.name = "name", .type = "complex", .about = "The name's parts", .parts = name_parts, .part_count = 3},
    {.name = "displayName", .type = "string", .about = "The name that is shown: 127 bytes at most"},
    {.name = "title", .type = "string", .about = "The position, as the directory service calls it"},
    {.name = "active",
     .type = "boolean",
     .about = "false: the account is suspended, with all that it opened"},
    {.name = "emails",
     .type = "complex",
     .about = "One is kept",
     .many = true,
     .parts = mail_parts,
     .part_count = 3},
};

static const struct attribute enterprise[] = {
    {.name = "employeeNumber", .type = "string", .about = "The employee's number"},
    {.name = "department",
     .type = "string",
     .about = "Where a new account stands, if a department has the name"},
};

static void write_attribute(struct json *j, const struct attribute *a) {
    json_object_begin(j);
    put(j, "name", a->name);
    put(j, "type", a->type);
    put_bool(j, "multiValued", a->many);
    put(j, "description", a->about);
    put_bool(j, "required", a->required);
    put_bool(j, "caseExact", a->exact);
    put(j, "mutability", strcmp(a->name, "formatted") == 0 ? "readOnly" : "readWrite");
    put(j, "returned", "default");
    put(j, "uniqueness", a->unique ? "server" : "none");
    json_object_end(j);
}

static void write_with_parts(struct json *j, const struct attribute *a) {
    if (a->part_count == 0) {
        write_attribute(j, a);
        return;
    }
    json_object_begin(j);
    put(j, "name", a->name);
    put(j, "type", a->type);
    put_bool(j, "multiValued", a->many);
    put(j, "description", a->about);
    put_bool(j, "required", a->required);
    json_key(j, "subAttributes");
    json_array_begin(j);
    for (size_t i = 0; i < a->part_count; i++)
        write_attribute(j, &a->parts[i]);
    json_array_end(j);
    put(j, "mutability", "readWrite");
    put(j, "returned", "default");
    put(j, "uniqueness", "none");
    json_object_end(j);
}

static void write_schema(struct json *j, const char *base, bool extension) {
    char path[URI_MOST];
    const struct attribute *list = extension ? enterprise : core;
    size_t n = extension ? sizeof enterprise / sizeof enterprise[0] : sizeof core / sizeof core[0];
    (void)snprintf(path, sizeof path, "Schemas/%s", extension ? SCIM_ENTERPRISE : SCIM_CORE);
    json_object_begin(j);
    put_schemas(j, SCHEMA);
    put(j, "id", extension ? SCIM_ENTERPRISE : SCIM_CORE);
    put(j, "name", extension ? "EnterpriseUser" : "User");
    put(j, "description", extension ? "What an enterprise says of its people" : "An account");
    json_key(j, "attributes");
    json_array_begin(j);
    for (size_t i = 0; i < n; i++)
        write_with_parts(j, &list[i]);
    json_array_end(j);
    put_meta(j, "Schema", base, path);
    json_object_end(j);
}

bool scim_write_schemas(struct json *j, const char *base, struct slice id) {
    bool is_core = scim_same(id, SLICE(SCIM_CORE)), is_extension = scim_same(id, SLICE(SCIM_ENTERPRISE));
    if (id.n > 0 && !is_core && !is_extension)
        return false;
    if (id.n > 0) {
        write_schema(j, base, is_extension);
        return true;
    }
    begin_list(j, 2);
    write_schema(j, base, false);
    write_schema(j, base, true);
    end_list(j);
    return true;
}

/* ---- errors ---- */

const char *scim_type_of(const char *code) {
    static const char *const types[][2] = {
        {"scim_filter", "invalidFilter"}, {"scim_path", "invalidPath"},
        {"scim_value", "invalidValue"},   {"bad_document", "invalidValue"},
        {"scim_syntax", "invalidSyntax"}, {"invalid_json", "invalidSyntax"},
        {"scim_no_target", "noTarget"},   {"scim_mutability", "mutability"},
        {"scim_denied", "mutability"},    {"login_taken", "uniqueness"},
        {"mail_taken", "uniqueness"},     {"document_too_large", "invalidValue"},
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(types[i][0], code) == 0)
            return types[i][1];
    }
    return "";
}

void scim_write_error(struct json *j, int status, const char *scim_type, struct slice detail) {
    char number[16];
    (void)snprintf(number, sizeof number, "%d", status);
    json_object_begin(j);
    put_schemas(j, ERROR);
    put(j, "status", number);
    if (scim_type[0] != '\0')
        put(j, "scimType", scim_type);
    json_key(j, "detail");
    json_text(j, detail);
    json_object_end(j);
}
