#include "policy/filter.h"
#include "policy/implies.h"

/* The policies of one act whose scope takes the principal in, with what each reduces to: by class unless it
 * looks at the field's name. */
struct column_of_act {
    const struct policy **policies;
    size_t count;
    const struct pred *(*memo)[CLASS_COUNT];
    bool by_field, by_class; /* some policy looks at the field's name; at its class */
    const struct pred *joined[CLASS_COUNT];
};

static enum status prepare_act(const struct policy_query *q, const struct model *m, enum act act,
                               struct column_of_act *c) {
    const struct eval *v = &m->eval;
    size_t count = q->set->by_act_count[act];
    *c = (struct column_of_act){.policies = arena_array(q->arena, count, sizeof *c->policies),
                                .memo = arena_array(q->arena, count, sizeof *c->memo)};
    if (c->policies == NULL || c->memo == NULL)
        return ST_NOMEM;
    for (size_t i = 0; i < count; i++) {
        const struct policy *p = q->set->by_act[act][i];
        bool other_type = (p->resource.op == SCOPE_IS || p->resource.op == SCOPE_IS_IN) &&
                          !slice_equal(p->resource.type, m->resource_type);
        if (other_type || !eval_scope(v->entities, &p->principal, &v->principal.entity))
            continue;
        c->policies[c->count++] = p;
        c->by_field = c->by_field || (p->mentions & MENTION_FIELD) != 0;
        c->by_class = c->by_class || (p->mentions & MENTION_CLASS) != 0;
    }
    return ST_OK;
}

/* model_set_field(field) is in force. */
static enum status policy_pred(struct reduction *r, struct column_of_act *c, size_t i,
                               const struct field_def *field, const struct pred **out) {
    const struct policy *p = c->policies[i];
    size_t class = (p->mentions & MENTION_CLASS) != 0 ? (size_t)field->class : 0;
    bool keep = (p->mentions & MENTION_FIELD) == 0;
    if (keep && c->memo[i][class] != NULL) {
        *out = c->memo[i][class];
        return ST_OK;
    }
    enum status s = reduce_policy(r, p, out);
    if (s == ST_OK && keep)
        c->memo[i][class] = *out;
    return s;
}

static enum status field_pred(struct reduction *r, struct column_of_act *c, const struct field_def *field,
                              const struct pred **out) {
    size_t class = c->by_class ? (size_t)field->class : 0;
    if (!c->by_field && c->joined[class] != NULL) {
        *out = c->joined[class];
        return ST_OK;
    }
    struct filter f;
    struct arena *a = r->model->query->arena;
    enum status s = filter_init(&f, a, c->count);
    f.permitted = r->model->query->unless_forbidden;
    model_set_field(r->model, field);
    for (size_t i = 0; i < c->count && s == ST_OK; i++) {
        const struct pred *applies = NULL;
        s = policy_pred(r, c, i, field, &applies);
        if (s == ST_OK)
            filter_add(&f, c->policies[i], applies);
    }
    if (s == ST_OK)
        s = filter_join(&f, a, out, r->error);
    if (s == ST_OK && !c->by_field)
        c->joined[class] = *out;
    return s;
}

static const struct pred **slot_of(struct field_view *v, enum act act) {
    return act == ACT_SEE ? &v->see : act == ACT_READ ? &v->read : act == ACT_WRITE ? &v->write : &v->match;
}

enum status policy_views(const struct policy_query *q, const struct field_view **out, struct error *e) {
    static const enum act acts[] = {ACT_SEE, ACT_READ, ACT_WRITE, ACT_MATCH};
    struct model m;
    struct field_view *views = arena_array(q->arena, q->object->field_count, sizeof *views);
    if (views == NULL || model_init(&m, q) != ST_OK)
        return error_set(e, ST_NOMEM, "no_memory", "policies: no memory");
    struct reduction r = {.model = &m, .error = e};
    for (size_t k = 0; k < sizeof acts / sizeof acts[0]; k++) {
        struct column_of_act c;
        model_set_act(&m, acts[k]);
        if (prepare_act(q, &m, acts[k], &c) != ST_OK)
            return error_set(e, ST_NOMEM, "no_memory", "policies: no memory");
        for (size_t i = 0; i < q->object->field_count; i++) {
            enum status s = field_pred(&r, &c, &q->object->fields[i], slot_of(&views[i], acts[k]));
            if (s != ST_OK)
                return s;
        }
    }
    *out = views;
    return ST_OK;
}

enum view policy_view_of(const struct field_view *v, pred_lookup lookup, const void *row) {
    if (pred_decide(v->read, lookup, row) == TRUTH_TRUE)
        return VIEW_CLEAR;
    return pred_decide(v->see, lookup, row) == TRUTH_TRUE ? VIEW_MASKED : VIEW_HIDDEN;
}

void policy_views_alike(const struct field_view *v, size_t count, uint16_t *first) {
    for (size_t i = 0; i < count; i++) {
        size_t k = 0;
        while (k < i && (first[k] != k || !pred_same(v[k].see, v[i].see) || !pred_same(v[k].read, v[i].read)))
            k++;
        first[i] = (uint16_t)k;
    }
}

enum view policy_view_everywhere(const struct field_view *v) {
    return policy_view_in(v, &pred_true);
}

enum view policy_view_in(const struct field_view *v, const struct pred *scope) {
    if (pred_implies(scope, v->read))
        return VIEW_CLEAR;
    return pred_implies_either(scope, v->see, v->read) ? VIEW_MASKED : VIEW_HIDDEN;
}
