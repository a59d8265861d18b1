#include "api/policy_desk.h"

#include "base/json_in.h"
#include "keeper/policy_versions.h"
#include "policy/model.h"
#include "policy/own_schema.h"
#include "policy/widen.h"

#define PLACES_MOST 200

/* Acts on no record are decided on an object of that name; it has no fields. */
static enum status may_administer(struct caller *c, const struct policy_set *set, const struct actor *actor,
                                  bool *allowed, struct error *e) {
    static const struct object_def policy = {.name = "policy"};
    struct policy_query q = {.set = set,
                             .actor = actor,
                             .organisation = &c->world.directory->organisation,
                             .objects = c->world.objects,
                             .object = &policy,
                             .context = &c->context,
                             .arena = c->arena};
    return policy_decide(&q, ACT_ADMINISTER, NULL, NULL, NULL, allowed, e);
}

enum status policy_desk_permit(struct caller *c, struct error *e) {
    bool allowed = false;
    bool person = !c->who.is_key && !c->who.is_job;
    if (person && (c->who.duties & DUTY_SECURITY_ADMIN) != 0) {
        struct actor actor = c->actor;
        if (actor.role_count < ACTOR_ROLES_MAX) /* the duty is what the role of that name stands for */
            actor.roles[actor.role_count++] = "security_admin";
        enum status s = may_administer(c, c->world.policies, &actor, &allowed, e);
        if (s != ST_OK)
            return s;
    }
    return allowed ? ST_OK
                   : error_set(e, ST_DENIED, "not_your_duty", "policies are the security administrators'");
}

/* Whoever holds the duty and nothing else, in the organisation as it is. */
static enum status check_lock_out(struct caller *c, const struct policy_set *set, struct error *e) {
    struct actor actor = {.user = UINT32_MAX, .login = "", .roles = {"security_admin"}, .role_count = 1};
    bool allowed = false;
    enum status s = may_administer(c, set, &actor, &allowed, e);
    if (s != ST_OK || allowed)
        return s;
    return error_set(e, ST_INVALID, "policy_locks_out",
                     "with these policies no security administrator could change policies again");
}

enum status policy_desk_read(struct caller *c, struct slice text, struct policy_set **out, struct error *e) {
    *out = NULL;
    if (text.n == 0 || text.n > POLICY_TEXT_MAX)
        return error_set(e, ST_INVALID, "invalid", "text holds the policies, at most %zu bytes",
                         POLICY_TEXT_MAX);
    enum status s = policy_parse(text, "policies", out, e);
    if (s == ST_OK)
        s = policy_check(*out, c->world.objects, e);
    if (s == ST_OK)
        s = check_lock_out(c, *out, e);
    if (s != ST_OK) {
        policy_release(*out);
        *out = NULL;
    }
    return s;
}

enum status policy_desk_text(struct engine *engine, struct caller *c, uint32_t *number, struct slice *text,
                             struct error *e) {
    enum status s = ST_OK;
    bool current = *number == 0 || *number == policy_version(c->world.policies);
    if (current) {
        *number = policy_version(c->world.policies);
        *text = arena_copy(c->arena, policy_text(c->world.policies));
    } else {
        s = keeper_policy_text(c->keeper, number, text, e);
        if (s == ST_OK)
            *text = arena_copy(c->arena, *text);
    }
    (void)engine;
    return s == ST_OK && text->p == NULL ? error_set(e, ST_NOMEM, "no_memory", "policies") : s;
}

enum status policy_desk_version(struct engine *engine, struct caller *c, uint32_t number,
                                struct policy_set **out, struct error *e) {
    struct slice text;
    *out = NULL;
    enum status s = policy_desk_text(engine, c, &number, &text, e);
    if (s == ST_OK)
        s = policy_parse(text, "policies", out, e);
    if (s == ST_OK)
        policy_set_version(*out, number);
    return s;
}

enum status policy_desk_number(struct slice text, uint32_t *out, struct error *e) {
    int64_t number = 0;
    bool fine =
        slice_is(text, "current") || (slice_to_int(text, &number) && number > 0 && number < UINT32_MAX);
    *out = (uint32_t)number;
    return fine ? ST_OK : error_set(e, ST_NOT_FOUND, "not_found", "there is no such version");
}

struct slice policy_desk_member(const json_t *body, const char *key) {
    const json_t *text = json_object_get(body, key);
    return json_is_string(text) ? slice_of(json_string_value(text), json_string_length(text)) : SLICE_NONE;
}

static void put_name(struct json *j, const char *key, const char *name) {
    json_key(j, key);
    if (name == NULL)
        json_none(j);
    else
        json_cstring(j, name);
}

static void put_place(struct json *j, const struct widening *w) {
    json_object_begin(j);
    json_key(j, "policy");
    json_text(j, w->policy->id);
    json_key(j, "effect");
    json_cstring(j, w->policy->forbid ? "forbid" : "permit");
    put_name(j, "act", act_name(w->act));
    put_name(j, "object", w->object == NULL ? NULL : w->object->name);
    put_name(j, "field", w->field == NULL ? NULL : w->field->name);
    json_key(j, "fields");
    json_int(j, (int64_t)w->fields);
    json_object_end(j);
}

enum status policy_desk_widening(struct caller *c, const struct policy_set *old,
                                 const struct policy_set *fresh, struct json *j, bool *widens,
                                 struct error *e) {
    struct widening *places = arena_array(c->arena, PLACES_MOST, sizeof *places);
    size_t count = 0;
    if (places == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "policies");
    enum status s = policy_widens(old, fresh, c->world.objects, c->arena, places, PLACES_MOST, &count, e);
    if (s != ST_OK)
        return s;
    *widens = count > 0;
    json_key(j, "widens");
    json_bool(j, *widens);
    json_key(j, "places");
    json_array_begin(j);
    for (size_t i = 0; i < count && i < PLACES_MOST; i++)
        put_place(j, &places[i]);
    json_array_end(j);
    return ST_OK;
}
