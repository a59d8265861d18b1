#include "api/engine.h"
#include "api/handlers.h"
#include "api/session.h"

static struct slice member(const struct http_request *r, const char *name) {
    const json_t *v = json_object_get(r->json, name);
    return json_is_string(v) ? slice_of(json_string_value(v), json_string_length(v)) : SLICE_NONE;
}

static void write_role(const struct caller *c, const char *name, struct json *j) {
    const struct staff_role *role = directory_role(c->world.directory, name);
    json_object_begin(j);
    json_key(j, "name");
    json_cstring(j, name);
    json_key(j, "label");
    json_object_begin(j);
    json_key(j, "zh");
    json_cstring(j, role == NULL ? name : role->label_zh);
    json_key(j, "en");
    json_cstring(j, role == NULL ? name : role->label_en);
    json_object_end(j);
    json_object_end(j);
}

/* The parts of the house that have something for him. */
static enum status write_areas(struct caller *c, struct json *j, struct error *e) {
    bool records = false, imports = false, conflicts = false;
    for (size_t i = 0; i < c->world.objects->count; i++) {
        const struct access *a;
        enum status s = access_suppose(c, c->world.objects->objects[i], SUPPOSE_ALL, &a, e);
        if (s != ST_OK)
            return s;
        records = records || a->acts[ACT_LIST]->op != PRED_FALSE;
        imports = imports || a->may_import;
        conflicts = conflicts || a->acts[ACT_RESOLVE]->op != PRED_FALSE;
    }
    json_key(j, "areas");
    json_array_begin(j);
    if (records)
        json_cstring(j, "records");
    if (imports)
        json_cstring(j, "imports");
    if (conflicts)
        json_cstring(j, "conflicts");
    if ((c->who.duties & DUTY_AUDITOR) != 0)
        json_cstring(j, "audit");
    /* Holders of a duty act in person: they have no keys, but the security administrator ends others'. */
    if ((c->who.duties & DUTY_SECURITY_ADMIN) != 0 || (c->who.duties == 0 && !c->who.is_key))
        json_cstring(j, "keys");
    if (c->who.duties != 0)
        json_cstring(j, "people");
    if ((c->who.duties & DUTY_SYSTEM_ADMIN) != 0)
        json_cstring(j, "objects");
    json_cstring(j, "sessions");
    json_array_end(j);
    return ST_OK;
}

static void write_place(struct caller *c, const char *key, uint32_t id, struct json *j) {
    const struct department *d = directory_department(c->world.directory, id);
    json_key(j, key);
    if (d == NULL) {
        json_none(j);
        return;
    }
    json_object_begin(j);
    json_key(j, "id");
    json_int(j, id);
    json_key(j, "name");
    json_cstring(j, d->name);
    json_object_end(j);
}

static void write_duties(const struct caller *c, struct json *j) {
    json_key(j, "duties");
    json_array_begin(j);
    if ((c->who.duties & DUTY_SYSTEM_ADMIN) != 0)
        json_cstring(j, "system_admin");
    if ((c->who.duties & DUTY_SECURITY_ADMIN) != 0)
        json_cstring(j, "security_admin");
    if ((c->who.duties & DUTY_AUDITOR) != 0)
        json_cstring(j, "auditor");
    json_array_end(j);
}

/* What he may do with each object: the UI shows no door that would not open. */
static enum status write_acts(struct caller *c, struct json *j, struct error *e) {
    json_key(j, "acts");
    json_object_begin(j);
    for (size_t i = 0; i < c->world.objects->count; i++) {
        const struct access *a;
        enum status s = access_get(c, c->world.objects->objects[i], &a, e);
        if (s != ST_OK)
            return s;
        if (!a->visible)
            continue;
        json_key(j, a->object->name);
        json_array_begin(j);
        const char *names[ACCESS_ACTS];
        size_t n = access_act_names(c, a, names);
        for (size_t k = 0; k < n; k++)
            json_cstring(j, names[k]);
        json_array_end(j);
    }
    json_object_end(j);
    return ST_OK;
}

/* All that half a session is told. */
static void write_person(const struct caller *c, const char *csrf, struct json *j) {
    static const char *const steps[SIGN_IN_STEP_END] = {"done", "second_factor", "enrol"};
    json_key(j, "user");
    json_int(j, c->who.user);
    json_key(j, "login");
    json_cstring(j, c->who.login);
    json_key(j, "name");
    json_cstring(j, c->who.name);
    json_key(j, "step");
    json_cstring(j, steps[c->who.step]);
    json_key(j, "second_factor_at");
    if (c->who.second_factor_at == 0)
        json_none(j);
    else
        json_time(j, c->who.second_factor_at);
    json_key(j, "must_change_password");
    json_bool(j, c->who.must_change_password);
    json_key(j, "csrf");
    json_cstring(j, csrf);
}

static enum status write_me(struct caller *c, struct json *j, struct error *e) {
    char csrf[SESSION_CSRF_TEXT + 1];
    struct slice budgets;
    bool half = c->who.step != SIGN_IN_DONE;
    enum status s = session_csrf(&c->call.token, csrf);
    if (s == ST_OK && !half)
        s = keeper_budgets(c->keeper, &c->call, &budgets, e);
    if (s != ST_OK)
        return s;
    json_object_begin(j);
    write_person(c, csrf, j);
    if (half) {
        json_object_end(j);
        return ST_OK;
    }
    json_key(j, "budgets");
    json_raw(j, budgets);
    json_key(j, "roles");
    json_array_begin(j);
    for (size_t i = 0; i < c->who.role_count; i++)
        write_role(c, c->who.roles[i], j);
    json_array_end(j);
    write_place(c, "department", c->actor.department, j);
    write_place(c, "branch", c->actor.branch, j);
    write_duties(c, j);
    s = write_acts(c, j, e);
    if (s == ST_OK)
        s = write_areas(c, j, e);
    json_object_end(j);
    return s;
}

enum status session_answer(struct caller *c, struct http_reply *reply, struct error *e) {
    char csrf[SESSION_CSRF_TEXT + 1];
    struct json j = json_to(&reply->body);
    enum status s = session_refresh_directory(c, e);
    if (s == ST_OK)
        s = caller_prepare(c, e);
    if (s == ST_OK)
        s = session_csrf(&c->call.token, csrf);
    if (s != ST_OK)
        return s;
    session_set_cookie(reply, &c->call.token);
    json_object_begin(&j);
    json_key(&j, "csrf");
    json_cstring(&j, csrf);
    json_key(&j, "me");
    s = write_me(c, &j, e);
    json_object_end(&j);
    return s;
}

/* A browser has one session: the one that its cookie stood for until now would live on unseen. */
static enum status end_former(struct caller *c, const struct http_request *r, struct error *e) {
    struct keeper_call former = c->call;
    struct error why = {.status = ST_OK};
    if (!session_parse_token(http_cookie(r, SESSION_COOKIE), &former.token) ||
        memcmp(&former.token, &c->call.token, sizeof former.token) == 0)
        return ST_OK;
    session_forget(&former.token);
    enum status s = keeper_sign_out(c->keeper, &former, &why);
    explicit_bzero(&former.token, sizeof former.token);
    if (s == ST_OK || s == ST_UNAUTHENTICATED)
        return ST_OK;
    *e = why;
    return s;
}

enum status session_begin(struct caller *c, const struct http_request *r, struct http_reply *reply,
                          struct error *e) {
    enum status s = end_former(c, r, e);
    return s == ST_OK ? session_answer(c, reply, e) : s;
}

HANDLER(api_sign_in) {
    (void)engine;
    struct slice login = member(r, "login"), password = member(r, "password");
    if (login.n == 0 || password.n == 0)
        return error_set(e, ST_UNAUTHENTICATED, "sign_in_failed", "wrong login or password");
    enum status s =
        keeper_sign_in(c->keeper, &c->call, login, password, r->user_agent, &c->call.token, &c->who, e);
    return s == ST_OK ? session_begin(c, r, reply, e) : s;
}

HANDLER(api_sign_out) {
    (void)engine;
    (void)r;
    enum status s = keeper_sign_out(c->keeper, &c->call, e);
    session_forget(&c->call.token);
    if (s != ST_OK)
        return s;
    session_set_cookie(reply, NULL);
    reply->status = 204;
    return ST_OK;
}

HANDLER(api_me) {
    (void)engine;
    (void)r;
    struct json j = json_to(&reply->body);
    return write_me(c, &j, e);
}

HANDLER(api_password) {
    (void)engine;
    struct token fresh;
    enum status s =
        keeper_password_change(c->keeper, &c->call, member(r, "old"), member(r, "new"), &fresh, e);
    if (s != ST_OK)
        return s;
    session_forget(&c->call.token);
    session_set_cookie(reply, &fresh);
    reply->status = 204;
    return ST_OK;
}

static void write_address(const uint8_t address[16], struct json *j) {
    char text[64];
    session_format_address(address, text);
    json_cstring(j, text);
}

static void write_session(const struct keeper_session_info *one, struct json *j) {
    json_object_begin(j);
    json_key(j, "id");
    json_uuid(j, &one->id);
    json_key(j, "current");
    json_bool(j, one->current);
    json_key(j, "signed_in_at");
    json_time(j, one->signed_in_at);
    json_key(j, "seen_at");
    json_time(j, one->seen_at);
    json_key(j, "address");
    write_address(one->address, j);
    json_key(j, "agent");
    json_text(j, one->agent);
    json_object_end(j);
}

/* Keys and jobs are sessions to the keeper, but none that a person sits at. */
static bool is_persons(const struct keeper_session_info *one) {
    return !one->is_key && !one->is_job;
}

static enum status write_sessions(struct caller *c, uint32_t user, struct http_reply *reply,
                                  struct error *e) {
    struct keeper_session_info *list;
    size_t n;
    struct json j = json_to(&reply->body);
    enum status s = keeper_session_list(c->keeper, &c->call, user, c->arena, &list, &n, e);
    if (s != ST_OK)
        return s;
    json_object_begin(&j);
    json_key(&j, "items");
    json_array_begin(&j);
    for (size_t i = 0; i < n; i++) {
        if (is_persons(&list[i]))
            write_session(&list[i], &j);
    }
    json_array_end(&j);
    json_object_end(&j);
    return ST_OK;
}

static enum status end_sessions(struct caller *c, uint32_t user, bool everybody, struct slice password,
                                struct http_reply *reply, struct error *e) {
    struct json j = json_to(&reply->body);
    uint32_t ended = 0;
    enum status s = keeper_sessions_end(c->keeper, &c->call, user, everybody, password, &ended, e);
    if (s != ST_OK)
        return s;
    json_object_begin(&j);
    json_key(&j, "ended");
    json_int(&j, ended);
    json_object_end(&j);
    return ST_OK;
}

HANDLER(api_sessions) {
    (void)engine;
    (void)r;
    return write_sessions(c, c->who.user, reply, e);
}

static enum status end_one(struct caller *c, struct slice id, struct slice password, struct http_reply *reply,
                           struct error *e) {
    struct uuid session;
    if (!uuid_parse(id, &session))
        return error_set(e, ST_NOT_FOUND, "not_found", "no such session");
    enum status s = keeper_session_revoke(c->keeper, &c->call, &session, password, e);
    if (s == ST_OK)
        reply->status = 204;
    return s;
}

/* One of one's own, or all but the one that asks. */
HANDLER(api_sessions_end) {
    (void)engine;
    if (json_object_get(r->json, "id") != NULL)
        return end_one(c, member(r, "id"), member(r, "password"), reply, e);
    return end_sessions(c, c->who.user, false, member(r, "password"), reply, e);
}

HANDLER(api_sessions_end_everybody) {
    (void)engine;
    (void)r;
    return end_sessions(c, 0, true, SLICE_NONE, reply, e);
}

static enum status user_of(const struct http_request *r, uint32_t *user, struct error *e) {
    int64_t n;
    if (!slice_to_int(r->parameters[0], &n) || n < 1 || n > UINT32_MAX)
        return error_set(e, ST_NOT_FOUND, "not_found", "there is no such user");
    *user = (uint32_t)n;
    return ST_OK;
}

HANDLER(api_user_sessions) {
    uint32_t user = 0;
    (void)engine;
    enum status s = user_of(r, &user, e);
    return s == ST_OK ? write_sessions(c, user, reply, e) : s;
}

HANDLER(api_user_sessions_end) {
    uint32_t user = 0;
    (void)engine;
    enum status s = user_of(r, &user, e);
    return s == ST_OK ? end_sessions(c, user, false, SLICE_NONE, reply, e) : s;
}

HANDLER(api_session_revoke) {
    (void)engine;
    return end_one(c, r->parameters[0], SLICE_NONE, reply, e);
}

static bool leads_somebody(const struct directory *d, uint32_t user) {
    const struct staff *me = directory_staff(d, user);
    return me != NULL && (me->manages_count > 0 || me->reports_count > 0);
}

/* Somebody from outside is shown himself, who answers for him, and those of his own department. */
static bool is_shown(const struct staff *me, const struct staff *one) {
    return me == NULL || me->sponsor == 0 || one->id == me->id || one->id == me->sponsor ||
           (me->department != 0 && one->department == me->department);
}

static void write_staff(const struct directory *d, uint32_t me, struct json *j) {
    const struct staff *asks = directory_staff(d, me);
    bool leads = leads_somebody(d, me);
    json_key(j, "users");
    json_array_begin(j);
    for (size_t i = 0; i < d->staff_count; i++) {
        if (!is_shown(asks, &d->staff[i]))
            continue;
        json_object_begin(j);
        json_key(j, "id");
        json_int(j, d->staff[i].id);
        json_key(j, "name");
        json_cstring(j, d->staff[i].name);
        json_key(j, "department");
        json_int(j, d->staff[i].department);
        json_key(j, "disabled");
        json_bool(j, d->staff[i].disabled);
        json_key(j, "partner");
        json_bool(j, d->staff[i].sponsor != 0);
        if (leads && d->staff[i].id != me && directory_leads(d, me, d->staff[i].id)) {
            json_key(j, "led");
            json_bool(j, true);
        }
        json_object_end(j);
    }
    json_array_end(j);
}

static void write_departments(const struct directory *d, struct json *j) {
    json_key(j, "departments");
    json_array_begin(j);
    for (size_t i = 0; i < d->organisation.count; i++) {
        const struct department *one = &d->organisation.departments[i];
        json_object_begin(j);
        json_key(j, "id");
        json_int(j, one->id);
        json_key(j, "parent");
        json_int(j, one->parent);
        json_key(j, "name");
        json_cstring(j, one->name);
        json_key(j, "branch");
        json_bool(j, one->is_branch);
        json_key(j, "closed");
        json_bool(j, one->closed || one->home != one->id);
        json_object_end(j);
    }
    json_array_end(j);
}

HANDLER(api_directory) {
    struct json j = json_to(&reply->body);
    (void)engine;
    (void)r;
    (void)e;
    json_object_begin(&j);
    write_staff(c->world.directory, c->who.user, &j);
    write_departments(c->world.directory, &j);
    json_object_end(&j);
    return ST_OK;
}
