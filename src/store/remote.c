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
#define GO_MOST     ((size_t)1024)
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

/* Against the definitions as they are when it is written, not as they were when it came. */
static enum status write_decoded(struct remote_server *r, const struct write_set *set,
                                 struct write_result *result, struct error *e) {
    struct object_set *now = r->objects(r->context);
    enum status s = write_set_check(set, now, e);
    if (s == ST_OK)
        s = store_write(r->store, set, result, e);
    object_set_release(now);
    return s;
}

/* `in` holds the set's bytes until it is written, so what lets it go has a place of its own. */
static bool may_go(struct connection_slot *c, const struct frame *question, struct write_set *set) {
    struct frame go;
    struct buf in;
    if ((question->flags & REMOTE_HOLD) == 0)
        return true;
    buf_init(&in, GO_MOST, false);
    bool went = frame_receive(c->fd, &in, &go, FRAME_FOREVER) == ST_OK && go.type == REMOTE_GO &&
                go.id == question->id;
    if (went && go.payload.n > 0) {
        struct reader r = reader_of(go.payload);
        set->chain = reader_u64(&r);
        set->place = reader_u64(&r);
        went = reader_done(&r);
    }
    buf_free(&in);
    return went;
}

/* False: it may not be written, and nobody waits for an answer. */
static bool write_received(struct connection_slot *c, const struct frame *question, struct arena *a,
                           struct write_set *set, struct write_result *result, struct error *e) {
    struct remote_server *r = c->server;
    struct object_set *objects = r->objects(r->context);
    enum status s = wire_get_set(question->payload, objects, a, set);
    if (s != ST_OK)
        s = error_set(e, s, "write_malformed", "the write set does not decode");
    bool go = may_go(c, question, set);
    if (s == ST_OK && go)
        s = write_decoded(r, set, result, e);
    object_set_release(objects);
    e->status = s;
    return go;
}

static bool serve_one(struct connection_slot *c, struct buf *in, struct buf *out, struct arena *a) {
    struct frame question, answer = {.type = REMOTE_WRITE};
    if (frame_receive(c->fd, in, &question, FRAME_FOREVER) != ST_OK || question.type != REMOTE_WRITE)
        return false;
    struct write_set set = {.count = 0};
    struct write_result result = {.failed_op = 0};
    struct error e = {.status = ST_OK};
    if (!write_received(c, &question, a, &set, &result, &e))
        return false;
    enum status s = e.status;
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

/* One set at a time. */
struct line {
    pthread_mutex_t lock;
    const char *path;
    int fd; /* -1: not connected */
    uint64_t id;
    struct buf in, out;
};

struct remote_writer {
    char path[SOCKET_PATH_MOST + 1];
    struct line lines[REMOTE_LINES];
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
    for (size_t i = 0; i < REMOTE_LINES; i++) {
        struct line *l = &w->lines[i];
        l->path = w->path;
        l->fd = -1;
        (void)pthread_mutex_init(&l->lock, NULL);
        buf_init(&l->in, ANSWER_MOST, false);
        buf_init(&l->out, FRAME_MOST, false);
    }
    *out = w;
    return ST_OK;
}

static void hang_up(struct line *w) {
    if (w->fd >= 0)
        (void)close(w->fd);
    w->fd = -1;
}

void remote_close(struct remote_writer *w) {
    if (w == NULL)
        return;
    for (size_t i = 0; i < REMOTE_LINES; i++) {
        struct line *l = &w->lines[i];
        hang_up(l);
        buf_free(&l->in);
        buf_free(&l->out);
        (void)pthread_mutex_destroy(&l->lock);
    }
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

static enum status away(struct line *l, struct error *e) {
    hang_up(l);
    return error_set(e, ST_UNAVAILABLE, "writer_away", "the engine's writer went away");
}

/* The set goes out before its leave is there; what comes back is its answer. */
static enum status ask(struct line *l, const struct frame *question, const struct remote_leave *leave,
                       struct frame *answer, struct error *e) {
    if (leave == NULL)
        return frame_call(l->fd, question, &l->in, answer, WRITE_MS) == ST_OK ? ST_OK : away(l, e);
    struct remote_place at = {.chain = 0};
    uint8_t bytes[16];
    if (frame_send(l->fd, question, WRITE_MS) != ST_OK)
        return away(l, e);
    if (!leave->wait(leave->context, &at)) {
        hang_up(l);
        return error_set(e, ST_CONFLICT, "not_written", "the set shall not be written");
    }
    struct frame go = {.type = REMOTE_GO, .id = question->id};
    memcpy(bytes, &at.chain, 8); /* little-endian, as all that Kedun runs on */
    memcpy(bytes + 8, &at.place, 8);
    go.payload = slice_of(bytes, at.chain == 0 ? 0 : sizeof bytes);
    if (frame_send(l->fd, &go, WRITE_MS) != ST_OK)
        return away(l, e);
    leave->went(leave->context);
    bool came = frame_receive(l->fd, &l->in, answer, WRITE_MS) == ST_OK && answer->id == question->id;
    return came ? ST_OK : away(l, e);
}

static enum status exchange(struct line *l, const struct write_set *set, const struct remote_leave *leave,
                            struct write_result *result, struct error *e) {
    struct frame question = {.type = REMOTE_WRITE, .id = ++l->id}, answer;
    buf_reset(&l->out);
    wire_put_set(&l->out, set);
    if (l->out.failed)
        return error_set(e, ST_LIMIT, "set_too_large", "the write set does not fit into a message");
    if (l->fd < 0 && socket_connect(l->path, &l->fd, e) != ST_OK) {
        l->fd = -1;
        return error_set(e, ST_UNAVAILABLE, "writer_away", "the engine's writer does not answer");
    }
    question.payload = buf_slice(&l->out);
    question.flags = leave == NULL ? 0 : REMOTE_HOLD;
    enum status s = ask(l, &question, leave, &answer, e);
    if (s != ST_OK)
        return s;
    s = take_answer(set, &answer, result, e);
    if (s == ST_UNAVAILABLE)
        hang_up(l);
    return s;
}

/* The first line is for sets that may be written: whoever has it waits for nobody. The others are for sets
 * that are sent ahead; when all are taken a set waits at home. */
static struct line *line_ahead(struct remote_writer *w) {
    for (size_t i = 1; i < REMOTE_LINES; i++) {
        if (pthread_mutex_trylock(&w->lines[i].lock) == 0)
            return &w->lines[i];
    }
    return NULL;
}

enum status remote_write_after(struct remote_writer *w, const struct write_set *set,
                               const struct remote_leave *leave, struct write_result *result,
                               struct error *e) {
    struct write_result ignored;
    struct line *l = line_ahead(w);
    if (l == NULL) {
        if (!leave->wait(leave->context, NULL))
            return error_set(e, ST_CONFLICT, "not_written", "the set shall not be written");
        return remote_write(w, set, result, e);
    }
    enum status s = exchange(l, set, leave, result == NULL ? &ignored : result, e);
    (void)pthread_mutex_unlock(&l->lock);
    return s;
}

enum status remote_write(struct remote_writer *w, const struct write_set *set, struct write_result *result,
                         struct error *e) {
    struct write_result ignored;
    struct line *l = &w->lines[0];
    (void)pthread_mutex_lock(&l->lock);
    enum status s = exchange(l, set, NULL, result == NULL ? &ignored : result, e);
    (void)pthread_mutex_unlock(&l->lock);
    return s;
}
