/* What the process with the network is asked for, and what it brings back. */
#include "base/json_in.h"
#include "keeper/sign_on_table.h"

#include <stdlib.h>

static struct errand *find_errand(struct sign_on *s, const struct uuid *id, int64_t now) {
    struct errand *found = NULL;
    for (size_t i = 0; i < ERRANDS; i++) {
        struct errand *x = &s->errands[i];
        if (x->kind != ERRAND_FREE && now - x->since > ERRAND_MS)
            x->kind = ERRAND_FREE;
        if (x->kind != ERRAND_FREE && uuid_equal(&x->id, id))
            found = x;
    }
    return found;
}

enum status sign_on_errand_make(struct sign_on *s, uint8_t kind, uint32_t provider, size_t exchange,
                                int64_t now, struct uuid *id, struct error *e) {
    static const struct uuid nobody;
    size_t at = 0;
    (void)find_errand(s, &nobody, now); /* the old ones go */
    while (at < ERRANDS && s->errands[at].kind != ERRAND_FREE)
        at++;
    if (at == ERRANDS)
        return error_set(e, ST_LIMIT, "sign_on_busy", "too many are signing in at once");
    if (uuid_new(id) != ST_OK)
        return error_set(e, ST_IO, "random", "no random bytes");
    s->errands[at] =
        (struct errand){.kind = kind, .id = *id, .provider = provider, .exchange = exchange, .since = now};
    return ST_OK;
}

static void put_pair(struct buf *form, const char *name, const char *value) {
    if (form->n > 0)
        buf_put_u8(form, '&');
    buf_put_format(form, "%s=", name);
    sign_on_escape(form, value);
}

static bool set_text(json_t *to, const char *key, struct buf *text) {
    return !text->failed && json_object_set_new(to, key, json_stringn((const char *)text->p, text->n)) == 0;
}

/* RFC 6749 section 2.3.1: in the Basic scheme both are form-encoded first. */
static bool put_client(struct sign_on *s, const struct provider *p, struct buf *form, json_t *out) {
    const char *auth = sign_on_text(p->document, "auth"), *client = sign_on_text(p->document, "client_id");
    struct buf secret, text;
    bool fine = true;
    buf_init(&secret, VAULT_VALUE_MAX, true);
    buf_init(&text, VAULT_VALUE_MAX, true);
    bool has = sign_on_secret(s, p->id, &secret) == ST_OK;
    buf_put_u8(&secret, '\0');
    if (strcmp(auth, "none") == 0 || !has || secret.failed)
        put_pair(form, "client_id", client);
    else if (strcmp(auth, "post") == 0) {
        put_pair(form, "client_id", client);
        put_pair(form, "client_secret", (const char *)secret.p);
    } else {
        sign_on_escape(&text, client);
        fine = set_text(out, "user", &text);
        buf_reset(&text);
        sign_on_escape(&text, (const char *)secret.p);
        fine = fine && set_text(out, "password", &text);
    }
    buf_free(&secret);
    buf_free(&text);
    return fine;
}

static bool put_token_request(struct sign_on *s, const struct provider *p, const struct exchange *x,
                              json_t *out) {
    struct buf form;
    buf_init(&form, 16384, true);
    put_pair(&form, "grant_type", "authorization_code");
    put_pair(&form, "code", x->code);
    put_pair(&form, "redirect_uri", x->redirect);
    put_pair(&form, "code_verifier", x->verifier);
    bool fine =
        put_client(s, p, &form, out) && set_text(out, "form", &form) &&
        json_object_set_new(out, "url", json_string(sign_on_text(p->metadata, "token_endpoint"))) == 0;
    buf_free(&form);
    return fine;
}

static bool put_metadata_url(const struct provider *p, json_t *out) {
    const char *issuer = sign_on_text(p->document, "issuer");
    struct buf url;
    buf_init(&url, 2048, false);
    size_t n = strlen(issuer);
    buf_put(&url, issuer, n > 0 && issuer[n - 1] == '/' ? n - 1 : n);
    buf_put_string(&url, "/.well-known/openid-configuration");
    bool fine = set_text(out, "url", &url);
    buf_free(&url);
    return fine;
}

/* The destination, and everything that decides whether it is the right one. */
static json_t *request_of(struct sign_on *s, const struct errand *x) {
    const struct provider *p = sign_on_provider(s, x->provider, true);
    json_t *out = p == NULL ? NULL : json_object();
    bool fine = out != NULL;
    if (fine && x->kind == ERRAND_METADATA)
        fine = put_metadata_url(p, out);
    else if (fine && x->kind == ERRAND_KEYS)
        fine = json_object_set_new(out, "url", json_string(sign_on_text(p->metadata, "jwks_uri"))) == 0;
    else if (fine)
        fine = uuid_equal(&s->exchanges[x->exchange].errand, &x->id) &&
               put_token_request(s, p, &s->exchanges[x->exchange], out);
    static const char *const copied[] = {"ca", "networks"};
    for (size_t i = 0; fine && i < 2; i++) {
        json_t *v = json_object_get(p->document, copied[i]);
        fine = v == NULL || json_object_set(out, copied[i], v) == 0;
    }
    if (fine)
        return out;
    json_decref(out);
    return NULL;
}

enum status sign_on_errand(struct sign_on *s, const struct uuid *id, int64_t now, struct buf *out,
                           struct error *e) {
    json_t *request = NULL;
    (void)pthread_mutex_lock(&s->lock);
    struct errand *x = find_errand(s, id, now);
    if (x != NULL && !x->taken) {
        x->taken = true;
        request = request_of(s, x);
    }
    (void)pthread_mutex_unlock(&s->lock);
    if (request == NULL)
        return error_set(e, ST_NOT_FOUND, "not_found", "there is no such errand");
    char *text = json_print(request, JSON_COMPACT);
    json_decref(request);
    if (text != NULL) {
        buf_put_string(out, text);
        explicit_bzero(text, strlen(text));
    }
    bool fine = text != NULL && !out->failed;
    free(text);
    return fine ? ST_OK : error_set(e, ST_NOMEM, "no_memory", "errand");
}

/* The issuer must call itself what the document calls it (OpenID Connect Discovery 1.0 section 4.3), and
 * every address it names must be its own. */
static bool metadata_holds(const struct provider *p, const json_t *m) {
    static const char *const addresses[] = {"authorization_endpoint", "token_endpoint", "jwks_uri"};
    const json_t *methods = json_object_get(m, "code_challenge_methods_supported");
    bool s256 = methods == NULL;
    if (!json_is_object(m) || strcmp(sign_on_text(m, "issuer"), sign_on_text(p->document, "issuer")) != 0)
        return false;
    for (size_t i = 0; i < 3; i++) {
        if (!sign_on_url_allowed(p->document, sign_on_text(m, addresses[i])))
            return false;
    }
    for (size_t i = 0; i < json_array_size(methods); i++) {
        const char *one = json_string_value(json_array_get(methods, i));
        s256 = s256 || (one != NULL && strcmp(one, "S256") == 0);
    }
    return s256;
}

static void take_published(struct provider *p, uint8_t kind, json_t *body, int64_t now) {
    bool metadata = kind == ERRAND_METADATA;
    bool fine = metadata ? metadata_holds(p, body) : json_is_array(json_object_get(body, "keys"));
    if (!fine) {
        if (metadata)
            p->tried_at = now;
        json_decref(body);
        return;
    }
    json_t **to = metadata ? &p->metadata : &p->keys;
    json_decref(*to);
    *to = body;
    *(metadata ? &p->metadata_at : &p->keys_at) = now;
}

static void take_token(struct exchange *x, const struct uuid *errand, unsigned status, const json_t *body) {
    const char *token = json_string_value(json_object_get(body, "id_token"));
    if (x->stage != EXCHANGE_WAITING || !uuid_equal(&x->errand, errand)) /* its place was given on */
        return;
    x->status = status;
    x->token = status == 200 && token != NULL ? strdup(token) : NULL;
    x->stage = x->token != NULL ? EXCHANGE_ANSWERED : EXCHANGE_FAILED;
}

enum status sign_on_errand_done(struct sign_on *s, const struct uuid *id, unsigned status, struct slice body,
                                int64_t now, struct error *e) {
    json_t *json = NULL;
    if (body.n > 0 && body.n <= SIGN_ON_RESPONSE && json_read(body, 0, &json, NULL) == ST_NOMEM)
        return error_set(e, ST_NOMEM, "no_memory", "errand");
    (void)pthread_mutex_lock(&s->lock);
    struct errand *x = find_errand(s, id, now);
    bool known = x != NULL && x->taken;
    struct provider *p = known ? sign_on_provider(s, x->provider, false) : NULL;
    if (known && x->kind == ERRAND_TOKEN)
        take_token(&s->exchanges[x->exchange], &x->id, status, json);
    else if (p != NULL)
        take_published(p, x->kind, status == 200 ? json_incref(json) : NULL, now);
    if (known)
        x->kind = ERRAND_FREE;
    (void)pthread_mutex_unlock(&s->lock);
    json_decref(json);
    return known ? ST_OK : error_set(e, ST_NOT_FOUND, "not_found", "there is no such errand");
}
