/* SCIM 2.0's resources (RFC 7644) and the administration of provisioning keys. docs/scim.md is the manual. */
#include "api/engine.h"
#include "api/handlers.h"
#include "api/scim.h"
#include "api/session.h"
#include "base/clock.h"
#include "base/json_in.h"
#include "connect/scim_patch.h"
#include "connect/scim_schema.h"
#include "connect/scim_user.h"
#include "ipc/config.h"
#include "keeper/client_scim.h"

#include <stdlib.h>
#include <strings.h>

#define TRIES      4 /* of a change that somebody else's came before */
#define COUNT_MOST INT32_MAX
#define PAGE_USUAL 100

static enum status base_of(const struct engine *engine, char out[SCIM_URI_MOST], struct error *e) {
    char origin[CONFIG_TEXT + 32];
    if (!config_origin(engine->env->config, origin, sizeof origin))
        return error_set(e, ST_CONFLICT, "sign_on_off", "no public address is set: see public_origin");
    (void)snprintf(out, SCIM_URI_MOST, "%s/scim/v2", origin);
    return ST_OK;
}

static enum status not_found(struct error *e) {
    return error_set(e, ST_NOT_FOUND, "not_found", "there is no such resource");
}

/* ---- keys ---- */

static enum status key_of(const struct http_request *r, uint32_t *out, struct error *e) {
    int64_t id;
    if (!slice_to_int(r->parameters[0], &id) || id <= 0 || id > UINT32_MAX)
        return not_found(e);
    *out = (uint32_t)id;
    return ST_OK;
}

HANDLER(api_scim_keys) {
    char base[SCIM_URI_MOST] = "";
    struct slice json = SLICE_NONE;
    struct json j = json_to(&reply->body);
    (void)r;
    enum status s = keeper_scim_list(c->keeper, &c->call, &json, e);
    if (s != ST_OK)
        return s;
    (void)(base_of(engine, base, NULL) == ST_OK); /* without one the page says that it is missing */
    json_object_begin(&j);
    json_key(&j, "base");
    json_cstring(&j, base);
    json_key(&j, "list");
    json_raw(&j, json);
    json_key(&j, "calls");
    scim_calls_write(&j);
    json_object_end(&j);
    return ST_OK;
}

HANDLER(api_scim_key_draw) {
    struct token token;
    char text[64];
    uint32_t key = 0;
    struct json j = json_to(&reply->body);
    (void)engine;
    enum status s = key_of(r, &key, e);
    if (s == ST_OK)
        s = keeper_scim_draw(c->keeper, &c->call, key, &token, e);
    if (s != ST_OK)
        return s;
    session_format_token(&token, text);
    json_object_begin(&j);
    json_key(&j, "token");
    json_cstring(&j, text);
    json_object_end(&j);
    explicit_bzero(&token, sizeof token);
    explicit_bzero(text, sizeof text);
    return ST_OK;
}

HANDLER(api_scim_key_end) {
    uint32_t key = 0;
    (void)engine;
    enum status s = key_of(r, &key, e);
    if (s == ST_OK)
        s = keeper_scim_end(c->keeper, &c->call, key, e);
    if (s == ST_OK)
        reply->status = 204;
    return s;
}

/* ---- what the server says of itself ---- */

HANDLER(api_scim_config) {
    char base[SCIM_URI_MOST];
    struct json j = json_to(&reply->body);
    (void)c;
    (void)r;
    reply->content_type = SCIM_JSON;
    enum status s = base_of(engine, base, e);
    if (s == ST_OK)
        scim_write_config(&j, base);
    return s;
}

HANDLER(api_scim_types) {
    char base[SCIM_URI_MOST];
    struct json j = json_to(&reply->body);
    struct slice id = r->parameter_count > 0 ? r->parameters[0] : SLICE("");
    (void)c;
    reply->content_type = SCIM_JSON;
    enum status s = base_of(engine, base, e);
    return s != ST_OK || scim_write_types(&j, base, id) ? s : not_found(e);
}

HANDLER(api_scim_schemas) {
    char base[SCIM_URI_MOST];
    struct json j = json_to(&reply->body);
    struct slice id = r->parameter_count > 0 ? r->parameters[0] : SLICE("");
    (void)c;
    reply->content_type = SCIM_JSON;
    enum status s = base_of(engine, base, e);
    return s != ST_OK || scim_write_schemas(&j, base, id) ? s : not_found(e);
}

/* ---- one user ---- */

static const struct staff *user_of(const struct caller *c, const struct http_request *r, struct error *e) {
    int64_t id;
    const struct staff *s = NULL;
    if (slice_to_int(r->parameters[0], &id) && id > 0 && id <= UINT32_MAX)
        s = directory_staff(c->world.directory, (uint32_t)id);
    if (s != NULL && scim_user_is(s))
        return s;
    (void)not_found(e);
    return NULL;
}

static enum status put_json(json_t *o, struct http_reply *reply, struct error *e) {
    char *text = json_print(o, JSON_COMPACT);
    if (text == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "answer");
    buf_put_string(&reply->body, text);
    free(text);
    return ST_OK;
}

static void put_header(struct http_reply *reply, const char *name, const json_t *meta, const char *key) {
    const char *text = json_string_value(json_object_get(meta, key));
    if (text != NULL)
        http_header(reply, name, slice_from_string(text));
}

/* The user as he stands, with ETag and Location (sections 3.14 and 3.1). */
static enum status answer(struct engine *engine, struct caller *c, const struct http_request *r,
                          struct http_reply *reply, const struct staff *who, struct error *e) {
    char base[SCIM_URI_MOST];
    json_t *o = NULL;
    enum status s = base_of(engine, base, e);
    if (s == ST_OK)
        s = scim_user_resource(who, base, &o, e);
    if (s != ST_OK)
        return s;
    reply->content_type = SCIM_JSON;
    put_header(reply, "ETag", json_object_get(o, "meta"), "version");
    if (reply->status == 201)
        put_header(reply, "Location", json_object_get(o, "meta"), "location");
    s = scim_user_project(o, http_query_value(r, "attributes", c->arena),
                          http_query_value(r, "excludedAttributes", c->arena), c->arena, e);
    if (s == ST_OK)
        s = put_json(o, reply, e);
    json_decref(o);
    return s;
}

HANDLER(api_scim_user) {
    const struct staff *who = user_of(c, r, e);
    return who == NULL ? ST_NOT_FOUND : answer(engine, c, r, reply, who, e);
}

/* ---- lists (section 3.4.2) ---- */

struct list {
    const struct scim_filter *filter;
    struct slice attributes, excluded, login, external;
    int64_t id; /* 0: any */
    int64_t start, count, found, given;
};

static bool may_fit(const struct list *q, const struct staff *s) {
    if ((q->id != 0 && q->id != s->id) ||
        (q->login.p != NULL && !scim_same(q->login, slice_from_string(s->login))))
        return false;
    /* A text that JSON writes as it is stands in the document, or he is not meant. */
    return q->external.p == NULL ||
           memmem(s->document.p, s->document.n, q->external.p, q->external.n) != NULL;
}

static bool is_written_plainly(struct slice text) {
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < ' ' || text.p[i] > '~' || text.p[i] == '"' || text.p[i] == '\\' || text.p[i] == '/')
            return false;
    }
    return text.n > 0;
}

static enum status prepare_list(struct list *q, struct slice filter, struct arena *a, struct error *e) {
    if (filter.n > 0) {
        enum status s = scim_filter_parse(filter, a, &q->filter, e);
        if (s != ST_OK)
            return s;
        struct slice id = scim_filter_wants(q->filter, "id");
        q->login = scim_filter_wants(q->filter, "userName");
        q->external = scim_filter_wants(q->filter, "externalId");
        if (!is_written_plainly(q->external))
            q->external = SLICE_NONE;
        if (id.p != NULL && !slice_to_int(id, &q->id))
            q->id = -1;
    }
    if (q->start < 1)
        q->start = 1;
    q->count = q->count < 0 ? 0 : q->count > SCIM_RESULTS_MOST ? SCIM_RESULTS_MOST : q->count;
    return ST_OK;
}

static enum status take_user(struct list *q, const struct staff *s, const char *base, json_t *resources,
                             struct arena *a, struct error *e) {
    json_t *o = NULL;
    bool shown = q->found + 1 >= q->start && q->given < q->count;
    if (q->filter == NULL && !shown) {
        q->found++;
        return ST_OK;
    }
    enum status st = scim_user_resource(s, base, &o, e);
    if (st != ST_OK)
        return st;
    bool fits = q->filter == NULL || scim_filter_matches(q->filter, o);
    q->found += fits;
    if (fits && shown) {
        q->given++;
        st = scim_user_project(o, q->attributes, q->excluded, a, e);
        if (st == ST_OK && json_array_append(resources, o) != 0)
            st = error_set(e, ST_NOMEM, "no_memory", "list");
    }
    json_decref(o);
    return st;
}

static enum status write_list(struct engine *engine, struct caller *c, struct list *q,
                              struct http_reply *reply, struct error *e) {
    char base[SCIM_URI_MOST];
    const struct directory *d = c->world.directory;
    json_t *resources = json_array();
    enum status s =
        resources == NULL ? error_set(e, ST_NOMEM, "no_memory", "list") : base_of(engine, base, e);
    for (size_t i = 0; s == ST_OK && i < d->staff_count; i++) {
        if (may_fit(q, &d->staff[i]) && scim_user_is(&d->staff[i]))
            s = take_user(q, &d->staff[i], base, resources, c->arena, e);
    }
    json_t *whole = NULL;
    if (s == ST_OK)
        whole = json_pack("{s:[s], s:I, s:I, s:I, s:O}", "schemas",
                          "urn:ietf:params:scim:api:messages:2.0:ListResponse", "totalResults",
                          (json_int_t)q->found, "startIndex", (json_int_t)q->start, "itemsPerPage",
                          (json_int_t)q->given, "Resources", resources);
    if (s == ST_OK)
        s = put_json(whole, reply, e);
    reply->content_type = SCIM_JSON;
    json_decref(whole);
    json_decref(resources);
    return s;
}

static enum status bad_number(struct error *e) {
    return error_set(e, ST_INVALID, "scim_value", "startIndex and count are whole numbers");
}

HANDLER(api_scim_users) {
    struct list q = {.attributes = http_query_value(r, "attributes", c->arena),
                     .excluded = http_query_value(r, "excludedAttributes", c->arena)};
    if (!http_query_number(r, "startIndex", INT32_MIN, COUNT_MOST, 1, c->arena, &q.start) ||
        !http_query_number(r, "count", INT32_MIN, COUNT_MOST, PAGE_USUAL, c->arena, &q.count))
        return bad_number(e);
    enum status s = prepare_list(&q, http_query_value(r, "filter", c->arena), c->arena, e);
    return s == ST_OK ? write_list(engine, c, &q, reply, e) : s;
}

/* "a,b" of a list of names. */
static struct slice names_of(const json_t *body, const char *key, struct arena *a) {
    const json_t *list = scim_member(body, slice_from_string(key), NULL);
    const char *all = NULL;
    for (size_t i = 0; i < json_array_size(list) && i < 100; i++) {
        const char *one = json_string_value(json_array_get(list, i));
        all = one == NULL   ? all
              : all == NULL ? arena_format(a, "%.256s", one)
                            : arena_format(a, "%s,%.256s", all, one);
    }
    return all == NULL ? SLICE_NONE : slice_from_string(all);
}

/* Section 3.4.3: the same in a body, so that nobody's name stands in an address. */
HANDLER(api_scim_search) {
    const json_t *start = scim_member(r->json, SLICE("startIndex"), NULL),
                 *count = scim_member(r->json, SLICE("count"), NULL),
                 *filter = scim_member(r->json, SLICE("filter"), NULL);
    struct list q = {.attributes = names_of(r->json, "attributes", c->arena),
                     .excluded = names_of(r->json, "excludedAttributes", c->arena),
                     .start = json_is_integer(start) ? json_integer_value(start) : 1,
                     .count = json_is_integer(count) ? json_integer_value(count) : PAGE_USUAL};
    if ((start != NULL && !json_is_integer(start)) || (count != NULL && !json_is_integer(count)))
        return bad_number(e);
    if (filter != NULL && !json_is_string(filter))
        return error_set(e, ST_INVALID, "scim_filter", "filter is a text");
    enum status s =
        prepare_list(&q, slice_of(json_string_value(filter), json_string_length(filter)), c->arena, e);
    return s == ST_OK ? write_list(engine, c, &q, reply, e) : s;
}

/* ---- changes ---- */

static enum status check_login(const struct caller *c, const json_t *resource, const struct staff *own,
                               struct error *e) {
    const char *login = json_string_value(scim_member(resource, SLICE("userName"), NULL));
    const struct directory *d = c->world.directory;
    for (size_t i = 0; login != NULL && i < d->staff_count; i++) {
        if (&d->staff[i] != own && strcasecmp(d->staff[i].login, login) == 0)
            return error_field(e, ST_CONFLICT, "login_taken", "userName",
                               "another account has this userName");
    }
    return ST_OK;
}

HANDLER(api_scim_make) {
    struct slice document;
    uint32_t made = 0;
    enum status s = scim_see_newest(c, e);
    if (s == ST_OK)
        s = check_login(c, r->json, NULL, e);
    if (s == ST_OK)
        s = scim_user_document(r->json, NULL, c->world.directory, clock_wall_ms(), c->arena, &document, e);
    if (s == ST_OK)
        s = keeper_scim_put(c->keeper, &c->call, 0, 0, document, &made, e);
    if (s == ST_OK)
        s = scim_see_newest(c, e);
    const struct staff *who = s == ST_OK ? directory_staff(c->world.directory, made) : NULL;
    if (who == NULL)
        return s == ST_OK ? not_found(e) : s;
    reply->status = 201;
    return answer(engine, c, r, reply, who, e);
}

/* Section 3.14: "*" or one of the list is the version that stands; weak or not, it is the same. */
static enum status check_version(const struct http_request *r, const struct staff *s, struct error *e) {
    struct slice rest = r->if_match;
    char want[32];
    int n = snprintf(want, sizeof want, "\"%llu\"", (unsigned long long)s->version);
    if (rest.n == 0 || slice_is(slice_trim(rest), "*") || memmem(rest.p, rest.n, want, (size_t)n) != NULL)
        return ST_OK;
    return error_set(e, ST_CONFLICT, "scim_precondition", "the resource has another version");
}

/* The resource as it shall be. */
static enum status wanted(struct engine *engine, struct caller *c, const struct http_request *r, bool patch,
                          const struct staff *who, json_t **out, struct error *e) {
    char base[SCIM_URI_MOST];
    *out = NULL;
    if (!patch) {
        *out = json_incref(r->json);
        return ST_OK;
    }
    enum status s = base_of(engine, base, e);
    if (s == ST_OK)
        s = scim_user_resource(who, base, out, e);
    return s == ST_OK ? scim_patch_apply(*out, r->json, c->arena, e) : s;
}

static enum status change_once(struct engine *engine, struct caller *c, const struct http_request *r,
                               bool patch, uint32_t *id, struct error *e) {
    json_t *resource = NULL;
    struct slice document;
    enum status s = scim_see_newest(c, e);
    const struct staff *who = s == ST_OK ? user_of(c, r, e) : NULL;
    if (who == NULL)
        return s == ST_OK ? ST_NOT_FOUND : s;
    s = check_version(r, who, e);
    if (s == ST_OK)
        s = wanted(engine, c, r, patch, who, &resource, e);
    if (s == ST_OK)
        s = check_login(c, resource, who, e);
    if (s == ST_OK)
        s = scim_user_document(resource, who, c->world.directory, clock_wall_ms(), c->arena, &document, e);
    json_decref(resource);
    return s == ST_OK ? keeper_scim_put(c->keeper, &c->call, who->id, who->version, document, id, e) : s;
}

static bool came_second(enum status s, const struct error *e, unsigned tries) {
    return s == ST_CONFLICT && strcmp(e->code, "scim_changed") == 0 && tries < TRIES;
}

static enum status change(struct engine *engine, struct caller *c, const struct http_request *r,
                          struct http_reply *reply, bool patch, struct error *e) {
    uint32_t id = 0;
    unsigned tries = 0;
    enum status s;
    do {
        s = change_once(engine, c, r, patch, &id, e);
    } while (came_second(s, e, ++tries));
    if (s == ST_OK)
        s = scim_see_newest(c, e);
    const struct staff *who = s == ST_OK ? directory_staff(c->world.directory, id) : NULL;
    if (who == NULL)
        return s == ST_OK ? not_found(e) : s;
    return answer(engine, c, r, reply, who, e);
}

HANDLER(api_scim_replace) {
    return change(engine, c, r, reply, false, e);
}

HANDLER(api_scim_patch) {
    return change(engine, c, r, reply, true, e);
}

/* Leaving, with all that it ends (keeper/handle_grant.c). */
static enum status leave_once(struct caller *c, const struct http_request *r, struct error *e) {
    enum status s = scim_see_newest(c, e);
    const struct staff *who = s == ST_OK ? user_of(c, r, e) : NULL;
    if (who == NULL)
        return s == ST_OK ? ST_NOT_FOUND : s;
    s = check_version(r, who, e);
    return s == ST_OK ? keeper_scim_leave(c->keeper, &c->call, who->id, who->version, e) : s;
}

HANDLER(api_scim_delete) {
    unsigned tries = 0;
    enum status s;
    (void)engine;
    do {
        s = leave_once(c, r, e);
    } while (came_second(s, e, ++tries));
    if (s == ST_OK)
        reply->status = 204;
    return s;
}
