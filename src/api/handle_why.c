/* Why may somebody do, or see, this? Of oneself for anything one sees; of one's people for their leader, for
 * what he sees himself; of anybody for the security administrator, who learns which policies decided and by
 * which condition, and nothing of the record besides. */
#include "api/handlers.h"
#include "api/policy_desk.h"
#include "people/rights.h"
#include "policy/model.h"
#include "record/access.h"
#include "record/access_given.h"

#include <string.h>

struct why {
    struct caller *c;
    const struct object_def *object;
    const struct field_def *field;
    struct rights rights;
    struct uuid id;
    bool other;  /* for the security administrator: of what he need not see */
    bool others; /* of somebody else, whoever asks */
    bool has_id;
    uint16_t columns[OBJECT_FIELDS_MAX];
    size_t column_count;
    struct store_rows rows;
};

/* ---- who ---- */

static enum status find_person(struct why *w, const json_t *user, struct error *e) {
    json_int_t id = json_integer_value(user);
    const struct directory *d = w->c->world.directory;
    rights_of_principal(d, &w->c->who, &w->c->actor, &w->rights);
    if (user == NULL || json_is_null(user) || id == (json_int_t)w->c->who.user)
        return ST_OK;
    enum status s = ST_OK;
    bool leads = id > 0 && id <= UINT32_MAX && directory_leads(d, w->c->who.user, (uint32_t)id);
    w->others = true;
    w->other = !leads || w->c->who.is_key || w->c->who.is_job;
    if (w->other)
        s = policy_desk_permit(w->c, e);
    if (s != ST_OK)
        return s;
    s = id > 0 && id <= UINT32_MAX ? rights_of(d, (uint32_t)id, w->c->context.now_ms, w->c->arena, &w->rights)
                                   : ST_NOT_FOUND;
    return s == ST_OK          ? s
           : s == ST_NOT_FOUND ? error_set(e, s, "not_found", "there is no such person")
                               : error_set(e, s, "no_memory", "why");
}

/* ---- what ---- */

/* Of himself one asks about what one knows of: anything else is not there. */
static enum status find_thing(struct why *w, const json_t *body, struct error *e) {
    struct slice object = policy_desk_member(body, "object"), field = policy_desk_member(body, "field"),
                 id = policy_desk_member(body, "id");
    const struct access *access = NULL;
    enum status s = ST_OK;
    size_t index;
    if (!w->other)
        s = access_object(w->c, object, &access, e);
    if (s != ST_OK)
        return s;
    w->object = object_find(w->c->world.objects, object);
    if (w->object == NULL)
        return error_set(e, ST_NOT_FOUND, "unknown_object", "there is no such object");
    if (field.p != NULL)
        w->field = w->other ? object_field(w->object, field) : access_field(access, field, &index);
    if (field.p != NULL && w->field == NULL)
        return error_set(e, ST_INVALID, "unknown_field", "there is no such field");
    w->has_id = id.p != NULL;
    if (w->has_id && !uuid_parse(id, &w->id))
        return error_set(e, ST_NOT_FOUND, "not_found", "there is no such record");
    return ST_OK;
}

/* The columns that policies may speak of; of himself only a record that he may open. */
static enum status load_row(struct why *w, struct error *e) {
    struct arena *a = w->c->arena;
    const struct access *access = NULL;
    for (size_t i = 0; i < w->object->field_count; i++) {
        const struct field_def *f = &w->object->fields[i];
        if (!field_is_sealed(f) && !field_is_internal(f))
            w->columns[w->column_count++] = f->id;
    }
    enum status s = w->other ? ST_OK : access_get(w->c, w->object, &access, e);
    if (s != ST_OK)
        return s;
    const struct pred *filter = pred_compare(a, PRED_EQ, FIELD_ID, cell_bytes(slice_of(w->id.b, 16)));
    if (access != NULL)
        filter = pred_and(a, filter, pred_or(a, access->acts[ACT_VIEW], access->acts[ACT_LIST]));
    if (filter == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "why");
    struct store_select q = {.object = w->object,
                             .columns = w->columns,
                             .column_count = w->column_count,
                             .filter = filter,
                             .limit = 1};
    s = store_query(w->c->reader, &q, a, &w->rows, e);
    if (s == ST_OK && w->rows.count == 0)
        return error_set(e, ST_NOT_FOUND, "not_found", "there is no such record");
    return s;
}

static void look_up(const void *row, uint16_t column, struct cell *out) {
    const struct why *w = row;
    *out = cell_null();
    for (size_t i = 0; i < w->column_count; i++) {
        if (w->columns[i] == column)
            *out = w->rows.rows[0].cells[i];
    }
}

/* ---- the answer ---- */

static enum status find_act(struct slice name, bool field, enum act *out, struct error *e) {
    for (unsigned act = 0; act < ACT_COUNT; act++) {
        bool on_field = act == ACT_SEE || act == ACT_READ || act == ACT_WRITE || act == ACT_MATCH;
        if (slice_is(name, act_name((enum act)act)) && on_field == field) {
            *out = (enum act)act;
            return ST_OK;
        }
    }
    return error_set(e, ST_INVALID, "invalid", "act is one of a record's, or with a field one of a field's");
}

static enum status explain(struct why *w, const struct actor *actor, enum act act, struct json *j,
                           struct error *e) {
    struct policy_context context = w->c->context;
    if (w->others) { /* as far as he could get */
        context.has_reason = true;
        context.second_factor_age = 0;
    }
    struct policy_query q = {.set = w->c->world.policies,
                             .actor = actor,
                             .organisation = &w->c->world.directory->organisation,
                             .objects = w->c->world.objects,
                             .object = w->object,
                             .context = &context,
                             .arena = w->c->arena};
    return policy_explain(&q, act, w->field, look_up, w->has_id ? w : NULL, j, e);
}

#define ASKED_MAX 4

/* The act that is named, or all that say how the field or the record is seen. */
static enum status find_asked(const struct why *w, const json_t *body, enum act asked[ASKED_MAX],
                              size_t *count, struct error *e) {
    static const enum act of_field[ASKED_MAX] = {ACT_SEE, ACT_READ, ACT_WRITE, ACT_MATCH},
                          of_record[] = {ACT_LIST, ACT_VIEW};
    struct slice name = policy_desk_member(body, "act");
    *count = 1;
    if (name.p != NULL)
        return find_act(name, w->field != NULL, &asked[0], e);
    *count = w->field != NULL ? ASKED_MAX : sizeof of_record / sizeof of_record[0];
    memcpy(asked, w->field != NULL ? of_field : of_record, *count * sizeof *asked);
    return ST_OK;
}

static enum status put_actor(struct why *w, const struct actor *actor, const enum act *asked, size_t count,
                             struct json *j, struct error *e) {
    enum status s = ST_OK;
    json_key(j, "roles");
    json_array_begin(j);
    for (size_t i = 0; i < actor->role_count; i++)
        json_cstring(j, actor->roles[i]);
    json_array_end(j);
    json_key(j, "answers");
    json_array_begin(j);
    for (size_t i = 0; i < count && s == ST_OK; i++)
        s = explain(w, actor, asked[i], j, e);
    json_array_end(j);
    return s;
}

/* What colleagues on leave have lent opens their scope: an answer for each of them. */
static enum status put_lent(struct why *w, const enum act *asked, size_t count, struct json *j,
                            struct error *e) {
    enum status s = ST_OK;
    json_key(j, "lent");
    json_array_begin(j);
    for (size_t i = 0; i < w->rights.lent_count && s == ST_OK; i++) {
        const struct staff *from = directory_staff(w->c->world.directory, w->rights.lent[i].user);
        json_object_begin(j);
        json_key(j, "from");
        json_int(j, w->rights.lent[i].user);
        json_key(j, "name");
        json_cstring(j, from == NULL ? "" : from->name);
        s = put_actor(w, &w->rights.lent[i], asked, count, j, e);
        json_object_end(j);
    }
    json_array_end(j);
    return s;
}

static enum status put_answers(struct why *w, const json_t *body, struct json *j, struct error *e) {
    enum act asked[ASKED_MAX];
    size_t count;
    enum status s = find_asked(w, body, asked, &count, e);
    if (s != ST_OK)
        return s;
    json_object_begin(j);
    json_key(j, "user");
    json_int(j, w->rights.own.user);
    json_key(j, "version");
    json_int(j, policy_version(w->c->world.policies));
    s = put_actor(w, &w->rights.own, asked, count, j, e);
    if (s == ST_OK)
        s = put_lent(w, asked, count, j, e);
    json_key(j, "given");
    access_given_list(w->c->world.directory, w->rights.own.user, w->c->context.now_ms, w->object, w->field,
                      w->has_id ? &w->id : NULL, j);
    json_object_end(j);
    return s;
}

/* POST /why {object, id?, field?, act?, user?}. */
HANDLER(api_why) {
    struct json j = json_to(&reply->body);
    struct why *w = arena_alloc(c->arena, sizeof *w);
    (void)engine;
    if (w == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "why");
    *w = (struct why){.c = c};
    enum status s = find_person(w, json_object_get(r->json, "user"), e);
    if (s == ST_OK)
        s = find_thing(w, r->json, e);
    if (s == ST_OK && w->others)
        s = keeper_record(c->keeper, &c->call, AUDIT_POLICY, AUDIT_DONE, w->object->id,
                          w->has_id ? &w->id : NULL, SLICE("policy why"), SLICE(""), e);
    if (s == ST_OK && w->has_id)
        s = load_row(w, e);
    return s == ST_OK ? put_answers(w, r->json, &j, e) : s;
}
