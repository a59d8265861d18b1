/* The engine: a pool of threads, each taking one request at a time through route, session, handler and
 * reply. No state of its own beyond what the world holds; a thread has its keeper connection, its store
 * reader and its memory. */
#ifndef KEDUN_API_ENGINE_H
#define KEDUN_API_ENGINE_H

#include "api/route.h"
#include "ipc/role.h"
#include "store/remote.h"

struct engine {
    const struct role_env *env;
    struct world *world;
    struct store *store;
    struct remote_server *remote; /* takes the write sets of jobs */
    struct events *events;        /* server-sent events */
    struct settler *settler;      /* of writes without outcome */
    struct ldap_clock *clock;     /* of directories' schedules */
    struct door *door;            /* nginx's connections */
    const char *keeper_path, *outbound_path;
    const char *objects_dir, *policies_dir;
    int64_t started_ms;
    uint64_t requests, failures; /* for /metrics; relaxed atomics */
    volatile bool stopping;
};

/* The role's entry point (ipc/role.h). */
int engine_main(const struct role_env *env);

/* Takes one request from a connection with the thread's tools, and answers it. */
struct engine_worker;
struct door_visit; /* api/door.h */
enum after {
    NOTHING, /* there was none, or not all of it yet */
    KEPT,    /* answered, the connection is good for another */
    LENT,    /* it is somebody else's now */
    OVER     /* hang up */
};
enum after engine_serve(struct engine_worker *worker, struct door_visit *v);

#endif
