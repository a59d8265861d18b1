#include "policy/authorize.h"

enum status authorize_init(struct authorize_answer *answer, const struct policies *policies,
                           struct arena *a) {
    *answer = (struct authorize_answer){
        .determining = arena_array(a, policies->count, sizeof(const struct policy *)),
        .errors = arena_array(a, policies->count, sizeof(struct authorize_error))};
    return answer->determining == NULL || answer->errors == NULL ? ST_NOMEM : ST_OK;
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
    for (size_t i = 0; i < policies->count; i++) {
        const struct policy *p = policies->list[i];
        const struct condition *failed;
        bool applies;
        enum evaluated done = eval_policy(&v, p, &applies, &failed);
        if (done == EVAL_NO_MEMORY)
            return ST_NOMEM;
        if (done == EVAL_ERRED)
            answer->errors[answer->error_count++] =
                (struct authorize_error){.policy = p, .fault = v.fault, .at = v.at};
        else if (applies)
            note(answer, p, &forbidden);
    }
    answer->allowed = !forbidden && answer->determining_count > 0;
    return ST_OK;
}
