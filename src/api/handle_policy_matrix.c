/* The matrix of roles × objects × acts × fields over a text of policies: to look at, and to change without
 * writing Cedar; and what publishing a text would change for people, counted. */
#include "api/handlers.h"
#include "api/policy_desk.h"
#include "api/policy_preview.h"
#include "api/session.h"
#include "policy/matrix.h"
#include "policy/model.h"

#define CHANGES_MOST 500
#define NAMES_MOST   300

static struct slice text_of(const json_t *text) {
    return json_is_string(text) ? slice_of(json_string_value(text), json_string_length(text)) : SLICE_NONE;
}

static enum status bad(struct error *e, const char *what) {
    return error_set(e, ST_INVALID, "policy_matrix", "%s", what);
}

/* ---- reading changes ---- */

static enum status read_acts(const json_t *list, uint32_t *acts, struct error *e) {
    *acts = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        unsigned act = 0;
        while (act < ACT_COUNT && !slice_is(text_of(json_array_get(list, i)), act_name((enum act)act)))
            act++;
        if (act == ACT_COUNT)
            return bad(e, "acts: there is no such act");
        *acts |= 1u << act;
    }
    return *acts != 0 ? ST_OK : bad(e, "acts: names of acts");
}

static bool read_number(const json_t *from, const char *key, json_int_t least, json_int_t most,
                        json_int_t *out) {
    const json_t *n = json_object_get(from, key);
    if (n == NULL || json_is_null(n))
        return true;
    *out = json_integer_value(n);
    return json_is_integer(n) && *out >= least && *out <= most;
}

static bool read_hours(const json_t *grant, struct matrix_terms *t) {
    const json_t *hours = json_object_get(grant, "hours");
    t->hour_to = 24;
    if (hours == NULL || json_is_null(hours))
        return true;
    json_int_t from = json_integer_value(json_array_get(hours, 0)),
               to = json_integer_value(json_array_get(hours, 1));
    if (json_array_size(hours) != 2 || from < 0 || to > 24 || from >= to)
        return false;
    t->hour_from = (uint8_t)from;
    t->hour_to = (uint8_t)to;
    return true;
}

static bool read_days(const json_t *grant, struct matrix_terms *t) {
    const json_t *days = json_object_get(grant, "weekdays");
    for (size_t i = 0; i < json_array_size(days); i++) {
        json_int_t d = json_integer_value(json_array_get(days, i));
        if (d < 1 || d > 7)
            return false;
        t->weekdays |= (uint8_t)(1u << (d - 1));
    }
    return true;
}

static enum status read_terms(const json_t *grant, struct matrix_terms *t, struct error *e) {
    json_int_t people = 0, factor = 0;
    *t = (struct matrix_terms){.scope = MATRIX_ALL};
    if (!matrix_scope_by_name(text_of(json_object_get(grant, "scope")), &t->scope))
        return bad(e, "grants: there is no such scope");
    if (!read_hours(grant, t) || !read_days(grant, t) ||
        !read_number(grant, "people", 0, UINT32_MAX, &people) ||
        !read_number(grant, "second_factor", 0, UINT16_MAX, &factor))
        return bad(
            e, "grants: people is a department, hours [from, to], weekdays 1 to 7, second_factor minutes");
    t->people = (uint32_t)people;
    t->second_factor = (uint16_t)factor;
    t->network = text_of(json_object_get(grant, "network"));
    t->reason = json_is_true(json_object_get(grant, "reason"));
    t->approval = json_is_true(json_object_get(grant, "approval"));
    t->watermark = json_is_true(json_object_get(grant, "watermark"));
    return t->network.n <= 40 ? ST_OK : bad(e, "grants: a network's name has 40 bytes at most");
}

static enum status read_grants(struct caller *c, const json_t *list, struct matrix_change *out,
                               struct error *e) {
    size_t n = json_array_size(list);
    struct matrix_terms *grants = arena_array(c->arena, n, sizeof *grants);
    if (n > MATRIX_GRANTS_MAX || !json_is_array(list))
        return bad(e, "grants: a list, empty where nothing is given");
    if (grants == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "policies");
    for (size_t i = 0; i < n; i++) {
        enum status s = read_terms(json_array_get(list, i), &grants[i], e);
        if (s != ST_OK)
            return s;
    }
    out->grants = grants;
    out->grant_count = n;
    return ST_OK;
}

static enum status read_change(struct caller *c, const json_t *one, struct slice role,
                               struct matrix_change *out, struct error *e) {
    const json_t *fields = json_object_get(one, "fields");
    size_t n = json_array_size(fields);
    struct slice *names = arena_array(c->arena, n, sizeof *names);
    *out = (struct matrix_change){
        .role = role, .object = object_find(c->world.objects, text_of(json_object_get(one, "object")))};
    if (out->object == NULL || n > NAMES_MOST)
        return bad(e, "changes: there is no such object");
    if (names == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "policies");
    for (size_t i = 0; i < n; i++)
        names[i] = text_of(json_array_get(fields, i));
    out->fields = names;
    out->field_count = n;
    enum status s = read_acts(json_object_get(one, "acts"), &out->acts, e);
    return s == ST_OK ? read_grants(c, json_object_get(one, "grants"), out, e) : s;
}

/* ---- the matrix ---- */

static enum status start_set(struct engine *engine, struct caller *c, const json_t *body,
                             struct policy_set **out, struct error *e) {
    struct slice text = policy_desk_member(body, "text");
    if (text.p != NULL)
        return policy_desk_read(c, text, out, e);
    return policy_desk_version(engine, c, 0, out, e);
}

static enum status apply(struct caller *c, const json_t *list, struct slice role, struct policy_set **set,
                         struct error *e) {
    size_t n = json_array_size(list);
    struct matrix_change *changes = arena_array(c->arena, n, sizeof *changes);
    struct policy_set *fresh = NULL;
    struct buf text;
    if (n == 0)
        return ST_OK;
    if (n > CHANGES_MOST || role.n == 0)
        return bad(e, "changes: of one role, 500 at most");
    if (changes == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "policies");
    enum status s = ST_OK;
    for (size_t i = 0; i < n && s == ST_OK; i++)
        s = read_change(c, json_array_get(list, i), role, &changes[i], e);
    buf_init(&text, (size_t)4 << 20, false);
    if (s == ST_OK)
        s = matrix_edit(*set, c->world.objects, changes, n, c->arena, &text, e);
    if (s == ST_OK)
        s = policy_desk_read(c, buf_slice(&text), &fresh, e);
    buf_free(&text);
    if (s != ST_OK)
        return s;
    policy_release(*set);
    *set = fresh;
    return ST_OK;
}

static bool role_exists(const struct caller *c, struct slice name) {
    const struct directory *d = c->world.directory;
    for (size_t i = 0; i < d->role_count; i++) {
        if (slice_is(name, d->roles[i].name))
            return true;
    }
    return false;
}

/* The role is to be like another one: a ready pack, or any role of the company's. */
static enum status liken(struct caller *c, const json_t *body, struct slice role, struct policy_set **set,
                         struct error *e) {
    struct slice like = policy_desk_member(body, "like");
    struct policy_set *fresh = NULL;
    struct buf text;
    if (like.p == NULL)
        return ST_OK;
    enum status s = session_see_newest(c, e);
    if (s == ST_OK && (!role_exists(c, role) || !role_exists(c, like)))
        s = bad(e, "like: both must be roles that there are");
    buf_init(&text, (size_t)4 << 20, false);
    if (s == ST_OK)
        s = matrix_copy(*set, like, role, &text, e);
    if (s == ST_OK)
        s = policy_desk_read(c, buf_slice(&text), &fresh, e);
    buf_free(&text);
    if (s != ST_OK)
        return s;
    policy_release(*set);
    *set = fresh;
    return ST_OK;
}

static void put_roles(const struct caller *c, struct json *j) {
    const struct directory *d = c->world.directory;
    json_key(j, "roles");
    json_array_begin(j);
    for (size_t i = 0; i < d->role_count; i++) {
        json_object_begin(j);
        json_key(j, "name");
        json_cstring(j, d->roles[i].name);
        json_key(j, "label");
        json_object_begin(j);
        json_key(j, "zh");
        json_cstring(j, d->roles[i].label_zh);
        json_key(j, "en");
        json_cstring(j, d->roles[i].label_en);
        json_object_end(j);
        json_object_end(j);
    }
    json_array_end(j);
}

/* POST …/matrix {role, text?, like?, changes?}: the text (in force where none is sent) after the changes, and
 * the role's matrix over it. Nothing is stored. */
HANDLER(api_policy_matrix) {
    struct policy_set *set = NULL;
    struct json j = json_to(&reply->body);
    struct slice role = policy_desk_member(r->json, "role");
    enum status s = policy_desk_permit(c, e);
    if (s == ST_OK)
        s = start_set(engine, c, r->json, &set, e);
    if (s == ST_OK)
        s = liken(c, r->json, role, &set, e);
    if (s == ST_OK)
        s = apply(c, json_object_get(r->json, "changes"), role, &set, e);
    if (s == ST_OK) {
        json_object_begin(&j);
        json_key(&j, "in_force");
        json_int(&j, policy_version(c->world.policies));
        json_key(&j, "role");
        json_text(&j, role.p == NULL ? SLICE("") : role);
        put_roles(c, &j);
        s = matrix_show(set, c->world.objects, role, c->arena, &j, e);
        json_key(&j, "text");
        json_text(&j, policy_text(set));
        json_object_end(&j);
    }
    policy_release(set);
    return s;
}

/* POST …/preview {text} or {version}: who gains or loses what, of how many records. Recorded. */
HANDLER(api_policy_preview) {
    struct policy_set *fresh = NULL;
    struct json j = json_to(&reply->body);
    const json_t *version = json_object_get(r->json, "version");
    enum status s = policy_desk_permit(c, e);
    if (s == ST_OK && json_is_integer(version) && json_integer_value(version) > 0 &&
        json_integer_value(version) < UINT32_MAX)
        s = policy_desk_version(engine, c, (uint32_t)json_integer_value(version), &fresh, e);
    else if (s == ST_OK)
        s = policy_desk_read(c, policy_desk_member(r->json, "text"), &fresh, e);
    if (s == ST_OK)
        s = keeper_record(c->keeper, &c->call, AUDIT_POLICY, AUDIT_DONE, 0, NULL, SLICE("policy preview"),
                          SLICE(""), e);
    if (s == ST_OK)
        s = policy_preview(c, c->world.policies, fresh, &j, e);
    policy_release(fresh);
    return s;
}
