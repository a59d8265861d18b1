#include "keeper/registry_review.h"

#include "keeper/registry_posts.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH_MOST 64

struct head {
    uint32_t department, user;
};

struct rights {
    const struct registry *r;
    int64_t now;
    struct arena *a;
    struct held_right *list;
    size_t count, room;
    struct head *heads;
    size_t head_count;
};

const char *right_kind_name(enum right_kind kind) {
    static const char *const names[] = {"role", "post_role", "grant", "loan", "duty", "key", "access"};
    return kind < RIGHT_KINDS ? names[kind] : "?";
}

static int by_department(const void *x, const void *y) {
    const struct head *a = x, *b = y;
    if (a->department != b->department)
        return a->department < b->department ? -1 : 1;
    return a->user < b->user ? -1 : a->user > b->user;
}

static bool leads_now(const struct rights *s, const struct parsed_user *u) {
    return u->manages_count > 0 || u->post_count > 0 ? registry_user_is_live(s->r, u, s->now) : false;
}

/* Everybody who leads a department, by department: one pass instead of one for each person. */
static bool find_heads(struct rights *s) {
    size_t room = 0;
    for (size_t i = 0; i < s->r->count; i++) {
        const struct parsed_user *u = &s->r->items[i]->parsed.user;
        room += s->r->items[i]->kind == REGISTRY_USER ? u->manages_count + u->post_count : 0;
    }
    s->heads = arena_array(s->a, room + 1, sizeof *s->heads);
    for (size_t i = 0; s->heads != NULL && i < s->r->count; i++) {
        const struct item *x = s->r->items[i];
        const struct parsed_user *u = &x->parsed.user;
        if (x->kind != REGISTRY_USER || !leads_now(s, u))
            continue;
        for (size_t k = 0; k < u->manages_count; k++)
            s->heads[s->head_count++] = (struct head){u->manages[k], x->id};
        for (size_t k = 0; k < u->post_count; k++) {
            if (u->posts[k].leads)
                s->heads[s->head_count++] = (struct head){u->posts[k].department, x->id};
        }
    }
    if (s->heads != NULL)
        qsort(s->heads, s->head_count, sizeof *s->heads, by_department);
    return s->heads != NULL;
}

static uint32_t head_of_department(const struct rights *s, uint32_t department, uint32_t but) {
    size_t low = 0, high = s->head_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (s->heads[middle].department < department)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < s->head_count && s->heads[low].department == department; low++) {
        const struct item *x = registry_find(s->r, REGISTRY_USER, s->heads[low].user);
        if (x->id != but && user_leads(s->r, &x->parsed.user, department, s->now))
            return x->id;
    }
    return 0;
}

static uint32_t head_of(const struct rights *s, const struct item *who) {
    const struct parsed_user *u = &who->parsed.user;
    const struct parsed_post *main = user_main_post(u, s->now);
    const struct item *named =
        main == NULL || main->reports_to == 0 ? NULL : registry_find(s->r, REGISTRY_USER, main->reports_to);
    if (named != NULL && named->id != who->id && registry_user_is_live(s->r, &named->parsed.user, s->now))
        return named->id;
    uint32_t at = user_department(s->r, u, s->now), head = 0;
    for (unsigned step = 0; at != 0 && head == 0 && step < DEPTH_MOST; step++) {
        head = head_of_department(s, at, who->id);
        const struct item *d = registry_find(s->r, REGISTRY_DEPARTMENT, at);
        at = d == NULL ? 0 : d->parsed.department.parent;
    }
    return head;
}

static bool add(struct rights *s, const struct held_right *one, const char *name) {
    if (s->count == s->room) {
        size_t room = s->room == 0 ? 1024 : 2 * s->room;
        struct held_right *grown = realloc(s->list, room * sizeof *grown);
        if (grown == NULL)
            return false;
        s->list = grown;
        s->room = room;
    }
    struct held_right *to = &s->list[s->count++];
    *to = *one;
    (void)snprintf(to->name, sizeof to->name, "%s", name);
    return true;
}

static bool add_names(struct rights *s, const struct role_names *names, const struct held_right *one) {
    bool fine = true;
    for (size_t i = 0; fine && i < names->count; i++)
        fine = add(s, one, names->name[i]);
    return fine;
}

static bool add_grants(struct rights *s, const struct held_right *who, uint32_t place) {
    bool fine = true;
    for (size_t i = 0; fine && i < s->r->grant_count; i++) {
        const struct parsed_grant *g = &s->r->grants[i]->parsed.grant;
        struct held_right one = *who;
        if (g->user != who->user || g->ended || g->until <= s->now)
            continue;
        one.kind = g->from == 0 ? RIGHT_GRANT : RIGHT_LOAN;
        one.ref = s->r->grants[i]->id;
        one.from = g->from;
        one.until = g->until;
        one.kind = g->access ? RIGHT_ACCESS : one.kind;
        if (!g->access)
            fine = add_names(s, &g->roles, &one);
        else if (g->department == 0 || g->department == place) /* it holds where it was given only */
            fine = add(s, &one, g->object);
    }
    return fine;
}

static bool add_user(struct rights *s, const struct item *x) {
    static const struct {
        unsigned duty;
        const char *name;
    } duties[] = {{DUTY_SYSTEM_ADMIN, "system_admin"},
                  {DUTY_SECURITY_ADMIN, "security_admin"},
                  {DUTY_AUDITOR, "auditor"}};
    const struct parsed_user *u = &x->parsed.user;
    struct held_right one = {.user = x->id, .head = head_of(s, x), .kind = RIGHT_DUTY};
    bool fine = true;
    for (size_t i = 0; fine && i < 3; i++)
        fine = (u->duties & duties[i].duty) == 0 || add(s, &one, duties[i].name);
    if (!fine || u->duties != 0)
        return fine; /* beside a duty no role gives anything */
    one.kind = RIGHT_ROLE;
    fine = add_names(s, &u->roles, &one);
    one.kind = RIGHT_POST_ROLE;
    for (size_t i = 0; fine && i < u->post_count; i++) {
        struct role_names names;
        post_role_names(u, &u->posts[i], &names);
        one.ref = u->posts[i].id;
        one.until = u->posts[i].until;
        fine = (one.until != 0 && one.until <= s->now) || add_names(s, &names, &one);
    }
    one.ref = 0;
    one.until = 0;
    return fine && add_grants(s, &one, user_department(s->r, u, s->now));
}

static int by_user(const void *x, const void *y) {
    const struct held_right *a = x, *b = y;
    if (a->user != b->user)
        return a->user < b->user ? -1 : 1;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->ref != b->ref)
        return a->ref < b->ref ? -1 : 1;
    return strcmp(a->name, b->name);
}

enum status registry_rights(struct registry *r, int64_t now, struct arena *a, struct held_right **out,
                            size_t *count) {
    struct rights s = {.r = r, .now = now, .a = a};
    (void)pthread_rwlock_rdlock(&r->lock);
    bool fine = find_heads(&s);
    for (size_t i = 0; fine && i < r->count; i++) {
        const struct item *x = r->items[i];
        if (x->kind == REGISTRY_USER && registry_user_is_live(r, &x->parsed.user, now))
            fine = add_user(&s, x);
    }
    (void)pthread_rwlock_unlock(&r->lock);
    *out = fine ? arena_array(a, s.count + 1, sizeof **out) : NULL;
    *count = s.count;
    if (*out != NULL && s.count > 0) {
        qsort(s.list, s.count, sizeof *s.list, by_user);
        memcpy(*out, s.list, s.count * sizeof *s.list);
    }
    free(s.list);
    return *out != NULL ? ST_OK : ST_NOMEM;
}
