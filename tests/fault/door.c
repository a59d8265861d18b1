/* nginx as the product configures, jails and starts it, before an engine that answers what it was told:
 *     door DATA-DIRECTORY ADDR:PORT
 * Prints "ready PID" when nginx runs; its cleaned log goes to standard error. Ends with standard input.
 * /api/v1/jobs/x/events sends one event and waits; /api/v1/hang never answers; /api/v1/drop hangs up. */
#include "api/fastcgi/fastcgi.h"
#include "base/file.h"
#include "cmd/data_dir.h"
#include "cmd/nginx_conf.h"
#include "cmd/nginx_log.h"
#include "cmd/nginx_start.h"
#include "cmd/tls.h"
#include "crypto/start.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static struct slice variable(const struct fastcgi *f, const char *wanted) {
    struct slice rest = f->params, name, value;
    while (rest.n > 0 && fastcgi_param(&rest, &name, &value) == ST_OK) {
        if (slice_is(name, wanted))
            return value;
    }
    return SLICE_NONE;
}

static void answer(int fd, const struct fastcgi *f) {
    static const char *const shown[] = {"REQUEST_METHOD", "DOCUMENT_URI", "QUERY_STRING",  "REMOTE_ADDR",
                                        "REQUEST_ID",     "HTTP_X_PROBE", "CONTENT_LENGTH"};
    struct buf b;
    buf_init(&b, 65536, false);
    buf_put_string(&b, "Status: 200 OK\r\nContent-Type: text/plain\r\n\r\n");
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        struct slice value = variable(f, shown[i]);
        buf_put_format(&b, "%s=%.*s\n", shown[i], (int)value.n, (const char *)value.p);
    }
    buf_put_format(&b, "BODY=%zu\n", f->body.n);
    (void)!fastcgi_send(fd, f->id, buf_slice(&b), true);
    buf_free(&b);
}

static bool holds(struct slice text, struct slice part) {
    return text.n > 0 && memmem(text.p, text.n, part.p, part.n) != NULL;
}

/* False: hang up. */
static bool respond(int fd, const struct fastcgi *f) {
    static const char first[] = "Status: 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: first\n\n";
    struct slice uri = variable(f, "DOCUMENT_URI");
    if (holds(uri, SLICE("/events")))
        (void)!fastcgi_send(fd, f->id, SLICE(first), false);
    if (holds(uri, SLICE("/events")) || holds(uri, SLICE("/hang")))
        sleep(5);
    else if (!holds(uri, SLICE("/drop"))) {
        answer(fd, f);
        return f->keep;
    }
    return false;
}

/* Waits until a request is whole. */
static enum status receive(int fd, struct buf *in, struct fastcgi *f) {
    struct pollfd more = {.fd = fd, .events = POLLIN};
    enum status s = ST_RETRY;
    while (s == ST_RETRY && poll(&more, 1, -1) > 0)
        s = fastcgi_receive(fd, in, f);
    return s;
}

static void *serve_one(void *arg) {
    int fd = (int)(intptr_t)arg;
    struct fastcgi f;
    struct buf in;
    buf_init(&in, FASTCGI_IN_MOST, false);
    while (receive(fd, &in, &f) == ST_OK && respond(fd, &f))
        buf_reset(&in);
    buf_free(&in);
    close(fd);
    return NULL;
}

static void *serve(void *arg) {
    int listener = (int)(intptr_t)arg, fd;
    while (listener >= 0) {
        pthread_t t;
        if (socket_accept(listener, SOCKET_ANY_USER, &fd) != ST_OK)
            continue;
        if (pthread_create(&t, NULL, serve_one, (void *)(intptr_t)fd) == 0)
            pthread_detach(t);
    }
    return NULL;
}

static enum status start(const char *dir, const struct config *c, int *front, int log[2], pid_t *pid,
                         struct error *e) {
    int sockets[ROLE_SOCKETS], listener = -1, ready[2];
    struct role_env env = {.role = "nginx", .data_dir = dir, .config = c};
    if (pipe2(log, O_CLOEXEC) != 0 || pipe2(ready, O_CLOEXEC) != 0 || fcntl(log[0], F_SETFL, O_NONBLOCK) != 0)
        return ST_IO;
    enum status st = crypto_start(e);
    if (st == ST_OK)
        st = data_dir_prepare(dir, c, e);
    if (st == ST_OK)
        st = tls_prepare(dir, c, role_uid(c, ROLE_NGINX), role_gid(c, ROLE_NGINX), e);
    if (st == ST_OK)
        st = nginx_conf_write(dir, c, e);
    if (st == ST_OK)
        st = nginx_listen(c->listen, &listener, e);
    if (st == ST_OK)
        st = data_dir_listen(dir, c, sockets, e);
    if (st != ST_OK)
        return st;
    *front = sockets[3];
    return nginx_start(&env, listener, log[1], ready[1], pid, e);
}

static void pass_log_until_input_ends(int log) {
    struct buf pending;
    char c;
    buf_init(&pending, 16384, false);
    for (;;) {
        struct pollfd p[2] = {{.fd = 0, .events = POLLIN}, {.fd = log, .events = POLLIN}};
        if (poll(p, 2, -1) < 0)
            continue;
        if (p[1].revents != 0)
            (void)nginx_log_drain(log, &pending);
        if (p[0].revents != 0 && read(0, &c, 1) <= 0)
            break;
    }
    buf_free(&pending);
}

int main(int argc, char **argv) {
    static struct config c;
    struct error e = {0};
    int front = -1, log[2];
    pid_t pid = 0;
    pthread_t t;
    if (argc != 3)
        return 64;
    config_init(&c);
    log_setup("door", LOG_DEBUG);
    if (config_set(&c, "listen", "listen", argv[2], &e) != ST_OK ||
        start(argv[1], &c, &front, log, &pid, &e) != ST_OK ||
        pthread_create(&t, NULL, serve, (void *)(intptr_t)front) != 0) {
        (void)fprintf(stderr, "door: %s\n", e.detail);
        return 1;
    }
    (void)printf("ready %ld\n", (long)pid);
    (void)fflush(stdout);
    pass_log_until_input_ends(log[0]);
    (void)kill(pid, SIGQUIT);
    (void)waitpid(pid, NULL, 0);
    return 0;
}
