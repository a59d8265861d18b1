#include "policy/filter.h"

enum status filter_init(struct filter *f, struct arena *a, size_t count) {
    *f = (struct filter){.permits = arena_array(a, count, sizeof *f->permits),
                         .forbids = arena_array(a, count, sizeof *f->forbids)};
    return f->permits == NULL || f->forbids == NULL ? ST_NOMEM : ST_OK;
}

void filter_add(struct filter *f, const struct policy *p, const struct pred *applies) {
    if (applies->op == PRED_FALSE)
        return;
    if (p->forbid)
        f->forbids[f->forbid_count++] = applies;
    else
        f->permits[f->permit_count++] = applies;
}

enum status filter_join(const struct filter *f, struct arena *a, const struct pred **out, struct error *e) {
    const struct pred *permitted = f->permitted ? &pred_true : pred_any(a, f->permits, f->permit_count);
    const struct pred *forbidden = pred_any(a, f->forbids, f->forbid_count);
    *out = permitted == NULL || permitted->op == PRED_FALSE
               ? permitted
               : pred_and(a, permitted, pred_complement(a, forbidden));
    if (*out == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "policies: too large for a row filter");
    if (!pred_within_limits(*out))
        return error_set(e, ST_INVALID, "policy_not_reducible",
                         "all policies together: too large for a row filter");
    return ST_OK;
}

enum status policy_filter(const struct policy_query *q, enum act act, const struct pred **out,
                          struct error *e) {
    struct model m;
    struct filter f;
    size_t count = q->set->by_act_count[act];
    if (model_init(&m, q) != ST_OK || filter_init(&f, q->arena, count) != ST_OK)
        return error_set(e, ST_NOMEM, "no_memory", "policies: no memory");
    f.permitted = q->unless_forbidden;
    model_set_act(&m, act);
    struct reduction r = {.model = &m, .error = e};
    for (size_t i = 0; i < count; i++) {
        const struct pred *applies;
        enum status s = reduce_policy(&r, q->set->by_act[act][i], &applies);
        if (s != ST_OK)
            return s;
        filter_add(&f, q->set->by_act[act][i], applies);
    }
    return filter_join(&f, q->arena, out, e);
}
