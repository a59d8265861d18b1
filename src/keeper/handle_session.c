#include "base/clock.h"
#include "base/log.h"
#include "keeper/api_key.h"
#include "keeper/password_rules.h"
#include "keeper/sign_in_rules.h"
#include "keeper/state.h"

static int64_t guard_now(void) {
    return clock_monotonic_ns() / 1000000;
}

enum status worker_guard_enter(struct worker *w, const struct args *in, struct slice login, struct error *e) {
    struct password_rules rules;
    registry_passwords(w->state->registry, &rules);
    struct guard_pause pause = {rules.failures, rules.lock_minutes * (int64_t)60000,
                                alarms_suspect(w->state->alarms, in->call.address, clock_wall_ms())};
    return guard_enter(w->state->guard, login, in->call.address, pause, guard_now(), e);
}

/* A failed sign-in is recorded, but a flood of them must not flood the log. */
static enum status sign_in_failed(struct worker *w, const struct args *in, uint32_t user, struct error *e) {
    struct error keep = *e;
    struct alarm raised;
    /* One that was made to wait proved nothing: whoever counts it lets a clumsy client raise an alarm. */
    bool tried = keep.status == ST_UNAUTHENTICATED || keep.status == ST_DENIED;
    if (tried && alarms_failed(w->state->alarms, in->text, in->call.address, clock_wall_ms(), &raised))
        worker_alarm(w, in, &raised);
    if (!guard_worth_entry(w->state->guard, in->text, in->call.address, guard_now()))
        return keep.status;
    struct audit_entry entry = worker_entry(w, in, AUDIT_SIGN_IN_FAILED, AUDIT_DENIED);
    entry.actor = user;
    entry.tag = user == 0 ? SLICE("unknown_login") : slice_from_string(keep.code);
    enum status s = ledger_record(w->state->ledger, &entry, e);
    if (s != ST_OK)
        return s;
    *e = keep;
    return keep.status;
}

/* For the lists of accounts that nobody uses; one lost with a crash does no harm. */
void worker_note_seen(struct worker *w, uint32_t user) {
    struct buf key, at;
    buf_init(&key, 4, false);
    buf_init(&at, 8, false);
    buf_put_u32(&key, user);
    buf_put_u64(&at, (uint64_t)clock_wall_ms());
    struct vault_change seen = {VAULT_SEEN, buf_slice(&key), buf_slice(&at)};
    if (key.failed || at.failed || vault_commit_lazy(w->state->vault, &seen, 1) != ST_OK)
        log_warn("event=sign_in_not_noted");
    buf_free(&key);
    buf_free(&at);
}

enum status worker_make_session(struct worker *w, const struct args *in, struct session_grant *grant,
                                struct slice agent, const char *tag, struct args *out, struct error *e) {
    memcpy(grant->address, in->call.address, sizeof grant->address);
    size_t n = agent.n < sizeof grant->agent ? agent.n : sizeof grant->agent - 1;
    if (n > 0)
        memcpy(grant->agent, agent.p, n);
    enum status s = sessions_make(w->state->sessions, grant, &out->token, &w->caller.session, e);
    if (s != ST_OK)
        return s;
    bool half = grant->step == SIGN_IN_FACTOR;
    struct audit_entry entry = worker_entry(w, in, AUDIT_SIGN_IN, half ? AUDIT_PARTIAL : AUDIT_DONE);
    entry.actor = grant->user;
    entry.tag = slice_from_string(tag);
    memcpy(entry.session, w->caller.session.b, sizeof entry.session);
    s = ledger_record(w->state->ledger, &entry, e);
    if (s != ST_OK) {
        if (sessions_end(w->state->sessions, &w->caller.session, grant->user) != ST_OK)
            log_error("event=session_not_ended");
        return s;
    }
    if (grant->step != SIGN_IN_FACTOR)
        worker_note_seen(w, grant->user);
    struct keeper_call call = in->call;
    call.token = out->token;
    s = sessions_find(w->state->sessions, &call, &w->caller, e);
    return s == ST_OK ? handle_session(w, NULL, out, e) : s;
}

static void note_success(struct worker *w, const struct args *in, uint32_t user, bool breached) {
    struct alarm raised;
    if (alarms_succeeded(w->state->alarms, user, in->call.address, breached, clock_wall_ms(), &raised))
        worker_alarm(w, in, &raised);
}

/* The password was right: how much of a session it is worth. */
static enum status sign_in_done(struct worker *w, const struct args *in, uint32_t user, bool must_change,
                                struct args *out, struct error *e) {
    struct session_grant grant = {.user = user, .must_change = must_change};
    struct sign_in_verdict verdict;
    bool has = false;
    enum status s = worker_check_sign_on(w, user, e);
    if (s == ST_OK)
        s = registry_sign_in(w->state->registry, user, in->call.address, clock_wall_ms(), &verdict, e);
    if (s != ST_OK)
        return sign_in_failed(w, in, user, e);
    s = factors_has(w->state->factors, user, &has);
    if (s != ST_OK)
        return error_set(e, s, "factor_store", "the second factors could not be read");
    grant.expires_at = verdict.until;
    grant.step = has ? SIGN_IN_FACTOR : verdict.factor ? SIGN_IN_ENROL : SIGN_IN_DONE;
    const char *due = grant.must_change ? "" : worker_password_due(w, user, in->second);
    note_success(w, in, user, strcmp(due, "password breached") == 0);
    grant.must_change = grant.must_change || due[0] != '\0';
    return worker_make_session(w, in, &grant, in->third,
                               due[0] != '\0' ? due
                               : has          ? "password"
                                              : "",
                               out, e);
}

enum status handle_sign_in(struct worker *w, struct args *in, struct args *out, struct error *e) {
    struct keeper_state *st = w->state;
    enum status s = ledger_ready(st->ledger, e);
    if (s != ST_OK)
        return s;
    uint32_t user = 0;
    bool known = registry_login(st->registry, in->text, &user) == ST_OK, must_change = false;
    s = worker_guard_enter(w, in, in->text, e);
    if (s == ST_OK)
        s = credentials_verify(st->credentials, known ? user : 0, in->second, &must_change, e);
    if (s != ST_OK)
        return sign_in_failed(w, in, user, e);
    guard_success(st->guard, in->text, in->call.address);
    return sign_in_done(w, in, user, must_change, out, e);
}

enum status handle_session(struct worker *w, struct args *in, struct args *out, struct error *e) {
    (void)in;
    const struct caller *c = &w->caller;
    struct principal *p = &out->who;
    const struct role_names *subset = c->grant.is_key ? &c->grant.roles : NULL;
    if (registry_principal(w->state->registry, c->grant.user, subset, p) != ST_OK)
        return error_set(e, ST_UNAUTHENTICATED, "unauthenticated", "the user is disabled");
    p->session = c->session;
    p->is_key = c->grant.is_key;
    p->is_job = c->grant.is_job;
    p->has_reason = c->grant.is_job && c->grant.has_reason;
    p->must_change_password = c->grant.must_change;
    p->step = c->grant.step;
    p->signed_in_at = c->signed_in_at;
    p->expires_at = c->expires_at;
    p->second_factor_at = c->grant.second_factor_at;
    p->policy_version = policy_versions_in_force(w->state->policies);
    return ST_OK;
}

enum status worker_check_step(const struct worker *w, enum message number, struct error *e) {
    bool any = number == MSG_SESSION || number == MSG_SIGN_OUT || number == MSG_RECORD;
    switch (w->caller.grant.step) {
    case SIGN_IN_FACTOR:
        return any || number == MSG_SECOND_FACTOR || number == MSG_PASSKEY_CHALLENGE
                   ? ST_OK
                   : error_set(e, ST_DENIED, "second_factor_pending", "the second factor is awaited");
    case SIGN_IN_ENROL:
        return any || number == MSG_FACTOR_LIST || number == MSG_FACTOR_BEGIN || number == MSG_FACTOR_CONFIRM
                   ? ST_OK
                   : error_set(e, ST_DENIED, "second_factor_enrol", "a second factor must be set up first");
    default:
        return ST_OK;
    }
}

enum status worker_persons_only(struct error *e) {
    return error_set(e, ST_DENIED, "persons_only", "only a person's own session may do this");
}

enum status worker_check_password(struct worker *w, const struct args *in, struct slice password,
                                  const char *field, const char *what, struct error *e) {
    struct principal who = {.user = 0};
    uint32_t user = w->caller.grant.user;
    enum status s = registry_principal(w->state->registry, user, NULL, &who);
    struct slice login = slice_from_string(who.login);
    if (s == ST_OK)
        s = worker_guard_enter(w, in, login, e);
    bool must_change = false;
    if (s == ST_OK)
        s = credentials_verify(w->state->credentials, user, password, &must_change, e);
    /* Not 401: the session is fine, and a client would take it for over. */
    if (s == ST_UNAUTHENTICATED)
        s = error_field(e, ST_DENIED, "password_wrong", field, "the password is not right");
    if (s != ST_OK)
        return worker_refuse(w, in, what, e);
    guard_success(w->state->guard, login, in->call.address);
    return ST_OK;
}

enum status handle_sign_out(struct worker *w, struct args *in, struct args *out, struct error *e) {
    (void)out;
    enum status s = sessions_end(w->state->sessions, &w->caller.session, w->caller.grant.user);
    if (s != ST_OK)
        return error_set(e, s, "session_store", "the session could not be ended");
    return worker_record(w, in, AUDIT_SIGN_OUT, AUDIT_DONE, "", e);
}

enum status handle_rotate(struct worker *w, struct args *in, struct args *out, struct error *e) {
    (void)in;
    if (!worker_is_person(w))
        return worker_persons_only(e);
    struct session_change none = {.password_changed = false};
    return sessions_rotate(w->state->sessions, &w->caller.session, none, &out->token, e);
}

enum status handle_session_list(struct worker *w, struct args *in, struct args *out, struct error *e) {
    const struct caller *c = &w->caller;
    uint32_t user = in->user == 0 ? c->grant.user : in->user;
    if (c->grant.is_key || c->grant.is_job)
        return worker_persons_only(e);
    if (user != c->grant.user && (c->actor.duties & DUTY_SECURITY_ADMIN) == 0) {
        (void)error_set(e, ST_DENIED, "not_your_duty",
                        "other people's sessions are the security administrator's");
        return worker_refuse(w, in, "session_list", e);
    }
    enum status s =
        sessions_list(w->state->sessions, user, &c->session, &w->arena, &out->sessions, &out->session_count);
    return s == ST_OK ? s : error_set(e, s, "no_memory", "the sessions could not be listed");
}

enum status handle_job_token(struct worker *w, struct args *in, struct args *out, struct error *e) {
    const struct caller *c = &w->caller;
    if (c->grant.is_job)
        return error_set(e, ST_DENIED, "not_for_jobs", "a job makes no jobs");
    if (c->grant.must_change)
        return error_set(e, ST_DENIED, "must_change_password", "the password must be changed first");
    struct session_grant grant = c->grant;
    grant.is_job = true;
    grant.is_key = c->grant.is_key; /* a key's job keeps the key's roles */
    grant.job = in->uuid;
    grant.object = in->object;
    grant.network_count = 0; /* the job runs here */
    grant.expires_at = clock_wall_ms() + SESSION_JOB_MS;
    grant.has_reason = in->text.n > 0;
    grant.has_plan = in->second.n == sizeof grant.plan;
    if (grant.has_plan)
        memcpy(grant.plan, in->second.p, sizeof grant.plan);
    char tag[80], job[UUID_TEXT + 1];
    uuid_format(&in->uuid, job);
    (void)snprintf(tag, sizeof tag, "job %s", job);
    struct audit_entry entry = worker_entry(w, in, AUDIT_ADMIN, AUDIT_DONE);
    struct audit_detail why;
    entry.tag = slice_from_string(tag);
    enum status s = worker_reason(w, in, NULL, SLICE_NONE, &entry, &why, e);
    if (s == ST_OK)
        s = ledger_record(w->state->ledger, &entry, e);
    struct uuid id;
    return s == ST_OK ? sessions_make(w->state->sessions, &grant, &out->token, &id, e) : s;
}

/* The process that runs jobs names one that a person has authorised and gets a token of its own for it:
 * tokens travel through no database. The engine's token for it ends here. */
enum status handle_job_claim(struct worker *w, struct args *in, struct args *out, struct error *e) {
    struct uuid session;
    uint32_t user;
    enum status found = sessions_find_job(w->state->sessions, &in->uuid, in->second, &session, &user);
    if (found == ST_NOT_FOUND)
        return error_set(e, ST_NOT_FOUND, "not_found", "no such job is authorised, or no longer");
    struct audit_entry entry = worker_entry(w, in, AUDIT_ADMIN, found == ST_OK ? AUDIT_DONE : AUDIT_DENIED);
    entry.actor = user;
    entry.tag = found == ST_OK ? SLICE("job_claim") : SLICE("job_claim job_changed");
    memcpy(entry.session, session.b, sizeof entry.session);
    enum status s = ledger_record(w->state->ledger, &entry, e);
    struct session_change none = {.password_changed = false};
    if (s == ST_OK && found != ST_OK)
        return error_set(e, ST_DENIED, "job_changed", "the job is not what was authorised");
    return s == ST_OK ? sessions_rotate(w->state->sessions, &session, none, &out->token, e) : s;
}

enum status handle_api_key_make(struct worker *w, struct args *in, struct args *out, struct error *e) {
    const struct caller *c = &w->caller;
    if (!worker_is_person(w) || c->grant.must_change)
        return worker_persons_only(e);
    if (c->actor.duties != 0) {
        (void)error_set(e, ST_DENIED, "not_your_duty", "holders of a duty act in person");
        return worker_refuse(w, in, "api_key_make", e);
    }
    struct session_grant grant = {.user = c->grant.user, .is_key = true};
    enum status s = api_key_parse(in->text, &grant, e);
    if (s == ST_OK && !registry_has_roles(w->state->registry, c->grant.user, &grant.roles)) {
        (void)error_field(e, ST_DENIED, "not_your_role", "roles", "a key has roles of its maker only");
        return worker_refuse(w, in, "api_key_make", e);
    }
    if (s == ST_OK)
        s = worker_record(w, in, AUDIT_ADMIN, AUDIT_DONE, "api_key_make", e);
    return s == ST_OK ? sessions_make(w->state->sessions, &grant, &out->token, &out->uuid, e) : s;
}
