#include "api/session.h"

#include "base/clock.h"
#include "base/hex.h"
#include "crypto/hash.h"
#include "crypto/mac.h"
#include "people/directory.h"
#include "people/world_load.h"

#include <arpa/inet.h>
#include <pthread.h>

#define REMEMBERED  1024
#define REMEMBER_NS 1000000000
#define TOKEN_TEXT  BASE64URL_LENGTH(KEEPER_TOKEN)

static struct {
    pthread_mutex_t lock;
    struct {
        struct token token;
        uint8_t address[16]; /* what one network may, another may not */
        struct principal who;
        int64_t until;
    } slots[REMEMBERED];
} remembered = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Tokens are random: any of their bits make a hash. */
static size_t slot_of(const struct token *token) {
    uint16_t bits;
    memcpy(&bits, token->b, sizeof bits);
    return bits % REMEMBERED;
}

static bool recall(const struct keeper_call *call, struct principal *who) {
    const struct token *token = &call->token;
    size_t i = slot_of(token);
    (void)pthread_mutex_lock(&remembered.lock);
    bool found = remembered.slots[i].until > clock_monotonic_ns() &&
                 memcmp(remembered.slots[i].address, call->address, 16) == 0 &&
                 crypto_equal(&remembered.slots[i].token, token, sizeof *token);
    if (found)
        *who = remembered.slots[i].who;
    (void)pthread_mutex_unlock(&remembered.lock);
    return found;
}

static void remember(const struct keeper_call *call, const struct principal *who) {
    size_t i = slot_of(&call->token);
    (void)pthread_mutex_lock(&remembered.lock);
    remembered.slots[i].token = call->token;
    memcpy(remembered.slots[i].address, call->address, 16);
    remembered.slots[i].who = *who;
    remembered.slots[i].until = clock_monotonic_ns() + REMEMBER_NS;
    (void)pthread_mutex_unlock(&remembered.lock);
}

void session_forget(const struct token *token) {
    size_t i = slot_of(token);
    (void)pthread_mutex_lock(&remembered.lock);
    if (crypto_equal(&remembered.slots[i].token, token, sizeof *token))
        explicit_bzero(&remembered.slots[i], sizeof remembered.slots[i]);
    (void)pthread_mutex_unlock(&remembered.lock);
}

bool session_parse_token(struct slice text, struct token *out) {
    uint8_t bytes[KEEPER_TOKEN + 4];
    size_t n;
    if (text.n != TOKEN_TEXT || !base64url_decode(text, bytes, &n) || n != KEEPER_TOKEN)
        return false;
    memcpy(out->b, bytes, KEEPER_TOKEN);
    return true;
}

enum status session_half(const struct caller *c, struct error *e) {
    return c->who.step == SIGN_IN_FACTOR
               ? error_set(e, ST_DENIED, "second_factor_pending", "the second factor is awaited")
               : error_set(e, ST_DENIED, "second_factor_enrol", "a second factor must be set up first");
}

enum status session_csrf(const struct token *token, char out[SESSION_CSRF_TEXT + 1]) {
    uint8_t message[16 + KEEPER_TOKEN] = "kedun csrf v1", digest[HASH_SIZE];
    memcpy(message + 16, token->b, KEEPER_TOKEN);
    enum status s = hash_once(slice_of(message, sizeof message), digest);
    explicit_bzero(message, sizeof message);
    if (s == ST_OK)
        base64url_encode(slice_of(digest, sizeof digest), out);
    return s;
}

static enum status check_csrf(const struct caller *c, const struct http_request *r, struct error *e) {
    char want[SESSION_CSRF_TEXT + 1];
    enum status s = session_csrf(&c->call.token, want);
    if (s != ST_OK)
        return error_set(e, s, "internal", "csrf");
    if (r->csrf.n == SESSION_CSRF_TEXT && crypto_equal(r->csrf.p, want, SESSION_CSRF_TEXT))
        return ST_OK;
    return error_set(e, ST_DENIED, "csrf", "X-CSRF-Token does not belong to this session");
}

enum status session_refresh_directory(struct caller *c, struct error *e) {
    if (c->world.directory != NULL && c->world.directory->version >= c->who.registry_version &&
        clock_wall_ms() < c->world.directory->stale_at)
        return ST_OK;
    struct directory *fresh = NULL;
    enum status s = directory_load(c->keeper, &fresh, e);
    if (s != ST_OK)
        return s;
    struct world *world = c->world.world;
    world_set_directory(world, fresh);
    world_leave(&c->world);
    world_enter(world, &c->world);
    return ST_OK;
}

/* Policies were published since: this request already goes by them. */
static enum status refresh_policies(struct caller *c, struct error *e) {
    if (policy_version(c->world.policies) >= c->who.policy_version)
        return ST_OK;
    struct world *world = c->world.world;
    enum status s = world_refresh_policies(c->keeper, c->who.policy_version, world, e);
    world_leave(&c->world);
    world_enter(world, &c->world);
    return s;
}

enum status session_see_newest(struct caller *c, struct error *e) {
    enum status s = keeper_session(c->keeper, &c->call, &c->who, e);
    if (s == ST_OK)
        s = session_refresh_directory(c, e);
    return s == ST_OK ? caller_prepare(c, e) : s; /* the actor points into the directory */
}

enum status session_identify(struct caller *c, const struct http_request *r, bool needs_csrf,
                             struct error *e) {
    struct slice bearer = SLICE("Bearer ");
    bool is_key = slice_starts_with(r->authorization, bearer);
    struct slice text = is_key ? slice_of(r->authorization.p + bearer.n, r->authorization.n - bearer.n)
                               : http_cookie(r, SESSION_COOKIE);
    if (!session_parse_token(text, &c->call.token)) {
        return error_set(e, ST_UNAUTHENTICATED, "unauthenticated", "no session");
    }
    if (!recall(&c->call, &c->who)) {
        enum status s = keeper_session(c->keeper, &c->call, &c->who, e);
        if (s != ST_OK)
            return s;
        remember(&c->call, &c->who);
    }
    /* A key in a cookie would be a session without CSRF's protection, a cookie's token as a key likewise. */
    if (c->who.is_key != is_key)
        return error_set(e, ST_UNAUTHENTICATED, "unauthenticated", "no session");
    enum status s = needs_csrf && !is_key ? check_csrf(c, r, e) : ST_OK;
    if (s == ST_OK)
        s = session_refresh_directory(c, e);
    return s == ST_OK ? refresh_policies(c, e) : s;
}

void session_set_cookie(struct http_reply *reply, const struct token *token) {
    char text[TOKEN_TEXT + 1] = "";
    if (token != NULL)
        base64url_encode(slice_of(token->b, KEEPER_TOKEN), text);
    buf_put_format(&reply->headers, "Set-Cookie: %s=%s; Path=/; Secure; HttpOnly; SameSite=Strict%s\r\n",
                   SESSION_COOKIE, text, token == NULL ? "; Max-Age=0" : "");
    explicit_bzero(text, sizeof text);
}

void session_address(struct slice text, uint8_t out[16]) {
    char copy[INET6_ADDRSTRLEN] = "";
    memset(out, 0, 16);
    if (text.n == 0 || text.n >= sizeof copy)
        return;
    memcpy(copy, text.p, text.n);
    if (inet_pton(AF_INET6, copy, out) == 1)
        return;
    if (inet_pton(AF_INET, copy, out + 12) == 1) {
        out[10] = out[11] = 0xff;
    } else {
        memset(out, 0, 16);
    }
}

void session_format_token(const struct token *token, char out[64]) {
    base64url_encode(slice_of(token->b, KEEPER_TOKEN), out);
}

void session_format_address(const uint8_t address[16], char out[64]) {
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, none[16];
    out[0] = '\0';
    if (memcmp(address, none, 16) == 0)
        return;
    bool v4 = memcmp(address, mapped, 12) == 0;
    (void)inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? address + 12 : address, out, 64);
}
