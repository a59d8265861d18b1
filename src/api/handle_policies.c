/* The published policies: their versions, what a text would change, proposals and decisions. The keeper holds
 * the versions and the rule of two persons; here a text is read, checked and compared. */
#include "api/handlers.h"
#include "api/policy_desk.h"
#include "api/session.h"
#include "base/json_in.h"
#include "policy/own_schema.h"
#include "policy/same.h"
#include "policy/schema_print.h"

/* ---- the list ---- */

/* A user's number becomes {"id", "name"}. */
static bool name_person(const struct caller *c, json_t *version, const char *key) {
    json_int_t id = json_integer_value(json_object_get(version, key));
    if (id == 0)
        return true;
    const struct staff *s = directory_staff(c->world.directory, (uint32_t)id);
    json_t *person = json_pack("{s:I, s:s}", "id", id, "name", s == NULL ? "" : s->name);
    return person != NULL && json_object_set_new(version, key, person) == 0;
}

static enum status put_versions(struct caller *c, struct json *j, struct error *e) {
    struct slice text;
    json_t *list = NULL;
    enum status s = keeper_policy_list(c->keeper, &text, e);
    if (s == ST_OK && json_read(text, 0, &list, NULL) != ST_OK)
        s = error_set(e, ST_NOMEM, "no_memory", "versions");
    bool fine = s == ST_OK;
    for (size_t i = 0; fine && i < json_array_size(list); i++) {
        json_t *version = json_array_get(list, i);
        fine = name_person(c, version, "author") && name_person(c, version, "decided_by");
    }
    char *out = fine ? json_print(list, JSON_COMPACT) : NULL;
    json_decref(list);
    if (s == ST_OK && out == NULL)
        s = error_set(e, ST_NOMEM, "no_memory", "versions");
    if (s == ST_OK)
        json_raw(j, slice_from_string(out));
    free(out);
    return s;
}

HANDLER(api_policies) {
    struct json j = json_to(&reply->body);
    (void)engine;
    (void)r;
    enum status s = policy_desk_permit(c, e);
    if (s != ST_OK)
        return s;
    json_object_begin(&j);
    json_key(&j, "in_force");
    json_int(&j, policy_version(c->world.policies));
    json_key(&j, "count");
    json_int(&j, (int64_t)policy_count(c->world.policies));
    json_key(&j, "versions");
    s = put_versions(c, &j, e);
    json_object_end(&j);
    return s;
}

HANDLER(api_policy_text) {
    uint32_t number = 0;
    struct slice text;
    struct json j = json_to(&reply->body);
    enum status s = policy_desk_permit(c, e);
    if (s == ST_OK)
        s = policy_desk_number(r->parameters[0], &number, e);
    if (s == ST_OK)
        s = policy_desk_text(engine, c, &number, &text, e);
    if (s != ST_OK)
        return s;
    json_object_begin(&j);
    json_key(&j, "number");
    json_int(&j, number);
    json_key(&j, "text");
    json_text(&j, text);
    json_object_end(&j);
    return ST_OK;
}

/* ---- what they may speak of ---- */

/* The objects as they are now, with what was added at run time; both syntaxes. */
HANDLER(api_policy_schema) {
    const struct schema_source *source;
    struct json j = json_to(&reply->body);
    struct buf text, tree;
    (void)engine;
    (void)r;
    buf_init(&text, (size_t)16 << 20, false);
    buf_init(&tree, (size_t)16 << 20, false);
    enum status s = policy_desk_permit(c, e);
    if (s == ST_OK && (own_schema_source(c->world.objects, c->arena, &source) != ST_OK ||
                       schema_to_json(source, &tree) != ST_OK))
        s = error_set(e, ST_NOMEM, "no_memory", "schema");
    if (s == ST_OK)
        s = schema_to_text(source, &text, e);
    if (s == ST_OK) {
        json_object_begin(&j);
        json_key(&j, "text");
        json_text(&j, buf_slice(&text));
        json_key(&j, "json");
        json_raw(&j, buf_slice(&tree));
        json_object_end(&j);
    }
    buf_free(&text);
    buf_free(&tree);
    return s;
}

/* ---- differences, policy by policy ---- */

static const struct policy *policy_by_id(const struct policy_set *set, struct slice id) {
    for (size_t i = 0; i < set->count; i++) {
        if (slice_equal(set->policies[i]->id, id))
            return set->policies[i];
    }
    return NULL;
}

static struct slice source_of(const struct policy *p) {
    return slice_of(p->source.p + p->from, p->to - p->from);
}

static void put_source(struct json *j, const char *key, const struct policy *p) {
    json_key(j, key);
    if (p == NULL)
        json_none(j);
    else
        json_text(j, source_of(p));
}

static void put_change(struct json *j, const char *change, const struct policy *old,
                       const struct policy *fresh) {
    json_object_begin(j);
    json_key(j, "id");
    json_text(j, old != NULL ? old->id : fresh->id);
    json_key(j, "change");
    json_cstring(j, change);
    put_source(j, "old", old);
    put_source(j, "new", fresh);
    json_object_end(j);
}

static void put_changes(struct json *j, const struct policy_set *old, const struct policy_set *fresh) {
    json_key(j, "changes");
    json_array_begin(j);
    for (size_t i = 0; i < fresh->count; i++) {
        const struct policy *now = fresh->policies[i], *was = policy_by_id(old, now->id);
        if (was == NULL)
            put_change(j, "added", NULL, now);
        else if (!policy_same(was, now))
            put_change(j, "changed", was, now);
    }
    for (size_t i = 0; i < old->count; i++) {
        if (policy_by_id(fresh, old->policies[i]->id) == NULL)
            put_change(j, "removed", old->policies[i], NULL);
    }
    json_array_end(j);
}

static enum status put_comparison(struct caller *c, const struct policy_set *old,
                                  const struct policy_set *fresh, struct json *j, bool *widens,
                                  struct error *e) {
    json_key(j, "count");
    json_int(j, (int64_t)fresh->count);
    put_changes(j, old, fresh);
    return policy_desk_widening(c, old, fresh, j, widens, e);
}

/* GET …/{version}/diff?with=N: from N (without: the version in force) to the version. */
HANDLER(api_policy_diff) {
    struct policy_set *old = NULL, *fresh = NULL;
    uint32_t number = 0;
    int64_t with;
    bool widens;
    struct json j = json_to(&reply->body);
    enum status s = policy_desk_permit(c, e);
    if (s == ST_OK)
        s = policy_desk_number(r->parameters[0], &number, e);
    if (s == ST_OK && !http_query_number(r, "with", 0, UINT32_MAX, 0, c->arena, &with))
        s = error_set(e, ST_INVALID, "invalid", "with is a version's number");
    if (s == ST_OK)
        s = policy_desk_version(engine, c, (uint32_t)with, &old, e);
    if (s == ST_OK)
        s = policy_desk_version(engine, c, number, &fresh, e);
    if (s == ST_OK) {
        json_object_begin(&j);
        json_key(&j, "from");
        json_int(&j, policy_version(old));
        json_key(&j, "to");
        json_int(&j, policy_version(fresh));
        s = put_comparison(c, old, fresh, &j, &widens, e);
        json_object_end(&j);
    }
    policy_release(old);
    policy_release(fresh);
    return s;
}

/* ---- a text: checked, proposed, decided on ---- */

/* The body's "text", or the text of the version that "version" names (a roll back). */
static enum status read_text(struct engine *engine, struct caller *c, const json_t *body, struct slice *text,
                             struct error *e) {
    const json_t *version = json_object_get(body, "version");
    *text = policy_desk_member(body, "text");
    if (!json_is_integer(version) || text->p != NULL)
        return ST_OK;
    json_int_t n = json_integer_value(version);
    uint32_t number = n < 1 || n >= UINT32_MAX ? UINT32_MAX : (uint32_t)n;
    return policy_desk_text(engine, c, &number, text, e);
}

HANDLER(api_policy_check) {
    struct policy_set *fresh = NULL;
    struct slice text = SLICE_NONE;
    bool widens;
    struct json j = json_to(&reply->body);
    enum status s = policy_desk_permit(c, e);
    if (s == ST_OK)
        s = read_text(engine, c, r->json, &text, e);
    if (s == ST_OK)
        s = policy_desk_read(c, text, &fresh, e);
    if (s != ST_OK)
        return s;
    json_object_begin(&j);
    s = put_comparison(c, c->world.policies, fresh, &j, &widens, e);
    json_object_end(&j);
    policy_release(fresh);
    return s;
}

/* Whether it widens is worked out into a buffer that nobody reads but for the flag. */
static enum status compare(struct caller *c, const struct policy_set *fresh, bool *widens, struct error *e) {
    struct buf scratch;
    buf_init(&scratch, (size_t)4 << 20, false);
    struct json j = json_to(&scratch);
    json_object_begin(&j);
    enum status s = policy_desk_widening(c, c->world.policies, fresh, &j, widens, e);
    json_object_end(&j);
    buf_free(&scratch);
    return s;
}

static enum status read_note(const json_t *body, struct slice *note, struct error *e) {
    *note = policy_desk_member(body, "note");
    if (note->n > 0 && note->n <= 1000)
        return ST_OK;
    return error_field(e, ST_INVALID, note->n == 0 ? "required" : "too_long", "note",
                       "say why, in 1 to 1000 bytes");
}

/* Principals are remembered for a second: this caller's is not, so that his next request goes by the change.
 */
static void put_outcome(struct caller *c, struct http_reply *reply, uint32_t number, bool published) {
    struct json j = json_to(&reply->body);
    json_object_begin(&j);
    json_key(&j, "number");
    json_int(&j, number);
    json_key(&j, "state");
    json_cstring(&j, published ? "published" : "waiting");
    json_object_end(&j);
    session_forget(&c->call.token);
}

HANDLER(api_policy_propose) {
    struct policy_set *fresh = NULL;
    struct slice text = SLICE_NONE, note;
    uint32_t number;
    bool widens = true, published;
    const json_t *base = json_object_get(r->json, "based_on");
    enum status s = policy_desk_permit(c, e);
    if (s == ST_OK)
        s = read_note(r->json, &note, e);
    if (s == ST_OK)
        s = read_text(engine, c, r->json, &text, e);
    if (s == ST_OK)
        s = policy_desk_read(c, text, &fresh, e);
    if (s == ST_OK &&
        (!json_is_integer(base) || json_integer_value(base) != (json_int_t)policy_version(c->world.policies)))
        s = error_set(e, ST_CONFLICT, "policy_moved", "version %u is in force now",
                      policy_version(c->world.policies));
    if (s == ST_OK)
        s = compare(c, fresh, &widens, e);
    if (s == ST_OK)
        s = keeper_policy_propose(c->keeper, &c->call, policy_version(c->world.policies), widens, note, text,
                                  &number, &published, e);
    policy_release(fresh);
    if (s != ST_OK)
        return s;
    reply->status = 201;
    put_outcome(c, reply, number, published);
    return ST_OK;
}

/* Definitions may have changed since it was proposed: what is approved is checked once more. */
static enum status check_again(struct engine *engine, struct caller *c, uint32_t number, struct error *e) {
    struct policy_set *fresh = NULL;
    struct slice text;
    enum status s = policy_desk_text(engine, c, &number, &text, e);
    if (s == ST_OK)
        s = policy_desk_read(c, text, &fresh, e);
    policy_release(fresh);
    return s;
}

HANDLER(api_policy_decide) {
    uint32_t number = 0;
    struct slice note = SLICE("");
    bool approve = slice_is(r->parameters[1], "approve");
    enum status s = policy_desk_permit(c, e);
    if (s == ST_OK)
        s = policy_desk_number(r->parameters[0], &number, e);
    if (s == ST_OK && !approve && !slice_is(r->parameters[1], "reject"))
        s = error_set(e, ST_NOT_FOUND, "not_found", "a proposal is approved or rejected");
    if (s == ST_OK && !approve)
        s = read_note(r->json, &note, e);
    else if (s == ST_OK)
        note = policy_desk_member(r->json, "note");
    if (s == ST_OK && approve)
        s = check_again(engine, c, number, e);
    if (s == ST_OK)
        s = keeper_policy_decide(c->keeper, &c->call, number, approve, note.p == NULL ? SLICE("") : note, e);
    if (s != ST_OK)
        return s;
    struct json j = json_to(&reply->body);
    json_object_begin(&j);
    json_key(&j, "number");
    json_int(&j, number);
    json_key(&j, "state");
    json_cstring(&j, approve ? "published" : "rejected");
    json_object_end(&j);
    session_forget(&c->call.token);
    return ST_OK;
}
