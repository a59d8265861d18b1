/* What people may: their own roles, and what others gave them for a time. */
#include "base/clock.h"
#include "keeper/registry_posts.h"

#define REPORTS_STEPS 32 /* so that a ring of reports ends */

const struct parsed_role *registry_role(const struct registry *r, const char *name) {
    const struct item *i = map_get(&r->by_role, slice_from_string(name));
    return i == NULL ? NULL : &i->parsed.role;
}

bool role_names_have(const struct role_names *names, const char *name) {
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->name[i], name) == 0)
            return true;
    }
    return false;
}

static void limits_widen(struct limits *to, const struct limits *by) {
    to->minute = by->minute > to->minute ? by->minute : to->minute;
    to->hour = by->hour > to->hour ? by->hour : to->hour;
    to->day = by->day > to->day ? by->day : to->day;
}

static void actor_add_role(struct actor *a, const struct parsed_role *role) {
    for (size_t c = CLASS_PERSONAL; c < CLASS_COUNT; c++) {
        a->ceiling[c] = role->ceiling[c] > a->ceiling[c] ? role->ceiling[c] : a->ceiling[c];
        a->match[c] = a->match[c] || role->match[c];
    }
    for (size_t c = 0; c < 2; c++) {
        for (size_t v = 0; v < 2; v++)
            limits_widen(&a->limits.people[c][v], &role->limits.people[c][v]);
    }
    limits_widen(&a->limits.lookups, &role->limits.lookups);
    limits_widen(&a->limits.writes, &role->limits.writes);
}

/* The colleague whose roles a delegation lends, while he has them himself. */
static const struct parsed_user *lender(const struct registry *r, const struct parsed_grant *g, int64_t now) {
    const struct item *from = g->from == 0 ? NULL : registry_find(r, REGISTRY_USER, g->from);
    if (from == NULL || !registry_user_is_live(r, &from->parsed.user, now) || from->parsed.user.duties != 0)
        return NULL;
    return &from->parsed.user;
}

static bool grant_is_live(const struct parsed_grant *g, uint32_t user, int64_t now) {
    return g->user == user && !g->ended && g->since <= now && now < g->until;
}

/* A role that the grant names and, if it is lent, that the lender still has. */
static bool grant_gives(const struct parsed_grant *g, const struct parsed_user *from, size_t k, int64_t now) {
    struct role_names his;
    if (g->from == 0 || from == NULL)
        return g->from == 0;
    user_main_roles(from, now, &his); /* over his own place: what he has by other posts is used there */
    return role_names_have(&his, g->roles.name[k]);
}

static void actor_add_grants(const struct registry *r, uint32_t user, struct actor *a) {
    int64_t now = clock_wall_ms();
    for (size_t i = 0; i < r->grant_count; i++) {
        const struct parsed_grant *g = &r->grants[i]->parsed.grant;
        if (!grant_is_live(g, user, now))
            continue;
        const struct parsed_user *from = lender(r, g, now);
        for (size_t k = 0; k < g->roles.count; k++) {
            const struct parsed_role *role = registry_role(r, g->roles.name[k]);
            if (role != NULL && grant_gives(g, from, k, now))
                actor_add_role(a, role);
        }
    }
}

static void actor_fill(const struct registry *r, const struct parsed_user *u, const struct role_names *subset,
                       struct actor *a) {
    bool key = subset != NULL && subset->count > 0;
    a->duties = u->duties;
    a->ceiling[CLASS_PUBLIC] = a->ceiling[CLASS_INTERNAL] = VIEW_CLEAR;
    a->match[CLASS_PUBLIC] = a->match[CLASS_INTERNAL] = true;
    if (u->duties != 0)
        return; /* a duty's holder gets no customer's value, whatever his roles say */
    struct role_names all;
    user_all_roles(u, clock_wall_ms(), &all);
    for (size_t i = 0; i < all.count; i++) {
        if (key && !role_names_have(subset, all.name[i]))
            continue;
        const struct parsed_role *role = registry_role(r, all.name[i]);
        if (role != NULL)
            actor_add_role(a, role);
    }
    if (!key) /* what is given for a time is given to the person */
        actor_add_grants(r, a->user, a);
}

static const struct item *live_user(const struct registry *r, uint32_t user) {
    const struct item *i = registry_find(r, REGISTRY_USER, user);
    return i != NULL && registry_user_is_live(r, &i->parsed.user, clock_wall_ms()) ? i : NULL;
}

enum status registry_actor(struct registry *r, uint32_t user, const struct role_names *subset,
                           struct actor *out) {
    memset(out, 0, sizeof *out);
    out->user = user;
    (void)pthread_rwlock_rdlock(&r->lock);
    const struct item *i = live_user(r, user);
    if (i != NULL)
        actor_fill(r, &i->parsed.user, subset, out);
    (void)pthread_rwlock_unlock(&r->lock);
    return i != NULL ? ST_OK : ST_NOT_FOUND;
}

static void principal_add_role(struct principal *p, const char *name) {
    for (size_t i = 0; i < p->role_count; i++) {
        if (strcmp(p->roles[i], name) == 0)
            return;
    }
    if (p->role_count < KEEPER_ROLES_MAX)
        (void)snprintf(p->roles[p->role_count++], sizeof p->roles[0], "%s", name);
}

static void principal_add_lent(const struct registry *r, struct principal *p, const struct parsed_grant *g,
                               const struct parsed_user *from, int64_t now) {
    if (p->lent_count == PRINCIPAL_LENT_MAX || from == NULL)
        return;
    struct principal_lent *l = &p->lent[p->lent_count];
    *l = (struct principal_lent){.from = g->from, .department = user_department(r, from, now)};
    for (size_t k = 0; k < g->roles.count && l->role_count < PRINCIPAL_LENT_ROLES; k++) {
        if (grant_gives(g, from, k, now))
            memcpy(l->roles[l->role_count++], g->roles.name[k], sizeof l->roles[0]);
    }
    p->lent_count += l->role_count > 0;
}

/* Roles given for a time stand with his own; what a colleague lends stays apart, for it is the colleague's
 * scope that it opens. */
static void principal_add_grants(const struct registry *r, struct principal *p) {
    int64_t now = clock_wall_ms();
    for (size_t i = 0; i < r->grant_count; i++) {
        const struct parsed_grant *g = &r->grants[i]->parsed.grant;
        if (!grant_is_live(g, p->user, now))
            continue;
        if (g->from != 0) {
            principal_add_lent(r, p, g, lender(r, g, now), now);
            continue;
        }
        for (size_t k = 0; k < g->roles.count; k++)
            principal_add_role(p, g->roles.name[k]);
    }
}

/* His other posts: each with its own roles, over its own department. */
static void principal_add_posts(const struct registry *r, struct principal *p, const struct parsed_user *u,
                                const struct role_names *subset, int64_t now) {
    const struct parsed_post *main = user_main_post(u, now);
    bool key = subset != NULL && subset->count > 0;
    for (size_t i = 0; i < u->post_count && p->lent_count < PRINCIPAL_LENT_MAX; i++) {
        const struct parsed_post *post = &u->posts[i];
        struct role_names names;
        if (post == main || !post_holds(post, now))
            continue;
        post_role_names(u, post, &names);
        struct principal_lent *l = &p->lent[p->lent_count];
        *l = (struct principal_lent){.from = p->user, .department = registry_home(r, post->department)};
        for (size_t k = 0; k < names.count && l->role_count < PRINCIPAL_LENT_ROLES; k++) {
            if (!key || role_names_have(subset, names.name[k]))
                memcpy(l->roles[l->role_count++], names.name[k], sizeof l->roles[0]);
        }
        p->lent_count += l->role_count > 0;
    }
}

static void principal_fill(const struct registry *r, const struct parsed_user *u,
                           const struct role_names *subset, struct principal *out) {
    bool key = subset != NULL && subset->count > 0;
    int64_t now = clock_wall_ms();
    struct role_names mine;
    memcpy(out->login, u->login, sizeof out->login);
    memcpy(out->name, u->name, sizeof out->name);
    out->department = user_department(r, u, now);
    out->duties = u->duties;
    out->role_count = out->lent_count = 0;
    user_main_roles(u, now, &mine);
    for (size_t k = 0; k < mine.count; k++) {
        if (!key || role_names_have(subset, mine.name[k]))
            memcpy(out->roles[out->role_count++], mine.name[k], sizeof out->roles[0]);
    }
    if (u->duties == 0)
        principal_add_posts(r, out, u, subset, now);
    if (!key && u->duties == 0)
        principal_add_grants(r, out);
    out->registry_version = r->version;
}

enum status registry_principal(struct registry *r, uint32_t user, const struct role_names *subset,
                               struct principal *out) {
    (void)pthread_rwlock_rdlock(&r->lock);
    const struct item *i = live_user(r, user);
    if (i != NULL) {
        out->user = user;
        principal_fill(r, &i->parsed.user, subset, out);
    }
    (void)pthread_rwlock_unlock(&r->lock);
    return i != NULL ? ST_OK : ST_NOT_FOUND;
}

bool registry_has_roles(struct registry *r, uint32_t user, const struct role_names *subset) {
    (void)pthread_rwlock_rdlock(&r->lock);
    const struct item *i = live_user(r, user);
    bool all = i != NULL;
    for (size_t k = 0; all && k < subset->count; k++)
        all = user_has_role(&i->parsed.user, subset->name[k], clock_wall_ms());
    (void)pthread_rwlock_unlock(&r->lock);
    return all;
}

bool registry_has_own_role(struct registry *r, uint32_t user) {
    struct role_names own = {.count = 0};
    (void)pthread_rwlock_rdlock(&r->lock);
    const struct item *i = live_user(r, user);
    if (i != NULL && !i->parsed.user.partner)
        user_all_roles(&i->parsed.user, clock_wall_ms(), &own);
    bool has = false;
    for (size_t k = 0; k < own.count; k++)
        has = has || registry_role(r, own.name[k]) != NULL;
    (void)pthread_rwlock_unlock(&r->lock);
    return has;
}

enum status registry_login(struct registry *r, struct slice login, uint32_t *user) {
    (void)pthread_rwlock_rdlock(&r->lock);
    const struct item *i = map_get(&r->by_login, login);
    bool live = i != NULL && registry_user_is_live(r, &i->parsed.user, clock_wall_ms());
    *user = i != NULL ? i->id : 0;
    (void)pthread_rwlock_unlock(&r->lock);
    return live ? ST_OK : ST_NOT_FOUND;
}

/* He is named in a post of somebody's, or in one of whom that post names, and so on. */
static bool reports_to(const struct registry *r, const struct parsed_user *u, uint32_t leader, int64_t now) {
    for (unsigned step = 0; u != NULL && step < REPORTS_STEPS; step++) {
        const struct parsed_post *main = user_main_post(u, now);
        for (size_t i = 0; i < u->post_count; i++) {
            if (u->posts[i].reports_to == leader && post_holds(&u->posts[i], now))
                return true;
        }
        const struct item *next =
            main == NULL || main->reports_to == 0 ? NULL : registry_find(r, REGISTRY_USER, main->reports_to);
        u = next == NULL ? NULL : &next->parsed.user;
    }
    return false;
}

static bool leads(const struct registry *r, uint32_t leader, uint32_t user, int64_t now) {
    const struct item *who = live_user(r, leader), *whom = registry_find(r, REGISTRY_USER, user);
    bool yes = who != NULL && whom != NULL && reports_to(r, &whom->parsed.user, leader, now);
    uint32_t at = whom == NULL ? 0 : user_department(r, &whom->parsed.user, now);
    /* 64 steps at most, so that a ring in the tree ends. */
    for (unsigned step = 0; who != NULL && at != 0 && !yes && step < 64; step++) {
        yes = user_leads(r, &who->parsed.user, at, now);
        const struct item *d = registry_find(r, REGISTRY_DEPARTMENT, at);
        at = d == NULL ? 0 : d->parsed.department.parent;
    }
    return yes && leader != user;
}

bool registry_leads(struct registry *r, uint32_t leader, uint32_t user) {
    (void)pthread_rwlock_rdlock(&r->lock);
    bool yes = leads(r, leader, user, clock_wall_ms());
    (void)pthread_rwlock_unlock(&r->lock);
    return yes;
}

/* By himself, or for a leader on leave who lent him his roles. */
static bool decides_for(const struct registry *r, const struct item *i, uint32_t user, int64_t now) {
    if (i->parsed.user.duties != 0 || i->id == user)
        return false;
    bool yes = leads(r, i->id, user, now);
    for (size_t k = 0; k < r->grant_count && !yes; k++) {
        const struct parsed_grant *g = &r->grants[k]->parsed.grant;
        yes = g->from != 0 && grant_is_live(g, i->id, now) && lender(r, g, now) != NULL &&
              leads(r, g->from, user, now);
    }
    return yes;
}

bool registry_decides_for(struct registry *r, uint32_t leader, uint32_t user) {
    (void)pthread_rwlock_rdlock(&r->lock);
    const struct item *i = live_user(r, leader);
    bool yes = i != NULL && decides_for(r, i, user, clock_wall_ms());
    (void)pthread_rwlock_unlock(&r->lock);
    return yes;
}

size_t registry_deciders(struct registry *r, uint32_t user, uint32_t *out, size_t room) {
    int64_t now = clock_wall_ms();
    size_t n = 0;
    (void)pthread_rwlock_rdlock(&r->lock);
    for (size_t k = 0; k < r->count && n < room; k++) {
        const struct item *i = r->items[k];
        if (i->kind == REGISTRY_USER && registry_user_is_live(r, &i->parsed.user, now) &&
            decides_for(r, i, user, now))
            out[n++] = i->id;
    }
    (void)pthread_rwlock_unlock(&r->lock);
    return n;
}

bool registry_role_terms(struct registry *r, const char *name, struct role_terms *out) {
    (void)pthread_rwlock_rdlock(&r->lock);
    const struct parsed_role *role = registry_role(r, name);
    if (role != NULL)
        *out = role->terms;
    (void)pthread_rwlock_unlock(&r->lock);
    return role != NULL;
}

bool registry_document(struct registry *r, uint8_t kind, uint32_t id, struct arena *a, struct slice *out) {
    (void)pthread_rwlock_rdlock(&r->lock);
    const struct item *i = registry_find(r, kind, id);
    *out = i == NULL ? SLICE_NONE : arena_copy(a, slice_of(i->document, i->document_n));
    (void)pthread_rwlock_unlock(&r->lock);
    return out->p != NULL;
}

uint64_t registry_item_version(struct registry *r, uint8_t kind, uint32_t id) {
    (void)pthread_rwlock_rdlock(&r->lock);
    const struct item *i = registry_find(r, kind, id);
    uint64_t version = i == NULL ? 0 : i->version;
    (void)pthread_rwlock_unlock(&r->lock);
    return version;
}

size_t registry_grants_of(struct registry *r, uint32_t user, uint32_t *out, size_t room) {
    size_t n = 0;
    int64_t now = clock_wall_ms();
    (void)pthread_rwlock_rdlock(&r->lock);
    for (size_t i = 0; i < r->grant_count && n < room; i++) {
        const struct parsed_grant *g = &r->grants[i]->parsed.grant;
        if ((g->user == user || g->from == user) && now < g->until)
            out[n++] = r->grants[i]->id;
    }
    (void)pthread_rwlock_unlock(&r->lock);
    return n;
}

struct asking {
    const struct registry *r;
    bool duty;
    const uint8_t *address;
    int64_t now;
};

static enum status apply_role(const struct asking *a, const char *name, struct sign_in_verdict *out,
                              struct error *e) {
    const struct parsed_role *role = registry_role(a->r, name);
    return role == NULL ? ST_OK : sign_in_rules_apply(&role->sign_in, a->duty, a->address, a->now, out, e);
}

/* Roles for a time bring their rules with them. */
static enum status apply_grants(const struct asking *a, uint32_t user, struct sign_in_verdict *out,
                                struct error *e) {
    enum status s = ST_OK;
    for (size_t i = 0; i < a->r->grant_count; i++) {
        const struct parsed_grant *g = &a->r->grants[i]->parsed.grant;
        if (!grant_is_live(g, user, a->now))
            continue;
        const struct parsed_user *from = lender(a->r, g, a->now);
        for (size_t k = 0; s == ST_OK && k < g->roles.count; k++)
            s = grant_gives(g, from, k, a->now) ? apply_role(a, g->roles.name[k], out, e) : ST_OK;
    }
    return s;
}

enum status registry_sign_in(struct registry *r, uint32_t user, const uint8_t address[16], int64_t now,
                             struct sign_in_verdict *out, struct error *e) {
    memset(out, 0, sizeof *out);
    (void)pthread_rwlock_rdlock(&r->lock);
    const struct item *i = registry_find(r, REGISTRY_USER, user);
    enum status s = i == NULL ? error_set(e, ST_NOT_FOUND, "not_found", "there is no such user") : ST_OK;
    struct asking a = {r, s == ST_OK && i->parsed.user.duties != 0, address, now};
    if (s == ST_OK)
        s = sign_in_rules_apply(&r->company.sign_in, a.duty, address, now, out, e);
    struct role_names roles = {.count = 0};
    if (s == ST_OK)
        user_all_roles(&i->parsed.user, now, &roles);
    if (s == ST_OK && address != NULL && i->parsed.user.partner &&
        (i->parsed.user.trained_at == 0 || i->parsed.user.trained_at > now))
        s = error_set(e, ST_DENIED, "training_missing", "the partner's training is not confirmed yet");
    for (size_t k = 0; s == ST_OK && k < roles.count; k++)
        s = apply_role(&a, roles.name[k], out, e);
    if (s == ST_OK)
        s = apply_grants(&a, user, out, e);
    (void)pthread_rwlock_unlock(&r->lock);
    return s;
}

uint32_t registry_home_of(struct registry *r, uint32_t user) {
    (void)pthread_rwlock_rdlock(&r->lock);
    const struct item *i = registry_find(r, REGISTRY_USER, user);
    uint32_t place = i == NULL ? 0 : user_department(r, &i->parsed.user, clock_wall_ms());
    (void)pthread_rwlock_unlock(&r->lock);
    return place;
}

uint32_t registry_sponsor(struct registry *r, uint32_t user) {
    (void)pthread_rwlock_rdlock(&r->lock);
    const struct item *i = registry_find(r, REGISTRY_USER, user);
    uint32_t sponsor = i != NULL && i->parsed.user.partner ? i->parsed.user.sponsor : 0;
    (void)pthread_rwlock_unlock(&r->lock);
    return sponsor;
}
