/* Who somebody is to single sign-on: his department, his duty, his mail. */
#include "base/clock.h"
#include "keeper/registry_posts.h"

static bool is_live(const struct item *i, int64_t now) {
    return i != NULL && user_is_live(&i->parsed.user, now);
}

/* What is merged stands below what it was merged into: both count. */
static bool is_below(const struct registry *r, uint32_t at, const uint32_t *departments, size_t count) {
    for (unsigned step = 0; at != 0 && step < 64; step++) {
        for (size_t k = 0; k < count; k++) {
            if (departments[k] == at)
                return true;
        }
        const struct item *d = registry_find(r, REGISTRY_DEPARTMENT, at);
        at = d == NULL ? 0 : d->parsed.department.parent;
    }
    return false;
}

bool registry_in_departments(struct registry *r, uint32_t user, const uint32_t *departments, size_t count) {
    (void)pthread_rwlock_rdlock(&r->lock);
    const struct item *whom = registry_find(r, REGISTRY_USER, user);
    const struct parsed_user *u = whom == NULL ? NULL : &whom->parsed.user;
    int64_t now = clock_wall_ms();
    bool in = u != NULL && u->post_count == 0 && is_below(r, u->department, departments, count);
    for (size_t i = 0; u != NULL && !in && i < u->post_count; i++)
        in = post_holds(&u->posts[i], now) && is_below(r, u->posts[i].department, departments, count);
    (void)pthread_rwlock_unlock(&r->lock);
    return in;
}

bool registry_holds_duty(struct registry *r, uint32_t user, bool *last) {
    int64_t now = clock_wall_ms();
    (void)pthread_rwlock_rdlock(&r->lock);
    const struct item *whom = registry_find(r, REGISTRY_USER, user);
    unsigned duties = !is_live(whom, now) ? 0 : whom->parsed.user.duties;
    *last = duties != 0;
    for (size_t i = 0; *last && i < r->count; i++) {
        const struct item *x = r->items[i];
        if (x != whom && x->kind == REGISTRY_USER && user_is_live(&x->parsed.user, now) &&
            (x->parsed.user.duties & duties) != 0)
            *last = false;
    }
    (void)pthread_rwlock_unlock(&r->lock);
    return duties != 0;
}

enum status registry_by_mail(struct registry *r, const char *mail, uint32_t *user) {
    char lower[sizeof((struct parsed_user *)0)->mail];
    size_t found = 0;
    int64_t now = clock_wall_ms();
    if (mail[0] == '\0' || strlen(mail) >= sizeof lower)
        return ST_NOT_FOUND;
    for (size_t i = 0; i <= strlen(mail); i++)
        lower[i] = (char)(mail[i] >= 'A' && mail[i] <= 'Z' ? mail[i] + ('a' - 'A') : mail[i]);
    (void)pthread_rwlock_rdlock(&r->lock);
    for (size_t i = 0; i < r->count; i++) {
        const struct item *x = r->items[i];
        if (x->kind != REGISTRY_USER || strcmp(x->parsed.user.mail, lower) != 0)
            continue;
        *user = x->id;
        found += is_live(x, now) && x->parsed.user.duties == 0 && x->parsed.user.mail_confirmed ? 1 : 2;
    }
    (void)pthread_rwlock_unlock(&r->lock);
    return found == 1 ? ST_OK : ST_NOT_FOUND;
}
