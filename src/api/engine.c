#include "api/engine.h"

#include "api/door.h"
#include "api/events.h"
#include "api/fastcgi/fastcgi.h"
#include "api/ldap_clock.h"
#include "api/problem.h"
#include "api/refusal.h"
#include "api/scim.h"
#include "api/session.h"
#include "api/settler.h"
#include "api/stamp.h"
#include "base/clock.h"
#include "base/hex.h"
#include "base/json_in.h"
#include "base/log.h"
#include "base/utf8.h"
#include "crypto/start.h"
#include "object/set.h"
#include "people/world_load.h"
#include "record/settle.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <strings.h>
#include <sys/socket.h>

/* Kept at hand, so that no memory is needed to say that there is none. */
#define REFUSAL_ROOM     ((size_t)16 * 1024)
#define REQUEST_MEMORY   ((size_t)96 * 1024 * 1024)
#define REASON_LEAST     4
#define REASON_MOST      500
#define WORKERS_MAX      256
#define JSON_VALUES_MOST 32768 /* 500 records of 60 values */

struct engine_worker {
    struct engine *engine;
    pthread_t thread;
    struct keeper *keeper;
    struct store_reader *reader;
    struct arena arena;
    struct buf in, head;
    struct http_reply reply;
};

/* ---- one request ---- */

static bool is_write(const struct http_request *r) {
    return !slice_is(r->method, "GET") && !slice_is(r->method, "HEAD");
}

/* Browsers send a form or a plain text to other sites without asking them first, but never this: a foreign
 * page can't make anybody sign in or write. Parameters such as charset may follow. */
static enum status check_content_type(const struct http_request *r, const char *wanted, struct error *e) {
    size_t n = strlen(wanted);
    struct slice have = r->content_type;
    bool fits = have.n >= n && strncasecmp((const char *)have.p, wanted, n) == 0 &&
                (have.n == n || have.p[n] == ';' || have.p[n] == ' ');
    return fits ? ST_OK : error_set(e, ST_INVALID, "content_type", "Content-Type must be %s", wanted);
}

/* A member or element costs the parser a microsecond or two, a byte of text next to nothing: a body is looked
 * through for how many there are before it is taken apart. */
static bool has_too_many_values(struct slice body) {
    size_t n = 0;
    bool text = false;
    for (size_t i = 0; i < body.n; i++) {
        uint8_t c = body.p[i];
        if (text && c == '\\')
            i++;
        else if (c == '"')
            text = !text;
        else
            n += !text && (c == ',' || c == '[' || c == '{');
    }
    return n > JSON_VALUES_MOST;
}

static enum status parse_json(struct http_request *r, struct error *e) {
    json_error_t why;
    if (r->body.n == 0)
        return error_set(e, ST_INVALID, "invalid_json", "a JSON body is needed");
    bool scim = (r->route->flags & ROUTE_SCIM) != 0 && check_content_type(r, SCIM_JSON, NULL) == ST_OK;
    enum status s = scim ? ST_OK : check_content_type(r, "application/json", e);
    if (s != ST_OK)
        return s;
    if (has_too_many_values(r->body))
        return error_set(e, ST_LIMIT, "too_large", "at most %d values in a body", JSON_VALUES_MOST);
    s = json_read(r->body, JSON_REJECT_DUPLICATES, &r->json, &why);
    if (s == ST_NOMEM)
        return error_set(e, s, "no_memory", "body");
    if (json_is_object(r->json))
        return ST_OK;
    if (r->json != NULL)
        return error_set(e, ST_INVALID, "invalid_json", "the body must be a JSON object");
    return error_set(e, ST_INVALID, "invalid_json", "line %d, column %d", why.line, why.column);
}

/* X-Reason: percent-encoded UTF-8. It goes to the keeper with the write, and into the write's entry. */
static enum status take_reason(struct caller *c, const struct http_request *r, struct error *e) {
    uint8_t *text = arena_alloc(c->arena, r->reason.n + 1);
    size_t n = 0;
    if (text == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "reason");
    for (size_t i = 0; i < r->reason.n; i++) {
        char pair[3] = {0};
        bool coded = r->reason.p[i] == '%' && i + 2 < r->reason.n;
        if (coded)
            memcpy(pair, r->reason.p + i + 1, 2);
        if (coded && hex_decode(slice_of(pair, 2), &text[n], 1))
            i += 2;
        else
            text[n] = r->reason.p[i];
        n++;
    }
    struct slice reason = slice_trim(slice_of(text, n));
    size_t length = utf8_valid(reason) && memchr(text, 0, n) == NULL ? utf8_count(reason) : 0;
    if (length < REASON_LEAST || length > REASON_MOST)
        return error_field(e, ST_INVALID, "bad_reason", "reason", "X-Reason: %d to %d characters",
                           REASON_LEAST, REASON_MOST);
    c->call.reason = reason;
    return ST_OK;
}

/* The key stands for method, path and body together. */
static enum status take_idempotency(struct caller *c, const struct http_request *r, struct error *e) {
    if (r->idempotency_key.n == 0)
        return ST_OK;
    bool printable = r->idempotency_key.n <= 64;
    for (size_t i = 0; printable && i < r->idempotency_key.n; i++)
        printable = r->idempotency_key.p[i] >= ' ' && r->idempotency_key.p[i] <= '~';
    if (!printable)
        return error_set(e, ST_INVALID, "invalid",
                         "Idempotency-Key takes 1 to 64 printable ASCII characters");
    struct buf b;
    buf_init(&b, HTTP_BODY_MAX + HTTP_HEADERS_MAX, true);
    buf_put_slice(&b, r->method);
    buf_put_slice(&b, r->path);
    buf_put_slice(&b, r->body);
    c->idempotency_key = r->idempotency_key;
    c->idempotency_request = b.failed ? SLICE_NONE : arena_copy(c->arena, buf_slice(&b));
    buf_free(&b);
    return c->idempotency_request.p == NULL ? error_set(e, ST_NOMEM, "no_memory", "request") : ST_OK;
}

static enum status prepare(struct caller *c, const struct route *route, struct http_request *r,
                           struct error *e) {
    if ((route->flags & ROUTE_SCIM) != 0) {
        enum status s = scim_identify(c, r, e);
        if (s != ST_OK)
            return s;
    } else if ((route->flags & ROUTE_OPEN) == 0) {
        enum status s = session_identify(c, r, is_write(r) && (route->flags & ROUTE_NO_CSRF) == 0, e);
        if (s != ST_OK)
            return s;
        if (c->who.step != SIGN_IN_DONE && (route->flags & ROUTE_ANY_STEP) == 0)
            return session_half(c, e);
        if (c->who.step == SIGN_IN_DONE && c->who.must_change_password &&
            (route->flags & ROUTE_ANY_PASSWORD) == 0)
            return error_set(e, ST_DENIED, "must_change_password", "the password was set by somebody else");
        s = caller_prepare(c, e);
        if (s != ST_OK)
            return s;
        if (is_write(r))
            s = take_idempotency(c, r, e);
        if (s == ST_OK && is_write(r) && (route->flags & ROUTE_ASKS) == 0 && r->reason.n > 0)
            s = take_reason(c, r, e);
        if (s != ST_OK)
            return s;
    }
    if ((route->flags & ROUTE_BYTES) != 0)
        return check_content_type(r, "application/octet-stream", e);
    return (route->flags & ROUTE_JSON) != 0 ? parse_json(r, e) : ST_OK;
}

static void reply_reset(struct http_reply *reply) {
    buf_reset(&reply->headers);
    buf_reset(&reply->body);
    reply->status = 200;
    reply->content_type = "application/json";
    reply->cacheable = false;
    reply->streamed = false;
    reply->ended = false;
    reply->lent = false;
    reply->errors.count = 0;
}

/* The keeper knew of a ceiling that has fallen since the person was remembered: what only asks is asked once
 * more, by what holds now. */
static bool is_behind(const struct http_request *r, const struct http_reply *reply, const struct error *e) {
    bool asks = !is_write(r) || (r->route->flags & ROUTE_ASKS) != 0;
    return asks && !reply->streamed && strcmp(e->code, "above_ceiling") == 0;
}

static enum status handle_newest(struct engine_worker *w, struct caller *c, struct http_request *r,
                                 struct error *e) {
    *e = (struct error){.status = ST_OK};
    reply_reset(&w->reply);
    session_forget(&c->call.token);
    caller_release(c);
    enum status s = session_see_newest(c, e);
    return s == ST_OK ? r->route->handle(w->engine, c, r, &w->reply, e) : s;
}

static enum status dispatch(struct engine_worker *w, struct caller *c, struct http_request *r,
                            struct error *e) {
    bool other_method;
    const struct route *route = route_find(r, &other_method);
    if (route == NULL) {
        return error_set(e, ST_NOT_FOUND, other_method ? "method_not_allowed" : "not_found",
                         "no such address");
    }
    r->route = route;
    uint64_t keepers = keeper_refusals(c->keeper);
    enum status s = prepare(c, route, r, e);
    if (s == ST_OK)
        s = route->handle(w->engine, c, r, &w->reply, e);
    if (s == ST_DENIED && is_behind(r, &w->reply, e))
        s = handle_newest(w, c, r, e);
    if (s != ST_OK) {
        e->status = s;
        refusal_record(c, route, r, keepers, e);
    }
    return s;
}

static enum language language_of(struct slice accept) {
    return accept.n >= 2 && accept.p[0] == 'e' && accept.p[1] == 'n' ? LANGUAGE_EN : LANGUAGE_ZH;
}

/* nginx's $request_id is 32 hex digits; anything else (no nginx in front) gets an id of our own. */
static void request_id_of(const struct http_request *r, struct uuid *out) {
    if (hex_decode(r->request_id, out->b, 16))
        return;
    if (uuid_new(out) != ST_OK)
        memset(out, 0, sizeof *out);
}

/* A stale version is answered with the record as it stands, which record_update has left in the body. */
static struct slice conflict_extra(struct caller *c, const struct engine_worker *w, const struct error *e) {
    if (strcmp(e->code, "version_conflict") != 0 || w->reply.body.n == 0)
        return SLICE_NONE;
    struct slice key = SLICE("\"current\":");
    uint8_t *text = arena_alloc(c->arena, key.n + w->reply.body.n);
    if (text == NULL)
        return SLICE_NONE;
    memcpy(text, key.p, key.n);
    memcpy(text + key.n, w->reply.body.p, w->reply.body.n);
    return slice_of(text, key.n + w->reply.body.n);
}

/* Half an answer is none. */
static enum status check_whole(struct http_reply *reply, struct error *e) {
    bool no_memory = reply->body.no_memory || reply->headers.no_memory;
    if (reply->streamed || (!reply->body.failed && !reply->headers.failed))
        return ST_OK;
    buf_reset(&reply->headers);
    return no_memory ? error_set(e, ST_NOMEM, "no_memory", "reply")
                     : error_set(e, ST_LIMIT, "page_too_large", "the answer is too large: ask for less");
}

/* A look-up that nothing was opened after: no answer leaves before its entry is on disk, no error either. */
static enum status settle(struct engine_worker *w, enum status s, struct error *e) {
    struct error unsettled;
    enum status settled = keeper_settle(w->keeper, &unsettled);
    if (settled == ST_OK)
        return s;
    *e = unsettled;
    buf_reset(&w->reply.headers);
    return settled;
}

static void handle(struct engine_worker *w, struct http_request *r) {
    struct error e = {.status = ST_OK};
    struct caller c = {.keeper = w->keeper, .reader = w->reader, .arena = &w->arena};
    char id[UUID_TEXT + 1];
    c.language = language_of(r->accept_language);
    request_id_of(r, &c.call.request);
    session_address(r->remote_address, c.call.address);
    world_enter(w->engine->world, &c.world);
    enum status s = dispatch(w, &c, r, &e);
    if (s == ST_OK)
        s = check_whole(&w->reply, &e);
    s = settle(w, s, &e);
    if (s != ST_OK) {
        e.status = s;
        uuid_format(&c.call.request, id);
        if (scim_is_asked(r))
            scim_problem(&w->reply, &e);
        else
            problem_write(&w->reply, &e, &w->reply.errors, c.language, slice_from_string(id),
                          conflict_extra(&c, w, &e), c.world.objects);
        if (s == ST_INTERNAL || s == ST_CORRUPT || s == ST_NOMEM || s == ST_IO) {
            log_error("request %s: %s %s", id, e.code, e.detail);
            __atomic_add_fetch(&w->engine->failures, 1, __ATOMIC_RELAXED);
        }
    }
    if (r->scim_key != 0)
        scim_calls_note(r, &c.call, w->reply.status, s == ST_OK ? "" : e.code);
    json_decref(r->json);
    caller_finish(&c);
}

static void refuse_unread(struct engine_worker *w, enum status s, bool late) {
    struct error e;
    const char *code = late                  ? "request_timeout"
                       : s == ST_UNAVAILABLE ? "unavailable"
                       : s == ST_LIMIT       ? "too_large"
                       : s == ST_NOMEM       ? "no_memory"
                                             : "invalid";
    bool told = late || s == ST_UNAVAILABLE || s == ST_LIMIT || s == ST_NOMEM;
    (void)error_set(&e, late ? ST_UNAVAILABLE : told ? s : ST_INVALID, code, "the request can't be read");
    reply_reset(&w->reply);
    problem_write(&w->reply, &e, NULL, LANGUAGE_EN, SLICE_NONE, SLICE_NONE, NULL);
}

static enum after answer(struct engine_worker *w, struct door_visit *v, const struct fastcgi *f,
                         enum status s) {
    struct http_request r;
    bool whole = s == ST_OK; /* where the next request begins is known */
    reply_reset(&w->reply);
    if (s == ST_OK)
        s = fastcgi_request(f, &r);
    if (s == ST_OK) {
        r.fd = v->fd;
        r.keep = f->keep;
        r.visit = v;
        __atomic_add_fetch(&w->engine->requests, 1, __ATOMIC_RELAXED);
        handle(w, &r);
    } else {
        refuse_unread(w, s, false);
    }
    if (w->reply.streamed)
        return w->reply.lent ? LENT : w->reply.ended && f->keep ? KEPT : OVER;
    if (fastcgi_write(v->fd, f, &w->reply, &w->head) != ST_OK) {
        log_debug("a client left before its reply");
        return OVER;
    }
    return whole && f->keep ? KEPT : OVER;
}

/* The answer comes before the request's end. nginx may be sending more of it just now: it must find somebody
 * who takes it, or it would tell its client of a broken connection. */
static enum after refuse_slow(struct engine_worker *w, struct door_visit *v, const struct fastcgi *f,
                              enum status s) {
    refuse_unread(w, s, s == ST_RETRY);
    if (fastcgi_write(v->fd, f, &w->reply, &w->head) != ST_OK)
        return OVER;
    door_refuse(w->engine->door, v);
    return NOTHING;
}

/* What still comes of a request that was refused, until nginx leaves. */
static enum after drop_rest(const struct door_visit *v) {
    uint8_t room[4096];
    ssize_t n;
    do {
        n = recv(v->fd, room, sizeof room, MSG_DONTWAIT);
    } while (n > 0 || (n < 0 && errno == EINTR));
    explicit_bzero(room, sizeof room);
    return n == 0 || v->late ? OVER : NOTHING;
}

static enum after take_and_answer(struct engine_worker *w, struct door_visit *v) {
    struct fastcgi f;
    struct buf *in = &w->in;
    if (v->held != NULL) {
        in = &v->held->in;
        f = v->held->f;
    }
    enum status s = fastcgi_receive(v->fd, in, &f);
    if (s == ST_RETRY && in->n == 0)
        return NOTHING;
    if (s == ST_RETRY && !v->late) {
        s = door_hold(w->engine->door, v, in, &f);
        return s == ST_OK ? NOTHING : refuse_slow(w, v, &f, s);
    }
    if (s == ST_RETRY)
        return refuse_slow(w, v, &f, s);
    enum after after = s == ST_UNAVAILABLE ? OVER : answer(w, v, &f, s);
    if (after != LENT && v->held != NULL)
        door_release(w->engine->door, v);
    return after;
}

enum after engine_serve(struct engine_worker *w, struct door_visit *v) {
    enum after after = v->refused ? drop_rest(v) : take_and_answer(w, v);
    buf_reset(&w->in);
    buf_reset(&w->reply.body);
    arena_reset(&w->arena);
    keeper_forget(w->keeper);
    return after;
}

/* ---- the pool ---- */

/* Nothing to read comes right after a request whose last bytes were told twice. */
static void serve(struct engine_worker *w, struct door *door, struct door_visit *v) {
    do {
        enum after after = engine_serve(w, v);
        if (after == OVER)
            door_hang_up(door, v);
        if (after == OVER || after == LENT)
            return;
    } while (!door_rest(door, v));
}

static void *worker_run(void *argument) {
    struct engine_worker *w = argument;
    struct door_visit v;
    while (door_next(w->engine->door, &v))
        serve(w, w->engine->door, &v);
    return NULL;
}

static enum status worker_start(struct engine *engine, struct engine_worker *w, struct error *e) {
    *w = (struct engine_worker){.engine = engine};
    arena_init(&w->arena, REQUEST_MEMORY, ARENA_SECRET);
    buf_init(&w->in, FASTCGI_IN_MOST, true);
    buf_init(&w->head, 64 * 1024, false);
    buf_init(&w->reply.headers, 32 * 1024, false);
    buf_init(&w->reply.body, HTTP_REPLY_MAX, true);
    enum status s = keeper_connect(engine->keeper_path, &w->keeper, e);
    if (s == ST_OK &&
        (buf_reserve(&w->in, REFUSAL_ROOM) == NULL || buf_reserve(&w->head, REFUSAL_ROOM) == NULL ||
         buf_reserve(&w->reply.headers, REFUSAL_ROOM) == NULL ||
         buf_reserve(&w->reply.body, REFUSAL_ROOM) == NULL))
        s = error_set(e, ST_NOMEM, "no_memory", "a thread's buffers");
    if (s == ST_OK)
        s = store_reader_open(engine->store, &w->reader, e);
    if (s != ST_OK)
        return s;
    if (pthread_create(&w->thread, NULL, worker_run, w) != 0) {
        return error_set(e, ST_NOMEM, "no_thread", "a thread can't be started");
    }
    return ST_OK;
}

static void worker_end(struct engine_worker *w) {
    keeper_close(w->keeper);
    store_reader_close(w->reader);
    arena_free(&w->arena);
    buf_free(&w->in);
    buf_free(&w->head);
    buf_free(&w->reply.headers);
    buf_free(&w->reply.body);
}

/* ---- start ---- */

static enum status load_world(struct engine *engine, struct keeper *k, struct arena *a, struct error *e) {
    struct world_source from = {.database = role_path(engine->env, a, "db"),
                                .objects_dir = engine->objects_dir,
                                .policies_dir = engine->policies_dir,
                                .mode = STORE_SERVE};
    enum status s = world_load(k, &from, &engine->store, &engine->world, e);
    if (s == ST_OK)
        s = stamp_check(engine->store, engine->env->config, e);
    return s == ST_OK ? record_settle(k, engine->store, e) : s;
}

/* For what jobs hands over to be written. */
static struct object_set *current_objects(void *context) {
    struct world_view view;
    world_enter(((struct engine *)context)->world, &view);
    struct object_set *objects = view.objects;
    object_set_retain(objects);
    world_leave(&view);
    return objects;
}

/* The keeper is started before the engine, but may just be restarting: ask for a while. */
static enum status reach_keeper(struct engine *engine, struct keeper **k, struct error *e) {
    for (unsigned tries = 0;; tries++) {
        bool over = false;
        enum status s = keeper_connect(engine->keeper_path, k, e);
        if (s == ST_OK)
            s = keeper_bootstrapped(*k, &over, e);
        if (s == ST_OK && !over)
            return error_set(e, ST_INVALID, "not_initialised",
                             "nobody is in this data directory yet; call kedun init --data %s",
                             engine->env->data_dir);
        if (s == ST_OK)
            return ST_OK;
        if (*k != NULL)
            keeper_close(*k);
        *k = NULL;
        if (tries == 50)
            return s;
        (void)poll(NULL, 0, 100);
    }
}

static enum status start_all(struct engine *engine, struct engine_worker *workers, size_t count,
                             struct error *e) {
    enum status s = door_open(role_fd(engine->env, "fastcgi"), &engine->door, e);
    for (size_t i = 0; s == ST_OK && i < count; i++)
        s = worker_start(engine, &workers[i], e);
    return s;
}

static int run(struct engine *engine, struct keeper *k, struct arena *a, struct error *e) {
    static struct engine_worker workers[WORKERS_MAX];
    size_t count = (size_t)engine->env->config->engine_threads;
    if (count > WORKERS_MAX)
        count = WORKERS_MAX;
    enum status s = load_world(engine, k, a, e);
    if (s == ST_OK)
        s = start_all(engine, workers, count, e);
    if (s == ST_OK) {
        s = remote_serve(engine->store, role_fd(engine->env, "writer"), current_objects, engine,
                         &engine->remote, e);
    }
    if (s == ST_OK)
        s = events_start(engine, &engine->events, e);
    if (s == ST_OK)
        s = settler_start(engine, &engine->settler, e);
    if (s == ST_OK)
        s = ldap_clock_start(engine, &engine->clock, e);
    if (s == ST_OK)
        s = store_warm(engine->store, e);
    if (s == ST_OK)
        s = role_ready(engine->env);
    if (s != ST_OK) {
        log_error("can't start: %s: %s", e->code, e->detail);
        return 1;
    }
    role_wait_stop();
    __atomic_store_n(&engine->stopping, true, __ATOMIC_RELAXED);
    events_stop(engine->events); /* first: it has connections of the door's */
    door_stop(engine->door);
    for (size_t i = 0; i < count; i++) {
        (void)pthread_join(workers[i].thread, NULL);
        worker_end(&workers[i]);
    }
    settler_stop(engine->settler);
    ldap_clock_stop(engine->clock);
    door_free(engine->door);
    events_free(engine->events);
    remote_stop(engine->remote);
    world_free(engine->world);
    store_close(engine->store);
    return 0;
}

int engine_main(const struct role_env *env) {
    struct engine engine = {.env = env, .started_ms = clock_wall_ms()};
    struct error e = {.status = ST_OK};
    struct arena a;
    struct keeper *k = NULL;
    arena_init(&a, (size_t)256 * 1024 * 1024, ARENA_PLAIN);
    engine.keeper_path = role_path(env, &a, "run/keeper-engine.sock");
    engine.outbound_path = role_path(env, &a, "run/outbound.sock");
    engine.objects_dir = env->config->objects_dir;
    engine.policies_dir = env->config->policies_dir;
    int result = 1;
    if (crypto_start(&e) != ST_OK || engine.keeper_path == NULL) {
        log_error("can't start: cryptography or memory");
    } else if (reach_keeper(&engine, &k, &e) != ST_OK) {
        log_error("can't start: %s: %s", e.code, e.detail);
    } else {
        result = run(&engine, k, &a, &e);
    }
    if (k != NULL)
        keeper_close(k);
    arena_free(&a);
    return result;
}
