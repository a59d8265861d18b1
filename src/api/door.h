/* The engine's door: nginx's connections, kept from one request to the next, and the threads that serve them.
 *
 * A thread asks for a connection on which something has come, serves it, and puts it to rest; the kernel
 * wakes one thread a request, the one that has slept the shortest (epoll(7), edge-triggered: no call to
 * re-arm). What comes while a thread has the connection is noted in its state, and that thread looks again.
 * An idle connection costs a place and no thread. */
#ifndef KEDUN_API_DOOR_H
#define KEDUN_API_DOOR_H

#include "ipc/role.h"

#define DOOR_CONNECTIONS 4096 /* beyond them nginx's connections wait to be accepted */

struct door;

/* A connection in a thread's hands. */
struct door_visit {
    int fd;
    uint32_t place, turn;
};

/* Starts to accept (a thread of its own) what comes at `listener`, which stays the caller's. */
MUST_CHECK enum status door_open(const struct role_fd *listener, struct door **out, struct error *e);

/* Waits for a connection with something to read, or whose peer has left. False: the door is closing. */
bool door_next(struct door *d, struct door_visit *out);

/* After all that was there has been read. False: more has come meanwhile, the connection is still the
 * caller's. */
bool door_rest(struct door *d, const struct door_visit *v);

/* Closes the visitor's descriptor (copies of it stay open). */
void door_hang_up(struct door *d, const struct door_visit *v);

/* Lets all threads return from door_next and accepts nobody any more. */
void door_stop(struct door *d);
/* Closes what is left; nobody may be inside. NULL is fine. */
void door_free(struct door *d);

#endif
