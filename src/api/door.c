#include "api/door.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define FULL_PAUSE_MS 5
#define BELL          UINT64_MAX

/* A place's state: the turn in the high half, which grows whenever the place is given up, so that an event
 * told late is known to be of the past; the phase in the low half. */
enum phase { FREE, RESTS, SERVED, SERVED_AND_MORE };

struct place {
    _Atomic uint64_t state;
    int fd;
};

struct door {
    int epoll, bell;
    int listener;
    uid_t peer;
    pthread_t thread;
    atomic_bool stopping;
    pthread_mutex_t lock; /* over the free places */
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
    if (!watch(d, fd, EPOLLIN | EPOLLRDHUP | EPOLLET, (uint64_t)turn << 32 | place)) {
        atomic_store(&p->state, state_of(turn, FREE));
        (void)close(fd);
        give_place(d, place);
    }
}

static void *accept_all(void *argument) {
    struct door *d = argument;
    struct pollfd p[2] = {{.fd = d->listener, .events = POLLIN}, {.fd = d->bell, .events = POLLIN}};
    while (!atomic_load(&d->stopping)) {
        int fd;
        if (poll(p, 2, -1) > 0 && p[0].revents != 0 && socket_accept(d->listener, d->peer, &fd) == ST_OK)
            admit(d, fd);
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

bool door_next(struct door *d, struct door_visit *out) {
    while (!atomic_load(&d->stopping)) {
        struct epoll_event ev;
        if (epoll_wait(d->epoll, &ev, 1, -1) != 1 || ev.data.u64 == BELL)
            continue;
        uint32_t place = (uint32_t)ev.data.u64, turn = (uint32_t)(ev.data.u64 >> 32);
        if (take(&d->places[place], turn)) {
            *out = (struct door_visit){.fd = d->places[place].fd, .place = place, .turn = turn};
            return true;
        }
    }
    return false;
}

bool door_rest(struct door *d, const struct door_visit *v) {
    struct place *p = &d->places[v->place];
    uint64_t state = state_of(v->turn, SERVED);
    if (atomic_compare_exchange_strong(&p->state, &state, state_of(v->turn, RESTS)))
        return true;
    atomic_store(&p->state, state_of(v->turn, SERVED));
    return false;
}

void door_hang_up(struct door *d, const struct door_visit *v) {
    atomic_store(&d->places[v->place].state, state_of(v->turn + 1, FREE));
    (void)epoll_ctl(d->epoll, EPOLL_CTL_DEL, v->fd, NULL);
    (void)close(v->fd);
    give_place(d, v->place);
}

void door_stop(struct door *d) {
    uint64_t one = 1;
    atomic_store(&d->stopping, true);
    (void)!write(d->bell, &one, sizeof one);
    (void)pthread_join(d->thread, NULL);
    d->listener = -1;
}

void door_free(struct door *d) {
    if (d == NULL)
        return;
    if (d->listener >= 0)
        door_stop(d);
    for (size_t i = 0; i < DOOR_CONNECTIONS; i++) {
        if ((uint32_t)atomic_load(&d->places[i].state) != FREE)
            (void)close(d->places[i].fd);
    }
    if (d->epoll >= 0)
        (void)close(d->epoll);
    if (d->bell >= 0)
        (void)close(d->bell);
    (void)pthread_mutex_destroy(&d->lock);
    free(d);
}
