#include "policy/set.h"

struct verdict {
    bool permitted, forbidden;
};

/* Of the policy at `at`. `holds`: the probes found all of its conditions true. A permit is not looked at any
 * more once there is one. */
static bool apply(struct model *m, const struct policy_set *set, size_t at, bool holds, struct verdict *v) {
    const struct policy *p = set->policies[at];
    if (!p->forbid && v->permitted)
        return true;
    const struct condition *failed;
    bool applies = policy_index_head(set->index, &m->eval, p, at);
    if (applies && !holds && eval_conditions(&m->eval, p, &applies, &failed) == EVAL_NO_MEMORY)
        return false;
    v->permitted = v->permitted || (applies && !p->forbid);
    v->forbidden = v->forbidden || (applies && p->forbid);
    return true;
}

/* False: no memory. */
static bool decide(struct model *m, const struct policy_set *set, struct verdict *v) {
    size_t words = set->index->words;
    uint64_t *bits = arena_array(m->query->arena, words * 3, sizeof *bits);
    if (bits == NULL)
        return false;
    uint64_t *sure = bits + words;
    const struct cedar_entity *const request[] = {&m->eval.principal.entity, &m->eval.action.entity,
                                                  &m->eval.resource.entity};
    policy_index_ask(set->index, &m->entities, request, bits);
    policy_probes_ask(set->probes, &m->eval, bits, sure);
    for (size_t word = 0; word < words; word++) {
        for (uint64_t left = bits[word]; left != 0; left &= left - 1) {
            unsigned bit = (unsigned)__builtin_ctzll(left);
            size_t i = word * 64 + bit;
            if (i < set->count && !apply(m, set, i, (sure[word] >> bit & 1) != 0, v))
                return false;
            if (v->forbidden)
                return true;
        }
    }
    return true;
}

enum status policy_decide(const struct policy_query *q, enum act act, const struct field_def *field,
                          pred_lookup lookup, const void *row, bool *allowed, struct error *e) {
    struct model m;
    struct verdict v = {false, false};
    *allowed = false;
    if (model_init(&m, q) != ST_OK || model_set_row(&m, lookup, row) != ST_OK)
        return error_set(e, ST_NOMEM, "no_memory", "policies: no memory");
    model_set_act(&m, act);
    model_set_field(&m, field);
    if (!decide(&m, q->set, &v))
        return error_set(e, ST_NOMEM, "no_memory", "policies: no memory");
    *allowed = v.permitted && !v.forbidden;
    return ST_OK;
}
