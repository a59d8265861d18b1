#include "record/foresee.h"

#include "record/access.h"

enum status foresee(const struct caller *c, enum high_risk_act act, uint64_t n, struct error *e) {
    const struct high_risk *r = &c->world.directory->high_risk;
    int64_t age = c->context.second_factor_age;
    struct need need = high_risk_missing(r, act, access_has_reason(c), age < 0 ? -1 : age * 1000);
    if (n <= r->acts[act].above || !need_is_any(&need))
        return ST_OK;
    need.count = n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
    return need_refuse(&need, e);
}
