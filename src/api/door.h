/* The engine's door: nginx's connections, kept from one request to the next, and the threads that serve them.
 *
 * A thread asks for a connection on which something has come, serves it, and puts it to rest; the kernel
 * wakes one thread a request, the one that has slept the shortest (epoll(7), edge-triggered: no call to
 * re-arm). What comes while a thread has the connection is noted in its state, and that thread looks again.
 * An idle connection costs a place and no thread.
 *
 * A request that has not come whole waits at its place (`struct door_held`) and costs no thread either. nginx
 * sends a body on as it comes, because only here it can be bounded: nginx itself bounds the pause between two
 * reads, never the whole. A request may take DOOR_GRACE_MS, from then on it must have come at DOOR_RATE on
 * the average; who is slower is handed to a thread as late. When many wait the grace is shorter, and past
 * DOOR_HELD_MOST or DOOR_BYTES_MOST none may begin to wait. */
#ifndef KEDUN_API_DOOR_H
#define KEDUN_API_DOOR_H

#include "api/fastcgi/fastcgi.h"
#include "ipc/role.h"

#define DOOR_CONNECTIONS 4096 /* beyond them nginx's connections wait to be accepted */
#define DOOR_GRACE_MS    20000
#define DOOR_RATE        4096 /* bytes a second */
#define DOOR_HELD_MANY   1024 /* requests that have not come whole: from here on DOOR_GRACE_LESS_MS */
#define DOOR_HELD_MOST   3072
#define DOOR_BYTES_MANY  ((size_t)64 * 1024 * 1024) /* of them together */
#define DOOR_BYTES_MOST  ((size_t)192 * 1024 * 1024)

#define DOOR_GRACE_LESS_MS 2000
#define DOOR_LINGER_MS     5000 /* for nginx to leave after such a request was refused */
#define DOOR_DRAIN_MS      3000 /* for what has come when the door closes */

struct door;

/* What has come of a request. */
struct door_held {
    struct buf in;
    struct fastcgi f;
};

/* A connection in a thread's hands. */
struct door_visit {
    int fd;
    uint32_t place, turn;
    struct door_held *held; /* NULL: nothing had come before */
    bool late;              /* it took too long */
    bool refused;           /* it was refused: what still comes is of no interest */
};

/* Starts to accept (a thread of its own) what comes at `listener`, which stays the caller's. */
MUST_CHECK enum status door_open(const struct role_fd *listener, struct door **out, struct error *e);

/* Waits for a connection with something to read, or whose peer has left, or that is late. False: the door is
 * closing. */
bool door_next(struct door *d, struct door_visit *out);

/* After all that was there has been read. False: more has come meanwhile, the connection is still the
 * caller's. */
bool door_rest(struct door *d, struct door_visit *v);

/* Keeps what has come of a request at the connection's place; `in` is swapped for an empty buffer of its
 * limit. Called each time that it is not whole yet, before door_rest. ST_UNAVAILABLE: too many wait already;
 * ST_NOMEM. */
MUST_CHECK enum status door_hold(struct door *d, struct door_visit *v, struct buf *in,
                                 const struct fastcgi *f);
/* The request has come whole, was answered, or shall be forgotten: what was held is wiped. */
void door_release(struct door *d, struct door_visit *v);
/* After a request was answered that had not come whole: what still comes of it is nobody's, nginx leaves. */
void door_refuse(struct door *d, struct door_visit *v);

/* Somebody other than a thread of the door's had the connection and gives it back: whoever is next looks at
 * what came meanwhile. */
void door_return(struct door *d, const struct door_visit *v);

/* Closes the visitor's descriptor (copies of it stay open). */
void door_hang_up(struct door *d, struct door_visit *v);

/* Requests that have not come whole, now. */
size_t door_held(const struct door *d);

/* Accepts nobody any more, lets what has come on a connection be answered, closes the connections that rest
 * so that no request is lost on them unread, then lets all threads return from door_next. */
void door_stop(struct door *d);
/* Closes what is left; nobody may be inside. NULL is fine. */
void door_free(struct door *d);

#endif
