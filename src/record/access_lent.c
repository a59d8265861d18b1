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
                      .manages_count = s == NULL ? 0 : s->manages_count};
    static_assert(PRINCIPAL_LENT_ROLES <= ACTOR_ROLES_MAX, "an actor holds all that is lent");
    for (size_t i = 0; i < lent->role_count && i < PRINCIPAL_LENT_ROLES; i++)
        a.roles[a.role_count++] = lent->roles[i];
    return a;
}

/* x or (scope and y); NULL when memory is out. */
static const struct pred *widen(struct arena *arena, const struct pred *x, const struct pred *scope,
                                const struct pred *y) {
    const struct pred *within = pred_and(arena, scope, y);
    return within == NULL ? NULL : pred_or(arena, x, within);
}

static enum status add_fields(const struct policy_query *q, const struct pred *scope,
                              struct field_view *fields, struct error *e) {
    const struct field_view *more;
    enum status s = policy_views(q, &more, e);
    for (size_t i = 0; s == ST_OK && i < q->object->field_count; i++) {
        struct field_view *f = &fields[i];
        f->see = widen(q->arena, f->see, scope, more[i].see);
        f->read = widen(q->arena, f->read, scope, more[i].read);
        f->write = widen(q->arena, f->write, scope, more[i].write);
        f->match = widen(q->arena, f->match, scope, more[i].match);
        if (f->see == NULL || f->read == NULL || f->write == NULL || f->match == NULL)
            s = error_set(e, ST_NOMEM, "no_memory", "access");
    }
    return s;
}

static enum status add_one(struct access_entry *entry, struct policy_query *q, struct field_view *fields,
                           struct error *e) {
    static const enum act acts[] = {ACT_LIST, ACT_VIEW, ACT_UPDATE};
    const struct pred *lent[3];
    for (size_t i = 0; i < 3; i++) {
        enum status s = policy_filter(q, acts[i], &lent[i], e);
        if (s != ST_OK)
            return s;
        const struct pred *both = pred_or(&entry->arena, entry->access.acts[acts[i]], lent[i]);
        if (both == NULL)
            return error_set(e, ST_NOMEM, "no_memory", "access");
        entry->access.acts[acts[i]] = both;
    }
    const struct pred *scope = pred_or(&entry->arena, lent[0], lent[1]);
    return scope == NULL ? error_set(e, ST_NOMEM, "no_memory", "access") : add_fields(q, scope, fields, e);
}

enum status access_add_lent(const struct caller *c, struct access_entry *entry, struct field_view *fields,
                            struct error *e) {
    enum status s = ST_OK;
    for (size_t i = 0; s == ST_OK && i < c->who.lent_count; i++) {
        struct actor lender = lender_of(entry->world.directory, &c->who.lent[i]);
        struct policy_query q = {.set = entry->world.policies,
                                 .actor = &lender,
                                 .organisation = &entry->world.directory->organisation,
                                 .objects = entry->world.objects,
                                 .object = entry->access.object,
                                 .context = &c->context,
                                 .arena = &entry->arena};
        s = add_one(entry, &q, fields, e);
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
