#include "people/holdings.h"

#include "base/json_in.h"
#include "people/posts.h"

#include <jansson.h>
#include <string.h>

#define LENT_ACTS ((1u << ACT_VIEW) | (1u << ACT_UPDATE))

/* Acts of which the tallies tell, and by which entries. */
struct used_act {
    enum act act;
    uint8_t audit[3]; /* any of them is a use; 0: none */
};
static const struct used_act acts[] = {{ACT_VIEW, {AUDIT_LIST, AUDIT_VIEW, AUDIT_SEARCH}},
                                       {ACT_CREATE, {AUDIT_CREATE, 0, 0}},
                                       {ACT_UPDATE, {AUDIT_UPDATE, 0, 0}},
                                       {ACT_DELETE, {AUDIT_DELETE, 0, 0}},
                                       {ACT_RESTORE, {AUDIT_RESTORE, 0, 0}},
                                       {ACT_IMPORT, {AUDIT_IMPORT, 0, 0}},
                                       {ACT_EXPORT, {AUDIT_EXPORT, 0, 0}},
                                       {ACT_REVEAL, {AUDIT_REVEAL, 0, 0}}};
#define ACTS (sizeof acts / sizeof acts[0])

static const uint8_t duty_acts[] = {AUDIT_ADMIN, AUDIT_POLICY, AUDIT_CONFIG, AUDIT_BUDGET, AUDIT_DESTROY};

const char *holding_kind_name(enum holding_kind kind) {
    static const char *const names[] = {"role", "post_role", "grant", "loan", "duty", "access"};
    return names[kind];
}

/* ---- which rights ---- */

struct list {
    const struct holdings_view *v;
    const struct staff *who;
    struct arena *a;
    struct holding *items;
    uint32_t *places; /* the department in which each is used */
    size_t count;
};

static bool add(struct list *l, const struct holding *one, const char *name, uint32_t place) {
    if (name == NULL || l->count == HOLDINGS_MOST)
        return true;
    l->items[l->count] = *one;
    l->items[l->count].name = arena_string(l->a, slice_from_string(name));
    l->places[l->count] = place;
    return l->items[l->count++].name != NULL;
}

static bool add_names(struct list *l, const json_t *names, const struct holding *one, uint32_t place) {
    bool fine = true;
    for (size_t i = 0; fine && i < json_array_size(names); i++)
        fine = add(l, one, json_string_value(json_array_get(names, i)), place);
    return fine;
}

static bool add_own(struct list *l, const json_t *document) {
    struct standing now;
    const json_t *posts = json_object_get(document, "post_roles"), *names;
    const char *post;
    bool fine = add_names(l, json_object_get(document, "duties"), &(struct holding){.kind = HOLDING_DUTY}, 0);
    if (fine && l->who->duties == 0)
        fine = add_names(l, json_object_get(document, "roles"), &(struct holding){.kind = HOLDING_ROLE},
                         l->who->department);
    posts_stand(document, l->v->context.now_ms, &now);
    json_object_foreach((json_t *)(uintptr_t)posts, post, names) {
        uint32_t id = (uint32_t)strtoul(post, NULL, 10), place = l->who->department;
        for (size_t i = 0; i < now.held_count; i++)
            place = now.held[i].id == id ? now.held[i].department : place;
        if (fine && l->who->duties == 0)
            fine = add_names(l, names, &(struct holding){.kind = HOLDING_POST, .ref = id}, place);
    }
    return fine;
}

static enum status add_grants(struct list *l) {
    const struct directory *d = l->v->directory;
    for (size_t i = 0; i < d->grant_count; i++) {
        const struct staff_grant *g = &d->grants[i];
        json_t *document = NULL;
        if (g->user != l->who->id || g->ended || g->moved || g->until <= l->v->context.now_ms)
            continue;
        if (json_read(g->document, 0, &document, NULL) != ST_OK)
            return ST_NOMEM;
        const struct staff *lender = g->from == 0 ? NULL : directory_staff(d, g->from);
        struct holding one = {.kind = g->from == 0 ? HOLDING_GRANT : HOLDING_LOAN,
                              .ref = g->id,
                              .from = g->from,
                              .until = g->until};
        uint32_t place = lender == NULL ? l->who->department : lender->department;
        bool fine = add_names(l, json_object_get(document, "roles"), &one, place);
        one.kind = g->access ? HOLDING_ACCESS : one.kind;
        if (fine && g->access)
            fine = add(l, &one, json_string_value(json_object_get(document, "name")), place);
        json_decref(document);
        if (!fine)
            return ST_NOMEM;
    }
    return ST_OK;
}

/* ---- what each gives, and its use ---- */

static int32_t last_use(const struct list *l, uint16_t object, const uint8_t *audit, size_t n) {
    int32_t last = 0;
    for (size_t i = 0; i < l->v->tally_count; i++) {
        const struct audit_tally *t = &l->v->tallies[i];
        if (t->actor != l->who->id || (object != 0 && t->object != object))
            continue;
        for (size_t k = 0; k < n; k++) {
            if (audit[k] != 0 && audit[k] == t->act && t->day > last)
                last = t->day;
        }
    }
    return last;
}

/* Whose scope it is: his own, or that of who lends. */
static struct actor actor_of(const struct list *l, const struct holding *h, uint32_t place) {
    const struct directory *d = l->v->directory;
    const struct staff *s = h->from == 0 ? l->who : directory_staff(d, h->from);
    s = s == NULL ? l->who : s;
    const struct department *at = directory_department(d, place);
    return (struct actor){.user = s->id,
                          .login = s->login,
                          .roles = {h->name},
                          .role_count = 1,
                          .department = place,
                          .branch = at == NULL ? 0 : at->branch,
                          .manages = s->manages,
                          .manages_count = s->manages_count,
                          .reports = s->reports,
                          .reports_count = s->reports_count};
}

static enum status judge_object(const struct list *l, struct holding *h, const struct actor *actor,
                                const struct policy_context *context, const struct object_def *o,
                                struct arena *scratch, struct error *e) {
    struct holding_object found = {.object = o};
    struct policy_query q = {.set = l->v->policies,
                             .actor = actor,
                             .organisation = &l->v->directory->organisation,
                             .objects = l->v->objects,
                             .object = o,
                             .context = context,
                             .arena = scratch};
    for (size_t i = 0; i < ACTS; i++) {
        const struct pred *filter;
        if (h->kind == HOLDING_LOAN && (LENT_ACTS >> acts[i].act & 1) == 0)
            continue;
        enum status s = policy_filter(&q, acts[i].act, &filter, e);
        if (s != ST_OK)
            return s;
        if (filter->op == PRED_FALSE)
            continue;
        int32_t last = last_use(l, o->id, acts[i].audit, 3);
        found.given |= 1u << acts[i].act;
        found.unused |= last == 0 ? 1u << acts[i].act : 0;
        h->last_day = last > h->last_day ? last : h->last_day;
    }
    h->judged = h->judged || found.given != 0;
    if (found.given != 0)
        h->objects[h->object_count++] = found;
    return ST_OK;
}

/* Looking at records of the object, in lists too; from the day on which it was given, which is some days of
 * other looks too many at most. */
static enum status judge_access(const struct list *l, struct holding *h, struct error *e) {
    const struct object_def *o = object_find(l->v->objects, slice_from_string(h->name));
    h->judged = true;
    if (o == NULL)
        return ST_OK;
    h->objects = arena_array(l->a, 1, sizeof *h->objects);
    if (h->objects == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "rights");
    h->last_day = last_use(l, o->id, acts[0].audit, 3);
    h->objects[h->object_count++] = (struct holding_object){
        .object = o, .given = 1u << ACT_VIEW, .unused = h->last_day == 0 ? 1u << ACT_VIEW : 0};
    return ST_OK;
}

static enum status judge(const struct list *l, struct holding *h, uint32_t place, struct arena *scratch,
                         struct error *e) {
    struct policy_context context = l->v->context;
    struct actor actor = actor_of(l, h, place);
    enum status s = ST_OK;
    if (h->kind == HOLDING_DUTY) {
        h->judged = true;
        h->last_day = last_use(l, 0, duty_acts, sizeof duty_acts);
        return ST_OK;
    }
    if (h->kind == HOLDING_ACCESS)
        return judge_access(l, h, e);
    context.second_factor_age = 0;
    context.has_reason = true;
    h->objects = arena_array(l->a, l->v->objects->count + 1, sizeof *h->objects);
    if (h->objects == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "rights");
    for (size_t i = 0; s == ST_OK && i < l->v->objects->count; i++)
        s = judge_object(l, h, &actor, &context, l->v->objects->objects[i], scratch, e);
    return s;
}

enum status holdings_of(const struct holdings_view *v, const struct staff *who, struct arena *a,
                        struct arena *scratch, struct holding **out, size_t *count, struct error *e) {
    struct list l = {.v = v,
                     .who = who,
                     .a = a,
                     .items = arena_array(a, HOLDINGS_MOST, sizeof *l.items),
                     .places = arena_array(a, HOLDINGS_MOST, sizeof *l.places)};
    json_t *document = NULL;
    *out = l.items;
    *count = 0;
    if (l.items == NULL || l.places == NULL || json_read(who->document, 0, &document, NULL) != ST_OK)
        return error_set(e, ST_NOMEM, "no_memory", "rights");
    bool fine = add_own(&l, document);
    json_decref(document);
    if (!fine || (who->duties == 0 && add_grants(&l) != ST_OK))
        return error_set(e, ST_NOMEM, "no_memory", "rights");
    enum status s = ST_OK;
    for (size_t i = 0; v->with_acts && s == ST_OK && i < l.count; i++)
        s = judge(&l, &l.items[i], l.places[i], scratch, e);
    arena_reset(scratch);
    *count = l.count;
    return s;
}
