/* One supervised process: its state, its pipes, its pauses. Used by cmd/supervisor.c. Times:
 * clock_monotonic_ns. */
#ifndef KEDUN_CMD_CHILD_H
#define KEDUN_CMD_CHILD_H

#include "base/buf.h"
#include "cmd/supervisor.h"

#define BACKOFF_FIRST_MS 100
#define BACKOFF_MOST_MS  10000
#define HEALTHY_MS       60000
#define STOP_MS          12000 /* the engine has 10 s to finish what it has in hand */

enum child_state { CHILD_DOWN, CHILD_STARTING, CHILD_UP, CHILD_STOPPING };

struct child {
    enum role_id id;
    enum child_state state;
    pid_t pid;
    bool was_up;           /* ever */
    int backoff_ms;        /* before the next start after the next death */
    int64_t since_ns;      /* of the state */
    int64_t not_before_ns; /* no start before */
    int ready_fd;          /* -1 when not waited for */
    int control_fd;        /* requests for readers, -1: none */
    int log_fd;            /* nginx's standard error, -1: none */
    struct buf log;
};

void child_init(struct child *c, enum role_id id);

/* Starts the process; failing to is a death. */
void child_start(struct child *c, const struct supervisor_plan *plan);

/* Its process has ended with this wait status: closes its pipes, computes the pause. */
void child_died(struct child *c, int status, bool expected);

/* Its readiness pipe has something to read. True when it has become ready now. */
bool child_heard(struct child *c);

/* Asks it to end in good order; `kill` ends it at once. */
void child_stop(struct child *c, bool kill);

/* A request on its control descriptor: starts a reader and hands over the stream. `readers` counts those
 * alive. */
#define READERS_MOST 8
void child_serve_reader(struct child *c, const struct supervisor_plan *plan, int *readers);

#endif
