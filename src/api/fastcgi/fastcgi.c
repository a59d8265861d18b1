#include "api/fastcgi/fastcgi.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define VERSION     1
#define HEAD        FASTCGI_HEAD
#define RESPONDER   1
#define KEEP        1
#define AHEAD       ((size_t)16384)
#define PART_MOST   65528 /* content of a record, a multiple of eight */
#define PARTS       16    /* records a system call */
#define PARTS_MOST  (2 * PARTS + 3)
#define BEGIN_BYTES 8 /* of content, in the record that ends a request too */

enum { BEGIN_REQUEST = 1, END_REQUEST = 3, PARAMS = 4, STDIN = 5, STDOUT = 6 };

/* ---- reading ---- */

struct record {
    uint8_t type;
    uint16_t id;
    size_t at, n; /* its content in the buffer */
};

/* What heads and padding leave between a stream's joined content and the next record is closed up from here
 * on, or many small records would need far more room than what they hold. */
#define GAP_MOST ((size_t)32 * 1024)

/* After a call that did not go through: true when it may be made again. An answer mostly fits into the
 * socket: so the call is made first, then waited for. */
static bool again(int fd, short events) {
    if (errno == EINTR)
        return true;
    struct pollfd p = {.fd = fd, .events = events, .revents = 0};
    int n = 0;
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        n = poll(&p, 1, FASTCGI_PATIENCE_MS);
    return n > 0 || (n < 0 && errno == EINTR);
}

/* Reads until `in` holds at least `need` bytes. ST_RETRY: they have not come yet. */
static enum status fill(int fd, struct buf *in, size_t need) {
    while (in->n < need) {
        size_t room = need - in->n < AHEAD ? AHEAD : need - in->n;
        if (room > in->limit - in->n)
            room = in->limit - in->n;
        uint8_t *to = room == 0 ? NULL : buf_reserve(in, room);
        if (to == NULL)
            return in->no_memory ? ST_NOMEM : ST_LIMIT;
        ssize_t n = recv(fd, to, room, MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return ST_RETRY;
        if (n <= 0)
            return ST_UNAVAILABLE;
        in->n += (size_t)n;
    }
    return ST_OK;
}

/* A whole record, or nothing is taken. */
static enum status next_record(int fd, struct buf *in, size_t *at, struct record *out) {
    enum status s = fill(fd, in, *at + HEAD);
    if (s != ST_OK)
        return s;
    const uint8_t *h = in->p + *at;
    if (h[0] != VERSION)
        return ST_INVALID;
    *out = (struct record){
        .type = h[1], .id = (uint16_t)(h[2] << 8 | h[3]), .at = *at + HEAD, .n = (size_t)(h[4] << 8 | h[5])};
    size_t end = *at + HEAD + out->n + h[6];
    s = fill(fd, in, end);
    if (s == ST_OK)
        *at = end;
    return s;
}

static enum status read_begin(int fd, struct buf *in, struct fastcgi *f) {
    struct record begin;
    enum status s = next_record(fd, in, &f->reading.at, &begin);
    if (s != ST_OK)
        return s;
    const uint8_t *p = in->p + begin.at;
    if (begin.type != BEGIN_REQUEST || begin.id == 0 || begin.n != BEGIN_BYTES || p[0] != 0 ||
        p[1] != RESPONDER)
        return ST_INVALID;
    f->id = begin.id;
    f->keep = (p[2] & KEEP) != 0;
    return ST_OK;
}

/* Lets the next record follow on the joined content; what stood behind it is wiped. */
static void close_gap(struct buf *in, size_t content_end, size_t *at) {
    size_t gap = *at - content_end;
    if (gap == 0)
        return;
    memmove(in->p + content_end, in->p + *at, in->n - *at);
    in->n -= gap;
    explicit_bzero(in->p + in->n, gap);
    *at = content_end;
}

/* Reads a stream to its end and joins its records where the first of them lies. */
static enum status read_stream(int fd, struct buf *in, struct fastcgi *f, uint8_t type, size_t most,
                               size_t start, size_t *n) {
    size_t *at = &f->reading.at;
    for (;;) {
        struct record part;
        if (*n > 0 && *at - (start + *n) > GAP_MOST)
            close_gap(in, start + *n, at);
        enum status s = next_record(fd, in, at, &part);
        if (s == ST_RETRY && *n > 0)
            close_gap(in, start + *n, at);
        if (s != ST_OK)
            return s;
        if (part.type != type || part.id != f->id)
            return ST_INVALID;
        if (part.n == 0)
            return ST_OK;
        if (part.n > most - *n)
            return ST_LIMIT;
        if (part.at != start + *n)
            memmove(in->p + start + *n, in->p + part.at, part.n);
        *n += part.n;
    }
}

static bool read_length(struct slice *rest, size_t *n) {
    size_t bytes = rest->n > 0 && rest->p[0] >= 0x80 ? 4 : 1;
    if (rest->n < bytes)
        return false;
    const uint8_t *p = rest->p;
    *n = bytes == 1 ? p[0] : (size_t)(p[0] & 0x7f) << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
    *rest = slice_of(p + bytes, rest->n - bytes);
    return true;
}

enum status fastcgi_param(struct slice *rest, struct slice *name, struct slice *value) {
    size_t name_n, value_n;
    if (!read_length(rest, &name_n) || !read_length(rest, &value_n) || name_n == 0 || name_n > rest->n ||
        value_n > rest->n - name_n)
        return ST_INVALID;
    *name = slice_of(rest->p, name_n);
    *value = slice_of(rest->p + name_n, value_n);
    *rest = slice_of(rest->p + name_n + value_n, rest->n - name_n - value_n);
    return ST_OK;
}

/* CONTENT_LENGTH must be there; nginx leaves it empty where there is no body. */
static enum status body_length(struct slice params, size_t *out) {
    struct slice name, value;
    int64_t n = 0;
    while (params.n > 0) {
        if (fastcgi_param(&params, &name, &value) != ST_OK)
            return ST_INVALID;
        if (!slice_is(name, "CONTENT_LENGTH"))
            continue;
        if (value.n > 0 && (!slice_to_int(value, &n) || n < 0))
            return ST_INVALID;
        *out = (size_t)n;
        return (uint64_t)n > HTTP_BODY_MAX ? ST_LIMIT : ST_OK;
    }
    return ST_INVALID;
}

static enum status read_params(int fd, struct buf *in, struct fastcgi *f) {
    struct fastcgi_reading *r = &f->reading;
    enum status s = read_stream(fd, in, f, PARAMS, HTTP_HEADERS_MAX, r->params, &r->params_n);
    return s == ST_OK ? body_length(slice_of(in->p + r->params, r->params_n), &r->length) : s;
}

enum status fastcgi_receive(int fd, struct buf *in, struct fastcgi *f) {
    struct fastcgi_reading *r = &f->reading;
    enum status s = ST_OK;
    if (in->n == 0)
        *f = (struct fastcgi){.id = FASTCGI_ID};
    if (r->stage == FASTCGI_BEGIN) {
        s = read_begin(fd, in, f);
        if (s != ST_OK)
            return s;
        r->stage = FASTCGI_PARAMS;
        r->params = r->at + HEAD;
    }
    if (r->stage == FASTCGI_PARAMS) {
        s = read_params(fd, in, f);
        if (s != ST_OK)
            return s;
        r->stage = FASTCGI_BODY;
        r->body = r->at + HEAD;
    }
    s = read_stream(fd, in, f, STDIN, r->length, r->body, &r->body_n);
    if (s != ST_OK)
        return s;
    if (r->body_n != r->length || r->at != in->n)
        return ST_INVALID;
    f->params = slice_of(in->p + r->params, r->params_n);
    f->body = slice_of(in->p + r->body, r->body_n);
    return ST_OK;
}

enum status fastcgi_request(const struct fastcgi *f, struct http_request *out) {
    static const struct {
        struct slice name;
        size_t at;
    } known[] = {
        {SLICE_INIT("REQUEST_METHOD"), offsetof(struct http_request, method)},
        {SLICE_INIT("DOCUMENT_URI"), offsetof(struct http_request, path)},
        {SLICE_INIT("QUERY_STRING"), offsetof(struct http_request, query)},
        {SLICE_INIT("CONTENT_TYPE"), offsetof(struct http_request, content_type)},
        {SLICE_INIT("HTTP_COOKIE"), offsetof(struct http_request, cookie)},
        {SLICE_INIT("HTTP_AUTHORIZATION"), offsetof(struct http_request, authorization)},
        {SLICE_INIT("HTTP_X_CSRF_TOKEN"), offsetof(struct http_request, csrf)},
        {SLICE_INIT("HTTP_IF_MATCH"), offsetof(struct http_request, if_match)},
        {SLICE_INIT("HTTP_IDEMPOTENCY_KEY"), offsetof(struct http_request, idempotency_key)},
        {SLICE_INIT("HTTP_X_REASON"), offsetof(struct http_request, reason)},
        {SLICE_INIT("HTTP_ACCEPT_LANGUAGE"), offsetof(struct http_request, accept_language)},
        {SLICE_INIT("HTTP_USER_AGENT"), offsetof(struct http_request, user_agent)},
        {SLICE_INIT("REMOTE_ADDR"), offsetof(struct http_request, remote_address)},
        {SLICE_INIT("REQUEST_ID"), offsetof(struct http_request, request_id)},
    };
    struct slice rest = f->params, name, value;
    *out = (struct http_request){.body = f->body, .stream_id = f->id};
    while (rest.n > 0) {
        if (fastcgi_param(&rest, &name, &value) != ST_OK)
            return ST_INVALID;
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
            if (slice_equal(name, known[i].name))
                memcpy((uint8_t *)out + known[i].at, &value, sizeof value);
        }
    }
    return out->method.n > 0 && out->path.n > 0 ? ST_OK : ST_INVALID;
}

/* ---- writing ---- */

static enum status write_all(int fd, struct iovec *parts, size_t count) {
    while (count > 0) {
        struct msghdr message = {.msg_iov = parts, .msg_iovlen = count};
        ssize_t n = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && again(fd, POLLOUT))
            continue;
        if (n < 0)
            return ST_UNAVAILABLE;
        size_t sent = (size_t)n;
        while (count > 0 && sent >= parts->iov_len) {
            sent -= parts->iov_len;
            parts++;
            count--;
        }
        if (count > 0) {
            parts->iov_base = (uint8_t *)parts->iov_base + sent;
            parts->iov_len -= sent;
        }
    }
    return ST_OK;
}

/* Version, type, id, length of content and padding, nothing. */
static void write_head(uint8_t out[HEAD], uint8_t type, uint16_t id, size_t n) {
    out[0] = VERSION;
    out[1] = type;
    out[2] = (uint8_t)(id >> 8);
    out[3] = (uint8_t)id;
    out[4] = (uint8_t)(n >> 8);
    out[5] = (uint8_t)n;
    out[6] = 0;
    out[7] = 0;
}

size_t fastcgi_write_part(uint8_t *out, uint16_t id, struct slice content) {
    write_head(out, STDOUT, id, content.n);
    memcpy(out + FASTCGI_HEAD, content.p, content.n);
    return FASTCGI_HEAD + content.n;
}

/* An empty record ends the reply; then all zeros: finished, well. */
size_t fastcgi_write_end(uint8_t out[FASTCGI_END], uint16_t id) {
    write_head(out, STDOUT, id, 0);
    write_head(out + HEAD, END_REQUEST, id, BEGIN_BYTES);
    memset(out + 2 * HEAD, 0, BEGIN_BYTES);
    return FASTCGI_END;
}

static struct iovec part_of(const void *p, size_t n) {
    return (struct iovec){.iov_base = (void *)(uintptr_t)p, .iov_len = n};
}

/* `rest` in records of its own, then the end if it is the last; `parts` has what goes before and room. */
static enum status write_rest(int fd, uint16_t id, struct iovec *parts, size_t count, struct slice rest,
                              bool last) {
    uint8_t heads[PARTS][HEAD], end[FASTCGI_END];
    for (size_t used = 0; rest.n > 0; used++) {
        if (used == PARTS) {
            enum status s = write_all(fd, parts, count);
            if (s != ST_OK)
                return s;
            used = count = 0;
        }
        size_t n = rest.n < PART_MOST ? rest.n : PART_MOST;
        write_head(heads[used], STDOUT, id, n);
        parts[count++] = part_of(heads[used], HEAD);
        parts[count++] = part_of(rest.p, n);
        rest = slice_of(rest.p + n, rest.n - n);
    }
    if (last)
        parts[count++] = part_of(end, fastcgi_write_end(end, id));
    return write_all(fd, parts, count);
}

enum status fastcgi_send(int fd, uint16_t id, struct slice content, bool last) {
    struct iovec parts[PARTS_MOST];
    return write_rest(fd, id, parts, 0, content, last);
}

enum status fastcgi_write(int fd, const struct fastcgi *f, const struct http_reply *reply, struct buf *head) {
    struct iovec parts[PARTS_MOST];
    size_t count = 1;
    buf_reset(head);
    uint8_t *record = buf_reserve(head, HEAD);
    if (record == NULL)
        return ST_NOMEM;
    head->n = HEAD;
    http_put_head(head, reply);
    if (head->failed || reply->body.failed || head->n - HEAD > PART_MOST)
        return ST_NOMEM;
    struct slice rest = buf_slice(&reply->body);
    size_t with_head = PART_MOST - (head->n - HEAD);
    if (with_head > rest.n)
        with_head = rest.n;
    write_head(head->p, STDOUT, f->id, head->n - HEAD + with_head);
    parts[0] = part_of(head->p, head->n);
    if (with_head > 0)
        parts[count++] = part_of(rest.p, with_head);
    return write_rest(fd, f->id, parts, count, slice_of(rest.p + with_head, rest.n - with_head), true);
}
