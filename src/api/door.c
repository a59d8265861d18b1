#include "api/door.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define FULL_PAUSE_MS  5
#define DRAIN_PAUSE_MS 2
#define LOOK_MS        500 /* between two looks for who is late */
#define BELL           UINT64_MAX
#define HELD_ROOM      ((size_t)16 * 1024)
#define MS             1000000 /* nanoseconds */
#define WATCHED        (EPOLLIN | EPOLLRDHUP | EPOLLET)

/* A place's state: the turn in the high half, which grows whenever the place is given up, so that an event
 * told late is known to be of the past; the phase in the low half. */
enum phase { FREE, RESTS, SERVED, SERVED_AND_MORE };

struct place {
    _Atomic uint64_t state;
    int fd;
    bool prodded;              /* watched for room to write too, by prod() */
    bool refused;              /* the rest of the request is of no interest */
    struct door_held held;     /* its buffer has memory: something is held */
    _Atomic int64_t since_ns;  /* when the request began to wait; 0: none does */
    _Atomic size_t came;       /* of it */
    _Atomic int64_t leaves_ns; /* a refused one's end */
};

struct door {
    int epoll, bell;
    int listener;
    uid_t peer;
    pthread_t thread;
    atomic_bool stopping, drained;
    atomic_size_t held, bytes; /* requests that have not come whole, and their bytes */
    pthread_mutex_t lock;      /* over the free places */
    uint32_t free[DOOR_CONNECTIONS];
    size_t free_count;
    struct place places[DOOR_CONNECTIONS];
};

static uint64_t state_of(uint32_t turn, enum phase phase) {
    return (uint64_t)turn << 32 | phase;
}

static bool take_place(struct door *d, uint32_t *place) {
    (void)pthread_mutex_lock(&d->lock);
    bool taken = d->free_count > 0;
    if (taken)
        *place = d->free[--d->free_count];
    (void)pthread_mutex_unlock(&d->lock);
    return taken;
}

static void give_place(struct door *d, uint32_t place) {
    (void)pthread_mutex_lock(&d->lock);
    d->free[d->free_count++] = place;
    (void)pthread_mutex_unlock(&d->lock);
}

static bool watch(const struct door *d, int fd, uint32_t events, uint64_t data) {
    struct epoll_event ev = {.events = events, .data.u64 = data};
    return epoll_ctl(d->epoll, EPOLL_CTL_ADD, fd, &ev) == 0;
}

static void admit(struct door *d, int fd) {
    uint32_t place = 0;
    while (!take_place(d, &place)) {
        (void)poll(NULL, 0, FULL_PAUSE_MS);
        if (atomic_load(&d->stopping)) {
            (void)close(fd);
            return;
        }
    }
    struct place *p = &d->places[place];
    uint32_t turn = (uint32_t)(atomic_load(&p->state) >> 32);
    p->fd = fd;
    atomic_store(&p->state, state_of(turn, RESTS));
    if (!watch(d, fd, WATCHED, (uint64_t)turn << 32 | place)) {
        atomic_store(&p->state, state_of(turn, FREE));
        (void)close(fd);
        give_place(d, place);
    }
}

/* Puts a connection that is ours to rest in such a way that a thread is woken for it: to modify what is
 * watched makes the kernel look at it anew (epoll_ctl(2)), and if that thread is there before it rests, once
 * more. */
static void prod(struct door *d, uint32_t place, uint32_t turn, uint32_t events) {
    struct place *p = &d->places[place];
    struct epoll_event ev = {.events = events, .data.u64 = (uint64_t)turn << 32 | place};
    uint64_t state;
    do {
        atomic_store(&p->state, state_of(turn, SERVED));
        (void)epoll_ctl(d->epoll, EPOLL_CTL_MOD, p->fd, &ev);
        state = state_of(turn, SERVED);
    } while (!atomic_compare_exchange_strong(&p->state, &state, state_of(turn, RESTS)));
}

/* ---- who is late ---- */

static bool is_late(const struct door *d, const struct place *p, int64_t now) {
    int64_t since = atomic_load(&p->since_ns), leaves = atomic_load(&p->leaves_ns);
    if (leaves != 0)
        return now > leaves;
    if (since == 0)
        return false;
    bool many = atomic_load(&d->held) > DOOR_HELD_MANY || atomic_load(&d->bytes) > DOOR_BYTES_MANY;
    int64_t over_ms = (now - since) / MS - (many ? DOOR_GRACE_LESS_MS : DOOR_GRACE_MS);
    return over_ms > 0 && (int64_t)atomic_load(&p->came) < over_ms * DOOR_RATE / 1000;
}

/* Room to write there always is, so a thread is woken. */
static void rouse_the_late(struct door *d) {
    int64_t now = clock_monotonic_ns();
    for (uint32_t i = 0; i < DOOR_CONNECTIONS; i++) {
        struct place *p = &d->places[i];
        uint64_t state = atomic_load(&p->state);
        uint32_t turn = (uint32_t)(state >> 32);
        if (state != state_of(turn, RESTS) || !is_late(d, p, now) ||
            !atomic_compare_exchange_strong(&p->state, &state, state_of(turn, SERVED)))
            continue;
        p->prodded = true;
        prod(d, i, turn, WATCHED | EPOLLOUT);
    }
}

static void *accept_all(void *argument) {
    struct door *d = argument;
    struct pollfd p[2] = {{.fd = d->listener, .events = POLLIN}, {.fd = d->bell, .events = POLLIN}};
    int64_t looked = 0;
    while (!atomic_load(&d->stopping)) {
        int fd;
        if (poll(p, 2, LOOK_MS) > 0 && p[0].revents != 0 && socket_accept(d->listener, d->peer, &fd) == ST_OK)
            admit(d, fd);
        int64_t now = clock_monotonic_ns();
        if (atomic_load(&d->held) > 0 && now - looked >= (int64_t)LOOK_MS * MS) {
            looked = now;
            rouse_the_late(d);
        }
    }
    return NULL;
}

enum status door_open(const struct role_fd *listener, struct door **out, struct error *e) {
    *out = NULL;
    struct door *d = calloc(1, sizeof *d);
    if (d == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "the door");
    (void)pthread_mutex_init(&d->lock, NULL);
    for (uint32_t i = 0; i < DOOR_CONNECTIONS; i++)
        d->free[d->free_count++] = DOOR_CONNECTIONS - 1 - i;
    d->listener = listener->fd;
    d->peer = listener->peer;
    /* Only so that a connection which left again can't hold the thread for good. */
    struct timeval look = {.tv_sec = 1};
    (void)setsockopt(d->listener, SOL_SOCKET, SO_RCVTIMEO, &look, sizeof look);
    d->epoll = epoll_create1(EPOLL_CLOEXEC);
    d->bell = eventfd(0, EFD_CLOEXEC);
    bool stands = d->epoll >= 0 && d->bell >= 0 && watch(d, d->bell, EPOLLIN, BELL);
    if (!stands || pthread_create(&d->thread, NULL, accept_all, d) != 0) {
        d->listener = -1;
        door_free(d);
        return error_set(e, ST_NOMEM, "no_door", "the door can't be opened");
    }
    *out = d;
    return ST_OK;
}

/* True: the connection is ours. Else somebody has it and was told to look again, or it is gone. */
static bool take(struct place *p, uint32_t turn) {
    uint64_t state = atomic_load(&p->state);
    for (;;) {
        uint64_t next;
        if (state == state_of(turn, RESTS))
            next = state_of(turn, SERVED);
        else if (state == state_of(turn, SERVED))
            next = state_of(turn, SERVED_AND_MORE);
        else
            return false;
        if (atomic_compare_exchange_weak(&p->state, &state, next))
            return next == state_of(turn, SERVED);
    }
}

static void show(struct door *d, struct door_visit *v) {
    struct place *p = &d->places[v->place];
    v->fd = p->fd;
    v->held = p->held.in.n > 0 ? &p->held : NULL;
    v->refused = p->refused;
    v->late = (v->held != NULL || v->refused) && is_late(d, p, clock_monotonic_ns());
}

bool door_next(struct door *d, struct door_visit *out) {
    while (!atomic_load(&d->drained)) {
        struct epoll_event ev;
        if (epoll_wait(d->epoll, &ev, 1, -1) != 1 || ev.data.u64 == BELL)
            continue;
        uint32_t place = (uint32_t)ev.data.u64, turn = (uint32_t)(ev.data.u64 >> 32);
        if (take(&d->places[place], turn)) {
            *out = (struct door_visit){.place = place, .turn = turn};
            show(d, out);
            return true;
        }
    }
    return false;
}

bool door_rest(struct door *d, struct door_visit *v) {
    struct place *p = &d->places[v->place];
    uint64_t state = state_of(v->turn, SERVED);
    /* What was sent before this is still there to be read, what is sent after it fails at the sender's. */
    bool ends = atomic_load(&d->stopping) && shutdown(v->fd, SHUT_RD) == 0;
    if (!ends && atomic_compare_exchange_strong(&p->state, &state, state_of(v->turn, RESTS)))
        return true;
    atomic_store(&p->state, state_of(v->turn, SERVED));
    show(d, v);
    return false;
}

/* ---- requests that have not come whole ---- */

static void count_came(struct door *d, struct place *p, size_t now) {
    atomic_fetch_add(&d->bytes, now - atomic_exchange(&p->came, now)); /* modulo: also less */
}

enum status door_hold(struct door *d, struct door_visit *v, struct buf *in, const struct fastcgi *f) {
    struct place *p = &d->places[v->place];
    if (&p->held.in != in) {
        if (atomic_load(&d->held) >= DOOR_HELD_MOST)
            return ST_UNAVAILABLE;
        struct buf empty;
        buf_init(&empty, in->limit, in->secret);
        if (buf_reserve(&empty, HELD_ROOM) == NULL)
            return ST_NOMEM;
        p->held.in = *in;
        *in = empty;
        atomic_store(&p->since_ns, clock_monotonic_ns());
        atomic_fetch_add(&d->held, 1);
    }
    p->held.f = *f;
    v->held = &p->held;
    count_came(d, p, p->held.in.n);
    return atomic_load(&d->bytes) > DOOR_BYTES_MOST ? ST_UNAVAILABLE : ST_OK;
}

static void forget_held(struct door *d, struct place *p) {
    buf_free(&p->held.in);
    count_came(d, p, 0);
    if (atomic_exchange(&p->since_ns, 0) != 0 || atomic_load(&p->leaves_ns) != 0)
        atomic_fetch_sub(&d->held, 1);
    atomic_store(&p->leaves_ns, 0);
    p->refused = false;
}

void door_release(struct door *d, struct door_visit *v) {
    struct place *p = &d->places[v->place];
    v->held = NULL;
    forget_held(d, p);
    if (!p->prodded)
        return;
    struct epoll_event ev = {.events = WATCHED, .data.u64 = (uint64_t)v->turn << 32 | v->place};
    p->prodded = false;
    (void)epoll_ctl(d->epoll, EPOLL_CTL_MOD, p->fd, &ev);
}

void door_refuse(struct door *d, struct door_visit *v) {
    struct place *p = &d->places[v->place];
    forget_held(d, p);
    v->held = NULL;
    v->refused = p->refused = true;
    v->late = false;
    atomic_fetch_add(&d->held, 1);
    atomic_store(&p->leaves_ns, clock_monotonic_ns() + (int64_t)DOOR_LINGER_MS * MS);
}

size_t door_held(const struct door *d) {
    return atomic_load(&d->held);
}

void door_return(struct door *d, const struct door_visit *v) {
    prod(d, v->place, v->turn, WATCHED);
}

void door_hang_up(struct door *d, struct door_visit *v) {
    struct place *p = &d->places[v->place];
    forget_held(d, p);
    p->prodded = false;
    v->held = NULL;
    (void)epoll_ctl(d->epoll, EPOLL_CTL_DEL, v->fd, NULL);
    atomic_store(&p->state, state_of(v->turn + 1, FREE));
    (void)close(v->fd);
    give_place(d, v->place);
}

/* ---- the end ---- */

/* No more can be sent to a connection that rests; what was is served, then its end is seen. */
static bool drain(struct door *d) {
    bool empty = true;
    for (uint32_t i = 0; i < DOOR_CONNECTIONS; i++) {
        struct place *p = &d->places[i];
        uint64_t state = atomic_load(&p->state);
        uint32_t turn = (uint32_t)(state >> 32);
        if ((uint32_t)state == FREE)
            continue;
        empty = false;
        if (state != state_of(turn, RESTS) ||
            !atomic_compare_exchange_strong(&p->state, &state, state_of(turn, SERVED)))
            continue;
        (void)shutdown(p->fd, SHUT_RD);
        prod(d, i, turn, WATCHED);
    }
    return empty;
}

void door_stop(struct door *d) {
    uint64_t one = 1;
    int64_t until = clock_monotonic_ns() + (int64_t)DOOR_DRAIN_MS * MS;
    atomic_store(&d->stopping, true);
    (void)!write(d->bell, &one, sizeof one);
    (void)pthread_join(d->thread, NULL);
    d->listener = -1;
    while (!drain(d) && clock_monotonic_ns() < until)
        (void)poll(NULL, 0, DRAIN_PAUSE_MS);
    atomic_store(&d->drained, true);
    (void)!write(d->bell, &one, sizeof one);
}

void door_free(struct door *d) {
    if (d == NULL)
        return;
    if (d->listener >= 0)
        door_stop(d);
    for (size_t i = 0; i < DOOR_CONNECTIONS; i++) {
        if ((uint32_t)atomic_load(&d->places[i].state) != FREE)
            (void)close(d->places[i].fd);
        buf_free(&d->places[i].held.in);
    }
    if (d->epoll >= 0)
        (void)close(d->epoll);
    if (d->bell >= 0)
        (void)close(d->bell);
    (void)pthread_mutex_destroy(&d->lock);
    free(d);
}
