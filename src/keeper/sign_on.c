/* A sign-in by a provider: to it and back. */
#include "keeper/sign_on.h"

#include "base/hex.h"
#include "keeper/id_token.h"
#include "keeper/jws.h"
#include "keeper/sign_on_table.h"

#include <stdlib.h>

#define STATE_BYTES (4 + CHALLENGE_SIZE)

static enum status stale(struct error *e) {
    return error_set(e, ST_DENIED, "sign_on_stale", "the sign-in took too long, or was begun elsewhere");
}

static enum status unreachable(struct error *e) {
    return error_set(e, ST_UNAVAILABLE, "sign_on_unreachable", "the provider did not answer");
}

static enum status no_provider(struct error *e) {
    return error_set(e, ST_NOT_FOUND, "not_found", "there is no such sign-on provider");
}

void sign_on_escape(struct buf *out, const char *text) {
    for (const char *c = text; *c != '\0'; c++) {
        bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
                     *c == '-' || *c == '.' || *c == '_' || *c == '~';
        if (plain)
            buf_put_u8(out, (uint8_t)*c);
        else
            buf_put_format(out, "%%%02X", (unsigned)(unsigned char)*c);
    }
}

/* Whose the challenge is: this browser's, for this provider, to sign in or to link this person. */
static enum status scope_of(uint32_t provider, uint32_t user, struct slice browser,
                            struct challenge_scope *out) {
    uint8_t hash[HASH_SIZE], bytes[SIGN_ON_BROWSER + sizeof user];
    if (browser.n != SIGN_ON_BROWSER)
        return ST_DENIED;
    memcpy(bytes, browser.p, browser.n);
    memcpy(bytes + browser.n, &user, sizeof user);
    enum status s = hash_once(slice_of(bytes, sizeof bytes), hash);
    *out = (struct challenge_scope){.purpose = CHALLENGE_SIGN_ON, .user = provider};
    memcpy(out->session.b, hash, sizeof out->session.b);
    return s;
}

static enum status derive(struct sign_on *s, const char *what, struct slice state, char out[44]) {
    uint8_t mac[MAC_FULL];
    const struct slice parts[] = {slice_from_string(what), state};
    enum status st = mac_compute(s->mac, parts, 2, mac, sizeof mac);
    base64url_encode(slice_of(mac, sizeof mac), out);
    explicit_bzero(mac, sizeof mac);
    return st;
}

static enum status make_state(struct sign_on *s, const struct sign_on_begin *b, int64_t now,
                              char out[SIGN_ON_STATE]) {
    uint8_t bytes[STATE_BYTES];
    struct challenge_scope scope;
    enum status st = scope_of(b->provider, b->user, b->browser, &scope);
    for (size_t i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(b->provider >> 8 * i);
    if (st == ST_OK)
        st = challenge_make(s->challenges, &scope, now, bytes + 4);
    base64url_encode(slice_of(bytes, sizeof bytes), out);
    return st;
}

static void put_pair(struct buf *url, const char *name, const char *value) {
    buf_put_format(url, "&%s=", name);
    sign_on_escape(url, value);
}

static void put_acr(struct buf *url, const json_t *list) {
    struct buf joined;
    buf_init(&joined, 4096, false);
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (i > 0)
            buf_put_u8(&joined, ' ');
        buf_put_string(&joined, json_string_value(json_array_get(list, i)));
    }
    buf_put_u8(&joined, '\0');
    if (!joined.failed && joined.n > 1)
        put_pair(url, "acr_values", (const char *)joined.p);
    buf_free(&joined);
}

static bool redirect_of(const struct provider *p, const char *shared, char *out, size_t room) {
    int n = sign_on_own_redirect(p) ? snprintf(out, room, "%s/%u", shared, p->id)
                                    : snprintf(out, room, "%s", shared);
    return n > 0 && (size_t)n < room;
}

static enum status put_url(struct sign_on *s, const struct provider *p, const struct sign_on_begin *b,
                           int64_t now, struct buf *url) {
    char state[SIGN_ON_STATE], nonce[44], verifier[44], challenge[44], redirect[300];
    uint8_t hash[HASH_SIZE];
    enum status st =
        redirect_of(p, b->redirect, redirect, sizeof redirect) ? make_state(s, b, now, state) : ST_LIMIT;
    if (st == ST_OK)
        st = derive(s, "nonce", slice_from_string(state), nonce);
    if (st == ST_OK)
        st = derive(s, "verifier", slice_from_string(state), verifier);
    if (st == ST_OK)
        st = hash_once(slice_from_string(verifier), hash);
    if (st != ST_OK)
        return st;
    base64url_encode(slice_of(hash, sizeof hash), challenge);
    const char *endpoint = sign_on_text(p->metadata, "authorization_endpoint");
    const json_t *age = json_object_get(p->document, "max_age");
    bool mail = json_is_true(json_object_get(p->document, "link_mail"));
    buf_put_format(url, "%s%cresponse_type=code", endpoint, strchr(endpoint, '?') == NULL ? '?' : '&');
    put_pair(url, "client_id", sign_on_text(p->document, "client_id"));
    put_pair(url, "redirect_uri", redirect);
    put_pair(url, "scope", mail ? "openid email" : "openid");
    put_pair(url, "state", state);
    put_pair(url, "nonce", nonce);
    put_pair(url, "code_challenge", challenge);
    put_pair(url, "code_challenge_method", "S256");
    if (age != NULL)
        buf_put_format(url, "&max_age=%lld", (long long)json_integer_value(age));
    put_acr(url, json_object_get(json_object_get(p->document, "second_factor"), "acr"));
    explicit_bzero(verifier, sizeof verifier);
    return url->failed ? ST_NOMEM : ST_OK;
}

enum status sign_on_start(struct sign_on *s, const struct sign_on_begin *b, int64_t now, struct uuid *errand,
                          struct buf *url, struct error *e) {
    *errand = (struct uuid){{0}};
    (void)pthread_mutex_lock(&s->lock);
    struct provider *p = sign_on_provider(s, b->provider, true);
    enum status st = p == NULL ? no_provider(e) : ST_OK;
    bool old = st == ST_OK && (p->metadata == NULL || now - p->metadata_at > FRESH_MS);
    bool lately = st == ST_OK && now - p->tried_at < AGAIN_MS;
    if (st == ST_OK && old && !lately)
        st = sign_on_errand_make(s, ERRAND_METADATA, p->id, 0, now, errand, e);
    else if (st == ST_OK && p->metadata == NULL)
        st = unreachable(e);
    else if (st == ST_OK && put_url(s, p, b, now, url) != ST_OK)
        st = error_set(e, ST_INTERNAL, "sign_on_state", "the sign-in could not be prepared");
    (void)pthread_mutex_unlock(&s->lock);
    return st;
}

/* ---- back ---- */

void sign_on_exchange_free(struct exchange *x) {
    if (x->token != NULL) {
        explicit_bzero(x->token, strlen(x->token));
        free(x->token);
    }
    explicit_bzero(x, sizeof *x);
}

static struct exchange *find_exchange(struct sign_on *s, const uint8_t state[HASH_SIZE], int64_t now) {
    struct exchange *found = NULL;
    for (size_t i = 0; i < EXCHANGES; i++) {
        struct exchange *x = &s->exchanges[i];
        if (x->stage != EXCHANGE_FREE && now - x->since > EXCHANGE_MS)
            sign_on_exchange_free(x);
        if (x->stage != EXCHANGE_FREE && crypto_equal(x->state, state, HASH_SIZE))
            found = x;
    }
    return found;
}

static enum status refused(struct error *e) {
    return error_set(e, ST_DENIED, "sign_on_refused", "the provider did not let the person in");
}

static bool text_fits(struct slice text, size_t most) {
    return text.n > 0 && text.n <= most && memchr(text.p, '\0', text.n) == NULL;
}

/* The state is one of ours, from this browser, and was not used before; then it is. */
static enum status take_state(struct sign_on *s, const struct sign_on_answer *a, int64_t now,
                              uint32_t *provider, struct error *e) {
    uint8_t bytes[STATE_BYTES + 8];
    struct challenge_scope scope;
    size_t n = 0;
    if (a->state.n != BASE64URL_LENGTH(STATE_BYTES) || !base64url_decode(a->state, bytes, &n) ||
        n != STATE_BYTES)
        return stale(e);
    *provider =
        (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
    if (scope_of(*provider, a->user, a->browser, &scope) != ST_OK ||
        challenge_take(s->challenges, &scope, slice_of(bytes + 4, CHALLENGE_SIZE), now) != ST_OK)
        return stale(e);
    return ST_OK;
}

static bool shares_address(const struct sign_on *s, const struct provider *p) {
    for (size_t i = 0; i < s->provider_count; i++) {
        const struct provider *o = &s->providers[i];
        if (o != p && !sign_on_own_redirect(o) && json_is_true(json_object_get(o->document, "enabled")))
            return true;
    }
    return false;
}

/* Which provider answered: by the address that it sent the browser to, and by its name for itself. */
static enum status check_issuer(const struct sign_on *s, const struct provider *p,
                                const struct sign_on_answer *a, struct error *e) {
    bool own = sign_on_own_redirect(p);
    bool promised =
        json_is_true(json_object_get(p->metadata, "authorization_response_iss_parameter_supported")) ||
        (!own && shares_address(s, p));
    struct slice issuer = a->issuer;
    if (a->came_to != (own ? p->id : 0))
        return refused(e);
    if (issuer.n == 0)
        return promised ? refused(e) : ST_OK;
    return slice_is(issuer, sign_on_text(p->document, "issuer")) ? ST_OK : refused(e);
}

static enum status start_exchange(struct sign_on *s, const struct sign_on_answer *a,
                                  const uint8_t hash[HASH_SIZE], int64_t now, struct uuid *errand,
                                  struct error *e) {
    uint32_t id = 0;
    size_t at = 0;
    enum status st = take_state(s, a, now, &id, e);
    struct provider *p = st == ST_OK ? sign_on_provider(s, id, true) : NULL;
    if (st == ST_OK && (p == NULL || p->metadata == NULL))
        st = stale(e);
    if (st == ST_OK)
        st = text_fits(a->code, CODE_MAX) ? check_issuer(s, p, a, e) : refused(e);
    if (st != ST_OK)
        return st;
    while (at < EXCHANGES && s->exchanges[at].stage != EXCHANGE_FREE)
        at++;
    if (at == EXCHANGES)
        return error_set(e, ST_LIMIT, "sign_on_busy", "too many are signing in at once");
    struct exchange *x = &s->exchanges[at];
    *x = (struct exchange){.stage = EXCHANGE_WAITING, .since = now, .provider = id, .user = a->user};
    memcpy(x->state, hash, HASH_SIZE);
    memcpy(x->code, a->code.p, a->code.n);
    st = redirect_of(p, a->redirect, x->redirect, sizeof x->redirect) ? derive(s, "nonce", a->state, x->nonce)
                                                                      : ST_LIMIT;
    if (st == ST_OK)
        st = derive(s, "verifier", a->state, x->verifier);
    st = st == ST_OK ? sign_on_errand_make(s, ERRAND_TOKEN, id, at, now, errand, e)
                     : error_set(e, ST_INTERNAL, "sign_on_state", "the sign-in could not go on");
    if (st == ST_OK)
        x->errand = *errand;
    else
        sign_on_exchange_free(x);
    return st;
}

static enum status why_failed(const struct exchange *x, struct error *e) {
    if (x->status >= 400 && x->status < 500)
        return refused(e);
    return x->status == 0 ? unreachable(e)
                          : error_set(e, ST_UNAVAILABLE, "sign_on_broken",
                                      "the provider answered, but not as OpenID Connect asks");
}

static void take_person(const struct provider *p, const json_t *claims, int64_t now,
                        struct sign_on_person *out) {
    *out = (struct sign_on_person){.provider = p->id};
    (void)snprintf(out->subject, sizeof out->subject, "%s", sign_on_text(claims, "sub"));
    bool verified = json_is_true(json_object_get(claims, "email_verified"));
    const char *mail = sign_on_text(claims, "email");
    if (verified && json_is_true(json_object_get(p->document, "link_mail")) &&
        strlen(mail) < sizeof out->mail)
        (void)snprintf(out->mail, sizeof out->mail, "%s", mail);
    out->second_factor_at =
        id_token_second_factor(claims, json_object_get(p->document, "second_factor"), now);
}

static enum status check_token(const struct provider *p, const struct exchange *x, const json_t *keys,
                               int64_t now, struct sign_on_person *person, struct error *e) {
    json_t *claims = NULL;
    struct id_token_expected expected = {.issuer = sign_on_text(p->document, "issuer"),
                                         .client_id = sign_on_text(p->document, "client_id"),
                                         .nonce = x->nonce,
                                         .max_age =
                                             json_integer_value(json_object_get(p->document, "max_age")),
                                         .now = now};
    enum status st = jws_verify(slice_from_string(x->token), keys, &claims, e);
    if (st == ST_NOT_FOUND || st == ST_NOMEM)
        return st;
    if (st != ST_OK)
        return error_set(e, ST_DENIED, "sign_on_token", "the token does not hold: its form or signature");
    st = id_token_check(claims, &expected, e);
    if (st == ST_OK)
        take_person(p, claims, now, person);
    json_decref(claims);
    return st;
}

/* The keys as they are known; once, where the token names another, those that are published now. */
static enum status finish_exchange(struct sign_on *s, struct exchange *x, int64_t now, struct uuid *errand,
                                   struct sign_on_person *person, struct error *e) {
    struct provider *p = sign_on_provider(s, x->provider, true);
    if (p == NULL)
        return no_provider(e);
    const json_t *pinned = json_object_get(p->document, "keys");
    const json_t *keys = pinned == NULL ? p->keys : pinned;
    bool old = pinned == NULL && (keys == NULL || now - p->keys_at > FRESH_MS);
    enum status st = old && !x->keys_tried ? ST_NOT_FOUND : ST_OK;
    if (st == ST_OK && keys == NULL)
        return unreachable(e);
    if (st == ST_OK)
        st = check_token(p, x, keys, now, person, e);
    if (st != ST_NOT_FOUND)
        return st;
    bool again = pinned == NULL && !x->keys_tried && (old || now - p->keys_at > AGAIN_MS);
    if (!again)
        return error_set(e, ST_DENIED, "sign_on_token", "the token does not hold: its key is not published");
    x->keys_tried = true;
    return sign_on_errand_make(s, ERRAND_KEYS, p->id, 0, now, errand, e);
}

static enum status finish(struct sign_on *s, const struct sign_on_answer *a, int64_t now, struct uuid *errand,
                          struct sign_on_person *person, struct error *e) {
    static const struct uuid none;
    uint8_t hash[HASH_SIZE], bound[SIGN_ON_STATE * 2 + SIGN_ON_BROWSER] = {0};
    if (a->state.n > SIGN_ON_STATE || a->browser.n != SIGN_ON_BROWSER)
        return stale(e);
    if (a->state.n > 0)
        memcpy(bound, a->state.p, a->state.n);
    memcpy(bound + SIGN_ON_STATE * 2, a->browser.p, a->browser.n);
    if (hash_once(slice_of(bound, sizeof bound), hash) != ST_OK)
        return error_set(e, ST_NOMEM, "no_memory", "sign-on");
    struct exchange *x = find_exchange(s, hash, now);
    if (x == NULL)
        return start_exchange(s, a, hash, now, errand, e);
    enum status st;
    if (x->user != a->user)
        st = stale(e);
    else if (x->stage == EXCHANGE_WAITING)
        st = unreachable(e);
    else
        st = x->stage == EXCHANGE_FAILED ? why_failed(x, e) : finish_exchange(s, x, now, errand, person, e);
    if (st == ST_OK && uuid_equal(errand, &none) &&
        sign_on_linked(s, person->provider, person->subject, &person->user) != ST_OK)
        st = error_set(e, ST_INTERNAL, "sign_on_state", "the link could not be looked up");
    if (st != ST_OK || uuid_equal(errand, &none))
        sign_on_exchange_free(x);
    return st;
}

bool sign_on_state_fits(struct slice state, struct slice browser) {
    return state.n == BASE64URL_LENGTH(STATE_BYTES) && browser.n == SIGN_ON_BROWSER;
}

enum status sign_on_finish(struct sign_on *s, const struct sign_on_answer *answer, int64_t now,
                           struct uuid *errand, struct sign_on_person *person, struct error *e) {
    *errand = (struct uuid){{0}};
    *person = (struct sign_on_person){.user = 0};
    (void)pthread_mutex_lock(&s->lock);
    enum status st = finish(s, answer, now, errand, person, e);
    (void)pthread_mutex_unlock(&s->lock);
    return st;
}
