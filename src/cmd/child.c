#include "cmd/child.h"

#include "base/clock.h"
#include "cmd/nginx_log.h"
#include "cmd/nginx_start.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOG_LINE_MOST 16384

void child_init(struct child *c, enum role_id id) {
    *c = (struct child){
        .id = id, .backoff_ms = BACKOFF_FIRST_MS, .ready_fd = -1, .control_fd = -1, .log_fd = -1};
    buf_init(&c->log, LOG_LINE_MOST, false);
}

static void close_fd(int *fd) {
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void enter(struct child *c, enum child_state state) {
    c->state = state;
    c->since_ns = clock_monotonic_ns();
}

static struct role_env env_of(const struct supervisor_plan *plan) {
    return (struct role_env){
        .role = "nginx", .data_dir = plan->data_dir, .config = plan->config, .ready_fd = -1};
}

static enum status start_nginx(struct child *c, const struct supervisor_plan *plan, int ready,
                               struct error *e) {
    int log[2];
    if (pipe2(log, O_CLOEXEC) != 0)
        return error_set(e, ST_IO, "pipe", "no pipe for nginx's log: errno %d", errno);
    (void)fcntl(log[0], F_SETFL, O_NONBLOCK);
    struct role_env env = env_of(plan);
    enum status st = nginx_start(&env, plan->listen_fd, log[1], ready, &c->pid, e);
    close(log[1]);
    close_fd(&c->log_fd);
    c->log_fd = log[0];
    return st;
}

static void fill_spawn(struct spawn *s, enum role_id id, const struct supervisor_plan *plan, int ready) {
    *s = (struct spawn){.role = roles[id].name,
                        .data_dir = plan->data_dir,
                        .config_file = plan->config_file,
                        .uid = role_uid(plan->config, id),
                        .gid = role_gid(plan->config, id),
                        .ready_fd = ready};
    memcpy(s->set, plan->set, sizeof s->set);
    for (size_t i = 0; i < ROLE_SOCKETS; i++) {
        if (role_sockets[i].owner == id)
            s->fds[s->fd_count++] = (struct role_fd){role_sockets[i].name, plan->sockets[i],
                                                     role_uid(plan->config, role_sockets[i].peer)};
    }
}

static enum status start_role(struct child *c, const struct supervisor_plan *plan, int ready,
                              struct error *e) {
    struct spawn s;
    int control[2] = {-1, -1};
    fill_spawn(&s, c->id, plan, ready);
    if (roles[c->id].asks_for_readers) {
        if (socket_pair(control) != ST_OK)
            return error_set(e, ST_IO, "pipe", "no control socket: errno %d", errno);
        s.fds[s.fd_count++] = (struct role_fd){"reader", control[1], geteuid()};
    }
    enum status st = spawn_role(&s, &c->pid, e);
    close_fd(&control[1]);
    close_fd(&c->control_fd);
    c->control_fd = control[0];
    return st;
}

static void plan_restart(struct child *c) {
    int64_t now = clock_monotonic_ns();
    if (c->state == CHILD_UP && now - c->since_ns > (int64_t)HEALTHY_MS * 1000000)
        c->backoff_ms = BACKOFF_FIRST_MS;
    c->not_before_ns = now + (int64_t)c->backoff_ms * 1000000;
    c->backoff_ms = c->backoff_ms * 2 > BACKOFF_MOST_MS ? BACKOFF_MOST_MS : c->backoff_ms * 2;
    enter(c, CHILD_DOWN);
}

void child_start(struct child *c, const struct supervisor_plan *plan) {
    int ready[2];
    struct error e = {0};
    enum status st = ST_IO;
    if (pipe2(ready, O_CLOEXEC) == 0) {
        st = c->id == ROLE_NGINX ? start_nginx(c, plan, ready[1], &e) : start_role(c, plan, ready[1], &e);
        close(ready[1]);
        c->ready_fd = ready[0];
    }
    if (st == ST_OK) {
        enter(c, CHILD_STARTING);
        return;
    }
    log_error("%s cannot be started: %s", roles[c->id].name, e.detail);
    close_fd(&c->ready_fd);
    c->pid = 0;
    plan_restart(c);
}

void child_died(struct child *c, int status, bool expected) {
    const char *name = roles[c->id].name;
    if (c->log_fd >= 0)
        (void)nginx_log_drain(c->log_fd, &c->log);
    if (c->id == ROLE_NGINX) /* a master that was killed leaves workers behind */
        (void)kill(-c->pid, SIGKILL);
    c->pid = 0;
    close_fd(&c->ready_fd);
    close_fd(&c->control_fd);
    close_fd(&c->log_fd);
    if (expected && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        log_info("%s has stopped", name);
    else if (WIFSIGNALED(status))
        log_error("%s was ended by signal %d%s", name, WTERMSIG(status),
                  WTERMSIG(status) == SIGSYS ? " (its jail: a forbidden system call)" : "");
    else
        log_error("%s has ended with code %d", name, WEXITSTATUS(status));
    plan_restart(c);
}

bool child_heard(struct child *c) {
    char byte = 0;
    ssize_t n = read(c->ready_fd, &byte, 1);
    if (n < 0 && errno == EINTR)
        return false;
    close_fd(&c->ready_fd);
    /* nginx says nothing: the pipe closes as it is executed. */
    bool ready = n == 1 || (n == 0 && c->id == ROLE_NGINX && c->pid > 0);
    if (!ready || c->state != CHILD_STARTING)
        return false;
    c->was_up = true;
    enter(c, CHILD_UP);
    return true;
}

void child_stop(struct child *c, bool at_once) {
    if (c->pid <= 0)
        return;
    if (at_once)
        (void)kill(c->id == ROLE_NGINX ? -c->pid : c->pid, SIGKILL);
    else
        (void)kill(c->pid, c->id == ROLE_NGINX ? SIGQUIT : SIGTERM);
    if (c->state != CHILD_STOPPING)
        enter(c, CHILD_STOPPING);
}

static enum status start_reader(const struct supervisor_plan *plan, int *stream, struct error *e) {
    struct spawn s;
    int ends[2], ready[2];
    pid_t pid;
    if (roles[ROLE_READER].main == NULL || socket_pair(ends) != ST_OK)
        return error_set(e, ST_UNAVAILABLE, "reader", "no reader is to be had");
    if (pipe2(ready, O_CLOEXEC) != 0) {
        close(ends[0]);
        close(ends[1]);
        return error_set(e, ST_IO, "pipe", "no pipe for the reader: errno %d", errno);
    }
    fill_spawn(&s, ROLE_READER, plan, ready[1]);
    s.fds[s.fd_count++] = (struct role_fd){"pipe", ends[1], geteuid()};
    enum status st = spawn_role(&s, &pid, e);
    close(ends[1]);
    close(ready[0]); /* nobody waits: the stream itself tells */
    close(ready[1]);
    if (st == ST_OK)
        *stream = ends[0];
    else
        close(ends[0]);
    return st;
}

void child_serve_reader(struct child *c, const struct supervisor_plan *plan, int *readers) {
    char wish = 0;
    struct error e = {0};
    int stream = -1;
    ssize_t n = read(c->control_fd, &wish, 1);
    if (n < 0 && errno == EINTR)
        return;
    if (n != 1 || wish != 'R') {
        close_fd(&c->control_fd);
        return;
    }
    enum status st = *readers < READERS_MOST ? start_reader(plan, &stream, &e) : ST_LIMIT;
    if (st == ST_OK) {
        (*readers)++;
        st = socket_send_fd(c->control_fd, stream);
        close(stream);
    } else if (write(c->control_fd, "n", 1) == 1)
        st = ST_OK;
    if (st != ST_OK)
        close_fd(&c->control_fd);
}
