#include "record/caller.h"

#include "base/clock.h"
#include "record/access_cache.h"

/* Departments that he leads are told by the keeper's registry; the directory carries the tree only. */
enum status caller_prepare(struct caller *c, struct error *e) {
    const struct directory *d = c->world.directory;
    if (d == NULL)
        return error_set(e, ST_UNAVAILABLE, "not_ready", "the organisation is not loaded yet");
    c->actor.user = c->who.user;
    c->actor.login = c->who.login;
    c->actor.role_count = 0;
    for (size_t i = 0; i < c->who.role_count && i < ACTOR_ROLES_MAX; i++) {
        c->actor.roles[c->actor.role_count++] = c->who.roles[i];
    }
    c->actor.department = c->who.department;
    const struct department *own = directory_department(d, c->who.department);
    c->actor.branch = own == NULL ? 0 : own->branch;
    const struct staff *me = directory_staff(d, c->who.user);
    c->actor.manages = me == NULL ? NULL : me->manages;
    c->actor.manages_count = me == NULL ? 0 : me->manages_count;
    c->actor.reports = me == NULL ? NULL : me->reports;
    c->actor.reports_count = me == NULL ? 0 : me->reports_count;
    int64_t now = clock_wall_ms();
    c->context.now_ms = now;
    /* A job goes on with the factor that was shown when it was begun. */
    int64_t asked_at = c->who.is_job ? c->who.signed_in_at : now;
    c->context.second_factor_age =
        c->who.second_factor_at == 0 ? -1 : (asked_at - c->who.second_factor_at) / 1000;
    if (c->context.purpose == NULL)
        c->context.purpose = "";
    c->context.network = network_name(d->networks, d->network_count, c->call.address);
    return ST_OK;
}

void caller_release(struct caller *c) {
    for (size_t i = 0; i < c->held_count; i++)
        access_entry_release(c->held[i]);
    c->held_count = 0;
}

void caller_finish(struct caller *c) {
    caller_release(c);
    world_leave(&c->world);
}
