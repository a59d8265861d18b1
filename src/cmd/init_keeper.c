#include "cmd/init_keeper.h"

#include "crypto/start.h"
#include "ipc/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const doors[3] = {"keeper-engine", "keeper-jobs", "keeper-admin"};

static enum status listen_all(struct tool_keeper *t, struct error *e) {
    for (size_t i = 0; i < 3; i++) {
        char path[TOOL_PATH];
        (void)snprintf(path, sizeof path, "%s/run/%s.sock", t->dir, doors[i]);
        enum status s = socket_listen(path, &t->listening[i], e);
        if (s != ST_OK)
            return s;
    }
    (void)snprintf(t->db, sizeof t->db, "%s/db", t->dir);
    (void)snprintf(t->engine_socket, sizeof t->engine_socket, "%s/run/%s.sock", t->dir, doors[0]);
    (void)snprintf(t->admin_socket, sizeof t->admin_socket, "%s/run/%s.sock", t->dir, doors[2]);
    return ST_OK;
}

/* One byte: it answers. End of file: it is dead, and has said why on standard error. */
static enum status await_ready(struct tool_keeper *t, int ready, struct error *e) {
    char byte;
    ssize_t n;
    do
        n = read(ready, &byte, 1);
    while (n < 0 && errno == EINTR);
    if (n == 1)
        return ST_OK;
    (void)waitpid(t->pid, NULL, 0);
    t->pid = 0;
    return error_set(e, ST_UNAVAILABLE, "keeper", "the keeper did not start; its message stands above");
}

static enum status spawn_keeper(const struct command_options *o, struct tool_keeper *t, struct error *e) {
    int ready[2];
    struct spawn s = {.role = roles[ROLE_KEEPER].name,
                      .data_dir = t->dir,
                      .config_file = o->config_file,
                      .set = {"log_level=warn"},
                      .uid = role_uid(&o->config, ROLE_KEEPER),
                      .gid = role_gid(&o->config, ROLE_KEEPER),
                      .fd_count = 3};
    for (size_t i = 0; i < 3; i++)
        s.fds[i] = (struct role_fd){doors[i], t->listening[i], geteuid()};
    if (pipe2(ready, O_CLOEXEC) != 0)
        return error_set(e, ST_IO, "pipe", "no pipe: errno %d", errno);
    s.ready_fd = ready[1];
    enum status st = spawn_role(&s, &t->pid, e);
    (void)close(ready[1]);
    if (st == ST_OK)
        st = await_ready(t, ready[0], e);
    (void)close(ready[0]);
    return st;
}

enum status tool_keeper_start(const struct command_options *o, struct tool_keeper *out, struct error *e) {
    *out = (struct tool_keeper){.lock = -1, .listening = {-1, -1, -1}};
    (void)signal(SIGPIPE, SIG_IGN);
    enum status s = data_dir_resolve(o->data, out->dir, e);
    if (s == ST_OK)
        s = data_dir_lock(out->dir, &out->lock, e);
    if (s == ST_OK)
        s = data_dir_prepare(out->dir, &o->config, e);
    if (s == ST_OK)
        s = crypto_start(e);
    if (s == ST_OK)
        s = listen_all(out, e);
    if (s == ST_OK)
        s = spawn_keeper(o, out, e);
    if (s == ST_OK)
        s = keeper_connect(out->admin_socket, &out->admin, e);
    if (s != ST_OK)
        tool_keeper_stop(out);
    return s;
}

void tool_keeper_stop(struct tool_keeper *t) {
    if (t->admin != NULL)
        keeper_close(t->admin);
    t->admin = NULL;
    if (t->pid > 0) {
        (void)kill(t->pid, SIGTERM);
        while (waitpid(t->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    t->pid = 0;
    for (size_t i = 0; i < 3; i++) {
        if (t->listening[i] >= 0)
            (void)close(t->listening[i]);
        t->listening[i] = -1;
    }
    if (t->lock >= 0)
        (void)close(t->lock);
    t->lock = -1;
}
