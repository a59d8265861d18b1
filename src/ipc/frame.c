#include "ipc/frame.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

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

enum status frame_send(int fd, const struct frame *f, int timeout_ms) {
    if (f->payload.n > FRAME_MOST)
        return ST_LIMIT;
    uint8_t head[FRAME_HEADER];
    put_le(head, f->payload.n, 4);
    put_le(head + 4, f->type, 2);
    put_le(head + 6, f->flags, 2);
    put_le(head + 8, f->id, 8);
    struct iovec parts[2] = {
        {.iov_base = head, .iov_len = sizeof head},
        {.iov_base = (void *)(uintptr_t)f->payload.p, .iov_len = f->payload.n},
    };
    struct msghdr m = {.msg_iov = parts, .msg_iovlen = f->payload.n > 0 ? 2 : 1};
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

enum status frame_receive(int fd, struct buf *in, struct frame *out, int timeout_ms) {
    struct deadline d = deadline_in(timeout_ms);
    uint8_t head[FRAME_HEADER];
    buf_reset(in);
    enum status st = receive_all(fd, head, sizeof head, d);
    if (st != ST_OK)
        return st;
    struct reader r = reader_of(slice_of(head, sizeof head));
    size_t n = reader_u32(&r);
    *out = (struct frame){.type = reader_u16(&r), .flags = 0, .id = 0, .payload = SLICE_NONE};
    out->flags = reader_u16(&r);
    out->id = reader_u64(&r);
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

enum status frame_call(int fd, const struct frame *question, struct buf *in, struct frame *answer,
                       int timeout_ms) {
    enum status st = frame_send(fd, question, timeout_ms);
    if (st != ST_OK)
        return st;
    st = frame_receive(fd, in, answer, timeout_ms);
    if (st == ST_RETRY)
        return ST_UNAVAILABLE;
    if (st == ST_OK && answer->id != question->id)
        return ST_CORRUPT;
    return st;
}
