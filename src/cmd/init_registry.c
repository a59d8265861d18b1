#include "cmd/init_registry.h"

#include "base/file.h"
#include "base/json.h"
#include "base/json_in.h"
#include "object/set.h"
#include "policy/own_schema.h"
#include "record/catalogue.h"

#include <stdio.h>

#define ROLES_FILE_MAX ((size_t)1024 * 1024)

enum status init_roles_read(const char *policies_dir, json_t **out, struct error *e) {
    char path[CONFIG_TEXT + 16];
    struct arena a;
    struct slice text;
    json_error_t why = {.line = 0};
    (void)snprintf(path, sizeof path, "%s/roles.json", policies_dir);
    arena_init(&a, ROLES_FILE_MAX + 4096, ARENA_PLAIN);
    *out = NULL;
    enum status s = file_read(path, ROLES_FILE_MAX, &a, &text);
    if (s == ST_OK && json_read(text, JSON_REJECT_DUPLICATES, out, &why) == ST_NOMEM)
        s = ST_NOMEM;
    arena_free(&a);
    if (s != ST_OK)
        return error_set(e, s, "roles_missing", "cannot read %s: set policies_dir to Kedun's policies", path);
    if (json_is_array(json_object_get(*out, "roles")) && json_is_object(json_object_get(*out, "company")))
        return ST_OK;
    json_decref(*out);
    *out = NULL;
    return error_set(e, ST_INVALID, "roles_invalid", "%s:%d: not {\"roles\": […], \"company\": {…}}", path,
                     why.line);
}

/* The text of a document, put into the registry. */
static enum status put(struct keeper *admin, uint8_t kind, uint32_t id, const json_t *document,
                       struct error *e) {
    char *text = json_print(document, JSON_COMPACT);
    if (text == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "registry");
    enum status s = keeper_bootstrap(admin, kind, id, slice_from_string(text), e);
    free(text);
    return s;
}

static enum status put_roles(struct keeper *admin, const char *policies_dir, struct error *e) {
    json_t *file;
    enum status s = init_roles_read(policies_dir, &file, e);
    if (s != ST_OK)
        return s;
    const json_t *list = json_object_get(file, "roles");
    for (size_t i = 0; s == ST_OK && i < json_array_size(list); i++) {
        const json_t *role = json_array_get(list, i);
        s = put(admin, REGISTRY_ROLE, (uint32_t)json_integer_value(json_object_get(role, "id")), role, e);
    }
    if (s == ST_OK)
        s = put(admin, REGISTRY_COMPANY, 1, json_object_get(file, "company"), e);
    json_decref(file);
    return s;
}

/* The files' policies are the first published version. */
static enum status put_policies(struct keeper *admin, const struct config *c,
                                const struct object_set *objects, struct error *e) {
    struct policy_set *set;
    enum status s = policy_load(c->policies_dir, &set, e);
    if (s != ST_OK)
        return s;
    s = policy_check(set, objects, e);
    if (s == ST_OK)
        s = keeper_policy_first(admin, policy_text(set), e);
    policy_release(set);
    return s;
}

enum status init_registry_fill(struct keeper *admin, const struct config *c, struct error *e) {
    struct object_set *objects;
    enum status s = put_roles(admin, c->policies_dir, e);
    if (s == ST_OK)
        s = object_set_load(c->objects_dir, &objects, e);
    if (s != ST_OK)
        return s;
    s = catalogue_bootstrap(admin, objects, e);
    if (s == ST_OK)
        s = put_policies(admin, c, objects, e);
    object_set_release(objects);
    return s;
}

enum status init_registry_empty(struct keeper *admin, const char *dir, struct error *e) {
    bool over = false;
    enum status s = keeper_bootstrapped(admin, &over, e);
    if (s != ST_OK || !over)
        return s;
    return error_set(
        e, ST_CONFLICT, "initialised",
        "%s is a data directory with people in it already; choose another, or start it with kedun serve",
        dir);
}

static void write_more(struct json *j, const json_t *more) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)more, key, value) {
        char *text = json_print(value, JSON_COMPACT | JSON_ENCODE_ANY);
        json_key(j, key);
        if (text == NULL)
            j->out->failed = true;
        else
            json_raw(j, slice_from_string(text));
        free(text);
    }
}

static void write_user(struct json *j, const struct init_user *u) {
    json_object_begin(j);
    json_key(j, "id");
    json_int(j, u->id);
    json_key(j, "login");
    json_cstring(j, u->login);
    json_key(j, "name");
    json_cstring(j, u->name);
    json_key(j, "roles");
    json_array_begin(j);
    json_cstring(j, u->role);
    json_array_end(j);
    json_key(j, "department");
    json_int(j, u->department);
    json_key(j, "duties");
    json_array_begin(j);
    if (u->duty != NULL)
        json_cstring(j, u->duty);
    json_array_end(j);
    json_key(j, "manages");
    json_array_begin(j);
    for (const uint32_t *m = u->manages; m != NULL && *m != 0; m++)
        json_int(j, *m);
    json_array_end(j);
    json_key(j, "disabled");
    json_bool(j, false);
    write_more(j, u->more);
    json_key(j, "password");
    json_text(j, u->password);
    json_object_end(j);
}

enum status init_registry_user(struct keeper *admin, const struct init_user *u, struct error *e) {
    struct buf b;
    buf_init(&b, 16 * 1024, true);
    struct json j = json_to(&b);
    write_user(&j, u);
    enum status s = b.failed ? error_set(e, ST_LIMIT, "too_large", "a user's document")
                             : keeper_bootstrap(admin, REGISTRY_USER, u->id, buf_slice(&b), e);
    buf_free(&b);
    return s;
}

enum status init_registry_grant(struct keeper *admin, uint32_t id, const json_t *grant, struct error *e) {
    return put(admin, REGISTRY_GRANT, id, grant, e);
}

enum status init_registry_department(struct keeper *admin, uint32_t id, uint32_t parent, uint32_t branch,
                                     const char *name, struct error *e) {
    struct buf b;
    buf_init(&b, 4096, false);
    struct json j = json_to(&b);
    json_object_begin(&j);
    json_key(&j, "id");
    json_int(&j, id);
    json_key(&j, "parent");
    json_int(&j, parent);
    json_key(&j, "name");
    json_cstring(&j, name);
    json_key(&j, "branch");
    json_int(&j, branch);
    json_object_end(&j);
    enum status s = keeper_bootstrap(admin, REGISTRY_DEPARTMENT, id, buf_slice(&b), e);
    buf_free(&b);
    return s;
}
