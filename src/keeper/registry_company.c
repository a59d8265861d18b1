#include "keeper/registry_company.h"

#include "base/clock.h"
#include "keeper/registry_posts.h"

enum status company_rests(const struct item *old, json_t *document, struct error *e) {
    const json_t *said = json_object_get(document, "version");
    uint64_t now = old == NULL ? 0 : old->version;
    if (said == NULL ? old != NULL : !json_is_integer(said) || json_integer_value(said) < 0)
        return error_field(e, ST_INVALID, "bad_document", "version", "the version that the change rests on");
    uint64_t rests = (uint64_t)json_integer_value(said);
    (void)json_object_del(document, "version");
    return rests == now ? ST_OK
                        : error_field(e, ST_CONFLICT, "company_changed", "version",
                                      "the company's document has been changed since: look at it anew");
}

static bool same_place_and_time(const struct sign_in_rules *a, const struct sign_in_rules *b) {
    return a->network_count == b->network_count &&
           memcmp(a->networks, b->networks, a->network_count * sizeof a->networks[0]) == 0 &&
           a->has_hours == b->has_hours && a->days == b->days && a->from == b->from && a->to == b->to;
}

/* Who asks now: of two who have agreed the one who decides; the other was asked when he proposed. */
static const struct item *who_asks(const struct registry *r, const struct registry_writer *who) {
    bool decides = who->second != 0 && who->second != UINT32_MAX;
    return registry_find(r, REGISTRY_USER, decides ? who->second : who->user);
}

static enum status check_rules(const struct registry *r, const struct registry_writer *who, const char *role,
                               const struct sign_in_rules *old, const struct sign_in_rules *fresh,
                               struct error *e) {
    int64_t now = clock_wall_ms();
    struct sign_in_verdict verdict = {.factor = false};
    const struct item *asks = who_asks(r, who);
    if (same_place_and_time(old, fresh))
        return ST_OK;
    bool bound = asks != NULL && (role == NULL || user_has_role(&asks->parsed.user, role, now));
    if (bound && who->address != NULL &&
        sign_in_rules_apply(fresh, asks->parsed.user.duties != 0, who->address, now, &verdict, NULL) != ST_OK)
        return error_field(e, ST_CONFLICT, "shuts_you_out", "sign_in",
                           "from where you are, or at this hour, you would be shut out yourself");
    return who->second != 0 ? ST_OK
                            : error_set(e, ST_DENIED, "needs_second",
                                        "networks and hours of sign-in take two: propose it");
}

static enum status check_roles(const struct registry *r, const struct high_risk_rights *rights,
                               struct error *e) {
    for (size_t i = 0; i < rights->role_count; i++) {
        if (registry_role(r, rights->roles[i]) == NULL)
            return error_field(e, ST_INVALID, "bad_document", HIGH_RISK_RIGHTS, "there is no role %.39s",
                               rights->roles[i]);
    }
    return ST_OK;
}

enum status company_check(const struct registry *r, const struct registry_writer *who, const struct item *old,
                          const struct parsed_company *fresh, struct error *e) {
    static const struct parsed_company none;
    const struct parsed_company *was = old == NULL ? &none : &old->parsed.company;
    enum status s = check_roles(r, &fresh->high_risk.rights, e);
    if (s == ST_OK && who->second == 0 && high_risk_loosens(&was->high_risk, &fresh->high_risk))
        return error_set(e, ST_DENIED, "needs_second", "less asked of high-risk acts takes two: propose it");
    return s == ST_OK ? check_rules(r, who, NULL, &was->sign_in, &fresh->sign_in, e) : s;
}

enum status role_check(const struct registry *r, const struct registry_writer *who, const struct item *old,
                       const struct parsed_role *fresh, struct error *e) {
    const char *name = old == NULL ? "" : old->parsed.role.name;
    if (old == NULL)
        return ST_OK; /* nobody holds it yet */
    if (strcmp(name, fresh->name) != 0 && high_risk_is_executive(&r->company.high_risk.rights, name))
        return error_field(e, ST_CONFLICT, "role_is_executive", "name",
                           "the register of high-risk acts names this role: take it out there first");
    return check_rules(r, who, name, &old->parsed.role.sign_in, &fresh->sign_in, e);
}

enum status role_says_budget(const json_t *document, const struct parsed_role *role, struct error *e) {
    uint8_t personal = role->ceiling[CLASS_PERSONAL], sensitive = role->ceiling[CLASS_SENSITIVE];
    uint8_t most = personal > sensitive ? personal : sensitive;
    const char *const parts[] = {"masked", "lookups", "clear"};
    const json_t *budget = json_object_get(document, "budget");
    for (size_t i = 0; i < (most == VIEW_HIDDEN ? 0u : most == VIEW_MASKED ? 2u : 3u); i++) {
        if (json_object_get(budget, parts[i]) == NULL)
            return error_field(e, ST_INVALID, "role_without_budget", "budget",
                               "%s is missing, which would be 0: say it", parts[i]);
    }
    return ST_OK;
}

enum status company_check_executives(const struct registry *r, const struct registry_writer *who,
                                     enum executive_part part, struct error *e) {
    const struct high_risk_rights *rights = &r->company.high_risk.rights;
    int64_t now = clock_wall_ms(), at = who->second_factor_at;
    bool changes = part == EXECUTIVE_CHANGED;
    if (part == EXECUTIVE_NONE || (who->machine && !changes))
        return ST_OK;
    if (who->machine || (changes && rights->terms.approval && who->second == 0))
        return error_set(e, ST_DENIED, "needs_second", "an executive's rights take two: propose it");
    struct need need = high_risk_missing_rights(rights, who->has_reason,
                                                at == 0    ? -1
                                                : now > at ? now - at
                                                           : 0);
    if (!changes)
        need.minutes = 0;
    return need_is_any(&need) ? need_refuse(&need, e) : ST_OK;
}
