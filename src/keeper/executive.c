#include "keeper/executive.h"

#include "base/clock.h"
#include "keeper/high_risk.h"
#include "keeper/high_risk_tag.h"
#include "keeper/proposal_kind.h"
#include "keeper/registry_parse.h"

#include <string.h>

void executive_shown(const struct worker *w, struct registry_writer *who) {
    who->has_reason = w->why.n > 0;
    who->machine = w->caller.grant.is_key || w->caller.grant.is_job;
    who->second_factor_at = who->machine ? 0 : w->caller.grant.second_factor_at;
}

/* What stands there already gives way where there is no room for both. */
void executive_tag(char tag[AUDIT_TAG_MAX], size_t count, uint64_t proposal) {
    char mark[AUDIT_TAG_MAX] = "";
    struct high_risk_tagged one = {.act = SLICE(HIGH_RISK_RIGHTS),
                                   .day = (uint32_t)count,
                                   .approvals = {proposal},
                                   .approval_count = proposal != 0};
    high_risk_tag_put(mark, &one, 1); /* a space stands before it */
    size_t have = strlen(tag), room = AUDIT_TAG_MAX - 2 - strlen(mark);
    (void)snprintf(tag + (have < room ? have : room), strlen(mark) + 2, " %s", mark);
}

enum status executive_mark(struct worker *w, const struct registry_writer *who,
                           const struct registry_change *changes, size_t count, char tag[AUDIT_TAG_MAX],
                           struct error *e) {
    size_t n = registry_executives(w->state->registry, changes, count);
    if (n == 0)
        return ST_OK;
    struct registry_change *tried = arena_array(&w->arena, count, sizeof *tried);
    if (tried == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "registry");
    memcpy(tried, changes, count * sizeof *tried);
    struct registry_writer tries = *who;
    tries.executives = &n;
    enum status s = registry_check(w->state->registry, &tries, tried, count, e);
    if (s == ST_OK && n > 0)
        executive_tag(tag, n, 0);
    return s;
}

size_t executive_proposed(struct worker *w, const json_t *document) {
    const char *kind = proposal_text(document, "kind");
    struct registry_change items[REGISTRY_BATCH_MAX];
    struct role_names fresh = {.count = 0};
    size_t n;
    if (strcmp(kind, "registry") == 0)
        return proposal_items(w, document, items, &n, NULL) == ST_OK
                   ? registry_executives(w->state->registry, items, n)
                   : 0;
    bool grant = strcmp(kind, "grant") == 0;
    if (!grant && strcmp(kind, "password") != 0 && strcmp(kind, "factor") != 0)
        return 0;
    const json_t *roles = json_object_get(json_object_get(document, "change"), "roles");
    bool fine = !grant || registry_parse_names(roles, &fresh);
    return fine && registry_is_executive(w->state->registry, proposal_user(document, "user"), &fresh);
}

enum status executive_factor(struct worker *w, struct error *e) {
    struct high_risk r;
    int64_t at = w->caller.grant.second_factor_at, now = clock_wall_ms();
    registry_high_risk(w->state->registry, &r);
    struct need need = high_risk_missing_rights(&r.rights, true, at == 0 ? -1 : now > at ? now - at : 0);
    return need_is_any(&need) ? need_refuse(&need, e) : ST_OK;
}

bool executive_takes_two(struct worker *w) {
    struct high_risk r;
    registry_high_risk(w->state->registry, &r);
    return r.rights.role_count > 0 && r.rights.terms.approval;
}
