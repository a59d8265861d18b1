#include "policy/obligation.h"
#include "policy/reduce.h"
#include "policy/set.h"

#define CHECK_ARENA_LIMIT ((size_t)16 * 1024 * 1024)

/* ---- names that nothing has ---- */

static bool is_variable(const struct expr *e, enum variable v) {
    return e->op == EXPR_VARIABLE && e->variable == v;
}

static bool context_has(struct slice name) {
    static const char *const names[] = {
        "object", "field",   "class",   "purpose",  "reason",   "second_factor_age",
        "hour",   "weekday", "network", "approval", "watermark"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (slice_is(name, names[i]))
            return true;
    }
    return false;
}

static bool any_object_has(const struct object_set *objects, struct slice name) {
    for (size_t i = 0; i < objects->count; i++) {
        if (object_field(objects->objects[i], name) != NULL)
            return true;
    }
    return false;
}

/* A misspelt name errs on every record, so that the policy never applies: harmless in a permit, an open door
 * in a forbid. Objects differ, so one that has the name is enough. */
static enum status check_names(const struct policy *p, const struct expr *e, const struct object_set *objects,
                               struct error *error) {
    if (e->op == EXPR_GET || e->op == EXPR_HAS) {
        bool record = is_variable(e->items[0], VARIABLE_RESOURCE),
             context = is_variable(e->items[0], VARIABLE_CONTEXT);
        if ((record && !any_object_has(objects, e->text)) || (context && !context_has(e->text)))
            return error_set(error, ST_INVALID, "policy_unknown_attribute",
                             "%s:%u:%u: policy %.*s: %s has an attribute `%.*s`", p->file, e->line, e->column,
                             (int)(p->id.n > 80 ? 80 : p->id.n), (const char *)p->id.p,
                             record ? "no object" : "no context", (int)(e->text.n > 60 ? 60 : e->text.n),
                             (const char *)e->text.p);
    }
    for (size_t i = 0; i < e->count; i++) {
        enum status s = check_names(p, e->items[i], objects, error);
        if (s != ST_OK)
            return s;
    }
    return ST_OK;
}

static enum status check_all_names(const struct policy_set *set, const struct object_set *objects,
                                   struct error *e) {
    for (size_t i = 0; i < set->count; i++) {
        const struct policy *p = set->policies[i];
        enum status s = obligation_check(p, e);
        for (size_t k = 0; k < p->condition_count && s == ST_OK; k++)
            s = check_names(p, p->conditions[k].expr, objects, e);
        if (s != ST_OK)
            return s;
    }
    return ST_OK;
}

/* ---- reductions ---- */

static enum status check_act(const struct policy_query *q, enum act act, struct error *e) {
    struct model m;
    if (model_init(&m, q) != ST_OK)
        return error_set(e, ST_NOMEM, "no_memory", "policies: no memory");
    model_set_act(&m, act);
    struct reduction r = {.model = &m, .error = e, .checking = true};
    for (size_t i = 0; i < q->set->by_act_count[act]; i++) {
        const struct pred *applies;
        enum status s = reduce_policy(&r, q->set->by_act[act][i], &applies);
        if (s != ST_OK)
            return s;
    }
    return ST_OK;
}

/* While checking, the actor and the context stand for anybody's: nothing is read of them. */
enum status policy_check_reducible(const struct policy_set *set, const struct object_set *objects,
                                   struct error *e) {
    static const struct actor anybody = {.login = ""};
    static const struct organisation nowhere = {.departments = NULL, .count = 0};
    struct arena a;
    arena_init(&a, CHECK_ARENA_LIMIT, ARENA_PLAIN);
    struct policy_query q = {.set = set,
                             .actor = &anybody,
                             .organisation = &nowhere,
                             .objects = objects,
                             .context = NULL,
                             .arena = &a};
    enum status s = check_all_names(set, objects, e);
    for (size_t i = 0; i < objects->count && s == ST_OK; i++) {
        q.object = objects->objects[i];
        for (unsigned act = 0; act < ACT_COUNT && s == ST_OK; act++) {
            s = check_act(&q, (enum act)act, e);
            arena_reset(&a);
        }
    }
    arena_free(&a);
    return s;
}
