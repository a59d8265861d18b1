#include "record/foresee.h"

#include "record/access.h"

#include <stdio.h>

/* How many records of an object his approvals cover at most. */
static uint64_t approved(const struct caller *c, enum high_risk_act act, uint16_t object) {
    const struct directory *d = c->world.directory;
    uint64_t sum = 0;
    for (size_t i = 0; i < d->grant_count && !c->who.is_key; i++) {
        const struct staff_grant *g = &d->grants[i];
        bool live = g->allow_act != NULL && g->user == c->who.user && !g->ended && !g->moved &&
                    c->context.now_ms < g->until;
        if (live && strcmp(g->allow_act, high_risk_name(act)) == 0 &&
            (g->allow_object == 0 || g->allow_object == object))
            sum += g->allow_count;
    }
    return sum;
}

enum status foresee_parts(const struct caller *c, enum high_risk_act act, const struct foreseen *parts,
                          size_t count, struct error *e) {
    const struct high_risk *r = &c->world.directory->high_risk;
    const struct high_risk_terms *t = &r->acts[act];
    int64_t age = c->context.second_factor_age;
    struct need need = high_risk_missing(r, act, access_has_reason(c), age < 0 ? -1 : age * 1000);
    uint64_t n = 0, covered = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t most = t->approval ? approved(c, act, parts[i].object) : 0;
        /* Of a file only the most is known that it may hold: any approval lets it begin. */
        most = act == HIGH_RISK_IMPORT && most > 0 ? parts[i].n : most;
        n += parts[i].n;
        covered += most < parts[i].n ? most : parts[i].n;
    }
    if (n <= t->above)
        return ST_OK;
    need.approval = t->approval && covered < n - t->above;
    need.object = count == 1 ? parts[0].object : 0;
    need.count = n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
    return need_is_any(&need) ? need_refuse(&need, e) : ST_OK;
}

enum status foresee_obliged(const struct caller *c, enum high_risk_act act, uint16_t object, uint64_t n,
                            struct error *e) {
    uint64_t most = n == 0 ? 0 : approved(c, act, object);
    struct need need = {
        .approval = true, .object = object, .count = n > UINT32_MAX ? UINT32_MAX : (uint32_t)n};
    if (n <= most || (act == HIGH_RISK_IMPORT && most > 0))
        return ST_OK;
    (void)snprintf(need.act, sizeof need.act, "%s", high_risk_name(act));
    return need_refuse(&need, e);
}

enum status foresee(const struct caller *c, enum high_risk_act act, uint16_t object, uint64_t n,
                    struct error *e) {
    const struct foreseen one = {object, n};
    return foresee_parts(c, act, &one, 1, e);
}
