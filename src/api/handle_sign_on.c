/* Single sign-on: to the provider and back, and who is linked to it. Everything is decided in the keeper;
 * what it needs from the provider is fetched by the process with the network, by the keeper's order. */
#include "api/engine.h"
#include "api/handlers.h"
#include "api/session.h"
#include "base/hex.h"
#include "connect/outbound.h"
#include "crypto/random.h"
#include "keeper/client_sign_on.h"

#define COOKIE       "__Host-kedun-sso"
#define SECRET_BYTES 32
#define ROUNDS       4 /* errands that one answer may take */

static struct slice member(const json_t *from, const char *name) {
    const json_t *v = json_object_get(from, name);
    return json_is_string(v) ? slice_of(json_string_value(v), json_string_length(v)) : SLICE_NONE;
}

static enum status unknown(struct error *e) {
    return error_set(e, ST_NOT_FOUND, "not_found", "there is no such sign-on provider");
}

static enum status number_of(struct slice text, uint32_t *out, struct error *e) {
    int64_t n;
    if (!slice_to_int(text, &n) || n < 1 || n > UINT32_MAX)
        return unknown(e);
    *out = (uint32_t)n;
    return ST_OK;
}

static enum status answer_json(enum status s, struct slice json, struct http_reply *reply) {
    if (s == ST_OK)
        buf_put(&reply->body, json.p, json.n);
    return s;
}

/* Nil: nothing to do, the answer stands. */
static enum status carry_out(struct engine *engine, struct caller *c, const struct uuid *errand, bool *done,
                             struct error *e) {
    static const struct uuid none;
    *done = uuid_equal(errand, &none);
    if (*done)
        return ST_OK;
    const char *path = role_path(engine->env, c->arena, "run/outbound.sock");
    return path == NULL ? error_set(e, ST_NOMEM, "no_memory", "path")
                        : outbound_run(path, OUTBOUND_SIGN_ON, errand, e);
}

/* What ties the way back to the browser that went: same site, so the page that the provider sends it to has
 * to hand the answer over itself. */
static enum status give_secret(struct http_reply *reply, uint8_t secret[SECRET_BYTES], struct error *e) {
    char text[BASE64URL_LENGTH(SECRET_BYTES) + 1];
    if (crypto_random(secret, SECRET_BYTES) != ST_OK)
        return error_set(e, ST_IO, "random", "no random bytes");
    base64url_encode(slice_of(secret, SECRET_BYTES), text);
    buf_put_format(&reply->headers,
                   "Set-Cookie: " COOKIE "=%s; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=600\r\n",
                   text);
    return ST_OK;
}

static struct slice secret_of(const struct http_request *r, uint8_t secret[SECRET_BYTES]) {
    struct slice text = http_cookie(r, COOKIE);
    size_t n = 0;
    if (text.n != BASE64URL_LENGTH(SECRET_BYTES) || !base64url_decode(text, secret, &n))
        return SLICE_NONE;
    return slice_of(secret, n);
}

static enum status begin(struct engine *engine, struct caller *c, const struct http_request *r,
                         struct http_reply *reply, bool link, struct error *e) {
    uint8_t secret[SECRET_BYTES];
    const json_t *provider = json_object_get(r->json, "provider");
    struct keeper_sign_on_begin b = {.link = link, .password = member(r->json, "password")};
    struct uuid errand;
    struct slice url = SLICE_NONE;
    bool done = false;
    if (!json_is_integer(provider) || json_integer_value(provider) < 1 ||
        json_integer_value(provider) > UINT32_MAX)
        return unknown(e);
    b.provider = (uint32_t)json_integer_value(provider);
    enum status s = give_secret(reply, secret, e);
    b.browser = slice_of(secret, sizeof secret);
    for (unsigned i = 0; s == ST_OK && !done && i < ROUNDS; i++) {
        s = keeper_sign_on_begin(c->keeper, &c->call, &b, &errand, &url, e);
        if (s == ST_OK)
            s = carry_out(engine, c, &errand, &done, e);
    }
    explicit_bzero(secret, sizeof secret);
    if (s == ST_OK && !done)
        s = error_set(e, ST_UNAVAILABLE, "sign_on_unreachable", "the provider's answers do not suffice");
    if (s != ST_OK)
        return s;
    struct json j = json_to(&reply->body);
    json_object_begin(&j);
    json_key(&j, "url");
    json_text(&j, url);
    json_object_end(&j);
    return ST_OK;
}

static enum status finish(struct engine *engine, struct caller *c, const struct http_request *r,
                          struct http_reply *reply, bool link, struct error *e) {
    uint8_t secret[SECRET_BYTES + 2];
    struct keeper_sign_on_answer a = {.link = link,
                                      .state = member(r->json, "state"),
                                      .code = member(r->json, "code"),
                                      .issuer = member(r->json, "iss"),
                                      .browser = secret_of(r, secret),
                                      .agent = r->user_agent};
    struct uuid errand;
    struct token token;
    struct principal who;
    bool done = false;
    enum status s = ST_OK;
    json_int_t came_to = json_integer_value(json_object_get(r->json, "provider"));
    a.came_to = came_to > 0 && came_to <= UINT32_MAX ? (uint32_t)came_to : 0;
    for (unsigned i = 0; s == ST_OK && !done && i < ROUNDS; i++) {
        s = keeper_sign_on_finish(c->keeper, &c->call, &a, &errand, &token, &who, e);
        if (s == ST_OK)
            s = carry_out(engine, c, &errand, &done, e);
    }
    explicit_bzero(secret, sizeof secret);
    if (s == ST_OK && !done)
        s = error_set(e, ST_UNAVAILABLE, "sign_on_broken", "the provider's answers do not suffice");
    if (s != ST_OK)
        return s;
    buf_put_string(&reply->headers,
                   "Set-Cookie: " COOKIE "=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0\r\n");
    if (link) {
        reply->status = 204;
        return ST_OK;
    }
    c->call.token = token;
    c->who = who;
    return session_begin(c, r, reply, e);
}

HANDLER(api_sso_providers) {
    struct slice json = SLICE_NONE;
    (void)engine;
    (void)r;
    enum status s = keeper_sign_on_list(c->keeper, &c->call, false, &json, e);
    return answer_json(s, json, reply);
}

HANDLER(api_sso_begin) {
    return begin(engine, c, r, reply, false, e);
}

HANDLER(api_sso_finish) {
    return finish(engine, c, r, reply, false, e);
}

HANDLER(api_sso_links) {
    struct slice json = SLICE_NONE;
    (void)engine;
    (void)r;
    enum status s = keeper_sign_on_links(c->keeper, &c->call, 0, &json, e);
    return answer_json(s, json, reply);
}

HANDLER(api_sso_link_begin) {
    return begin(engine, c, r, reply, true, e);
}

HANDLER(api_sso_link_finish) {
    return finish(engine, c, r, reply, true, e);
}

HANDLER(api_sso_unlink) {
    uint32_t provider = 0;
    (void)engine;
    enum status s = number_of(r->parameters[0], &provider, e);
    if (s == ST_OK)
        s = keeper_sign_on_unlink(c->keeper, &c->call, 0, provider, member(r->json, "password"), e);
    if (s == ST_OK)
        reply->status = 204;
    return s;
}

HANDLER(api_sso_settings) {
    struct slice json = SLICE_NONE;
    (void)engine;
    (void)r;
    enum status s = keeper_sign_on_list(c->keeper, &c->call, true, &json, e);
    return answer_json(s, json, reply);
}

HANDLER(api_sso_secret) {
    uint32_t provider = 0;
    (void)engine;
    enum status s = number_of(r->parameters[0], &provider, e);
    if (s == ST_OK)
        s = keeper_sign_on_secret(c->keeper, &c->call, provider, member(r->json, "secret"), e);
    if (s == ST_OK)
        reply->status = 204;
    return s;
}

HANDLER(api_user_sso_links) {
    uint32_t user = 0;
    struct slice json = SLICE_NONE;
    (void)engine;
    enum status s = number_of(r->parameters[0], &user, e);
    if (s == ST_OK)
        s = keeper_sign_on_links(c->keeper, &c->call, user, &json, e);
    return answer_json(s, json, reply);
}

HANDLER(api_user_sso_unlink) {
    uint32_t user = 0, provider = 0;
    (void)engine;
    enum status s = number_of(r->parameters[0], &user, e);
    if (s == ST_OK)
        s = number_of(r->parameters[1], &provider, e);
    if (s == ST_OK)
        s = keeper_sign_on_unlink(c->keeper, &c->call, user, provider, SLICE_NONE, e);
    if (s == ST_OK)
        reply->status = 204;
    return s;
}
