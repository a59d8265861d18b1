#include "cmd/supervisor.h"

#include "base/clock.h"
#include "cmd/child.h"
#include "cmd/command.h"
#include "cmd/nginx_log.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILDREN 5
#define POLLS    (1 + CHILDREN * 3)

static const enum role_id start_order[CHILDREN] = {ROLE_KEEPER, ROLE_OUTBOUND, ROLE_ENGINE, ROLE_JOBS,
                                                   ROLE_NGINX};
/* nginx first, so that nothing new comes in; the keeper last, for the others need it to finish. */
static const size_t stop_order[CHILDREN] = {4, 2, 3, 1, 0};

struct supervisor {
    const struct supervisor_plan *plan;
    struct child children[CHILDREN];
    bool present[CHILDREN]; /* the role is in this program */
    int readers;
    int signals; /* signalfd */
    bool stopping;
    bool at_once;
    bool failed;
    bool announced;
};

static int open_signals(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGCHLD);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return -1;
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void init_children(struct supervisor *s) {
    for (size_t i = 0; i < CHILDREN; i++) {
        enum role_id id = start_order[i];
        child_init(&s->children[i], id);
        s->present[i] = id == ROLE_NGINX || roles[id].main != NULL;
        if (!s->present[i])
            log_warn("this program has no %s", roles[id].name);
    }
}

/* Whether all before number i are up. */
static bool may_start(const struct supervisor *s, size_t i, int64_t now) {
    const struct child *c = &s->children[i];
    if (!s->present[i] || c->state != CHILD_DOWN || now < c->not_before_ns)
        return false;
    for (size_t k = 0; k < i; k++) {
        if (s->present[k] && s->children[k].state != CHILD_UP)
            return false;
    }
    return true;
}

static void start_what_may(struct supervisor *s) {
    int64_t now = clock_monotonic_ns();
    for (size_t i = 0; i < CHILDREN; i++) {
        if (may_start(s, i, now))
            child_start(&s->children[i], s->plan);
    }
}

/* Stops one after the other: the next is told when the one before has gone. True when all have. */
static bool stop_next(struct supervisor *s) {
    int64_t now = clock_monotonic_ns();
    for (size_t i = 0; i < CHILDREN; i++) {
        struct child *c = &s->children[stop_order[i]];
        if (c->pid <= 0)
            continue;
        bool overdue = c->state == CHILD_STOPPING && now - c->since_ns > (int64_t)STOP_MS * 1000000;
        if (c->state != CHILD_STOPPING || overdue || s->at_once)
            child_stop(c, overdue || s->at_once);
        if (!s->at_once)
            return false;
    }
    for (size_t i = 0; i < CHILDREN; i++) {
        if (s->children[i].pid > 0)
            return false;
    }
    return true;
}

static struct child *child_of(struct supervisor *s, pid_t pid) {
    for (size_t i = 0; i < CHILDREN; i++) {
        if (s->children[i].pid == pid)
            return &s->children[i];
    }
    return NULL;
}

static void reap(struct supervisor *s) {
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        struct child *c = child_of(s, pid);
        if (c == NULL) { /* a reader, or a worker whose master was killed */
            s->readers -= s->readers > 0;
            continue;
        }
        bool never_ready = !c->was_up && !s->stopping;
        child_died(c, status, s->stopping);
        if (never_ready) {
            log_error("%s did not get ready: giving up", roles[c->id].name);
            s->failed = true;
            s->stopping = true;
        }
    }
}

static void read_signals(struct supervisor *s) {
    struct signalfd_siginfo info;
    while (read(s->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGCHLD)
            continue;
        s->at_once = s->stopping && !s->failed;
        s->stopping = true;
        log_info("stopping%s", s->at_once ? " at once" : "");
    }
    reap(s);
}

static void announce(struct supervisor *s) {
    const struct child *last = &s->children[CHILDREN - 1];
    if (s->announced || last->state != CHILD_UP)
        return;
    s->announced = true;
    log_info("serving https://%s", s->plan->config->listen);
}

/* The next moment at which something has to be done though nothing happened, in ms; -1: none. */
static int next_timeout(const struct supervisor *s) {
    if (s->stopping)
        return 200;
    for (size_t i = 0; i < CHILDREN; i++) {
        if (s->present[i] && s->children[i].state == CHILD_DOWN)
            return 50;
    }
    return -1;
}

struct poll_entry {
    struct child *child;
    int *fd;
};

static nfds_t fill_polls(struct supervisor *s, struct pollfd *polls, struct poll_entry *entries) {
    nfds_t n = 0;
    polls[n++] = (struct pollfd){.fd = s->signals, .events = POLLIN};
    for (size_t i = 0; i < CHILDREN; i++) {
        struct child *c = &s->children[i];
        int *const fds[] = {&c->ready_fd, &c->control_fd, &c->log_fd};
        for (size_t k = 0; k < 3; k++) {
            if (*fds[k] < 0)
                continue;
            entries[n] = (struct poll_entry){c, fds[k]};
            polls[n++] = (struct pollfd){.fd = *fds[k], .events = POLLIN};
        }
    }
    return n;
}

static void handle(struct supervisor *s, const struct poll_entry *entry) {
    struct child *c = entry->child;
    if (entry->fd == &c->ready_fd) {
        if (child_heard(c))
            log_info("%s is ready", roles[c->id].name);
    } else if (entry->fd == &c->control_fd)
        child_serve_reader(c, s->plan, &s->readers);
    else if (!nginx_log_drain(c->log_fd, &c->log)) {
        close(c->log_fd);
        c->log_fd = -1;
    }
}

static void wait_and_handle(struct supervisor *s) {
    struct pollfd polls[POLLS];
    struct poll_entry entries[POLLS];
    nfds_t n = fill_polls(s, polls, entries);
    if (poll(polls, n, next_timeout(s)) <= 0)
        return;
    for (nfds_t i = 1; i < n; i++) {
        if (polls[i].revents != 0)
            handle(s, &entries[i]);
    }
    if (polls[0].revents != 0)
        read_signals(s);
}

int supervisor_run(const struct supervisor_plan *plan) {
    struct supervisor s = {.plan = plan, .signals = open_signals()};
    if (s.signals < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) {
        log_error("cannot watch over children: errno %d", errno);
        return EXIT_FAILED;
    }
    init_children(&s);
    for (;;) {
        if (s.stopping) {
            if (stop_next(&s))
                break;
        } else {
            start_what_may(&s);
            announce(&s);
        }
        wait_and_handle(&s);
    }
    for (size_t i = 0; i < CHILDREN; i++)
        buf_free(&s.children[i].log);
    close(s.signals);
    return s.failed ? EXIT_FAILED : EXIT_FINE;
}
