/* People, departments and roles, for those who administer them: the registry's documents as they are, and how
 * each account stands. What may be changed, and by whom, is the keeper's to say (keeper/registry.h). */
#include "api/handlers.h"
#include "api/session.h"
#include "base/clock.h"
#include "base/json_in.h"
#include "base/utf8.h"

#include <stdlib.h>

#define DAY_MS     ((int64_t)24 * 3600 * 1000)
#define PAGE_MAX   200
#define REVIEW_MS  (180 * DAY_MS)
#define HELD_COUNT 1000000

struct people_query {
    struct slice text, state;
    uint32_t department;
    int64_t idle_before;
    const json_t *seen; /* [[user, ms]…] */
};

static enum status administrators_only(const struct caller *c, struct error *e) {
    return c->who.duties != 0 && !c->who.is_key && !c->who.is_job
               ? ST_OK
               : error_set(e, ST_DENIED, "not_your_duty", "people are administered by holders of a duty");
}

static int64_t seen_at(const json_t *seen, uint32_t user) {
    for (size_t i = 0; i < json_array_size(seen); i++) {
        const json_t *pair = json_array_get(seen, i);
        if (json_integer_value(json_array_get(pair, 0)) == (json_int_t)user)
            return json_integer_value(json_array_get(pair, 1));
    }
    return 0;
}

/* 64 steps at most, so that a ring in the tree ends. */
static bool is_below(const struct directory *d, uint32_t department, uint32_t above) {
    for (unsigned step = 0; department != 0 && step < 64; step++) {
        if (department == above)
            return true;
        const struct department *one = directory_department(d, department);
        department = one == NULL ? 0 : one->parent;
    }
    return false;
}

/* Somebody's roles against those that were signed off at his last review. */
static bool review_wants(const struct staff *s, bool grown) {
    json_t *d = NULL;
    if (s->disabled || json_read(s->document, 0, &d, NULL) != ST_OK)
        return false;
    const json_t *roles = json_object_get(d, "roles"), *review = json_object_get(d, "review");
    const json_t *before = json_object_get(review, "roles");
    bool more = false;
    for (size_t i = 0; i < json_array_size(roles); i++) {
        bool known = false;
        for (size_t k = 0; k < json_array_size(before); k++)
            known = known || json_equal(json_array_get(roles, i), json_array_get(before, k));
        more = more || !known;
    }
    bool old = json_integer_value(json_object_get(review, "at")) < clock_wall_ms() - REVIEW_MS;
    bool wanted = grown ? more && json_is_object(review) : json_array_size(roles) > 0 && (more || old);
    json_decref(d);
    return wanted;
}

static bool state_fits(const struct people_query *q, const struct staff *s) {
    if (q->state.n == 0)
        return true;
    if (slice_equal(q->state, SLICE("active")))
        return !s->disabled;
    if (slice_equal(q->state, SLICE("disabled")))
        return s->disabled;
    if (slice_equal(q->state, SLICE("partner")))
        return s->sponsor != 0;
    if (slice_equal(q->state, SLICE("duty")))
        return s->duties != 0;
    if (slice_equal(q->state, SLICE("idle")))
        return !s->disabled && seen_at(q->seen, s->id) < q->idle_before;
    return review_wants(s, slice_equal(q->state, SLICE("grown")));
}

static bool text_fits(struct slice text, const char *in) {
    return text.n == 0 || strcasestr(in, (const char *)text.p) != NULL;
}

static bool fits(const struct people_query *q, const struct directory *d, const struct staff *s) {
    return (text_fits(q->text, s->name) || text_fits(q->text, s->login)) &&
           (q->department == 0 || is_below(d, s->department, q->department)) && state_fits(q, s);
}

static void write_time(struct json *j, const char *key, int64_t ms) {
    json_key(j, key);
    if (ms == 0)
        json_none(j);
    else
        json_time(j, ms);
}

static void write_person(const struct staff *s, int64_t seen, struct json *j) {
    json_key(j, "id");
    json_int(j, s->id);
    json_key(j, "document");
    json_raw(j, s->document);
    write_time(j, "seen_at", seen);
    json_key(j, "department");
    json_int(j, s->department);
    json_key(j, "leads");
    json_array_begin(j);
    for (size_t i = 0; i < s->manages_count; i++)
        json_int(j, s->manages[i]);
    json_array_end(j);
    json_key(j, "reports");
    json_int(j, (int64_t)s->reports_count);
}

static enum status read_query(struct caller *c, const struct http_request *r, struct people_query *q,
                              int64_t *page, int64_t *limit, struct error *e) {
    int64_t department, days;
    struct slice text = http_query_value(r, "q", c->arena);
    q->state = http_query_value(r, "state", c->arena);
    if (!http_query_number(r, "department", 1, UINT32_MAX, 0, c->arena, &department) ||
        !http_query_number(r, "days", 1, 3650, 90, c->arena, &days) ||
        !http_query_number(r, "page", 1, 100000, 1, c->arena, page) ||
        !http_query_number(r, "limit", 1, PAGE_MAX, 50, c->arena, limit))
        return error_set(e, ST_INVALID, "invalid", "department, days, page and limit are numbers");
    q->department = (uint32_t)department;
    q->idle_before = clock_wall_ms() - days * DAY_MS;
    q->text = text.n == 0 ? SLICE_NONE : slice_from_string(arena_string(c->arena, text));
    return ST_OK;
}

static enum status read_seen(struct caller *c, uint32_t user, json_t **out, struct error *e) {
    struct slice json;
    enum status s = keeper_person_state(c->keeper, &c->call, user, &json, e);
    if (s == ST_OK && json_read(json, 0, out, NULL) != ST_OK)
        s = error_set(e, ST_NOMEM, "no_memory", "people");
    return s;
}

static void write_list(const struct directory *d, const struct people_query *q, int64_t page, int64_t limit,
                       struct json *j) {
    int64_t found = 0;
    json_object_begin(j);
    json_key(j, "items");
    json_array_begin(j);
    for (size_t i = 0; i < d->staff_count; i++) {
        const struct staff *s = &d->staff[i];
        if (!fits(q, d, s))
            continue;
        if (found >= (page - 1) * limit && found < page * limit) {
            json_object_begin(j);
            write_person(s, seen_at(q->seen, s->id), j);
            json_object_end(j);
        }
        found++;
    }
    json_array_end(j);
    json_key(j, "total");
    json_int(j, found);
    json_object_end(j);
}

HANDLER(api_people) {
    struct people_query q = {.seen = NULL};
    int64_t page, limit;
    json_t *state = NULL;
    struct json j = json_to(&reply->body);
    (void)engine;
    enum status s = administrators_only(c, e);
    if (s == ST_OK)
        s = session_see_newest(c, e);
    if (s == ST_OK)
        s = read_query(c, r, &q, &page, &limit, e);
    if (s == ST_OK)
        s = read_seen(c, 0, &state, e);
    if (s != ST_OK)
        return s;
    q.seen = json_object_get(state, "seen");
    write_list(c->world.directory, &q, page, limit, &j);
    json_decref(state);
    return ST_OK;
}

/* How many records of each object are his: a number, no value of any. */
static enum status write_holdings(struct caller *c, uint32_t user, struct json *j, struct error *e) {
    json_key(j, "holds");
    json_array_begin(j);
    for (size_t i = 0; i < c->world.objects->count; i++) {
        const struct object_def *o = c->world.objects->objects[i];
        const struct pred *his = pred_compare(c->arena, PRED_EQ, FIELD_OWNER, cell_int(user));
        uint64_t count;
        bool at_least;
        if (his == NULL)
            return error_set(e, ST_NOMEM, "no_memory", "people");
        enum status s = store_count(c->reader, o, his, false, HELD_COUNT, &count, &at_least, e);
        if (s != ST_OK)
            return s;
        if (count == 0)
            continue;
        json_object_begin(j);
        json_key(j, "object");
        json_cstring(j, o->name);
        json_key(j, "label");
        json_object_begin(j);
        json_key(j, "zh");
        json_cstring(j, o->label.zh);
        json_key(j, "en");
        json_cstring(j, o->label.en);
        json_object_end(j);
        json_key(j, "count");
        json_int(j, (int64_t)count);
        json_object_end(j);
    }
    json_array_end(j);
    return ST_OK;
}

static void write_grants(const struct directory *d, uint32_t user, struct json *j) {
    json_key(j, "grants");
    json_array_begin(j);
    for (size_t i = 0; i < d->grant_count; i++) {
        if (d->grants[i].user == user || d->grants[i].from == user)
            json_raw(j, d->grants[i].document);
    }
    json_array_end(j);
}

static const struct staff *person_of(const struct caller *c, const struct http_request *r, struct error *e) {
    int64_t id;
    const struct staff *s = NULL;
    if (slice_to_int(r->parameters[0], &id) && id > 0 && id <= UINT32_MAX)
        s = directory_staff(c->world.directory, (uint32_t)id);
    if (s == NULL)
        (void)error_set(e, ST_NOT_FOUND, "not_found", "no such person");
    return s;
}

HANDLER(api_person) {
    static const char *const counts[] = {"sessions", "keys", "jobs"};
    json_t *state = NULL;
    struct json j = json_to(&reply->body);
    (void)engine;
    enum status s = administrators_only(c, e);
    if (s == ST_OK)
        s = session_see_newest(c, e);
    const struct staff *who = s == ST_OK ? person_of(c, r, e) : NULL;
    if (who == NULL)
        return s == ST_OK ? ST_NOT_FOUND : s;
    s = read_seen(c, who->id, &state, e);
    if (s != ST_OK)
        return s;
    json_object_begin(&j);
    write_person(who, seen_at(json_object_get(state, "seen"), who->id), &j);
    for (size_t i = 0; i < 3; i++) {
        json_key(&j, counts[i]);
        json_int(&j, json_integer_value(json_object_get(state, counts[i])));
    }
    json_decref(state);
    write_grants(c->world.directory, who->id, &j);
    s = write_holdings(c, who->id, &j, e);
    json_object_end(&j);
    return s;
}

/* Puts the body as a document; the writer's next request sees the change. */
static enum status put(struct caller *c, const struct http_request *r, uint8_t kind, uint32_t id,
                       struct http_reply *reply, struct error *e) {
    uint32_t made = 0;
    struct json j = json_to(&reply->body);
    enum status s = keeper_registry_put(c->keeper, &c->call, kind, id, r->body, &made, e);
    session_forget(&c->call.token);
    if (s != ST_OK)
        return s;
    reply->status = id == 0 ? 201 : 200;
    json_object_begin(&j);
    json_key(&j, "id");
    json_int(&j, made);
    json_object_end(&j);
    return ST_OK;
}

/* He answers for the partner whom he wants to change; what of him, the keeper says. */
static bool sponsors(const struct caller *c, const struct http_request *r, uint8_t kind) {
    int64_t id;
    if (kind != REGISTRY_USER || !slice_to_int(r->parameters[0], &id) || id <= 0 || id > UINT32_MAX)
        return false;
    const struct staff *s = directory_staff(c->world.directory, (uint32_t)id);
    return s != NULL && s->sponsor == c->who.user;
}

/* The number in the address, of an item that there is. */
static enum status put_existing(struct caller *c, const struct http_request *r, uint8_t kind,
                                struct http_reply *reply, struct error *e) {
    int64_t id;
    enum status s = session_see_newest(c, e);
    if (s == ST_OK && !sponsors(c, r, kind))
        s = administrators_only(c, e);
    if (s != ST_OK)
        return s;
    if (!slice_to_int(r->parameters[0], &id) || id <= 0 || id > UINT32_MAX ||
        (kind == REGISTRY_USER && directory_staff(c->world.directory, (uint32_t)id) == NULL) ||
        (kind == REGISTRY_DEPARTMENT && directory_department(c->world.directory, (uint32_t)id) == NULL))
        return error_set(e, ST_NOT_FOUND, "not_found", "there is no such item");
    return put(c, r, kind, (uint32_t)id, reply, e);
}

HANDLER(api_person_make) {
    (void)engine;
    enum status s = administrators_only(c, e);
    return s == ST_OK ? put(c, r, REGISTRY_USER, 0, reply, e) : s;
}

HANDLER(api_person_change) {
    (void)engine;
    return put_existing(c, r, REGISTRY_USER, reply, e);
}

HANDLER(api_person_leave) {
    (void)engine;
    enum status s = administrators_only(c, e);
    if (s == ST_OK)
        s = session_see_newest(c, e);
    const struct staff *who = s == ST_OK ? person_of(c, r, e) : NULL;
    if (who == NULL)
        return s == ST_OK ? ST_NOT_FOUND : s;
    s = keeper_leave(c->keeper, &c->call, who->id, r->body, e);
    session_forget(&c->call.token);
    if (s == ST_OK)
        reply->status = 204;
    return s;
}

HANDLER(api_department_make) {
    (void)engine;
    enum status s = administrators_only(c, e);
    return s == ST_OK ? put(c, r, REGISTRY_DEPARTMENT, 0, reply, e) : s;
}

HANDLER(api_department_change) {
    (void)engine;
    return put_existing(c, r, REGISTRY_DEPARTMENT, reply, e);
}

/* Every role's name and terms; its ceilings and budgets to administrators. */
HANDLER(api_roles) {
    struct json j = json_to(&reply->body);
    bool administrator = administrators_only(c, e) == ST_OK;
    (void)engine;
    (void)r;
    enum status s = session_see_newest(c, e);
    if (s != ST_OK)
        return s;
    const struct directory *d = c->world.directory;
    json_object_begin(&j);
    json_key(&j, "items");
    json_array_begin(&j);
    for (size_t i = 0; i < d->role_count; i++) {
        const struct staff_role *role = &d->roles[i];
        json_object_begin(&j);
        json_key(&j, "id");
        json_int(&j, role->id);
        json_key(&j, "name");
        json_cstring(&j, role->name);
        json_key(&j, "label");
        json_object_begin(&j);
        json_key(&j, "zh");
        json_cstring(&j, role->label_zh);
        json_key(&j, "en");
        json_cstring(&j, role->label_en);
        json_object_end(&j);
        json_key(&j, "by_leader");
        json_bool(&j, role->by_leader);
        json_key(&j, "break_glass_hours");
        json_int(&j, role->break_glass_hours);
        if (administrator) {
            json_key(&j, "document");
            json_raw(&j, role->document);
        }
        json_object_end(&j);
    }
    json_array_end(&j);
    json_object_end(&j);
    return ST_OK;
}

/* A role without a policy gives nothing yet, whatever its ceilings say. */
HANDLER(api_role_make) {
    (void)engine;
    enum status s = administrators_only(c, e);
    return s == ST_OK ? put(c, r, REGISTRY_ROLE, 0, reply, e) : s;
}

HANDLER(api_role_change) {
    (void)engine;
    return put_existing(c, r, REGISTRY_ROLE, reply, e);
}
