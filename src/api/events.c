#include "api/events.h"

#include "api/door.h"
#include "api/problem.h"
#include "base/clock.h"
#include "share/job.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOOK_NS   250000000
#define BEAT_NS   (15 * (int64_t)1000000000)
#define FRAME_MAX 4096

struct stream {
    bool open;
    bool broken, keep; /* the client did not take all; the connection is meant for more */
    struct door_visit visit;
    uint16_t id;
    uint32_t person;
    struct uuid job;
    enum language language;
    int64_t since_ns, sent_ns;
    uint64_t last; /* hash of the document that was sent last */
};

struct events {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct store_reader *reader;
    struct door *door;
    struct stream streams[EVENTS_STREAMS];
    size_t count;
    bool stopping;
};

/* Without its end nginx cuts the client off, with half of it the next reply would not be understood. */
static void stream_close(struct events *ev, struct stream *s) {
    uint8_t end[FASTCGI_END];
    size_t n = fastcgi_write_end(end, s->id);
    bool ended = !s->broken && send(s->visit.fd, end, n, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)n;
    if (ended && s->keep) {
        /* What came of its request: or the next one on this connection would be taken for it. */
        door_release(ev->door, &s->visit);
        door_return(ev->door, &s->visit);
    } else {
        door_hang_up(ev->door, &s->visit);
    }
    s->open = false;
    ev->count--;
}

/* Events are small: a client that does not take one at once has gone, or will come back. */
static bool stream_send(struct stream *s, struct slice bytes, int64_t now) {
    uint8_t room[FRAME_MAX + FASTCGI_HEAD];
    s->sent_ns = now;
    size_t n = fastcgi_write_part(room, s->id, bytes);
    s->broken = send(s->visit.fd, room, n, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)n;
    return !s->broken;
}

/* False: the stream is over. */
static bool stream_serve(struct events *ev, struct stream *s, struct arena *a, struct buf *out, int64_t now) {
    struct job job;
    struct error e;
    enum status st = job_get(ev->reader, &s->job, a, &job, &e);
    if (s->broken || st == ST_NOT_FOUND || now - s->since_ns > EVENTS_LIFE_S * (int64_t)1000000000)
        return false;
    if (st != ST_OK)
        return true;
    buf_reset(out);
    struct json j = json_to(out);
    buf_put_string(out, "event: progress\ndata: ");
    job_describe(&job, problem_title, s->language, &j);
    buf_put_string(out, "\n\n");
    uint64_t hash = map_hash(buf_slice(out), 1);
    if (hash != s->last) {
        s->last = hash;
        return stream_send(s, buf_slice(out), now) && !job_is_over(&job);
    }
    return now - s->sent_ns < BEAT_NS || stream_send(s, SLICE(":\n\n"), now);
}

static void serve_all(struct events *ev, struct arena *a, struct buf *out) {
    int64_t now = clock_monotonic_ns();
    for (size_t i = 0; i < EVENTS_STREAMS; i++) {
        struct stream *s = &ev->streams[i];
        if (s->open && !stream_serve(ev, s, a, out, now))
            stream_close(ev, s);
        arena_reset(a);
    }
}

static void wait_a_little(struct events *ev) {
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += LOOK_NS;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    (void)pthread_cond_timedwait(&ev->changed, &ev->lock, &until);
}

static void *events_run(void *argument) {
    struct events *ev = argument;
    struct arena a;
    struct buf out;
    arena_init(&a, 1024 * 1024, ARENA_PLAIN);
    buf_init(&out, FRAME_MAX, false);
    (void)pthread_mutex_lock(&ev->lock);
    while (!ev->stopping) {
        if (ev->count == 0) {
            (void)pthread_cond_wait(&ev->changed, &ev->lock);
            continue;
        }
        serve_all(ev, &a, &out);
        wait_a_little(ev);
    }
    for (size_t i = 0; i < EVENTS_STREAMS; i++) {
        if (ev->streams[i].open)
            stream_close(ev, &ev->streams[i]);
    }
    (void)pthread_mutex_unlock(&ev->lock);
    buf_free(&out);
    arena_free(&a);
    return NULL;
}

enum status events_start(struct engine *engine, struct events **out, struct error *e) {
    struct events *ev = calloc(1, sizeof *ev);
    if (ev == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "events");
    ev->door = engine->door;
    (void)pthread_mutex_init(&ev->lock, NULL);
    (void)pthread_cond_init(&ev->changed, NULL);
    enum status s = store_reader_open(engine->store, &ev->reader, e);
    if (s == ST_OK && pthread_create(&ev->thread, NULL, events_run, ev) != 0) {
        store_reader_close(ev->reader);
        s = error_set(e, ST_NOMEM, "no_thread", "a thread can't be started");
    }
    if (s != ST_OK) {
        free(ev);
        return s;
    }
    *out = ev;
    return ST_OK;
}

void events_stop(struct events *ev) {
    if (ev == NULL)
        return;
    (void)pthread_mutex_lock(&ev->lock);
    ev->stopping = true;
    (void)pthread_cond_signal(&ev->changed);
    (void)pthread_mutex_unlock(&ev->lock);
    (void)pthread_join(ev->thread, NULL);
}

void events_free(struct events *ev) {
    if (ev == NULL)
        return;
    store_reader_close(ev->reader);
    (void)pthread_cond_destroy(&ev->changed);
    (void)pthread_mutex_destroy(&ev->lock);
    free(ev);
}

/* NULL: none is free, or the person has his share. */
static struct stream *free_stream(struct events *ev, uint32_t person) {
    struct stream *out = NULL;
    size_t his = 0;
    for (size_t i = 0; i < EVENTS_STREAMS; i++) {
        struct stream *s = &ev->streams[i];
        if (!s->open)
            out = s;
        else if (s->person == person)
            his++;
    }
    return his < EVENTS_OF_ONE ? out : NULL;
}

enum status events_add(struct events *ev, const struct http_request *r, struct slice head, uint32_t person,
                       const struct uuid *job, enum language language, struct error *e) {
    enum status s = ST_OK;
    (void)pthread_mutex_lock(&ev->lock);
    struct stream *one = ev->stopping ? NULL : free_stream(ev, person);
    if (one == NULL) {
        s = ev->stopping ? error_set(e, ST_UNAVAILABLE, "unavailable", "streams are ending")
                         : error_set(e, ST_LIMIT, "too_many_streams", "too many streams are open");
    } else {
        *one = (struct stream){.open = true,
                               .keep = r->keep,
                               .visit = *r->visit,
                               .id = r->stream_id,
                               .person = person,
                               .job = *job,
                               .language = language,
                               .since_ns = clock_monotonic_ns()};
        one->broken = fastcgi_send(r->fd, r->stream_id, head, false) != ST_OK;
        ev->count++;
        (void)pthread_cond_signal(&ev->changed);
    }
    (void)pthread_mutex_unlock(&ev->lock);
    return s;
}
