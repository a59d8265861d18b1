#include "scgi/scgi.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

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
    {SLICE_INIT("HTTP_ACCEPT_LANGUAGE"), offsetof(struct http_request, accept_language)},
    {SLICE_INIT("HTTP_USER_AGENT"), offsetof(struct http_request, user_agent)},
    {SLICE_INIT("REMOTE_ADDR"), offsetof(struct http_request, remote_address)},
    {SLICE_INIT("REQUEST_ID"), offsetof(struct http_request, request_id)},
};

static struct slice until_nul(struct slice *rest) {
    const uint8_t *nul = rest->n == 0 ? NULL : memchr(rest->p, 0, rest->n);
    if (nul == NULL)
        return SLICE_NONE;
    struct slice part = slice_of(rest->p, (size_t)(nul - rest->p));
    rest->p += part.n + 1;
    rest->n -= part.n + 1;
    return part;
}

enum status scgi_parse_headers(struct slice headers, struct http_request *out, size_t *content_length) {
    bool first = true, scgi = false;
    *out = (struct http_request){.json = NULL};
    while (headers.n > 0) {
        struct slice name = until_nul(&headers), value = until_nul(&headers);
        if (name.p == NULL || value.p == NULL)
            return ST_INVALID;
        if (first) {
            int64_t n;
            if (!slice_is(name, "CONTENT_LENGTH") || !slice_to_int(value, &n) || n < 0)
                return ST_INVALID;
            if ((uint64_t)n > HTTP_BODY_MAX)
                return ST_LIMIT;
            *content_length = (size_t)n;
            first = false;
        }
        if (slice_is(name, "SCGI"))
            scgi = slice_is(value, "1");
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
            if (slice_equal(name, known[i].name))
                memcpy((uint8_t *)out + known[i].at, &value, sizeof value);
        }
    }
    return !first && scgi && out->method.n > 0 && out->path.n > 0 ? ST_OK : ST_INVALID;
}

/* After a call that did not go through: true when it may be made again. nginx mostly has sent before the
 * connection is taken, and an answer mostly fits into the socket: so calls are made first, then waited for.
 */
static bool again(int fd, short events) {
    if (errno == EINTR)
        return true;
    struct pollfd p = {.fd = fd, .events = events, .revents = 0};
    int n = 0;
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        n = poll(&p, 1, SCGI_PATIENCE_MS);
    return n > 0 || (n < 0 && errno == EINTR);
}

/* Reads until `in` holds at least `need` bytes. */
static enum status fill(int fd, struct buf *in, size_t need) {
    while (in->n < need) {
        size_t room = need - in->n < 16384 ? 16384 : need - in->n;
        if (room > in->limit - in->n)
            room = in->limit - in->n;
        uint8_t *to = buf_reserve(in, room);
        if (to == NULL)
            return in->no_memory ? ST_NOMEM : ST_LIMIT;
        ssize_t n = recv(fd, to, room, MSG_DONTWAIT);
        if (n < 0 && again(fd, POLLIN))
            continue;
        if (n <= 0)
            return ST_UNAVAILABLE;
        in->n += (size_t)n;
    }
    return ST_OK;
}

/* "123:" — the length of the header netstring and where it begins. */
static enum status netstring_start(int fd, struct buf *in, size_t *start, size_t *length) {
    size_t at = 0, n = 0;
    for (;; at++) {
        if (at > 7)
            return ST_INVALID;
        if (at >= in->n) {
            enum status s = fill(fd, in, at + 1);
            if (s != ST_OK)
                return s;
        }
        uint8_t c = in->p[at];
        if (c == ':')
            break;
        if (c < '0' || c > '9')
            return ST_INVALID;
        n = n * 10 + (size_t)(c - '0');
    }
    if (at == 0 || n == 0)
        return ST_INVALID;
    if (n > HTTP_HEADERS_MAX)
        return ST_LIMIT;
    *start = at + 1;
    *length = n;
    return ST_OK;
}

enum status scgi_read(int fd, struct buf *in, struct http_request *out) {
    size_t start, length, body = 0;
    enum status s = netstring_start(fd, in, &start, &length);
    if (s != ST_OK)
        return s;
    s = fill(fd, in, start + length + 1);
    if (s != ST_OK)
        return s;
    if (in->p[start + length] != ',')
        return ST_INVALID;
    s = scgi_parse_headers(slice_of(in->p + start, length), out, &body);
    if (s != ST_OK)
        return s;
    size_t whole = start + length + 1 + body;
    if (whole > in->n) {
        s = fill(fd, in, whole);
        if (s != ST_OK)
            return s;
        /* The buffer may have moved: parse again where it is now. */
        s = scgi_parse_headers(slice_of(in->p + start, length), out, &body);
        if (s != ST_OK)
            return s;
    }
    out->body = slice_of(in->p + whole - body, body);
    return ST_OK;
}

static enum status write_all(int fd, struct iovec *parts, int count) {
    while (count > 0) {
        struct msghdr message = {.msg_iov = parts, .msg_iovlen = (size_t)count};
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

enum status scgi_write(int fd, const struct http_reply *reply, struct buf *head) {
    buf_reset(head);
    http_put_head(head, reply);
    if (head->failed || reply->body.failed)
        return ST_NOMEM;
    struct iovec parts[2] = {{head->p, head->n}, {reply->body.p, reply->body.n}};
    return write_all(fd, parts, reply->body.n == 0 ? 1 : 2);
}
