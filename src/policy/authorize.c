#include "policy/authorize.h"

enum status authorize_init(struct authorize_answer *answer, const struct policies *policies,
                           struct arena *a) {
    *answer = (struct authorize_answer){
        .determining = arena_array(a, policies->count, sizeof(const struct policy *)),
        .errors = arena_array(a, policies->count, sizeof(struct authorize_error))};
    if (answer->determining == NULL || answer->errors == NULL ||
        policy_index_make(policies, a, &answer->index) != ST_OK ||
        policy_probes_make(policies, a, &answer->probes) != ST_OK)
        return ST_NOMEM;
    answer->candidates = arena_array(a, answer->index->words * 3, sizeof *answer->candidates);
    return answer->candidates == NULL ? ST_NOMEM : ST_OK;
}

/* The first forbid that holds throws out the permits noted before it. */
static void note(struct authorize_answer *answer, const struct policy *p, bool *forbidden) {
    if (p->forbid && !*forbidden) {
        *forbidden = true;
        answer->determining_count = 0;
    }
    if (p->forbid == *forbidden)
        answer->determining[answer->determining_count++] = p;
}

/* `at`: among the policies; `holds`: its conditions are known to hold. False: no memory. */
static bool apply(struct eval *v, const struct policy *p, size_t at, bool holds, bool *forbidden,
                  struct authorize_answer *answer) {
    const struct condition *failed;
    bool applies = policy_index_head(answer->index, v, p, at);
    enum evaluated done = holds || !applies ? EVALUATED : eval_conditions(v, p, &applies, &failed);
    if (done == EVAL_ERRED)
        answer->errors[answer->error_count++] =
            (struct authorize_error){.policy = p, .fault = v->fault, .at = v->at};
    else if (done == EVALUATED && applies)
        note(answer, p, forbidden);
    return done != EVAL_NO_MEMORY;
}

enum status authorize(const struct policies *policies, const struct entities *entities,
                      const struct cedar_request *request, struct arena *scratch,
                      struct authorize_answer *answer) {
    struct eval v = {.principal = cedar_entity(request->principal.type, request->principal.id),
                     .action = cedar_entity(request->action.type, request->action.id),
                     .resource = cedar_entity(request->resource.type, request->resource.id),
                     .context = request->context,
                     .entities = entities,
                     .arena = scratch};
    bool forbidden = false;
    answer->determining_count = answer->error_count = 0;
    const struct cedar_entity *const three[] = {&request->principal, &request->action, &request->resource};
    uint64_t *sure = answer->candidates + answer->index->words;
    policy_index_ask(answer->index, entities, three, answer->candidates);
    policy_probes_ask(answer->probes, &v, answer->candidates, sure);
    for (size_t word = 0; word < answer->index->words; word++) {
        for (uint64_t left = answer->candidates[word]; left != 0; left &= left - 1) {
            unsigned bit = (unsigned)__builtin_ctzll(left);
            size_t i = word * 64 + bit;
            if (i < policies->count &&
                !apply(&v, policies->list[i], i, (sure[word] >> bit & 1) != 0, &forbidden, answer))
                return ST_NOMEM;
        }
    }
    answer->allowed = !forbidden && answer->determining_count > 0;
    return ST_OK;
}
