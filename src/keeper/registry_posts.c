#include "keeper/registry_posts.h"

#define MERGED_STEPS 16 /* more merges of merged departments than that are no tree */

bool post_holds(const struct parsed_post *p, int64_t now) {
    return p->from <= now && (p->until == 0 || now < p->until);
}

const struct parsed_post *user_main_post(const struct parsed_user *u, int64_t now) {
    const struct parsed_post *first = NULL;
    for (size_t i = 0; i < u->post_count; i++) {
        if (!post_holds(&u->posts[i], now))
            continue;
        if (u->posts[i].main)
            return &u->posts[i];
        first = first == NULL ? &u->posts[i] : first;
    }
    return first;
}

uint32_t registry_home(const struct registry *r, uint32_t department) {
    for (unsigned step = 0; step < MERGED_STEPS; step++) {
        const struct item *d = registry_find(r, REGISTRY_DEPARTMENT, department);
        if (d == NULL || d->parsed.department.merged_into == 0)
            break;
        department = d->parsed.department.merged_into;
    }
    return department;
}

uint32_t user_department(const struct registry *r, const struct parsed_user *u, int64_t now) {
    const struct parsed_post *main = user_main_post(u, now);
    if (u->post_count > 0)
        return main == NULL ? 0 : registry_home(r, main->department);
    return registry_home(r, u->department);
}

static void add_name(struct role_names *to, const char *name) {
    if (!role_names_have(to, name) && to->count < KEEPER_ROLES_MAX)
        memcpy(to->name[to->count++], name, sizeof to->name[0]);
}

static void add_post(const struct parsed_user *u, const struct parsed_post *p, struct role_names *to) {
    for (size_t i = 0; i < u->post_roles.count; i++) {
        if (p->roles >> i & 1)
            add_name(to, u->post_roles.name[i]);
    }
}

void post_role_names(const struct parsed_user *u, const struct parsed_post *p, struct role_names *out) {
    out->count = 0;
    add_post(u, p, out);
}

void user_main_roles(const struct parsed_user *u, int64_t now, struct role_names *out) {
    const struct parsed_post *main = user_main_post(u, now);
    out->count = 0;
    if (u->post_count > 0 && main == NULL)
        return;
    for (size_t i = 0; i < u->roles.count; i++)
        add_name(out, u->roles.name[i]);
    if (main != NULL)
        add_post(u, main, out);
}

void user_all_roles(const struct parsed_user *u, int64_t now, struct role_names *out) {
    user_main_roles(u, now, out);
    for (size_t i = 0; i < u->post_count; i++) {
        if (post_holds(&u->posts[i], now))
            add_post(u, &u->posts[i], out);
    }
}

bool user_has_role(const struct parsed_user *u, const char *name, int64_t now) {
    struct role_names all;
    user_all_roles(u, now, &all);
    return role_names_have(&all, name);
}

static bool is_merged(const struct registry *r, uint32_t department) {
    return registry_home(r, department) != department;
}

bool user_leads(const struct registry *r, const struct parsed_user *u, uint32_t department, int64_t now) {
    bool leads = false;
    if (is_merged(r, department) || (u->post_count > 0 && user_main_post(u, now) == NULL))
        return false;
    for (size_t i = 0; i < u->manages_count; i++)
        leads = leads || u->manages[i] == department;
    for (size_t i = 0; i < u->post_count; i++) {
        const struct parsed_post *p = &u->posts[i];
        leads = leads || (p->leads && p->department == department && post_holds(p, now));
    }
    return leads;
}

bool registry_user_is_live(const struct registry *r, const struct parsed_user *u, int64_t now) {
    if (!user_is_live(u, now))
        return false;
    const struct item *sponsor = u->partner ? registry_find(r, REGISTRY_USER, u->sponsor) : NULL;
    return !u->partner || (sponsor != NULL && user_is_live(&sponsor->parsed.user, now));
}
