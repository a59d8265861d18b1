#include "ipc/frame.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define READ_AHEAD (32u << 10) /* a page of sealed rows */

struct deadline {
    int64_t end_ns; /* 0: never */
};

static struct deadline deadline_in(int timeout_ms) {
    return (struct deadline){timeout_ms < 0 ? 0 : clock_monotonic_ns() + (int64_t)timeout_ms * 1000000 + 1};
}

/* True when the socket is ready (or broken: the next call tells), false when the time is up. */
static bool wait_ready(int fd, short events, struct deadline d) {
    for (;;) {
        int left = -1;
        if (d.end_ns != 0) {
            int64_t ns = d.end_ns - clock_monotonic_ns();
            left = ns <= 0 ? 0 : (int)((ns + 999999) / 1000000);
        }
        struct pollfd p = {.fd = fd, .events = events, .revents = 0};
        int n = poll(&p, 1, left);
        if (n > 0)
            return true;
        if (n == 0 || errno != EINTR)
            return false;
    }
}

static bool would_block(void) {
    return errno == EAGAIN || errno == EWOULDBLOCK;
}

static void skip_sent(struct msghdr *m, size_t n) {
    while (m->msg_iovlen > 0 && n >= m->msg_iov[0].iov_len) {
        n -= m->msg_iov[0].iov_len;
        m->msg_iov++;
        m->msg_iovlen--;
    }
    if (m->msg_iovlen > 0) {
        m->msg_iov[0].iov_base = (uint8_t *)m->msg_iov[0].iov_base + n;
        m->msg_iov[0].iov_len -= n;
    }
}

static enum status send_all(int fd, struct msghdr *m, struct deadline d) {
    while (m->msg_iovlen > 0) {
        ssize_t n = sendmsg(fd, m, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n >= 0)
            skip_sent(m, (size_t)n);
        else if (would_block()) {
            if (!wait_ready(fd, POLLOUT, d))
                return ST_UNAVAILABLE;
        } else if (errno != EINTR)
            return ST_UNAVAILABLE;
    }
    return ST_OK;
}

static void put_le(uint8_t *p, uint64_t v, size_t bytes) {
    for (size_t i = 0; i < bytes; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

static void put_head(const struct frame *f, uint8_t head[FRAME_HEADER]) {
    put_le(head, f->payload.n, 4);
    put_le(head + 4, f->type, 2);
    put_le(head + 6, f->flags, 2);
    put_le(head + 8, f->id, 8);
}

static struct iovec part_of(struct slice bytes) {
    return (struct iovec){.iov_base = (void *)(uintptr_t)bytes.p, .iov_len = bytes.n};
}

static enum status send_behind(int fd, struct slice before, const struct frame *f, int timeout_ms) {
    if (f->payload.n > FRAME_MOST)
        return ST_LIMIT;
    uint8_t head[FRAME_HEADER];
    put_head(f, head);
    struct iovec parts[3] = {part_of(before), part_of(slice_of(head, sizeof head)), part_of(f->payload)};
    struct msghdr m = {.msg_iov = parts, .msg_iovlen = 3};
    skip_sent(&m, 0);
    m.msg_iovlen -= f->payload.n == 0 ? 1 : 0;
    return send_all(fd, &m, deadline_in(timeout_ms));
}

enum status frame_send(int fd, const struct frame *f, int timeout_ms) {
    return send_behind(fd, SLICE_NONE, f, timeout_ms);
}

void frame_put(struct buf *out, const struct frame *f) {
    uint8_t head[FRAME_HEADER];
    put_head(f, head);
    buf_put(out, head, sizeof head);
    buf_put(out, f->payload.p, f->payload.n);
}

enum status frame_send_made(int fd, struct slice frames, int timeout_ms) {
    struct iovec part = part_of(frames);
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    return send_all(fd, &m, deadline_in(timeout_ms));
}

/* Exactly n bytes. ST_RETRY only when the time is up before the first of them. */
static enum status receive_all(int fd, uint8_t *out, size_t n, struct deadline d) {
    size_t at = 0;
    while (at < n) {
        ssize_t got = recv(fd, out + at, n - at, MSG_DONTWAIT);
        if (got > 0)
            at += (size_t)got;
        else if (got == 0)
            return ST_UNAVAILABLE;
        else if (would_block()) {
            if (!wait_ready(fd, POLLIN, d))
                return at == 0 ? ST_RETRY : ST_UNAVAILABLE;
        } else if (errno != EINTR)
            return ST_UNAVAILABLE;
    }
    return ST_OK;
}

static void head_read(const uint8_t head[FRAME_HEADER], struct frame *out, size_t *n) {
    struct reader r = reader_of(slice_of(head, FRAME_HEADER));
    *n = reader_u32(&r);
    *out = (struct frame){.type = reader_u16(&r), .flags = 0, .id = 0, .payload = SLICE_NONE};
    out->flags = reader_u16(&r);
    out->id = reader_u64(&r);
}

enum status frame_receive(int fd, struct buf *in, struct frame *out, int timeout_ms) {
    struct deadline d = deadline_in(timeout_ms);
    uint8_t head[FRAME_HEADER];
    buf_reset(in);
    enum status st = receive_all(fd, head, sizeof head, d);
    if (st != ST_OK)
        return st;
    size_t n;
    head_read(head, out, &n);
    if (n > in->limit || n > FRAME_MOST)
        return ST_LIMIT;
    uint8_t *room = n == 0 ? NULL : buf_reserve(in, n);
    if (n > 0 && room == NULL)
        return ST_NOMEM;
    in->n = n; /* before the bytes come, so that half a secret is wiped too */
    st = receive_all(fd, room, n, d);
    if (st != ST_OK) {
        buf_reset(in);
        return ST_UNAVAILABLE;
    }
    out->payload = buf_slice(in);
    return ST_OK;
}

static enum status answered(enum status st, const struct frame *question, const struct frame *answer) {
    if (st == ST_RETRY)
        return ST_UNAVAILABLE;
    return st == ST_OK && answer->id != question->id ? ST_CORRUPT : st;
}

enum status frame_call(int fd, const struct frame *question, struct buf *in, struct frame *answer,
                       int timeout_ms) {
    enum status st = frame_send(fd, question, timeout_ms);
    return st == ST_OK ? answered(frame_receive(fd, in, answer, timeout_ms), question, answer) : st;
}

void frame_stream_init(struct frame_stream *s, int fd, size_t limit, bool secret, int timeout_ms) {
    *s = (struct frame_stream){.fd = fd, .timeout_ms = timeout_ms};
    buf_init(&s->in, FRAME_HEADER + limit, secret);
}

void frame_stream_free(struct frame_stream *s) {
    buf_free(&s->in);
    s->taken = 0;
}

void frame_stream_drop(struct frame_stream *s) {
    size_t rest = s->in.n - s->taken;
    if (s->taken > 0 && rest > 0) {
        memmove(s->in.p, s->in.p + s->taken, rest);
        if (s->in.secret)
            explicit_bzero(s->in.p + rest, s->taken);
        s->in.n = rest;
    } else if (s->taken > 0) {
        buf_reset(&s->in);
    }
    s->taken = 0;
}

/* Waits for bytes and takes what there is. ST_RETRY: time is up. A poll first costs less than a receive that
 * sleeps: the kernel wakes the latter also when the peer takes what we sent (unix_write_space), for nothing.
 */
static enum status stream_fill(struct frame_stream *s, size_t need, struct deadline d) {
    size_t least = need - s->in.n;
    uint8_t *to = buf_reserve(&s->in, s->in.p == NULL && s->in.limit >= READ_AHEAD ? READ_AHEAD : least);
    if (to == NULL)
        return ST_NOMEM;
    for (;;) {
        if (!wait_ready(s->fd, POLLIN, d))
            return ST_RETRY;
        ssize_t got = recv(s->fd, to, s->in.room - s->in.n, MSG_DONTWAIT);
        if (got > 0) {
            s->in.n += (size_t)got;
            return ST_OK;
        }
        if (got == 0 || (errno != EINTR && !would_block()))
            return ST_UNAVAILABLE;
    }
}

enum status frame_stream_next(struct frame_stream *s, struct frame *out) {
    struct deadline d = deadline_in(s->timeout_ms);
    frame_stream_drop(s);
    size_t need = FRAME_HEADER, n = 0;
    for (;;) {
        if (s->in.n >= FRAME_HEADER) {
            head_read(s->in.p, out, &n);
            if (n > FRAME_MOST || n > s->in.limit - FRAME_HEADER)
                return ST_LIMIT;
            need = FRAME_HEADER + n;
        }
        if (s->in.n >= need)
            break;
        enum status st = d.end_ns != 0 && s->in.n > 0 && clock_monotonic_ns() >= d.end_ns
                             ? ST_RETRY
                             : stream_fill(s, need, d);
        if (st != ST_OK)
            return st == ST_RETRY && s->in.n > 0 ? ST_UNAVAILABLE : st;
    }
    s->taken = need;
    out->payload = slice_of(s->in.p + FRAME_HEADER, n);
    return ST_OK;
}

enum status frame_stream_call(struct frame_stream *s, const struct frame *question, struct frame *answer,
                              int send_ms) {
    errno = 0;
    enum status st = send_behind(s->fd, s->before, question, send_ms);
    if (st == ST_OK)
        s->before = SLICE_NONE;
    if (st == ST_UNAVAILABLE && (errno == EPIPE || errno == ECONNRESET))
        return ST_NOT_FOUND;
    return st == ST_OK ? answered(frame_stream_next(s, answer), question, answer) : st;
}
