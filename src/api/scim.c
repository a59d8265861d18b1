#include "api/scim.h"

#include "api/problem.h"
#include "api/session.h"
#include "base/clock.h"
#include "connect/scim_schema.h"
#include "keeper/client_scim.h"

#include <pthread.h>
#include <strings.h>

#define PATH_ROOM   96
#define METHOD_ROOM 8

static enum status unknown(struct error *e) {
    return error_set(e, ST_UNAUTHENTICATED, "unauthenticated", "a live provisioning key is needed");
}

enum status scim_see_newest(struct caller *c, struct error *e) {
    uint32_t key;
    enum status s = keeper_scim_enter(c->keeper, &c->call, &key, &c->who.registry_version, e);
    return s == ST_OK ? session_refresh_directory(c, e) : s;
}

enum status scim_identify(struct caller *c, struct http_request *r, struct error *e) {
    static const char scheme[] = "Bearer ";
    size_t n = sizeof scheme - 1;
    struct slice text = r->authorization;
    if (text.n <= n || strncasecmp((const char *)text.p, scheme, n) != 0 ||
        !session_parse_token(slice_of(text.p + n, text.n - n), &c->call.token))
        return unknown(e);
    enum status s = keeper_scim_enter(c->keeper, &c->call, &r->scim_key, &c->who.registry_version, e);
    return s == ST_OK ? session_refresh_directory(c, e) : s;
}

bool scim_is_asked(const struct http_request *r) {
    return slice_starts_with(r->path, SLICE("/scim/"));
}

static int http_status(const struct error *e) {
    if (strcmp(e->code, "scim_precondition") == 0)
        return 412;
    if (e->status == ST_INVALID)
        return strcmp(e->code, "content_type") == 0 ? 415 : 400;
    return problem_http_status(e);
}

void scim_problem(struct http_reply *reply, const struct error *e) {
    bool inside =
        e->status == ST_NOMEM || e->status == ST_IO || e->status == ST_CORRUPT || e->status == ST_INTERNAL;
    buf_reset(&reply->body);
    buf_reset(&reply->headers);
    reply->status = http_status(e);
    reply->content_type = SCIM_JSON;
    reply->cacheable = false;
    if (reply->status == 401)
        http_header(reply, "WWW-Authenticate", SLICE("Bearer"));
    struct json j = json_to(&reply->body);
    scim_write_error(&j, reply->status, scim_type_of(e->code),
                     inside ? SLICE("the server could not do this") : slice_from_string(e->detail));
}

/* ---- what was asked of late ---- */

struct call {
    int64_t at;
    uint32_t key;
    int status;
    uint8_t address[16];
    char method[METHOD_ROOM], path[PATH_ROOM], code[ERROR_CODE_MAX];
};

static struct {
    pthread_mutex_t lock;
    struct call list[SCIM_CALLS];
    uint64_t count; /* ever; the next one's place is count % SCIM_CALLS */
} calls = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Printable ASCII only: it is shown to people. */
static void copy(char *out, size_t room, struct slice text) {
    size_t n = 0;
    for (; n + 1 < room && n < text.n; n++)
        out[n] = (char)(text.p[n] >= ' ' && text.p[n] <= '~' ? text.p[n] : '?');
    out[n] = '\0';
}

void scim_calls_note(const struct http_request *r, const struct keeper_call *call, int status,
                     const char *code) {
    struct call one = {.at = clock_wall_ms(), .key = r->scim_key, .status = status};
    memcpy(one.address, call->address, sizeof one.address);
    copy(one.method, sizeof one.method, r->method);
    copy(one.path, sizeof one.path, r->path);
    copy(one.code, sizeof one.code, slice_from_string(code));
    (void)pthread_mutex_lock(&calls.lock);
    calls.list[calls.count++ % SCIM_CALLS] = one;
    (void)pthread_mutex_unlock(&calls.lock);
}

static void write_call(struct json *j, const struct call *one) {
    char address[64];
    session_format_address(one->address, address);
    json_object_begin(j);
    json_key(j, "at");
    json_time(j, one->at);
    json_key(j, "key");
    json_int(j, one->key);
    json_key(j, "address");
    json_cstring(j, address);
    json_key(j, "method");
    json_cstring(j, one->method);
    json_key(j, "path");
    json_cstring(j, one->path);
    json_key(j, "status");
    json_int(j, one->status);
    json_key(j, "code");
    json_cstring(j, one->code);
    json_object_end(j);
}

void scim_calls_write(struct json *j) {
    json_array_begin(j);
    (void)pthread_mutex_lock(&calls.lock);
    for (uint64_t i = calls.count; i > 0 && calls.count - i < SCIM_CALLS; i--)
        write_call(j, &calls.list[(i - 1) % SCIM_CALLS]);
    (void)pthread_mutex_unlock(&calls.lock);
    json_array_end(j);
}
