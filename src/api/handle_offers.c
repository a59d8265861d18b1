/* A former department's records: who stands elsewhere now, offering his own of them, taking an offer back or
 * turning it down (share/offer.h). Who takes it starts a handover of his own. */
#include "api/handlers.h"
#include "api/handover_rule.h"
#include "api/offers.h"
#include "api/session.h"
#include "base/clock.h"
#include "base/json_in.h"
#include "people/stood.h"
#include "share/offer.h"

#include <pthread.h>

#define MOVED_MOST 50
#define DAY_MS     ((int64_t)24 * 3600 * 1000)

static pthread_mutex_t offering = PTHREAD_MUTEX_INITIALIZER;

/* ---- who stands where ---- */

/* The caller's own: he may offer what he made there. */
static enum status write_former(const struct caller *c, int64_t now, struct json *j, struct error *e) {
    const struct directory *d = c->world.directory;
    const struct staff *me = directory_staff(d, c->who.user);
    struct stood was[STOOD_MOST];
    json_t *document = NULL;
    size_t n = 0;
    if (me != NULL && json_read(me->document, 0, &document, NULL) != ST_OK)
        return error_set(e, ST_NOMEM, "no_memory", "handovers");
    if (me != NULL)
        n = stood_before(&d->organisation, document, now - FORMER_DAYS * DAY_MS, now, was);
    json_decref(document);
    json_key(j, "former");
    json_array_begin(j);
    for (size_t i = 0; i < n; i++) {
        json_object_begin(j);
        json_key(j, "department");
        json_int(j, was[i].department);
        json_key(j, "at");
        json_time(j, was[i].until);
        json_object_end(j);
    }
    json_array_end(j);
    return ST_OK;
}

static bool leads_any(const struct caller *c) {
    const struct staff *me = directory_staff(c->world.directory, c->who.user);
    return me != NULL && me->manages_count > 0;
}

/* Left a department of the caller's, and stands in none of his any more. */
static enum status write_moved_one(const struct caller *c, const struct staff *one, int64_t now,
                                   struct json *j, size_t *told) {
    const struct directory *d = c->world.directory;
    struct stood was[STOOD_MOST];
    json_t *document = NULL;
    if (one->disabled || one->duties != 0 || one->id == c->who.user ||
        directory_leads(d, c->who.user, one->id))
        return ST_OK;
    if (json_read(one->document, 0, &document, NULL) != ST_OK)
        return ST_NOMEM;
    size_t n = stood_before(&d->organisation, document, now - MOVED_DAYS * DAY_MS, now, was);
    json_decref(document);
    for (size_t i = 0; i < n && *told < MOVED_MOST; i++) {
        if (!directory_heads(d, c->who.user, was[i].department))
            continue;
        json_object_begin(j);
        json_key(j, "user");
        json_int(j, one->id);
        json_key(j, "name");
        json_cstring(j, one->name);
        json_key(j, "department");
        json_int(j, was[i].department);
        json_key(j, "at");
        json_time(j, was[i].until);
        json_object_end(j);
        (*told)++;
    }
    return ST_OK;
}

static enum status write_moved(const struct caller *c, int64_t now, struct json *j, struct error *e) {
    const struct directory *d = c->world.directory;
    enum status s = ST_OK;
    size_t told = 0;
    json_key(j, "moved");
    json_array_begin(j);
    for (size_t i = 0; s == ST_OK && leads_any(c) && i < d->staff_count && told < MOVED_MOST; i++)
        s = write_moved_one(c, &d->staff[i], now, j, &told);
    json_array_end(j);
    return s == ST_OK ? s : error_set(e, s, "no_memory", "handovers");
}

/* ---- offers ---- */

static bool leads_there(const struct caller *c, const struct offer *o) {
    return o->user != c->who.user && directory_heads(c->world.directory, c->who.user, o->department);
}

static void write_offer(const struct caller *c, const struct offer *o, struct json *j) {
    const struct staff *who = directory_staff(c->world.directory, o->user);
    json_object_begin(j);
    json_key(j, "id");
    json_cstring(j, o->id);
    json_key(j, "user");
    json_int(j, o->user);
    json_key(j, "name");
    json_cstring(j, who == NULL ? "" : who->name);
    json_key(j, "department");
    json_int(j, o->department);
    json_key(j, "at");
    json_time(j, o->at_ms);
    json_key(j, "rule");
    json_raw(j, o->rule);
    json_object_end(j);
}

static bool is_waiting(const struct caller *c, const struct offer *o) {
    const struct staff *who = directory_staff(c->world.directory, o->user);
    return leads_there(c, o) && who != NULL && !who->disabled;
}

enum status offers_write(struct caller *c, struct json *j, struct error *e) {
    int64_t now = clock_wall_ms();
    struct offer *all;
    size_t n;
    enum status s = offer_list(c->reader, now, c->arena, &all, &n, e);
    if (s == ST_OK)
        s = write_former(c, now, j, e);
    if (s != ST_OK)
        return s;
    json_key(j, "offered");
    json_array_begin(j);
    for (size_t i = 0; i < n; i++) {
        if (all[i].user == c->who.user)
            write_offer(c, &all[i], j);
    }
    json_array_end(j);
    json_key(j, "offers");
    json_array_begin(j);
    for (size_t i = 0; i < n; i++) {
        if (is_waiting(c, &all[i]))
            write_offer(c, &all[i], j);
    }
    json_array_end(j);
    return write_moved(c, now, j, e);
}

enum status offers_answered(struct caller *c, const struct handover_rule *rule, struct error *e) {
    struct offer *all;
    size_t n;
    enum status s = offer_list(c->reader, clock_wall_ms(), c->arena, &all, &n, e);
    for (size_t i = 0; s == ST_OK && i < n; i++) {
        bool his =
            all[i].user == rule->from && (rule->department == 0 || rule->department == all[i].department);
        if (his && (all[i].user == c->who.user || leads_there(c, &all[i])))
            s = offer_end(c->world.world, &all[i], e);
    }
    return s;
}

static enum status record_offer(struct caller *c, const char *what, const struct offer *o, struct error *e) {
    const char *tag = arena_format(c->arena, "%s %u department %u", what, o->user, o->department);
    if (tag == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "offers");
    return keeper_record(c->keeper, &c->call, AUDIT_ADMIN, AUDIT_DONE, 0, NULL, slice_from_string(tag),
                         SLICE(""), e);
}

static bool somebody_leads(const struct caller *c, uint32_t department) {
    const struct directory *d = c->world.directory;
    for (size_t i = 0; i < d->staff_count; i++) {
        const struct staff *one = &d->staff[i];
        if (one->id != c->who.user && !one->disabled && one->duties == 0 &&
            directory_heads(d, one->id, department))
            return true;
    }
    return false;
}

/* There is something of his to offer, that he sees himself. */
static enum status holds_there(struct caller *c, const struct handover_rule *rule, struct error *e) {
    const struct object_set *all = c->world.objects;
    for (size_t i = 0; i < all->count; i++) {
        uint64_t count;
        enum status s = record_handover_held(c, all->objects[i], rule, &count, e);
        if (s != ST_OK || count > 0)
            return s;
    }
    return error_set(e, ST_CONFLICT, "handover_empty", "nothing to offer");
}

static enum status check_offer(struct caller *c, const struct handover_rule *rule, struct error *e) {
    if (rule->from != c->who.user || c->who.is_key)
        return error_set(e, ST_DENIED, "not_your_duty", "one offers one's own records, oneself");
    if (rule->within)
        return error_field(e, ST_INVALID, "invalid", "within", "an offer is of one department");
    enum status s = handover_rule_former(c, rule, e);
    if (s == ST_OK)
        s = holds_there(c, rule, e);
    if (s == ST_OK && !somebody_leads(c, rule->department))
        s = error_set(e, ST_CONFLICT, "offer_nobody", "nobody leads the department");
    return s;
}

HANDLER(api_offer_make) {
    struct handover_rule *rule = arena_alloc(c->arena, sizeof *rule);
    struct offer o = {.user = c->who.user, .at_ms = clock_wall_ms(), .rule = handover_rule_plan(c, r)};
    struct json j = json_to(&reply->body);
    (void)engine;
    if (rule == NULL || o.rule.p == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "offers");
    enum status s = session_see_newest(c, e);
    if (s == ST_OK)
        s = handover_rule_read(c, r, rule, e);
    if (s == ST_OK)
        s = check_offer(c, rule, e);
    if (s != ST_OK)
        return s;
    o.department = rule->department;
    s = record_offer(c, "handover_offer", &o, e);
    (void)pthread_mutex_lock(&offering);
    if (s == ST_OK)
        s = offer_put(c->world.world, c->reader, c->arena, &o, e);
    (void)pthread_mutex_unlock(&offering);
    if (s != ST_OK)
        return s;
    reply->status = 201;
    json_object_begin(&j);
    json_key(&j, "id");
    json_cstring(&j, o.id);
    json_object_end(&j);
    return ST_OK;
}

HANDLER(api_offer_end) {
    struct offer o;
    (void)engine;
    enum status s = session_see_newest(c, e);
    if (s == ST_OK)
        s = offer_get(c->reader, r->parameters[0], clock_wall_ms(), c->arena, &o, e);
    if (s == ST_OK && o.user != c->who.user && !leads_there(c, &o))
        s = error_set(e, ST_NOT_FOUND, "not_found", "there is no such offer");
    if (s == ST_OK)
        s = record_offer(c, "handover_offer_end", &o, e);
    if (s == ST_OK)
        s = offer_end(c->world.world, &o, e);
    if (s == ST_OK)
        reply->status = 204;
    return s;
}
