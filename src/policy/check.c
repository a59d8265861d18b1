#include "policy/reduce.h"
#include "policy/set.h"

#define CHECK_ARENA_LIMIT ((size_t)16 * 1024 * 1024)

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
    enum status s = ST_OK;
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
