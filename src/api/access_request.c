#include "api/access_request.h"
#include "api/act_request.h"
#include "api/handlers.h"
#include "base/json_in.h"
#include "people/rights.h"
#include "policy/truth.h"
#include "record/access.h"

#include <stdlib.h>

#define COUNT_MOST    10000
#define DECIDERS_MOST 20

/* ---- asking ---- */

struct asking {
    struct caller *c;
    const json_t *change;
    const struct access *access;
    json_t *out; /* the change as the keeper takes it */
};

static json_t *label_of(const struct label *label) {
    return json_pack("{s:s, s:s}", "zh", label->zh == NULL ? "" : label->zh, "en",
                     label->en == NULL ? "" : label->en);
}

static enum status no_memory(struct error *e) {
    return error_set(e, ST_NOMEM, "no_memory", "request");
}

static enum status take_object(struct asking *a, struct error *e) {
    const char *name = json_string_value(json_object_get(a->change, "object"));
    enum status s = access_object(a->c, slice_from_string(name == NULL ? "" : name), &a->access, e);
    if (s != ST_OK)
        return s;
    const struct object_def *o = a->access->object;
    a->out =
        json_pack("{s:i, s:s, s:o}", "object", (int)o->id, "name", o->name, "label", label_of(&o->label));
    return a->out == NULL ? no_memory(e) : ST_OK;
}

static enum status take_fields(struct asking *a, struct error *e) {
    const json_t *names = json_object_get(a->change, "fields");
    json_t *ids = json_array(), *labels = json_array();
    enum status s = ST_OK;
    size_t index, n = json_array_size(names);
    if (n > ACCESS_FIELDS)
        s = error_field(e, ST_INVALID, "bad_document", "fields", "at most %d fields", ACCESS_FIELDS);
    for (size_t i = 0; s == ST_OK && i < n; i++) {
        const char *name = json_string_value(json_array_get(names, i));
        const struct field_def *f =
            access_field(a->access, slice_from_string(name == NULL ? "" : name), &index);
        if (f == NULL || field_is_internal(f) || field_is_system(f))
            s = error_set(e, ST_INVALID, "unknown_field", "there is no such field");
        else if (a->access->everywhere[index] == VIEW_CLEAR)
            s = error_field(e, ST_CONFLICT, "already_open", f->name, "you see this field already");
        else if (json_array_append_new(ids, json_integer(f->id)) != 0 ||
                 json_array_append_new(labels, label_of(&f->label)) != 0)
            s = no_memory(e);
    }
    /* Both are handed over, whatever becomes of them. */
    bool fine = json_object_set_new(a->out, "fields", ids) == 0;
    fine = json_object_set_new(a->out, "labels", labels) == 0 && fine;
    return s == ST_OK && !fine ? no_memory(e) : s;
}

/* The named records are there, and he sees each. */
static enum status count_records(struct asking *a, const struct cell *ids, size_t n, struct error *e) {
    struct caller *c = a->c;
    uint64_t found = 0;
    bool at_least;
    const struct pred *filter = pred_or(c->arena, a->access->acts[ACT_VIEW], a->access->acts[ACT_LIST]);
    filter = pred_and(c->arena, filter, pred_in(c->arena, FIELD_ID, ids, n));
    if (filter == NULL)
        return no_memory(e);
    enum status s =
        store_count(c->reader, a->access->object, filter, false, COUNT_MOST, &found, &at_least, e);
    return s == ST_OK && found != n ? error_set(e, ST_NOT_FOUND, "not_found", "there is no such record") : s;
}

static bool is_twice(const struct cell *ids, size_t n, const struct uuid *id) {
    for (size_t i = 0; i < n; i++) {
        if (memcmp(ids[i].s.p, id->b, 16) == 0)
            return true;
    }
    return false;
}

static enum status take_records(struct asking *a, struct error *e) {
    const json_t *list = json_object_get(a->change, "records");
    size_t n = json_array_size(list);
    struct cell ids[ACCESS_RECORDS];
    struct uuid id[ACCESS_RECORDS];
    if (list == NULL || json_is_null(list))
        return ST_OK;
    if (!json_is_array(list) || n == 0 || n > ACCESS_RECORDS)
        return error_field(e, ST_INVALID, "bad_document", "records", "1 to %d records", ACCESS_RECORDS);
    for (size_t i = 0; i < n; i++) {
        const char *text = json_string_value(json_array_get(list, i));
        if (text == NULL || !uuid_parse(slice_from_string(text), &id[i]))
            return error_set(e, ST_NOT_FOUND, "not_found", "there is no such record");
        if (is_twice(ids, i, &id[i]))
            return error_field(e, ST_INVALID, "bad_document", "records", "a record is named twice");
        ids[i] = cell_bytes(slice_of(id[i].b, 16));
    }
    enum status s = count_records(a, ids, n, e);
    return s == ST_OK && json_object_set_new(a->out, "records", json_deep_copy(list)) != 0 ? no_memory(e) : s;
}

/* The rest the keeper judges. */
static enum status take_rest(struct asking *a, struct error *e) {
    static const char *const kept[] = {"hours"};
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        const json_t *v = json_object_get(a->change, kept[i]);
        if (v != NULL && json_object_set_new(a->out, kept[i], json_deep_copy(v)) != 0)
            return no_memory(e);
    }
    return ST_OK;
}

static enum status print_request(struct asking *a, const json_t *body, struct slice *document,
                                 struct error *e) {
    const json_t *reason = json_object_get(body, "reason"), *days = json_object_get(body, "days");
    json_t *whole =
        json_pack("{s:s, s:I, s:O}", "kind", "access", "user", (json_int_t)a->c->who.user, "change", a->out);
    bool fine = whole != NULL;
    if (fine && reason != NULL)
        fine = json_object_set_new(whole, "reason", json_deep_copy(reason)) == 0;
    if (fine && days != NULL)
        fine = json_object_set_new(whole, "days", json_deep_copy(days)) == 0;
    char *text = fine ? json_print(whole, JSON_COMPACT) : NULL;
    *document = text == NULL ? SLICE_NONE : arena_copy(a->c->arena, slice_from_string(text));
    free(text);
    json_decref(whole);
    return document->p == NULL ? no_memory(e) : ST_OK;
}

enum status access_request_translate(struct caller *c, const struct http_request *r, struct slice *document,
                                     struct error *e) {
    struct asking a = {.c = c, .change = json_object_get(r->json, "change")};
    if (!json_is_object(a.change))
        return error_field(e, ST_INVALID, "bad_document", "change", "an object");
    enum status s = take_object(&a, e);
    if (s == ST_OK)
        s = take_fields(&a, e);
    if (s == ST_OK)
        s = take_records(&a, e);
    if (s == ST_OK)
        s = take_rest(&a, e);
    if (s == ST_OK)
        s = print_request(&a, r->json, document, e);
    json_decref(a.out);
    return s;
}

void access_request_deciders(const struct caller *c, struct json *out) {
    const struct directory *d = c->world.directory;
    size_t n = 0;
    json_array_begin(out);
    for (size_t i = 0; i < d->staff_count && n < DECIDERS_MOST; i++) {
        if (!directory_decides_for(d, d->staff[i].id, c->who.user, c->context.now_ms))
            continue;
        json_object_begin(out);
        json_key(out, "id");
        json_int(out, d->staff[i].id);
        json_key(out, "name");
        json_cstring(out, d->staff[i].name);
        json_object_end(out);
        n++;
    }
    json_array_end(out);
}

/* ---- what it would open ---- */

struct opening {
    struct caller *c;
    const struct object_def *object;
    const struct pred *scope;  /* what he lists or opens, of the records named */
    const struct pred **clear; /* per field: what he sees of it in clear already */
};

/* By his own roles only: what colleagues lent him is not for who leads him to open (record/access_given.h).
 */
static enum status see_own(struct opening *x, const struct actor *actor, struct error *e) {
    struct caller *c = x->c;
    struct policy_query q = {.set = c->world.policies,
                             .actor = actor,
                             .organisation = &c->world.directory->organisation,
                             .objects = c->world.objects,
                             .object = x->object,
                             .context = &c->context,
                             .arena = c->arena};
    const struct pred *list, *view;
    const struct field_view *views;
    enum status s = policy_filter(&q, ACT_LIST, &list, e);
    if (s == ST_OK)
        s = policy_filter(&q, ACT_VIEW, &view, e);
    if (s == ST_OK)
        s = policy_views(&q, &views, e);
    if (s != ST_OK)
        return s;
    const struct pred *scope = pred_or(c->arena, list, view);
    x->scope = scope;
    for (size_t i = 0; i < x->object->field_count; i++)
        x->clear[i] = pred_and(c->arena, scope, views[i].read);
    return x->scope == NULL ? no_memory(e) : ST_OK;
}

static enum status look_at(struct opening *x, uint32_t user, struct error *e) {
    struct rights *rights = arena_alloc(x->c->arena, sizeof *rights);
    x->clear = arena_array(x->c->arena, x->object->field_count, sizeof(struct pred *));
    if (rights == NULL || x->clear == NULL)
        return no_memory(e);
    enum status s = rights_of(x->c->world.directory, user, x->c->context.now_ms, x->c->arena, rights);
    if (s != ST_OK)
        return s == ST_NOT_FOUND ? error_set(e, s, "not_found", "there is no such person") : no_memory(e);
    return see_own(x, &rights->own, e);
}

static enum status narrow(struct opening *x, const json_t *records, struct error *e) {
    size_t n = json_array_size(records), found = 0;
    struct cell *ids = arena_array(x->c->arena, n + 1, sizeof *ids);
    struct uuid *id = arena_array(x->c->arena, n + 1, sizeof *id);
    if (records == NULL)
        return ST_OK;
    for (size_t i = 0; ids != NULL && id != NULL && i < n; i++) {
        const char *text = json_string_value(json_array_get(records, i));
        if (text != NULL && uuid_parse(slice_from_string(text), &id[i]))
            ids[found++] = cell_bytes(slice_of(id[i].b, 16));
    }
    x->scope = pred_and(x->c->arena, x->scope, pred_in(x->c->arena, FIELD_ID, ids, found));
    return ids == NULL || id == NULL || x->scope == NULL ? no_memory(e) : ST_OK;
}

static enum status put_count(struct opening *x, const char *key, const struct pred *which, struct json *j,
                             struct error *e) {
    uint64_t n = 0;
    bool at_least = false;
    if (which == NULL)
        return no_memory(e);
    enum status s = store_count(x->c->reader, x->object, which, false, COUNT_MOST, &n, &at_least, e);
    json_key(j, key);
    json_int(j, (int64_t)n);
    if (at_least) {
        json_key(j, "at_least");
        json_bool(j, true);
    }
    return s;
}

static enum status put_fields(struct opening *x, const json_t *fields, struct json *j, struct error *e) {
    enum status s = ST_OK;
    static const char *const classes[CLASS_COUNT] = {"public", "internal", "personal", "sensitive"};
    json_key(j, "fields");
    json_array_begin(j);
    for (size_t i = 0; s == ST_OK && i < json_array_size(fields); i++) {
        uint16_t id = (uint16_t)json_integer_value(json_array_get(fields, i));
        const struct field_def *f = object_field_by_id(x->object, id);
        if (f == NULL)
            continue;
        const struct pred *clear = x->clear[f - x->object->fields];
        json_object_begin(j);
        json_key(j, "field");
        json_cstring(j, f->name);
        json_key(j, "class");
        json_cstring(j, classes[f->class]);
        s = put_count(x, "opens", pred_and(x->c->arena, x->scope, pred_complement(x->c->arena, clear)), j, e);
        json_object_end(j);
    }
    json_array_end(j);
    return s;
}

static enum status find_asked(struct caller *c, int64_t id, json_t **out, struct error *e) {
    struct slice list;
    json_t *all = NULL;
    enum status s = keeper_proposal(c->keeper, &c->call, (uint64_t)id, &list, e);
    if (s == ST_OK && json_read(list, 0, &all, NULL) != ST_OK)
        s = no_memory(e);
    for (size_t i = 0; s == ST_OK && i < json_array_size(all); i++) {
        json_t *one = json_array_get(all, i);
        const char *kind = json_string_value(json_object_get(one, "kind"));
        if (kind != NULL && (strcmp(kind, "access") == 0 || strcmp(kind, "act") == 0))
            *out = json_incref(one);
    }
    json_decref(all);
    return s == ST_OK && *out == NULL ? error_set(e, ST_NOT_FOUND, "not_found", "no such proposal") : s;
}

static enum status put_effect(struct caller *c, const json_t *asked, struct json *j, struct error *e) {
    const json_t *change = json_object_get(asked, "change");
    struct opening x = {.c = c,
                        .object = object_by_id(c->world.objects, (uint16_t)json_integer_value(
                                                                     json_object_get(change, "object")))};
    if (x.object == NULL)
        return error_set(e, ST_NOT_FOUND, "not_found", "no such proposal");
    enum status s = look_at(&x, (uint32_t)json_integer_value(json_object_get(asked, "user")), e);
    if (s == ST_OK)
        s = narrow(&x, json_object_get(change, "records"), e);
    if (s != ST_OK)
        return s;
    json_object_begin(j);
    s = put_count(&x, "records", x.scope, j, e);
    if (s == ST_OK)
        s = put_fields(&x, json_object_get(change, "fields"), j, e);
    json_object_end(j);
    return s;
}

/* GET /proposals/{id}/effect: for who asks and who decides. Counts; of an act's records titles that the
 * caller sees anyhow. */
HANDLER(api_proposal_effect) {
    int64_t id;
    bool act = false;
    json_t *asked = NULL;
    struct json j = json_to(&reply->body);
    (void)engine;
    if (!slice_to_int(r->parameters[0], &id) || id <= 0)
        return error_set(e, ST_NOT_FOUND, "not_found", "no such proposal");
    enum status s = find_asked(c, id, &asked, e);
    if (s == ST_OK) {
        act = strcmp(json_string_value(json_object_get(asked, "kind")), "act") == 0;
        const char *tag = arena_format(c->arena, "%s effect %lld", act ? "act" : "access", (long long)id);
        s = tag == NULL ? no_memory(e)
                        : keeper_record(c->keeper, &c->call, AUDIT_POLICY, AUDIT_DONE, 0, NULL,
                                        slice_from_string(tag), SLICE(""), e);
    }
    if (s == ST_OK)
        s = act ? act_request_effect(c, asked, &j, e) : put_effect(c, asked, &j, e);
    json_decref(asked);
    return s;
}
