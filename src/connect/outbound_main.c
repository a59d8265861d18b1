#include "connect/outbound_main.h"

#include "base/json_in.h"
#include "base/log.h"
#include "connect/fetch.h"
#include "connect/ldap_read.h"
#include "ipc/frame.h"
#include "ipc/socket.h"
#include "keeper/client_sign_on.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define ASK_MS 5000

struct outbound {
    const char *keeper_path;
    pthread_mutex_t lock;
    pthread_cond_t idle;
    unsigned running;
};

struct visit {
    struct outbound *outbound;
    int fd;
};

static const char *text(const json_t *request, const char *key) {
    return json_string_value(json_object_get(request, key));
}

/* What came is the keeper's to judge; what did not is told by a status of 0. */
static enum status carry_out(struct keeper *k, const struct uuid *errand, const json_t *request,
                             struct error *e) {
    struct fetch f = {.url = text(request, "url"),
                      .form = text(request, "form"),
                      .user = text(request, "user"),
                      .password = text(request, "password"),
                      .ca = text(request, "ca")};
    struct buf body;
    unsigned status = 0;
    buf_init(&body, FETCH_MOST, true);
    bool fine = f.url != NULL &&
                network_parse_all(json_object_get(request, "networks"), f.networks, &f.network_count);
    if (fine && fetch_run(&f, &body, &status, e) != ST_OK)
        log_warn("event=errand_failed why=%s detail=%s", e->code, e->detail);
    enum status s = keeper_errand_done(k, errand, status, buf_slice(&body), e);
    buf_free(&body);
    return s;
}

/* What a directory's document says (keeper/ldap.h). */
static bool ldap_of(const json_t *d, struct ldap_read *out) {
    const json_t *names = json_object_get(d, "attributes");
    const char *security = text(d, "security"), *by = text(d, "department_by");
    json_int_t port = json_integer_value(json_object_get(d, "port"));
    *out = (struct ldap_read){.host = text(d, "host"),
                              .port = port > 0 && port <= 65535 ? (unsigned)port : 0,
                              .start_tls = security != NULL && strcmp(security, "starttls") == 0,
                              .ca = text(d, "ca"),
                              .bind_dn = text(d, "bind_dn"),
                              .password = text(d, "password"),
                              .people_base = text(d, "people_base"),
                              .people_filter = text(d, "people_filter"),
                              .unit_base = text(d, "unit_base")};
    for (size_t i = 0; i < LDAP_HAS_COUNT; i++)
        out->shape.attribute[i] = text(names, ldap_attribute_names[i]);
    out->shape.tree = by != NULL && strcmp(by, "tree") == 0;
    if (by == NULL || strcmp(by, "attribute") != 0)
        out->shape.attribute[LDAP_HAS_DEPARTMENT] = NULL;
    return out->host != NULL && out->bind_dn != NULL && out->password != NULL && out->password[0] != '\0' &&
           out->people_base != NULL && out->people_filter != NULL &&
           network_parse_all(json_object_get(d, "networks"), out->destinations.networks,
                             &out->destinations.network_count);
}

static enum status read_directory(struct keeper *k, const struct uuid *errand, const json_t *document,
                                  struct error *e) {
    struct ldap_read read;
    struct buf body;
    unsigned status = 0;
    buf_init(&body, LDAP_READ_MOST, true);
    if (!ldap_of(document, &read))
        (void)error_set(e, ST_INVALID, "ldap_unreachable", "the keeper's errand does not parse");
    else if (ldap_read_run(&read, &body, e) == ST_OK)
        status = 200;
    if (status == 0) {
        log_warn("event=directory_not_read why=%s detail=%s", e->code, e->detail);
        buf_reset(&body);
        buf_put_format(&body, "{\"error\":\"%s\"}", e->code);
    }
    enum status s = keeper_errand_done(k, errand, status, buf_slice(&body), e);
    buf_free(&body);
    return s;
}

static enum status run_errand(struct outbound *o, const struct uuid *errand, struct error *e) {
    struct keeper *k = NULL;
    struct slice json;
    json_t *request = NULL;
    enum status s = keeper_connect(o->keeper_path, &k, e);
    if (s != ST_OK)
        return s;
    s = keeper_errand_take(k, errand, &json, e);
    if (s == ST_OK)
        s = json_read(json, 0, &request, NULL);
    keeper_forget(k); /* it may hold the client's secret */
    const json_t *directory = json_object_get(request, "ldap");
    if (s == ST_OK)
        s = directory != NULL ? read_directory(k, errand, directory, e) : carry_out(k, errand, request, e);
    json_decref(request);
    keeper_close(k);
    return s;
}

static void serve(struct outbound *o, int fd) {
    struct buf in;
    struct frame question;
    struct uuid errand;
    struct error e = {.status = ST_OK};
    buf_init(&in, 64, false);
    if (frame_receive(fd, &in, &question, ASK_MS) == ST_OK && question.type == OUTBOUND_RUN &&
        question.payload.n == sizeof errand.b) {
        memcpy(errand.b, question.payload.p, sizeof errand.b);
        enum status s = run_errand(o, &errand, &e);
        struct frame answer = {.type = OUTBOUND_RUN, .flags = (uint16_t)s, .id = question.id};
        if (s != ST_OK)
            log_warn("event=errand_not_done why=%s", e.code);
        if (frame_send(fd, &answer, ASK_MS) != ST_OK)
            log_warn("event=errand_nobody_waits");
    }
    buf_free(&in);
}

static void leave(struct outbound *o) {
    (void)pthread_mutex_lock(&o->lock);
    o->running--;
    (void)pthread_cond_broadcast(&o->idle);
    (void)pthread_mutex_unlock(&o->lock);
}

static void *visit_main(void *argument) {
    struct visit *v = argument;
    serve(v->outbound, v->fd);
    (void)close(v->fd);
    leave(v->outbound);
    free(v);
    return NULL;
}

static void start_visit(struct outbound *o, int fd) {
    struct visit *v = malloc(sizeof *v);
    pthread_t thread;
    (void)pthread_mutex_lock(&o->lock);
    bool room = v != NULL && o->running < OUTBOUND_THREADS;
    o->running += room;
    (void)pthread_mutex_unlock(&o->lock);
    if (room) {
        *v = (struct visit){o, fd};
        if (pthread_create(&thread, NULL, visit_main, v) == 0) {
            (void)pthread_detach(thread);
            return;
        }
        leave(o);
    }
    free(v);
    (void)close(fd);
}

static enum status accept_until_stopped(struct outbound *o, const struct role_fd *door, int stop) {
    for (;;) {
        struct pollfd fds[2] = {{door->fd, POLLIN, 0}, {stop, POLLIN, 0}};
        int fd = -1;
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return ST_IO;
        if (fds[1].revents != 0)
            return ST_OK;
        if (fds[0].revents == 0)
            continue;
        enum status s = socket_accept(door->fd, door->peer, &fd);
        if (s == ST_IO)
            return s;
        if (s == ST_OK)
            start_visit(o, fd);
    }
}

int outbound_main(const struct role_env *env) {
    struct arena a;
    arena_init(&a, 16 * 1024, ARENA_PLAIN);
    struct outbound o = {.keeper_path = role_path(env, &a, "run/keeper-outbound.sock")};
    const struct role_fd *door = role_fd(env, "outbound");
    int stop = role_stop_fd(), result = 1;
    (void)pthread_mutex_init(&o.lock, NULL);
    (void)pthread_cond_init(&o.idle, NULL);
    if (o.keeper_path == NULL || door == NULL || stop < 0 || fetch_setup() != ST_OK ||
        ldap_read_setup() != ST_OK)
        log_error("the process with the network can't start: no socket, or libcurl does not");
    else if (role_ready(env) == ST_OK)
        result = accept_until_stopped(&o, door, stop) == ST_OK ? 0 : 1;
    (void)pthread_mutex_lock(&o.lock);
    while (o.running > 0)
        (void)pthread_cond_wait(&o.idle, &o.lock);
    (void)pthread_mutex_unlock(&o.lock);
    if (stop >= 0)
        (void)close(stop);
    arena_free(&a);
    return result;
}
