#include "keeper/handle_passkey.h"

#include "base/clock.h"
#include "base/hex.h"
#include "base/json.h"
#include "keeper/challenge.h"
#include "keeper/factor_passkey.h"
#include "keeper/factor_record.h"
#include "keeper/sign_in_rules.h"

static enum status party_of(const struct worker *w, struct webauthn_party *party, struct error *e) {
    const struct keeper_config *c = &w->state->config;
    *party = (struct webauthn_party){.id = c->party, .origin = c->party_origin, .verified = true};
    return c->party == NULL || c->party_origin == NULL
               ? error_set(e, ST_CONFLICT, "passkeys_off", "no public address is set: see public_origin")
               : ST_OK;
}

static struct challenge_scope scope_of(const struct worker *w, uint8_t purpose) {
    struct challenge_scope scope = {.purpose = purpose};
    if (purpose != CHALLENGE_SIGN_IN) {
        scope.user = w->caller.grant.user;
        scope.session = w->caller.session;
    }
    return scope;
}

static enum status write_challenge(struct worker *w, uint8_t purpose, struct json *j, struct error *e) {
    uint8_t challenge[CHALLENGE_SIZE];
    char text[BASE64URL_LENGTH(CHALLENGE_SIZE) + 1];
    struct challenge_scope scope = scope_of(w, purpose);
    enum status s = challenge_make(w->state->challenges, &scope, clock_wall_ms(), challenge);
    if (s != ST_OK)
        return error_set(e, s, "challenge", "no challenge could be made");
    base64url_encode(slice_of(challenge, sizeof challenge), text);
    json_key(j, "challenge");
    json_cstring(j, text);
    json_key(j, "party");
    json_cstring(j, w->state->config.party);
    return ST_OK;
}

/* The ids of the person's passkeys. */
static enum status write_ids(struct worker *w, struct json *j, struct error *e) {
    struct factor_record r;
    char id[BASE64URL_LENGTH(FACTOR_ID_MAX) + 1];
    if (factors_load(w->state->factors, w->caller.grant.user, &r) != ST_OK)
        return error_set(e, ST_IO, "factor_store", "the second factors could not be read");
    json_key(j, "ids");
    json_array_begin(j);
    for (size_t i = 0; i < r.passkey_count; i++) {
        base64url_encode(slice_of(r.passkeys[i].id, r.passkeys[i].id_n), id);
        json_cstring(j, id);
    }
    json_array_end(j);
    explicit_bzero(&r, sizeof r);
    return ST_OK;
}

static void write_user(struct json *j, const uint8_t handle[FACTOR_HANDLE], const struct principal *who) {
    char text[BASE64URL_LENGTH(FACTOR_HANDLE) + 1];
    base64url_encode(slice_of(handle, FACTOR_HANDLE), text);
    json_key(j, "user");
    json_object_begin(j);
    json_key(j, "id");
    json_cstring(j, text);
    json_key(j, "login");
    json_cstring(j, who->login);
    json_key(j, "name");
    json_cstring(j, who->name);
    json_object_end(j);
}

enum status passkey_begin(struct worker *w, struct error *e) {
    struct webauthn_party party;
    struct principal who = {.user = 0};
    uint8_t handle[FACTOR_HANDLE];
    struct json j = json_to(&w->scratch);
    enum status s = party_of(w, &party, e);
    if (s == ST_OK && registry_principal(w->state->registry, w->caller.grant.user, NULL, &who) != ST_OK)
        s = error_set(e, ST_UNAUTHENTICATED, "unauthenticated", "the user is disabled");
    if (s == ST_OK)
        s = factors_handle(w->state->factors, w->caller.grant.user, handle, e);
    if (s != ST_OK)
        return s;
    json_object_begin(&j);
    s = write_challenge(w, CHALLENGE_REGISTER, &j, e);
    if (s == ST_OK)
        s = write_ids(w, &j, e);
    write_user(&j, handle, &who);
    json_object_end(&j);
    return s;
}

static enum status stale(struct error *e) {
    return error_set(e, ST_DENIED, "passkey_refused", "the challenge is too old, or was answered before");
}

enum status passkey_add(struct worker *w, const struct args *in, struct error *e) {
    struct webauthn_party party;
    struct webauthn_made made;
    uint8_t challenge[WEBAUTHN_CHALLENGE_MAX];
    size_t n = 0;
    struct challenge_scope scope = scope_of(w, CHALLENGE_REGISTER);
    int64_t now = clock_wall_ms();
    enum status s = party_of(w, &party, e);
    if (s != ST_OK)
        return s;
    if (!webauthn_challenge_of(in->second, challenge, &n))
        return error_set(e, ST_DENIED, "passkey_refused", "the client data do not parse");
    s = webauthn_register(&party, slice_of(challenge, n), in->second, in->text, &made, e);
    if (s == ST_OK && challenge_take(w->state->challenges, &scope, slice_of(challenge, n), now) != ST_OK)
        s = stale(e);
    return s == ST_OK ? factors_passkey_add(w->state->factors, w->caller.grant.user, &made, in->third, now, e)
                      : s;
}

/* A challenge that was answered rightly is spent; the wrong answers of strangers spend none. */
static enum status check(struct worker *w, const struct args *in, uint32_t user, uint8_t purpose,
                         struct error *e) {
    struct webauthn_party party;
    uint8_t challenge[WEBAUTHN_CHALLENGE_MAX];
    size_t n = 0;
    struct challenge_scope scope = scope_of(w, purpose);
    const struct passkey_answer answer = {in->text, in->second, in->third, in->fourth};
    int64_t now = clock_wall_ms();
    enum status s = party_of(w, &party, e);
    if (s != ST_OK)
        return s;
    if (!webauthn_challenge_of(in->second, challenge, &n))
        return error_set(e, ST_DENIED, "passkey_refused", "the client data do not parse");
    s = factors_passkey_check(w->state->factors, user, &party, slice_of(challenge, n), &answer, now, e);
    if (s == ST_OK && challenge_take(w->state->challenges, &scope, slice_of(challenge, n), now) != ST_OK)
        s = stale(e);
    return s;
}

enum status passkey_show(struct worker *w, const struct args *in, struct error *e) {
    return check(w, in, w->caller.grant.user, CHALLENGE_SHOW, e);
}

enum status handle_passkey_challenge(struct worker *w, struct args *in, struct args *out, struct error *e) {
    struct webauthn_party party;
    struct json j = json_to(&w->scratch);
    (void)in;
    if (w->has_caller && !worker_is_person(w))
        return worker_persons_only(e);
    enum status s = party_of(w, &party, e);
    if (s != ST_OK)
        return s;
    json_object_begin(&j);
    s = write_challenge(w, w->has_caller ? CHALLENGE_SHOW : CHALLENGE_SIGN_IN, &j, e);
    if (s == ST_OK && w->has_caller)
        s = write_ids(w, &j, e);
    json_object_end(&j);
    out->text = buf_slice(&w->scratch);
    return s;
}

/* Recorded within the bounds of failed sign-ins: whoever is tried is known only by a handle. */
static enum status failed(struct worker *w, const struct args *in, struct slice key, uint32_t user,
                          struct error *e) {
    struct error keep = *e;
    if (!guard_worth_entry(w->state->guard, key, in->call.address, clock_monotonic_ns() / 1000000))
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

enum status handle_passkey_sign_in(struct worker *w, struct args *in, struct args *out, struct error *e) {
    struct keeper_state *st = w->state;
    struct slice key = slice_of(in->uuid.b, sizeof in->uuid.b);
    struct sign_in_verdict verdict;
    struct actor actor;
    uint32_t user = 0;
    w->has_caller = false; /* whoever sits there now is signed in anew */
    enum status s = ledger_ready(st->ledger, e);
    if (s != ST_OK)
        return s;
    bool known = factors_by_handle(st->factors, in->uuid.b, &user) == ST_OK &&
                 registry_actor(st->registry, user, NULL, &actor) == ST_OK;
    s = guard_enter_passkey(st->guard, key, in->call.address, clock_monotonic_ns() / 1000000, e);
    if (s == ST_OK && !known)
        s = error_set(e, ST_DENIED, "passkey_refused", "nobody's passkey");
    if (s == ST_OK)
        s = check(w, in, user, CHALLENGE_SIGN_IN, e);
    if (s == ST_OK)
        s = worker_check_sign_on(w, user, e);
    if (s == ST_OK)
        s = registry_sign_in(st->registry, user, in->call.address, clock_wall_ms(), &verdict, e);
    if (s != ST_OK)
        return failed(w, in, key, user, e);
    guard_success_passkey(st->guard, key, in->call.address);
    struct session_grant grant = {
        .user = user, .second_factor_at = clock_wall_ms(), .expires_at = verdict.until};
    return worker_make_session(w, in, &grant, in->fifth, "passkey", out, e);
}
