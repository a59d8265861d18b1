#include "people/rights.h"

#include "base/json_in.h"

#include <jansson.h>
#include <string.h>

static struct actor actor_of(const struct directory *d, const struct staff *s) {
    const struct department *own = directory_department(d, s->department);
    return (struct actor){.user = s->id,
                          .login = s->login,
                          .department = s->department,
                          .branch = own == NULL ? 0 : own->branch,
                          .manages = s->manages,
                          .manages_count = s->manages_count,
                          .reports = s->reports,
                          .reports_count = s->reports_count};
}

static bool has_role(const struct actor *a, const char *role) {
    for (size_t i = 0; i < a->role_count; i++) {
        if (strcmp(a->roles[i], role) == 0)
            return true;
    }
    return false;
}

/* Roles that a document names; with `only`, those alone that it has too. */
static enum status add_roles(const json_t *document, const struct actor *only, struct arena *a,
                             struct actor *to) {
    const json_t *names = json_object_get(document, "roles");
    for (size_t i = 0; i < json_array_size(names) && to->role_count < ACTOR_ROLES_MAX; i++) {
        const char *name = json_string_value(json_array_get(names, i));
        if (name == NULL || has_role(to, name) || (only != NULL && !has_role(only, name)))
            continue;
        to->roles[to->role_count] = arena_string(a, slice_from_string(name));
        if (to->roles[to->role_count++] == NULL)
            return ST_NOMEM;
    }
    return ST_OK;
}

static enum status own_roles(const struct staff *s, struct arena *a, struct actor *to) {
    json_t *document = NULL;
    enum status st = json_read(s->document, 0, &document, NULL);
    if (st == ST_OK)
        st = add_roles(document, NULL, a, to);
    json_decref(document);
    return st;
}

/* Lent is what the lender has himself, and while he is there; a duty's holder lends nothing. */
static enum status add_lent(const struct directory *d, const struct staff_grant *g, const json_t *document,
                            struct arena *a, struct rights *out) {
    const struct staff *from = directory_staff(d, g->from);
    if (from == NULL || from->disabled || from->duties != 0 || out->lent_count == PRINCIPAL_LENT_MAX)
        return ST_OK;
    struct actor has = actor_of(d, from), *lender = &out->lent[out->lent_count];
    enum status s = own_roles(from, a, &has);
    *lender = actor_of(d, from);
    if (s == ST_OK)
        s = add_roles(document, &has, a, lender);
    out->lent_count += lender->role_count > 0;
    return s;
}

static enum status add_grant(const struct directory *d, const struct staff_grant *g, int64_t now_ms,
                             struct arena *a, struct rights *out) {
    json_t *document = NULL;
    enum status s = json_read(g->document, 0, &document, NULL);
    if (s == ST_OK && json_integer_value(json_object_get(document, "since")) <= now_ms)
        s = g->from == 0 ? add_roles(document, NULL, a, &out->own) : add_lent(d, g, document, a, out);
    json_decref(document);
    return s;
}

enum status rights_of(const struct directory *d, uint32_t user, int64_t now_ms, struct arena *a,
                      struct rights *out) {
    const struct staff *staff = directory_staff(d, user);
    if (staff == NULL)
        return ST_NOT_FOUND;
    *out = (struct rights){.own = actor_of(d, staff)};
    enum status s = own_roles(staff, a, &out->own);
    for (size_t i = 0; i < d->grant_count && s == ST_OK; i++) {
        const struct staff_grant *g = &d->grants[i];
        if (g->user == user && !g->ended && now_ms < g->until)
            s = add_grant(d, g, now_ms, a, out);
    }
    return s;
}

void rights_of_principal(const struct directory *d, const struct principal *who, const struct actor *own,
                         struct rights *out) {
    *out = (struct rights){.own = *own};
    for (size_t i = 0; i < who->lent_count && i < PRINCIPAL_LENT_MAX; i++) {
        const struct staff *from = directory_staff(d, who->lent[i].from);
        if (from == NULL)
            continue;
        struct actor *lender = &out->lent[out->lent_count++];
        *lender = actor_of(d, from);
        for (size_t k = 0; k < who->lent[i].role_count && k < PRINCIPAL_LENT_ROLES; k++)
            lender->roles[lender->role_count++] = who->lent[i].roles[k];
    }
}
