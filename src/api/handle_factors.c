/* Second factors: one's own, shown and set up, and others' reset. Everything is decided in the keeper. */
#include "api/engine.h"
#include "api/handlers.h"
#include "api/session.h"
#include "base/hex.h"
#include "keeper/client_factor.h"

static struct slice member(const json_t *from, const char *name) {
    const json_t *v = json_object_get(from, name);
    return json_is_string(v) ? slice_of(json_string_value(v), json_string_length(v)) : SLICE_NONE;
}

static uint8_t kind_of(struct slice name) {
    return slice_is(name, "totp")       ? FACTOR_KIND_TOTP
           : slice_is(name, "recovery") ? FACTOR_KIND_RECOVERY
           : slice_is(name, "passkey")  ? FACTOR_KIND_PASSKEY
                                        : 0;
}

/* A member that is base64url, decoded into the arena; SLICE_NONE when it is none. */
static struct slice bytes_of(struct caller *c, const json_t *from, const char *name) {
    struct slice text = member(from, name);
    uint8_t *out = arena_alloc(c->arena, text.n + 1);
    size_t n = 0;
    if (out == NULL || text.n == 0 || !base64url_decode(text, out, &n))
        return SLICE_NONE;
    return slice_of(out, n);
}

static struct keeper_factor_proof proof_of(struct caller *c, const json_t *from) {
    struct keeper_factor_proof p = {.kind = kind_of(member(from, "kind")), .code = member(from, "code")};
    if (p.kind != FACTOR_KIND_PASSKEY)
        return p;
    p.code = bytes_of(c, from, "id");
    p.client = bytes_of(c, from, "client");
    p.authenticator = bytes_of(c, from, "authenticator");
    p.signature = bytes_of(c, from, "signature");
    return p;
}

HANDLER(api_second_factor) {
    struct keeper_factor_proof proof = proof_of(c, r->json);
    struct token fresh;
    struct principal who;
    (void)engine;
    enum status s = keeper_second_factor(c->keeper, &c->call, &proof, &fresh, &who, e);
    if (s != ST_OK)
        return s;
    session_forget(&c->call.token);
    c->call.token = fresh;
    c->who = who;
    return session_answer(c, reply, e);
}

HANDLER(api_factors) {
    struct slice json;
    (void)engine;
    (void)r;
    enum status s = keeper_factor_list(c->keeper, &c->call, 0, &json, e);
    if (s == ST_OK)
        buf_put(&reply->body, json.p, json.n);
    return s;
}

static enum status begin(struct caller *c, const struct http_request *r, struct http_reply *reply,
                         uint8_t kind, struct error *e) {
    struct slice json;
    enum status s = keeper_factor_begin(c->keeper, &c->call, kind, member(r->json, "password"), &json, e);
    if (s == ST_OK)
        buf_put(&reply->body, json.p, json.n);
    return s;
}

HANDLER(api_totp_begin) {
    (void)engine;
    return begin(c, r, reply, FACTOR_KIND_TOTP, e);
}

HANDLER(api_recovery_codes) {
    (void)engine;
    return begin(c, r, reply, FACTOR_KIND_RECOVERY, e);
}

static enum status confirm(struct caller *c, struct http_reply *reply,
                           const struct keeper_factor_proof *proof, struct slice name, struct error *e) {
    struct token fresh;
    struct slice json;
    enum status s = keeper_factor_confirm(c->keeper, &c->call, proof, name, &fresh, &json, e);
    if (s != ST_OK)
        return s;
    buf_put(&reply->body, json.p, json.n);
    session_forget(&c->call.token);
    session_set_cookie(reply, &fresh);
    return ST_OK;
}

HANDLER(api_totp_confirm) {
    struct keeper_factor_proof proof = {.kind = FACTOR_KIND_TOTP, .code = member(r->json, "code")};
    (void)engine;
    return confirm(c, reply, &proof, SLICE_NONE, e);
}

HANDLER(api_passkey_begin) {
    (void)engine;
    return begin(c, r, reply, FACTOR_KIND_PASSKEY, e);
}

HANDLER(api_passkey_confirm) {
    struct keeper_factor_proof proof = {.kind = FACTOR_KIND_PASSKEY,
                                        .code = bytes_of(c, r->json, "attestation"),
                                        .client = bytes_of(c, r->json, "client")};
    (void)engine;
    return confirm(c, reply, &proof, member(r->json, "name"), e);
}

HANDLER(api_passkey_remove) {
    uint8_t *id = arena_alloc(c->arena, r->parameters[0].n + 1);
    size_t n = 0;
    (void)engine;
    if (id == NULL || !base64url_decode(r->parameters[0], id, &n))
        return error_set(e, ST_NOT_FOUND, "not_found", "there is no such passkey");
    enum status s = keeper_factor_remove(c->keeper, &c->call, FACTOR_KIND_PASSKEY, slice_of(id, n), e);
    if (s == ST_OK)
        reply->status = 204;
    return s;
}

static enum status challenge(struct caller *c, struct http_reply *reply, struct error *e) {
    struct slice json;
    enum status s = keeper_passkey_challenge(c->keeper, &c->call, &json, e);
    if (s == ST_OK)
        buf_put(&reply->body, json.p, json.n);
    return s;
}

HANDLER(api_passkey_challenge) {
    (void)engine;
    (void)r;
    return challenge(c, reply, e);
}

/* The same for a second factor: the route asks for the session. */
HANDLER(api_factor_challenge) {
    (void)engine;
    (void)r;
    return challenge(c, reply, e);
}

HANDLER(api_passkey_sign_in) {
    struct keeper_factor_proof proof = {.kind = FACTOR_KIND_PASSKEY,
                                        .code = bytes_of(c, r->json, "id"),
                                        .client = bytes_of(c, r->json, "client"),
                                        .authenticator = bytes_of(c, r->json, "authenticator"),
                                        .signature = bytes_of(c, r->json, "signature")};
    struct slice handle = bytes_of(c, r->json, "handle");
    (void)engine;
    if (handle.n != FACTOR_HANDLE)
        return error_set(e, ST_DENIED, "passkey_refused", "nobody's passkey");
    enum status s = keeper_passkey_sign_in(c->keeper, &c->call, handle.p, &proof, r->user_agent,
                                           &c->call.token, &c->who, e);
    return s == ST_OK ? session_begin(c, r, reply, e) : s;
}

HANDLER(api_totp_remove) {
    (void)engine;
    (void)r;
    enum status s = keeper_factor_remove(c->keeper, &c->call, FACTOR_KIND_TOTP, SLICE_NONE, e);
    if (s == ST_OK)
        reply->status = 204;
    return s;
}

static enum status user_of(const struct http_request *r, uint32_t *user, struct error *e) {
    int64_t n;
    if (!slice_to_int(r->parameters[0], &n) || n < 1 || n > UINT32_MAX)
        return error_set(e, ST_NOT_FOUND, "not_found", "there is no such user");
    *user = (uint32_t)n;
    return ST_OK;
}

HANDLER(api_user_factors) {
    struct slice json;
    uint32_t user = 0;
    (void)engine;
    enum status s = user_of(r, &user, e);
    if (s == ST_OK)
        s = keeper_factor_list(c->keeper, &c->call, user, &json, e);
    if (s == ST_OK)
        buf_put(&reply->body, json.p, json.n);
    return s;
}
