#include "record/access_lent.h"

#include "base/map.h"

#include <assert.h>

static struct actor lender_of(const struct directory *d, const struct principal_lent *lent) {
    const struct staff *s = directory_staff(d, lent->from);
    const struct department *own = directory_department(d, lent->department);
    struct actor a = {.user = lent->from,
                      .login = s == NULL ? "" : s->login,
                      .department = lent->department,
                      .branch = own == NULL ? 0 : own->branch,
                      .manages = s == NULL ? NULL : s->manages,
                      .manages_count = s == NULL ? 0 : s->manages_count,
                      .reports = s == NULL ? NULL : s->reports,
                      .reports_count = s == NULL ? 0 : s->reports_count};
    static_assert(PRINCIPAL_LENT_ROLES <= ACTOR_ROLES_MAX, "an actor holds all that is lent");
    for (size_t i = 0; i < lent->role_count && i < PRINCIPAL_LENT_ROLES; i++)
        a.roles[a.role_count++] = lent->roles[i];
    return a;
}

bool access_post_actor(const struct caller *c, size_t i, struct actor *out) {
    if (i >= c->who.lent_count || c->who.lent[i].from != c->who.user)
        return false;
    *out = lender_of(c->world.directory, &c->who.lent[i]);
    return true;
}

/* x or (scope and y); NULL when memory is out. */
static const struct pred *widen(struct arena *arena, const struct pred *x, const struct pred *scope,
                                const struct pred *y) {
    const struct pred *within = pred_and(arena, scope, y);
    return within == NULL ? NULL : pred_or(arena, x, within);
}

static enum status add_fields(const struct policy_query *q, const struct policy_context *acting,
                              const struct pred *scope, struct field_view *fields, struct error *e) {
    const struct field_view *more, *written;
    struct policy_query writing = *q;
    writing.context = acting;
    enum status s = policy_views(q, &more, e);
    if (s == ST_OK)
        s = policy_views(&writing, &written, e);
    for (size_t i = 0; s == ST_OK && i < q->object->field_count; i++) {
        struct field_view *f = &fields[i];
        f->see = widen(q->arena, f->see, scope, more[i].see);
        f->read = widen(q->arena, f->read, scope, more[i].read);
        f->write = widen(q->arena, f->write, scope, written[i].write);
        f->match = widen(q->arena, f->match, scope, more[i].match);
        if (f->see == NULL || f->read == NULL || f->write == NULL || f->match == NULL)
            s = error_set(e, ST_NOMEM, "no_memory", "access");
    }
    return s;
}

/* A colleague lends seeing and changing; another post of his own gives all that its roles give. */
static const enum act lent_acts[] = {ACT_LIST, ACT_VIEW, ACT_UPDATE};
static const enum act post_acts[] = {ACT_LIST,    ACT_VIEW,   ACT_UPDATE,   ACT_DELETE,
                                     ACT_RESTORE, ACT_CREATE, ACT_TRANSFER, ACT_IMPORT,
                                     ACT_EXPORT,  ACT_REVEAL, ACT_RESOLVE};

static enum status add_acts(struct access_entry *entry, struct policy_query *q, const enum act *acts,
                            size_t n, const struct policy_context *acting,
                            const struct policy_context *reasoned, struct error *e) {
    const struct policy_context *given = q->context;
    for (size_t i = 0; i < n; i++) {
        bool reason = acts[i] == ACT_REVEAL || acts[i] == ACT_EXPORT;
        const struct pred *more;
        bool looks = acts[i] == ACT_LIST || acts[i] == ACT_VIEW || acts[i] == ACT_RESOLVE;
        q->context = reason ? reasoned : looks ? given : acting;
        enum status s = policy_filter(q, acts[i], &more, e);
        if (s != ST_OK)
            return s;
        const struct pred *both = pred_or(&entry->arena, entry->access.acts[acts[i]], more);
        if (both == NULL)
            return error_set(e, ST_NOMEM, "no_memory", "access");
        entry->access.acts[acts[i]] = both;
    }
    q->context = given;
    return ST_OK;
}

static enum status add_one(struct access_entry *entry, struct policy_query *q, bool post,
                           const struct policy_context *acting, const struct policy_context *reasoned,
                           struct field_view *fields, struct error *e) {
    const struct pred *list, *view;
    enum status s = policy_filter(q, ACT_LIST, &list, e);
    if (s == ST_OK)
        s = policy_filter(q, ACT_VIEW, &view, e);
    if (s == ST_OK)
        s = add_acts(entry, q, post ? post_acts : lent_acts,
                     post ? sizeof post_acts / sizeof post_acts[0] : sizeof lent_acts / sizeof lent_acts[0],
                     acting, reasoned, e);
    if (s != ST_OK)
        return s;
    const struct pred *scope = pred_or(&entry->arena, list, view);
    return scope == NULL ? error_set(e, ST_NOMEM, "no_memory", "access")
                         : add_fields(q, acting, scope, fields, e);
}

enum status access_add_lent(const struct caller *c, struct access_entry *entry,
                            const struct policy_context *acting, struct field_view *fields, struct error *e) {
    enum status s = ST_OK;
    struct policy_context looking = c->context;
    access_withhold(entry->supposed, &looking);
    struct policy_context reasoned = looking; /* whether he could, once he gives a reason and a factor */
    reasoned.has_reason = true;
    reasoned.second_factor_age = 0;
    for (size_t i = 0; s == ST_OK && i < c->who.lent_count; i++) {
        struct actor lender = lender_of(entry->world.directory, &c->who.lent[i]);
        struct policy_query q = {.set = entry->world.policies,
                                 .actor = &lender,
                                 .organisation = &entry->world.directory->organisation,
                                 .objects = entry->world.objects,
                                 .object = entry->access.object,
                                 .context = &looking,
                                 .arena = &entry->arena};
        s = add_one(entry, &q, c->who.lent[i].from == c->who.user, acting, &reasoned, fields, e);
    }
    return s;
}

uint64_t access_lent_hash(const struct principal *who, uint64_t seed) {
    for (size_t i = 0; i < who->lent_count; i++) {
        const struct principal_lent *l = &who->lent[i];
        seed = map_hash(slice_of(&l->from, sizeof l->from), seed + l->department);
        for (size_t k = 0; k < l->role_count; k++)
            seed = map_hash(slice_from_string(l->roles[k]), seed);
    }
    return seed;
}
