#include "store/remote.h"

#include "base/log.h"
#include "ipc/frame.h"
#include "object/set.h"
#include "store/wire.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_MOST ((size_t)256 * 1024)
#define SET_MEMORY  ((size_t)64 * 1024 * 1024)
#define SEND_MS     30000
#define WRITE_MS    60000 /* a set waits behind interactive ones */

/* ---- the engine's end ---- */

struct connection_slot {
    struct remote_server *server;
    pthread_t thread;
    int fd;
    bool used, ended;
};

struct remote_server {
    struct store *store;
    struct role_fd listener;
    remote_objects objects;
    void *context;
    pthread_t acceptor;
    int stop_fd;
    pthread_mutex_t lock; /* of the slots */
    struct connection_slot slots[REMOTE_CONNECTIONS];
};

static void put_answer(struct buf *out, const struct write_set *set, const struct write_result *result,
                       enum status s, const struct error *e) {
    buf_put_u64(out, result->failed_op);
    buf_put_u64(out, result->steward_items);
    buf_put_u64(out, result->held_us);
    buf_put_u32(out, set->groups);
    for (size_t i = 0; i < set->groups; i++)
        buf_put_u32(out, set->refused[i]);
    if (s == ST_OK)
        return;
    buf_put_slice(out, slice_from_string(e->code));
    buf_put_slice(out, slice_from_string(e->field));
    buf_put_slice(out, slice_from_string(e->detail));
}

static enum status write_received(struct remote_server *r, struct slice payload, struct arena *a,
                                  struct write_set *set, struct write_result *result, struct error *e) {
    struct object_set *objects = r->objects(r->context);
    enum status s = wire_get_set(payload, objects, a, set);
    if (s != ST_OK)
        s = error_set(e, s, "write_malformed", "the write set does not decode");
    else
        s = write_set_check(set, objects, e);
    if (s == ST_OK)
        s = store_write(r->store, set, result, e);
    object_set_release(objects);
    return s;
}

static bool serve_one(struct connection_slot *c, struct buf *in, struct buf *out, struct arena *a) {
    struct frame question, answer = {.type = REMOTE_WRITE};
    if (frame_receive(c->fd, in, &question, FRAME_FOREVER) != ST_OK || question.type != REMOTE_WRITE)
        return false;
    struct write_set set = {.count = 0};
    struct write_result result = {.failed_op = 0};
    struct error e = {.status = ST_OK};
    enum status s = write_received(c->server, question.payload, a, &set, &result, &e);
    buf_reset(out);
    put_answer(out, &set, &result, s, &e);
    answer.id = question.id;
    answer.flags = (uint16_t)s;
    answer.payload = buf_slice(out);
    arena_reset(a);
    return !out->failed && frame_send(c->fd, &answer, SEND_MS) == ST_OK;
}

static void *connection_run(void *argument) {
    struct connection_slot *c = argument;
    struct buf in, out;
    struct arena a;
    buf_init(&in, FRAME_MOST, false);
    buf_init(&out, ANSWER_MOST, false);
    arena_init(&a, SET_MEMORY, ARENA_PLAIN);
    while (serve_one(c, &in, &out, &a)) {
    }
    arena_free(&a);
    buf_free(&in);
    buf_free(&out);
    (void)pthread_mutex_lock(&c->server->lock);
    (void)close(c->fd);
    c->fd = -1;
    c->ended = true;
    (void)pthread_mutex_unlock(&c->server->lock);
    return NULL;
}

/* Room for one more; a thread that has ended is waited for first. NULL: all are busy. */
static struct connection_slot *take_slot(struct remote_server *r) {
    for (size_t i = 0; i < REMOTE_CONNECTIONS; i++) {
        struct connection_slot *c = &r->slots[i];
        (void)pthread_mutex_lock(&r->lock);
        bool ended = c->used && c->ended;
        (void)pthread_mutex_unlock(&r->lock);
        if (ended) {
            (void)pthread_join(c->thread, NULL);
            c->used = false;
        }
        if (!c->used)
            return c;
    }
    return NULL;
}

static void take_connection(struct remote_server *r) {
    int fd;
    if (socket_accept(r->listener.fd, r->listener.peer, &fd) != ST_OK)
        return;
    struct connection_slot *c = take_slot(r);
    if (c == NULL) {
        log_warn("writer: more connections than there may be");
        (void)close(fd);
        return;
    }
    *c = (struct connection_slot){.server = r, .fd = fd, .used = true};
    if (pthread_create(&c->thread, NULL, connection_run, c) != 0) {
        c->used = false;
        (void)close(fd);
    }
}

static void *acceptor_run(void *argument) {
    struct remote_server *r = argument;
    struct pollfd watched[2] = {{.fd = r->stop_fd, .events = POLLIN},
                                {.fd = r->listener.fd, .events = POLLIN}};
    for (;;) {
        if (poll(watched, 2, -1) < 0 && errno != EINTR)
            return NULL;
        if (watched[0].revents != 0)
            return NULL;
        if (watched[1].revents != 0)
            take_connection(r);
    }
}

enum status remote_serve(struct store *s, const struct role_fd *listener, remote_objects objects,
                         void *context, struct remote_server **out, struct error *e) {
    *out = NULL;
    if (listener == NULL)
        return error_set(e, ST_INTERNAL, "no_writer_socket", "the writer's socket was not handed over");
    struct remote_server *r = calloc(1, sizeof *r);
    if (r == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "writer");
    r->store = s;
    r->listener = *listener;
    r->objects = objects;
    r->context = context;
    r->stop_fd = eventfd(0, EFD_CLOEXEC);
    (void)pthread_mutex_init(&r->lock, NULL);
    if (r->stop_fd < 0 || pthread_create(&r->acceptor, NULL, acceptor_run, r) != 0) {
        if (r->stop_fd >= 0)
            (void)close(r->stop_fd);
        free(r);
        return error_set(e, ST_NOMEM, "no_thread", "a thread can't be started");
    }
    *out = r;
    return ST_OK;
}

void remote_stop(struct remote_server *r) {
    if (r == NULL)
        return;
    if (eventfd_write(r->stop_fd, 1) != 0)
        log_error("writer: can't be stopped");
    (void)pthread_join(r->acceptor, NULL);
    for (size_t i = 0; i < REMOTE_CONNECTIONS; i++) {
        struct connection_slot *c = &r->slots[i];
        if (!c->used)
            continue;
        (void)pthread_mutex_lock(&r->lock);
        if (c->fd >= 0)
            (void)shutdown(c->fd, SHUT_RD); /* the answer under way still goes out */
        (void)pthread_mutex_unlock(&r->lock);
        (void)pthread_join(c->thread, NULL);
    }
    (void)close(r->stop_fd);
    (void)pthread_mutex_destroy(&r->lock);
    free(r);
}

/* ---- jobs' end ---- */

struct remote_writer {
    pthread_mutex_t lock;
    char path[SOCKET_PATH_MOST + 1];
    int fd; /* -1: not connected */
    uint64_t id;
    struct buf in, out;
};

enum status remote_open(const char *path, struct remote_writer **out, struct error *e) {
    *out = NULL;
    size_t n = strlen(path);
    if (n > SOCKET_PATH_MOST)
        return error_set(e, ST_INVALID, "path_too_long", "the writer's socket has too long a name");
    struct remote_writer *w = calloc(1, sizeof *w);
    if (w == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "writer");
    memcpy(w->path, path, n);
    w->fd = -1;
    (void)pthread_mutex_init(&w->lock, NULL);
    buf_init(&w->in, ANSWER_MOST, false);
    buf_init(&w->out, FRAME_MOST, false);
    *out = w;
    return ST_OK;
}

static void hang_up(struct remote_writer *w) {
    if (w->fd >= 0)
        (void)close(w->fd);
    w->fd = -1;
}

void remote_close(struct remote_writer *w) {
    if (w == NULL)
        return;
    hang_up(w);
    buf_free(&w->in);
    buf_free(&w->out);
    (void)pthread_mutex_destroy(&w->lock);
    free(w);
}

static void take_text(struct reader *r, char *out, size_t room) {
    struct slice s = reader_slice(r, room - 1);
    if (s.n > 0)
        memcpy(out, s.p, s.n);
    out[s.n] = '\0';
}

static enum status take_answer(const struct write_set *set, const struct frame *answer,
                               struct write_result *result, struct error *e) {
    struct reader r = reader_of(answer->payload);
    struct error ignored = {.status = ST_OK}, *to = e == NULL ? &ignored : e;
    result->failed_op = reader_u64(&r);
    result->steward_items = reader_u64(&r);
    result->held_us = reader_u64(&r);
    uint32_t groups = reader_u32(&r);
    if (answer->flags == ST_OK && groups != set->groups)
        r.failed = true;
    for (uint32_t i = 0; !r.failed && i < groups; i++) {
        uint32_t refused = reader_u32(&r);
        if (i < set->groups)
            set->refused[i] = refused;
    }
    if (answer->flags != ST_OK) {
        to->status = (enum status)answer->flags;
        take_text(&r, to->code, sizeof to->code);
        take_text(&r, to->field, sizeof to->field);
        take_text(&r, to->detail, sizeof to->detail);
    }
    if (!reader_done(&r) || answer->flags > ST_INTERNAL || answer->type != REMOTE_WRITE)
        return error_set(e, ST_UNAVAILABLE, "writer_away", "the writer's answer does not decode");
    return (enum status)answer->flags;
}

static enum status exchange(struct remote_writer *w, const struct write_set *set, struct write_result *result,
                            struct error *e) {
    struct frame question = {.type = REMOTE_WRITE, .id = ++w->id}, answer;
    buf_reset(&w->out);
    wire_put_set(&w->out, set);
    if (w->out.failed)
        return error_set(e, ST_LIMIT, "set_too_large", "the write set does not fit into a message");
    if (w->fd < 0 && socket_connect(w->path, &w->fd, e) != ST_OK) {
        w->fd = -1;
        return error_set(e, ST_UNAVAILABLE, "writer_away", "the engine's writer does not answer");
    }
    question.payload = buf_slice(&w->out);
    if (frame_call(w->fd, &question, &w->in, &answer, WRITE_MS) != ST_OK) {
        hang_up(w);
        return error_set(e, ST_UNAVAILABLE, "writer_away", "the engine's writer went away");
    }
    enum status s = take_answer(set, &answer, result, e);
    if (s == ST_UNAVAILABLE)
        hang_up(w);
    return s;
}

enum status remote_write(struct remote_writer *w, const struct write_set *set, struct write_result *result,
                         struct error *e) {
    struct write_result ignored;
    (void)pthread_mutex_lock(&w->lock);
    enum status s = exchange(w, set, result == NULL ? &ignored : result, e);
    (void)pthread_mutex_unlock(&w->lock);
    return s;
}
