/* Messages of single sign-on, and of the errands that it sends out. */
#include "base/clock.h"
#include "keeper/factor.h"
#include "keeper/sign_in_rules.h"
#include "keeper/state.h"

#define REDIRECT "/sso"

static enum status not_yours(struct worker *w, const struct args *in, const char *what, struct error *e) {
    (void)error_set(e, ST_DENIED, "not_your_duty", "others' are the security administrator's");
    return worker_refuse(w, in, what, e);
}

static bool secures(const struct worker *w) {
    return w->has_caller && worker_is_person(w) && (w->caller.actor.duties & DUTY_SECURITY_ADMIN) != 0;
}

enum status worker_check_sign_on(const struct worker *w, uint32_t user, struct error *e) {
    if (!sign_on_required(w->state->sign_on, w->state->registry, user))
        return ST_OK;
    return error_set(e, ST_DENIED, "sign_on_required", "people of this department sign in by a provider");
}

enum status handle_sign_on_list(struct worker *w, struct args *in, struct args *out, struct error *e) {
    if (in->flag && (!w->has_caller || !worker_is_person(w) || w->caller.actor.duties == 0))
        return error_set(e, ST_DENIED, "not_your_duty", "providers are the administrators'");
    enum status s = sign_on_list(w->state->sign_on, in->flag, &w->scratch, e);
    out->text = buf_slice(&w->scratch);
    return s;
}

enum status handle_sign_on_secret(struct worker *w, struct args *in, struct args *out, struct error *e) {
    char tag[AUDIT_TAG_MAX];
    (void)out;
    (void)snprintf(tag, sizeof tag, "sign_on secret %u", in->number32);
    if (!secures(w))
        return not_yours(w, in, tag, e);
    enum status s = worker_record(w, in, AUDIT_ADMIN, AUDIT_DONE, tag, e);
    return s == ST_OK ? sign_on_set_secret(w->state->sign_on, in->number32, in->text, e) : s;
}

enum status handle_sign_on_links(struct worker *w, struct args *in, struct args *out, struct error *e) {
    uint32_t user = in->user == 0 ? w->caller.grant.user : in->user;
    if (user != w->caller.grant.user && !secures(w))
        return not_yours(w, in, "sign_on links", e);
    enum status s = sign_on_links(w->state->sign_on, user, &w->scratch, e);
    out->text = buf_slice(&w->scratch);
    return s;
}

enum status handle_sign_on_unlink(struct worker *w, struct args *in, struct args *out, struct error *e) {
    uint32_t user = in->user == 0 ? w->caller.grant.user : in->user;
    char tag[AUDIT_TAG_MAX];
    (void)out;
    (void)snprintf(tag, sizeof tag, "sign_on unlink %u %u", in->number32, user);
    if (!worker_is_person(w))
        return worker_persons_only(e);
    if (user != w->caller.grant.user && !secures(w))
        return not_yours(w, in, tag, e);
    enum status s = user == w->caller.grant.user ? worker_show_anew(w, in, in->text, tag, e) : ST_OK;
    if (s == ST_OK)
        s = worker_record(w, in, AUDIT_ADMIN, AUDIT_DONE, tag, e);
    return s == ST_OK ? sign_on_unlink(w->state->sign_on, user, in->number32, e) : s;
}

/* As before any other change of what lets him in. */
static enum status may_link(struct worker *w, const struct args *in, struct error *e) {
    const struct session_grant *g = &w->caller.grant;
    bool has = false;
    if (!w->has_caller)
        return error_set(e, ST_UNAUTHENTICATED, "unauthenticated", "sign in first");
    if (!worker_is_person(w) || g->must_change || g->step != SIGN_IN_DONE)
        return worker_persons_only(e);
    enum status s = worker_need_fresh(w, in, "sign_on link", &has, e);
    return s == ST_OK ? worker_check_password(w, in, in->second, "password", "sign_on link", e) : s;
}

static enum status redirect_of(const struct worker *w, char *out, size_t room, struct error *e) {
    const char *origin = w->state->config.party_origin;
    int n = origin == NULL ? -1 : snprintf(out, room, "%s" REDIRECT, origin);
    return n > 0 && (size_t)n < room
               ? ST_OK
               : error_set(e, ST_CONFLICT, "sign_on_off", "no public address is set: see public_origin");
}

/* Asked again once the errand is done: then the password is not asked for anew, the state is his alone. */
enum status handle_sign_on_begin(struct worker *w, struct args *in, struct args *out, struct error *e) {
    char redirect[300];
    struct sign_on_begin b = {.provider = in->number32, .browser = in->text, .redirect = redirect};
    enum status s = in->flag ? may_link(w, in, e) : ST_OK;
    if (s == ST_OK)
        s = redirect_of(w, redirect, sizeof redirect, e);
    if (s != ST_OK)
        return s;
    b.user = in->flag ? w->caller.grant.user : 0;
    s = sign_on_start(w->state->sign_on, &b, clock_wall_ms(), &out->uuid, &w->scratch, e);
    out->text = buf_slice(&w->scratch);
    return s;
}

/* A failure is recorded within the bounds of failed sign-ins. */
static enum status failed(struct worker *w, const struct args *in, uint32_t user, struct error *e) {
    struct error keep = *e;
    if (!guard_worth_entry(w->state->guard, SLICE("sign_on"), in->call.address,
                           clock_monotonic_ns() / 1000000))
        return keep.status;
    struct audit_entry entry = worker_entry(w, in, AUDIT_SIGN_IN_FAILED, AUDIT_DENIED);
    entry.actor = user;
    entry.tag = slice_from_string(keep.code);
    enum status s = ledger_record(w->state->ledger, &entry, e);
    if (s != ST_OK)
        return s;
    *e = keep;
    return keep.status;
}

static enum status record_link(struct worker *w, const struct args *in, uint32_t provider, uint32_t user,
                               struct error *e) {
    char tag[AUDIT_TAG_MAX];
    int n = snprintf(tag, sizeof tag, "sign_on link %u", provider);
    struct audit_entry entry = worker_entry(w, in, AUDIT_ADMIN, AUDIT_DONE);
    entry.actor = user;
    entry.tag = slice_of(tag, (size_t)n);
    return ledger_record(w->state->ledger, &entry, e);
}

static enum status unknown(struct error *e) {
    return error_set(e, ST_DENIED, "sign_on_unknown", "nobody's account is linked to this identity");
}

/* The first time: by the mail that the provider has verified, where it may. */
static enum status link_by_mail(struct worker *w, const struct args *in, struct sign_on_person *p,
                                struct error *e) {
    uint32_t user = 0;
    if (p->mail[0] == '\0' || registry_by_mail(w->state->registry, p->mail, &user) != ST_OK)
        return unknown(e);
    enum status s = record_link(w, in, p->provider, user, e);
    if (s == ST_OK)
        s = sign_on_link(w->state->sign_on, p, user, clock_wall_ms(), e);
    p->user = user;
    return s;
}

static enum status let_in(struct worker *w, const struct args *in, struct sign_on_person *p, struct args *out,
                          struct error *e) {
    struct session_grant grant = {.second_factor_at = p->second_factor_at};
    struct sign_in_verdict verdict = {.factor = false};
    char tag[AUDIT_TAG_MAX];
    struct actor actor;
    bool has = false;
    enum status s = p->user == 0 ? link_by_mail(w, in, p, e) : ST_OK;
    if (s == ST_OK && registry_actor(w->state->registry, p->user, NULL, &actor) != ST_OK)
        s = unknown(e);
    if (s == ST_OK)
        s = registry_sign_in(w->state->registry, p->user, in->call.address, clock_wall_ms(), &verdict, e);
    if (s != ST_OK)
        return failed(w, in, p->user, e);
    if (factors_has(w->state->factors, p->user, &has) != ST_OK)
        return error_set(e, ST_IO, "factor_store", "the second factors could not be read");
    grant.user = p->user;
    grant.expires_at = verdict.until;
    if (p->second_factor_at == 0)
        grant.step = has ? SIGN_IN_FACTOR : verdict.factor ? SIGN_IN_ENROL : SIGN_IN_DONE;
    (void)snprintf(tag, sizeof tag, "sign_on %u", p->provider);
    w->has_caller = false; /* whoever sits there now is signed in anew */
    return worker_make_session(w, in, &grant, in->fifth, tag, out, e);
}

static enum status link_caller(struct worker *w, const struct args *in, const struct sign_on_person *p,
                               struct args *out, struct error *e) {
    uint32_t user = w->caller.grant.user;
    enum status s = p->user != 0 && p->user != user
                        ? error_set(e, ST_CONFLICT, "sign_on_taken", "linked to another account")
                        : record_link(w, in, p->provider, user, e);
    if (s == ST_OK)
        s = sign_on_link(w->state->sign_on, p, user, clock_wall_ms(), e);
    if (s == ST_OK)
        s = handle_session(w, NULL, out, e);
    out->token = w->caller.call.token;
    return s;
}

enum status handle_sign_on_finish(struct worker *w, struct args *in, struct args *out, struct error *e) {
    static const struct uuid none;
    char redirect[300];
    struct sign_on_person person;
    struct sign_on_answer a = {.state = in->text,
                               .code = in->second,
                               .issuer = in->third,
                               .browser = in->fourth,
                               .came_to = in->number32,
                               .redirect = redirect};
    if (in->flag && !w->has_caller)
        return error_set(e, ST_UNAUTHENTICATED, "unauthenticated", "sign in first");
    a.user = in->flag ? w->caller.grant.user : 0;
    enum status s = ledger_ready(w->state->ledger, e);
    if (s == ST_OK)
        s = redirect_of(w, redirect, sizeof redirect, e);
    if (s == ST_OK &&
        !sign_on_state_fits(in->text, in->fourth)) /* no guess at anything: costs nobody a pause */
        s = error_set(e, ST_DENIED, "sign_on_stale", "that is no answer to a sign-in of ours");
    else if (s == ST_OK)
        s = worker_guard_enter(w, in, in->text, e);
    if (s == ST_OK)
        s = sign_on_finish(w->state->sign_on, &a, clock_wall_ms(), &out->uuid, &person, e);
    if (s != ST_OK)
        return s == ST_DENIED || s == ST_LIMIT ? failed(w, in, 0, e) : s;
    guard_success(w->state->guard, in->text, in->call.address);
    if (!uuid_equal(&out->uuid, &none))
        return ST_OK;
    s = in->flag ? link_caller(w, in, &person, out, e) : let_in(w, in, &person, out, e);
    explicit_bzero(&person, sizeof person);
    return s;
}

enum status handle_errand_take(struct worker *w, struct args *in, struct args *out, struct error *e) {
    int64_t now = clock_wall_ms();
    enum status s = sign_on_errand(w->state->sign_on, &in->uuid, now, &w->scratch, e);
    if (s == ST_NOT_FOUND)
        s = ldap_source_errand(w->state->ldap, &in->uuid, now, &w->scratch, e);
    out->text = buf_slice(&w->scratch);
    return s;
}

enum status handle_errand_done(struct worker *w, struct args *in, struct args *out, struct error *e) {
    (void)out;
    int64_t now = clock_wall_ms();
    enum status s = sign_on_errand_done(w->state->sign_on, &in->uuid, in->number32, in->text, now, e);
    return s == ST_NOT_FOUND
               ? ldap_source_errand_done(w->state->ldap, &in->uuid, in->number32, in->text, now, e)
               : s;
}
