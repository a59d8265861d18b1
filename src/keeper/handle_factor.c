#include "base/clock.h"
#include "base/hex.h"
#include "base/json.h"
#include "keeper/deed.h"
#include "keeper/factor_record.h"
#include "keeper/handle_passkey.h"
#include "keeper/sign_in_rules.h"

#define ISSUER "Kedun"

static const char *kind_name(uint8_t kind) {
    static const char *const names[] = {"?", "totp", "recovery", "passkey"};
    return names[kind <= FACTOR_KIND_PASSKEY ? kind : 0];
}

static void write_time(struct json *j, const char *key, int64_t at) {
    json_key(j, key);
    if (at == 0)
        json_none(j);
    else
        json_time(j, at);
}

static void write_passkey(struct json *j, const struct factor_passkey *p) {
    char id[BASE64URL_LENGTH(FACTOR_ID_MAX) + 1];
    base64url_encode(slice_of(p->id, p->id_n), id);
    json_object_begin(j);
    json_key(j, "id");
    json_cstring(j, id);
    json_key(j, "name");
    json_cstring(j, p->name);
    json_key(j, "synced");
    json_bool(j, p->synced);
    write_time(j, "made_at", p->made_at);
    write_time(j, "used_at", p->used_at);
    json_object_end(j);
}

static void write_factors(struct json *j, const struct factor_record *r, bool demanded) {
    json_object_begin(j);
    json_key(j, "demanded");
    json_bool(j, demanded);
    json_key(j, "totp");
    if (r->has_totp) {
        json_object_begin(j);
        write_time(j, "made_at", r->totp_at);
        write_time(j, "used_at", r->totp_used_at);
        json_object_end(j);
    } else {
        json_none(j);
    }
    json_key(j, "recovery");
    json_object_begin(j);
    json_key(j, "left");
    json_int(j, (int64_t)r->recovery_count);
    write_time(j, "made_at", r->recovery_at);
    json_object_end(j);
    json_key(j, "passkeys");
    json_array_begin(j);
    for (size_t i = 0; i < r->passkey_count; i++)
        write_passkey(j, &r->passkeys[i]);
    json_array_end(j);
    json_object_end(j);
}

/* What the answer's JSON was written into. */
static enum status answer_json(struct worker *w, struct args *out, struct error *e) {
    out->text = buf_slice(&w->scratch);
    return w->scratch.failed ? error_set(e, ST_NOMEM, "no_memory", "no memory for the answer") : ST_OK;
}

static enum status factor_demanded(struct worker *w, uint32_t user, bool *demanded, struct error *e) {
    struct sign_in_verdict verdict;
    enum status s = registry_sign_in(w->state->registry, user, NULL, clock_wall_ms(), &verdict, e);
    *demanded = verdict.factor;
    return s;
}

enum status handle_factor_list(struct worker *w, struct args *in, struct args *out, struct error *e) {
    const struct caller *c = &w->caller;
    struct factor_record r;
    struct json j = json_to(&w->scratch);
    uint32_t user = in->user == 0 ? c->grant.user : in->user;
    bool demanded = false;
    if (user != c->grant.user && (c->actor.duties & DUTY_SECURITY_ADMIN) == 0) {
        (void)error_set(e, ST_DENIED, "not_your_duty",
                        "others' second factors are the security administrator's");
        return worker_refuse(w, in, "factor_list", e);
    }
    enum status s = factor_demanded(w, user, &demanded, e);
    if (s == ST_OK && factors_load(w->state->factors, user, &r) != ST_OK)
        s = error_set(e, ST_IO, "factor_store", "the second factors could not be read");
    if (s != ST_OK)
        return s;
    write_factors(&j, &r, demanded);
    explicit_bzero(&r, sizeof r);
    return answer_json(w, out, e);
}

static void put_escaped(struct buf *out, const char *text) {
    for (const char *c = text; *c != '\0'; c++) {
        bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
                     *c == '-' || *c == '.' || *c == '_';
        if (plain)
            buf_put_u8(out, (uint8_t)*c);
        else
            buf_put_format(out, "%%%02X", (unsigned)(unsigned char)*c);
    }
}

/* The key URI that authenticator apps read from a QR code. */
static enum status begin_totp(struct worker *w, struct args *out, struct error *e) {
    uint8_t secret[FACTOR_SECRET];
    char text[BASE32_LENGTH(FACTOR_SECRET) + 1];
    struct principal who = {.user = 0};
    uint32_t user = w->caller.grant.user;
    if (registry_principal(w->state->registry, user, NULL, &who) != ST_OK)
        return error_set(e, ST_UNAUTHENTICATED, "unauthenticated", "the user is disabled");
    enum status s = factors_totp_begin(w->state->factors, user, clock_wall_ms(), secret, e);
    if (s != ST_OK)
        return s;
    base32_encode(slice_of(secret, sizeof secret), text);
    struct buf uri;
    buf_init(&uri, 1024, true);
    buf_put_string(&uri, "otpauth://totp/" ISSUER ":");
    put_escaped(&uri, who.login);
    buf_put_format(&uri, "?secret=%s&issuer=" ISSUER "&algorithm=SHA1&digits=%d&period=30", text,
                   FACTOR_DIGITS);
    struct json j = json_to(&w->scratch);
    json_object_begin(&j);
    json_key(&j, "secret");
    json_cstring(&j, text);
    json_key(&j, "uri");
    json_text(&j, buf_slice(&uri));
    json_object_end(&j);
    bool failed = uri.failed;
    buf_free(&uri);
    explicit_bzero(secret, sizeof secret);
    explicit_bzero(text, sizeof text);
    return failed ? error_set(e, ST_NOMEM, "no_memory", "no memory for the answer") : answer_json(w, out, e);
}

/* {"recovery": […]}; fresh codes where asked for or none are left. */
static enum status answer_codes(struct worker *w, bool make, struct args *out, struct error *e) {
    struct factor_codes codes;
    enum status s = ST_OK;
    if (make)
        s = factors_recovery_make(w->state->factors, w->caller.grant.user, clock_wall_ms(), &codes, e);
    if (s != ST_OK)
        return s;
    struct json j = json_to(&w->scratch);
    json_object_begin(&j);
    json_key(&j, "recovery");
    json_array_begin(&j);
    for (size_t i = 0; make && i < FACTOR_RECOVERY; i++)
        json_cstring(&j, codes.text[i]);
    json_array_end(&j);
    json_object_end(&j);
    if (make)
        explicit_bzero(&codes, sizeof codes);
    return answer_json(w, out, e);
}

static enum status begin_recovery(struct worker *w, const struct args *in, struct args *out,
                                  struct error *e) {
    bool has = false;
    struct deed deed;
    if (factors_has(w->state->factors, w->caller.grant.user, &has) != ST_OK || !has)
        return error_set(e, ST_NOT_FOUND, "factor_not_begun", "recovery codes come with a second factor");
    enum status s = deed_begin(w, in, AUDIT_ADMIN, "factor recovery made", &deed, e);
    return s == ST_OK ? deed_end(w, &deed, answer_codes(w, true, out, e), e) : s;
}

enum status handle_factor_begin(struct worker *w, struct args *in, struct args *out, struct error *e) {
    bool has = false;
    if (!worker_is_person(w))
        return worker_persons_only(e);
    enum status s = worker_check_password(w, in, in->text, "password", "factor_begin", e);
    if (s == ST_OK)
        s = worker_need_fresh(w, in, "factor_begin", &has, e);
    if (s != ST_OK)
        return s;
    switch (in->kind) {
    case FACTOR_KIND_TOTP:
        return begin_totp(w, out, e);
    case FACTOR_KIND_RECOVERY:
        return begin_recovery(w, in, out, e);
    case FACTOR_KIND_PASSKEY:
        s = passkey_begin(w, e);
        return s == ST_OK ? answer_json(w, out, e) : s;
    default:
        return error_set(e, ST_INVALID, "bad_kind", "there is no such second factor");
    }
}

/* Failures are the sign-in's: what was tried, and by whom, whether or not the session was whole. */
static enum status factor_failed(struct worker *w, const struct args *in, enum status why, struct error *e) {
    if (why != ST_DENIED)
        return why;
    struct error keep = *e;
    char tag[AUDIT_TAG_MAX];
    (void)snprintf(tag, sizeof tag, "%s %s", kind_name(in->kind), keep.code);
    enum status s = worker_record(w, in, AUDIT_SIGN_IN_FAILED, AUDIT_DENIED, tag, e);
    if (s != ST_OK)
        return s;
    *e = keep;
    return why;
}

/* A factor was shown now: the session is whole and fresh. */
static enum status factor_shown(struct worker *w, struct args *out, struct error *e) {
    struct session_change change = {.second_factor_at = clock_wall_ms()};
    return sessions_rotate(w->state->sessions, &w->caller.session, change, &out->token, e);
}

enum status handle_factor_confirm(struct worker *w, struct args *in, struct args *out, struct error *e) {
    struct factors *f = w->state->factors;
    uint32_t user = w->caller.grant.user;
    struct factor_record r;
    char tag[AUDIT_TAG_MAX];
    struct deed deed;
    if (!worker_is_person(w))
        return worker_persons_only(e);
    if (in->kind != FACTOR_KIND_TOTP && in->kind != FACTOR_KIND_PASSKEY)
        return error_set(e, ST_INVALID, "bad_kind", "there is no such second factor");
    bool has = false;
    enum status s = worker_need_fresh(w, in, "factor_confirm", &has, e);
    (void)snprintf(tag, sizeof tag, "factor %s added", kind_name(in->kind));
    if (s == ST_OK)
        s = deed_begin(w, in, AUDIT_ADMIN, tag, &deed, e);
    if (s != ST_OK)
        return s;
    s = in->kind == FACTOR_KIND_PASSKEY
            ? passkey_add(w, in, e)
            : factors_totp_confirm(f, user, in->text, in->call.address, clock_wall_ms(), e);
    s = deed_end(w, &deed, s, e);
    if (s != ST_OK)
        return factor_failed(w, in, s, e);
    s = factors_load(f, user, &r);
    bool none = s == ST_OK && r.recovery_count == 0;
    explicit_bzero(&r, sizeof r);
    s = s == ST_OK ? answer_codes(w, none, out, e) : error_set(e, s, "factor_store", "not read");
    return s == ST_OK ? factor_shown(w, out, e) : s;
}

/* The last factor stays where one is demanded. */
static enum status check_removal(struct worker *w, uint32_t user, bool *demanded, struct error *e) {
    struct factor_record r;
    enum status s = factor_demanded(w, user, demanded, e);
    if (s == ST_OK && factors_load(w->state->factors, user, &r) != ST_OK)
        return error_set(e, ST_IO, "factor_store", "the second factors could not be read");
    if (s != ST_OK)
        return s;
    bool last = r.has_totp + r.passkey_count <= 1;
    explicit_bzero(&r, sizeof r);
    return last && *demanded ? error_set(e, ST_DENIED, "factor_demanded",
                                         "your company demands a second factor: set up another one first")
                             : ST_OK;
}

enum status handle_factor_remove(struct worker *w, struct args *in, struct args *out, struct error *e) {
    uint32_t user = w->caller.grant.user;
    char tag[AUDIT_TAG_MAX];
    struct deed deed;
    bool demanded = false;
    (void)out;
    if (!worker_is_person(w))
        return worker_persons_only(e);
    if (in->kind != FACTOR_KIND_TOTP && in->kind != FACTOR_KIND_PASSKEY)
        return error_set(e, ST_INVALID, "bad_kind", "there is no such second factor");
    bool has = false;
    enum status s = worker_need_fresh(w, in, "factor_remove", &has, e);
    if (s != ST_OK)
        return s;
    s = check_removal(w, user, &demanded, e);
    if (s == ST_DENIED)
        return worker_refuse(w, in, "factor_remove", e);
    (void)snprintf(tag, sizeof tag, "factor %s removed", kind_name(in->kind));
    if (s == ST_OK)
        s = deed_begin(w, in, AUDIT_ADMIN, tag, &deed, e);
    if (s != ST_OK)
        return s;
    s = factors_remove(w->state->factors, user, (enum factor_kind)in->kind, in->text, demanded, e);
    return deed_end(w, &deed, s, e);
}

static enum status show_factor(struct worker *w, const struct args *in, struct error *e) {
    if (in->kind == FACTOR_KIND_PASSKEY)
        return passkey_show(w, in, e);
    if (in->kind != FACTOR_KIND_TOTP && in->kind != FACTOR_KIND_RECOVERY)
        return error_set(e, ST_INVALID, "bad_kind", "there is no such second factor");
    return factors_check(w->state->factors, w->caller.grant.user, (enum factor_kind)in->kind, in->text,
                         in->call.address, clock_wall_ms(), e);
}

enum status handle_second_factor(struct worker *w, struct args *in, struct args *out, struct error *e) {
    char tag[AUDIT_TAG_MAX];
    if (!worker_is_person(w))
        return worker_persons_only(e);
    enum status s = ledger_ready(w->state->ledger, e);
    if (s == ST_OK)
        s = show_factor(w, in, e);
    if (s != ST_OK)
        return factor_failed(w, in, s, e);
    bool whole = w->caller.grant.step == SIGN_IN_DONE;
    (void)snprintf(tag, sizeof tag, "%s%s", whole ? "again " : "", kind_name(in->kind));
    s = worker_record(w, in, AUDIT_SIGN_IN, AUDIT_DONE, tag, e);
    if (s == ST_OK)
        s = factor_shown(w, out, e);
    if (s != ST_OK)
        return s;
    if (!whole)
        worker_note_seen(w, w->caller.grant.user);
    struct keeper_call call = in->call;
    call.token = out->token;
    s = sessions_find(w->state->sessions, &call, &w->caller, e);
    return s == ST_OK ? handle_session(w, NULL, out, e) : s;
}
