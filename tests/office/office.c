#include "office/office.h"

#include "office/front.h"

#include "api/engine.h"
#include "api/http.h"
#include "api/session.h"
#include "base/log.h"
#include "crypto/start.h"
#include "object/set.h"
#include "office/company.h"
#include "people/world_load.h"
#include "record/catalogue.h"

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void must(bool holds, const char *what, const struct error *e) {
    if (holds)
        return;
    (void)fprintf(stderr, "office: %s: %s %s\n", what, e == NULL ? "" : e->code, e == NULL ? "" : e->detail);
    abort();
}

/* ---- the keeper ---- */

static void keeper_is_ready(void *context) {
    (void)eventfd_write(((struct office *)context)->keeper_ready, 1);
}

static void *keeper_main_here(void *context) {
    struct office *o = context;
    struct error e = {.status = ST_OK};
    must(keeper_run(&o->keeper_config, &e) == ST_OK, "keeper", &e);
    return NULL;
}

static void listen_at(struct office *o, char path[96], const char *name, int *fd) {
    struct error e = {.status = ST_OK};
    (void)snprintf(path, 96, "%s/run/%s.sock", o->dir, name);
    must(socket_listen(path, fd, &e) == ST_OK, name, &e);
}

static void make_directories(struct office *o) {
    static const char *const names[] = {"run", "db", "uploads", "keys", "audit", "state"};
    const char *where = getenv("KEDUN_OFFICE_DIR");
    if (where == NULL)
        where = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    (void)snprintf(o->dir, sizeof o->dir, "%s/office-XXXXXX", where);
    must(mkdtemp(o->dir) != NULL, o->dir, NULL);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[96];
        (void)snprintf(path, sizeof path, "%s/%s", o->dir, names[i]);
        must(mkdir(path, 0700) == 0, path, NULL);
    }
    (void)snprintf(o->key_dir, sizeof o->key_dir, "%s/keys", o->dir);
    (void)snprintf(o->audit_dir, sizeof o->audit_dir, "%s/audit", o->dir);
    (void)snprintf(o->state_dir, sizeof o->state_dir, "%s/state", o->dir);
}

static void start_keeper(struct office *o) {
    struct error e = {.status = ST_OK};
    eventfd_t n;
    o->keeper_ready = eventfd(0, EFD_CLOEXEC);
    o->keeper_config = (struct keeper_config){.key_dir = o->key_dir,
                                              .audit_dir = o->audit_dir,
                                              .state_dir = o->state_dir,
                                              .origin = "kedun/audit",
                                              .engine_uid = SOCKET_ANY_USER,
                                              .jobs_uid = SOCKET_ANY_USER,
                                              .admin_uid = SOCKET_ANY_USER,
                                              .stop_fd = eventfd(0, EFD_CLOEXEC),
                                              .ready = keeper_is_ready,
                                              .ready_context = o,
                                              .password_cost = {64, 1, 1}};
    listen_at(o, o->keeper_door, "keeper-engine", &o->keeper_config.engine_fd);
    listen_at(o, o->jobs_door, "keeper-jobs", &o->keeper_config.jobs_fd);
    listen_at(o, o->admin_door, "keeper-admin", &o->keeper_config.admin_fd);
    must(pthread_create(&o->keeper_thread, NULL, keeper_main_here, o) == 0, "thread", NULL);
    must(eventfd_read(o->keeper_ready, &n) == 0, "keeper", NULL);
    must(keeper_connect(o->keeper_door, &o->keeper, &e) == ST_OK, "keeper", &e);
}

static void fill_registry(struct office *o) {
    struct error e = {.status = ST_OK};
    struct keeper *admin;
    struct object_set *objects;
    enum status s = keeper_connect(o->admin_door, &admin, &e);
    must(s == ST_OK, "admin door", &e);
    s = object_set_load(o->config.objects_dir, &objects, &e);
    must(s == ST_OK, "objects", &e);
    s = catalogue_bootstrap(admin, objects, &e);
    must(s == ST_OK, "catalogue", &e);
    s = company_put(admin, KEDUN_SHARE_DIR "/tests/api/company.txt", &e);
    must(s == ST_OK, "company", &e);
    must(keeper_bootstrap_end(admin, &e) == ST_OK, "bootstrap", &e);
    object_set_release(objects);
    keeper_close(admin);
}

void office_open(struct office *o) {
    struct error e = {.status = ST_OK};
    sigset_t set;
    *o = (struct office){.front = -1, .writer = -1};
    (void)signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM); /* as every role has it: the engine waits for it */
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
    log_setup("office", LOG_ERROR);
    config_init(&o->config);
    must(config_set(&o->config, "office", "objects_dir", KEDUN_SHARE_DIR "/objects", &e) == ST_OK, "config",
         &e);
    must(config_set(&o->config, "office", "policies_dir", KEDUN_SHARE_DIR "/policies", &e) == ST_OK, "config",
         &e);
    must(crypto_start(&e) == ST_OK, "crypto", &e);
    make_directories(o);
    start_keeper(o);
    fill_registry(o);
}

static int remove_one(const char *path, const struct stat *info, int flag, struct FTW *where) {
    (void)info;
    (void)flag;
    (void)where;
    return remove(path);
}

void office_close(struct office *o) {
    if (o->reader != NULL)
        store_reader_close(o->reader);
    world_free(o->world);
    if (o->store != NULL)
        store_close(o->store);
    keeper_close(o->keeper);
    must(eventfd_write(o->keeper_config.stop_fd, 1) == 0, "stop", NULL);
    must(pthread_join(o->keeper_thread, NULL) == 0, "join", NULL);
    const int fds[] = {o->keeper_config.engine_fd,
                       o->keeper_config.jobs_fd,
                       o->keeper_config.admin_fd,
                       o->keeper_config.stop_fd,
                       o->keeper_ready,
                       o->front,
                       o->writer};
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        if (fds[i] >= 0)
            (void)close(fds[i]);
    }
    (void)nftw(o->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- the world in this thread ---- */

void office_world(struct office *o) {
    struct error e = {.status = ST_OK};
    char db[96];
    (void)snprintf(db, sizeof db, "%s/db", o->dir);
    struct world_source from = {.database = db,
                                .objects_dir = o->config.objects_dir,
                                .policies_dir = o->config.policies_dir,
                                .mode = STORE_SERVE};
    must(world_load(o->keeper, &from, &o->store, &o->world, &e) == ST_OK, "world", &e);
    must(store_reader_open(o->store, &o->reader, &e) == ST_OK, "reader", &e);
}

struct token office_sign_in(struct office *o, const char *login) {
    struct keeper_call call = {.purpose = PURPOSE_SALES, .address = {[10] = 0xff, [11] = 0xff, [15] = 1}};
    struct token token;
    struct principal who;
    struct error e = {.status = ST_OK};
    enum status s = keeper_sign_in(o->keeper, &call, slice_from_string(login), SLICE(OFFICE_PASSWORD),
                                   SLICE("office"), &token, &who, &e);
    must(s == ST_OK, login, &e);
    return token;
}

void office_caller(struct office *o, const struct token *token, struct arena *arena, struct caller *c) {
    struct error e = {.status = ST_OK};
    *c = (struct caller){.keeper = o->keeper, .reader = o->reader, .arena = arena, .language = LANGUAGE_EN};
    c->call.token = *token;
    must(uuid_new(&c->call.request) == ST_OK, "id", NULL);
    world_enter(o->world, &c->world);
    must(keeper_session(o->keeper, &c->call, &c->who, &e) == ST_OK, "session", &e);
    must(caller_prepare(c, &e) == ST_OK, "caller", &e);
}

/* ---- the engine ---- */

static void *engine_main_here(void *context) {
    struct office *o = context;
    must(engine_main(&o->env) == 0, "engine", NULL);
    return NULL;
}

void office_engine_start(struct office *o, int threads) {
    int ready[2];
    char byte;
    if (o->front < 0) {
        listen_at(o, o->front_door, "fastcgi", &o->front);
        listen_at(o, o->writer_door, "writer", &o->writer);
    }
    o->config.engine_threads = threads;
    must(pipe(ready) == 0, "pipe", NULL);
    o->env = (struct role_env){
        .role = "engine",
        .data_dir = o->dir,
        .config = &o->config,
        .ready_fd = ready[1],
        .fds = {{"fastcgi", o->front, SOCKET_ANY_USER}, {"writer", o->writer, SOCKET_ANY_USER}},
        .fd_count = 2};
    must(pthread_create(&o->engine_thread, NULL, engine_main_here, o) == 0, "thread", NULL);
    must(read(ready[0], &byte, 1) == 1, "the engine did not start", NULL);
    (void)close(ready[0]);
}

void office_engine_stop(struct office *o) {
    must(pthread_kill(o->engine_thread, SIGTERM) == 0, "stop", NULL);
    must(pthread_join(o->engine_thread, NULL) == 0, "join", NULL);
}

/* ---- requests ---- */

static void put_session(struct buf *out, const struct token *token) {
    char text[128], csrf[SESSION_CSRF_TEXT + 1], cookie[160];
    session_format_token(token, text);
    must(session_csrf(token, csrf) == ST_OK, "csrf", NULL);
    (void)snprintf(cookie, sizeof cookie, "%s=%s", SESSION_COOKIE, text);
    front_put_param(out, "HTTP_COOKIE", slice_from_string(cookie));
    front_put_param(out, "HTTP_X_CSRF_TOKEN", slice_from_string(csrf));
}

static void put_optional(struct buf *out, const char *name, const char *value) {
    if (value != NULL)
        front_put_param(out, name, slice_from_string(value));
}

static void put_request(struct buf *out, const struct office_request *r) {
    struct buf head;
    char length[24];
    buf_init(&head, HTTP_HEADERS_MAX, false);
    (void)snprintf(length, sizeof length, "%zu", r->body.n);
    front_put_param(&head, "CONTENT_LENGTH", slice_from_string(length));
    front_put_param(&head, "REQUEST_METHOD", slice_from_string(r->method));
    front_put_param(&head, "DOCUMENT_URI", slice_from_string(r->path));
    front_put_param(&head, "REMOTE_ADDR", SLICE("127.0.0.1"));
    put_optional(&head, "QUERY_STRING", r->query);
    put_optional(&head, "HTTP_IF_MATCH", r->if_match);
    put_optional(&head, "HTTP_IDEMPOTENCY_KEY", r->idempotency_key);
    if (r->body.n > 0 || r->content_type != NULL)
        put_optional(&head, "CONTENT_TYPE", r->content_type == NULL ? "application/json" : r->content_type);
    if (r->token != NULL)
        put_session(&head, r->token);
    front_put_begin(out, 1, false);
    front_put_stream(out, FRONT_PARAMS, 1, buf_slice(&head), 65535);
    front_put_stream(out, FRONT_STDIN, 1, r->body, 32768);
    must(!head.failed && !out->failed, "request", NULL);
    buf_free(&head);
}

/* All that comes until the other end hangs up. */
static void read_raw(int fd, struct buf *raw) {
    for (ssize_t n = 1; n > 0;) {
        uint8_t *to = buf_reserve(raw, 65536);
        must(to != NULL, "reply", NULL);
        do
            n = read(fd, to, 65536);
        while (n < 0 && errno == EINTR);
        if (n > 0)
            raw->n += (size_t)n;
    }
}

bool office_ask(struct office *o, const struct office_request *r, struct buf *reply) {
    struct buf out, raw;
    struct error e = {.status = ST_OK};
    int fd;
    size_t used;
    ssize_t n = 0;
    buf_init(&out, HTTP_HEADERS_MAX + HTTP_BODY_MAX + 65536, false);
    buf_init(&raw, HTTP_REPLY_MAX + 65536, true);
    put_request(&out, r);
    must(socket_connect(o->front_door, &fd, &e) == ST_OK, "fastcgi", &e);
    for (size_t at = 0; at < out.n && n >= 0; at += (size_t)n) {
        do /* libFuzzer looks at its clock by a signal */
            n = send(fd, out.p + at, out.n - at, MSG_NOSIGNAL);
        while (n < 0 && errno == EINTR);
    }
    read_raw(fd, &raw);
    bool whole = front_take_reply(buf_slice(&raw), reply, &used);
    must(!reply->failed, "reply", NULL);
    (void)close(fd);
    buf_free(&out);
    buf_free(&raw);
    return whole;
}

int office_status(const struct buf *reply) {
    if (reply->n < 12 || memcmp(reply->p, "Status: ", 8) != 0)
        return 0;
    return (reply->p[8] - '0') * 100 + (reply->p[9] - '0') * 10 + (reply->p[10] - '0');
}

struct slice office_body(const struct buf *reply) {
    const uint8_t *end = reply->n == 0 ? NULL : memmem(reply->p, reply->n, "\r\n\r\n", 4);
    size_t at = end == NULL ? reply->n : (size_t)(end - reply->p) + 4;
    return slice_of(reply->p + at, reply->n - at);
}
