#include "keeper/server.h"

#include "base/clock.h"
#include "base/log.h"
#include "ipc/frame.h"
#include "ipc/socket.h"
#include "keeper/replay.h"
#include "keeper/sign_in_rules.h"
#include "keeper/state.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define SEND_MS        30000 /* a client that does not read its answer is hung up on */
#define TICK_MS        2000
#define SNAPSHOT_TICKS 5
#define SESSION_TICKS  30
#define ARENA_MOST     ((size_t)128 << 20)
#define SCRATCH_MOST   ((size_t)64 << 20)

struct server {
    struct keeper_state state;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int connections[KEEPER_CONNECTIONS]; /* -1: free */
    size_t live;
    bool stopping;
};

struct connection {
    struct server *server;
    int fd;
    size_t slot;
    enum door door;
};

/* Networks and hours hold for each use of a session, not only for the sign-in: a laptop that is carried out
 * of the office asks in vain from then on. API keys too; jobs run here and were allowed in their time. A
 * flood of refusals is counted, not written one by one. */
static enum status check_place(struct worker *w, const struct message_info *m, const struct args *in,
                               struct error *e) {
    struct sign_in_verdict verdict;
    const struct caller *c = &w->caller;
    if (c->grant.is_job || m->number == MSG_SIGN_OUT || m->number == MSG_RECORD)
        return ST_OK;
    enum status s =
        registry_sign_in(w->state->registry, c->grant.user, in->call.address, clock_wall_ms(), &verdict, e);
    struct slice id = slice_of(c->session.b, sizeof c->session.b);
    if (s != ST_DENIED ||
        !guard_worth_entry(w->state->guard, id, in->call.address, clock_monotonic_ns() / 1000000))
        return s;
    return worker_refuse(w, in, m->name, e);
}

/* What goes before a handler: the door, the call, the token. ST_CORRUPT closes the connection. */
static enum status admit(struct worker *w, const struct message_info *m, struct args *in, struct error *e) {
    w->has_caller = false;
    if (!m->call)
        return ST_OK;
    enum status s = sessions_find(w->state->sessions, &in->call, &w->caller, e);
    w->has_caller = s == ST_OK;
    if (!w->has_caller)
        return m->token || s != ST_UNAUTHENTICATED ? s : ST_OK;
    if (m->number == MSG_PASSKEY_SIGN_IN)
        return ST_OK;
    s = check_place(w, m, in, e);
    if (s != ST_OK)
        return s;
    if (w->caller.grant.step != SIGN_IN_DONE)
        return worker_check_step(w, m->number, e);
    bool may = m->number == MSG_SESSION || m->number == MSG_PASSWORD_CHANGE || m->number == MSG_SIGN_OUT ||
               m->number == MSG_RECORD || m->number == MSG_BUDGETS || m->number == MSG_SIGN_IN_STATE ||
               m->number == MSG_SECOND_FACTOR;
    if (w->caller.grant.must_change && !may)
        return error_set(e, ST_DENIED, "must_change_password", "the password must be changed first");
    return ST_OK;
}

/* Looking up and opening what was found share one sync. A refusal that follows waits like an answer: it may
 * tell something of what was found. */
static enum status pay_owed(struct worker *w, const struct message_info *m, enum status s, struct error *e) {
    struct error unpaid;
    if (w->owed.from == 0 || m->number == MSG_LOOKUP)
        return s;
    enum status paid = ledger_wait_since(w->state->ledger, w->owed.from, w->owed.to, &unpaid);
    w->owed.from = w->owed.to = 0;
    if (paid != ST_OK && e != NULL)
        *e = unpaid;
    return paid == ST_OK ? s : paid;
}

static enum status answer_message(struct worker *w, const struct message_info *m, struct args *in,
                                  struct args *out, struct error *e) {
    enum status s = admit(w, m, in, e);
    w->why = SLICE_NONE;
    if (s == ST_OK)
        s = handler_of(m->number)(w, in, out, e);
    s = pay_owed(w, m, s, e);
    atomic_fetch_add(&w->state->counters.requests, 1);
    if (s != ST_OK)
        atomic_fetch_add(&w->state->counters.refused, 1);
    if (s != ST_OK && e->status != s)
        s = error_set(e, s, status_name(s), "the keeper could not do this");
    return s;
}

/* False: the connection is out of step, or its client at a door where this may not be said. */
static bool serve_one(struct worker *w, int fd, const struct frame *question, struct buf *reply) {
    const struct message_info *m = protocol_message(question->type);
    bool quiet = m != NULL && m->number == MSG_OUTCOME && question->flags == PROTOCOL_QUIET;
    if (m == NULL || (question->flags != 0 && !quiet) || (m->doors & w->door) == 0 ||
        handler_of(m->number) == NULL) {
        log_warn("event=keeper_bad_message type=%u door=%d", question->type, (int)w->door);
        return false;
    }
    struct args in = {.kind = 0}, out = {.kind = 0};
    struct error e = {.status = ST_OK};
    struct wire from = wire_from(question->payload, &w->arena);
    wire_request(&from, m, &in);
    if (!wire_done(&from)) {
        log_warn("event=keeper_bad_payload message=%s", m->name);
        return false;
    }
    enum status s = answer_message(w, m, &in, &out, &e);
    struct wire to = wire_to(reply);
    if (s == ST_OK)
        wire_reply(&to, m, &out);
    if (!wire_done(&to)) {
        s = reply->no_memory ? error_set(&e, ST_NOMEM, "no_memory", "no memory for the answer")
                             : error_set(&e, ST_LIMIT, "answer_too_large",
                                         "the answer is past a bound of the protocol: ask for less");
        buf_reset(reply);
        to = wire_to(reply);
    }
    if (s != ST_OK)
        wire_error(&to, &e);
    explicit_bzero(&in, sizeof in);
    explicit_bzero(&out, sizeof out);
    struct frame answer = {
        .type = question->type, .flags = (uint16_t)s, .id = question->id, .payload = buf_slice(reply)};
    bool sent = quiet || frame_send(fd, &answer, SEND_MS) == ST_OK;
    arena_reset(&w->arena);
    buf_reset(&w->scratch);
    buf_reset(reply);
    return sent;
}

static void serve(struct connection *c, struct worker *w) {
    struct frame_stream requests;
    struct buf reply;
    frame_stream_init(&requests, c->fd, FRAME_MOST, true, FRAME_FOREVER);
    buf_init(&reply, FRAME_MOST, true);
    struct frame question;
    while (frame_stream_next(&requests, &question) == ST_OK) {
        if (!serve_one(w, c->fd, &question, &reply))
            break;
        frame_stream_drop(&requests);
    }
    frame_stream_free(&requests);
    buf_free(&reply);
}

static void leave(struct connection *c) {
    struct server *s = c->server;
    (void)pthread_mutex_lock(&s->lock);
    s->connections[c->slot] = -1;
    s->live--;
    (void)close(c->fd);
    atomic_fetch_sub(&s->state.counters.connections, 1);
    (void)pthread_cond_broadcast(&s->changed);
    (void)pthread_mutex_unlock(&s->lock);
    free(c);
}

static void *connection_main(void *argument) {
    struct connection *c = argument;
    struct worker *w = calloc(1, sizeof *w);
    if (w != NULL) {
        w->state = &c->server->state;
        w->door = c->door;
        arena_init(&w->arena, ARENA_MOST, ARENA_SECRET);
        buf_init(&w->scratch, SCRATCH_MOST, true);
        if (tools_init(&w->tools, w->state->keys) == ST_OK)
            serve(c, w);
        worker_took_intent(w, 0);
        worker_stop_reading(w);
        tools_free(&w->tools);
        arena_free(&w->arena);
        buf_free(&w->scratch);
        explicit_bzero(w, sizeof *w);
        free(w);
    }
    leave(c);
    return NULL;
}

/* A slot and a thread; without either the client is hung up on. */
static bool start_connection(struct server *s, int fd, enum door door) {
    struct connection *c = calloc(1, sizeof *c);
    size_t slot = 0;
    pthread_t thread;
    (void)pthread_mutex_lock(&s->lock);
    while (slot < KEEPER_CONNECTIONS && s->connections[slot] >= 0)
        slot++;
    bool fits = c != NULL && slot < KEEPER_CONNECTIONS && !s->stopping;
    if (fits) {
        *c = (struct connection){s, fd, slot, door};
        fits = pthread_create(&thread, NULL, connection_main, c) == 0;
    }
    if (fits) {
        (void)pthread_detach(thread);
        s->connections[slot] = fd;
        s->live++;
        atomic_fetch_add(&s->state.counters.connections, 1);
    } else {
        free(c);
    }
    (void)pthread_mutex_unlock(&s->lock);
    return fits;
}

static enum status accept_one(struct server *s, int listener, uid_t user, enum door door) {
    int fd = -1;
    enum status st = socket_accept(listener, user, &fd);
    if (st == ST_DENIED)
        log_warn("event=keeper_stranger door=%d", (int)door);
    if (st != ST_OK)
        return st == ST_IO ? st : ST_OK;
    if (!start_connection(s, fd, door)) {
        log_warn("event=keeper_full door=%d", (int)door);
        (void)close(fd);
    }
    return ST_OK;
}

#define DOORS 4

static enum status accept_until_stopped(struct server *s) {
    const struct keeper_config *c = &s->state.config;
    const uid_t users[DOORS] = {c->engine_uid, c->jobs_uid, c->admin_uid, c->outbound_uid};
    const enum door doors[DOORS] = {DOOR_ENGINE, DOOR_JOBS, DOOR_ADMIN, DOOR_OUTBOUND};
    struct pollfd fds[DOORS + 1] = {{c->engine_fd, POLLIN, 0},
                                    {c->jobs_fd, POLLIN, 0},
                                    {c->admin_fd, POLLIN, 0},
                                    {c->outbound_fd > 0 ? c->outbound_fd : -1, POLLIN, 0},
                                    {c->stop_fd, POLLIN, 0}};
    enum status st = ST_OK;
    while (st == ST_OK) {
        if (poll(fds, DOORS + 1, -1) < 0 && errno != EINTR)
            return ST_IO;
        if (fds[DOORS].revents != 0)
            return ST_OK;
        for (size_t i = 0; st == ST_OK && i < DOORS; i++) {
            if (fds[i].revents != 0)
                st = accept_one(s, fds[i].fd, users[i], doors[i]);
            fds[i].revents = 0;
        }
    }
    return st;
}

static void report_uncounted(struct keeper_state *s) {
    uint64_t n = guard_take_uncounted(s->guard, clock_monotonic_ns() / 1000000);
    if (n == 0)
        return;
    char tag[AUDIT_TAG_MAX];
    int length = snprintf(tag, sizeof tag, "%llu more", (unsigned long long)n);
    struct audit_entry entry = {
        .act = AUDIT_SIGN_IN_FAILED, .outcome = AUDIT_DENIED, .tag = slice_of(tag, (size_t)length)};
    if (ledger_record(s->ledger, &entry, NULL) != ST_OK)
        log_error("event=audit_unwritable");
}

static void tick(struct server *s, unsigned n) {
    struct keeper_state *st = &s->state;
    report_uncounted(st);
    if (n % SESSION_TICKS == 0)
        sessions_tick(st->sessions);
    if (n % SESSION_TICKS == 0)
        reviews_tick(st);
    ledger_tick(st->ledger, vault_clock(st->vault));
    if (n % SNAPSHOT_TICKS == 0 && replay_snapshot(st) != ST_OK)
        log_warn("event=budget_snapshot_failed");
}

static void *timer_main(void *argument) {
    struct server *s = argument;
    struct timespec due;
    unsigned n = 0;
    (void)pthread_mutex_lock(&s->lock);
    while (!s->stopping) {
        (void)clock_gettime(CLOCK_REALTIME, &due);
        due.tv_sec += TICK_MS / 1000;
        int woken = 0;
        while (!s->stopping && woken == 0)
            woken = pthread_cond_timedwait(&s->changed, &s->lock, &due);
        (void)pthread_mutex_unlock(&s->lock);
        tick(s, ++n);
        (void)pthread_mutex_lock(&s->lock);
    }
    (void)pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* Requests in hand are finished: reading ends, answering does not. */
static void stop_connections(struct server *s) {
    (void)pthread_mutex_lock(&s->lock);
    s->stopping = true;
    for (size_t i = 0; i < KEEPER_CONNECTIONS; i++) {
        if (s->connections[i] >= 0)
            (void)shutdown(s->connections[i], SHUT_RD);
    }
    (void)pthread_cond_broadcast(&s->changed);
    while (s->live > 0)
        (void)pthread_cond_wait(&s->changed, &s->lock);
    (void)pthread_mutex_unlock(&s->lock);
}

static enum status serve_all(struct server *s, struct error *e) {
    pthread_t timer;
    if (pthread_create(&timer, NULL, timer_main, s) != 0)
        return error_set(e, ST_NOMEM, "no_thread", "no thread for the keeper's timer");
    if (s->state.config.ready != NULL)
        s->state.config.ready(s->state.config.ready_context);
    enum status st = accept_until_stopped(s);
    stop_connections(s);
    (void)pthread_join(timer, NULL);
    ledger_tick(s->state.ledger, vault_clock(s->state.vault));
    if (replay_snapshot(&s->state) != ST_OK)
        log_warn("event=budget_snapshot_failed");
    return st == ST_OK ? st : error_set(e, st, "keeper_socket", "a socket of the keeper is broken");
}

enum status keeper_run(const struct keeper_config *config, struct error *e) {
    struct server *s = calloc(1, sizeof *s);
    if (s == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for the keeper");
    (void)pthread_mutex_init(&s->lock, NULL);
    (void)pthread_cond_init(&s->changed, NULL);
    for (size_t i = 0; i < KEEPER_CONNECTIONS; i++)
        s->connections[i] = -1;
    enum status st = state_open(config, &s->state, e);
    if (st == ST_OK) {
        st = serve_all(s, e);
        state_close(&s->state);
    }
    (void)pthread_mutex_destroy(&s->lock);
    (void)pthread_cond_destroy(&s->changed);
    free(s);
    return st;
}
