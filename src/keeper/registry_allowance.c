/* Approvals of high-risk acts that hold now (keeper/allowance.h counts them). */
#include "base/clock.h"
#include "keeper/registry_posts.h"

/* The person's own, not over, and he stands where he stood: another department's head has not agreed. */
static bool holds(const struct registry *r, const struct parsed_grant *g, uint32_t user, int64_t now) {
    const struct item *i = g->allows && g->user == user ? registry_find(r, REGISTRY_USER, user) : NULL;
    return i != NULL && !g->ended && g->since <= now && now < g->until &&
           registry_user_is_live(r, &i->parsed.user, now) &&
           user_department(r, &i->parsed.user, now) == g->department;
}

/* In the order of their end; the last one goes where there is no room. */
static size_t keep(struct registry_allowance *list, size_t n, size_t room, const struct parsed_grant *g) {
    size_t at = n;
    while (at > 0 && list[at - 1].until > g->until)
        at--;
    if (at == room)
        return n;
    n = n < room ? n + 1 : n;
    memmove(&list[at + 1], &list[at], (n - 1 - at) * sizeof *list);
    list[at] = g->allow;
    list[at].until = g->until;
    return n;
}

size_t registry_allowances(struct registry *r, uint32_t user, const char *act, uint16_t object,
                           struct registry_allowance *out, size_t room) {
    int64_t now = clock_wall_ms();
    size_t n = 0;
    (void)pthread_rwlock_rdlock(&r->lock);
    for (size_t i = 0; i < r->grant_count; i++) {
        const struct parsed_grant *g = &r->grants[i]->parsed.grant;
        if (holds(r, g, user, now) && strcmp(g->allow.act, act) == 0 &&
            (g->allow.object == 0 || g->allow.object == object))
            n = keep(out, n, room, g);
    }
    (void)pthread_rwlock_unlock(&r->lock);
    return n;
}
