/* Importing people and departments from directory servers: the keeper has the password and what was read
 * (keeper/ldap.h), the process with the network reads (connect/ldap_read.h), people/ldap_plan.h says what it
 * would change. */
#include "api/engine.h"
#include "api/handlers.h"
#include "api/session.h"
#include "base/json_in.h"
#include "connect/ldap_read.h"
#include "connect/outbound.h"
#include "keeper/client_ldap.h"
#include "keeper/client_sign_on.h"
#include "people/ldap_plan.h"

#define PAGE_MOST 200

static struct slice member(const json_t *from, const char *name) {
    const json_t *v = json_object_get(from, name);
    return json_is_string(v) ? slice_of((const uint8_t *)json_string_value(v), json_string_length(v))
                             : SLICE_NONE;
}

static enum status unknown(struct error *e) {
    return error_set(e, ST_NOT_FOUND, "not_found", "there is no such directory");
}

static enum status number_of(struct slice text, uint32_t *out, struct error *e) {
    int64_t n;
    if (!slice_to_int(text, &n) || n < 1 || n > UINT32_MAX)
        return unknown(e);
    *out = (uint32_t)n;
    return ST_OK;
}

/* Before anything is read or reckoned for him; the keeper looks again. */
static enum status may(const struct caller *c, struct error *e) {
    return (c->who.duties & DUTY_SYSTEM_ADMIN) == 0 || c->who.is_key || c->who.is_job
               ? error_set(e, ST_DENIED, "not_your_duty", "directories are the system administrator's")
               : ST_OK;
}

HANDLER(api_ldap_directories) {
    struct slice json = SLICE_NONE;
    (void)engine;
    (void)r;
    enum status s = keeper_ldap_list(c->keeper, &c->call, &json, e);
    if (s == ST_OK)
        buf_put(&reply->body, json.p, json.n);
    return s;
}

HANDLER(api_ldap_secret) {
    uint32_t id = 0;
    (void)engine;
    enum status s = number_of(r->parameters[0], &id, e);
    if (s == ST_OK)
        s = keeper_ldap_secret(c->keeper, &c->call, id, member(r->json, "secret"), e);
    if (s == ST_OK)
        reply->status = 204;
    return s;
}

/* ---- reading ---- */

static enum status take(struct caller *c, uint32_t id, const struct uuid *read, json_t **out,
                        struct error *e) {
    struct slice json = SLICE_NONE;
    *out = NULL;
    enum status s = keeper_ldap_entries(c->keeper, &c->call, id, read, &json, e);
    if (s == ST_OK && json_read(json, 0, out, NULL) != ST_OK)
        s = error_set(e, ST_UNAVAILABLE, "ldap_refused", "what was read does not parse");
    return s;
}

HANDLER(api_ldap_read) {
    uint32_t id = 0;
    struct uuid errand;
    json_t *read = NULL;
    enum status s = number_of(r->parameters[0], &id, e);
    if (s == ST_OK)
        s = keeper_ldap_read(c->keeper, &c->call, id, &errand, e);
    const char *path = role_path(engine->env, c->arena, "run/outbound.sock");
    if (s == ST_OK)
        s = path == NULL ? error_set(e, ST_NOMEM, "no_memory", "path")
                         : outbound_run(path, OUTBOUND_DIRECTORY, &errand, e);
    if (s == ST_OK)
        s = take(c, id, &errand, &read, e);
    if (s != ST_OK)
        return s;
    struct json j = json_to(&reply->body);
    json_object_begin(&j);
    json_key(&j, "read");
    json_uuid(&j, &errand);
    json_key(&j, "people");
    json_int(&j, (int64_t)json_array_size(json_object_get(read, "people")));
    json_key(&j, "units");
    json_int(&j, (int64_t)json_array_size(json_object_get(read, "units")));
    json_object_end(&j);
    json_decref(read);
    return ST_OK;
}

/* ---- what it would change ---- */

/* Whether people sign in by their mail: then one person changes none. */
static enum status find_guard(struct caller *c, bool *guarded, struct error *e) {
    struct slice json = SLICE_NONE;
    json_t *all = NULL;
    const json_t *one;
    size_t i;
    *guarded = false;
    enum status s = keeper_sign_on_list(c->keeper, &c->call, true, &json, e);
    if (s == ST_OK && json_read(json, 0, &all, NULL) != ST_OK)
        s = error_set(e, ST_NOMEM, "no_memory", "providers");
    json_array_foreach(json_object_get(all, "providers"), i, one) {
        *guarded = *guarded || (json_is_true(json_object_get(one, "enabled")) &&
                                json_is_true(json_object_get(one, "link_mail")));
    }
    json_decref(all);
    return s;
}

static enum status find_document(struct caller *c, uint32_t id, json_t **out, struct error *e) {
    struct slice json = SLICE_NONE;
    json_t *all = NULL;
    const json_t *one;
    size_t i;
    *out = NULL;
    enum status s = keeper_ldap_list(c->keeper, &c->call, &json, e);
    if (s == ST_OK && json_read(json, 0, &all, NULL) != ST_OK)
        s = error_set(e, ST_NOMEM, "no_memory", "directories");
    json_array_foreach(json_object_get(all, "directories"), i, one) {
        if (json_integer_value(json_object_get(one, "id")) == (json_int_t)id)
            *out = json_incref(json_object_get(one, "document"));
    }
    json_decref(all);
    return s == ST_OK && *out == NULL ? unknown(e) : s;
}

static enum status plan_of(struct caller *c, const struct http_request *r, struct slice read,
                           const uint32_t *suspend, size_t n, struct ldap_plan *plan, struct error *e) {
    struct ldap_question q = {.suspend = suspend, .suspend_count = n};
    struct uuid errand;
    json_t *document = NULL, *entries = NULL;
    enum status s = may(c, e);
    if (s == ST_OK)
        s = number_of(r->parameters[0], &q.directory, e);
    if (s == ST_OK && !uuid_parse(read, &errand))
        s = error_set(e, ST_NOT_FOUND, "ldap_read_gone", "read the directory first");
    if (s == ST_OK)
        s = session_see_newest(c, e);
    if (s == ST_OK)
        s = find_document(c, q.directory, &document, e);
    if (s == ST_OK)
        s = find_guard(c, &q.mail_guarded, e);
    if (s == ST_OK)
        s = take(c, q.directory, &errand, &entries, e);
    q.document = document;
    q.read = entries;
    if (s == ST_OK)
        s = ldap_plan_make(c->world.directory, &q, c->arena, plan, e);
    json_decref(document);
    json_decref(entries);
    return s;
}

static void write_gone(struct json *j, const struct staff *one) {
    json_object_begin(j);
    json_key(j, "user");
    json_int(j, one->id);
    json_key(j, "login");
    json_cstring(j, one->login);
    json_key(j, "name");
    json_cstring(j, one->name);
    json_object_end(j);
}

struct page {
    int64_t offset, count;
    struct slice effect; /* of entries, "gone", or all (n == 0) */
};

static void write_page(struct json *j, const struct ldap_plan *p, const struct page *page) {
    int64_t at = 0;
    bool gone = slice_is(page->effect, "gone");
    json_key(j, "items");
    json_array_begin(j);
    for (size_t i = 0; i < (gone ? p->gone_count : p->plan.count); i++) {
        const struct import_entry *one = &p->plan.entries[i];
        if (!gone && page->effect.n > 0 && !slice_is(page->effect, import_effect_names[one->effect]))
            continue;
        if (at >= page->offset && at < page->offset + page->count) {
            if (gone)
                write_gone(j, p->gone[i]);
            else
                import_entry_write(j, one);
        }
        at++;
    }
    json_array_end(j);
    json_key(j, "count");
    json_int(j, at);
}

static void write_plan(const struct ldap_plan *p, uint64_t version, const struct page *page, struct json *j) {
    json_object_begin(j);
    json_key(j, "version");
    json_int(j, (int64_t)version);
    for (size_t i = 0; i < IMPORT_EFFECTS; i++) {
        json_key(j, import_effect_names[i]);
        json_int(j, (int64_t)p->plan.totals[i]);
    }
    json_key(j, "gone");
    json_int(j, (int64_t)p->gone_count);
    write_page(j, p, page);
    json_object_end(j);
}

HANDLER(api_ldap_preview) {
    struct ldap_plan plan;
    struct page page = {.effect = http_query_value(r, "effect", c->arena)};
    struct json j = json_to(&reply->body);
    (void)engine;
    if (!http_query_number(r, "offset", 0, 100000, 0, c->arena, &page.offset) ||
        !http_query_number(r, "count", 1, PAGE_MOST, 100, c->arena, &page.count))
        return error_set(e, ST_INVALID, "invalid", "offset and count are numbers, count at most 200");
    enum status s = plan_of(c, r, http_query_value(r, "read", c->arena), NULL, 0, &plan, e);
    if (s == ST_OK)
        write_plan(&plan, c->world.directory->version, &page, &j);
    return s;
}

static enum status read_suspend(const json_t *list, uint32_t *out, size_t *n, struct error *e) {
    *n = json_array_size(list);
    bool fine = (list == NULL || json_is_array(list)) && *n <= LDAP_PLAN_SUSPEND;
    for (size_t i = 0; fine && i < *n; i++) {
        json_int_t v = json_integer_value(json_array_get(list, i));
        fine = v > 0 && v <= UINT32_MAX;
        out[i] = (uint32_t)v;
    }
    return fine ? ST_OK
                : error_field(e, ST_INVALID, "bad_document", "suspend", "at most %d numbers of accounts",
                              LDAP_PLAN_SUSPEND);
}

HANDLER(api_ldap_import) {
    struct ldap_plan plan;
    struct json j = json_to(&reply->body);
    const struct page page = {.count = PAGE_MOST, .effect = SLICE("refused")};
    const json_t *version = json_object_get(r->json, "version");
    uint32_t *suspend = arena_array(c->arena, LDAP_PLAN_SUSPEND, sizeof *suspend);
    size_t n = 0;
    (void)engine;
    if (suspend == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "import");
    enum status s = read_suspend(json_object_get(r->json, "suspend"), suspend, &n, e);
    if (s == ST_OK)
        s = plan_of(c, r, member(r->json, "read"), suspend, n, &plan, e);
    if (s != ST_OK)
        return s;
    if (version != NULL && json_integer_value(version) != (json_int_t)c->world.directory->version)
        return error_set(e, ST_CONFLICT, "people_changed", "people were changed since the preview");
    s = import_plan_apply(c->keeper, &c->call, &plan.plan, e);
    session_forget(&c->call.token);
    if (s == ST_OK)
        write_plan(&plan, c->world.directory->version, &page, &j);
    return s;
}
