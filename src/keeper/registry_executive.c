#include "keeper/registry_executive.h"

#include "base/clock.h"
#include "base/json_in.h"
#include "keeper/registry_table.h"

#include <stdio.h>
#include <string.h>

static json_int_t number(const json_t *object, const char *key) {
    return json_integer_value(json_object_get(object, key));
}

static bool names_one(const struct high_risk_rights *r, const json_t *names) {
    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *name = json_string_value(json_array_get(names, i));
        if (name != NULL && high_risk_is_executive(r, name))
            return true;
    }
    return false;
}

bool executive_holds(const struct high_risk_rights *r, const json_t *person, int64_t now_ms) {
    const json_t *posts = json_object_get(person, "posts");
    bool holds = names_one(r, json_object_get(person, "roles"));
    for (size_t i = 0; i < json_array_size(posts) && !holds; i++) {
        const json_t *post = json_array_get(posts, i);
        json_int_t until = number(post, "until");
        char key[24];
        (void)snprintf(key, sizeof key, "%lld", (long long)number(post, "id"));
        holds = (until == 0 || until > now_ms) &&
                names_one(r, json_object_get(json_object_get(person, "post_roles"), key));
    }
    return holds;
}

/* What is not said, is nothing, or is empty comes to the same. */
static bool is_none(const json_t *v) {
    return v == NULL || json_is_null(v) || json_is_false(v) ||
           (json_is_integer(v) && json_integer_value(v) == 0) ||
           (json_is_string(v) && json_string_length(v) == 0) ||
           (json_is_array(v) && json_array_size(v) == 0) || (json_is_object(v) && json_object_size(v) == 0);
}

static bool differs(const json_t *before, const json_t *after, const char *key) {
    const json_t *a = json_object_get(before, key), *b = json_object_get(after, key);
    return !(is_none(a) && is_none(b)) && !json_equal(a, b);
}

/* An account that is shut, or ends earlier. */
static bool only_closes(const json_t *before, const json_t *after, const char *key) {
    if (strcmp(key, "disabled") == 0)
        return json_is_true(json_object_get(after, key));
    json_int_t was = number(before, key), is = number(after, key);
    return strcmp(key, "until") == 0 && is != 0 && (was == 0 || is < was);
}

enum executive_part executive_person(const struct high_risk_rights *r, const json_t *before,
                                     const json_t *after, bool timed, int64_t now_ms) {
    static const char *const rights[] = {"roles",      "post_roles", "posts", "department",    "manages",
                                         "duties",     "disabled",   "until", "kind",          "sponsor",
                                         "trained_at", "login",      "mail",  "mail_confirmed"};
    enum executive_part part = EXECUTIVE_NONE;
    if (!timed && !executive_holds(r, before, now_ms) && !executive_holds(r, after, now_ms))
        return EXECUTIVE_NONE;
    for (size_t i = 0; i < sizeof rights / sizeof rights[0]; i++) {
        if (!differs(before, after, rights[i]))
            continue;
        if (before == NULL || !only_closes(before, after, rights[i]))
            return EXECUTIVE_CHANGED;
        part = EXECUTIVE_CLOSED;
    }
    return part;
}

enum executive_part executive_role(const struct high_risk_rights *r, const json_t *before,
                                   const json_t *after) {
    const char *name = json_string_value(json_object_get(before, "name")), *key;
    json_t *value;
    if (name == NULL || !high_risk_is_executive(r, name))
        return EXECUTIVE_NONE;
    const json_t *sides[2][2] = {{before, after}, {after, before}};
    for (size_t i = 0; i < 2; i++) {
        json_object_foreach((json_t *)(uintptr_t)sides[i][0], key, value) {
            bool shown = strcmp(key, "label") == 0 || strcmp(key, "id") == 0;
            if (!shown && differs(sides[i][0], sides[i][1], key))
                return EXECUTIVE_CHANGED;
        }
    }
    return EXECUTIVE_NONE;
}

enum executive_part executive_grant(const struct high_risk_rights *r, const json_t *before,
                                    const json_t *after, bool holder) {
    const json_t *roles = json_object_get(after, "roles");
    if (json_array_size(roles) == 0 || (!holder && !names_one(r, roles)))
        return EXECUTIVE_NONE; /* fields or acts for some hours, or nobody's business here */
    if (before == NULL)
        return EXECUTIVE_CHANGED;
    return differs(before, after, "ended") ? EXECUTIVE_CLOSED : EXECUTIVE_NONE;
}

/* ---- in the registry ---- */

/* Whether he has one for a time; a loan counts whatever its lender has left. */
static bool has_timed(const struct registry *r, uint32_t user, int64_t now) {
    const struct high_risk_rights *rights = &r->company.high_risk.rights;
    for (size_t i = 0; i < r->grant_count; i++) {
        const struct parsed_grant *g = &r->grants[i]->parsed.grant;
        for (size_t k = 0; g->user == user && !g->ended && now < g->until && k < g->roles.count; k++) {
            if (high_risk_is_executive(rights, g->roles.name[k]))
                return true;
        }
    }
    return false;
}

/* Without memory to tell: as if he were one. */
static bool is_executive(const struct registry *r, uint32_t user, int64_t now) {
    const struct item *i = registry_find(r, REGISTRY_USER, user);
    json_t *d = NULL;
    if (i == NULL)
        return false;
    if (has_timed(r, user, now) || json_read(slice_of(i->document, i->document_n), 0, &d, NULL) != ST_OK)
        return true;
    bool is = executive_holds(&r->company.high_risk.rights, d, now);
    json_decref(d);
    return is;
}

enum executive_part executive_change(const struct registry *r, uint8_t kind, const struct item *old,
                                     const json_t *before, const json_t *after) {
    const struct high_risk_rights *rights = &r->company.high_risk.rights;
    int64_t now = clock_wall_ms();
    switch (kind) {
    case REGISTRY_USER:
        return executive_person(rights, before, after, old != NULL && has_timed(r, old->id, now), now);
    case REGISTRY_ROLE:
        return executive_role(rights, before, after);
    case REGISTRY_GRANT:
        return executive_grant(rights, before, after, is_executive(r, (uint32_t)number(after, "user"), now));
    default:
        return EXECUTIVE_NONE;
    }
}

static enum executive_part overlaid(const struct registry *r, const struct registry_change *c,
                                    json_t *change) {
    const struct item *old = registry_find(r, c->kind, c->id);
    json_t *before = NULL;
    if (old != NULL && json_read(slice_of(old->document, old->document_n), 0, &before, NULL) != ST_OK)
        return EXECUTIVE_CHANGED;
    /* A role's document is written whole. */
    json_t *after = before == NULL || c->kind == REGISTRY_ROLE ? json_object() : json_copy(before);
    bool made = after != NULL && json_object_update(after, change) == 0;
    enum executive_part part = made ? executive_change(r, c->kind, old, before, after) : EXECUTIVE_CHANGED;
    json_decref(after);
    json_decref(before);
    return part;
}

size_t registry_executives(struct registry *r, const struct registry_change *changes, size_t count) {
    size_t n = 0;
    (void)pthread_rwlock_rdlock(&r->lock);
    for (size_t i = 0; i < count && high_risk_asks_rights(&r->company.high_risk.rights); i++) {
        json_t *change = NULL;
        if (registry_parse_json(changes[i].document, &change, NULL) == ST_OK)
            n += overlaid(r, &changes[i], change) == EXECUTIVE_CHANGED;
        json_decref(change);
    }
    (void)pthread_rwlock_unlock(&r->lock);
    return n;
}

bool registry_is_executive(struct registry *r, uint32_t user, const struct role_names *fresh) {
    bool is = false;
    (void)pthread_rwlock_rdlock(&r->lock);
    const struct high_risk_rights *rights = &r->company.high_risk.rights;
    if (high_risk_asks_rights(rights)) {
        for (size_t i = 0; fresh != NULL && i < fresh->count; i++)
            is = is || high_risk_is_executive(rights, fresh->name[i]);
        is = is || is_executive(r, user, clock_wall_ms());
    }
    (void)pthread_rwlock_unlock(&r->lock);
    return is;
}
