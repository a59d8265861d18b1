#include "policy/set.h"

enum status policy_decide(const struct policy_query *q, enum act act, const struct field_def *field,
                          pred_lookup lookup, const void *row, bool *allowed, struct error *e) {
    struct model m;
    *allowed = false;
    if (model_init(&m, q) != ST_OK || model_set_row(&m, lookup, row) != ST_OK)
        return error_set(e, ST_NOMEM, "no_memory", "policies: no memory");
    model_set_act(&m, act);
    model_set_field(&m, field);
    bool permitted = false;
    for (size_t i = 0; i < q->set->by_act_count[act]; i++) {
        const struct policy *p = q->set->by_act[act][i];
        if (!p->forbid && permitted)
            continue;
        bool applies;
        const struct condition *failed;
        if (eval_policy(&m.eval, p, &applies, &failed) == EVAL_NO_MEMORY)
            return error_set(e, ST_NOMEM, "no_memory", "policies: no memory");
        if (applies && p->forbid)
            return ST_OK;
        permitted = permitted || applies;
    }
    *allowed = permitted;
    return ST_OK;
}
