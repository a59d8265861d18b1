#include "keeper/client.h"

#include "ipc/frame.h"
#include "ipc/socket.h"
#include "keeper/client_call.h"

#include <stdlib.h>
#include <unistd.h>

#define EXCHANGE_MS 120000 /* a page of an import on a busy machine; a stuck keeper is noticed by then */
#define ARENA_MOST  ((size_t)96 << 20)
#define POSTED_MOST 4096

struct keeper {
    char path[SOCKET_PATH_MOST + 1];
    uint64_t id;
    struct frame_stream in; /* fd -1: to be connected by the next call */
    struct buf out;         /* both secret: they carry values */
    struct buf posted;      /* whole frames that want no answer and go with the next exchange */
    bool owes;              /* the last exchange was a look-up, whose entry may not be on disk */
    struct arena arena;
    struct args args;
    uint64_t refusals;
};

static enum status client_connect(struct keeper *k, struct error *e) {
    int fd;
    if (k->in.fd >= 0)
        return ST_OK;
    enum status s = socket_connect(k->path, &fd, e);
    if (s == ST_OK)
        frame_stream_init(&k->in, fd, FRAME_MOST, true, EXCHANGE_MS);
    return s;
}

enum status keeper_connect(const char *socket_path, struct keeper **out, struct error *e) {
    *out = NULL;
    if (strlen(socket_path) > SOCKET_PATH_MOST)
        return error_set(e, ST_INVALID, "socket_path", "the socket's path is longer than %d",
                         SOCKET_PATH_MOST);
    struct keeper *k = calloc(1, sizeof *k);
    if (k == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for a connection");
    k->in.fd = -1;
    memcpy(k->path, socket_path, strlen(socket_path) + 1);
    buf_init(&k->out, FRAME_MOST, true);
    buf_init(&k->posted, POSTED_MOST, false);
    arena_init(&k->arena, ARENA_MOST, ARENA_SECRET);
    enum status s = client_connect(k, e);
    if (s != ST_OK) {
        keeper_close(k);
        return s;
    }
    *out = k;
    return ST_OK;
}

static void client_hang_up(struct keeper *k) {
    if (k->in.fd < 0)
        return;
    (void)close(k->in.fd);
    frame_stream_free(&k->in);
    k->in.fd = -1;
}

void keeper_close(struct keeper *k) {
    if (k == NULL)
        return;
    client_hang_up(k);
    buf_free(&k->out);
    buf_free(&k->posted);
    arena_free(&k->arena);
    explicit_bzero(&k->args, sizeof k->args);
    free(k);
}

/* A keeper that is gone asks the rows what became of its intents (record/settle.h). */
static void client_send_posted(struct keeper *k) {
    if (k->posted.n > 0 && k->in.fd >= 0 &&
        frame_send_made(k->in.fd, buf_slice(&k->posted), EXCHANGE_MS) != ST_OK)
        client_hang_up(k);
    buf_reset(&k->posted);
}

void keeper_forget(struct keeper *k) {
    client_send_posted(k);
    k->owes = false;
    frame_stream_drop(&k->in);
    buf_reset(&k->out);
    arena_reset(&k->arena);
    explicit_bzero(&k->args, sizeof k->args);
}

struct args *client_args(struct keeper *k, const struct keeper_call *call) {
    memset(&k->args, 0, sizeof k->args);
    if (call != NULL)
        k->args.call = *call;
    arena_reset(&k->arena);
    return &k->args;
}

static enum status client_answer(struct keeper *k, const struct message_info *m, const struct frame *answer,
                                 struct args *a, struct arena *arena, struct error *e) {
    struct wire w = wire_from(answer->payload, arena != NULL ? arena : &k->arena);
    struct error refusal = {.status = (enum status)answer->flags};
    if (answer->flags == ST_OK)
        wire_reply(&w, m, a);
    else
        wire_error(&w, &refusal);
    if (!wire_done(&w) || answer->flags > ST_INTERNAL) {
        client_hang_up(k);
        return error_set(e, ST_UNAVAILABLE, "keeper_answer", "the keeper's answer to %s does not decode",
                         m->name);
    }
    if (answer->flags != ST_OK && e != NULL)
        *e = refusal;
    k->refusals += answer->flags == ST_DENIED;
    return (enum status)answer->flags;
}

/* A keeper that was started anew has hung up on its old connections: what could not be said there is said
 * once more, on a new one. */
static enum status client_ask(struct keeper *k, const struct frame *question, struct frame *answer,
                              struct error *e) {
    bool owes = k->owes;
    k->owes = question->type == MSG_LOOKUP;
    for (bool old = k->in.fd >= 0;; old = false) {
        if (owes && !old) /* the look-up's entry may have gone with the keeper that gave its terms */
            return error_set(e, ST_UNAVAILABLE, "keeper_away", "the keeper is another one than a moment ago");
        enum status s = client_connect(k, e);
        if (s != ST_OK)
            return s;
        k->in.before = buf_slice(&k->posted);
        s = frame_stream_call(&k->in, question, answer, EXCHANGE_MS);
        buf_reset(&k->posted);
        if (s == ST_OK && answer->type == question->type)
            return s;
        client_hang_up(k);
        if (s != ST_NOT_FOUND || !old)
            return error_set(e, ST_UNAVAILABLE, "keeper_away", "the keeper did not answer %s",
                             protocol_message(question->type)->name);
    }
}

enum status client_exchange(struct keeper *k, enum message number, struct args *a, struct arena *arena,
                            struct error *e) {
    const struct message_info *m = protocol_message((uint16_t)number);
    buf_reset(&k->out);
    struct wire w = wire_to(&k->out);
    wire_request(&w, m, a);
    if (!wire_done(&w) && k->out.no_memory)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for the request %s", m->name);
    if (!wire_done(&w))
        return error_set(e, ST_LIMIT, "request_too_large", "the request %s is past a bound of the protocol",
                         m->name);
    struct frame question = {.type = (uint16_t)number, .id = ++k->id, .payload = buf_slice(&k->out)}, answer;
    enum status s = client_ask(k, &question, &answer, e);
    return s == ST_OK ? client_answer(k, m, &answer, a, arena, e) : s;
}

void client_post(struct keeper *k, enum message number, struct args *a) {
    const struct message_info *m = protocol_message((uint16_t)number);
    buf_reset(&k->out);
    struct wire w = wire_to(&k->out);
    wire_request(&w, m, a);
    struct frame one = {
        .type = (uint16_t)number, .flags = PROTOCOL_QUIET, .id = ++k->id, .payload = buf_slice(&k->out)};
    if (wire_done(&w) && k->posted.n + FRAME_HEADER + one.payload.n <= POSTED_MOST)
        frame_put(&k->posted, &one);
    if (k->posted.failed)
        buf_reset(&k->posted);
}

enum status keeper_settle(struct keeper *k, struct error *e) {
    return k->owes ? client_exchange(k, MSG_HEALTH, client_args(k, NULL), NULL, e) : ST_OK;
}

uint64_t keeper_refusals(const struct keeper *k) {
    return k->refusals;
}

enum status keeper_sign_in(struct keeper *k, const struct keeper_call *call, struct slice login,
                           struct slice password, struct slice agent, struct token *token,
                           struct principal *who, struct error *e) {
    struct args *a = client_args(k, call);
    a->text = login;
    a->second = password;
    a->third = agent.n > PROTOCOL_AGENT_MAX ? slice_of(agent.p, PROTOCOL_AGENT_MAX) : agent;
    if (login.n > PROTOCOL_LOGIN_MAX || password.n > PROTOCOL_PASSWORD_MAX)
        return error_set(e, ST_UNAUTHENTICATED, "sign_in_failed", "login or password is wrong");
    enum status s = client_exchange(k, MSG_SIGN_IN, a, NULL, e);
    if (s == ST_OK) {
        *token = a->token;
        *who = a->who;
    }
    return s;
}

enum status keeper_sign_out(struct keeper *k, const struct keeper_call *call, struct error *e) {
    return client_exchange(k, MSG_SIGN_OUT, client_args(k, call), NULL, e);
}

enum status keeper_session(struct keeper *k, const struct keeper_call *call, struct principal *who,
                           struct error *e) {
    struct args *a = client_args(k, call);
    enum status s = client_exchange(k, MSG_SESSION, a, NULL, e);
    if (s == ST_OK)
        *who = a->who;
    return s;
}

enum status keeper_rotate(struct keeper *k, const struct keeper_call *call, struct token *fresh,
                          struct error *e) {
    struct args *a = client_args(k, call);
    enum status s = client_exchange(k, MSG_ROTATE, a, NULL, e);
    if (s == ST_OK)
        *fresh = a->token;
    return s;
}

enum status keeper_session_list(struct keeper *k, const struct keeper_call *call, uint32_t user,
                                struct arena *arena, struct keeper_session_info **out, size_t *n,
                                struct error *e) {
    struct args *a = client_args(k, call);
    a->user = user;
    enum status s = client_exchange(k, MSG_SESSION_LIST, a, arena, e);
    *out = s == ST_OK ? a->sessions : NULL;
    *n = s == ST_OK ? a->session_count : 0;
    return s;
}

enum status keeper_session_revoke(struct keeper *k, const struct keeper_call *call,
                                  const struct uuid *session, struct slice password, struct error *e) {
    struct args *a = client_args(k, call);
    a->uuid = *session;
    a->text = password;
    return password.n > PROTOCOL_PASSWORD_MAX ? client_too_long(e)
                                              : client_exchange(k, MSG_SESSION_REVOKE, a, NULL, e);
}

enum status keeper_sessions_end(struct keeper *k, const struct keeper_call *call, uint32_t user,
                                bool everybody, struct slice password, uint32_t *ended, struct error *e) {
    struct args *a = client_args(k, call);
    a->user = user;
    a->flag = everybody;
    a->text = password;
    *ended = 0;
    enum status s = password.n > PROTOCOL_PASSWORD_MAX ? client_too_long(e)
                                                       : client_exchange(k, MSG_SESSIONS_END, a, NULL, e);
    if (s == ST_OK)
        *ended = a->number32;
    return s;
}

enum status keeper_password_change(struct keeper *k, const struct keeper_call *call, struct slice old,
                                   struct slice fresh, struct token *token, struct error *e) {
    struct args *a = client_args(k, call);
    a->text = old;
    a->second = fresh;
    enum status s = client_exchange(k, MSG_PASSWORD_CHANGE, a, NULL, e);
    if (s == ST_OK)
        *token = a->token;
    return s;
}

enum status keeper_job_token(struct keeper *k, const struct keeper_call *call, const struct uuid *job,
                             uint16_t object, struct slice plan, struct token *token, struct error *e) {
    struct args *a = client_args(k, call);
    a->uuid = *job;
    a->object = object;
    a->text = call->reason;
    a->second = plan;
    enum status s = client_exchange(k, MSG_JOB_TOKEN, a, NULL, e);
    if (s == ST_OK)
        *token = a->token;
    return s;
}

enum status keeper_job_claim(struct keeper *k, const struct keeper_call *call, const struct uuid *job,
                             struct slice plan, struct token *token, struct error *e) {
    struct args *a = client_args(k, call);
    a->uuid = *job;
    a->second = plan;
    enum status s = client_exchange(k, MSG_JOB_CLAIM, a, NULL, e);
    if (s == ST_OK)
        *token = a->token;
    return s;
}

enum status keeper_api_key_make(struct keeper *k, const struct keeper_call *call, struct slice document,
                                struct token *token, struct uuid *id, struct error *e) {
    struct args *a = client_args(k, call);
    a->text = document;
    enum status s = client_exchange(k, MSG_API_KEY_MAKE, a, NULL, e);
    if (s == ST_OK) {
        *token = a->token;
        *id = a->uuid;
    }
    return s;
}

enum status keeper_registry_list(struct keeper *k, uint64_t since, struct arena *arena,
                                 struct registry_item **out, size_t *n, uint64_t *version, struct error *e) {
    struct args *a = client_args(k, NULL);
    a->number = since;
    enum status s = client_exchange(k, MSG_REGISTRY_LIST, a, arena, e);
    *out = s == ST_OK ? a->items : NULL;
    *n = s == ST_OK ? a->item_count : 0;
    *version = s == ST_OK ? a->second_number : 0;
    return s;
}

enum status keeper_registry_put(struct keeper *k, const struct keeper_call *call, uint8_t kind, uint32_t id,
                                struct slice document, uint32_t *made, struct error *e) {
    struct args *a = client_args(k, call);
    a->kind = kind;
    a->number32 = id;
    a->text = document;
    a->second = call->reason;
    enum status s = client_exchange(k, MSG_REGISTRY_PUT, a, NULL, e);
    if (s == ST_OK && made != NULL)
        *made = a->number32;
    return s;
}

enum status keeper_bootstrap(struct keeper *k, uint8_t kind, uint32_t id, struct slice document,
                             struct error *e) {
    struct args *a = client_args(k, NULL);
    a->kind = kind;
    a->number32 = id;
    a->text = document;
    return client_exchange(k, MSG_BOOTSTRAP, a, NULL, e);
}

enum status keeper_bootstrap_end(struct keeper *k, struct error *e) {
    return client_exchange(k, MSG_BOOTSTRAP_END, client_args(k, NULL), NULL, e);
}

enum status keeper_bootstrapped(struct keeper *k, bool *over, struct error *e) {
    struct args *a = client_args(k, NULL);
    enum status s = client_exchange(k, MSG_BOOTSTRAPPED, a, NULL, e);
    *over = s == ST_OK && a->flag;
    return s;
}
