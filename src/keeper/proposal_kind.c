#include "keeper/proposal_kind.h"

#include "base/clock.h"
#include "base/json_in.h"
#include "crypto/random.h"
#include "keeper/executive.h"
#include "keeper/password_rules.h"
#include "keeper/registry_parse.h"

#include <stdlib.h>

#define ADMINS      (DUTY_SYSTEM_ADMIN | DUTY_SECURITY_ADMIN)
#define GRANT_HOURS 2160
#define HOUR_MS     ((int64_t)3600 * 1000)

static enum status not_yours(struct error *e, const char *why) {
    return error_set(e, ST_DENIED, "not_your_duty", "%s", why);
}

/* What one duty alone may do together with another person of some other duty. */
static bool other_duty(const struct worker *w, const json_t *document, unsigned allowed) {
    unsigned mine = w->caller.actor.duties & allowed;
    struct actor by;
    uint32_t proposer = proposal_user(document, "by");
    return mine != 0 && registry_actor(w->state->registry, proposer, NULL, &by) == ST_OK &&
           (by.duties & mine) == 0;
}

static unsigned duties_of(const struct worker *w, uint32_t user) {
    struct actor a;
    return registry_actor(w->state->registry, user, NULL, &a) == ST_OK ? a.duties : 0;
}

static bool proposer_is_admin(struct worker *w, const json_t *document) {
    return (duties_of(w, proposal_user(document, "by")) & ADMINS) != 0;
}

static bool proposer_is_security_admin(struct worker *w, const json_t *document) {
    return (duties_of(w, proposal_user(document, "by")) & DUTY_SECURITY_ADMIN) != 0;
}

/* ---- registry ---- */

static uint8_t kind_of(const char *name) {
    static const char *const names[] = {"user", "department", "role", "company", "catalogue"};
    for (uint8_t i = 0; i < 5; i++) {
        if (strcmp(names[i], name) == 0)
            return (uint8_t)(i + 1);
    }
    return 0;
}

enum status proposal_items(struct worker *w, const json_t *document, struct registry_change *out, size_t *n,
                           struct error *e) {
    const json_t *items = json_object_get(json_object_get(document, "change"), "items");
    *n = json_array_size(items);
    if (*n == 0 || *n > REGISTRY_BATCH_MAX)
        return error_field(e, ST_INVALID, "bad_document", "items", "items: 1 to %d", REGISTRY_BATCH_MAX);
    for (size_t i = 0; i < *n; i++) {
        const json_t *item = json_array_get(items, i);
        out[i] = (struct registry_change){.kind = kind_of(proposal_text(item, "kind")),
                                          .id = proposal_user(item, "id")};
        char *text = json_print(json_object_get(item, "document"), JSON_COMPACT);
        out[i].document = text == NULL ? SLICE_NONE : arena_copy(&w->arena, slice_from_string(text));
        free(text);
        if (out[i].document.p == NULL || out[i].kind == 0)
            return error_field(e, ST_INVALID, "bad_document", "items", "items: kind, id and document");
    }
    return ST_OK;
}

/* Asked as if the best second person had agreed: what could never pass is refused at once. */
static enum status registry_propose(struct worker *w, const json_t *document, char half[PROPOSAL_HALF + 1],
                                    struct error *e) {
    struct registry_change items[REGISTRY_BATCH_MAX];
    size_t n;
    half[0] = '\0';
    if ((w->caller.actor.duties & ADMINS) == 0)
        return not_yours(e, "the registry is the administrators'");
    enum status s = proposal_items(w, document, items, &n, e);
    struct registry_writer who = {.user = w->caller.grant.user,
                                  .duties = ADMINS,
                                  .second = UINT32_MAX,
                                  .address = w->caller.call.address,
                                  .has_reason = true,
                                  .second_factor_at = w->caller.grant.second_factor_at};
    return s == ST_OK ? registry_check(w->state->registry, &who, items, n, e) : s;
}

static bool registry_may_decide(struct worker *w, const json_t *document) {
    struct registry_change items[REGISTRY_BATCH_MAX];
    uint32_t users[REGISTRY_BATCH_MAX] = {0};
    size_t n;
    if (proposal_items(w, document, items, &n, NULL) != ST_OK)
        return false;
    unsigned touched = registry_touched(w->state->registry, items, n, users, REGISTRY_BATCH_MAX);
    for (size_t i = 0; i < REGISTRY_BATCH_MAX; i++) {
        if (users[i] == w->caller.grant.user)
            return false;
    }
    unsigned both = w->caller.actor.duties | duties_of(w, proposal_user(document, "by"));
    if (registry_moves(w->state->registry, items, n) && (both & DUTY_SECURITY_ADMIN) == 0)
        return false; /* who sees what by it is for a security administrator to judge */
    bool executive = executive_takes_two(w) && executive_proposed(w, document) > 0;
    return touched != 0 || executive ? other_duty(w, document, ADMINS | DUTY_AUDITOR)
                                     : (w->caller.actor.duties & ADMINS) != 0;
}

static enum status registry_apply(struct worker *w, const json_t *document,
                                  const struct proposal_store *store, char half[PROPOSAL_HALF + 1],
                                  struct error *e) {
    struct registry_change items[REGISTRY_BATCH_MAX];
    size_t n;
    half[0] = '\0';
    enum status s = proposal_items(w, document, items, &n, e);
    uint32_t by = proposal_user(document, "by");
    unsigned duties = (duties_of(w, by) | w->caller.actor.duties) & ADMINS;
    struct registry_writer who = {.user = by,
                                  .duties = duties,
                                  .second = w->caller.grant.user,
                                  .address = w->caller.call.address,
                                  .has_reason = true,
                                  .second_factor_at = w->caller.grant.second_factor_at};
    if (s == ST_OK)
        s = registry_put_all(w->state->registry, &who, items, n, &store->change, e);
    for (size_t i = 0; s == ST_OK && i < n; i++) {
        struct actor live;
        if (items[i].kind == REGISTRY_USER &&
            registry_actor(w->state->registry, items[i].id, NULL, &live) != ST_OK &&
            sessions_end_user(w->state->sessions, items[i].id, NULL) != ST_OK)
            s = error_set(e, ST_IO, "session_store", "the user's sessions could not be ended");
    }
    return s;
}

/* ---- password ---- */

/* Characters that nobody confuses, five and five. */
static enum status make_half(char out[PROPOSAL_HALF + 1]) {
    static const char letters[] = "abcdefghjkmnpqrstuvwxyz23456789";
    for (size_t i = 0; i < PROPOSAL_HALF; i++) {
        uint8_t b = 0xff;
        while (i != PROPOSAL_HALF / 2 && b >= 248) { /* 8 × 31: every letter is as likely */
            if (crypto_random(&b, 1) != ST_OK)
                return ST_IO;
        }
        out[i] = i == PROPOSAL_HALF / 2 ? '-' : letters[b % 31];
    }
    out[PROPOSAL_HALF] = '\0';
    return ST_OK;
}

static enum status password_propose(struct worker *w, const json_t *document, char half[PROPOSAL_HALF + 1],
                                    struct error *e) {
    uint32_t user = proposal_user(document, "user");
    struct actor whom;
    unsigned mine = w->caller.actor.duties;
    if (registry_actor(w->state->registry, user, NULL, &whom) != ST_OK)
        return error_set(e, ST_NOT_FOUND, "not_found", "there is no such user");
    bool may = (mine & DUTY_SYSTEM_ADMIN) != 0 || ((mine & DUTY_SECURITY_ADMIN) != 0 && whom.duties != 0);
    if (!may)
        return not_yours(e, "others' passwords are the system administrator's to propose");
    if (user == w->caller.grant.user)
        return error_set(e, ST_DENIED, "own_rights", "one's own password is changed with the old one");
    return make_half(half) == ST_OK ? ST_OK : error_set(e, ST_IO, "random", "no random bytes");
}

static bool password_may_decide(struct worker *w, const json_t *document) {
    bool duty = duties_of(w, proposal_user(document, "user")) != 0;
    return other_duty(w, document, duty ? ADMINS | DUTY_AUDITOR : DUTY_SECURITY_ADMIN);
}

static enum status password_apply(struct worker *w, const json_t *document,
                                  const struct proposal_store *store, char half[PROPOSAL_HALF + 1],
                                  struct error *e) {
    char first[PROPOSAL_HALF + 1], whole[2 * PROPOSAL_HALF + 2];
    uint32_t user = proposal_user(document, "user");
    struct principal who = {.user = 0};
    memcpy(first, half, sizeof first);
    if (registry_principal(w->state->registry, user, NULL, &who) != ST_OK)
        return error_set(e, ST_NOT_FOUND, "not_found", "there is no such user");
    enum status s = make_half(half);
    (void)snprintf(whole, sizeof whole, "%s-%s", first, half);
    if (s == ST_OK)
        s = credentials_set(w->state->credentials, user, slice_from_string(who.login),
                            slice_from_string(whole), true, PASSWORD_HISTORY_MAX, e);
    if (s == ST_OK && sessions_end_user(w->state->sessions, user, NULL) != ST_OK)
        s = error_set(e, ST_IO, "session_store", "the user's sessions could not be ended");
    if (s == ST_OK && vault_commit(w->state->vault, &store->change, 1) != ST_OK)
        s = error_set(e, ST_IO, "proposal_store", "the proposal could not be stored");
    explicit_bzero(first, sizeof first);
    explicit_bzero(whole, sizeof whole);
    return s;
}

/* ---- factor ---- */

/* Whoever lost every second factor gets in by his password alone afterwards, until he sets one up: so it
 * takes two duties to say that he is who he is. */
static enum status factor_propose(struct worker *w, const json_t *document, char half[PROPOSAL_HALF + 1],
                                  struct error *e) {
    uint32_t user = proposal_user(document, "user");
    struct actor whom;
    half[0] = '\0';
    if ((w->caller.actor.duties & ADMINS) == 0)
        return not_yours(e, "others' second factors are the administrators'");
    if (user == w->caller.grant.user)
        return error_set(e, ST_DENIED, "own_rights", "one's own factors are changed by showing one");
    return registry_actor(w->state->registry, user, NULL, &whom) == ST_OK
               ? ST_OK
               : error_set(e, ST_NOT_FOUND, "not_found", "there is no such user");
}

static bool factor_may_decide(struct worker *w, const json_t *document) {
    bool duty = duties_of(w, proposal_user(document, "user")) != 0;
    return other_duty(w, document, duty ? ADMINS | DUTY_AUDITOR : ADMINS);
}

static enum status factor_apply(struct worker *w, const json_t *document, const struct proposal_store *store,
                                char half[PROPOSAL_HALF + 1], struct error *e) {
    uint32_t user = proposal_user(document, "user");
    half[0] = '\0';
    enum status s = factors_reset(w->state->factors, user, e);
    if (s == ST_OK && sessions_end_user(w->state->sessions, user, NULL) != ST_OK)
        s = error_set(e, ST_IO, "session_store", "the user's sessions could not be ended");
    if (s == ST_OK && vault_commit(w->state->vault, &store->change, 1) != ST_OK)
        s = error_set(e, ST_IO, "proposal_store", "the proposal could not be stored");
    return s;
}

/* ---- grant ---- */

json_t *grant_document(uint32_t user, uint32_t from, json_t *roles, int64_t until_ms, const char *why,
                       const char *reason, uint32_t by) {
    return json_pack("{s:I, s:I, s:o, s:I, s:I, s:s, s:s, s:I, s:n, s:n}", "user", (json_int_t)user, "from",
                     (json_int_t)from, "roles", roles, "since", (json_int_t)clock_wall_ms(), "until",
                     (json_int_t)until_ms, "why", why, "reason", reason, "by", (json_int_t)by, "ended",
                     "review");
}

static int64_t grant_hours(const json_t *document) {
    json_int_t hours = json_integer_value(json_object_get(json_object_get(document, "change"), "hours"));
    return hours >= 1 && hours <= GRANT_HOURS ? hours : 0;
}

static bool is_leader(struct worker *w, const json_t *document) {
    return registry_leads(w->state->registry, w->caller.grant.user, proposal_user(document, "user"));
}

/* His own roles, over his own place, as a loan during leave. */
static bool is_loan(const json_t *document) {
    return json_is_true(json_object_get(json_object_get(document, "change"), "loan"));
}

static enum status may_lend(struct worker *w, uint32_t lender, uint32_t to, const struct role_names *names,
                            struct error *e) {
    if (lender == to || duties_of(w, lender) != 0)
        return error_set(e, ST_DENIED, "duty_holder", "one lends roles of one's own to a colleague");
    return registry_has_roles(w->state->registry, lender, names)
               ? ST_OK
               : error_field(e, ST_DENIED, "not_your_role", "roles", "one lends roles of one's own only");
}

static enum status grant_propose(struct worker *w, const json_t *document, char half[PROPOSAL_HALF + 1],
                                 struct error *e) {
    uint32_t user = proposal_user(document, "user");
    const json_t *roles = json_object_get(json_object_get(document, "change"), "roles");
    struct role_names names;
    struct role_terms terms;
    half[0] = '\0';
    if (!is_loan(document) && user != w->caller.grant.user && !is_leader(w, document) &&
        (w->caller.actor.duties & DUTY_SECURITY_ADMIN) == 0)
        return not_yours(e, "for others a leader or the security administrator asks");
    struct actor whom;
    if (registry_actor(w->state->registry, user, NULL, &whom) != ST_OK)
        return error_set(e, ST_NOT_FOUND, "not_found", "there is no such user");
    if (whom.duties != 0)
        return error_set(e, ST_DENIED, "duty_holder", "a duty's holder gets no role of customers' data");
    if (!registry_parse_names(roles, &names) || names.count == 0 || grant_hours(document) == 0)
        return error_field(e, ST_INVALID, "bad_document", "hours", "roles and 1 to %d hours", GRANT_HOURS);
    for (size_t i = 0; i < names.count; i++) {
        if (!registry_role_terms(w->state->registry, names.name[i], &terms))
            return error_field(e, ST_INVALID, "bad_document", "roles", "there is no such role");
    }
    return is_loan(document) ? may_lend(w, w->caller.grant.user, user, &names, e) : ST_OK;
}

static bool grant_stands(struct worker *w, const json_t *document) {
    uint32_t by = proposal_user(document, "by"), user = proposal_user(document, "user");
    struct actor live;
    return registry_actor(w->state->registry, by, NULL, &live) == ST_OK &&
           (is_loan(document) || by == user || (live.duties & DUTY_SECURITY_ADMIN) != 0 ||
            registry_leads(w->state->registry, by, user));
}

static bool grant_may_decide(struct worker *w, const json_t *document) {
    struct role_names names;
    struct role_terms terms;
    if ((w->caller.actor.duties & DUTY_SECURITY_ADMIN) != 0)
        return true;
    if (executive_takes_two(w) && executive_proposed(w, document) > 0)
        return false;
    if (is_loan(document) || w->caller.actor.duties != 0 || !is_leader(w, document) ||
        !registry_parse_names(json_object_get(json_object_get(document, "change"), "roles"), &names))
        return false;
    for (size_t i = 0; i < names.count; i++) {
        if (!registry_role_terms(w->state->registry, names.name[i], &terms) || !terms.by_leader)
            return false;
    }
    return true;
}

static enum status grant_apply(struct worker *w, const json_t *document, const struct proposal_store *store,
                               char half[PROPOSAL_HALF + 1], struct error *e) {
    uint32_t user = proposal_user(document, "user"), by = proposal_user(document, "by");
    half[0] = '\0';
    json_t *roles = json_deep_copy(json_object_get(json_object_get(document, "change"), "roles"));
    bool loan = is_loan(document);
    struct role_names names;
    json_t *grant =
        grant_document(user, loan ? by : 0, roles, clock_wall_ms() + grant_hours(document) * HOUR_MS,
                       loan ? "leave" : "access", proposal_text(document, "reason"), by);
    char *text = NULL;
    if (grant != NULL &&
        json_object_set_new(grant, "approved_by", json_integer((json_int_t)w->caller.grant.user)) == 0)
        text = json_print(grant, JSON_COMPACT);
    json_decref(grant);
    if (text == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "grant");
    struct registry_writer who = {.user = by,
                                  .second = w->caller.grant.user,
                                  .grants = true,
                                  .has_reason = true,
                                  .second_factor_at = w->caller.grant.second_factor_at};
    struct registry_change one = {REGISTRY_GRANT, 0, slice_from_string(text)};
    enum status s = duties_of(w, user) != 0
                        ? error_set(e, ST_DENIED, "duty_holder", "a duty's holder gets no such role")
                        : ST_OK;
    if (s == ST_OK && loan)
        s = registry_parse_names(json_object_get(json_object_get(document, "change"), "roles"), &names)
                ? may_lend(w, by, user, &names, e)
                : ST_INVALID;
    if (s == ST_OK)
        s = registry_put_all(w->state->registry, &who, &one, 1, &store->change, e);
    free(text);
    return s;
}

/* ---- sign_on: who is believed about who somebody is ---- */

static enum status sign_on_propose(struct worker *w, const json_t *document, char half[PROPOSAL_HALF + 1],
                                   struct error *e) {
    half[0] = '\0';
    if ((w->caller.actor.duties & DUTY_SECURITY_ADMIN) == 0)
        return not_yours(e, "sign-on providers are the security administrator's");
    return sign_on_check(json_object_get(json_object_get(document, "change"), "document"), e);
}

static bool sign_on_may_decide(struct worker *w, const json_t *document) {
    return other_duty(w, document, ADMINS | DUTY_AUDITOR);
}

static enum status sign_on_apply(struct worker *w, const json_t *document, const struct proposal_store *store,
                                 char half[PROPOSAL_HALF + 1], struct error *e) {
    const json_t *change = json_object_get(document, "change");
    struct keeper_state *st = w->state;
    half[0] = '\0';
    enum status s = sign_on_check(json_object_get(change, "document"), e);
    if (s == ST_OK)
        s = sign_on_put(st->sign_on, proposal_user(change, "provider"), json_object_get(change, "document"),
                        &store->change, e);
    if (s == ST_OK)
        registry_guard_mail(st->registry, sign_on_links_mail(st->sign_on));
    return s;
}

/* ---- scim: who may make and end accounts without anybody's hand ---- */

static bool proposer_is_system_admin(struct worker *w, const json_t *document) {
    return (duties_of(w, proposal_user(document, "by")) & DUTY_SYSTEM_ADMIN) != 0;
}

static enum status scim_propose(struct worker *w, const json_t *document, char half[PROPOSAL_HALF + 1],
                                struct error *e) {
    half[0] = '\0';
    if ((w->caller.actor.duties & DUTY_SYSTEM_ADMIN) == 0)
        return not_yours(e, "provisioning keys are the system administrator's");
    return scim_check(json_object_get(json_object_get(document, "change"), "document"), e);
}

static enum status scim_apply(struct worker *w, const json_t *document, const struct proposal_store *store,
                              char half[PROPOSAL_HALF + 1], struct error *e) {
    const json_t *change = json_object_get(document, "change"), *terms = json_object_get(change, "document");
    half[0] = '\0';
    enum status s = scim_check(terms, e);
    return s == ST_OK ? scim_put(w->state->scim, proposal_user(change, "key"), terms, &store->change, e) : s;
}

/* ---- ldap: what is believed about who works here, and who is told a password ---- */

static enum status ldap_propose(struct worker *w, const json_t *document, char half[PROPOSAL_HALF + 1],
                                struct error *e) {
    half[0] = '\0';
    if ((w->caller.actor.duties & DUTY_SYSTEM_ADMIN) == 0)
        return not_yours(e, "directories are the system administrator's");
    return ldap_source_check(json_object_get(json_object_get(document, "change"), "document"), e);
}

static enum status ldap_apply(struct worker *w, const json_t *document, const struct proposal_store *store,
                              char half[PROPOSAL_HALF + 1], struct error *e) {
    const json_t *change = json_object_get(document, "change"), *terms = json_object_get(change, "document");
    half[0] = '\0';
    enum status s = ldap_source_check(terms, e);
    return s == ST_OK
               ? ldap_source_put(w->state->ldap, proposal_user(change, "directory"), terms, &store->change, e)
               : s;
}

const struct proposal_kind *proposal_kind(const char *name) {
    static const struct proposal_kind kinds[] = {
        {"registry", registry_propose, registry_may_decide, proposer_is_admin, registry_apply},
        {"password", password_propose, password_may_decide, proposer_is_admin, password_apply},
        {"factor", factor_propose, factor_may_decide, proposer_is_admin, factor_apply},
        {"grant", grant_propose, grant_may_decide, grant_stands, grant_apply},
        {"access", access_propose, access_may_decide, access_stands, access_apply},
        {"act", act_propose, act_may_decide, act_stands, act_apply},
        {"sign_on", sign_on_propose, sign_on_may_decide, proposer_is_security_admin, sign_on_apply},
        {"scim", scim_propose, sign_on_may_decide, proposer_is_system_admin, scim_apply},
        {"ldap", ldap_propose, sign_on_may_decide, proposer_is_system_admin, ldap_apply},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    }
    return NULL;
}
